"""What a scenario does to the agents of a funnel: their hours, their pay, and who of them loses.

Future by future, under the draws of the parameters that all questions about a model share, without
the luck of single customers. Money in minor units, time in hours, over the projected time.

Shapes: R futures, G pools, S segments, A agents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from segrules.sim.agents import diagnosed
from segrules.sim.decisions.futures import Futures, futures
from segrules.sim.effort.charge import Answer
from segrules.sim.effort.crew import Crew, Paid, Terms, of_kind
from segrules.sim.effort.dealt import AGENTS_AT_MOST, Hand, dealt_pay, ratio
from segrules.sim.effort.futures import Following
from segrules.sim.effort.losers import PayChange
from segrules.sim.effort.pack import AGENTS, Turn, working
from segrules.sim.effort.problems import EffortError
from segrules.sim.kernels.parameters import as_today, empty_scene, treat, treated
from segrules.sim.model import Counts, Floats, FunnelModel
from segrules.sim.pack import CONSTANT, EVERY
from segrules.sim.summary import Figure, figure

RUNS, RUNS_BY_STEPS = 1_000, 200
"""Futures that are looked at; fewer where pay depends on how much is sold, which takes long."""

CASES = 400_000
"""Counts of cases that are dealt in each arm: the larger the pools, the fewer futures."""

FEWEST = 50
MUCH = 0.1
"""Who loses more than this share of the pay is counted apart."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_BINS = 20


@dataclass(frozen=True)
class Arms:
    """A figure of today (or of what else is compared with), of the scenario, and what differs."""

    today: Figure
    then: Figure
    difference: Figure


@dataclass(frozen=True)
class Bin:
    """The share of agents whose pay changes by `low` up to `high` of it; 0 and 0: not at all."""

    low: float
    high: float
    share: float


@dataclass(frozen=True)
class Changes:
    """How the pay of those who are there today changes, agent by agent.

    agents: how many; losing, losing_much: of them, whose pay falls, and by more than `MUCH` of it.
    quantiles: of the relative change over agents and futures, at `QUANTILES`; bins: of the same.
    Both are of those who are paid today.
    """

    agents: int
    losing: Figure
    losing_much: Figure
    quantiles: tuple[float, ...]
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class PoolOutcome:
    """A pool. pay: by results, of all its agents; cases: that come to it.

    agents, each (the pay of one), changes: None where nobody said how many there are; busy (the
    share of the hours there are that cases take): None where nobody said how many hours.
    """

    name: str
    cases: Arms
    pay: Arms
    agents: Arms | None
    each: Arms | None
    busy: Arms | None
    changes: Changes | None


@dataclass(frozen=True)
class PlanThen:
    """The plan of a scenario that pays otherwise, and what it pays is multiplied by."""

    before: str
    terms: Terms
    level: float
    neutral: bool


@dataclass(frozen=True)
class Staff:
    """The agents in a scenario. hours: per case, by segment. changes: of all pools together.

    stepped: tiers, a cap or effort bend the pay, and who loses is told from the mean pay for a
    sale. dealt: the futures that changes are of, runs those of the rest.
    """

    scenario: str
    hours: tuple[tuple[str, Arms], ...]
    pools: tuple[PoolOutcome, ...]
    changes: Changes | None
    plan: PlanThen | None
    stepped: bool
    runs: int
    dealt: int


def staff(model: FunnelModel, at: int, against: int | None = None) -> Staff | None:
    """The agents in the scenario at a place; None where nobody works on the funnel.

    against: the scenario that it is held against, today without one.

    Raises:
        RulesError: pay and sales do not settle in some future.
    """
    agents = model.agents
    if agents is None:
        return None
    stepped = not all(each.linear for each in _plans(model)) or agents.supply != 0.0
    drawn = futures(model, RUNS_BY_STEPS if stepped else RUNS)
    following = cast(Following, drawn.world.agents)
    try:
        today, then = (_played(drawn, following, place) for place in (against, at))
    except EffortError as error:
        raise diagnosed(error) from None
    dealt = _dealt(model, today, then)
    step = _step([each.relative for each in dealt.values()])
    together = _together(list(dealt.values())) if len(dealt) == len(agents.crews) else None
    return Staff(
        scenario=model.scenarios[at].name,
        hours=tuple(
            (name, arms(today.hours[:, s], then.hours[:, s]))
            for s, name in enumerate(model.segments)
        ),
        pools=tuple(
            _pool(crew, g, (today, then), told(dealt[g], step) if g in dealt else None)
            for g, crew in enumerate(agents.crews)
        ),
        changes=None if together is None else told(together, step),
        plan=_plan_then(following, at),
        stepped=stepped,
        runs=drawn.runs,
        dealt=len(together.before) if together is not None else 0,
    )


