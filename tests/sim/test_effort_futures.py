"""Agents in every future: the kernels are the bridge, and nothing moves without a reason."""

import pickle
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from effort_futures_forms import MONTHS, Drawn, Played, terms_of
from hypothesis import given, settings
from hypothesis import strategies as st

from segrules.sim.effort import crew
from segrules.sim.effort.linear import Inflow
from segrules.sim.effort.pack import pack_turn, working
from segrules.sim.model import Assumption, Timing
from segrules.sim.run import simulate

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed, pools=None, *, linear=True):
    rng = np.random.default_rng(seed)
    pools = int(rng.integers(1, 4)) if pools is None else pools
    return Drawn(rng, pools, int(rng.integers(1, 6)), linear)


def near(expected, rel=1e-9):
    return pytest.approx(expected, rel=rel, abs=1e-300)


def cases_of(found, invited=1.0):
    odds = invited * found.appointment / (1 - found.appointment + invited * found.appointment)
    return found.rate * MONTHS * odds


def agree(found):
    """One future of the kernels against the bridge, pool by pool."""
    levers = (*found.levers(),)
    changes = (found.changes(), *(() for _ in levers[1:]))
    played = Played(found.model([changes], [levers]), found.parameters())
    before, after = cases_of(found), cases_of(found, found.invited)
    weight = found.agents / found.agents.sum()
    pools = range(found.pools)
    outcomes = [
        found.bridge(g, weight[g] * before, weight[g] * after, more=found.edits()) for g in pools
    ]
    todays = [found.bridge(g, weight[g] * before, weight[g] * before) for g in pools]
    for place, reached in ((played.today, todays), (played.scenarios[0], outcomes)):
        sales = sum(each.sales for each in reached)
        assert played.counts(place)[0, :, 2] == near(sales)
        pay = sum(each.payroll.pay for each in reached)
        assert played.part(place, "pay")[0] == pytest.approx(pay, rel=1e-9, abs=1e-6)
        assert played.part(place, "checks")[0] == near(sum(each.check_cost for each in reached))
        lost = sum(each.missale_cost for each in reached)
        assert played.part(place, "redress")[0] == near(lost)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_kernels_are_the_bridge(seed):
    agree(drawn(seed))


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_steps_of_pay_and_effort_are_the_bridge(seed):
    agree(drawn(seed, linear=False))


def same(place, other):
    assert np.array_equal(place.conversion, other.conversion)
    assert np.array_equal(place.parts, other.parts)
    assert np.array_equal(place.fixed, other.fixed)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.booleans())
def test_what_changes_nothing_is_today_to_the_last_bit(seed, linear):
    found = drawn(seed, linear=linear)
    every = tuple(range(found.segments))
    nothing = [
        (crew.Paid(terms_of(found.plans[0])),),
        (crew.Moved("speed", every, 1.0), crew.Moved("ceiling", every, 1.0)),
        tuple(crew.Staffed(g, float(each)) for g, each in enumerate(found.agents)),
        tuple(crew.Checked((s,), float(found.checked[s])) for s in every),
        (crew.Trained(0, 2.0, 1.0),),
        (crew.Reserved(every, 0.0),),
    ]
    played = Played(found.model([(each,) for each in nothing]), found.parameters())
    for place in played.scenarios:
        same(place, played.today)


def play(found, *scenarios, **changed):
    """A model with these scenarios of one lever each, and other agents."""
    model = found.model([(each,) for each in scenarios])
    return Played(replace(model, agents=replace(model.agents, **changed)), found.parameters())


def rates(place):
    return place.conversion[0, :, 1]


def test_no_response_leaves_the_rates_and_changes_what_is_paid():
    found = Drawn(np.random.default_rng(3), 1, 3)
    found.quality = replace(found.quality, drop=np.zeros(found.segments))
    paid = crew.Paid(terms_of(found.plans[1]))
    played = play(found, (paid,), response=0.0)
    assert np.array_equal(rates(played.scenarios[0]), rates(played.today))
    assert not np.allclose(
        played.part(played.scenarios[0], "pay"), played.part(played.today, "pay")
    )
    other = play(found, (paid,), response=1.0)
    assert not np.allclose(rates(other.scenarios[0]), rates(other.today))


