"""What is told of agents, against the advice case and against what can be worked out by hand."""

import math

import numpy as np
import pytest
from known import case
from scipy.stats import poisson
from test_effort_funnel import LEVERS, advice

from segrules.sim.decisions.potential import gaps
from segrules.sim.decisions.staff import QUANTILES, Changes, staff
from segrules.sim.effort.dealt import Hand, dealt_pay

INPUTS, EXPECTED = case("advice_integrated_mean_field")
AGENTS = 10


def near(expected, rel=1e-6):
    return pytest.approx(expected, rel=rel, abs=0)


@pytest.fixture(scope="module")
def everything():
    return staff(advice([LEVERS]), 0)


def test_hours_of_a_case_and_pay_are_those_of_the_case(everything):
    today = [hours.today.mean for _, hours in everything.hours]
    then = [hours.then.mean for _, hours in everything.hours]
    assert today == near(EXPECTED["base_hours_per_appt"])
    assert then == near(EXPECTED["scen_hours_per_appt"])
    (pool,) = everything.pools
    assert pool.pay.today.mean == near(EXPECTED["base_bonus_paid"])
    assert pool.pay.then.mean == near(EXPECTED["scen_bonus_paid_at_5_5pct"])
    assert pool.each.then.mean == near(EXPECTED["scen_bonus_paid_at_5_5pct"] / AGENTS)
    assert pool.busy is None
    assert everything.plan.level == 1.0


def test_the_level_of_a_plan_at_equal_cost_is_told():
    found = staff(advice([LEVERS], neutral=True), 0).plan
    assert found.neutral
    assert (found.before, found.terms.name) == ("volume", "share")
    assert found.level * found.terms.of_value == near(EXPECTED["cost_neutral_commission"])


def test_how_many_lose_is_what_chance_says():
    """One lever moves pay only: an agent's cases are two Poisson numbers, the same in both arms."""
    found = staff(advice([("pay",)], neutral=True), 0)
    commission = INPUTS["commission"] * found.plan.level
    count = np.array(INPUTS["enq"]) * np.array(INPUTS["p1"]) / AGENTS
    low, high = (np.arange(int(n + 12 * math.sqrt(n))) for n in count[::-1])
    chance = np.outer(poisson.pmf(high, count[0]), poisson.pmf(low, count[1]))
    hours = [[h.today.mean, h.then.mean] for _, h in found.hours]
    k, pmax, value = (np.array(INPUTS[name]) for name in ("k", "pmax", "rev"))
    sold = pmax[:, None] * -np.expm1(-k[:, None] * np.array(hours))
    failed = np.array(INPUTS["qa_check"]) * np.array(INPUTS["qa_fail"])
    before = INPUTS["volume_bonus"] * (1 - failed) - failed * INPUTS["extra_penalty"]
    after = commission * value * (1 - failed) - failed * INPUTS["extra_penalty"]
    paid = np.add.outer(high * sold[0, 0] * before[0], low * sold[1, 0] * before[1])
    then = np.add.outer(high * sold[0, 1] * after[0], low * sold[1, 1] * after[1])
    for figure, limit in ((found.changes.losing, 0.0), (found.changes.losing_much, 0.1)):
        expected = AGENTS * float(chance[then < (1 - limit) * paid].sum())
        assert 0.1 < expected < AGENTS - 0.1
        assert figure.mean == pytest.approx(expected, abs=4 * figure.mc_error)
    assert found.changes.agents == AGENTS
    assert found.dealt == 1_000


def test_the_histogram_holds_everybody_once(everything):
    changes = everything.changes
    assert isinstance(changes, Changes)
    assert sum(each.share for each in changes.bins) == pytest.approx(1.0)
    assert all(
        a.high <= b.low + 1e-12 for a, b in zip(changes.bins, changes.bins[1:], strict=False)
    )
    losing = sum(each.share for each in changes.bins if each.high <= 0.0)
    assert losing == pytest.approx(changes.losing.mean / changes.agents, abs=1e-9)
    assert list(changes.quantiles) == sorted(changes.quantiles)
    assert len(changes.quantiles) == len(QUANTILES)


