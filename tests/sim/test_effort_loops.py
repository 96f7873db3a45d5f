"""Hours, handle times and waits that agree, or a result that says they do not; and who loses."""

import math

import numpy as np
import pytest
from effort_forms import SHARE, VOLUME, facts_of_two, figures
from hypothesis import given
from hypothesis import strategies as st

from segrules.sim.effort.allocation import Curves, allot
from segrules.sim.effort.losers import PayChange, Team, pay_changes
from segrules.sim.effort.plans import PayPlan, Tier
from segrules.sim.effort.problems import EffortError
from segrules.sim.effort.settle import Line, Settled, Unsettled, settle, settle_waits, settled

NAMES = ("high", "low")
CURVES = Curves(NAMES, np.array([0.42, 0.45]), np.array([0.35, 0.9]))
FACTS = facts_of_two()


def test_a_loop_settles_where_it_repeats():
    result = settle(np.cos, np.array([0.3, 1.0]))
    assert isinstance(result, Settled)
    assert result.state == pytest.approx(np.full(2, 0.7390851332151607), rel=1e-11)
    assert result.rounds < 60
    assert np.array_equal(settled(result), result.state)


def test_a_state_that_repeats_is_returned_as_it_is():
    start = np.array([0.1, 0.2])
    result = settle(lambda x: x, start)
    assert isinstance(result, Settled)
    assert result.rounds == 1
    assert np.array_equal(result.state, start)


def test_damping_settles_what_swings():
    def mirror(x):
        return 2.0 - 1.2 * x

    for damping in (0.5, 1.0):
        result = settle(mirror, np.array([0.0]), damping=damping)
        assert isinstance(result, Settled)
        assert result.state == pytest.approx([2.0 / 2.2])


def test_steep_loops_settle_with_shorter_moves():
    slopes = np.array([-6.0, -3.0, 0.0])
    result = settle(lambda x: 1.0 + slopes * (x - 1.0), np.array([5.0, 2.0, 0.0]))
    assert isinstance(result, Settled)
    assert result.state == pytest.approx(np.ones(3))


def test_two_hundred_rounds_and_then_it_is_told():
    calls = []

    def flip(x):
        calls.append(1)
        return np.where(x < 0.0, 1.0, -1.0)

    result = settle(flip, np.array([1.0]))
    assert isinstance(result, Unsettled)
    assert (result.rounds, len(calls), result.why) == (200, 200, "swings")
    with pytest.raises(EffortError, match="200 rounds") as raised:
        settled(result)
    assert raised.value.problems[0].kind == "unsettled"


def test_figures_that_are_no_longer_finite_end_it():
    result = settle(lambda x: x * math.inf, np.array([1.0]))
    assert isinstance(result, Unsettled)
    assert (result.why, result.rounds) == ("not finite", 1)
    assert np.array_equal(result.state, [1.0])


def waits_at_load(agents):
    """Waits of a crude queue: they grow with the load, without end as it comes near the pool."""

    def wait(hours, cases):
        load = (hours * 0.5 + 0.5) @ cases / agents
        return np.full(2, load / max(1e-9, 1.0 - load) if load < 1 else math.inf)

    return wait


def allot_in(hours):
    return lambda cases: allot(cases, np.array([100.0, 60.0]), CURVES, hours).hours


def test_hours_waits_and_cases_agree():
    line = Line(np.array([40.0, 100.0]), np.array([0.1, 0.3]))
    wait = waits_at_load(250.0)
    result = settle_waits(line, allot_in(300.0), wait)
    assert isinstance(result, Settled)
    cases = line.kept(result.state)
    assert cases == pytest.approx(line.arrivals * np.exp(-line.lost * result.state))
    assert np.all(cases < line.arrivals)
    hours = allot_in(300.0)(cases)
    assert cases @ hours == pytest.approx(300.0)
    assert wait(hours, cases) == pytest.approx(result.state, rel=1e-9)
    # Fewer cases have more time each than all would have had.
    assert np.all(hours > allot_in(300.0)(line.arrivals))


def test_a_queue_without_end_is_told():
    result = settle_waits(
        Line(np.full(2, 100.0), np.zeros(2)), allot_in(300.0), waits_at_load(100.0)
    )
    assert isinstance(result, Unsettled)
    assert result.why == "not finite"


