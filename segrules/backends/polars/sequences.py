"""What follows what: gaps between rows, and rows that come one after the other.

Everything streams. Sequences need no order of rows: the first and the last row of a stretch of time
say all (`_stretches`), so that not every pair is looked at. Only where a later instant can have an
earlier date is every pair of a key's rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars import dates
from segrules.backends.polars.rows import Tables, dated_by_instant, taking_part
from segrules.lang.ir import Length, Rows, Sequence, Step


def gaps(rows: Rows, tables: Tables) -> pl.LazyFrame:
    """The rows that take part: `key`, `at` and `value`, the days since the row before."""
    # where clocks go back over midnight, days have an order of their own
    table = tables.ruleset.table(rows.table)
    odd = dated_by_instant(table) and dates.turns_back(tables.context.zone)
    order = ["day", "at"] if odd else ["at"]
    day = dates.ordinal(pl.col("day"))
    before = day.shift(1).over("key", order_by=order)
    return taking_part(rows, tables).select("key", "at", value=day - before)


def happens(node: Sequence, tables: Tables) -> pl.LazyFrame:
    """One row for each `key` that has a chain of rows, with its `truth` (see `answer`)."""
    reached = _moments(node.first, tables)
    for step in node.then:
        reached = _followed(reached, _moments(step.rows, tables), step, tables.context.zone)
    if node.but_no is None:
        return reached.frame.select("key").unique().with_columns(truth=pl.lit(_TRUE))
    others = _moments(node.but_no.rows, tables)
    rows = _undisturbed(reached, others, node.but_no, tables.context)
    return rows.group_by("key").agg(pl.col("truth").max())


_FALSE, _UNKNOWN, _TRUE = 0, 1, 2
"""One true chain makes it true, and otherwise one that is unknown makes it unknown: the largest."""


def answer(truth: pl.Expr) -> pl.Expr:
    """The flag that a truth stands for; a key without a chain is known to have none."""
    return pl.when(truth.is_null() | (truth != _UNKNOWN)).then(
        (truth == _TRUE).fill_null(value=False)
    )


@dataclass(frozen=True, slots=True)
class _Moments:
    """Rows with `key`, `at` and `day`."""

    frame: pl.LazyFrame
    by_instant: bool

    def compared_with(self, other: _Moments) -> str:
        """The column by which rows of the two are compared."""
        return "at" if self.by_instant and other.by_instant else "day"


def _moments(rows: Rows, tables: Tables) -> _Moments:
    table = tables.ruleset.table(rows.table)
    return _Moments(taking_part(rows, tables), dated_by_instant(table))


def _followed(before: _Moments, rows: _Moments, step: Step, zone: str) -> _Moments:
    """The rows that can be the next step of a chain."""
    by = before.compared_with(rows)
    if step.within is None:
        earliest = before.frame.group_by("key").agg(pl.col(by).min().alias("first"))
        found = rows.frame.join(earliest, on="key").filter(_after("first", by, step))
    elif by == "at" and dates.turns_back(zone):
        firsts = before.frame.select("key", first=by, until=_end("day", step.within))
        fits = _after("first", by, step) & _in_time("day", "until")
        found = rows.frame.join(firsts, on="key").filter(fits).unique(["key", "at"])
    else:
        found = _in_stretches(before.frame, rows.frame, by, step, step.within)
    return _Moments(found.select("key", "at", "day"), rows.by_instant)


def _in_stretches(
    before: pl.LazyFrame, rows: pl.LazyFrame, by: str, step: Step, length: Length
) -> pl.LazyFrame:
    """If any row before fits, the first of the row's stretch or the last of the one before does."""
    ends = (
        _stretches(before, length)
        .group_by("key", "stretch")
        .agg(pl.col(by).min().alias("first"), pl.col("day").max().alias("last"))
        .with_columns(until=_end("last", length))
    )
    early = ends.select("key", pl.col("stretch") + 1, there=pl.lit(value=True), until="until")
    fits = _after("first", by, step) | (pl.col("there") & _in_time("day", "until"))
    return (
        _stretches(rows, length)
        .join(ends.select("key", "stretch", "first"), on=["key", "stretch"], how="left")
        .join(early, on=["key", "stretch"], how="left")
        .filter(fits)
    )


def _undisturbed(last: _Moments, rows: _Moments, step: Step, context: Context) -> pl.LazyFrame:
    """For each last row whether no such row follows: unknown while one still may."""
    by = last.compared_with(rows)
    if step.within is None:
        ends = rows.frame.group_by("key").agg(pl.col(by).max().alias("latest"))
        found = last.frame.join(ends, on="key", how="left")
        disturbed = _after(by, "latest", step)
        return found.select("key", truth=pl.when(disturbed).then(_FALSE).otherwise(_TRUE))
    ended = last.frame.with_columns(until=_end("day", step.within))
    if by == "at" and dates.turns_back(context.zone):
        others = rows.frame.select("key", latest=by, next="day")
        follows = _after(by, "latest", step) & _in_time("next", "until")
        found = (
            ended.join(others, on="key", how="left")
            .group_by("key", "at", "until")
            .agg(disturbed=follows.any())
        )
    else:
        found = _disturbed_in_stretches(ended, rows.frame, by, step, step.within)
    over = pl.col("until") <= context.as_of
    truth = pl.when("disturbed").then(_FALSE).when(over).then(_TRUE).otherwise(_UNKNOWN)
    return found.select("key", truth=truth)


def _disturbed_in_stretches(
    ended: pl.LazyFrame, rows: pl.LazyFrame, by: str, step: Step, length: Length
) -> pl.LazyFrame:
    """If any row follows in time, the last of the stretch or the first of the next one does."""
    ends = (
        _stretches(rows, length)
        .group_by("key", "stretch")
        .agg(pl.col(by).max().alias("latest"), pl.col("day").min().alias("next"))
    )
    follows = pl.col("next").is_not_null() & _in_time("next", "until")
    return (
        _stretches(ended, length)
        .join(ends.select("key", "stretch", "latest"), on=["key", "stretch"], how="left")
        .join(ends.select("key", pl.col("stretch") - 1, "next"), on=["key", "stretch"], how="left")
        .with_columns(disturbed=_after(by, "latest", step) | follows)
    )


def _stretches(frame: pl.LazyFrame, length: Length) -> pl.LazyFrame:
    """The rows with the number of the stretch of time they are in, each as long as `length`.

    Two rows of one stretch are less than the length apart, and two with a whole stretch between
    them are more: only neighbours have to be compared. A row of an earlier stretch is earlier.
    """
    number = dates.ordinal if length.unit == "days" or length.count == 0 else dates.month_number
    return frame.with_columns(stretch=number(pl.col("day")) // max(length.count, 1))


def _after(first: str, second: str, step: Step) -> pl.Expr:
    """Whether the second moment is late enough to follow the first."""
    return pl.col(second) > pl.col(first) if step.later else pl.col(second) >= pl.col(first)


def _end(day: str, length: Length) -> pl.Expr:
    """The last day of a length of time from a day; null where that is beyond the years."""
    later = dates.days_later if length.unit == "days" else dates.months_later
    return later(pl.col(day), length.count)


def _in_time(day: str, until: str) -> pl.Expr:
    return pl.col(until).is_null() | (pl.col(day) <= pl.col(until))
