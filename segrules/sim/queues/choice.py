"""The cheapest method that holds for a situation, with the reason as a sentence.

The order of the questions is the order of cost: formulas, an exact chain, fluid, and events where
nothing else is right. Erlang-C is never chosen once more than 2% give up.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from segrules.sim.queues.fault import (
    Fault,
    negative_capacity,
    patience_needed,
    served_by_nobody,
    serves_nobody,
    unstable,
)
from segrules.sim.queues.situation import Line, Situation, Team
from segrules.sim.queues.two_pools import MAX_STATES, TwoPools

Method = Literal[
    "erlang-a", "erlang-c", "m/g/1", "cobham", "preemptive", "two pools", "fluid", "events"
]

MOST_LOST = 0.02
"""The share of customers who may give up before a formula in which all wait is refused."""

LARGE = 50
OVERLOADED = 1.1
NEAR_SATURATION = 0.9
SMALL_SWING = 0.1


@dataclass(frozen=True)
class Choice:
    """A method and why: one clause in plain words."""

    method: Method
    why: str


def choose(situation: Situation) -> Choice | Fault:
    """Return the method for a situation, or what makes it impossible."""
    for question in (_fault, _events_at_once, _one_line, _ranked_lines, _two_pools, _fluid):
        answer = question(situation)
        if answer is not None:
            return answer
    return Choice("events", _why_events(situation))


def _fault(situation: Situation) -> Fault | None:
    for team in situation.teams:
        if team.agents < 0:
            return negative_capacity(team.name, team.agents)
        if not team.serves:
            return serves_nobody(team.name, team.agents)
    for line in situation.lines:
        if line.arrivals > 0 and not any(team.speed(line.name) for team in situation.teams):
            return served_by_nobody(line.name, line.arrivals)
        if line.patience is None and line.lost > MOST_LOST:
            return patience_needed(line.name, line.lost)
    return _overload(situation)


def _overload(situation: Situation) -> Fault | None:
    """Any group of classes who wait without end must bring less work than their pools can do."""
    endless = [line for line in situation.lines if line.patience is None and line.arrivals > 0]
    for size in range(1, len(endless) + 1):
        for group in combinations(endless, size):
            load = sum(situation.load_of(line) for line in group)
            agents = sum(
                team.agents
                for team in situation.teams
                if any(team.speed(line.name) for line in group)
            )
            if load >= agents:
                return unstable(" and ".join(line.name for line in group), load, agents)
    return None


def _swings(situation: Situation) -> bool:
    high = situation.occupancy * (1 + situation.swing)
    return situation.swing > SMALL_SWING and high >= NEAR_SATURATION


def _large(situation: Situation) -> bool:
    return situation.agents >= LARGE and situation.occupancy >= OVERLOADED


def _events_at_once(situation: Situation) -> Choice | None:
    if situation.special:
        return Choice("events", "overflow, reservation and call-backs have no formula")
    if _swings(situation) and not _large(situation):
        return Choice(
            "events",
            f"arrivals rise by {situation.swing:.0%} within the period, close to saturation"
            f" ({situation.occupancy:.0%} of the agents' time)",
        )
    return None


def _one_line(situation: Situation) -> Choice | None:
    if len(situation.lines) > 1 or len(situation.teams) > 1 or _swings(situation):
        return None
    line, team = situation.lines[0], situation.teams[0]
    if line.patience is not None:
        if line.cv == 1 and line.memoryless:
            return Choice("erlang-a", "one pool, one class, and customers who give up")
        return None
    if line.cv == 1:
        return Choice("erlang-c", f"one pool, one class, and {line.lost:.1%} give up")
    if team.agents == 1:
        return Choice("m/g/1", "one agent, one class, and handle times that are not exponential")
    return None


def _ranked_lines(situation: Situation) -> Choice | None:
    lines, teams = situation.lines, situation.teams
    if len(teams) > 1 or len(lines) < 2 or _swings(situation):
        return None
    if any(line.patience is not None for line in lines):
        return None
    if len({line.rank for line in lines}) < len(lines):
        return None
    equal = _equal_rates(lines, teams[0])
    if not equal and teams[0].agents > 1:
        return None
    what = "one agent" if teams[0].agents == 1 else "one service rate"
    if situation.preempts:
        return Choice("preemptive", f"one pool, ranks that interrupt, {what}, and nobody gives up")
    return Choice("cobham", f"one pool, ranks, {what}, and nobody gives up")


def _equal_rates(lines: tuple[Line, ...], team: Team) -> bool:
    times = [line.handle / team.speed(line.name) for line in lines]
    return max(times) - min(times) <= 1e-9 * max(times) and all(line.cv == 1 for line in lines)


def _two_pools(situation: Situation) -> Choice | None:
    pools = two_pools(situation)
    if pools is None or situation.preempts or _swings(situation):
        return None
    if pools.size > MAX_STATES:
        return None
    return Choice("two pools", f"two pools that share a class, a chain of {pools.size:,} states")


def two_pools(situation: Situation) -> TwoPools | None:
    """Return the chain of specialists and generalists, None if the situation is another."""
    if len(situation.lines) != 2 or len(situation.teams) != 2:
        return None
    special, general = sorted(situation.teams, key=lambda team: len(team.serves))
    if (len(special.serves), len(general.serves)) != (1, 2):
        return None
    name = special.serves[0][0]
    a, b = sorted(situation.lines, key=lambda line: line.name != name)
    if a.patience is None or b.patience is None or min(a.arrivals, b.arrivals) <= 0:
        return None
    if any(line.cv != 1 or not line.memoryless for line in (a, b)):
        return None
    return TwoPools(
        arrivals_a=a.arrivals,
        arrivals_b=b.arrivals,
        specialist=special.speed(a.name) / a.handle,
        generalist_a=general.speed(a.name) / a.handle,
        generalist_b=general.speed(b.name) / b.handle,
        patience_a=1 / a.patience,
        patience_b=1 / b.patience,
        specialists=special.agents,
        generalists=general.agents,
        first="A" if general.serves[0][0] == a.name else "B",
    )


def _fluid(situation: Situation) -> Choice | None:
    """One pool only: how an overload falls on several depends on who takes whom."""
    if len(situation.teams) > 1 or len(situation.lines) > 1 or not _large(situation):
        return None
    return Choice(
        "fluid",
        f"{situation.agents} agents with {situation.occupancy:.0%} of the work they can do:"
        " chance hardly matters",
    )


def _why_events(situation: Situation) -> str:
    lines, teams = situation.lines, situation.teams
    if any(line.cv != 1 for line in lines):
        return "handle times are not exponential"
    if any(not line.memoryless for line in lines):
        return "patience is not exponential"
    if len(teams) > 1:
        return f"{len(teams)} pools and {len(lines)} classes"
    if any(line.patience is not None for line in lines):
        return "several classes who give up wait for one pool"
    return "no formula covers these classes and ranks"
