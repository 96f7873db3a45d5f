"""`segrules profile`: what the segments are made of."""

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
    concentration: Annotated[
        list[str],
        typer.Option(
            "--concentration", metavar="NAME", help="Show who brings and who costs this value."
        ),
    ] = [],
    effort: Annotated[
        list[str],
        typer.Option(
            "--effort", metavar="NAME", help="What is spent on a customer, beside the value."
        ),
    ] = [],
    cards: Annotated[
        bool, typer.Option("--cards", help="Show each segment on a card, in plain words.")
    ] = False,
    department: Annotated[
        str | None,
        typer.Option("--for", metavar="DEPARTMENT", help="The cards, with what it does."),
    ] = None,
    form: OutputFormat = Format.table,
) -> None:
    """Show size, shares of money and averages of each segment.

    segrules profile rules.seg --table orders=orders.csv --as-of 2025-12-31
    segrules profile rules.seg --concentration profit --effort minutes ...
    segrules profile rules.seg --cards ...
    """
    from segrules.report.cards import card_record, card_tables
    from segrules.report.gaps import market_record, market_tables
    from segrules.report.profile import profile_record, profile_tables
    from segrules.segments.cards import cards as cards_of
    from segrules.segments.market import market as market_of
    from segrules.segments.profile import concentrated

    day = date(as_of)
    rules = load(file, knob, day, history)
    frames = scan(rules, table)
    with Progress("profiling"):
        found = rules.profile(frames, as_of=day, by=by, columns=column or None)
        full = bool(concentration or effort)
        targeted = any(target.table == found.table for target in rules.ruleset.targets)
        market = None
        if full or targeted:
            placement = rules.place(frames, as_of=day, table=found.table)
        if full:
            found = concentrated(placement, found, concentration, effort)
        if targeted:
            market = market_of(placement, found.segments_of)
    show(found.findings)
    if cards or department is not None:
        made = cards_of(found, rules.ruleset, department)
        if form is Format.json:
            print_json(card_record(made))
        else:
            print_tables(card_tables(made))
    elif form is Format.json:
        target = {"target": market_record(market)} if market else {}
        print_json(profile_record(found) | target)
    else:
        print_tables(profile_tables(found, rules.ruleset, full=full))
        if market:
            labels = rules.ruleset.set(found.segments_of).labels
            print_tables(market_tables(market, labels))
