"""What levers of a funnel do: by hand, against the expectation, and nothing where they are idle."""

from dataclasses import replace

import numpy as np
import pytest
from example_funnel import ASSUMPTIONS, SEGMENTS, STAGES, digest, example

from segrules.sim.model import Assumption, Charge, Lever, Scenario, Timing
from segrules.sim.run import simulate
from segrules.sim.work import How

EVERYONE = (0, 1, 2)
RUNS = 4000
MONTHS = 6

MORE = (
    Assumption("lasting", 0.3, 0.6, "share"),
    Assumption("wasted", 0.1, 0.4, "share"),
    Assumption("gain", 1.1, 1.4, "factor"),
    Assumption("points", 0.01, 0.05, "share"),
    *ASSUMPTIONS,
)


def model_of(*levers, **changes):
    scenario = Scenario("then", "Then", levers)
    model = example(scenarios=(scenario,), assumptions=MORE, **changes)
    season = np.array([0.8, 1.2, 1.1, 0.9, 1.3, 0.7])
    arrivals = replace(model.arrivals, season=season)
    return replace(model, months=MONTHS, arrivals=arrivals)


def expected(*levers, runs=3, **changes):
    draws = simulate(model_of(*levers, **changes), runs, "expected", months=True)
    return draws, draws.today, draws.scenarios[0]


BUNDLE = (
    Lever(
        "letters", (0, 1), (("contact", "response"), ("contract", 1.3)),
        (Charge("fee", stage="contact"), Charge(9e4, "once"), Charge("fee", "month")),
        timing=Timing(1, 3, 2, "lasting"), deadweight="wasted",
    ),
    Lever("forms", (1, 2), plus=(("offer", "points"),), timing=Timing(2)),
    Lever("adverts", (0, 2), times=(("arrivals", "gain"),), timing=Timing(0, 2)),
    Lever("fewer", (1,), times=(("arrivals", 0.7),)),
    Lever("terms", (0, 1), times=(("value", "gain"),), timing=Timing(3)),
    Lever("haste", (2,), (("contract", "haste"),), pull_forward=0.2),
    Lever("offers", (0,), (("contract", "trust"),), timing=Timing(0, 2), pull_forward=0.5),
)  # fmt: skip


def test_all_kinds_of_levers_average_to_the_expectation():
    model = model_of(*BUNDLE)
    counted, mean = simulate(model, RUNS), simulate(model, RUNS, "expected")
    for arm, of in zip(
        (counted.today, *counted.scenarios), (mean.today, *mean.scenarios), strict=True
    ):
        for name in ("counts", "revenue", "cost", "parts"):
            luck = getattr(arm, name) - getattr(of, name)
            error = luck.std(axis=0) / np.sqrt(RUNS)
            assert (np.abs(luck.mean(axis=0)) <= 4 * error + 0.5).all(), name


@pytest.mark.parametrize("levers", [BUNDLE[:1], BUNDLE[:4], BUNDLE], ids=["one", "four", "all"])
def test_months_add_up_and_change_no_other_bit(levers):
    model = model_of(*levers)
    plain, monthly = simulate(model, 80), simulate(model, 80, months=True)
    assert digest(plain) == digest(monthly)
    for arm in (monthly.today, *monthly.scenarios):
        months = arm.months
        assert np.array_equal(months.sales.sum(axis=1), arm.counts[:, :, 3].sum(axis=1))
        assert np.array_equal(months.revenue.sum(axis=1), arm.revenue.sum(axis=1))
        assert np.array_equal(months.cost.sum(axis=1), arm.cost.sum(axis=1))
    for block in (1, 7):
        again = simulate(model, 80, how=How(2, block), months=True)
        assert digest(again) == digest(plain)
        assert np.array_equal(again.scenarios[0].months.revenue, months.revenue)


def test_months_average_to_those_of_the_expectation():
    model = model_of(*BUNDLE)
    counted = simulate(model, RUNS, months=True)
    mean = simulate(model, RUNS, "expected", months=True)
    for arm, of in zip(
        (counted.today, *counted.scenarios), (mean.today, *mean.scenarios), strict=True
    ):
        for name in ("sales", "revenue", "cost"):
            luck = getattr(arm.months, name) - getattr(of.months, name)
            error = luck.std(axis=0) / np.sqrt(RUNS)
            assert (np.abs(luck.mean(axis=0)) <= 4 * error + 1.0).all(), name
    total = mean.scenarios[0]
    assert total.months.cost.sum(axis=1) == pytest.approx(total.cost.sum(axis=1), rel=1e-12)


