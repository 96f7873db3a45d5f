"""What decides, on cases worked out by hand, by brute force or by another library."""

import itertools
import math

import numpy as np
import pytest
from known import agree, agree_mean
from scipy import stats

from segrules.sim.decide.betas import compare
from segrules.sim.decide.information import decisions, evppi, evsi_of_normal
from segrules.sim.decide.inputs import (
    by_source,
    empirical,
    log_uniform,
    normal,
    replications,
    uniform,
)
from segrules.sim.decide.mix import fall_back, fall_back_of_means, mix_and_rate
from segrules.sim.decide.pilot import Plan, detectable, two_means, two_proportions, worth
from segrules.sim.decide.regression import _natural
from segrules.sim.decide.risk import cvar, judge, pairing
from segrules.sim.decide.roots import break_even, root_between
from segrules.sim.decide.search import latin
from segrules.sim.decide.shapley import contributions, log_mean_bridge
from segrules.sim.decide.spread import indices, shares, split_nested, split_paired
from segrules.sim.decide.stock import stock_for_draws
from segrules.sim.decide.tornado import tornado
from segrules.sim.luck import normals, orders, uniforms
from segrules.sim.shrinkage import Shrinkage, shrink
from segrules.sim.uniforms import FIRST, Key, identity, two_uniforms

# ---- luck


def test_arrays_hold_the_numbers_of_the_keys():
    found = uniforms(2**63 + 5, "designs", 3, 4)
    plain = getattr(two_uniforms, "py_func", two_uniforms)
    for i, j in itertools.product(range(3), range(4)):
        seed, purpose = np.uint64(2**63 + 5), np.uint64(identity("designs"))
        key = Key(seed, np.uint64(j), FIRST, purpose, np.uint64(i))
        assert found[i, j] == plain(key, FIRST)[0]
    assert np.array_equal(uniforms(2**63 + 5, "designs", 2, 9)[:, :4], found[:2])
    assert not np.array_equal(uniforms(2**63 + 5, "orders", 3, 4), found)


def test_a_hypercube_has_one_point_in_each_cell():
    found = latin(1, "starts", 50, 3)
    for column in found.T:
        assert sorted((column * 50).astype(int)) == list(range(50))
    assert abs(np.corrcoef(found.T)[0, 1]) < 0.5
    assert all(sorted(order) == list(range(6)) for order in orders(1, "orders", 20, 6).tolist())
    agree_mean(normals(1, "noise", 10_000)[:, 0] ** 2, 1)


# ---- contributions

PAIRS = {(0, 1): 3.0, (2, 5): -4.0}


def subsets(names, size):
    return itertools.combinations(names, size)


def game(count):
    """Levers that bring 1, 2, 3, ..., and two pairs that do more or less together."""

    def value(levers):
        alone = sum(int(name) + 1.0 for name in levers)
        return alone + sum(extra for (i, j), extra in PAIRS.items() if {str(i), str(j)} <= levers)

    own = np.arange(count) + 1.0
    between = np.zeros((count, count))
    for (i, j), extra in PAIRS.items():
        own[[i, j]] += extra / 2
        between[i, j] = between[j, i] = extra
    return [str(i) for i in range(count)], value, own, between


def test_all_subsets_give_each_lever_half_of_a_pair():
    names, value, own, between = game(6)
    found = contributions(names, value)
    assert found.exact
    assert found.value == pytest.approx(own)
    assert found.interaction == pytest.approx(between, abs=1e-12)
    assert not found.error.any()
    assert contributions(["0"], value).value == pytest.approx([1.0])


def test_a_lever_that_changes_nothing_has_exactly_nothing():
    rng = np.random.default_rng(9)
    table = {frozenset(each): rng.normal() for n in range(4) for each in subsets("abc", n)}
    found = contributions(list("abcd"), lambda levers: table[levers - {"d"}])
    assert found.value[3] == 0
    assert not found.interaction[3].any()
    assert not found.interaction[:, 3].any()
    assert found.interaction == pytest.approx(found.interaction.T)
    assert found.value.sum() == pytest.approx(float(found.everything - found.nothing))
    # By the definition: the mean over all orders.
    added = []
    for order in itertools.permutations("abcd"):
        before = frozenset(order[: order.index("a")]) - {"d"}
        added.append(table[before | {"a"}] - table[before])
    assert found.value[0] == pytest.approx(np.mean(added))


