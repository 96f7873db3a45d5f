"""A project about a line carried out: who waits how long today, and what would change that.

A replication is a day. Both arms of a day have the same draw of what is uncertain, the same
customers with the same work and patience, and are as busy.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from segrules.lang import ir
from segrules.lang.types import decimals
from segrules.segments.assign import Placement
from segrules.segments.profile import find_set
from segrules.sim.executors import executor
from segrules.sim.projection import Settings
from segrules.sim.queues.arms import Arm
from segrules.sim.queues.calls import busy_days
from segrules.sim.queues.case import Asked, Case, case
from segrules.sim.queues.choice import Choice
from segrules.sim.queues.contacts import contacts
from segrules.sim.queues.days import Days, answered, joined, method, played
from segrules.sim.queues.fault import Fault
from segrules.sim.queues.figures import LineRow, Pair, PartOfDay, course, rows
from segrules.sim.queues.past import Past, past
from segrules.sim.work import Span, work_through
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

BLOCK = 64
"""Days of a unit of work."""

ENGINES = ("auto", "events", "expected")

_SECONDS = 3600.0


@dataclass(frozen=True)
class LineProjection:
    """The result of a project about a line.

    `rows` are of a day, with intervals over days; `days` open days are projected, so what adds up
    is that many times as much. Waits are in seconds, money in minor units of `currency`. `runs`
    days were finished, `complete` is False after an interruption; with the engine "expected" they
    are the draws that the formula answered. `targets`: seconds by segment, infinite without one.
    `warm_up`: hours that were played before counting began. `about`: the segments that the levers
    of a scenario name, none where they are about all.
    """

    project: ir.Project
    line: ir.Line
    as_of: dt.date
    seed: int
    runs: int
    engine: str
    why: str
    currency: str | None
    assumptions: tuple[ir.Assumption, ...]
    past: Past
    days: float
    warm_up: float
    targets: Mapping[str, float]
    pools: tuple[ir.Pool, ...]
    rows: tuple[LineRow, ...]
    course: tuple[PartOfDay, ...]
    notes: tuple[str, ...]
    complete: bool
    findings: tuple[Diagnostic, ...]
    about: Mapping[str, tuple[str, ...]]

    def frame(self) -> pl.DataFrame:
        """A row a scenario, segment ("all", "the others") or pool, and measure, of a day.

        Columns: scenario, segment, pool, measure, unit; for today, then and difference
        `<arm>_mean`, `<arm>_low50` … `<arm>_high95` and `<arm>_mc_error`; chance_better. Money is
        in units of the currency.
        """
        return pl.DataFrame([_flat(row, self.currency) for row in self.rows])


def _flat(row: LineRow, currency: str | None) -> dict[str, str | float | None]:
    scale = 10 ** -decimals(currency) if row.unit == "money" else 1.0
    flat: dict[str, str | float | None] = {
        "scenario": row.scenario,
        "segment": row.segment or None,
        "pool": row.pool or None,
        "measure": row.measure,
        "unit": currency if row.unit == "money" else row.unit,
    }
    for name in ("today", "then", "difference"):
        figure = getattr(row, name)
        flat[f"{name}_mean"] = figure.mean * scale
        for level in (50, 80, 95):
            low, high = getattr(figure, f"interval{level}")
            flat[f"{name}_low{level}"], flat[f"{name}_high{level}"] = low * scale, high * scale
        flat[f"{name}_mc_error"] = figure.mc_error * scale
    return flat | {"chance_better": row.chance_better}


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
    made = prepared(placement, project, seed, past_of(placement, project, seed))
    choice = _chosen(made, settings.engine)
    if choice.method != "events":
        return _result(made, choice, _by_formula(made), complete=True)
    runs = project.runs if settings.runs is None else settings.runs
    done = play(made, runs, settings, on_progress)
    if len(done.draw) < 2:
        raise KeyboardInterrupt
    return _result(made, choice, done, complete=len(done.draw) == runs)


def past_of(placement: Placement, project: ir.Project, seed: int) -> Past:
    """What the log says of the line of a project.

    Raises:
        RulesError: the log does not tell what is needed, or nobody may serve the line.
    """
    line, pools = _served(placement.ruleset, project)
    found = contacts(placement, line, find_set(placement.ruleset, project.by))
    return past(found, line, pools, seed)


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
            if engine == "expected":
                raise RulesError([problems.no_formula(plan.name, choice.why)], unable=True)
            return Choice("events", f"no formula holds for {plan.name}: {choice.why}")
    return choices[0]


# ---- days


@dataclass(frozen=True)
class Done:
    """Days of every plan; draw: the group of each day."""

    arms: tuple[Days, ...]
    draw: tuple[int, ...]


@dataclass(frozen=True)
class _Work:
    """What is done with a span of days, wherever it is done: the days of every plan."""

    arms: tuple[tuple[Arm, ...], ...]
    draw_of: Mapping[Span, int]
    targets: tuple[float, ...]
    seed: int

    def __call__(self, span: Span) -> list[Days]:
        at = self.draw_of[span]
        return [played(drawn[at], self.targets, self.seed, span) for drawn in self.arms]


def play(
    made: Case,
    runs: int,
    settings: Settings,
    on_progress: Callable[[int], None] | None = None,
) -> Done:
    """Play days of every plan; fewer than `runs` of them after an interruption."""
    draw_of = _spans(runs, made.draws)
    work = _Work(made.arms, draw_of, made.targets, made.asked.seed)
    results: dict[Span, list[Days]] = {}
    with executor(settings.executor, settings.threads) as pool:
        work_through(work, list(draw_of), pool, results.__setitem__, on_progress)
    ordered = sorted(results)
    if not ordered:
        return Done((), ())
    arms = [joined([results[span][at] for span in ordered]) for at in range(len(made.arms))]
    draws = tuple(draw_of[span] for span in ordered for _ in range(*span))
    return Done(tuple(arms), draws)


def _spans(runs: int, draws: int) -> dict[Span, int]:
    """Blocks of days, each within one draw; the days are dealt out evenly among the draws."""
    edges = [runs * at // draws for at in range(draws + 1)]
    return {
        (first, min(first + BLOCK, stop)): at
        for at, (start, stop) in enumerate(pairwise(edges))
        for first in range(start, stop, BLOCK)
    }


def _by_formula(made: Case) -> Done:
    """A mean day for every draw and for days that are quiet and busy."""
    factors = busy_days(made.past.busyness)
    arms = []
    for plan, drawn in zip(made.plans, made.arms, strict=True):
        days = []
        for each in drawn:
            for factor in factors:
                found = answered(each, made.targets, made.past.lost, factor)
                if isinstance(found, Fault):
                    raise RulesError([problems.queue_fault(found, plan.name)], unable=True)
                days.append(found)
        arms.append(joined(days))
    return Done(tuple(arms), tuple(at for at in range(made.draws) for _ in factors))


# ---- figures


def _result(made: Case, choice: Choice, done: Done, *, complete: bool) -> LineProjection:
    asked, learnt = made.asked, made.past
    costs = [cost_of(made, plan, done) for plan in range(len(made.plans))]
    found: list[LineRow] = []
    parts: list[PartOfDay] = []
    names = [pool.name for pool in asked.pools]
    for at, plan in enumerate(made.plans[1:], 1):
        pair = Pair(done.arms[0], done.arms[at], costs[0], costs[at])
        found += rows(plan.name, pair, learnt.segments, names, plan.named)
        parts += course(plan.name, pair, learnt.clock, names)
    formula = choice.method != "events"
    return LineProjection(
        project=asked.project,
        line=asked.line,
        as_of=asked.as_of,
        seed=asked.seed,
        runs=len(done.draw),
        engine="expected" if formula else "events",
        why=f"{choice.method}: {choice.why}" if formula else choice.why,
        currency=asked.ruleset.currency,
        assumptions=tuple(each for each in asked.ruleset.assumptions if each.name in made.used),
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
        notes=made.notes,
        complete=complete,
        findings=tuple(_expired(made)),
        about={plan.name: plan.named for plan in made.plans[1:]},
    )


def cost_of(made: Case, plan: int, done: Done) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Minor units of each day, float64[R]."""
    draw = np.array(done.draw)
    found = np.empty(len(draw))
    for at in np.unique(draw).tolist():
        mine = draw == at
        found[mine] = made.cost(plan, at, done.arms[plan].contacts[mine])
    return found


def _expired(made: Case) -> Sequence[Diagnostic]:
    as_of = made.asked.as_of
    return [
        problems.assumption_expired(each.name, each.until, as_of)
        for each in made.asked.ruleset.assumptions
        if each.name in made.used and each.until is not None and each.until < as_of
    ]
