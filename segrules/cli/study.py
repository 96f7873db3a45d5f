"""`segrules study`: the funnel by segment."""

from __future__ import annotations

from typing import Annotated

import typer

from segrules.cli.session import (
    AsOf,
    Format,
    Knobs,
    OutputFormat,
    Progress,
    RulesFile,
    Tables,
    date,
    load,
    print_json,
    print_tables,
    scan,
    show,
)


def command(
    file: RulesFile,
    as_of: AsOf,
    table: Tables = [],
    knob: Knobs = [],
    funnel: Annotated[
        str | None,
        typer.Option("--funnel", metavar="NAME", help="Which funnel, where there are several."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="SET", help="Which segments, where there are several sets."),
    ] = None,
    form: OutputFormat = Format.table,
) -> None:
    """Show how each segment goes through the funnel, against the average.

    Only cohorts that have had the full time for a stage are counted.

        segrules study rules.seg --table leads=leads.csv --as-of 2026-06-30
    """
    from segrules.report.study import study_record, study_tables

    day = date(as_of)
    rules = load(file, knob)
    frames = scan(rules, table)
    with Progress("studying"):
        found = rules.study(frames, as_of=day, funnel=funnel, by=by)
    show(found.findings)
    if form is Format.json:
        print_json(study_record(found))
    else:
        print_tables(study_tables(found, rules.ruleset))
