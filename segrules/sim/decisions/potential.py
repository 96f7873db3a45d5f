"""The opportunity in a segment: what it would bring if it went on as all segments do on the mean.

Of today, under the same draws of the parameters as everything else, without luck. The gap of a
stage is what it would change by itself: potential times (average less own rate), signed, so that
luck does not make it look larger than it is.

Shapes: R futures, S segments, K conversions. Money in minor units, over the projected time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segrules.sim.decisions.futures import futures
from segrules.sim.effort.dealt import ratio
from segrules.sim.model import FunnelModel
from segrules.sim.summary import Figure, figure

RUNS = 1_000


@dataclass(frozen=True)
class Gap:
    """Of a segment at a stage. potential: who reach the stage before; own, average: rates.

    worth: revenue that the average rate would bring more, all else as it is; without a value,
    customers at the last stage. Below 0 where the segment is ahead.
    """

    segment: str
    stage: str
    potential: Figure
    own: Figure
    average: Figure
    worth: Figure


def gaps(model: FunnelModel) -> tuple[Gap, ...]:
    """The gaps of every segment at the stages up to the sale: by segment, then stage."""
    drawn = futures(model, RUNS).parameters()
    last = model.stages.index(model.sale)
    rates = drawn.conversion[:, :, :last]
    value = drawn.mean_value if model.value is not None else np.ones_like(drawn.rate)
    arrivals = drawn.rate * drawn.season.sum(axis=1, keepdims=True)
    reached = np.cumprod(np.concatenate([np.ones((*rates.shape[:2], 1)), rates], axis=2), axis=2)
    entered = arrivals[:, :, None] * reached[:, :, :-1]
    average = ratio((entered * rates).sum(axis=1), entered.sum(axis=1))
    found = []
    for s, segment in enumerate(model.segments):
        for k in range(last):
            # what one who reaches the stage is worth: the chance of all later ones, and the value
            later = rates[:, s, k + 1 :].prod(axis=1) * value[:, s]
            missing = entered[:, s, k] * (average[:, k] - rates[:, s, k])
            found.append(
                Gap(
                    segment,
                    model.stages[k + 1],
                    figure(entered[:, s, k]),
                    figure(rates[:, s, k]),
                    figure(average[:, k]),
                    figure(missing * later),
                )
            )
    return tuple(found)
