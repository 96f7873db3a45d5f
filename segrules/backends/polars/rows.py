"""The rows of a related table that take part: which are dated in the window, and what is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

import polars as pl

from segrules.backends.context import Context, seen
from segrules.backends.polars import dates
from segrules.backends.polars.lower import Scope, lower
from segrules.backends.polars.names import node_column
from segrules.lang.ir import (
    Expr,
    InNext,
    LastRows,
    Rows,
    Ruleset,
    Table,
    TableColumn,
    Window,
)
from segrules.lang.types import Instant


class Tables(Protocol):
    """The frames of all tables, with what their expressions read."""

    @property
    def ruleset(self) -> Ruleset: ...

    @property
    def context(self) -> Context: ...

    def held(self, name: str, columns: Sequence[str]) -> pl.LazyFrame | None:
        """`key` and columns of a batch of related rows, where all of them are held in memory."""
        ...

    def rows(self, table: Table, reads: Sequence[Expr], *, later: bool = False) -> pl.LazyFrame:
        """The rows of a table that can be seen, with all that `reads` read.

        With `later` those after as_of are among them.
        """
        ...


def within(window: Window | None, table: Table, context: Context) -> pl.Expr:
    """Whether a row is dated in the window; null without a date."""
    dated = dating(table)
    bounds = seen(window, dated.type, context)
    date = pl.col(dated.name)
    return pl.all_horizontal([date.is_not_null(), *_between(date, bounds.start, bounds.end)])


def _within_visible(window: Window | None, table: Table, context: Context) -> list[pl.Expr]:
    """As `within`, for rows that can be seen: what is known of them is not asked again."""
    dated = dating(table)
    bounds, all_of = (seen(each, dated.type, context) for each in (window, None))
    end = None if bounds.end == all_of.end else bounds.end
    return _between(pl.col(dated.name), bounds.start, end)


def _between(date: pl.Expr, start: dt.date | None, end: dt.date | None) -> list[pl.Expr]:
    tests = [] if start is None else [date >= start]
    return [*tests, date < end] if end is not None else tests


def dating(table: Table) -> TableColumn:
    """The column that dates the rows of a table."""
    dated = None if table.dated is None else table.column(table.dated)
    if dated is None:
        raise ValueError(f"the table {table.name} has no dates")
    return dated


def looks_ahead(asked: Sequence[Rows]) -> bool:
    """Whether rows after as_of are looked at."""
    return any(isinstance(rows.window, InNext) for rows in asked)


def reads_of(asked: Sequence[Rows]) -> list[Expr]:
    """The expressions that say which rows take part."""
    return [part for rows in asked for part in (rows.among, rows.where) if part is not None]


def tests_of(rows: Rows, scope: Scope, *, later: bool) -> list[pl.Expr]:
    """What is true of the rows that take part; for the latest rows `with_latest` goes before.

    `later` says that the frame holds rows after as_of.
    """
    tests = [lower(part, scope) for part in reads_of([rows])]
    if isinstance(rows.window, LastRows):
        return [*tests, pl.col(node_column(rows))]
    if later and scope.table.dated is not None:
        return [*tests, within(rows.window, scope.table, scope.context)]
    if rows.window is None:
        return tests
    return [*tests, *_within_visible(rows.window, scope.table, scope.context)]


def with_latest(frame: pl.LazyFrame, asked: Sequence[Rows], scope: Scope) -> pl.LazyFrame:
    """The frame with, for each `LastRows`, a column that says whether a row is one of them."""
    for rows in {node_column(rows): rows for rows in asked}.values():
        if isinstance(rows.window, LastRows):
            # a row not among them has no date, so it has no place either
            tests = [within(None, scope.table, scope.context)]
            tests += [] if rows.among is None else [lower(rows.among, scope)]
            date = pl.when(pl.all_horizontal(tests)).then(pl.col(str(scope.table.dated)))
            place = date.rank("min", descending=True).over(rows.by)
            frame = frame.with_columns((place <= rows.window.count).alias(node_column(rows)))
    return frame


def taking_part(rows: Rows, tables: Tables) -> pl.LazyFrame:
    """The rows that take part: `key`, `at`, their moment, and `day`.

    `at` is the date or the instant of a row, `day` its date in the zone, `key` what it belongs to.
    """
    table, later = tables.ruleset.table(rows.table), looks_ahead([rows])
    scope = Scope(tables.context, table)
    frame = tables.rows(table, reads_of([rows]), later=later)
    frame = with_latest(frame, [rows], scope)
    tests = tests_of(rows, scope, later=later)
    if tests:
        frame = frame.filter(pl.all_horizontal(tests))
    at = pl.col(str(table.dated))
    day = dates.day_of(at, tables.context.zone) if dated_by_instant(table) else at
    return frame.select(key=pl.col(rows.by), at=at, day=day).drop_nulls("key")


def dated_by_instant(table: Table) -> bool:
    return isinstance(dating(table).type, Instant)
