"""Values of many rows as arrays.

Whole numbers and money are int64, numbers double, flags Boolean, dates int64 days and instants
int64 microseconds since 1970 (UTC). Texts and declared values are int64 places in `texts`; a set is
a word with a bit a place. One value may stand for all rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segrules.lang.ir import Value
from segrules.lang.types import Enum, Form, Set, Type, form

Flags = NDArray[np.bool_]

MOST_IN_A_SET = 64
"""How many values a set may be declared with: one bit each."""

EPOCH_DAY = dt.date(1970, 1, 1)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)

_HELD: dict[Form, type[np.generic]] = {
    "text": np.int64, "enum": np.int64, "int": np.int64, "date": np.int64, "instant": np.int64,
    "float": np.float64, "bool": np.bool_, "set": np.uint64,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """Values of n rows, or one for all; `missing` says which there are not, None: none.

    A missing flag is held as false; other missing values are held as anything.
    """

    values: NDArray[Any]
    missing: Flags | None = None
    texts: tuple[str, ...] = ()


def held_as(kind: Type) -> type[np.generic]:
    """The dtype of values of a type."""
    return _HELD[form(kind)]


def known(vector: Vector) -> Flags:
    """Which values there are."""
    if vector.missing is None:
        return np.ones(len(vector.values), np.bool_)
    return ~vector.missing


def any_of(masks: Iterable[Flags | None]) -> Flags | None:
    """Where one of the masks is set; None stands for nowhere."""
    found = [mask for mask in masks if mask is not None]
    return reduce(np.logical_or, found) if found else None


def flags(values: Flags, missing: Flags | None) -> Vector:
    """Flags, false where they are missing."""
    return Vector(values if missing is None else values & ~missing, missing)


def at_border(vector: Vector, kind: Type) -> Vector:
    """What the caller hands over in the form that is computed with: NaN and infinity are missing.

    Raises:
        ValueError: the values are of another form than the type is held as.
    """
    values = np.asarray(vector.values)
    if values.ndim != 1 or not np.can_cast(values.dtype, held_as(kind), "same_kind"):
        raise ValueError(f"values of the form {form(kind)} are not held as {values.dtype}")
    values, missing = values.astype(held_as(kind), copy=False), vector.missing
    if form(kind) == "float":
        finite = np.isfinite(values)
        missing = missing if finite.all() else any_of([missing, ~finite])
    if form(kind) == "bool":
        return flags(values, missing)
    return Vector(values, missing, declared(kind) or vector.texts)


def declared(kind: Type) -> tuple[str, ...]:
    """The values that a type declares."""
    return kind.values if isinstance(kind, Enum | Set) else ()


def constant(value: Value, kind: Type) -> Vector:
    """One value for all rows."""
    if value is None:
        missing = np.ones(1, np.bool_)
        return Vector(np.zeros(1, held_as(kind)), missing, declared(kind))
    texts = (str(value),) if form(kind) == "text" else declared(kind)
    return Vector(np.array([raw(value, texts)], dtype=held_as(kind)), None, texts)


def raw(value: Value, texts: Sequence[str] = ()) -> Any:
    """A value as it is held."""
    match value:
        case str():
            return texts.index(value)
        case frozenset():
            return sum(1 << texts.index(each) for each in value)
        case dt.datetime():
            return (value - EPOCH) // _MICROSECOND
        case dt.date():
            return (value - EPOCH_DAY).days
    return value


def plain(held: Any, kind: Type, texts: Sequence[str] = ()) -> Value:
    """The value that is held."""
    match form(kind):
        case "text" | "enum":
            return texts[int(held)]
        case "set":
            bits = int(held)
            return frozenset(each for at, each in enumerate(texts) if bits >> at & 1)
        case "date":
            return EPOCH_DAY + dt.timedelta(days=int(held))
        case "instant":
            return EPOCH + int(held) * _MICROSECOND
        case "bool":
            return bool(held)
        case "float":
            return float(held)
        case "int":
            return int(held)


def values_of(vector: Vector, kind: Type, rows: int) -> list[Value]:
    """Every value in canonical form, None where it is missing."""
    there = np.broadcast_to(known(vector), rows)
    values = np.broadcast_to(vector.values, rows)
    return [
        plain(each, kind, vector.texts) if known_ else None
        for each, known_ in zip(values, there, strict=True)
    ]


# ---- texts


def placed_in(vector: Vector, texts: tuple[str, ...]) -> Vector:
    """The same texts as places in others; one that does not stand there is missing."""
    if vector.texts == texts:
        return vector
    places = {text: at for at, text in enumerate(texts)}
    found = np.array([places.get(each, -1) for each in vector.texts] or [-1], np.int64)
    values = looked_up(found, vector)
    outside = values < 0
    missing = any_of([vector.missing, outside]) if outside.any() else vector.missing
    return Vector(values, missing, texts)


def together(vectors: Sequence[Vector]) -> list[Vector]:
    """Texts as places in the same tuple."""
    if len({each.texts for each in vectors}) == 1:
        return list(vectors)
    texts = tuple(dict.fromkeys(text for each in vectors for text in each.texts))
    return [placed_in(each, texts) for each in vectors]


def looked_up(answers: NDArray[Any], vector: Vector) -> NDArray[Any]:
    """The answer of each row, from those a text; where the text is missing it may be any."""
    places = vector.values if vector.missing is None else np.where(vector.missing, 0, vector.values)
    found: NDArray[Any] = answers[places]
    return found


def chosen(test: Flags, first: Vector, second: Vector) -> Vector:
    """The first where the test holds, otherwise the second."""
    if first.texts or second.texts:
        first, second = together([first, second])
    values = np.where(test, first.values, second.values)
    if first.missing is None and second.missing is None:
        return Vector(values, None, first.texts)
    none = np.zeros(1, np.bool_)
    missing = np.where(
        test,
        none if first.missing is None else first.missing,
        none if second.missing is None else second.missing,
    )
    return Vector(values, missing, first.texts)


def in_form_of(vector: Vector, kind: Type) -> Vector:
    """Declared values as those of another declaration; others as they are."""
    return placed_in(vector, kind.values) if isinstance(kind, Enum) else vector
