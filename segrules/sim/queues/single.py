"""One agent: any distribution of the handle time, and classes that interrupt each other."""

from collections.abc import Sequence

from segrules.sim.model import require


def mean_wait(arrivals: float, handle: float, cv: float) -> float:
    """Return the mean wait of M/G/1 (Pollaczek and Khinchine).

    handle: mean handle time; cv: its standard deviation over its mean, 0 when it is fixed and 1
    when it is exponential.
    """
    load = arrivals * handle
    require(arrivals >= 0 and handle > 0 and cv >= 0, "rates and times must not be negative")
    require(load < 1, "the queue has no equilibrium")
    return load * handle * (1 + cv * cv) / 2 / (1 - load)


def preemptive_stays(
    arrivals: Sequence[float], handles: Sequence[float], cvs: Sequence[float]
) -> tuple[float, ...]:
    """Return the mean time in the centre by class, first class first, where it interrupts others.

    Interrupted work is resumed. White & Christie 1958, Miller 1960: one agent, any handle times.
    """
    require(len(arrivals) == len(handles) == len(cvs), "a figure for every class")
    before, residual = 0.0, 0.0
    stays = []
    for rate, handle, cv in zip(arrivals, handles, cvs, strict=True):
        load = before + rate * handle
        require(load < 1, "the queue has no equilibrium")
        residual += rate * handle * handle * (1 + cv * cv) / 2
        stays.append(handle / (1 - before) + residual / ((1 - before) * (1 - load)))
        before = load
    return tuple(stays)
