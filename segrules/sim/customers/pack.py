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
    Outlay,
    Points,
    Price,
    at,
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
    tried: NDArray[np.bool_]  # [M, T, S+1] where those are who are to be moved
    chance: Floats  # [M, T, S+1]
    cost: Floats  # [M] for each that is moved
    attempt: Floats  # [M, T] for each that is to be moved and is not yet
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
    outlay: Floats  # [L, T] for each lever as a whole
    bears: NDArray[np.bool_]  # [L, S] segments among which it is shared


def _by_segment(figure: BySegment, segments: int, replication: int) -> Floats:
    """Of each segment, and 0 in none."""
    made = np.zeros(segments + 1)
    drawn = isinstance(figure, np.ndarray) and figure.ndim == 2
    made[:segments] = figure[replication] if drawn else figure  # type: ignore[index]
    return made


def _everywhere(figure: BySegment, segments: int, replication: int) -> Floats:
    """Of each segment, and what all segments share in none (0 where they do not)."""
    made = _by_segment(figure, segments, replication)
    if np.all(made[:-1] == made[0]):
        made[-1] = made[0]
    return made


def changes_of(model: Model, replication: int = 0) -> Changes:
    """The evolutions of a model as arrays, in a replication."""
    segments, evolutions = len(model.rules.segments), model.evolutions
    count = len(evolutions)
    widest = max([1, *(each.places for each in evolutions if isinstance(each, Switch))])
    rows = [_row(each, segments, replication) for each in evolutions]
    lucky = [e for e, each in enumerate(evolutions) if isinstance(each, Drift | Step | Switch)]
    luck = np.full(count, -1, np.int64)
    luck[lucky] = np.arange(len(lucky))
    chains = np.ones((count, widest, widest))
    for place, each in enumerate(evolutions):
        if isinstance(each, Switch):
            places = each.places
            chain = each.rows[replication] if each.rows.ndim == 3 else each.rows
            chains[place, :places, :places] = np.cumsum(chain, axis=1)
            chains[place, :, places - 1 :] = 1.0
    words = [word("evolution", evolutions[e].column) for e in lucky]
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
        np.array([isinstance(evolutions[e], Drift) for e in lucky], np.bool_),
        np.array([_grows_alike(evolutions[e], rows[e]) for e in lucky], np.bool_),
        np.array([(rows[e][1][0], rows[e][2][0]) for e in lucky], np.float64).reshape(-1, 2),
        chains,
    )


Row = tuple[int, Floats, Floats, Bounds]
"""The kind of an evolution, its first and second figures, and its bounds."""


def _grows_alike(each: Evolution, row: Row) -> bool:
    if not (isinstance(each, Drift) and each.relative):
        return False
    return bool(np.ptp(row[1][:-1]) == 0.0 and np.ptp(row[2][:-1]) == 0.0)


def _row(each: Evolution, segments: int, replication: int) -> Row:
    nothing = np.zeros(segments + 1)

    def here(figure: BySegment) -> Floats:
        return _by_segment(figure, segments, replication)

    def everywhere(figure: BySegment) -> Floats:
        return _everywhere(figure, segments, replication)

    match each:
        case Age():
            return AGE, everywhere(each.by), nothing, each.within
        case SinceSale():
            return SINCE, everywhere(each.by), nothing, each.within
        case SaleDay():
            return DAY, everywhere(each.scale), nothing, Bounds()
        case Accumulate():
            kind = SALES if each.of == "sales" else REVENUE
            return kind, everywhere(each.keep), nothing, each.within
        case Drift():
            kind = GROWTH if each.relative else WALK
            return kind, here(each.mean), here(each.sd), each.within
        case Step():
            return STEP, here(each.chance), everywhere(each.by), each.within
        case Respond():
            return RESPOND, here(each.elasticity), nothing, each.within
        case Switch():
            return SWITCH, nothing, nothing, Bounds()


