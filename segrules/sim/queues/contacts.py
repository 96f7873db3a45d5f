"""The contacts of a line as arrays: who came when, waited how long, and took how much time.

Shapes: N contacts in order of arrival, S segments. Times are hours.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segrules.backends.polars.calibrate import calibrate
from segrules.backends.polars.lower import Scope, lower
from segrules.backends.polars.plan import Planned
from segrules.lang import ir
from segrules.segments.assign import Placement, check_given, placed_rows
from segrules.segments.demand import demand
from segrules.segments.read import reading
from segrules.sim.model import Counts, Floats

DAYS = 365
"""How far back the contacts are taken from."""

_MINUTES, _SECONDS = 60.0, 3600.0

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Contacts:
    """Contacts of customers who are in a segment.

    segment: number of it, in the order of `segments`. day: days since 1970, where the customers
    are. hour: of that day, 0 to 24. handle: with the agent, nan where it is not known; waited: to
    an agent or to giving up, nan where it is not known; lost: gave up. unplaced: contacts of
    customers in no segment, left out.
    """

    as_of: dt.date
    segments: tuple[str, ...]
    segment: Counts
    day: Counts
    hour: Floats
    handle: Floats
    waited: Floats
    lost: Flags
    unplaced: int

    def __len__(self) -> int:
        return len(self.day)

    def those(self, chosen: Flags) -> Contacts:
        """The contacts at which `chosen`, bool[N], is true."""
        return Contacts(
            self.as_of, self.segments, self.segment[chosen], self.day[chosen], self.hour[chosen],
            self.handle[chosen], self.waited[chosen], self.lost[chosen], self.unplaced,
        )  # fmt: skip


def contacts(placement: Placement, line: ir.Line, segment_set: ir.SegmentSet) -> Contacts:
    """The contacts of the last year, each with the segment that its customer is in now.

    Raises:
        RulesError: a table is not given.
    """
    with reading(line.table):
        rows = _rows(placement, line, segment_set).collect(engine="streaming")
    known = rows.drop_nulls("segment")
    number = {name: at for at, name in enumerate(segment_set.segments)}
    segment = known["segment"].replace_strict(number, return_dtype=pl.Int64)
    return Contacts(
        placement.context.as_of,
        segment_set.segments,
        segment.to_numpy(),
        known["day"].to_numpy().astype(np.int64),
        known["hour"].to_numpy().astype(np.float64),
        _hours(known["handling"], _MINUTES),
        _hours(known["waited"], _SECONDS),
        known["abandoned"].to_numpy().astype(np.bool_),
        rows.height - known.height,
    )


def _hours(values: pl.Series, unit: float) -> Floats:
    """Times in hours; what is below 0 or missing is not known."""
    found = values.cast(pl.Float64).fill_null(np.nan).to_numpy() / unit
    return np.where(found >= 0, found, np.nan).astype(np.float64)


def _rows(placement: Placement, line: ir.Line, segment_set: ir.SegmentSet) -> pl.LazyFrame:
    """The segment and the figures of every contact of the last year, in order of arrival."""
    ruleset, context = placement.ruleset, placement.context
    table = ruleset.table(line.table)
    asked = [each for each in (line.handling, line.waited, line.abandoned, line.where) if each]
    check_given(demand(asked, table.name, ruleset), ruleset, placement.frames)
    frozen = calibrate(ruleset, placement.frames, context, {table.name: tuple(asked)})
    scope = Scope(type(context)(context.zone, context.as_of, frozen), table)
    frame = Planned(ruleset, placement.frames, scope.context).rows(table, asked)
    if line.where is not None:
        frame = frame.filter(lower(line.where, scope))
    local = pl.col(line.arrives).dt.convert_time_zone(context.zone)
    day, midnight = local.dt.date(), local.dt.truncate("1d")
    waited = pl.lit(None) if line.waited is None else lower(line.waited, scope)
    lost = pl.lit(value=False) if line.abandoned is None else lower(line.abandoned, scope)
    first = context.as_of - dt.timedelta(days=DAYS - 1)
    rows = frame.filter(pl.col(line.arrives).is_not_null() & day.is_between(first, context.as_of))
    chosen = rows.select(
        key=_key(table, segment_set),
        at=pl.col(line.arrives),
        day=day.dt.epoch("d"),
        hour=(local - midnight).dt.total_microseconds() / 3.6e9,
        handling=lower(line.handling, scope).cast(pl.Float64),
        waited=waited.cast(pl.Float64),
        abandoned=lost.fill_null(value=False),
    )
    placed = placed_rows(placement).select(
        pl.col(ruleset.table(segment_set.table).key).alias("key"),
        segment=pl.col(segment_set.name).cast(pl.String),
    )
    joined = chosen.join(placed, on="key", how="left")
    return joined.sort("at", "key", "handling", "waited", "abandoned")


def _key(table: ir.Table, segment_set: ir.SegmentSet) -> pl.Expr:
    """The column with the key of the row whose segment a contact has."""
    if table.name == segment_set.table:
        return pl.col(table.key)
    return pl.col(str(table.joined_by(segment_set.table)))
