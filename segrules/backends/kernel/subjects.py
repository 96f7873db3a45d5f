"""The cells in which the values of a Polars series lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segrules.backends.kernel.arrow import Held, held
from segrules.backends.kernel.bits import Words
from segrules.backends.kernel.search import (
    FEW_CUTS,
    FEW_TEXTS,
    CellNumbers,
    Numbers,
    above_few,
    above_many,
    bits_at,
    looked_up,
    mark_missing,
    slot_of,
    texts_few,
    texts_many,
)
from segrules.backends.kernel.values import Vector, held_as, raw
from segrules.lang.cells import Listed, Ordered, Subject, cell_of
from segrules.lang.types import Enum, Set, form

_IN_VIEW = 12
"""Bytes of a text that stand in its view."""


Fill = Callable[[int, CellNumbers], None]
"""Fills in the cells of the rows from a number on; those of missing values may be any."""


class Look(Protocol):
    """Finds the cells of known values."""

    dtype: pl.DataType

    def over(self, found: Held) -> Fill: ...


class Looked:
    """The cells of a subject."""

    def __init__(self, subject: Subject) -> None:
        self.size = subject.size
        self._subject = subject
        self._look = _look(subject)

    @contextmanager
    def over(self, series: pl.Series, rows: int) -> Iterator[tuple[Fill, bool]]:
        """Fills in the cells of the values of a series, and whether any of them is missing.

        A single value stands for all rows.
        """
        look, last = self._look, self.size - 1
        if isinstance(look, _LongTexts | _Sets):
            series = look.read(series)
        if series.dtype != look.dtype:
            # dates are held in fewer bits, and declared values by their numbers
            physical = series.to_physical()
            series = physical if physical.dtype == look.dtype else physical.cast(look.dtype)
        if series.len() != rows:
            series = series.new_from_index(0, rows)
        with held(series) as found:
            fill, bitmap = look.over(found), found.bitmap
            if bitmap is None:
                yield fill, False
                return

            def filled(start: int, out: CellNumbers) -> None:
                fill(start, out)
                mark_missing(bitmap, found.start + start, last, out)

            yield filled, True

    def over_vector(self, vector: Vector, rows: int) -> tuple[Fill, bool]:
        """As `over`, for values as arrays."""
        kind = held_as(self._subject.expr.type)
        values = np.ascontiguousarray(np.broadcast_to(vector.values, rows), dtype=kind)
        last = self.size - 1
        fill = _over_array(self._look, values, self._subject, vector.texts)
        if vector.missing is None:
            return fill, False
        missing = np.broadcast_to(vector.missing, rows)

        def filled(start: int, out: CellNumbers) -> None:
            fill(start, out)
            out[missing[start : start + len(out)]] = last

        return filled, bool(missing.any())


def _over_array(look: Look, values: Numbers, subject: Subject, texts: tuple[str, ...]) -> Fill:
    if isinstance(look, _Cuts):
        return look.over_array(values)
    if isinstance(look, _Sets):
        return look.over_any
    numbers = values.astype(np.int64)
    # the cell of each number that a listed value may be held as
    held = (False, True) if isinstance(look, _Flags) else texts or ("",)
    cells = np.array([cell_of(subject.domain, each) for each in held], np.int32)
    return lambda start, out: looked_up(numbers[start:], cells, out)


def _look(subject: Subject) -> Look:
    kind, domain = subject.expr.type, subject.domain
    if isinstance(domain, Ordered):
        return _Cuts(domain, floats=form(kind) == "float")
    if form(kind) == "bool":
        return _Flags(domain)
    if isinstance(kind, Set):
        return _Sets()
    if isinstance(kind, Enum):
        return _Declared(domain, kind)
    if all(len(str(each).encode()) <= _IN_VIEW for each in domain.values):
        return _Texts(domain)
    return _LongTexts(domain)


class _Cuts:
    def __init__(self, domain: Ordered, *, floats: bool) -> None:
        self.dtype: pl.DataType = pl.Float64() if floats else pl.Int64()
        self._kind = np.float64 if floats else np.int64
        cuts = np.array([raw(each) for each in domain.cuts], dtype=self._kind)
        self._size = len(cuts)
        self._few = self._size <= FEW_CUTS
        self._cuts: Numbers = cuts if self._few else _filled(cuts)

    def over(self, found: Held) -> Fill:
        return self.over_array(found.array(self._kind))

    def over_array(self, values: Numbers) -> Fill:
        """As `over`, for values in an array."""
        cuts, size = self._cuts, self._size
        if self._few:
            return lambda start, out: above_few(values[start:], cuts, out)

        def many(start: int, out: CellNumbers) -> None:
            place = np.empty(len(out), np.uint64)
            above_many(values[start:], cuts, size, place, out)

        return many


def _filled(cuts: Numbers) -> Numbers:
    """Up to a power of two less one, with the last cut."""
    size = 2 ** len(cuts).bit_length() - 1
    return np.concatenate([cuts, np.repeat(cuts[-1:], size - len(cuts))])


class _Flags:
    dtype: pl.DataType = pl.Boolean()

    def __init__(self, domain: Listed) -> None:
        if domain.values != (False, True):
            raise ValueError("a flag is false or true")

    def over(self, found: Held) -> Fill:
        bits, first = found.bits(), found.start
        return lambda start, out: bits_at(bits, first + start, out)


class _Sets:
    """Of a set it matters only whether there is one."""

    dtype: pl.DataType = pl.Boolean()

    @staticmethod
    def read(series: pl.Series) -> pl.Series:
        """Nothing but which sets there are."""
        return _where_known(series, series.is_not_null())

    def over(self, found: Held) -> Fill:
        return self.over_any

    @staticmethod
    def over_any(_: int, out: CellNumbers) -> None:
        """All that are known lie in the same cell."""
        out.fill(0)


class _Declared:
    """Declared values, which Polars holds by their numbers."""

    dtype: pl.DataType = pl.Int64()

    def __init__(self, domain: Listed, kind: Enum) -> None:
        cells = {value: at for at, value in enumerate(domain.values)}
        other = len(domain.values)
        found = [cells.get(each, other) for each in kind.values]
        # where a value is missing its number may be anything
        self._cells = np.array(found or [other], dtype=np.int32)

    def over(self, found: Held) -> Fill:
        numbers, cells = found.array(np.int64), self._cells
        return lambda start, out: looked_up(numbers[start:], cells, out)


class _Texts:
    """Texts of at most twelve bytes, which are equal where their views are."""

    dtype: pl.DataType = pl.String()

    def __init__(self, domain: Listed) -> None:
        self._views = _views([str(each) for each in domain.values])
        self._few = len(self._views) <= FEW_TEXTS
        if not self._few:
            self._table = _table(self._views)

    def over(self, found: Held) -> Fill:
        views = found.array(np.uint64, 2)
        if self._few:
            texts = self._views
            return lambda start, out: texts_few(views[2 * start :], texts, out)
        slots, numbers, shift = self._table
        return lambda start, out: texts_many(views[2 * start :], slots, numbers, shift, out)


def _views(texts: Sequence[str]) -> Words:
    """The views of short texts: [k, 2] words."""
    made = b"".join(
        len(each.encode()).to_bytes(4, "little") + each.encode().ljust(_IN_VIEW, b"\0")
        for each in texts
    )
    return np.frombuffer(made, dtype="<u8").reshape(-1, 2).astype(np.uint64)


def _table(views: Words) -> tuple[Words, NDArray[np.int32], int]:
    """The views by their hash, as `texts_many` reads them: at most half of the slots are taken."""
    size = 2 * 2 ** len(views).bit_length()
    shift = 64 - size.bit_length() + 1
    slots = np.zeros((size, 2), np.uint64)
    numbers = np.full(size + 1, -1, np.int32)
    numbers[size] = len(views)
    for at, view in enumerate(views):
        slot = slot_of(view[0], view[1], shift)
        while numbers[slot] >= 0:
            slot = (slot + 1) % size
        slots[slot], numbers[slot] = view, at
    return slots, numbers, shift


class _LongTexts:
    """Texts some of which are too long for a view: Polars numbers them."""

    dtype: pl.DataType = pl.Int64()

    def __init__(self, domain: Listed) -> None:
        self._kind = pl.Enum([str(each) for each in domain.values])
        self._other = len(domain.values)
        self._cells = np.arange(self._other + 1, dtype=np.int32)

    def read(self, series: pl.Series) -> pl.Series:
        """The number of each text."""
        numbers = series.cast(self._kind, strict=False).to_physical().cast(pl.Int64)
        return _where_known(series, numbers.fill_null(self._other))

    def over(self, found: Held) -> Fill:
        numbers, cells = found.array(np.int64), self._cells
        return lambda start, out: looked_up(numbers[start:], cells, out)


def _where_known(series: pl.Series, answers: pl.Series) -> pl.Series:
    """The answers where a series has a value."""
    return pl.select(pl.when(series.is_not_null()).then(answers)).to_series()
