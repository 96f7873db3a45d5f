"""Rows as the kernel target is handed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from segrules.backends.kernel.values import Vector, held_as, raw
from segrules.lang.ir import Table, Value
from segrules.lang.types import Enum, Set, Type, form


def vector(values: Sequence[Value], kind: Type) -> Vector:
    """Values as a caller hands them over; what is missing is held as something wild."""
    missing = np.array([value is None for value in values])
    if form(kind) == "text":
        texts = tuple(sorted({str(value) for value in values if value is not None}))
    else:
        texts = kind.values if isinstance(kind, Enum | Set) else ()
    wild = {"float": np.nan, "bool": True, "int": -(2**63)}.get(form(kind), 0)
    held = [wild if value is None else raw(value, texts) for value in values]
    return Vector(np.array(held, held_as(kind)), missing if missing.any() else None, texts)


def arrays(table: Table, population: Sequence[Mapping[str, Value]]) -> dict[str, Vector]:
    return {
        column.name: vector([row.get(column.name) for row in population], column.type)
        for column in table.columns
    }
