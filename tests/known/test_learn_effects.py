"""Effects by segment, the choice of arms, agents, two levels and purchases, on made data."""

import datetime as dt
import math

import numpy as np
import polars as pl
import pytest

from segrules.sim.learn.agents import (
    assignment_of,
    correlation_by_moments,
    learn_agents,
    route_to_best,
)
from segrules.sim.learn.choice import Columns, choose, delivered, split
from segrules.sim.learn.experiment import effects, summarise
from segrules.sim.learn.pooling import pool, pool_arms
from segrules.sim.learn.purchases import (
    Past,
    Purchases,
    hindcasts,
    learn_purchases,
    past_of,
    project,
)

NAMES = {"segment": "segment", "arm": "arm", "outcome": "y", "control": "none"}


def experiment(rng, size, lift, kind="yes"):
    """An experiment on ten segments with two arms: lift[s, a] is what arm a adds."""
    segment, arm = rng.integers(10, size=size), rng.integers(3, size=size)
    expected = 0.2 + 0.02 * segment + np.where(arm > 0, lift[segment, arm - 1], 0.0)
    noise = rng.random(size) < expected if kind == "yes" else rng.normal(expected, 1.0)
    return pl.DataFrame(
        {
            "segment": [f"s{each}" for each in segment],
            "arm": np.array(["none", "letter", "mail"])[arm],
            "y": noise.astype(float),
        }
    )


def test_cells_are_counted():
    rows = experiment(np.random.default_rng(1), 3_000, np.zeros((10, 2)))
    cells = summarise(rows, **NAMES)
    assert cells.arms == ("none", "letter", "mail")
    assert cells.kind == "proportion"
    of_s3 = rows.filter(pl.col("segment") == "s3", pl.col("arm") == "mail")["y"]
    assert cells.customers[3, 2] == len(of_s3)
    assert cells.mean[3, 2] == pytest.approx(of_s3.mean())
    assert cells.effects[3, 1] == pytest.approx(cells.mean[3, 2] - cells.mean[3, 0])
    covariance = cells.effect_covariance[3]
    assert covariance[0, 1] == cells.error2[3, 0]
    assert covariance[1, 1] == pytest.approx(cells.error2[3, 0] + cells.error2[3, 2])
    assert cells.error2[3, 2] == pytest.approx(of_s3.var() / len(of_s3), rel=0.3)
    lost = summarise(pl.concat([rows, rows[:2].with_columns(y=pl.lit(None))]), **NAMES)
    assert lost.notes == ("2 rows without an outcome, arm or segment",)
    with pytest.raises(ValueError, match="control"):
        summarise(rows, **(NAMES | {"control": "nobody"}))


def test_segments_that_do_not_differ_are_treated_alike():
    rng = np.random.default_rng(2)
    alike = effects(summarise(experiment(rng, 40_000, np.full((10, 2), 0.05)), **NAMES))
    assert alike.no_difference > 0.6
    assert "no difference between segments" in alike.notes[0]
    assert alike.pooled.error.max() < 0.02
    assert alike.pooled.mean == pytest.approx(np.full((10, 2), 0.05), abs=0.04)
    lift = np.stack([np.linspace(-0.1, 0.2, 10), np.full(10, 0.05)], axis=1)
    apart = effects(summarise(experiment(rng, 40_000, lift), **NAMES))
    assert apart.no_difference < 0.001
    assert apart.pooled.mean[:, 0] == pytest.approx(lift[:, 0], abs=0.05)
    assert apart.data_weight.min() > 0.5


def test_intervals_of_effects_cover():
    rng = np.random.default_rng(3)
    hits, certain = {0.5: [], 0.8: [], 0.95: []}, []
    for _ in range(120):
        lift = 0.5 + 0.2 * rng.standard_normal((10, 2))
        found = effects(summarise(experiment(rng, 2_000, lift, "number"), **NAMES))
        for level, hit in hits.items():
            low, high = found.pooled.interval(level)
            hit.append(float(((low <= lift) & (lift <= high)).mean()))
        certain.append(found.pooled.error.mean())
    for level, hit in hits.items():
        error = np.std(hit) / math.sqrt(len(hit))
        assert np.mean(hit) == pytest.approx(level, abs=4 * error)
    assert np.mean(certain) < 0.17  # 0.17 is the error of a segment's own estimate


