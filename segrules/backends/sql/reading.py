"""The border in a database: declared columns as canonical values, from what the source holds.

The same values are read as from files (`segrules.segments.cells`): what does not mean a value of
the declared type is NULL, nothing is rounded but money from doubles, and bounds hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from segrules.backends.sql import words as w
from segrules.backends.sql.dialect import Dialect
from segrules.backends.sql.held import Held, fits
from segrules.backends.sql.words import Sql
from segrules.lang.ir import Cleaning, TableColumn
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Link,
    Money,
    Number,
    Set,
    Share,
    Text,
    Whole,
    decimals,
    spell,
)

_FIRST_DAY, _LAST_DAY = dt.date(1, 1, 1), dt.date(9999, 12, 31)
# a day inside, so that no zone moves an instant out of the years 1 to 9999
_FIRST, _LAST = "0001-01-02 00:00:00", "9999-12-30 00:00:00"

BLANKS = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""What is taken off the ends of text that is trimmed: white space, as Unicode has it."""


@dataclass(frozen=True)
class Reader:
    """Reads columns in a dialect; local time is that of `zone`."""

    dialect: Dialect
    zone: str

    def value(self, cell: Sql, column: TableColumn, found: Held) -> Sql:
        """The canonical value of a cell.

        Raises:
            TypeError: the declared type is not read from what the column holds (see `fits`).
        """
        kind = column.type
        if not fits(kind, found):
            raise TypeError(f"{spell(kind)} is not read from {found.kind}")
        match kind:
            case Text() | Link():
                return self._text(cell, column.cleaning)
            case Enum(values=values):
                given = self.dialect.words.plain(cell)
                return w.when(w.among(given, map(w.text, values)), w.again(given))
            case Set(values=values):
                return self._several(cell, values, found)
            case Whole(low=low, high=high):
                return self._whole(cell, found, low, high)
            case Number(low=low, high=high):
                return self._number(cell, low, high)
            case Share():
                return self._number(cell, 0.0, 1.0)
            case Money():
                return self._money(cell, found, kind)
            case Flag():
                return cell
            case Date():
                edges = w.date(_FIRST_DAY), w.date(_LAST_DAY)
                return w.when(w.between(cell, *edges), w.again(cell))
            case Instant():
                return self._instant(cell, found)
        raise TypeError(f"a column is never {spell(kind)}")

    def _text(self, cell: Sql, cleaning: Sequence[Cleaning]) -> Sql:
        words = self.dialect.words
        value = words.plain(cell)
        if not cleaning:
            return value
        if "trimmed" in cleaning:
            value = words.trimmed(value, BLANKS)
        if "digits" in cleaning:
            value = words.only_digits(value)
        return words.plain(w.func("NULLIF", value, w.text("")))

    # ---- numbers

    def _whole(self, cell: Sql, found: Held, low: int, high: int) -> Sql:
        inside = [w.between(w.again(cell), w.whole(low), w.whole(high))]
        if found.kind != "whole":
            inside.append(w.eq(w.again(cell), w.func("FLOOR", w.again(cell))))
        return w.when(w.every(inside), self._as_whole(cell))

    def _number(self, cell: Sql, low: float | None, high: float | None) -> Sql:
        words = self.dialect.words
        value = w.cast(cell, self.dialect.types["float"])
        tests = [words.finite(value)] if low is None or high is None else []
        if low is not None:
            tests.append(w.ge(w.again(value), words.double(low)))
        if high is not None:
            tests.append(w.le(w.again(value), words.double(high)))
        return w.when(w.every(tests), w.again(value))

    def _money(self, cell: Sql, found: Held, kind: Money) -> Sql:
        places = decimals(kind.currency)
        factor = 10**places
        units = w.between(w.again(cell), w.whole(-(-kind.low // factor)),
                          w.whole(kind.high // factor))  # fmt: skip
        if found.kind == "whole":
            return w.when(units, w.mul(self._as_whole(cell), w.whole(factor)))
        if found.kind == "decimal":
            return self._money_of_decimal(cell, found, kind, factor)
        words = self.dialect.words
        most = max(abs(kind.low), abs(kind.high)) / factor + 1
        sized = w.le(w.func("ABS", w.again(cell)), words.double(most))
        exact = w.cast(cell, self.dialect.types["float"])
        minor = words.rounded(w.mul(exact, words.double(float(factor))), lambda each: each)
        inside = w.between(minor, w.whole(kind.low), w.whole(kind.high))
        return w.when(sized, w.when(inside, self._as_whole(minor)))

    def _money_of_decimal(self, cell: Sql, found: Held, kind: Money, factor: int) -> Sql:
        """Decimals are multiplied in a width that holds every amount there is."""
        edge = max(abs(kind.low), abs(kind.high)) // factor + 1
        sized = w.between(w.again(cell), w.whole(-edge), w.whole(edge))
        exact = cell
        if found.places is not None and self.dialect.name != "bigquery":
            exact = w.cast(cell, f"DECIMAL({16 + found.places}, {found.places})")
        minor = w.mul(exact, w.whole(factor))
        inside = w.every([
            w.eq(minor, w.func("FLOOR", w.again(minor))),
            w.between(w.again(minor), w.whole(kind.low), w.whole(kind.high)),
        ])  # fmt: skip
        return w.when(sized, w.when(inside, self._as_whole(minor)))

    def _as_whole(self, value: Sql) -> Sql:
        return w.cast(w.again(value), self.dialect.types["int"])

    # ---- sets

    def _several(self, cell: Sql, values: Sequence[str], found: Held) -> Sql:
        """One value that is not declared makes the whole set unreadable."""
        words = self.dialect.words
        if found.kind == "texts":
            return w.when(words.within(cell, values), w.again(cell))
        blank = f"[{BLANKS}]*"
        nothing = ["none"] if "none" not in values else []
        known = "|".join(escaped(each) for each in [*values, *nothing])
        start, end = words.edges
        one = f"{blank}(?:{known})?{blank}"
        declared = words.fits(w.again(cell), f"{start}{one}(?:;{one})*{end}")
        tests = [
            words.fits(w.again(cell), f"(?:{start}|;){blank}{escaped(value)}{blank}(?:;|{end})")
            for value in values
        ]
        given = w.every([w.ne(w.again(cell), w.text("")), declared])
        return w.when(given, words.collected(values, tests))

    # ---- instants

    def _instant(self, cell: Sql, found: Held) -> Sql:
        held = self.dialect.types["instant"]
        edges = (w.cast(w.text(edge), held) for edge in (_FIRST, _LAST))
        if found.kind == "instant":
            value = self.dialect.words.universal(cell)
        else:
            value = w.cast(cell, held)
        inside = w.when(w.between(value, *edges), w.again(value))
        return inside if found.kind == "instant" else self._from_local(w.again(value), edges)

    def _from_local(self, local: Sql, _: object) -> Sql:
        """Local time in UTC: an ambiguous one is the earlier, one that the clock skips is NULL.

        The clock is asked how far it is ahead a day before and a day after.
        """
        words = self.dialect.words
        held = self.dialect.types["instant"]
        first, last = (w.cast(w.text(edge), held) for edge in (_FIRST, _LAST))
        tries = []
        for days in (-1, 1):
            near = words.plus_a_day(w.again(local), days)
            ahead = w.sub(words.in_zone(near, self.zone), w.again(near))
            moment = w.sub(w.again(local), ahead)
            shown = words.in_zone(w.again(moment), self.zone)
            tries.append((w.eq(shown, w.again(local)), w.again(moment)))
        inside = w.between(w.again(local), first, last)
        return w.when(inside, w.case(tries))


def escaped(value: str) -> str:
    """A text as a pattern of itself."""
    return "".join(f"\\{char}" if char in r"\.+*?()[]{}^$|" else char for char in value)


def cell_of(column: TableColumn) -> exp.Column:
    """The cell of a declared column in its source."""
    return w.column(column.heading)
