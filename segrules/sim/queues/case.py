"""What a project about a line asks, with all that is drawn before the first day.

A day belongs to a draw of the figures: those that the log leaves open, and those that are stated
as ranges. All arms share them. Fractions of agents are made whole once a draw.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from segrules.lang import ir
from segrules.sim.estimate import projected_months
from segrules.sim.events.checks import faults
from segrules.sim.events.model import mean_of
from segrules.sim.luck import uniforms
from segrules.sim.model import Counts, Floats
from segrules.sim.queues.arms import Arm, Figure, Plan, arm, planned, today
from segrules.sim.queues.figures import Costs
from segrules.sim.queues.past import Past
from segrules.sim.queues.redrawn import Totals, open_by_segment, open_figures, redrawn
from segrules.sim.queues.spread import LOG
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

MOST_DRAWS, FORMULA_DRAWS = 256, 64
"""Draws of the figures, where days are played and where a formula answers each of them."""

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

    plans: what is compared with first, then the scenarios. middle: by plan in the middle of all
    ranges. used: the names of the assumptions by plan. targets: hours by segment. days: open days
    that are projected. arms: by plan and draw. sources, figures,
    own: what differs between draws, as `Drawn` has it.
    """

    asked: Asked
    past: Past
    plans: tuple[Plan, ...]
    middle: tuple[Arm, ...]
    used: tuple[tuple[str, ...], ...]
    targets: tuple[float, ...]
    days: float
    arms: tuple[tuple[Arm, ...], ...] = ()
    sources: tuple[str, ...] = ()
    figures: Floats = field(default_factory=lambda: np.empty((0, 0)))
    own: Floats = field(default_factory=lambda: np.empty((0, 2, 0)))

    @property
    def all_used(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for each in self.used for name in each))

    @property
    def rests_on(self) -> dict[str, tuple[str, ...]]:
        """The assumptions of each scenario and of what it is compared with."""
        names = [plan.name for plan in self.plans]
        return {
            name: tuple(dict.fromkeys([*self.used[0], *used]))
            for name, used in zip(names[1:], self.used[1:], strict=True)
        }

    def costs(self, plan: int, arm_of: Counts, contacts: Floats) -> Costs:
        """What days cost, from the arm of each int64[R] and its contacts float64[R, S]."""
        arms = self.arms[plan]
        months = self.asked.project.months
        spread = np.array([(each.once + each.month * months) / self.days for each in arms])
        for_each = np.array([each.each for each in arms])
        agents = np.array([each.staff_cost for each in arms])
        levers = spread[arm_of] + (contacts * for_each[arm_of]).sum(axis=1)
        return Costs(agents[arm_of], levers)

    @property
    def notes(self) -> tuple[str, ...]:
        said = [*self.past.notes, *(note for plan in self.plans for note in plan.notes)]
        unpaid = [each.label or each.name for each in self.asked.pools if each.cost is None]
        if unpaid:
            agents = "the agents of " + " and ".join(unpaid)
            said.append(f"{agents} cost nothing here, as no cost of an hour is stated")
        return tuple(dict.fromkeys(said))


def case(asked: Asked, learnt: Past) -> Case:
    """The plans of a project, in the middle of everything that is open.

    Raises:
        RulesError: an arm is impossible as it was put.
    """
    plans = _plans(asked, learnt)
    stated = {each.name: each for each in asked.ruleset.assumptions}
    half = {pool.name: np.full(len(learnt.lengths), 0.5) for pool in asked.pools}

    def in_the_middle(noted: dict[str, None]) -> Figure:
        def figure(given: ir.Stated) -> float:
            if isinstance(given, str):
                noted[given] = None
                return value(stated[given], 0.5)
            return float(given)

        return figure

    shared: dict[str, None] = {}
    targets = _targets(asked.line, learnt.segments, in_the_middle(shared))
    middle, used = [], []
    for plan in plans:
        noted = dict(shared)
        middle.append(arm(learnt, plan, asked.pools, in_the_middle(noted), half))
        used.append(tuple(noted))
    days = _open_days(learnt, asked)
    made = Case(asked, learnt, plans, tuple(middle), tuple(used), targets, days)
    _check(made)
    return made


