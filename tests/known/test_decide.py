"""Known answers of what decides: contributions, drivers, the worth of knowing, pilots, choices."""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from known import agree, agree_mean, agree_variance, case

from segrules.sim.decide.betas import compare
from segrules.sim.decide.information import (
    decisions,
    evpi,
    evpi_of_normal,
    evppi,
    evsi,
    evsi_of_normal,
)
from segrules.sim.decide.inputs import lognormal, normal, uniform, values_at
from segrules.sim.decide.ocba import fractions
from segrules.sim.decide.pilot import design_effect, two_proportions
from segrules.sim.decide.risk import cvar, pairing
from segrules.sim.decide.search import Knob, Task, latin, search
from segrules.sim.decide.shapley import bridge, contributions, log_mean_bridge
from segrules.sim.decide.spread import indices, split_nested, split_paired
from segrules.sim.decide.stock import stock_for_draws, stock_for_normal
from segrules.sim.luck import normals, uniforms

RUNS = 20_000


def near(expected):
    """The answers have ten digits."""
    return pytest.approx(expected, rel=1e-9)


# ---- contributions


def test_a_bridge_does_not_depend_on_the_order():
    inputs, expected = case("shapley_profit_bridge")
    found = bridge(inputs["base"], inputs["scenario"], lambda at: math.prod(at.values()))
    assert found.nothing == near(expected["base"])
    assert found.everything == near(expected["scenario"])
    assert list(found.value) == near([expected[name] for name in ("leads", "conv", "ticket")])
    assert found.value.sum() == near(expected["total"])
    turned = {name: inputs["base"][name] for name in ("r", "c", "N")}
    again = bridge(turned, inputs["scenario"], lambda at: math.prod(at.values()))
    assert list(again.value[::-1]) == near(list(found.value))
    logs = log_mean_bridge(inputs["base"], inputs["scenario"])
    assert logs["N"] == near(expected["lmdi_leads"])
    assert sum(logs.values()) == near(expected["total"])


def advised_revenue(inputs, levers):
    """Revenue of the advice case with some of its levers, worked out for two segments."""
    enquiries, p1, pmax, k = (np.array(inputs[name]) for name in ("enq", "p1", "pmax", "k"))
    revenue, first = np.array(inputs["rev"]), np.array([1.0, 0.0])
    if "routing" in levers:
        factors = inputs["levers"]["routing"]
        pmax = pmax * (1 + first * (factors["pmax_H"] - 1))
        k = k * (1 + first * (factors["k_H"] - 1))
    if "comms" in levers:
        p1 = p1 * (1 + first * (inputs["levers"]["comms"]["p1_H"] - 1))
    pay = revenue * inputs["commission"] if "pay" in levers else np.full(2, inputs["volume_bonus"])
    if "qa" not in levers:
        failed = np.array(inputs["qa_check"]) * np.array(inputs["qa_fail"])
        pay = pay - failed * (pay + inputs["extra_penalty"])
    appointments = enquiries * p1
    # One pool and both segments served: hours follow from one linear equation.
    level = np.log(pay * pmax * k)
    price = (appointments @ (level / k) - inputs["hours"]) / (appointments @ (1 / k))
    hours = (level - price) / k
    assert np.all(hours > 0)
    return float(appointments * pmax * (1 - np.exp(-k * hours)) @ revenue)


def test_four_levers_of_the_advice_case():
    inputs, expected = case("advice_integrated_mean_field")
    names = tuple(expected["shapley_revenue"])
    found = contributions(names, lambda levers: advised_revenue(inputs, levers))
    assert found.exact
    assert found.nothing == near(expected["base_revenue"])
    assert found.everything == near(expected["scen_revenue"])
    assert list(found.value) == near(list(expected["shapley_revenue"].values()))
    for name in names:
        alone = expected["single_lever_uplift"][name] * expected["base_revenue"]
        assert advised_revenue(inputs, {name}) - found.nothing == near(alone)


# ---- drivers


def ishigami(a, b):
    def outcome(x):
        return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])

    return [uniform(f"x{j}", -math.pi, math.pi, "data") for j in (1, 2, 3)], outcome


def test_sobol_indices_of_ishigami():
    inputs, expected = case("sobol_ishigami")
    found = indices(*ishigami(inputs["a"], inputs["b"]), rows=50_000)
    for j in range(3):
        agree(found.first[j], expected[f"S{j + 1}"], found.first_error[j])
        agree(found.total[j], expected[f"ST{j + 1}"], found.total_error[j])
        assert found.first_error[j] < 0.02
        assert found.total_error[j] < 0.01
    assert found.variance == pytest.approx(expected["variance"], rel=0.03)


