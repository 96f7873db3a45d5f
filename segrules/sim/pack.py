"""Turn a model into the plain arrays that kernels read, and names into the words of their keys.

Shapes: S segments, T months, K conversions, A assumptions, P grid points of all priors together,
E effects and C costs of a scenario. Words are uint64 holding 32 bits.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segrules.sim.model import Counts, Floats, FunnelModel, Scenario, require
from segrules.sim.uniforms import identity

Words = NDArray[np.uint64]

CONSTANT = -1
"""Index of the assumption of a cost that is a plain number."""


class Funnel(NamedTuple):
    """A model without its scenarios. Money in minor units."""

    seed: np.uint64
    segment_words: Words  # [S] the entities of all draws of a segment
    prior_words: Words  # [K] entities of the prior draws
    conversion_words: Words  # [K] purposes, one a stage ...
    today_words: Words  # [K] customers who pass today
    extra_words: Words  # [K] of those failing today, who passes in the scenario
    alone_words: Words  # [K] customers only the scenario has brought this far
    keep_words: Words  # [K+1, K+1] at [j, k]: last stage today k, kept by the scenario at j
    history_months: float
    arrival_counts: Floats  # [S]
    season: Floats  # [T]
    dispersion: float
    reached: Floats  # [K, S]
    failed: Floats  # [K, S]
    prior_mean: Floats  # [P]
    prior_strength: Floats  # [P]
    prior_cumulative: Floats  # [P] cumulative weights, ending at 1 for each conversion
    prior_start: Counts  # [K+1] where the points of each conversion begin
    value_stage: int  # index of the stage, -1 when there is no value
    value_mean: Floats  # [S]
    value_shape: Floats  # [S] gamma shape of one sale; 0 when every sale is worth the mean
    value_mean_shape: Floats  # [S] gamma shape of the mean of a run; 0 when it is known
    unit_cost: Floats  # [S, K+1] for each customer who reaches the stage
    assumption_words: Words  # [A]
    assumption_low: Floats  # [A]
    assumption_high: Floats  # [A]
    assumption_odds: NDArray[np.bool_]  # [A] log-uniform rather than uniform


class Treatment(NamedTuple):
    """A scenario: which odds are multiplied by which assumption, and what it costs."""

    effect_segment: Counts  # [E]
    effect_conversion: Counts  # [E]
    effect_assumption: Counts  # [E]
    cost_segment: Counts  # [C]
    cost_stage: Counts  # [C]
    cost_amount: Floats  # [C] used when the assumption is CONSTANT
    cost_assumption: Counts  # [C]


def word(*names: str) -> np.uint64:
    """Return the word of a purpose, as kernels want it."""
    return np.uint64(identity(*names))


def _words(role: str, names: tuple[str, ...]) -> Words:
    return np.array([identity(role, name) for name in names], dtype=np.uint64)


def pack(model: FunnelModel) -> Funnel:
    """Return the arrays of the model without its scenarios."""
    into = model.stages[1:]
    segment_words = np.array([identity(name) for name in model.segments], dtype=np.uint64)
    require(len(set(segment_words.tolist())) == len(segment_words), "two segments share a word")
    mean, shape, mean_shape = _value(model)
    assumptions = model.assumptions
    prior_mean, prior_strength, prior_cumulative, prior_start = _priors(model)
    reached = np.array([conversion.reached for conversion in model.conversions], dtype=np.float64)
    entered = np.array([conversion.entered for conversion in model.conversions], dtype=np.float64)
    by_stage = (len(into), len(model.segments))
    return Funnel(
        seed=np.uint64(model.seed),
        segment_words=segment_words,
        prior_words=_words("stage", into),
        conversion_words=_words("conversion", into),
        today_words=_words("today", into),
        extra_words=_words("extra", into),
        alone_words=_words("alone", into),
        keep_words=np.array(
            [[identity("keep", j, k) for k in model.stages] for j in model.stages], dtype=np.uint64
        ),
        history_months=float(model.arrivals.months),
        arrival_counts=np.ascontiguousarray(model.arrivals.counts, dtype=np.float64),
        season=np.ascontiguousarray(model.arrivals.season, dtype=np.float64),
        dispersion=float(model.arrivals.dispersion),
        reached=reached.reshape(by_stage),
        failed=(entered - reached).reshape(by_stage),
        prior_mean=prior_mean,
        prior_strength=prior_strength,
        prior_cumulative=prior_cumulative,
        prior_start=prior_start,
        value_stage=-1 if model.value is None else model.stages.index(model.value.stage),
        value_mean=mean,
        value_shape=shape,
        value_mean_shape=mean_shape,
        unit_cost=_unit_cost(model),
        assumption_words=_words("assumption", tuple(each.name for each in assumptions)),
        assumption_low=np.array([each.low for each in assumptions], dtype=np.float64),
        assumption_high=np.array([each.high for each in assumptions], dtype=np.float64),
        assumption_odds=np.array([each.scale == "odds" for each in assumptions], dtype=np.bool_),
    )


def pack_scenario(model: FunnelModel, scenario: Scenario) -> Treatment:
    """Return the arrays of one scenario of the model."""
    number = {assumption.name: index for index, assumption in enumerate(model.assumptions)}
    effects: list[tuple[int, int, int]] = []
    costs: list[tuple[int, int, float, int]] = []
    for lever in scenario.levers:
        for segment in lever.segments:
            for stage, assumption in lever.odds:
                effects.append((segment, model.stages.index(stage) - 1, number[assumption]))
            if lever.cost is not None:
                stage, amount = lever.cost
                known = isinstance(amount, str)
                figure = 0.0 if isinstance(amount, str) else float(amount)
                source = number[str(amount)] if known else CONSTANT
                costs.append((segment, model.stages.index(stage), figure, source))
    effect = np.array(effects, dtype=np.int64).reshape(-1, 3).T.copy()
    where = np.array([row[:2] for row in costs], dtype=np.int64).reshape(-1, 2).T.copy()
    return Treatment(
        effect_segment=effect[0],
        effect_conversion=effect[1],
        effect_assumption=effect[2],
        cost_segment=where[0],
        cost_stage=where[1],
        cost_amount=np.array([row[2] for row in costs], dtype=np.float64),
        cost_assumption=np.array([row[3] for row in costs], dtype=np.int64),
    )


def _priors(model: FunnelModel) -> tuple[Floats, Floats, Floats, Counts]:
    sizes = [len(conversion.prior_weight) for conversion in model.conversions]
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    empty = np.empty(0, dtype=np.float64)
    cumulative = []
    for conversion in model.conversions:
        running = np.cumsum(conversion.prior_weight)
        cumulative.append(running / running[-1])
    return (
        np.concatenate([empty, *(each.prior_mean for each in model.conversions)]),
        np.concatenate([empty, *(each.prior_strength for each in model.conversions)]),
        np.concatenate([empty, *cumulative]),
        start,
    )


def _value(model: FunnelModel) -> tuple[Floats, Floats, Floats]:
    """Return mean, gamma shape of a sale and gamma shape of the mean, each float64[S]."""
    zero = np.zeros(len(model.segments))
    value = model.value
    if value is None:
        return zero, zero, zero
    mean = np.ascontiguousarray(value.mean, dtype=np.float64)
    varies = value.variance > 0
    variance = np.where(varies, value.variance, 1.0)
    shape = np.where(varies, mean * mean / variance, 0.0)
    return mean, shape, shape * np.maximum(value.sales, 1)


def _unit_cost(model: FunnelModel) -> Floats:
    cost = np.zeros((len(model.segments), len(model.stages)))
    for line in model.costs:
        cost[:, model.stages.index(line.stage)] += line.amount
    return cost
