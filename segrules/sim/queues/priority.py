"""Classes of different rank in front of one pool, where nobody gives up."""

from collections.abc import Sequence

from segrules.sim.model import require
from segrules.sim.queues.erlang import ErlangC


def cobham_waits(arrivals: Sequence[float], service: float, agents: int) -> tuple[float, ...]:
    """Return the mean wait by class, first class first; no service is interrupted.

    All classes are served at one rate, exponentially. Cobham 1954; Davis 1966 for several agents.
    """
    total = ErlangC(sum(arrivals), service, agents)
    capacity = agents * service
    first = total.delayed / capacity
    waits, before = [], 0.0
    for rate in arrivals:
        load = before + rate / capacity
        waits.append(first / ((1 - before) * (1 - load)))
        before = load
    return tuple(waits)


def cobham_waits_of_one(
    arrivals: Sequence[float], handles: Sequence[float], cvs: Sequence[float]
) -> tuple[float, ...]:
    """Return the mean wait by class for a single agent, whatever the handle times."""
    require(len(arrivals) == len(handles) == len(cvs), "a figure for every class")
    loads = [rate * handle for rate, handle in zip(arrivals, handles, strict=True)]
    require(sum(loads) < 1, "the queue has no equilibrium")
    squares = [handle * handle * (1 + cv * cv) for handle, cv in zip(handles, cvs, strict=True)]
    residual = sum(rate * square for rate, square in zip(arrivals, squares, strict=True)) / 2
    waits, before = [], 0.0
    for load in loads:
        waits.append(residual / ((1 - before) * (1 - before - load)))
        before += load
    return tuple(waits)


def preemptive_stays_of_pool(
    arrivals: Sequence[float], service: float, agents: int
) -> tuple[float, ...]:
    """Return the mean time in the centre by class where first classes interrupt the others.

    One exponential service rate. The first k classes see an M/M/c queue of their own, so their
    number is known, and that of class k is a difference.
    """
    stays, before, inside = [], 0.0, 0.0
    for rate in arrivals:
        queue = ErlangC(before + rate, service, agents)
        number = queue.arrivals * queue.mean_stay
        stays.append((number - inside) / rate if rate > 0 else queue.mean_stay)
        before, inside = before + rate, number
    return tuple(stays)