def moves_of(model: Model, levers: Sequence[Lever], replication: int) -> Moves:
    """What levers do to columns, in a replication."""
    found = [(lever, each) for lever in levers for each in lever.changes if isinstance(each, Move)]
    tried = np.zeros((len(found), model.periods, len(model.rules.segments) + 1), np.bool_)
    chance = np.zeros(tried.shape)
    attempt = np.zeros((len(found), model.periods))
    for m, (lever, each) in enumerate(found):
        worked = lever.timing.worked(model.periods)
        effect = worked * (1.0 - at(lever.deadweight, replication))
        attempt[m] = worked * at(each.attempt, replication)
        for s in lever.segments:
            chance[m, :, s] = effect * at(each.chance, replication)
            tried[m, :, s] = worked > 0.0

    def each_of(name: str) -> Floats:
        return np.array([at(getattr(each, name), replication) for _, each in found], np.float64)

    return Moves(
        np.array([model.moving.index(each.column) for _, each in found], np.int64),
        tried,
        chance,
        each_of("cost"),
        attempt,
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
        forward = at(lever.pull_forward, replication)
        if forward > 0.0:
            others = [each for each in levers if each is not lever]
            without = _applied(model, others, replication)
            gained = np.maximum(_sales(made) - _sales(without), 0.0)
            pulled += forward * gained
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
        self.replication = replication

        def each_period(values: Floats) -> Floats:
            return np.repeat(values[None], periods, axis=0)

        self.leads = rates.season[:, None] * _row_of(rates.leads, replication)
        self.conversion = each_period(_row_of(rates.conversion, replication))
        self.value = each_period(_row_of(rates.value, replication))
        if rates.worth:
            self.value[:] = 1.0
        self.hazard = each_period(_row_of(np.atleast_2d(rates.hazard), replication))
        self.price = np.ones_like(self.value)
        self.stage_cost = each_period(rates.stage_cost)
        self.keep_cost = each_period(_row_of(np.atleast_2d(rates.keep_cost), replication))

    def change(self, lever: Lever, change: Change, figure: Callable[[Figure], float]) -> None:
        """One change of a lever, as strongly as it acts in each period."""
        here, periods = list(lever.segments), len(self.leads)
        acts = lever.timing.acts(periods, self.replication)
        paid = lever.timing.worked(periods)
        works = (acts * (1.0 - figure(lever.deadweight)))[:, None]
        match change:
            case Odds():
                p = self.conversion[:, here, change.stage]
                self.conversion[:, here, change.stage] = _odds(p, figure(change.factor), works)
            case Points():
                p = self.conversion[:, here, change.stage]
                moved = np.clip(p + works * figure(change.by), 0.0, 1.0)
                self.conversion[:, here, change.stage] = moved
            case Multiply():
                table = getattr(self, change.of)
                table[:, here] *= 1.0 + works * (figure(change.factor) - 1.0)
            case Price():
                self.price[:, here] *= 1.0 + acts[:, None] * (figure(change.factor) - 1.0)
            case Charge(stage=None):
                self.keep_cost[:, here] += paid[:, None] * figure(change.amount)
            case Charge():
                self.stage_cost[:, here, change.stage] += paid[:, None] * figure(change.amount)
            case Outlay() | Move():
                pass


def _odds(p: Floats, factor: float, works: Floats) -> Floats:
    """Chances whose odds are multiplied by a factor to a power; exactly p by a factor of 1."""
    odds = np.where(works == 1.0, factor, np.power(factor, works))
    there: Floats = np.where(odds == 1.0, p, odds * p / (1.0 - p + odds * p))
    return there


def _applied(model: Model, levers: Sequence[Lever], replication: int) -> Tables:
    draft = _Draft(model.rates, model.periods, replication)
    for lever in levers:
        for change in lever.changes:
            draft.change(lever, change, lambda figure: at(figure, replication))
    outlay, bears = _outlays(model, levers, replication)
    before = np.concatenate([np.ones_like(draft.price[:1]), draft.price[:-1]])
    turn = np.ones((model.periods, draft.price.shape[1] + 1))
    turn[:, :-1] = draft.price / before
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
        outlay,
        bears,
    )


def _outlays(
    model: Model, levers: Sequence[Lever], replication: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """What levers cost as a whole, [L, T], and the segments that bear it, [L, S]."""
    outlay = np.zeros((len(levers), model.periods))
    bears = np.zeros((len(levers), len(model.rules.segments)), np.bool_)
    for place, lever in enumerate(levers):
        bears[place, list(lever.segments)] = True
        steps = lever.timing.worked(model.periods) * lever.timing.every
        begins = lever.timing.begins(model.periods)
        for change in lever.changes:
            if isinstance(change, Outlay):
                amount = at(change.amount, replication)
                if not change.once:
                    outlay[place] += steps * amount
                elif begins is not None:
                    outlay[place, begins] += amount
    return outlay, bears
