"""Tables of keyed draws: row r, column c of a name is the same number wherever it is asked for."""

import numpy as np

from segrules.sim.draws import log_gamma, normal_quantile
from segrules.sim.jit import kernel
from segrules.sim.model import Floats
from segrules.sim.uniforms import FIRST, Key, identity, uniform


@kernel
def _uniforms(seed: np.uint64, purpose: np.uint64, out: Floats) -> None:
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[r, c] = uniform(Key(seed, np.uint64(c), FIRST, purpose, np.uint64(r)))


@kernel
def _normals(seed: np.uint64, purpose: np.uint64, out: Floats) -> None:
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            key = Key(seed, np.uint64(c), FIRST, purpose, np.uint64(r))
            out[r, c] = normal_quantile(uniform(key))


@kernel
def _log_gammas(seed: np.uint64, purpose: np.uint64, shape: Floats, out: Floats) -> None:
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            key = Key(seed, np.uint64(c), FIRST, purpose, np.uint64(r))
            out[r, c] = log_gamma(shape[r, c], key)


def uniforms(seed: int, name: str, rows: int, columns: int) -> Floats:
    """Return float64[rows, columns] in (0, 1)."""
    out = np.empty((rows, columns))
    _uniforms(np.uint64(seed), np.uint64(identity(name)), out)
    return out


def normals(seed: int, name: str, rows: int, columns: int) -> Floats:
    """Return float64[rows, columns] standard normal draws."""
    out = np.empty((rows, columns))
    _normals(np.uint64(seed), np.uint64(identity(name)), out)
    return out


def log_gammas(seed: int, name: str, shape: Floats) -> Floats:
    """Return the logarithms of gamma draws of scale 1 with the shapes float64[rows, columns]."""
    out = np.empty(shape.shape)
    _log_gammas(np.uint64(seed), np.uint64(identity(name)), np.ascontiguousarray(shape), out)
    return out


def dirichlets(seed: int, name: str, alpha: Floats) -> Floats:
    """Return float64[rows, columns]: each row a draw from the Dirichlet of its alphas (> 0)."""
    logs = log_gammas(seed, name, alpha)
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def points(
    seed: int, name: str, weight: Floats, rows: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return int64[rows] indices drawn with the weights float64[G], which sum to 1."""
    u = uniforms(seed, name, rows, 1)[:, 0]
    found = np.searchsorted(np.cumsum(weight), u)
    return np.minimum(found, len(weight) - 1).astype(np.int64)
