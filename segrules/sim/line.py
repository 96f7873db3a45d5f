"""A project about a line carried out: who waits how long today, and what would change that.

A replication is a day. Both arms of a day have the same draw of what is uncertain (what the log
leaves open, and what is stated as a range), the same customers with the same work and patience,
and are as busy.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import polars as pl

from segrules.lang import ir
from segrules.lang.types import decimals
from segrules.segments.assign import Placement
from segrules.segments.profile import find_set
from segrules.sim.assumptions import Evidence, evidence
from segrules.sim.executors import executor
from segrules.sim.projection import Settings
from segrules.sim.queues.arms import Arm
from segrules.sim.queues.calls import busy_days
from segrules.sim.queues.case import (
    FORMULA_DRAWS,
    MOST_DRAWS,
    Asked,
    Case,
    case,
    drawn,
    gaps,
)
from segrules.sim.queues.choice import Choice
from segrules.sim.queues.contacts import contacts
from segrules.sim.queues.days import Days, answered, joined, method, played
from segrules.sim.queues.fault import Fault
from segrules.sim.queues.figures import (
    BreakEven,
    LineRow,
    Pair,
    PartOfDay,
    break_even,
    course,
    rows,
)
from segrules.sim.queues.past import Past, past
from segrules.sim.queues.redrawn import Totals, totals
from segrules.sim.queues.spread import Drawn
from segrules.sim.summary import columns
from segrules.sim.work import Span, work_through
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

BLOCK = 64
"""Days of a unit of work."""

ENGINES = ("auto", "events", "expected")

_SECONDS = 3600.0


@dataclass(frozen=True)
class Graded:
    """A scenario, and what it rests on."""

    scenario: str
    evidence: Evidence


@dataclass(frozen=True)
class LineProjection:
    """The result of a project about a line.

    `rows` are of a day, with intervals over days; `days` open days are projected, so what adds up
    is that many times as much. Waits are in seconds, money in minor units of `currency`. `runs`
    days were finished, `complete` is False after an interruption; with the engine "expected" they
    are the mean days that the formula answered. `draws`: of the figures, shared by all arms.
    `rests_on`: the assumptions of each scenario and of what it is compared with. `targets`: seconds
    by segment, infinite without one. `warm_up`: hours that were played before counting began.
    `about`: the segments that the levers of a scenario name, none where they are about all.
    `played`, the days themselves, is there where they were to be kept.
    """

    project: ir.Project
    line: ir.Line
    as_of: dt.date
    seed: int
    runs: int
    draws: int
    engine: str
    why: str
    currency: str | None
    assumptions: tuple[ir.Assumption, ...]
    rests_on: Mapping[str, tuple[str, ...]]
    past: Past
    days: float
    warm_up: float
    targets: Mapping[str, float]
    pools: tuple[ir.Pool, ...]
    rows: tuple[LineRow, ...]
    course: tuple[PartOfDay, ...]
    break_even: tuple[BreakEven, ...]
    notes: tuple[str, ...]
    complete: bool
    findings: tuple[Diagnostic, ...]
    about: Mapping[str, tuple[str, ...]]
    played: tuple[Case, Done] | None = field(default=None, compare=False, repr=False)

    @property
    def graded(self) -> tuple[Graded, ...]:
        """The scenarios with what each rests on."""
        return tuple(Graded(name, self.evidence(name)) for name in self.project.compare)

    def evidence(self, scenario: str) -> Evidence:
        """How good the evidence is for a scenario: of what it and what it is held against state."""
        names = self.rests_on[scenario]
        stated = [each for each in self.assumptions if each.name in names]
        return evidence(stated, self.as_of)

    def frame(self) -> pl.DataFrame:
        """A row a scenario, segment ("all", "the others") or pool, and measure, of a day.

        Columns: scenario, segment, pool, measure, unit; for today, then and difference
        `<arm>_mean`, `<arm>_low50` … `<arm>_high95` and `<arm>_mc_error`; chance_better. Money is
        in units of the currency.
        """
        return pl.DataFrame([_flat(row, self.currency) for row in self.rows])


def _flat(row: LineRow, currency: str | None) -> dict[str, str | float | None]:
    scale = 10 ** -decimals(currency) if row.unit == "money" else 1.0
    return {
        "scenario": row.scenario,
        "segment": row.segment or None,
        "pool": row.pool or None,
        "measure": row.measure,
        "unit": currency if row.unit == "money" else row.unit,
        **columns(row, scale),
        "chance_better": row.chance_better,
    }


def carry_out(
    placement: Placement,
    project: ir.Project,
    settings: Settings,
    on_progress: Callable[[int], None] | None = None,
) -> LineProjection:
    """Carries out a project about a line over the placed rows of the table of its segments.

    The engine "auto" takes the formula where it holds for every part of the day in every arm, and
    plays events otherwise. `on_progress` is told how many days are finished.

    Raises:
        RulesError: the log does not tell what is needed, a question has no answer as it was put,
            or no formula holds where one was asked for.
        KeyboardInterrupt: it was interrupted before two days were finished.
    """
    if settings.engine not in ENGINES:
        raise RulesError([problems.not_for_lines(settings.engine, list(ENGINES))], unable=True)
    seed = project.seed if settings.seed is None else settings.seed
    learnt, each_day = past_of(placement, project, seed)
    made = prepared(placement, project, seed, learnt)
    choice = _chosen(made, settings.engine)
    if choice.method != "events":
        formula = drawn(made, each_day, FORMULA_DRAWS)
        answers = _by_formula(formula)
        if not isinstance(answers, _Unheld):
            found = _result(formula, choice, answers, complete=True)
            return replace(found, played=(formula, answers) if settings.keep else None)
        choice = _without_formula(answers.plan, answers.why, settings.engine)
    runs = project.runs if settings.runs is None else settings.runs
    played_case = drawn(made, each_day, min(MOST_DRAWS, runs))
    done = play(played_case, runs, settings, on_progress)
    if len(done.arm) < 2:
        raise KeyboardInterrupt
    found = _result(played_case, choice, done, complete=len(done.arm) == runs)
    return replace(found, played=(played_case, done) if settings.keep else None)


def past_of(placement: Placement, project: ir.Project, seed: int) -> tuple[Past, Totals]:
    """What the log says of the line of a project, and what each of its days adds to that.

    Raises:
        RulesError: the log does not tell what is needed, or nobody may serve the line.
    """
    line, pools = _served(placement.ruleset, project)
    found = contacts(placement, line, find_set(placement.ruleset, project.by))
    learnt, rows = past(found, line, pools, seed)
    return learnt, totals(rows, learnt, pools)


def prepared(placement: Placement, project: ir.Project, seed: int, learnt: Past) -> Case:
    """Everything that is known before the first day.

    Raises:
        RulesError: a question has no answer as it was put.
    """
    line, pools = _served(placement.ruleset, project)
    as_of = placement.context.as_of
    return case(Asked(placement.ruleset, project, line, pools, as_of, seed), learnt)


def _served(ruleset: ir.Ruleset, project: ir.Project) -> tuple[ir.Line, tuple[ir.Pool, ...]]:
    line = next(each for each in ruleset.lines if each.name == project.of)
    pools = tuple(each for each in ruleset.pools if not line.pools or each.name in line.pools)
    if not pools:
        raise RulesError([problems.no_pools(line.name)], unable=True)
    return line, pools


def _chosen(made: Case, engine: str) -> Choice:
    """The method, with why; the one that was asked for if that holds.

    Raises:
        RulesError: no formula holds and one was asked for.
    """
    if engine == "events":
        return Choice("events", "asked for")
    lost = made.past.lost
    choices = [method(each, lost) for each in made.middle]
    for plan, choice in zip(made.plans, choices, strict=True):
        if choice.method == "events":
            return _without_formula(plan.name, choice.why, engine)
    return choices[0]


def _without_formula(plan: str, why: str, engine: str) -> Choice:
    if engine == "expected":
        raise RulesError([problems.no_formula(plan, why)], unable=True)
    return Choice("events", f"no formula holds for {plan}: {why}")


# ---- days


@dataclass(frozen=True)
class Done:
    """Days of every plan; arm: the number of the arm of each day, in all of them the same."""

    arms: tuple[Days, ...]
    arm: tuple[int, ...]


@dataclass(frozen=True)
class _Unheld:
    """For which plan no formula holds, and why."""

    plan: str
    why: str


@dataclass(frozen=True)
class _Work:
    """What is done with a span of days, wherever it is done: the days of every plan."""

    arms: tuple[tuple[Arm, ...], ...]
    arm_of: Mapping[Span, int]
    targets: tuple[float, ...]
    seed: int

    def __call__(self, span: Span) -> list[Days]:
        at = self.arm_of[span]
        return [played(each[at], self.targets, self.seed, span) for each in self.arms]


def play(
    made: Case,
    runs: int,
    settings: Settings,
    on_progress: Callable[[int], None] | None = None,
) -> Done:
    """Play days of every plan; fewer than `runs` of them after an interruption."""
    arm_of = _spans(runs, len(made.arms[0]))
    work = _Work(made.arms, arm_of, made.targets, made.asked.seed)
    results: dict[Span, list[Days]] = {}
    with executor(settings.executor, settings.threads) as pool:
        work_through(work, list(arm_of), pool, results.__setitem__, on_progress)
    ordered = sorted(results)
    if not ordered:
        return Done((), ())
    arms = [joined([results[span][at] for span in ordered]) for at in range(len(made.arms))]
    numbers = tuple(arm_of[span] for span in ordered for _ in range(*span))
    return Done(tuple(arms), numbers)


def _spans(runs: int, arms: int) -> dict[Span, int]:
    """Blocks of days, each of one arm; the days are dealt out evenly among the arms."""
    edges = [runs * at // arms for at in range(arms + 1)]
    return {
        (first, min(first + BLOCK, stop)): at
        for at, (start, stop) in enumerate(pairwise(edges))
        for first in range(start, stop, BLOCK)
    }


def _by_formula(made: Case) -> Done | _Unheld:
    """A mean day for every arm and for days that are quiet and busy, if a formula holds in all."""
    count = len(made.arms[0])
    factors = [busy_days(each.centre.busyness) for each in made.arms[0]]
    arms = []
    for plan, drawn_arms in zip(made.plans, made.arms, strict=True):
        days = []
        for each, kinds in zip(drawn_arms, factors, strict=True):
            for factor in kinds:
                found = answered(each, made.targets, made.past.lost, factor)
                if isinstance(found, Fault):
                    return _Unheld(plan.name, found.says)
                days.append(found)
        arms.append(joined(days))
    return Done(tuple(arms), tuple(at for at in range(count) for _ in factors[at]))


# ---- figures


def _result(made: Case, choice: Choice, done: Done, *, complete: bool) -> LineProjection:
    asked, learnt = made.asked, made.past
    names = [pool.name for pool in asked.pools]
    found: list[LineRow] = []
    parts: list[PartOfDay] = []
    evens: list[BreakEven] = []
    for at, plan in enumerate(made.plans[1:], 1):
        pair = pair_of(made, done, 0, at)
        found += rows(plan.name, pair, learnt.segments, names, plan.named)
        parts += course(plan.name, pair, learnt.clock, learnt.segments, names)
        even = break_even(plan.name, pair)
        evens += [] if even is None else [even]
    formula = choice.method != "events"
    stated = {each.name: each for each in asked.ruleset.assumptions}
    return LineProjection(
        project=asked.project,
        line=asked.line,
        as_of=asked.as_of,
        seed=asked.seed,
        runs=len(done.arm),
        draws=len(set(done.arm)),
        engine="expected" if formula else "events",
        why=f"{choice.method}: {choice.why}" if formula else choice.why,
        currency=asked.ruleset.currency,
        assumptions=tuple(each for name, each in stated.items() if name in made.all_used),
        rests_on=made.rests_on,
        past=learnt,
        days=made.days,
        warm_up=0.0 if formula else made.middle[0].warm_up,
        targets={
            name: target * _SECONDS
            for name, target in zip(learnt.segments, made.targets, strict=True)
        },
        pools=asked.pools,
        rows=tuple(found),
        course=tuple(parts),
        break_even=tuple(evens),
        notes=made.notes,
        complete=complete,
        findings=(*_expired(made), *gaps(made)),
        about={plan.name: plan.named for plan in made.plans[1:]},
    )


def pair_of(made: Case, done: Done, before: int, after: int) -> Pair:
    """Two plans of a case, by their places, under the same luck."""
    arm_of = np.array(done.arm, dtype=np.int64)
    costs = [made.costs(at, arm_of, done.arms[at].contacts) for at in (before, after)]
    days = Drawn(arm_of, made.days, made.sources, made.figures, made.own)
    used = [name for at in (before, after) for name in made.rests_on.get(made.plans[at].name, ())]
    return Pair(done.arms[before], done.arms[after], costs[0], costs[1], days.about(used))


def _expired(made: Case) -> Sequence[Diagnostic]:
    as_of = made.asked.as_of
    return [
        problems.assumption_expired(each.name, each.until, as_of)
        for each in made.asked.ruleset.assumptions
        if each.name in made.all_used and each.until is not None and each.until < as_of
    ]
