"""Whether protected groups fare alike in a funnel: overall, and among those of one segment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from segrules.lang import ir
from segrules.lang.types import Enum, Flag, Set, Type, spell
from segrules.segments.assign import Placement
from segrules.segments.contrasts import Sides, pooled, stratified, welch
from segrules.segments.funnel import FunnelHistory, Moments, StageCounts, funnel_history
from segrules.segments.profile import find_set
from segrules.segments.protection import protected_columns
from segrules.segments.study import (
    LEVEL,
    Differs,
    Interval,
    chance,
    difference,
    holm,
    marked,
    normal_chance,
)
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data as problems
from segrules.text.problems import gaps as gap_problems

SMALLEST = 10
"""People on either side below which a comparison is not shown, unless asked for otherwise."""

FOUR_FIFTHS = 0.8
"""The ratio of rates below which a group is marked as behind, whatever its size."""


_ROUNDING = 1e-9
"""What a standard error of zero may be computed as."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The difference among those of the same segment, over all segments.

    Only segments that have people on both sides take part: `entered` of the group and
    `rest_entered` of the rest are in them. `p` and `differs` as for a gap; there is no interval
    where nobody, or everybody, of each segment reached the stage.
    """

    entered: int
    rest_entered: int
    difference: float
    interval: Interval | None
    p: float
    differs: Differs


@dataclass(frozen=True, slots=True)
class Gap:
    """One value of a column at one stage, in a segment or (None) in all of them, beside the rest.

    `value` is None for those whose value is not known. The rest of a value are those with another
    known value; that of the unknown are all who are known. Rates are parts of one and `ratio` is
    the group's by that of the rest, `None` where nobody entered or the rest has no rate above
    zero; `interval` is the 95% interval of the difference. `p` is adjusted for all comparisons of
    its kind in the report, and `differs` says below or above where it is under 5%.
    """

    stage: str
    value: str | None
    segment: str | None
    counts: StageCounts
    rest: StageCounts
    rate: float
    rest_rate: float | None
    ratio: float | None
    difference: float | None
    interval: Interval | None
    p: float | None = None
    differs: Differs = "–"
    inside: Inside | None = None

    @property
    def under_four_fifths(self) -> bool:
        return self.ratio is not None and self.ratio < FOUR_FIFTHS


@dataclass(frozen=True, slots=True)
class AmountGap:
    """The mean of an amount for one value, beside the rest, in minor units.

    `what` is a cost's name, or "value"; means are over those who reached the stage and whose
    amount is known. `interval` is the 95% interval of the difference.
    """

    stage: str
    what: str
    value: str | None
    mean: float
    rest_mean: float
    difference: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Compared:
    """All about one column or named value: `overall`, then `within` each segment.

    `hidden` comparisons have fewer people on a side than is shown.
    """

    name: str
    overall: tuple[Gap, ...]
    within: tuple[Gap, ...]
    amounts: tuple[AmountGap, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """`findings` are protected columns that are not compared.

    `unplaced` rows entered but are in no segment and left out. Small groups are left out because a
    rate of few says little; figures beside them may still tell what theirs are.
    """

    table: str
    funnel: str
    segments_of: str
    as_of: dt.date
    smallest: int
    compared: tuple[Compared, ...]
    unplaced: int
    findings: tuple[Diagnostic, ...] = ()


def gaps(
    placement: Placement,
    funnel: str,
    segments_of: str,
    names: Sequence[str] = (),
    smallest: int = SMALLEST,
) -> Gaps:
    """Compares the outcomes of a funnel between the groups of protected columns.

    `names` are columns and named values of the funnel's table; without any, all its protected
    columns are compared, those without groups of their own by the bands that read them. A
    difference overall may be one of the mix of segments only; the one inside segments is not.

    Raises:
        RulesError: a name is not declared or has no groups, or nothing is protected.
    """
    ruleset = placement.ruleset
    declared = [each.name for each in ruleset.funnels]
    chosen = next((each for each in ruleset.funnels if each.name == funnel), None)
    if chosen is None:
        raise RulesError([problems.not_declared("funnel", funnel, declared)], unable=True)
    segment_set = find_set(ruleset, segments_of)
    nodes, findings = _chosen(ruleset, chosen.table, names)
    compared: list[Compared] = []
    unplaced = 0
    for name, node in nodes.items():
        parts = []
        for split in _splits(node):
            cells = _cells(segment_set, split)
            history = funnel_history(placement, chosen, cells)
            unplaced = history.unplaced
            parts.append(_compared(name, _Counted(history, segment_set.segments, split), smallest))
        compared.append(_joined(name, parts))
    return Gaps(
        table=chosen.table,
        funnel=funnel,
        segments_of=segments_of,
        as_of=placement.context.as_of,
        smallest=smallest,
        compared=_adjusted(compared),
        unplaced=unplaced,
        findings=findings,
    )


# ---- what is compared


@dataclass(frozen=True, slots=True)
class _Split:
    """Groups of rows, no row in two of them, and the ones that are told apart from the rest."""

    groups: tuple[tuple[str | None, ir.Expr], ...]
    shown: tuple[str | None, ...]

    def rest(self, value: str | None) -> list[str | None]:
        """The other known values; of the unknown, all known ones."""
        return [name for name, _ in self.groups if name is not None and name != value]


def _chosen(
    ruleset: ir.Ruleset, table: str, names: Sequence[str]
) -> tuple[dict[str, ir.Column | ir.Use], tuple[Diagnostic, ...]]:
    """What is compared by its name, and the protected columns that are not."""
    # rows may lack a value of any column
    nodes: dict[str, ir.Column | ir.Use] = {
        column.name: ir.Column(table, column.name, column.type, optional=True)
        for column in ruleset.table(table).columns
    }
    features = ruleset.features_of(table)
    nodes |= {each.name: ir.Use(each.name, each.type, each.optional) for each in features}
    if names:
        return {name: _named(name, nodes, ruleset, table) for name in names}, ()
    found: list[str] = []
    missed: list[str] = []
    for column in ruleset.table(table).columns:
        if column.protected:
            groups = [column.name] if _has_groups(column.type) else []
            groups = groups or _bands(ruleset, table, column.name)
            found += groups
            missed += [] if groups else [column.name]
    if not found:
        raise RulesError([gap_problems.nothing_protected(table, missed)], unable=True)
    findings = (gap_problems.not_compared(table, name, spell(nodes[name].type)) for name in missed)
    return {name: nodes[name] for name in found}, tuple(findings)


def _named(
    name: str, nodes: Mapping[str, ir.Column | ir.Use], ruleset: ir.Ruleset, table: str
) -> ir.Column | ir.Use:
    if name not in nodes:
        problem = problems.not_declared("column or named value", name, list(nodes))
        raise RulesError([problem], unable=True)
    if not _has_groups(nodes[name].type):
        bands = _bands(ruleset, table, name)
        raise RulesError(
            [gap_problems.no_groups(name, spell(nodes[name].type), bands)], unable=True
        )
    return nodes[name]


def _has_groups(kind: Type) -> bool:
    return isinstance(kind, Flag | Enum | Set)


def _bands(ruleset: ir.Ruleset, table: str, column: str) -> list[str]:
    """The bands with named steps that rest on a column or a named value."""
    found = []
    for each in ruleset.features_of(table):
        if each.kind == "band" and _has_groups(each.type):
            columns = protected_columns(each.expr, ruleset, everything=True)
            through = {name for path in columns.values() for name in path}
            if (table, column) in columns or column in through:
                found.append(each.name)
    return found


def _splits(node: ir.Column | ir.Use) -> Iterator[_Split]:
    """The groups of a value; of a set one split a declared value, since they overlap."""
    missing = _flag("is_missing", node, optional=False)
    kind = node.type
    if isinstance(kind, Set):
        for at, value in enumerate(kind.values):
            const = ir.Const(value, Enum(kind.values))
            has, lacks = (_flag(word, node, const) for word in ("has_any", "has_none"))
            shown = (value,) if at else (value, None)
            yield _Split(((value, has), (f"no {value}", lacks), (None, missing)), shown)
        return
    groups: list[tuple[str | None, ir.Expr]]
    if isinstance(kind, Enum):
        groups = [(value, _flag("eq", node, ir.Const(value, kind))) for value in kind.values]
    else:
        groups = [("yes", node), ("no", _flag("not", node))]
    groups.append((None, missing))
    yield _Split(tuple(groups), tuple(value for value, _ in groups))


def _flag(op: str, *args: ir.Expr, optional: bool = True) -> ir.Apply:
    return ir.Apply(op, args, Flag(), optional)


def _cells(segment_set: ir.SegmentSet, split: _Split) -> ir.SegmentSet:
    """A set with a segment for each segment and group, so that a funnel can be counted by both.

    Its segments are named by the places of both.
    """
    placed = ir.Placed(segment_set.name, segment_set.type, optional=True)
    rules = tuple(
        ir.Rule(
            _cell(segment, group),
            "",
            _flag("and", _flag("eq", placed, ir.Const(name, segment_set.type)), condition),
        )
        for segment, name in enumerate(segment_set.segments)
        for group, (_, condition) in enumerate(split.groups)
    )
    return ir.SegmentSet(segment_set.name, segment_set.table, rules, ir.Outcome(":", ""), None)


def _cell(segment: int, group: int) -> str:
    return f"{segment}:{group}"


# ---- comparisons


@dataclass(frozen=True, slots=True)
class _Counted:
    """A funnel counted by the cells of segments and groups."""

    history: FunnelHistory
    segments: tuple[str, ...]
    split: _Split

    def cells(self, values: Sequence[str | None], segment: str | None) -> list[str]:
        """The cells of some groups, in a segment or in all."""
        return [
            _cell(at, group)
            for at, name in enumerate(self.segments)
            if segment in (None, name)
            for group, (value, _) in enumerate(self.split.groups)
            if value in values
        ]

    def counts(self, values: Sequence[str | None], stage: str, segment: str | None) -> StageCounts:
        parts = [self.history.counts[cell, stage] for cell in self.cells(values, segment)]
        return StageCounts(
            sum(part.entered for part in parts),
            sum(part.reached for part in parts),
            sum(part.too_recent for part in parts),
        )

    def sides(self, value: str | None, stage: str, segment: str) -> Sides:
        one = self.counts([value], stage, segment)
        rest = self.counts(self.split.rest(value), stage, segment)
        return (one.reached, one.entered), (rest.reached, rest.entered)


def _compared(name: str, counted: _Counted, smallest: int) -> Compared:
    overall: list[Gap] = []
    within: list[Gap] = []
    hidden = 0
    for stage in counted.history.stages[1:]:
        for value in counted.split.shown:
            for segment in (None, *counted.segments):
                gap = _gap(counted, stage, value, segment)
                if gap is None:
                    continue
                sizes = (gap.counts.entered, gap.rest.entered or smallest)
                if min(sizes) < smallest:
                    hidden += 1
                elif segment is None:
                    strata = [counted.sides(value, stage, each) for each in counted.segments]
                    overall.append(replace(gap, inside=_inside(strata, smallest)))
                else:
                    within.append(gap)
    amounts = tuple(_amounts(counted, smallest))
    return Compared(name, tuple(overall), tuple(within), amounts, hidden)


def _gap(counted: _Counted, stage: str, value: str | None, segment: str | None) -> Gap | None:
    """None where nobody of the group entered."""
    counts = counted.counts([value], stage, segment)
    rest = counted.counts(counted.split.rest(value), stage, segment)
    if not counts.entered:
        return None
    rate = counts.reached / counts.entered
    if not rest.entered:
        return Gap(stage, value, segment, counts, rest, rate, None, None, None, None)
    one, other = (counts.reached, counts.entered), (rest.reached, rest.entered)
    rest_rate = rest.reached / rest.entered
    return Gap(
        stage=stage,
        value=value,
        segment=segment,
        counts=counts,
        rest=rest,
        rate=rate,
        rest_rate=rest_rate,
        ratio=rate / rest_rate if rest_rate else None,
        difference=rate - rest_rate,
        interval=difference(one, other, LEVEL),
        p=chance(one, other),
    )


def _inside(strata: Sequence[Sides], smallest: int) -> Inside | None:
    """None where too few are in segments that have people on both sides."""
    both = [(one, rest) for one, rest in strata if one[1] and rest[1]]
    entered, rest_entered = sum(one[1] for one, _ in both), sum(rest[1] for _, rest in both)
    if min(entered, rest_entered) < max(smallest, 1):
        return None
    found, error = stratified(both)
    interval: Interval | None = None
    p = 1.0
    if error > _ROUNDING:
        reach = NormalDist().inv_cdf((1 + LEVEL) / 2) * error
        interval = (max(-1.0, found - reach), min(1.0, found + reach))
        p = normal_chance(found / error)
    elif abs(found) > 1 - _ROUNDING:
        # every stratum has all on one side and none on the other, so together they have, too
        one = (sum(each[0] for each, _ in both), entered)
        rest = (sum(each[0] for _, each in both), rest_entered)
        interval, p = difference(one, rest, LEVEL), chance(one, rest)
    return Inside(entered, rest_entered, found, interval, p, "–")


def _joined(name: str, parts: Sequence[Compared]) -> Compared:
    """The splits of one column together, stage by stage."""
    if len(parts) == 1:
        return parts[0]
    stages = list(dict.fromkeys(gap.stage for part in parts for gap in part.overall))
    overall = [gap for part in parts for gap in part.overall]
    return Compared(
        name,
        # the unknown stand behind all values
        tuple(sorted(overall, key=lambda gap: (stages.index(gap.stage), gap.value is None))),
        tuple(gap for part in parts for gap in part.within),
        tuple(amount for part in parts for amount in part.amounts),
        sum(part.hidden for part in parts),
    )


# ---- many comparisons


_Key = tuple[str, str, str | None, frozenset[str | None]]


def _adjusted(compared: Sequence[Compared]) -> tuple[Compared, ...]:
    """With p-values adjusted in three families: overall, inside segments, and in each segment."""
    keys: dict[int, _Key] = {}
    for each in compared:
        keys |= _keys(each.name, each.overall) | _keys(each.name, each.within)
    overall = [gap for each in compared for gap in each.overall]
    within = [gap for each in compared for gap in each.within]
    whole = holm({keys[id(gap)]: gap.p for gap in overall if gap.p is not None})
    parts = holm({keys[id(gap)]: gap.p for gap in within if gap.p is not None})
    common = holm({keys[id(gap)]: gap.inside.p for gap in overall if gap.inside})
    return tuple(
        replace(
            each,
            overall=tuple(_marked(gap, keys[id(gap)], whole, common) for gap in each.overall),
            within=tuple(_marked(gap, keys[id(gap)], parts, {}) for gap in each.within),
        )
        for each in compared
    )


def _keys(name: str, gaps: Sequence[Gap]) -> dict[int, _Key]:
    """What tells comparisons apart; two values that are each other's rest are compared once."""
    sides = {(gap.stage, gap.segment, gap.counts, gap.rest): gap.value for gap in gaps}
    found: dict[int, _Key] = {}
    for gap in gaps:
        other = sides.get((gap.stage, gap.segment, gap.rest, gap.counts), gap.value)
        found[id(gap)] = name, gap.stage, gap.segment, frozenset([gap.value, other])
    return found