def revenue_inputs(inputs):
    return [
        lognormal(name, median, sigma, "data")
        for name, median, sigma in zip(
            ("leads", "rate", "ticket"), inputs["medians"], inputs["sigma"], strict=True
        )
    ]


def test_product_of_lognormals():
    inputs, expected = case("product_of_lognormals")
    taken = revenue_inputs(inputs)
    found = indices(taken, lambda x: x.prod(axis=1), rows=50_000)
    for j, name in enumerate(found.names):
        agree(found.first[j], expected[f"sobol_S1_{name}"], found.first_error[j])
    agree(found.total[2], expected["sobol_ST_ticket"], found.total_error[2])
    logs = indices(taken, lambda x: np.log(x).sum(axis=1), rows=50_000)
    agree(logs.first[2], expected["log_variance_share_ticket"], logs.first_error[2])
    revenue = values_at(taken, uniforms(1, "revenue", 200_000, 3)).prod(axis=1)
    agree_mean(revenue, expected["mean"])
    below = revenue <= expected["VaR_lower5"]
    # The error of a mean of the worst: their spread, and how many they happen to be.
    short = np.where(below, expected["VaR_lower5"] - revenue, 0) / 0.05
    worst = expected["CVaR_lower5_mean_of_worst_5pct"]
    agree(cvar(revenue), worst, short.std() / math.sqrt(len(revenue)))
    assert short.std() / math.sqrt(len(revenue)) < 0.005 * worst


def test_spread_of_a_funnel_is_mostly_not_luck():
    inputs, expected = case("funnel_beta_uncertainty")
    rng = np.random.default_rng(5)
    draws = 20_000
    rate = math.prod(rng.beta(a, b, draws) for a, b in inputs["beta"][:2])
    sales = rng.binomial(inputs["N"], rate[:, None], (draws, 2)).astype(float)
    share = expected["share_of_var_from_parameters"]
    paired = split_paired(sales[:, 0], inputs["N"] * rate)
    agree(paired.share, share, paired.error)
    assert paired.error < 0.001
    nested = split_nested(sales)
    agree(nested.share, share, nested.error)
    assert nested.error < 0.001
    assert nested.parameters + nested.luck == pytest.approx(expected["var_sales"], rel=0.05)


# ---- common luck


def test_common_luck_of_two_stages():
    inputs, expected = case("crn_two_stage_funnel")
    luck = uniforms(2, "stages", RUNS * 10, 2)
    today = np.all(luck < inputs["p"], axis=1).astype(float)
    then = np.all(luck < inputs["q"], axis=1).astype(float)
    agree_mean(then - today, expected["mean_diff"])
    agree_variance(then - today, expected["var_diff_crn"])
    found = pairing(today, then)
    assert found.variance == pytest.approx(expected["var_diff_crn"], rel=0.05)
    assert found.independent == pytest.approx(expected["var_diff_independent"], rel=0.02)
    assert found.ratio == pytest.approx(expected["variance_ratio"], rel=0.06)


def test_common_luck_of_a_paired_funnel():
    inputs, expected = case("crn_paired_poisson_funnel")
    rng = np.random.default_rng(3)
    today, then = np.zeros(4000), np.zeros(4000)
    for s, mean in enumerate(inputs["lam"]):
        for r, size in enumerate(rng.poisson(mean, len(today))):
            luck = rng.random((2, size))
            for arm, name in ((today, "base"), (then, "scen")):
                rates = (inputs[f"p1_{name}"][s], inputs[f"p2_{name}"][s])
                arm[r] += np.count_nonzero((luck[0] < rates[0]) & (luck[1] < rates[1]))
    found = pairing(today, then)
    agree(found.mean, expected["mean_diff"], math.sqrt(found.variance / len(today)))
    agree_variance(then - today, expected["var_diff_crn"])
    # Both arms of a segment are Poisson, so unpaired their difference is known as well.
    unpaired = math.sqrt(2 / len(today)) * expected["var_diff_independent"]
    agree(found.independent, expected["var_diff_independent"], unpaired)
    assert found.ratio == pytest.approx(expected["variance_ratio"], rel=0.15)