def test_a_promise_holds_where_a_naive_one_does_not():
    rng = np.random.default_rng(4)
    gap, naive, below = [], [], []
    for seed in range(100):
        lift = 0.1 + 0.1 * rng.standard_normal((10, 2))
        cells = summarise(experiment(rng, 1_500, lift, "number"), **NAMES)
        promise = choose(effects(cells), seed=seed, level=0.9)
        full = np.hstack([np.zeros((10, 1)), lift])
        true = float((0.2 + 0.02 * np.arange(10) + full[np.arange(10), promise.arm]) @ cells.share)
        gap.append(promise.promised - true)
        naive.append(promise.naive - true)
        below.append(promise.low <= true <= promise.high)
    error = np.std(gap) / 10
    assert abs(np.mean(gap)) < 3 * error
    assert np.mean(naive) > 10 * error
    assert np.mean(below) == pytest.approx(0.9, abs=4 * math.sqrt(0.09 / 100))


def test_a_choice_is_judged_on_others():
    rng = np.random.default_rng(5)
    lift = np.stack([np.where(np.arange(10) < 5, 0.3, -0.3), np.zeros(10)], axis=1)
    rows = experiment(rng, 20_000, lift)
    promise = choose(effects(summarise(rows[:10_000], **NAMES)), seed=1)
    assert set(promise.arm[:5]) == {1}
    assert 1 not in promise.arm[5:]
    assert promise.ceiling >= promise.promised > promise.uniform[1] > promise.today
    brought = delivered(summarise(rows[10_000:], **NAMES), promise.segments, promise.arm)
    assert brought.value == pytest.approx(0.29 + 0.15, abs=4 * brought.error)
    folds = split(rows, Columns("segment", "arm", "y", "none"), seed=1)
    assert folds.value == pytest.approx(0.29 + 0.15, abs=4 * folds.error)
    dear = choose(effects(summarise(rows, **NAMES)), seed=1, cost=np.array([0.0, 0.4, 0.4]))
    assert set(dear.arm) == {0}


def test_one_segment_is_its_own():
    found = pool(np.array([2.0]), np.array([0.25]))
    assert found.method == "own"
    assert found.mean[0, 0] == pytest.approx(2.0)
    assert found.error[0, 0] == pytest.approx(0.5)
    low, high = found.interval(0.95)
    assert (low[0, 0], high[0, 0]) == pytest.approx((2 - 0.98, 2 + 0.98), abs=1e-4)
    with pytest.raises(ValueError, match="variances"):
        pool_arms(np.ones((2, 1)), np.zeros((2, 1, 1)))


# ---- agents


def calls(rng, spread, by_lot=True):
    """30 agents and 200 cases of each; every agent adds to the chance to sell."""
    agent = np.repeat(np.arange(30), 200)
    skill = spread * rng.standard_normal(30)
    easy = rng.random(6_000) < (0.5 if by_lot else (agent + 1) / 32)
    sold = rng.random(6_000) < 0.4 + 0.2 * easy + skill[agent]
    rows = {"agent": agent, "segment": np.where(easy, "easy", "hard"), "y": sold.astype(float)}
    return pl.DataFrame(rows), skill


COLUMNS = {"agent": "agent", "segment": "segment", "outcome": "y"}


def test_agents_who_differ_by_luck_only():
    rng = np.random.default_rng(6)
    rows, _ = calls(rng, 0.0, by_lot=False)
    found = learn_agents(rows, **COLUMNS)
    assert found.pooled.no_difference > 0.5
    assert found.correlation < 0.005
    assigned = assignment_of(rows, agent="agent", columns=["segment"], seed=1)
    assert not assigned.at_random
    lift = route_to_best(found, assigned, share=0.2, seed=1)
    assert lift.label.startswith("associational: cases were not given")
    assert lift.promised < 0.01
    assert lift.naive > 0.03
    assert lift.low < 1e-9