def test_more_agents_are_the_bridge_with_more_hours_and_cost_their_hours():
    found = drawn(11, pools=2)
    crews = tuple(replace(each, cost=50.0) for each in found.crews())
    played = play(found, (crew.Staffed(0, float(found.agents[0] * 1.5)),), crews=crews)
    cases, weight = cases_of(found), found.agents / found.agents.sum()
    reached = [
        found.bridge(g, weight[g] * cases, weight[g] * cases, hours)
        for g, hours in ((0, 1.5), (1, 1.0))
    ]
    sales = sum(each.sales for each in reached)
    assert played.counts(played.scenarios[0])[0, :, 2] == near(sales)
    before, after = (
        played.part(place, "capacity").sum() for place in (played.today, played.scenarios[0])
    )
    assert before == near(50.0 * 100.0 * found.agents.sum())
    assert after - before == near(50.0 * 100.0 * found.agents[0] * 0.5, 1e-6)


def routed(hours, strength=0.7, segments=((0, 1), (0, 1, 2))):
    """Three segments, two pools: the third segment goes from the second pool to the first."""
    found = Drawn(np.random.default_rng(5), 2, 3)
    found.agents = np.array([4.0, 6.0])
    crews = tuple(
        crew.Crew(f"pool {g}", float(found.agents[g]), hours[g], segments[g]) for g in range(2)
    )
    return found, play(found, (crew.Routed((2,), 0),), crews=crews, response=strength)


def test_routed_cases_share_the_hours_of_their_pool_and_leave_theirs_behind():
    found, played = routed((100.0, 100.0))
    cases = cases_of(found)
    other = 0.6 * cases * [1, 1, 0] + cases * [0, 0, 1]
    before = (0.4 * cases * [1, 1, 0] + [0, 0, 1e-9 * cases[2]], other)
    used = np.array([before[g] @ found.hours for g in range(2)])
    load = used.sum() / 1000.0
    spare = max(0.0, 400.0 * load - used[0])
    hours = (used[0] + min(spare, cases[2] * found.hours[2])) / used[0]
    found.strength = 0.7
    first = found.bridge(0, before[0], before[0] + cases * [0, 0, 1], hours)
    second = found.bridge(1, other, other * [1, 1, 0] + [0, 0, 1e-9 * cases[2]])
    after = played.counts(played.scenarios[0])[0, :, 2]
    assert after == near(first.sales + second.sales, 1e-6)
    was = played.counts(played.today)[0, :, 2]
    assert hours > 1.0
    assert after[:2] != near(was[:2], 1e-3)


def test_a_pool_that_is_busier_than_the_rest_works_no_more():
    shared = ((0, 1), (1, 2))
    _, easy = routed((2000.0, 50.0), segments=shared)
    _, busy = routed((5.0, 500.0), segments=shared)
    for played, more in ((easy, True), (busy, False)):
        agents = played.following
        answer = agents.answer(
            played.parameters,
            (inflow(played), inflow(played)),
            working(agents.agents, agents.model, 0, (0, -1)),
            1.0,
        )
        todays = agents.answer(played.parameters, (inflow(played), inflow(played)), (), 1.0)
        cases = cases_of_played(played)
        gained = (answer.hours[0] @ cases) - (todays.hours[0] @ cases)
        assert (gained > 1e-6) == more


def inflow(played):
    given = played.parameters
    return Inflow(given.rate, given.conversion, given.mean_value)


def cases_of_played(played):
    return played.counts(played.today)[0, :, 1]


@pytest.mark.parametrize("strength", [0.0, 0.4, 1.0])
def test_reserved_agents_work_for_their_segments_only(strength):
    found = Drawn(np.random.default_rng(8), 1, 3)
    found.agents = np.array([10.0])
    scenarios = [(crew.Reserved((0,), n),) for n in (0.1, 6.0, 10.0)]
    played = play(found, *scenarios, response=strength)
    cases = cases_of_played(played)
    used = cases @ found.hours
    for at, wanted in ((0, None), (1, 0.6), (2, 1.0)):
        changes = working(played.model.agents, played.model, at, (0, -1))
        answer = played.following.answer(
            played.parameters, (inflow(played), inflow(played)), changes, 1.0
        )
        spent = answer.hours[0] * cases
        assert spent.sum() == near(used)
        if wanted is None:
            same(played.scenarios[at], played.today)
        else:
            assert spent[0] == near(wanted * used)
    assert rates(played.scenarios[1])[0] > rates(played.today)[0]
    assert np.all(rates(played.scenarios[1])[1:] < rates(played.today)[1:])
    assert rates(played.scenarios[2])[1:] == pytest.approx(0.0, abs=1e-12)


