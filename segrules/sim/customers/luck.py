"""The luck of many customers at a time: the numbers of `sim.uniforms`, in loops without branches.

Ten rounds written one after the other become vector instructions; a loop of rounds does not. Every
number is the one that `two_uniforms` and `normal_quantile` give (a test holds them together).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from segrules.sim.draws import CENTRE_BOTTOM, CENTRE_TOP, normal_quantile, polynomial
from segrules.sim.jit import kernel
from segrules.sim.model import Floats
from segrules.sim.pack import Words
from segrules.sim.uniforms import HALF_WORD, LOW_WORD, WORD, Key, unit

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_HIGH_WORD = np.uint64(0xFFFFFFFF00000000)


class Moment(NamedTuple):
    """Where in the luck of a run a period is."""

    seed: np.uint64
    period: np.uint64
    replication: np.uint64


@kernel
def key_of(customer: Any, moment: Moment, purpose: Any) -> Key:
    """The key of a draw of a customer, whose word has 64 bits: the upper ones are in the seed."""
    seed = np.uint64(moment.seed) ^ (np.uint64(customer) & _HIGH_WORD)
    entity = np.uint64(customer) & LOW_WORD
    return Key(seed, entity, np.uint64(moment.period), np.uint64(purpose), moment.replication)


@kernel
def _two_rounds(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    p0, p1 = _MULTIPLIER_0 * c0, _MULTIPLIER_1 * c2
    c0, c1, c2, c3 = (p1 >> WORD) ^ c1 ^ k0, p1 & LOW_WORD, (p0 >> WORD) ^ c3 ^ k1, p0 & LOW_WORD
    k0, k1 = (k0 + _WEYL_0) & LOW_WORD, (k1 + _WEYL_1) & LOW_WORD
    p0, p1 = _MULTIPLIER_0 * c0, _MULTIPLIER_1 * c2
    c0, c1, c2, c3 = (p1 >> WORD) ^ c1 ^ k0, p1 & LOW_WORD, (p0 >> WORD) ^ c3 ^ k1, p0 & LOW_WORD
    return c0, c1, c2, c3, (k0 + _WEYL_0) & LOW_WORD, (k1 + _WEYL_1) & LOW_WORD


@kernel
def uniforms(words: Words, moment: Moment, purpose: Any, first: Floats, second: Floats) -> None:
    """Fill first[n] and second[n] with the two numbers of each customer; second may be of [0]."""
    low, high = np.uint64(moment.seed) & LOW_WORD, np.uint64(moment.seed) >> WORD
    place, last = np.uint64(moment.period) << HALF_WORD, np.uint64(moment.replication)
    both = len(second) > 0
    for i in range(len(words)):
        c0, c1, c2, c3 = words[i] & LOW_WORD, place, np.uint64(purpose), last
        k0, k1 = low, high ^ (words[i] >> WORD)
        c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
        c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
        c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
        c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
        c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
        first[i] = unit(c0, c1)
        if both:
            second[i] = unit(c2, c3)


_CENTRAL = 0.425
"""How far from a half the quantile is one quotient of polynomials."""


@kernel
def normals(drawn: Floats, out: Floats) -> None:
    """Fill out[n] with the standard normal quantiles of drawn[n]."""
    for i in range(len(out)):
        q = drawn[i] - 0.5
        r = 0.180625 - q * q
        out[i] = q * polynomial(CENTRE_TOP, r) / polynomial(CENTRE_BOTTOM, r)
    for i in range(len(out)):
        if abs(drawn[i] - 0.5) > _CENTRAL:
            out[i] = normal_quantile(drawn[i])
