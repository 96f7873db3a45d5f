"""The store of assignments: a folder with one Parquet file a run, to which runs are only added.

A file is named by its table, its day and a number, such as `leads.2026-06-30.0001.parquet`; names
sort by table, day and number. A later run of the same day supersedes the earlier ones, whose files
stay. What a run is stands in the file's own metadata; rows are sorted by key, bytes compared.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from segrules.lang.ir import Calibration, Knob
from segrules.segments.atomic import replacing
from segrules.segments.revision import revision
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data as data_problems
from segrules.text.problems import history as problems

SCHEMA: Literal[1] = 1
"""The version of the form in which runs are stored."""

AS_OF = "as_of"
_META = "segrules"
_NAME = re.compile(r"(?P<table>[^.]+)\.(?P<day>\d{4}-\d{2}-\d{2})\.(?P<number>\d{4,})\.parquet")
_TAKEN = ".taken-"
"""How the files begin that keep a name for a run being written. One that a killed run has left
costs a number and does no other harm."""


@dataclass(frozen=True, slots=True)
class StoredSet:
    """A segment set at the time of a run: its segments in order, its ladder from the bottom up."""

    segments: tuple[str, ...]
    ladder: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is. `revision` is the result's; `rules` that of rules and knobs alone.

    Cut points are new every day, and with them the revision; `rules` changes only with the rules
    (see `rules_revision`).
    """

    table: str
    key: str
    as_of: dt.date
    ruleset: str
    revision: str
    rules: str
    sets: Mapping[str, StoredSet]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run in its file; of several runs of a day the one with the highest `number` holds."""

    path: Path
    number: int
    run: Run


def rules_revision(canonical_text: str, knobs: tuple[Knob, ...]) -> str:
    """The revision of rules and knobs without cut points: the same on every day."""
    return revision(canonical_text, knobs, Calibration(dt.date.min))


# ---- writing


def append(folder: Path, rows: pl.DataFrame | pl.LazyFrame, run: Run) -> Path:
    """Adds a run and gives its file; nothing is ever replaced. The folder is made if it is new.

    Args:
        folder: where the history is; the folder above it is there.
        rows: one row a key, with the columns that are to be kept. Enumerated columns are stored as
            text, `as_of` is added. Sorted here, so that rows need not be.
        run: what the rows are.

    Raises:
        RulesError: the place cannot be written to; the history is as it was.
        ValueError: the rows lack the key or a set of the run.
    """
    frame = rows.lazy()
    held = frame.collect_schema()
    lacking = [name for name in (run.key, *run.sets) if name not in held]
    if lacking:
        raise ValueError(f"the rows of a run lack {', '.join(lacking)}")
    text = [name for name, kind in held.items() if isinstance(kind, pl.Enum | pl.Categorical)]
    columns = [pl.col(name).cast(pl.String) if name in text else pl.col(name) for name in held
               if name not in (run.key, AS_OF)]  # fmt: skip
    day = pl.lit(run.as_of, dtype=pl.Date).alias(AS_OF)
    ready = frame.select(pl.col(run.key).cast(pl.String), day, *columns).sort(run.key)
    try:
        folder.mkdir(exist_ok=True)
        with _reserved(folder, run) as out, replacing(out) as unfinished:
            ready.sink_parquet(unfinished, metadata={_META: _meta(run)}, engine="streaming")
        return out
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise RulesError([data_problems.not_written(str(folder), reason)], unable=True) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        problem = data_problems.not_written(str(folder), "the data changed or the disk is full")
        raise RulesError([problem], unable=True) from None


@contextmanager
def _reserved(folder: Path, run: Run) -> Iterator[Path]:
    """The next free name, which no other run takes meanwhile.

    INVARIANT: a name is given up only when its file stands or never will: whoever takes the name
    after that sees the file and goes on to the next number.
    """
    number = 1 + max(_numbers(folder, run), default=0)
    while True:
        out = folder / _name(run, number)
        taken = folder / f"{_TAKEN}{out.name}"
        try:
            os.close(os.open(taken, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            number += 1
            continue
        try:
            if not out.exists():
                yield out
                return
        finally:
            taken.unlink(missing_ok=True)
        number += 1


def _numbers(folder: Path, run: Run) -> Iterator[int]:
    for path in folder.iterdir():
        named = _NAME.fullmatch(path.name)
        if named and _named(named) == (run.table, run.as_of.isoformat()):
            yield int(named["number"])


def _name(run: Run, number: int) -> str:
    # names of tables are words, and yet nothing in them shall leave the folder or end the word
    table = quote(run.table, safe="").replace(".", "%2E")
    return f"{table}.{run.as_of.isoformat()}.{number:04}.parquet"


def _named(name: re.Match[str]) -> tuple[str, str]:
    return unquote(name["table"]), name["day"]


# ---- reading


def runs(folder: Path, table: str) -> tuple[StoredRun, ...]:
    """All runs of a table, by day and number; none where the folder is not there.

    Unfinished files are not seen; nor are files that are not Parquet, and other tables' runs.

    Raises:
        RulesError: a file is damaged, is no run, or is of a later version; all such together.
    """
    found: list[StoredRun] = []
    wrong: list[Diagnostic] = []
    for path in _files(folder):
        named = _NAME.fullmatch(path.name)
        if named is None:
            wrong.append(problems.no_run(str(path)))
        elif _named(named)[0] == table:
            try:
                found.append(_stored(path, named))
            except RulesError as error:
                wrong.extend(error.diagnostics)
    if wrong:
        raise RulesError(wrong, unable=True)
    return tuple(sorted(found, key=lambda each: (each.run.as_of, each.number)))


def effective(found: tuple[StoredRun, ...]) -> tuple[StoredRun, ...]:
    """Of each day the run that holds, by day; `found` is ordered as `runs` gives it."""
    return tuple({each.run.as_of: each for each in found}.values())


def last_run(folder: Path, table: str, before: dt.date | None = None) -> StoredRun | None:
    """The last run that holds, of a day before `before` where one is given.

    Raises:
        RulesError: as `runs`.
    """
    found = [each for each in runs(folder, table) if before is None or each.run.as_of < before]
    return found[-1] if found else None


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if path.suffix == ".parquet" and not path.name.startswith(".")
        )
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        raise RulesError([data_problems.not_permitted(str(folder))], unable=True) from None


def _stored(path: Path, named: re.Match[str]) -> StoredRun:
    """The run in a file.

    Raises:
        RulesError: it holds none, or another one than it is named after.
    """
    run = _read_meta(path)
    if (run.table, run.as_of.isoformat()) != _named(named):
        raise RulesError(
            [problems.run_renamed(str(path), run.table, run.as_of.isoformat())], unable=True
        )
    return StoredRun(path, int(named["number"]), run)


# ---- metadata


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Set(_Part):
    segments: tuple[str, ...]
    ladder: tuple[str, ...]


class _Meta(_Part):
    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    schema_: Literal[1] = Field(default=SCHEMA, alias="schema")
    table: str
    key: str
    as_of: dt.date
    ruleset: str
    revision: str
    rules: str
    sets: dict[str, _Set]


class _Version(BaseModel):
    model_config = ConfigDict(strict=True)

    version: int = Field(alias="schema")


def _meta(run: Run) -> str:
    sets = {
        name: _Set(segments=each.segments, ladder=each.ladder) for name, each in run.sets.items()
    }
    return _Meta(
        table=run.table,
        key=run.key,
        as_of=run.as_of,
        ruleset=run.ruleset,
        revision=run.revision,
        rules=run.rules,
        sets=sets,
    ).model_dump_json()


def _read_meta(path: Path) -> Run:
    file = str(path)
    try:
        text = pl.read_parquet_metadata(path).get(_META)
    except PermissionError:
        raise RulesError([data_problems.not_permitted(file)], unable=True) from None
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise RulesError([problems.run_damaged(file)], unable=True) from None
    if text is None:
        raise RulesError([problems.no_run(file)], unable=True)
    try:
        version = _Version.model_validate_json(text).version
        if version > SCHEMA:
            raise RulesError([problems.run_too_new(file, version, SCHEMA)], unable=True)
        meta = _Meta.model_validate_json(text)
    except ValidationError:
        raise RulesError([problems.run_damaged(file)], unable=True) from None
    sets = {name: StoredSet(each.segments, each.ladder) for name, each in meta.sets.items()}
    return Run(meta.table, meta.key, meta.as_of, meta.ruleset, meta.revision, meta.rules, sets)
