"""Estimates of several segments drawn towards what they have in common.

Segment s has A estimates y_s ~ N(d_s, V_s) (the effects of A arms, say), and

    d_s ~ N(mu, tau**2 R),  R = (I + 1 1') / 2,

so that tau is the spread between segments of each effect and of the difference of any two. The
level of mu has a flat prior, its arms differ around that level by N(0, omega**2): the best of
several arms is a winner too. Each spread is exactly 0 with prior chance `none`; otherwise the
weight of the data 1 - B, B = z / (z + spread**2), z the harmonic mean of the variances, is
uniform on (0, 1): the uniform shrinkage prior. The posterior of both spreads is kept on a grid,
so that its uncertainty is carried. Its cell next to B = 0 is halved again and again, so that
segments which differ far beyond their errors are left where they are. With A = 1 this is
restricted maximum likelihood with its whole curve.

Sources: Daniels, Canadian J. Statistics 27 (1999); Gelman et al., Bayesian Data Analysis, 3rd
ed., section 5.4; Searle, Casella and McCulloch, Variance Components (1992), section 6.6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr as normal_cdf

from segrules.sim.luck import normals, points
from segrules.sim.model import Floats, require

NONE = 0.5
"""Prior chance that the segments do not differ at all."""

GRID, ARM_GRID = 80, 12
HALVINGS = 40
_NEGLIGIBLE = 1e-6


@dataclass(frozen=True)
class Pooled:
    """The posterior of the effects of A arms in S segments, over G values of tau and omega.

    method: "own" for a single segment (nothing to pool). spread tau, weight: float64[G].
    common, common_covariance: float64[G, A], [G, A, A] of mu. centre: float64[G, S, A] and
    pull: float64[G, S, A, A]: given tau and mu, d_s has the mean centre_s + pull_s mu and the
    covariance rest_s: float64[G, S, A, A]. data_weight: float64[S], the posterior mean of the
    weight of the segment's own data. no_difference: the posterior chance that tau is 0.
    """

    method: Literal["normal-normal", "own"]
    spread: Floats
    weight: Floats
    common: Floats
    common_covariance: Floats
    centre: Floats
    pull: Floats
    rest: Floats
    data_weight: Floats
    no_difference: float
    notes: tuple[str, ...]

    @property
    def _means(self) -> Floats:
        return np.asarray(self.centre + np.einsum("gsab,gb->gsa", self.pull, self.common))

    @property
    def _covariances(self) -> Floats:
        moved = np.einsum("gsab,gbc,gsdc->gsad", self.pull, self.common_covariance, self.pull)
        return np.asarray(self.rest + moved)

    @property
    def mean(self) -> Floats:
        """Posterior mean float64[S, A]."""
        return np.asarray(np.einsum("g,gsa->sa", self.weight, self._means))

    @property
    def error(self) -> Floats:
        """Posterior standard deviation float64[S, A]."""
        within = np.einsum("g,gsaa->sa", self.weight, self._covariances)
        between = np.einsum("g,gsa->sa", self.weight, (self._means - self.mean) ** 2)
        return np.asarray(np.sqrt(within + between))

    @property
    def common_mean(self) -> Floats:
        """Posterior mean float64[A] of the effects common to all segments."""
        return np.asarray(self.weight @ self.common)

    @property
    def common_error(self) -> Floats:
        """Posterior standard deviation float64[A] of mu."""
        within = np.einsum("g,gaa->a", self.weight, self.common_covariance)
        between = self.weight @ (self.common - self.common_mean) ** 2
        return np.asarray(np.sqrt(within + between))

    @property
    def spread_mean(self) -> float:
        """Posterior mean of tau."""
        return float(self.weight @ self.spread)

    def interval(self, level: float, measured: Floats | None = None) -> tuple[Floats, Floats]:
        """Ends float64[S, A] of the central interval of each effect.

        With measured (float64[S, A] variances) it is the interval of a new estimate of the
        effect with that variance of its own.
        """
        variance = np.einsum("gsaa->gsa", self._covariances)
        if measured is not None:
            variance = variance + measured
        tail = (1.0 - level) / 2.0
        ends = [mixture_quantile(q, self.weight, self._means, variance) for q in (tail, 1 - tail)]
        return ends[0], ends[1]

    def draws(self, seed: int, runs: int, name: str = "pooled") -> Floats:
        """Return float64[runs, S, A] joint draws of the effects."""
        segments, arms = self.data_weight.shape[0], self.common.shape[1]
        point = points(seed, f"{name} spread", self.weight, runs)
        top = _roots(self.common_covariance)
        steps = normals(seed, f"{name} common", runs, arms)
        common = self.common[point] + np.einsum("rab,rb->ra", top[point], steps)
        roots = _roots(self.rest)
        luck = normals(seed, f"{name} effects", runs, segments * arms)
        luck = luck.reshape(runs, segments, arms)
        own = np.einsum("rsab,rsb->rsa", roots[point], luck)
        moved = np.einsum("rsab,rb->rsa", self.pull[point], common)
        return np.asarray(self.centre[point] + moved + own)


def pool(estimate: Floats, variance: Floats, *, none: float = NONE) -> Pooled:
    """Pool one estimate a segment: float64[S] with their variances float64[S] (> 0)."""
    return pool_arms(estimate[:, None], variance[:, None, None], none=none)


def pool_arms(estimate: Floats, covariance: Floats, *, none: float = NONE) -> Pooled:
    """Pool float64[S, A] estimates with float64[S, A, A] covariances of their errors.

    `none` is the prior chance of no difference between segments; 0 leaves it out.
    """
    segments, arms = estimate.shape
    require(covariance.shape == (segments, arms, arms), "shapes of estimates and covariances")
    require(segments > 0 and 0.0 <= none < 1.0, "pooling needs a segment and 0 <= none < 1")
    diagonal = np.einsum("saa->sa", covariance)
    require(bool(np.all(np.isfinite(estimate)) and np.all(diagonal > 0)), "variances must be > 0")
    spread, prior = _prior(_typical(diagonal), none if segments > 1 else 1.0, GRID)
    precision: Floats = np.linalg.inv(
        covariance[None] + (spread[:, None, None] ** 2 * _related(arms))[:, None]
    ).astype(np.float64)
    at, weight, common, common_covariance = _common(estimate, precision, prior, none)
    spread, precision = spread[at], precision[at]
    between = spread[:, None, None] ** 2 * _related(arms)
    taken = np.einsum("gab,gsbc->gsac", between, precision)
    # no difference of large numbers, whether segments are alike or far apart
    pull = np.einsum("sab,gsbc->gsac", covariance, precision)
    rest = np.einsum("gsab,gbc->gsac", pull, between)
    own = np.einsum("gsaa->gs", taken) / arms
    alone = segments == 1
    none_at_all = float(weight[spread == 0.0].sum())
    return Pooled(
        method="own" if alone else "normal-normal",
        spread=spread,
        weight=weight,
        common=common,
        common_covariance=common_covariance,
        centre=np.einsum("gsab,sb->gsa", taken, estimate),
        pull=pull,
        rest=0.5 * (rest + rest.swapaxes(2, 3)),
        data_weight=np.ones(1) if alone else np.asarray(weight @ own),
        no_difference=none_at_all,
        notes=_notes(segments, none_at_all, none),
    )


def _notes(segments: int, none_at_all: float, none: float) -> tuple[str, ...]:
    if segments == 1:
        return ("a single segment: its own estimate is used as it is",)
    notes = []
    if segments < 5:
        notes.append(
            f"{segments} segments say little of how far segments differ: much of it is the prior"
        )
    if none and none_at_all >= 0.5:
        notes.append(
            f"no difference between segments is likelier than not ({none_at_all:.0%}): treat "
            "them alike unless other evidence says more"
        )
    return tuple(notes)


def _typical(variance: Floats) -> float:
    return 1.0 / float(np.mean(1.0 / variance))


def _related(arms: int) -> Floats:
    return 0.5 * (np.eye(arms) + np.ones((arms, arms)))


def _prior(typical: float, none: float, size: int) -> tuple[Floats, Floats]:
    """Return the grid of a spread, exact 0 first, and its prior weights."""
    if none == 1.0:
        return np.zeros(1), np.ones(1)
    shrunk, width = _cells(size)
    spread = np.sqrt(typical * (1.0 - shrunk) / shrunk)
    weight = (1.0 - none) * width
    if none == 0.0:
        return spread, weight
    return np.concatenate([[0.0], spread]), np.concatenate([[none], weight])


def _cells(size: int) -> tuple[Floats, Floats]:
    """Middles and widths of cells of (0, 1): as many alike, of which the first is halved."""
    halved = 2.0 ** -np.arange(HALVINGS, -1.0, -1.0) / size
    edges = np.concatenate([[0.0], halved, np.arange(2, size + 1) / size])
    return 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)


def _common(
    estimate: Floats, precision: Floats, prior: Floats, none: float
) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """Posterior of mu over the grids of tau and omega, as far as they carry weight.

    Returns the place int64[G] in the grid of tau, the weight, mu and its covariance.
    """
    arms = estimate.shape[1]
    told = precision.sum(axis=1)
    weighted = np.einsum("gsab,sb->ga", precision, estimate)
    # at the first point tau is least: what the arms' own error is
    own = np.einsum("aa->a", np.linalg.inv(told[0]))
    omega, of_arms = (
        _prior(_typical(own), none, ARM_GRID) if arms > 1 else (np.zeros(1), np.ones(1))
    )
    # an omega of 0 leaves the arms a ten-thousandth of their error
    omega = np.maximum(omega, 1e-4 * math.sqrt(_typical(own)))
    covariance, size = _held(told, omega)
    common = np.einsum("goab,gb->goa", covariance, weighted)
    square = np.einsum("sa,gsab,sb->g", estimate, precision, estimate)[:, None]
    square = square - np.einsum("goa,ga->go", common, weighted)
    log = 0.5 * np.linalg.slogdet(precision)[1].sum(axis=1)[:, None] - 0.5 * square
    log = log + 0.5 * size - (arms - 1) * np.log(omega)
    weight = prior[:, None] * of_arms * np.exp(log - log.max())
    weight = weight / weight.sum()
    at, of = np.nonzero(weight >= _NEGLIGIBLE)
    kept = weight[at, of]
    return at, kept / kept.sum(), common[at, of], covariance[at, of]


def _held(told: Floats, omega: Floats) -> tuple[Floats, Floats]:
    """Covariances float64[G, O, A, A] of mu and their log determinants, float64[G, O].

    told: float64[G, A, A] precision that segments give. Arms are turned into their level and what
    differs from it, and all brought to one size: where segments are far apart the level is known
    a million times worse than differences that are held to be small.
    """
    arms = told.shape[1]
    turned = np.linalg.qr(np.column_stack([np.ones(arms), np.eye(arms)[:, 1:]]))[0]
    held = np.einsum("ba,gbc,cd->gad", turned, told, turned)[:, None]
    differs = np.diag(np.append(0.0, np.ones(arms - 1)))
    held = held + differs / omega[:, None, None] ** 2
    size = np.sqrt(np.einsum("goaa->goa", held))
    alike = held / (size[..., :, None] * size[..., None, :])
    inverse = np.linalg.inv(alike) / (size[..., :, None] * size[..., None, :])
    log = -np.linalg.slogdet(alike)[1] - 2.0 * np.log(size).sum(axis=2)
    return np.einsum("ab,gobc,dc->goad", turned, inverse, turned), log


def _roots(covariance: Floats) -> Floats:
    """Return matrices whose products with their transposes are float64[..., A, A], zero allowed."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :])


def mixture_quantile(q: float, weight: Floats, mean: Floats, variance: Floats) -> Floats:
    """Return the quantile q of normal mixtures: weights float64[G], moments float64[G, ...]."""
    deviation = np.sqrt(variance)
    low = np.min(mean - 9.0 * deviation, axis=0)
    high = np.max(mean + 9.0 * deviation, axis=0)
    scale = np.maximum(deviation, 1e-300)
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = np.tensordot(weight, normal_cdf((middle - mean) / scale), axes=1) < q
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(0.5 * (low + high))
