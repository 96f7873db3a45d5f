"""`segrules study`: the funnel by segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segrules.cli.options import (
    AsOf,
    By,
    Compared,
    Format,
    FunnelName,
    Gaps,
    History,
    Knobs,
    OutputFormat,
    ReportFile,
    RulesFile,
    Smallest,
    Tables,
)
from segrules.cli.page import check_page, made, write_page
from segrules.cli.session import Progress, date, load, print_json, print_tables, scan, show

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

    from segrules.rules import Rules
    from segrules.segments import gaps as gaps_of
    from segrules.segments.market import Market
    from segrules.segments.study import Study


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is studied, and which columns are compared: None where none are."""

    funnel: str | None
    by: str | None
    columns: list[str] | None
    smallest: int | None


@dataclass(frozen=True, slots=True)
class _Found:
    study: Study
    market: Market | None
    gaps: gaps_of.Gaps | None


def command(
    file: RulesFile,
    as_of: AsOf,
    table: Tables = [],
    knob: Knobs = [],
    history: History = None,
    funnel: FunnelName = None,
    by: By = None,
    gaps: Gaps = False,
    column: Compared = [],
    smallest: Smallest = None,
    report: ReportFile = None,
    form: OutputFormat = Format.table,
) -> None:
    """Show how each segment goes through the funnel, against the average.

    Only cohorts that have had the full time for a stage are counted. Where a target market is
    declared, it is shown who of those outside was served.

        segrules study rules.seg --table leads=leads.csv --as-of 2026-06-30
        segrules study rules.seg --gaps --column vulnerable ...
    """
    day = date(as_of)
    check_page(report, [file, *table])
    rules = load(file, knob, day, history)
    frames = scan(rules, table)
    compared = column if gaps or column or smallest else None
    with Progress("studying"):
        found = _found(rules, frames, day, _Wanted(funnel, by, compared, smallest))
    show((*found.study.findings, *(found.gaps.findings if found.gaps else ())))
    _print(found, rules, form)
    if report is not None:
        from segrules.report.page.study import study_page

        write_page(study_page(found.study, rules.ruleset, made(rules, file)), report)


def _found(rules: Rules, frames: dict[str, pl.LazyFrame], day: dt.date, wanted: _Wanted) -> _Found:
    """The study, the target market and the gaps, of rows that are placed once."""
    from segrules.segments.gaps import SMALLEST, gaps
    from segrules.segments.market import market
    from segrules.segments.study import study

    funnel = rules.funnel(wanted.funnel)
    chosen = rules.segment_set(wanted.by, funnel)
    placement = rules.place(frames, as_of=day, table=funnel.table)
    studied = study(placement, funnel.name, chosen.name)
    compared = None
    if wanted.columns is not None:
        least = wanted.smallest or SMALLEST
        compared = gaps(placement, funnel.name, chosen.name, wanted.columns, least)
    return _Found(studied, market(placement, chosen.name, funnel.name), compared)


def _print(found: _Found, rules: Rules, form: Format) -> None:
    from segrules.report.gaps import gaps_record, gaps_tables, market_record, market_tables
    from segrules.report.study import study_record, study_tables
    from segrules.segments.protection import protected_reads

    ruleset, market = rules.ruleset, found.market
    reads = protected_reads(ruleset) if found.gaps else ()
    if form is Format.json:
        record = study_record(found.study)
        record |= {"target": market_record(market)} if market else {}
        record |= {"gaps": gaps_record(found.gaps, reads, ruleset)} if found.gaps else {}
        print_json(record)
        return
    print_tables(study_tables(found.study, ruleset))
    if market:
        print_tables(market_tables(market, ruleset.set(market.segments_of).labels))
    if found.gaps:
        print_tables(gaps_tables(found.gaps, reads, ruleset))
