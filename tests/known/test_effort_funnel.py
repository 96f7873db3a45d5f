"""The advice case inside the engines of a funnel: four levers built from their mechanisms."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from known import case

from segrules.sim.decide.shapley import contributions
from segrules.sim.effort import crew
from segrules.sim.effort.curves import elasticity_at
from segrules.sim.effort.futures import following
from segrules.sim.model import (
    Arrivals,
    Conversion,
    FunnelModel,
    Lever,
    Scenario,
    Value,
)
from segrules.sim.pack import pack
from segrules.sim.run import simulate

INPUTS, EXPECTED = case("advice_integrated_mean_field")
STAGES = ("enquiry", "appointment", "sale", "retained")
SURE = 1e13
"""How often the past is repeated, so that nothing is left to be learnt from it."""

BOTH = (0, 1)
LEVERS = ("routing", "pay", "qa", "comms")


def near(expected, rel=1e-6):
    return pytest.approx(expected, rel=rel, abs=0)


def array(name):
    return np.array(INPUTS[name], dtype=float)


def known(stage, rate):
    entered = np.full(2, int(SURE))
    reached = np.round(SURE * np.asarray(rate)).astype(np.int64)
    grid = np.array([0.5])
    return Conversion(stage, reached, entered, grid, 2 * grid, grid)


def terms(name, **figures):
    penalty = INPUTS["extra_penalty"]
    return crew.Terms(name, (1.0, 1.0), penalty=penalty, clawback=1.0, **figures)


def odds_of(before, factor):
    """The odds by which a rate is multiplied when it rises by a factor."""
    after = before * factor
    return after / (1 - after) * (1 - before) / before


def lever(name, *, neutral):
    """A lever as the funnel has it, and as its agents do."""
    routing, comms = INPUTS["levers"]["routing"], INPUTS["levers"]["comms"]
    share = terms("share", of_value=INPUTS["commission"])
    changes = {
        "routing": (
            crew.Moved("ceiling", (0,), routing["pmax_H"]),
            crew.Moved("speed", (0,), routing["k_H"]),
        ),
        "pay": (crew.Paid(share, neutral),),
        "qa": (crew.ChecksUnpaid(),),
        "comms": (),
    }
    odds = ()
    if name == "comms":
        odds = (
            ("appointment", odds_of(INPUTS["p1"][0], comms["p1_H"])),
            ("retained", odds_of(INPUTS["p3"][0], comms["p3_H"])),
        )
    return Lever(name, (0,) if odds else BOTH, odds), changes[name]


def advice(bundles, *, neutral=False):
    """The firm as a funnel of which everything is known, with a scenario for each bundle."""
    hours = np.array(EXPECTED["base_hours_per_appt"])
    count = array("enq") * array("p1")
    hours *= INPUTS["hours"] / (count @ hours)
    elasticity = tuple(elasticity_at(float(x)) for x in array("k") * hours)
    rate = -array("pmax") * np.expm1(-array("k") * hours)
    none = crew.Checks.none(2)
    checks = replace(none, checked=tuple(INPUTS["qa_check"]), failing=tuple(INPUTS["qa_fail"]))
    found = [[lever(name, neutral=neutral) for name in bundle] for bundle in bundles]
    agents = crew.AgentsModel(
        crews=(crew.Crew("advisers", 10.0, None, BOTH),),
        hours=tuple(hours.tolist()),
        elasticity=elasticity,
        response=1.0,
        supply=0.0,
        terms=terms("volume", per_sale=float(INPUTS["volume_bonus"])),
        checks=checks,
        months=1,
        scenarios=tuple(tuple(changes for _, changes in each) for each in found),
    )
    return FunnelModel(
        segments=("high", "low"),
        stages=STAGES,
        months=1,
        arrivals=Arrivals(SURE * array("enq"), SURE, np.ones(1)),
        conversions=(known("appointment", array("p1")), known("sale", rate),
                     known("retained", array("p3"))),
        value=Value("sale", array("rev"), np.zeros(2), np.full(2, int(SURE))),
        scenarios=tuple(
            Scenario("+".join(bundle), "", tuple(one for one, _ in each))
            for bundle, each in zip(bundles, found, strict=True)
        ),
        agents=agents,
    )  # fmt: skip


@pytest.fixture(scope="module")
def played():
    bundles = [b for n in range(1, 5) for b in itertools.combinations(LEVERS, n)]
    draws = simulate(advice(bundles), 2, "expected")
    arms = {frozenset(b): arm for b, arm in zip(bundles, draws.scenarios, strict=True)}
    return draws, arms | {frozenset(): draws.today}


def pay(draws, arm):
    return arm.parts[0, draws.model.parts.index("pay")].sum()


def test_today_and_all_four_levers(played):
    draws, arms = played
    then = arms[frozenset(LEVERS)]
    for name, arm in (("base", draws.today), ("scen", then)):
        assert arm.counts[0, :, 2] == near(EXPECTED[f"{name}_sales"])
        assert arm.revenue[0].sum() == near(EXPECTED[f"{name}_revenue"])
    assert pay(draws, draws.today) == near(EXPECTED["base_bonus_paid"])
    assert pay(draws, then) == near(EXPECTED["scen_bonus_paid_at_5_5pct"])
    more = then.revenue[0].sum() / draws.today.revenue[0].sum() - 1
    assert more == near(EXPECTED["revenue_uplift"], 1e-5)
    sold = then.counts[0, :, 2].sum() / draws.today.counts[0, :, 2].sum() - 1
    assert sold == near(EXPECTED["sales_count_change"], 1e-5)


def test_every_stage_of_the_complex_segment_rises_and_the_other_one_gives(played):
    draws, arms = played
    before, after = draws.today.counts[0], arms[frozenset(LEVERS)].counts[0]
    rates = after[:, 1:] / after[:, :-1], before[:, 1:] / before[:, :-1]
    assert np.all(rates[0][0] > rates[1][0])
    assert rates[0][1, 1] < rates[1][1, 1]


def test_what_each_lever_brings(played):
    draws, arms = played
    found = contributions(LEVERS, lambda held: arms[held].revenue.sum(axis=1))
    shares = dict(zip(LEVERS, found.value[:, 0].tolist(), strict=True))
    assert shares == near(EXPECTED["shapley_revenue"], 1e-5)
    base = draws.today.revenue[0].sum()
    for name in LEVERS:
        alone = arms[frozenset({name})].revenue[0].sum() / base - 1
        assert alone == near(EXPECTED["single_lever_uplift"][name], 1e-5)


def test_the_plan_can_cost_what_todays_does():
    model = advice([LEVERS], neutral=True)
    level = following(model.agents, model, pack(model)).levels[0]
    assert level * INPUTS["commission"] == near(EXPECTED["cost_neutral_commission"])
    draws = simulate(model, 2, "expected")
    assert draws.scenarios[0].cost.sum() == near(draws.today.cost.sum())
    assert draws.scenarios[0].revenue[0].sum() == near(EXPECTED["scen_revenue"])
