"""What operators make of values that are constants or the subject itself, cell by cell."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from segrules.lang.cells.domains import following
from segrules.lang.cells.pieces import (
    AS_DOUBLE,
    BELOW,
    ITSELF,
    OTHER,
    Held,
    Mark,
    Piece,
    aligned,
    edges_for,
    places,
    simplified,
)
from segrules.lang.ir import Apply, Value
from segrules.lang.types import Enum


class NotOfThisSortError(Exception):
    """The result is neither a constant in each cell nor the subject itself."""


CellRule = Callable[[Any, Held, Sequence[Held]], Held]
"""A rule: the node, what stands for the cell, and the operands there."""


def applied(node: Apply, args: Sequence[Piece]) -> Piece | None:
    """An operator on operands; None where that is no piece of one subject."""
    rule = RULES.get(node.op)
    if rule is None:
        return None
    if node.op in _TRUTHS and args[0].values == (ITSELF, None) and args[0].ordered:
        bound = args[1].values[0]
        if args[1].constant and bound is not None and not isinstance(bound, Mark):
            return _against(bound, args[0].subject, *_TRUTHS[node.op])
    fine = aligned(args, _edges(node, args))
    if fine is None:
        return None
    like = next((piece for piece in fine if not piece.constant), fine[0])
    columns = zip(*(piece.values for piece in fine), strict=True)
    try:
        values = tuple(
            rule(node, place, held)
            for place, held in zip((*places(like), OTHER), columns, strict=True)
        )
    except NotOfThisSortError:
        return None
    return simplified(Piece(like.subject, like.ordered, like.edges, values))


def _against(bound: Value, subject: int, below: bool, at: bool, above: bool) -> Piece:
    """A comparison of the subject itself with a constant: what most tests are."""
    first = bound + 0.0 if isinstance(bound, float) else bound
    after = following(bound)
    edges, values = [], [below]
    if at is not below:
        edges.append(first)
        values.append(at)
    if above is not at and after is not None:
        edges.append(after)
        values.append(above)
    return Piece(subject, True, tuple(edges), (*values, None))


def _edges(node: Apply, args: Sequence[Piece]) -> list[Value]:
    """Where the result may change within a cell: at the constants the subject is held against."""
    if node.op == "position":
        kind = node.args[0].type
        return list(kind.values) if isinstance(kind, Enum) and ITSELF in args[0].values else []
    if node.op not in _HELD_AGAINST:
        return []
    marks = {value for piece in args for value in piece.values if value in (ITSELF, AS_DOUBLE)}
    ordered = all(piece.ordered for piece in args)
    constants = {value for piece in args for value in piece.values if not isinstance(value, Mark)}
    return [
        edge
        for mark in marks
        for bound in constants
        for edge in edges_for(mark, bound, ordered=ordered)
    ]


def chosen(cases: Sequence[tuple[Piece, Piece]], otherwise: Piece) -> Piece | None:
    """The value of the first case whose condition is true; missing behind an unknown one."""
    flat = [piece for case in cases for piece in case]
    fine = aligned([*flat, otherwise])
    if fine is None:
        return None
    like = next((piece for piece in fine if not piece.constant), fine[-1])
    columns = list(zip(*(piece.values for piece in fine), strict=True))
    values = tuple(_first(column) for column in columns)
    return simplified(Piece(like.subject, like.ordered, like.edges, values))


def _first(column: Sequence[Held]) -> Held:
    for at in range(0, len(column) - 1, 2):
        if column[at] is None:
            return None
        if column[at]:
            return column[at + 1]
    return column[-1]


# ---- rules


def _strict(rule: Callable[[Apply, Held, Sequence[Held]], Held]) -> CellRule:
    def answer(node: Apply, place: Held, held: Sequence[Held]) -> Held:
        return None if any(value is None for value in held) else rule(node, place, held)

    return answer


def _compared(test: Callable[[Any, Any], bool]) -> CellRule:
    def answer(_: Apply, place: Held, held: Sequence[Held]) -> Held:
        left, right = held
        if isinstance(left, Mark) and left is right:
            return test(0, 0)
        return test(*_stand_ins(place, left, right))

    return _strict(answer)


def _stand_ins(place: Held, left: Held, right: Held) -> tuple[Any, Any]:
    """Two values that compare as the subject and a constant do everywhere in the cell."""
    if not isinstance(left, Mark) and not isinstance(right, Mark):
        return left, right
    if place is BELOW:
        return (-1, 0) if isinstance(left, Mark) else (0, -1)
    if place is OTHER:
        return 0, 1
    return _at(place, left), _at(place, right)


def _at(place: Held, held: Held) -> Any:
    if held is AS_DOUBLE:
        return float(place)  # type: ignore[arg-type]
    return place if held is ITSELF else held


def _in(_: Apply, place: Held, held: Sequence[Held]) -> Held:
    value, *listed = held
    if value is ITSELF:
        # where the subject is none of the edges it is none of the constants
        value = place
    return value in listed


def _position(node: Apply, place: Held, held: Sequence[Held]) -> Held:
    kind, value = node.args[0].type, place if held[0] is ITSELF else held[0]
    if not isinstance(kind, Enum):
        raise NotOfThisSortError
    return kind.values.index(value) if value in kind.values else None


def _extreme(pick: Callable[..., Any], beyond: Callable[[Any, Any], bool]) -> CellRule:
    def answer(_: Apply, place: Held, held: Sequence[Held]) -> Held:
        constants = [value for value in held if not isinstance(value, Mark)]
        marks = [value for value in held if isinstance(value, Mark)]
        if not marks:
            return pick(constants)  # type: ignore[no-any-return]
        if not constants:
            return marks[0]
        bound = pick(constants)
        return marks[0] if beyond(*_stand_ins(place, marks[0], bound)) else bound

    return _strict(answer)


def _computed(rule: Callable[..., Any]) -> CellRule:
    """On constants only; missing where the result is not finite."""

    def answer(_: Apply, _place: Held, held: Sequence[Held]) -> Held:
        if any(isinstance(value, Mark) for value in held):
            raise NotOfThisSortError
        result = rule(*held)
        return None if isinstance(result, float) and not math.isfinite(result) else result

    return _strict(answer)


def _to_number(_: Apply, _place: Held, held: Sequence[Held]) -> Held:
    value = held[0]
    return AS_DOUBLE if value is ITSELF else float(value)  # type: ignore[arg-type]


def kleene_and(_: object, _place: Held, held: Sequence[Held]) -> Held:
    if any(value is False for value in held):
        return False
    return None if any(value is None for value in held) else True


def kleene_or(_: object, _place: Held, held: Sequence[Held]) -> Held:
    if any(value is True for value in held):
        return True
    return None if any(value is None for value in held) else False


_TRUTHS = {
    "eq": (False, True, False),
    "ne": (True, False, True),
    "lt": (True, False, False),
    "le": (True, True, False),
    "gt": (False, False, True),
    "ge": (False, True, True),
}
"""Of each comparison the truth below, at and above a constant."""

_HELD_AGAINST = {"eq", "ne", "lt", "le", "gt", "ge", "in", "least", "greatest"}

RULES: Mapping[str, CellRule] = {
    "eq": _compared(operator.eq),
    "ne": _compared(operator.ne),
    "lt": _compared(operator.lt),
    "le": _compared(operator.le),
    "gt": _compared(operator.gt),
    "ge": _compared(operator.ge),
    "in": _strict(_in),
    "and": kleene_and,
    "or": kleene_or,
    "not": _strict(lambda _, _place, held: not held[0]),
    "is_missing": lambda _, _place, held: held[0] is None,
    "is_known": lambda _, _place, held: held[0] is not None,
    "if_missing": lambda _, _place, held: next((v for v in held if v is not None), None),
    "position": _strict(_position),
    "least": _extreme(min, operator.le),
    "greatest": _extreme(max, operator.ge),
    "add": _computed(operator.add),
    "sub": _computed(operator.sub),
    "mul": _computed(operator.mul),
    "neg": _computed(operator.neg),
    "to_number": _strict(_to_number),
}
"""The operators that are looked into; a node with another one is a subject of its own."""
