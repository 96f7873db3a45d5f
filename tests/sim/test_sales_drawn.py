"""Totals of sales as futures draw them: by the law of a sale, in both arms from the same sales."""

import math
from dataclasses import replace

import numba
import numpy as np
import pytest
from example_funnel import SEGMENTS, digest, example

from segrules.sim.kernels.money import share_out, total
from segrules.sim.learn.values import learn_values
from segrules.sim.model import Lever, Scenario
from segrules.sim.run import simulate
from segrules.sim.sale import BOOTSTRAP, GAMMA, LOGNORMAL, SaleLaw, moments, pack_sales
from segrules.sim.sold import Learned, spread_as
from segrules.sim.uniforms import FIRST, Key
from segrules.sim.work import How

NONE = np.zeros(1)
LAWS = {
    "lognormal": SaleLaw(LOGNORMAL, 3.0, 0.8, 0.0, math.inf, NONE),
    "lognormal, some for nothing": SaleLaw(LOGNORMAL, 0.0, 1.0, 0.3, math.inf, NONE),
    "lognormal, cut": SaleLaw(LOGNORMAL, 0.0, 2.0, 0.0, 150.0, NONE),
    "gamma": SaleLaw(GAMMA, 2.0, 5.0, 0.0, math.inf, NONE),
    "gamma, some for nothing": SaleLaw(GAMMA, 0.7, 5.0, 0.3, math.inf, NONE),
    "gamma, cut": SaleLaw(GAMMA, 0.3, 40.0, 0.0, 60.0, NONE),
    "past": SaleLaw(
        BOOTSTRAP, 0.0, 0.0, 0.1, math.inf, np.exp(np.linspace(-2, 4, 400)) + np.arange(400) / 50
    ),
    "past with returns": SaleLaw(BOOTSTRAP, 0.0, 0.0, 0.0, math.inf, np.linspace(-4, 20, 300)),
}
THREE = SaleLaw(BOOTSTRAP, 0.0, 0.0, 0.0, math.inf, np.array([1.0, 2.0, 50.0]))
RUNS = 20_000


@numba.njit
def totals(laws, number, out):
    for i in range(len(out)):
        key = Key(np.uint64(9), np.uint64(0), FIRST, np.uint64(1), np.uint64(i))
        out[i] = total(laws, 0, number, key)


@numba.njit
def shares(laws, number, both, out):
    for i in range(len(out)):
        key = Key(np.uint64(9), np.uint64(0), FIRST, np.uint64(1), np.uint64(i))
        share_out(laws, 0, number, key, both.copy(), out[i])


def packed(law, expected):
    mean, square = moments(law)
    shape = mean**2 / (square - mean**2)
    return pack_sales((law,), np.array([float(expected)]), np.array([shape]))


def drawn(law, number, expected=None):
    """Totals in the law's own units, float64[R]."""
    out = np.empty(RUNS)
    totals(packed(law, expected or number), number, out)
    return out * moments(law)[0]


def kept(law, number, both):
    out = np.empty((RUNS, len(both)))
    shares(packed(law, number), number, np.array(both), out)
    return out * moments(law)[0]


def one_by_one(law, number):
    """The same by drawing every sale, float64[R]."""
    rng = np.random.default_rng(5)
    found = np.empty(RUNS)
    for run in range(0, RUNS, 1_000):
        size = (1_000, number)
        if law.kind == LOGNORMAL:
            sales = rng.lognormal(law.a, law.b, size)
        elif law.kind == GAMMA:
            sales = rng.gamma(law.a, law.b, size)
        else:
            sales = rng.choice(law.table, size)
        sales = np.where(rng.random(size) < law.nothing, 0.0, np.minimum(sales, law.cap))
        found[run : run + 1_000] = sales.sum(axis=1)
    return found


def alike(one, other):
    """Two samples of a distribution: mean, and parts below quantiles, within four errors."""
    error = math.hypot(one.std(), other.std()) / math.sqrt(len(one))
    assert abs(one.mean() - other.mean()) < 4 * error
    for q in (0.025, 0.25, 0.5, 0.75, 0.975):
        at = np.quantile(other, q)
        # sales of a table may tie
        below, upto = (one < at).mean(), (one <= at * (1 + 1e-9) + 1e-9).mean()
        error = math.sqrt(2 * q * (1 - q) / len(one)) + 0.004
        assert below - 4 * error <= q <= upto + 4 * error


@pytest.mark.parametrize("number", [3, 60, 500])
@pytest.mark.parametrize("name", LAWS)
def test_totals_are_those_of_single_sales(name, number):
    alike(drawn(LAWS[name], number), one_by_one(LAWS[name], number))


@pytest.mark.parametrize("name", LAWS)
def test_moments_are_those_of_single_sales(name):
    mean, square = moments(LAWS[name])
    for number in (40, 40_000):
        out = drawn(LAWS[name], number)
        spread = math.sqrt(number * (square - mean**2))
        assert abs(out.mean() - number * mean) < 4 * spread / math.sqrt(RUNS)
        heavy = ((out - out.mean()) ** 4).mean() / out.var() ** 2
        assert out.std() == pytest.approx(spread, rel=2 * math.sqrt(heavy / RUNS))


