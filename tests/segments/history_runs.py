"""Small histories for the tests: runs written from cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from segrules.segments.history.store import Run, StoredSet, append

SEGMENTS = ("a", "b", "c")
RULES = "r" * 64


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def month(at: int) -> dt.date:
    """The last days but a few of the months from January 2026 on, from 0."""
    return dt.date(2026 + at // 12, at % 12 + 1, 28)


def run(
    as_of: dt.date,
    sets: Mapping[str, StoredSet] | None = None,
    table: str = "customers",
    key: str = "customer_id",
    rules: str = RULES,
) -> Run:
    held = {"value": StoredSet(SEGMENTS)} if sets is None else sets
    return Run(table, key, as_of, "shop", f"{as_of}".ljust(64, "0"), rules, held)


def rows(segments: Mapping[str, str | None], **more: Sequence[object]) -> pl.DataFrame:
    """A run's rows: the segment by key, and further columns."""
    return pl.DataFrame(
        {
            "customer_id": list(segments),
            "value": pl.Series(list(segments.values()), dtype=pl.String),
            "value_by": pl.Series(list(segments.values()), dtype=pl.String),
            **more,
        },
        schema_overrides={"customer_id": pl.String},
    )


def write(folder: Path, *days: Mapping[str, str | None] | str) -> None:
    """A run a month from January on: segments by key, or "a=x b=y c=" (in no segment)."""
    for at, given in enumerate(days):
        cells = (word.split("=") for word in given.split()) if isinstance(given, str) else ()
        held = dict(given) if not isinstance(given, str) else {key: at or None for key, at in cells}
        append(folder, rows(held), run(month(at)))
