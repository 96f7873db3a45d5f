"""The engine of events: the same whatever the cut, arms in pairs, and every policy on its own."""

import math
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from segrules.sim.events import policies
from segrules.sim.events.model import (
    ALL,
    CallBack,
    Centre,
    CustomerClass,
    Exponential,
    Fixed,
    Lognormal,
    Pool,
    Quantiles,
    Route,
    Station,
    Watch,
    mean_of,
)
from segrules.sim.events.run import blocks, merge, on, simulate
from segrules.sim.events.summary import course, left_out, of_all, of_class, of_pool
from segrules.sim.queues.erlang import ErlangC

WATCH = Watch(1.0, within=(0.0, 0.1), percentiles=(0.5, 0.9), keep=True)


def branch(special=(2, 3), general=(4, 2), **terms):
    """Two classes, two pools, two intervals, and something of every policy."""
    routes = (
        Route("new", "special", speed=1.2),
        Route("new", "general", after=0.2, rank=0),
        Route("old", "general", speed=0.9, rank=1, spare=1),
    )
    classes = (
        CustomerClass("new", (3.0, 5.0), Exponential(0.8), Exponential(1.0), CallBack(0.4, 0.5, 2)),
        CustomerClass("old", (2.0, 2.5), Lognormal(0.7, 1.3), Exponential(2.0)),
    )
    pools = (Pool("special", special), Pool("general", general, **terms))
    return Centre(classes, pools, routes, (0.0, 10.0, 25.0), busyness=0.05)


def arrays(outcome):
    yield from outcome.tally[:6]
    yield outcome.arrivals
    yield outcome.percentiles
    if outcome.kept is not None:
        yield from vars(outcome.kept).values()


def same(one, other):
    return all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(arrays(one), arrays(other), strict=True)
    )


@pytest.mark.parametrize("preempts", [False, True])
def test_threads_and_blocks_change_nothing(preempts):
    centre = branch(preempts=preempts)
    whole = simulate(centre, 37, 5, WATCH, threads=1, block=37)
    for threads in (1, 2, 4):
        for block in (1, 7, 16, None):
            assert same(whole, simulate(centre, 37, 5, WATCH, threads, block))
    assert not same(whole, simulate(centre, 37, 6, WATCH))


def test_processes_change_nothing():
    centre = branch()
    spans = blocks(centre, 6, WATCH, 2)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        elsewhere = merge(centre, WATCH, 5, on(pool, centre, WATCH, 5, spans))
    assert same(elsewhere, simulate(centre, 6, 5, WATCH))


def test_more_replications_leave_the_first_as_they_were():
    few, many = (simulate(branch(), runs, 5, WATCH) for runs in (3, 9))
    for a, b in zip(few.tally[:6], many.tally[:6], strict=True):
        assert np.array_equal(a, b[:3])


def test_an_arm_like_today_differs_by_nothing():
    assert same(simulate(branch(), 8, 5, WATCH), simulate(branch(), 8, 5, WATCH))


def test_arms_share_their_customers():
    """More agents: the same customers come with the same work, and none of one class waits longer.

    With a single pool, first come first served, another agent delays nobody.
    """
    work, patience = Lognormal(1.0, 1.0), Fixed(math.inf)
    arms = [Station(4.0, work, agents, 50.0, patience).centre() for agents in (5, 6)]
    today, then = (simulate(arm, 20, 3, Watch(keep=True)).kept for arm in arms)
    assert np.array_equal(today.arrived, then.arrived)
    assert (then.waited <= today.waited + 1e-9).all()
    assert (then.waited < today.waited).any()


def test_another_class_shifts_no_luck():
    one = branch()
    more = Centre(
        (CustomerClass("guests", (1.0, 1.0), Exponential(1.0)), *one.classes),
        (*one.pools, Pool("hosts", (ALL, ALL))),
        (*one.routes, Route("guests", "hosts")),
        one.edges,
        one.busyness,
    )
    alone, beside = (simulate(centre, 8, 5, WATCH) for centre in (one, more))
    for a, b in zip(alone.tally[:2], beside.tally[:2], strict=True):
        assert np.array_equal(a, b[:, :, 1:])


def test_unending_agents_lose_nobody():
    centre = branch(special=(ALL, ALL), general=(ALL, ALL))
    found = of_all(simulate(centre, 20, 1, Watch(within=(0.0,))))
    assert found.lost.mean == found.unfinished.mean == found.wait.mean == 0
    assert found.within[0].mean == 1
    assert found.served.mean == found.arrived.mean > 0


