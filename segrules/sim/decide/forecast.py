"""How good a forecast was: did its intervals hold, was it sharp, and did it beat a naive one.

Shapes: R draws of the forecast, n values that came. Sources: Gneiting and Raftery, JASA 102
(2007), for the score; Dawid, JRSS A 147 (1984), for the probability integral transform.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, energy_distance

from segrules.sim.model import Floats, require

LEVELS = (0.5, 0.8, 0.95)
_TENTHS = 10


@dataclass(frozen=True)
class Coverage:
    """How many of n values came to lie in the central interval of a level.

    low, high: the 95% interval (Wilson's) of the share that a forecast like this one covers.
    """

    level: float
    covered: int
    values: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.covered / self.values


@dataclass(frozen=True)
class Score:
    """The record of a forecast.

    pit: float64[n], the part of the draws below what came, uniform if the forecast is honest.
    tenths: int counts of it. crps, naive: mean scores in the unit of the values, the smaller the
    better; skill: 1 - crps / naive, above 0 where it beats the naive forecast, nan where that is
    without error. bias: mean of the forecast less what came, as a part of what came (nan for 0).
    """

    coverage: tuple[Coverage, ...]
    pit: Floats
    tenths: tuple[int, ...]
    crps: float
    naive: float
    skill: float
    bias: float


def score(draws: Floats, came: Floats, naive: Floats, levels: Sequence[float] = LEVELS) -> Score:
    """Score float64[R, n] draws against float64[n], beside float64[Q, n] of a naive forecast."""
    _check(draws, came)
    _check(naive, came)
    transformed = pit(draws, came)
    tenths = np.minimum((transformed * _TENTHS).astype(np.int64), _TENTHS - 1)
    own, other = float(crps(draws, came).mean()), float(crps(naive, came).mean())
    total = float(came.sum())
    return Score(
        coverage=tuple(coverage(draws, came, level) for level in levels),
        pit=transformed,
        tenths=tuple(np.bincount(tenths, minlength=_TENTHS).tolist()),
        crps=own,
        naive=other,
        skill=1.0 - own / other if other > 0 else math.nan,
        bias=float(draws.mean(axis=0).sum()) / total - 1.0 if total else math.nan,
    )


def coverage(draws: Floats, came: Floats, level: float) -> Coverage:
    """Return how often the central interval of the draws at a level held what came."""
    _check(draws, came)
    require(0 < level < 1, "a level must be in (0, 1)")
    low, high = np.quantile(draws, ((1.0 - level) / 2.0, (1.0 + level) / 2.0), axis=0)
    covered = int(np.count_nonzero((low <= came) & (came <= high)))
    share = binomtest(covered, len(came)).proportion_ci(0.95, method="wilson")
    return Coverage(level, covered, len(came), float(share.low), float(share.high))


def pit(draws: Floats, came: Floats) -> Floats:
    """Return float64[n], the part of the draws below each value; those equal count half."""
    _check(draws, came)
    below = (draws < came).mean(axis=0)
    return np.asarray(below + 0.5 * (draws == came).mean(axis=0))


def crps(draws: Floats, came: Floats) -> Floats:
    """Return float64[n], the continuous ranked probability score of each value.

    mean |x - y| - mean |x - x'| / 2 over the draws x, x' and the value y: exact for the
    distribution that the draws are, and for a single draw the absolute error.
    """
    _check(draws, came)
    apart = [energy_distance(column, [value]) for column, value in zip(draws.T, came, strict=True)]
    return np.square(apart) / 2.0


def seasonal_naive(history: Floats, season: int, steps: int) -> tuple[Floats, int]:
    """Return float64[Q, steps] of a naive forecast after float64[T], and the season it used.

    Each period is forecast as the same period of the last season, with the errors this has made
    in the past; k seasons ahead they are sqrt(k) times as large. With less than a season and two
    periods of history the season is 1: tomorrow is as today. Without any error in the past to
    learn from (one period of history) the forecast is one draw.
    """
    require(history.ndim == 1 and len(history) >= 1, "no history")
    require(season >= 1 and steps >= 1, "season and steps")
    used = season if len(history) >= season + 2 else 1
    errors = history[used:] - history[:-used]
    if len(errors) == 0:
        errors = np.zeros(1)
    ahead = np.arange(steps)
    last = history[len(history) - used + ahead % used]
    return np.asarray(last + errors[:, None] * np.sqrt(1 + ahead // used)), used


def _check(draws: Floats, came: Floats) -> None:
    require(draws.ndim == 2 and came.ndim == 1, "draws are [R, n], what came is [n]")
    require(draws.shape[1] == len(came) > 0 and len(draws) > 0, "a column a value")
    require(bool(np.all(np.isfinite(draws)) and np.all(np.isfinite(came))), "not a number")
