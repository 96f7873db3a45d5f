"""A project carried out: estimate, simulate, summarise, with the assumptions it rests on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from numbers import Integral
from typing import Literal, get_args

import polars as pl

from segrules.lang import ir
from segrules.lang.types import decimals
from segrules.segments.assign import Placement
from segrules.segments.funnel import FunnelHistory, funnel_history
from segrules.segments.profile import find_set
from segrules.segments.study import StudiedStage, studied
from segrules.sim.agents import agents_of, check_agents, diagnosed
from segrules.sim.effort.problems import EffortError
from segrules.sim.estimate import Estimate, estimate, projected_months
from segrules.sim.executors import EXECUTORS, executor
from segrules.sim.model import Floats, FunnelModel
from segrules.sim.outlook import (
    Course,
    Outlook,
    Payback,
    Why,
    courses,
    outlooks,
    paybacks,
    whys,
)
from segrules.sim.run import Draws, Engine, simulate
from segrules.sim.summary import IN_MONEY, Row, columns, cost_parts, summarise
from segrules.sim.work import How
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

EngineName = Literal["auto", "counts", "expected", "customers", "events"]
"""Engines as they are asked for; "auto" is the cheapest that holds for what is projected."""

WHY = {
    "counts": "customers of a segment are alike and none waits for another, so whole numbers of "
    "customers by segment and month carry all the luck there is",
    "expected": "asked for: the mean given each draw of the rates, without luck",
}
"""Why an engine was taken."""

FEWEST_RUNS, MOST_RUNS = 2, 1_000_000
"""A spread needs two futures; the command line asks for a hundred, so that it means something."""

LAST_SEED = 2**63 - 1
MOST_THREADS = 256


@dataclass(frozen=True)
class Settings:
    """What a run changes of its project: None leaves what the file says.

    executor: one of `EXECUTORS` by name, with `threads` workers; or any executor, which is left
    running. months: the course of every scenario is wanted too. keep: the futures themselves are
    kept with the result, so that it can be held against another.
    """

    project: str | None = None
    runs: int | None = None
    seed: int | None = None
    engine: EngineName = "auto"
    threads: int | None = None
    executor: str | Executor = "threads"
    months: bool = False
    keep: bool = False


@dataclass(frozen=True)
class Projection:
    """The result of a project; `rows` hold money in minor units of `currency`.

    `runs` are those that were finished; `complete` is False after an interruption. `outlooks` and
    `courses` are in the order of the scenarios, without the one that they are held against (whose
    arm then is "today" in all of them), and so are `whys`, a tuple a scenario, and `paybacks`:
    courses only where they were asked for, paybacks also where something is paid once. `parts` are
    the parts of the cost; `stages` are those of the past that was estimated from; `draws`, the
    futures themselves, are there where they were to be kept.
    """

    project: ir.Project
    seed: int
    runs: int
    engine: Engine
    why: str
    currency: str | None
    assumptions: tuple[ir.Assumption, ...]
    history: FunnelHistory
    estimate: Estimate
    rows: tuple[Row, ...]
    complete: bool
    findings: tuple[Diagnostic, ...]
    outlooks: tuple[Outlook, ...] = ()
    stages: tuple[StudiedStage, ...] = ()
    parts: tuple[Row, ...] = ()
    courses: tuple[Course, ...] = ()
    whys: tuple[tuple[Why, ...], ...] = ()
    paybacks: tuple[Payback, ...] = ()
    draws: Draws | None = field(default=None, compare=False, repr=False)

    def frame(self) -> pl.DataFrame:
        """A row a scenario, segment ("all" is the total) and measure.

        Columns: scenario, segment, measure, unit; for today, then and difference `<arm>_mean`,
        `<arm>_low50` … `<arm>_high95` and `<arm>_mc_error`; chance_better. Counts are customers
        over the projected months; money is in units of the currency.
        """
        return pl.DataFrame([_flat(row, self.currency) for row in self.rows])


def _flat(row: Row, currency: str | None) -> dict[str, str | float | None]:
    money = row.measure in IN_MONEY
    scale = 10 ** -decimals(currency) if money else 1.0
    return {
        "scenario": row.scenario,
        "segment": row.segment,
        "measure": row.measure,
        "unit": currency if money else "customers",
        **columns(row, scale),
        "chance_better": row.chance_better,
    }


def find_project(ruleset: ir.Ruleset, name: str | None) -> ir.Project:
    """The project of this name, or the only one.

    Raises:
        RulesError: there is none, or several and no name.
    """
    named = [each for each in ruleset.projects if name in (None, each.name)]
    if len(named) != 1:
        names = [each.name for each in ruleset.projects]
        raise RulesError([problems.no_project(names, name)], unable=True)
    return named[0]


def check_settings(settings: Settings) -> None:
    """What a program gives, which no command line has looked at.

    Raises:
        RulesError: a setting is out of its range.
    """
    ranges = (
        ("runs", settings.runs, FEWEST_RUNS, MOST_RUNS),
        ("seed", settings.seed, 0, LAST_SEED),
        ("threads", settings.threads, 1, MOST_THREADS),
    )
    found = [
        problems.setting_out_of_range(name, repr(given), f"a whole number from {low} to {high}")
        for name, given, low, high in ranges
        if given is not None and not (_whole(given) and low <= given <= high)
    ]
    names = (
        ("engine", settings.engine, get_args(EngineName)),
        ("executor", settings.executor, EXECUTORS),
    )
    for name, given, allowed in names:
        if not (isinstance(given, Executor) or given in allowed):
            listed = " or ".join(repr(each) for each in allowed)
            found.append(problems.setting_out_of_range(name, repr(given), listed))
    if found:
        raise RulesError(found, unable=True)


def _whole(given: object) -> bool:
    return isinstance(given, Integral) and not isinstance(given, bool)


def project(
    placement: Placement,
    settings: Settings,
    on_progress: Callable[[int], None] | None = None,
) -> Projection:
    """Carries out a project over the placed rows of its table.

    Raises:
        RulesError: the past does not hold what the project needs.
        KeyboardInterrupt: it was interrupted before two futures were finished.
    """
    ruleset = placement.ruleset
    found = find_project(ruleset, settings.project)
    funnel = next(each for each in ruleset.funnels if each.name == found.of)
    history = funnel_history(placement, funnel, find_set(ruleset, found.by), sales=True)
    seed = found.seed if settings.seed is None else settings.seed
    runs = found.runs if settings.runs is None else settings.runs
    engine = chosen(settings.engine)
    against = None if found.against == "today" else found.against
    agents = agents_of(ruleset, found, history)
    estimated = estimate(ruleset, found, history, seed=seed, agents=agents)
    check_agents(estimated.model)
    once = estimated.model.value is not None and _pays_once(estimated.model)
    try:
        with executor(settings.executor, settings.threads) as pool:
            how = How(pool, on_progress=on_progress)
            draws = simulate(estimated.model, runs, engine, how, months=settings.months or once)
    except EffortError as unsettled:
        raise diagnosed(unsettled) from unsettled
    if not draws.complete and len(draws.replications) < 2:
        raise KeyboardInterrupt
    used = {each.name for each in estimated.model.assumptions}
    assumptions = tuple(each for each in ruleset.assumptions if each.name in used)
    expired = [
        problems.assumption_expired(each.name, each.until, placement.context.as_of)
        for each in assumptions
        if each.until is not None and each.until < placement.context.as_of
    ]
    months = [f"{day:%Y-%m}" for day in projected_months(history.as_of, found.months)]
    return Projection(
        found, seed, len(draws.replications), engine, WHY[engine],
        ruleset.currency, assumptions, history, estimated,
        summarise(draws, against=against, holds=found.holds), draws.complete, tuple(expired),
        outlooks(draws, target_of(found, draws), against=against), studied(history),
        cost_parts(draws, against=against),
        courses(draws, months, against=against) if settings.months else (),
        whys(draws, against=against),
        paybacks(draws, against=against) if once else (), draws if settings.keep else None,
    )  # fmt: skip


def _pays_once(model: FunnelModel) -> bool:
    """Whether something is paid before it can have brought anything."""
    return any(
        cost.per == "once"
        for scenario in model.scenarios
        for lever in scenario.levers
        for cost in lever.costs
    )


def chosen(engine: EngineName) -> Engine:
    """The cheapest engine that is valid for a funnel: the expectation is taken only if asked.

    Raises:
        RulesError: the engine is none of funnels.
    """
    match engine:
        case "auto" | "counts":
            return "counts"
        case "expected":
            return "expected"
        case _:
            raise RulesError([problems.not_for_funnels(engine, list(WHY))], unable=True)


def target_of(found: ir.Project, draws: Draws) -> float | Floats | None:
    """The target of a project; that of each future where an assumption states it."""
    if not isinstance(found.target, str):
        return found.target
    names = [each.name for each in draws.model.assumptions]
    if draws.assumptions is None:
        raise ValueError("the draws hold no assumptions")
    drawn: Floats = draws.assumptions[:, names.index(found.target)]
    return drawn
