"""Tables of luck: the numbers of `segrules.sim.uniforms`, many at a time.

What learns and decides draws little: a few thousand designs, orders, pilots or rates. The number
at row r, column c of a name is that of the key with entity c, period 0 and replication r: it
depends on the seed, the name, r and c, and not on how many are asked for. Plain arrays do that
at once, and nothing need be compiled, except for what is drawn by rejection.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from segrules.sim.draws import log_gamma
from segrules.sim.jit import kernel
from segrules.sim.model import Counts, Floats, require
from segrules.sim.uniforms import FIRST, HALF_WORD, LOW_WORD, WORD, Key, identity, philox

_SPARE = np.uint64(6)
_KEPT = np.uint64(26)
_MOST = 2**32

# The generator is arithmetic on words, so its plain function takes arrays as well.
_philox: Callable[..., Any] = getattr(philox, "py_func", philox)


def uniforms(seed: int, purpose: str, rows: int, columns: int = 1) -> Floats:
    """Return float64[rows, columns] in (0, 1)."""
    require(0 <= seed < 2**64, "the seed has 64 bits")
    require(0 <= rows <= _MOST and 0 <= columns <= _MOST, "rows and columns have 32 bits")
    entity = np.broadcast_to(np.arange(columns, dtype=np.uint64), (rows, columns))
    replication = np.arange(rows, dtype=np.uint64)[:, None]
    word = np.uint64(identity(purpose))
    moment = FIRST << HALF_WORD
    name = np.uint64(seed)
    w0, w1, _, _ = _philox(
        entity, np.full_like(entity, moment), np.full_like(entity, word),
        np.broadcast_to(replication, entity.shape), name & LOW_WORD, name >> WORD,
    )  # fmt: skip
    return _unit(w0, w1)


def _unit(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> Floats:
    cell = ((high >> _SPARE) << _KEPT) | (low >> _SPARE)
    return np.asarray((cell.astype(np.float64) + 0.5) * 2.0**-52)


def normals(seed: int, purpose: str, rows: int, columns: int = 1) -> Floats:
    """Return float64[rows, columns] of standard normal draws."""
    return np.asarray(ndtri(uniforms(seed, purpose, rows, columns)))


def orders(seed: int, purpose: str, rows: int, items: int) -> Counts:
    """Return int64[rows, items]: in each row a random order of 0 .. items - 1."""
    return np.argsort(uniforms(seed, purpose, rows, items), axis=1, kind="stable")


@kernel
def _log_gammas(seed: np.uint64, purpose: np.uint64, shape: Floats, out: Floats) -> None:
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            key = Key(seed, np.uint64(c), FIRST, purpose, np.uint64(r))
            out[r, c] = log_gamma(shape[r, c], key)


def log_gammas(seed: int, purpose: str, shape: Floats) -> Floats:
    """Return the logarithms of gamma draws of scale 1 with the shapes float64[rows, columns]."""
    out = np.empty(shape.shape)
    _log_gammas(np.uint64(seed), np.uint64(identity(purpose)), np.ascontiguousarray(shape), out)
    return out


def dirichlets(seed: int, purpose: str, alpha: Floats) -> Floats:
    """Return float64[rows, columns]: each row a draw from the Dirichlet of its alphas (> 0)."""
    logs = log_gammas(seed, purpose, alpha)
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def points(seed: int, purpose: str, weight: Floats, rows: int) -> Counts:
    """Return int64[rows] indices drawn with the weights float64[G], which sum to 1."""
    u = uniforms(seed, purpose, rows)[:, 0]
    found = np.searchsorted(np.cumsum(weight), u)
    return np.minimum(found, len(weight) - 1).astype(np.int64)
