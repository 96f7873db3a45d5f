"""The model of an arm and a replication as tables that kernels read.

Shapes: T periods, S segments, K conversions, E evolutions, M moves of a scenario's levers, V places
of declared values. The last of S + 1 rows is for customers in no segment, whom nothing befalls but
time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segrules.sim.customers.evolution import (
    Accumulate,
    Age,
    Bounds,
    BySegment,
    Drift,
    Evolution,
    Respond,
    SaleDay,
    SinceSale,
    Step,
    Switch,
)
from segrules.sim.customers.levers import (
    Change,
    Charge,
    Figure,
    Lever,
    Move,
    Multiply,
    Odds,
    Points,
    Price,
    strength,
)
from segrules.sim.customers.model import Model, Rates, Scenario
from segrules.sim.model import Counts, Floats
from segrules.sim.pack import word

AGE, SINCE, DAY, SALES, REVENUE, WALK, GROWTH, STEP, RESPOND, SWITCH = range(10)


class Changes(NamedTuple):
    """Evolutions in order: what happens to which column."""

    kind: Counts  # [E]
    column: Counts  # [E] place among the changing columns
    first: Floats  # [E, S+1] by, keep, mean, chance or elasticity
    second: Floats  # [E, S+1] sd
    low: Floats  # [E]
    high: Floats  # [E]
    whole: NDArray[np.bool_]  # [E] rounded to whole numbers
    luck: Counts  # [E] place among those with luck, -1 without
    words: NDArray[np.uint64]  # [L] purposes of those with luck
    normal: NDArray[np.bool_]  # [L] normal rather than uniform
    alike: NDArray[np.bool_]  # [L] growth that is the same in every segment: luck is its factor
    growth: Floats  # [L, 2] its mean and sd
    chains: Floats  # [E, V, V] cumulated over the last axis


class Moves(NamedTuple):
    """What levers do to columns."""

    column: Counts  # [M] place among the changing columns
    chance: Floats  # [M, T, S+1]
    by: Floats  # [M]
    low: Floats  # [M]
    high: Floats  # [M]
    fall_back: Floats  # [M]
    words: NDArray[np.uint64]  # [M]


class Tables(NamedTuple):
    """What customers of a segment do in each period of a replication."""

    leads: Floats  # [T, S] mean number
    none: Floats  # [T, S] chance of no lead
    reach: Floats  # [T, S, K] chance that a lead comes at least so far
    value: Floats  # [T, S] mean of a sale, or what the customer's own is multiplied by
    spread: Floats  # [S]
    hazard: Floats  # [T, S]
    after_sale: Floats  # [S]
    turn: Floats  # [T, S+1] price by that of the period before
    pulled: Floats  # [T, S] sales a customer and period that are taken from later
    stage_cost: Floats  # [T, S, K+1]
    keep_cost: Floats  # [T, S]
    move_cost: Floats  # [M]


def _by_segment(figure: BySegment, segments: int) -> Floats:
    made = np.zeros(segments + 1)
    made[:segments] = figure
    return made


def changes_of(model: Model) -> Changes:
    """The evolutions of a model as arrays."""
    segments, evolutions = len(model.rules.segments), model.evolutions
    count = len(evolutions)
    widest = max([1, *(len(each.rows) for each in evolutions if isinstance(each, Switch))])
    rows = [_row(each, segments) for each in evolutions]
    lucky = [at for at, each in enumerate(evolutions) if isinstance(each, Drift | Step | Switch)]
    luck = np.full(count, -1, np.int64)
    luck[lucky] = np.arange(len(lucky))
    chains = np.ones((count, widest, widest))
    for at, each in enumerate(evolutions):
        if isinstance(each, Switch):
            places = len(each.rows)
            chains[at, :places, :places] = np.cumsum(each.rows, axis=1)
            chains[at, :, places - 1 :] = 1.0
    words = [word("evolution", evolutions[at].column) for at in lucky]
    return Changes(
        np.array([row[0] for row in rows], np.int64),
        np.array([model.moving.index(each.column) for each in evolutions], np.int64),
        np.array([row[1] for row in rows], np.float64).reshape(count, segments + 1),
        np.array([row[2] for row in rows], np.float64).reshape(count, segments + 1),
        np.array([row[3].low for row in rows], np.float64),
        np.array([row[3].high for row in rows], np.float64),
        np.array([getattr(each, "whole", False) for each in evolutions], np.bool_),
        luck,
        np.array(words, np.uint64),
        np.array([isinstance(evolutions[at], Drift) for at in lucky], np.bool_),
        np.array([_grows_alike(evolutions[at]) for at in lucky], np.bool_),
        np.array([(rows[at][1][0], rows[at][2][0]) for at in lucky], np.float64).reshape(-1, 2),
        chains,
    )


def _grows_alike(each: Evolution) -> bool:
    if not (isinstance(each, Drift) and each.relative):
        return False
    return bool(np.ptp(each.mean) == 0.0 and np.ptp(each.sd) == 0.0)


def _row(each: Evolution, segments: int) -> tuple[int, Floats, Floats, Bounds]:
    everyone = np.ones(segments + 1)
    nothing = np.zeros(segments + 1)
    match each:
        case Age():
            return AGE, everyone * each.by, nothing, each.within
        case SinceSale():
            return SINCE, everyone * each.by, nothing, each.within
        case SaleDay():
            return DAY, nothing, nothing, Bounds()
        case Accumulate():
            kind = SALES if each.of == "sales" else REVENUE
            return kind, everyone * each.keep, nothing, each.within
        case Drift():
            mean, sd = (_by_segment(part, segments) for part in (each.mean, each.sd))
            return GROWTH if each.relative else WALK, mean, sd, each.within
        case Step():
            return STEP, _by_segment(each.chance, segments), everyone * each.by, each.within
        case Respond():
            return RESPOND, _by_segment(each.elasticity, segments), nothing, each.within
        case Switch():
            return SWITCH, nothing, nothing, Bounds()


def at(figure: Figure, replication: int) -> float:
    """A figure in a replication."""
    if isinstance(figure, np.ndarray):
        return float(figure[replication])
    return float(figure)


def moves_of(model: Model, levers: Sequence[Lever], replication: int) -> Moves:
    """What levers do to columns, in a replication."""
    found = [(lever, each) for lever in levers for each in lever.changes if isinstance(each, Move)]
    chance = np.zeros((len(found), model.periods, len(model.rules.segments) + 1))
    for m, (lever, each) in enumerate(found):
        acts = strength(lever.timing, model.periods) * (1.0 - lever.deadweight)
        for s in lever.segments:
            chance[m, :, s] = acts * at(each.chance, replication)

    def each_of(name: str) -> Floats:
        return np.array([getattr(each, name) for _, each in found], np.float64)

    return Moves(
        np.array([model.moving.index(each.column) for _, each in found], np.int64),
        chance,
        each_of("by"),
        each_of("low"),
        each_of("high"),
        each_of("fall_back"),
        np.array([word("move", lever.name, each.column) for lever, each in found], np.uint64),
    )


def tables_of(model: Model, scenario: Scenario | None, replication: int) -> Tables:
    """What customers do in a replication: today where there is no scenario."""
    levers = scenario.levers if scenario else ()
    made = _applied(model, levers, replication)
    pulled = np.zeros_like(made.leads)
    for lever in levers:
        if lever.pull_forward > 0.0:
            others = [each for each in levers if each is not lever]
            without = _applied(model, others, replication)
            gained = np.maximum(_sales(made) - _sales(without), 0.0)
            pulled += lever.pull_forward * gained
    return made._replace(pulled=pulled)


def _sales(tables: Tables) -> Floats:
    """Mean sales a customer and period, [T, S]."""
    last = tables.reach[:, :, -1] if tables.reach.shape[2] else 1.0
    sales: Floats = tables.leads * last
    return sales


def _row_of(values: Floats, replication: int) -> Floats:
    row: Floats = values[replication if len(values) > 1 else 0]
    return row


class _Draft:
    """Tables in the making, today's to begin with."""

    def __init__(self, rates: Rates, periods: int, replication: int) -> None:
        def each_period(values: Floats) -> Floats:
            return np.repeat(values[None], periods, axis=0)

        self.leads = rates.season[:, None] * _row_of(rates.leads, replication)
        self.conversion = each_period(_row_of(rates.conversion, replication))
        self.value = each_period(_row_of(rates.value, replication))
        if rates.worth:
            self.value[:] = 1.0
        self.hazard = each_period(rates.hazard)
        self.price = np.ones_like(self.value)
        self.stage_cost = each_period(rates.stage_cost)
        self.keep_cost = each_period(rates.keep_cost)

    def change(
        self, lever: Lever, change: Change, acts: Floats, figure: Callable[[Figure], float]
    ) -> None:
        """One change of a lever, which acts[T] as strongly in each period."""
        here = list(lever.segments)
        works = (acts * (1.0 - lever.deadweight))[:, None]
        match change:
            case Odds():
                p = self.conversion[:, here, change.stage]
                odds = figure(change.factor)
                moved = odds * p / (1.0 - p + odds * p)
                self.conversion[:, here, change.stage] = _towards(p, moved, works, odds)
            case Points():
                p = self.conversion[:, here, change.stage]
                moved = np.clip(p + figure(change.by), 0.0, 1.0)
                self.conversion[:, here, change.stage] = p + works * (moved - p)
            case Multiply():
                table = getattr(self, change.of)
                table[:, here] *= 1.0 + works * (figure(change.factor) - 1.0)
            case Price():
                self.price[:, here] *= 1.0 + acts[:, None] * (figure(change.factor) - 1.0)
            case Charge(stage=None):
                self.keep_cost[:, here] += acts[:, None] * figure(change.amount)
            case Charge():
                self.stage_cost[:, here, change.stage] += acts[:, None] * figure(change.amount)
            case Move():
                pass


