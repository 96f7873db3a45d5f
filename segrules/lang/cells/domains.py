"""The cell form of a segment set: subjects, their cells, and lines of tests on them."""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_right
from dataclasses import dataclass

from segrules.lang.ir import Expr, Value
from segrules.lang.types import Type, form

LEAST_WHOLE, MOST_WHOLE = -(2**63), 2**63 - 1
"""What a whole number may be in every target."""

MICROSECOND = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ordered:
    """Cell `i` holds x with `cuts[i - 1] <= x < cuts[i]`; the cuts ascend strictly.

    Cuts are in the form of the subject: whole numbers and money `int` (64 bits), doubles finite,
    dates, instants in UTC.
    """

    cuts: tuple[Value, ...]

    @property
    def size(self) -> int:
        """How many cells there are, the last one for missing."""
        return len(self.cuts) + 2


@dataclass(frozen=True, slots=True)
class Listed:
    """Cell `i` holds `values[i]`, cell `len(values)` any other value.

    Flags list both values. Of texts, links and declared values those are listed that rules tell
    apart from the others; of sets none.
    """

    values: tuple[Value, ...]

    @property
    def size(self) -> int:
        """How many cells there are, the last one for missing."""
        return len(self.values) + 2


Domain = Ordered | Listed


@dataclass(frozen=True, slots=True)
class Subject:
    """What rules look at, and the cells of its values; the last cell is the one for missing."""

    expr: Expr
    domain: Domain

    @property
    def size(self) -> int:
        """How many cells there are, the last one for missing."""
        return self.domain.size


@dataclass(frozen=True, slots=True)
class Test:
    """Bit `c` of `true`: true in cell `c`; of `possible`: true or unknown there."""

    subject: int
    true: int
    possible: int


@dataclass(frozen=True, slots=True)
class Line:
    """True where every test is true, possible where every test is possible.

    `rule` is its place in the set's rules. Tests ascend by subject, one a subject; without tests
    the line is true everywhere.
    """

    rule: int
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """A rule is true where one of its lines is, unknown where none is and one is possible.

    Lines stand in the order of rules; a rule without lines is false everywhere.
    """

    subjects: tuple[Subject, ...]
    lines: tuple[Line, ...]
    rules: int


def cell_of(domain: Domain, value: Value) -> int:
    """The cell in which a value lies; None is missing."""
    if value is None:
        return domain.size - 1
    if isinstance(domain, Ordered):
        return bisect_right(domain.cuts, value)  # type: ignore[type-var]
    return domain.values.index(value) if value in domain.values else len(domain.values)


def is_ordered(kind: Type) -> bool:
    """Whether the cells of a type are spans between cuts."""
    return form(kind) in ("int", "float", "date", "instant")


def following(value: Value) -> Value:
    """The next value of the same form; None when there is none."""
    match value:
        case int():
            return value + 1 if value < MOST_WHOLE else None
        case float():
            after = math.nextafter(value, math.inf)
            return after if math.isfinite(after) else None
        case dt.datetime():
            return value + MICROSECOND if value < _LAST_INSTANT else None
        case dt.date():
            return value + DAY if value < dt.date.max else None
    raise TypeError("only ordered values follow each other")


_LAST_INSTANT = dt.datetime.max.replace(tzinfo=dt.UTC)
