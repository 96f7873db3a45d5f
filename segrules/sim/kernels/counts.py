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

Shapes: R replications, S segments, T months, K conversions, K + 1 stages.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segrules.sim.draws import beta, binomial, gamma, poisson
from segrules.sim.jit import kernel
from segrules.sim.kernels.parameters import Parameters, Treated
from segrules.sim.model import Counts, Floats
from segrules.sim.pack import Funnel, Words, word
from segrules.sim.uniforms import Key

_ARRIVAL = word("arrival")
_SHOCK = word("arrival shock")
_REVENUE = word("revenue")
_SHARE = word("revenue share kept")
_REVENUE_ALONE = word("revenue of the scenario alone")


class Outcome(NamedTuple):
    """Totals over the months of one arm; money in minor units."""

    counts: NDArray[np.int64]  # [R, S, K+1] customers who reached each stage
    revenue: NDArray[np.int64]  # [R, S]
    cost: NDArray[np.int64]  # [R, S]


class Coupled(NamedTuple):
    """The same of a scenario, with its sales to customers who buy today as well and to others."""

    counts: NDArray[np.int64]  # [R, S, K+1]
    revenue: NDArray[np.int64]  # [R, S]
    cost: NDArray[np.int64]  # [R, S]
    both: NDArray[np.int64]  # [R, S]
    alone: NDArray[np.int64]  # [R, S]


@kernel
def arrive(funnel: Funnel, parameters: Parameters, first: int, monthly: Counts) -> None:
    """Fill monthly[R, S, T, 0], the customers who enter; both arms share them."""
    runs, segments, months, _ = monthly.shape
    for r in range(runs):
        replication = np.uint64(first + r)
        for s in range(segments):
            entity = funnel.segment_words[s]
            for t in range(months):
                mean = parameters.rate[r, s] * funnel.season[t]
                period = np.uint64(t)
                if funnel.dispersion > 0.0:
                    key = Key(funnel.seed, entity, period, _SHOCK, replication)
                    mean *= gamma(1.0 / funnel.dispersion, key) * funnel.dispersion
                key = Key(funnel.seed, entity, period, _ARRIVAL, replication)
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
    treated: Treated,
    first: int,
    monthly: Counts,
    out: Coupled,
) -> None:
    """Fill counts and both kinds of sales from today's monthly counts [R, S, T, K+1]."""
    runs, segments, months, stages = monthly.shape
    keep = np.ones(stages)
    extra = np.zeros(stages)
    both = np.zeros(stages, dtype=np.int64)
    failing = np.zeros(stages, dtype=np.int64)
    for r in range(runs):
        replication = np.uint64(first + r)
        for s in range(segments):
            _couple(parameters.conversion[r, s], treated.conversion[r, s], keep, extra)
            for k in range(stages):
                out.counts[r, s, k] = 0
            out.both[r, s] = 0
            out.alone[r, s] = 0
            for t in range(months):
                key = Key(funnel.seed, funnel.segment_words[s], np.uint64(t), _SHARE, replication)
                _keep_today(funnel.keep_words, key, monthly[r, s, t], keep, both, failing)
                alone = 0
                out.counts[r, s, 0] += both[0]
                if funnel.value_stage == 0:
                    out.both[r, s] += both[0]
                for j in range(1, stages):
                    q = treated.conversion[r, s, j - 1]
                    alone = binomial(alone, q, _purpose(key, funnel.alone_words[j - 1]))
                    if extra[j] > 0.0:
                        extra_key = _purpose(key, funnel.extra_words[j - 1])
                        alone += binomial(failing[j - 1], extra[j], extra_key)
                    out.counts[r, s, j] += both[j] + alone
                    if j == funnel.value_stage:
                        out.both[r, s] += both[j]
                        out.alone[r, s] += alone


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
    """
    stages = len(today)
    for k in range(stages):
        both[k] = 0
    for k in range(stages):
        number = today[k]
        if k + 1 < stages:
            number -= today[k + 1]
        both[0] += number
        for j in range(1, k + 1):
            if keep[j] < 1.0:
                number = binomial(number, keep[j], _purpose(key, words[j, k]))
            both[j] += number
        failing[k] = number


@kernel
def _purpose(key: Key, purpose: np.uint64) -> Key:
    return Key(key.seed, key.entity, key.period, purpose, key.replication)


@kernel
def settle_today(funnel: Funnel, parameters: Parameters, first: int, out: Outcome) -> None:
    """Fill revenue and cost of today from its counts."""
    runs, segments, _ = out.counts.shape
    for r in range(runs):
        for s in range(segments):
            sales = 0 if funnel.value_stage < 0 else out.counts[r, s, funnel.value_stage]
            key = Key(
                funnel.seed,
                funnel.segment_words[s],
                np.uint64(0),
                _REVENUE,
                np.uint64(first + r),
            )
            revenue = _revenue(sales, parameters.mean_value[r, s], funnel.value_shape[s], key)
            out.revenue[r, s] = np.int64(np.rint(revenue))
            out.cost[r, s] = _cost(out.counts[r, s], funnel.unit_cost[s])


@kernel
def settle_scenario(
    funnel: Funnel,
    parameters: Parameters,
    treated: Treated,
    first: int,
    sales_today: Counts,
    out: Coupled,
) -> None:
    """Fill revenue and cost of a scenario.

    Customers who buy in both arms pay the same in both: given today's total, their part of it
    is a beta share (gamma totals of disjoint groups), and exactly all of it when nobody is lost.
    """
    runs, segments, _ = out.counts.shape
    for r in range(runs):
        for s in range(segments):
            key = Key(
                funnel.seed, funnel.segment_words[s], np.uint64(0), _REVENUE, np.uint64(first + r)
            )
            mean, shape = parameters.mean_value[r, s], funnel.value_shape[s]
            both, alone = out.both[r, s], out.alone[r, s]
            if shape > 0.0:
                lost = sales_today[r, s] - both
                share = beta(both * shape, lost * shape, _purpose(key, _SHARE))
                revenue = share * _revenue(sales_today[r, s], mean, shape, key)
                revenue += _revenue(alone, mean, shape, _purpose(key, _REVENUE_ALONE))
            else:
                revenue = (both + alone) * mean
            out.revenue[r, s] = np.int64(np.rint(revenue))
            out.cost[r, s] = _cost(out.counts[r, s], treated.unit_cost[r, s])


@kernel
def _revenue(sales: int, mean: float, shape: float, key: Key) -> float:
    """Return the total of `sales` gamma amounts of this mean; shape 0 means no spread."""
    if shape > 0.0:
        return gamma(sales * shape, key) * (mean / shape)
    return sales * mean


@kernel
def _cost(counts: Counts, unit_cost: Floats) -> np.int64:
    total = 0.0
    for k in range(len(counts)):
        total += counts[k] * unit_cost[k]
    return np.int64(np.rint(total))
