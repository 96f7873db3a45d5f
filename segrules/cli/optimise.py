"""`segrules optimise`: the setting of knobs that gains most within limits."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from segrules.cli.options import (
    AsOf,
    Format,
    Futures,
    History,
    Knobs,
    Measure,
    OutputFormat,
    ProjectName,
    RulesFile,
    ScenarioName,
    Seed,
    Tables,
    Threads,
)
from segrules.cli.session import Progress, date, load, print_json, print_tables, scan


def command(
    file: RulesFile,
    as_of: AsOf,
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary", metavar="NAME=LOW:HIGH", help="A knob; alone, within its declared range."
        ),
    ],
    limit: Annotated[
        list[str],
        typer.Option(
            "--limit",
            metavar="LIMIT",
            help="What must hold, such as `cost <= today`, `pay >= 95% of today` (in every pool), "
            "or on a line `wait <= 60`.",
        ),
    ] = [],
    table: Tables = [],
    knob: Knobs = [],
    history: History = None,
    project: ProjectName = None,
    scenario: ScenarioName = None,
    measure: Measure = None,
    evaluations: Annotated[
        int, typer.Option("--evaluations", min=5, max=20_000, help="How many settings to try.")
    ] = 200,
    runs: Futures = None,
    seed: Seed = None,
    threads: Threads = None,
    form: OutputFormat = Format.table,
) -> None:
    """Find the setting of knobs with which a scenario gains most, within limits.

    It looks without luck (on a line: with the same luck for all), runs the best settings again with
    it, and judges the winner once more on fresh luck. After Ctrl-C the best of what was tried is
    shown.

        segrules optimise rules.seg --vary complex_from --limit "cost <= today" ...
        segrules optimise rules.seg --vary share=10%:40% --limit "pay >= 95% of today" ...
    """
    from segrules.deciding import placer
    from segrules.report.optimum import optimum_record, optimum_tables
    from segrules.sim.decisions.optimising import Wish, optimise_project
    from segrules.sim.projection import Settings

    day = date(as_of)
    rules = load(file, knob, day, history)
    frames = scan(rules, table)
    settings = Settings(project, runs, seed, threads=threads)
    wish = Wish(vary, limit, measure, scenario, evaluations)
    with Progress("looking", evaluations, "settings") as progress, _asked_to_stop() as asked:

        def tell(unit: str, done: int) -> None:
            if unit not in ("settings", progress.unit):
                progress.turn_to("judging the best", unit)
            if unit == progress.unit:
                progress(done)

        place = placer(rules, frames, day, project)
        found = optimise_project(place, wish, settings, on_progress=tell, stop=lambda: bool(asked))
    if form is Format.json:
        print_json(optimum_record(found))
    else:
        print_tables(optimum_tables(found, rules.ruleset))
    if not found.complete:
        raise typer.Exit(130)


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Holds a sign once Ctrl-C was pressed; pressed again, it interrupts at once."""
    asked: list[int] = []

    def note(number: int, _frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
