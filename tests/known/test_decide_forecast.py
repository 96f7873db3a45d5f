"""Scores of forecasts against their definitions, and what an honest forecast scores."""

import math

import numpy as np
import pytest
from known import agree_mean
from scipy import stats

from segrules.sim.decide.forecast import coverage, crps, pit, score, seasonal_naive


def test_the_score_is_its_definition():
    rng = np.random.default_rng(1)
    draws, came = rng.normal(3, 2, (40, 5)).round(1), np.array([0.0, 3.0, 4.4, 9.0, -2.0])
    by_pairs = [
        np.abs(x - y).mean() - np.abs(x[:, None] - x[None, :]).mean() / 2
        for x, y in zip(draws.T, came, strict=True)
    ]
    assert crps(draws, came) == pytest.approx(by_pairs)
    # The integral of the squared distance of the distribution from the step at what came.
    grid = np.linspace(-20, 30, 500_001)
    steps = (draws[:, :1] <= grid).mean(axis=0)
    area = ((steps - (grid >= came[0])) ** 2).sum() * (grid[1] - grid[0])
    assert crps(draws, came)[0] == pytest.approx(area, rel=1e-3)
    assert crps(np.array([[2.0]]), np.array([5.0])) == pytest.approx([3.0])


def test_the_score_of_a_normal_forecast():
    draws = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)[:, None]
    for came in (-1.5, 0.0, 2.0):
        known = came * (2 * stats.norm.cdf(came) - 1) + 2 * stats.norm.pdf(came)
        exact = known - 1 / math.sqrt(math.pi)
        assert crps(draws, np.array([came]))[0] == pytest.approx(exact, rel=1e-4)


def test_an_honest_forecast_covers_what_it_says():
    rng = np.random.default_rng(2)
    values, draws = 4000, 400
    centre = rng.normal(100, 20, values)
    honest = centre + rng.normal(0, 5, (draws, values))
    came = centre + rng.normal(0, 5, values)
    naive = np.full((1, values), 100.0)
    found = score(honest, came, naive)
    for each in found.coverage:
        # A little is lost as the quantiles of 400 draws are estimates themselves.
        assert each.share == pytest.approx(each.level, abs=0.025)
        assert each.low < each.share < each.high
    agree_mean(found.pit, 0.5)
    agree_mean((found.pit - 0.5) ** 2, 1 / 12)
    assert sum(found.tenths) == values
    assert min(found.tenths) > 300
    assert found.crps == pytest.approx(5 / math.sqrt(math.pi), rel=0.05)
    assert found.naive == pytest.approx(np.abs(came - 100).mean())
    assert found.skill == pytest.approx(1 - found.crps / found.naive)
    assert abs(found.bias) < 0.01
    narrow = score(centre + (honest - centre) / 3, came, naive)
    assert narrow.coverage[1].high < 0.8
    assert narrow.crps > found.crps
    shifted = score(honest * 1.1, came, naive)
    assert shifted.bias == pytest.approx(0.1, abs=0.01)
    assert shifted.tenths[0] > 2 * values / 10


def test_ties_count_half():
    draws = np.array([[1.0], [2.0], [2.0], [3.0]])
    assert list(pit(draws, np.array([2.0]))) == [0.5]
    assert list(pit(draws, np.array([0.0]))) == [0.0]
    whole = coverage(draws, np.array([3.0]), 0.5)
    assert (whole.covered, whole.values, whole.share) == (0, 1, 0.0)
    assert coverage(draws, np.array([2.0]), 0.5).covered == 1


def test_a_naive_forecast_of_a_season():
    history = np.array([10.0, 20, 30, 40, 11, 22, 33, 44])
    draws, season = seasonal_naive(history, 4, 6)
    assert season == 4
    errors = np.array([1.0, 2, 3, 4])
    assert draws[:, 0] == pytest.approx(11 + errors)
    assert draws[:, 3] == pytest.approx(44 + errors)
    assert draws[:, 5] == pytest.approx(22 + errors * math.sqrt(2))


def test_a_history_too_short_for_a_season():
    draws, season = seasonal_naive(np.array([5.0, 7.0, 6.0]), 12, 3)
    assert season == 1
    assert draws[:, 0] == pytest.approx([8.0, 5.0])
    assert draws[:, 2] == pytest.approx(6 + math.sqrt(3) * np.array([2.0, -1.0]))
    single, _ = seasonal_naive(np.array([5.0]), 12, 2)
    assert single.tolist() == [[5.0, 5.0]]


def test_a_perfect_naive_forecast_cannot_be_beaten():
    came = np.array([1.0, 2.0])
    found = score(came + np.array([[-1.0, -1], [1, 1]]), came, came[None, :])
    assert math.isnan(found.skill)
    assert found.crps == pytest.approx(0.5)
    with pytest.raises(ValueError, match="not a number"):
        score(np.array([[math.nan, 1.0]]), came, came[None, :])
