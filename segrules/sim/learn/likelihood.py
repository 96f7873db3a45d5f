"""The top of a likelihood, and how sharp it is there."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize

from segrules.sim.model import Floats, require


def minimise(function: Callable[[Floats], float], start: Floats, *, step: float = 0.5) -> Floats:
    """Return the point float64[D] near `start` where `function` is least (Nelder and Mead).

    The simplex is laid again, of width `step`, at the point it found until that gains nothing: on
    flat ground it stops too early. ValueError when it still moves after 20 rounds.
    """
    best = np.asarray(start, dtype=np.float64)
    value = function(best)
    for _ in range(20):
        simplex = np.vstack([best, best + step * np.eye(len(best))])
        options: Any = {
            "initial_simplex": simplex,
            "xatol": 1e-8,
            "fatol": 1e-10 * (1.0 + abs(value)),
            "maxfev": 1_000 * len(best),
        }
        found = minimize(function, best, method="Nelder-Mead", options=options)
        least = float(found.fun)
        if value - least <= 1e-7 * (1.0 + abs(least)):
            return np.asarray(found.x) if least < value else best
        best, value = np.asarray(found.x), least
    raise ValueError("the likelihood has no maximum within reach")


def covariance_at(function: Callable[[Floats], float], at: Floats, step: float = 1e-3) -> Floats:
    """Return float64[D, D], the inverse of the second derivatives of a minus log likelihood.

    ValueError unless the point is a proper minimum.
    """
    size = len(at)
    moves = step * np.eye(size)
    curvature = np.empty((size, size))
    for i in range(size):
        for j in range(i, size):
            corners = [
                function(at + a * moves[i] + b * moves[j]) * a * b
                for a in (-1.0, 1.0)
                for b in (-1.0, 1.0)
            ]
            curvature[i, j] = curvature[j, i] = math.fsum(corners) / (4.0 * step * step)
    require(bool(np.all(np.linalg.eigvalsh(curvature) > 0)), "the likelihood is flat at its top")
    return np.asarray(np.linalg.inv(curvature), dtype=np.float64)
