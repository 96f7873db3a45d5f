"""The distribution of a sale, and a stage whose customers are recent."""

import math

import numba
import numpy as np
import pytest
from known import agree_mean, agree_quantile, agree_variance
from scipy import stats

from segrules.sim.kernels.money import total
from segrules.sim.learn.cure import learn_cure
from segrules.sim.learn.values import hill, learn_values
from segrules.sim.sale import pack_sales
from segrules.sim.uniforms import FIRST, Key


@numba.njit
def drawn(laws, out):
    for i in range(len(out)):
        key = Key(np.uint64(9), np.uint64(0), FIRST, np.uint64(1), np.uint64(i))
        out[i] = total(laws, 0, 1, key)


def draws(found, count=100_000):
    """Single sales, as futures draw them."""
    out = np.empty(count)
    shape = np.array([found.mean**2 / found.variance])
    drawn(pack_sales((found.law,), np.ones(1), shape), out)
    return out * found.mean


def two_humps(rng, size):
    near = rng.random(size) < 0.5
    return np.where(near, rng.lognormal(1, 0.1, size), rng.lognormal(4, 0.1, size))


MADE = {
    "lognormal": lambda rng: rng.lognormal(3, 0.6, 2_000),
    "gamma": lambda rng: rng.gamma(2.0, 50.0, 2_000),
    "bootstrap": lambda rng: two_humps(rng, 2_000),
}


@pytest.mark.parametrize("kind", MADE)
def test_the_family_is_found(kind):
    sales = MADE[kind](np.random.default_rng(1))
    found = learn_values(sales, seed=1)
    assert found.method == kind
    assert max(found.score, key=found.score.get) == kind
    assert found.sales == 2_000
    out = draws(found)
    agree_mean(out, found.mean)
    agree_variance(out, found.variance)
    assert found.mean == pytest.approx(sales.mean(), rel=0.05)


def test_fits_are_of_highest_likelihood():
    sales = np.random.default_rng(2).gamma(0.7, 20.0, 500)
    found = learn_values(sales).law
    shape, _, scale = stats.gamma.fit(sales, floc=0)
    assert (found.a, found.b) == pytest.approx((shape, scale), rel=1e-4)


def test_scores_are_of_sales_left_out():
    """The score of the true curve, at sales it has not seen, is what is aimed at."""
    rng = np.random.default_rng(3)
    sales = rng.lognormal(3, 0.5, 3_000)
    score = learn_values(sales).score
    best = float(stats.norm.logpdf(np.log(sales), 3, 0.5).mean())
    assert score["lognormal"] == pytest.approx(best, abs=0.003)
    assert score["bootstrap"] < score["lognormal"]
    assert score["gamma"] < score["lognormal"] - 0.005
    few = np.log(sales[:25])
    own = float(stats.norm.logpdf(few, few.mean(), few.std(ddof=1)).mean())
    assert learn_values(sales[:25]).score["lognormal"] < own - 0.01


def test_a_share_that_brings_nothing():
    rng = np.random.default_rng(4)
    sales = np.where(rng.random(3_000) < 0.3, 0.0, rng.lognormal(2, 0.4, 3_000))
    found = learn_values(sales)
    assert found.law.nothing == pytest.approx((sales == 0).mean())
    assert found.sales == 3_000
    out = draws(found)
    agree_mean(out == 0, found.law.nothing)
    agree_mean(out, found.mean)
    agree_variance(out, found.variance)


def test_hill_index_of_a_pareto():
    rng = np.random.default_rng(5)
    for alpha in (1.2, 3.0):
        found = hill((1 - rng.random(50_000)) ** (-1 / alpha))
        assert abs(found.index - alpha) < 4 * found.error
        assert found.heavy == (alpha < 2)
    assert hill(np.ones(30)) is None


def test_a_heavy_tail_is_cut_and_said():
    sales = np.random.default_rng(6).lognormal(0, 3.0, 1_000)
    found = learn_values(sales)
    assert found.tail.heavy
    assert "Hill index" in found.notes[0]
    assert found.law.cap == sales.max()
    out = draws(found)
    assert out.max() == pytest.approx(sales.max())
    agree_mean(out, found.mean)
    assert found.mean < math.exp(found.law.a + found.law.b**2 / 2)
    agree_quantile(out, 0.5, math.exp(found.law.a))
    light = learn_values(np.random.default_rng(6).lognormal(0, 0.5, 1_000))
    assert light.notes == ()
    assert light.law.cap == math.inf


def test_returns_leave_only_the_bootstrap():
    found = learn_values(np.array([-5.0, 10.0, 20.0]))
    assert found.method == "bootstrap"
    assert found.mean == pytest.approx(25 / 3)
    assert set(draws(found, 1_000).round(9)) == {-5.0, 10.0, 20.0}
    assert learn_values(np.array([1.0, 2.0, 3.0])).method == "lognormal"


# ---- a stage whose customers are recent


def recent(rng, size, ever, shape, oldest):
    """Customers who have come evenly over the past."""
    age = rng.uniform(0.1, oldest, size)
    delay = 20 * rng.weibull(shape, size)
    seen = (rng.random(size) < ever) & (delay <= age)
    return age, np.where(seen, delay, np.nan)


@pytest.mark.parametrize(("shape", "method"), [(1.0, "exponential"), (1.8, "weibull")])
def test_the_share_that_ever_converts(shape, method):
    rng = np.random.default_rng(7)
    age, delay = recent(rng, 4_000, 0.3, shape, 150)
    found = learn_cure(age, delay, cut=90)
    assert found.method == method
    assert abs(found.ever - 0.3) < 4 * found.error
    assert found.shape == pytest.approx(shape, abs=0.2)
    assert found.converted_by(20.0) == pytest.approx(0.3 * (1 - math.exp(-1)), abs=0.03)
    raw = np.isfinite(delay).mean()
    assert raw < found.low  # what is lost where recent customers count as lost
    assert found.notes == ()
    rate, error = found.mature
    assert abs(rate - found.ever) < 2 * math.hypot(error, found.error)
    assert found.error < error  # recent customers say something too


def test_intervals_of_the_cure_hazard_cover():
    rng = np.random.default_rng(8)
    hits = []
    for _ in range(300):
        found = learn_cure(*recent(rng, 600, 0.3, 1.0, 120), cut=90)
        hits.append(found.low <= 0.3 <= found.high)
    assert np.mean(hits) == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 300))


def test_too_short_a_past_is_said():
    age, delay = recent(np.random.default_rng(9), 5_000, 0.3, 1.0, 18)
    found = learn_cure(age, delay, cut=90)
    assert found.mature is None
    assert any("no customer is mature" in note for note in found.notes)
    assert any("rests on the curve" in note for note in found.notes)
    with pytest.raises(ValueError, match="too few"):
        learn_cure(age[:20], np.full(20, np.nan), cut=9)
    with pytest.raises(ValueError, match="within the age"):
        learn_cure(np.ones(3), np.full(3, 2.0), cut=1)
