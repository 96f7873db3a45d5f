"""Uncertain inputs of a model, each as its quantile function, with the source of its evidence."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from segrules.sim.model import Floats, require

Outcome = Callable[[Floats], Floats]
"""A model: float64[n, d] of inputs, in their order, to float64[n] of outcomes."""


@dataclass(frozen=True)
class Input:
    """What is not known exactly.

    quantile: float64[n] in (0, 1) to float64[n] of values, not falling. source: the class of its
    evidence (data, experiment, literature, judgement). points: values that are always tried by
    themselves, such as "pay changes nothing".
    """

    name: str
    quantile: Callable[[Floats], Floats]
    source: str
    points: tuple[float, ...] = ()

    def at(self, part: float) -> float:
        """Return the value with this part of the probability below it."""
        return float(self.quantile(np.array([part]))[0])


def uniform(name: str, low: float, high: float, source: str) -> Input:
    """Return an input that is anywhere between low and high; low == high is a constant."""
    require(math.isfinite(low) and math.isfinite(high) and low <= high, f"{name}: low above high")
    return Input(name, lambda u: low + (high - low) * u, source)


def beta_in_the_middle(name: str, low: float, high: float, source: str) -> Input:
    """Return an input that is Beta(2, 2) over low to high: the middle likely, the ends not."""
    require(math.isfinite(low) and math.isfinite(high) and low <= high, f"{name}: low above high")
    # the root in 0 to 1 of 3 x**2 - 2 x**3 = u
    return Input(
        name,
        lambda u: low + (0.5 - np.sin(np.arcsin(1.0 - 2.0 * u) / 3.0)) * (high - low),
        source,
    )


def log_uniform(name: str, low: float, high: float, source: str) -> Input:
    """Return an input whose logarithm is uniform, as that of a multiplier of odds."""
    require(0 < low <= high < math.inf, f"{name}: 0 < low <= high")
    return Input(name, lambda u: low * np.exp(math.log(high / low) * u), source)


def normal(name: str, mean: float, sd: float, source: str) -> Input:
    """Return a normal input."""
    require(math.isfinite(mean) and 0 <= sd < math.inf, f"{name}: mean and sd")
    return Input(name, lambda u: mean + sd * ndtri(u), source)


def lognormal(name: str, median: float, sigma: float, source: str) -> Input:
    """Return an input whose logarithm is normal with standard deviation sigma."""
    require(0 < median < math.inf and 0 <= sigma < math.inf, f"{name}: median and sigma")
    return Input(name, lambda u: median * np.exp(sigma * ndtri(u)), source)


def empirical(name: str, draws: Floats, source: str) -> Input:
    """Return an input that is distributed as float64[n] draws, straight between them."""
    require(draws.ndim == 1 and len(draws) > 0, f"{name}: no draws")
    require(bool(np.all(np.isfinite(draws))), f"{name}: draws must be finite")
    ordered = np.sort(draws)
    middle = (np.arange(len(ordered)) + 0.5) / len(ordered)
    return Input(name, lambda u: np.interp(u, middle, ordered), source)


def replications(name: str, runs: int, source: str) -> Input:
    """Return an input that is the number of a replication: 0 .. runs - 1, each as likely.

    It stands for all the parameters of one source together, as they were drawn in that
    replication, so that what is correlated among them stays so.
    """
    require(runs >= 1, f"{name}: no replications")
    return Input(name, lambda u: np.floor(u * runs), source)


def values_at(inputs: Sequence[Input], units: Floats) -> Floats:
    """Return float64[n, d] of values for float64[n, d] in (0, 1)."""
    require(units.ndim == 2 and units.shape[1] == len(inputs), "one column an input")
    columns = [each.quantile(units[:, j]) for j, each in enumerate(inputs)]
    return np.stack(columns, axis=1) if columns else np.empty((len(units), 0))


def by_source(inputs: Sequence[Input]) -> Mapping[str, tuple[int, ...]]:
    """Return the positions of the inputs of each source, the sources in order of appearance."""
    groups: dict[str, tuple[int, ...]] = {}
    for j, each in enumerate(inputs):
        groups[each.source] = (*groups.get(each.source, ()), j)
    return groups


def evaluate(outcome: Outcome, points: Floats) -> Floats:
    """Return float64[n] outcomes at float64[n, d] points; ValueError where one is not a number."""
    found = np.asarray(outcome(points), dtype=np.float64)
    require(found.shape == (len(points),), "an outcome a point")
    require(bool(np.all(np.isfinite(found))), "an outcome is not a number")
    return found
