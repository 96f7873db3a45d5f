"""What every target is told beside the rules and the rows."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

from segrules.lang.calendar import period_start, previous_period
from segrules.lang.ir import (
    Ago,
    Between,
    Calendar,
    Calibration,
    InLast,
    InNext,
    InRank,
    LastRows,
    Length,
    Period,
    Until,
    Window,
)
from segrules.lang.types import Instant, Type


@dataclass(frozen=True, slots=True)
class Context:
    """`as_of` means the end of that day in `zone`; ranks are answered from `calibration`."""

    zone: str
    as_of: dt.date
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Bounds:
    """start ≤ t < end; None is no bound. Dates or UTC instants, as the rows are dated."""

    start: dt.date | None
    end: dt.date | None


def seen(window: Window | None, dated: Type, context: Context) -> Bounds:
    """When a related row must be dated to be looked at: in the window, never after as_of.

    `InNext` alone looks beyond as_of. `LastRows` counts rows, so it bounds nothing here.
    """
    first, last = _days(window, context.as_of)
    if not isinstance(window, InNext):
        last = context.as_of if last is None else min(last, context.as_of)
    end = None if last is None else days_later(last, 1)
    if isinstance(dated, Instant):
        return Bounds(_start_of(first, context.zone), _start_of(end, context.zone))
    return Bounds(first, end)


def taken(rank: InRank, population: int) -> int:
    """How many of a population with known amounts a rank takes, ties left out of account."""
    if rank.share is not None:
        return min(math.ceil(rank.share * population), population)
    if rank.count is not None:
        return min(rank.count, population)
    raise ValueError(f"the rank {rank.name} has neither a share nor a count")


def between(below: float, above: float, part: Fraction) -> float:
    """The number that lies `part` of the way from one to the other, rounded once."""
    return float(Fraction(below) + (Fraction(above) - Fraction(below)) * part)


def days_later(day: dt.date, days: int) -> dt.date | None:
    """The date so many days later; None outside the years 1 to 9999."""
    ordinal = day.toordinal() + days
    return dt.date.fromordinal(ordinal) if 1 <= ordinal <= dt.date.max.toordinal() else None


def months_later(day: dt.date, months: int) -> dt.date | None:
    """The date so many months later, clamped to the month's last day; None as `days_later`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        return None
    return dt.date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def later(day: dt.date, length: Length) -> dt.date | None:
    """The date a length of time later; None as `days_later`."""
    return (days_later if length.unit == "days" else months_later)(day, length.count)


def days_in_month(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in {4, 6, 9, 11} else 31


_NEVER = (dt.date.max, dt.date.min)
"""The first and the last day of a window without any."""


def _days(window: Window | None, as_of: dt.date) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last day of a window; None is no bound."""
    match window:
        case None | LastRows():
            return None, as_of
        case InLast(length=length):
            return _day_after(as_of, length), as_of
        case InNext(length=length):
            first = days_later(as_of, 1)
            return _NEVER if first is None else (first, later(as_of, length))
        case Ago(start=start, end=end):
            last = _before(as_of, end)
            return _NEVER if last is None else (_day_after(as_of, start), last)
        case Between(first=first, last=last):
            return first, last
        case Calendar(period=period, previous=False):
            return period_start(as_of, period.unit, period.starts), as_of
        case Calendar(period=period):
            return _previous(as_of, period) or _NEVER
        case Until(ago=Length() as length):
            last = _before(as_of, length)
            return _NEVER if last is None else (None, last)
        case Until(end_of_previous=Period() as period):
            previous = _previous(as_of, period)
            return _NEVER if previous is None else (None, previous[1])
    raise ValueError(f"the window {window} has no end")


def _previous(as_of: dt.date, period: Period) -> tuple[dt.date, dt.date] | None:
    return previous_period(as_of, period.unit, period.starts)


def _day_after(as_of: dt.date, length: Length) -> dt.date | None:
    """The day after as_of − length: windows leave their first moment out."""
    day = _before(as_of, length)
    return None if day is None else days_later(day, 1)


def _before(as_of: dt.date, length: Length) -> dt.date | None:
    return later(as_of, Length(-length.count, length.unit))


def _start_of(day: dt.date | None, zone: str) -> dt.datetime | None:
    """The first moment of a day in a zone, in UTC; where clocks skip midnight, the moment after."""
    if day is None:
        return None
    local = dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    try:
        return local.astimezone(dt.UTC)
    except OverflowError:
        # within a day of the first or the last moment there is
        return None
