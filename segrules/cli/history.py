"""`segrules history`: who moved between segments, and who went to and fro."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segrules.cli.options import Format, Knobs, Of, OutputFormat, RulesFile
from segrules.cli.session import Progress, date, load, print_json, print_tables, show


def command(
    file: RulesFile,
    history: Annotated[
        str,
        typer.Option("--history", metavar="DIR", help="The folder that assignments are kept in."),
    ],
    knob: Knobs = [],
    of: Of = None,
    segments: Annotated[
        str | None,
        typer.Option("--set", metavar="SET", help="Which segments (default: all sets)."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Leave out runs before this day."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DATE", help="Leave out runs after this day."),
    ] = None,
    form: OutputFormat = Format.table,
) -> None:
    """Show who moved from segment to segment between reviews, and who went to and fro.

    segrules history rules.seg --history history --since 2026-01-01
    """
    from segrules.report.history import history_record, history_tables
    from segrules.segments.history.reviews import Asked, migrations

    first, last = date(since) if since else None, date(until) if until else None
    rules = load(file, knob)
    asked = Asked(of, segments, first, last)
    with Progress("counting moves"):
        found = migrations(Path(history), rules.ruleset, asked, text=rules.canonical)
    show(found.findings)
    if form is Format.json:
        sets = [history_record(each, rules.ruleset.set(each.segments_of)) for each in found.sets]
        print_json({"schema": 1, "sets": sets})
    else:
        for each in found.sets:
            print_tables(history_tables(each, rules.ruleset.set(each.segments_of)))
