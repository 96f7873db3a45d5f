"""`segrules sweep`: what a project would do at every setting of a knob or an assumption."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from segrules.cli.options import (
    AsOf,
    Futures,
    History,
    Knobs,
    Measure,
    ProjectName,
    RulesFile,
    Seed,
    Tables,
    Threads,
)
from segrules.cli.session import Progress, date, load, print_json, print_tables, scan, show

if TYPE_CHECKING:
    from segrules.sim.decisions.sweeping import Swept


class SweepFormat(StrEnum):
    table = "table"
    json = "json"
    csv = "csv"


def command(
    file: RulesFile,
    as_of: AsOf,
    over: Annotated[
        list[str],
        typer.Option(
            "--over",
            metavar="NAME=LOW:HIGH:STEPS",
            help="A knob or an assumption; alone, over its declared range. Several: every "
            "combination.",
        ),
    ],
    table: Tables = [],
    knob: Knobs = [],
    history: History = None,
    project: ProjectName = None,
    measure: Measure = None,
    runs: Futures = None,
    seed: Seed = None,
    threads: Threads = None,
    form: Annotated[
        SweepFormat, typer.Option("--format", help="Tables for people, JSON or CSV for machines.")
    ] = SweepFormat.table,
) -> None:
    """Turn a knob or an assumption through its range, and see where it pays and where it turns.

    It takes every project: a funnel, a life or a line. Every setting has the same seed and luck;
    after Ctrl-C the finished settings are shown.

        segrules sweep rules.seg --over letter_odds --as-of 2026-06-30 ...
        segrules sweep rules.seg --over complex_from=3:8:6 --format csv ...
    """
    from segrules.deciding import placer
    from segrules.report.sweep import sweep_record, sweep_tables
    from segrules.sim.decisions.sweeping import sweep_project
    from segrules.sim.projection import Settings

    day = date(as_of)
    rules = load(file, knob, day, history)
    frames = scan(rules, table)
    settings = Settings(project, runs, seed, threads=threads)
    with Progress("sweeping", 0, "futures") as progress:

        def tell(done: int, todo: int) -> None:
            progress.total = todo
            progress(done)

        place = placer(rules, frames, day, project)
        found = sweep_project(
            place, over, settings, measure=measure, on_progress=tell, history=rules.history
        )
    show(found.findings)
    if form is SweepFormat.csv:
        _write_csv(found)
    elif form is SweepFormat.json:
        print_json(sweep_record(found))
    else:
        print_tables(sweep_tables(found, rules.ruleset))
    if not found.complete:
        raise typer.Exit(130)


def _write_csv(found: Swept) -> None:
    """On stdout; what is missing is an empty cell."""
    sys.stdout.write(found.frame().write_csv())
