"""Differences between groups agree with formulas, with scipy, and with what many draws show."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from gaps_people import BERKELEY
from scipy import stats

from segrules.segments.contrasts import pooled, stratified, student, welch
from segrules.segments.funnel import Moments
from segrules.segments.study import chance, difference, holm


def test_the_error_of_large_strata_is_that_of_two_binomials() -> None:
    """Greenland and Robins (1985) have another variance, which agrees where strata are large."""
    found, error = stratified(list(BERKELEY.values()))
    above = below = 0.0
    for (one, n), (other, m) in BERKELEY.values():
        above += (n * m / (n + m)) ** 2 * (one * (n - one) / n**3 + other * (m - other) / m**3)
        below += n * m / (n + m)
    assert error == pytest.approx(math.sqrt(above) / below, rel=0.02)
    assert abs(found) < 0.03


def test_the_error_of_one_stratum_by_hand() -> None:
    # 6 of 10 beside 2 of 20: weight 20/3, P = (200 - 2400 + 1000)/900, Q = (108 + 8)/60
    found, error = stratified([((6, 10), (2, 20))])
    assert found == pytest.approx(0.5)
    assert error == pytest.approx(math.sqrt(0.5 * -1200 / 900 + 116 / 60) / (20 / 3))


def test_the_error_is_right_where_strata_are_small() -> None:
    """Forty strata of two and three people: what is stated is what is seen over many draws."""
    luck = np.random.Generator(np.random.PCG64(8))
    chances = np.linspace(0.1, 0.8, 40)
    made = []
    for _ in range(3_000):
        one, rest = luck.binomial(2, chances + 0.1), luck.binomial(3, chances)
        both = [((int(a), 2), (int(b), 3)) for a, b in zip(one, rest, strict=True)]
        made.append(stratified(both))
    estimates = [found for found, _ in made]
    assert statistics.mean(estimates) == pytest.approx(0.1, abs=0.006)
    stated = math.sqrt(statistics.mean(error**2 for _, error in made))
    assert stated == pytest.approx(statistics.stdev(estimates), rel=0.04)


def test_holm_by_hand() -> None:
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    expected = {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    assert {name: round(p, 12) for name, p in adjusted.items()} == expected
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1, "b": 1}


@pytest.mark.parametrize("sides", [((56, 70), (48, 80)), ((3, 40), (9, 40)), ((0, 20), (10, 10))])
def test_the_interval_of_its_p_value_touches_zero(
    sides: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    p = chance(*sides)
    assert 0 < p < 1
    low, high = difference(*sides, level=1 - p)
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-6)


def test_chance_of_no_difference_and_of_a_sure_one() -> None:
    assert chance((10, 20), (20, 40)) == pytest.approx(1)
    assert chance((100_000, 100_000), (0, 100_000)) < 1e-100


def test_moments_together() -> None:
    parts = [[1.0, 4.0, 9.0], [], [7.0], [2.0, 2.0]]
    moments = [
        Moments(
            len(part),
            statistics.mean(part) if part else None,
            statistics.variance(part) if len(part) > 1 else None,
        )
        for part in parts
    ]
    values = [value for part in parts for value in part]
    made = pooled(moments)
    assert made.count == len(values)
    assert made.mean == pytest.approx(statistics.mean(values))
    assert made.variance == pytest.approx(statistics.variance(values))
    assert pooled([Moments(0, None, None)]) == Moments(0, None, None)
    assert welch(Moments(1, 3, None), made) is None


@pytest.mark.parametrize("freedom", [3, 8, 30.5, 1000])
def test_student_is_as_scipy_has_it(freedom: float) -> None:
    assert student(0.975, freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=0.008)
