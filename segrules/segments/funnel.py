"""The past of a funnel by segment: who could have reached a stage by now, and who did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segrules.backends.context import days_in_month, days_later, months_later
from segrules.backends.polars.lower import feature_column
from segrules.backends.polars.plan import prepare
from segrules.backends.reach import conditions
from segrules.lang.ir import Apply, Column, Expr, Feature, Funnel, Length, SegmentSet, Stage, Use
from segrules.lang.types import Date, Instant
from segrules.segments.assign import Placement, also_calibrated, check_given, segment_column
from segrules.segments.demand import demand
from segrules.segments.read import reading
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems

MONTHS = 12
"""How many complete months of entries are counted."""

SEGMENT = ":segment"
_DATE = ":date:"
_TIME = ":time"

FINE = 1_000_000
"""Parts of an hour that times are summed in: whole sums do not depend on the order of adding."""


@dataclass(frozen=True, slots=True)
class StageCounts:
    """Rows of the mature cohorts that `entered` (reached the stage before) and `reached` a stage.

    `too_recent` entered too, but in cohorts that have not had the full time. Of the first stage
    everybody who entered reached it.
    """

    entered: int
    reached: int
    too_recent: int


@dataclass(frozen=True, slots=True)
class Moments:
    """Known values, their mean and sample variance (`None` below one and two values).

    Money in minor units.
    """

    count: int
    mean: float | None
    variance: float | None


@dataclass(frozen=True, eq=False)
class Sold:
    """The worth of every sale that the moments are of, by segment: float64[N] in rising order."""

    by_segment: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class FunnelHistory:
    """Counts by (segment, stage), entries by segment.

    A cohort, those who entered on one day, is mature for a stage when the limits of all stages up
    to it have passed at `as_of`: it entered on `mature_until[stage]` or before. `entries` are the
    rows that entered in each of `months` (their first days, oldest first). `values` stand under
    (segment, stage) and `costs` under (segment, stage, cost) for those who reached the stage in a
    mature cohort. `unplaced` rows entered but are in no segment. `times` are millionths of the
    hours that agents spend on a case, by segment: of those who entered the stage with a value in a
    mature cohort. There are none where no effort states them by rows. `sold` are the sales one by
    one, where they were asked for and a stage has a value.
    """

    funnel: str
    segments_of: str
    as_of: dt.date
    segments: tuple[str, ...]
    stages: tuple[str, ...]
    mature_until: Mapping[str, dt.date]
    counts: Mapping[tuple[str, str], StageCounts]
    mature: Mapping[str, int]
    months: tuple[dt.date, ...]
    entries: Mapping[str, tuple[int, ...]]
    values: Mapping[tuple[str, str], Moments]
    costs: Mapping[tuple[str, str, str], Moments]
    unplaced: int
    times: Mapping[str, Moments] = field(default_factory=dict)
    sold: Sold | None = None


@dataclass(frozen=True, slots=True)
class _Counts:
    """What the passes over the rows gave, by segment and by (segment, month)."""

    limits: Mapping[str, dt.date]
    months: tuple[dt.date, ...]
    rows: Mapping[str | None, Mapping[str, int]]
    entries: Mapping[tuple[str | None, dt.date], int]


def funnel_history(
    placement: Placement, funnel: Funnel, segment_set: SegmentSet, *, sales: bool = False
) -> FunnelHistory:
    """Counts a funnel by the segments of a set over the same table; `sales`: one by one too.

    Raises:
        RulesError: the set is over another table, or a table or a stage's column is not given.
    """
    if funnel.table != segment_set.table:
        problem = problems.other_table(
            funnel.name, funnel.table, segment_set.name, segment_set.table
        )
        raise RulesError([problem], unable=True)
    as_of, stages = placement.context.as_of, funnel.stages
    limits = {stage.name: mature_until(stages[: at + 1], as_of) for at, stage in enumerate(stages)}
    months = complete_months(as_of)
    with reading(funnel.table):
        rows = with_reached(dated_rows(placement, funnel, segment_set), stages, as_of)
        asked = [part for at in range(len(stages)) for part in _aggregates(stages, at, limits)]
        if _time(placement, funnel) is not None:
            asked += _times(stages, limits)
        counts = _Counts(limits, months, _by_segment(rows, asked), _entries(rows, months))
        sold = sold_of(rows, stages, as_of) if sales else None
    return replace(_history(as_of, funnel, segment_set, counts), sold=sold)


def sold_of(rows: pl.LazyFrame, stages: Sequence[Stage], as_of: dt.date) -> Sold | None:
    """Sales of known value in mature cohorts, of rows that say who reached what."""
    for at, stage in enumerate(stages):
        if stage.value is not None:
            mature = pl.col(date_column(stages[0])) <= mature_until(stages[: at + 1], as_of)
            value = pl.col(value_column(stage)).cast(pl.Float64).alias("value")
            known = rows.filter(pl.col(f":reached:{at}") & mature).select(pl.col(SEGMENT), value)
            # luck goes by the place of a sale: they are put in an order of their own
            found = known.drop_nulls().sort(SEGMENT, "value").collect(engine="streaming")
            parts = found.partition_by(SEGMENT, as_dict=True)
            return Sold({name: part["value"].to_numpy() for (name,), part in parts.items()})
    return None


def mature_until(stages: Sequence[Stage], as_of: dt.date) -> dt.date:
    """The last entry date from which all the stages' limits have passed at `as_of`."""
    day = as_of
    while _end(day, stages) > as_of and day > dt.date.min:
        day -= dt.timedelta(days=1)
    return day


