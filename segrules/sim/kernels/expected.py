"""The expected outcome given the parameters: the same funnel without luck.

Shapes: R replications, S segments, M states of a scene, K conversions, K + 1 stages, P parts of
the cost.
"""

from typing import NamedTuple

import numpy as np

from segrules.sim.jit import kernel
from segrules.sim.kernels.parameters import ONCE, Parameters, Scene
from segrules.sim.model import Floats
from segrules.sim.pack import Funnel, Treatment


class Expected(NamedTuple):
    """Means over luck of one arm, summed over the months; money in minor units."""

    counts: Floats  # [R, S, K+1]
    revenue: Floats  # [R, S]
    parts: Floats  # [R, P, S] of the cost


@kernel
def expect(
    funnel: Funnel,
    parameters: Parameters,
    scene: Scene,
    out: Expected,
) -> None:
    """Fill `out` with a scene; what is paid once is not in it."""
    runs, segments, stages = out.counts.shape
    weight = np.empty(len(scene.months))
    for r in range(runs):
        _weigh(parameters.season[r], scene, weight)
        for s in range(segments):
            out.revenue[r, s] = 0.0
            for k in range(stages):
                out.counts[r, s, k] = 0.0
            for p in range(out.parts.shape[1]):
                out.parts[r, p, s] = 0.0
            for m in range(len(weight)):
                number = parameters.rate[r, s] * weight[m] * scene.arrivals[m, r, s]
                for k in range(stages):
                    if k > 0:
                        number *= scene.conversion[m, r, s, k - 1]
                    out.counts[r, s, k] += number
                    for p in range(out.parts.shape[1]):
                        out.parts[r, p, s] += number * scene.parts[m, p, r, s, k]
                    if k == funnel.value_stage:
                        mean = scene.value[m, r, s] * parameters.mean_value[r, s]
                        out.revenue[r, s] += number * mean
                for p in range(out.parts.shape[1]):
                    out.parts[r, p, s] += scene.months[m] * scene.fixed[m, p, r, s]


@kernel
def expect_once(treatment: Treatment, scene: Scene, out: Expected) -> None:
    """Add what levers cost once."""
    for r in range(scene.once.shape[0]):
        for o in range(scene.once.shape[1]):
            out.parts[r, ONCE, treatment.once_segment[o]] += scene.once[r, o]


@kernel
def _weigh(season: Floats, scene: Scene, weight: Floats) -> None:
    """Fill weight[M], the season summed over the months of each state."""
    weight[:] = 0.0
    for t in range(len(scene.state)):
        weight[scene.state[t]] += season[t]
