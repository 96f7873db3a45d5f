"""What stored assignments say of customers before they are played."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl

from segrules.backends.context import Context, months_later, seen
from segrules.backends.kernel.values import EPOCH_DAY
from segrules.backends.polars.dtypes import dtype
from segrules.lang.ir import Aggregate, TableColumn, history_of
from segrules.lang.types import Date, Enum
from segrules.segments.assign import Placement
from segrules.segments.history.load import Wanted, history_rows, reading_runs
from segrules.segments.history.store import AS_OF
from segrules.segments.read import reading
from segrules.segments.storing import stored_rows
from segrules.sim.customers.model import Remembrance, Review, Start
from segrules.sim.customers.rules import Rules
from segrules.sim.model import Counts

NEAR = 15
"""Days by which two assignments may miss the length of a period and still be one apart."""


def remembrance(placement: Placement, rules: Rules, keys: Sequence[str]) -> Remembrance | None:
    """How customers stood at the last stored assignment; None where no rule asks, or none is.

    Its reviews are the stored assignments that a window of the rules reaches, at as_of or later.
    """
    frame = placement.frames.get(history_of(placement.table))
    if frame is None:
        return None
    key = placement.ruleset.table(placement.table).key
    name = rules.set
    told = (":since", ":entered", ":decided", ":leaving")
    stored = frame.filter(pl.col(name).is_not_null()).select(
        pl.col(key).cast(pl.String).alias(":key"), pl.col(AS_OF).alias(":day"),
        _places(pl.col(name), rules.segments).alias(":segment"),
        _places(pl.col(f"{name}_by"), rules.found.deciders).alias(":by"),
        _places(pl.col(f"{name}:before"), rules.segments).alias(":before"),
        *(pl.col(f"{name}{each}").alias(each) for each in told),
    )  # fmt: skip
    last = stored.sort(":key", ":day").group_by(":key", maintain_order=True).last().collect()
    if not last.height:
        return None
    rows = _of_keys(last, keys)
    since = rows[":since"].cast(pl.Int32).cast(pl.Int64)
    return Remembrance(
        rows[":segment"].cast(pl.Int64).fill_null(-1).to_numpy(),
        since.fill_null((placement.context.as_of - EPOCH_DAY).days).to_numpy(),
        rows[":leaving"].cast(pl.Int64).fill_null(0).to_numpy(),
        rows[":decided"].cast(pl.Boolean).fill_null(value=False).to_numpy(),
        _reviews(stored, rules, keys),
    )


def _places(names: pl.Expr, of: Sequence[str]) -> pl.Expr:
    """The place of each name, -1 for any other."""
    places = {name: at for at, name in enumerate(of)}
    return names.cast(pl.String).replace_strict(places, default=-1, return_dtype=pl.Int16)


def _of_keys(rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The row of each key, in their order; all is missing where there is none."""
    wanted = pl.DataFrame({":key": list(keys)}, schema={":key": pl.String})
    return wanted.join(rows, on=":key", how="left", maintain_order="left")


def _reviews(stored: pl.LazyFrame, rules: Rules, keys: Sequence[str]) -> tuple[Review, ...]:
    """The stored assignments that windows of the rules reach, by day."""
    days = stored.select(pl.col(":day").unique().sort()).collect()[":day"].to_list()
    reached = [_first(each.asked, days, rules.context) for each in rules.remembered]
    if not reached:
        return ()
    rows = stored.filter(pl.col(":day") >= min(reached)).collect()
    of_day = {day: rows.filter(pl.col(":day") == day) for day in rows[":day"].unique().sort()}
    return tuple(_review(day, _of_keys(each, keys)) for day, each in of_day.items())


def _first(node: Aggregate, days: Sequence[dt.date], context: Context) -> dt.date:
    """The first day that a question about the past may reach, at the day of a context or later."""
    bounds = seen(node.rows.window, Date(), context)
    if bounds.start is not None:
        return bounds.start
    if node.how != "last":
        return days[0]
    # of those before the end only the last one is asked for
    inside = [day for day in days if bounds.end is None or day < bounds.end]
    return inside[-1] if inside else days[0]


def _review(day: dt.date, rows: pl.DataFrame) -> Review:
    places = {name: rows[name].fill_null(-1).to_numpy() for name in (":segment", ":by", ":before")}
    entered = rows[":entered"].fill_null(value=False).to_numpy()
    return Review(day, places[":segment"], places[":before"], entered, places[":by"])


def start_of(placement: Placement, rules: Rules, keys: Sequence[str]) -> Start:
    """Where the assignment of as_of places customers.

    Raises:
        RulesError: data cannot be read.
    """
    key, name = placement.ruleset.table(placement.table).key, rules.set
    with reading(placement.table):
        made = stored_rows(placement).select(
            pl.col(key).cast(pl.String).alias(":key"),
            _places(pl.col(name), rules.segments).alias(":segment"),
            _places(pl.col(f"{name}_by"), rules.found.deciders).alias(":by"),
            pl.col(f"{name}:leaving").cast(pl.Int64).alias(":leaving"),
        ).collect(engine="streaming")  # fmt: skip
    rows = _of_keys(made, keys)
    return Start(
        placement.context.as_of,
        rows[":segment"].to_numpy(),
        rows[":by"].to_numpy(),
        rows[":leaving"].fill_null(0).to_numpy(),
    )


def switches(placement: Placement, column: TableColumn, folder: Path, months: int) -> Counts | None:
    """How many customers went from value to value in a period of so many months: int64[V, V].

    They are counted in stored assignments that are a period apart; None where no two are.

    Raises:
        RulesError: a stored run cannot be used.
    """
    table, values = placement.ruleset.table(placement.table), _values(column)
    kind = pl.String() if isinstance(column.type, Enum) else dtype(column.type)
    rows = history_rows(
        folder, table.name, placement.context.as_of, Wanted(table.key, (), {column.name: kind})
    )
    with reading_runs([]):
        kept = rows.select(
            pl.col(table.key).alias(":key"), pl.col(AS_OF).alias(":day"),
            pl.col(column.name).cast(pl.String).alias(":value"),
        ).drop_nulls().collect()  # fmt: skip
    pairs = _pairs(sorted(kept[":day"].unique().to_list()), months)
    if not pairs:
        return None
    days = pl.DataFrame(pairs, schema={":day": pl.Date, ":later": pl.Date}, orient="row")
    later = kept.rename({":day": ":later", ":value": ":to"})
    moved = kept.join(days, on=":day").join(later, on=[":key", ":later"])
    counted = moved.group_by(":value", ":to").len()
    found = {(a, b): count for a, b, count in counted.iter_rows()}
    flat = [found.get((a, b), 0) for a, b in product(values, repeat=2)]
    return np.array(flat, dtype=np.int64).reshape(len(values), len(values))


def _values(column: TableColumn) -> tuple[str, ...]:
    return column.type.values if isinstance(column.type, Enum) else ("false", "true")


def _pairs(days: Sequence[dt.date], months: int) -> list[tuple[dt.date, dt.date]]:
    """Each day with the day nearest to a period later, if one is near."""
    pairs = []
    for day in days:
        goal = months_later(day, months)
        after = [each for each in days if each > day]
        if goal is None or not after:
            continue
        nearest = min(after, key=lambda each: abs((each - goal).days))
        if abs((nearest - goal).days) <= NEAR:
            pairs.append((day, nearest))
    return pairs