def test_common_luck_of_handling_times():
    inputs, expected = case("crn_exponential_inverse_cdf")
    long = -np.log(uniforms(4, "handling", RUNS * 10)[:, 0])
    found = pairing(long / inputs["mu1"], long / inputs["mu2"])
    agree_variance(long / inputs["mu1"] - long / inputs["mu2"], expected["var_diff_crn"])
    assert found.variance == pytest.approx(expected["var_diff_crn"], rel=0.03)
    assert found.independent == pytest.approx(expected["var_diff_independent"], rel=0.03)
    # The two differ by a constant factor, so luck cancels from the ratio.
    assert found.ratio == near(expected["variance_ratio"])


# ---- the worth of knowing


def test_two_posteriors_are_compared_exactly():
    inputs, expected = case("prob_B_better_two_betas")
    found = compare(tuple(inputs["A"]), tuple(inputs["B"]))
    assert found.chance == near(expected["P_B_gt_A"])
    assert found.difference == near(expected["mean_diff"])
    assert found.loss_if_b == near(expected["expected_loss_if_choose_B"])
    assert found.evpi == near(expected["EVPI_per_customer"])
    assert found.perfect == near(expected["E_max"])


def linear_case(runs=RUNS):
    inputs, expected = case("evppi_linear_two_inputs")
    taken = [
        normal("x1", 0, inputs["sd1"], "data"),
        normal("x2", 0, inputs["sd2"], "judgement"),
    ]
    drawn = values_at(taken, latin(6, "inputs", runs, 2))
    return inputs, expected, drawn, inputs["mu"] + drawn.sum(axis=1)


def test_what_perfect_knowledge_is_worth():
    inputs, expected, drawn, uplift = linear_case()
    benefits = decisions(uplift)
    whole = evpi(benefits)
    agree(whole.value, expected["EVPI"], whole.error)
    for j in (0, 1):
        part = evppi(benefits, drawn[:, j])
        agree(part.value, expected[f"EVPPI_X{j + 1}"], part.error)
        assert part.error < 0.05 * expected["EVPI"]
    both = evppi(benefits, drawn)
    agree(both.value, expected["EVPI"], both.error)
    sd = math.hypot(inputs["sd1"], inputs["sd2"])
    assert evpi_of_normal(inputs["mu"], sd) == near(expected["EVPI"])
    assert evpi_of_normal(inputs["mu"], inputs["sd1"]) == near(expected["EVPPI_X1"])
    assert evpi_of_normal(inputs["mu"], inputs["sd2"]) == near(expected["EVPPI_X2"])


def test_what_a_sample_is_worth_lies_below_and_tends_to_perfect_knowledge():
    inputs, expected, drawn, uplift = linear_case()
    noise = normals(7, "noise", len(uplift))[:, 0]
    # A worth below a thousandth of the spread of the gain is not claimed to be found.
    for error in (1.0, 40.0, 200.0):
        found = evsi(decisions(uplift), drawn[:, 0] + error * noise)
        exact = evsi_of_normal(inputs["mu"], inputs["sd1"], error)
        agree(found.value, exact, found.error)
        assert exact < expected["EVPPI_X1"]
    assert evsi_of_normal(inputs["mu"], inputs["sd1"], 1e-6) == near(expected["EVPPI_X1"])


# ---- sizes and choices


def test_size_of_a_pilot():
    inputs, expected = case("sample_size_two_proportions")
    asked = {name: inputs[name] for name in ("p1", "p2", "alpha", "power")}
    size = two_proportions(**asked)
    assert size.unpooled == near(expected["n_per_arm_unpooled"])
    assert size.pooled == near(expected["n_per_arm_pooled_fleiss"])
    assert size.arcsine == near(expected["n_per_arm_arcsine_h"])
    effect = design_effect(30, 0.05)
    assert effect == near(expected["design_effect_agents_m30_icc0_05"])
    clustered = two_proportions(**asked, effect=effect)
    assert clustered.pooled == near(expected["n_per_arm_clustered_by_agent"])
    assert (size.customers, clustered.customers) == (2507, 6142)


def test_ocba_of_three_scenarios():
    inputs, expected = case("ocba_three_scenarios")
    found = fractions(np.array(inputs["mean"]), np.array(inputs["sd"]))
    assert list(found) == near(expected["fractions"])


