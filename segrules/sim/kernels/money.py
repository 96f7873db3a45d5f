"""Revenue and cost of both arms, from their counts.

Customers who buy in both arms pay the same in both: given today's total, their part of it is a
beta share (gamma totals of disjoint groups), and exactly all of it when nobody is lost.

Shapes: R replications, S segments, T months, M states of a scenario, K + 1 stages, P parts of the
cost. Money in minor units.
"""

import numpy as np

from segrules.sim.draws import beta, gamma
from segrules.sim.jit import kernel
from segrules.sim.kernels.counts import Coupled, Outcome
from segrules.sim.kernels.parameters import ONCE, Parameters, Scene
from segrules.sim.model import Counts, Floats
from segrules.sim.pack import Funnel, Treatment, word
from segrules.sim.uniforms import FIRST, Key

_REVENUE = word("revenue")
_SHARE = word("revenue share kept")
_REVENUE_ALONE = word("revenue of the scenario alone")


@kernel
def settle_today(
    funnel: Funnel, parameters: Parameters, scene: Scene, first: int, out: Outcome
) -> None:
    """Fill revenue and cost of today from its counts; its scene has one state."""
    runs, segments, _ = out.counts.shape
    for r in range(runs):
        for s in range(segments):
            sales = 0 if funnel.value_stage < 0 else out.counts[r, s, funnel.value_stage]
            key = Key(funnel.seed, funnel.segment_words[s], FIRST, _REVENUE, np.uint64(first + r))
            revenue = _revenue(sales, parameters.mean_value[r, s], funnel.value_shape[s], key)
            out.revenue[r, s] = np.int64(np.rint(revenue))
            _settle_cost(scene, out.counts[r : r + 1, s], (r, s), out.parts)


@kernel
def settle_scenario(
    funnel: Funnel,
    parameters: Parameters,
    scene: Scene,
    sales_today: Counts,
    coupled: Coupled,
    out: Outcome,
) -> None:
    """Fill revenue and cost of a scenario from its customers; sales_today: int64[R, S]."""
    runs, segments, _ = out.counts.shape
    for r in range(runs):
        replication = np.uint64(parameters.replication[r])
        for s in range(segments):
            mean, shape = parameters.mean_value[r, s], funnel.value_shape[s]
            key = Key(funnel.seed, funnel.segment_words[s], FIRST, _REVENUE, replication)
            if _steady(scene.value, r, s):
                both, alone = coupled.both[r, s].sum(), coupled.alone[r, s].sum()
                revenue = scene.value[0, r, s] * _kept_and_more(
                    (both, alone, sales_today[r, s]), mean, shape, key
                )
            else:
                revenue = _by_state(scene, coupled, (r, s, sales_today[r, s]), (mean, shape), key)
            out.revenue[r, s] = np.int64(np.rint(revenue))
            _settle_cost(scene, coupled.counts[r, s], (r, s), out.parts)


@kernel
def add_once(treatment: Treatment, scene: Scene, out: Outcome) -> None:
    """Add what levers cost once."""
    for r in range(scene.once.shape[0]):
        for o in range(scene.once.shape[1]):
            amount = np.int64(np.rint(scene.once[r, o]))
            out.parts[r, ONCE, treatment.once_segment[o]] += amount


@kernel
def _steady(value: Floats, r: int, s: int) -> bool:
    """Tell whether a sale is worth the same in all states float64[M, R, S]."""
    steady = True
    for m in range(1, len(value)):
        steady = steady and value[m, r, s] == value[0, r, s]
    return steady


@kernel
def _kept_and_more(sales: tuple[int, int, int], mean: float, shape: float, key: Key) -> float:
    """Return what sales to both arms' customers and to the scenario's alone bring."""
    both, alone, today = sales
    if shape > 0.0:
        share = beta(both * shape, (today - both) * shape, _purpose(key, _SHARE))
        kept = share * _revenue(today, mean, shape, key)
        return kept + _revenue(alone, mean, shape, _purpose(key, _REVENUE_ALONE))
    return (both + alone) * mean


@kernel
def _by_state(
    scene: Scene,
    coupled: Coupled,
    place: tuple[int, int, int],
    sale: tuple[float, float],
    key: Key,
) -> float:
    """Return the revenue where a sale is worth more in some states than in others.

    Today's total is broken into the parts of the states one after the other, and what is left is
    that of the customers who are lost: together a Dirichlet.
    """
    r, s, today = place
    mean, shape = sale
    left, rest = _revenue(today, mean, shape, key), today
    total = 0.0
    for m in range(len(scene.months)):
        both, alone = coupled.both[r, s, m], coupled.alone[r, s, m]
        own = Key(key.seed, key.entity, np.uint64(m), _SHARE, key.replication)
        if shape > 0.0:
            part = left * beta(both * shape, (rest - both) * shape, own)
            more = _revenue(alone, mean, shape, _purpose(own, _REVENUE_ALONE))
        else:
            part, more = both * mean, alone * mean
        left, rest = left - part, rest - both
        total += scene.value[m, r, s] * (part + more)
    return total


@kernel
def _revenue(sales: int, mean: float, shape: float, key: Key) -> float:
    """Return the total of `sales` gamma amounts of this mean; shape 0 means no spread."""
    if shape > 0.0:
        return gamma(sales * shape, key) * (mean / shape)
    return sales * mean


@kernel
def _purpose(key: Key, purpose: np.uint64) -> Key:
    return Key(key.seed, key.entity, key.period, purpose, key.replication)


@kernel
def _settle_cost(scene: Scene, counts: Counts, place: tuple[int, int], out: Counts) -> None:
    """Fill out[R, P, S] at a place from counts[M, K+1]: each part in whole minor units."""
    r, s = place
    states, stages = counts.shape
    for p in range(out.shape[1]):
        total = 0.0
        for m in range(states):
            for k in range(stages):
                total += counts[m, k] * scene.parts[m, p, r, s, k]
            total += scene.months[m] * scene.fixed[m, p, r, s]
        out[r, p, s] = np.int64(np.rint(total))
