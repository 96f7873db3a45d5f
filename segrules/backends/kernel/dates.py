"""Dates as days since 1970: arithmetic of months and years. What is missing may be any number."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segrules.backends.kernel.values import EPOCH_DAY, Flags

Days = NDArray[np.int64]

FIRST, LAST = ((day - EPOCH_DAY).days for day in (dt.date.min, dt.date.max))
_FIRST_MONTH, _LAST_MONTH = -1969 * 12, (9999 - 1970) * 12 + 11


def day_of(instants: NDArray[np.int64], zone: str) -> Days:
    """The date of each instant in a zone."""
    # what is missing may lie outside the years there are
    held = np.clip(instants, FIRST * 86_400_000_000, (LAST + 1) * 86_400_000_000 - 1)
    moments = pl.Series(held, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
    days = moments.dt.convert_time_zone(zone).dt.date().cast(pl.Int32).to_numpy()
    # the zone's offset may lead out of the years there are
    dates: Days = np.clip(days.astype(np.int64), FIRST, LAST)
    return dates


def _month(days: Days) -> Days:
    """Months since January 1970."""
    inside = np.clip(days, FIRST, LAST)
    months: Days = inside.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months


def _start(months: Days) -> Days:
    """The first day of a month."""
    days: Days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return days


def _day(days: Days) -> Days:
    """The day within the month, from 1."""
    inside = np.clip(days, FIRST, LAST)
    day: Days = inside - _start(_month(inside)) + 1
    return day


def _in_month(months: Days, day: Days) -> Days:
    """The date with a day of a month, or the last day of that month."""
    start = _start(months)
    days: Days = start + np.minimum(day, _start(months + 1) - start) - 1
    return days


def months_between(first: Days, second: Days) -> Days:
    """Whole months completed; the negative of the other direction when `first` is later."""
    return np.where(first <= second, _completed(first, second), -_completed(second, first))


def _completed(first: Days, second: Days) -> Days:
    ends_on = _in_month(_month(second), _day(first))
    months: Days = _month(second) - _month(first) - (second < ends_on)
    return months


def days_to_anniversary(first: Days, second: Days) -> Days:
    """From the second date to the next anniversary of the first."""
    of_year = np.mod(_month(first), 12)
    here = _in_month(_month(second) // 12 * 12 + of_year, _day(first))
    following = _in_month(_month(second) // 12 * 12 + 12 + of_year, _day(first))
    return np.where(here >= second, here, following) - second


def days_later(days: Days, count: int) -> tuple[Days, Flags]:
    """The dates so many days later, and which lie within the years 1 to 9999."""
    later = np.clip(days, FIRST, LAST) + count
    return later, (later >= FIRST) & (later <= LAST)


def months_later(days: Days, count: int) -> tuple[Days, Flags]:
    """The dates so many months later, and which lie within the years 1 to 9999."""
    months: NDArray[Any] = _month(days) + count
    inside = (months >= _FIRST_MONTH) & (months <= _LAST_MONTH)
    return _in_month(np.clip(months, _FIRST_MONTH, _LAST_MONTH), _day(days)), inside
