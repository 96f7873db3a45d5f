"""A situation answered by the method chosen for it, in one form for all formulas."""

import math
from dataclasses import dataclass, replace

from segrules.sim.queues import priority, single
from segrules.sim.queues.choice import Choice, choose, two_pools
from segrules.sim.queues.erlang import ErlangC
from segrules.sim.queues.fault import Fault, needs_events
from segrules.sim.queues.large import Fluid
from segrules.sim.queues.patience import ErlangA
from segrules.sim.queues.situation import Line, Situation


@dataclass(frozen=True)
class Met:
    """What customers of a class meet; nan where the method does not tell.

    delayed: chance of waiting at all. wait: mean wait of all. within: P(W <= t), as asked.
    wait_of_served: mean wait of those who get an agent. answered: share of all who get one within
    a time, as asked.
    """

    name: str
    delayed: float
    abandonment: float
    wait: float
    throughput: float
    within: tuple[float, ...]
    wait_of_served: float = math.nan
    answered: tuple[float, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The method with its reason, and the figures by class in the order of the situation."""

    choice: Choice
    classes: tuple[Met, ...]
    occupancy: tuple[float, ...]
    """By pool, in the order of the situation; nan without agents."""


def answer(situation: Situation, within: tuple[float, ...] = ()) -> Answer | Fault:
    """Answer by formula, chain or fluid; a fault says so where only events will do."""
    choice = choose(situation)
    if isinstance(choice, Fault):
        return choice
    match choice.method:
        case "events":
            return needs_events(choice.why)
        case "erlang-a" | "erlang-c" | "fluid":
            return _plain(situation, choice, within)
        case "two pools":
            return _two_pools(situation, choice, within)
        case _:
            return _ranked(situation, choice, within)


def _plain(situation: Situation, choice: Choice, within: tuple[float, ...]) -> Answer:
    line, team = situation.lines[0], situation.teams[0]
    service = team.speed(line.name) / line.handle
    if line.arrivals == 0:
        at_once = (1.0,) * len(within)
        idle = Met(line.name, 0.0, 0.0, 0.0, 0.0, at_once, 0.0, at_once)
        return Answer(choice, (idle,), (0.0,))
    patience = 0.0 if line.patience is None else 1 / line.patience
    if choice.method == "fluid":
        fluid = Fluid(line.arrivals, service, patience, team.agents)
        met = Met(line.name, 1.0, fluid.abandonment, fluid.mean_wait, fluid.throughput, ())
        met = replace(_unknown_within(met, within), wait_of_served=fluid.wait_of_served)
        return Answer(choice, (met,), (fluid.occupancy,))
    if choice.method == "erlang-a":
        queue = ErlangA(line.arrivals, service, patience, team.agents)
        shares = tuple(queue.within(time) for time in within)
        served = 1 - queue.abandonment
        answered = tuple(queue.within_of_served(time) * served for time in within)
        figures = (queue.delayed, queue.abandonment, queue.mean_wait, queue.throughput)
        met = Met(line.name, *figures, shares, queue.mean_wait_of_served, answered)
        return Answer(choice, (met,), (queue.occupancy,))
    endless = ErlangC(line.arrivals, service, team.agents)
    shares = tuple(endless.within(time) for time in within)
    wait = endless.mean_wait
    met = Met(line.name, endless.delayed, 0.0, wait, line.arrivals, shares, wait, shares)
    return Answer(choice, (met,), (endless.occupancy,))


def _ranked(situation: Situation, choice: Choice, within: tuple[float, ...]) -> Answer:
    """M/G/1, Cobham and preemptive ranks: all of them wait without end."""
    team = situation.teams[0]
    ranked = situation.ranked
    rates = [line.arrivals for line in ranked]
    times = [line.handle / team.speed(line.name) for line in ranked]
    cvs = [line.cv for line in ranked]
    if choice.method == "m/g/1":
        waits: tuple[float, ...] = (single.mean_wait(rates[0], times[0], cvs[0]),)
    elif choice.method == "cobham":
        waits = (
            priority.cobham_waits_of_one(rates, times, cvs)
            if team.agents == 1
            else priority.cobham_waits(rates, 1 / times[0], team.agents)
        )
    else:
        stays = (
            single.preemptive_stays(rates, times, cvs)
            if team.agents == 1
            else priority.preemptive_stays_of_pool(rates, 1 / times[0], team.agents)
        )
        waits = tuple(stay - time for stay, time in zip(stays, times, strict=True))
    delayed = _all_busy(situation) if choice.method != "preemptive" else math.nan
    unknown = (math.nan,) * len(within)
    met = {
        line.name: Met(line.name, delayed, 0.0, wait, line.arrivals, unknown, wait, unknown)
        for line, wait in zip(ranked, waits, strict=True)
    }
    classes = tuple(met[line.name] for line in situation.lines)
    return Answer(choice, classes, (situation.occupancy,))


def _all_busy(situation: Situation) -> float:
    if situation.agents == 1:
        return situation.occupancy
    line: Line = situation.lines[0]
    rate = situation.teams[0].speed(line.name) / line.handle
    total = sum(each.arrivals for each in situation.lines)
    return ErlangC(total, rate, situation.agents).delayed


def _two_pools(situation: Situation, choice: Choice, within: tuple[float, ...]) -> Answer:
    pools = two_pools(situation)
    if pools is None:
        raise ValueError("not a situation of specialists and generalists")
    solution = pools.solution
    special = min(situation.teams, key=lambda team: len(team.serves))
    name = special.serves[0][0]
    met = []
    for line in situation.lines:
        at = 0 if line.name == name else 1
        lost = solution.abandonment[at]
        figures = (solution.delayed[at], lost, solution.mean_wait[at], line.arrivals * (1 - lost))
        met.append(_unknown_within(Met(line.name, *figures, ()), within))
    busy = {True: solution.busy_specialists, False: solution.busy_generalists}
    shares = (
        busy[team is special] / team.agents if team.agents else math.nan for team in situation.teams
    )
    return Answer(choice, tuple(met), tuple(shares))


def _unknown_within(met: Met, within: tuple[float, ...]) -> Met:
    unknown = (math.nan,) * len(within)
    return replace(met, within=unknown, answered=unknown)