def test_sampled_orders_come_close_and_say_how_close():
    names, value, own, between = game(12)
    found = contributions(names, value, orders=200, seed=3)
    assert not found.exact
    # What an order and its reverse say of a pair is exact, so nothing is left to chance.
    assert found.value == pytest.approx(own)
    assert found.interaction == pytest.approx(between, abs=1e-9)

    def together(levers):
        return 10.0 * ({"0", "1", "2"} <= levers) + len(levers)

    rough = contributions(names, together, orders=200, seed=3)
    assert rough.value.sum() == pytest.approx(22)
    for i, expected in enumerate([1 + 10 / 3] * 3 + [1.0] * 9):
        assert abs(rough.value[i] - expected) <= 4 * rough.error[i] + 1e-9
    assert 0.01 < rough.error[0] < 0.3
    # Three levers together: each pair of them has half of the surplus.
    agree(rough.interaction[0, 1], 5.0, rough.interaction_error[0, 1])
    again = contributions(names, together, orders=200, seed=3)
    assert np.array_equal(again.value, rough.value)
    other = contributions(names, together, orders=200, seed=4)
    assert not np.array_equal(other.value, rough.value)


def test_a_value_may_be_one_a_replication():
    draws = np.arange(5.0)
    found = contributions(["a", "b"], lambda levers: draws * ("a" in levers) + 2.0 * len(levers))
    assert found.value == pytest.approx(np.stack([draws + 2, np.full(5, 2.0)]))


def test_a_log_mean_bridge_of_an_unchanged_product():
    found = log_mean_bridge({"a": 2.0, "b": 3.0}, {"a": 3.0, "b": 2.0})
    assert found["a"] == pytest.approx(6 * math.log(1.5))
    assert sum(found.values()) == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="> 0"):
        log_mean_bridge({"a": 0.0}, {"a": 1.0})


# ---- mix, rate and regression to the mean


def test_every_rate_rises_and_the_average_falls():
    customers = np.array([100.0, 100.0]), np.array([50.0, 150.0])
    totals = np.array([40.0, 10.0]), np.array([21.0, 16.5])
    found = mix_and_rate(customers, totals)
    assert found.volume == 0
    # Shares move by -1/4 and 1/4, at mean rates 0.41 and 0.105, of 200 customers.
    average = (50 + 37.5) / 400
    assert found.mix == pytest.approx([-50 * (0.41 - average), 50 * (0.105 - average)])
    assert found.rate == pytest.approx([200 * 0.375 * 0.02, 200 * 0.625 * 0.01])
    assert found.change == pytest.approx(-12.5)
    assert found.mix.sum() < 0 < found.rate.min()


def test_parts_sum_to_the_change_whatever_changed():
    rng = np.random.default_rng(1)
    for _ in range(50):
        customers = rng.integers(0, 40, (2, 6)).astype(float)
        totals = np.where(customers > 0, rng.normal(5, 30, (2, 6)) * customers, 0.0)
        found = mix_and_rate(tuple(customers), tuple(totals))
        assert found.change == pytest.approx(totals[1].sum() - totals[0].sum(), abs=1e-9)
        gone = (customers == 0).any(axis=0)
        assert not found.rate[gone].any()


def test_only_more_customers():
    customers = np.array([10.0, 30.0])
    found = mix_and_rate((customers, 2 * customers), (customers * 3, customers * 6))
    assert found.volume == pytest.approx(120)
    assert not found.mix.any()
    assert not found.rate.any()
    with pytest.raises(ValueError, match="nobody"):
        mix_and_rate((np.array([0.0, 1.0]),) * 2, (np.ones(2),) * 2)


def test_fall_back_of_a_known_prior():
    one = np.ones(1)
    prior = Shrinkage("beta-binomial", 0.22 * one, 60 * one, one, one)
    reached, entered = np.array([3, 30]), np.array([40, 100])
    found = fall_back(reached, entered, prior, np.array([10.0, 10.0]))
    assert found == pytest.approx([(0.162 * 40 - 3) * 10, (0.27 * 100 - 30) * 10])
    assert fall_back_of_means(np.array([8.0, 2.0]), 4.0, np.array([0.75, 0.5])) == pytest.approx(
        [-1.0, 1.0]
    )


