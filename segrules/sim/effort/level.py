"""The level at which another pay plan costs as much as today's, at the expected figures.

A firm sets a plan before it knows what the future brings: one level for all futures. What is held
is the total cost over the projected time, with all that the scenario spends and saves elsewhere.
"""

import math
from collections.abc import Callable

import numpy as np

from segrules.sim.effort.neutral import neutral_level
from segrules.sim.kernels.expected import Expected, expect, expect_once
from segrules.sim.kernels.parameters import (
    Parameters,
    Scene,
    Treated,
    as_today,
    empty_parameters,
    empty_scene,
    pay_once,
    treat,
    treated,
)
from segrules.sim.model import LOG_UNIFORM, Assumption, Conversion, Floats, FunnelModel
from segrules.sim.pack import EVERY, Funnel, pack_scenario

Follow = Callable[[Parameters, Treated], None]
"""What agents make of a scenario: `Following.scenario` at a level."""


def expected_parameters(model: FunnelModel, funnel: Funnel) -> Parameters:
    """Return the means of all parameters as the one future of a run."""
    out = empty_parameters(funnel, 1)
    out.replication[:] = 0
    out.season[0] = funnel.season
    out.rate[0] = (model.arrivals.counts + 0.5) / model.arrivals.months
    for k, conversion in enumerate(model.conversions):
        out.conversion[0, :, k] = _mean_rate(conversion)
    out.mean_value[0] = funnel.value_mean
    out.assumption[0] = [mean_of(each) for each in model.assumptions]
    return out


def _mean_rate(conversion: Conversion) -> Floats:
    """Return float64[S]: the mean of each beta over the prior's grid."""
    weight = conversion.prior_weight / conversion.prior_weight.sum()
    strength = conversion.prior_strength
    reached = conversion.reached[:, None] + strength * conversion.prior_mean
    rate = reached / (conversion.entered[:, None] + strength)
    return np.asarray(rate @ weight)


def mean_of(assumption: Assumption) -> float:
    """Return the mean of what is drawn for an assumption."""
    low, high = assumption.low, assumption.high
    if low < high and assumption.role in LOG_UNIFORM:
        return (high - low) / math.log(high / low)
    return low + (high - low) / 2.0


def scene_of(model: FunnelModel, funnel: Funnel, at: int, parameters: Parameters) -> Scene:
    """Return a scenario as its levers leave it before agents follow."""
    treatment = pack_scenario(model, model.scenarios[at])
    scene = empty_scene(funnel, len(parameters.replication), len(model.parts), treatment)
    for state in range(len(scene.months)):
        treat(funnel, treatment, parameters, state, treated(scene, state), EVERY)
    pay_once(treatment, parameters, scene.once)
    return scene


def level_of(
    model: FunnelModel, funnel: Funnel, at: int, follow: Callable[[float], Follow]
) -> float:
    """Return the level at which the scenario at a place is expected to cost what today does.

    follow: what agents make of it at a level; of today, at a level of 0.
    EffortError: no level does.
    """
    parameters = expected_parameters(model, funnel)
    parts = len(model.parts)
    today = empty_scene(funnel, 1, parts)
    as_today(funnel, parameters, treated(today, 0))
    follow(0.0)(parameters, treated(today, 0))
    treatment = pack_scenario(model, model.scenarios[at])
    scene = scene_of(model, funnel, at, parameters)
    shape = (1, len(model.segments))
    out = Expected(
        np.zeros((*shape, len(model.stages))), np.zeros(shape), np.zeros((1, parts, shape[1]))
    )
    expect(funnel, parameters, today, out)
    target = float(out.parts.sum())

    def cost(level: float) -> float:
        for state in range(len(scene.months)):
            place = treated(scene, state)
            treat(funnel, treatment, parameters, state, place, EVERY)
            follow(level)(parameters, place)
        expect(funnel, parameters, scene, out)
        expect_once(treatment, scene, out)
        return float(out.parts.sum())

    return neutral_level(cost, target)
