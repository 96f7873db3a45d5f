"""`segrules profile`: what the segments are made of."""

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
)


def command(
    file: RulesFile,
    as_of: AsOf,
    table: Tables = [],
    knob: Knobs = [],
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="SET", help="Which segments, where there are several sets."),
    ] = None,
    column: Annotated[
        list[str],
        typer.Option(
            "--column", metavar="NAME", help="A number to profile by (default: all money)."
        ),
    ] = [],
    form: OutputFormat = Format.table,
) -> None:
    """Show size, shares of money and averages of each segment.

    segrules profile rules.seg --table orders=orders.csv --as-of 2025-12-31
    """
    from segrules.report.profile import profile_record, profile_tables

    day = date(as_of)
    rules = load(file, knob)
    frames = scan(rules, table)
    with Progress("profiling"):
        found = rules.profile(frames, as_of=day, by=by, columns=column or None)
    if form is Format.json:
        print_json(profile_record(found))
    else:
        print_tables(profile_tables(found, rules.ruleset))