IDLE = {
    "odds of one": Lever("idle", EVERYONE, (("offer", "no effect"),)),
    "no points": Lever("idle", EVERYONE, plus=(("offer", 0.0),), timing=Timing(2)),
    "as many arrivals": Lever("idle", EVERYONE, times=(("arrivals", 1.0), ("value", 1.0))),
    "after the end": Lever("idle", EVERYONE, (("offer", "haste"),), timing=Timing(99)),
    "all of it deadweight": Lever("idle", EVERYONE, (("offer", "haste"),), deadweight=1.0),
    "nothing to pull": Lever("idle", EVERYONE, (("offer", "no effect"),), pull_forward=0.5),
    "worth as much later": Lever("idle", EVERYONE, times=(("value", 1.0),), timing=Timing(1, 2)),
}


@pytest.mark.parametrize("lever", IDLE.values(), ids=IDLE)
@pytest.mark.parametrize("engine", ["counts", "expected"])
def test_what_changes_nothing_differs_by_exactly_zero(lever, engine):
    draws = simulate(model_of(lever), 200, engine, months=True)
    then = draws.scenarios[0]
    for name in ("counts", "revenue", "cost"):
        if engine == "counts":
            assert np.array_equal(getattr(then, name), getattr(draws.today, name)), name
        else:
            assert getattr(then, name) == pytest.approx(getattr(draws.today, name), rel=1e-12)
    if engine == "counts":
        for name in ("sales", "revenue", "cost"):
            assert np.array_equal(getattr(then.months, name), getattr(draws.today.months, name))


def test_a_segment_that_no_lever_names_keeps_its_months():
    draws = simulate(model_of(BUNDLE[0]), 50, months=True)
    assert np.array_equal(draws.scenarios[0].counts[:, 2], draws.today.counts[:, 2])


def test_a_lever_acts_in_its_months_only():
    lever = Lever("late", EVERYONE, (("contact", 2.0),), timing=Timing(2, 2))
    _, today, then = expected(lever)
    changed = then.months.sales != today.months.sales
    assert changed.all(axis=0).tolist() == [False, False, True, True, False, False]
    draws = simulate(model_of(lever), 50, months=True)
    same = draws.scenarios[0].months.revenue == draws.today.months.revenue
    assert same.all(axis=0).tolist() == [True, True, False, False, True, True]


def test_strength_acts_on_the_log_odds_by_month():
    lever = Lever("slow", (0,), (("contact", 4.0),), timing=Timing(1, 3, 2, 0.5))
    draws, today, then = expected(lever, stages=STAGES[:2], value=None, costs=())
    # months: 0, 1/2, 1, 1, then halved each month
    strength = np.array([0.0, 0.5, 1.0, 1.0, 0.5, 0.25])
    season = draws.model.arrivals.season
    p = today.counts[:, 0, 1] / today.counts[:, 0, 0]
    odds = 4.0**strength
    moved = odds * p[:, None] / (1 - p[:, None] + odds * p[:, None])
    wanted = (season / season.sum() * moved).sum(axis=1)
    assert then.counts[:, 0, 1] / then.counts[:, 0, 0] == pytest.approx(wanted, rel=1e-12)


def test_costs_of_a_lever_by_hand():
    lever = Lever(
        "letters", (0, 2), (("contract", 1.5),),
        (Charge(10.0, stage="lead"), Charge(6000.0, "once"), Charge(100.0, "month")),
        timing=Timing(1, 3, 2),
    )  # fmt: skip
    _, today, then = expected(lever)
    arrivals = then.counts[:, :, 0]
    season = np.array([0.8, 1.2, 1.1, 0.9, 1.3, 0.7])
    paid = np.array([0.0, 0.5, 1.0, 1.0, 0.0, 0.0])
    each = 10.0 * arrivals * (season * paid).sum() / season.sum()
    counts = np.array([120.5, 1920.5])
    running = 100.0 * paid.sum() * counts / counts.sum()
    assert then.parts[:, 1, [0, 2]] == pytest.approx(each[:, [0, 2]] + running, rel=1e-12)
    assert then.parts[:, 2, 0] == pytest.approx(6000.0 * counts[0] / counts.sum(), rel=1e-12)
    assert then.parts[:, 2, 2] == pytest.approx(6000.0 * counts[1] / counts.sum(), rel=1e-12)
    assert not then.parts[:, 1:3, 1].any()
    assert not today.parts[:, 1:3].any()
    by_month = then.months.cost - today.months.cost
    assert by_month[:, 0] == pytest.approx(0.0, abs=1e-6)
    assert (by_month[:, 1] > 6000.0).all()


