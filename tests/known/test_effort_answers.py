"""Known answers of effort, pay and checks, and the advice case with its four levers."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from known import case

from segrules.backends.kernel import jit
from segrules.sim.decide import shapley
from segrules.sim.effort import allocation, losers, payroll, response
from segrules.sim.effort import bridge as bridges
from segrules.sim.effort.allocation import Curves, allot
from segrules.sim.effort.bridge import Firm, at_equal_pay, bridge
from segrules.sim.effort.levers import ChecksOutOfPay, Factor, Lever, Pays
from segrules.sim.effort.linear_contract import linear_contract
from segrules.sim.effort.neutral import neutral_level
from segrules.sim.effort.payroll import Pool
from segrules.sim.effort.plans import CheckTerms, PayPlan, SaleFacts

NAMES = ("high", "low")
POOL = Pool()


def near(expected, rel=1e-9):
    return pytest.approx(expected, rel=rel, abs=0)


class Sold:
    """What a pool sells under a plan, and what it is paid."""

    def __init__(self, inputs, plan, checked=(0.0, 0.0), failing=(0.0, 0.0)):
        self.value = np.array(inputs["revenue"])
        one = np.ones(2)
        self.facts = SaleFacts(
            NAMES, self.value, self.value, np.array(checked), np.array(failing), one
        )
        cases = np.array(inputs["n"], dtype=float)
        curves = Curves(NAMES, np.array(inputs["pmax"]), np.array(inputs["k"]))
        self.pay = payroll.pay_per_sale(plan, self.facts, 0 * one, POOL)
        self.hours = allot(cases, self.pay, curves, inputs["H"]).hours
        self.rate = curves.sold(self.hours)
        self.sales = cases * self.rate
        self.revenue = self.sales @ self.value
        self.paid = payroll.payroll(plan, self.facts, self.sales, POOL).total


def test_hours_go_where_the_plan_pays():
    inputs, expected = case("effort_allocation_waterfilling")
    volume = Sold(inputs, PayPlan("volume", per_sale=inputs["volume_bonus"]))
    share = Sold(inputs, PayPlan("share", of_value=inputs["commission"]))
    for name, sold in (("volume", volume), ("revpay", share)):
        assert sold.hours == near(expected[f"{name}_hours_per_lead"])
        assert sold.rate == near(expected[f"{name}_conv"])
        assert sold.sales == near(expected[f"{name}_sales"])
        assert sold.revenue == near(expected[f"{name}_revenue"])
        assert sold.paid == near(expected[f"{name}_pay"])
    assert share.revenue == near(expected["first_best_revenue"])
    assert share.revenue / volume.revenue - 1 == near(expected["revenue_uplift"])
    change = share.sales.sum() / volume.sales.sum() - 1
    assert change == near(expected["sales_count_change"])
    plan = PayPlan("share", of_value=inputs["commission"])
    level = neutral_level(lambda x: Sold(inputs, plan.at_level(x)).paid, volume.paid)
    assert level * inputs["commission"] == near(expected["cost_neutral_commission"])


def test_checks_move_hours():
    inputs, expected = case("effort_allocation_with_qa_penalty")
    checked, failing = ((inputs[f"{what}_H"], inputs[f"{what}_L"]) for what in ("qa", "fail"))
    terms = CheckTerms(clawback=1.0, penalty=inputs["extra_penalty"])
    plan = PayPlan("volume", per_sale=inputs["bonus"], checks=terms)
    sold = Sold(inputs, plan, checked, failing)
    assert sold.pay == near([expected["b_eff_H"], expected["b_eff_L"]])
    assert sold.hours == near(expected["hours_per_lead"])
    assert sold.rate == near(expected["conv"])
    assert sold.sales == near(expected["sales"])
    assert sold.revenue == near(expected["revenue"])


def test_best_linear_contract():
    inputs, expected = case("linear_contract_LEN")
    contract = linear_contract(inputs["r"], inputs["c"], inputs["sigma"])
    assert contract.share == near(expected["beta_opt"])
    assert contract.effort == near(expected["effort"])
    assert contract.surplus == near(expected["total_surplus"])
    assert contract.first_best == near(expected["first_best_surplus"])


def advice(inputs):
    """The firm of the advice case, and its four levers."""

    def array(name):
        return np.array(inputs[name], dtype=float)

    value = array("rev")
    facts = SaleFacts(NAMES, value, value, array("qa_check"), array("qa_fail"), array("p3"))
    terms = CheckTerms(clawback=1.0, penalty=inputs["extra_penalty"])
    firm = Firm(
        enquiries=array("enq"),
        appointment=array("p1"),
        curves=Curves(NAMES, array("pmax"), array("k")),
        facts=facts,
        plan=PayPlan("volume", per_sale=inputs["volume_bonus"], checks=terms),
        hours=inputs["hours"],
    )
    routing, comms = inputs["levers"]["routing"], inputs["levers"]["comms"]
    share = PayPlan("share", of_value=inputs["commission"], checks=terms)
    levers = [
        Lever(
            "routing",
            (Factor("ceiling", (routing["pmax_H"], 1.0)), Factor("speed", (routing["k_H"], 1.0))),
        ),
        Lever("pay", (Pays(share),)),
        Lever("qa", (ChecksOutOfPay(),)),
        Lever(
            "comms",
            (Factor("appointment", (comms["p1_H"], 1.0)), Factor("retained", (comms["p3_H"], 1.0))),
        ),
    ]
    return firm, levers


def revenue(outcome):
    return float(outcome.revenue.sum())


def agree_with_advice():
    inputs, expected = case("advice_integrated_mean_field")
    firm, levers = advice(inputs)
    led = bridge(firm, levers)
    today, then = led.today, led.scenario
    for name, outcome in (("base", today), ("scen", then)):
        assert outcome.hours == near(expected[f"{name}_hours_per_appt"])
        assert outcome.sale == near(expected[f"{name}_p2"])
        assert outcome.sales == near(expected[f"{name}_sales"])
        assert revenue(outcome) == near(expected[f"{name}_revenue"])
    assert today.pay == near(expected["base_bonus_paid"])
    assert then.pay == near(expected["scen_bonus_paid_at_5_5pct"])
    assert revenue(then) / revenue(today) - 1 == near(expected["revenue_uplift"])
    more = then.sales / today.sales - 1
    assert more == near([expected["H_sales_change"], expected["L_sales_change"]])
    count = then.sales.sum() / today.sales.sum() - 1
    assert count == near(expected["sales_count_change"])
    kept = then.retained_revenue.sum() / today.retained_revenue.sum() - 1
    assert kept == near(expected["retained_revenue_uplift"])
    shares = dict(zip(led.levers, led.contributions(revenue).tolist(), strict=True))
    assert shares == near(expected["shapley_revenue"])
    alone = {name: revenue(led.alone(name)) / revenue(today) - 1 for name in led.levers}
    assert alone == near(expected["single_lever_uplift"])
    neutral = at_equal_pay(firm, levers)
    commission = neutral.level * inputs["commission"]
    assert commission == near(expected["cost_neutral_commission"])
    assert neutral.outcome.pay == near(today.pay)
    assert revenue(neutral.outcome) == near(expected["scen_revenue"])


def test_advice_with_four_levers():
    agree_with_advice()


def test_advice_moves_every_stage_of_the_complex_segment():
    inputs, _ = case("advice_integrated_mean_field")
    firm, levers = advice(inputs)
    led = bridge(firm, levers)
    today, then = led.today, led.scenario
    for stage in ("appointment", "sale", "retained"):
        assert getattr(then, stage)[0] > getattr(today, stage)[0]
    spill = led.contributions(lambda outcome: outcome.revenue)
    assert spill.sum(axis=0) == pytest.approx(then.revenue - today.revenue)
    assert np.all(spill[:, 0] > 0)
    assert np.all(spill[:, 1] < 0)


def mutant(module, right, wrong, tmp_path, monkeypatch):
    """Loads a module with one formula changed."""
    text = Path(module.__file__).read_text("utf-8")
    assert text.count(right) == 1
    file = tmp_path / "wrong_formula.py"
    file.write_text(text.replace(right, wrong), "utf-8")
    monkeypatch.setattr(jit, "cache_directory", lambda: None)
    spec = importlib.util.spec_from_file_location("wrong_formula", file)
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "wrong_formula", made)
    spec.loader.exec_module(made)
    return made


WRONG = {
    "the penalty forgotten": (
        payroll,
        "(clawback * bonus + penalty)",
        "(clawback * bonus)",
        "pay_per_sale",
        (losers, bridges),
    ),
    "the clawback forgotten": (
        payroll,
        "(clawback * bonus + penalty)",
        "penalty",
        "pay_per_sale",
        (losers, bridges),
    ),
    "speed forgotten in what the first hour is worth": (
        response,
        "then.pay[j] * then.ceiling[j] * then.speed[j] / today.anchor[j]",
        "then.pay[j] * then.ceiling[j] * today.speed[j] / today.anchor[j]",
        "work",
        (bridges,),
    ),
    "contributions in one order only": (
        shapley,
        "1.0 / ((rest + 1) * math.comb(rest, size))",
        "float(size == 0)",
        "contributions",
        (bridges,),
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_formula_is_noticed_in_the_advice_case(wrong, tmp_path, monkeypatch):
    module, right, broken, function, users = wrong
    made = mutant(module, right, broken, tmp_path, monkeypatch)
    for user in users:
        monkeypatch.setattr(user, function, getattr(made, function))
    with pytest.raises(AssertionError):
        agree_with_advice()


def test_a_wrong_allocation_is_noticed(tmp_path, monkeypatch):
    right = "out[j] = max(0.0, out[j] + (lift - level) / speed[j])"
    made = mutant(allocation, right, right.replace(" / speed[j]", ""), tmp_path, monkeypatch)
    inputs, expected = case("effort_allocation_waterfilling")
    worth = inputs["volume_bonus"] * np.array(inputs["pmax"]) * np.array(inputs["k"])
    arrays = (np.array(inputs["n"], dtype=float), worth, np.array(inputs["k"]), inputs["H"])
    hours = np.empty(2)
    allocation.allocate(*arrays, hours)
    assert hours == near(expected["volume_hours_per_lead"])
    made.allocate(*arrays, hours)
    assert hours != near(expected["volume_hours_per_lead"])
