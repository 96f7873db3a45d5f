"""What follows what: days between rows, and rows that come one after the other.

A moment is the date or instant of a row, and its date in the zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from segrules.runtime.calendar import length_later

Moment = tuple[dt.date, dt.date]


def gaps(moments: Sequence[Moment]) -> list[int | None]:
    """For each row the days since the row before it; None for the first."""
    order = sorted(range(len(moments)), key=lambda at: (moments[at][1], moments[at][0]))
    found: list[int | None] = [None] * len(moments)
    for before, at in pairwise(order):
        found[at] = (moments[at][1] - moments[before][1]).days
    return found


def happens(
    asked: Mapping[str, Any], moments: Sequence[Sequence[Moment]], as_of: dt.date
) -> bool | None:
    """Whether the rows follow each other; unknown while a row that must not come still may."""
    reached = list(moments[0])
    for step, found in zip(asked["then"], moments[1:], strict=False):
        reached = [row for row in found if any(_follows(step, before, row) for before in reached)]
    but_no = asked["but_no"]
    if but_no is None:
        return bool(reached)
    unknown = False
    for last in reached:
        if any(_follows(but_no, last, row) for row in moments[-1]):
            continue
        if _over(but_no["within"], last, as_of):
            return True
        unknown = True
    return None if unknown else False


def _over(within: Sequence[Any] | None, last: Moment, as_of: dt.date) -> bool:
    """Whether the time in which no row may follow has passed; without a length it has."""
    if within is None:
        return True
    end = length_later(last[1], *within)
    return end is not None and end <= as_of


def _follows(step: Mapping[str, Any], before: Moment, row: Moment) -> bool:
    both = isinstance(before[0], dt.datetime) and isinstance(row[0], dt.datetime)
    first, second = (before[0], row[0]) if both else (before[1], row[1])
    if not (first < second if step["later"] else first <= second):
        return False
    within = step["within"]
    last = length_later(before[1], *within) if within else None
    return last is None or row[1] <= last
