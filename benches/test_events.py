"""The engine of events beside SimPy and Ciw: M/M/10 at load 0.9, one core, every wait kept.

The tools play different lengths, so that none takes minutes, and are compared by the time a
customer takes. Each has its own luck; all of them must find the mean wait of Erlang-C.
"""

import math
import random
import statistics
import time

import ciw
import numpy as np
import pytest
import simpy

from segrules.sim.events.model import Exponential, Station, Watch
from segrules.sim.events.run import simulate
from segrules.sim.queues.erlang import ErlangC

ARRIVALS, SERVICE, AGENTS = 9.0, 1.0, 10
ROUNDS = 7
HORIZON = {"ours": 15_000.0, "simpy": 3_000.0, "ciw": 1_500.0}
LEFT_OUT = 1_000
BATCH = 2_000
"""Customers whose mean wait counts as one independent figure: six times what it takes to forget."""


def ours(seed):
    centre = Station(ARRIVALS, Exponential(1 / SERVICE), AGENTS, HORIZON["ours"]).centre()
    return simulate(centre, 1, seed, Watch(keep=True), threads=1).kept.waited


def with_simpy(seed):
    luck = random.Random(seed)  # noqa: S311
    world = simpy.Environment()
    agents = simpy.Resource(world, AGENTS)
    waits = []

    def customer():
        arrived = world.now
        with agents.request() as request:
            yield request
            waits.append((arrived, world.now - arrived))
            yield world.timeout(luck.expovariate(SERVICE))

    def door():
        while True:
            yield world.timeout(luck.expovariate(ARRIVALS))
            world.process(customer())

    world.process(door())
    world.run(until=HORIZON["simpy"])
    return np.array(waits)[:, 1]


def with_ciw(seed):
    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=ARRIVALS)],
        service_distributions=[ciw.dists.Exponential(rate=SERVICE)],
        number_of_servers=[AGENTS],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(HORIZON["ciw"])
    records = simulation.get_all_records()
    order = np.argsort([record.arrival_date for record in records])
    return np.array([record.waiting_time for record in records])[order]


TOOLS = {"ours": ours, "simpy": with_simpy, "ciw": with_ciw}


def batches(waits):
    """Mean waits of batches, without the beginning."""
    rest = waits[LEFT_OUT:]
    count = len(rest) // BATCH
    return rest[: count * BATCH].reshape(count, BATCH).mean(axis=1)


@pytest.mark.benchmark(group="events")
def test_events(benchmark):
    ours(0)
    seconds = {name: [] for name in TOOLS}
    means = {name: [] for name in TOOLS}
    for seed in range(1, ROUNDS + 1):
        for name, play in TOOLS.items():
            began = time.process_time()
            waits = play(seed)
            seconds[name].append((time.process_time() - began) / len(waits))
            means[name].append(batches(waits))
    each = {name: statistics.median(times) for name, times in seconds.items()}
    expected = ErlangC(ARRIVALS, SERVICE, AGENTS).mean_wait
    for name, parts in means.items():
        figures = np.concatenate(parts)
        error = figures.std(ddof=1) / math.sqrt(len(figures))
        assert abs(figures.mean() - expected) < 4 * error, name
        assert error < 0.15 * expected, name
        benchmark.extra_info[f"wait_{name}"] = f"{figures.mean():.4f} ± {error:.4f}"
    benchmark.extra_info |= {
        "wait_erlang_c": round(expected, 4),
        "ours_ns_a_customer": round(each["ours"] * 1e9),
        "times_simpy": round(each["simpy"] / each["ours"]),
        "times_ciw": round(each["ciw"] / each["ours"]),
    }
    print(benchmark.extra_info)
    benchmark.pedantic(ours, args=(ROUNDS,), rounds=ROUNDS)