# ---- arms


@dataclass(frozen=True)
class _Played:
    """An arm in every future: pay, cases [R, G, S]; hours per case [R, S]; there, worked [R, G]."""

    pay: Floats
    cases: Floats
    hours: Floats
    there: Floats
    worked: Floats


def _played(drawn: Futures, following: Following, at: int | None) -> _Played:
    """The arm of the scenario at a place, None for today: the mean of its states over the time."""
    funnel, parameters = drawn.world.funnel, drawn.parameters()
    treatment = None if at is None else drawn.world.treatments[at]
    scene = empty_scene(funnel, drawn.runs, drawn.world.parts, treatment)
    season = parameters.season
    weights = [
        season[:, scene.state == m].sum(axis=1) / season.sum(axis=1)
        for m in range(len(scene.months))
    ]
    found = []
    for m in range(len(scene.months)):
        place = treated(scene, m)
        if at is None or treatment is None:
            as_today(funnel, parameters, place)
            answer, turn = following.answer_today(parameters, place), following.turn()
        else:
            treat(funnel, treatment, parameters, m, place, EVERY)
            answer = following.answer_then(at, parameters, place)
            changes = working(following.agents, drawn.model, at, (place.month, EVERY))
            turn = following.turn(changes, following.levels[at])
        found.append(_state(answer, _there(following, turn, parameters.assumption)))
    months = [np.full(drawn.runs, each) for each in scene.months / scene.months.sum()]
    return _mean(found, weights, months)


def _state(answer: Answer, there: Floats) -> _Played:
    return _Played(answer.pay, answer.cases, answer.hours, there, answer.worked)


def _mean(
    states: Sequence[_Played], weights: Sequence[Floats], months: Sequence[Floats]
) -> _Played:
    """Weighted by the arrivals of their months; hours per case also by their cases, staff by time.

    weights, months: float64[R], the parts of the arrivals and of the time of each state.
    """
    if len(states) == 1:
        return states[0]

    def mean(name: str, by: Sequence[Floats] = weights) -> Floats:
        parts = [getattr(each, name) for each in states]
        return np.asarray(sum((w * part.T).T for w, part in zip(by, parts, strict=True)))

    cases = mean("cases").sum(axis=1)
    spent = sum(
        w[:, None] * each.hours * each.cases.sum(axis=1)
        for w, each in zip(weights, states, strict=True)
    )
    hours = np.asarray(spent) / np.where(cases > 0.0, cases, 1.0)
    return _Played(mean("pay"), mean("cases"), hours, mean("there", months), mean("worked"))


def _there(following: Following, turn: Turn, assumed: Floats) -> Floats:
    """Float64[R, G]: the agents of the pools."""
    staff = following.book.by_pool
    before = _drawn(staff.amount[AGENTS], staff.place[AGENTS], assumed)
    after = _drawn(turn.agents.amount, turn.agents.place, assumed)
    weight = turn.agents_weight
    return np.asarray(np.where(weight == 1.0, after, before + weight * (after - before)))


def _drawn(amount: Floats, place: Counts, assumed: Floats) -> Floats:
    """Float64[R, n] of n figures."""
    fixed = np.broadcast_to(amount, (len(assumed), len(amount)))
    if not assumed.shape[1]:
        return fixed
    return np.where(place == CONSTANT, fixed, assumed[:, np.where(place == CONSTANT, 0, place)])


def arms(today: Floats, then: Floats) -> Arms:
    """Both arms of a figure, from float64[R] each."""
    return Arms(figure(today), figure(then), figure(then - today))


# ---- pools


