"""Hours shared in the agents' interest over 12 segments: the kernel beside a root of scipy's.

The peer looks for the price of an hour at which all hours are spent; both must share alike.
"""

import numba
import numpy as np
import pytest
from scipy.optimize import brentq

from segrules.sim.effort.allocation import allocate

TIMES = 200
SEGMENTS = 12
HOURS = 30.0


@numba.njit
def with_kernel(times, cases, worth, speed, out):
    for _ in range(times):
        allocate(cases, worth, speed, HOURS, out)


def with_scipy(times, cases, worth, speed, out):
    lift = np.log(worth)

    def shared(level):
        return np.maximum(0.0, (lift - level) / speed)

    lowest = (lift - HOURS * speed / cases).min()
    for _ in range(times):
        level = brentq(lambda level: cases @ shared(level) - HOURS, lowest, lift.max())
        out[:] = shared(level)


@pytest.mark.benchmark(group="hours over 12 segments, 200 times")
@pytest.mark.parametrize("way", [with_kernel, with_scipy])
def test_sharing_hours(benchmark, way):
    pool = np.random.default_rng(5).uniform(0.5, 5.0, (3, SEGMENTS))
    out, expected = np.empty(SEGMENTS), np.empty(SEGMENTS)
    benchmark.pedantic(way, (TIMES, *pool, out), rounds=10, warmup_rounds=1)
    allocate(*pool, HOURS, expected)
    assert out == pytest.approx(expected, abs=1e-9)
    assert pool[0] @ out == pytest.approx(HOURS)
