"""`segrules profile`: what the segments are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segrules.cli.options import (
    AsOf,
    By,
    Cards,
    Concentrated,
    Department,
    Effort,
    Format,
    History,
    Knobs,
    OutputFormat,
    Profiled,
    RulesFile,
    Tables,
)
from segrules.cli.session import Progress, date, load, print_json, print_tables, scan, show

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

    from segrules.rules import Rules
    from segrules.segments.market import Market
    from segrules.segments.profile import Profile


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is profiled: the set, its columns, and whose concentration is shown in full."""

    by: str | None
    columns: list[str]
    concentration: list[str]
    effort: list[str]

    @property
    def full(self) -> bool:
        return bool(self.concentration or self.effort)


def command(
    file: RulesFile,
    as_of: AsOf,
    table: Tables = [],
    knob: Knobs = [],
    history: History = None,
    by: By = None,
    column: Profiled = [],
    concentration: Concentrated = [],
    effort: Effort = [],
    cards: Cards = False,
    department: Department = None,
    form: OutputFormat = Format.table,
) -> None:
    """Show size, shares of money and averages of each segment.

    segrules profile rules.seg --table orders=orders.csv --as-of 2025-12-31
    segrules profile rules.seg --concentration profit --effort minutes ...
    segrules profile rules.seg --cards ...
    """
    day = date(as_of)
    rules = load(file, knob, day, history)
    frames = scan(rules, table)
    wanted = _Wanted(by, column, concentration, effort)
    with Progress("profiling"):
        found, market = _found(rules, frames, day, wanted)
    show(found.findings)
    if cards or department is not None:
        _print_cards(found, rules, department, form)
    else:
        _print_profile(found, market, rules, form, full=wanted.full)


def _found(
    rules: Rules, frames: dict[str, pl.LazyFrame], day: dt.date, wanted: _Wanted
) -> tuple[Profile, Market | None]:
    """The profile and the target market, of rows that are placed once."""
    from segrules.segments.market import market
    from segrules.segments.profile import concentrated, profile

    chosen = rules.segment_set(wanted.by)
    placement = rules.place(frames, as_of=day, table=chosen.table)
    found = profile(placement, chosen.name, wanted.columns or None)
    if wanted.full:
        found = concentrated(placement, found, wanted.concentration, wanted.effort)
    return found, market(placement, chosen.name)


def _print_cards(found: Profile, rules: Rules, department: str | None, form: Format) -> None:
    from segrules.report.cards import card_record, card_tables
    from segrules.segments.cards import cards

    made = cards(found, rules.ruleset, department)
    if form is Format.json:
        print_json(card_record(made))
    else:
        print_tables(card_tables(made))


def _print_profile(
    found: Profile, market: Market | None, rules: Rules, form: Format, *, full: bool
) -> None:
    from segrules.report.gaps import market_record, market_tables
    from segrules.report.profile import profile_record, profile_tables

    if form is Format.json:
        target = {"target": market_record(market)} if market else {}
        print_json(profile_record(found) | target)
        return
    print_tables(profile_tables(found, rules.ruleset, full=full))
    if market:
        print_tables(market_tables(market, rules.ruleset.set(found.segments_of).labels))
