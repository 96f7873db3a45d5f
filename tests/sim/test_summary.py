"""Rows of a report on arrays worked out by hand, and shrinkage."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from example_funnel import example
from scipy.special import betaln

from segrules.sim.model import Charge, Lever, Scenario
from segrules.sim.run import Arm, Draws, simulate
from segrules.sim.shrinkage import shrink
from segrules.sim.summary import (
    COST_AT,
    REVENUE_AT,
    SALES_AT,
    TOTAL,
    cost_parts,
    measures,
    significant,
    summarise,
)


def hand_made():
    """Five replications; the first segment sells 0..4 more in the scenario."""
    model = example()
    steps = np.arange(5, dtype=np.int64)
    counts = np.ones((5, 3, 4), dtype=np.int64) * np.array([40, 30, 20, 10])
    money = np.full((5, 3), 1000, dtype=np.int64)
    today = Arm(counts, money, money // 10)
    more = counts.copy()
    more[:, 0, 3] += steps
    then = Arm(more, money + 50 * steps[:, None], money // 10 + steps[:, None] - 1)
    arms = (then, today, today)
    return Draws(model, "counts", steps, today, arms, complete=True)


def row(rows, scenario, segment, measure):
    (found,) = [
        each
        for each in rows
        if (each.scenario, each.segment, each.measure) == (scenario, segment, measure)
    ]
    return found


def test_rows_of_a_small_case():
    rows = summarise(hand_made())
    assert measures(example()) == (
        *("lead", "contact", "offer", "contract"),
        *("sales", "revenue", "cost", "profit"),
    )
    assert len(rows) == 3 * 4 * 8
    sales = row(rows, "up", "gold", "sales")
    assert sales.today.mean == 10
    assert sales.today.mc_error == 0
    assert sales.today.interval95 == (10, 10)
    assert sales.difference.mean == 2
    assert sales.difference.mc_error == pytest.approx(math.sqrt(2.5 / 5))
    assert sales.difference.interval50 == (1, 3)
    assert sales.difference.interval80 == pytest.approx((0.4, 3.6))
    assert sales.difference.interval95 == pytest.approx((0.1, 3.9))
    assert sales.chance_better == 0.8
    assert sales.difference == row(rows, "up", "gold", "contract").difference
    assert row(rows, "up", "silver", "sales").chance_better is None
    assert row(rows, "up", TOTAL, "sales").then.mean == 32
    # A cost is better when it is lower: one replication of five.
    assert row(rows, "up", "gold", "cost").chance_better == 0.2
    profit = row(rows, "up", TOTAL, "profit")
    assert profit.today.mean == 2700
    assert profit.difference.mean == 3 * (50 * 2 - 1)
    assert profit.chance_better == 1
    assert all(each.chance_better is None for each in rows if each.scenario == "same")


def test_summary_of_a_run_is_consistent():
    rows = summarise(simulate(example(), 300))
    parts = [row(rows, "both", name, "profit") for name in ("gold", "silver", "bronze")]
    total = row(rows, "both", TOTAL, "profit")
    assert total.difference.mean == pytest.approx(sum(part.difference.mean for part in parts))
    assert total.difference.mean == pytest.approx(total.then.mean - total.today.mean)
    assert row(rows, "same", TOTAL, "profit").difference.mc_error == 0
    assert summarise(simulate(example(), 300)) == rows


def test_without_value_there_is_no_money_but_cost():
    model = example(value=None)
    assert measures(model) == (*model.stages, "cost")
    assert len(summarise(simulate(model, 10))) == 3 * 4 * 5
    with pytest.raises(ValueError, match="two"):
        summarise(simulate(model, 1))


def test_a_stage_called_sales_is_not_repeated():
    up = Scenario("up", "Up", (Lever("call back", (0,), (("contact", "response"),)),))
    model = example(stages=("lead", "contact", "sales"), scenarios=(up,))
    assert measures(model) == ("lead", "contact", "sales", "revenue", "cost", "profit")
    rows = summarise(simulate(model, 10))
    assert list(dict.fromkeys(each.measure for each in rows)) == [*measures(model), "margin"]
    assert len(rows) == 4 * 7


@pytest.mark.parametrize(
    ("value", "error", "printed"),
    [
        (1234.567, 0.0, 1234.567),
        (1234.567, 0.5, 1235.0),
        (1234.567, 0.51, 1230.0),
        (1234.567, 3.0, 1230.0),
        (1234.567, 50.0, 1200.0),
        (1234.567, 51.0, 1000.0),
        (1234.567, 0.004, 1234.57),
        (-0.4, 1.0, 0.0),
        (1234.567, math.inf, 0.0),
        (0.000123456, 4e-9, 0.00012346),
    ],
)
def test_no_figure_is_finer_than_two_errors(value, error, printed):
    found = significant(value, error)
    assert found == pytest.approx(printed, rel=1e-12)
    assert math.copysign(1, found) == math.copysign(1, printed)


def test_unknown_error_prints_nothing():
    assert math.isnan(significant(3.0, math.nan))


def test_few_segments_are_not_pooled():
    reached, entered = np.array([3, 4, 0, 9, 1]), np.array([30, 40, 0, 20, 9])
    found = shrink(reached, entered)
    assert found.method == "jeffreys"
    assert (found.prior_mean, found.prior_strength) == (0.5, 1)
    assert found.data_weight == pytest.approx(entered / (entered + 1))


def test_shrinkage_agrees_with_a_fine_grid():
    generator = np.random.default_rng(3)
    entered = generator.integers(50, 400, 12)
    reached = generator.binomial(entered, generator.beta(6, 24, 12))
    found = shrink(reached, entered)
    assert found.method == "beta-binomial"
    assert found.prior_weight.sum() == pytest.approx(1)
    m = np.linspace(0.01, 0.6, 600)[:, None, None]
    log_strength = np.linspace(np.log(0.1), np.log(1e6), 800)[:, None]
    strength = np.exp(log_strength)
    a, b = m * strength, (1 - m) * strength
    log = (betaln(a + reached, b + entered - reached) - betaln(a, b)).sum(axis=2)
    prior = log_strength[:, 0] - 2 * np.log(np.median(entered) + strength[:, 0])
    weight = np.exp(log + prior - (log + prior).max())
    weight /= weight.sum()
    mean = (weight.sum(axis=1) * m[:, 0, 0]).sum()
    data = np.einsum("g,gs->s", weight.sum(axis=0), entered / (entered + strength))
    assert found.prior_mean @ found.prior_weight == pytest.approx(mean, rel=1e-3)
    assert found.data_weight == pytest.approx(data, rel=3e-3)


def test_equal_segments_are_pooled_and_different_ones_are_not():
    entered = np.full(12, 2000)
    equal = shrink(np.full(12, 400), entered).data_weight
    apart = shrink(np.linspace(100, 1900, 12).astype(np.int64), entered).data_weight
    assert equal.max() < 0.5
    assert apart.min() > 0.99


def test_shrinkage_is_fast():
    generator = np.random.default_rng(1)
    entered = generator.integers(100, 100_000, (3, 12))
    reached = generator.binomial(entered, 0.3)
    durations = []
    for _ in range(5):
        start = time.perf_counter()
        for x, n in zip(reached, entered, strict=True):
            shrink(x, n)
        durations.append(time.perf_counter() - start)
    # The target is 50 ms; a loaded machine gets ten times that before the test complains.
    assert min(durations) < 0.5


# ---- another reference, equal cost, parts of the cost


def of(rows, scenario, segment, measure):
    (found,) = [
        row
        for row in rows
        if (row.scenario, row.segment, row.measure) == (scenario, segment, measure)
    ]
    return found


def test_against_another_scenario():
    draws = simulate(example(), 300)
    plain, against = summarise(draws), summarise(draws, against="up")
    assert {row.scenario for row in against} == {"both", "same"}
    base, both = of(plain, "up", TOTAL, "profit"), of(plain, "both", TOTAL, "profit")
    found = of(against, "both", TOTAL, "profit")
    assert (found.today, found.then) == (base.then, both.then)
    assert found.difference.mean == pytest.approx(both.then.mean - base.then.mean)
    # on the same luck: bronze is not treated by "up", gold by both alike
    gold = of(against, "both", "gold", "contract")
    assert gold.chance_better is None
    assert gold.difference.mean == 0.0


def test_sales_at_equal_cost_future_by_future():
    draws = simulate(example(), 300)
    rows = summarise(draws, holds=("cost", "sales"))
    today, then = draws.today, draws.scenarios[0]
    cost = [arm.cost.sum(axis=1) for arm in (today, then)]
    sales = [arm.counts[:, :, 3].sum(axis=1) for arm in (today, then)]
    at_cost = of(rows, "up", TOTAL, SALES_AT)
    assert at_cost.then.mean == pytest.approx((sales[1] * cost[0] / cost[1]).mean())
    assert at_cost.today.interval80 == of(rows, "up", TOTAL, "contract").today.interval80
    at_sales = of(rows, "up", TOTAL, COST_AT)
    assert at_sales.then.mean == pytest.approx((cost[1] * sales[0] / sales[1]).mean())
    lower = cost[1] * sales[0] / sales[1] < cost[0]
    assert at_sales.chance_better == pytest.approx(lower.mean())
    revenue = [arm.revenue.sum(axis=1) for arm in (today, then)]
    found = of(rows, "up", TOTAL, REVENUE_AT)
    assert found.then.mean == pytest.approx((revenue[1] * cost[0] / cost[1]).mean())
    assert of(rows, "same", TOTAL, SALES_AT).chance_better is None
    assert not [row for row in summarise(draws) if "equal" in row.measure]


def test_nothing_is_held_equal_where_there_is_none_of_it():
    draws = simulate(example(costs=(), scenarios=(Scenario("same", "", ()),)), 50)
    rows = summarise(draws, holds=("cost", "sales"))
    assert not [row for row in rows if row.measure in (SALES_AT, REVENUE_AT)]
    assert [row for row in rows if row.measure == COST_AT]


def test_parts_of_the_cost_add_up():
    draws = simulate(example(), 200)
    parts, rows = cost_parts(draws), summarise(draws)
    for scenario in ("up", "both", "same"):
        for segment in (*draws.model.segments, TOTAL):
            here = [row for row in parts if (row.scenario, row.segment) == (scenario, segment)]
            whole = of(rows, scenario, segment, "cost")
            assert sum(row.then.mean for row in here) == pytest.approx(whole.then.mean)
            assert sum(row.today.mean for row in here) == pytest.approx(whole.today.mean)
    assert {row.measure for row in parts if row.scenario == "up"} == {"stages", "levers"}
    assert {row.measure for row in parts if row.scenario == "same"} == {"stages"}
    levers = of(parts, "up", TOTAL, "levers")
    assert levers.chance_better == 0.0
    assert {row.scenario for row in cost_parts(draws, against="up")} == {"both", "same"}


def test_what_rounding_moves_between_segments_is_no_difference():
    draws = simulate(example(), 50)
    parts = draws.today.parts.copy()
    parts[:, 0, 0] += 1
    moved = replace(draws, scenarios=(replace(draws.today, parts=parts), *draws.scenarios[1:]))
    (total,) = [r for r in cost_parts(moved)
                if (r.scenario, r.segment, r.measure) == ("up", TOTAL, "stages")]  # fmt: skip
    assert (total.difference.mean, total.chance_better) == (0.0, None)
    parts[:, 0, 0] += len(draws.model.segments)
    (total,) = [r for r in cost_parts(moved)
                if (r.scenario, r.segment, r.measure) == ("up", TOTAL, "stages")]  # fmt: skip
    assert total.difference.mean == 1 + len(draws.model.segments)


# ---- margin, indices and parts of the cost


def test_the_margin_is_revenue_less_what_stages_cost():
    draws = simulate(example(), 50)
    rows = summarise(draws)
    stages = draws.model.parts.index("stages")
    for s, segment in enumerate(draws.model.segments):
        arm = draws.scenarios[0]
        wanted = (arm.revenue - arm.parts[:, stages])[:, s].mean()
        assert row(rows, "up", segment, "margin").then.mean == pytest.approx(wanted)
    total = row(rows, "up", TOTAL, "margin")
    mine = [each for each in cost_parts(draws) if (each.scenario, each.segment) == ("up", TOTAL)]
    costs = {each.measure: each for each in mine}
    revenue = row(rows, "up", TOTAL, "revenue")
    assert total.then.mean == pytest.approx(revenue.then.mean - costs["stages"].then.mean)
    assert total.chance_better is not None


def test_an_index_is_the_share_beside_that_of_all():
    rows = summarise(simulate(example(), 50))
    own, whole = row(rows, "up", "gold", "offer"), row(rows, "up", TOTAL, "offer")
    contact = row(rows, "up", "gold", "contact"), row(rows, "up", TOTAL, "contact")
    share = [
        each.then.mean / before.then.mean
        for each, before in zip((own, whole), contact, strict=True)
    ]
    assert own.index_then == pytest.approx(100 * share[0] / share[1])
    assert whole.index_then == pytest.approx(100.0)
    assert own.index_today != own.index_then
    assert row(rows, "up", "gold", "lead").index_today is None
    assert row(rows, "up", "gold", "profit").index_then is None


def test_parts_of_the_cost_add_up_to_it():
    once = Lever("letters", (0, 2), (), (Charge(6000.0, "once"), Charge(10.0, stage="lead")))
    model = example(scenarios=(Scenario("paid", "Paid", (once,)),))
    draws = simulate(model, 40)
    rows, parts = summarise(draws), cost_parts(draws)
    for segment in (*model.segments, TOTAL):
        mine = [each for each in parts if each.segment == segment]
        assert [each.measure for each in mine] == ["stages", "levers", "once"]
        for arm in ("today", "then", "difference"):
            whole = getattr(row(rows, "paid", segment, "cost"), arm).mean
            assert sum(getattr(each, arm).mean for each in mine) == pytest.approx(whole)
    (paid,) = [each for each in parts if (each.segment, each.measure) == (TOTAL, "once")]
    assert paid.difference.mean == pytest.approx(6000.0, abs=2)
    assert paid.chance_better == 0.0
