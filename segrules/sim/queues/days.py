"""Days of a line in one arm: played, or answered by formula, in one form.

Shapes: R days, S segments, P pools, I parts of the day. Times are hours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from segrules.sim.events.model import Centre, Exponential, Watch, mean_of
from segrules.sim.events.pack import (
    ARRIVED,
    BUSY,
    DELAYED,
    LOST,
    LOST_WAIT,
    SERVED,
    SERVED_WAIT,
    STAFFED,
)
from segrules.sim.events.run import merge, play_block
from segrules.sim.model import Floats
from segrules.sim.queues.answer import Answer, Met, answer
from segrules.sim.queues.arms import Arm
from segrules.sim.queues.choice import Choice, choose
from segrules.sim.queues.fault import Fault, needs_events
from segrules.sim.queues.fitting import variation
from segrules.sim.queues.situation import Line, Situation, Team
from segrules.sim.work import Span

QUICK_STATES = 1_000
"""States of a chain up to which it is cheaper than playing."""


LADDER = (0.0, *(1.25**step for step in range(44)))
"""Seconds up to four hours, each a quarter more than the one before: where waits are counted."""

_SECONDS = 3600.0


@dataclass(frozen=True)
class Days:
    """What happened on each day.

    By segment, float64[R, S]: contacts, served, lost, delayed; hours waited by the served and by
    the lost; answered: served within the target; within: [R, S, L] no longer than each time of
    `LADDER`, L = 0 where it is not told. By pool, float64[R, P]: hours of agents busy and there. By
    part of the day: contacts that ended, lost, hours waited [R, I, S]; busy_in, there_in [R, I, P].
    """

    contacts: Floats
    served: Floats
    lost: Floats
    delayed: Floats
    wait_served: Floats
    wait_lost: Floats
    answered: Floats
    within: Floats
    busy: Floats
    there: Floats
    contacts_in: Floats
    lost_in: Floats
    wait_in: Floats
    busy_in: Floats
    there_in: Floats


def joined(parts: Sequence[Days]) -> Days:
    """Days one after the other."""
    return Days(
        *(np.concatenate([getattr(each, part.name) for each in parts]) for part in fields(Days))
    )


# ---- played


def played(arm: Arm, targets: Sequence[float], seed: int, span: Span) -> Days:
    """Days span[0] to span[1] - 1 by the engine of events; targets: hours by segment."""
    ladder = tuple(each / _SECONDS for each in LADDER)
    limits = tuple(sorted({*ladder, *(each for each in targets if math.isfinite(each))}))
    watch = Watch(arm.warm_up, within=limits)
    block = play_block(arm.centre, watch, seed, span)
    tally = merge(arm.centre, watch, seed, [block]).tally
    last = len(arm.parts) - (max(arm.parts) + 1)
    people, waits = tally.customers[:, last:], tally.waits[:, last:]
    hours, answered = tally.hours[:, last:], tally.answered.sum(axis=1)
    by_class, waited = people.sum(axis=1), waits.sum(axis=1)
    own = [limits.index(each) if math.isfinite(each) else -1 for each in targets]
    within = np.stack(
        [
            answered[:, at, limit] if limit >= 0 else by_class[:, at, SERVED]
            for at, limit in enumerate(own)
        ],
        axis=1,
    )
    rungs = tally.within[:, last:].sum(axis=1)[:, :, [limits.index(each) for each in ladder]]
    return Days(
        contacts=_floats(by_class[:, :, ARRIVED]),
        served=_floats(by_class[:, :, SERVED]),
        lost=_floats(by_class[:, :, LOST]),
        delayed=_floats(by_class[:, :, DELAYED]),
        wait_served=waited[:, :, SERVED_WAIT],
        wait_lost=waited[:, :, LOST_WAIT],
        answered=_floats(within),
        within=_floats(rungs),
        busy=hours[:, :, :, BUSY].sum(axis=1),
        there=hours[:, :, :, STAFFED].sum(axis=1),
        contacts_in=_floats(people[:, :, :, SERVED] + people[:, :, :, LOST]),
        lost_in=_floats(people[:, :, :, LOST]),
        wait_in=waits.sum(axis=3),
        busy_in=hours[:, :, :, BUSY],
        there_in=hours[:, :, :, STAFFED],
    )


def _floats(counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
    return counts.astype(np.float64)


# ---- by formula


@dataclass(frozen=True)
class _Alike:
    """Segments that meet the same: they are one class."""

    members: tuple[int, ...]
    line: Line
    pools: frozenset[str]


def situation(centre: Centre, at: int, lost: float, factor: float = 1.0) -> Situation | None:
    """An interval of a centre, segments that are alike taken together; None where nobody comes.

    lost: the share who were seen to give up. factor: on all arrivals.
    """
    classes = _alike(centre, at, lost, factor)
    if not classes:
        return None
    teams = []
    for pool in centre.pools:
        taken = [each for each in classes if pool.name in each.pools]
        taken.sort(key=lambda each: each.line.rank)
        serving = tuple((each.line.name, 1.0) for each in taken)
        if serving or pool.agents[at] < 0:
            teams.append(Team(pool.name, pool.agents[at], serving))
    special = any(each.after > 0 or each.spare > 0 for each in centre.routes)
    lines = tuple(each.line for each in classes)
    return Situation(lines, tuple(teams), _swing(centre, at), special=special) if teams else None


def _alike(centre: Centre, at: int, lost: float, factor: float) -> list[_Alike]:
    found: dict[tuple[object, ...], _Alike] = {}
    for number, each in enumerate(centre.classes):
        rate = each.rates[at] * factor
        if rate <= 0:
            continue
        routes = [route for route in centre.routes if route.customers == each.name]
        pools = frozenset(route.pool for route in routes)
        rank = min((route.rank for route in routes), default=0)
        handle, cv = mean_of(each.work), variation(each.work)
        patience = mean_of(each.patience)
        known = None if math.isinf(patience) else patience
        memoryless = known is None or isinstance(each.patience, Exponential)
        seen = lost if known is None else 0.0
        line = Line(each.name, rate, handle, cv, known, memoryless, seen, rank)
        # Equal ones wait in the order in which they came, whatever they are called.
        key = (rank, handle, cv, known, memoryless, pools)
        if key in found:
            before = found[key]
            line = replace(before.line, arrivals=before.line.arrivals + rate)
            found[key] = _Alike((*before.members, number), line, pools)
        else:
            found[key] = _Alike((number,), line, pools)
    return list(found.values())


def _swing(centre: Centre, at: int) -> float:
    """How far arrivals rise above their mean within an interval, on straight lines between them."""
    totals = np.sum([each.rates for each in centre.classes], axis=0)
    here = float(totals[at])
    beside = [float(totals[each]) for each in (at - 1, at + 1) if 0 <= each < len(totals)]
    return max(0.0, (max(beside, default=here) - here) / 2 / here) if here > 0 else 0.0


def method(arm: Arm, lost: float) -> Choice:
    """The cheapest method that holds for every part of the day, with the reason.

    A formula is named after the part of the day with most contacts.
    """
    chosen: list[tuple[float, Choice]] = []
    for at in range(len(arm.centre.edges) - 1):
        found = situation(arm.centre, at, lost)
        if found is None:
            continue
        choice = choose(found)
        if isinstance(choice, Fault):
            return Choice("events", f"in part of the day {choice.says}")
        if choice.method == "events":
            return choice
        if choice.method == "two pools" and _many_states(found):
            return Choice("events", "the chain of its pools is larger than playing takes")
        chosen.append((sum(line.arrivals for line in found.lines), choice))
    return max(chosen, key=lambda each: each[0])[1]


def _many_states(found: Situation) -> bool:
    agents = [team.agents + 1 for team in found.teams]
    return math.prod(agents) ** 2 > QUICK_STATES


def answered(arm: Arm, targets: Sequence[float], lost: float, factor: float) -> Days | Fault:
    """The mean day by formula, R = 1, given how busy it is; a fault where no formula holds."""
    segments, pools = len(arm.centre.classes), len(arm.centre.pools)
    intervals = len(arm.centre.edges) - 1
    by = np.zeros((intervals, 7, segments))
    busy, there = np.zeros((intervals, pools)), np.zeros((intervals, pools))
    first = intervals - (max(arm.parts) + 1)
    limits = tuple(sorted(set(targets)))
    for at in range(first, intervals):
        hours = arm.centre.edges[at + 1] - arm.centre.edges[at]
        there[at] = [pool.agents[at] * hours for pool in arm.centre.pools]
        found = situation(arm.centre, at, lost, factor)
        if found is None:
            continue
        met = answer(found, tuple(each for each in limits if math.isfinite(each)))
        if isinstance(met, Fault):
            return met if met.kind != "needs events" else needs_events(met.says)
        for members, each in zip(
            [each.members for each in _alike(arm.centre, at, lost, factor)],
            met.classes,
            strict=True,
        ):
            for member in members:
                come = arm.centre.classes[member].rates[at] * factor * hours
                by[at, :, member] = come * _shares(each, targets[member], limits)
        busy[at] = _busy(met, found, arm.centre) * hours
    by, busy, there = by[first:], busy[first:], there[first:]
    contacts, served, given_up, delayed, wait_served, wait_lost, soon = by.sum(axis=0)[:, None, :]
    return Days(
        contacts=contacts,
        served=served,
        lost=given_up,
        delayed=delayed,
        wait_served=wait_served,
        wait_lost=wait_lost,
        answered=soon,
        within=np.empty((1, segments, 0)),
        busy=busy.sum(axis=0)[None],
        there=there.sum(axis=0)[None],
        contacts_in=by[None, :, 0],
        lost_in=by[None, :, 2],
        wait_in=by[None, :, 4] + by[None, :, 5],
        busy_in=busy[None],
        there_in=there[None],
    )


def _shares(met: Met, target: float, limits: Sequence[float]) -> Floats:
    """Of one contact: 1, served, lost, delayed, wait as served and as lost, answered in time."""
    served = 1 - met.abandonment
    waited = served * met.wait_of_served if served > 0 else 0.0
    finite = [each for each in limits if math.isfinite(each)]
    soon = met.answered[finite.index(target)] if target in finite else served
    figures = [1.0, served, met.abandonment, met.delayed, waited, met.wait - waited, soon]
    return np.array(figures)


def _busy(met: Answer, found: Situation, centre: Centre) -> Floats:
    """Agents at work by pool of the centre."""
    share = dict(zip([team.name for team in found.teams], met.occupancy, strict=True))
    agents = {team.name: team.agents for team in found.teams}
    return np.array(
        [
            share[pool.name] * agents[pool.name] if agents.get(pool.name) else 0.0
            for pool in centre.pools
        ]
    )
