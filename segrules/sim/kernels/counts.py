"""Follow whole numbers of customers through the funnel, by segment and month, in both arms.

Today's path is drawn first and on its own, so it is the same whatever the scenario. The scenario
is then coupled to it customer by customer, in counts. A customer passes stage j today with
probability p and in the scenario with q, on the same luck:

* q < p: of those who pass today, each is kept with probability q / p;
* q > p: of those who fail today, each passes as well with probability (q - p) / (1 - p);
* a customer whom only the scenario has brought this far passes with probability q.

Customers are classed by the last stage they reach *today*: being kept at stages 1, 2, ... is
then independent of the class, so plain binomial thinning gives the exact joint law without
drawing today's path again (a split of today's survivors would need hypergeometric draws).
Arrivals are coupled alike: fewer are a thinning, more are a Poisson number beside today's.

Shapes: R replications, S segments, T months, M states of a scenario, K conversions, K + 1 stages,
P parts of the cost.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segrules.sim.draws import binomial, gamma, poisson
from segrules.sim.jit import kernel
from segrules.sim.kernels.parameters import Parameters, Scene
from segrules.sim.model import Counts, Floats
from segrules.sim.pack import Funnel, Words, word
from segrules.sim.uniforms import Key

_ARRIVAL = word("arrival")
_MORE = word("arrivals of the scenario alone")
_SHOCK = word("arrival shock")
_REVENUE = word("revenue")
_SHARE = word("revenue share kept")
_REVENUE_ALONE = word("revenue of the scenario alone")


class Outcome(NamedTuple):
    """Totals over the months of one arm; money in minor units."""

    counts: NDArray[np.int64]  # [R, S, K+1] customers who reached each stage
    revenue: NDArray[np.int64]  # [R, S]
    parts: NDArray[np.int64]  # [R, P, S] of the cost


class Coupled(NamedTuple):
    """A scenario's customers, and its sales to those who buy today as well and to others."""

    counts: NDArray[np.int64]  # [R, S, M, K+1]
    both: NDArray[np.int64]  # [R, S, M]
    alone: NDArray[np.int64]  # [R, S, M]


@kernel
def _shocked(mean: float, dispersion: float, key: Key) -> float:
    """Return the mean of a month's arrivals, the shock of the month included."""
    if dispersion > 0.0:
        mean *= gamma(1.0 / dispersion, key) * dispersion
    return mean


@kernel
def arrive(funnel: Funnel, parameters: Parameters, first: int, monthly: Counts) -> None:
    """Fill monthly[R, S, T, 0], the customers who enter today."""
    runs, segments, months, _ = monthly.shape
    for r in range(runs):
        replication = np.uint64(first + r)
        for s in range(segments):
            entity = funnel.segment_words[s]
            for t in range(months):
                key = Key(funnel.seed, entity, np.uint64(t), _ARRIVAL, replication)
                mean = parameters.rate[r, s] * parameters.season[r, t]
                mean = _shocked(mean, parameters.dispersion[r], _purpose(key, _SHOCK))
                monthly[r, s, t, 0] = poisson(mean, key)


@kernel
def pass_today(
    funnel: Funnel, parameters: Parameters, first: int, monthly: Counts, counts: Counts
) -> None:
    """Fill monthly[R, S, T, 1:] from monthly[..., 0], and counts[R, S, K+1] with the sums."""
    runs, segments, months, stages = monthly.shape
    for r in range(runs):
        replication = np.uint64(first + r)
        for s in range(segments):
            entity = funnel.segment_words[s]
            for k in range(stages):
                counts[r, s, k] = 0
            for t in range(months):
                number = monthly[r, s, t, 0]
                counts[r, s, 0] += number
                for j in range(1, stages):
                    p = parameters.conversion[r, s, j - 1]
                    purpose = funnel.today_words[j - 1]
                    key = Key(funnel.seed, entity, np.uint64(t), purpose, replication)
                    number = binomial(number, p, key)
                    monthly[r, s, t, j] = number
                    counts[r, s, j] += number


@kernel
def pass_scenario(
    funnel: Funnel,
    parameters: Parameters,
    scene: Scene,
    first: int,
    monthly: Counts,
    out: Coupled,
) -> None:
    """Fill `out` from today's monthly counts [R, S, T, K+1]."""
    runs, segments, months, stages = monthly.shape
    keep, extra = np.ones(stages), np.zeros(stages)
    both, failing = np.zeros(stages, dtype=np.int64), np.zeros(stages, dtype=np.int64)
    out.counts[:] = 0
    out.both[:] = 0
    out.alone[:] = 0
    for r in range(runs):
        replication = np.uint64(first + r)
        for s in range(segments):
            current = -1
            more = 0.0
            for t in range(months):
                m = scene.state[t]
                if m != current:
                    current = m
                    today, then = parameters.conversion[r, s], scene.conversion[m, r, s]
                    _couple(today, then, keep, extra)
                    keep[0] = min(1.0, scene.arrivals[m, r, s])
                    more = scene.arrivals[m, r, s] - 1.0
                key = Key(funnel.seed, funnel.segment_words[s], np.uint64(t), _SHARE, replication)
                _keep_today(funnel.keep_words, key, monthly[r, s, t], keep, both, failing)
                alone = 0
                if more > 0.0:
                    mean = parameters.rate[r, s] * parameters.season[r, t]
                    mean = _shocked(mean, parameters.dispersion[r], _purpose(key, _SHOCK))
                    alone = poisson(more * mean, _purpose(key, _MORE))
                out.counts[r, s, m, 0] += both[0] + alone
                if funnel.value_stage == 0:
                    out.both[r, s, m] += both[0]
                    out.alone[r, s, m] += alone
                for j in range(1, stages):
                    q = scene.conversion[m, r, s, j - 1]
                    alone = binomial(alone, q, _purpose(key, funnel.alone_words[j - 1]))
                    if extra[j] > 0.0:
                        extra_key = _purpose(key, funnel.extra_words[j - 1])
                        alone += binomial(failing[j - 1], extra[j], extra_key)
                    out.counts[r, s, m, j] += both[j] + alone
                    if j == funnel.value_stage:
                        out.both[r, s, m] += both[j]
                        out.alone[r, s, m] += alone


@kernel
def _couple(today: Floats, scenario: Floats, keep: Floats, extra: Floats) -> None:
    """Fill keep[j] = min(1, q / p) and extra[j] = max(0, (q - p) / (1 - p)) for j = 1..K."""
    for j in range(1, len(keep)):
        p, q = today[j - 1], scenario[j - 1]
        keep[j] = q / p if q < p else 1.0
        extra[j] = (q - p) / (1.0 - p) if q > p else 0.0


@kernel
def _keep_today(
    words: Words, key: Key, today: Counts, keep: Floats, both: Counts, failing: Counts
) -> None:
    """Split today's counts [K+1] of one month.

    both[j] are customers at stage j in both arms, failing[j] those of them who stop there today.
    keep[0] is the share of today's arrivals who arrive in the scenario too.
    """
    stages = len(today)
    for k in range(stages):
        both[k] = 0
    for k in range(stages):
        number = today[k]
        if k + 1 < stages:
            number -= today[k + 1]
        for j in range(k + 1):
            if keep[j] < 1.0:
                number = binomial(number, keep[j], _purpose(key, words[j, k]))
            both[j] += number
        failing[k] = number


@kernel
def _purpose(key: Key, purpose: np.uint64) -> Key:
    return Key(key.seed, key.entity, key.period, purpose, key.replication)
