"""What a Polars series holds, as arrays over the same memory.

A series hands out its buffers by the Arrow C stream interface. The arrays are good for as long as
`held` is open: nothing is copied.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Held:
    """A series of one chunk: `rows` values from `start` on in each of the buffers.

    `bitmap` says by a bit a value which are known; None where all are. `buffer` is where the
    values stand, as the type lays them out.
    """

    rows: int
    start: int
    bitmap: NDArray[np.uint8] | None
    buffer: int

    def array(self, dtype: type[np.generic], width: int = 1) -> NDArray[Any]:
        """The values, each of `width` numbers of a type."""
        size = np.dtype(dtype).itemsize * width
        return _array(self.buffer + self.start * size, self.rows * width, dtype)

    def bits(self) -> NDArray[np.uint8]:
        """The bytes in which the values of a Boolean series stand, from the first of the buffer."""
        return _array(self.buffer, (self.start + self.rows + 7) // 8, np.uint8)


@contextmanager
def held(series: pl.Series) -> Iterator[Held]:
    """The memory of a series, which must not be empty."""
    if series.n_chunks() > 1:
        series = series.rechunk()
    capsule = series.__arrow_c_stream__()
    stream = ctypes.cast(_pointer(capsule, b"arrow_array_stream"), ctypes.POINTER(_Stream))
    found = _Array()
    if stream.contents.get_next(stream, ctypes.byref(found)) != 0 or not found.release:
        raise RuntimeError("Polars did not hand out a series")
    try:
        yield _held(found)
    finally:
        found.release(ctypes.byref(found))


def _held(found: _Array) -> Held:
    bitmap = None
    if found.null_count and found.buffers[0]:
        bitmap = _array(found.buffers[0], (found.offset + found.length + 7) // 8, np.uint8)
    return Held(found.length, found.offset, bitmap, found.buffers[1])


def _array(address: int, count: int, dtype: type[np.generic]) -> NDArray[Any]:
    return np.asarray(_Memory(address, count, np.dtype(dtype).str))


class _Memory:
    """Memory by its address, as NumPy asks for it."""

    def __init__(self, address: int, count: int, kind: str) -> None:
        self.__array_interface__ = {
            "data": (address, True), "shape": (count,), "typestr": kind, "version": 3,
        }  # fmt: skip


class _Array(ctypes.Structure):
    """`struct ArrowArray` of the Arrow C data interface."""


class _Stream(ctypes.Structure):
    """`struct ArrowArrayStream` of the Arrow C stream interface."""


_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))),
    ("private_data", ctypes.c_void_p),
]
_Stream._fields_ = [
    ("get_schema", ctypes.c_void_p),
    (
        "get_next",
        ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array)),
    ),
    ("get_last_error", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype = ctypes.c_void_p
_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
