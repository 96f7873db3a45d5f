"""What follows what: gaps between rows, and rows that come one after the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from segrules.backends.context import later
from segrules.lang import ir


@dataclass(frozen=True, slots=True)
class Moment:
    """When a row is: its date or instant, and its date in the zone."""

    at: dt.date
    day: dt.date


def gaps(moments: Sequence[Moment]) -> list[int | None]:
    """For each row the days since the row before it; None for the first."""
    order = sorted(range(len(moments)), key=lambda place: (moments[place].day, moments[place].at))
    found: list[int | None] = [None] * len(moments)
    for before, place in pairwise(order):
        found[place] = (moments[place].day - moments[before].day).days
    return found


def happens(
    sequence: ir.Sequence, moments: Sequence[Sequence[Moment]], as_of: dt.date
) -> bool | None:
    """Whether the rows follow each other; `moments` are those of the rows of each step in turn.

    Every row that any chain of rows leads to is tried as the last one.
    """
    reached = moments[0]
    for step, found in zip(sequence.then, moments[1:], strict=False):
        reached = [row for row in found if any(_follows(step, before, row) for before in reached)]
    truths = [_undisturbed(sequence, row, moments[-1], as_of) for row in reached]
    if True in truths:
        return True
    return None if None in truths else False


def _follows(step: ir.Step, before: Moment, row: Moment) -> bool:
    return _not_too_early(step, before, row) and _not_too_late(step, before, row)


def _not_too_early(step: ir.Step, before: Moment, row: Moment) -> bool:
    both = isinstance(before.at, dt.datetime) and isinstance(row.at, dt.datetime)
    first, second = (before.at, row.at) if both else (before.day, row.day)
    return first < second if step.later else first <= second


def _not_too_late(step: ir.Step, before: Moment, row: Moment) -> bool:
    last = later(before.day, step.within) if step.within else None
    return last is None or row.day <= last


def _undisturbed(
    sequence: ir.Sequence, last: Moment, others: Sequence[Moment], as_of: dt.date
) -> bool | None:
    """Whether none of the others follows: unknown while one still may."""
    step = sequence.but_no
    if step is None:
        return True
    if any(_follows(step, last, row) for row in others):
        return False
    if step.within is None:
        return True
    end = later(last.day, step.within)
    return True if end is not None and end <= as_of else None
