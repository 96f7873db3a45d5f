"""`segrules study`: the funnel by segment."""

from __future__ import annotations

from typing import Annotated

import typer

from segrules.cli.session import (
    AsOf,
    Format,
    History,
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
    history: History = None,
    funnel: Annotated[
        str | None,
        typer.Option("--funnel", metavar="NAME", help="Which funnel, where there are several."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="SET", help="Which segments, where there are several sets."),
    ] = None,
    gaps: Annotated[
        bool, typer.Option("--gaps", help="Compare outcomes between groups of protected columns.")
    ] = False,
    column: Annotated[
        list[str],
        typer.Option(
            "--column",
            metavar="NAME",
            help="Look for gaps by this column or named value (default: all that is protected).",
        ),
    ] = [],
    smallest: Annotated[
        int | None,
        typer.Option(
            "--smallest",
            metavar="N",
            min=1,
            help="Show gaps where there are so many on either side (default: 10).",
        ),
    ] = None,
    form: OutputFormat = Format.table,
) -> None:
    """Show how each segment goes through the funnel, against the average.

    Only cohorts that have had the full time for a stage are counted. Where a target market is
    declared, it is shown who of those outside was served.

        segrules study rules.seg --table leads=leads.csv --as-of 2026-06-30
        segrules study rules.seg --gaps --column vulnerable ...
    """
    from segrules.report.gaps import gaps_record, gaps_tables, market_record, market_tables
    from segrules.report.study import study_record, study_tables
    from segrules.segments.gaps import SMALLEST
    from segrules.segments.gaps import gaps as gaps_of
    from segrules.segments.market import market as market_of
    from segrules.segments.protection import protected_reads

    day = date(as_of)
    rules = load(file, knob, day, history)
    frames = scan(rules, table)
    wanted = bool(gaps or column or smallest)
    market, compared = None, None
    with Progress("studying"):
        found = rules.study(frames, as_of=day, funnel=funnel, by=by)
        past, ruleset = found.history, rules.ruleset
        segment_set = ruleset.set(past.segments_of)
        if wanted or any(target.table == segment_set.table for target in ruleset.targets):
            placement = rules.place(frames, as_of=day, table=segment_set.table)
            market = market_of(placement, past.segments_of, past.funnel)
        if wanted:
            least = smallest or SMALLEST
            compared = gaps_of(placement, past.funnel, past.segments_of, column, least)
    show((*found.findings, *(compared.findings if compared else ())))
    reads = protected_reads(ruleset) if compared else ()
    if form is Format.json:
        record = study_record(found)
        record |= {"target": market_record(market)} if market else {}
        record |= {"gaps": gaps_record(compared, reads, ruleset)} if compared else {}
        print_json(record)
        return
    print_tables(study_tables(found, ruleset))
    if market:
        print_tables(market_tables(market, segment_set.labels))
    if compared:
        print_tables(gaps_tables(compared, reads, ruleset))
