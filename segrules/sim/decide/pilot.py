"""How large a pilot must be, and whether it is worth its cost.

Sources: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd ed., chapter
4; Cohen, Statistical Power Analysis, 2nd ed., chapter 6; Donner and Klar, Design and Analysis of
Cluster Randomization Trials (2000).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtri

from segrules.sim.decide.information import Worth, decisions, evsi
from segrules.sim.luck import normals
from segrules.sim.model import Floats, require

ALPHA = 0.05
POWER = 0.8


@dataclass(frozen=True)
class Size:
    """Customers an arm needs, before rounding up; the design effect of clusters is in it.

    pooled: by the variance under no difference for the test, the one to use. unpooled, arcsine:
    by two other approximations, to show how far they matter.
    """

    pooled: float
    unpooled: float
    arcsine: float

    @property
    def customers(self) -> int:
        """Whole customers an arm."""
        return math.ceil(self.pooled - 1e-9)


@dataclass(frozen=True)
class Plan:
    """How a pilot measures.

    sd: standard deviation of one customer's outcome. cluster: customers of one agent or branch,
    icc: the correlation among them; 1 customer has no correlation with others. fixed, each: what
    the pilot costs, and what each customer in it does.
    """

    sd: float
    fixed: float
    each: float
    cluster: float = 1.0
    icc: float = 0.0


@dataclass(frozen=True)
class Pilot:
    """A pilot with `customers` in each of two arms: what it would be worth, and its cost."""

    customers: int
    error: float
    worth: Worth
    cost: float

    @property
    def net(self) -> float:
        return self.worth.value - self.cost


def two_proportions(
    p1: float, p2: float, *, alpha: float = ALPHA, power: float = POWER, effect: float = 1.0
) -> Size:
    """Return the size of an arm that finds p2 against p1 in a two-sided test.

    effect: the design effect. ValueError where the proportions are equal.
    """
    require(0 < p1 < 1 and 0 < p2 < 1, "proportions must be in (0, 1)")
    require(p1 != p2, "the proportions are equal")
    za, zb = _quantiles(alpha, power)
    require(effect >= 1, "a design effect is at least 1")
    own = p1 * (1.0 - p1) + p2 * (1.0 - p2)
    middle = (p1 + p2) / 2.0
    both = 2.0 * middle * (1.0 - middle)
    apart = abs(p2 - p1)
    angle = 2.0 * abs(math.asin(math.sqrt(p2)) - math.asin(math.sqrt(p1)))
    return Size(
        pooled=effect * ((za * math.sqrt(both) + zb * math.sqrt(own)) / apart) ** 2,
        unpooled=effect * (za + zb) ** 2 * own / apart**2,
        arcsine=effect * 2.0 * ((za + zb) / angle) ** 2,
    )


def two_means(
    difference: float, sd: float, *, alpha: float = ALPHA, power: float = POWER, effect: float = 1.0
) -> float:
    """Return the customers an arm needs to find a difference of means, before rounding up."""
    require(difference != 0 and math.isfinite(difference), "no difference to find")
    require(0 < sd < math.inf, "sd must be > 0")
    require(effect >= 1, "a design effect is at least 1")
    za, zb = _quantiles(alpha, power)
    return effect * 2.0 * ((za + zb) * sd / difference) ** 2


def design_effect(cluster: float, icc: float, variation: float = 0.0) -> float:
    """Return how many times larger a pilot is when customers come in clusters.

    1 + (m - 1) ICC for clusters of m; with unequal ones m is their mean size times
    1 + variation ** 2, variation being the standard deviation of the size over its mean.
    """
    require(cluster >= 1 and 0 <= icc <= 1 and variation >= 0, "cluster, icc and variation")
    return 1.0 + (cluster * (1.0 + variation**2) - 1.0) * icc


def detectable(customers: float, sd: float, *, alpha: float = ALPHA, power: float = POWER) -> float:
    """Return the difference of means that an arm of this size finds.

    customers: of an arm, over the design effect.
    """
    require(customers > 0 and 0 < sd < math.inf, "customers and sd")
    za, zb = _quantiles(alpha, power)
    return (za + zb) * sd * math.sqrt(2.0 / customers)


def worth(
    gain: Floats, effect: Floats, plan: Plan, sizes: Sequence[int], *, seed: int = 0
) -> tuple[Pilot, ...]:
    """Return what pilots of these sizes an arm are worth, in the unit of the gain.

    gain: float64[R], what acting brings over keeping today in each replication. effect:
    float64[R], the true difference a pilot would measure there. Each pilot finds the effect and
    a normal error of its own; the same luck for all sizes. The best is the one of the highest
    `net`; none is worth it where no net is above zero.
    """
    require(gain.shape == effect.shape and gain.ndim == 1, "shapes differ")
    require(all(size >= 1 for size in sizes), "an arm has a customer at least")
    luck = normals(seed, "pilot", len(gain))[:, 0]
    inflated = design_effect(plan.cluster, plan.icc)
    pilots = []
    for size in sizes:
        error = plan.sd * math.sqrt(2.0 * inflated / size)
        found = evsi(decisions(gain), effect + error * luck, seed=seed)
        pilots.append(Pilot(size, error, found, plan.fixed + 2.0 * size * plan.each))
    return tuple(pilots)


def _quantiles(alpha: float, power: float) -> tuple[float, float]:
    require(0 < alpha < 1 and 0 < power < 1, "alpha and power must be in (0, 1)")
    return float(ndtri(1.0 - alpha / 2.0)), float(ndtri(power))
