"""Operators on known values that are more than a line of Python."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from fractions import Fraction

from segrules.runtime.calendar import days_in_month

BOUND = 10**15
"""Beyond this many minor units an amount is missing."""
GREATEST = 1.7976931348623157e308
"""The greatest finite double."""


def kleene_and(*values: bool | None) -> bool | None:
    """False when one is false, true when all are true, otherwise unknown."""
    return False if False in values else None if None in values else True


def kleene_or(*values: bool | None) -> bool | None:
    """True when one is true, false when all are false, otherwise unknown."""
    return True if True in values else None if None in values else False


def finite(number: float) -> float | None:
    """The number, or missing where it is none."""
    return number if -GREATEST <= number <= GREATEST else None


def quotient(a: float, b: float) -> float | None:
    return None if b == 0 else finite(a / b)


def to_minor(amount: float) -> int | None:
    minor = round(amount)
    return minor if -BOUND <= minor <= BOUND else None


def months_between(first: dt.date, second: dt.date) -> int:
    """Completed months; the negative of the other direction when `first` is the later date."""
    if first > second:
        return -months_between(second, first)
    months = (second.year - first.year) * 12 + second.month - first.month
    ends_on = min(first.day, days_in_month(second.year, second.month))
    return months if second.day >= ends_on else months - 1


def days_to_anniversary(first: dt.date, second: dt.date) -> int:
    """Days from the second date to the next anniversary of the first."""
    if second.year == dt.MAXYEAR:
        # the calendar repeats after 400 years
        second = second.replace(year=second.year - 400)
    here = _kept(first, second.year)
    return ((here if here >= second else _kept(first, second.year + 1)) - second).days


def _kept(day: dt.date, year: int) -> dt.date:
    return dt.date(year, day.month, min(day.day, days_in_month(year, day.month)))


def collected(values: Sequence[str], tests: Sequence[bool | None]) -> frozenset[str]:
    """The values whose test is true."""
    return frozenset(value for value, test in zip(values, tests, strict=True) if test is True)


def held_out_below(share: str) -> int:
    """The first number that is not held out: `share` of 2^64, as it was written, rounded up."""
    limit = Fraction(share) * 2**64
    return -(-limit.numerator // limit.denominator)


def held_out(key: str, salt: str, below: int) -> bool:
    """Whether the first 8 bytes of SHA-256 of salt, colon and key are below a number."""
    digest = hashlib.sha256(f"{salt}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < below