def test_the_worst_segments_recover_as_foretold_without_a_treatment():
    rng = np.random.default_rng(2)
    foretold, came = [], []
    for _ in range(60):
        rate, entered = rng.beta(6, 24, 30), rng.integers(20, 120, 30)
        reached = rng.binomial(entered, rate)
        worst = np.argsort(reached / entered)[:6]
        found = fall_back(reached, entered, shrink(reached, entered), np.ones(30))
        foretold.append(found[worst].sum())
        came.append((rng.binomial(entered, rate) - reached)[worst].sum())
    assert np.mean(foretold) > 5
    agree_mean(np.array(came) - np.array(foretold), 0)


# ---- where it turns


def test_break_even():
    found = break_even(lambda x: x**3 - 8, 0, 5)
    assert found.value == pytest.approx(2, abs=1e-12)
    assert (found.at_low, found.at_high) == (-8, 117)
    assert break_even(lambda x: x * x + 1, -1, 1).value is None
    assert break_even(lambda x: x * x - 1, -3, 3, start=0.5).value == pytest.approx(1)
    assert break_even(lambda x: x * x - 1, -3, 3, start=-0.5).value == pytest.approx(-1)
    assert break_even(lambda x: x, 0, 1, target=0.25).value == pytest.approx(0.25)
    assert break_even(lambda x: x - 1, 0, 1).value == 1
    assert break_even(np.zeros_like, 2, 3, start=2.7).value == pytest.approx(2.7)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_roots_are_found_in_few_steps(sign):
    calls = []

    def function(x):
        calls.append(x)
        return sign * (math.exp(x) - 2.0 - x)

    assert function(root_between(function, 0.5, 4.0)) == pytest.approx(0.0, abs=1e-14)
    assert len(calls) < 20


def test_roots():
    assert root_between(lambda x: x**3 - 2, 0.0, 2.0) == pytest.approx(2 ** (1 / 3), rel=1e-14)
    assert root_between(lambda x: 1e-3 - x**3, 0.0, 10.0) == pytest.approx(0.1, rel=1e-13)
    assert root_between(lambda x: math.copysign(1.0, x - 0.3), 0.0, 1.0) == pytest.approx(0.3)
    assert root_between(lambda x: x - 1e-9, -1.0, 2.0) == pytest.approx(1e-9, rel=1e-12)
    assert root_between(lambda x: x - 1, 1.0, 2.0) == 1.0
    assert root_between(lambda x: x - 2, 1.0, 2.0) == 2.0
    with pytest.raises(ValueError, match="different signs"):
        root_between(lambda x: x + 1, 1.0, 2.0)


def test_tornado():
    inputs = [
        uniform("cost", 0, 10, "data"),
        normal("effect", 5, 10, "judgement"),
        uniform("fixed", 3, 3, "literature"),
    ]
    found = tornado(inputs, lambda x: 4 * x[:, 1] - 2 * x[:, 0] + x[:, 2], target=0)
    assert found.middle == pytest.approx(13)
    assert [bar.name for bar in found.bars] == ["effect", "cost", "fixed"]
    effect, cost, fixed = found.bars
    assert (effect.low, effect.high) == pytest.approx((5 - 12.815516, 5 + 12.815516))
    assert effect.swing == pytest.approx(8 * 12.815516)
    assert effect.break_even == pytest.approx(7 / 4)
    assert (cost.low, cost.high, cost.at_low, cost.at_high) == pytest.approx((1, 9, 21, 5))
    assert cost.break_even is None
    assert (fixed.swing, fixed.break_even) == (0, None)
    assert [bar.source for bar in found.bars] == ["judgement", "data", "literature"]


def test_the_threshold_of_a_decision_is_that_of_the_target():
    inputs = [uniform("cost", 0, 10, "data"), uniform("rate", 0, 1, "judgement")]
    found = tornado(inputs, lambda x: 100 * x[:, 1] - x[:, 0], target=60)
    assert {bar.name: bar.break_even for bar in found.bars} == {
        "rate": pytest.approx(0.65),
        "cost": None,
    }
    assert (found.middle, found.target) == (45, 60)


def test_a_tornado_tries_the_points_that_must_be_tried():
    strength = empirical("strength", np.linspace(0.5, 0.9, 101), "judgement")
    pay = type(strength)(strength.name, strength.quantile, strength.source, (0.0,))
    with_point = tornado([pay], lambda x: x[:, 0] - 0.2).bars[0]
    assert with_point.points == ((0.0, -0.2),)
    assert with_point.swing == pytest.approx(0.86 - 0.2 + 0.2, abs=0.01)
    assert with_point.break_even == pytest.approx(0.2)
    assert tornado([strength], lambda x: x[:, 0] - 0.2).bars[0].break_even is None