def complete_months(as_of: dt.date) -> tuple[dt.date, ...]:
    """The first days of the last twelve months that are over at the end of `as_of`.

    They are fewer in the first year of the calendar, but never none.
    """
    over = as_of.day == days_in_month(as_of.year, as_of.month)
    last = max(as_of.year * 12 + as_of.month - 1 + over, 13)
    return tuple(dt.date(at // 12, at % 12 + 1, 1) for at in range(max(last - MONTHS, 12), last))


def _end(entered: dt.date, stages: Sequence[Stage]) -> dt.date:
    """The last day on which the last of the stages can be reached, at the slowest."""
    day: dt.date | None = entered
    for stage in stages:
        if stage.within is not None and day is not None:
            later = days_later if stage.within.unit == "days" else months_later
            day = later(day, stage.within.count)
    return day or dt.date.max


# ---- rows


def date_column(stage: Stage) -> str:
    return f"{_DATE}{stage.name}"


def value_column(stage: Stage) -> str:
    return f":value:{stage.name}"


def _cost(stage: Stage, cost: str) -> str:
    return f":cost:{stage.name}:{cost}"


def stage_parts(placement: Placement, funnel: Funnel) -> dict[str, Expr]:
    """The dates, values and costs of the stages, by column."""
    table = placement.ruleset.table(funnel.table)
    parts: dict[str, Expr] = {}
    for stage in funnel.stages:
        column = table.column(stage.at)
        if column is None:
            found = problems.not_declared("column", stage.at, [each.name for each in table.columns])
            raise RulesError([found], unable=True)
        at: Expr = Column(table.name, stage.at, column.type, optional=True)
        if isinstance(column.type, Instant):
            at = Apply("to_date", (at,), Date(), optional=True)
        parts[date_column(stage)] = at
        if stage.value is not None:
            parts[value_column(stage)] = stage.value
        for cost in stage.costs:
            parts[_cost(stage, cost.name)] = cost.amount
    time = _time(placement, funnel)
    if time is not None:
        parts[_TIME] = time
    return parts


def _time(placement: Placement, funnel: Funnel) -> Expr | None:
    """The hours of a case where an effort states them by rows."""
    for effort in placement.ruleset.efforts:
        if effort.funnel == funnel.name and not isinstance(effort.time, tuple):
            return effort.time
    return None


def dated_rows(placement: Placement, funnel: Funnel, segment_set: SegmentSet) -> pl.LazyFrame:
    """The segment of each row with the dates, values and costs of its stages."""
    parts = stage_parts(placement, funnel)
    # as features they are computed along with the rules; names in rules hold no colon
    features = tuple(Feature(name, "let", funnel.table, expr) for name, expr in parts.items())
    rules = placement.ruleset.with_features(features)
    wanted = [
        *conditions([segment_set]),
        *(Use(each.name, each.type, each.optional) for each in features),
    ]
    check_given(demand(wanted, funnel.table, rules), rules, placement.frames)
    widened = also_calibrated(replace(placement, ruleset=rules), wanted)
    frame = prepare(rules, funnel.table, widened.frames, widened.context, wanted)
    segment = segment_column(widened, segment_set)
    return frame.select(
        segment.cast(pl.String).alias(SEGMENT),
        **{name: pl.col(feature_column(name)) for name in parts},
    )


def with_reached(rows: pl.LazyFrame, stages: Sequence[Stage], as_of: dt.date) -> pl.LazyFrame:
    """Adds `:reached:<n>`: the stage's date counts, and those of all stages before it do."""
    known = pl.col(date_column(stages[0])) <= as_of
    rows = rows.with_columns(known.fill_null(value=False).alias(":reached:0"))
    for at, stage in enumerate(stages[1:], start=1):
        date, before = pl.col(date_column(stage)), pl.col(date_column(stages[at - 1]))
        tests = [pl.col(f":reached:{at - 1}"), date <= as_of, date >= before]
        if stage.within is not None:
            tests.append(date <= before.dt.offset_by(offset_of(stage.within)))
        counted = pl.all_horizontal(tests).fill_null(value=False)
        rows = rows.with_columns(counted.alias(f":reached:{at}"))
    return rows


def offset_of(length: Length) -> str:
    return f"{length.count}d" if length.unit == "days" else f"{length.count}mo"


# ---- counts


def _aggregates(stages: Sequence[Stage], at: int, limits: Mapping[str, dt.date]) -> list[pl.Expr]:
    stage = stages[at]
    mature = (pl.col(date_column(stages[0])) <= limits[stage.name]).fill_null(value=False)
    entered, reached = pl.col(f":reached:{max(at - 1, 0)}"), pl.col(f":reached:{at}")
    counted = reached & mature
    asked = [
        (entered & mature).sum().alias(f":entered:{at}"),
        counted.sum().alias(f":arrived:{at}"),
        (entered & ~mature).sum().alias(f":recent:{at}"),
        (pl.col(":reached:0") & mature).sum().alias(f":mature:{at}"),
    ]
    names = [_cost(stage, cost.name) for cost in stage.costs]
    if stage.value is not None:
        names.append(value_column(stage))
    for name in names:
        # whole sums do not depend on the order of adding; 10^8 greatest amounts squared fit
        asked += _sums(name, pl.col(name).filter(counted).cast(pl.Int128))
    return asked


def _times(stages: Sequence[Stage], limits: Mapping[str, dt.date]) -> list[pl.Expr]:
    """Counts and sums of the times of those who entered the stage with a value."""
    for at, stage in enumerate(stages):
        if stage.value is not None and at > 0:
            mature = (pl.col(date_column(stages[0])) <= limits[stage.name]).fill_null(value=False)
            hours = pl.col(_TIME).cast(pl.Float64).filter(pl.col(f":reached:{at - 1}") & mature)
            return _sums(_TIME, (hours * FINE).round().cast(pl.Int128))
    return []


def _sums(name: str, amounts: pl.Expr) -> list[pl.Expr]:
    return [
        amounts.count().alias(f":count{name}"),
        amounts.sum().alias(f":sum{name}"),
        (amounts * amounts).sum().alias(f":squares{name}"),
    ]


def _by_segment(rows: pl.LazyFrame, asked: Sequence[pl.Expr]) -> dict[str | None, dict[str, int]]:
    found = rows.group_by(SEGMENT).agg(asked).collect(engine="streaming").to_dicts()
    return {row.pop(SEGMENT): row for row in found}


def _entries(
    rows: pl.LazyFrame, months: Sequence[dt.date]
) -> dict[tuple[str | None, dt.date], int]:
    entered = next(name for name in rows.collect_schema() if name.startswith(_DATE))
    end = months[-1].replace(day=days_in_month(months[-1].year, months[-1].month))
    counted = (
        rows.filter(pl.col(entered).is_between(months[0], end))
        .group_by(SEGMENT, month=pl.col(entered).dt.truncate("1mo"))
        .len()
        .collect(engine="streaming")
    )
    return {(segment, month): count for segment, month, count in counted.iter_rows()}


def _history(
    as_of: dt.date,
    funnel: Funnel,
    segment_set: SegmentSet,
    found: _Counts,
) -> FunnelHistory:
    limits, months, by_segment, entries = found.limits, found.months, found.rows, found.entries
    segments = segment_set.segments
    rows = {name: by_segment.get(name, {}) for name in segments}
    stages = list(enumerate(funnel.stages))
    return FunnelHistory(
        funnel=funnel.name,
        segments_of=segment_set.name,
        as_of=as_of,
        segments=segments,
        stages=tuple(stage.name for stage in funnel.stages),
        mature_until=limits,
        counts={
            (name, stage.name): StageCounts(
                row.get(f":entered:{at}", 0),
                row.get(f":arrived:{at}", 0),
                row.get(f":recent:{at}", 0),
            )
            for name, row in rows.items()
            for at, stage in stages
        },
        mature={
            stage.name: sum(row.get(f":mature:{at}", 0) for row in rows.values())
            for at, stage in stages
        },
        months=months,
        entries={name: tuple(entries.get((name, month), 0) for month in months) for name in rows},
        values={
            (name, stage.name): _moments(row, value_column(stage))
            for name, row in rows.items()
            for _, stage in stages
            if stage.value is not None
        },
        costs={
            (name, stage.name, cost.name): _moments(row, _cost(stage, cost.name))
            for name, row in rows.items()
            for _, stage in stages
            for cost in stage.costs
        },
        unplaced=by_segment.get(None, {}).get(":arrived:0", 0),
        times={name: _moments(row, _TIME) for name, row in rows.items() if f":count{_TIME}" in row},
    )


def _moments(row: Mapping[str, int], name: str) -> Moments:
    """Mean and variance from whole sums, each rounded once."""
    count, total, squares = (row.get(f":{part}{name}", 0) for part in ("count", "sum", "squares"))
    mean = total / count if count else None
    variance = (count * squares - total * total) / (count * (count - 1)) if count > 1 else None
    return Moments(count, mean, variance)