def test_deadweight_is_paid_and_has_no_effect():
    lever = Lever("gift", (0,), (("contract", 3.0),), (Charge(5.0, stage="offer"),))
    half = replace(lever, deadweight=0.5)
    weak = Lever("gift", (0,), (("contract", 3.0**0.5),), (Charge(5.0, stage="offer"),))
    with_deadweight, wanted = expected(half)[2], expected(weak)[2]
    assert with_deadweight.counts == pytest.approx(wanted.counts, rel=1e-12)
    assert with_deadweight.cost == pytest.approx(wanted.cost, rel=1e-12)


def test_points_are_added_and_stay_within_bounds():
    p = expected(Lever("idle", (0,)))[1].counts
    plus = expected(Lever("forms", (0,), plus=(("contact", 0.1), ("contact", 0.05))))[2].counts
    gained = plus[:, 0, 1] / plus[:, 0, 0] - p[:, 0, 1] / p[:, 0, 0]
    assert gained == pytest.approx(0.15, rel=1e-9)
    all_of_them = expected(Lever("forms", (0,), plus=(("contact", 1.0),)))[2].counts
    assert np.array_equal(all_of_them[:, 0, 1], all_of_them[:, 0, 0])


def test_more_arrivals_are_alone_and_fewer_are_thinned():
    more = simulate(model_of(Lever("adverts", (0,), times=(("arrivals", 1.5),))), 300)
    gained = more.scenarios[0].counts - more.today.counts
    assert (gained[:, 0] >= 0).all()
    assert gained[:, 0, 0].mean() == pytest.approx(0.5 * more.today.counts[:, 0, 0].mean(), rel=0.1)
    fewer = simulate(model_of(Lever("fewer", (0,), times=(("arrivals", 0.5),))), 300)
    assert (fewer.scenarios[0].counts[:, 0] <= fewer.today.counts[:, 0]).all()


def test_the_value_of_a_sale_multiplies_revenue():
    draws = simulate(model_of(Lever("terms", (0,), times=(("value", 1.25),))), 100)
    today, then = draws.today, draws.scenarios[0]
    assert np.array_equal(then.counts, today.counts)
    assert then.revenue[:, 0] == pytest.approx(1.25 * today.revenue[:, 0], abs=1.0)
    assert np.array_equal(then.revenue[:, 1:], today.revenue[:, 1:])


def test_sales_brought_forward_are_missing_next_month():
    offers = Lever("offers", (0,), (("contract", 2.0),), timing=Timing(1, 1))
    all_extra = expected(offers)[2].months.sales
    pulled = expected(replace(offers, pull_forward=0.4))[2].months.sales
    today = expected(offers)[1].months.sales
    gained = all_extra[:, 1] - today[:, 1]
    assert pulled[:, :2] == pytest.approx(all_extra[:, :2], rel=1e-12)
    assert all_extra[:, 2] - pulled[:, 2] == pytest.approx(0.4 * gained, rel=1e-9)
    assert pulled[:, 3:] == pytest.approx(all_extra[:, 3:], rel=1e-12)


def test_what_is_missing_waits_for_months_with_sales():
    offers = Lever("offers", (0,), (("contract", 1.4),), timing=Timing(0, 1), pull_forward=1.0)
    model = model_of(offers)
    season = np.array([3.0, 0.1, 0.0, 0.1, 1.0, 1.0])
    model = replace(model, arrivals=replace(model.arrivals, season=season))
    draws = simulate(model, 3, "expected", months=True)
    today, then = draws.today, draws.scenarios[0]
    assert then.counts[:, 0, 3] == pytest.approx(today.counts[:, 0, 3], rel=1e-9)
    less = today.months.sales - then.months.sales
    assert (less[:, 0] < 0).all()
    assert (less[:, [1, 3, 4]] > 0).all()
    assert less[:, [2, 5]] == pytest.approx(0.0, abs=1e-9)
    draws = simulate(model, 50)
    assert (draws.scenarios[0].counts >= 0).all()


def test_ranges_of_figures_are_checked():
    for lever in (
        Lever("odd", (0,), (("offer", 0.0),)),
        Lever("odd", (0,), (("offer", "fee"),)),
        Lever("odd", (0,), plus=(("offer", 1.5),)),
        Lever("odd", (0,), deadweight=1.2),
        Lever("odd", (0,), costs=(Charge("gain", stage="offer"),)),
        Lever("odd", (0,), costs=(Charge(1.0, stage="nowhere"),)),
        Lever("odd", (0,), times=(("value", "lasting"),)),
    ):
        with pytest.raises(ValueError, match="odd"):
            model_of(lever)
    with pytest.raises(ValueError, match="persistence"):
        Timing(persistence=2.0)
    assert len(SEGMENTS) == len(EVERYONE)