def test_an_outcome_that_is_not_a_number_is_refused():
    with pytest.raises(ValueError, match="not a number"):
        tornado([uniform("x", 0, 1, "data")], lambda x: np.full(len(x), np.nan))


# ---- spread

MIXED = [normal(f"x{j}", 0, 1, source) for j, source in enumerate("abab", 1)]


def mixed(x):
    return 2 * x[:, 0] + x[:, 1] + x[:, 2] * x[:, 3]


def test_shares_of_sources_sum_to_one_and_divide_interactions_evenly():
    found = shares(MIXED, mixed, rows=20_000)
    assert found.names == ("a", "b")
    assert found.share.sum() == pytest.approx(1)
    agree(found.share[0], 4.5 / 6, found.error[0])
    agree(found.share[1], 1.5 / 6, found.error[1])
    assert found.error[0] < 0.02
    assert found.variance == pytest.approx(6, rel=0.05)


def test_parameters_of_a_source_are_moved_together():
    rng = np.random.default_rng(8)
    common = rng.normal(0, 1, 5000)
    data = np.stack([common, common + 0.1 * rng.normal(0, 1, 5000)], axis=1)
    judged = rng.normal(0, 1, 5000)

    def outcome(rows):
        of_data, of_judgement = rows.astype(np.int64).T
        return data[of_data].sum(axis=1) + judged[of_judgement]

    sources = [replications(name, 5000, name) for name in ("data", "judgement")]
    found = shares(sources, outcome, rows=20_000)
    whole = data.sum(axis=1).var() + judged.var()
    agree(found.share[1], judged.var() / whole, found.error[1])
    assert found.error[1] < 0.01
    assert {*replications("r", 3, "data").quantile(np.linspace(0.001, 0.999, 50))} == {0, 1, 2}


def test_indices_of_groups():
    found = indices(MIXED, mixed, groups=by_source(MIXED), rows=20_000)
    agree(found.first[0], 4 / 6, found.first_error[0])
    agree(found.total[0], 5 / 6, found.total_error[0])
    agree(found.total[1], 2 / 6, found.total_error[1])


def test_indices_are_as_scipy_has_them():
    seen = []

    def outcome(x):
        seen.append(mixed(x))
        return seen[-1]

    found = indices(MIXED, outcome, rows=1024)
    one, two, *moved = seen
    given = {"f_A": one[None], "f_B": two[None], "f_AB": np.array(moved)[:, None]}
    known = stats.sobol_indices(func=given, n=1024)
    assert found.first == pytest.approx(known.first_order, rel=1e-9)
    assert found.total == pytest.approx(known.total_order, rel=1e-9)


def test_errors_of_indices_are_those_of_repetitions():
    # With one input far above the other, most of the error of a share cancels.
    two = [normal("much", 0, 10, "data"), normal("little", 0, 1, "data")]
    repeated = [indices(two, lambda x: x.sum(axis=1), rows=256, seed=s) for s in range(200)]
    for estimate, error in (("first", "first_error"), ("total", "total_error")):
        seen = np.std([getattr(each, estimate) for each in repeated], axis=0)
        told = np.mean([getattr(each, error) for each in repeated], axis=0)
        assert told == pytest.approx(seen, rel=0.2)


def test_what_does_not_vary_has_no_drivers():
    still = [uniform("x", 1, 1, "data"), log_uniform("y", 2, 2, "judgement")]
    found = indices(still, lambda x: x.sum(axis=1), rows=10)
    assert (found.variance, *found.first, *found.total) == (0, 0, 0, 0, 0)
    assert not shares(still, lambda x: x.sum(axis=1), rows=10).share.any()
    assert math.isnan(split_nested(np.ones((5, 3))).share)
    assert split_paired(np.arange(5.0), np.arange(5.0)).share == 1


