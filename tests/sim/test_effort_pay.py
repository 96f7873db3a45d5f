"""Pay plans: what a sale is worth to an agent, what a pool is paid, and resetting the level."""

import math

import numpy as np
import pytest
from effort_forms import NAMES, SHARE, VOLUME, facts_of_two, figures
from hypothesis import given
from hypothesis import strategies as st

from segrules.sim.effort.neutral import neutral_level
from segrules.sim.effort.payroll import Pool, bonus_per_sale, net_pay, pay_per_sale, payroll
from segrules.sim.effort.plans import (
    CheckTerms,
    PayPlan,
    SaleFacts,
    StayTerms,
    Tier,
    plan_problems,
)
from segrules.sim.effort.problems import EffortError

FACTS = facts_of_two()
POOL = Pool(agents=4, periods=3)
SALES = np.array([60.0, 240.0])
EVERYTHING = PayPlan(
    "everything",
    per_sale=(20.0, 10.0),
    of_value=0.01,
    of_margin=(0.02, 0.03),
    multiplier=(1.5, 1.0),
    checks=CheckTerms(clawback=0.5, penalty=15.0, sound=4.0),
    stays=StayTerms(amount=5.0, of_value=0.002, periods=2),
)


def test_every_term_is_paid():
    bonus = bonus_per_sale(EVERYTHING, FACTS)
    assert bonus == pytest.approx([1.5 * (20 + 30 + 0.02 * 1200), 10 + 9 + 0.03 * 360])
    high = 111.0 - 0.6 * 0.2 * (0.5 * 111.0 + 15.0) + 0.6 * 0.8 * 4.0 + 0.78**2 * (5.0 + 6.0)
    assert pay_per_sale(EVERYTHING, FACTS, SALES, POOL)[0] == pytest.approx(high)


def test_net_pay_is_what_a_plan_with_checks_only_pays():
    for j, bonus in enumerate(bonus_per_sale(VOLUME, FACTS)):
        alone = net_pay(bonus, FACTS.checked[j], FACTS.failing[j], 1.0, 60.0)
        assert pay_per_sale(VOLUME, FACTS, SALES, POOL)[j] == pytest.approx(alone)
    assert net_pay(10.0, 0.6, 0.15, 1.0, 5.0) == pytest.approx(8.65)


TIERED = {
    "an accelerator": {"tiers": (Tier(20.0, factor=1.5), Tier(30.0, factor=2.0))},
    "an extra": {"tiers": (Tier(25.0, extra=40.0),)},
    "a start that pays nothing": {"tiers": (Tier(0.0, factor=0.0), Tier(15.0))},
    "a cap": {"cap": 1300.0},
    "all of it": {"tiers": (Tier(20.0, factor=1.3, extra=9.0),), "cap": 1700.0},
}


def tiered(changes):
    fields = {name: getattr(EVERYTHING, name) for name in EVERYTHING.__dataclass_fields__}
    return PayPlan(**(fields | changes))


def test_the_caps_of_these_tests_bind():
    for terms in ("a cap", "all of it"):
        free = tiered(TIERED[terms] | {"cap": math.inf})
        most = payroll(free, FACTS, SALES, POOL).total
        assert 0.7 * most < payroll(tiered(TIERED[terms]), FACTS, SALES, POOL).total < 0.99 * most


@pytest.mark.parametrize("changes", [{}, *TIERED.values()], ids=["plain", *TIERED])
def test_where_sales_are_alike_pay_per_sale_is_the_slope_of_the_payroll(changes):
    one = SaleFacts(("one",), *(np.array([x]) for x in (3000.0, 1200.0, 0.6, 0.2, 0.78)))
    plan = tiered({"per_sale": 20.0, "of_margin": 0.02, "multiplier": 1.0} | changes)
    high, low = (payroll(plan, one, np.array([x]), POOL).total for x in (300.0001, 299.9999))
    pay = pay_per_sale(plan, one, np.array([300.0]), POOL)
    assert pay[0] == pytest.approx((high - low) / 2e-4, rel=1e-5)


