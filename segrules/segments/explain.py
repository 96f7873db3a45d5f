"""Why one row is in its segments: every rule, its conditions, and what is missing for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segrules.backends.polars.plan import prepare
from segrules.backends.reference.evaluate import Row, decide, evaluate
from segrules.lang.ir import (
    Aggregate,
    Apply,
    Column,
    Expr,
    Rule,
    Ruleset,
    SegmentSet,
    Use,
    Value,
    children,
    walk,
)
from segrules.lang.types import Money, Type, decimals
from segrules.segments.assign import Placement
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems

Truth = bool | None
"""`None` is unknown."""

HIDDEN = "(hidden)"
"""Stands for the value of a sensitive column."""


@dataclass(frozen=True, slots=True)
class Input:
    """A column, a feature or a related table that a condition reads.

    `value` is spelled out only when values were asked for, and is hidden where it is or rests on
    a sensitive column.
    """

    name: str
    missing: bool
    value: str | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition without `and`, `or` and `not`; `written` is as in the rule file."""

    written: str
    truth: Truth
    inputs: tuple[Input, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.inputs if each.missing)


@dataclass(frozen=True, slots=True)
class RuleExplained:
    segment: str
    label: str
    truth: Truth
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class SetExplained:
    """`by` is the deciding rule's segment, "otherwise" or "unsure"; every rule is listed."""

    name: str
    segment: str | None
    by: str
    rules: tuple[RuleExplained, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    table: str
    key: str
    as_of: dt.date
    sets: tuple[SetExplained, ...]


def explain(placement: Placement, key: str, *, show_values: bool = False) -> Explanation:
    """Explains the segments of the row with this key, by the reference evaluator.

    Raises:
        RulesError: no row has the key.
    """
    row = fetch(placement, key)
    explainer = _Explainer(placement, row, show_values)
    sets = tuple(explainer.segment_set(found) for found in placement.ruleset.sets)
    return Explanation(placement.table, key, placement.context.as_of, sets)


def fetch(placement: Placement, key: str) -> Row:
    """The row with a key and its related rows, in canonical form.

    Raises:
        RulesError: no row has the key.
    """
    table = placement.ruleset.table(placement.table)
    # nothing but the row itself is wanted here: no features, no related rows
    rows = prepare(placement.ruleset, table.name, placement.frames, placement.context, [])
    found = _rows(rows.filter(pl.col(table.key) == key).head(1))
    if not found:
        raise RulesError([problems.unknown_key(table.name, key)], unable=True)
    related: dict[str, Sequence[Mapping[str, Value]]] = {}
    for name, frame in placement.frames.items():
        other = placement.ruleset.table(name)
        if other.kind == "related" and (other.of == table.name or name == table.source):
            related[name] = _rows(frame.filter(pl.col(other.key) == key))
    return Row(found[0], related, table=table.name)


def _rows(frame: pl.LazyFrame) -> list[dict[str, Value]]:
    return frame.collect(engine="streaming").to_dicts()


@dataclass(frozen=True, slots=True)
class _Explainer:
    placement: Placement
    row: Row
    show_values: bool

    @property
    def ruleset(self) -> Ruleset:
        return self.placement.ruleset

    def segment_set(self, found: SegmentSet) -> SetExplained:
        decision = decide(found, self.row, self.ruleset, self.placement.context)
        rules = tuple(
            self.rule(rule, truth) for rule, truth in zip(found.rules, decision.truths, strict=True)
        )
        return SetExplained(found.name, decision.segment, decision.by, rules)

    def rule(self, rule: Rule, truth: Truth) -> RuleExplained:
        leaves = tuple(self.leaf(node) for node in _leaves(rule.condition))
        return RuleExplained(rule.segment, rule.label, truth, leaves)

    def leaf(self, node: Expr) -> Leaf:
        truth = self.value(node)
        if truth is not None and not isinstance(truth, bool):
            raise TypeError("a condition is a flag")
        return Leaf(_written(node), truth, tuple(self.inputs(node)))

    def inputs(self, node: Expr) -> Iterator[Input]:
        """What a condition reads: a feature stands before the columns it is made of."""
        seen: set[str] = set()
        for part in _read(node, self.ruleset):
            name = part.rows.table if isinstance(part, Aggregate) else part.name
            if name in seen:
                continue
            seen.add(name)
            value = self.value(part)
            yield Input(name, value is None, self.shown(part, value))

    def shown(self, part: Column | Use | Aggregate, value: Value) -> str | None:
        if not self.show_values:
            return None
        if self.sensitive(part):
            return HIDDEN
        return spell_value(value, part.type)

    def sensitive(self, node: Expr) -> bool:
        """Whether a value is, or rests on, a sensitive column."""
        for part in walk(node):
            match part:
                case Column(table=table, name=name):
                    column = self.ruleset.table(table).column(name)
                    if column is not None and column.sensitive:
                        return True
                case Use(name=name):
                    if self.sensitive(self.ruleset.feature(name).expr):
                        return True
                case _:
                    pass
        return False

    def value(self, node: Expr) -> Value:
        return evaluate(node, self.row, self.ruleset, self.placement.context)


def _leaves(node: Expr) -> Iterator[Expr]:
    if isinstance(node, Apply) and node.op in {"and", "or", "not"} and not _one_phrase(node):
        for arg in node.args:
            yield from _leaves(arg)
    else:
        yield node


def _one_phrase(node: Apply) -> bool:
    """Whether the parts were written as one: `between` is two comparisons of one text."""
    return node.op == "and" and all(arg.span == node.span for arg in node.args)


def _read(node: Expr, ruleset: Ruleset) -> Iterator[Column | Use | Aggregate]:
    """Columns, features and aggregates of the row itself, features followed."""
    match node:
        case Column() | Aggregate():
            yield node
        case Use(name=name):
            yield node
            yield from _read(ruleset.feature(name).expr, ruleset)
        case _:
            for part in children(node):
                yield from _read(part, ruleset)


def _written(node: Expr) -> str:
    """The text of a condition, or the names it reads where it was not made from text."""
    if node.span:
        return " ".join(node.span.text.split())
    names = [part.name for part in walk(node) if isinstance(part, Column | Use)]
    return " ".join([node.op, *names]) if isinstance(node, Apply) else " ".join(names)


def spell_value(value: Value, kind: Type) -> str:
    """A value as it is written in data; money in units of its currency."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(kind, Money) and isinstance(value, int | float):
        places = decimals(kind.currency)
        return f"{value / 10**places:.{places}f}"
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)