def test_nobody_loses_where_nothing_is_changed():
    found = staff(advice([()]), 0)
    assert found.plan is None
    assert found.changes.losing.mean == 0.0
    assert [(each.low, each.high, each.share) for each in found.changes.bins] == [(0.0, 0.0, 1.0)]
    assert all(h.difference.mean == 0.0 for _, h in found.hours)


def test_what_is_held_against_another_scenario_starts_there():
    model = advice([LEVERS, ("pay",)])
    whole, alone, apart = staff(model, 0), staff(model, 1), staff(model, 0, against=1)
    (pool,), (start,), (end,) = apart.pools, alone.pools, whole.pools
    assert pool.pay.today == start.pay.then
    assert pool.pay.then == end.pay.then


# ---- hands


SEGMENTS = ("one", "two")


def hands(before, after, runs=4_000):
    def hand(cases, pay):
        return Hand(np.tile(np.array(cases), (runs, 1)), np.tile(np.array(pay), (runs, 1)))

    return hand(*before), hand(*after)


def test_pay_is_what_the_cases_bring_on_the_mean():
    # cases worth 10 and 20 each today, 5 and 40 then; fewer of the first, more of the second
    both = hands(([4.0, 1.0], [40.0, 20.0]), ([2.0, 3.0], [10.0, 120.0]))
    found = dealt_pay("team", SEGMENTS, 3, both, seed=5)
    assert found.before.shape == (4_000, 3)
    for paid, mean, variance in (
        (found.before, 60.0, 4.0 * 100 + 1.0 * 400),
        (found.after, 130.0, 2.0 * 25 + 3.0 * 1600),
    ):
        error = math.sqrt(variance / paid.size)
        assert paid.mean() == pytest.approx(mean, abs=4 * error)
        assert paid.var() == pytest.approx(variance, rel=0.08)


def test_cases_that_stay_are_the_same():
    both = hands(([6.0, 0.0], [60.0, 0.0]), ([3.0, 0.0], [30.0, 0.0]), runs=2_000)
    found = dealt_pay("team", SEGMENTS, 2, both, seed=1)
    assert (found.after <= found.before).all()
    more = dealt_pay("team", SEGMENTS, 2, both[::-1], seed=1)
    assert (more.after >= more.before).all()
    # thinned, the covariance is that of what is left
    spread = np.cov(found.before.ravel(), found.after.ravel())
    assert spread[0, 1] == pytest.approx(300.0, rel=0.1)
    assert spread[1, 1] == pytest.approx(300.0, rel=0.1)


def test_luck_of_an_agent_is_nobody_elses():
    both = hands(([4.0, 1.0], [40.0, 20.0]), ([2.0, 3.0], [10.0, 120.0]), runs=50)
    few, many = (dealt_pay("team", SEGMENTS, n, both, seed=5) for n in (2, 7))
    assert np.array_equal(few.before, many.before[:, :2])
    assert np.array_equal(few.after, many.after[:, :2])
    other = dealt_pay("another", SEGMENTS, 2, both, seed=5)
    assert not np.array_equal(few.before, other.before)


def test_equal_hands_change_nothing():
    same = hands(([4.3, 1.1], [41.0, 20.0]), ([4.3, 1.1], [41.0, 20.0]), runs=100)
    found = dealt_pay("team", SEGMENTS, 4, same, seed=2)
    assert not found.change.any()
    assert found.before.any()


# ---- opportunity


def test_the_opportunity_is_potential_times_what_is_missing():
    found = {(each.segment, each.stage): each for each in gaps(advice([()]))}
    assert set(found) == {(s, k) for s in ("high", "low") for k in ("appointment", "sale")}
    enquiries, appointment = np.array(INPUTS["enq"]), np.array(INPUTS["p1"])
    sale, value = np.array(EXPECTED["base_p2"]), np.array(INPUTS["rev"])
    average = (enquiries * appointment).sum() / enquiries.sum()
    missing = (average - appointment[0]) * enquiries[0] * sale[0] * value[0]
    first = found["high", "appointment"]
    assert first.potential.mean == near(450.0)
    assert (first.own.mean, first.average.mean) == (near(0.35), near(average))
    assert first.worth.mean == near(missing)
    cases = enquiries * appointment
    average = (cases * sale).sum() / cases.sum()
    ahead = found["low", "sale"]
    assert ahead.worth.mean == near((average - sale[1]) * cases[1] * value[1])
    assert ahead.worth.mean < 0 < first.worth.mean