@pytest.mark.parametrize("terms", [name for name in TIERED if "cap" not in TIERED[name]])
def test_pay_per_sale_is_the_slope_of_the_payroll_on_the_mean(terms):
    plan = tiered(TIERED[terms])
    high, low = (payroll(plan, FACTS, SALES * x, POOL).total for x in (1.000001, 0.999999))
    mean = SALES @ pay_per_sale(plan, FACTS, SALES, POOL)
    assert mean == pytest.approx((high - low) / 2e-6, rel=1e-5)


def test_a_sale_is_worth_what_it_adds_as_the_last_of_the_period():
    plan = PayPlan("stepped", of_value=0.04, tiers=(Tier(24.0, factor=2.0),), cap=2000.0)
    number = np.random.default_rng(4).poisson(25.0, 400_000)
    mean = (60.0 * 120.0 + 240.0 * 36.0) / 300.0
    before = mean * (np.minimum(number, 24) + 2.0 * np.clip(number - 24, 0, None))
    pay = pay_per_sale(plan, FACTS, SALES, POOL)
    for j, bonus in enumerate((120.0, 36.0)):
        after = before + bonus * np.where(number >= 24, 2.0, 1.0)
        gained = np.minimum(2000.0, after) - np.minimum(2000.0, before)
        error = gained.std() / math.sqrt(len(gained))
        assert abs(gained.mean() - pay[j]) <= 4 * error


def test_a_tier_nobody_reaches_and_a_cap_far_away_change_nothing():
    far = tiered({"tiers": (Tier(1e4, factor=3.0, extra=9.0),), "cap": 1e9})
    pay = pay_per_sale(far, FACTS, SALES, POOL)
    assert pay == pytest.approx(pay_per_sale(EVERYTHING, FACTS, SALES, POOL))
    assert payroll(far, FACTS, SALES, POOL).total == pytest.approx(
        payroll(EVERYTHING, FACTS, SALES, POOL).total
    )
    assert pay_per_sale(far, FACTS, np.zeros(2), POOL) == pytest.approx(pay)


def test_expected_pay_is_the_mean_over_agents_with_luck():
    plan = PayPlan(
        "tiers", per_sale=50.0, tiers=(Tier(20.0, factor=2.0), Tier(28.0, 1.0, 30.0)), cap=1700.0
    )
    number = np.random.default_rng(3).poisson(25.0, 400_000)
    paid = 50.0 * (np.minimum(number, 20) + 2.0 * np.clip(number - 20, 0, 8))
    paid = np.minimum(1700.0, paid + 80.0 * np.clip(number - 28, 0, None))
    error = paid.std() / math.sqrt(len(paid))
    expected = payroll(plan, FACTS, np.array([60.0, 240.0]), POOL).total / 12.0
    assert abs(paid.mean() - expected) <= 4 * error


def test_a_payroll_says_what_was_taken_back():
    paid = payroll(VOLUME, FACTS, SALES, POOL)
    assert paid.clawed_back == pytest.approx(SALES * [0.12, 0.005] * 100.0)
    assert paid.penalties == pytest.approx(SALES * [0.12, 0.005] * 60.0)
    assert paid.pay == pytest.approx(SALES * pay_per_sale(VOLUME, FACTS, SALES, POOL))
    assert paid.total == pytest.approx(paid.pay.sum())


def test_no_sales_are_paid_nothing():
    for plan in (EVERYTHING, tiered(TIERED["all of it"])):
        assert payroll(plan, FACTS, np.zeros(2), POOL).total == 0.0


def test_capped_agents_gain_nothing_by_one_more():
    plan = PayPlan("capped", per_sale=100.0, cap=500.0)
    assert pay_per_sale(plan, FACTS, SALES, POOL) == pytest.approx([0.0, 0.0], abs=1e-3)
    assert payroll(plan, FACTS, SALES, POOL).total == pytest.approx(12 * 500.0, rel=1e-4)


def test_out_of_checks():
    free = VOLUME.out_of_checks()
    assert free.checks == CheckTerms()
    assert pay_per_sale(free, FACTS, SALES, POOL) == pytest.approx([100.0, 100.0])


@given(st.floats(0.1, 10.0))
def test_levels_multiply_what_is_paid_and_leave_penalties(level):
    unpunished = {"checks": CheckTerms(clawback=0.5, sound=4.0)}
    for plan in (tiered(unpunished), tiered(unpunished | TIERED["an extra"])):
        before = payroll(plan, FACTS, SALES, POOL)
        after = payroll(plan.at_level(level), FACTS, SALES, POOL)
        assert after.total == pytest.approx(level * before.total)
    raised = payroll(EVERYTHING.at_level(level), FACTS, SALES, POOL)
    assert np.array_equal(raised.penalties, payroll(EVERYTHING, FACTS, SALES, POOL).penalties)


