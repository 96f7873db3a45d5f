"""Whether the rows of a grid leave nobody out.

It is enough to try a value of every kind: the places that cells name, what lies between them, and
missing where a value may be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from segrules.lang.check.spans import LEAST, MOST, Values

MOST_TRIED = 20_000
"""Combinations beyond which a grid counts as one that leaves somebody out."""

Place = float | None


def covered(rows: Sequence[Sequence[Values]], optional: Sequence[bool]) -> bool:
    """Whether every combination of values fits some row; `optional` says what may be missing."""
    columns = list(zip(*rows, strict=True))
    tried = [
        _places([values for values in column if not values.everything], missing=missing)
        for column, missing in zip(columns, optional, strict=True)
    ]
    count = 1
    for places in tried:
        count *= len(places)
    return count <= MOST_TRIED and _fits(rows, tried)


def _fits(rows: Sequence[Sequence[Values]], tried: Sequence[Sequence[Place]], at: int = 0) -> bool:
    if not rows:
        return False
    if any(all(values.everything for values in row[at:]) for row in rows):
        return True
    return all(
        _fits([row for row in rows if row[at].holds(place)], tried, at + 1) for place in tried[at]
    )


def _places(column: Sequence[Values], *, missing: bool) -> list[Place]:
    """A value of each kind that the cells of a column tell apart."""
    found: list[Place] = [None] if missing else []
    if not column:
        # nothing is told apart: any value stands for all
        return [*found, 0.0]
    domain = column[0].domain
    ends = {end for values in column for each in values.intervals for end in (each.low, each.high)}
    everything = domain.everything().intervals[0]
    known = sorted(ends | {everything.low, everything.high})
    finite = [end for end in known if end not in (LEAST, MOST)] or [0.0]
    between = _whole(finite) if domain.whole else _real(finite)
    inside = [place for place in between if everything.low <= place <= everything.high]
    return [*found, *inside]


def _whole(ends: Sequence[float]) -> list[float]:
    return sorted({place for end in ends for place in (end - 1, end, end + 1)})


def _real(ends: Sequence[float]) -> list[float]:
    middles = [(low + high) / 2 for low, high in pairwise(ends)]
    return [ends[0] - 1, *ends, *middles, ends[-1] + 1]
