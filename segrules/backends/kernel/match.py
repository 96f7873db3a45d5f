"""The first true line of each row, from the cells that its subjects lie in.

Shapes: n rows, S subjects, T cells of all subjects together, W words of 64 lines, G words of 64
words. `cells[S, n]` are numbers within a subject, whose first cell is number `starts[S]` of all.
A line is true where its bit is set in `true[T, W]` for every subject, and possible likewise.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segrules.backends.kernel.bits import ALL, BITS, NONE, ONE, Words, lowest, ones
from segrules.backends.kernel.jit import kernel
from segrules.backends.kernel.search import CellNumbers

Starts = NDArray[np.uint64]
Rules = NDArray[np.int64]
Codes = NDArray[np.uint8 | np.uint16]
Counts = NDArray[np.uint32]


@kernel
def both(cells: CellNumbers, starts: Starts, words: Words, out: Words) -> None:
    """Fill out[n] with the AND over subjects of words[T], two subjects at a time."""
    count = len(cells)
    for i in range(len(out)):
        out[i] = ALL
    for s in range(0, count - 1, 2):
        first, second = words[starts[s] :], words[starts[s + 1] :]
        here, there = cells[s], cells[s + 1]
        for i in range(len(out)):
            # unsigned: a signed index would be tested for wrapping round
            out[i] &= first[np.uint64(here[i])] & second[np.uint64(there[i])]
    if count % 2:
        first, here = words[starts[count - 1] :], cells[count - 1]
        for i in range(len(out)):
            out[i] &= first[np.uint64(here[i])]


@kernel
def first_of_word(true: Words, outcomes: Codes, out: Codes) -> None:
    """Fill out[n] with the outcome of the lowest bit; outcomes[64] is for no bit."""
    for i in range(len(out)):
        out[i] = outcomes[lowest(true[i])]


@kernel
def doubts_of_word(true: Words, possible: Words, marks: Codes, out: Codes, counts: Counts) -> None:
    """Settle out[n] where it is marks[0]: marks[2] where a line is possible, otherwise marks[1].

    Every line stands for a rule of its own: counts[n] are those in doubt. `counts` is empty where
    they are not asked.
    """
    for i in range(len(out)):
        rest = marks[1] if possible[i] == NONE else marks[2]
        out[i] = rest if true[i] == NONE else out[i]
    for i in range(len(counts)):
        counts[i] = ones(possible[i] & ~true[i])


@kernel
def word_at(cells: CellNumbers, starts: Starts, words: Words, row: int, at: Any) -> Any:
    """The AND over subjects of one word of a row."""
    found, place = ALL, np.uint64(at)
    for s in range(len(cells)):
        found &= words[starts[s] + np.uint64(cells[s, row]), place]
    return found


@kernel
def first_of_many(
    cells: CellNumbers, starts: Starts, true: Words, some: Words, outcomes: Codes, out: Codes
) -> None:
    """Fill out[n] with the outcome of the first true line; outcomes[64 * W] is for none.

    some[T, G] says which words of a cell have any bit: others are passed over.
    """
    none = true.shape[1] * BITS
    for i in range(len(out)):
        found = none
        for g in range(some.shape[1]):
            words = word_at(cells, starts, some, i, g)
            while words != NONE:
                at = g * BITS + np.int64(lowest(words))
                word = word_at(cells, starts, true, i, at)
                if word != NONE:
                    found = at * BITS + np.int64(lowest(word))
                    break
                words &= words - ONE
            if found != none:
                break
        out[i] = outcomes[found]


@kernel
def doubts_of_many(
    cells: CellNumbers, starts: Starts, possible: Words, marks: Codes, out: Codes
) -> None:
    """Settle out[n] as `doubts_of_word` does, with any number of lines a rule."""
    for i in range(len(out)):
        if out[i] == marks[0]:
            out[i] = marks[1]
            for at in range(possible.shape[1]):
                if word_at(cells, starts, possible, i, at) != NONE:
                    out[i] = marks[2]
                    break


@kernel
def counts_of_many(
    cells: CellNumbers, starts: Starts, true: Words, possible: Words, rules: Rules, counts: Counts
) -> None:
    """Fill counts[n] with how many rules are in doubt: no line of theirs true, some possible.

    rules[64 * W] are the rules of the lines; the lines of a rule stand together.
    """
    for i in range(len(counts)):
        rule, doubtful, total = -1, False, 0
        for at in range(true.shape[1]):
            word = word_at(cells, starts, possible, i, at)
            held = word_at(cells, starts, true, i, at) if word != NONE else NONE
            while word != NONE:
                bit = np.int64(lowest(word))
                if rules[at * BITS + bit] != rule:
                    total += doubtful
                    rule, doubtful = rules[at * BITS + bit], True
                if (held >> np.uint64(bit)) & ONE:
                    doubtful = False
                word &= word - ONE
        counts[i] = total + doubtful
