"""Waits of the formulas against other ways to the same figures, and their limits."""

import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from segrules.sim.queues import large, priority, single
from segrules.sim.queues.erlang import ErlangC, erlang_b
from segrules.sim.queues.patience import ErlangA
from segrules.sim.queues.two_pools import TwoPools

QUEUES = [ErlangA(48.0, 1.0, 0.5, 50), ErlangA(12.0, 1.0, 0.5, 10), ErlangA(3.0, 0.7, 2.0, 1)]


def later(queue, time):
    """P(an agent is offered later than `time`) by Zeltyn and Mandelbaum's integral."""
    c, theta = queue.agents, queue.patience

    def weight(x):
        return math.exp(queue.arrivals * -math.expm1(-theta * x) / theta - c * queue.service * x)

    def tail(start):
        return quad(weight, start, start + 60 / theta, limit=500, epsabs=1e-13)[0]

    before = 1 / erlang_b(queue.arrivals / queue.service, c - 1)
    return queue.arrivals * tail(time) / (before + queue.arrivals * tail(0.0))


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("time", [0.0, 0.05, 0.3, 1.0, 3.0])
def test_waits_of_all_by_an_integral(queue, time):
    expected = 1 - later(queue, time) * math.exp(-queue.patience * time)
    assert queue.within(time) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("queue", QUEUES)
def test_means_are_the_area_above(queue):
    def area(within):
        return quad(lambda time: 1 - within(time), 0, 40 / queue.patience, limit=500)[0]

    assert area(queue.within) == pytest.approx(queue.mean_wait, rel=1e-6)
    assert area(queue.within_of_served) == pytest.approx(queue.mean_wait_of_served, rel=1e-6)


@pytest.mark.parametrize("queue", QUEUES)
def test_percentiles_turn_the_waits_round(queue):
    for share in (0.7, 0.9, 0.99):
        wait = queue.percentile(share)
        assert wait == 0 or queue.within(wait) == pytest.approx(share, abs=1e-9)
    assert queue.percentile((1 - queue.delayed) / 2) == 0


def test_endless_patience_is_erlang_c():
    almost, endless = ErlangA(45.0, 1.0, 1e-8, 50), ErlangC(45.0, 1.0, 50)
    assert almost.delayed == pytest.approx(endless.delayed, rel=1e-5)
    assert almost.mean_wait == pytest.approx(endless.mean_wait, rel=1e-5)
    assert almost.within(0.1) == pytest.approx(endless.within(0.1), rel=1e-5)


def test_no_patience_is_erlang_b():
    queue = ErlangA(7.0, 1.0, 1e9, 10)
    assert queue.abandonment == pytest.approx(erlang_b(7.0, 10), rel=1e-6)


def test_no_agents():
    queue = ErlangA(7.0, 1.0, 2.0, 0)
    assert queue.abandonment == pytest.approx(1.0)
    assert queue.mean_wait == pytest.approx(0.5)
    assert queue.mean_wait_of_lost == pytest.approx(0.5)
    assert queue.within(0.5) == pytest.approx(1 - math.exp(-1))
    assert math.isnan(queue.mean_wait_of_served)
    assert erlang_b(3.0, 0) == 1


def test_thousands_of_agents():
    queue = ErlangA(5100.0, 1.0, 0.5, 5000)
    rough = large.garnett((5000 - 5100) / math.sqrt(5100), 1.0, 0.5, 5000)
    assert queue.delayed == pytest.approx(rough.delayed, rel=0.01)
    assert queue.abandonment == pytest.approx(rough.abandonment, rel=0.02)
    assert 0.9 < queue.within(1.0) <= 1


@pytest.mark.parametrize("overload", [1.1, 1.5])
def test_fluid_is_the_limit_of_erlang_a(overload):
    agents = 2000
    queue = ErlangA(overload * agents, 1.0, 0.4, agents)
    fluid = large.Fluid(overload * agents, 1.0, 0.4, agents)
    assert fluid.abandonment == pytest.approx(queue.abandonment, rel=1e-3)
    assert fluid.mean_wait == pytest.approx(queue.mean_wait, rel=1e-3)
    assert fluid.wait_of_served == pytest.approx(queue.mean_wait_of_served, rel=1e-2)
    assert fluid.throughput == pytest.approx(queue.throughput, rel=1e-3)
    assert fluid.occupancy == 1


def test_fluid_through_a_day():
    def at(arrivals, agents, patience=0.4):
        return large.Fluid(arrivals, 1.0, patience, agents)

    fluids = [at(80.0, 100), at(150.0, 100), at(150.0, 60), at(20.0, 60)]
    edges = [0.0, 2.0, 6.0, 7.0, 12.0]
    found = large.fluid_course(fluids, edges)
    number = 0.0
    for k, each in enumerate(fluids):

        def change(_, x, each=each):
            over = np.maximum(x - each.agents, 0)
            return each.arrivals - np.minimum(x, each.agents) - each.patience * over

        way = solve_ivp(
            change, (edges[k], edges[k + 1]), [number], rtol=1e-9, atol=1e-9, max_step=0.01
        )
        number = way.y[0, -1]
        assert found[k + 1] == pytest.approx(number, rel=1e-5)
    # A line that nobody leaves shortens at a constant pace, and then the agents are idle.
    calm = large.fluid_course([at(50.0, 100, 0.0)], [0.0, 1.0], start=125.0)[0:2]
    assert calm[1] == pytest.approx(50 + 50 * math.exp(-0.5))


def test_ranks_of_a_pool_of_one_are_those_of_one_agent():
    rates = [0.2, 0.3, 0.1]
    pool = priority.cobham_waits(rates, 1.0, 1)
    one = priority.cobham_waits_of_one(rates, [1.0] * 3, [1.0] * 3)
    assert pool == pytest.approx(one)
    # whatever the order, the work in the line is the same
    mean = sum(rate * wait for rate, wait in zip(rates, pool, strict=True)) / sum(rates)
    assert mean == pytest.approx(single.mean_wait(0.6, 1.0, 1.0))
    stays = priority.preemptive_stays_of_pool(rates, 1.0, 4)
    number = sum(rate * stay for rate, stay in zip(rates, stays, strict=True))
    assert number == pytest.approx(0.6 * ErlangC(0.6, 1.0, 4).mean_stay)


def test_two_pools_that_are_one():
    """Equal speeds, equal patience and no specialist: both classes together are Erlang-A."""
    pools = TwoPools(2.0, 3.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0, 5)
    together = ErlangA(5.0, 1.0, 0.5, 5)
    found = pools.solution
    assert found.delayed == pytest.approx((together.delayed,) * 2)
    lost = (2 * found.abandonment[0] + 3 * found.abandonment[1]) / 5
    assert lost == pytest.approx(together.abandonment)
    assert found.abandonment[0] < found.abandonment[1]
    turned = TwoPools(2.0, 3.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0, 5, first="B").solution
    assert turned.abandonment[0] > found.abandonment[0]
    lost = (2 * turned.abandonment[0] + 3 * turned.abandonment[1]) / 5
    assert lost == pytest.approx(together.abandonment)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ErlangC(10.0, 1.0, 10),
        lambda: ErlangA(1.0, 1.0, 0.0, 3),
        lambda: erlang_b(-1.0, 3),
        lambda: single.mean_wait(1.0, 1.0, 1.0),
        lambda: large.Fluid(2.0, 1.0, 0.0, 1),
        lambda: TwoPools(2.0, 3.0, 1.0, 1.0, 1.0, 0.001, 0.001, 5, 5).solution,
    ],
)
def test_mistakes_of_the_caller(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        wrong()
