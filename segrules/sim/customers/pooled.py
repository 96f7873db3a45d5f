"""Figures of segments drawn towards what they have in common, where they may differ a hundredfold.

Segment s has the estimate y_s ~ N(d_s, V_s), and d_s ~ N(mu, tau**2). mu has a flat prior; the
weight of typical data, tau**2 / (z + tau**2) with z the harmonic mean of the variances, is uniform
on (0, 1): the uniform shrinkage prior. It is kept on cells that are halved towards 1, so that
segments which differ far beyond their errors are left where they are.

Sources: Daniels, Canadian J. Statistics 27 (1999); Gelman et al., Bayesian Data Analysis, 3rd ed.,
section 5.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segrules.sim.luck import normals, points
from segrules.sim.model import Floats, require

CELLS, HALVINGS = 60, 40
_NEGLIGIBLE = 1e-9


@dataclass(frozen=True)
class Pooled:
    """The posterior of the figures of S segments over G values of tau.

    weight: [G]. common, common_variance: [G] of mu. own: [G, S] the weight of a segment's own
    estimate. data_weight: [S] its posterior mean. mean, error: [S] of the figures.
    """

    estimate: Floats
    variance: Floats
    weight: Floats
    common: Floats
    common_variance: Floats
    own: Floats

    @property
    def data_weight(self) -> Floats:
        return np.asarray(self.weight @ self.own)

    @property
    def _means(self) -> Floats:
        return np.asarray(self.own * self.estimate + (1.0 - self.own) * self.common[:, None])

    @property
    def mean(self) -> Floats:
        return np.asarray(self.weight @ self._means)

    @property
    def error(self) -> Floats:
        within = self.own * self.variance
        within = within + (1.0 - self.own) ** 2 * self.common_variance[:, None]
        between = (self._means - self.mean) ** 2
        return np.asarray(np.sqrt(self.weight @ (within + between)))

    def draws(self, seed: int, runs: int, name: str) -> Floats:
        """Joint draws of the figures, float64[runs, S]."""
        at = points(seed, f"{name} spread", self.weight, runs)
        step = normals(seed, f"{name} common", runs)[:, 0]
        common = self.common[at] + np.sqrt(self.common_variance[at]) * step
        own = self.own[at]
        luck = normals(seed, f"{name} segments", runs, len(self.estimate))
        drawn = own * self.estimate + (1.0 - own) * common[:, None]
        return np.asarray(drawn + np.sqrt(own * self.variance) * luck)


def pool(estimate: Floats, variance: Floats) -> Pooled:
    """Pool float64[S] estimates with their variances float64[S] (> 0)."""
    require(bool(np.all(variance > 0) and np.all(np.isfinite(estimate))), "variances must be > 0")
    shrunk, prior = _cells()
    typical = 1.0 / float(np.mean(1.0 / variance))
    spread = typical * (1.0 - shrunk) / shrunk
    total = variance + spread[:, None]
    precision = (1.0 / total).sum(axis=1)
    common = (estimate / total).sum(axis=1) / precision
    log = -0.5 * (np.log(total) + (estimate - common[:, None]) ** 2 / total).sum(axis=1)
    log = log - 0.5 * np.log(precision)
    weight = prior * np.exp(log - log.max())
    kept = weight >= _NEGLIGIBLE * weight.max()
    weight = weight[kept] / weight[kept].sum()
    own = spread[kept, None] / total[kept]
    return Pooled(estimate, variance, weight, common[kept], 1.0 / precision[kept], own)


def _cells() -> tuple[Floats, Floats]:
    """The weight of the common figure at the middle of each cell, and the cells' prior weights."""
    edges = np.concatenate([[0.0], 2.0 ** -np.arange(HALVINGS, -1.0, -1.0) / CELLS])
    edges = np.concatenate([edges, np.arange(2, CELLS + 1) / CELLS])
    return 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)
