"""Opens expressions: what they are in the cells of the one subject that they rest on."""

from __future__ import annotations

from collections.abc import Iterable

from segrules.lang.cells.domains import is_ordered
from segrules.lang.cells.pieces import Held, Piece, constant, simplified, whole_subject
from segrules.lang.cells.rules import applied, chosen
from segrules.lang.ir import (
    Aggregate,
    Apply,
    Choose,
    Column,
    Const,
    Expr,
    Feature,
    Linked,
    Ruleset,
    Use,
    children,
    walk,
)
from segrules.lang.types import Enum, Flag, Type

DEEPEST = 120
"""Levels of an expression beyond which it is not looked into: all here goes by recursion."""


class Opened:
    """Subjects by number, and what expressions and named values are in their cells.

    Equal expressions are one subject; of very deep ones each is one of its own.
    """

    def __init__(self, conditions: Iterable[Expr], ruleset: Ruleset) -> None:
        self.subjects: list[Expr] = []
        self._numbers: dict[object, int] = {}
        self._named: dict[str, Piece | None] = {}
        conditions = tuple(conditions)
        self.features = _needed(conditions, ruleset)
        self._deep = _deep([*conditions, *(feature.expr for feature in self.features)])
        for feature in self.features:
            self._named[feature.name] = self.open(feature.expr)

    def open(self, node: Expr) -> Piece | None:
        """What a node is on one deeper subject; None where there is no such subject."""
        if self.deep(node):
            return None
        match node:
            case Const(value=value):
                return None if value is None and isinstance(node.type, Flag) else constant(value)
            case Use(name=name):
                return self._named.get(name)
            case Apply(args=args):
                return applied(node, [self.piece(arg) for arg in args])
            case Choose(cases=cases, otherwise=otherwise):
                pieces = [(self.piece(test), self.piece(value)) for test, value in cases]
                return chosen(pieces, self.piece(otherwise))
            case Column() | Aggregate() | Linked():
                return self.itself(node)
            case _:
                return None

    def deep(self, node: Expr) -> bool:
        """Whether a node is too deep to be looked into."""
        return id(node) in self._deep

    def piece(self, node: Expr) -> Piece:
        """What a node is on one subject, which is the node itself if there is no deeper one."""
        return self.open(node) or self.itself(node)

    def itself(self, node: Expr) -> Piece:
        key = id(node) if self.deep(node) else node
        number = self._numbers.setdefault(key, len(self.subjects))
        if number == len(self.subjects):
            self.subjects.append(node)
        kind = node.type
        return whole_subject(number, ordered=is_ordered(kind), flag=isinstance(kind, Flag))

    def held(self, piece: Piece) -> tuple[Held, ...]:
        """The values of the cells in which a row may be.

        A subject that is never missing has none there; of declared values that are all told apart
        there is no other one.
        """
        if piece.constant:
            return piece.values[:1]
        subject = self.subjects[piece.subject]
        values = piece.values if subject.optional else piece.values[:-1]
        if not piece.ordered and len(piece.edges) == _declared(subject.type):
            values = (*values[: len(piece.edges)], *values[len(piece.edges) + 1 :])
        return values

    def simple(self, piece: Piece) -> Piece:
        """The same with as few edges as tell its values apart."""
        *known, other, missing = piece.values
        if not piece.ordered and len(piece.edges) == _declared(self.subjects[piece.subject].type):
            other = max(known, key=known.count)
            piece = Piece(piece.subject, False, piece.edges, (*known, other, missing))
        return simplified(piece)


def _declared(kind: Type) -> int | None:
    """How many values a type has, if they are declared."""
    match kind:
        case Flag():
            return 2
        case Enum(values=values):
            return len(values)
        case _:
            return None


def _deep(roots: Iterable[Expr]) -> dict[int, Expr]:
    """The nodes that are too deep, by identity."""
    nodes = [node for root in roots for node in walk(root)]
    height: dict[int, int] = {}
    deep: dict[int, Expr] = {}
    # what stands below a node comes after it
    for node in reversed(nodes):
        below = (height[id(part)] for part in children(node))
        height[id(node)] = 1 + max(below, default=0)
        if height[id(node)] > DEEPEST:
            deep[id(node)] = node
    return deep


def _needed(conditions: Iterable[Expr], ruleset: Ruleset) -> list[Feature]:
    """The named values that conditions rest on, each after those that it uses."""
    features = {feature.name: feature for feature in ruleset.features}
    wanted: set[str] = set()
    waiting = list(conditions)
    while waiting:
        node = waiting.pop()
        match node:
            case Use(name=name):
                if name in features and name not in wanted:
                    wanted.add(name)
                    waiting.append(features[name].expr)
            case Apply() | Choose():
                waiting.extend(children(node))
            case _:
                # what is asked of other rows, or of a population, is not looked into
                pass
    return [features[name] for name in ruleset.steps if name in wanted]
