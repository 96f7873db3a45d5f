"""How much to hold ready for a demand that is not known: hours of specialists, appointments.

What is short loses its margin, what is idle costs its hour; the best amount covers demand with
the chance margin / (margin + idle cost). Source: Arrow, Harris and Marschak, Econometrica 19
(1951).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from segrules.sim.decide.information import unit_normal_loss
from segrules.sim.model import Floats, require


@dataclass(frozen=True)
class Stock:
    """The best amount, and what comes of it on average.

    ratio: the chance that it suffices. gain: margin of what is served less the cost of what is
    idle. lost: demand that is not served. idle: what nobody came for.
    """

    ratio: float
    amount: float
    gain: float
    lost: float
    idle: float


def stock_for_normal(mean: float, sd: float, margin: float, idle_cost: float) -> Stock:
    """Return the best amount for a normal demand (which may be negative only in theory)."""
    ratio = _ratio(margin, idle_cost)
    require(math.isfinite(mean) and 0 <= sd < math.inf, "mean and sd")
    z = float(ndtri(ratio))
    amount = mean + sd * z
    lost = sd * unit_normal_loss(z)
    idle = amount - mean + lost
    return Stock(ratio, amount, margin * (mean - lost) - idle_cost * idle, lost, idle)


def stock_for_draws(demand: Floats, margin: float, idle_cost: float) -> Stock:
    """Return the best amount for a demand that is distributed as float64[R] draws.

    It is the smallest of the draws that covers the ratio of them.
    """
    ratio = _ratio(margin, idle_cost)
    require(demand.ndim == 1 and len(demand) > 0, "no draws")
    amount = float(np.quantile(demand, ratio, method="inverted_cdf"))
    lost = float(np.maximum(demand - amount, 0.0).mean())
    idle = float(np.maximum(amount - demand, 0.0).mean())
    gain = margin * (float(demand.mean()) - lost) - idle_cost * idle
    return Stock(ratio, amount, gain, lost, idle)


def _ratio(margin: float, idle_cost: float) -> float:
    require(0 < margin < math.inf and 0 < idle_cost < math.inf, "margin and idle cost are > 0")
    return margin / (margin + idle_cost)
