"""A firm and its levers: nothing for nothing, contributions that add up, and loops that settle."""

import itertools
import math
from dataclasses import fields, replace

import numpy as np
import pytest
from effort_forms import CHECKED, SHARE, VOLUME, facts_of_two, figures, firm_of_two, names_of
from hypothesis import given
from hypothesis import strategies as st

from segrules.sim.effort.allocation import Curves, allot
from segrules.sim.effort.bridge import (
    Bridge,
    Firm,
    Outcome,
    Response,
    at_equal_pay,
    bridge,
    outcome,
)
from segrules.sim.effort.levers import (
    Checked,
    ChecksOutOfPay,
    Factor,
    Lever,
    Odds,
    Pays,
    untested,
)
from segrules.sim.effort.payroll import pay_per_sale
from segrules.sim.effort.plans import PayPlan, SaleFacts, Tier
from segrules.sim.effort.problems import EffortError
from segrules.sim.effort.quality import Quality

ROUTING = Lever("routing", (Factor("ceiling", (1.25, 1.0)), Factor("speed", (1.25, 1.0))))
PAY = Lever("pay", (Pays(SHARE),))
QA = Lever("qa", (ChecksOutOfPay(),))
COMMS = Lever("comms", (Factor("appointment", (1.14, 1.0)), Odds("retained", (1.3, 1.0))), 900.0)
FOUR = [ROUTING, PAY, QA, COMMS]
STEPPED = replace(VOLUME, name="stepped", tiers=(Tier(10.0, factor=1.5),), cap=2500.0)


def revenue(one):
    return float(one.revenue.sum())


def assert_same(first, second):
    for field in fields(Outcome):
        a, b = getattr(first, field.name), getattr(second, field.name)
        if field.name == "payroll":
            assert np.array_equal(a.pay, b.pay)
        else:
            assert np.all(a == b), field.name


FIRMS = {
    "at its best": {},
    "as observed": {"hours": np.array([5.0, 2.0])},
    "with tiers": {"plan": STEPPED, "hours": np.array([5.0, 2.0])},
    "with effort": {"response": Response(0.6, 0.3, 1e4)},
}


@pytest.mark.parametrize("changed", FIRMS.values(), ids=FIRMS)
def test_levers_that_change_nothing_change_exactly_nothing(changed):
    firm = firm_of_two(**changed)
    ones = (1.0, 1.0)
    same = Lever(
        "same",
        (
            *(Factor(path, ones) for path in ("enquiries", "appointment", "ceiling", "hours")),
            *(Odds(path, ones) for path in ("appointment", "sale", "retained")),
            Pays(replace(firm.plan, name="the same")),
            Checked((0.6, 0.1)),
        ),
    )
    assert_same(outcome(firm), outcome(firm, [same]))


@pytest.mark.parametrize("changed", FIRMS.values(), ids=FIRMS)
def test_hours_are_all_used(changed):
    firm = firm_of_two(**changed)
    today = outcome(firm)
    there = today.appointments @ today.hours
    then = outcome(firm, FOUR)
    assert then.appointments @ then.hours == pytest.approx(then.effort * there)
    if firm.response.effort == 0.0:
        assert then.effort == 1.0


def test_without_response_a_plan_moves_money_only():
    firm = firm_of_two(response=Response(strength=0.0))
    today, then = outcome(firm), outcome(firm, [PAY])
    assert np.array_equal(today.sales, then.sales)
    assert then.pay != today.pay


