"""Why one row is in its segments: every rule, its conditions, and what is missing for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import polars as pl

from segrules.backends.context import later
from segrules.backends.reach import on_row
from segrules.backends.reference.evaluate import Decision, Row, allotted, decide
from segrules.lang.ir import (
    Aggregate,
    Apply,
    Cap,
    Column,
    Expr,
    Feature,
    Rows,
    Rule,
    Ruleset,
    SegmentSet,
    Sequence,
    Use,
    history_of,
    rows_in,
)
from segrules.lang.types import Flag
from segrules.segments.assign import Placement
from segrules.segments.evidence import HIDDEN, Input, Reader, spell_value, written
from segrules.segments.world import fetch
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems

__all__ = ["HIDDEN", "Input", "explain", "spell_value", "versus"]

_WHOLE = 10_000
"""Characters of a condition: all of them, but for what no table could hold."""

Truth = bool | None
"""`None` is unknown."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition without `and`, `or` and `not`; `written` is as in the rule file.

    `waits` says of an unknown one what may still happen, where nothing is missing.
    """

    written: str
    truth: Truth
    inputs: tuple[Input, ...]
    waits: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.inputs if each.missing)


@dataclass(frozen=True, slots=True)
class Held:
    """How a row is held in a segment that it was in: since when, and what it takes to leave it.

    `until` is the first day on which the least time is over; `leaving` at how many reviews running
    the condition to leave has been true, of the `reviews` that it takes.
    """

    since: dt.date | None
    until: dt.date | None
    leaving: int | None
    reviews: int


@dataclass(frozen=True, slots=True)
class RuleExplained:
    """`by` is what decides where the rule is the first true one (see `segrules.lang.ir.Rule`).

    `reason` is that of a suppression or an override, `until` its last day; `held` is there for a
    row that was in the segment which a rule of tolerance holds it in.
    """

    segment: str
    label: str
    by: str
    truth: Truth
    leaves: tuple[Leaf, ...]
    reason: str = ""
    until: dt.date | None = None
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class CapExplained:
    """`asked`: the row was in the segment by then; `truth`: it has a place there."""

    segment: str
    rest: str
    asked: bool
    leaf: Leaf


@dataclass(frozen=True, slots=True)
class SetExplained:
    """`by` is the decider; every rule is listed, in the order in which they are asked.

    `decided` is the place of the first true rule, which a cap may have moved the row from.
    """

    name: str
    segment: str | None
    by: str
    rules: tuple[RuleExplained, ...]
    decided: int | None = None
    caps: tuple[CapExplained, ...] = ()
    allotted: str | None = None
    held_out: bool | None = None


@dataclass(frozen=True, slots=True)
class FlagExplained:
    name: str
    label: str
    truth: Truth
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`outputs` are those of the table's grids.

    `records` are the keys of the records that the row was made of, where there were several; they
    are hidden where keys are sensitive.
    """

    table: str
    key: str
    as_of: dt.date
    sets: tuple[SetExplained, ...]
    flags: tuple[FlagExplained, ...] = ()
    outputs: tuple[Input, ...] = ()
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetCompared:
    """A set for two rows: the places of the rules that differ, and the one that parts them.

    `deciding` is None where both are decided alike, or only a cap parts them.
    """

    left: SetExplained
    right: SetExplained
    differing: tuple[int, ...]
    deciding: int | None

    @property
    def alike(self) -> bool:
        return (self.left.segment, self.left.by) == (self.right.segment, self.right.by)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rows of a table side by side."""

    left: Explanation
    right: Explanation
    sets: tuple[SetCompared, ...]


def explain(placement: Placement, key: str, *, show_values: bool = False) -> Explanation:
    """Explains the segments of the row with this key, by the reference evaluator.

    The key of a record stands for the customer that it was made part of.

    Raises:
        RulesError: no row has the key.
    """
    return _explained(placement, [key], show_values)[0]


def versus(placement: Placement, key: str, other: str, *, show_values: bool = False) -> Comparison:
    """Explains two rows, and where they part.

    Raises:
        RulesError: no row has one of the keys.
    """
    left, right = _explained(placement, [key, other], show_values)
    pairs = zip(left.sets, right.sets, strict=True)
    return Comparison(left, right, tuple(_compared(*pair) for pair in pairs))


def _explained(placement: Placement, keys: list[str], show_values: bool) -> list[Explanation]:
    ruleset, table, context = placement.ruleset, placement.table, placement.context
    records = {key: _records(placement, key) for key in keys}
    customers = [records[key][0] if records[key] else key for key in keys]
    found = fetch(ruleset, table, placement.frames, context, customers)
    unknown = [key for key in dict.fromkeys(customers) if key not in found]
    if unknown:
        raise RulesError([problems.unknown_key(table, key) for key in unknown], unable=True)
    made = []
    for asked, key in zip(keys, customers, strict=True):
        reader = Reader(found[key], ruleset, context, show_values)
        hidden = reader.sensitive.column(table, ruleset.table(table).key)
        shown = tuple(HIDDEN if hidden else each for each in records[asked])
        explained = _Explainer(reader).explained(key)
        made.append(replace(explained, records=shown if len(shown) > 1 else ()))
    return made


def _records(placement: Placement, key: str) -> tuple[str, ...]:
    """The records of the customer of a record, the one that gave its key first."""
    for each in placement.consolidations:
        customer = each.mapping.filter(pl.col("key") == key)["into"]
        if each.table == placement.table and len(customer):
            of_one = each.mapping.filter(pl.col("into") == customer[0])["key"].sort()
            return (customer[0], *(other for other in of_one if other != customer[0]))
    return ()


def _compared(left: SetExplained, right: SetExplained) -> SetCompared:
    pairs = zip(left.rules, right.rules, strict=True)
    differing = tuple(at for at, (one, other) in enumerate(pairs) if one.truth is not other.truth)
    first = [each.decided for each in (left, right) if each.decided is not None]
    deciding = min(first) if left.decided != right.decided else None
    if not first and left.by != right.by:
        # one is unsure where the other is sure that nothing fits
        deciding = next(iter(differing), None)
    return SetCompared(left, right, differing, deciding)


@dataclass(frozen=True, slots=True)
class _Explainer:
    reader: Reader

    @property
    def ruleset(self) -> Ruleset:
        return self.reader.ruleset

    @property
    def row(self) -> Row:
        return self.reader.row

    def explained(self, key: str) -> Explanation:
        table = self.row.table
        features = sorted(self.ruleset.features_of(table), key=_written_at)
        return Explanation(
            table,
            key,
            self.reader.context.as_of,
            tuple(self.segment_set(each) for each in self.ruleset.sets if each.table == table),
            tuple(self.flag(each) for each in features if each.kind == "flag"),
            tuple(self.output(each) for each in features if each.kind == "grid"),
        )

    def segment_set(self, found: SegmentSet) -> SetExplained:
        decision = self.decision(found, len(found.caps))
        rules = zip(found.rules, decision.truths, strict=True)
        return SetExplained(
            found.name,
            decision.segment,
            decision.by,
            tuple(self.rule(rule, truth, found) for rule, truth in rules),
            decision.truths.index(True) if True in decision.truths else None,
            tuple(self.cap(found, at, cap) for at, cap in enumerate(found.caps)),
            allotted(found, self.row, self.ruleset, self.reader.context),
            self.reader.truth(found.holdout.test) if found.holdout else None,
        )

    def decision(self, found: SegmentSet, caps: int) -> Decision:
        return decide(found, self.row, self.ruleset, self.reader.context, caps)

    def rule(self, rule: Rule, truth: Truth, found: SegmentSet) -> RuleExplained:
        told = RuleExplained(rule.segment, rule.label, rule.decider, truth, ())
        match rule.by:
            case "suppress":
                leaves = self.leaves(rule.condition)
                return replace(told, leaves=leaves, reason=rule.written)
            case "override":
                return self.override(rule, told)
            case "stay":
                return self.stay(rule, found, told)
            case _:
                return replace(told, leaves=self.leaves(rule.condition))

    def override(self, rule: Rule, told: RuleExplained) -> RuleExplained:
        """An override names keys: whose they are is nobody else's business."""
        made = [each for each in self.ruleset.overrides if each.span == rule.span]
        if not made:
            return replace(told, leaves=self.leaves(rule.condition), reason=rule.written)
        count = len(made[0].keys)
        says = f"{self.ruleset.table(self.row.table).key} is " + (
            "the one named" if count == 1 else f"one of {count:,} named"
        )
        leaf = Leaf(f"{says}, until {made[0].until}", told.truth, ())
        return replace(told, leaves=(leaf,), reason=rule.written, until=made[0].until)

    def stay(self, rule: Rule, found: SegmentSet, told: RuleExplained) -> RuleExplained:
        tolerance = next(each for each in found.tolerances if each.segment == rule.segment)
        leaves: tuple[Leaf, ...] = ()
        if tolerance.leave is not None:
            leaf = self.leaf(tolerance.leave)
            leaves = (replace(leaf, written=f"leave when {leaf.written}"),)
        # whom only an override placed there is not held when it ends
        if self.stored(found.name) != rule.segment or self.stored(f"{found.name}:decided"):
            return replace(told, leaves=leaves)
        since = self.stored(f"{found.name}:since")
        begun = since if isinstance(since, dt.date) else None
        until = later(begun, tolerance.stay) if begun and tolerance.stay else None
        leaving = self.reader.value(tolerance.leaving) if tolerance.leaving is not None else None
        counted = leaving if isinstance(leaving, int) else None
        return replace(told, leaves=leaves, held=Held(begun, until, counted, tolerance.reviews))

    def stored(self, name: str) -> object:
        """The latest value that earlier assignments stored."""
        past = self.ruleset.table(history_of(self.row.table))
        column = past.column(name)
        if column is None:
            raise ValueError(f"{past.name} has no column {name}")
        value = Column(past.name, name, column.type, column.optional)
        rows = Rows(past.name, past.by or "")
        return self.reader.value(Aggregate("last", rows, value, value.type, optional=True))

    def cap(self, found: SegmentSet, at: int, cap: Cap) -> CapExplained:
        asked = self.decision(found, at).segment == cap.segment
        leaf = self.leaf(cap.rank)
        if cap.span:
            leaf = replace(leaf, written=" ".join(cap.span.text.split()))
        return CapExplained(cap.segment, cap.rest, asked, leaf)

    def flag(self, feature: Feature) -> FlagExplained:
        truth = self.reader.truth(feature.expr)
        return FlagExplained(feature.name, feature.label, truth, self.leaves(feature.expr))

    def output(self, feature: Feature) -> Input:
        value = self.reader.value(feature.expr)
        hidden = self.reader.sensitive.rests(feature.expr)
        shown = HIDDEN if hidden else spell_value(value, feature.type) or "missing"
        return Input(feature.name, value is None, shown)

    def leaves(self, condition: Expr) -> tuple[Leaf, ...]:
        return tuple(self.leaf(node) for node in _leaves(condition))

    def leaf(self, node: Expr) -> Leaf:
        truth = self.reader.truth(node)
        waits = self.waits(node) if truth is None else ""
        return Leaf(written(node, _WHOLE), truth, self.reader.inputs(node), waits)

    def waits(self, node: Expr) -> str:
        """What must not follow, of a sequence whose time is not over."""
        for part in _sequences(node, self.ruleset, self.row.given):
            if part.but_no and part.but_no.within and self.reader.value(part) is None:
                count, unit = part.but_no.within.count, part.but_no.within.unit
                length = f"{count:,} {unit if count != 1 else unit.removesuffix('s')}"
                last = rows_in(part)[-2].table
                return (
                    f"too early to say: {part.but_no.rows.table} may follow within {length} "
                    f"of {last}"
                )
        return ""


