"""Who is in the target market, who is not, and how many of those outside were served."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from segrules.backends.polars.lower import feature_column
from segrules.backends.polars.plan import prepare
from segrules.backends.reach import conditions
from segrules.lang import ir
from segrules.lang.types import Date, Instant
from segrules.segments.assign import Placement, also_calibrated, check_given, segment_column
from segrules.segments.demand import demand
from segrules.segments.doubt import with_missing
from segrules.segments.profile import find_set
from segrules.segments.read import reading

_SEGMENT = ":segment"
_TARGET = ":target"


@dataclass(frozen=True, slots=True)
class Fit:
    """Rows of a segment (`None`: in no segment, or all rows together).

    They are `inside` or `outside` the target market, or `undecided` where what is asked is not
    known. `served` are those outside who reached a stage by the day asked about, however late.
    """

    segment: str | None
    inside: int
    outside: int
    undecided: int
    served: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Market:
    """The target market of a table by segment; `stages` are those of the funnel after entry."""

    table: str
    reason: str
    segments_of: str
    as_of: dt.date
    funnel: str | None
    stages: tuple[str, ...]
    segments: tuple[Fit, ...]
    everyone: Fit


def market(placement: Placement, segments_of: str, funnel: str | None = None) -> Market | None:
    """Counts the target market of the set's table; None where none is declared.

    Without the name of a funnel, the only one of the table is taken, or none.

    Raises:
        RulesError: the set is not declared, or a table that the target market rests on is not
            given.
    """
    ruleset = placement.ruleset
    segment_set = find_set(ruleset, segments_of)
    target = next((each for each in ruleset.targets if each.table == segment_set.table), None)
    if target is None:
        return None
    fitting = [
        each
        for each in ruleset.funnels
        if each.table == segment_set.table and funnel in (None, each.name)
    ]
    chosen = fitting[0] if len(fitting) == 1 else None
    stages = chosen.stages[1:] if chosen else ()
    with reading(segment_set.table):
        found = _counted(placement, segment_set, target, stages)
    names: list[str | None] = [*segment_set.segments, *([None] if None in found else [])]
    parts = tuple(_fit(name, found.get(name, {}), stages) for name in names)
    return Market(
        table=segment_set.table,
        reason=target.reason,
        segments_of=segments_of,
        as_of=placement.context.as_of,
        funnel=chosen.name if chosen else None,
        stages=tuple(stage.name for stage in stages),
        segments=parts,
        everyone=_together(parts, stages),
    )


def _counted(
    placement: Placement,
    segment_set: ir.SegmentSet,
    target: ir.Target,
    stages: tuple[ir.Stage, ...],
) -> dict[str | None, dict[str, int]]:
    table = placement.ruleset.table(segment_set.table)
    parts = {_TARGET: target.condition}
    parts |= {_at(stage): _day(table, stage) for stage in stages}
    # as features they are computed along with the rules; names in rules hold no colon
    features = [ir.Feature(name, "let", table.name, expr) for name, expr in parts.items()]
    rules = placement.ruleset.with_features(features)
    # the rules have been told which columns may lack values, the target market has not
    every = {each.name: {column.name for column in each.columns} for each in rules.tables}
    rules = with_missing(rules, every)
    wanted = [
        *conditions([rules.set(segment_set.name)]),
        *(ir.Use(name, expr.type, optional=True) for name, expr in parts.items()),
    ]
    check_given(demand(wanted, table.name, rules), rules, placement.frames)
    widened = also_calibrated(replace(placement, ruleset=rules), wanted)
    frame = prepare(rules, table.name, widened.frames, widened.context, wanted)
    segment = segment_column(widened, rules.set(segment_set.name)).cast(pl.String)
    rows = frame.select(
        segment.alias(_SEGMENT), **{name: pl.col(feature_column(name)) for name in parts}
    )
    asked = _sums(placement.context.as_of, stages)
    counts = rows.group_by(_SEGMENT).agg(asked).collect(engine="streaming").to_dicts()
    return {row.pop(_SEGMENT): row for row in counts}


def _at(stage: ir.Stage) -> str:
    return f":at:{stage.name}"


def _day(table: ir.Table, stage: ir.Stage) -> ir.Expr:
    """The day of reaching a stage."""
    column = table.column(stage.at)
    if column is None:
        raise ValueError(f"{table.name} has no column {stage.at}")
    at = ir.Column(table.name, stage.at, column.type, optional=True)
    if isinstance(column.type, Instant):
        return ir.Apply("to_date", (at,), Date(), optional=True)
    return at


def _sums(as_of: dt.date, stages: tuple[ir.Stage, ...]) -> list[pl.Expr]:
    inside = pl.col(_TARGET)
    outside = (~inside).fill_null(value=False)
    asked = [
        inside.fill_null(value=False).sum().alias("inside"),
        outside.sum().alias("outside"),
        inside.is_null().sum().alias("undecided"),
    ]
    for stage in stages:
        reached = (pl.col(_at(stage)) <= as_of).fill_null(value=False)
        asked.append((outside & reached).sum().alias(_at(stage)))
    return asked


def _fit(segment: str | None, row: Mapping[str, int], stages: tuple[ir.Stage, ...]) -> Fit:
    inside, outside, undecided = (row.get(name, 0) for name in ("inside", "outside", "undecided"))
    served = {stage.name: row.get(_at(stage), 0) for stage in stages}
    return Fit(segment, inside, outside, undecided, served)


def _together(parts: tuple[Fit, ...], stages: tuple[ir.Stage, ...]) -> Fit:
    return Fit(
        None,
        sum(part.inside for part in parts),
        sum(part.outside for part in parts),
        sum(part.undecided for part in parts),
        {stage.name: sum(part.served[stage.name] for part in parts) for stage in stages},
    )
