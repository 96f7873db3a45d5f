"""What the segments of a set are made of: rows, amounts, averages, and how amounts concentrate.

Of a sensitive column no figure says what a few people have: those of groups of fewer than `FEW` are
withheld, and so many others that the withheld cannot be found as what is left of the whole. How it
concentrates is not shown at all, for that tells what the largest single ones have.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import polars as pl

from segrules.backends.polars.lower import feature_column
from segrules.backends.polars.plan import prepare
from segrules.backends.reach import conditions
from segrules.lang.ir import Aggregate, Apply, Column, Expr, Ruleset, SegmentSet, Statistic, Use
from segrules.lang.types import Money, Number, Share, Type, Whole, decimals, spell
from segrules.segments.assign import Placement, also_calibrated, check_given, segment_column
from segrules.segments.concentration import (
    Concentration,
    Reconciliation,
    added,
    eta_squared,
    known,
    measure,
    reconcile,
)
from segrules.segments.demand import demand
from segrules.segments.evidence import Sensitive
from segrules.segments.read import reading
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data as problems
from segrules.text.problems import value as value_problems

FEW = 10
"""Known values from which on the figures of a sensitive column are shown."""
_LEVELS = frozenset({"mean", "median", "quantile", "least", "greatest"})
"""Ways to one value from many that is none of an amount of which there could be more in all."""

_IN = ":in:"
"""Before the name of a set: the column of its segments."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum over a segment (money in minor units) and its part of the sum over all rows.

    The part is `None` where all rows together make zero.
    """

    total: int
    share: float | None


@dataclass(frozen=True, slots=True)
class SegmentProfile:
    """`segment` is `None` for rows in no segment, and for all rows together.

    `sums` holds money, `means` every column: an exact sum by the number of known values, `None`
    without any. `missing` are the rows whose value is not known. An index is 100 at the mean of all
    rows, and `None` where that is not above zero. Columns whose figures are `withheld` have no
    sum, no mean and no index.
    """

    segment: str | None
    rows: int
    share: float
    sums: Mapping[str, Amount]
    means: Mapping[str, float | None]
    missing: Mapping[str, int]
    indices: Mapping[str, float | None]
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Profile:
    """`types` says what each column's figures are; `everyone` is all rows together.

    `levels` are columns that do not add up, such as what is usual: they have means but no sums.
    `concentration` is that of the money profiled. `findings` say which values do not reconcile
    with their ledger, and which have no shares.
    """

    table: str
    segments_of: str
    as_of: dt.date
    rows: int
    types: Mapping[str, Type]
    segments: tuple[SegmentProfile, ...]
    everyone: SegmentProfile
    concentration: tuple[Concentration, ...]
    findings: tuple[Diagnostic, ...] = ()
    levels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Rows:
    """The values of all rows, and the rows of each segment of the set in its order.

    `sensitive` names the values that are, or rest on, a sensitive column; `levels` those that do
    not add up.
    """

    segment_set: SegmentSet
    sensitive: frozenset[str]
    levels: frozenset[str]
    types: Mapping[str, Type]
    frame: pl.DataFrame
    parts: Mapping[str | None, pl.DataFrame]


def profile(
    placement: Placement, segments_of: str, columns: Sequence[str] | None = None
) -> Profile:
    """Profiles the segments of a set by columns and features of its table.

    Without `columns` all money of the table is taken.

    Raises:
        RulesError: a name is not declared or not a number, or a table it rests on is not given.
    """
    rows = _rows(placement, find_set(placement.ruleset, segments_of), columns)
    money = [name for name, kind in rows.types.items()
             if isinstance(kind, Money) and name not in rows.sensitive | rows.levels]  # fmt: skip
    everyone = _segment(None, rows.frame, rows)
    hidden = _too_few(rows)
    return Profile(
        table=placement.table,
        segments_of=segments_of,
        as_of=placement.context.as_of,
        rows=rows.frame.height,
        types=rows.types,
        segments=tuple(
            _withheld(_segment(name, part, rows, everyone), hidden[name])
            for name, part in rows.parts.items()
        ),
        everyone=_withheld(everyone, _few(rows.frame, rows.sensitive)),
        concentration=tuple(_concentration(rows, name) for name in money),
        findings=tuple(_against_ledgers(placement.ruleset, everyone)),
        levels=rows.levels,
    )


def concentrated(
    placement: Placement, found: Profile, names: Sequence[str], effort: Sequence[str] = ()
) -> Profile:
    """The profile with the concentration of these columns and features; of its money without any.

    `effort` are columns and features that say what is spent on a customer: minutes, or money. A
    total that is not above zero is among the findings, and so is a sensitive name, left out.

    Raises:
        RulesError: a name is not declared or not a number, or a table it rests on is not given.
    """
    names = [*dict.fromkeys(names or [part.name for part in found.concentration])]
    effort = [*dict.fromkeys(effort)]
    segment_set = find_set(placement.ruleset, found.segments_of)
    rows = _rows(placement, segment_set, [*dict.fromkeys([*names, *effort])])
    secret = [name for name in rows.types if name in rows.sensitive]
    names, effort = ([name for name in each if name not in secret] for each in (names, effort))
    measured = tuple(_concentration(rows, name, effort) for name in names)
    findings = (
        *(value_problems.concentration_withheld(name) for name in secret),
        *(
            value_problems.no_shares(each.name, found.table, each.counts.known)
            for each in measured
            if each.shares is None
        ),
    )
    return replace(found, concentration=measured, findings=(*found.findings, *findings))


def find_set(ruleset: Ruleset, name: str) -> SegmentSet:
    """The segment set of a name.

    Raises:
        RulesError: there is none.
    """
    declared = [found.name for found in ruleset.sets]
    if name not in declared:
        raise RulesError([problems.not_declared("segment set", name, declared)], unable=True)
    return ruleset.set(name)


# ---- rows


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


def _rows(placement: Placement, segment_set: SegmentSet, columns: Sequence[str] | None) -> _Rows:
    """The chosen values under their names, and the segment of each row in every set."""
    table, ruleset = segment_set.table, placement.ruleset
    chosen = _chosen(ruleset, table, columns)
    wanted = [*conditions(placement.sets), *chosen.values()]
    check_given(demand(wanted, table, ruleset), ruleset, placement.frames)
    placement = also_calibrated(placement, wanted)
    frame = prepare(ruleset, table, placement.frames, placement.context, wanted)
    values = {
        name: pl.col(feature_column(name) if isinstance(node, Use) else name)
        for name, node in chosen.items()
    }
    segments = {_IN + each.name: segment_column(placement, each) for each in placement.sets}
    with reading(table):
        found = frame.select(**values, **segments).collect(engine="streaming")
    split = _split(found, segment_set)
    names: list[str | None] = [*segment_set.segments, *([None] if None in split else [])]
    parts = {name: split.get(name, found.clear()) for name in names}
    types = {name: node.type for name, node in chosen.items()}
    secret = Sensitive(ruleset)
    sensitive = frozenset(name for name, node in chosen.items() if secret.rests(node))
    levels = frozenset(name for name, node in chosen.items() if _is_level(node, ruleset))
    return _Rows(segment_set, sensitive, levels, types, found, parts)


def _is_level(node: Expr, ruleset: Ruleset) -> bool:
    """Whether values are of what is usual, or of one row of many: added up they mean nothing."""
    while isinstance(node, Use | Apply):
        if isinstance(node, Use):
            node = ruleset.feature(node.name).expr
        elif node.op in {"to_minor", "if_missing"}:
            node = node.args[0]
        else:
            return False
    return isinstance(node, Statistic) or (isinstance(node, Aggregate) and node.how in _LEVELS)


def _split(frame: pl.DataFrame, segment_set: SegmentSet) -> dict[str | None, pl.DataFrame]:
    parts = frame.partition_by(_IN + segment_set.name, as_dict=True)
    return {segment: part for (segment,), part in parts.items()}


# ---- figures


def _segment(
    name: str | None, part: pl.DataFrame, rows: _Rows, everyone: SegmentProfile | None = None
) -> SegmentProfile:
    """The figures of a segment beside those of everyone; those of everyone beside themselves."""
    totals = {each: added(known(part, each)) for each in rows.types}
    missing = {each: part[each].null_count() for each in rows.types}
    means = {each: _mean(totals[each], part.height - missing[each]) for each in rows.types}
    overall = everyone.sums if everyone else {}
    sums = {}
    for each, kind in rows.types.items():
        if isinstance(kind, Money) and each not in rows.levels:
            whole = overall[each].total if everyone else totals[each]
            sums[each] = Amount(int(totals[each]), totals[each] / whole if whole else None)
    usual = everyone.means if everyone else means
    return SegmentProfile(
        segment=name,
        rows=part.height,
        share=part.height / rows.frame.height if rows.frame.height else 0.0,
        sums=sums,
        means=means,
        missing=missing,
        indices={each: _index(mean, usual[each]) for each, mean in means.items()},
    )


def _few(part: pl.DataFrame, sensitive: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in sensitive if 0 < part[name].count() < FEW)


def _too_few(rows: _Rows) -> Mapping[str | None, frozenset[str]]:
    """The columns whose figures are withheld, by segment.

    INVARIANT: what is withheld of a column rests on no value, or on as many as one may show: those
    of all segments but these, taken from those of everyone, are figures of no small group.
    """
    hidden: dict[str | None, set[str]] = {segment: set() for segment in rows.parts}
    for name in rows.sensitive:
        known = {segment: part[name].count() for segment, part in rows.parts.items()}
        away = 0
        for segment in sorted(known, key=lambda each: known[each]):
            if 0 < known[segment] < FEW or 0 < away < FEW:
                hidden[segment].add(name)
                away += known[segment]
    return {segment: frozenset(names) for segment, names in hidden.items()}


def _withheld(found: SegmentProfile, names: frozenset[str]) -> SegmentProfile:
    if not names:
        return found
    return replace(
        found,
        sums={name: amount for name, amount in found.sums.items() if name not in names},
        means={name: None if name in names else mean for name, mean in found.means.items()},
        indices={name: None if name in names else at for name, at in found.indices.items()},
        withheld=names,
    )


def _index(mean: float | None, usual: float | None) -> float | None:
    return 100 * mean / usual if mean is not None and usual is not None and usual > 0 else None


def _mean(total: float, count: int) -> float | None:
    """`None` without values, or where their sum leaves the range of doubles."""
    return total / count if count and not math.isnan(total) else None


def _concentration(rows: _Rows, name: str, effort: Sequence[str] = ()) -> Concentration:
    found = measure(name, rows.types, rows.frame, rows.parts, effort)
    sets = [each.removeprefix(_IN) for each in rows.frame.columns if each.startswith(_IN)]
    return replace(found, explained={each: _explained(rows.frame, name, each) for each in sets})


def _explained(frame: pl.DataFrame, name: str, of: str) -> float | None:
    """The part of a value's variance that the segments of a set explain."""
    parts = frame.select(name, _IN + of).partition_by(_IN + of)
    return eta_squared([known(part, name) for part in parts])


