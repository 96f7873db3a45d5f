"""Scenarios taken apart: what each lever adds, whom else it touches, what comes by itself."""

import io
from dataclasses import replace

import numpy as np
import pytest
from decisions_forms import (
    AS_OF,
    HEAD,
    LEVERS,
    customers,
    ground,
    projection,
    rules,
    rules_of,
    scenario,
)
from rich.console import Console

from segrules.report.simulated import tables
from segrules.sim.decisions.account import accounts
from segrules.sim.decisions.futures import amounts, futures
from segrules.sim.decisions.parts import RUNS, lever_names, spilled, taken_apart
from segrules.sim.model import PROFIT


@pytest.fixture(scope="module")
def base():
    return ground(projection(), rules())


@pytest.fixture(scope="module")
def both(base):
    return taken_apart(base, scenario(rules(), "both"))


def gain(base, found):
    """The mean profit that a scenario adds, in the futures that parts are taken in."""
    model = base.model([found])
    drawn = futures(model, RUNS)
    before, after = drawn.arms([None, 0], drawn.parameters())
    return float(
        (amounts(model, after, PROFIT) - amounts(model, before, PROFIT)).sum(axis=1).mean()
    )


def test_levers_add_up_to_the_whole(both):
    assert both.exact
    total = sum(each.figure.mean for each in both.levers)
    assert total == pytest.approx(both.whole.mean, rel=1e-9)
    assert both.whole.mean != 0


def test_names_tell_levers_apart(both):
    assert [each.name for each in both.levers] == [
        "comms golden", "process silvery", "terms golden", "comms golden (2)",
    ]  # fmt: skip
    assert len(set(lever_names(scenario(rules(), "both")))) == 4


def test_a_lever_that_does_nothing_adds_nothing(both):
    idle = next(each for each in both.levers if each.name == "terms golden")
    assert idle.figure.mean == 0.0
    assert idle.figure.interval95 == (0.0, 0.0)


def test_a_lever_alone_in_its_segment_adds_what_it_does_alone(base, both):
    """Nothing else touches silvery: whatever the order, its lever adds the same."""
    found = scenario(rules(), "both")
    alone = replace(found, name="alone", levers=(found.levers[1],))
    part = next(each for each in both.levers if each.name == "process silvery")
    assert part.figure.mean == pytest.approx(gain(base, alone), rel=1e-9)


def test_two_levers_on_one_rate_share_what_they_do_together(base, both):
    """The mean over both orders, from runs of the subsets."""
    found = scenario(rules(), "both")

    def of(*places):
        return gain(
            base, replace(found, name="some", levers=tuple(found.levers[at] for at in places))
        )

    one, two, together = of(0), of(3), of(0, 3)
    assert together != pytest.approx(one + two, rel=1e-3)
    expected = {
        "comms golden": (one + together - two) / 2,
        "comms golden (2)": (two + together - one) / 2,
    }
    for name, value in expected.items():
        part = next(each for each in both.levers if each.name == name)
        assert part.figure.mean == pytest.approx(value, rel=1e-9)


def test_the_order_of_levers_does_not_matter(base, both):
    found = scenario(rules(), "both")
    turned = replace(found, levers=found.levers[::-1])
    again = taken_apart(base, turned)
    mine = sorted(each.figure.mean for each in both.levers)
    assert sorted(each.figure.mean for each in again.levers) == pytest.approx(mine, rel=1e-9)


def test_spill_over_is_what_changes_where_no_lever_is(base, both):
    found = scenario(rules(), "letters")
    assert both.spill is None
    model = base.model([found])
    gains = np.array([[5.0, 0.0, -2.0], [7.0, 0.0, 0.0]])
    spill = spilled(model.segments, found, gains)
    assert spill is not None
    assert spill.segments == ("others",)
    assert spill.figure.mean == pytest.approx(-1.0)


# ---- regression to the mean


def regression(rates, shares=(0.3, 0.3, 0.4), count=3_000):
    made = rules_of(HEAD + LEVERS)
    rows = customers(count, rates=rates, shares=shares, seed=5)
    found = made.simulate({"customers": rows}, as_of=AS_OF)
    base = ground(found, made)
    return base, taken_apart(base, scenario(made, "placebo")).regression


def test_a_few_customers_who_did_badly_do_better_by_themselves():
    base, part = regression((0.4, 0.4, 0.1), shares=(0.5, 0.47, 0.03), count=1_500)
    assert part is not None
    model = base.model([scenario(rules(), "placebo")])
    (sold,) = model.conversions
    at = model.segments.index("golden")
    raw = sold.reached[at] / sold.entered[at]
    weight = sold.prior_weight / sold.prior_weight.sum()
    strength = sold.prior_strength
    shrunk = weight @ (
        (sold.prior_mean * strength + sold.reached[at]) / (strength + sold.entered[at])
    )
    assert shrunk > raw
    arrivals = (
        (model.arrivals.counts[at] + 0.5) / model.arrivals.months * model.arrivals.season.sum()
    )
    expected = arrivals * (shrunk - raw) * model.value.mean[at]
    assert part.figure.mean == pytest.approx(expected, abs=4 * part.figure.mc_error)


def test_many_customers_do_as_they_did():
    base, part = regression((0.3, 0.3, 0.3), count=8_000)
    model = base.model([scenario(rules(), "placebo")])
    at = model.segments.index("golden")
    worth = model.arrivals.counts[at] * 0.3 * model.value.mean[at]
    assert part is None or abs(part.figure.mean) < 0.05 * worth


# ---- what a lever may cost


def test_a_lever_breaks_even_at_its_cost_and_what_it_adds(base, both):
    assert len(both.worth) == len(both.levers) == 4
    for worth, part in zip(both.worth, both.levers, strict=True):
        assert worth.most.mean == pytest.approx(worth.own.mean + part.figure.mean)
    letters, calls, terms, more = both.worth
    assert calls.own.mean == terms.own.mean == 0.0
    # letters to golden customers cost 1 to 2 pounds each, those of the fee two
    arrivals = [
        row.today.mean
        for row in projection().rows
        if (row.scenario, row.segment, row.measure) == ("both", "golden", "joined")
    ]
    assert letters.own.mean == pytest.approx(150 * arrivals[0], rel=0.03)
    assert more.own.mean == pytest.approx(200 * arrivals[0], rel=0.03)


def test_where_there_is_no_profit_nothing_breaks_even():
    text = (HEAD + LEVERS).replace(" value spend", "")
    made = rules_of(text)
    found = made.simulate({"customers": customers()}, as_of=AS_OF, runs=100)
    apart = taken_apart(ground(found, made), scenario(made, "letters"), 100)
    assert apart.worth == ()
    console = Console(file=io.StringIO(), width=160)
    for each in tables(found, accounts(found, made.ruleset), made.ruleset):
        console.print(each)
    text = console.file.getvalue()
    assert "how it may turn out: sold, against today" in text
    assert "both, cost by part (GBP)" in text
    assert "revenue" not in text
