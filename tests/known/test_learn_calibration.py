"""Simulation-based calibration: truth drawn from the prior has uniform ranks in its posterior.

Source: Talts, Betancourt, Simpson, Vehtari and Gelman, "Validating Bayesian inference algorithms
with simulation-based calibration" (2018). Seeds are fixed; the chi-square of 20 cells may reach
the point that a right posterior passes once in a thousand times.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from priors import drawn_arms, drawn_spread, drawn_strength
from scipy import stats

from segrules.sim.learn import pooling as shipped
from segrules.sim.learn.migration import learn_rows
from segrules.sim.learn.pooling import pool, pool_arms
from segrules.sim.shrinkage import shrink

TRUTHS, POSTERIOR, CELLS = 600, 199, 20


def uniform_chance(ranks):
    """Chance of so uneven a histogram of ranks 0..199 when they are uniform."""
    seen = np.bincount(np.array(ranks) * CELLS // (POSTERIOR + 1), minlength=CELLS)
    level = len(ranks) / CELLS
    return float(stats.chi2.sf(((seen - level) ** 2 / level).sum(), CELLS - 1))


def test_conversion():
    rng = np.random.default_rng(1)
    ranks = []
    for _ in range(TRUTHS):
        entered = rng.integers(20, 400, 6)
        m, strength = rng.uniform(), drawn_strength(rng, np.median(entered))
        rate = rng.beta(m * strength, (1 - m) * strength, 6)
        reached = rng.binomial(entered, rate)
        found = shrink(reached, entered)
        point = rng.choice(len(found.prior_weight), POSTERIOR, p=found.prior_weight)
        m, strength = found.prior_mean[point], found.prior_strength[point]
        drawn = rng.beta(m * strength + reached[0], (1 - m) * strength + entered[0] - reached[0])
        ranks.append(int((drawn < rate[0]).sum()))
    assert uniform_chance(ranks) > 0.001


def test_migration():
    rng = np.random.default_rng(2)
    ranks, rough = [], 0
    for truth in range(TRUTHS):
        size = rng.integers(30, 300, 4)
        strength = drawn_strength(rng, np.median(size))
        common = np.maximum(rng.dirichlet(np.ones(4)), 1e-9)
        row = rng.dirichlet(np.maximum(strength * common, 1e-9), 4)
        found = learn_rows(rng.multinomial(size, row), seed=truth)
        rough += found.effective < 100
        drawn = found.draws(truth, POSTERIOR)[:, 0, 1]
        ranks.append(int((drawn < row[0, 1]).sum()))
    assert uniform_chance(ranks) > 0.001
    assert rough < TRUTHS / 10


def value_ranks(of, rng):
    """Ranks of a segment's mean value; the common one is anywhere, so it is 0."""
    ranks = []
    for truth in range(TRUTHS):
        variance = rng.uniform(0.5, 3.0, 8)
        spread = drawn_spread(rng, variance)
        mean = spread * rng.standard_normal(8)
        seen = rng.normal(mean, np.sqrt(variance))
        drawn = of(seen, variance).draws(truth, POSTERIOR)[:, 3, 0]
        ranks.append(int((drawn < mean[3]).sum()))
    return ranks


def test_mean_value():
    assert uniform_chance(value_ranks(pool, np.random.default_rng(3))) > 0.001


def test_effects_of_two_arms():
    rng = np.random.default_rng(4)
    ranks, gaps, alike = [], [], []
    for truth in range(TRUTHS):
        effect, seen, covariance, spread = drawn_arms(rng, 7)
        found = pool_arms(seen, covariance)
        drawn = found.draws(truth, POSTERIOR)
        ranks.append(int((drawn[:, 2, 0] < effect[2, 0]).sum()))
        gap = drawn[:, 2, 1] - drawn[:, 2, 0]
        gaps.append(int((gap < effect[2, 1] - effect[2, 0]).sum()))
        alike.append((found.no_difference, spread == 0))
    assert uniform_chance(ranks) > 0.001
    assert uniform_chance(gaps) > 0.001
    said, true = np.array(alike).T
    for low, high in ((0.0, 0.4), (0.4, 0.6), (0.6, 1.0)):
        among = (said >= low) & (said < high)
        error = 4 * np.sqrt(0.25 / among.sum())
        assert abs(true[among].mean() - said[among].mean()) < error


WRONG = {
    "the uncertainty of the common effect is forgotten": (
        "return np.asarray(self.centre[point] + moved + own)",
        "return np.asarray(self.centre[point] + np.einsum('rsab,b->rsa', self.pull[point], "
        "self.common_mean) + own)",
    ),
    "the segments' own uncertainty is halved": (
        'own = np.einsum("rsab,rsb->rsa", roots[point], luck)',
        'own = np.einsum("rsab,rsb->rsa", roots[point], luck) / 2',
    ),
    "the likelihood is not of the segments": ("- 0.5 * square", "- 0.0 * square"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_posterior_is_noticed(wrong, tmp_path):
    right, broken = wrong
    text = Path(shipped.__file__).read_text("utf-8")
    assert text.count(right) == 1
    file = tmp_path / "wrong_pooling.py"
    file.write_text(text.replace(right, broken), "utf-8")
    spec = importlib.util.spec_from_file_location("wrong_pooling", file)
    mutant = importlib.util.module_from_spec(spec)
    sys.modules["wrong_pooling"] = mutant
    try:
        spec.loader.exec_module(mutant)
        chance = uniform_chance(value_ranks(mutant.pool, np.random.default_rng(3)))
    finally:
        del sys.modules["wrong_pooling"]
    assert chance < 0.001
