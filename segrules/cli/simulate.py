"""`segrules simulate`: what the scenarios of a project would do."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from segrules.cli.options import (
    AsOf,
    Format,
    History,
    Knobs,
    OutputFormat,
    ReportFile,
    RulesFile,
    Tables,
)
from segrules.cli.page import check_page, made, write_page
from segrules.cli.session import Progress, date, load, print_json, print_tables, scan, show

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

    from segrules.rules import Rules
    from segrules.sim.projection import Projection, Settings


class EngineName(StrEnum):
    counts = "counts"
    expected = "expected"


def command(
    file: RulesFile,
    as_of: AsOf,
    table: Tables = [],
    knob: Knobs = [],
    history: History = None,
    project: Annotated[
        str | None,
        typer.Option("--project", metavar="NAME", help="Which project, where there are several."),
    ] = None,
    runs: Annotated[
        int | None, typer.Option("--runs", min=100, max=1_000_000, help="How many futures.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, max=2**63 - 1, help="The luck; the same seed gives the same bytes."
        ),
    ] = None,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="counts: with luck; expected: without.")
    ] = EngineName.counts,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, max=256, help="Default: all cores.")
    ] = None,
    report: ReportFile = None,
    form: OutputFormat = Format.table,
) -> None:
    """Project what each scenario would do to conversion, revenue, cost and profit.

    Every figure is beside today under the same luck, with its interval and what it assumes.

        segrules simulate rules.seg --table leads=leads.csv --as-of 2026-06-30 --seed 7
        segrules simulate rules.seg --report page.html ...
    """
    from segrules.report.projection import projection_record, projection_tables
    from segrules.sim.projection import Settings

    day = date(as_of)
    check_page(report, [file, *table])
    rules = load(file, knob, day, history)
    frames = scan(rules, table)
    settings = Settings(project, runs, seed, engine.value, threads)
    found = carry_out(rules, frames, day, settings)
    show(found.findings)
    if form is Format.json:
        print_json(projection_record(found))
    else:
        print_tables(projection_tables(found, rules.ruleset))
    if report is not None:
        from segrules.report.page.projection import projection_page

        write_page(projection_page(found, rules.ruleset, made(rules, file)), report)
    if not found.complete:
        raise typer.Exit(130)


def carry_out(
    rules: Rules, frames: dict[str, pl.LazyFrame], day: dt.date, settings: Settings
) -> Projection:
    """The projection, with its progress on stderr."""
    from segrules.sim.projection import find_project
    from segrules.sim.projection import project as simulated

    found = find_project(rules.ruleset, settings.project)
    funnel = next(each for each in rules.ruleset.funnels if each.name == found.of)
    placement = rules.place(frames, as_of=day, table=funnel.table)
    with Progress("projecting", settings.runs or found.runs, "futures") as progress:
        return simulated(placement, settings, progress)
