"""What the segments of a set are made of: rows, amounts, averages, and how amounts concentrate."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from segrules.backends.polars.lower import feature_column
from segrules.backends.polars.plan import prepare
from segrules.lang.ir import Column, Ruleset, SegmentSet, Use
from segrules.lang.types import Money, Number, Share, Type, Whole, spell
from segrules.segments.assign import Placement, check_given, segment_column
from segrules.segments.demand import conditions, demand
from segrules.segments.read import reading
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems

_SEGMENT = ":segment"
_TOPS = (Fraction(1, 10), Fraction(1, 5))
"""The parts of the rows whose part of an amount is shown."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum over a segment (money in minor units) and its part of the sum over all rows.

    The part is `None` where all rows together make zero.
    """

    total: float
    share: float | None


@dataclass(frozen=True, slots=True)
class SegmentProfile:
    """`segment` is `None` for rows in no segment. `sums` holds money, `means` every column.

    A mean is taken over the known values and is `None` without any.
    """

    segment: str | None
    rows: int
    share: float
    sums: Mapping[str, Amount]
    means: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Concentration:
    """The part of an amount that the top tenth and the top fifth of all rows bring.

    Rows without a value count as zero; `None` where the total is not above zero.
    """

    column: str
    top_10: float | None
    top_20: float | None


@dataclass(frozen=True, slots=True)
class Profile:
    """`types` says what each column's figures are."""

    table: str
    segments_of: str
    as_of: dt.date
    rows: int
    types: Mapping[str, Type]
    segments: tuple[SegmentProfile, ...]
    concentration: tuple[Concentration, ...]


def profile(
    placement: Placement, segments_of: str, columns: Sequence[str] | None = None
) -> Profile:
    """Profiles the segments of a set by columns and features of its table.

    Without `columns` all money of the table is taken.

    Raises:
        RulesError: a name is not declared or not a number, or a table it rests on is not given.
    """
    segment_set = find_set(placement.ruleset, segments_of)
    chosen = _chosen(placement.ruleset, segment_set.table, columns)
    rows = _rows(placement, segment_set, chosen)
    types = {name: node.type for name, node in chosen.items()}
    money = [name for name, kind in types.items() if isinstance(kind, Money)]
    with reading(segment_set.table):
        totals = _totals(rows, list(types), money)
        concentration = tuple(_concentration(rows, name) for name in money)
    total = sum(int(row["rows"]) for row in totals.values())
    overall = {name: sum(row[f"sum:{name}"] for row in totals.values()) for name in money}
    names: list[str | None] = [*segment_set.segments, *([None] if None in totals else [])]
    segments = tuple(
        _segment(name, totals.get(name), total, overall, list(types)) for name in names
    )
    return Profile(
        table=segment_set.table,
        segments_of=segments_of,
        as_of=placement.context.as_of,
        rows=total,
        types=types,
        segments=segments,
        concentration=concentration,
    )


def find_set(ruleset: Ruleset, name: str) -> SegmentSet:
    """The segment set of a name.

    Raises:
        RulesError: there is none.
    """
    declared = [found.name for found in ruleset.sets]
    if name not in declared:
        raise RulesError([problems.not_declared("segment set", name, declared)], unable=True)
    return ruleset.set(name)


def _chosen(ruleset: Ruleset, table: str, columns: Sequence[str] | None) -> dict[str, Column | Use]:
    nodes: dict[str, Column | Use] = {
        column.name: Column(table, column.name, column.type, column.optional)
        for column in ruleset.table(table).columns
    }
    nodes |= {
        feature.name: Use(feature.name, feature.type, feature.optional)
        for feature in ruleset.features_of(table)
    }
    if columns is None:
        return {name: node for name, node in nodes.items() if isinstance(node.type, Money)}
    found = [
        problems.not_declared("column or feature", name, list(nodes))
        for name in columns
        if name not in nodes
    ]
    found += [
        problems.not_numeric(name, spell(nodes[name].type))
        for name in columns
        if name in nodes and not isinstance(nodes[name].type, Whole | Number | Share | Money)
    ]
    if found:
        raise RulesError(found, unable=True)
    return {name: nodes[name] for name in columns}


def _rows(
    placement: Placement, segment_set: SegmentSet, chosen: Mapping[str, Column | Use]
) -> pl.LazyFrame:
    """The segment of each row and the chosen values, under their names."""
    wanted = [*conditions([segment_set]), *chosen.values()]
    table = segment_set.table
    check_given(demand(wanted, table, placement.ruleset), placement.ruleset, placement.frames)
    frame = prepare(placement.ruleset, table, placement.frames, placement.context, wanted)
    values = {
        name: pl.col(feature_column(name) if isinstance(node, Use) else name)
        for name, node in chosen.items()
    }
    segment = segment_column(placement, segment_set)
    return frame.select(segment.cast(pl.String).alias(_SEGMENT), **values)


def _totals(
    rows: pl.LazyFrame, names: Sequence[str], money: Sequence[str]
) -> dict[str | None, dict[str, float]]:
    grouped = rows.group_by(_SEGMENT).agg(
        pl.len().alias("rows"),
        *(pl.col(name).sum().alias(f"sum:{name}") for name in money),
        *(pl.col(name).mean().alias(f"mean:{name}") for name in names),
    )
    found = grouped.collect(engine="streaming").to_dicts()
    return {row.pop(_SEGMENT): row for row in found}


def _segment(
    name: str | None,
    row: Mapping[str, float] | None,
    total: int,
    overall: Mapping[str, float],
    names: Sequence[str],
) -> SegmentProfile:
    row = row or {"rows": 0}
    sums = {}
    for money, whole in overall.items():
        part = row.get(f"sum:{money}", 0)
        sums[money] = Amount(part, part / whole if whole else None)
    count = int(row["rows"])
    share = count / total if total else 0.0
    means = {each: row.get(f"mean:{each}") for each in names}
    return SegmentProfile(name, count, share, sums, means)


def _concentration(rows: pl.LazyFrame, name: str) -> Concentration:
    ordered = rows.select(pl.col(name).fill_null(0)).sort(name, descending=True)
    amounts = ordered.collect(engine="streaming")[name]
    total = float(amounts.sum())
    if total <= 0:
        return Concentration(name, None, None)
    top_10, top_20 = (
        float(amounts.head(math.ceil(part * amounts.len())).sum()) / total for part in _TOPS
    )
    return Concentration(name, top_10, top_20)
