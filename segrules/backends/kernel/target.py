"""Rules asked of arrays: what the simulator does each period.

Expressions become array operations over blocks of rows; sets are decided by the cells of what
those give.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segrules.backends.context import Context
from segrules.backends.kernel.matching import Matcher
from segrules.backends.kernel.operators import RULES, Place
from segrules.backends.kernel.populations import Asked, answer
from segrules.backends.kernel.values import (
    MOST_IN_A_SET,
    Vector,
    at_border,
    chosen,
    constant,
    flags,
    in_form_of,
    known,
)
from segrules.backends.reach import calibrated, on_row, set_parts, steps_needed
from segrules.lang.cells import Cells, cells_of
from segrules.lang.ir import (
    Aggregate,
    Apply,
    AsOf,
    Calibrated,
    Choose,
    Column,
    Const,
    Expr,
    Feature,
    Linked,
    Placed,
    Ruleset,
    SegmentSet,
    Statistic,
    Table,
    Use,
)
from segrules.lang.ir import (
    Sequence as RowSequence,
)
from segrules.lang.types import Flag, Set, Text
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import kernel as problems
from segrules.text.problems.calibrations import calibration_lacks

BLOCK = 16_384
"""Rows at a time: what is computed of them stays near the processor."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Of each row its segment, what decided, and how many rules are unknown.

    `segment` is a place in the set's segments, -1 where it is missing; `by` one in its deciders.
    """

    segment: NDArray[np.int64]
    by: NDArray[np.int64]
    unknown: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class _Set:
    """A set with its cells: the outcome of a row is the number of its first true rule."""

    found: SegmentSet
    cells: Cells
    matcher: Matcher
    segments: NDArray[np.int64]
    deciders: NDArray[np.int64]

    @classmethod
    def of(cls, found: SegmentSet, ruleset: Ruleset) -> _Set:
        cells = cells_of(found, ruleset)
        places = {name: at for at, name in enumerate(found.segments)}
        names = [*(rule.segment for rule in found.rules), found.otherwise.segment]
        segments = [places[name] for name in names]
        segments.append(places[found.unsure.segment] if found.unsure else -1)
        by = [*(rule.decider for rule in found.rules), "otherwise", "unsure"]
        deciders = [found.deciders.index(each) for each in by]
        matcher = Matcher(cells, range(len(by)))
        return cls(found, cells, matcher, np.array(segments), np.array(deciders))


class Compiled:
    """The rules of a table, ready to be asked of arrays.

    `columns` are the columns that are read, and the values that the caller gives.
    """

    def __init__(self, ruleset: Ruleset, table: str, context: Context) -> None:
        self.ruleset, self.table, self.context = ruleset, ruleset.table(table), context
        self._sets = {
            found.name: _Set.of(found, ruleset) for found in ruleset.sets if found.table == table
        }
        parts = [part for each in self._sets.values() for part in set_parts(each.found)]
        self._steps = steps_needed(parts, table, ruleset)
        rest = [step.expr for step in self._steps if isinstance(step, Feature)]
        self.columns = tuple(_columns(self.table, [*parts, *rest]).values())

    def decide(self, columns: Mapping[str, Vector]) -> dict[str, Decided]:
        """Every set's placement of the rows, after all its caps.

        `columns` has each of `self.columns`, all of them of the same length; more are passed over.
        """
        run = self._run(columns)
        made: dict[str, list[Decided]] = {name: [] for name in self._sets}
        for block in run.blocks():
            block.prepare(self._steps)
            for name, found in made.items():
                found.append(block.placement(name))
        return {name: _joined(found) for name, found in made.items()}

    def values(self, expressions: Sequence[Expr], columns: Mapping[str, Vector]) -> list[Vector]:
        """The values of expressions on the rows; `columns` has what they read."""
        steps = steps_needed(expressions, self.table.name, self.ruleset)
        rest = [step.expr for step in steps if isinstance(step, Feature)]
        parts = [part for step in steps if isinstance(step, SegmentSet) for part in set_parts(step)]
        read = _columns(self.table, [*expressions, *rest, *parts]).values()
        run = _Run(self, _given(read, columns), _rows(columns))
        run.prepare(steps)
        return [run.value(each) for each in expressions]

    def _run(self, columns: Mapping[str, Vector]) -> _Run:
        return _Run(self, _given(self.columns, columns), _rows(columns))

    def set(self, name: str) -> _Set:
        return self._sets[name]


def compile_rules(
    ruleset: Ruleset, table: str, context: Context, given: Collection[str] = ()
) -> Compiled:
    """The rules of a table over arrays.

    `given` are named values of the table whose values the caller hands over, such as totals of
    related rows.

    Raises:
        RulesError: what the sets rest on asks other rows and is not given, the calibration lacks
            an answer, or a set has too many declared values.
    """
    features = tuple(
        replace(each, expr=Column(each.table, each.name, each.type, each.optional))
        if each.name in given
        else each
        for each in ruleset.features
    )
    asked = replace(ruleset, features=features)
    found = refusals(asked, table, context)
    if found:
        raise RulesError(found, unable=True)
    return Compiled(asked, table, context)


def refusals(ruleset: Ruleset, table: str, context: Context) -> list[Diagnostic]:
    """Why the sets of a table cannot be asked of arrays; empty where they can."""
    named: dict[str, tuple[Expr, ...]] = {
        each.name: set_parts(each) for each in ruleset.sets if each.table == table
    }
    parts = [part for each in named.values() for part in each]
    for step in steps_needed(parts, table, ruleset):
        if isinstance(step, Feature):
            named[step.name] = (step.expr,)
    found = [problems.needs_rows(name) for name, each in named.items() if _asks_rows(each)]
    found += [
        problems.wide_set(name, MOST_IN_A_SET)
        for name, each in named.items()
        if any(_wide(node) for node in on_row(each))
    ]
    held = context.calibration.names()
    asked = calibrated(part for each in named.values() for part in each)
    lacking = [node.name for node in asked if node.name not in held]
    return [*found, calibration_lacks(lacking)] if lacking else found


def _asks_rows(parts: Iterable[Expr]) -> bool:
    return any(isinstance(node, Aggregate | RowSequence | Linked) for node in on_row(parts))


def _wide(node: Expr) -> bool:
    return isinstance(node.type, Set) and len(node.type.values) > MOST_IN_A_SET


def _columns(table: Table, parts: Iterable[Expr]) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for node in on_row(parts):
        if isinstance(node, Column):
            found.setdefault(node.name, node)
        elif isinstance(node, Calibrated) and not isinstance(node, Statistic):
            # keys decide between equals
            key = Column(table.name, table.key, Text(), optional=False)
            found.setdefault(table.key, key)
    return found


def _given(read: Iterable[Column], columns: Mapping[str, Vector]) -> dict[str, Vector]:
    return {each.name: at_border(columns[each.name], each.type) for each in read}


def _rows(columns: Mapping[str, Vector]) -> int:
    return max((len(each.values) for each in columns.values()), default=0)


def _joined(parts: Sequence[Decided]) -> Decided:
    return Decided(
        np.concatenate([part.segment for part in parts]),
        np.concatenate([part.by for part in parts]),
        np.concatenate([part.unknown for part in parts]),
    )


class _Run:
    """The rules on rows; every named value and placement is found once."""

    def __init__(self, compiled: Compiled, columns: Mapping[str, Vector], rows: int) -> None:
        self._compiled, self._columns, self._rows = compiled, columns, rows
        self._context = compiled.context
        self._features: dict[str, Vector] = {}
        self._placements: dict[tuple[str, int], Decided] = {}

    def blocks(self) -> Iterable[_Run]:
        """The same on a part of the rows after the other; without rows one part."""
        for start in range(0, max(self._rows, 1), BLOCK):
            rows = slice(start, min(start + BLOCK, self._rows))
            part = {name: _part(each, rows) for name, each in self._columns.items()}
            yield _Run(self._compiled, part, rows.stop - start)

    def prepare(self, steps: Iterable[Feature | SegmentSet]) -> None:
        """Finds what is named in order: chains of it may be long."""
        for step in steps:
            if isinstance(step, Feature):
                self._features[step.name] = self.value(step.expr)
            else:
                self.placement(step.name, 0)

    def value(self, node: Expr) -> Vector:
        match node:
            case Const(value=value, type=kind):
                return constant(value, kind)
            case Column(name=name):
                return self._columns[name]
            case Use(name=name):
                return self._features[name]
            case AsOf(type=kind):
                return constant(self._context.as_of, kind)
            case Apply(op=op, args=args):
                place = Place(node, self._context.zone)
                with np.errstate(all="ignore"):
                    made = RULES[op](place, [self.value(arg) for arg in args])
                return made
            case Choose():
                return self._choose(node)
            case Placed(set=name, caps=caps, type=kind):
                segment = self.placement(name, caps).segment
                missing = segment < 0
                return Vector(segment, missing if missing.any() else None, kind.values)
            case _ if isinstance(node, Calibrated):
                return self._calibrated(node)
        raise ValueError(f"{type(node).__name__} asks other rows")

    def _choose(self, node: Choose) -> Vector:
        made = in_form_of(self.value(node.otherwise), node.type)
        nothing = constant(None, node.type)
        for condition, value in reversed(node.cases):
            test = self.value(condition)
            made = chosen(test.values, in_form_of(self.value(value), node.type), made)
            if test.missing is not None:
                made = chosen(test.missing, nothing, made)
        return flags(made.values, made.missing) if isinstance(node.type, Flag) else made

    def _calibrated(self, node: Calibrated) -> Vector:
        population = node.population
        amount = node.value if isinstance(node, Statistic) else node.by
        asked = Asked(
            self._rows,
            None if amount is None else self.value(amount),
            [(self.value(each), each.type) for each in population.same],
            None if population.among is None else self.value(population.among),
            self._columns.get(self._compiled.table.key),
        )
        return answer(node, asked, self._context.calibration)

    # ---- placements

    def seed(self, name: str, caps: int, found: Decided) -> None:
        """Takes a placement after so many caps as found."""
        self._placements[name, caps] = found

    def placement(self, name: str, caps: int | None = None) -> Decided:
        """The placement after so many caps (None: all of them)."""
        found = self._compiled.set(name)
        caps = len(found.found.caps) if caps is None else caps
        if (name, caps) not in self._placements:
            made = self._capped(found, caps) if caps else self._first_match(found)
            self._placements[name, caps] = made
        return self._placements[name, caps]

    def _first_match(self, found: _Set) -> Decided:
        vectors = [self.value(subject.expr) for subject in found.cells.subjects]
        codes, unknown = found.matcher.place_vectors(vectors, self._rows)
        return Decided(found.segments[codes], found.deciders[codes], unknown)

    def _capped(self, found: _Set, caps: int) -> Decided:
        before = self.placement(found.found.name, caps - 1)
        cap, segments = found.found.caps[caps - 1], found.found.segments
        rank = self.value(cap.rank)
        moved = (before.segment == segments.index(cap.segment)) & ~(rank.values & known(rank))
        return Decided(
            np.where(moved, segments.index(cap.rest), before.segment),
            np.where(moved, found.found.deciders.index("cap"), before.by),
            before.unknown,
        )


def _part(vector: Vector, rows: slice) -> Vector:
    if len(vector.values) == 1:
        return vector
    missing = None if vector.missing is None else vector.missing[rows]
    return Vector(vector.values[rows], missing, vector.texts)
