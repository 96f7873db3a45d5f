"""What the past of a funnel says beyond its rates: the worth of a sale, and who is still to come.

The rates of a study leave out the cohorts that have not had the full time for a stage. A cure
hazard uses them as well, and says how many of them will still reach it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from segrules.lang import ir
from segrules.segments.assign import Placement
from segrules.segments.funnel import (
    SEGMENT,
    date_column,
    dated_rows,
    mature_until,
    offset_of,
    sold_of,
    with_reached,
)
from segrules.segments.read import reading
from segrules.sim.learn.cure import Cure, learn_cure
from segrules.sim.learn.values import Values
from segrules.sim.model import Floats
from segrules.sim.sold import learn_by_segment

_DAYS_OF_MONTH = 30.4375
_HALF_DAY = 0.5
_SURE = 2.0
"""Standard errors by which cure hazard and cut may differ, and yet be said to agree."""


@dataclass(frozen=True)
class SaleValue:
    """What a sale brings in a segment, in minor units: the distribution that foretells best."""

    segment: str
    values: Values


@dataclass(frozen=True)
class Maturity:
    """A stage's cut at maturity beside a cure hazard.

    recent: customers who entered after `until` and came to the stage before; reached: those of
    them who reached the stage. mature_rate: of those before the cut, None without any. cure: None
    where none can be fitted, `why` says so. fits: the two agree. expected: of the recent, how many
    more are to come within the limit, with their 80% interval.
    """

    stage: str
    before: str
    until: str
    recent: int
    reached: int
    mature_rate: float | None
    cure: Cure | None
    why: str
    fits: bool
    expected: float
    interval_80: tuple[float, float]

    @property
    def final_share(self) -> float | None:
        """Part of the recent customers that will have reached the stage in the end."""
        if not self.fits or not self.recent:
            return None
        return (self.reached + self.expected) / self.recent


@dataclass(frozen=True)
class PastOf:
    """valued: the stage with a value, None without one."""

    valued: str | None
    values: tuple[SaleValue, ...]
    maturity: tuple[Maturity, ...]


def past_of_stages(placement: Placement, funnel: ir.Funnel, segment_set: ir.SegmentSet) -> PastOf:
    """The values of sales by segment, and of every stage after the first how mature it is.

    Raises:
        RulesError: a table or a column is not given.
    """
    as_of = placement.context.as_of
    with reading(funnel.table):
        rows = with_reached(dated_rows(placement, funnel, segment_set), funnel.stages, as_of)
        rows = rows.filter(pl.col(SEGMENT).is_not_null())
        ages = pl.collect_all(
            [_ages(rows, placement, funnel, at) for at in range(1, len(funnel.stages))]
        )
        sold = sold_of(rows, funnel.stages, as_of)
    valued = next((stage.name for stage in funnel.stages if stage.value is not None), None)
    learned = {} if sold is None else learn_by_segment(sold).by_segment
    return PastOf(
        valued,
        tuple(SaleValue(name, learned[name]) for name in segment_set.segments if name in learned),
        tuple(_maturity(table, placement, funnel, at) for at, table in enumerate(ages, start=1)),
    )


# ---- maturity


def _ages(rows: pl.LazyFrame, placement: Placement, funnel: ir.Funnel, at: int) -> pl.LazyFrame:
    """Customers by how many days they were seen for after the stage before, and took to the next.

    Nobody is seen for longer than the limit of the stage.
    """
    stage, as_of = funnel.stages[at], placement.context.as_of
    until = mature_until(funnel.stages[: at + 1], as_of)
    before, date = pl.col(date_column(funnel.stages[at - 1])), pl.col(date_column(stage))
    reached = pl.col(f":reached:{at}")
    age = (pl.lit(as_of) - before).dt.total_days()
    if stage.within is not None:
        most = (before.dt.offset_by(offset_of(stage.within)) - before).dt.total_days()
        age = pl.min_horizontal(age, most)
    delay = pl.when(reached).then((date - before).dt.total_days())
    return (
        rows.filter(pl.col(f":reached:{at - 1}"))
        .select(age=age, delay=delay, recent=pl.col(date_column(funnel.stages[0])) > until)
        .group_by("age", "delay", "recent")
        .len("customers")
        .sort("age", "delay", "recent")
    )


def _maturity(table: pl.DataFrame, placement: Placement, funnel: ir.Funnel, at: int) -> Maturity:
    stage, before = funnel.stages[at], funnel.stages[at - 1]
    until = mature_until(funnel.stages[: at + 1], placement.context.as_of).isoformat()
    recent = table.filter(pl.col("recent"))
    reached = _count(recent.filter(pl.col("delay").is_not_null()))
    mature = table.filter(~pl.col("recent"))
    entered = _count(mature)
    rate = _count(mature.filter(pl.col("delay").is_not_null())) / entered if entered else None
    counts = (stage.name, before.name, until, _count(recent), reached, rate)
    limit = _limit(stage, table)
    try:
        cure = _cure(table, limit)
    except ValueError as error:
        return Maturity(*counts, None, str(error), False, 0.0, (0.0, 0.0))
    fits = _agree(cure, rate, entered, limit)
    waiting = recent.filter(pl.col("delay").is_null())
    expected, interval = _to_come(cure, waiting, limit)
    why = "" if fits else "it disagrees with the rate of the cohorts that have had the full time"
    return Maturity(*counts, cure, why, fits, expected, interval)


def _count(table: pl.DataFrame) -> int:
    return int(table["customers"].sum())


def _limit(stage: ir.Stage, table: pl.DataFrame) -> float:
    """Days after which nobody is counted; without a limit, all that was seen."""
    if stage.within is None:
        oldest = table["age"].max()
        return float(oldest if isinstance(oldest, int) else 0)
    days = stage.within.unit == "days"
    return float(stage.within.count) if days else _DAYS_OF_MONTH * stage.within.count


def _cure(table: pl.DataFrame, limit: float) -> Cure:
    """Dates are days: what happened within one is put in its middle."""
    age = table["age"].cast(pl.Float64).to_numpy() + _HALF_DAY
    delay = table["delay"].cast(pl.Float64).fill_null(math.nan).to_numpy() + _HALF_DAY
    customers = table["customers"].cast(pl.Float64).to_numpy()
    return learn_cure(age, delay, cut=max(limit, _HALF_DAY), customers=customers)


def _agree(cure: Cure, rate: float | None, entered: int, limit: float) -> bool:
    if rate is None:
        return True
    seen = (rate * entered + 0.5) / (entered + 1.0)
    error = math.sqrt(seen * (1.0 - seen) / entered)
    by_limit = cure.converted_by(limit + _HALF_DAY)
    own = cure.error * by_limit / cure.ever
    return abs(by_limit - rate) <= _SURE * math.hypot(error, own)


def _to_come(cure: Cure, waiting: pl.DataFrame, limit: float) -> tuple[float, tuple[float, float]]:
    """Of those who still have time, how many will come: by the hazard, and by their own luck."""
    age = waiting["age"].cast(pl.Float64).to_numpy()
    customers = waiting["customers"].cast(pl.Float64).to_numpy()
    chance = _chances(cure, age, limit, cure.ever)
    expected = float(customers @ chance)
    moved = float(customers @ _chances(cure, age, limit, min(cure.ever + cure.error, 1.0)))
    spread = math.hypot(moved - expected, math.sqrt(float(customers @ (chance * (1 - chance)))))
    most = float(customers.sum())
    reach = 1.2815515655446004 * spread
    return expected, (max(0.0, expected - reach), min(most, expected + reach))


def _chances(cure: Cure, age: Floats, limit: float, ever: float) -> Floats:
    """Chance float64[N] to convert by the limit of those who have not by an age."""
    by_now, by_limit = (
        -np.expm1(-((at / cure.scale) ** cure.shape))
        for at in (age + _HALF_DAY, np.full(len(age), limit + _HALF_DAY))
    )
    return np.asarray(ever * np.maximum(by_limit - by_now, 0.0) / (1.0 - ever * by_now))