def test_training_moves_the_odds_in_its_pool_for_every_step():
    found = drawn(21, pools=2)
    played = play(found, (crew.Trained(0, 2.0, 1.3),), response=0.0)
    weight = found.agents[0] / found.agents.sum()
    odds = 1.3**2
    better = odds * found.sale / (1 - found.sale + odds * found.sale)
    assert rates(played.scenarios[0]) == near(weight * better + (1 - weight) * found.sale)


def test_assumptions_are_drawn_figures():
    found = drawn(34, pools=2)
    plain = play(found, found.changes())
    named, values = with_names(plain.model)
    again = Played(named, found.parameters()._replace(assumption=values[None, :]))
    for place, other in zip(plain.scenarios, again.scenarios, strict=True):
        assert place.conversion == near(other.conversion, 1e-12)
        assert place.parts == pytest.approx(other.parts, rel=1e-12)
        assert place.fixed == near(other.fixed, 1e-12)


def with_names(model):
    """The same agents with every figure an assumption, and the figures."""
    values = []

    def named(part, of=None):
        if isinstance(part, bool) or part is None or of in {"steps", "crew", "months", "above"}:
            return part
        if of in {"serves", "segments", "name", "of"} or (of == "hours" and part == 100.0):
            return part
        if isinstance(part, tuple):
            return tuple(named(each) for each in part)
        if isinstance(part, float):
            values.append(part)
            return f"a{len(values)}"
        if is_dataclass(part):
            found = {each.name: named(getattr(part, each.name), each.name) for each in fields(part)}
            return type(part)(**found)
        return part

    agents = named(model.agents)
    assumptions = tuple(
        Assumption(f"a{at}", value, value, "number") for at, value in enumerate(values, 1)
    )
    return replace(model, agents=agents, assumptions=assumptions), np.array(values)


def test_levers_work_while_they_last_and_grow_with_their_strength():
    found = drawn(55, pools=1)
    every = tuple(range(found.segments))
    change = crew.Moved("ceiling", every, 0.8)
    model = found.model([((change,),)])
    timing = Timing(start=1, duration=2, ramp=2)
    lever = replace(model.scenarios[0].levers[0], timing=timing)
    scenario = replace(model.scenarios[0], levers=(lever,))
    model = replace(model, scenarios=(scenario,), months=4, arrivals=replace(
        model.arrivals, season=np.ones(4)))  # fmt: skip
    strengths = [
        [by for _, by in working(model.agents, model, 0, (month, -1))] for month in range(4)
    ]
    assert strengths == [[], [0.5], [1.0], []]
    turn = pack_turn(model.agents, model, ((change, 0.5),))
    assert turn.moved_power.tolist() == [0.5] * found.segments
    half = play(found, (crew.Moved("ceiling", every, 0.8**0.5),), response=0.0)
    at_half = half.following.answer(
        half.parameters, (inflow(half), inflow(half)), ((change, 0.5),), 1.0
    )
    assert at_half.sale[0] == near(rates(half.scenarios[0]), 1e-12)


def test_agents_can_be_sent_to_another_process():
    found = drawn(13)
    played = play(found, found.changes())
    sent = pickle.loads(pickle.dumps(played.following))  # noqa: S301
    place = played.scenarios[0]
    again = type(place)(*(np.copy(each) for each in place[:-1]), place.month)
    again.conversion[:, :, 1] = found.sale
    sent.scenario(0, played.parameters, again)
    same(again, place)


def test_whole_customers_agree_with_their_expectation():
    found = Drawn(np.random.default_rng(2), 2, 2)
    model = found.model([(found.changes(),)])
    runs = 3000
    counted, expected = (simulate(model, runs, engine) for engine in ("counts", "expected"))
    for one, other in ((counted.today, expected.today), *zip(
        counted.scenarios, expected.scenarios, strict=True
    )):  # fmt: skip
        for values, mean in (
            (one.counts[:, :, 2], other.counts[:, :, 2]),
            (one.parts, other.parts),
        ):
            off = values - mean
            error = off.std(axis=0, ddof=1) / np.sqrt(runs)
            assert np.all(np.abs(off.mean(axis=0)) <= 4 * error + 1e-6)