def test_agents_who_differ():
    rng = np.random.default_rng(7)
    rows, skill = calls(rng, 0.08)
    found = learn_agents(rows, **COLUMNS)
    true = skill - skill.mean()
    order = np.array([int(name) for name in found.agents])
    assert found.pooled.no_difference < 0.001
    assert found.pooled.spread_mean == pytest.approx(skill.std(), rel=0.25)
    assert np.corrcoef(found.pooled.mean[:, 0], true[order])[0, 1] > 0.9
    expected = skill.var() / (skill.var() + found.within)
    assert found.correlation == pytest.approx(expected, rel=0.5)
    assert found.correlation_by_moments == pytest.approx(expected, rel=0.5)
    assert set(found.by_segment) == {"easy", "hard"}
    assigned = assignment_of(rows, agent="agent", columns=["segment"], seed=1, designed=True)
    assert assigned.at_random
    lift = route_to_best(found, assigned, share=0.2, seed=1)
    assert lift.label.startswith("causal")
    brought = true[[int(name) for name in lift.chosen]].mean()
    assert lift.low < brought < lift.high
    assert 0 < lift.low < lift.promised < lift.naive
    nothing = route_to_best(found, assigned, share=1.0, seed=1)
    assert (nothing.promised, nothing.low, nothing.high) == pytest.approx((0, 0, 0), abs=1e-12)


def test_tests_of_assignment_hold_their_level():
    rng = np.random.default_rng(8)
    chances = []
    for seed in range(200):
        rows = pl.DataFrame(
            {"a": rng.integers(5, size=60), "k": rng.integers(3, size=60).astype(str)}
        ).with_columns(pl.Series("x", rng.random(60)))
        found = assignment_of(rows, agent="a", columns=["k", "x"], seed=seed)
        assert [each.method for each in found.tests][1] == "ranks"
        chances.append([each.chance for each in found.tests])
    for column in np.array(chances).T:
        assert np.mean(column < 0.2) == pytest.approx(0.2, abs=4 * math.sqrt(0.16 / 200))


def test_correlation_by_moments_of_known_groups():
    """Two agents of four cases: between 8, within 2, so the spread is (8 - 2) / 4."""
    mean = np.array([-1.0, 1.0])
    assert correlation_by_moments(mean, np.array([4, 4]), 2.0) == pytest.approx(1.5 / 3.5)
    assert correlation_by_moments(0.1 * mean, np.array([4, 4]), 2.0) == 0.0


# ---- segments that differ far beyond their errors


@pytest.mark.parametrize("scale", [1e2, 1e4, 1e6])
def test_what_is_surely_apart_is_left_where_it_is(scale):
    seen = scale * np.array([-1.0, 0.2, 0.9, 2.0, -0.4, 0.1])
    found = pool(seen, np.ones(6))
    assert np.abs(found.mean[:, 0] - seen).max() < 0.1
    assert found.error[:, 0] == pytest.approx(np.ones(6), rel=0.02)
    assert found.data_weight.min() > 0.999
    both = pool_arms(np.stack([seen, 3 * seen], axis=1), np.tile(np.eye(2), (6, 1, 1)))
    assert np.abs(both.mean - np.stack([seen, 3 * seen], axis=1)).max() < 0.1


# ---- purchases


def shop(rng, customers, weeks):
    """Orders by the model itself: r 0.8, alpha 6, a 1, b 3; spend with shape 5, q 4, gamma 30."""
    start = dt.date(2024, 1, 1)
    rows = []
    for customer in range(customers):
        rate, leaving = rng.gamma(0.8, 1 / 6), rng.beta(1, 3)
        taste = rng.gamma(4, 1 / 30)
        at, days = 0.0, set()
        while at < weeks:
            day = int(at * 7)
            if day not in days:
                days.add(day)
                rows.append(
                    (str(customer), start + dt.timedelta(days=day), rng.gamma(5, 1 / taste))
                )
            if at > 0 and rng.random() < leaving:
                break
            at += rng.exponential(1 / rate)
    return pl.DataFrame(rows, schema=["customer", "day", "spend"], orient="row")


