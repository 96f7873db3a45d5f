"""Two levels: segments within groups, each drawn towards its group and the groups to each other.

y_s ~ N(d_s, v_s), d_s ~ N(g, within²) for the segments of a group, g ~ N(mu, between²), mu flat.
Either spread may be exactly 0. Both have the uniform shrinkage prior of
`segrules.sim.learn.pooling`, and their posterior is kept on a grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segrules.sim.learn.pooling import NONE, mixture_quantile
from segrules.sim.model import Counts, Floats, require

GRID = 40


@dataclass(frozen=True)
class Nested:
    """Posterior of segments within groups, over a grid of both spreads.

    mean, error: float64[S]; group_mean, group_error: float64[N] in the order of `groups`.
    data_weight: float64[S] of a segment's own data against its group. within, between: posterior
    means of the spreads; alike_within, alike_between: posterior chances that they are 0.
    grid_weight float64[G], grid_mean and grid_variance float64[G, S]: the mixture itself.
    """

    method: str
    groups: tuple[str, ...]
    mean: Floats
    error: Floats
    group_mean: Floats
    group_error: Floats
    data_weight: Floats
    within: float
    between: float
    alike_within: float
    alike_between: float
    notes: tuple[str, ...]
    grid_weight: Floats
    grid_mean: Floats
    grid_variance: Floats

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Ends float64[S] of the central interval of each segment."""
        tail = (1.0 - level) / 2.0
        low, high = (
            mixture_quantile(q, self.grid_weight, self.grid_mean, self.grid_variance)
            for q in (tail, 1.0 - tail)
        )
        return low, high


def nest(
    estimate: Floats, variance: Floats, groups: Sequence[str], *, none: float = NONE
) -> Nested:
    """Pool float64[S] estimates with variances float64[S] (> 0) within named groups."""
    require(estimate.shape == variance.shape == (len(groups),), "shapes of estimates and groups")
    require(len(estimate) > 0 and bool(np.all(variance > 0)), "variances must be > 0")
    names = tuple(dict.fromkeys(groups))
    member = np.array([[group == name for group in groups] for name in names], dtype=np.float64)
    of_group = np.argmax(member, axis=0)
    segments = _spreads(variance, none)
    points = [
        (w, b, _at(estimate, variance, member, of_group, (tau, spread)))
        for tau, w in segments
        for spread, b in _spreads(variance / _size(member, of_group), none)
    ]
    log = np.array([each.log for _, _, each in points])
    prior = np.array([w * b for w, b, _ in points])
    weight = prior * np.exp(log - log.max())
    weight = weight / weight.sum()
    mean, error = _mixed(weight, [p.mean for _, _, p in points], [p.variance for _, _, p in points])
    group_mean, group_error = _mixed(
        weight, [p.group for _, _, p in points], [p.group_variance for _, _, p in points]
    )
    within = np.array([each.spreads[0] for _, _, each in points])
    between = np.array([each.spreads[1] for _, _, each in points])
    notes = () if len(names) > 2 else ("fewer than 3 groups say little of how far groups differ",)
    return Nested(
        method="normal, two levels",
        groups=names,
        mean=mean,
        error=error,
        group_mean=group_mean,
        group_error=group_error,
        data_weight=np.asarray(weight @ np.array([p.own for _, _, p in points])),
        within=float(weight @ within),
        between=float(weight @ between),
        alike_within=float(weight[within == 0].sum()),
        alike_between=float(weight[between == 0].sum()),
        notes=notes,
        grid_weight=weight,
        grid_mean=np.array([p.mean for _, _, p in points]),
        grid_variance=np.array([p.variance for _, _, p in points]),
    )


def toward(reached: Counts, entered: Counts, mean: float, strength: float) -> tuple[Floats, Floats]:
    """Rates float64[S] drawn towards a stated rate worth `strength` customers, and n / (n + M)."""
    require(0.0 < mean < 1.0 and strength > 0.0, "a rate within (0, 1) and a strength above 0")
    total = entered + strength
    return (reached + mean * strength) / total, entered / total


@dataclass(frozen=True)
class _Point:
    """The posterior at one pair of spreads."""

    spreads: tuple[float, float]
    log: float
    mean: Floats
    variance: Floats
    group: Floats
    group_variance: Floats
    own: Floats


def _at(
    estimate: Floats,
    variance: Floats,
    member: Floats,
    of_group: Counts,
    spreads: tuple[float, float],
) -> _Point:
    within2, between2 = spreads[0] ** 2, spreads[1] ** 2
    precision = 1.0 / (variance + within2)
    total = member @ precision
    seen = member @ (precision * estimate) / total
    log = 0.5 * float(np.log(precision).sum() - np.log(total).sum())
    log -= 0.5 * float(precision @ (estimate - seen[of_group]) ** 2)
    above = 1.0 / (1.0 / total + between2)
    common = float(above @ seen / above.sum())
    log += 0.5 * float(np.log(above).sum() - np.log(above.sum()))
    log -= 0.5 * float(above @ (seen - common) ** 2)
    taken = between2 * above
    group = taken * seen + (1.0 - taken) * common
    group_variance = taken / total + (1.0 - taken) ** 2 / above.sum()
    own = within2 * precision
    mean = own * estimate + (1.0 - own) * group[of_group]
    rest = own * variance + (1.0 - own) ** 2 * group_variance[of_group]
    return _Point(spreads, log, mean, rest, group, group_variance, own)


def _spreads(variance: Floats, none: float) -> list[tuple[float, float]]:
    typical = 1.0 / float(np.mean(1.0 / variance))
    shrunk = (np.arange(GRID) + 0.5) / GRID
    spread = np.sqrt(typical * (1.0 - shrunk) / shrunk)
    slab = [(float(each), (1.0 - none) / GRID) for each in spread]
    return [(0.0, none), *slab] if none > 0.0 else slab


def _size(member: Floats, of_group: Counts) -> Floats:
    return np.asarray(member.sum(axis=1)[of_group])


def _mixed(weight: Floats, means: list[Floats], variances: list[Floats]) -> tuple[Floats, Floats]:
    every = np.array(means)
    mean = weight @ every
    spread = weight @ np.array(variances) + weight @ (every - mean) ** 2
    return np.asarray(mean), np.asarray(np.sqrt(spread))
