"""What an experiment says: the funnel's table has a column that names the treatment of each row.

Two questions are asked of it. How much a treatment does: for a stage as odds ratios among those
who came to the stage before, which is what the odds of a scenario mean; for the value as
differences by customer who entered. And which treatment to give to which segment: by what it
brings of all who entered, whatever stage it acts on. Only cohorts that have had the full time are
counted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from segrules.lang import ir
from segrules.lang.check.scope import nearest
from segrules.lang.types import Enum, Flag, Link, Text, Type, Whole, spell
from segrules.segments.assign import Placement
from segrules.segments.funnel import mature_until
from segrules.sim.decisions.rows import ENTERED, SEGMENT, funnel_rows
from segrules.sim.learn.agents import Association, assignment_of
from segrules.sim.learn.choice import RUNS, Columns, Delivery, Promise, choose, split
from segrules.sim.learn.experiment import Cells, Effects, effects, summarise
from segrules.sim.learn.odds import Odds, average, odds_ratios
from segrules.sim.learn.pooling import Pooled
from segrules.sim.model import Floats
from segrules.text import problems
from segrules.text.diagnostic import RulesError

VALUE = "value"
"""The outcome that is no stage: what a customer who entered brings."""

FEWEST_EVENTS = 5
"""Customers of an arm who reach the stage, and who do not, below which nothing is estimated."""

MOST_ARMS = 20
"""Values of a column beyond which it does not say who got which treatment."""

SEED = 1
_KEY, _ARM, _OUTCOME = "key", "arm", "outcome"
_COLUMNS = Columns(SEGMENT, _ARM, _OUTCOME, "")


@dataclass(frozen=True)
class Asked:
    """The column of the treatment, the value of it that is the control, and the outcome.

    outcome: a stage after the first, or `VALUE`; None is the stage after the first.
    """

    column: str
    control: str
    outcome: str | None = None


@dataclass(frozen=True)
class Estimate:
    """An odds ratio or a difference, with its central intervals."""

    value: float
    interval_80: tuple[float, float]
    interval_95: tuple[float, float]


@dataclass(frozen=True)
class OfSegment:
    """The effect of an arm in one segment.

    customers, rate: of the control and of the arm, as counted (the rate of the value: its mean).
    raw: what these say by themselves; shrunk: drawn towards the common effect. data_weight: how
    much the segment's own figures weigh in it.
    """

    segment: str
    customers: tuple[int, int]
    rate: tuple[float, float]
    raw: float
    shrunk: Estimate
    data_weight: float


@dataclass(frozen=True)
class OfArm:
    """The effect of an arm: over all customers, and in each segment."""

    arm: str
    common: Estimate
    segments: tuple[OfSegment, ...]


@dataclass(frozen=True)
class Best:
    """The arm chosen for a segment.

    raw: what the best cell promises over the control; gain: the same corrected for having been
    picked, with its 80% interval. chance: that no other arm is better.
    """

    segment: str
    arm: str
    raw: float
    gain: float
    interval_80: tuple[float, float]
    chance: float


@dataclass(frozen=True)
class Experiment:
    """An experiment studied; amounts are minor units, rates parts of one.

    Effects are between `before` and `outcome`; the policy counts all who entered. arms: without
    the control. no_difference: chance that segments do not differ at all. balance: whether the
    arms go with the segments; None where there is one segment only. delivered: what the choice
    brought where one part of the customers chose and another judged; None where parts are too
    small. left_out: what was not counted, and why.
    """

    funnel: str
    segments_of: str
    as_of: dt.date
    column: str
    control: str
    outcome: str
    before: str
    until: dt.date
    customers: int
    arms: tuple[OfArm, ...]
    no_difference: float
    balance: Association | None
    best: tuple[Best, ...]
    promise: Promise
    delivered: Delivery | None
    later: bool
    left_out: tuple[str, ...]

    @property
    def in_odds(self) -> bool:
        """Whether effects are odds ratios; otherwise they are differences of the value."""
        return self.outcome != VALUE

    @property
    def segments_differ(self) -> bool:
        """Whether it is likelier than not that segments differ at all."""
        return self.no_difference < 0.5


def experiment(
    placement: Placement, funnel: ir.Funnel, segment_set: ir.SegmentSet, asked: Asked
) -> Experiment:
    """Study the experiment of a column of the funnel's table, or of a named value of it.

    Raises:
        RulesError: the column, the control or the outcome is not there, or there is too little
            to estimate from.
    """
    at = _stage(funnel, asked.outcome)
    outcome = VALUE if asked.outcome == VALUE else funnel.stages[at].name
    until = mature_until(funnel.stages[: at + 1], placement.context.as_of)
    rows = _rows(placement, funnel, segment_set, asked.column).filter(pl.col(ENTERED) <= until)
    _check_arms(rows, asked, until)
    rows = rows.with_columns(_outcome(funnel, at, outcome).alias(_OUTCOME))
    found = effects(_cells(rows, asked, outcome))
    promise = choose(found, seed=SEED)
    before = funnel.stages[at - 1].name
    odds = None if outcome == VALUE else _odds(rows, asked, outcome, before if at > 1 else None)
    by_arm = _by_arm(found.cells, found.pooled) if odds is None else _odds_by_arm(odds)
    cells = found.cells if odds is None else odds.cells
    return Experiment(
        funnel=funnel.name,
        segments_of=segment_set.name,
        as_of=placement.context.as_of,
        column=asked.column,
        control=asked.control,
        outcome=outcome,
        before=before if odds is not None else funnel.stages[0].name,
        until=until,
        customers=int(cells.customers.sum()),
        arms=_ordered(by_arm, segment_set),
        no_difference=found.no_difference if odds is None else odds.no_difference,
        balance=_balance(rows),
        best=_best(found, promise, segment_set),
        promise=promise,
        delivered=_delivered(rows, asked),
        later=odds is not None and at > 1,
        left_out=tuple(dict.fromkeys((*found.cells.notes, *cells.notes))),
    )


def outcomes(funnel: ir.Funnel) -> tuple[str, ...]:
    """What an experiment of a funnel may be judged by."""
    stages = tuple(stage.name for stage in funnel.stages[1:])
    valued = any(stage.value is not None for stage in funnel.stages[1:])
    return (*stages, VALUE) if valued and VALUE not in stages else stages


def stage_of(funnel: ir.Funnel, outcome: str) -> int:
    """The place of the stage that an outcome is seen at.

    Raises:
        RulesError: the funnel has no such outcome.
    """
    known = outcomes(funnel)
    if outcome not in known:
        raise RulesError([problems.no_such_outcome(outcome, funnel.name, known)], unable=True)
    return next(
        at
        for at, stage in enumerate(funnel.stages)
        if at and (stage.name == outcome or (outcome == VALUE and stage.value is not None))
    )


def _stage(funnel: ir.Funnel, outcome: str | None) -> int:
    if outcome is not None:
        return stage_of(funnel, outcome)
    if len(funnel.stages) < 2:
        raise RulesError(
            [problems.no_such_outcome(funnel.stages[0].name, funnel.name, ())], unable=True
        )
    return 1


# ---- rows


def _rows(
    placement: Placement, funnel: ir.Funnel, segment_set: ir.SegmentSet, column: str
) -> pl.DataFrame:
    """Rows of the funnel with their arm as text, in the order of their keys."""
    table = placement.ruleset.table(funnel.table)
    node = _treatment(placement.ruleset, table, column)
    held = table.column(table.key)
    key = ir.Column(table.name, table.key, held.type if held else Text(), optional=True)
    rows = funnel_rows(placement, funnel, segment_set, {_ARM: node, _KEY: key})
    return rows.sort(_KEY).with_columns(as_text(rows, _ARM))


def as_text(rows: pl.DataFrame, column: str) -> pl.Expr:
    """A column as it is written in rules."""
    held = pl.col(column)
    if rows[column].dtype == pl.Boolean:
        words = pl.when(held).then(pl.lit("yes")).otherwise(pl.lit("no"))
        return pl.when(held.is_not_null()).then(words).alias(column)
    return held.cast(pl.String)


def _treatment(ruleset: ir.Ruleset, table: ir.Table, name: str) -> ir.Expr:
    kinds: dict[str, Type] = {each.name: each.type for each in table.columns}
    features = {each.name: each for each in ruleset.features_of(table.name)}
    kinds |= {each.name: each.type for each in features.values()}
    if name not in kinds:
        near = nearest(name, kinds)
        raise RulesError([problems.no_arm_column(name, table.name, near)], unable=True)
    kind = kinds[name]
    if not isinstance(kind, Text | Enum | Flag | Whole | Link):
        raise RulesError([problems.arm_without_groups(name, spell(kind))], unable=True)
    if name in features:
        return ir.Use(name, kind, features[name].optional)
    return ir.Column(table.name, name, kind, optional=True)


def _check_arms(rows: pl.DataFrame, asked: Asked, until: dt.date) -> None:
    values = sorted(set(rows[_ARM].drop_nulls()))
    day = until.isoformat()
    if len(values) > MOST_ARMS:
        found = problems.too_many_arms(asked.column, len(values), MOST_ARMS)
        raise RulesError([found], unable=True)
    if asked.control not in values:
        found = problems.no_such_control(asked.control, asked.column, values, day)
        raise RulesError([found], unable=True)
    if len(values) == 1:
        raise RulesError([problems.one_arm(asked.control, asked.column, day)], unable=True)


def _outcome(funnel: ir.Funnel, at: int, outcome: str) -> pl.Expr:
    stage = funnel.stages[at].name
    reached = pl.col(f"reached {stage}")
    if outcome != VALUE:
        return reached.cast(pl.Float64)
    # who sold but whose value is not known is left out, who did not sell brought nothing
    return pl.when(reached).then(pl.col(f"value {stage}").cast(pl.Float64)).otherwise(0.0)


# ---- estimates


def _cells(rows: pl.DataFrame, asked: Asked, outcome: str) -> Cells:
    known = rows.drop_nulls([_ARM, _OUTCOME])
    counted = known.group_by(_ARM).agg(
        pl.len(),
        (pl.col(_OUTCOME) != 0).sum().alias("some"),
        pl.col(_OUTCOME).n_unique().alias("k"),
    )
    few = []
    for arm, customers, some, kinds in counted.sort(_ARM).iter_rows():
        if outcome == VALUE and kinds == 1 and some:
            raise RulesError([problems.outcome_alike(arm, outcome)], unable=True)
        enough = some if outcome == VALUE else min(some, customers - some)
        if enough < FEWEST_EVENTS:
            few.append(problems.too_few_events(arm, outcome, (customers, some), FEWEST_EVENTS))
    if few:
        raise RulesError(few, unable=True)
    try:
        return summarise(rows, segment=SEGMENT, arm=_ARM, outcome=_OUTCOME, control=asked.control)
    except ValueError:
        # the arms are there and their outcomes vary: what is left is the size of the segments
        found = problems.too_few_in_segments(asked.column, known.height)
        raise RulesError([found], unable=True) from None


def _odds(rows: pl.DataFrame, asked: Asked, outcome: str, before: str | None) -> Odds:
    """Odds ratios among those who came to the stage before; None is the first, all came there.

    Arms of whom enough reached the outcome came there, all of them.
    """
    came = rows if before is None else rows.filter(pl.col(f"reached {before}"))
    return odds_ratios(_cells(came, asked, outcome))


def _odds_by_arm(found: Odds) -> list[OfArm]:
    inside = [found.interval(level) for level in _LEVELS]
    together = average(found.pooled, found.cells.share)
    ends = [(np.exp(low), np.exp(high)) for low, high in map(together.interval, _LEVELS)]
    common = np.asarray(np.exp(together.mean)), ends
    return _arms(found.cells, (found.ratio, found.raw), common, inside, found.pooled)


def _by_arm(cells: Cells, pooled: Pooled) -> list[OfArm]:
    inside = [pooled.interval(level) for level in _LEVELS]
    together = average(pooled, cells.share)
    common = together.mean, [together.interval(level) for level in _LEVELS]
    return _arms(cells, (pooled.mean, cells.effects), common, inside, pooled)


_LEVELS = (0.8, 0.95)
_Ends = list[tuple[Floats, Floats]]


def _arms(
    cells: Cells, middle: tuple[Floats, Floats], common: tuple[Floats, _Ends], inside: _Ends,
    pooled: Pooled,
) -> list[OfArm]:  # fmt: skip
    shrunk, raw = middle
    found = []
    for a, arm in enumerate(cells.arms[1:]):
        segments = tuple(
            OfSegment(
                name,
                (int(cells.customers[s, 0]), int(cells.customers[s, a + 1])),
                (float(cells.mean[s, 0]), float(cells.mean[s, a + 1])),
                float(raw[s, a]),
                _estimate(shrunk[s, a], [(low[s, a], high[s, a]) for low, high in inside]),
                float(pooled.data_weight[s]),
            )
            for s, name in enumerate(cells.segments)
        )
        ends = [(low[a], high[a]) for low, high in common[1]]
        found.append(OfArm(arm, _estimate(common[0][a], ends), segments))
    return found


def _estimate(value: float, ends: list[tuple[float, float]]) -> Estimate:
    (low_80, high_80), (low_95, high_95) = ends
    return Estimate(float(value), (float(low_80), float(high_80)), (float(low_95), float(high_95)))


def _ordered(arms: list[OfArm], segment_set: ir.SegmentSet) -> tuple[OfArm, ...]:
    """Segments in the order in which they are declared."""
    place = {name: at for at, name in enumerate(segment_set.segments)}
    return tuple(
        OfArm(
            each.arm, each.common, tuple(sorted(each.segments, key=lambda one: place[one.segment]))
        )
        for each in arms
    )


# ---- the policy


def _best(found: Effects, promise: Promise, segment_set: ir.SegmentSet) -> tuple[Best, ...]:
    cells, pooled = found.cells, found.pooled
    draws = pooled.draws(SEED, RUNS, "arms")
    gains = np.concatenate([np.zeros((*draws.shape[:2], 1)), draws], axis=2)
    held = {}
    for s, name in enumerate(cells.segments):
        arm = int(promise.arm[s])
        own = gains[:, s, arm]
        low, high = np.quantile(own, [0.1, 0.9])
        held[name] = Best(
            name,
            cells.arms[arm],
            float(cells.mean[s].max() - cells.mean[s, 0]),
            0.0 if arm == 0 else float(pooled.mean[s, arm - 1]),
            (float(low), float(high)),
            float((gains[:, s].max(axis=1) <= own).mean()),
        )
    return tuple(held[name] for name in segment_set.segments if name in held)


def _delivered(rows: pl.DataFrame, asked: Asked) -> Delivery | None:
    known = rows.drop_nulls([_ARM, _OUTCOME])
    columns = Columns(_COLUMNS.segment, _COLUMNS.arm, _COLUMNS.outcome, asked.control)
    try:
        return split(known, columns, seed=SEED)
    except ValueError:
        # a fold without an arm, or without two customers of it in any segment
        return None


def _balance(rows: pl.DataFrame) -> Association | None:
    if rows[SEGMENT].n_unique() < 2:
        return None
    return assignment_of(rows, agent=_ARM, columns=[SEGMENT], seed=SEED).tests[0]