def _pool(
    crew: Crew, g: int, both: tuple[_Played, _Played], changes: Changes | None
) -> PoolOutcome:
    pay = [each.pay[:, g].sum(axis=1) for each in both]
    there = [each.there[:, g] for each in both]
    busy = None
    if crew.hours is not None:
        busy = arms(*(ratio(each.worked[:, g], each.there[:, g] * crew.hours) for each in both))
    return PoolOutcome(
        name=crew.name,
        cases=arms(*(each.cases[:, g].sum(axis=1) for each in both)),
        pay=arms(*pay),
        agents=arms(*there) if crew.counted else None,
        each=arms(*map(ratio, pay, there)) if crew.counted else None,
        busy=busy,
        changes=changes,
    )


def _dealt(model: FunnelModel, today: _Played, then: _Played) -> dict[int, PayChange]:
    """The pay of each agent, by pool: of those whose agents are counted and paid for anything."""
    agents = model.agents
    if agents is None:
        return {}
    paid = today.pay.any() or then.pay.any()
    counts = {
        g: max(1, min(AGENTS_AT_MOST, round(float(today.there[:, g].mean()))))
        for g, each in enumerate(agents.crews)
        if each.counted and paid
    }
    cells = max(1, sum(counts.values()) * len(model.segments))
    runs = min(len(today.pay), max(FEWEST, CASES // cells))
    return {
        g: dealt_pay(
            agents.crews[g].name, model.segments, count,
            (_hand(today, g, runs), _hand(then, g, runs)), model.seed,
        )
        for g, count in counts.items()
    }  # fmt: skip


def _hand(arm: _Played, g: int, runs: int) -> Hand:
    there = arm.there[:runs, g, None]
    return Hand(ratio(arm.cases[:runs, g], there), ratio(arm.pay[:runs, g], there))


def _together(pools: Sequence[PayChange]) -> PayChange:
    names = tuple(name for each in pools for name in each.names)
    before, after = (
        np.concatenate([getattr(each, arm) for each in pools], axis=1)
        for arm in ("before", "after")
    )
    return PayChange(names, before, after)


# ---- who loses


def told(change: PayChange, step: float) -> Changes:
    """What is told of the pay of agents, float64[R, A], in bins as wide as `step`."""
    losing, much = (change.losing(more).sum(axis=1).astype(float) for more in (0.0, MUCH))
    relative = change.relative[np.isfinite(change.relative)]
    return Changes(
        agents=len(change.names),
        losing=figure(losing),
        losing_much=figure(much),
        quantiles=tuple(change.quantiles(np.array(QUANTILES)).tolist()),
        bins=_bins(relative, step),
    )


def _step(relative: Sequence[Floats]) -> float:
    """The finest width of bins that are not too many for 98 of 100 agents."""
    known = np.concatenate([each[np.isfinite(each)] for each in relative] or [np.zeros(0)])
    if not len(known):
        return _STEPS[0]
    low, high = np.quantile(known, (0.01, 0.99)).tolist()
    return next((each for each in _STEPS if high - low <= _BINS * each), _STEPS[-1])


def _bins(relative: Floats, step: float) -> tuple[Bin, ...]:
    """The ends hold what lies beyond; those who neither lose nor gain are apart."""
    if not len(relative):
        return ()
    low, high = (math.floor(each / step) for each in np.quantile(relative, (0.01, 0.99)).tolist())
    moved = relative[relative != 0.0]
    place = np.clip(np.floor(moved / step), low, high).astype(np.int64)
    found = [
        Bin(
            float(at * step),
            float((at + 1) * step),
            int(np.count_nonzero(place == at)) / len(relative),
        )
        for at in range(low, high + 1)
    ]
    still = (len(relative) - len(moved)) / len(relative)
    if still:
        found.insert(sum(each.high <= 0.0 for each in found), Bin(0.0, 0.0, still))
    return tuple(each for each in found if each.share)


# ---- plans


def _plans(model: FunnelModel) -> list[Terms]:
    agents = model.agents
    if agents is None:
        return []
    every = [each for levers in agents.scenarios for changes in levers for each in changes]
    return [agents.terms, *(each.terms for each in of_kind(every, Paid))]


def _plan_then(following: Following, at: int) -> PlanThen | None:
    """The plan that is in force last where the scenario changes it."""
    changes = [each for some in following.agents.scenarios[at] for each in some]
    paid = of_kind(changes, Paid)
    if not paid:
        return None
    last = paid[-1]
    return PlanThen(following.agents.terms.name, last.terms, following.levels[at], last.neutral)
