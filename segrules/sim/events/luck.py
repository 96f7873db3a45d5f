"""The luck of a customer: arrival, work and patience, keyed by class, number and replication.

Nothing here depends on what the centre does, so two arms see the same customers.
"""

import math

import numpy as np

from segrules.sim.draws import gamma, normal_quantile
from segrules.sim.events.inline import inlined
from segrules.sim.events.pack import EXPONENTIAL, FIXED, LOGNORMAL, Room, Row
from segrules.sim.model import Floats
from segrules.sim.pack import word
from segrules.sim.uniforms import FIRST, Key, two_uniforms

_BUSYNESS = word("events", "busyness")


@inlined
def uniforms_of(room: Room, purpose: np.uint64, number: int, attempt: int) -> tuple[float, float]:
    """Return the two numbers of a customer for this purpose and attempt."""
    clock = room.clock[0]
    key = Key(clock.seed, np.uint64(number), np.uint64(attempt), purpose, clock.replication)
    return two_uniforms(key, FIRST)


@inlined
def time_of(form: Row, quantiles: Floats, u: float) -> float:
    """Return the time of this form at the uniform u; it rises with u."""
    if form.form == EXPONENTIAL:
        return float(-form.mean * math.log(1.0 - u))
    if form.form == FIXED:
        return float(form.mean)
    if form.form == LOGNORMAL:
        return math.exp(form.log_mean + form.log_sd * normal_quantile(u))
    place = u * (form.last - form.first)
    left = int(place)
    low, high = quantiles[form.first + left], quantiles[form.first + left + 1]
    if high == math.inf:
        return math.inf
    return float(low + (high - low) * (place - left))


@inlined
def announce(room: Room, kind: int) -> None:
    """Let the next customer of a class be the one after, and draw another one after.

    Two ahead, because the loop cannot go on before it knows who comes next: this draw is done
    while it goes on. Unit exponential gaps are spent on the cumulative rate. When no more
    customers come, the moment is infinite.
    """
    group = room.classes[kind]
    group.next, group.next_work = group.later, group.later_work
    group.next_interval = group.later_interval
    u, v = uniforms_of(room, group.coming, group.number, 0)
    need = -math.log(1.0 - u)
    moment, at = group.later, group.later_interval
    last = len(room.edges) - 1
    while at < last:
        rate = room.rates[kind, at] * room.clock[0].busyness
        left = rate * (room.edges[at + 1] - moment)
        if need < left:
            moment += need / rate
            break
        need -= left
        at += 1
        moment = room.edges[at]
    group.number += 1
    group.later_interval = at
    group.later = moment if at < last else math.inf
    group.later_work = time_of(group.work, room.quantiles, v)


@inlined
def busyness(variance: float, seed: np.uint64, replication: np.uint64) -> float:
    """Return the factor on all rates of a day."""
    if variance <= 0.0:
        return 1.0
    key = Key(seed, FIRST, FIRST, _BUSYNESS, replication)
    return gamma(1.0 / variance, key) * variance
