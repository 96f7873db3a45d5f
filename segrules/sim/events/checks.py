"""What is wrong with a centre before it is played."""

import math
from itertools import combinations

import numpy as np

from segrules.sim.events.model import Centre, CustomerClass, Fixed, mean_of
from segrules.sim.queues.fault import (
    Fault,
    negative_capacity,
    served_by_nobody,
    serves_nobody,
    unstable,
)

_MANY_CLASSES = 10


def faults(centre: Centre) -> tuple[Fault, ...]:
    """Return the faults of a centre: none, if it can be played.

    A centre is unstable when a group of classes without an end to patience brings, averaged over
    the day and with every customer at the fastest pool, as much work as their pools have agents.
    Only single classes and all of them together are tried when there are more than ten.
    """
    found = [
        negative_capacity(pool.name, min(pool.agents))
        for pool in centre.pools
        if min(pool.agents) < 0
    ]
    served = {each.customers for each in centre.routes}
    serving = {each.pool for each in centre.routes}
    found += [
        served_by_nobody(each.name, _average(centre, each.rates))
        for each in centre.classes
        if each.name not in served and max(each.rates) > 0
    ]
    found += [
        serves_nobody(pool.name, max(pool.agents))
        for pool in centre.pools
        if pool.name not in serving
    ]
    return tuple(found) if found else _overloads(centre)


def _average(centre: Centre, values: tuple[float, ...]) -> float:
    return float(np.average(values, weights=np.diff(centre.edges)))


def _overloads(centre: Centre) -> tuple[Fault, ...]:
    patient = [each for each in centre.classes if _never_gives_up(each)]
    sizes = range(1, len(patient) + 1)
    if len(patient) > _MANY_CLASSES:
        sizes = range(1, len(patient) + 1, len(patient) - 1)
    for size in sizes:
        for group in combinations(patient, size):
            fault = _overload(centre, group)
            if fault is not None:
                return (fault,)
    return ()


def _never_gives_up(each: CustomerClass) -> bool:
    endless = isinstance(each.patience, Fixed) and math.isinf(each.patience.mean)
    return endless and max(each.rates) > 0


def _overload(centre: Centre, group: tuple[CustomerClass, ...]) -> Fault | None:
    names = {each.name for each in group}
    routes = [each for each in centre.routes if each.customers in names]
    load = 0.0
    for each in group:
        speed = max(route.speed for route in routes if route.customers == each.name)
        load += _average(centre, each.rates) * mean_of(each.work) / speed
    pools = {route.pool for route in routes}
    agents = sum(_average(centre, pool.agents) for pool in centre.pools if pool.name in pools)
    return unstable(" and ".join(sorted(names)), load, agents) if load >= agents else None
