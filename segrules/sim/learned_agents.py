"""What agents did: how far they differ beyond luck, and what routing to the best would bring."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from segrules.lang import ir
from segrules.lang.types import Enum, Flag, Link, Money, Number, Share, Whole
from segrules.segments.assign import Placement
from segrules.segments.funnel import mature_until
from segrules.sim.decisions.rows import ENTERED, SEGMENT, funnel_rows
from segrules.sim.learn.agents import (
    Agents,
    Assignment,
    Lift,
    assignment_of,
    learn_agents,
    route_to_best,
)
from segrules.sim.learn.pooling import Pooled
from segrules.sim.learned import SEED, VALUE, stage_of
from segrules.text import problems
from segrules.text.diagnostic import RulesError

SHARE = 0.1
"""Of the agents, those that all cases would be routed to."""

MOST_KINDS = 50
"""Rows of a linked table beyond which a link is not held against the agents."""

_AGENT, _KEY, _OUTCOME, _COLUMN = ":agent", ":key", ":outcome", ":column:"


@dataclass(frozen=True)
class Spread:
    """The standard deviation of agents' conversion beyond luck, in parts of one, and its error.

    segment: None for all segments, each agent held against the mean of the segments worked in.
    alike: chance that agents do not differ at all.
    """

    segment: str | None
    agents: int
    cases: int
    spread: float
    error: float
    alike: float


@dataclass(frozen=True)
class AgentsStudy:
    """Agents at the step from `before` to `stage`; names of agents are not kept.

    raw_spread: standard deviation of the plain rates, luck and all. correlation: intra-class, of
    cases of one agent. routed: agents that the lift sends all cases to.
    """

    funnel: str
    segments_of: str
    as_of: dt.date
    link: str
    table: str
    before: str
    stage: str
    until: dt.date
    overall: Spread
    segments: tuple[Spread, ...]
    raw_spread: float
    correlation: float
    assignment: Assignment
    lift: Lift
    rate: float
    left_out: tuple[str, ...]

    @property
    def label(self) -> str:
        """What the lift may be called: "as if at random" or "associational"."""
        return "as if at random" if self.assignment.at_random else "associational"


def agents(
    placement: Placement,
    funnel: ir.Funnel,
    segment_set: ir.SegmentSet,
    link: str,
    outcome: str | None = None,
) -> AgentsStudy:
    """Study the agents that a column of the funnel's table refers to.

    outcome: the stage; None is the one with a value, or else the last.

    Raises:
        RulesError: the column is no link, there is no such stage, or agents cannot be told apart.
    """
    table = placement.ruleset.table(funnel.table)
    if link not in table.links:
        raise RulesError(
            [problems.leads_to_no_agents(link, table.name, list(table.links))], unable=True
        )
    at = _stage(funnel, outcome)
    stage, before = funnel.stages[at].name, funnel.stages[at - 1].name
    until = mature_until(funnel.stages[: at + 1], placement.context.as_of)
    columns = _columns(table, funnel, link)
    asked: dict[str, ir.Expr] = {_AGENT: _column(table, link), _KEY: _column(table, table.key)}
    asked |= {f"{_COLUMN}{name}": expr for name, expr in columns.items()}
    rows = funnel_rows(placement, funnel, segment_set, asked).sort(_KEY)
    rows = rows.filter(pl.col(ENTERED) <= until)
    if at > 1:
        rows = rows.filter(pl.col(f"reached {before}"))
    rows = rows.with_columns(pl.col(f"reached {stage}").cast(pl.Float64).alias(_OUTCOME))
    found = _learnt(rows, link, stage)
    assignment = _assignment(rows, columns, table, funnel)
    lift = route_to_best(found, assignment, share=SHARE, seed=SEED)
    known = rows.drop_nulls(_AGENT)
    left_out = (
        (f"{rows.height - known.height:,} cases without an agent",)
        if known.height < rows.height
        else ()
    )
    return AgentsStudy(
        funnel=funnel.name,
        segments_of=segment_set.name,
        as_of=placement.context.as_of,
        link=link,
        table=table.links[link],
        before=before,
        stage=stage,
        until=until,
        overall=_spread(None, found.pooled, len(found.agents), int(found.cases.sum())),
        segments=_segments(found, known, segment_set),
        raw_spread=float(found.raw.std(ddof=1)),
        correlation=found.correlation,
        assignment=assignment,
        lift=lift,
        rate=float(known[_OUTCOME].mean() or 0.0),  # type: ignore[arg-type]
        left_out=left_out,
    )


def _stage(funnel: ir.Funnel, outcome: str | None) -> int:
    if outcome is not None:
        return stage_of(funnel, outcome)
    valued = [at for at, stage in enumerate(funnel.stages) if at and stage.value is not None]
    at = valued[0] if valued else len(funnel.stages) - 1
    if at == 0:
        raise RulesError([problems.no_such_outcome(VALUE, funnel.name, ())], unable=True)
    return at


def _column(table: ir.Table, name: str) -> ir.Column:
    held = table.column(name)
    if held is None:
        raise RulesError(
            [problems.not_declared("column", name, [each.name for each in table.columns])],
            unable=True,
        )
    return ir.Column(table.name, name, held.type, optional=True)


def _columns(table: ir.Table, funnel: ir.Funnel, link: str) -> Mapping[str, ir.Expr]:
    """What a case is known by before it has an outcome: kinds and numbers, nobody's own data."""
    dates = {stage.at for stage in funnel.stages}
    kinds = Enum | Flag | Whole | Number | Share | Money | Link
    return {
        each.name: _column(table, each.name)
        for each in table.columns
        if isinstance(each.type, kinds)
        and each.name not in dates | {link, table.key}
        and not (each.until_outcome or each.sensitive)
    }


