"""Luck as a function: uniform numbers from Philox4x32-10, with no state anywhere.

Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11.

A draw is named by a `Key`. The same key gives the same number on every machine, in every thread
and in whatever order draws are made. Names, not positions, are the entities and purposes of a
key (`identity`), so that another segment, stage or lever shifts no draw of the others.
"""

import hashlib
from typing import NamedTuple

import numpy as np

from segrules.sim.jit import kernel

LOW_WORD = np.uint64(0xFFFFFFFF)
WORD = np.uint64(32)
HALF_WORD = np.uint64(16)
FIRST = np.uint64(0)

# Multipliers and Weyl increments of the published generator.
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)

_SPARE_BITS = np.uint64(6)
_KEPT_BITS = np.uint64(26)
_UNIT = 2.0**-52


class Key(NamedTuple):
    """The name of a draw. All fields are uint64, so that numba sees one type.

    seed: any 64 bits. entity, purpose, replication: 32 bits. period: 16 bits.
    """

    seed: np.uint64
    entity: np.uint64
    period: np.uint64
    purpose: np.uint64
    replication: np.uint64


Words = tuple[np.uint64, np.uint64, np.uint64, np.uint64]


def identity(*names: str) -> int:
    """Return the 32-bit word of a name (or of several, taken together): stable for ever."""
    return int.from_bytes(hashlib.sha256("\x1f".join(names).encode()).digest()[:4], "big")


@kernel
def philox(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> Words:
    """Return the four words of a counter (c0..c3) under a key (k0, k1).

    Every word is a uint64 holding 32 bits: products fit, so plain Python gives the same result.
    """
    for _ in range(10):
        p0 = _MULTIPLIER_0 * c0
        p1 = _MULTIPLIER_1 * c2
        c0 = (p1 >> WORD) ^ c1 ^ k0
        c1 = p1 & LOW_WORD
        c2 = (p0 >> WORD) ^ c3 ^ k1
        c3 = p0 & LOW_WORD
        k0 = (k0 + _WEYL_0) & LOW_WORD
        k1 = (k1 + _WEYL_1) & LOW_WORD
    return c0, c1, c2, c3


@kernel
def unit(high: np.uint64, low: np.uint64) -> float:
    """Return the centre of one of 2**52 equal cells of (0, 1): never 0, never 1, symmetric.

    The result is an odd multiple of 2**-53. A 53rd random bit would round the last cell to 1.
    """
    cell = ((high >> _SPARE_BITS) << _KEPT_BITS) | (low >> _SPARE_BITS)
    return (float(np.int64(cell)) + 0.5) * _UNIT


@kernel
def two_uniforms(key: Key, attempt: np.uint64) -> tuple[float, float]:
    """Return two independent numbers in (0, 1) for this key and attempt (16 bits)."""
    # Signed integers mixed with unsigned ones would become floats; for uint64 this is free.
    seed = np.uint64(key.seed)
    moment = (np.uint64(key.period) << HALF_WORD) | np.uint64(attempt)
    w0, w1, w2, w3 = philox(
        np.uint64(key.entity),
        moment,
        np.uint64(key.purpose),
        np.uint64(key.replication),
        seed & LOW_WORD,
        seed >> WORD,
    )
    return unit(w0, w1), unit(w2, w3)


@kernel
def uniform(key: Key) -> float:
    """Return the number in (0, 1) that belongs to this key."""
    return two_uniforms(key, FIRST)[0]
