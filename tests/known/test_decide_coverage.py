"""Do 95% intervals hold the truth in 95 of 100 cases? Six kinds of interval the results have.

Each is tried 2,000 times on a problem whose truth is known, with the functions that make the
results: segments of one large model stand for repetitions, because the luck of a segment has
nothing to do with that of another.
"""

import math

import numpy as np
import pytest

from segrules.sim.decide.risk import judge
from segrules.sim.kernels.parameters import draw_parameters, empty_parameters
from segrules.sim.model import (
    Arrivals,
    Assumption,
    Conversion,
    FunnelModel,
    Lever,
    Scenario,
)
from segrules.sim.pack import pack
from segrules.sim.run import Arm, Draws, simulate
from segrules.sim.shrinkage import shrink
from segrules.sim.summary import TOTAL, summarise

REPETITIONS = 2_000
Z = 1.959964
KNOWN = 1e13
"""Customers of a history so long that its rates are known."""


def held(low, high, truth):
    assert len(np.atleast_1d(low)) == REPETITIONS
    return np.mean((np.asarray(low) <= truth) & (truth <= np.asarray(high)))


def covers(low, high, truth):
    """Fails unless the share of intervals that hold the truth is 95 ± 1.5%."""
    share = held(low, high, truth)
    assert 0.935 <= share <= 0.965, f"{share:.1%} of the intervals hold the truth"


def around(means, errors):
    return np.asarray(means) - Z * np.asarray(errors), np.asarray(means) + Z * np.asarray(errors)


def funnel(conversions, segments, *, rate=1.0, scenarios=(), assumptions=(), seed=11):
    """A funnel of one month; `rate` arrivals of each segment, known exactly."""
    names = tuple(f"segment {s}" for s in range(segments))
    stages = ("lead", *(each.stage for each in conversions))
    arrivals = Arrivals(np.full(segments, KNOWN), KNOWN / rate, np.ones(1))
    return FunnelModel(
        names, stages, 1, arrivals, tuple(conversions), scenarios=scenarios,
        assumptions=assumptions, seed=seed,
    )  # fmt: skip


def known_conversion(stage, rate, segments):
    entered = np.full(segments, int(KNOWN))
    one = np.ones(1)
    return Conversion(stage, (entered * rate).astype(np.int64), entered, one / 2, 2 * one, one)


def drawn_conversions(model, runs):
    """Conversions [R, S, K] as a run draws them."""
    packed = pack(model)
    parameters = empty_parameters(packed, runs)
    draw_parameters(packed, 0, parameters)
    return parameters.conversion


def test_mean_of_a_judgement():
    # The Monte Carlo error of a mean difference, as printed beside it.
    rng = np.random.default_rng(21)
    found = [judge(rng.normal(3.0, 20.0, 200)) for _ in range(REPETITIONS)]
    low, high = around([each.mean for each in found], [each.error for each in found])
    covers(low, high, 3.0)
    # Intervals a tenth too narrow are noticed, and so is a bias of little more than half an error.
    narrow = around([each.mean for each in found], [0.9 * each.error for each in found])
    with pytest.raises(AssertionError, match="hold the truth"):
        covers(*narrow, 3.0)
    with pytest.raises(AssertionError, match="hold the truth"):
        covers(low, high, 3.0 + 0.6 * 20 / math.sqrt(200))


def test_posterior_of_a_conversion():
    # One segment in its own right: a rate from the prior, what was seen of it, its interval.
    rng = np.random.default_rng(22)
    truth = rng.beta(1, 1, REPETITIONS)
    entered = rng.integers(5, 200, REPETITIONS)
    one = np.ones(1)
    conversion = Conversion("sale", rng.binomial(entered, truth), entered, one / 2, 2 * one, one)
    drawn = drawn_conversions(funnel([conversion], REPETITIONS), 1000)[:, :, 0]
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    covers(low, high, truth)


