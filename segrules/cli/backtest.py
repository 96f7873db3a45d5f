"""`segrules backtest`: a projection held against what came."""

from __future__ import annotations

from typing import Annotated

import typer

from segrules.cli.options import (
    AsOf,
    Format,
    Futures,
    History,
    Knobs,
    OutputFormat,
    ProjectName,
    ReportFile,
    RulesFile,
    Seed,
    Tables,
)
from segrules.cli.page import check_page, made, write_page
from segrules.cli.session import Progress, date, load, print_json, print_tables, scan, show
from segrules.text import problems
from segrules.text.diagnostic import RulesError


def command(
    file: RulesFile,
    as_of: AsOf,
    until: Annotated[
        str,
        typer.Option(
            "--until", metavar="DATE", help="The day up to which the past is known (YYYY-MM-DD)."
        ),
    ],
    table: Tables = [],
    knob: Knobs = [],
    history: History = None,
    project: ProjectName = None,
    runs: Futures = None,
    seed: Seed = None,
    report: ReportFile = None,
    form: OutputFormat = Format.table,
) -> None:
    """Project from an earlier day, and hold the projection against what came.

    It says how often the intervals held what came, and whether last year's same months would have
    done as well. It ends with 0 where the back-test was passed, and with 1 where it was not. The
    record of one that was passed gives a projection its best grade.

        segrules backtest rules.seg --table leads=leads.csv --until 2025-06-30 --as-of 2026-06-30
        segrules backtest rules.seg --until 2025-06-30 --format json ... > held.json
        segrules simulate rules.seg --backtested held.json ...
    """
    from segrules.deciding import placer
    from segrules.report.backtest import backtest_record, backtest_tables
    from segrules.segments.history.store import rules_revision
    from segrules.sim.decisions.backtesting import backtest_project
    from segrules.sim.projection import Settings

    day, known = date(as_of), date(until)
    if known >= day:
        raise RulesError([problems.days_backwards(known, day)], unable=True)
    check_page(report, [file, *table])
    rules = load(file, knob, day, history)
    frames = scan(rules, table)
    with Progress("projecting", 0, "months") as progress:

        def tell(done: int, todo: int) -> None:
            progress.total = todo
            progress(done)

        then, now = (placer(rules, frames, each, project)({}) for each in (known, day))
        found = backtest_project(then, now, Settings(project, runs, seed), on_month=tell)
    show(found.findings)
    if form is Format.json:
        revision = rules_revision(rules.canonical, rules.ruleset.knobs)
        print_json(backtest_record(found, rules.ruleset.name, revision))
    else:
        print_tables(backtest_tables(found, rules.ruleset))
    if report is not None:
        from segrules.report.page.backtest import backtest_page

        write_page(backtest_page(found, rules.ruleset, made(rules, file)), report)
    if not found.passed:
        raise typer.Exit(1)
