"""What customers bought, and where the rules would have placed them then.

The last complete months are cut into periods. For each the rules are asked about the day before it
begins, so that what customers did is counted for the segment that they were in, not for one that
they came into by doing it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segrules.backends.polars.lower import feature_column
from segrules.backends.polars.plan import prepare
from segrules.backends.polars.rows import within
from segrules.lang import ir
from segrules.lang.types import Date, Instant, Link
from segrules.segments.assign import (
    Placement,
    also_calibrated,
    check_given,
    segment_column,
)
from segrules.segments.demand import conditions, demand
from segrules.segments.funnel import complete_months
from segrules.segments.read import reading
from segrules.sim.model import Counts, Floats
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data
from segrules.text.problems import living as problems

_DAY, _VALUE, _COST = ":day", ":value", ":cost:"

States = NDArray[np.int16]


@dataclass(frozen=True)
class Sales:
    """The past of N customers in C periods; where M months make no whole ones the first is short.

    weights: [C] how long each is, in periods. months: first days of the months. segment: [C, N]
    places at the beginning of each, -1 for none. now: [N] at as_of. count, value: [C, N] sales and
    minor units in each. by_month: [M] sales. known, squares: [C, N] sales of known value and the
    squares of their values. cost: by name the minor units [C, N] of those whose cost is known, and
    their number [C, N]. late: rows that are dated after as_of, which are no sales yet.
    """

    months: tuple[dt.date, ...]
    weights: Floats
    segment: States
    now: States
    count: Counts
    value: Floats
    known: Counts
    squares: Floats
    by_month: Counts
    cost: dict[str, tuple[Floats, Counts]]
    late: int = 0


def sales_of(
    placement: Placement, life: ir.Life, found: ir.SegmentSet, keys: Sequence[str], period: int
) -> Sales:
    """The past of the customers `keys`; a period has so many months.

    Raises:
        RulesError: there are no customers, the table of sales is not given, or they have none in
            the last complete months.
    """
    if not keys:
        raise RulesError([data.empty_table(placement.table, None)], unable=True)
    months = complete_months(placement.context.as_of)
    places = pl.DataFrame({":key": keys, ":row": np.arange(len(keys))})
    rows, late = _rows(placement, life, months)
    rows = rows.join(places, on=":key")
    if not rows.height:
        raise RulesError(
            [problems.life_without_past_sales(life.name, life.sales, months[0])], unable=True
        )
    months = _since_they_begin(months, rows)
    starts = _starts(months, period)
    at = pl.Series(":chunk", np.searchsorted(np.array(starts), np.arange(len(months)), "right") - 1)
    numbers = pl.DataFrame({":month": months, ":at": np.arange(len(months)), ":chunk": at})
    joined = rows.join(numbers, on=":month")
    shape = (len(starts), len(keys))
    flat = (joined[":chunk"] * len(keys) + joined[":row"]).to_numpy()

    def laid(name: str) -> Floats:
        values = joined[name].cast(pl.Float64).fill_null(0.0).to_numpy()
        return np.asarray(np.bincount(flat, values, shape[0] * shape[1]).reshape(shape))

    def whole(name: str) -> Counts:
        return np.rint(laid(name)).astype(np.int64)

    ends = [*starts[1:], len(months)]
    by_month = np.bincount(joined[":at"].to_numpy(), joined["count"].to_numpy(), len(months))
    return Sales(
        months,
        np.array([(b - a) / period for a, b in zip(starts, ends, strict=True)]),
        np.array([
            placed_on(placement, found, keys, months[start] - dt.timedelta(days=1))
            for start in starts
        ]),
        placed_on(placement, found, keys, placement.context.as_of),
        whole("count"), laid(_VALUE), whole(f"{_VALUE}:known"), laid("squares"),
        np.rint(by_month).astype(np.int64),
        {each.name: (laid(f"{_COST}{each.name}"), whole(f"{_COST}{each.name}:known"))
         for each in life.costs},
        late,
    )  # fmt: skip


def _starts(months: Sequence[dt.date], period: int) -> list[int]:
    """Where periods begin, counted back from the last month."""
    return sorted({0, *range(len(months) - period, 0, -period)})


def _since_they_begin(months: tuple[dt.date, ...], rows: pl.DataFrame) -> tuple[dt.date, ...]:
    """From the first whole month of sales on.

    After months without any, the first with some may have begun at its middle.
    """
    there = set(rows[":month"].to_list())
    first = next(at for at, month in enumerate(months) if month in there)
    if first and any(month in there for month in months[first + 1 :]):
        first += 1
    return months[first:]


def _rows(
    placement: Placement, life: ir.Life, months: Sequence[dt.date]
) -> tuple[pl.DataFrame, int]:
    """Sales by customer and month, and how many rows are dated after as_of."""
    rules, table = placement.ruleset, placement.ruleset.table(life.sales)
    by = table.joined_by(life.table)
    if by is None or table.dated is None:
        raise ValueError("the sales of a life are dated rows of its table")
    dated = table.column(table.dated)
    kind = Date() if dated is None else dated.type
    day: ir.Expr = ir.Column(table.name, table.dated, kind, optional=True)
    if isinstance(kind, Instant):
        day = ir.Apply("to_date", (day,), Date(), optional=True)
    parts = {_DAY: day, _VALUE: life.value}
    parts |= {f"{_COST}{each.name}": each.amount for each in life.costs}
    features = [ir.Feature(name, "let", table.name, expr) for name, expr in parts.items()]
    widened = replace(placement, ruleset=rules.with_features(features), table=table.name)
    wanted: list[ir.Expr] = [ir.Use(each.name, each.type, each.optional) for each in features]
    wanted.append(ir.Column(table.name, by, Link(life.table), optional=True))
    check_given(demand(wanted, table.name, widened.ruleset), widened.ruleset, placement.frames)
    widened = also_calibrated(widened, wanted)
    with reading(table.name):
        frame = prepare(
            widened.ruleset, table.name, widened.frames, widened.context, wanted
        ).select(
            pl.col(by).cast(pl.String).alias(":key"),
            **{name: pl.col(feature_column(name)) for name in parts},
        )
        there = placement.frames[table.name].filter(pl.col(table.dated).is_not_null())
        late = there.filter(~within(None, table, placement.context)).select(pl.len())
        made = (
            frame.with_columns(pl.col(_DAY).dt.truncate("1mo").alias(":month"))
            .filter(pl.col(":month").is_in(list(months)))
            .group_by(":key", ":month")
            .agg(*_sums([name for name in parts if name != _DAY]))
            .sort(":key", ":month")
        )
        found, after = pl.collect_all([made, late], engine="streaming")
        return found, int(after.item())


def _sums(names: Sequence[str]) -> list[pl.Expr]:
    """Sales and the amounts of a group: sums of whole minor units, in whatever order."""
    found = [pl.len().alias("count")]
    for name in names:
        amounts = pl.col(name).round().cast(pl.Int128)
        found += [amounts.sum().alias(name), pl.col(name).count().alias(f"{name}:known")]
        if name == _VALUE:
            found.append((amounts * amounts).sum().alias("squares"))
    return found


def placed_on(
    placement: Placement, found: ir.SegmentSet, keys: Sequence[str], day: dt.date
) -> States:
    """The place of each customer's segment at the end of a day, -1 for none.

    Rows dated later are not seen; columns without a date are as they are today.
    """
    declared = {each.name for each in placement.ruleset.tables}
    # what was recalled for as_of does not hold on other days
    frames = {name: frame for name, frame in placement.frames.items() if name in declared}
    then = replace(placement, frames=frames, context=replace(placement.context, as_of=day))
    table = placement.ruleset.table(placement.table)
    with reading(table.name):
        frame = prepare(then.ruleset, table.name, then.frames, then.context, conditions([found]))
        rows = frame.select(
            pl.col(table.key).cast(pl.String).alias(":key"),
            segment_column(then, found).cast(pl.String).alias(":segment"),
        ).collect(engine="streaming")
    number = pl.DataFrame(
        {":segment": list(found.segments), ":place": np.arange(len(found.segments))}
    )
    wanted = pl.DataFrame({":key": list(keys)}, schema={":key": pl.String})
    placed = wanted.join(
        rows.join(number, on=":segment"), on=":key", how="left", maintain_order="left"
    )
    made: States = placed[":place"].fill_null(-1).to_numpy().astype(np.int16)
    return made