def test_no_agent_serves_nobody():
    found = of_all(simulate(Station(5.0, Fixed(1.0), 0, 20.0, Fixed(0.5)).centre(), 5, 1))
    assert found.abandonment.mean == 1
    assert found.wait.mean == pytest.approx(0.5)
    patient = of_all(simulate(Station(5.0, Fixed(1.0), 0, 20.0).centre(), 5, 1))
    assert patient.unfinished.mean == patient.arrived.mean > 0
    assert math.isnan(patient.wait.mean)


def test_everyone_is_accounted_for():
    outcome = simulate(branch(), 30, 2, Watch(keep=True))
    found = of_all(outcome)
    assert found.served.mean + found.lost.mean == pytest.approx(found.arrived.mean)
    assert found.arrived.mean == pytest.approx(outcome.arrivals.mean())
    kept = outcome.kept
    assert len(kept.arrived) == outcome.arrivals.sum()
    assert np.sum(kept.pool >= 0) == outcome.tally.by_pool.sum()
    waits = outcome.tally.waits.sum()
    assert kept.waited.sum() == pytest.approx(waits, rel=1e-12)


def test_percentiles_are_those_of_the_kept():
    outcome = simulate(branch(), 4, 2, WATCH)
    kept = outcome.kept
    mine = (kept.replication == 2) & (kept.kind == 1) & (kept.arrived >= 1.0)
    expected = np.quantile(kept.waited[mine], [0.5, 0.9])
    assert np.array_equal(outcome.percentiles[2, 1], expected)
    assert left_out(outcome).mean == np.mean(
        [np.sum((kept.replication == run) & (kept.arrived < 1.0)) for run in range(4)]
    )


def test_first_come_first_served():
    outcome = simulate(Station(9.0, Exponential(1.0), 10, 200.0).centre(), 3, 1, Watch(keep=True))
    kept = outcome.kept
    for run in range(3):
        mine = kept.replication == run
        begun = kept.arrived[mine] + kept.waited[mine]
        assert (np.diff(begun) >= -1e-9).all()


def two_pools(*routes, agents=(1, 1), rates=(1.5, 0.0)):
    classes = tuple(
        CustomerClass(name, (rate,), Exponential(1.0))
        for name, rate in zip("AB", rates, strict=True)
    )
    pools = tuple(
        Pool(name, (count,)) for name, count in zip(("first", "second"), agents, strict=True)
    )
    return Centre(classes, pools, routes, (0.0, 400.0))


def test_overflow_only_after_the_wait():
    routes = (Route("A", "first"), Route("A", "second"), Route("B", "second"))
    routes = policies.overflow(routes, "A", "second", 0.7)
    ordered = policies.static_order(routes, ["first", "second"])
    centre = two_pools(*ordered, rates=(0.7, 0.0))
    kept = simulate(centre, 20, 1, Watch(keep=True)).kept
    helped = kept.waited[kept.pool == 1]
    assert len(helped) > 100
    assert helped.min() == pytest.approx(0.7)
    # The second pool has nothing else to do: it takes most of them at that very moment.
    assert np.mean(np.isclose(helped, 0.7)) > 0.5
    assert kept.waited[kept.pool == 0].min() == 0


def test_reserved_agents_stay_free():
    routes = (Route("A", "first"), Route("B", "first"), Route("B", "second"))
    reserved = policies.reserve(routes, "A", "first", 2)
    # A gets three of five agents, as if it had a pool of three; B finds an agent at once.
    centre = two_pools(*reserved, agents=(5, 0), rates=(2.0, 0.0))
    found = of_class(simulate(centre, 200, 1, Watch(50.0)), "A")
    expected = ErlangC(2.0, 1.0, 3)
    assert abs(found.wait.mean - expected.mean_wait) < 4 * found.wait.error
    assert abs(found.delayed.mean - expected.delayed) < 4 * found.delayed.error


@pytest.mark.parametrize(
    ("order", "chosen"),
    [
        (policies.fastest_first, 1),
        (lambda routes: policies.static_order(routes, ["first", "second"]), 0),
        (
            lambda routes: policies.best_skill_first(
                routes, {("A", "first"): 0.3, ("A", "second"): 0.1, ("B", "second"): 0.0}
            ),
            0,
        ),
    ],
)
def test_orders_of_pools(order, chosen):
    routes = (Route("A", "first"), Route("A", "second", speed=2.0), Route("B", "second"))
    centre = two_pools(*order(routes), agents=(ALL, ALL))
    by_pool = of_class(simulate(centre, 3, 1), "A").by_pool
    assert by_pool[chosen].mean > 0
    assert by_pool[1 - chosen].mean == 0