# ---- ledgers


def _against_ledgers(ruleset: Ruleset, everyone: SegmentProfile) -> Iterator[Diagnostic]:
    """What does not reconcile among the values that were added up."""
    for block in ruleset.values:
        amount = everyone.sums.get(block.name)
        if amount is None or block.ledger is None:
            continue
        places = decimals(ruleset.currency)
        ledger = round(block.ledger * 10**places)
        found = reconcile(amount.total, ledger, block.tolerance)
        if not found.within:
            yield unreconciled(block.name, found, places, everyone.missing[block.name])


def unreconciled(name: str, found: Reconciliation, places: int, unknown: int) -> Diagnostic:
    """The warning about a sum outside its ledger's tolerance.

    `places` are the decimal places of the currency, `unknown` the rows without a value.
    """
    total, ledger, difference = (
        _spelled(minor, places) for minor in (found.total, found.ledger, abs(found.difference))
    )
    tolerance = f"{float(100 * found.tolerance):g}%"
    word = "above" if found.difference > 0 else "below"
    sides = value_problems.Sides(total, ledger, f"{difference} {word}", tolerance)
    return value_problems.not_reconciled(name, sides, unknown)


def _spelled(minor: int, places: int) -> str:
    """An amount as rule files write it, with every digit."""
    return f"{Decimal(minor).scaleb(-places):,.{places}f}".replace(",", "_")
