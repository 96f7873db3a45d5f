"""Revenue and cost of both arms, from their counts.

Customers who buy in both arms pay the same in both. The largest sales (`segrules.sim.sale`) are
single ones, and lots decide whose they are; given the total of the others, the part of a group is
a beta share of it (gamma totals of disjoint groups). It is exactly all of it when nobody is lost.

Shapes: R replications, S segments, T months, M states of a scenario, K + 1 stages, P parts of the
cost. Money in minor units.
"""

import math

import numpy as np

from segrules.sim.draws import beta, binomial, gamma, normal_quantile
from segrules.sim.jit import kernel
from segrules.sim.kernels.counts import Coupled, Outcome
from segrules.sim.kernels.parameters import ONCE, Parameters, Scene
from segrules.sim.model import Counts, Floats
from segrules.sim.pack import Funnel, Treatment, word
from segrules.sim.sale import LOGNORMAL, Sales
from segrules.sim.uniforms import FIRST, Key, two_uniforms

_REVENUE = word("revenue")
_SHARE = word("revenue share kept")
_REVENUE_ALONE = word("revenue of the scenario alone")
_LARGE = word("number of large sales")
_SINGLE = word("a large sale")


@kernel
def settle_today(
    funnel: Funnel, parameters: Parameters, scene: Scene, first: int, out: Outcome
) -> None:
    """Fill revenue and cost of today from its counts; its scene has one state."""
    runs, segments, _ = out.counts.shape
    for r in range(runs):
        for s in range(segments):
            number = 0 if funnel.value_stage < 0 else out.counts[r, s, funnel.value_stage]
            key = Key(funnel.seed, funnel.segment_words[s], FIRST, _REVENUE, np.uint64(first + r))
            revenue = parameters.mean_value[r, s] * total(funnel.sales, s, number, key)
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
    states = len(scene.months)
    both, alone = np.empty(states, dtype=np.int64), np.empty(states, dtype=np.int64)
    kept = np.empty(states)
    for r in range(runs):
        replication = np.uint64(parameters.replication[r])
        for s in range(segments):
            key = Key(funnel.seed, funnel.segment_words[s], FIRST, _REVENUE, replication)
            apart = 1 if _steady(scene.value, r, s) else states
            if apart == 1:
                # a sale is worth the same in all states: they are one
                both[0], alone[0] = coupled.both[r, s].sum(), coupled.alone[r, s].sum()
            else:
                both[:], alone[:] = coupled.both[r, s], coupled.alone[r, s]
            share_out(funnel.sales, s, sales_today[r, s], key, both[:apart], kept[:apart])
            brought = 0.0
            for m in range(apart):
                own = Key(key.seed, key.entity, np.uint64(m), _REVENUE_ALONE, replication)
                more = total(funnel.sales, s, alone[m], own)
                brought += scene.value[m, r, s] * (kept[m] + more)
            out.revenue[r, s] = np.int64(np.rint(parameters.mean_value[r, s] * brought))
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


# ---- totals of sales, in parts of the mean of one


@kernel
def total(laws: Sales, s: int, number: int, key: Key) -> float:
    """Return what `number` sales of a segment bring."""
    large = _large(laws, s, number, key)
    found = _rest(laws, s, number - large, key)
    singles = 0.0
    for i in range(large):
        singles += _single(laws, s, _luck(key, i)[0])
    return found + singles


@kernel
def share_out(laws: Sales, s: int, number: int, key: Key, both: Counts, kept: Floats) -> None:
    """Fill kept[M], what both[M] of `number` sales bring: of the same sales that `total` adds up.

    Every sale is as likely as another to be among those of a state. The large ones go one by one;
    the total of the others is broken into those of the states one after the other, and what is
    left is that of the customers who are lost: together a Dirichlet. both is used up.
    """
    large, left = _large(laws, s, number, key), number
    rest, states = _rest(laws, s, number - large, key), len(both)
    for m in range(states):
        kept[m] = 0.0
    for i in range(large):
        u, place = _luck(key, i)
        below = place * left
        for m in range(states):
            if below < both[m]:
                kept[m] += _single(laws, s, u)
                both[m] -= 1
                break
            below -= both[m]
        left -= 1
    for m in range(states):
        own = Key(key.seed, key.entity, np.uint64(m), _SHARE, key.replication)
        part = both[m] * rest / left if left > 0 else 0.0
        if laws.shape[s] > 0.0 and left > 0:
            least = laws.least[s]
            over = beta(both[m] * laws.shape[s], (left - both[m]) * laws.shape[s], own)
            part = rest if both[m] == left else both[m] * least + over * (rest - left * least)
        kept[m], rest, left = part + kept[m], rest - part, left - both[m]


@kernel
def _large(laws: Sales, s: int, number: int, key: Key) -> int:
    """Return how many of the sales are large ones."""
    return binomial(number, laws.large[s], _purpose(key, np.uint64(key.purpose) ^ _LARGE))


@kernel
def _luck(key: Key, i: int) -> tuple[float, float]:
    """Return how large the i-th large sale is, and whose."""
    return two_uniforms(_purpose(key, np.uint64(key.purpose) ^ _SINGLE), np.uint64(i & 0xFFFF))


@kernel
def _single(laws: Sales, s: int, u: float) -> float:
    """Return a large sale: the lower u, the larger it is."""
    above = laws.large[s] * u / (1.0 - laws.nothing[s])
    if above >= 1.0:
        return 0.0
    if laws.kind[s] == LOGNORMAL:
        z = -normal_quantile(above)
        return float(min(laws.cap[s], math.exp(laws.log_mean[s] + laws.log_spread[s] * z)))
    start, stop = laws.start[s], laws.start[s + 1]
    return float(laws.table[min(start + int(above * laws.size[s]), stop - 1)])


@kernel
def _rest(laws: Sales, s: int, number: int, key: Key) -> float:
    """Return what sales that are not large bring; a shape of 0 means no spread."""
    least, mean, shape = laws.least[s], laws.mean[s], laws.shape[s]
    if shape > 0.0:
        return float(number * least + gamma(number * shape, key) * (mean / shape))
    return float(number * (least + mean))


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
