"""Comparisons which the declared type of a column decides for every row."""

from __future__ import annotations

import math

from segrules.lang import ir
from segrules.lang.check.bounds import limits
from segrules.lang.check.coerce import exact_value
from segrules.lang.check.scope import Scope
from segrules.lang.types import BOUND, Enum, Number, Share, Type, Whole
from segrules.text import problems
from segrules.text.source import Span

_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


def warn(test: ir.Expr, span: Span, scope: Scope) -> None:
    """Reports a test, or a pair of tests joined by `and`, that is settled for all known values.

    Claims are left alone: what they say is meant to have one answer.
    """
    if scope.member_of is not None or not isinstance(test, ir.Apply):
        return
    parts = test.args if test.op == "and" else (test,)
    answers = [_answer(part) for part in parts if isinstance(part, ir.Apply)]
    found = next((each for each in answers if each is not None and not each[0]), None)
    if found is None and all(each is not None for each in answers):
        found = answers[0]
    if found is not None:
        true, column = found
        scope.log.report(problems.always(span, column.name, _declared(column.type), true=true))


def _answer(test: ir.Apply) -> tuple[bool, ir.Column] | None:
    """What a comparison of a column with a literal comes to for every known value, if anything."""
    if test.op == "in":
        return _answer_in(test)
    if test.op not in _MIRRORED:
        return None
    left, right = (_bare(part) for part in test.args)
    sign = test.op
    if isinstance(left, ir.Const):
        left, right, sign = right, left, _MIRRORED[sign]
    if not (isinstance(left, ir.Column) and isinstance(right, ir.Const)):
        return None
    low, high = _range(left.type)
    edge = _value(right, left.type)
    if edge is None or (low, high) == (-math.inf, math.inf):
        return None
    true = _settled(sign, (low, high), edge)
    return None if true is None else (true, left)


def _answer_in(test: ir.Apply) -> tuple[bool, ir.Column] | None:
    """A list none of whose numbers the column can have."""
    column, *listed = (_bare(part) for part in test.args)
    if not isinstance(column, ir.Column):
        return None
    low, high = _range(column.type)
    values = [_value(each, column.type) for each in listed if isinstance(each, ir.Const)]
    known = [value for value in values if value is not None]
    if len(known) < len(listed) or any(low <= value <= high for value in known):
        return None
    return False, column


def _settled(sign: str, within: tuple[float, float], edge: float) -> bool | None:
    """The only answer of `value sign edge` for values from the first to the second, if there is."""
    low, high = within
    match sign:
        case "lt":
            return True if high < edge else False if low >= edge else None
        case "le":
            return True if high <= edge else False if low > edge else None
        case "gt":
            return True if low > edge else False if high <= edge else None
        case "ge":
            return True if low >= edge else False if high < edge else None
        case _:
            inside = low <= edge <= high
            return None if inside else sign == "ne"


def _bare(node: ir.Expr) -> ir.Expr:
    """The node without what brings it into another form."""
    while isinstance(node, ir.Apply) and node.op in ("to_number", "position"):
        node = node.args[0]
    return node


def _range(kind: Type) -> tuple[float, float]:
    """The declared range, infinite where nothing is declared."""
    match kind:
        case Enum(ordered=True, values=values):
            return 0, len(values) - 1
        case Whole(low=low, high=high) if (low, high) != (-BOUND, BOUND):
            return low, high
        case Number() if kind != Number():
            return limits(kind)
        case Share(bounded=True):
            return 0.0, 1.0
        case _:
            return -math.inf, math.inf


def _value(node: ir.Const, beside: Type) -> float | None:
    """The number of a literal, or the place of a value in its order; None for a knob."""
    literal = node.written[:1].isdigit() or isinstance(beside, Enum)
    if not literal or isinstance(node.value, bool) or not isinstance(node.value, int | float):
        return None
    return float(exact_value(node))


def _declared(kind: Type) -> str:
    match kind:
        case Enum(values=values):
            return " < ".join(values)
        case Share():
            return "a share, 0%..100%"
        case _:
            low, high = limits(kind)
            return f"{low:g}..{high:g}"
