"""In which cell of a subject's domain each row lies.

Shapes: n rows. A cell is a number from 0; rows where the value is missing are put into the last
cell afterwards (see `mark_missing`). Loops run over rows inside, so that they become vector
instructions.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segrules.backends.kernel.bits import NONE, ONE, Words
from segrules.backends.kernel.jit import kernel

CellNumbers = NDArray[np.uint16 | np.uint32]
Bitmap = NDArray[np.uint8]
Numbers = NDArray[Any]
"""Doubles or whole numbers of 64 bits."""

FEW_CUTS = 7
"""Up to here comparing with every cut point is faster than searching."""

FEW_TEXTS = 12
"""Up to here comparing with every text is faster than looking it up by its hash."""

_INDEX = np.uint64(6)
_EIGHT = np.uint64(8)
_LOW = np.uint64(63)
_MIXED = np.uint64(0x9E3779B97F4A7C15)
_TURNED = np.uint64(0xC2B2AE3D27D4EB4F)
_HALF = np.uint64(32)


@kernel
def above_few(values: Numbers, cuts: Numbers, out: CellNumbers) -> None:
    """Fill out[n] with how many of the cuts are at or below each of values[n]."""
    for i in range(len(out)):
        out[i] = 0
    for cut in cuts:
        for i in range(len(out)):
            out[i] += values[i] >= cut


@kernel
def above_many(values: Numbers, cuts: Numbers, size: int, place: Words, out: CellNumbers) -> None:
    """As `above_few`, by halving: the first `size` of `cuts` count.

    `cuts` is filled up to a power of two less one with its own last value; `place[n]` is room to
    work in. Every row takes the same steps, so nothing branches.
    """
    n = len(out)
    for i in range(n):
        place[i] = NONE
    step = np.uint64((len(cuts) + 1) // 2)
    while step > NONE:
        for i in range(n):
            # unsigned throughout: a signed index would be tested for wrapping round
            place[i] += step * np.uint64(cuts[place[i] + step - ONE] <= values[i])
        step >>= ONE
    for i in range(n):
        out[i] = min(place[i], np.uint64(size))


@kernel
def texts_few(views: Words, texts: Words, out: CellNumbers) -> None:
    """Fill out[n] with which of texts[k, 2] each of views[n * 2] equals; k where none does.

    A view is two words: the length and up to twelve bytes, filled up with zeros. Texts are short
    enough to stand in their view.
    """
    n, k = len(out), len(texts)
    for i in range(n):
        out[i] = k
    for j in range(k):
        first, second = texts[j, 0], texts[j, 1]
        for i in range(n):
            same = (views[2 * i] == first) & (views[2 * i + 1] == second)
            out[i] = j if same else out[i]


@kernel
def slot_of(first: Any, second: Any, shift: int) -> Any:
    """Where a view is looked for in a table of 2**(64 - shift) slots."""
    mixed = (np.uint64(first) * _MIXED) ^ (np.uint64(second) * _TURNED)
    mixed ^= mixed >> _HALF
    return np.int64((mixed * _MIXED) >> np.uint64(shift))


@kernel
def texts_many(
    views: Words, slots: Words, numbers: NDArray[np.int32], shift: int, out: CellNumbers
) -> None:
    """As `texts_few`, by a table: slots[m, 2] hold views, numbers[m] which text they are.

    A number of -1 is an empty slot, of which there is always one; `shift` is that of `slot_of`.
    The last of numbers[m + 1] is for a text that is not there.
    """
    last = len(slots) - 1
    for i in range(len(out)):
        first, second = views[2 * i], views[2 * i + 1]
        at = slot_of(first, second, shift)
        while numbers[at] >= 0 and (slots[at, 0] != first or slots[at, 1] != second):
            at = (at + 1) & last
        out[i] = numbers[at] if numbers[at] >= 0 else numbers[last + 1]


@kernel
def looked_up(values: NDArray[np.int64], cells: NDArray[np.int32], out: CellNumbers) -> None:
    """Fill out[n] with the cell of each code; where a value is missing its code may be any."""
    last = len(cells) - 1
    for i in range(len(out)):
        out[i] = cells[min(max(values[i], 0), last)]


@kernel
def bits_at(bitmap: Bitmap, start: int, out: CellNumbers) -> None:
    """Fill out[n] with the bits from `start` on."""
    for i in range(len(out)):
        at = np.uint64(start + i)
        out[i] = (bitmap[at >> np.uint64(3)] >> np.uint8(at & np.uint64(7))) & np.uint8(1)


@kernel
def mark_missing(bitmap: Bitmap, start: int, missing: int, out: CellNumbers) -> None:
    """Put `missing` into out[n] where the bits from `start` on say that nothing is known."""
    for i in range(len(out)):
        at = np.uint64(start + i)
        known = (bitmap[at >> np.uint64(3)] >> np.uint8(at & np.uint64(7))) & np.uint8(1)
        out[i] = out[i] if known else missing
