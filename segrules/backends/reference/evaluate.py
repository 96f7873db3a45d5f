"""The meaning of expressions and segment sets, one row at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from segrules.backends.context import Context, seen
from segrules.backends.reach import features_needed
from segrules.backends.reference import aggregates, operators
from segrules.backends.reference.ranking import in_rank
from segrules.lang.ir import (
    Aggregate,
    Apply,
    AsOf,
    Choose,
    Column,
    Const,
    Expr,
    InRank,
    Ruleset,
    SegmentSet,
    Table,
    Use,
    Value,
    Window,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row with the related rows that belong to its key, all canonical.

    A column that is absent is missing. `given` stands in for features, by name. `table` is needed
    only where a rank is cut within ties, to find the row's key.
    """

    columns: Mapping[str, Value]
    related: Mapping[str, Sequence[Mapping[str, Value]]] = field(default_factory=dict)
    given: Mapping[str, Value] = field(default_factory=dict)
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The segment (missing when unsure and no `unsure` is declared), what decided, every rule.

    `by` is the deciding rule's segment, "otherwise" or "unsure".
    """

    segment: str | None
    by: str
    truths: tuple[bool | None, ...]

    @property
    def unknown(self) -> int:
        """How many rules are unknown."""
        return self.truths.count(None)


def evaluate(expr: Expr, row: Row, ruleset: Ruleset, context: Context) -> Value:
    """The value of an expression on a row."""
    return _Evaluator([expr], row, ruleset, context).value(expr)


def decide(segment_set: SegmentSet, row: Row, ruleset: Ruleset, context: Context) -> Decision:
    """The first rule that is true; without one `otherwise`, or `unsure` if some are unknown."""
    conditions = [rule.condition for rule in segment_set.rules]
    placed = Row(row.columns, row.related, row.given, segment_set.table)
    evaluator = _Evaluator(conditions, placed, ruleset, context)
    truths = tuple(_truth(evaluator.value(condition)) for condition in conditions)
    if True in truths:
        segment = segment_set.rules[truths.index(True)].segment
        return Decision(segment, segment, truths)
    if None in truths:
        unsure = segment_set.unsure
        return Decision(unsure.segment if unsure else None, "unsure", truths)
    return Decision(segment_set.otherwise.segment, "otherwise", truths)


def visible(
    rows: Iterable[Mapping[str, Value]],
    table: Table,
    context: Context,
    window: Window | None = None,
) -> list[Mapping[str, Value]]:
    """The rows dated in the window and not after as_of; all of them if the table has no dates."""
    if table.dated is None:
        if window is not None:
            raise ValueError(f"the table {table.name} has no dates to look through a window at")
        return list(rows)
    dated = table.column(table.dated)
    if dated is None:
        raise ValueError(f"the table {table.name} is dated by a column it does not have")
    bounds = seen(window, dated.type, context)
    return [row for row in rows if _within(row.get(table.dated), bounds.start, bounds.end)]


def _within(date: Value, start: Value, end: Value) -> bool:
    """Whether start ≤ date < end; a row without a date is never seen."""
    if date is None:
        return False
    return (start is None or start <= date) and (end is None or date < end)  # type: ignore[operator]


def _truth(value: Value) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise TypeError("a condition is a flag")


class _Evaluator:
    """Expressions on one row; every feature they rest on is evaluated once, in order."""

    def __init__(
        self, expressions: Sequence[Expr], row: Row, ruleset: Ruleset, context: Context
    ) -> None:
        self._row, self._ruleset, self._context = row, ruleset, context
        self._features = dict(row.given)
        for feature in features_needed(expressions, ruleset, row.given):
            self._features[feature.name] = self.value(feature.expr)

    def value(self, node: Expr) -> Value:
        match node:
            case Const(value=value):
                return value
            case Column(name=name):
                return self._row.columns.get(name)
            case Use(name=name):
                return self._features[name]
            case AsOf():
                return self._context.as_of
            case Apply(op=op, args=args):
                setting = operators.Setting(node, self._context.zone)
                return operators.RULES[op](setting, [self.value(arg) for arg in args])
            case Choose():
                return self._choose(node)
            case Aggregate():
                return self._aggregate(node)
            case InRank():
                return self._rank(node)

    def _choose(self, node: Choose) -> Value:
        for condition, value in node.cases:
            truth = self.value(condition)
            if truth is None:
                return None
            if truth:
                return self.value(value)
        return self.value(node.otherwise)

    def _aggregate(self, node: Aggregate) -> Value:
        table = self._ruleset.table(node.rows.table)
        rows = visible(
            self._row.related.get(table.name, ()), table, self._context, node.rows.window
        )
        dated: list[tuple[object, Value]] = []
        for row in rows:
            inside = Row(row, table=table.name)
            if node.rows.where is not None and not self._on(inside, node.rows.where):
                continue
            # `count` has no value: a row counts for itself
            value = 1 if node.value is None else self._on(inside, node.value)
            if value is not None:
                dated.append((row.get(table.dated) if table.dated else None, value))
        kind = node.type if node.value is None else node.value.type
        return aggregates.RULES[node.how](dated, kind)  # type: ignore[arg-type]

    def _on(self, row: Row, node: Expr) -> Value:
        """The value of an expression on a related row."""
        return evaluate(node, row, self._ruleset, self._context)

    def _rank(self, node: InRank) -> Value:
        cut = self._context.calibration.cut(node.name)
        if cut is None:
            raise KeyError(f"the calibration has no cut point for the rank {node.name}")
        return in_rank(node, cut, self.value(node.by), self._key())

    def _key(self) -> str | None:
        if self._row.table is None:
            return None
        key = self._row.columns.get(self._ruleset.table(self._row.table).key)
        return key if isinstance(key, str) else None
