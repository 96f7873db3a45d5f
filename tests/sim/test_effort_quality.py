"""Checks: what they keep from happening, what they cost, and that both levers move the risk."""

from dataclasses import replace

import numpy as np
import pytest
from effort_forms import CHECKED, VOLUME, facts_of_two, figures, firm_of_two
from hypothesis import given
from hypothesis import strategies as st

from segrules.sim.effort.bridge import outcome
from segrules.sim.effort.levers import Checked, ChecksOutOfPay, Lever, Pays
from segrules.sim.effort.plans import CheckTerms, PayPlan
from segrules.sim.effort.problems import EffortError
from segrules.sim.effort.quality import Quality, gain, quality_cost, risk_then, risk_today, shifted

QUALITY = Quality(
    missold=np.array([0.06, 0.02]),
    found=np.array([0.8, 0.8]),
    loss=np.array([5000.0, 1500.0]),
    check_cost=np.array([18.0, 18.0]),
    hold=np.array([2.0, 1.0]),
    drop=np.array([0.01, 0.01]),
    temptation=0.5,
)
FACTS = facts_of_two()
OUT = Lever("out of the bonus", (ChecksOutOfPay(),))
FEWER = Lever("fewer checks", (Checked((0.3, 0.05)),))


def test_costs_of_today():
    firm = firm_of_two(quality=QUALITY)
    today = outcome(firm)
    sales = today.sales
    assert today.check_cost == pytest.approx(sales * [0.6, 0.1] * 18.0)
    unfound = np.array([0.06 * (1 - 0.6 * 0.8), 0.02 * (1 - 0.1 * 0.8)])
    assert today.missale_cost == pytest.approx(sales * unfound * [5000.0, 1500.0])
    assert np.array_equal(today.missold, QUALITY.missold)
    assert np.array_equal(today.failing, FACTS.failing)


def test_sales_fall_through_while_they_wait_for_a_check():
    passing = risk_today(QUALITY, FACTS).passing
    assert passing == pytest.approx([0.4 + 0.6 * np.exp(-0.02), 0.9 + 0.1 * np.exp(-0.01)])
    firm = firm_of_two(quality=QUALITY)
    today = outcome(firm)
    assert today.sale == pytest.approx(firm.curves.sold(today.hours) * passing)
    held = outcome(firm_of_two(quality=replace(QUALITY, hold=np.array([200.0, 1.0]))))
    assert held.sale[0] < outcome(firm_of_two(quality=QUALITY)).sale[0]
    # Agents see it, and turn to the other segment.
    assert held.hours[0] < outcome(firm_of_two(quality=QUALITY)).hours[0]


def test_both_levers_of_quality_raise_the_cost_of_risk_a_sale():
    firm = firm_of_two(quality=QUALITY)
    today = outcome(firm)
    per_sale = today.missale_cost / today.sales
    for lever in (OUT, FEWER):
        then = outcome(firm, [lever])
        assert np.all(then.missold > today.missold)
        assert np.all(then.missale_cost / then.sales > per_sale)
    out, fewer = outcome(firm, [OUT]), outcome(firm, [FEWER])
    assert np.all(out.failing > today.failing)
    # Out of the bonus checks go on; with fewer of them they cost less.
    assert out.check_cost / out.sales == pytest.approx(today.check_cost / today.sales)
    assert np.all(fewer.check_cost / fewer.sales < 0.6 * today.check_cost / today.sales)


def test_without_temptation_only_the_share_found_changes():
    firm = firm_of_two(quality=replace(QUALITY, temptation=0.0))
    today = outcome(firm)
    out, fewer = outcome(firm, [OUT]), outcome(firm, [FEWER])
    assert np.array_equal(out.missold, today.missold)
    assert out.missale_cost / out.sales == pytest.approx(today.missale_cost / today.sales)
    unfound = QUALITY.missold * (1 - np.array([0.3, 0.05]) * 0.8) * QUALITY.loss
    assert fewer.missale_cost / fewer.sales == pytest.approx(unfound)


def rise(checked, terms):
    """Mis-sales before and after the bonus per sale is doubled."""
    facts = replace(FACTS, checked=np.full(2, checked))
    quality = replace(QUALITY, found=np.ones(2))
    once = PayPlan("once", per_sale=100.0, checks=terms)
    firm = firm_of_two(facts=facts, plan=once, quality=quality)
    twice = replace(once, per_sale=200.0)
    return outcome(firm).missold, outcome(firm, [Lever("twice", (Pays(twice),))]).missold


def test_more_pay_per_sale_raises_missales_where_quality_is_neither_paid_nor_checked():
    before, after = rise(0.0, CheckTerms())
    odds = after / (1 - after) / (before / (1 - before))
    assert odds == pytest.approx(np.exp([0.5, 0.5]))
    unpaid, raised = rise(1.0, CheckTerms())
    assert np.all(raised > unpaid)
    unchecked, also = rise(0.0, CHECKED)
    assert np.all(also > unchecked)


def test_more_pay_per_sale_raises_nothing_where_every_sale_is_checked_and_taken_back():
    before, after = rise(1.0, CHECKED)
    assert np.array_equal(before, after)


@given(figures(2, 1.0, 300.0), st.floats(0.0, 1.0), st.floats(0.0, 50.0))
def test_a_missale_gains_less_the_more_is_lost_by_it(bonus, share, amount):
    free = gain(PayPlan("free"), bonus, np.full(2, 0.5), np.full(2, 0.8))
    assert np.array_equal(free, bonus)
    for terms in (CheckTerms(share), CheckTerms(penalty=amount), CheckTerms(sound=amount)):
        some = gain(PayPlan("some", checks=terms), bonus, np.full(2, 0.5), np.full(2, 0.8))
        assert np.all(some <= free)


@given(st.floats(0.001, 0.999), st.floats(-5.0, 5.0))
def test_shares_stay_shares(share, push):
    for function in (shifted, shifted.py_func):
        there = function(share, push)
        assert 0 < there < 1
        assert np.log(there / (1 - there)) == pytest.approx(
            np.log(share / (1 - share)) + push, abs=1e-9
        )
    assert shifted(share, 0.0) == share
    assert shifted(0.0, push) == 0.0


def test_the_same_plan_and_checks_move_nothing():
    bonus = np.array([100.0, 100.0])
    gained = gain(VOLUME, bonus, FACTS.checked, QUALITY.found)
    risk = risk_then(QUALITY, (FACTS, bonus, gained), FACTS.checked, gained)
    today = risk_today(QUALITY, FACTS)
    for name in ("missold", "failing", "passing"):
        assert np.array_equal(getattr(risk, name), getattr(today, name))


def test_costs_of_no_sales_are_none():
    checks, missales = quality_cost(risk_today(QUALITY, FACTS), QUALITY, FACTS.checked, np.zeros(2))
    assert checks.sum() == missales.sum() == 0.0


FAULTS = {
    "missold": (np.array([0.1, 1.4]), "share", 1.4),
    "found": (np.array([-0.1, 0.5]), "share", -0.1),
    "loss": (np.array([-5.0, 5.0]), "negative", -5.0),
    "hold": (np.array([1.0, np.inf]), "not a number", np.inf),
    "temptation": (-1.0, "negative", -1.0),
}


@pytest.mark.parametrize("field", FAULTS)
def test_faults_of_quality(field):
    value, kind, number = FAULTS[field]
    with pytest.raises(EffortError) as raised:
        outcome(firm_of_two(quality=replace(QUALITY, **{field: value})))
    (problem,) = raised.value.problems
    assert (problem.kind, problem.value) == (kind, number)
