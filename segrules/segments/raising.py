"""What becomes of a row when one of its values is raised."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from segrules.backends.context import Context
from segrules.backends.reach import on_row, reached, set_parts, steps_needed
from segrules.backends.reference.evaluate import decide, evaluate
from segrules.backends.reference.rows import Row
from segrules.lang.ir import (
    Apply,
    Calibration,
    Column,
    Const,
    Cut,
    Expr,
    Feature,
    Figure,
    Placed,
    Ruleset,
    SegmentSet,
    Use,
    Value,
    walk,
)
from segrules.lang.types import BOUND, Flag, Money, Number, Share, Type, Whole, form

Item = TypeVar("Item")

MOST = 60
"""Values that a row is tried with."""

_COMPARING = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "in"})


@dataclass(frozen=True, slots=True)
class Fall:
    """A row that goes down the ladder as a value is raised: the value and the segment, and then."""

    values: tuple[Value, Value]
    segments: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Raised:
    """`fall` is the first one found; `off` says that nothing could be compared.

    That is so where the row has no value, or is in no segment of the ladder.
    """

    fall: Fall | None = None
    off: bool = False


class Raising:
    """Raises a column or a named value of rows, and watches a set's ladder."""

    def __init__(self, found: SegmentSet, name: str, ruleset: Ruleset) -> None:
        self.found, self.name, self.ruleset = found, name, ruleset
        self.node = _named(name, found.table, ruleset)
        self.kind = self.node.type
        self._parts = reached(set_parts(found), found.table, ruleset).get(found.table, ())

    def value(self, row: Row, context: Context) -> Value:
        return evaluate(self.node, row, self.ruleset, context)

    def targets(self, calibration: Calibration, seen: Iterable[Value]) -> list[Value]:
        """What the value is raised to, in rising order.

        The constants and the cut points that it may be held against, a step beyond each, the
        greatest of the values `seen` and some between, and the greatest that its type allows.
        """
        if isinstance(self.kind, Flag):
            return [True]
        known = sorted(value for value in seen if isinstance(value, int | float))
        edges = [*self._constants(), *_frozen(calibration), *known[-1:]]
        wanted = [value for edge in edges for value in (edge, *_beyond(edge, self.kind))]
        wanted += evenly(known, 8)
        high = _highest(self.kind)
        if high is not None:
            wanted = [min(value, high) for value in wanted] + [high]
        whole = form(self.kind) == "int"
        made = {math.ceil(value) if whole else float(value) for value in wanted}
        return list(evenly(sorted(made), MOST))

    def raised(self, row: Row, context: Context, targets: Sequence[Value]) -> Raised:
        """The row with each of the targets that is above its value."""
        ladder = self.found.ladder
        value = self.value(row, context)
        before = decide(self.found, row, self.ruleset, context).segment
        if value is None or before not in ladder:
            return Raised(off=True)
        found, start = self._settled(row, context)
        for target in targets:
            if not target > value:  # type: ignore[operator]  # both are of one ordered type
                continue
            after = decide(found, self._with(start, target), self.ruleset, context).segment
            if after in ladder and ladder.index(after) < ladder.index(before):
                return Raised(Fall((value, target), (before, after)))
        return Raised()

    def _with(self, row: Row, value: Value) -> Row:
        if isinstance(self.node, Column):
            return replace(row, columns={**row.columns, self.name: value})
        return replace(row, given={**row.given, self.name: value})

    def _settled(self, row: Row, context: Context) -> tuple[SegmentSet, Row]:
        """The set and the row with all found that does not rest on the value."""
        given = dict(row.given)
        touched = {self.name} if isinstance(self.node, Use) else set[str]()
        for step in steps_needed(set_parts(self.found), row.table, self.ruleset, given):
            parts = [step.expr] if isinstance(step, Feature) else list(set_parts(step))
            if step.name in touched or self._touch(parts, touched):
                touched.add(step.name)
            else:
                given[step.name] = evaluate(_read(step), row, self.ruleset, context)
        settled = replace(row, given=given)
        rules = tuple(
            rule
            if self._touch([rule.condition], touched)
            else replace(rule, condition=self._answer(rule.condition, settled, context))
            for rule in self.found.rules
        )
        return replace(self.found, rules=rules), settled

    def _answer(self, condition: Expr, row: Row, context: Context) -> Const:
        return Const(evaluate(condition, row, self.ruleset, context), Flag(), condition.span)

    def _touch(self, parts: Iterable[Expr], touched: set[str]) -> bool:
        return any(self._touches(node, touched) for node in on_row(parts))

    def _made_of(self) -> set[str]:
        """The names that rest on the value, its own among them."""
        names = {self.name}
        for step in self.ruleset.steps:
            features = (each for each in self.ruleset.features if each.name == step)
            if any(_reads(node, names) for each in features for node in walk(each.expr)):
                names.add(step)
        return names

    def _touches(self, node: Expr, touched: set[str]) -> bool:
        match node:
            case Column(name=name):
                return isinstance(self.node, Column) and name == self.name
            case Use(name=name) | Placed(set=name):
                return name in touched
            case _:
                return False

    def _constants(self) -> Iterator[float]:
        """What the rules hold the value, or something made of it, against."""
        made_of = self._made_of()
        for part in self._parts:
            for node in walk(part):
                if isinstance(node, Apply) and node.op in _COMPARING:
                    below = [each for arg in node.args for each in walk(arg)]
                    if any(_reads(each, made_of) for each in below):
                        yield from (
                            each.value
                            for each in below
                            if isinstance(each, Const)
                            and isinstance(each.value, int | float)
                            and not isinstance(each.value, bool)
                        )


def _named(name: str, table: str, ruleset: Ruleset) -> Column | Use:
    column = ruleset.table(table).column(name)
    if column is not None:
        return Column(table, name, column.type, column.optional)
    feature = ruleset.feature(name)
    return Use(name, feature.type, feature.optional)


def _read(step: Feature | SegmentSet) -> Use | Placed:
    if isinstance(step, Feature):
        return Use(step.name, step.type, step.optional)
    return Placed(step.name, step.type, step.optional)


def _reads(node: Expr, names: set[str]) -> bool:
    return isinstance(node, Column | Use) and node.name in names


def _frozen(calibration: Calibration) -> Iterator[float]:
    held = [frozen for _, groups in calibration.frozen for _, frozen in groups]
    held += [frozen for _, frozen in calibration.everywhere]
    for frozen in evenly(held, MOST):
        if isinstance(frozen, Cut | Figure) and isinstance(frozen.value, int | float):
            yield frozen.value


def _beyond(edge: float, kind: Type) -> tuple[float, ...]:
    """The next value there is, and one that is clearly beyond."""
    match kind:
        case Whole() | Money():
            return (edge + 1,)
        case Share():
            return (math.nextafter(edge, math.inf), edge + 0.01)
        case _:
            return (math.nextafter(edge, math.inf), edge + 1)


def _highest(kind: Type) -> float | None:
    """The greatest value that is declared."""
    match kind:
        case Share(bounded=True):
            return 1.0
        case Whole(high=high) | Money(high=high) | Number(high=high):
            return None if high is None or high >= BOUND else high
        case _:
            return None


def evenly(items: Sequence[Item], count: int) -> list[Item]:
    """So many of them, the first and the last among them."""
    if len(items) <= count:
        return list(items)
    return [items[at * (len(items) - 1) // (count - 1)] for at in range(count)]