def test_purchases_of_the_model_itself():
    orders = shop(np.random.default_rng(10), 4_000, 80)
    until = dt.date(2024, 1, 1) + dt.timedelta(days=280)
    found = learn_purchases(past_of(orders, until=until))
    truth = np.log([0.8, 6, 1, 3])
    error = np.sqrt(np.diag(found.timing_covariance))
    assert np.all(np.abs(found.timing - truth) < 4 * error)
    spend = np.log([5, 4, 30])
    assert np.all(np.abs(found.spend - spend) < 4 * np.sqrt(np.diag(found.spend_covariance)))
    segments = ["once" if x == 0 else "again" for x in found.past.repeats]
    outlook = project(found, segments, weeks=40, seed=1, runs=200)
    placed = pl.DataFrame({"customer": found.past.customers, "segment": segments})
    after = orders.filter(pl.col("day") > until).join(placed, on="customer")
    seen = after.group_by("segment").agg(pl.col("spend").sum(), pl.len()).sort("segment")
    low, high = np.quantile(outlook.revenue, [0.001, 0.999], axis=0)
    assert outlook.segments == tuple(seen["segment"])
    assert np.all((low < seen["spend"].to_numpy()) & (seen["spend"].to_numpy() < high))
    counts = np.quantile(outlook.purchases, [0.001, 0.999], axis=0)
    assert np.all((counts[0] < seen["len"].to_numpy()) & (seen["len"].to_numpy() < counts[1]))
    again = project(found, segments, weeks=40, seed=1, runs=50)
    assert np.array_equal(again.revenue, outlook.revenue[:50])


def test_purchases_ahead_of_customers_alike():
    """By brute force: truths from the population, weighted by how well they explain the past."""
    r, alpha, a, b, weeks = 1.2, 6.0, 1.0, 2.0, 40.0
    x, last, age, count = 2.0, 12.0, 30.0, 4_000
    one = np.ones(count)
    past = Past(("c",) * count, x * one, last * one, age * one, 20 * one, x * one)
    timing, spend = np.log([r, alpha, a, b]), np.log([5.0, 4.0, 30.0])
    exact = Purchases("", past, timing, 1e-16 * np.eye(4), spend, 1e-16 * np.eye(3), None, one, ())
    found = project(exact, ["all"] * count, weeks=weeks, seed=3, runs=20)
    rng = np.random.default_rng(12)
    rate, leaving = rng.gamma(r, 1 / alpha, 1_000_000), rng.beta(a, b, 1_000_000)
    alive = (1 - leaving) ** x * rate**x * np.exp(-rate * age)
    gone = leaving * (1 - leaving) ** (x - 1) * rate**x * np.exp(-rate * last)
    ahead = np.minimum(rng.poisson(rate * weeks), rng.geometric(np.maximum(leaving, 1e-9)))
    expected = (alive @ ahead) / (alive + gone).sum()
    each = found.purchases[:, 0] / count
    error = math.hypot(each.std() / math.sqrt(20), 0.002 * expected)
    assert abs(each.mean() - expected) < 4 * error
    # gamma-gamma: the mean of a purchase, given two of 20
    value = 5 * (30 + 2 * 20) / (4 + 5 * 2 - 1)
    assert found.revenue.sum() / found.purchases.sum() == pytest.approx(value, rel=0.02)


def test_hindcasts_of_the_model_itself_find_no_fault():
    orders = shop(np.random.default_rng(11), 3_000, 60)
    until = dt.date(2024, 1, 1) + dt.timedelta(days=400)
    found = hindcasts(
        orders, until=until, segments=lambda past: ["all"] * len(past.customers), seed=1
    )
    mean, deviation = found.of_all(40.0)
    assert abs(mean) < 0.15
    assert found.by_segment == pytest.approx(np.zeros((4, 1)), abs=1e-12)
    assert found.of_segment("unknown", 40.0) == (0.0, 0.0)
    assert deviation == pytest.approx(
        math.sqrt(40 * np.sum((found.error - mean) ** 2 / found.weeks) / 3 * (1 + 1 / found.apart))
    )
