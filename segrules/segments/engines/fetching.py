"""Tables of databases brought here as Parquet, so that Polars can read them more than once."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from segrules.lang.ir import Ruleset
from segrules.segments.assign import readable
from segrules.segments.border import readings
from segrules.segments.engines.addresses import Address, Source
from segrules.segments.engines.stores import Stores
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import engines as problems

if TYPE_CHECKING:
    from segrules.segments.engines.sessions import Store

_PREFIX = "segrules-fetched-"
_NAME = re.compile(rf"{_PREFIX}(\d+)-[0-9a-f]+")
READS = "files, folders of Parquet, and tables of PostgreSQL and DuckDB"


@dataclass(frozen=True, slots=True)
class Fetched:
    """Files by table name; `said` is what those that were fetched are called in messages."""

    paths: Mapping[str, Path]
    said: Mapping[str, Path]


@contextmanager
def fetched(
    ruleset: Ruleset, sources: Mapping[str, Source], needed: Collection[str]
) -> Iterator[Fetched]:
    """The tables as files; those of databases are copied to a folder that goes at the end.

    Columns that are not declared stay where they are, and so do tables that are not `needed`: they
    are only held against their declarations. All tables of a database are as they were at one
    moment.

    Raises:
        RulesError: a table cannot be read, or its columns do not fit.
    """
    with own_folder() as folder:
        # let go of the databases before the result is written, maybe to one of them
        with Stores() as stores:
            found = _copies(ruleset, sources, needed, (stores, folder))
        yield found


def _copies(
    ruleset: Ruleset,
    sources: Mapping[str, Source],
    needed: Collection[str],
    to: tuple[Stores, Path],
) -> Fetched:
    stores, folder = to
    schemas = _schemas(ruleset, sources, stores)
    paths: dict[str, Path] = {}
    said: dict[str, Path] = {}
    for name, source in sources.items():
        if isinstance(source, Path):
            paths[name] = source
        elif name not in schemas:
            # not declared: said where all such names are
            paths[name] = Path(str(source))
        elif name in needed:
            store, schema = schemas[name]
            place = folder / str(len(paths))
            place.mkdir()
            paths[name] = store.export_raw(source, schema, place)
            said[name] = Path(str(source))
    return Fetched(paths, said)


def _schemas(
    ruleset: Ruleset, sources: Mapping[str, Source], stores: Stores
) -> dict[str, tuple[Store, pl.Schema]]:
    """The declared columns of every table in a database, and what holds it."""
    found: list[Diagnostic] = []
    schemas: dict[str, tuple[Store, pl.Schema]] = {}
    for name, source in sources.items():
        if isinstance(source, Path) or name not in readable(ruleset):
            continue
        try:
            if source.kind == "remote":
                problem = problems.unfit_source(name, str(source), "polars", READS)
                raise RulesError([problem], unable=True)
            store = stores.of(source)
            held = store.schema(source)
            table = ruleset.table(name)
            # columns that are lacking or of another type are complained about here
            readings(table, held, ruleset, file=str(source))
            headings = [each.heading for each in table.columns if each.heading in held]
            schemas[name] = store, pl.Schema({heading: held[heading] for heading in headings})
        except RulesError as error:
            found += error.diagnostics
    if found:
        raise RulesError(found, unable=True)
    return schemas


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for what others must not read, which goes at the end.

    What a killed run has left goes with it.
    """
    _sweep()
    folder = Path(tempfile.gettempdir()) / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        name = _NAME.fullmatch(left.name)
        with suppress(OSError):
            if name and left.stat().st_uid == os.getuid() and not _runs(int(name[1])):
                shutil.rmtree(left, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def is_same(first: Source, second: Address, stores: Stores) -> bool:
    """Whether two addresses are one table."""
    if isinstance(first, Path) or first.kind != second.kind or first.kind == "remote":
        return str(first) == str(second)
    return stores.of(first).identity(first) == stores.of(second).identity(second)