def _towards(p: Floats, moved: Floats, works: Floats, odds: float) -> Floats:
    """So much of the way from one chance to another; exactly there at full strength."""
    if odds == 1.0:
        return p
    there: Floats = np.where(works == 1.0, moved, p + works * (moved - p))
    return there


def _applied(model: Model, levers: Sequence[Lever], replication: int) -> Tables:
    draft = _Draft(model.rates, model.periods, replication)
    for lever in levers:
        acts = strength(lever.timing, model.periods)
        for change in lever.changes:
            draft.change(lever, change, acts, lambda figure: at(figure, replication))
    before = np.concatenate([np.ones_like(draft.price[:1]), draft.price[:-1]])
    turn = np.ones((model.periods, draft.price.shape[1] + 1))
    turn[:, :-1] = draft.price / before
    moves = [each for lever in levers for each in lever.changes if isinstance(each, Move)]
    return Tables(
        draft.leads,
        np.exp(-draft.leads),
        np.cumprod(draft.conversion, axis=2, dtype=np.float64),
        draft.value * draft.price,
        model.rates.spread.astype(np.float64),
        draft.hazard,
        model.rates.after_sale.astype(np.float64),
        turn,
        np.zeros_like(draft.leads),
        draft.stage_cost,
        draft.keep_cost,
        np.array([each.cost for each in moves], np.float64),
    )
