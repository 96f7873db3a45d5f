"""An SQL dialect is its differences: words of its own, and rules where words are not enough."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sqlglot import Dialect as Engine
from sqlglot import exp

from segrules.backends.sql import words as w
from segrules.backends.sql.rules import Rule
from segrules.backends.sql.words import Sql
from segrules.lang.patterns import Pattern, PatternFault, read_pattern, spelled
from segrules.lang.types import Form, Type

if TYPE_CHECKING:
    from segrules.backends.sql.aggregates import AggregateRule

LARGEST = sys.float_info.max


class Words:
    """How a dialect says what all need; the base says it as most do.

    Operands that stand in an answer more than once are names or constants.
    """

    name = ""
    types: ClassVar[Mapping[Form, str]] = {
        "text": "TEXT", "enum": "TEXT", "int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN",
        "date": "DATE", "instant": "TIMESTAMP", "set": "TEXT[]",
    }  # fmt: skip

    # ---- numbers

    def double(self, value: float) -> Sql:
        """From text, so that it is rounded once."""
        return w.cast(w.text(repr(float(value))), self.types["float"])

    def finite(self, number: Sql) -> Sql:
        """False for infinity, and for NaN, which engines hold to be largest."""
        return w.le(w.func("ABS", number), self.double(LARGEST))

    def divided(self, a: Sql, b: Sql) -> Sql:
        """As the dialect divides doubles: the flags keep the transpiler out of it."""
        engine = Engine.get_or_raise(self.name)
        return exp.Div(
            this=w.atom(a), expression=w.atom(b), typed=engine.TYPED_DIVISION, safe=False
        )

    def exact_quotient(self, multiple: Sql, by: Sql) -> Sql:
        """Of whole numbers without a rest."""
        return self.divided(multiple, by)

    def rounded(self, number: Sql, named: Callable[[Sql], Sql]) -> Sql:
        """Half-even, to a double without a fraction; `named` as in `Place`.

        What a double is above its floor is exact but for numbers next to zero, where it is never
        rounded over a half.
        """
        given = named(number)
        floor = named(w.func("FLOOR", w.again(given)))
        above = named(w.sub(given, w.again(floor)))
        half = self.double(0.5)
        halves = self.divided(w.again(floor), self.double(2.0))
        even = w.eq(w.mul(w.func("FLOOR", halves), self.double(2.0)), w.again(floor))
        down = w.any_of([w.lt(above, half), w.every([w.eq(w.again(above), w.again(half)), even])])
        return w.when(down, floor, w.add(w.again(floor), self.double(1.0)))

    def wide(self, number: Sql) -> Sql:
        """A whole number in a type in which totals cannot overflow."""
        return number

    def total_of_doubles(self, number: Sql) -> Sql:
        return w.func("SUM", number)

    smallest_mean: float | None = None
    """Totals of doubles below are told to be zero, where a division would raise."""

    def total_limit(self, _: Type) -> Sql:
        """The largest total that has a mean, in the type of the total."""
        return self.double(LARGEST)

    def sum_of_middle(self, low: Sql, high: Sql) -> Sql:
        return w.add(low, high)

    def middle_of(self, low: Sql, high: Sql) -> Sql:
        """Half of a sum, where that is finite."""
        middle = self.divided(w.add(low, high), self.double(2.0))
        return w.when(self.finite(w.again(middle)), middle)

    # ---- text

    def plain(self, value: Sql) -> Sql:
        """Text that is compared by code points."""
        return w.cast(value, self.types["text"])

    def joined(self, first: Sql, second: Sql) -> Sql:
        return w.binary(exp.DPipe, first, second)

    def contains(self, value: Sql, part: str) -> Sql:
        return w.func("CONTAINS", value, w.text(part))

    def starts(self, value: Sql, part: str) -> Sql:
        return w.func("STARTS_WITH", value, w.text(part))

    def ends(self, value: Sql, part: str) -> Sql:
        return w.func("ENDS_WITH", value, w.text(part))

    edges = r"\A", r"\z"

    def matches(self, value: Sql, pattern: str) -> Sql:
        """A pattern that has been checked."""
        read = read_pattern(pattern)
        if isinstance(read, PatternFault):
            raise ValueError(f"the pattern {pattern!r} has not been checked")
        return self.fits(value, self.spelled(read))

    def spelled(self, pattern: Pattern) -> str:
        start, end = self.edges
        return spelled(pattern, end, start)

    def fits(self, value: Sql, pattern: str) -> Sql:
        """Whether a regular expression of the engine fits somewhere."""
        return w.func("REGEXP_MATCHES", value, w.text(pattern))

    def digest(self, value: Sql) -> Sql:
        """SHA-256 of the text in UTF-8, in hexadecimal digits of lower case."""
        return w.func("SHA256", value)

    def trimmed(self, value: Sql, chars: str) -> Sql:
        return w.func("TRIM", value, w.text(chars))

    def only_digits(self, value: Sql) -> Sql:
        return w.func("REGEXP_REPLACE", value, w.text("[^0-9]"), w.text(""), w.text("g"))

    # ---- sets

    def array(self, values: Sequence[str]) -> Sql:
        return w.cast(exp.Array(expressions=[w.text(each) for each in values]), self.types["set"])

    def has(self, found: Sql, value: Sql) -> Sql:
        return w.func("ARRAY_CONTAINS", found, value)

    def collected(self, values: Sequence[str], tests: Sequence[Sql]) -> Sql:
        """The values whose test is true, in order."""
        pairs = zip(tests, values, strict=True)
        parts = [w.when(test, w.text(value)) for test, value in pairs]
        return self.compact(exp.Array(expressions=parts))

    def compact(self, array: Sql) -> Sql:
        """Without NULLs."""
        return w.func("ARRAY_COMPACT", array)

    def within(self, found: Sql, values: Sequence[str]) -> Sql:
        """Whether an array holds only listed values, and no NULL."""
        rest = w.func("ARRAY_EXCEPT", found, self.array(values))
        return w.eq(w.func("SIZE", rest), w.whole(0))

    # ---- dates

    def part(self, name: str, date: Sql) -> Sql:
        """YEAR, MONTH or DAY of a date."""
        found = exp.Extract(this=exp.Var(this=name), expression=date)
        return w.cast(found, self.types["int"])

    def made_date(self, year: Sql, month: Sql, day: Sql) -> Sql:
        return w.func("MAKE_DATE", year, month, day)

    def days(self, first: Sql, second: Sql) -> Sql:
        """Days from the first date to the second."""
        return w.sub(second, first)

    def plus_days(self, date: Sql, days: int) -> Sql:
        return w.add(date, w.whole(days))

    def plus_months(self, date: Sql, months: int) -> Sql:
        """Clamped to the last day of the month."""
        moved = w.add(date, w.cast(w.text(f"{months} months"), "INTERVAL"))
        return w.cast(moved, "DATE")

    def in_zone(self, instant: Sql, zone: str) -> Sql:
        """What the clocks of a zone show at an instant; both without a zone, instants in UTC."""
        universal = exp.AtTimeZone(this=w.atom(instant), zone=w.text("UTC"))
        return exp.AtTimeZone(this=w.atom(universal), zone=w.text(zone))

    def local_date(self, instant: Sql, zone: str) -> Sql:
        return w.cast(self.in_zone(instant, zone), "DATE")

    def universal(self, instant: Sql) -> Sql:
        """An instant with a zone as one without, in UTC."""
        return exp.AtTimeZone(this=w.atom(instant), zone=w.text("UTC"))

    def plus_a_day(self, instant: Sql, days: int) -> Sql:
        return w.add(instant, w.cast(w.text(f"{days} days"), "INTERVAL"))


@dataclass(frozen=True, slots=True)
class Dialect:
    """`name` is also sqlglot's. `executed` says whether the suite runs what is generated.

    `longest` is how many bytes a name may have. With `fence`, steps are kept apart by OFFSET 0,
    lest the engine puts an expression in the place of its name and computes it several times. With
    `inlined`, steps that are read once are marked NOT MATERIALIZED. `lacking` are kinds of nodes
    that the dialect cannot do, with the reason.
    """

    name: str
    executed: bool
    words: Words
    operators: Mapping[str, Rule]
    aggregates: Mapping[str, AggregateRule]
    longest: int = 255
    fence: bool = False
    inlined: bool = False

    @property
    def types(self) -> Mapping[Form, str]:
        return self.words.types

    def null(self, kind: Form) -> Sql:
        return w.cast(exp.Null(), self.types[kind])