def test_hours_of_specialists():
    inputs, expected = case("newsvendor_specialist_hours")
    found = stock_for_normal(inputs["mean"], inputs["sd"], inputs["cu"], inputs["co"])
    assert found.ratio == near(expected["critical_ratio"])
    assert found.amount == near(expected["optimal_slots"])
    assert found.gain == near(expected["expected_net_profit"])
    assert found.lost == near(expected["expected_lost_demand"])
    assert found.idle == near(expected["expected_idle"])
    cells = (np.arange(100_000) + 0.5)[:, None] / 100_000
    demand = values_at([normal("demand", inputs["mean"], inputs["sd"], "data")], cells)[:, 0]
    drawn = stock_for_draws(demand, inputs["cu"], inputs["co"])
    assert drawn.amount == pytest.approx(found.amount, rel=1e-5)
    assert drawn.gain == pytest.approx(found.gain, rel=1e-6)


def test_agents_that_bring_most():
    inputs, expected = case("erlang_a_profit_optimal_agents")

    def profit(design):
        agents, states = design["agents"], np.arange(1, 400)
        ending = np.minimum(states, agents) * inputs["mu"]
        leaving = ending + np.maximum(states - agents, 0) * inputs["theta"]
        log_chance = np.concatenate([[0.0], np.cumsum(np.log(inputs["lam"] / leaving))])
        chance = np.exp(log_chance - log_chance.max())
        served = inputs["mu"] * np.minimum(np.arange(400), agents) @ chance / chance.sum()
        return {"profit": inputs["margin"] * served - inputs["agent_cost"] * agents}

    task = Task((Knob("agents", 1, 80, today=50, whole=True),), "profit", starts=8, evaluations=60)
    best = search(task, profit)[0]
    assert best.design == {"agents": expected["optimal_c"]}
    assert best.objective == near(expected["profit_at_opt"])
    for away, name in ((-1, "minus1"), (1, "plus1")):
        beside = profit({"agents": expected["optimal_c"] + away})
        assert beside["profit"] == near(expected[f"profit_{name}"])


def test_power_of_pay_that_suits_a_cautious_agent():
    inputs, expected = case("linear_contract_LEN")

    def surplus(design):
        effort = design["power"] / inputs["c"]
        risk = 0.5 * inputs["r"] * (design["power"] * inputs["sigma"]) ** 2
        return {"surplus": effort - 0.5 * inputs["c"] * effort**2 - risk}

    task = Task((Knob("power", 0, 1, today=1),), "surplus", starts=8, evaluations=400)
    best = search(task, surplus)[0]
    assert best.design["power"] == pytest.approx(expected["beta_opt"], abs=1e-5)
    assert best.objective == near(expected["total_surplus"])


# ---- a wrong formula is noticed

WRONG = {
    "every subset alike": (
        "shapley",
        "1.0 / ((rest + 1) * math.comb(rest, size))",
        "0.5**rest",
        ("contributions", test_four_levers_of_the_advice_case),
    ),
    "the loss of the wrong side": (
        "information",
        "norm.pdf(z) - z * norm.sf(z)",
        "norm.pdf(z) + z * norm.sf(z)",
        ("evpi_of_normal", test_what_perfect_knowledge_is_worth),
    ),
    "distances not squared": (
        "ocba",
        "part = (sds / away) ** 2",
        "part = sds / away",
        ("fractions", test_ocba_of_three_scenarios),
    ),
    "a cluster one too large": (
        "pilot",
        "(cluster * (1.0 + variation**2) - 1.0)",
        "(cluster * (1.0 + variation**2))",
        ("design_effect", test_size_of_a_pilot),
    ),
    "ratio upside down": (
        "stock",
        "return margin / (margin + idle_cost)",
        "return idle_cost / (margin + idle_cost)",
        ("stock_for_normal", test_hours_of_specialists),
    ),
    "one column mixed the other way": (
        "spread",
        "(at_two - middle) * (at_mixed - at_one)",
        "(at_one - middle) * (at_mixed - at_one)",
        ("indices", test_sobol_indices_of_ishigami),
    ),
    "the worst replication left out": (
        "risk",
        "ordered = np.sort(values)",
        "ordered = np.sort(values)[len(values) // 1000 :]",
        ("cvar", test_product_of_lognormals),
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_formula_is_noticed(wrong, tmp_path, monkeypatch):
    name, right, broken, (function, known_answer) = wrong
    shipped = importlib.import_module(f"segrules.sim.decide.{name}")
    text = Path(shipped.__file__).read_text("utf-8")
    assert text.count(right) == 1
    file = tmp_path / f"wrong_{name}.py"
    file.write_text(text.replace(right, broken), "utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    mutant = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up.
    monkeypatch.setitem(sys.modules, file.stem, mutant)
    spec.loader.exec_module(mutant)
    monkeypatch.setitem(globals(), function, getattr(mutant, function))
    with pytest.raises(AssertionError):
        known_answer()
