"""Rows, the world they are looked up in, and which of them can be seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from segrules.backends.context import Context, seen
from segrules.lang.ir import Ruleset, Table, Value, Window

Columns = Mapping[str, Value]
"""Canonical values by column: cleaned, and of a predicted column only what is trusted.

A column that is absent is missing.
"""


class World(Protocol):
    """Where related and linked rows are found."""

    def belonging(self, table: str, by: str, key: str) -> Sequence[Columns]:
        """All rows of a table whose column `by` equals a key; never of a derived table."""
        ...


class Tables:
    """A world in memory, made of all rows of each table; rows of a history are its table's."""

    def __init__(self, rows: Mapping[str, Sequence[Columns]]) -> None:
        self._rows = rows
        self._indexes: dict[tuple[str, str], dict[Value, list[Columns]]] = {}

    def rows(self, table: str) -> Sequence[Columns]:
        return self._rows.get(table, ())

    def belonging(self, table: str, by: str, key: str) -> Sequence[Columns]:
        index = self._indexes.get((table, by))
        if index is None:
            index = self._indexes[table, by] = {}
            for row in self.rows(table):
                index.setdefault(row.get(by), []).append(row)
        return index.get(key, ())


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table and the world that it belongs to.

    `given` stands in for features and placements of the row, by name.
    """

    table: str
    columns: Columns
    world: World = field(default_factory=lambda: Tables({}))
    given: Mapping[str, Value] = field(default_factory=dict)

    def elsewhere(self, table: str, columns: Columns) -> Row:
        """Another row of the same world."""
        return Row(table, columns, self.world)


def key_of(row: Row, ruleset: Ruleset) -> str | None:
    """The key of a row; None where it is not known or the table has none."""
    key = row.columns.get(ruleset.table(row.table).key)
    return key if isinstance(key, str) else None


def source_of(table: Table, ruleset: Ruleset) -> tuple[Table, str]:
    """What a derived table is made of: the table, and its column that holds the keys."""
    source = ruleset.table(table.source or "")
    column = source.joined_by(table.name)
    if column is None:
        raise ValueError(f"the rows of {source.name} do not belong to {table.name}")
    return source, column


def visible(
    rows: Iterable[Columns], table: Table, context: Context, window: Window | None = None
) -> list[Columns]:
    """The rows dated in the window and not after as_of; all of them if the table has no dates.

    A row without a date is never seen in a table with dates. Only `InNext` sees later rows.
    """
    if table.dated is None:
        if window is not None:
            raise ValueError(f"the table {table.name} has no dates to look through a window at")
        return list(rows)
    dated = table.column(table.dated)
    if dated is None:
        raise ValueError(f"the table {table.name} is dated by a column it does not have")
    bounds = seen(window, dated.type, context)
    return [row for row in rows if _within(row.get(table.dated), bounds.start, bounds.end)]


def everyone(table: Table, tables: Tables, ruleset: Ruleset, context: Context) -> Iterator[Row]:
    """Every row of a table that can be seen."""
    if table.kind == "derived":
        source, column = source_of(table, ruleset)
        found = visible(tables.rows(source.name), source, context)
        for key in dict.fromkeys(row.get(column) for row in found):
            if key is not None:
                yield Row(table.name, {table.key: key}, tables)
    else:
        for columns in visible(tables.rows(table.name), table, context):
            yield Row(table.name, columns, tables)


def date_of(row: Columns, table: Table) -> dt.date | None:
    """The date or the instant of a row; None in a table without dates."""
    date = row.get(table.dated) if table.dated is not None else None
    return date if isinstance(date, dt.date) else None


def day_of(moment: dt.date, zone: str) -> dt.date:
    """The date of an instant in the zone; a date is its own."""
    if not isinstance(moment, dt.datetime):
        return moment
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    except OverflowError:
        # within a day of the first or the last moment there is
        return dt.date.min if moment.year == dt.MINYEAR else dt.date.max


def _within(date: Value, start: Value, end: Value) -> bool:
    """Whether start ≤ date < end; a row without a date is never seen."""
    if date is None:
        return False
    # dates with dates, instants with instants
    return (start is None or start <= date) and (end is None or date < end)  # type: ignore[operator]
