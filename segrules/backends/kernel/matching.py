"""A segment set in cells, ready to place rows: masks as words, and loops over blocks of rows."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segrules.backends.kernel import match
from segrules.backends.kernel.bits import BITS, Words
from segrules.backends.kernel.match import Codes
from segrules.backends.kernel.search import CellNumbers
from segrules.backends.kernel.subjects import Fill, Looked
from segrules.backends.kernel.values import Vector
from segrules.lang.cells import Cells

BLOCK = 32_768
"""Rows at a time: what is found of them stays near the processor (by measurement)."""

PART = 500_000
"""Rows for which another thread is worth while; a stream brings fewer, and has its own threads."""

THREADS = pl.thread_pool_size()
"""As many as Polars takes for itself."""


class Matcher:
    """Places rows by the cells of a set.

    `outcomes` are the numbers to answer: one a rule, then for `otherwise` and for `unsure`.
    """

    def __init__(self, cells: Cells, outcomes: Sequence[int]) -> None:
        self._subjects = [Looked(subject) for subject in cells.subjects]
        self._masks = masks = Masks.of(cells)
        *matched, self._rest, self._unsure = outcomes
        # the highest number stands for a row without a true line, until doubts are settled
        self._code_kind: Any = np.uint8 if max(outcomes) < 2**8 - 1 else np.uint16
        undecided = np.iinfo(self._code_kind).max
        self._numbers: Codes = np.full(masks.words * BITS + 1, undecided, self._code_kind)
        for at, line in enumerate(cells.lines):
            self._numbers[at] = matched[line.rule]
        self._settled: Codes = self._numbers.copy()
        self._settled[-1] = self._rest
        self._marks: Codes = np.array([undecided, self._rest, self._unsure], self._code_kind)
        wide = max((each.size for each in self._subjects), default=0) > 2**16
        self._cell_kind = np.uint32 if wide else np.uint16

    def place(
        self, columns: Sequence[pl.Series], rows: int, *, counted: bool
    ) -> tuple[Codes, NDArray[np.uint32]]:
        """The outcome of each row and, where `counted`, how many rules are unknown.

        `columns` are the subjects' values in order; one of a single value stands for all rows.
        """
        codes = np.empty(rows, self._code_kind)
        counts = np.zeros(rows if counted else 0, np.uint32)
        if rows == 0:
            return codes, counts
        with ExitStack() as held:
            fills = [
                held.enter_context(subject.over(column, rows))
                for subject, column in zip(self._subjects, columns, strict=True)
            ]
            self._by_blocks(fills, codes, counts)
        return codes, counts

    def place_vectors(
        self, vectors: Sequence[Vector], rows: int
    ) -> tuple[Codes, NDArray[np.uint32]]:
        """As `place`, with the subjects' values as arrays; unknown rules are counted."""
        codes, counts = np.empty(rows, self._code_kind), np.zeros(rows, np.uint32)
        pairs = zip(self._subjects, vectors, strict=True)
        fills = [subject.over_vector(vector, rows) for subject, vector in pairs]
        self._by_blocks(fills, codes, counts)
        return codes, counts

    def _by_blocks(
        self, fills: Sequence[tuple[Fill, bool]], codes: Codes, counts: NDArray[np.uint32]
    ) -> None:
        parts = min(THREADS, len(codes) // PART)
        if parts > 1:
            edges = [len(codes) * at // parts for at in range(parts + 1)]
            with ThreadPoolExecutor(parts) as pool:
                spans = [
                    pool.submit(self._part, fills, codes, counts, span) for span in pairwise(edges)
                ]
                for span in spans:
                    span.result()
        else:
            self._part(fills, codes, counts, (0, len(codes)))

    def _part(
        self,
        fills: Sequence[tuple[Fill, bool]],
        codes: Codes,
        counts: NDArray[np.uint32],
        span: tuple[int, int],
    ) -> None:
        """The rows from one number up to another."""
        # rules that read nothing are in one cell wherever they are asked
        fills = fills or [(lambda _, out: out.fill(0), False)]
        first, last = span
        room = np.empty((len(fills), min(last - first, BLOCK)), self._cell_kind)
        doubtful = self._masks.hazy or any(missing for _, missing in fills)
        for start in range(first, last, BLOCK):
            block = slice(start, min(start + BLOCK, last))
            cells = room[:, : block.stop - start]
            for at, (fill, _) in enumerate(fills):
                fill(start, cells[at])
            self._match(cells, codes[block], counts[block], doubtful=doubtful)

    def _match(
        self,
        cells: CellNumbers,
        codes: Codes,
        counts: NDArray[np.uint32],
        *,
        doubtful: bool,
    ) -> None:
        masks = self._masks
        numbers = self._numbers if doubtful else self._settled
        if masks.words == 1 and masks.lone:
            true = np.empty(len(codes), np.uint64)
            match.both(cells, masks.starts, masks.true[:, 0], true)
            match.first_of_word(true, numbers, codes)
            if doubtful:
                possible = np.empty(len(codes), np.uint64)
                match.both(cells, masks.starts, masks.possible[:, 0], possible)
                match.doubts_of_word(true, possible, self._marks, codes, counts)
            return
        match.first_of_many(cells, masks.starts, masks.true, masks.some, numbers, codes)
        if doubtful:
            match.doubts_of_many(cells, masks.starts, masks.possible, self._marks, codes)
            match.counts_of_many(
                cells, masks.starts, masks.true, masks.possible, masks.rules, counts
            )


@dataclass(frozen=True, slots=True)
class Masks:
    """The tests of all lines as words, in the shapes that `match` names.

    `rules` are the rules of lines. `lone`: every line is a rule of its own. `hazy`: a line may be
    in doubt although every subject is known.
    """

    starts: NDArray[np.uint64]
    true: Words
    possible: Words
    some: Words
    rules: NDArray[np.int64]
    lone: bool
    hazy: bool

    @property
    def words(self) -> int:
        return int(self.true.shape[1])

    @classmethod
    def of(cls, cells: Cells) -> Masks:
        sizes = [subject.size for subject in cells.subjects] or [1]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.uint64)[: len(sizes)]
        lines = len(cells.lines)
        words = max(1, -(-lines // BITS))
        # a place behind the last line is never true
        shape = words * BITS
        found = {
            (which, at): np.tile((np.arange(shape) < lines)[:, None], (1, size))
            for which in ("true", "possible")
            for at, size in enumerate(sizes)
        }
        for at, line in enumerate(cells.lines):
            for test in line.tests:
                size = sizes[test.subject]
                found["true", test.subject][at] = _bits(test.true, size)
                found["possible", test.subject][at] = _bits(test.possible, size)
        true, possible = (
            np.concatenate([_words(found[which, at]) for at in range(len(sizes))])
            for which in ("true", "possible")
        )
        known = np.concatenate([np.arange(size) < size - 1 for size in sizes])
        rules = np.full(shape, -1, np.int64)
        rules[:lines] = [line.rule for line in cells.lines]
        return cls(
            starts,
            true,
            possible,
            _words((true != 0).T),
            rules,
            lone=len({line.rule for line in cells.lines}) == lines,
            hazy=bool((true[known] != possible[known]).any()),
        )


def _bits(mask: int, size: int) -> NDArray[np.bool_]:
    packed = np.frombuffer(mask.to_bytes(-(-size // 8), "little"), np.uint8)
    return np.unpackbits(packed, count=size, bitorder="little").astype(np.bool_)


def _words(table: NDArray[np.bool_]) -> Words:
    """A table [k, cells] of bits as words [cells, ⌈k / 64⌉]."""
    short = -len(table) % BITS
    filled = np.concatenate([table, np.zeros((short, table.shape[1]), np.bool_)])
    packed = np.packbits(filled.T, axis=1, bitorder="little")
    return np.ascontiguousarray(packed).view("<u8").astype(np.uint64)
