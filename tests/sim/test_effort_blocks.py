"""The kernels as a block of replications uses them: every run has its own elasticities and pay."""

import numba
import numpy as np
import pytest
from effort_forms import names_of

from segrules.sim.effort.allocation import Curves, sold
from segrules.sim.effort.curves import curves_of, elicit, highest_elasticity
from segrules.sim.effort.payroll import Pool, net_pay, pay_per_sale
from segrules.sim.effort.plans import CheckTerms, PayPlan, SaleFacts
from segrules.sim.effort.response import Then, Today, as_observed, respond, work

RUNS, COUNT = 40, 12
NAMES = names_of(COUNT)


def drawn():
    draw = np.random.default_rng(11).uniform
    rate = draw(0.05, 0.6, (RUNS, COUNT))
    elasticity = draw(0.2, 0.9, (RUNS, COUNT)) * highest_elasticity.py_func(0.6)
    return draw(20, 300, COUNT), draw(1.0, 5.0, COUNT), rate, elasticity, draw(0, 1, RUNS)


@numba.njit
def run(facts, rate, elasticity, strength, hours, then_rate):
    """The plan goes from 100 a sale to 5% of the value; checks take 60 and the bonus back."""
    cases, now, value, checked, failing = facts
    count = len(cases)
    ceiling, speed, anchor, pay = np.empty((4, count))
    for r in range(len(rate)):
        for j in range(count):
            ceiling[j], speed[j] = elicit(elasticity[r, j], now[j], rate[r, j])
            before = net_pay(100.0, checked[j], failing[j], 1.0, 60.0)
            anchor[j] = before * ceiling[j] * speed[j]
            pay[j] = net_pay(0.05 * value[j], checked[j], failing[j], 1.0, 60.0)
        today = Today(cases, now, rate[r], ceiling, speed, anchor)
        then = Then(cases, pay, ceiling, speed)
        respond(today, then, strength[r], 1.0, hours[r], then_rate[r])


def test_a_block_gives_what_single_runs_give():
    cases, now, rate, elasticity, strength = drawn()
    draw = np.random.default_rng(12).uniform
    value, checked, failing = (
        draw(500, 4000, COUNT),
        draw(0, 0.6, COUNT),
        draw(0, 0.2, COUNT),
    )
    hours, sales = np.empty((2, RUNS, COUNT))
    run((cases, now, value, checked, failing), rate, elasticity, strength, hours, sales)
    facts = SaleFacts(NAMES, value, value, checked, failing, np.ones(COUNT))
    terms = CheckTerms(clawback=1.0, penalty=60.0)
    plans = (PayPlan("volume", 100.0, checks=terms), PayPlan("share", of_value=0.05, checks=terms))
    for r in range(RUNS):
        before, after = (pay_per_sale(plan, facts, cases, Pool()) for plan in plans)
        today = as_observed(cases, now, rate[r], elasticity[r], (NAMES, before))
        alone = work(today, Then(cases, after, today.ceiling, today.speed), float(strength[r]))
        assert hours[r] == pytest.approx(alone[0], rel=1e-9)
        assert sales[r] == pytest.approx(alone[1], rel=1e-9)


def test_chances_of_a_sale():
    _, now, rate, elasticity, _ = drawn()
    curves = curves_of(NAMES, elasticity[0], now, rate[0])
    for function in (sold, sold.py_func):
        one = [function(*each) for each in zip(curves.ceiling, curves.speed, now, strict=True)]
        assert one == pytest.approx(rate[0])
    # A posterior may draw a curve whose ceiling is above 1; no chance is.
    assert sold(1.5, 1.0, 50.0) == 1.0
    above = Curves(names_of(1), np.array([1.5]), np.ones(1))
    assert above.sold(np.array([50.0]))[0] == 1.0
