"""Rows of canonical frames as the reference evaluator reads them, fetched as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from segrules.backends.context import Context
from segrules.backends.reference.rows import Columns, Row, source_of, visible
from segrules.lang.ir import (
    Ruleset,
    Value,
)


class Fetched:
    """A world over frames: the rows of a key are read once; a table without a frame has none."""

    def __init__(self, frames: Mapping[str, pl.LazyFrame]) -> None:
        self._frames = frames
        self._known: dict[tuple[str, str, str], list[Columns]] = {}

    def belonging(self, table: str, by: str, key: str) -> Sequence[Columns]:
        """All rows of a table whose column `by` equals a key."""
        return self.fetch(table, by, [key])

    def fetch(self, table: str, by: str, keys: Iterable[str]) -> list[Columns]:
        """All rows of a table whose column `by` is one of the keys, key by key."""
        asked = list(dict.fromkeys(keys))
        unknown = [key for key in asked if (table, by, key) not in self._known]
        if unknown:
            self._known.update(((table, by, key), []) for key in unknown)
            frame = self._frames.get(table)
            rows = [] if frame is None else _rows(frame.filter(pl.col(by).is_in(unknown)))
            for row in rows:
                self._known[table, by, str(row[by])].append(row)
        return [row for key in asked for row in self._known[table, by, key]]


def fetch(
    ruleset: Ruleset,
    table: str,
    frames: Mapping[str, pl.LazyFrame],
    context: Context,
    keys: Iterable[str],
) -> dict[str, Row]:
    """The rows of a table with these keys, in the order of the keys; those not seen are left out.

    `frames` are canonical, by table name.
    """
    world, declared = Fetched(frames), ruleset.table(table)
    if declared.kind != "derived":
        seen = visible(world.fetch(table, declared.key, keys), declared, context)
        return {str(row[declared.key]): Row(table, row, world) for row in seen}
    source, column = source_of(declared, ruleset)
    seen = visible(world.fetch(source.name, column, keys), source, context)
    found = dict.fromkeys(str(row[column]) for row in seen)
    return {key: Row(table, {declared.key: key}, world) for key in found}


def _rows(frame: pl.LazyFrame) -> list[dict[str, Value]]:
    found = frame.collect(engine="streaming").to_dicts()
    return [{name: _canonical(value) for name, value in row.items()} for row in found]


def _canonical(value: object) -> Value:
    # a canonical frame holds nothing else
    return frozenset(value) if isinstance(value, list) else value  # type: ignore[return-value]
