"""A difference in many futures, judged: how sure, how good, how bad, and how much luck it took."""

import math
from dataclasses import dataclass

import numpy as np

from segrules.sim.model import Floats, require

WORST = 0.05
"""The part of the futures that the conditional value at risk is the mean of."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Judgement:
    """A difference between scenario and today over the replications; more is better.

    error: Monte Carlo standard error of the mean. chance_better: strictly above zero.
    chance_target: at or above the target, None without one. expected_loss_act: the mean of what
    acting loses, zero where it gains; expected_loss_keep: the mean of what keeping today forgoes.
    worst: the mean of the worst 5%. The chances' errors are binomial.
    """

    mean: float
    error: float
    interval50: Interval
    interval80: Interval
    interval95: Interval
    chance_better: float
    chance_better_error: float
    chance_target: float | None
    expected_loss_act: float
    expected_loss_keep: float
    worst: float


@dataclass(frozen=True)
class Pairing:
    """What common luck is worth: the variance of a difference with it and without it.

    ratio: how many times the replications independent luck would need; inf where the difference
    does not vary and the arms do, 1 where neither does.
    """

    mean: float
    variance: float
    independent: float
    ratio: float


def judge(difference: Floats, *, target: float | None = None) -> Judgement:
    """Judge float64[R], scenario less today in each replication, R >= 2."""
    _sample(difference, 2)
    low50, high50, low80, high80, low95, high95 = np.quantile(
        difference, (0.25, 0.75, 0.1, 0.9, 0.025, 0.975)
    ).tolist()
    better, better_error = chance(difference > 0)
    return Judgement(
        mean=float(difference.mean()),
        error=standard_error(difference),
        interval50=(low50, high50),
        interval80=(low80, high80),
        interval95=(low95, high95),
        chance_better=better,
        chance_better_error=better_error,
        chance_target=None if target is None else chance(difference >= target)[0],
        expected_loss_act=float(np.maximum(-difference, 0.0).mean()),
        expected_loss_keep=float(np.maximum(difference, 0.0).mean()),
        worst=cvar(difference),
    )


def chance(happened: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[float, float]:
    """Return the share of bool[R] and its binomial standard error."""
    require(len(happened) > 0, "no replications")
    share = float(np.count_nonzero(happened) / len(happened))
    return share, math.sqrt(share * (1.0 - share) / len(happened))


def cvar(values: Floats, part: float = WORST) -> float:
    """Return the mean of the lowest `part` of float64[R].

    A replication that is only partly in the lowest part counts for that much of it, as in
    Rockafellar and Uryasev, J. Risk 2 (2000).
    """
    _sample(values, 1)
    require(0 < part <= 1, "part must be in (0, 1]")
    ordered = np.sort(values)
    size = part * len(ordered)
    whole = min(math.floor(size), len(ordered))
    total = float(ordered[:whole].sum())
    if whole < len(ordered):
        total += (size - whole) * float(ordered[whole])
    return total / size


def standard_error(values: Floats) -> float:
    """Return the Monte Carlo standard error of the mean of float64[R]; exactly 0 of a constant."""
    if bool((values == values[0]).all()):
        return 0.0
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def pairing(today: Floats, then: Floats) -> Pairing:
    """Compare the variance of then - today (float64[R] each) with that of unpaired arms."""
    require(today.shape == then.shape, "shapes differ")
    _sample(today, 2)
    _sample(then, 2)
    difference = then - today
    variance = float(difference.var(ddof=1))
    independent = float(today.var(ddof=1) + then.var(ddof=1))
    alike = math.inf if independent > 0 else 1.0
    ratio = alike if variance == 0.0 else independent / variance
    return Pairing(float(difference.mean()), variance, independent, ratio)


def _sample(values: Floats, fewest: int) -> None:
    require(values.ndim == 1 and len(values) >= fewest, f"{fewest} replications at least")
    require(bool(np.all(np.isfinite(values))), "a value is not a number")
