"""Where an assignment goes: a file, a folder of Parquet, or a table of a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from segrules.segments.engines.addresses import Address, Source, address
from segrules.segments.engines.fetching import is_same, own_folder
from segrules.segments.engines.folders import check_earlier_result, check_folder, replacing_folder
from segrules.segments.engines.stores import Stores, opened
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as data_problems
from segrules.text.problems import engines as problems

_PART = "part-00000.parquet"


@dataclass(frozen=True, slots=True)
class Destination:
    """`is_folder` is for a path that ends in a slash: Parquet in a folder."""

    source: Source
    is_folder: bool = False

    @property
    def said(self) -> Path:
        """What it is called in messages."""
        return self.source if isinstance(self.source, Path) else Path(str(self.source))

    @property
    def is_file(self) -> bool:
        return isinstance(self.source, Path) and not self.is_folder

    def check(self, sources: Iterable[Source]) -> None:
        """Nothing may be in the way, before any work is done; files are checked elsewhere.

        Raises:
            RulesError: something is, or a source would be overwritten.
        """
        if isinstance(self.source, Path):
            if self.is_folder:
                self._check_folder(sources)
            return
        if self.source.kind == "remote":
            return
        if not _exists(self.source):
            _check_new(self.source)
            return
        with Stores() as stores:
            same = [each for each in sources if is_same(each, self.source, stores)]
        if same:
            raise RulesError([data_problems.over_input(str(self.source))], unable=True)
        store = opened(self.source, writing=True)
        try:
            store.check_place(self.source)
        finally:
            store.close()

    def _check_folder(self, sources: Iterable[Source]) -> None:
        place = self.said.resolve()
        check_folder(self.said)
        for each in sources:
            if isinstance(each, Path):
                source = each.resolve()
                if place == source or place in source.parents or source in place.parents:
                    raise RulesError([data_problems.over_input(str(self.said))], unable=True)
        check_earlier_result(self.said)

    @contextmanager
    def replacing(self, _out: Path) -> Iterator[Path]:
        """A Parquet file to be written, which takes its place at the end; else nothing changes.

        Raises:
            RulesError: the database refuses it or is lost.
            OSError: the folder cannot be written to.
        """
        if isinstance(self.source, Path):
            with replacing_folder(self.source) as folder:
                folder.mkdir()
                yield folder / _PART
            return
        with own_folder() as folder:
            file = folder / _PART
            yield file
            store = opened(self.source, writing=True)
            try:
                store.receive(file, self.source)
            finally:
                store.close()


def destination(text: str) -> Destination:
    """Reads what stands behind `-o`.

    Raises:
        RulesError: a database is named, but no table of it.
    """
    found = address(text)
    is_folder = isinstance(found, Path) and text.endswith(("/", "\\"))
    return Destination(found, is_folder)


def _check_new(out: Address) -> None:
    """A file of DuckDB that is made for a result has one schema."""
    if not Path(out.place).parent.is_dir():
        raise RulesError([data_problems.no_folder(out.place)], unable=True)
    if out.table[:-1] not in ((), ("main",)):
        raise RulesError([problems.no_such_schema(str(out), out.table[0])], unable=True)


def _exists(out: Address) -> bool:
    return out.kind != "duckdb" or Path(out.place).exists()