def shrunk_intervals(sets, segments, weigh=None):
    """Intervals of conversions of segments that have a common distribution, set by set.

    The common distributions are those the hyper-prior expects: m uniform, and the weight of the
    data of a typical segment uniform. For one fixed distribution nothing is promised.
    """
    rng = np.random.default_rng(23)
    truth = np.empty((segments, sets))
    conversions = []
    for k in range(sets):
        entered = rng.integers(20, 400, segments)
        mean, weight = rng.uniform(size=2)
        strength = max(np.median(entered) * (1 - weight) / weight, 0.1)
        truth[:, k] = rng.beta(mean * strength, (1 - mean) * strength, segments)
        reached = rng.binomial(entered, truth[:, k])
        prior = shrink(reached, entered)
        assert prior.method == "beta-binomial"
        points = prior.prior_mean, prior.prior_strength, prior.prior_weight
        if weigh is not None:
            points = weigh(*points)
        conversions.append(Conversion(f"set {k}", reached, entered, *points))
    drawn = drawn_conversions(funnel(conversions, segments), 800)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    return low.ravel(), high.ravel(), truth.ravel()


def test_conversions_of_shrunken_segments():
    covers(*shrunk_intervals(200, 10))


def test_a_prior_that_is_too_sure_is_noticed():
    def too_strong(mean, strength, weight):
        return mean, 10 * strength, weight

    with pytest.raises(AssertionError, match="hold the truth"):
        covers(*shrunk_intervals(200, 10, too_strong))


def rows_of(model, today, then):
    runs = len(today)
    nothing = np.zeros((runs, len(model.segments)), dtype=np.int64)
    arms = [Arm(each, nothing, nothing) for each in (today, then)]
    replications = np.arange(runs, dtype=np.int64)
    rows = summarise(Draws(model, "counts", replications, arms[0], (arms[1],), complete=True))
    return [row for row in rows if row.segment != TOTAL]


def treated(segments, odds):
    assumption = Assumption("effect", odds, odds, "odds")
    lever = Lever("help", tuple(range(segments)), (("sale", "effect"),))
    conversions = [known_conversion("sale", 0.3, segments)]
    return funnel(
        conversions, segments, rate=40.0, assumptions=(assumption,),
        scenarios=(Scenario("more", "more", (lever,)),),
    )  # fmt: skip


@pytest.fixture(scope="module")
def simulated():
    """400 replications of 2,000 segments: 40 leads, 30% of them sales, and odds twice as high."""
    model = treated(REPETITIONS, 2.0)
    draws = simulate(model, 400)
    return model, draws


def test_ratio_of_sums(simulated):
    # The share of leads that become sales: sums over the replications, both of them random.
    model, draws = simulated
    rows = rows_of(model, draws.today.counts, draws.scenarios[0].counts)
    ratios = [row.passed_today for row in rows if row.measure == "sale"]
    low, high = around([each.value for each in ratios], [each.mc_error for each in ratios])
    covers(low, high, 0.3)


def test_difference_of_paired_arms(simulated):
    model, draws = simulated
    then = 2 * 0.3 / (0.7 + 2 * 0.3)
    rows = rows_of(model, draws.today.counts, draws.scenarios[0].counts)
    figures = [row.difference for row in rows if row.measure == "sale"]
    low, high = around([each.mean for each in figures], [each.mc_error for each in figures])
    covers(low, high, 40 * (then - 0.3))
    # Errors of unpaired arms would be too large: the intervals would hold too often.
    unpaired = [
        math.hypot(row.today.mc_error, row.then.mc_error) for row in rows if row.measure == "sale"
    ]
    with pytest.raises(AssertionError, match="hold the truth"):
        covers(*around([each.mean for each in figures], unpaired), 40 * (then - 0.3))


def test_quantiles_hold_the_next_future(simulated):
    # The 95% interval of a future: 399 replications foretell the one that was kept back.
    model, draws = simulated
    # Counts have ties; a small spread within each whole number makes the level attainable.
    rng = np.random.default_rng(24)
    jitter = rng.random((400, REPETITIONS)) - 0.5
    smooth = draws.today.counts[:, :, 1] + jitter
    counts = np.stack([smooth, smooth], axis=2)
    rows = rows_of(model, counts[:-1], counts[:-1])
    intervals = np.array([row.today.interval95 for row in rows if row.measure == "sale"])
    covers(intervals[:, 0], intervals[:, 1], smooth[-1])
