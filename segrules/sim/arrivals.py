"""How many customers come: level, season and bursts of the arrivals of a year.

Segment s in month t had n_st ~ Poisson(rate_s season_t), one season for all segments. What is kept
of it is what its posterior needs: the sums by segment, and the sums by month of the calendar.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from segrules.segments.funnel import FunnelHistory
from segrules.sim.model import Arrivals, Floats
from segrules.text import problems
from segrules.text.diagnostic import RulesError

FEWEST_MONTHS = 12
"""Months of history below which no season is read from them."""

FEWEST_SEEN = 0.5
"""Arrivals that a month without any counts as: somebody may come in it next year."""

OVERDISPERSED = 1.2
"""Variance over mean of the monthly arrivals from which they are not taken as Poisson."""


def entered(history: FunnelHistory) -> Floats:
    """Who entered a funnel, float64[S, L] by segment and month of the past.

    Raises:
        RulesError: nobody did, so there is nothing to project from.
    """
    entries = np.array([history.entries[name] for name in history.segments], dtype=np.float64)
    if not entries.any():
        raise RulesError([problems.no_arrivals(history.funnel, history.months[0])])
    return entries


def arrivals_of(
    months: Sequence[dt.date], entries: Floats, ahead: Sequence[dt.date], notes: list[str]
) -> Arrivals:
    """Learn from entries float64[S, L] in L months (their first days) for the months ahead."""
    seasonal = len(months) == FEWEST_MONTHS
    totals = entries.sum(axis=0)
    dispersion, free = _dispersion(entries, totals if seasonal else None)
    if dispersion > 0:
        notes.append(
            "arrivals vary more from month to month than chance alone would make them, and they "
            "are drawn to vary as much (from a negative binomial distribution)"
        )
    arrived, length = entries.sum(axis=1), float(len(months))
    if not seasonal:
        return Arrivals(arrived, length, np.ones(len(ahead)), dispersion, free=free)
    place = {month.month: at for at, month in enumerate(months)}
    calendar = np.array([place[month.month] for month in ahead], dtype=np.int64)
    seen = np.maximum(totals, FEWEST_SEEN)
    season = seen[calendar] / float(seen.mean())
    return Arrivals(arrived, length, season, dispersion, seen, calendar, free)


def _dispersion(entries: Floats, profile: Floats | None) -> tuple[float, int]:
    """Extra variance of arrivals by segment and month around segment level times month profile.

    With it the degrees of freedom that it was estimated from: both 0 where there is none.

    The Pearson statistic over its degrees of freedom is the variance over the mean; above the
    threshold the variance that a gamma factor of mean 1 must have to account for it. A profile
    that was taken from the same arrivals costs a degree of freedom a month; None is a flat one,
    which costs none. A month in which nobody at all is expected says nothing of the variance and
    is left out.
    """
    flat = np.ones(entries.shape[1]) if profile is None else profile
    kept = flat > 0
    rows = entries[entries.sum(axis=1) > 0][:, kept]
    share = flat[kept] / flat.sum()
    expected = rows.sum(axis=1, keepdims=True) * share
    free = (rows.shape[0] - (profile is not None)) * (rows.shape[1] - 1)
    if free <= 0:
        return 0.0, 0
    ratio = float(((rows - expected) ** 2 / expected).sum()) / free
    if ratio <= OVERDISPERSED:
        return 0.0, 0
    return float((ratio - 1.0) * free / _of_one(expected, profile is not None)), free


def _of_one(mean: Floats, fitted: bool) -> float:
    """What a dispersion of 1 adds to the Pearson statistic of means float64[S, T].

    A segment and month with the mean m varies by m**2 then. A profile fitted to the same arrivals
    follows a large segment, which takes off a part of what is its own.
    """
    square = mean**2
    own = mean.sum(axis=1, keepdims=True) / mean.sum() if fitted else np.zeros((len(mean), 1))
    others = square.sum(axis=0) - square
    left = (1.0 - own) ** 2 * square + own**2 * others
    return float((left / mean).sum() * (1.0 - 1.0 / mean.shape[1]))
