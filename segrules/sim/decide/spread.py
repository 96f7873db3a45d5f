"""What the spread of an outcome is made of: inputs, sources of evidence, and luck.

Sources: Sobol', Mathematics and Computers in Simulation 55 (2001); Saltelli et al., Computer
Physics Communications 181 (2010), for the first index; Jansen, Computer Physics Communications
117 (1999), for the total; Owen, SIAM/ASA J. Uncertainty Quantification 2 (2014), for shares that
sum to one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segrules.sim.decide.inputs import Input, Outcome, by_source, evaluate, values_at
from segrules.sim.decide.shapley import contributions
from segrules.sim.luck import uniforms
from segrules.sim.model import Floats, require

ROWS = 4_096


@dataclass(frozen=True)
class Indices:
    """Parts of the variance of an outcome, by input or group of inputs.

    first: float64[n], the part that would go if this alone were known. total: float64[n], the
    part that would stay if this alone were not. Errors are standard errors from the `rows`
    points drawn; an estimate near 0 or 1 may lie just outside. variance: of the outcome.
    """

    names: tuple[str, ...]
    first: Floats
    first_error: Floats
    total: Floats
    total_error: Floats
    variance: float
    rows: int


@dataclass(frozen=True)
class Shares:
    """Parts of the variance of an outcome that sum to 1, and their standard errors."""

    names: tuple[str, ...]
    share: Floats
    error: Floats
    variance: float


@dataclass(frozen=True)
class Split:
    """The variance of an outcome between the parameters (not known) and luck (not knowable).

    parameters + luck is the whole. share: parameters over the whole, nan where nothing varies;
    error: its standard error.
    """

    parameters: float
    luck: float
    share: float
    error: float


def indices(
    inputs: Sequence[Input],
    outcome: Outcome,
    *,
    groups: Mapping[str, tuple[int, ...]] | None = None,
    rows: int = ROWS,
    seed: int = 0,
) -> Indices:
    """Estimate first and total indices from rows x (groups + 2) evaluations.

    groups: positions of the inputs that are known or unknown together; by default each input is
    a group of its own. All zero where the outcome does not vary.
    """
    # `scipy.stats.sobol_indices` has the same estimates, but wants a power of 2 for the rows, fails
    # with one input, and its errors come from an unseeded bootstrap of rows x rows numbers.
    taken = groups or {each.name: (j,) for j, each in enumerate(inputs)}
    one, two, at_one, at_two = _designs(inputs, outcome, rows, seed)
    middle = float(np.concatenate([at_one, at_two]).mean())
    variance = ((at_one - middle) ** 2 + (at_two - middle) ** 2) / 2.0
    first, total = [], []
    for columns in taken.values():
        mixed = one.copy()
        mixed[:, columns] = two[:, columns]
        at_mixed = evaluate(outcome, mixed)
        first.append(_share((at_two - middle) * (at_mixed - at_one), variance))
        total.append(_share((at_one - at_mixed) ** 2 / 2.0, variance))
    (value, error), (at_most, at_most_error) = np.array(first).T, np.array(total).T
    whole = float(variance.mean())
    return Indices(tuple(taken), value, error, at_most, at_most_error, whole, rows)


def shares(
    inputs: Sequence[Input],
    outcome: Outcome,
    *,
    groups: Mapping[str, tuple[int, ...]] | None = None,
    rows: int = ROWS,
    seed: int = 0,
) -> Shares:
    """Divide the variance among groups of inputs, by default the sources of their evidence.

    Each group has its Shapley value in the variance that knowing a set of groups would remove,
    so interactions are divided evenly. Takes rows x 2 ** groups evaluations. Where the outcome
    does not vary every share is zero.
    """
    taken = groups or by_source(inputs)
    one, two, at_one, at_two = _designs(inputs, outcome, rows, seed)
    middle = float(np.concatenate([at_one, at_two]).mean())

    def removed(known: frozenset[str]) -> Floats:
        mixed = two.copy()
        for name in known:
            mixed[:, taken[name]] = one[:, taken[name]]
        return np.asarray((at_one - middle) * (evaluate(outcome, mixed) - at_two))

    parts = contributions(tuple(taken), removed, seed=seed)
    whole = parts.value.sum(axis=0)
    figures = np.array([_share(part, whole) for part in parts.value]).T
    return Shares(tuple(taken), figures[0], figures[1], float(whole.mean()))


def split_nested(outcomes: Floats) -> Split:
    """Split the variance of float64[P, L] outcomes: P draws of the parameters, L of luck for each.

    The estimate of the parameters' part is free of bias and, where they matter little, is 0 in
    place of less than that.
    """
    draws, lucks = outcomes.shape
    require(draws >= 3 and lucks >= 2, "three draws of the parameters, two of luck for each")
    within = outcomes.var(axis=1, ddof=1)
    means = outcomes.mean(axis=1)

    def share(kept: Floats) -> tuple[float, float]:
        luck = float(within @ kept / kept.sum())
        centre = float(means @ kept / kept.sum())
        between = float((means - centre) ** 2 @ kept) / (kept.sum() - 1.0)
        return max(between - luck / lucks, 0.0), luck

    parameters, luck = share(np.ones(draws))
    # All leave-one-out estimates at once, from sums without each row.
    centre = means.mean()
    squares = (means - centre) ** 2
    between = (squares.sum() - squares * draws / (draws - 1.0)) / (draws - 2.0)
    inner = (within.sum() - within) / (draws - 1.0)
    return _split(parameters, luck, np.maximum(between - inner / lucks, 0.0), inner)


def split_paired(outcomes: Floats, expected: Floats) -> Split:
    """Split the variance of float64[R] outcomes, given what was expected of each.

    expected: float64[R], the mean outcome under the parameters of the same replication, as the
    engine without luck has it.
    """
    require(outcomes.shape == expected.shape and outcomes.ndim == 1, "shapes differ")
    runs = len(outcomes)
    require(runs >= 3, "a spread and its error need three replications")
    luck = (outcomes - expected) ** 2
    squares = (expected - expected.mean()) ** 2
    others = (squares.sum() - squares * runs / (runs - 1.0)) / (runs - 2.0)
    inner = (luck.sum() - luck) / (runs - 1.0)
    return _split(float(squares.sum()) / (runs - 1.0), float(luck.mean()), others, inner)


def _split(parameters: float, luck: float, without: Floats, luck_without: Floats) -> Split:
    """The error of the share is that of the jackknife, which sums give at once and without luck.

    `scipy.stats.bootstrap` would draw the rows again a thousand times.
    """
    whole = parameters + luck
    if whole == 0.0:
        return Split(parameters, luck, math.nan, math.nan)
    rest = without + luck_without
    left_out = np.where(rest > 0, without / np.where(rest > 0, rest, 1.0), 0.0)
    spread = float(((left_out - left_out.mean()) ** 2).sum())
    count = len(left_out)
    return Split(parameters, luck, parameters / whole, math.sqrt((count - 1) / count * spread))


def _designs(
    inputs: Sequence[Input], outcome: Outcome, rows: int, seed: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Two independent samples of the inputs, and the outcomes at each."""
    require(rows >= 2 and len(inputs) > 0, "inputs and rows")
    one = values_at(inputs, uniforms(seed, "spread one", rows, len(inputs)))
    two = values_at(inputs, uniforms(seed, "spread two", rows, len(inputs)))
    return one, two, evaluate(outcome, one), evaluate(outcome, two)


def _share(part: Floats, whole: Floats) -> tuple[float, float]:
    """The ratio of two means over the same rows, and its standard error to first order."""
    below = float(whole.mean())
    if below == 0.0:
        return 0.0, 0.0
    value = float(part.mean()) / below
    spread = float((part - value * whole).std(ddof=1)) / abs(below)
    return value, spread / math.sqrt(len(whole))