def test_ranks_of_a_free_agent():
    routes = (Route("A", "first"), Route("B", "first"), Route("B", "second"))
    ranked = policies.priority(routes, ["B", "A"])
    waits = {}
    for name, each in (("equal", routes), ("ranked", ranked)):
        centre = two_pools(*each, agents=(2, 0), rates=(0.9, 0.9))
        outcome = simulate(centre, 40, 1)
        waits[name] = [of_class(outcome, letter).wait.mean for letter in "AB"]
    assert waits["ranked"][1] < waits["equal"][1] < waits["ranked"][0]


def test_call_backs():
    patience = Fixed(0.2)
    for patient in (False, True):
        centre = Centre(
            (
                CustomerClass(
                    "A", (3.0,), Exponential(1.0), patience, CallBack(1.0, 2.0, 3, patient)
                ),
            ),
            (Pool("agents", (3,)),),
            (Route("A", "agents"),),
            (0.0, 300.0),
        )
        outcome = simulate(centre, 20, 1, Watch(keep=True))
        found = of_all(outcome)
        without = of_all(
            simulate(Station(3.0, Exponential(1.0), 3, 300.0, patience).centre(), 20, 1)
        )
        assert found.came_back.mean > 0
        assert found.abandonment.mean < without.abandonment.mean
        if patient:
            assert found.lost.mean == 0
        else:
            # four times in line, each for the whole patience
            gone = outcome.kept.pool == -1
            assert np.allclose(outcome.kept.waited[gone], 0.8)


def test_agents_follow_the_schedule():
    classes = (CustomerClass("A", (4.0, 4.0, 4.0), Fixed(0.5), Exponential(1.0)),)
    edges = (0.0, 10.0, 20.0, 30.0)
    centre = Centre(classes, (Pool("agents", (6, 0, 6)),), (Route("A", "agents"),), edges)
    outcome = simulate(centre, 50, 1)
    found = course(outcome, "A")
    staffed = outcome.tally.hours[:, :, 0, 1].mean(axis=0)
    # Agents who go off duty finish first, half a unit of time at most for two of them.
    assert staffed[0] == pytest.approx(60)
    assert 0 < staffed[1] < 3
    assert staffed[2] == pytest.approx(60)
    assert found.abandonment[1] > 0.8
    assert found.abandonment[0] < 0.05
    assert found.delayed[1] > 0.95
    assert found.present[1] == pytest.approx(2.0, abs=0.6)
    assert found.present[2] > found.present[1]


def test_interrupted_work_is_resumed():
    """Fixed work: whoever is interrupted stays exactly wait and work together."""
    classes = (
        CustomerClass("A", (0.3,), Fixed(0.5)),
        CustomerClass("B", (0.3,), Fixed(1.0)),
    )
    routes = policies.priority((Route("A", "agent"), Route("B", "agent")), ["A", "B"])
    centre = Centre(classes, (Pool("agent", (1,), True),), routes, (0.0, 500.0))
    outcome = simulate(centre, 20, 4, Watch(keep=True))
    # The agent has worked for every customer's whole handle time, and for nothing else.
    busy = of_pool(outcome, "agent").busy.mean
    served = [of_class(outcome, name).served.mean for name in "AB"]
    assert busy == pytest.approx(0.5 * served[0] + served[1], rel=0.01)
    # White and Christie for fixed times
    a, b = 0.3 * 0.5, 0.3 * 1.0
    residual = 0.3 * 0.25 / 2 + 0.3 / 2
    stay = 1.0 / (1 - a) + residual / ((1 - a) * (1 - a - b))
    wait = of_class(outcome, "B").wait
    assert abs(wait.mean - (stay - 1)) < 4 * wait.error


def test_quantiles_are_drawn():
    values = np.array([0.0, 1.0, 1.0, 4.0, math.inf])
    station = Station(5.0, Fixed(1.0), 0, 200.0, Quantiles(values))
    kept = simulate(station.centre(), 20, 1, Watch(keep=True)).kept
    ended = kept.waited[kept.pool == -1]
    assert abs(np.mean(kept.pool == -2) - 0.25) < 4 * math.sqrt(0.25 * 0.75 / len(kept.pool))
    below = np.mean(ended < 1) * 0.75
    assert abs(below - 0.25) < 4 * math.sqrt(0.25 * 0.75 / len(ended))
    assert ended.max() <= 4
    assert mean_of(Quantiles(values[:4])) == pytest.approx((0.5 + 1 + 2.5) / 3)


def test_a_busy_day_is_busy_for_all():
    outcome = simulate(branch(), 4000, 1)
    mean = 3 * 10 + 5 * 15 + 2 * 10 + 2.5 * 15
    total = outcome.arrivals
    assert abs(total.mean() - mean) < 4 * total.std() / math.sqrt(len(total))
    assert total.var() == pytest.approx(mean + 0.05 * mean**2, rel=0.1)
