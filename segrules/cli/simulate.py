"""`segrules simulate`: what the scenarios of a project would do."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from segrules.cli.held import held_record
from segrules.cli.options import (
    AsOf,
    Backtested,
    Format,
    Futures,
    History,
    Knobs,
    OutputFormat,
    ProjectName,
    ReportFile,
    RequiredGrade,
    RulesFile,
    Seed,
    Tables,
    Threads,
    Told,
)
from segrules.cli.page import check_page, made, write_page
from segrules.cli.session import Progress, date, load, print_json, print_tables, scan, show
from segrules.text.diagnostic import RulesError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import polars as pl

    from segrules.report.page.content import Page
    from segrules.rules import Rules
    from segrules.sim.assumptions import Grade
    from segrules.sim.decisions.account import Account
    from segrules.sim.decisions.trusting import Graded
    from segrules.sim.projection import Settings
    from segrules.sim.whichever import Found


class EngineName(StrEnum):
    auto = "auto"
    counts = "counts"
    expected = "expected"
    customers = "customers"
    events = "events"


class ExecutorName(StrEnum):
    threads = "threads"
    processes = "processes"
    spark = "spark"


Engine = Annotated[
    EngineName,
    typer.Option(
        "--engine",
        help="auto: the cheapest that holds; counts: by segment; expected: without luck; "
        "customers: each one, period by period; events: each contact of a line.",
    ),
]
Executor = Annotated[
    ExecutorName, typer.Option("--executor", help="Who does the work; the result is the same.")
]


def command(
    file: RulesFile,
    as_of: AsOf,
    table: Tables = [],
    knob: Knobs = [],
    history: History = None,
    project: ProjectName = None,
    scenario: Told = None,
    runs: Futures = None,
    seed: Seed = None,
    engine: Engine = EngineName.auto,
    threads: Threads = None,
    executor: Executor = ExecutorName.threads,
    backtested: Backtested = None,
    require_grade: RequiredGrade = None,
    report: ReportFile = None,
    form: OutputFormat = Format.table,
) -> None:
    """Project what each scenario would do to conversion, revenue, cost and profit.

    Every figure is beside today under the same luck, with its interval and what it assumes.

        segrules simulate rules.seg --table leads=leads.csv --as-of 2026-06-30 --seed 7
        segrules simulate rules.seg --scenario letters --report page.html ...
        segrules simulate rules.seg --require-grade B ...
    """
    from segrules.sim import whichever
    from segrules.sim.projection import Settings

    day = date(as_of)
    check_page(report, [file, *table])
    rules = load(file, knob, day, history)
    frames = scan(rules, table)
    settings = Settings(
        project, runs, seed, engine.value, threads, executor.value, months=report is not None
    )
    held = held_record(backtested, rules, project)
    first = None if scenario is None else _checked(rules, project, scenario)
    found = carry_out(rules, frames, day, settings)
    if first is not None:
        found = whichever.leading(found, first)
    show(found.findings)
    judged = _judged(found, rules, held, every=form is Format.json or require_grade is not None)
    _print(found, judged, rules, form)
    if report is not None:
        write_page(_page(found, judged, rules, file), report)
    if not found.complete:
        raise typer.Exit(130)
    if require_grade is not None:
        _require(_graded(found, judged), require_grade.value)


def carry_out(
    rules: Rules, frames: dict[str, pl.LazyFrame], day: dt.date, settings: Settings
) -> Found:
    """The projection, with its progress on stderr."""
    from segrules.sim import whichever
    from segrules.sim.projection import find_project

    found = find_project(rules.ruleset, settings.project)
    table = whichever.table_of(rules.ruleset, found)
    placement = rules.place(frames, as_of=day, table=table)
    what = "days" if found.about == "line" else "futures"
    with Progress("projecting", settings.runs or found.runs, what) as progress:
        return whichever.carry_out(placement, found, settings, progress, rules.history)


def _checked(rules: Rules, project: str | None, scenario: str) -> str:
    from segrules.sim.decisions.asking import checked_scenario
    from segrules.sim.projection import find_project

    asked = find_project(rules.ruleset, project)
    told = tuple(name for name in asked.compare if name != asked.against)
    return checked_scenario(replace(asked, compare=told), scenario)


def _judged(found: Found, rules: Rules, held: bool, *, every: bool) -> tuple[Account, ...]:
    """What each scenario, or the first one, is made of and rests on, where that is known."""
    from segrules.sim.decisions.account import account, accounts
    from segrules.sim.life import LifeProjection
    from segrules.sim.projection import Projection

    if isinstance(found, LifeProjection):
        return found.accounts
    if not isinstance(found, Projection):
        return ()
    if every:
        return accounts(found, rules.ruleset, back_tested=held)
    return (account(found, rules.ruleset, 0, back_tested=held),)


def _print(found: Found, judged: tuple[Account, ...], rules: Rules, form: Format) -> None:
    from segrules.report.simulated import record, tables

    if form is Format.json:
        print_json(record(found, judged))
    else:
        print_tables(tables(found, judged, rules.ruleset))


def _page(found: Found, judged: tuple[Account, ...], rules: Rules, file: str) -> Page:
    from segrules.report.page.simulated import page

    return page(found, judged, rules.ruleset, made(rules, file))


def _graded(found: Found, judged: tuple[Account, ...]) -> Sequence[Graded]:
    """The scenarios with what they rest on; a line tells that of all of them."""
    from segrules.sim.line import LineProjection

    return found.graded if isinstance(found, LineProjection) else judged


def _require(judged: Sequence[Graded], grade: Grade) -> None:
    from segrules.sim.decisions.trusting import too_weak

    weak = too_weak(judged, grade)
    if weak:
        raise RulesError(list(weak))
