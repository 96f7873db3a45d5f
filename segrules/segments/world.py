"""Rows of canonical frames as the reference evaluator reads them, fetched as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from segrules.backends.context import Context
from segrules.backends.reach import on_row, set_parts, steps_needed
from segrules.backends.reference.rows import Columns, Row, source_of, visible
from segrules.lang.ir import (
    Aggregate,
    Column,
    Expr,
    Feature,
    Linked,
    Ruleset,
    Table,
    Value,
    rows_in,
)
from segrules.lang.ir import (
    Sequence as Following,
)


class Fetched:
    """A world over frames: the rows of a key are read once; a table without a frame has none.

    Reading a key at a time reads a file each time, so `gather` reads what many rows will ask for.
    """

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

    def gather(
        self, ruleset: Ruleset, table: str, rows: Sequence[Columns], asked: Iterable[Expr]
    ) -> None:
        """Reads the related and linked rows that these expressions ask for on rows of a table.

        Rows behind a link that is itself computed are left to `belonging`.
        """
        waiting = [(ruleset.table(table), rows, tuple(asked))]
        while waiting:
            at, held, expressions = waiting.pop()
            for node in on_row(_parts(expressions, at.name, ruleset)):
                waiting.extend(self._behind(node, at, held, ruleset))

    def _behind(
        self, node: Expr, at: Table, held: Sequence[Columns], ruleset: Ruleset
    ) -> Iterator[tuple[Table, list[Columns], tuple[Expr, ...]]]:
        match node:
            case Aggregate() | Following():
                value = node.value if isinstance(node, Aggregate) else None
                for rows in rows_in(node):
                    parts = (part for part in (rows.among, rows.where, value) if part is not None)
                    other = ruleset.table(rows.table)
                    yield other, self._fetched(other, rows.by, held, at.key, ruleset), tuple(parts)
            case Linked(by=Column(name=name), table=table, value=value):
                other = ruleset.table(table)
                yield other, self._fetched(other, other.key, held, name, ruleset), (value,)
            case _:
                pass

    def _fetched(
        self, table: Table, by: str, held: Sequence[Columns], column: str, ruleset: Ruleset
    ) -> list[Columns]:
        """The rows of a table that belong to the values of a column of the rows at hand."""
        keys = [key for row in held if isinstance(key := row.get(column), str)]
        if table.kind != "derived":
            return self.fetch(table.name, by, keys)
        source, joined = source_of(table, ruleset)
        self.fetch(source.name, joined, keys)
        return [{table.key: key} for key in dict.fromkeys(keys)]


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


def _parts(expressions: tuple[Expr, ...], table: str, ruleset: Ruleset) -> list[Expr]:
    """The expressions and all that they rest on, on the row itself."""
    parts = list(expressions)
    for step in steps_needed(expressions, table, ruleset):
        parts += [step.expr] if isinstance(step, Feature) else set_parts(step)
    return parts


def _rows(frame: pl.LazyFrame) -> list[dict[str, Value]]:
    found = frame.collect(engine="streaming").to_dicts()
    return [{name: _canonical(value) for name, value in row.items()} for row in found]


def _canonical(value: object) -> Value:
    return frozenset(value) if isinstance(value, list) else value  # type: ignore[return-value]
