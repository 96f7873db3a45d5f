"""Loops over rows whose rules are asked again after some of their columns have changed.

Shapes: n rows, a subject's words[c] are those of its cells, the last one for missing. Changing
columns are doubles in every form (whole numbers below 2**53, days, places of declared values), and
not a number where they are missing.
"""

import numpy as np
from numpy.typing import NDArray

from segrules.backends.kernel.bits import BITS, NONE, Words, lowest
from segrules.backends.kernel.jit import kernel

Doubles = NDArray[np.float64]
Outcomes = NDArray[np.int16]
Cells = NDArray[np.uint32]


@kernel
def cells_by_cuts(values: Doubles, cuts: Doubles, out: Cells) -> None:
    """Fill out[n] with how many of the cuts are at or below values[n]; missing is the last cell."""
    for i in range(len(out)):
        out[i] = 0
    for cut in cuts:
        for i in range(len(out)):
            out[i] += values[i] >= cut
    last = np.uint32(len(cuts) + 1)
    for i in range(len(out)):
        out[i] = last if np.isnan(values[i]) else out[i]


@kernel
def cells_by_search(values: Doubles, cuts: Doubles, out: Cells) -> None:
    """As `cells_by_cuts`, by halving."""
    for i in range(len(out)):
        value, low, high = values[i], 0, len(cuts)
        while low < high:
            middle = (low + high) // 2
            if cuts[middle] <= value:
                low = middle + 1
            else:
                high = middle
        out[i] = len(cuts) + 1 if np.isnan(value) else low


@kernel
def cells_by_place(values: Doubles, cells: NDArray[np.int32], missing: int, out: Cells) -> None:
    """Fill out[n] with the cell of each place of a declared value."""
    last = len(cells) - 1
    for i in range(len(out)):
        if np.isnan(values[i]):
            out[i] = missing
        else:
            place = np.int64(values[i])
            out[i] = cells[0 if place < 0 else last if place > last else place]


@kernel
def narrow(cells: Cells, words: Words, out: Words) -> None:
    """Leave in out[n] the bits that stand in the word of the row's cell as well."""
    for i in range(len(out)):
        out[i] &= words[np.uint64(cells[i])]


@kernel
def first_true(true: Words, outcomes: Outcomes, none: int, out: Outcomes) -> None:
    """Fill out[n], where it is `none`, with the outcome of the lowest bit; outcomes[64]: no bit."""
    for i in range(len(out)):
        found = outcomes[lowest(true[i])]
        out[i] = found if out[i] == none else out[i]


@kernel
def doubtful(possible: Words, none: int, unsure: int, out: Outcomes) -> None:
    """Fill out[n] with `unsure` where it is `none` and some line is possible."""
    for i in range(len(out)):
        out[i] = unsure if (out[i] == none) & (possible[i] != NONE) else out[i]


@kernel
def settled(none: int, rest: int, out: Outcomes) -> None:
    """Fill out[n] with `rest` where it is `none`."""
    for i in range(len(out)):
        out[i] = rest if out[i] == none else out[i]


LINES = BITS
"""Lines in a word."""
