"""Rows of chances: where customers of a segment are a period later, or which way a stage ends.

Row i of counts has the chances p_i ~ Dirichlet(M q): q is the row common to all, M the number of
customers it is worth. q is uniform on the simplex and M has the uniform shrinkage prior of
`segrules.sim.shrinkage`, so M is learned by the marginal (Dirichlet-multinomial) likelihood. The
posterior of (q, M) is a set of weighted points, found by importance sampling with keyed luck.

Sources: Mosimann, Biometrika 49 (1962); Good, The Estimation of Probabilities (1965); Gelman et
al., Bayesian Data Analysis, 3rd ed., sections 5.3 and 10.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import gammaln as log_gamma

from segrules.sim.luck import dirichlets, points
from segrules.sim.model import Counts, Floats, require

CANDIDATES = 4096
FEWEST_POINTS = 100
"""Effective number of points below which the posterior of the common row is said to be rough."""

_NEGLIGIBLE = 1e-6
_STRONGEST, _WEAKEST = 1e4, 0.1


@dataclass(frozen=True)
class Moments:
    """Predicted customers by destination: mean float64[C] and covariance float64[C, C]."""

    mean: Floats
    covariance: Floats


@dataclass(frozen=True)
class Rows:
    """Posterior of R rows of C chances.

    counts: float64[R, C] as seen. common q: float64[G, C], strength M: float64[G] and weight:
    float64[G] are the points of the common prior; given one, row i is Dirichlet(M q + counts_i).
    data_weight: float64[R], the posterior mean of n / (n + M). effective: number of points.
    """

    method: Literal["dirichlet-multinomial", "uniform prior"]
    counts: Floats
    common: Floats
    strength: Floats
    weight: Floats
    data_weight: Floats
    effective: float
    notes: tuple[str, ...]

    @property
    def mean(self) -> Floats:
        """Posterior mean chances float64[R, C]."""
        total = self.counts.sum(axis=1)
        scaled = self.weight[:, None] / (total[None, :] + self.strength[:, None])
        prior = np.einsum("gr,g,gc->rc", scaled, self.strength, self.common)
        return np.asarray(prior + scaled.sum(axis=0)[:, None] * self.counts)

    def draws(self, seed: int, runs: int, name: str = "rows") -> Floats:
        """Return float64[runs, R, C] joint draws of the rows."""
        point = points(seed, f"{name} common", self.weight, runs)
        prior = self.strength[point, None] * self.common[point]
        alpha = prior[:, None, :] + self.counts[None]
        shape = alpha.shape
        # a row of the drawn table is a run and a row of chances
        flat = dirichlets(seed, f"{name} chances", alpha.reshape(-1, shape[2]))
        return flat.reshape(shape)

    def predictive(self, row: int, customers: int) -> Moments:
        """Moments of where `customers` of a row will be, over all points of the prior."""
        found = [
            predictive(m * q + self.counts[row], customers)
            for q, m in zip(self.common, self.strength, strict=True)
        ]
        means = np.array([each.mean for each in found])
        within = np.einsum("g,gab->ab", self.weight, np.array([f.covariance for f in found]))
        mean = self.weight @ means
        apart = means - mean
        return Moments(mean, within + np.einsum("g,ga,gb->ab", self.weight, apart, apart))


def predictive(alpha: Floats, customers: int) -> Moments:
    """Moments of the Dirichlet-multinomial of `customers` with the posterior float64[C] alpha."""
    total = float(alpha.sum())
    chance = alpha / total
    scale = customers * (total + customers) / (total + 1.0)
    return Moments(customers * chance, scale * (np.diag(chance) - np.outer(chance, chance)))


def learn_rows(counts: Counts, *, seed: int = 0) -> Rows:
    """Learn rows from int64[R, C] customers by where they were and where they went.

    A row without customers is the common row. With a single row there is nothing to pool: its
    prior is uniform.
    """
    require(counts.ndim == 2 and counts.shape[1] > 1, "rows need two destinations or more")
    require(bool(np.all(counts >= 0)), "counts must be >= 0")
    table = counts.astype(np.float64)
    size = table.sum(axis=1)
    informed = table[size > 0]
    if len(informed) < 2:
        return _unpooled(table)
    typical = float(np.median(size[size > 0]))
    strength = _strengths(typical)
    common, log_proposed = _candidates(informed, strength, seed)
    log_weight = _log_marginal(informed, common, strength) - log_proposed
    weight = np.exp(log_weight - log_weight.max())
    weight = weight / weight.sum()
    effective = float(1.0 / np.sum(weight**2))
    kept = weight >= _NEGLIGIBLE * weight.max()
    weight = weight[kept] / weight[kept].sum()
    own = (size[:, None] / (size[:, None] + strength[kept])) @ weight
    notes = []
    if effective < FEWEST_POINTS:
        notes.append(
            f"the common row rests on {effective:.0f} effective points: merge rare destinations"
        )
    empty = int((size == 0).sum())
    if empty:
        notes.append(f"{empty} rows without customers are taken as the common row")
    return Rows(
        "dirichlet-multinomial",
        table,
        common[kept],
        strength[kept],
        weight,
        np.asarray(own),
        effective,
        tuple(notes),
    )


def _unpooled(table: Floats) -> Rows:
    ways = table.shape[1]
    common, strength, one = np.full((1, ways), 1.0 / ways), np.array([float(ways)]), np.ones(1)
    size = table.sum(axis=1)
    note = "fewer than 2 rows with customers: a uniform prior is used and nothing is pooled"
    return Rows("uniform prior", table, common, strength, one, size / (size + ways), 1.0, (note,))


def _strengths(typical: float) -> Floats:
    """Quantiles of the prior of M, cut where the pooled row says nothing or everything.

    Candidate c has the quantile of the van der Corput sequence at c, so that M and the draws of
    q are spread together.
    """
    low = _WEAKEST / (typical + _WEAKEST)
    high = _STRONGEST / (1.0 + _STRONGEST)
    index = np.arange(CANDIDATES)
    even = np.zeros(CANDIDATES)
    part = 0.5
    while np.any(index):
        even += part * (index % 2)
        index, part = index // 2, part / 2.0
    share = low + (high - low) * (even + 0.5 / CANDIDATES)
    return np.asarray(typical * share / (1.0 - share))


def _candidates(informed: Floats, strength: Floats, seed: int) -> tuple[Floats, Floats]:
    """Common rows proposed for each strength, and the logarithm of their density.

    Row i of n customers tells of q about as much as n (M + 1) / (n + M) independent ones do. The
    proposal is a little wider than that, so that no weight is large.
    """
    size = informed.sum(axis=1)
    worth = size[None, :] * (strength[:, None] + 1.0) / (size[None, :] + strength[:, None])
    alpha = 1.0 + 0.8 * worth @ (informed / size[:, None])
    drawn = np.maximum(dirichlets(seed, "common row", alpha), 1e-12)
    log = log_gamma(alpha.sum(axis=1)) - log_gamma(alpha).sum(axis=1)
    return drawn, np.asarray(log + ((alpha - 1.0) * np.log(drawn)).sum(axis=1))


def _log_marginal(informed: Floats, common: Floats, strength: Floats) -> Floats:
    """Dirichlet-multinomial likelihood of all rows, float64[G]; the prior of q is flat."""
    alpha = strength[:, None] * common
    base = log_gamma(strength) - log_gamma(alpha).sum(axis=1)
    total = len(informed) * base
    for row in informed:
        total = total + log_gamma(alpha + row).sum(axis=1) - log_gamma(strength + row.sum())
    return np.asarray(total)