def may_wait(found: SegmentSet, ruleset: Ruleset) -> bool:
    """Whether a rule may be unknown though nothing is missing, as something may still follow."""
    parts = (part for rule in found.rules for part in _sequences(rule.condition, ruleset, ()))
    return any(part.but_no and part.but_no.within for part in parts)


def _sequences(node: Expr, ruleset: Ruleset, given: Collection[str]) -> Iterator[Sequence]:
    """The sequences that an expression rests on, named values followed unless they are given."""
    waiting, followed = [node], set(given)
    while waiting:
        for part in on_row([waiting.pop()]):
            if isinstance(part, Sequence):
                yield part
            elif isinstance(part, Use) and part.name not in followed:
                followed.add(part.name)
                waiting.append(ruleset.feature(part.name).expr)


def _written_at(feature: Feature) -> tuple[str, int]:
    """Features stand in an order in which they can be found, which is not that of the file."""
    return (feature.span.source.name, feature.span.start) if feature.span else ("", 0)


def _leaves(node: Expr) -> Iterator[Expr]:
    if isinstance(node, Apply) and node.op in {"and", "or", "not"} and not _one_phrase(node):
        for arg in node.args:
            yield from _leaves(arg)
    else:
        yield _known(node)


def _known(node: Expr) -> Expr:
    """A test of which unknown is no, without that; it was not written so."""
    match node:
        case Apply(op="if_missing", args=(test, _), type=Flag()) if test.span == node.span:
            return test
        case _:
            return node


def _one_phrase(node: Apply) -> bool:
    """Whether the parts were written as one: `between` is two comparisons of one text."""
    return node.op == "and" and all(arg.span == node.span for arg in node.args)