@pytest.mark.parametrize("name", LAWS)
def test_what_both_arms_sell_is_worth_the_same_in_both(name):
    law, number, both = LAWS[name], 60, 45
    today, then = drawn(law, number), kept(law, number, [both])[:, 0]
    alike(then, one_by_one(law, both))
    # what is lost is what the others are worth, and nothing to do with what is kept
    alike(today - then, one_by_one(law, number - both))
    share = np.corrcoef(today - then, then)[0, 1]
    assert abs(share) < 4 / math.sqrt(RUNS)


@pytest.mark.parametrize("name", LAWS)
def test_nobody_lost_is_nothing_lost(name):
    law = LAWS[name]
    assert np.array_equal(kept(law, 70, [70])[:, 0], drawn(law, 70))
    assert not kept(law, 70, [0]).any()
    parts = kept(law, 70, [30, 25, 15])
    assert parts.sum(axis=1) == pytest.approx(drawn(law, 70), rel=1e-9, abs=1e-9)
    alike(parts[:, 1], one_by_one(law, 25))


def test_no_sale_above_the_cap():
    law = LAWS["lognormal, cut"]
    single = drawn(law, 1)
    assert single.max() == pytest.approx(150.0)
    assert (single > 149.99).mean() == pytest.approx(
        0.5 * math.erfc(math.log(150) / 2 / math.sqrt(2)), abs=0.004
    )


def test_three_sales_of_the_past():
    """All are drawn while there are few; of a million sales not a third is drawn one by one."""
    alike(drawn(THREE, 5), one_by_one(THREE, 5))
    assert packed(THREE, 1_000_000).large[0] < 1e-4
    out, (mean, square) = drawn(THREE, 1_000, expected=1_000_000), moments(THREE)
    spread = math.sqrt(1_000 * (square - mean**2))
    assert abs(out.mean() - 1_000 * mean) < 4 * spread / math.sqrt(RUNS)
    assert out.std() == pytest.approx(spread, rel=0.03)


# ---- the engine


def valued(**changes):
    """The example, each segment with a law of its own."""
    model = example(**changes)
    value = model.value
    laws = (LAWS["lognormal"], LAWS["past"], LAWS["lognormal, cut"])
    assert len(SEGMENTS) == len(laws)
    ratio = np.array([square / mean**2 - 1 for mean, square in map(moments, laws)])
    return replace(model, value=replace(value, variance=ratio * value.mean**2, laws=laws))


def test_laws_of_the_engine_hold():
    model = valued()
    draws = simulate(model, 300)
    same, up = draws.scenarios[2], draws.scenarios[0]
    assert np.array_equal(same.revenue, draws.today.revenue)
    assert np.array_equal(up.revenue[:, 2], draws.today.revenue[:, 2])
    assert (up.revenue >= draws.today.revenue).all()
    wanted = digest(simulate(model, 60, how=How(1)))
    assert all(digest(simulate(model, 60, how=How(2, block))) == wanted for block in (1, 7, 64))
    monthly = simulate(model, 60, months=True)
    assert np.array_equal(
        monthly.today.months.revenue.sum(axis=1), monthly.today.revenue.sum(axis=1)
    )


def test_counts_average_to_the_expectation():
    gift = Scenario("gift", "A gift", (Lever("gift", (0, 1, 2), (), times=(("value", 1.2),)),))
    model = valued(scenarios=(*example().scenarios, gift))
    runs = 6_000
    counted, mean = simulate(model, runs), simulate(model, runs, "expected")
    for arm, other in zip(
        (counted.today, *counted.scenarios), (mean.today, *mean.scenarios), strict=True
    ):
        luck = arm.revenue - other.revenue
        assert (np.abs(luck.mean(axis=0)) <= 4 * luck.std(axis=0) / np.sqrt(runs)).all()


def test_the_tail_of_a_future_is_that_of_its_sales():
    """Three sales a run of a heavy law: a gamma of the same two moments would hide it."""
    heavy = LAWS["lognormal, cut"]
    mean, square = moments(heavy)
    as_gamma = SaleLaw(GAMMA, mean**2 / (square - mean**2), 1.0, 0.0, math.inf, NONE)
    own, wrong = one_by_one(heavy, 3), drawn(as_gamma, 3) / moments(as_gamma)[0] * mean
    alike(drawn(heavy, 3), own)
    with pytest.raises(AssertionError):
        alike(wrong, own)


def test_means_stay_what_was_seen():
    sales = np.random.default_rng(1).lognormal(3, 1, 400)
    value = example().value
    found = learn_values(sales)
    spread = spread_as(value, Learned({"gold": found}, found), SEGMENTS)
    assert np.array_equal(spread.mean, value.mean)
    assert spread.variance == pytest.approx(value.mean**2 * found.variance / found.mean**2)
