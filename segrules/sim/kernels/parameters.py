"""Draw the uncertain parameters of each replication; both arms share them.

Shapes: R replications of a block beginning at replication `first`, S segments, K conversions,
A assumptions. Kernels fill the arrays they are given.
"""

import math
from typing import NamedTuple

import numpy as np

from segrules.sim.draws import beta, gamma
from segrules.sim.jit import kernel
from segrules.sim.model import Floats
from segrules.sim.pack import CONSTANT, Funnel, Treatment, word
from segrules.sim.uniforms import FIRST, Key, uniform

_RATE = word("arrival rate")
_MEAN_VALUE = word("mean value")
_PRIOR = word("prior")
_ASSUMPTION = word("assumption value")


class Parameters(NamedTuple):
    """What today's funnel is in each replication."""

    rate: Floats  # [R, S] arrivals a month
    conversion: Floats  # [R, S, K]
    mean_value: Floats  # [R, S] minor units a sale
    assumption: Floats  # [R, A]


class Treated(NamedTuple):
    """What a scenario makes of it."""

    conversion: Floats  # [R, S, K]
    unit_cost: Floats  # [R, S, K+1] minor units for each customer who reaches the stage


def empty_parameters(funnel: Funnel, runs: int) -> Parameters:
    """Return arrays for `runs` replications."""
    conversions, segments = funnel.reached.shape
    return Parameters(
        rate=np.empty((runs, segments)),
        conversion=np.empty((runs, segments, conversions)),
        mean_value=np.empty((runs, segments)),
        assumption=np.empty((runs, len(funnel.assumption_words))),
    )


def empty_treated(funnel: Funnel, runs: int) -> Treated:
    """Return arrays for `runs` replications."""
    conversions, segments = funnel.reached.shape
    return Treated(
        conversion=np.empty((runs, segments, conversions)),
        unit_cost=np.empty((runs, segments, conversions + 1)),
    )


@kernel
def draw_parameters(funnel: Funnel, first: int, out: Parameters) -> None:
    """Fill `out` for the replications first, first + 1, ..."""
    runs, segments, conversions = out.conversion.shape
    for r in range(runs):
        replication = np.uint64(first + r)
        for s in range(segments):
            entity = funnel.segment_words[s]
            key = Key(funnel.seed, entity, FIRST, _RATE, replication)
            out.rate[r, s] = gamma(funnel.arrival_counts[s] + 0.5, key) / funnel.history_months
            out.mean_value[r, s] = funnel.value_mean[s]
            if funnel.value_mean_shape[s] > 0.0:
                shape = funnel.value_mean_shape[s]
                key = Key(funnel.seed, entity, FIRST, _MEAN_VALUE, replication)
                out.mean_value[r, s] = funnel.value_mean[s] * (gamma(shape, key) / shape)
        for k in range(conversions):
            key = Key(funnel.seed, funnel.prior_words[k], FIRST, _PRIOR, replication)
            start, stop = funnel.prior_start[k], funnel.prior_start[k + 1]
            point = start + _prior_point(funnel.prior_cumulative[start:stop], uniform(key))
            strength = funnel.prior_strength[point]
            successes = funnel.prior_mean[point] * strength
            failures = (1.0 - funnel.prior_mean[point]) * strength
            purpose = funnel.conversion_words[k]
            for s in range(segments):
                key = Key(funnel.seed, funnel.segment_words[s], FIRST, purpose, replication)
                a = successes + funnel.reached[k, s]
                b = failures + funnel.failed[k, s]
                out.conversion[r, s, k] = beta(a, b, key)
        for i in range(out.assumption.shape[1]):
            key = Key(funnel.seed, funnel.assumption_words[i], FIRST, _ASSUMPTION, replication)
            low, high = funnel.assumption_low[i], funnel.assumption_high[i]
            odds = funnel.assumption_odds[i]
            out.assumption[r, i] = _assumption(low, high, odds, uniform(key))


@kernel
def _prior_point(cumulative: Floats, u: float) -> int:
    """Return the first point whose cumulative weight reaches u."""
    start, stop = 0, len(cumulative) - 1
    while start < stop:
        middle = (start + stop) // 2
        if cumulative[middle] < u:
            start = middle + 1
        else:
            stop = middle
    return start


@kernel
def _assumption(low: float, high: float, odds: bool, u: float) -> float:
    if low == high:
        return low
    if odds:
        return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
    return low + u * (high - low)


@kernel
def treat(funnel: Funnel, treatment: Treatment, parameters: Parameters, out: Treated) -> None:
    """Fill `out` with the conversions and unit costs of a scenario."""
    runs, segments, conversions = out.conversion.shape
    for r in range(runs):
        for s in range(segments):
            for k in range(conversions):
                out.conversion[r, s, k] = 1.0
            for k in range(conversions + 1):
                out.unit_cost[r, s, k] = funnel.unit_cost[s, k]
        # The odds multipliers are gathered first, so that a product of exactly 1 changes nothing.
        for e in range(len(treatment.effect_segment)):
            s, k = treatment.effect_segment[e], treatment.effect_conversion[e]
            out.conversion[r, s, k] *= parameters.assumption[r, treatment.effect_assumption[e]]
        for s in range(segments):
            for k in range(conversions):
                odds, p = out.conversion[r, s, k], parameters.conversion[r, s, k]
                out.conversion[r, s, k] = shift_odds(p, odds)
        for c in range(len(treatment.cost_segment)):
            amount = treatment.cost_amount[c]
            if treatment.cost_assumption[c] != CONSTANT:
                amount = parameters.assumption[r, treatment.cost_assumption[c]]
            out.unit_cost[r, treatment.cost_segment[c], treatment.cost_stage[c]] += amount


@kernel
def shift_odds(p: float, odds: float) -> float:
    """Return the probability whose odds are `odds` times those of p; p itself when odds is 1."""
    if odds == 1.0:
        return p
    return odds * p / (1.0 - p + odds * p)
