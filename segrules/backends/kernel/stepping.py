"""Rules asked of the same rows again and again, while only some of their columns change.

What rests on columns that stay is found once, as words of the lines that may still be true. Each
time only the subjects that change are looked at again.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segrules.backends.kernel import step
from segrules.backends.kernel.bits import Words
from segrules.backends.kernel.matching import Masks
from segrules.backends.kernel.search import FEW_CUTS
from segrules.backends.kernel.step import Doubles, Outcomes
from segrules.backends.kernel.subjects import Looked
from segrules.backends.kernel.target import Compiled, Decided, _Run
from segrules.backends.kernel.values import Vector, at_border, raw
from segrules.backends.reach import reached, steps_needed
from segrules.lang.cells import Listed, Ordered, Subject, cell_of
from segrules.lang.ir import AsOf, Column, Expr
from segrules.lang.ir import walk as below
from segrules.lang.types import Enum, Type, form

NONE = -1
"""The outcome of a row for which no line is true so far."""

EXACT = 2**53
"""Whole numbers up to here are doubles without loss."""

Columns = Mapping[str, Vector]


@dataclass(frozen=True, slots=True)
class Resting:
    """Of each row the lines that may still be true, and possible, by what stays: [W, N] words."""

    true: Words
    possible: Words


class Stepping:
    """A set of a table whose rows are asked again and again.

    `moving` are the columns that change, in the order in which their values are handed over, and
    `remembered` others that change but are handed over as they are declared.
    `outcomes`: one a rule, then for `otherwise` and for `unsure`; `segments` and `deciders` say
    what each of them is, as places in the set's segments (-1: missing) and deciders.
    """

    def __init__(
        self,
        compiled: Compiled,
        name: str,
        moving: Sequence[str],
        remembered: Collection[str] = (),
    ) -> None:
        self.compiled, self.moving = compiled, tuple(moving)
        self._changing = {*moving, *remembered}
        self._found = found = compiled.set(name)
        self.set = found.found
        self.segments, self.deciders = found.segments, found.deciders
        self._masks = masks = Masks.of(found.cells)
        subjects = found.cells.subjects
        spans = _spans(subjects)
        self._true, self._possible = (
            [[np.ascontiguousarray(each[span, word]) for span in spans] for word in range(count)]
            for each, count in ((masks.true, masks.words), (masks.possible, masks.words))
        )
        changing = [self._changes(each.expr) for each in subjects]
        self._still = [at for at, changes in enumerate(changing) if not changes]
        self._looks: dict[int, Fill] = {}
        self._computed: list[int] = []
        for at, changes in enumerate(changing):
            if changes:
                fill = _fill(subjects[at], self.moving)
                if fill is None:
                    self._computed.append(at)
                else:
                    self._looks[at] = fill
        self._looked = {at: Looked(subjects[at]) for at in self._computed}
        exprs = [subjects[at].expr for at in self._computed]
        self._steps = steps_needed(exprs, compiled.table.name, compiled.ruleset)
        self._unsure = self._masks.hazy or any(each.expr.optional for each in subjects)
        self._outcomes = self._numbered()
        self._days: dict[dt.date, Compiled] = {}

    @property
    def computes(self) -> bool:
        """Whether expressions are computed each time, for which the columns must be handed over."""
        return bool(self._computed or self.set.caps)

    def at(self, day: dt.date) -> Compiled:
        """The same rules, asked about another day."""
        if day not in self._days:
            made = copy.copy(self.compiled)
            made.context = replace(made.context, as_of=day)
            self._days[day] = made
        return self._days[day]

    def resting(self, columns: Columns, rows: int) -> Resting:
        """What of the rules can be said for good; `columns` has what does not change."""
        words, subjects = self._masks.words, self._found.cells.subjects
        true, possible = (np.full((words, rows), 2**64 - 1, np.uint64) for _ in range(2))
        exprs = [subjects[at].expr for at in self._still]
        cells = np.empty(rows, np.uint32)
        for at, vector in zip(self._still, self.compiled.values(exprs, columns), strict=True):
            fill, some_missing = Looked(subjects[at]).over_vector(vector, rows)
            fill(0, cells)
            if some_missing and not subjects[at].expr.optional:
                raise ValueError("a value is missing that its declaration says there is")
            for word in range(words):
                true[word] &= self._true[word][at][cells]
                possible[word] &= self._possible[word][at][cells]
        return Resting(true, possible)

    def place(
        self,
        resting: Resting,
        rows: slice,
        values: Doubles,
        day: dt.date,
        columns: Callable[[], Columns] | None = None,
    ) -> Outcomes:
        """The outcome of each row of a span, after the rules (see `after_caps` for the rest).

        `values[len(moving), n]` are the changing columns there; `columns` gives every column as
        the rules declare it, and is asked only if `computes`.
        """
        count = values.shape[1]
        cells = {at: np.empty(count, np.uint32) for at in (*self._looks, *self._computed)}
        for at, fill in self._looks.items():
            fill(values, cells[at])
        if self._computed:
            if columns is None:
                raise ValueError("the rules compute with columns that are not handed over")
            self._compute(columns(), count, day, cells)
        out: Outcomes = np.full(count, NONE, np.int16)
        for word in range(self._masks.words):
            true = _narrowed(resting.true[word, rows], self._true[word], cells)
            step.first_true(true, self._outcomes[word], NONE, out)
        if self._unsure:
            for word in range(self._masks.words):
                possible = _narrowed(resting.possible[word, rows], self._possible[word], cells)
                step.doubtful(possible, NONE, len(self.segments) - 1, out)
        step.settled(NONE, len(self.segments) - 2, out)
        return out

    def values(
        self,
        expressions: Sequence[Expr],
        columns: Columns,
        day: dt.date,
        segment: NDArray[np.int64],
    ) -> list[Vector]:
        """Values of expressions on rows that have been placed."""
        run = self._run(columns, len(segment), day)
        decided = Decided(segment, segment, np.zeros(len(segment), np.uint32))
        run.seed(self.set.name, len(self.set.caps), decided)
        steps = steps_needed(expressions, self.compiled.table.name, self.compiled.ruleset)
        run.prepare(each for each in steps if each.name != self.set.name)
        return [run.value(each) for each in expressions]

    def after_caps(self, columns: Columns, day: dt.date, outcomes: Outcomes) -> Decided:
        """The placements after all caps of the set."""
        unknown = np.zeros(len(outcomes), np.uint32)
        first = Decided(self.segments[outcomes], self.deciders[outcomes], unknown)
        if not self.set.caps:
            return first
        run = self._run(columns, len(outcomes), day)
        run.seed(self.set.name, 0, first)
        ranks = [cap.rank for cap in self.set.caps]
        steps = steps_needed(ranks, self.compiled.table.name, self.compiled.ruleset)
        run.prepare(each for each in steps if each.name != self.set.name)
        return run.placement(self.set.name)

    def _run(self, columns: Columns, rows: int, day: dt.date) -> _Run:
        return _Run(self.at(day), columns, rows)

    def _compute(
        self, columns: Columns, count: int, day: dt.date, cells: Mapping[int, Any]
    ) -> None:
        run = self._run(columns, count, day)
        run.prepare(self._steps)
        for at in self._computed:
            vector = run.value(self._found.cells.subjects[at].expr)
            fill, _ = self._looked[at].over_vector(vector, count)
            fill(0, cells[at])

    def _numbered(self) -> list[Outcomes]:
        """For each word the rule of every line, and none for no line."""
        made = []
        for word in range(self._masks.words):
            numbers = np.full(step.LINES + 1, NONE, np.int16)
            lines = self._found.cells.lines[word * step.LINES : (word + 1) * step.LINES]
            numbers[: len(lines)] = [line.rule for line in lines]
            made.append(numbers)
        return made

    def _changes(self, node: Expr) -> bool:
        """Whether the value of an expression may change from one asking to the next."""
        ruleset, table = self.compiled.ruleset, self.compiled.table.name
        found = reached([node], table, ruleset)[table]
        return any(
            isinstance(each, AsOf) or (isinstance(each, Column) and each.name in self._changing)
            for part in found
            for each in below(part)
        )


def _narrowed(still: Words, masks: Sequence[Words], cells: Mapping[int, Any]) -> Words:
    out = still.copy()
    for at, found in cells.items():
        step.narrow(found, masks[at], out)
    return out


Fill = Callable[[Doubles, Any], None]
"""Fills in the cells of rows from the changing columns [A, n]."""


def _spans(subjects: Sequence[Subject]) -> list[slice]:
    edges = np.concatenate([[0], np.cumsum([each.size for each in subjects] or [1])])
    return [slice(int(first), int(last)) for first, last in pairwise(edges)]


def _fill(subject: Subject, moving: Sequence[str]) -> Fill | None:
    """How a subject that is a changing column itself is looked up; None where it is not."""
    node, domain = subject.expr, subject.domain
    if not isinstance(node, Column) or node.name not in moving:
        return None
    at = moving.index(node.name)
    if isinstance(domain, Ordered):
        held = [raw(each) for each in domain.cuts]
        if any(abs(each) > EXACT for each in held):
            return None
        cuts = np.array(held, np.float64)
        count = step.cells_by_cuts if len(cuts) <= FEW_CUTS else step.cells_by_search
        return lambda values, out: count(values[at], cuts, out)
    places = _places(node.type, domain)
    if places is None:
        return None
    return lambda values, out: step.cells_by_place(values[at], places, domain.size - 1, out)


def _places(kind: Type, domain: Listed) -> NDArray[np.int32] | None:
    """The cell of each place of a declared value or of a flag."""
    if form(kind) == "bool":
        values: tuple[object, ...] = (False, True)
    elif isinstance(kind, Enum):
        values = kind.values
    else:
        return None
    # the domain is that of these values
    return np.array([cell_of(domain, each) for each in values], np.int32)  # type: ignore[arg-type]


def bordered(columns: Columns, compiled: Compiled) -> dict[str, Vector]:
    """The columns that the rules read, in the form that is computed with."""
    return {
        each.name: at_border(columns[each.name], each.type)
        for each in compiled.columns
        if each.name in columns
    }
