"""Luck in arrays: the numbers of `segrules.sim.uniforms`, many at a time, without a kernel.

What decides draws little: a few thousand designs, orders or pilots. Plain arrays do that at once,
and nothing need be compiled.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from segrules.sim.model import Counts, Floats, require
from segrules.sim.uniforms import HALF_WORD, LOW_WORD, WORD, identity, philox

_SPARE = np.uint64(6)
_KEPT = np.uint64(26)
_MOST = 2**32

# The generator is arithmetic on words, so its plain function takes arrays as well.
_philox: Callable[..., Any] = getattr(philox, "py_func", philox)


def uniforms(seed: int, purpose: str, rows: int, columns: int = 1) -> Floats:
    """Return float64[rows, columns] in (0, 1).

    The number at [i, j] is that of the key with entity j, period 0 and replication i: it depends
    on the seed, the purpose, i and j, and not on how many are asked for.
    """
    require(0 <= seed < 2**64, "the seed has 64 bits")
    require(0 <= rows <= _MOST and 0 <= columns <= _MOST, "rows and columns have 32 bits")
    entity = np.broadcast_to(np.arange(columns, dtype=np.uint64), (rows, columns))
    replication = np.arange(rows, dtype=np.uint64)[:, None]
    word = np.uint64(identity(purpose))
    moment = np.uint64(0) << HALF_WORD
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
