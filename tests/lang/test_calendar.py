"""Periods of the calendar, day by day over forty years."""

import datetime as dt
from itertools import pairwise
from typing import get_args

import pytest

from segrules.lang.calendar import Unit, period_of, period_start

UNITS: tuple[Unit, ...] = get_args(Unit)
DAYS = [dt.date(1996, 1, 1) + dt.timedelta(days=at) for at in range(40 * 365)]
NAMED = {
    "day": lambda day: day,
    "week": lambda day: day.isocalendar()[:2],
    "month": lambda day: (day.year, day.month),
    "quarter": lambda day: (day.year, "111222333444"[day.month - 1]),
    "year": lambda day: day.year,
}
"""What is the same on two days just when they are in one period."""


@pytest.mark.parametrize("unit", UNITS)
def test_periods_follow_each_other(unit: Unit) -> None:
    for day, after in pairwise(DAYS):
        within = NAMED[unit](day) == NAMED[unit](after)
        assert period_of(after, unit) - period_of(day, unit) == (0 if within else 1)
        assert period_start(after, unit) == (period_start(day, unit) if within else after)


@pytest.mark.parametrize("unit", UNITS)
def test_the_start_is_in_its_period(unit: Unit) -> None:
    for day in DAYS:
        start = period_start(day, unit)
        assert start <= day
        assert NAMED[unit](start) == NAMED[unit](day)


@pytest.mark.parametrize(
    ("unit", "start"),
    [
        ("day", "2026-06-30"),
        ("week", "2026-06-29"),
        ("month", "2026-06-01"),
        ("quarter", "2026-04-01"),
        ("year", "2026-01-01"),
    ],
)
def test_the_period_of_a_tuesday(unit: Unit, start: str) -> None:
    assert period_start(dt.date(2026, 6, 30), unit) == dt.date.fromisoformat(start)


@pytest.mark.parametrize("unit", UNITS)
def test_the_first_days_there_are(unit: Unit) -> None:
    assert period_start(dt.date.min, unit) == dt.date.min
    assert period_of(dt.date(1, 1, 7), "week") == period_of(dt.date.min, "week")
    assert period_of(dt.date(1, 1, 8), "week") == period_of(dt.date.min, "week") + 1


@pytest.mark.parametrize(
    ("day", "month", "starts", "start"),
    [
        ("2026-03-31", 4, 1, "2025-04-01"),
        ("2026-04-01", 4, 1, "2026-04-01"),
        ("2026-12-31", 1, 1, "2026-01-01"),
        ("2026-04-05", 4, 6, "2025-04-06"),
        ("2027-02-27", 2, 29, "2026-02-28"),
        ("2027-02-28", 2, 29, "2027-02-28"),
        ("2028-02-28", 2, 29, "2027-02-28"),
        ("2028-02-29", 2, 29, "2028-02-29"),
    ],
)
def test_fiscal_years(day: str, month: int, starts: int, start: str) -> None:
    found = period_start(dt.date.fromisoformat(day), "year", (month, starts))
    assert found == dt.date.fromisoformat(start)


def test_a_fiscal_year_starts_every_year() -> None:
    starts = [day for day in DAYS if period_start(day, "year", (7, 1)) == day]
    assert starts == [dt.date(year, 7, 1) for year in range(1996, 2036) if year < DAYS[-1].year
                      or DAYS[-1] >= dt.date(year, 7, 1)]  # fmt: skip