def _marked(gap: Gap, key: _Key, own: Mapping[_Key, float], common: Mapping[_Key, float]) -> Gap:
    p, inside = own.get(key), gap.inside
    if inside is not None:
        shared = common[key]
        inside = replace(inside, p=shared, differs=marked(inside.difference, shared))
    return replace(gap, p=p, differs=marked(gap.difference, p), inside=inside)


# ---- amounts


def _amounts(counted: _Counted, smallest: int) -> Iterator[AmountGap]:
    """The means of values and costs, where enough on both sides have one."""
    history = counted.history
    names: dict[tuple[str, str], dict[str, Moments]] = {}
    for (cell, stage), moments in history.values.items():
        names.setdefault((stage, "value"), {})[cell] = moments
    for (cell, stage, cost), moments in history.costs.items():
        names.setdefault((stage, cost), {})[cell] = moments
    for (stage, what), by_cell in names.items():
        for value in counted.split.shown:
            one = pooled([by_cell[cell] for cell in counted.cells([value], None)])
            others = counted.cells(counted.split.rest(value), None)
            rest = pooled([by_cell[cell] for cell in others])
            if one.mean is None or rest.mean is None or min(one.count, rest.count) < smallest:
                continue
            apart = one.mean - rest.mean
            interval = welch(one, rest)
            yield AmountGap(stage, what, value, one.mean, rest.mean, apart, interval)