def test_response_moves_sales_steadily():
    sold = [
        outcome(firm_of_two(response=Response(strength=s)), [PAY]).sales
        for s in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert np.all(np.diff(np.array(sold), axis=0) * [1, -1] > 0)


def test_contributions_add_up_for_every_measure():
    led = bridge(firm_of_two(), FOUR)
    for measure in (revenue, lambda o: o.profit, lambda o: o.pay, lambda o: o.customers):
        gained = np.asarray(measure(led.scenario)) - measure(led.today)
        assert led.contributions(measure).sum(axis=0) == pytest.approx(gained)
    costs = led.contributions(lambda o: o.lever_cost)
    assert costs == pytest.approx([0, 0, 0, 900.0])


def test_levers_have_no_order():
    firm = firm_of_two()
    first = outcome(firm, FOUR)
    for order in itertools.permutations(FOUR):
        assert revenue(outcome(firm, order)) == pytest.approx(revenue(first), rel=1e-13)


def of_figures(values):
    """A bridge whose outcomes are plain numbers, by set of levers."""
    count = len(values).bit_length() - 1
    return Bridge(names_of(count), tuple(values), ())


@given(st.integers(1, 5), st.data())
def test_contributions_are_means_over_all_orders(count, data):
    values = data.draw(figures(2**count, -100.0, 100.0))
    orders = list(itertools.permutations(range(count)))
    expected = np.zeros(count)
    for order in orders:
        held = 0
        for lever in order:
            expected[lever] += values[held | 1 << lever] - values[held]
            held |= 1 << lever
    found = of_figures(values).contributions(float)
    assert found == pytest.approx(expected / len(orders), abs=1e-9)


def test_ten_levers_are_taken_apart():
    squares = of_figures([held.bit_count() ** 2 for held in range(1024)])
    assert squares.contributions(float) == pytest.approx(np.full(10, 10.0))


def test_no_levers_contribute_nothing():
    led = bridge(firm_of_two(), [])
    assert led.today is led.scenario
    assert led.contributions(revenue).shape == (0,)


def test_odds_of_a_sale_are_those_at_the_hours_of_today():
    firm = firm_of_two(response=Response(strength=0.0))
    today, then = outcome(firm), outcome(firm, [Lever("trust", (Odds("sale", (1.5, 1.0)),))])
    odds = [one.sale / (1 - one.sale) for one in (today, then)]
    assert odds[1] / odds[0] == pytest.approx([1.5, 1.0])


def test_two_levers_on_one_path_multiply_and_are_told():
    letters = Lever("letters", (Factor("appointment", (1.1, 1.0)),))
    calls = Lever("calls", (Factor("appointment", (1.2, 1.0)), Factor("hours", (1.1, 1.1))))
    assert untested([letters, calls]) == ("appointment",)
    led = bridge(firm_of_two(), [letters, calls])
    assert led.untested == ("appointment",)
    more = outcome(firm_of_two(), [Lever("mail", (Factor("enquiries", (2.0, 1.0)),))])
    assert more.appointments == pytest.approx(led.today.appointments * [2.0, 1.0])
    assert led.scenario.appointment == pytest.approx([0.35 * 1.32, 0.5])
    assert led.scenario.effort == pytest.approx(1.1)
    assert untested(FOUR) == ()


@pytest.mark.parametrize("changed", FIRMS.values(), ids=FIRMS)
@pytest.mark.parametrize(
    "plan", [SHARE, STEPPED, replace(SHARE, cap=1500.0)], ids=["plain", "stepped", "capped"]
)
def test_a_plan_is_reset_to_cost_the_same(changed, plan):
    firm = firm_of_two(**changed)
    neutral = at_equal_pay(firm, [Lever("pay", (Pays(plan),)), ROUTING])
    assert neutral.outcome.pay == pytest.approx(outcome(firm).pay, rel=1e-8)
    assert neutral.plan == plan.at_level(neutral.level)


def test_plans_with_tiers_settle_where_hours_and_pay_agree():
    firm = firm_of_two(plan=STEPPED)
    steeper = replace(STEPPED, tiers=(Tier(12.0, factor=3.0, extra=20.0),))
    for plan, levers in ((STEPPED, []), (steeper, [Lever("pay", (Pays(steeper),))])):
        reached = outcome(firm, levers)
        pay = pay_per_sale(plan, firm.facts, reached.sales, firm.pool)
        again = allot(reached.appointments, pay, firm.curves, 2400.0)
        assert reached.hours == pytest.approx(again.hours, rel=1e-9)


def test_better_paid_pools_work_longer_if_asked():
    twice = Lever("twice", (Pays(replace(VOLUME, per_sale=200.0)),))
    firm = firm_of_two(response=Response(effort=0.2, salary=0.0))
    today, then = outcome(firm), outcome(firm, [twice])
    assert then.effort == pytest.approx((then.pay / today.pay) ** 0.2)
    assert then.effort > 1.1
    salaried = firm_of_two(response=Response(effort=0.2, salary=1e6))
    assert 1.0 < outcome(salaried, [twice]).effort < 1.02


def test_profit_counts_every_cost():
    one = outcome(firm_of_two(response=Response(salary=500.0)), [COMMS])
    expected = one.margin.sum() - one.payroll.total - 500.0 - 900.0
    assert one.profit == pytest.approx(expected)
    assert one.margin == pytest.approx(0.4 * one.revenue)


REFUSED = {
    "a plan that pays nothing": (
        {},
        [Lever("pay", (Pays(PayPlan("none")),))],
        ("pays nothing", "none", 0.0),
    ),
    "a plan that takes more than it pays": (
        {"facts": replace(facts_of_two(), failing=np.ones(2), checked=np.ones(2))},
        [],
        ("pays nothing", "volume", -60.0),
    ),
    "negative hours": ({"hours": -1.0}, [], ("no hours", "", -1.0)),
    "no hours observed": (
        {"hours": np.array([1.0, 0.0])},
        [],
        ("no hours", "low", 0.0),
    ),
    "a rate above 1": (
        {},
        [Lever("mail", (Factor("appointment", (3.0, 1.0)),))],
        ("share", "high", 0.35 * 3.0),
    ),
    "a ceiling above 1": (
        {},
        [Lever("skill", (Factor("ceiling", (3.0, 1.0)),))],
        ("ceiling", "high", 1.26),
    ),
    "a speed of 0": (
        {},
        [Lever("skill", (Factor("speed", (0.0, 1.0)),))],
        ("negative", "high", 0.0),
    ),
    "a factor below 0": (
        {},
        [Lever("mail", (Factor("enquiries", (-1.0, 1.0)),))],
        ("negative", "mail, high", -1.0),
    ),
    "a figure too many": (
        {},
        [Lever("mail", (Odds("sale", (1.0, 1.0, 1.0)),))],
        ("count of figures", "mail", 3.0),
    ),
    "hours by segment": (
        {},
        [Lever("hire", (Factor("hours", (1.0, 2.0)),))],
        ("count of figures", "hire", 2.0),
    ),
    "checks of more than all": (
        {},
        [Lever("qa", (Checked((1.2, 0.5)),))],
        ("share", "qa, high", 1.2),
    ),
    "odds of 0": (
        {},
        [Lever("mail", (Odds("retained", (1.0, 0.0)),))],
        ("negative", "mail", 0.0),
    ),
    "a cost without end": ({}, [Lever("mail", (), math.inf)], ("not a number", "mail", math.inf)),
    "a salary with a minus": ({"response": Response(salary=-1.0)}, [], ("negative", "", -1.0)),
    "effort without end": (
        {"response": Response(effort=math.inf)},
        [],
        ("not a number", "", math.inf),
    ),
    "risks of another firm": ({"quality": Quality.none(3)}, [], ("count of figures", "", 3.0)),
    "two plans": ({}, [PAY, replace(PAY, name="more")], ("two plans", "pay + more", 2.0)),
    "a response above 1": ({"response": Response(2.0)}, [], ("share", "", 2.0)),
    "rates that are none": (
        {"appointment": np.array([0.3, 1.3])},
        [],
        ("share", "low", 1.3),
    ),
    "negative enquiries": (
        {"enquiries": np.array([-3.0, 1.0])},
        [],
        ("negative", "high", -3.0),
    ),
    "no enquiries": ({"enquiries": np.zeros(2)}, [], ("no cases", "", 0.0)),
    "a segment too few": ({"enquiries": np.ones(1)}, [], ("count of figures", "", 1.0)),
    "hours that no pay explains": (
        {
            "hours": np.array([5.0, 2.0]),
            "plan": PayPlan("odd", per_sale=(0.0, 10.0), checks=CHECKED),
        },
        [],
        ("pays nothing", "odd for high", -7.2),
    ),
}


@pytest.mark.parametrize(("changed", "levers", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_worked_out(changed, levers, told):
    with pytest.raises(EffortError) as raised:
        outcome(firm_of_two(**changed), levers)
    first = raised.value.problems[0]
    assert (first.kind, first.where) == told[:2]
    assert first.value == pytest.approx(told[2])
    assert first.advice


def test_too_many_levers():
    many = [Lever(f"lever {i}", ()) for i in range(11)]
    with pytest.raises(EffortError, match="number of levers is 11"):
        bridge(firm_of_two(), many)


def test_effort_that_runs_away_is_told():
    # Every 1% more pay takes nearly all hours away, and the lack of pay brings them back.
    firm = firm_of_two(response=Response(effort=-300.0))
    twice = Lever("twice", (Pays(replace(VOLUME, per_sale=200.0)),))
    with pytest.raises(EffortError) as raised:
        outcome(firm, [twice])
    (problem,) = raised.value.problems
    assert problem.kind == "unsettled"
    assert problem.value > 1e-3


def test_a_wide_firm():
    count = 12
    generator = np.random.default_rng(1)
    names = names_of(count)
    draw = generator.uniform
    value = draw(100.0, 5000.0, count)
    facts = SaleFacts(
        names, value, value / 2, draw(0, 1, count), draw(0, 0.2, count), draw(0, 1, count)
    )
    curves = Curves(names, draw(0.2, 0.8, count), draw(0.2, 2.0, count))
    firm = Firm(draw(50, 500, count), draw(0.2, 0.8, count), curves, facts, SHARE, 3000.0)
    today = outcome(firm)
    assert today.appointments @ today.hours == pytest.approx(3000.0)
    assert math.isfinite(today.profit)