def test_split_of_nested_draws():
    rng = np.random.default_rng(4)
    found = split_nested(rng.normal(0, 2, (4000, 1)) + rng.normal(0, 1, (4000, 3)))
    agree(found.share, 0.8, found.error)
    assert found.error == pytest.approx(0.8 * 0.2 * math.sqrt(2 / 4000) * 1.2, rel=0.3)
    only_luck = split_nested(rng.normal(0, 1, (4000, 3)))
    assert only_luck.share <= 4 * only_luck.error
    # The error is that of many repetitions.
    repeated = [
        split_nested(rng.normal(0, 2, (200, 1)) + rng.normal(0, 1, (200, 3))) for _ in range(300)
    ]
    seen = np.std([each.share for each in repeated])
    assert np.mean([each.error for each in repeated]) == pytest.approx(seen, rel=0.15)


# ---- risk


def test_a_judgement_of_ten_futures():
    difference = np.array([-20.0, -4, 0, 1, 2, 3, 4, 5, 6, 13])
    found = judge(difference, target=5)
    assert (found.mean, found.chance_better, found.chance_target) == (1, 0.7, 0.3)
    assert (found.expected_loss_act, found.expected_loss_keep) == (2.4, 3.4)
    assert found.worst == -20
    assert found.error == pytest.approx(difference.std(ddof=1) / math.sqrt(10))
    assert found.interval80 == pytest.approx((-5.6, 6.7))
    assert found.chance_better_error == pytest.approx(math.sqrt(0.7 * 0.3 / 10))
    assert judge(np.ones(3)).error == 0
    assert judge(np.ones(3)).chance_target is None


def test_the_worst_part_may_end_inside_a_future():
    values = np.arange(10.0, 0.0, -1.0)
    assert cvar(values, 0.25) == pytest.approx((1 + 2 + 0.5 * 3) / 2.5)
    assert cvar(values, 0.2) == pytest.approx(1.5)
    assert cvar(values, 1) == pytest.approx(5.5)
    assert cvar(values, 0.01) == 1


def test_pairing_of_arms_that_differ_by_a_constant():
    today = np.array([1.0, 2.0, 4.0])
    assert pairing(today, today + 1).ratio == math.inf
    assert pairing(np.ones(3), np.ones(3)).ratio == 1


def test_posteriors_of_few_customers_are_compared():
    a, b = (0.5, 12.5), (2.5, 10.5)
    found = compare(a, b)
    drawn = [stats.beta(*each).rvs(400_000, random_state=seed) for seed, each in ((1, a), (2, b))]
    agree_mean(drawn[1] > drawn[0], found.chance)
    agree_mean(np.maximum(drawn[0] - drawn[1], 0), found.loss_if_b)
    agree_mean(np.maximum(drawn[1] - drawn[0], 0), found.loss_if_a)
    agree_mean(np.maximum(*drawn), found.perfect)
    assert found.loss_if_a - found.loss_if_b == pytest.approx(found.difference, abs=1e-12)
    for each in (a, b, (0.5, 0.5), (400.5, 3000.5)):
        assert compare(each, each).chance == pytest.approx(0.5, abs=1e-9)
    # Where the logarithms are of millions, fewer digits are left.
    assert compare((4e6, 3e6), (4e6, 3e6)).chance == pytest.approx(0.5, abs=1e-7)
    # One as good as known beside one hardly known.
    found = compare((2.5, 10.5), (3e6, 7e6))
    assert found.chance == pytest.approx(stats.beta(2.5, 10.5).cdf(0.3), abs=1e-6)


def test_stock_of_draws():
    found = stock_for_draws(np.array([1.0, 2, 3, 4]), margin=3, idle_cost=1)
    assert (found.ratio, found.amount, found.lost, found.idle) == (0.75, 3, 0.25, 0.75)
    assert found.gain == pytest.approx(3 * 2.25 - 0.75)
    assert stock_for_draws(np.array([1.0, 2, 3, 4]), margin=4, idle_cost=1).amount == 4
    demand = np.random.default_rng(7).poisson(40, 999).astype(float)
    found = stock_for_draws(demand, margin=7, idle_cost=2)
    gains = [7 * np.minimum(demand, held) - 2 * np.maximum(held - demand, 0) for held in range(90)]
    assert found.gain == pytest.approx(max(gain.mean() for gain in gains))


# ---- what to learn


def test_what_tells_nothing_is_worth_nothing():
    gain = 5 + 30 * normals(1, "gain", 4000)[:, 0]
    found = evppi(decisions(gain), normals(1, "other", 4000))
    assert found.value <= 4 * found.error + 1e-9
    constant = evppi(decisions(gain), np.ones(4000))
    assert (constant.value, constant.form) == (0, "constant")