def drawn(made: Case, found: Totals, draws: int) -> Case:
    """The case with its arms in each of so many draws."""
    asked, names = made.asked, made.all_used
    pasts = redrawn(made.past, found, asked.seed, draws)
    stated = _stated(made, names, draws)
    up = {
        each.name: _fractions(asked.seed, each.name, made.past.clock, draws) for each in asked.pools
    }

    def arm_of(plan: Plan, at: int) -> Arm:
        mine = {name: each[at] for name, each in up.items()}
        return arm(pasts[at], plan, asked.pools, stated[at], mine)

    arms = tuple(tuple(arm_of(plan, at) for at in range(draws)) for plan in made.plans)
    told = [[figure(name) for name in names] for figure in stated]
    log = np.array([open_figures(each) for each in pasts])
    return replace(
        made,
        arms=arms,
        sources=(*[LOG] * log.shape[1], *names),
        figures=np.concatenate([log, np.array(told).reshape(draws, len(names))], axis=1),
        own=np.array([open_by_segment(each) for each in pasts]),
    )


def _stated(made: Case, names: Sequence[str], draws: int) -> list[Figure]:
    """What stated figures are in each draw."""
    stated = {each.name: each for each in made.asked.ruleset.assumptions}
    places = {name: _stratified(made.asked.seed, f"line {name}", draws) for name in names}

    def of_draw(at: int) -> Figure:
        def figure(given: ir.Stated) -> float:
            if isinstance(given, str):
                return value(stated[given], float(places[given][at]))
            return float(given)

        return figure

    return [of_draw(at) for at in range(draws)]


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
    """Every plan in the middle of its ranges, and where its agents have most to do in them."""
    stated = _stated(made, made.all_used, MOST_DRAWS if made.all_used else 0)
    half = {pool.name: np.full(len(made.past.lengths), 0.5) for pool in made.asked.pools}
    found: dict[tuple[str, str], Diagnostic] = {}
    for plan, middle in zip(made.plans, made.middle, strict=True):
        ends = [arm(made.past, plan, made.asked.pools, each, half) for each in stated]
        worst = [max(ends, key=_pressure)] if ends else []
        for each in (middle, *worst, *(one for one in ends if _below(one))):
            for fault in faults(each.centre):
                diagnostic = problems.queue_fault(fault, plan.name)
                found.setdefault((fault.kind, fault.subject), diagnostic)
    if found:
        raise RulesError(list(found.values()), unable=True)


def gaps(made: Case) -> list[Diagnostic]:
    """Parts of the day in which contacts come and no agent is there who may take them."""
    clock, lengths = made.past.clock, made.past.lengths
    come = made.past.rates * lengths
    found: dict[tuple[int, tuple[str, ...]], Diagnostic] = {}
    for plan, each in zip(made.plans, made.middle, strict=True):
        there = {
            pool.name: row > 0 for pool, row in zip(made.asked.pools, each.agents, strict=True)
        }
        served = np.array(
            [
                np.any([there[way.pool] for way in plan.routes if way.customers == name], axis=0)
                for name in made.past.segments
            ]
        )
        for at in np.flatnonzero((~served & (come > 0)).any(axis=0)).tolist():
            missed = np.flatnonzero(~served[:, at] & (come[:, at] > 0))
            names = tuple(made.past.segments[each] for each in missed.tolist())
            hours = (hour_of(float(clock[at])), hour_of(float(clock[at + 1])))
            many = float(come[missed, at].sum())
            # What is so today is not told of every scenario again.
            found.setdefault((at, names), problems.nobody_there(plan.name, names, hours, many))
    return list(found.values())


def hour_of(hour: float) -> str:
    """An hour of the clock: 12:30."""
    return f"{int(hour):d}:{round(60 * (hour % 1)):02d}"


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
