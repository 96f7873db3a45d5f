"""The cell form of a segment set: exact, for every set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from segrules.lang.cells.alternatives import Alternatives, Box
from segrules.lang.cells.domains import (
    Cells,
    Domain,
    Line,
    Listed,
    Ordered,
    Subject,
    Test,
    is_ordered,
)
from segrules.lang.cells.opening import Opened
from segrules.lang.cells.pieces import Piece
from segrules.lang.ir import Expr, Ruleset, SegmentSet, Value
from segrules.lang.types import Flag


def cells_of(found: SegmentSet, ruleset: Ruleset) -> Cells:
    """The rules of a set as lines of tests on the cells of subjects."""
    conditions = [rule.condition for rule in found.rules]
    return Layout(conditions, ruleset).cells(conditions)


class Layout:
    """What several sets of conditions rest on, opened once."""

    def __init__(self, conditions: Iterable[Expr], ruleset: Ruleset) -> None:
        self._opened = Opened(conditions, ruleset)
        self._alternatives = Alternatives(self._opened)

    def cells(self, conditions: Sequence[Expr]) -> Cells:
        """Some of the conditions as if they were the rules of a set; all are of one table."""
        boxes = [
            (rule, {subject: self._opened.simple(piece) for subject, piece in box.items()})
            for rule, condition in enumerate(conditions)
            for box in self._alternatives.of(condition)
        ]
        return _laid_out(boxes, self._opened.subjects, len(conditions))


def _laid_out(boxes: Sequence[tuple[int, Box]], exprs: Sequence[Expr], rules: int) -> Cells:
    numbers = {
        subject: number
        for number, subject in enumerate(dict.fromkeys(each for _, box in boxes for each in box))
    }
    pieces: dict[int, list[Piece]] = {subject: [] for subject in numbers}
    for _, box in boxes:
        for subject, piece in box.items():
            pieces[subject].append(piece)
    grids = {subject: _Grid(exprs[subject], pieces[subject]) for subject in numbers}
    lines = tuple(
        Line(
            rule,
            tuple(
                Test(numbers[subject], *grids[subject].bits(box[subject]))
                for subject in sorted(box, key=numbers.__getitem__)
            ),
        )
        for rule, box in boxes
    )
    subjects = tuple(Subject(exprs[each], grids[each].domain) for each in numbers)
    return Cells(subjects, lines, rules)


class _Grid:
    """All the cells of a subject, and the bits of flags that tell fewer of them apart."""

    def __init__(self, subject: Expr, pieces: Iterable[Piece]) -> None:
        edges: dict[Value, None] = {}
        for piece in pieces:
            edges.update(dict.fromkeys(piece.edges))
        if is_ordered(subject.type):
            self.domain: Domain = Ordered(tuple(sorted(edges)))  # type: ignore[type-var]
        elif isinstance(subject.type, Flag):
            self.domain = Listed((False, True))
        else:
            self.domain = Listed(tuple(edges))
        known = self.domain.cuts if isinstance(self.domain, Ordered) else self.domain.values
        self._place = {edge: at for at, edge in enumerate(known)}

    def bits(self, piece: Piece) -> tuple[int, int]:
        """Where a flag is true, and where it is true or unknown."""
        cover = self._spans if piece.ordered else self._listed
        true = cover(piece, [value is True for value in piece.values])
        if None not in piece.values:
            return true, true
        return true, cover(piece, [value is not False for value in piece.values])

    def _spans(self, piece: Piece, inside: Sequence[bool]) -> int:
        last = self.domain.size - 1
        starts = [0, *(self._place[edge] + 1 for edge in piece.edges), last, last + 1]
        mask = 0
        for (start, end), here in zip(pairwise(starts), inside, strict=True):
            if here:
                mask |= (1 << end) - (1 << start)
        return mask

    def _listed(self, piece: Piece, inside: Sequence[bool]) -> int:
        last = self.domain.size - 1
        *named, other, missing = inside
        mask = (1 << last) - 1 if other else 0
        for edge, here in zip(piece.edges, named, strict=True):
            bit = 1 << self._place[edge]
            mask = mask | bit if here else mask & ~bit
        return mask | (1 << last) if missing else mask
