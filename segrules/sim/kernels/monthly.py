"""Revenue and cost month by month, before they are whole units.

What the whole time brings has been drawn; here it is divided among the months, by draws of its
own: today's total as a Dirichlet over its sales, the scenario's part of a month as a beta, then
brought to its total. Where a scenario changes nothing the months are today's to the last bit.

Shapes: R replications, S segments, T months, K + 1 stages, P parts of the cost. Money in minor
units. The scene has a state for each month.
"""

import numpy as np

from segrules.sim.draws import beta, gamma
from segrules.sim.jit import kernel
from segrules.sim.kernels.counts import Coupled
from segrules.sim.kernels.parameters import Parameters, Scene
from segrules.sim.model import Counts, Floats
from segrules.sim.pack import Funnel, word
from segrules.sim.uniforms import Key

_MONTH = word("revenue of a month")
_KEPT = word("revenue of a month kept")
_ALONE = word("revenue of a month of the scenario alone")


@kernel
def _key(
    funnel: Funnel, parameters: Parameters, place: tuple[int, int, int], what: np.uint64
) -> Key:
    r, s, t = place
    replication = np.uint64(parameters.replication[r])
    return Key(funnel.seed, funnel.segment_words[s], np.uint64(t), what, replication)


@kernel
def divide_today(
    funnel: Funnel, parameters: Parameters, sales: Counts, revenue: Counts, out: Floats
) -> None:
    """Fill out[R, S, T] from the sales [R, S, T] and the revenue [R, S] of today."""
    runs, segments, months = sales.shape
    for r in range(runs):
        for s in range(segments):
            shape = funnel.value_shape[s]
            left, rest = float(revenue[r, s]), sales[r, s].sum()
            for t in range(months):
                number = sales[r, s, t]
                if shape > 0.0:
                    key = _key(funnel, parameters, (r, s, t), _MONTH)
                    out[r, s, t] = left * beta(number * shape, (rest - number) * shape, key)
                else:
                    out[r, s, t] = number * parameters.mean_value[r, s]
                left, rest = left - out[r, s, t], rest - number


@kernel
def divide_scenario(
    funnel: Funnel,
    parameters: Parameters,
    scene: Scene,
    coupled: Coupled,
    today: tuple[Counts, Floats],
    out: Floats,
) -> None:
    """Fill out[R, S, T] from the customers of a scenario, and the sales and months of today.

    It is in proportion to the revenue, not yet of its size.
    """
    sales, divided = today
    runs, segments, months = sales.shape
    for r in range(runs):
        for s in range(segments):
            shape, mean = funnel.value_shape[s], parameters.mean_value[r, s]
            for t in range(months):
                both, alone = coupled.both[r, s, t], coupled.alone[r, s, t]
                kept = both * mean
                more = alone * mean
                if shape > 0.0:
                    lost = (sales[r, s, t] - both) * shape
                    key = _key(funnel, parameters, (r, s, t), _KEPT)
                    kept = divided[r, s, t] * beta(both * shape, lost, key)
                    key = _key(funnel, parameters, (r, s, t), _ALONE)
                    more = gamma(alone * shape, key) * (mean / shape)
                out[r, s, t] = scene.value[t, r, s] * (kept + more)


@kernel
def cost_by_month(scene: Scene, counts: Counts, out: Floats) -> None:
    """Fill out[R, S, T] from the counts [R, S, T, K+1]; what is paid once is not in it."""
    runs, segments, months, stages = counts.shape
    for r in range(runs):
        for s in range(segments):
            for t in range(months):
                total = 0.0
                for p in range(scene.parts.shape[1]):
                    for k in range(stages):
                        total += counts[r, s, t, k] * scene.parts[t, p, r, s, k]
                    total += scene.fixed[t, p, r, s]
                out[r, s, t] = total