def test_level_1_is_the_plan_itself():
    assert EVERYTHING.at_level(1.0) is EVERYTHING


@given(figures(2, 1.0, 300.0), st.floats(0.5, 1.5), st.sampled_from(list(TIERED)))
def test_a_level_is_found_that_costs_the_same(sales, wanted, terms):
    plan = tiered(TIERED[terms])
    paid = payroll(plan, FACTS, sales, Pool(12, 3)).total
    # More than a cap allows cannot be reached.
    target = paid * (wanted if plan.cap == math.inf else min(wanted, 1.0 / wanted))

    def cost(level):
        return payroll(plan.at_level(level), FACTS, sales, Pool(12, 3)).total

    reset = neutral_level(cost, target)
    assert cost(reset) == pytest.approx(target, rel=1e-9)


def test_what_costs_the_same_already_stays():
    assert neutral_level(lambda level: 7.0 * level, 7.0) == 1.0


def test_proportional_plans_are_reset_by_division():
    assert neutral_level(lambda level: 7.0 * level, 3.0) == pytest.approx(3 / 7, rel=1e-14)


def test_a_level_that_a_cap_keeps_from_being_reached():
    plan = PayPlan("capped", per_sale=100.0, cap=500.0)
    with pytest.raises(EffortError) as raised:
        neutral_level(lambda x: payroll(plan.at_level(x), FACTS, SALES, POOL).total, 7000.0)
    (problem,) = raised.value.problems
    assert problem.kind == "level"
    assert problem.value == pytest.approx(6000.0, rel=1e-4)
    for target in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(EffortError, match="pay to reach"):
            neutral_level(lambda level: level, target)


FAULTS = {
    "negative pay": (PayPlan("p", per_sale=-5.0), "negative", "pay per sale", -5.0),
    "pay that is not a number": (
        PayPlan("p", of_value=math.nan),
        "not a number",
        "share of value",
        math.nan,
    ),
    "a figure too few": (
        PayPlan("p", per_sale=(1.0, 2.0, 3.0)),
        "count of figures",
        "number of figures for pay per sale",
        3.0,
    ),
    "too much taken back": (
        PayPlan("p", per_sale=1.0, checks=CheckTerms(clawback=1.5)),
        "share",
        "clawback",
        1.5,
    ),
    "a penalty with a minus": (
        PayPlan("p", per_sale=1.0, checks=CheckTerms(penalty=-60.0)),
        "negative",
        "penalty",
        -60.0,
    ),
    "a cap of nothing": (PayPlan("p", per_sale=1.0, cap=0.0), "pays nothing", "cap", 0.0),
    "tiers in disorder": (
        PayPlan("p", per_sale=1.0, tiers=(Tier(20.0), Tier(10.0))),
        "level",
        "start of a tier",
        10.0,
    ),
    "no period to stay": (
        PayPlan("p", stays=StayTerms(amount=1.0, periods=0)),
        "negative",
        "periods to stay",
        0.0,
    ),
}


@pytest.mark.parametrize(("plan", "kind", "subject", "value"), FAULTS.values(), ids=FAULTS)
def test_faults_of_plans(plan, kind, subject, value):
    (problem,) = plan_problems(plan, NAMES)
    assert (problem.kind, problem.subject) == (kind, subject)
    assert problem.value == value or math.isnan(value)
    assert problem.where in ("p", *NAMES)


def test_sound_plans_have_no_problems():
    for plan in (VOLUME, SHARE, EVERYTHING, *map(tiered, TIERED.values())):
        assert plan_problems(plan, NAMES) == []


def test_faults_of_facts():
    half = np.full(2, 0.5)
    bad = SaleFacts(NAMES, np.array([1.0, math.inf]), half, half, np.array([0.5, 1.5]), np.ones(3))
    told = [(problem.kind, problem.where, problem.value) for problem in bad.problems()]
    assert told == [
        ("not a number", "low", math.inf),
        ("share", "low", 1.5),
        ("count of figures", "", 3.0),
    ]
    assert FACTS.problems() == []