def team(cases, **changed):
    count = len(cases)
    figures_of = {
        "names": tuple(f"agent {i}" for i in range(count)),
        "cases": np.array(cases, dtype=float),
        "hours": np.full(count, 120.0),
        "skill": np.ones(count),
    }
    return Team(**(figures_of | changed))


MIXED = [[40, 5], [20, 30], [10, 60], [1, 80]]


def test_agents_with_simple_cases_lose_by_pay_for_value():
    change = pay_changes(team(MIXED), CURVES, FACTS, (VOLUME, SHARE))
    assert np.all(np.diff(change.relative) < 0)
    assert change.relative[0] > 0 > change.relative[-1]
    assert change.share_losing() == 0.75
    assert change.share_losing(0.3) == 0.5
    assert change.share_losing(0.4) == 0.25
    assert change.share_losing(0.9) == 0.0


@given(figures(8, 0.0, 90.0), st.sampled_from([VOLUME, SHARE]), st.floats(0.0, 1.0))
def test_the_same_plan_takes_from_nobody(cases, plan, strength):
    crew = team(cases.reshape(4, 2) + 1.0, strength=strength)
    change = pay_changes(crew, CURVES, FACTS, (plan, plan))
    assert np.all(change.change == 0.0)
    assert change.share_losing() == 0.0


def test_agents_who_go_where_it_pays_are_paid_no_less_for_it():
    stay, go = (
        pay_changes(team(MIXED, strength=strength), CURVES, FACTS, (VOLUME, SHARE))
        for strength in (0.0, 1.0)
    )
    assert np.array_equal(stay.before, go.before)
    assert np.all(go.after >= stay.after)
    assert go.after.sum() > stay.after.sum()


def test_a_salary_softens_the_change():
    bare = pay_changes(team(MIXED), CURVES, FACTS, (VOLUME, SHARE))
    paid = pay_changes(team(MIXED, salary=20_000.0), CURVES, FACTS, (VOLUME, SHARE))
    assert paid.change == pytest.approx(bare.change)
    assert np.all(np.abs(paid.relative) < np.abs(bare.relative))


def test_skilled_agents_sell_more():
    crew = team([[20, 30]] * 3, skill=np.array([0.8, 1.0, 1.2]))
    change = pay_changes(crew, CURVES, FACTS, (VOLUME, SHARE))
    assert np.all(np.diff(change.before) > 0)


def test_tiers_and_caps_are_those_of_each_agent():
    stepped = PayPlan("stepped", per_sale=100.0, tiers=(Tier(15.0, factor=2.0),), cap=3000.0)
    plain = PayPlan("plain", per_sale=100.0)
    change = pay_changes(team([[5, 5], [5, 60]]), CURVES, FACTS, (plain, stepped))
    assert change.relative[0] == pytest.approx(0.0, abs=1e-3)
    assert change.relative[1] > 0.1
    assert np.all(change.after <= 3000.0)


def test_pay_changes_are_described():
    change = PayChange(
        ("a", "b", "c"), np.array([100.0, 200.0, 0.0]), np.array([90.0, 220.0, -1.0])
    )
    assert change.quantiles(np.array([0.0, 1.0])) == pytest.approx([-0.1, 0.1])
    assert change.share_losing(0.05) == pytest.approx(2 / 3)
    assert change.share_losing(0.1) == pytest.approx(1 / 3)
    assert math.isnan(change.relative[2])


BAD = {
    "an agent without hours": ({"hours": np.array([120.0, 0.0])}, "no hours", "agent 1"),
    "an agent without skill": ({"skill": np.array([0.0, 1.0])}, "negative", "agent 0"),
    "a response above 1": ({"strength": 1.5}, "share", ""),
    "cases of one segment": ({"cases": np.ones((2, 1))}, "count of figures", ""),
    "an agent without cases": (
        {"cases": np.array([[0.0, 0.0], [1.0, 1.0]])},
        "no cases",
        "agent 0",
    ),
}


@pytest.mark.parametrize(("changed", "kind", "where"), BAD.values(), ids=BAD)
def test_teams_that_cannot_be(changed, kind, where):
    with pytest.raises(EffortError) as raised:
        pay_changes(team(**({"cases": np.ones((2, 2))} | changed)), CURVES, FACTS, (VOLUME, SHARE))
    assert [(problem.kind, problem.where) for problem in raised.value.problems] == [(kind, where)]
