"""How far each segment's conversion is drawn towards the common rate, and how sure that is.

The conversions of S segments are p_s ~ Beta(m M, (1 - m) M): m is the common mean, M the number
of customers the common knowledge is worth. Given x_s of n_s, the beta-binomial likelihood is

    log L(m, M) = sum_s log B(m M + x_s, (1 - m) M + n_s - x_s) - log B(m M, (1 - m) M).

Hyper-prior: m uniform on (0, 1), and p(M) = z / (z + M)**2 with z the median n_s, the uniform
shrinkage prior: the weight of the data n / (n + M) of a typical segment is uniform on (0, 1).
Sources: Christiansen and Morris, JASA 92 (1997); Daniels, Canadian J. Statistics 27 (1999);
Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.3, for the computation on a grid.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segrules.sim.model import Counts, Floats, require

FEWEST_SEGMENTS = 5
GRID = (40, 30)
_COARSE = (16, 14)
_ZOOMS = 4
_NEGLIGIBLE = 1e-6
_WEAKEST = 0.1  # customers; a common prior worth less than this says nothing
_STRONGEST = 1e4  # times the median segment; the data then weigh 0.01%


@dataclass(frozen=True)
class Shrinkage:
    """A discrete posterior of the common prior.

    prior_mean m, prior_strength M, prior_weight (summing to 1): float64[G].
    data_weight: float64[S], the posterior mean of n / (n + M). (M itself has a heavy tail: its
    mean says more about the end of the grid than about the segments.)
    method: "jeffreys" (m = 1/2, M = 1) when fewer than 5 segments have data.
    """

    method: Literal["beta-binomial", "jeffreys"]
    prior_mean: Floats
    prior_strength: Floats
    prior_weight: Floats
    data_weight: Floats


def shrink(reached: Counts, entered: Counts) -> Shrinkage:
    """Estimate the common prior from int64[S] customers who reached a stage of those entered."""
    require(reached.shape == entered.shape, "reached and entered differ in shape")
    require(bool(np.all((reached >= 0) & (reached <= entered))), "reached must be within entered")
    informed = entered > 0
    if int(informed.sum()) < FEWEST_SEGMENTS:
        half, one = np.array([0.5]), np.array([1.0])
        return Shrinkage("jeffreys", half, one, one, data_weight(entered, one, one))
    mean, strength, weight = _posterior(
        reached[informed].astype(np.float64), entered[informed].astype(np.float64)
    )
    kept = weight >= _NEGLIGIBLE * weight.max()
    mean, strength, weight = mean[kept], strength[kept], weight[kept] / weight[kept].sum()
    of_data = data_weight(entered, strength, weight)
    return Shrinkage("beta-binomial", mean, strength, weight, of_data)


def data_weight(entered: Counts, strength: Floats, weight: Floats) -> Floats:
    """Return float64[S], the mean of n / (n + M) over the points M of a prior."""
    return np.asarray((entered[:, None] / (entered[:, None] + strength)) @ weight)


def _posterior(x: Floats, n: Floats) -> tuple[Floats, Floats, Floats]:
    """Return m, M and weights on a grid laid over the part that matters, each flattened.

    The grid is even in logit m and log M. A coarse grid is laid again and again over the cells
    that carry weight, because the posterior of m is very narrow when the segments are large.
    """
    typical = float(np.median(n))
    rates = (x + 0.5) / (n + 1.0)
    logits = np.log(rates) - np.log1p(-rates)
    centre = (float(logits.min()) - 3.0, float(logits.max()) + 3.0)
    scale = (math.log(_WEAKEST), math.log(max(_STRONGEST * typical, 1e3)))
    for _ in range(_ZOOMS):
        u, v = np.linspace(*centre, _COARSE[0]), np.linspace(*scale, _COARSE[1])
        carries = np.asarray(_weights(u, v, x, n, typical) >= _NEGLIGIBLE)
        centre, scale = _box(u, np.any(carries, axis=1)), _box(v, np.any(carries, axis=0))
    u, v = np.linspace(*centre, GRID[0]), np.linspace(*scale, GRID[1])
    weight = _weights(u, v, x, n, typical).ravel()
    mean = np.repeat(1.0 / (1.0 + np.exp(-u)), GRID[1])
    return mean, np.tile(np.exp(v), GRID[0]), weight / weight.sum()


def _box(axis: Floats, carries: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the ends of the cells that carry weight, and one cell more on either side."""
    inside = np.flatnonzero(carries)
    low, high = max(int(inside[0]) - 1, 0), min(int(inside[-1]) + 1, len(axis) - 1)
    return float(axis[low]), float(axis[high])


def _weights(logit: Floats, log_strength: Floats, x: Floats, n: Floats, typical: float) -> Floats:
    """Return float64[len(logit), len(log_strength)], 1 at its highest point."""
    mean = (1.0 / (1.0 + np.exp(-logit)))[:, None]
    strength = np.exp(log_strength)[None, :]
    a, b = mean * strength, (1.0 - mean) * strength
    once, times = np.unique(np.stack([x, n]), axis=1, return_counts=True)
    log_weight = len(x) * (_log_gamma(strength) - _log_gamma(a) - _log_gamma(b))
    for successes, trials, repeats in zip(once[0], once[1], times, strict=True):
        seen = _log_gamma(a + successes) + _log_gamma(b + trials - successes)
        log_weight = log_weight + repeats * (seen - _log_gamma(strength + trials))
    # The densities of m and M, times the widths of cells that are even in logit m and log M.
    log_weight = log_weight + np.log(mean) + np.log1p(-mean)
    log_weight = log_weight + np.log(strength) - 2.0 * np.log(typical + strength)
    return np.asarray(np.exp(log_weight - log_weight.max()), dtype=np.float64)


def _log_gamma(values: Floats) -> Floats:
    flat = map(math.lgamma, values.ravel().tolist())
    return np.fromiter(flat, dtype=np.float64, count=values.size).reshape(values.shape)
