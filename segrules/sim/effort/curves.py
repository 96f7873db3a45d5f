"""The curve of a segment from what people can judge: "10% more time brings 5% more sales".

With x = k h, the time elasticity of p(h) = c (1 - exp(-k h)) is x / (exp(x) - 1). Solving for x at
today's hours h and today's rate p gives k = x / h and c = p / (1 - exp(-x)).
"""

import math

import numpy as np

from segrules.sim.effort.allocation import Curves, miscounted
from segrules.sim.effort.problems import Kind, Problem, refuse
from segrules.sim.jit import kernel
from segrules.sim.model import Floats

_ROUNDS = 60


@kernel
def bend(elasticity: float) -> float:
    """Return x > 0 with x / (exp(x) - 1) = elasticity, for an elasticity in (0, 1).

    Lambert's function of scipy would do, but cannot be called from a kernel.
    ln(x / (exp(x) - 1)) is concave and falling, and at x = -2 ln(elasticity) at or below the
    target, because sinh(y) >= y. Newton's method therefore comes down to the root from there.
    """
    target = math.log(elasticity)
    x = -2.0 * target
    for _ in range(_ROUNDS):
        # ln(exp(x) - 1) = x + ln(1 - exp(-x)) does not overflow.
        gap = math.log(x) - x - math.log(-math.expm1(-x)) - target
        slope = 1.0 / x + 1.0 / math.expm1(-x)
        then = x - gap / slope
        if not (0.0 < then < x):
            break
        x = then
    return x


@kernel
def elasticity_at(x: float) -> float:
    """Return the time elasticity x / (exp(x) - 1) where speed times hours is x > 0."""
    return x / math.expm1(x)


@kernel
def elicit(elasticity: float, hours: float, rate: float) -> tuple[float, float]:
    """Return (ceiling, speed) of the curve through `rate` at `hours`, both above 0.

    The ceiling passes 1 where the elasticity is above `highest_elasticity(rate)`.
    """
    x = bend(elasticity)
    return rate / -math.expm1(-x), x / hours


@kernel
def highest_elasticity(rate: float) -> float:
    """Return the time elasticity at which the ceiling above a rate in (0, 1) is exactly 1."""
    return -(1.0 - rate) * math.log1p(-rate) / rate


def curves_of(names: tuple[str, ...], elasticity: Floats, hours: Floats, rate: Floats) -> Curves:
    """Return the curves float64[S] through today's hours per case and sale rates.

    EffortError: an elasticity outside (0, 1), or so high for the rate that more than everybody
    would buy; hours or rates that are not above 0.
    """
    figures = (("elasticities", elasticity), ("hours", hours), ("rates", rate))
    refuse(miscounted(what, v, len(names)) for what, v in figures if v.shape != (len(names),))
    found: list[Problem] = []
    for name, e, h, p in zip(names, elasticity, hours, rate, strict=True):
        found += elicit_problems(name, float(e), float(h), float(p))
    refuse(found)
    pairs = [
        elicit(float(e), float(h), float(p))
        for e, h, p in zip(elasticity, hours, rate, strict=True)
    ]
    return Curves(names, np.array([c for c, _ in pairs]), np.array([k for _, k in pairs]))


def elicit_problems(name: str, elasticity: float, hours: float, rate: float) -> list[Problem]:
    """Return what keeps a curve from being drawn through these figures of a segment."""
    found = []
    if not 0.0 < elasticity < 1.0:
        found.append(
            Problem("elasticity", "time elasticity", name, elasticity, "within (0, 1)", _ELASTICITY)
        )
    if not 0.0 < hours < math.inf:
        kind: Kind = "negative" if hours < 0 else "no hours"
        found.append(Problem(kind, "hours per case", name, hours, "more than 0", _HOURS))
    if not 0.0 < rate < 1.0:
        found.append(Problem("share", "sale rate", name, rate, "within (0, 1)", _RATE))
    if not found and elasticity > highest_elasticity(rate):
        most = highest_elasticity(rate)
        expected = f"at most {most:.3g} where {rate:.3g} of cases are sold"
        found.append(
            Problem("ceiling", "time elasticity", name, elasticity, expected, _TOO_ELASTIC)
        )
    return found


_ELASTICITY = "say how many more sales 10% more time brings: 5% is an elasticity of 0.5"
_HOURS = "give the hours that a case of the segment gets today"
_RATE = "take a longer history: a curve needs a case that was sold and one that was not"
_TOO_ELASTIC = "lower it: with more time more than everybody would buy"
