"""What stored assignments say of customers before they are played."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl

from segrules.backends.context import months_later
from segrules.backends.kernel.values import EPOCH_DAY
from segrules.backends.polars.dtypes import dtype
from segrules.lang.ir import SegmentSet, TableColumn, history_of
from segrules.lang.types import Enum
from segrules.segments.assign import Placement
from segrules.segments.history.load import Wanted, history_rows, reading_runs
from segrules.segments.history.store import AS_OF
from segrules.sim.customers.model import Remembrance
from segrules.sim.model import Counts

NEAR = 15
"""Days by which two assignments may miss the length of a period and still be one apart."""


def remembrance(placement: Placement, found: SegmentSet, keys: Sequence[str]) -> Remembrance | None:
    """How customers stood at the last stored assignment; None where no rule asks, or none is."""
    frame = placement.frames.get(history_of(placement.table))
    if frame is None:
        return None
    key = placement.ruleset.table(placement.table).key
    name = found.name
    last = (
        frame.select(
            pl.col(key).cast(pl.String).alias(":key"), pl.col(AS_OF).alias(":day"),
            pl.col(name).cast(pl.String).alias(":segment"), pl.col(f"{name}:since").alias(":since"),
            pl.col(f"{name}:leaving").alias(":leaving"),
            pl.col(f"{name}:decided").alias(":decided"),
        )
        .filter(pl.col(":segment").is_not_null())
        .sort(":key", ":day")
        .group_by(":key", maintain_order=True)
        .last()
        .collect()
    )  # fmt: skip
    if not last.height:
        return None
    wanted = pl.DataFrame({":key": list(keys)}, schema={":key": pl.String})
    rows = wanted.join(last, on=":key", how="left", maintain_order="left")
    places = {segment: at for at, segment in enumerate(found.segments)}
    segment = rows[":segment"].replace_strict(places, default=-1, return_dtype=pl.Int64)
    since = rows[":since"].cast(pl.Int32).cast(pl.Int64)
    return Remembrance(
        segment.fill_null(-1).to_numpy(),
        since.fill_null((placement.context.as_of - EPOCH_DAY).days).to_numpy(),
        rows[":leaving"].cast(pl.Int64).fill_null(0).to_numpy(),
        rows[":decided"].cast(pl.Boolean).fill_null(value=False).to_numpy(),
    )


def switches(placement: Placement, column: TableColumn, folder: Path, months: int) -> Counts | None:
    """How many customers went from value to value in a period of so many months: int64[V, V].

    They are counted in stored assignments that are a period apart; None where no two are.

    Raises:
        RulesError: a stored run cannot be used.
    """
    table, values = placement.ruleset.table(placement.table), _values(column)
    kind = pl.String() if isinstance(column.type, Enum) else dtype(column.type)
    rows = history_rows(
        folder, table.name, placement.context.as_of, Wanted(table.key, (), {column.name: kind})
    )
    with reading_runs([]):
        kept = rows.select(
            pl.col(table.key).alias(":key"), pl.col(AS_OF).alias(":day"),
            pl.col(column.name).cast(pl.String).alias(":value"),
        ).drop_nulls().collect()  # fmt: skip
    pairs = _pairs(sorted(kept[":day"].unique().to_list()), months)
    if not pairs:
        return None
    days = pl.DataFrame(pairs, schema={":day": pl.Date, ":later": pl.Date}, orient="row")
    later = kept.rename({":day": ":later", ":value": ":to"})
    moved = kept.join(days, on=":day").join(later, on=[":key", ":later"])
    counted = moved.group_by(":value", ":to").len()
    found = {(a, b): count for a, b, count in counted.iter_rows()}
    flat = [found.get((a, b), 0) for a, b in product(values, repeat=2)]
    return np.array(flat, dtype=np.int64).reshape(len(values), len(values))


def _values(column: TableColumn) -> tuple[str, ...]:
    return column.type.values if isinstance(column.type, Enum) else ("false", "true")


def _pairs(days: Sequence[dt.date], months: int) -> list[tuple[dt.date, dt.date]]:
    """Each day with the day nearest to a period later, if one is near."""
    pairs = []
    for day in days:
        goal = months_later(day, months)
        after = [each for each in days if each > day]
        if goal is None or not after:
            continue
        nearest = min(after, key=lambda each: abs((each - goal).days))
        if abs((nearest - goal).days) <= NEAR:
            pairs.append((day, nearest))
    return pairs
