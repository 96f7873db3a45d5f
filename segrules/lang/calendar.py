"""Periods of the calendar: days, weeks from Monday, months, quarters, years, fiscal years."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Literal

Unit = Literal["day", "week", "month", "quarter", "year"]


def period_of(day: date, unit: Unit) -> int:
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


def period_start(day: date, unit: Unit, starts: tuple[int, int] | None = None) -> date:
    """The first day of the period that holds a day, or the first there is if that is later.

    `starts` is the first day (month, day) of a fiscal year, for its quarters and years.
    """
    if starts is not None:
        return _fiscal_start(day, {"quarter": 3, "year": 12}[unit], *starts)
    match unit:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, day.month - (day.month - 1) % 3, 1)
        case "year":
            return date(day.year, 1, 1)


def previous_period(
    day: date, unit: Unit, starts: tuple[int, int] | None = None
) -> tuple[date, date] | None:
    """The first and the last day of the period before the one that holds a day.

    None where that one holds the first day there is.
    """
    start = period_start(day, unit, starts)
    if start == date.min:
        return None
    last = start - timedelta(days=1)
    return period_start(last, unit, starts), last


def _fiscal_start(day: date, months: int, month: int, starts: int) -> date:
    """The first day of the part of a fiscal year, of so many months, that holds a day.

    Where a month is shorter than `starts`, it begins on its last day.
    """
    at = day.year * 12 + day.month - 1
    back = (at - (month - 1)) % months
    for behind in (back, back + months):
        year, number = divmod(at - behind, 12)
        if year < date.min.year:
            return date.min
        if (start := _clamped(year, number + 1, starts)) <= day:
            return start
    raise AssertionError("a period starts in the months before every day")


def _clamped(year: int, month: int, day: int) -> date:
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(day, last))
