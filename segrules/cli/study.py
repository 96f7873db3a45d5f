"""`segrules study`: the funnel by segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
from segrules.text import problems
from segrules.text.diagnostic import RulesError

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl
    from rich.console import RenderableType

    from segrules.lang import ir
    from segrules.rules import Rules
    from segrules.segments import gaps as gaps_of
    from segrules.segments.assign import Placement
    from segrules.segments.market import Market
    from segrules.segments.study import Study
    from segrules.sim.learned import Experiment
    from segrules.sim.learned_agents import AgentsStudy
    from segrules.sim.learned_stages import PastOf

Arm = Annotated[
    str | None,
    typer.Option(
        "--arm", metavar="COLUMN", help="An experiment: the column that says who got what."
    ),
]
Control = Annotated[
    str | None,
    typer.Option("--control", metavar="VALUE", help="Of that column: treated as always."),
]
Outcome = Annotated[
    str | None,
    typer.Option(
        "--outcome",
        metavar="STAGE",
        help="What an experiment or agents are judged by: a stage, or `value` (default: of an "
        "experiment the stage after the first, of agents the one with a value).",
    ),
]
AgentLink = Annotated[
    str | None,
    typer.Option(
        "--agents",
        metavar="LINK",
        help="How far agents differ: the column that refers to their table.",
    ),
]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is studied, and which columns are compared: None where none are."""

    funnel: str | None
    by: str | None
    columns: list[str] | None
    smallest: int | None
    arm: str | None = None
    control: str | None = None
    outcome: str | None = None
    agents: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    study: Study
    past: PastOf
    market: Market | None
    gaps: gaps_of.Gaps | None
    experiment: Experiment | None
    agents: AgentsStudy | None


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
    arm: Arm = None,
    control: Control = None,
    outcome: Outcome = None,
    agents: AgentLink = None,
    report: ReportFile = None,
    form: OutputFormat = Format.table,
) -> None:
    """Show how each segment goes through the funnel, against the average.

    Only cohorts that have had the full time for a stage are counted. Where a target market is
    declared, it is shown who of those outside was served. An experiment shows what its treatments
    did, and ends with lines to paste into the rules.

        segrules study rules.seg --table leads=leads.csv --as-of 2026-06-30
        segrules study rules.seg --gaps --column vulnerable ...
        segrules study rules.seg --arm letter --control none ...
        segrules study rules.seg --agents adviser ...
    """
    day = date(as_of)
    _check_options(arm, control, outcome, agents)
    check_page(report, [file, *table])
    rules = load(file, knob, day, history)
    frames = scan(rules, table)
    compared = column if gaps or column or smallest else None
    wanted = _Wanted(funnel, by, compared, smallest, arm, control, outcome, agents)
    with Progress("studying"):
        found = _found(rules, frames, day, wanted)
    show((*found.study.findings, *(found.gaps.findings if found.gaps else ())))
    _print(found, rules, form)
    if report is not None:
        from segrules.report.page.study import study_page

        write_page(study_page(found.study, rules.ruleset, made(rules, file)), report)


def _check_options(
    arm: str | None, control: str | None, outcome: str | None, agents: str | None
) -> None:
    """Options that say something about another one stand with it.

    Raises:
        RulesError: one stands alone.
    """
    if arm is None and control is not None:
        raise RulesError([problems.option_alone("control", ["arm"])], unable=True)
    if arm is None and agents is None and outcome is not None:
        raise RulesError([problems.option_alone("outcome", ["arm", "agents"])], unable=True)
    if arm is not None and control is None:
        raise RulesError([problems.control_missing(arm)], unable=True)


def _found(rules: Rules, frames: dict[str, pl.LazyFrame], day: dt.date, wanted: _Wanted) -> _Found:
    """The study and what is learned beside it, of rows that are placed once."""
    from segrules.segments.gaps import SMALLEST, gaps
    from segrules.segments.market import market
    from segrules.segments.study import study
    from segrules.sim.learned_stages import past_of_stages

    funnel = rules.funnel(wanted.funnel)
    chosen = rules.segment_set(wanted.by, funnel)
    placement = rules.place(frames, as_of=day, table=funnel.table)
    studied = study(placement, funnel.name, chosen.name)
    compared = None
    if wanted.columns is not None:
        least = wanted.smallest or SMALLEST
        compared = gaps(placement, funnel.name, chosen.name, wanted.columns, least)
    return _Found(
        studied,
        past_of_stages(placement, funnel, chosen),
        market(placement, chosen.name, funnel.name),
        compared,
        _experiment(placement, funnel, chosen, wanted),
        _agents(placement, funnel, chosen, wanted),
    )


def _experiment(
    placement: Placement, funnel: ir.Funnel, chosen: ir.SegmentSet, wanted: _Wanted
) -> Experiment | None:
    if wanted.arm is None or wanted.control is None:
        return None
    from segrules.sim.learned import Asked, experiment

    return experiment(placement, funnel, chosen, Asked(wanted.arm, wanted.control, wanted.outcome))


def _agents(
    placement: Placement, funnel: ir.Funnel, chosen: ir.SegmentSet, wanted: _Wanted
) -> AgentsStudy | None:
    if wanted.agents is None:
        return None
    from segrules.sim.learned_agents import agents

    # the outcome of an experiment may be the value, which agents are not judged by
    outcome = None if wanted.arm is not None else wanted.outcome
    return agents(placement, funnel, chosen, wanted.agents, outcome)


def _print(found: _Found, rules: Rules, form: Format) -> None:
    from segrules.report.gaps import gaps_record, gaps_tables, market_record, market_tables
    from segrules.report.past import past_tables
    from segrules.report.study import study_record, study_tables
    from segrules.segments.protection import protected_reads

    ruleset, market = rules.ruleset, found.market
    reads = protected_reads(ruleset) if found.gaps else ()
    if form is Format.json:
        record = study_record(found.study)
        record |= {"target": market_record(market)} if market else {}
        record |= {"gaps": gaps_record(found.gaps, reads, ruleset)} if found.gaps else {}
        print_json(record | _learned_record(found, ruleset))
        return
    print_tables(study_tables(found.study, ruleset))
    print_tables(past_tables(found.past, ruleset, found.study.history.segments_of))
    if market:
        print_tables(market_tables(market, ruleset.set(market.segments_of).labels))
    if found.gaps:
        print_tables(gaps_tables(found.gaps, reads, ruleset))
    print_tables(_learned_tables(found, ruleset))


def _learned_tables(found: _Found, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    from segrules.report.learned import agents_tables, experiment_tables
    from segrules.sim.learned_assume import proposals

    if found.experiment:
        proposed = proposals(found.experiment, ruleset)
        yield from experiment_tables(found.experiment, proposed, ruleset)
    if found.agents:
        yield from agents_tables(found.agents, ruleset)


def _learned_record(found: _Found, ruleset: ir.Ruleset) -> dict[str, Any]:
    from segrules.report.learned import agents_record, experiment_record
    from segrules.report.past import past_record
    from segrules.sim.learned_assume import proposals

    record = past_record(found.past, ruleset)
    if found.experiment:
        proposed = proposals(found.experiment, ruleset)
        record["experiment"] = experiment_record(found.experiment, proposed, ruleset)
    if found.agents:
        record["agents"] = agents_record(found.agents)
    return record
