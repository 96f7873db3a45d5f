"""The expected outcome given the parameters: the same funnel without luck.

Shapes: R replications, S segments, K conversions, K + 1 stages.
"""

from typing import NamedTuple

from segrules.sim.jit import kernel
from segrules.sim.model import Floats
from segrules.sim.pack import Funnel


class Expected(NamedTuple):
    """Means over luck of one arm, summed over the months; money in minor units."""

    counts: Floats  # [R, S, K+1]
    revenue: Floats  # [R, S]
    cost: Floats  # [R, S]


@kernel
def expect(
    funnel: Funnel,
    rate: Floats,
    conversion: Floats,
    mean_value: Floats,
    unit_cost: Floats,
    out: Expected,
) -> None:
    """Fill `out` from rate[R, S], conversion[R, S, K], mean_value[R, S], unit_cost[R, S, K+1]."""
    runs, segments, stages = out.counts.shape
    season = 0.0
    for t in range(len(funnel.season)):
        season += funnel.season[t]
    for r in range(runs):
        for s in range(segments):
            number = rate[r, s] * season
            cost = 0.0
            revenue = 0.0
            for k in range(stages):
                if k > 0:
                    number *= conversion[r, s, k - 1]
                out.counts[r, s, k] = number
                cost += number * unit_cost[r, s, k]
                if k == funnel.value_stage:
                    revenue = number * mean_value[r, s]
            out.revenue[r, s] = revenue
            out.cost[r, s] = cost
