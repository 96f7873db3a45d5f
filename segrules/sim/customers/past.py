"""What the rules remember of customers, kept while they are played: no rows are stored.

The rules ask of their past by aggregates over earlier assignments. In the engine an assignment is
made at each period's first day, so the past of a block of customers is its placements so far.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segrules.backends.context import Bounds, seen
from segrules.backends.kernel.past import Remembered
from segrules.backends.kernel.stepping import Columns, Stepping
from segrules.backends.kernel.values import EPOCH_DAY, Vector
from segrules.lang.ir import Aggregate, Apply, Column, Const, Expr
from segrules.lang.types import Date
from segrules.segments.storing import reviews_to_leave
from segrules.sim.customers.kernels import States
from segrules.sim.customers.model import Remembrance, Review, Start
from segrules.sim.model import Counts, require

Flags = NDArray[np.bool_]
Places = NDArray[np.int64] | NDArray[np.int16]

OVERRIDE = "override"
BEFORE, ENTERED = ":before", ":entered"


def day_number(day: dt.date) -> int:
    """Days since 1970."""
    return (day - EPOCH_DAY).days


def unanswered(asked: Sequence[Remembered], name: str) -> tuple[str, ...]:
    """What the engine does not remember, as the columns of the past it would need; none is best.

    It remembers of the set that is played the last segment, since when, the reviews running and
    what decided; segments and changes of segment within a window.
    """
    return tuple(sorted({str(_read(each.asked)) for each in asked if not _known(each.asked, name)}))


def _read(node: Aggregate) -> str:
    parts = [part for part in (node.value, node.rows.where) if part is not None]
    columns = [each.name for part in parts for each in _columns(part)]
    return ", ".join(dict.fromkeys(columns)) or node.how


def _columns(node: Expr) -> list[Column]:
    if isinstance(node, Apply):
        return [each for arg in node.args for each in _columns(arg)]
    return [node] if isinstance(node, Column) else []


def _known(node: Aggregate, name: str) -> bool:
    if node.rows.among is not None:
        return False
    if node.how == "last":
        value = node.value
        latest = (name, f"{name}:since", f"{name}:leaving", f"{name}:decided")
        return node.rows.where is None and isinstance(value, Column) and value.name in latest
    if node.how != "count" or node.value is not None or node.rows.where is None:
        return False
    where = _columns(node.rows.where)
    known = {name, name + BEFORE, name + ENTERED, f"{name}_by"}
    return {each.name for each in where} <= known and _tests(node.rows.where)


def _tests(node: Expr) -> bool:
    if isinstance(node, Apply) and node.op == "and":
        return all(_tests(each) for each in node.args)
    if isinstance(node, Apply) and node.op == "eq":
        return isinstance(node.args[0], Column) and isinstance(node.args[1], Const)
    return isinstance(node, Column) and node.name.endswith(ENTERED)


@dataclass(frozen=True)
class Asking:
    """Who asks of the past: rules for an arm, and the days on which they are asked."""

    stepping: Stepping
    remembered: tuple[Remembered, ...]
    days: tuple[dt.date, ...]


class Past:
    """The placements of a block of customers so far, in one arm and replication.

    segment: places in the set, -1 for none. A period's are known from its beginning on.
    """

    def __init__(self, asking: Asking, rows: int, before: Remembrance | None) -> None:
        self._asking, self._rows = asking, rows
        self._name = asking.stepping.set.name
        self._texts = asking.stepping.set.segments
        self._leaving = reviews_to_leave(asking.stepping.set)
        self._override = np.array(
            [each == OVERRIDE for each in asking.stepping.set.deciders], np.bool_
        )
        self._trace: list[Review] = [] if before is None else [*before.reviews]
        # who is new where there are earlier assignments has entered
        self._begun = before is not None
        self.segment = np.full(rows, -1, np.int64)
        self.since = np.zeros(rows, np.int64)
        self.leaving = np.zeros(rows, np.int64)
        self.decided = np.zeros(rows, np.bool_)
        if before is not None:
            self.segment, self.since = before.segment.copy(), before.since.copy()
            self.leaving, self.decided = before.leaving.copy(), before.decided.copy()

    def columns(self, day: dt.date) -> dict[str, Vector]:
        """The answers to what the rules ask of the past, on a day."""
        return {each.column.name: self._answer(each.asked, day) for each in self._asking.remembered}

    def _answer(self, node: Aggregate, day: dt.date) -> Vector:
        bounds = seen(node.rows.window, Date(), self._asking.stepping.at(day).context)
        if node.how == "count" and node.rows.where is not None:
            total = np.zeros(self._rows, np.int64)
            for made in self._trace:
                if _inside(made.day, bounds):
                    total += self._holds(node.rows.where, made)
            return Vector(total)
        what = node.value.name.removeprefix(self._name) if isinstance(node.value, Column) else ""
        absent = self.segment < 0
        if what == "":
            return self._last_segment(bounds)
        if what == ":since":
            return Vector(self.since, absent)
        if what == ":leaving":
            return Vector(self.leaving, absent)
        return Vector(self.decided & ~absent, absent)

    def _last_segment(self, bounds: Bounds) -> Vector:
        found = self.segment
        inside = [made for made in self._trace if _inside(made.day, bounds)]
        if len(inside) < len(self._trace):
            found = inside[-1].segment.astype(np.int64) if inside else np.full(self._rows, -1)
        return Vector(found, found < 0, self._texts)

    def _holds(self, node: Expr, made: Review) -> Flags:
        """Whether a test of an earlier assignment is true of each row."""
        if isinstance(node, Apply) and node.op == "and":
            every = [self._holds(each, made) for each in node.args]
            return np.asarray(np.logical_and.reduce(every))
        if isinstance(node, Column):
            return made.entered
        if not isinstance(node, Apply):
            raise ValueError("an earlier assignment is asked something else")
        column, value = node.args
        if not (isinstance(column, Column) and isinstance(value, Const)):
            raise ValueError("an earlier assignment is compared with something else")
        if column.name == f"{self._name}_by":
            names = self._asking.stepping.set.deciders
            place = names.index(str(value.value)) if value.value in names else -2
            held: Flags = made.by == place
            return held
        segment = made.before if column.name == self._name + BEFORE else made.segment
        place = self._texts.index(str(value.value)) if value.value in self._texts else -2
        same: Flags = segment == place
        return same

    def take(self, day: dt.date, placed: States, by: Counts, columns: Columns) -> None:
        """Remember the placements of a day; `columns` are those the rules were asked with.

        `by` is what decided, as places in the set's deciders.
        """
        segment = placed.astype(np.int64)
        stepping = self._asking.stepping
        if stepping.set.tolerances:
            (running,) = stepping.values([self._leaving], columns, day, segment)
            leaving = np.broadcast_to(running.values, self._rows).astype(np.int64)
        else:
            leaving = np.zeros(self._rows, np.int64)
        self._keep(day, segment, by, leaving)

    def begin(self, start: Start) -> None:
        """Remember where customers stand before the first period as a review of that day."""
        self._keep(start.day, start.segment.astype(np.int64), start.by, start.leaving)

    def _keep(self, day: dt.date, segment: Counts, by: Places, leaving: Counts) -> None:
        stays = segment == self.segment
        entered = ~stays & self._begun
        before = self.segment.astype(np.int16)
        self._trace.append(
            Review(day, segment.astype(np.int16), before, entered, by.astype(np.int16))
        )
        self._begun = True
        self.since = np.where(stays, self.since, day_number(day))
        named = self._override[by] & (by >= 0)
        self.decided = np.where(stays, self.decided & named, named)
        self.leaving, self.segment = leaving, segment


def check_reviews(asking: Asking) -> None:
    """Raise ValueError where two of the days lie in one period of review, if that matters."""
    for each in asking.remembered:
        value = each.asked.value
        if not (isinstance(value, Column) and value.name.endswith(":leaving")):
            continue
        for day, after in pairwise(asking.days):
            context = asking.stepping.at(after).context
            inside = _inside(day, seen(each.asked.rows.window, Date(), context))
            require(inside, "periods are shorter than reviews")


def _inside(day: dt.date, bounds: Bounds) -> bool:
    late = bounds.end is not None and day >= bounds.end
    return not late and (bounds.start is None or day >= bounds.start)
