"""Words of 64 bits, in a form that compiles to single instructions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segrules.backends.kernel.jit import kernel

Words = NDArray[np.uint64]
BITS = 64
"""Bits in a word."""

ONE = np.uint64(1)
NONE = np.uint64(0)
ALL = np.uint64(2**64 - 1)

_PAIRS = np.uint64(0x5555555555555555)
_FOURS = np.uint64(0x3333333333333333)
_BYTES = np.uint64(0x0F0F0F0F0F0F0F0F)
_SUM = np.uint64(0x0101010101010101)
_TOP = np.uint64(56)
_TWO = np.uint64(2)
_FOUR = np.uint64(4)


@kernel
def ones(word: Any) -> Any:
    """How many bits of a word are set."""
    word = word - ((word >> ONE) & _PAIRS)
    word = (word & _FOURS) + ((word >> _TWO) & _FOURS)
    word = (word + (word >> _FOUR)) & _BYTES
    return (word * _SUM) >> _TOP


@kernel
def lowest(word: Any) -> Any:
    """The place of the lowest bit that is set; 64 where none is."""
    return ones(~word & (word - ONE))