def test_a_form_is_chosen_by_rows_it_has_not_seen():
    forms = [
        evppi(decisions(normals(seed, "gain", 150)[:, 0]), normals(seed, "other", 150)).form
        for seed in range(40)
    ]
    assert forms.count("constant") > 20
    assert not any(form in ("degree 5", "degree 6", "9 knots") for form in forms[:10])


def test_a_spline_is_natural():
    x = normals(4, "known", 500)[:, 0]
    knots = np.unique(np.quantile(x, np.linspace(0.02, 0.98, 6)))

    def cubes(knot):
        above = np.maximum(x - knot, 0) ** 3 - np.maximum(x - knots[-1], 0) ** 3
        return above / (knots[-1] - knot)

    bends = [cubes(knot) - cubes(knots[-2]) for knot in knots[:-2]]
    # By truncated powers, as text books have it: the same space of functions.
    by_powers = np.stack([np.ones(500), x, *bends], axis=1)
    assert np.linalg.matrix_rank(by_powers) == 6
    spline = _natural(x, 6)
    held = spline @ np.linalg.lstsq(spline, by_powers)[0]
    assert held == pytest.approx(by_powers, abs=1e-9)


def test_three_decisions_and_a_bent_relation():
    known = normals(2, "known", 20_000)[:, 0]
    noise = 3 * normals(2, "noise", 20_000, 2)
    either = evppi(decisions(known + noise[:, 0], noise[:, 1] - known), known)
    agree(either.value, math.sqrt(2 / math.pi), either.error)
    assert either.error < 0.05
    bent = evppi(decisions(known**2 - 1 + noise[:, 0]), known)
    # E max(0, x**2 - 1) is 2 phi(1).
    agree(bent.value, 2 * stats.norm.pdf(1), bent.error)
    assert bent.form != "constant"
    assert bent.error < 0.05


def test_the_error_of_a_worth_is_that_of_repetitions():
    found = []
    for seed in range(60):
        known = normals(seed, "known", 800)[:, 0]
        noise = 3 * normals(seed, "noise", 800)[:, 0]
        found.append(evppi(decisions(0.2 + known + noise), known, seed=seed))
    seen = np.std([each.value for each in found])
    assert 0.8 < np.mean([each.error for each in found]) / seen < 1.6


def test_a_pilot_is_worth_what_its_size_can_tell():
    effect = 0.01 + 0.02 * normals(3, "effect", 10_000)[:, 0]
    gain = 5e6 * effect
    plan = Plan(sd=0.3, fixed=500, each=1.0, cluster=20, icc=0.02)
    pilots = worth(gain, effect, plan, (100, 500, 2000, 20_000))
    for pilot in pilots:
        inflated = 1 + 19 * 0.02
        assert pilot.error == pytest.approx(0.3 * math.sqrt(2 * inflated / pilot.customers))
        exact = evsi_of_normal(50_000, 100_000, 5e6 * pilot.error)
        assert abs(pilot.worth.value - exact) <= 4 * pilot.worth.error
        assert pilot.cost == 500 + 2 * pilot.customers
    nets = [pilot.net for pilot in pilots]
    assert int(np.argmax(nets)) in (1, 2)
    assert nets[3] < 0 < max(nets)
    assert [each.worth.value for each in pilots] == sorted(each.worth.value for each in pilots)


def test_the_size_of_a_pilot_gives_its_power():
    customers = two_means(2.0, 9.0)
    assert detectable(customers, 9.0) == pytest.approx(2.0)
    assert customers == pytest.approx(2 * ((1.959964 + 0.841621) * 4.5) ** 2, rel=1e-6)
    assert two_means(2.0, 9.0, effect=2.45) == pytest.approx(2.45 * customers)
    size = two_proportions(0.2, 0.3, power=0.9).customers
    rng = np.random.default_rng(6)
    found = rng.binomial(size, [[0.2], [0.3]], (2, 40_000)) / size
    middle = found.mean(axis=0)
    z = (found[1] - found[0]) / np.sqrt(2 * middle * (1 - middle) / size)
    assert np.mean(np.abs(z) > 1.959964) == pytest.approx(0.9, abs=0.01)
    for wrong in (
        {"p1": 0.2, "p2": 0.2},
        {"p1": 0.0, "p2": 0.2},
        {"p1": 0.1, "p2": 0.2, "power": 1},
    ):
        with pytest.raises(ValueError, match=r"equal|in \(0, 1\)"):
            two_proportions(**wrong)
