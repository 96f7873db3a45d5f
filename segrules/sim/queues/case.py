"""What a project about a line asks, with all that is drawn before the first day.

A day belongs to a group. Figures that are stated as ranges, and fractions of agents, are drawn
once a group, for all arms together.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from segrules.lang import ir
from segrules.sim.estimate import projected_months
from segrules.sim.events.checks import faults
from segrules.sim.events.model import mean_of
from segrules.sim.luck import uniforms
from segrules.sim.model import Floats
from segrules.sim.queues.arms import Arm, Plan, arm, planned, today
from segrules.sim.queues.past import Past
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

GROUPS = 64
"""Draws of the stated ranges, and of fractions of agents."""

_SECONDS = 3600.0


@dataclass(frozen=True)
class Asked:
    """What the rules say: pools are those of the line."""

    ruleset: ir.Ruleset
    project: ir.Project
    line: ir.Line
    pools: tuple[ir.Pool, ...]
    as_of: dt.date
    seed: int

    def scenario(self, name: str) -> ir.Scenario:
        return next(each for each in self.ruleset.scenarios if each.name == name)


@dataclass(frozen=True)
class Case:
    """Everything that is known before the first day.

    plans: what is compared with first, then the scenarios. arms: by plan and draw; middle: by plan
    in the middle of all ranges. used: names of the assumptions. targets: hours by segment. days:
    open days that are projected.
    """

    asked: Asked
    past: Past
    plans: tuple[Plan, ...]
    arms: tuple[tuple[Arm, ...], ...]
    middle: tuple[Arm, ...]
    used: tuple[str, ...]
    targets: tuple[float, ...]
    days: float

    @property
    def draws(self) -> int:
        return len(self.arms[0])

    def cost(self, plan: int, draw: int, contacts: Floats) -> Floats:
        """Minor units of each day, from its contacts, float64[R, S]."""
        each = self.arms[plan][draw]
        spread = (each.once + each.month * self.asked.project.months) / self.days
        return np.asarray(each.staff_cost + spread + contacts @ each.each)

    @property
    def notes(self) -> tuple[str, ...]:
        said = [*self.past.notes, *(note for plan in self.plans for note in plan.notes)]
        return tuple(dict.fromkeys(said))


def case(asked: Asked, learnt: Past) -> Case:
    """Draws the arms of a project.

    Raises:
        RulesError: an arm is impossible as it was put.
    """
    plans = _plans(asked, learnt)
    stated = {each.name: each for each in asked.ruleset.assumptions}
    used: dict[str, None] = {}
    half = {pool.name: np.full(len(learnt.lengths), 0.5) for pool in asked.pools}

    def middle(figure: ir.Stated) -> float:
        if isinstance(figure, str):
            used[figure] = None
            return value(stated[figure], 0.5)
        return float(figure)

    targets = _targets(asked.line, learnt.segments, middle)
    centres = tuple(arm(learnt, plan, asked.pools, middle, half) for plan in plans)
    uncertain = bool(used) or any((each.agents % 1 > 0).any() for each in centres)
    count = GROUPS if uncertain else 1
    draws = {name: _stratified(asked.seed, f"line {name}", count) for name in used}
    up = {each.name: _fractions(asked.seed, each.name, learnt.clock, count) for each in asked.pools}

    def drawn(plan: Plan, at: int) -> Arm:
        def figure(given: ir.Stated) -> float:
            if isinstance(given, str):
                return value(stated[given], float(draws[given][at]))
            return float(given)

        mine = {name: each[at] for name, each in up.items()}
        return arm(learnt, plan, asked.pools, figure, mine)

    arms = tuple(tuple(drawn(plan, at) for at in range(count)) for plan in plans)
    days = _open_days(learnt, asked)
    made = Case(asked, learnt, plans, arms, centres, tuple(used), targets, days)
    _check(made)
    return made


def _plans(asked: Asked, learnt: Past) -> tuple[Plan, ...]:
    start = today(learnt, asked.pools)
    against = asked.project.against
    first = start
    if against != "today":
        first = planned(asked.scenario(against), start, learnt.segments)
    others = [
        planned(asked.scenario(each), start, learnt.segments) for each in asked.project.compare
    ]
    return (first, *others)


def _open_days(learnt: Past, asked: Asked) -> float:
    months = projected_months(asked.as_of, asked.project.months)
    days = sum(calendar.monthrange(month.year, month.month)[1] for month in months)
    return days * learnt.open_days / learnt.days


def _check(made: Case) -> None:
    """Every plan in the middle of its ranges and where its agents have most to do."""
    found: dict[tuple[str, str], Diagnostic] = {}
    for plan, middle, drawn in zip(made.plans, made.middle, made.arms, strict=True):
        for each in (middle, max(drawn, key=_pressure), *(one for one in drawn if _below(one))):
            for fault in faults(each.centre):
                diagnostic = problems.queue_fault(fault, plan.name)
                found.setdefault((fault.kind, fault.subject), diagnostic)
    if found:
        raise RulesError(list(found.values()), unable=True)


def _pressure(each: Arm) -> float:
    agents = float(each.agents.sum())
    work = sum(sum(one.rates) * mean_of(one.work) for one in each.centre.classes)
    return work / agents if agents > 0 else math.inf


def _below(each: Arm) -> bool:
    return bool((each.agents < 0).any())


def value(stated: ir.Assumption, u: float) -> float:
    """The assumption at the part `u` of its range: even on logarithms for a factor or odds."""
    if stated.role in ("odds", "factor") and stated.low > 0:
        return float(stated.low * (stated.high / stated.low) ** u)
    return float(stated.low + (stated.high - stated.low) * u)


def _stratified(seed: int, name: str, count: int) -> Floats:
    """float64[count] in (0, 1), one in each of as many equal parts, in random order."""
    if count == 1:
        return np.array([0.5])
    order = np.argsort(uniforms(seed, f"{name} order", 1, count)[0], kind="stable")
    return np.asarray((order + uniforms(seed, f"{name} place", 1, count)[0]) / count)


def _fractions(seed: int, pool: str, clock: Floats, count: int) -> Floats:
    """float64[count, I] in (0, 1) by the part of the day."""
    columns = [_stratified(seed, f"agents {pool} {start}", count) for start in clock[:-1].tolist()]
    return np.stack(columns, axis=1)


def _targets(
    line: ir.Line, segments: Sequence[str], figure: Callable[[ir.Stated], float]
) -> tuple[float, ...]:
    """Hours within which contacts of each segment are to be answered; infinite without a target."""
    given = {name: figure(stated) / _SECONDS for name, stated in line.target}
    return tuple(given.get(name, given.get("", math.inf)) for name in segments)
