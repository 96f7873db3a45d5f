"""The calendar: lengths of time, periods, and the days that a window of time holds."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Unit = Literal["day", "week", "month", "quarter", "year"]
Length = tuple[int, str]
"""A count and its unit, `days` or `months`."""
WindowSpec = tuple[object, ...]
"""A window as plain values: its kind, then what it is made of (see `days_of`)."""
Days = tuple[dt.date | None, dt.date | None]
"""The first and the last day; None is no bound."""


# ---- days and months


def days_in_month(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in {4, 6, 9, 11} else 31


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


def length_later(day: dt.date, count: int, unit: str) -> dt.date | None:
    """The date so many `days` or `months` later; None as `days_later`."""
    return (days_later if unit == "days" else months_later)(day, count)


def day_in(moment: dt.date, zone: str) -> dt.date:
    """The date of an instant in a zone; a date is its own."""
    if not isinstance(moment, dt.datetime):
        return moment
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    except OverflowError:
        # within a day of the first or the last moment there is
        return dt.date.min if moment.year == dt.MINYEAR else dt.date.max


def start_of(day: dt.date | None, zone: str) -> dt.datetime | None:
    """The first moment of a day in a zone, in UTC; where clocks skip midnight, the moment after."""
    if day is None:
        return None
    local = dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    try:
        return local.astimezone(dt.UTC)
    except OverflowError:
        # within a day of the first or the last moment there is
        return None


# ---- periods


def period_of(day: dt.date, unit: Unit) -> int:
    """The number of the period that holds a day; the next period has the next number."""
    match unit:
        case "day":
            return day.toordinal()
        case "week":
            # the first day there is, of number one, is a Monday
            return (day.toordinal() - 1) // 7
        case "month":
            return day.year * 12 + day.month - 1
        case "quarter":
            return day.year * 4 + (day.month - 1) // 3
        case "year":
            return day.year


def period_start(day: dt.date, unit: Unit, starts: tuple[int, int] | None = None) -> dt.date:
    """The first day of the period that holds a day, or the first there is if that is later.

    `starts` is the first day (month, day) of a fiscal year, for its quarters and years.
    """
    if starts is not None:
        return _fiscal_start(day, {"quarter": 3, "year": 12}[unit], *starts)
    match unit:
        case "day":
            return day
        case "week":
            return day - dt.timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return dt.date(day.year, day.month - (day.month - 1) % 3, 1)
        case "year":
            return dt.date(day.year, 1, 1)


def previous_period(
    day: dt.date, unit: Unit, starts: tuple[int, int] | None = None
) -> tuple[dt.date, dt.date] | None:
    """The first and the last day of the period before the one that holds a day.

    None where that one holds the first day there is.
    """
    start = period_start(day, unit, starts)
    if start == dt.date.min:
        return None
    last = start - dt.timedelta(days=1)
    return period_start(last, unit, starts), last


def _fiscal_start(day: dt.date, months: int, month: int, starts: int) -> dt.date:
    """The first day of the part of a fiscal year, of so many months, that holds a day.

    Where a month is shorter than `starts`, it begins on its last day.
    """
    at = day.year * 12 + day.month - 1
    back = (at - (month - 1)) % months
    for behind in (back, back + months):
        year, number = divmod(at - behind, 12)
        if year < dt.MINYEAR:
            return dt.date.min
        start = dt.date(year, number + 1, min(starts, days_in_month(year, number + 1)))
        if start <= day:
            return start
    raise AssertionError("a period starts in the months before every day")


# ---- windows

_NEVER: Days = (dt.date.max, dt.date.min)
"""The first and the last day of a window without any."""


def days_of(window: WindowSpec | None, as_of: dt.date) -> Days:
    """The first and the last day of a window as seen from a day.

    `("in last", length)`, `("in next", length)`, `("ago", longer, shorter)`,
    `("between", first, last)`, `("period", unit, starts)`, `("previous", unit, starts)`,
    `("until", length)`, `("until previous", unit, starts)`, `("rows", count)`, which counts rows
    and bounds nothing, as None does.
    """
    match window:
        case None | ("rows", _):
            return None, as_of
        case ("in last", length):
            return _day_after(as_of, length), as_of
        case ("in next", (int(count), str(unit))):
            first = days_later(as_of, 1)
            return _NEVER if first is None else (first, length_later(as_of, count, unit))
        case ("ago", longer, shorter):
            last = _before(as_of, shorter)
            return _NEVER if last is None else (_day_after(as_of, longer), last)
        case ("between", dt.date() as first, dt.date() as last):
            return first, last
        case ("period", unit, starts):
            # what stands in a window is known by its first word
            return period_start(as_of, unit, starts), as_of  # type: ignore[arg-type]
        case ("previous", unit, starts):
            return previous_period(as_of, unit, starts) or _NEVER  # type: ignore[arg-type]  # same
        case ("until", length):
            last = _before(as_of, length)
            return _NEVER if last is None else (None, last)
        case ("until previous", unit, starts):
            previous = previous_period(as_of, unit, starts)  # type: ignore[arg-type]  # as above
            return _NEVER if previous is None else (None, previous[1])
    raise ValueError(f"the window {window} has no end")


@lru_cache(4096)
def seen_from(window: WindowSpec | None, instants: bool, zone: str, as_of: dt.date) -> Days:
    """`start` and `end`: what is dated start ≤ t < end is in the window and not after as_of.

    Dates, or with `instants` moments in UTC, as the rows are dated. Only `in next` looks beyond
    as_of.
    """
    first, last = days_of(window, as_of)
    if window is None or window[0] != "in next":
        last = as_of if last is None else min(last, as_of)
    end = None if last is None else days_later(last, 1)
    return (start_of(first, zone), start_of(end, zone)) if instants else (first, end)


def _day_after(as_of: dt.date, length: object) -> dt.date | None:
    """The day after as_of − length: windows leave their first moment out."""
    day = _before(as_of, length)
    return None if day is None else days_later(day, 1)


def _before(as_of: dt.date, length: object) -> dt.date | None:
    # a pair, as a window has it
    count, unit = length  # type: ignore[misc]
    return length_later(as_of, -count, unit)  # type: ignore[has-type]  # unpacked above
