"""Odds ratios of an experiment, their average, and what was added to the parts of learning."""

import math

import numpy as np
import polars as pl
import pytest

from segrules.sim.learn.agents import assignment_of
from segrules.sim.learn.cure import learn_cure
from segrules.sim.learn.experiment import summarise
from segrules.sim.learn.odds import average, odds_ratios
from segrules.sim.learn.pooling import pool_arms

NAMES = {"segment": "segment", "arm": "arm", "outcome": "y", "control": "none"}


def experiment(rng, size, log_odds, base):
    """Segments with rates of their own; log_odds[s, a] is what an arm adds to the log odds."""
    segments, arms = log_odds.shape
    segment, arm = rng.integers(segments, size=size), rng.integers(arms + 1, size=size)
    added = np.hstack([np.zeros((segments, 1)), log_odds])
    logit = base[segment] + added[segment, arm]
    y = rng.random(size) < 1 / (1 + np.exp(-logit))
    return pl.DataFrame(
        {
            "segment": [f"s{each}" for each in segment],
            "arm": np.array(["none", "a", "b"])[arm],
            "y": y.astype(float),
        }
    )


def truth(rng, spread):
    common = rng.normal(0.3, 0.2, 2)
    # arms differ by segment as the estimate takes for granted: half of it they share
    shared = rng.normal(size=(6, 1)) + rng.normal(size=(6, 2))
    return common + spread * shared / math.sqrt(2)


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_intervals_of_odds_cover(spread):
    rng = np.random.default_rng(1)
    hits, overall = {0.8: [], 0.95: []}, {0.8: [], 0.95: []}
    for _ in range(50):
        log_odds = truth(rng, spread)
        base = rng.normal(-1.0, 0.5, 6)
        found = odds_ratios(summarise(experiment(rng, 6_000, log_odds, base), **NAMES))
        # arms stand in the order of their names, behind the control
        assert found.cells.arms == ("none", "a", "b")
        together = average(found.pooled, found.cells.share)
        for level, hit in hits.items():
            low, high = found.interval(level)
            inside = (low <= np.exp(log_odds)) & (np.exp(log_odds) <= high)
            hit.append(inside.mean())
            low, high = together.interval(level)
            mean = found.cells.share @ log_odds
            overall[level].append(((low <= mean) & (mean <= high)).mean())
    for found in (hits, overall):
        for level, seen in found.items():
            error = max(np.std(seen) / math.sqrt(len(seen)), 0.005)
            assert np.mean(seen) > level - 4 * error
            assert np.mean(seen) < level + 0.12  # alike segments are known better than claimed


def test_no_difference_is_an_answer_of_odds():
    rng = np.random.default_rng(2)
    base = rng.normal(-1.0, 1.0, 6)
    alike = odds_ratios(summarise(experiment(rng, 30_000, np.full((6, 2), 0.4), base), **NAMES))
    assert alike.no_difference > 0.5
    apart = np.repeat(np.array([[0.8], [-0.8]]), 3, axis=0) * np.ones((6, 2))
    found = odds_ratios(summarise(experiment(rng, 30_000, apart, base), **NAMES))
    assert found.no_difference < 0.001
    assert np.log(found.ratio) == pytest.approx(apart, abs=0.4)
    # rates differ widely, and yet the odds of an arm are alike
    rates = alike.cells.mean[:, 0]
    assert rates.max() - rates.min() > 0.2


def test_a_cell_in_which_nobody_got_there_is_finite():
    rows = pl.DataFrame(
        {
            "segment": ["s"] * 40 + ["t"] * 40,
            "arm": (["none"] * 20 + ["a"] * 20) * 2,
            "y": [1.0] * 5 + [0.0] * 15 + [0.0] * 20 + ([1.0] * 5 + [0.0] * 15) * 2,
        }
    )
    found = odds_ratios(summarise(rows, **NAMES))
    # (0.5 / 20.5) / (5.5 / 15.5)
    assert found.raw[0, 0] == pytest.approx(0.5 / 20.5 * 15.5 / 5.5)
    assert found.raw[1, 0] == pytest.approx(1.0)
    assert found.raw[0, 0] < found.ratio[0, 0] < 1.0
    with pytest.raises(ValueError, match="yes or no"):
        odds_ratios(summarise(rows.with_columns(y=pl.col("y") * 2.5), **NAMES))


def test_an_average_is_that_of_draws():
    rng = np.random.default_rng(3)
    seen = rng.normal(0.5, 0.5, (5, 2))
    covariance = np.einsum("s,ab->sab", rng.uniform(0.02, 0.1, 5), np.eye(2) + 0.5)
    pooled = pool_arms(seen, covariance)
    share = np.array([0.4, 0.3, 0.1, 0.1, 0.1])
    found = average(pooled, share)
    draws = np.einsum("s,rsa->ra", share, pooled.draws(1, 40_000))
    error = draws.std(axis=0) / 200
    assert np.all(np.abs(found.mean - draws.mean(axis=0)) < 4 * error)
    low, high = found.interval(0.8)
    assert low == pytest.approx(np.quantile(draws, 0.1, axis=0), abs=0.01)
    assert high == pytest.approx(np.quantile(draws, 0.9, axis=0), abs=0.01)


# ---- parts


def test_customers_alike_may_be_counted_together():
    rng = np.random.default_rng(4)
    age = rng.integers(1, 60, 500).astype(float)
    delay = np.where(rng.random(500) < 0.4, np.ceil(rng.exponential(8, 500)), np.nan)
    delay = np.where(delay <= age, delay, np.nan)
    pairs = np.stack([age, np.nan_to_num(delay, nan=-1)], axis=1)
    once, many = np.unique(pairs, axis=0, return_counts=True)
    assert len(once) < 450
    seen = np.where(once[:, 1] < 0, np.nan, once[:, 1])
    together = learn_cure(once[:, 0], seen, cut=30, customers=many.astype(float))
    single = learn_cure(age, delay, cut=30)
    assert together.customers == single.customers == 500
    assert together.mature == pytest.approx(single.mature)
    assert (together.ever, together.error) == pytest.approx((single.ever, single.error), rel=1e-4)
    assert together.notes == single.notes
    with pytest.raises(ValueError, match="customers must be > 0"):
        learn_cure(once[:, 0], seen, cut=30, customers=0.0 * many)


def test_rare_kinds_are_put_together():
    rng = np.random.default_rng(5)
    chances = []
    for seed in range(200):
        rare = np.where(rng.random(800) < 0.02, rng.integers(2, 9, 800), rng.integers(2, size=800))
        rows = pl.DataFrame({"agent": rng.integers(8, size=800), "kind": rare.astype(str)})
        (test,) = assignment_of(rows, agent="agent", columns=["kind"], seed=seed).tests
        assert test.method == "chi-square"
        assert test.free in {7, 14}
        chances.append(test.chance)
    assert np.mean(np.array(chances) < 0.2) == pytest.approx(0.2, abs=4 * math.sqrt(0.16 / 200))


def test_many_thin_cases_are_shuffled_as_far_as_is_needed():
    rng = np.random.default_rng(6)
    agent = rng.integers(3_000, size=8_000)
    by_luck = pl.DataFrame({"agent": agent, "kind": rng.integers(40, size=8_000).astype(str)})
    assert assignment_of(by_luck, agent="agent", columns=["kind"], seed=1).chance > 0.02
    linked = pl.DataFrame({"agent": agent, "kind": (agent % 40).astype(str)})
    (test,) = assignment_of(linked, agent="agent", columns=["kind"], seed=1).tests
    assert (test.method, test.chance) == ("shuffled", 1 / 1_000)
