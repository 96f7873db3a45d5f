"""Differences between two groups: of rates inside strata, and of means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from segrules.segments.funnel import Moments
from segrules.segments.study import LEVEL, Interval

Sides = tuple[tuple[int, int], tuple[int, int]]
"""Reached and entered of a group, then of the rest."""


def stratified(strata: Sequence[Sides]) -> tuple[float, float]:
    """The difference of two rates that is common to strata, and its standard error.

    The weights are those of Mantel and Haenszel, so that strata of few people may take part: the
    estimate is that of S. Greenland and J. M. Robins, "Estimation of a common effect parameter
    from sparse follow-up data", Biometrics 41 (1985), the variance that of T. Sato, S. Greenland
    and J. M. Robins, "On the variance estimator for the Mantel-Haenszel risk difference",
    Biometrics 45 (1989). Each stratum has people on both sides, and there is at least one.
    """
    weight = summed = first = second = 0.0
    for (reached, entered), (others, rest) in strata:
        everyone = entered + rest
        weight += entered * rest / everyone
        summed += (reached * rest - others * entered) / everyone
        first += (
            entered**2 * others - rest**2 * reached + entered * rest * (rest - entered) / 2
        ) / everyone**2
        second += (reached * (rest - others) + others * (entered - reached)) / (2 * everyone)
    found = summed / weight
    return found, math.sqrt(max(0.0, found * first + second)) / weight


def pooled(parts: Sequence[Moments]) -> Moments:
    """The moments of several groups together."""
    count = sum(part.count for part in parts)
    held = [part for part in parts if part.mean is not None]
    if not held:
        return Moments(0, None, None)
    mean = math.fsum(part.count * (part.mean or 0.0) for part in held) / count
    squares = math.fsum(
        (part.count - 1) * (part.variance or 0.0) + part.count * ((part.mean or 0.0) - mean) ** 2
        for part in held
    )
    return Moments(count, mean, squares / (count - 1) if count > 1 else None)


def welch(one: Moments, rest: Moments) -> Interval | None:
    """The 95% interval of a difference of means; None where a variance is not known.

    B. L. Welch, "The generalization of Student's problem when several different population
    variances are involved", Biometrika 34 (1947).
    """
    if one.mean is None or rest.mean is None or one.variance is None or rest.variance is None:
        return None
    apart = one.mean - rest.mean
    parts = [(each.variance or 0.0) / each.count for each in (one, rest)]
    total = sum(parts)
    if not total:
        return apart, apart
    freedom = total**2 / (parts[0] ** 2 / (one.count - 1) + parts[1] ** 2 / (rest.count - 1))
    reach = student((1 + LEVEL) / 2, freedom) * math.sqrt(total)
    return apart - reach, apart + reach


def student(part: float, freedom: float) -> float:
    """The quantile of Student's t, within 0.8% at 97.5% from 3 degrees of freedom on.

    The expansion 26.7.5 of M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions"
    (1964).
    """
    z = NormalDist().inv_cdf(part)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
