"""Conditions as alternatives: each a conjunction of flags that rest on one subject each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from segrules.lang.cells.opening import Opened
from segrules.lang.cells.pieces import Held, Piece, aligned
from segrules.lang.cells.rules import CellRule, kleene_and, kleene_or
from segrules.lang.ir import Apply, Expr, Use
from segrules.lang.types import Flag

MOST_LINES = 16
"""Alternatives of a condition; a part that needs more stays one subject."""

MOST_TESTS = 48
"""Subjects of an alternative; a condition that needs more stays one subject."""

Box = Mapping[int, Piece]
"""A conjunction: flags by subject. An empty one is true."""

Boxes = tuple[Box, ...]


class Alternatives:
    """Conditions of a set, brought to alternatives; exact where flags may be unknown.

    Negation goes down to the flags, then `and` is distributed over `or`. Both are laws of
    three-valued logic as of two-valued one.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._named: dict[tuple[str, bool], Boxes | None] = {}
        for feature in opened.features:
            if isinstance(feature.type, Flag):
                use = Use(feature.name, feature.type, feature.optional)
                for wanted in (True, False):
                    found = self._split(feature.expr, wanted)
                    whole = found is None or any(len(box) > MOST_TESTS for box in found)
                    made = self._alone(use, wanted) if whole else found
                    self._named[feature.name, wanted] = made

    def of(self, node: Expr, wanted: bool = True) -> Boxes:
        """Where a condition is as wanted: true in one of these; false where none is possible."""
        return self._tidy(self._parts(node, wanted))

    def _parts(self, node: Expr, wanted: bool) -> Boxes:
        found = self._split(node, wanted)
        return self._alone(node, wanted) if found is None else found

    def _alone(self, node: Expr, wanted: bool) -> Boxes:
        return self._atom(self._opened.itself(node), wanted)

    def _split(self, node: Expr, wanted: bool) -> Boxes | None:
        """The alternatives; None where the node has to stay a subject."""
        if self._opened.deep(node):
            return None
        match node:
            case Use(name=name) if (name, wanted) in self._named:
                return self._named[name, wanted]
            case Apply(op="not", args=(part,)):
                return self._parts(part, not wanted)
            case Apply(op="and" | "or" as op, args=args):
                parts = [self._parts(arg, wanted) for arg in args]
                return (
                    self._all(args, parts, wanted) if (op == "and") is wanted else self._any(parts)
                )
        piece = self._opened.open(node)
        if piece is None or (piece.constant and piece.values[0] is None):
            return None
        return self._atom(piece, wanted)

    def _all(self, args: Sequence[Expr], parts: Sequence[Boxes], wanted: bool) -> Boxes | None:
        """All of the parts; those that would make too many alternatives stay subjects."""
        single: dict[int, Piece] = {}
        for part in parts:
            if len(part) == 1:
                _add(part[0], single)
        found = self._tidy([single])
        several = [pair for pair in zip(args, parts, strict=True) if len(pair[1]) != 1]
        for arg, part in sorted(several, key=lambda pair: len(pair[1])):
            fits = len(found) * len(part) <= MOST_LINES
            taken = part if fits else self._alone(arg, wanted)
            found = self._tidy([_both(one, two) for one in found for two in taken])
        return None if any(len(box) > MOST_TESTS for box in found) else found

    def _any(self, parts: Iterable[Boxes]) -> Boxes | None:
        """One of the parts; flags that stand alone on one subject are joined."""
        joined: dict[int, Piece] = {}
        others: list[Box] = []
        for box in (box for boxes in parts for box in boxes):
            if len(box) == 1:
                ((subject, piece),) = box.items()
                joined[subject] = _met(kleene_or, joined.get(subject, piece), piece)
            else:
                others.append(box)
        found = self._tidy([*({subject: piece} for subject, piece in joined.items()), *others])
        return found if len(found) <= MOST_LINES else None

    def _atom(self, piece: Piece, wanted: bool) -> Boxes:
        if not wanted:
            values = tuple(None if value is None else not value for value in piece.values)
            piece = Piece(piece.subject, piece.ordered, piece.edges, values)
        return ({piece.subject: piece},)

    def _tidy(self, boxes: Sequence[Box]) -> Boxes:
        """Without conjunctions that are never possible, and without flags that are always true."""
        found: list[Box] = []
        for box in boxes:
            held = {subject: self._opened.held(piece) for subject, piece in box.items()}
            if all(any(value is not False for value in values) for values in held.values()):
                kept = {
                    subject: box[subject]
                    for subject, values in held.items()
                    if any(value is not True for value in values)
                }
                if not kept:
                    return ({},)
                found.append(kept)
        return tuple(found)


def _both(one: Box, two: Box) -> Box:
    made = dict(one)
    _add(two, made)
    return made


def _add(more: Box, to: dict[int, Piece]) -> None:
    """Puts a conjunction to another one."""
    for subject, piece in more.items():
        before = to.get(subject)
        to[subject] = piece if before is None else _met(kleene_and, before, piece)


def _met(rule: CellRule, one: Piece, two: Piece) -> Piece:
    if one is two:
        return one
    fine = aligned([one, two])
    assert fine is not None
    values: tuple[Held, ...] = tuple(
        rule(None, None, pair) for pair in zip(fine[0].values, fine[1].values, strict=True)
    )
    return Piece(fine[0].subject, fine[0].ordered, fine[0].edges, values)
