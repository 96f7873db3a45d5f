"""Dates as Polars expressions. What would lie outside the years 1 to 9999 is null."""

from __future__ import annotations

import datetime as dt
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import polars as pl

_MONTHS_THERE_ARE = (dt.MAXYEAR - dt.MINYEAR + 1) * 12
_EPOCH = dt.date(1970, 1, 1)


def ordinal(date: pl.Expr) -> pl.Expr:
    """Days since 1970-01-01."""
    return date.cast(pl.Int32).cast(pl.Int64)


def day_of(instant: pl.Expr, zone: str) -> pl.Expr:
    """The date of an instant in a zone."""
    # the zone's offset may lead out of the years there are
    return instant.dt.convert_time_zone(zone).dt.date().clip(dt.date.min, dt.date.max)


@cache
def turns_back(zone: str) -> bool:
    """Whether a later instant can have an earlier date: clocks were set back over midnight.

    That is so in few zones, in St John's for one from 1987 to 2011.
    """
    place = ZoneInfo(zone)
    # offsets seldom change, and never there and back within a day
    days = [dt.datetime.fromordinal(day).replace(tzinfo=dt.UTC) for day in _DAYS_OF_CLOCKS]
    offsets = [day.astimezone(place).utcoffset() or dt.timedelta() for day in days]
    turns = pairwise(zip(days, offsets, strict=True))
    return any(
        later < earlier and _turn_crosses_midnight(before, after, place)
        for (before, earlier), (after, later) in turns
    )


_DAYS_OF_CLOCKS = range(dt.date(1850, 1, 1).toordinal(), dt.date(2100, 1, 1).toordinal())


def _turn_crosses_midnight(before: dt.datetime, after: dt.datetime, place: ZoneInfo) -> bool:
    """Whether the date falls back at the moment between the two where the offset changes."""
    old = before.astimezone(place).utcoffset()
    while after - before > dt.timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(place).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.astimezone(place).date() < before.astimezone(place).date()


def days_between(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    return ordinal(second) - ordinal(first)


def months_between(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Months between the two months, less the one not completed, in either direction."""
    months = month_number(second) - month_number(first)
    started = (second.dt.day() < _clamped_day(first, second)).cast(pl.Int64)
    ending = (first.dt.day() < _clamped_day(second, first)).cast(pl.Int64)
    return pl.when(first <= second).then(months - started).otherwise(months + ending)


def days_to_anniversary(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Polars has the years after 9999, so the last anniversary needs no special care."""
    year = second.dt.year()
    here, next_year = _kept(first, year), _kept(first, year + 1)
    return days_between(second, pl.when(here >= second).then(here).otherwise(next_year))


def days_later(date: pl.Expr, days: int) -> pl.Expr:
    later = ordinal(date) + days
    inside = later.is_between(_ordinal_of(dt.date.min), _ordinal_of(dt.date.max))
    return pl.when(inside).then(later).cast(pl.Int32).cast(pl.Date)


def months_later(date: pl.Expr, months: int) -> pl.Expr:
    """Clamped to the month's last day."""
    if abs(months) >= _MONTHS_THERE_ARE:
        return pl.lit(None, dtype=pl.Date)
    later = date.dt.offset_by(f"{months}mo")
    return pl.when(later.is_between(dt.date.min, dt.date.max)).then(later)


def _kept(date: pl.Expr, year: pl.Expr) -> pl.Expr:
    """The anniversary in a year: the 29th of February is kept on the 28th in other years."""
    month, day = date.dt.month(), date.dt.day()
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    short = (month == 2) & (day == 29) & ~leap
    return pl.date(year, month, pl.when(short).then(28).otherwise(day))


def _clamped_day(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """The day of the month on which a month from `first` is completed in `second`'s month."""
    last = second.dt.days_in_month()
    return pl.when(first.dt.day() < last).then(first.dt.day()).otherwise(last)


def _ordinal_of(date: dt.date) -> int:
    return (date - _EPOCH).days


def month_number(date: pl.Expr) -> pl.Expr:
    """Months since the year 0; the next month has the next number."""
    return date.dt.year().cast(pl.Int64) * 12 + date.dt.month().cast(pl.Int64)
