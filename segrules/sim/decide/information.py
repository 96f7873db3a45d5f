"""What it is worth to know more before deciding.

Net benefits are float64[R, D]: what each of D decisions brings in each of R replications, today
(zero, or its own figure) among them. Sources: Claxton, J. Health Economics 18 (1999); Strong,
Oakley and Brennan, Medical Decision Making 34 (2014), for the regression; Strong et al., Medical
Decision Making 35 (2015), for the worth of a sample.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from segrules.sim.decide.regression import Fit, fit
from segrules.sim.luck import normals
from segrules.sim.model import Floats, require

_REDRAWS = 200


@dataclass(frozen=True)
class Worth:
    """The mean gain of deciding with the knowledge, over deciding without; never below zero.

    error: its standard error. form: how the outcomes depend on what is learnt, "" where no
    regression was needed.
    """

    value: float
    error: float
    form: str = ""


def decisions(*gains: Floats) -> Floats:
    """Return float64[R, 1 + n] of net benefits: keeping today, which brings 0, and the gains."""
    require(len(gains) > 0, "no decision but today's")
    return np.stack([np.zeros_like(gains[0]), *gains], axis=1)


def evpi(benefits: Floats) -> Worth:
    """Return the expected value of perfect information."""
    _check(benefits)
    best = int(np.argmax(benefits.mean(axis=0)))
    gained = benefits.max(axis=1) - benefits[:, best]
    return Worth(float(gained.mean()), float(gained.std(ddof=1)) / math.sqrt(len(gained)))


def evppi(benefits: Floats, known: Floats, *, seed: int = 0) -> Worth:
    """Return the expected value of knowing some parameters exactly.

    known: float64[R] or float64[R, k], these parameters in each replication. The error has the
    sampling of the parameters and that of the regression in it; it is too small where the worth
    is next to nothing beside the spread of the benefits (less than a thousandth of it).
    """
    _check(benefits)
    columns = known[:, None] if known.ndim == 1 else known
    # Against the first decision: what is common to all of them decides nothing.
    contrasts = benefits[:, 1:] - benefits[:, :1]
    found = fit(columns, contrasts)
    gained = _gained(found.fitted)
    sampled = float(gained.std(ddof=1)) / math.sqrt(len(gained))
    error = math.hypot(sampled, _fit_error(found, seed))
    return Worth(float(max(gained.mean(), 0.0)), error, found.form)


def evsi(benefits: Floats, summary: Floats, *, seed: int = 0) -> Worth:
    """Return the expected value of a sample.

    summary: float64[R] or float64[R, k], what a pilot would find in each replication: its
    estimates, drawn under the parameters of that replication.
    """
    return evppi(benefits, summary, seed=seed)


def unit_normal_loss(z: float) -> float:
    """Return the mean of max(Z - z, 0) for a standard normal Z."""
    return float(norm.pdf(z) - z * norm.sf(z))


def evpi_of_normal(mean: float, sd: float) -> float:
    """Return the value of knowing a normal gain exactly, where keeping today brings 0."""
    require(math.isfinite(mean) and 0 <= sd < math.inf, "mean and sd")
    return sd * unit_normal_loss(abs(mean) / sd) if sd > 0 else 0.0


def evsi_of_normal(mean: float, sd: float, error: float) -> float:
    """Return the value of measuring a normal gain once with this standard error."""
    require(0 <= error < math.inf, "the error must be finite and >= 0")
    whole = math.hypot(sd, error)
    return evpi_of_normal(mean, sd * sd / whole if whole > 0 else 0.0)


def _check(benefits: Floats) -> None:
    require(benefits.ndim == 2 and benefits.shape[1] >= 2, "two decisions at least")
    require(len(benefits) >= 2, "two replications at least")
    require(bool(np.all(np.isfinite(benefits))), "a benefit is not a number")


def _gained(contrasts: Floats) -> Floats:
    """What the best decision of each row brings beyond the best of all rows together."""
    together = contrasts.mean(axis=0)
    best = int(np.argmax(together))
    alone = contrasts[:, best] if together[best] > 0 else 0.0
    return np.asarray(np.maximum(contrasts.max(axis=1), 0.0) - alone)


def _fit_error(found: Fit, seed: int) -> float:
    """How far the worth moves when the coefficients are drawn again around their estimates."""
    rows, terms = found.basis.shape
    if terms == 1 or rows <= terms:
        return 0.0
    count = found.residual.shape[1]
    scatter = found.residual.T @ found.residual / (rows - terms)
    values, vectors = np.linalg.eigh(scatter)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    draws = normals(seed, "coefficients", _REDRAWS, terms * count)
    worth = [
        float(_gained(found.fitted + found.basis @ (draw.reshape(terms, count) @ root.T)).mean())
        for draw in draws
    ]
    return float(np.std(worth, ddof=1))
