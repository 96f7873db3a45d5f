"""What drives a scenario, against truths that can be worked out by hand."""

import math

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

from segrules.sim.decide.spread import split_paired
from segrules.sim.decisions.account import account, accounts
from segrules.sim.decisions.drivers import drivers, sources_of
from segrules.sim.decisions.futures import amounts
from segrules.sim.model import PROFIT
from segrules.sim.run import simulate

COSTS = """
assume one "One" = 0 to 2 { source experiment "a test" owner "A" until 2027-01-31 }
assume two "Two" = 0 to 4 { source judgement "a talk" owner "B" until 2027-01-31 }
assume none = 1 to 1 { source data "placebo" owner "C" until 2027-01-31 }
scenario paid {
  comms golden sold odds none cost one each
  process silvery sold odds none cost two each
}
project sales { for 6 months runs 400 seed 7 compare paid against today }
"""


@pytest.fixture(scope="module")
def paid():
    """As many golden as silvery: the gain is what the two costs take, -n (one + two)."""
    made = rules_of(HEAD + COSTS)
    rows = customers(20_000, shares=(0.2, 0.4, 0.4))
    found = made.simulate({"customers": rows}, as_of=AS_OF)
    base = ground(found, made)
    model = base.model([scenario(made, "paid")])
    return found, model, drivers(model, 0, sources_of(made.ruleset), spread=0.0)


def test_the_spread_is_divided_by_source(paid):
    """A uniform range twice as wide has four times the variance."""
    _, model, found = paid
    share = dict(zip(found.shares.names, found.shares.share.tolist(), strict=True))
    error = dict(zip(found.shares.names, found.shares.error.tolist(), strict=True))
    counts = model.arrivals.counts
    one, two = (counts[model.segments.index(name)] ** 2 for name in ("golden", "silvery"))
    truth = 4 * two / (one + 4 * two)
    assert share["judgement"] == pytest.approx(truth, abs=4 * error["judgement"] + 0.01)
    assert share["experiment"] == pytest.approx(1 - truth, abs=4 * error["experiment"] + 0.01)
    assert sum(share.values()) == pytest.approx(1.0)
    assert found.unmeasured == share["judgement"]


def test_bars_go_from_p10_to_p90_in_units_of_money(paid):
    _, model, found = paid
    two, one = found.tornado.bars
    assert [two.name, one.name] == ["two", "one"]
    at = model.segments.index("silvery")
    monthly = (model.arrivals.counts[at] + 0.5) / model.arrivals.months
    customers_of = monthly * float(model.arrivals.season.sum())
    assert two.at_low - two.at_high == pytest.approx(customers_of * 0.8 * 400, rel=0.02)
    assert (two.low, two.high) == pytest.approx((40.0, 360.0))
    assert (two.source, one.source) == ("judgement", "experiment")


def test_break_even_is_found_beyond_the_range():
    """The gain is straight in the cost: where it is zero follows from the ends of the bar."""
    made = rules_of(HEAD + LEVERS.replace("= 1 to 2 {", "= 8 to 10 {"))
    found = made.simulate({"customers": customers()}, as_of=AS_OF)
    letters = account(found, made.ruleset, 1)
    bar = next(each for each in letters.drivers.tornado.bars if each.name == "letter_cost")
    slope = (bar.at_high - bar.at_low) / (bar.high - bar.low)
    root = bar.low - bar.at_low / slope
    assert bar.break_even is not None
    assert root > 1_000
    assert bar.break_even == pytest.approx(root, rel=1e-6)


def test_nothing_that_moves_nothing_is_a_bar():
    found = projection()
    names = [
        [bar.name for bar in each.drivers.tornado.bars] for each in accounts(found, rules().ruleset)
    ]
    assert set(names[0]) == {"gold_odds", "silver_odds", "letter_cost"}
    assert set(names[1]) == {"gold_odds", "letter_cost"}
    assert names[2] == []


def test_luck_is_what_the_parameters_do_not_explain():
    found = projection()
    base = ground(found, rules())
    model = base.model([scenario(rules(), "both")])
    pairs = []
    for engine in ("counts", "expected"):
        draws = simulate(model, 4_000, engine)
        before, after = (amounts(model, arm, PROFIT) for arm in (draws.today, draws.scenarios[0]))
        pairs.append((after - before).sum(axis=1))
    split = split_paired(*pairs)
    told = account(found, rules().ruleset, 0).drivers.luck
    # the projection has 400 futures: its variance is known to about 7%
    assert told == pytest.approx(1 - split.share, abs=4 * 0.07 * split.share + 4 * split.error)
    assert 0 < told < 1


def test_without_luck_there_is_none():
    found = rules().simulate({"customers": customers()}, as_of=AS_OF, engine="expected")
    told = account(found, rules().ruleset, 0).drivers
    assert told.luck == 0.0
    assert "luck" not in told.shares.names
    assert math.isnan(account(found, rules().ruleset, 2).drivers.luck)


def test_the_grade_is_by_what_matters():
    found = projection()
    both, letters, placebo = accounts(found, rules().ruleset)
    assert (letters.evidence.grade, placebo.evidence.grade) == ("B", "B")
    assert both.evidence.grade in ("C", "D")
    best = accounts(found, rules().ruleset, back_tested=True)
    assert [each.evidence.grade for each in best][1:] == ["A", "B"]
