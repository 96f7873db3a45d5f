"""`segrules pilot`: the size of a test of a scenario, and what it would be worth."""

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
    RulesFile,
    ScenarioName,
    Seed,
    Tables,
)
from segrules.cli.session import Progress, date, load, print_json, print_tables, scan
from segrules.text import problems
from segrules.text.diagnostic import RulesError


def command(
    file: RulesFile,
    as_of: AsOf,
    table: Tables = [],
    knob: Knobs = [],
    history: History = None,
    project: ProjectName = None,
    scenario: ScenarioName = None,
    cost: Annotated[
        float,
        typer.Option("--cost", metavar="AMOUNT", help="What the test costs, whatever its size."),
    ] = 0.0,
    cost_each: Annotated[
        float, typer.Option("--cost-each", metavar="AMOUNT", help="What each customer in it costs.")
    ] = 0.0,
    agent: Annotated[
        str | None,
        typer.Option(
            "--agent", metavar="COLUMN", help="Who treated a customer, to say how alike theirs are."
        ),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            "--outcome",
            metavar="STAGE",
            help="The stage it is judged by: an earlier one takes fewer customers (default: the "
            "last one whose rate the scenario changes).",
        ),
    ] = None,
    runs: Futures = None,
    seed: Seed = None,
    form: OutputFormat = Format.table,
) -> None:
    """Plan a test of a scenario: how many customers, how long, and whether it is worth its cost.

    Rates and arrivals are the project's own; the effect is what its assumptions say.

        segrules pilot rules.seg --scenario letters --as-of 2026-06-30 ...
        segrules pilot rules.seg --cost 5000 --cost-each 2 --agent adviser ...
    """
    from segrules.deciding import placer
    from segrules.lang.types import decimals
    from segrules.report.pilot import pilot_record, pilot_tables
    from segrules.sim.decisions.piloting import Costs, plan_test
    from segrules.sim.projection import Settings

    for option, amount in (("cost", cost), ("cost-each", cost_each)):
        if not amount >= 0:
            raise RulesError([problems.cost_out_of_range(option)], unable=True)
    day = date(as_of)
    rules = load(file, knob, day, history)
    frames = scan(rules, table)
    scale = 10 ** decimals(rules.ruleset.currency)
    with Progress("planning"):
        found = plan_test(
            placer(rules, frames, day, project)({}),
            Settings(project, runs, seed),
            scenario=scenario,
            costs=Costs(cost * scale, cost_each * scale),
            agent=agent,
            judged=outcome,
        )
    if form is Format.json:
        print_json(pilot_record(found))
    else:
        print_tables(pilot_tables(found, rules.ruleset))