def _learnt(rows: pl.DataFrame, link: str, stage: str) -> Agents:
    known = rows.drop_nulls(_AGENT)
    many, cases, reached = known[_AGENT].n_unique(), known.height, int(known[_OUTCOME].sum())
    why = ""
    if many < 2 or cases <= many + known[SEGMENT].n_unique():
        why = f"{many} of them in {cases} cases that have had the time"
    elif reached in {0, cases}:
        why = f"{reached} of {cases} cases got there"
    if not why:
        try:
            return learn_agents(known, agent=_AGENT, segment=SEGMENT, outcome=_OUTCOME)
        except ValueError:
            why = "within a segment all cases ended alike"
    raise RulesError([problems.agents_alike(link, stage, why)], unable=True)


def _assignment(
    rows: pl.DataFrame, columns: Mapping[str, ir.Expr], table: ir.Table, funnel: ir.Funnel
) -> Assignment:
    """Hold all that is known of a case beforehand against its agent."""
    known = rows.drop_nulls(_AGENT)
    entered = f"{_COLUMN}{funnel.stages[0].at}"
    known = known.with_columns(pl.col(ENTERED).cast(pl.Int32).alias(entered))
    asked = [SEGMENT, entered]
    for name in columns:
        if name not in table.links or known[f"{_COLUMN}{name}"].n_unique() <= MOST_KINDS:
            asked.append(f"{_COLUMN}{name}")
    asked = [name for name in asked if known[name].drop_nulls().n_unique() > 1]
    found = assignment_of(known, agent=_AGENT, columns=asked, seed=SEED)
    tests = tuple(replace(each, column=each.column.removeprefix(_COLUMN)) for each in found.tests)
    return replace(found, tests=tests)


def _segments(found: Agents, known: pl.DataFrame, segment_set: ir.SegmentSet) -> tuple[Spread, ...]:
    cases = dict(known.group_by(SEGMENT).len().iter_rows())
    return tuple(
        _spread(name, found.by_segment[name][1], len(found.by_segment[name][0]), cases[name])
        for name in segment_set.segments
        if name in found.by_segment
    )


def _spread(segment: str | None, pooled: Pooled, many: int, cases: int) -> Spread:
    mean = pooled.spread_mean
    second = float(pooled.weight @ pooled.spread**2)
    error = math.sqrt(max(0.0, second - mean * mean))
    return Spread(segment, many, cases, mean, error, pooled.no_difference)
