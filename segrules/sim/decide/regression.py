"""The mean of outcomes given what could be known, by a regression that chooses its own form.

The forms are polynomials and natural cubic splines for one column, and polynomials for several.
The one with the least error on rows left out, one at a time, is taken; a constant is among them,
so that nothing is learnt from what tells nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.linalg import orth

from segrules.sim.model import Floats, require

DEGREES = range(1, 7)
KNOTS = (4, 6, 9)
_MOST_TERMS = 200
_ROWS_A_TERM = 10
_FULL = 0.999
_DEPENDENT = 1e-10


@dataclass(frozen=True)
class Fit:
    """fitted: float64[R, m]. basis: float64[R, k], orthonormal columns. residual: float64[R, m].

    form: its name, such as "degree 2" or "6 knots".
    """

    fitted: Floats
    basis: Floats
    residual: Floats
    form: str


def fit(known: Floats, outcomes: Floats) -> Fit:
    """Regress float64[R, m] outcomes on float64[R, k] of what is known."""
    require(known.ndim == 2 and outcomes.ndim == 2, "two columns at least in name")
    require(len(known) == len(outcomes) >= 2 * _ROWS_A_TERM, "too few replications")
    require(bool(np.all(np.isfinite(known)) and np.all(np.isfinite(outcomes))), "not a number")
    scale = np.where(outcomes.std(axis=0) > 0, outcomes.std(axis=0), 1.0)
    best: Fit | None = None
    least = np.inf
    for form, columns in _forms(_standard(known)):
        basis = _orthonormal(columns)
        fitted = basis @ (basis.T @ outcomes)
        leverage = (basis**2).sum(axis=1, keepdims=True)
        residual = outcomes - fitted
        # A row left out has its residual divided by what the others leave of it.
        left_out = residual / np.maximum(1.0 - leverage, 1.0 - _FULL) / scale
        error = float((left_out**2).mean())
        if error < least:
            best, least = Fit(fitted, basis, residual, form), error
    assert best is not None  # noqa: S101 - the constant is always among the forms
    return best


def _standard(known: Floats) -> Floats:
    """Columns that vary, with mean 0 and standard deviation 1."""
    spread = known.std(axis=0)
    varying = spread > 1e-12 * np.abs(known).max(axis=0, initial=0.0)
    return np.asarray((known[:, varying] - known[:, varying].mean(axis=0)) / spread[varying])


def _forms(x: Floats) -> Iterator[tuple[str, Floats]]:
    rows, columns = x.shape
    yield "constant", np.ones((rows, 1))
    if columns == 0:
        return
    terms = [np.ones(rows)]
    for degree in DEGREES:
        for chosen in combinations_with_replacement(range(columns), degree):
            terms.append(x[:, chosen].prod(axis=1))
            if len(terms) > min(_MOST_TERMS, rows // _ROWS_A_TERM):
                return
        yield f"degree {degree}", np.stack(terms, axis=1)
    if columns == 1:
        for knots in KNOTS:
            spline = _natural(x[:, 0], knots)
            if spline is not None and knots <= rows // _ROWS_A_TERM:
                yield f"{knots} knots", spline


def _natural(x: Floats, knots: int) -> Floats | None:
    """The basis of a cubic spline that is straight beyond its first and last knot."""
    places = np.unique(np.quantile(x, np.linspace(0.02, 0.98, knots)))
    if len(places) < 3:
        return None
    spline = CubicSpline(places, np.eye(len(places)), bc_type="natural")
    inside = np.clip(x, places[0], places[-1])
    # It goes on straight where scipy would go on with the cubic of the last piece.
    return np.asarray(spline(inside) + (x - inside)[:, None] * spline(inside, 1))


def _orthonormal(columns: Floats) -> Floats:
    """An orthonormal basis of the columns; what depends on the others is left out."""
    length = np.linalg.norm(columns, axis=0)
    return orth(columns / np.where(length > 0, length, 1.0), rcond=_DEPENDENT)
