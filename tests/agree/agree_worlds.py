"""Rulesets, rows and frames that the tests of agreement share."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars.dtypes import dtype
from segrules.lang.ir import (
    Calibration,
    Feature,
    Ruleset,
    SegmentSet,
    Table,
    TableColumn,
    Value,
)
from segrules.lang.types import Type

AS_OF = dt.date(2026, 6, 30)
ZONE = "Europe/London"
ENGINES = ("in-memory", "streaming")

Rows = Sequence[Mapping[str, Value]]


def ruleset(
    tables: Iterable[Table],
    features: Iterable[Feature] = (),
    sets: Iterable[SegmentSet] = (),
    zone: str = ZONE,
) -> Ruleset:
    return Ruleset(
        "test", "", "", "", zone, "GBP", (), tuple(tables), tuple(features), tuple(sets),
        (), (), (), (), (), (),
    )  # fmt: skip


def context(calibration: Calibration | None = None, zone: str = ZONE) -> Context:
    return Context(zone, AS_OF, calibration or Calibration(AS_OF))


def main_table(name: str, key: str, kinds: Mapping[str, tuple[Type, bool]], **more: str) -> Table:
    return _table(name, "main", key, kinds, more)


def related_table(
    name: str, key: str, kinds: Mapping[str, tuple[Type, bool]], **more: str
) -> Table:
    return _table(name, "related", key, kinds, more)


def _table(name, kind, key, kinds, more) -> Table:
    columns = tuple(
        TableColumn(column, column, column_type, optional)
        for column, (column_type, optional) in kinds.items()
    )
    return Table(name, kind, key, columns, **more)


def frame(table: Table, rows: Rows) -> pl.LazyFrame:
    schema = {column.name: dtype(column.type) for column in table.columns}
    values = {name: [row.get(name) for row in rows] for name in schema}
    return pl.DataFrame(values, schema=schema).lazy()


def same(left: Value, right: Value) -> bool:
    """Equal in form and in value; -0.0 is 0.0."""
    return type(left) is type(right) and left == right


def luck_of(seed: int) -> random.Random:
    """Reproducible test data, nothing secret."""
    return random.Random(seed)  # noqa: S311
