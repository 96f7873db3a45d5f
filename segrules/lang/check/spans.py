"""Sets of values of a column as spans, to prove that rows of a grid do not overlap.

A value is a place on a line: a number, a date as its day, a declared value by its position, a flag
as 0 or 1. Between two neighbouring places that are named lies an open span; a set of values is a
set of places and open spans, with "missing" beside it. Whole numbers, dates, declared values and
flags have nothing between neighbours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Money,
    Number,
    Share,
    Type,
    Whole,
    decimals,
)

LEAST, MOST = float("-inf"), float("inf")


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`; an end that is not closed does not belong to it."""

    low: float
    high: float
    low_closed: bool = True
    high_closed: bool = True

    def cut(self, other: Interval) -> Interval:
        """What both have in common; it may be empty."""
        low, low_open = max((self.low, not self.low_closed), (other.low, not other.low_closed))
        high, high_closed = min((self.high, self.high_closed), (other.high, other.high_closed))
        return Interval(low, high, not low_open, high_closed)

    def empty(self, whole: bool) -> bool:
        low, high = self.ends(whole)
        if whole:
            return low > high
        return low > high or (low == high and not (self.low_closed and self.high_closed))

    def inside(self) -> float:
        """A number that belongs to it."""
        if self.low == LEAST:
            return self.high - 1 if self.high != MOST else 0.0
        if self.low_closed:
            return self.low
        return self.low + 1 if self.high == MOST else (self.low + self.high) / 2

    def ends(self, whole: bool) -> tuple[float, float]:
        """Of whole numbers the least and the greatest in it."""
        if not whole:
            return self.low, self.high
        low = self.low if self.low_closed or self.low in (LEAST, MOST) else self.low + 1
        high = self.high if self.high_closed or self.high in (LEAST, MOST) else self.high - 1
        return low, high


@dataclass(frozen=True, slots=True)
class Values:
    """Intervals, and whether "missing" is among them."""

    domain: Domain
    intervals: tuple[Interval, ...]
    missing: bool
    everything: bool = False

    def meets(self, other: Values) -> bool:
        return (self.missing and other.missing) or bool(self._common(other))

    def holds(self, place: float | None) -> bool:
        """Whether a value is among them; None is missing."""
        if place is None:
            return self.missing
        here = Interval(place, place)
        return any(not here.cut(each).empty(self.domain.whole) for each in self.intervals)

    def example(self, other: Values) -> str:
        """A value that is in both, as it is written."""
        common = self._common(other)
        return self.domain.spell(common[0]) if common else "missing"

    def _common(self, other: Values) -> list[Interval]:
        found = [one.cut(two) for one in self.intervals for two in other.intervals]
        return [each for each in found if not each.empty(self.domain.whole)]


@dataclass(frozen=True, slots=True)
class Domain:
    """The values of a type."""

    kind: Type

    @property
    def whole(self) -> bool:
        # what an instant is compared with are dates
        return isinstance(self.kind, Whole | Money | Date | Instant | Enum | Flag)

    def everything(self) -> Values:
        return Values(self, (self._all(),), missing=True, everything=True)

    def missing(self) -> Values:
        return Values(self, (), missing=True)

    def compared(self, sign: str, place: object) -> Values:
        """The values that compare so with one; an unclear one is nowhere."""
        if place is None:
            return Values(self, (), missing=False)
        at, every = self._at(place), self._all()
        found = {
            "=": (Interval(at, at),),
            "!=": (Interval(LEAST, at, True, False), Interval(at, MOST, False, True)),
            "<": (Interval(LEAST, at, True, False),),
            "<=": (Interval(LEAST, at),),
            ">": (Interval(at, MOST, False, True),),
            ">=": (Interval(at, MOST),),
        }[sign]
        return self._of([each.cut(every) for each in found])

    def between(self, low: object, high: object) -> Values:
        ends = Interval(
            LEAST if low is None else self._at(low), MOST if high is None else self._at(high)
        )
        return self._of([ends.cut(self._all())])

    def union(self, parts: Sequence[Values]) -> Values:
        intervals = tuple(each for part in parts for each in part.intervals)
        return Values(self, intervals, any(part.missing for part in parts))

    def without(self, parts: Sequence[Values]) -> Values:
        """The known values that are in none of the parts."""
        left = [self._all()]
        for part in parts:
            for taken in part.intervals:
                left = [piece for each in left for piece in self._minus(each, taken)]
        return self._of(left)

    def spell(self, found: Interval) -> str:
        """A value in an interval, as it is written."""
        low, high = found.ends(self.whole)
        match self.kind:
            case Enum(values=values):
                return values[int(low)]
            case Flag():
                return "yes" if low else "no"
            case Date() | Instant():
                return dt.date.fromordinal(int(max(low, 1))).isoformat()
            case Share():
                return f"{found.inside() * 100:g}%"
        if not self.whole:
            return repr(found.inside())
        least = int(low) if low != LEAST else int(min(high, 0))
        if isinstance(self.kind, Money):
            places = decimals(self.kind.currency)
            return f"{Decimal(least).scaleb(-places):.{places}f}"
        return str(least)

    def _of(self, intervals: Sequence[Interval]) -> Values:
        kept = tuple(each for each in intervals if not each.empty(self.whole))
        return Values(self, kept, missing=False)

    def _minus(self, each: Interval, taken: Interval) -> list[Interval]:
        before = Interval(each.low, taken.low, each.low_closed, not taken.low_closed).cut(each)
        after = Interval(taken.high, each.high, not taken.high_closed, each.high_closed).cut(each)
        return [part for part in (before, after) if not part.empty(self.whole)]

    def _all(self) -> Interval:
        match self.kind:
            case Enum(values=values):
                return Interval(0, len(values) - 1)
            case Flag():
                return Interval(0, 1)
            case Whole(low=low, high=high) | Money(low=low, high=high):
                return Interval(low, high)
            case Number(low=float() | int() as low, high=float() | int() as high):
                return Interval(low, high)
            case Share(bounded=True):
                return Interval(0.0, 1.0)
            case _:
                return Interval(LEAST, MOST)

    def _at(self, place: object) -> float:
        if isinstance(self.kind, Enum) and isinstance(place, str):
            return self.kind.values.index(place)
        if isinstance(place, dt.datetime):
            return place.timestamp()
        if isinstance(place, dt.date):
            return place.toordinal()
        assert isinstance(place, int | float)
        return place
