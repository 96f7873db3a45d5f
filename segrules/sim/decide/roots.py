"""Where a decision turns: the value of one figure at which an outcome meets its target."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from segrules.sim.model import Floats, require

STEPS = 32


@dataclass(frozen=True)
class BreakEven:
    """The nearest value at which the outcome meets the target; None if nowhere in the range.

    at_low, at_high: the outcome at the ends, to say on which side it stays.
    """

    value: float | None
    at_low: float
    at_high: float


def break_even(
    outcome: Callable[[Floats], Floats],
    low: float,
    high: float,
    *,
    target: float = 0.0,
    start: float | None = None,
) -> BreakEven:
    """Look between low and high for outcome(value) == target, nearest to `start`.

    outcome: float64[n] of float64[n] values, so that those looked at first are worked out at once.
    The range is looked at in `STEPS` equal steps, so two crossings within one of them may be
    missed. `start` is low where it is not given.
    """
    require(math.isfinite(low) and math.isfinite(high) and low <= high, "low is above high")
    origin = low if start is None else start
    grid = np.unique(np.append(np.linspace(low, high, STEPS + 1), np.clip(origin, low, high)))
    places = list(zip(grid.tolist(), outcome(grid).tolist(), strict=True))
    crossings = [value for value, found in places if found == target]
    crossings += [
        root_between(lambda value: float(outcome(np.array([value]))[0]) - target, a, b)
        for (a, at_a), (b, at_b) in pairwise(places)
        if (at_a - target) * (at_b - target) < 0
    ]
    nearest = min(crossings, key=lambda value: abs(value - origin), default=None)
    return BreakEven(nearest, places[0][1], places[-1][1])


def root_between(function: Callable[[float], float], low: float, high: float) -> float:
    """Return x in [low, high] with function(x) = 0, as exact as rounding allows.

    ValueError unless the signs at the ends differ.
    """
    return brentq(function, low, high, xtol=_LEAST, rtol=_ROUNDING, maxiter=_ROUNDS)


_LEAST = float(np.finfo(np.float64).tiny)
_ROUNDING = 4.0 * float(np.finfo(np.float64).eps)
_ROUNDS = 1_000
