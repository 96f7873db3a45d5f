"""The worked cases on databases: the assignment is that of Polars, row by row."""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest
from cases import case, generator, reviewed
from sql_engines import Database, each_database, placed, stored  # noqa: F401

from segrules.backends.sql import Source
from segrules.lang.types import Set
from segrules.segments.assign import Placement, placed_rows

CASES = [
    ("advice", "leads"), ("contact_centre", "customers"), ("portfolio", "accounts"),
    ("portfolio", "prospects"), ("retail", "customers"), ("value", "customers"),
]  # fmt: skip
PARTS = ("segment", "by", "unknown", "holdout", "allotted")


@cache
def placement(name: str, table: str) -> Placement:
    """Records consolidated, the past among the frames, ranks frozen."""
    found = reviewed(name) if hasattr(generator(name), "REVIEWS") else case(name)
    return found.placement(table)


def sources(database: Database, at: Placement) -> dict[str, Source]:
    """The tables as the firm would hold them: money in units, instants with a zone."""
    declared = {table.name for table in at.ruleset.tables}
    rows = {
        name: _rows(at, name, frame.collect())
        for name, frame in at.frames.items()
        if name in declared
    }
    return stored(database, at.ruleset, rows)


def _rows(at: Placement, name: str, frame: pl.DataFrame) -> list[dict[str, object]]:
    rows = frame.with_columns(pl.col(pl.Enum).cast(pl.String)).to_dicts()
    for column in at.ruleset.table(name).columns:
        if isinstance(column.type, Set):
            for row in rows:
                found = row[column.name]
                row[column.name] = None if found is None else frozenset(found)
    return rows


def test_every_case_is_here() -> None:
    from test_cases import CASES as NAMES

    assert {name for name, _ in CASES} == set(NAMES)
    for name in NAMES:
        tables = {each.table for each in case(name).rules.ruleset.sets}
        assert tables == {table for found, table in CASES if found == name}


@pytest.mark.parametrize(("name", "table"), CASES)
def test_a_case(database: Database, name: str, table: str) -> None:
    at = placement(name, table)
    tables = sources(database, at)
    answers = placed(database, at.ruleset, table, at.context, tables, PARTS)
    frame = placed_rows(at, unknown_counts=True).collect()
    expected = frame.with_columns(pl.col(pl.Enum).cast(pl.String)).rows()
    assert len(expected) > 400
    assert sorted(answers, key=str) == sorted(expected, key=str)
