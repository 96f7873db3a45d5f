"""Related rows whose key no row of their main table has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segrules.lang.ir import Ruleset, Table
from segrules.segments.border import Reading, readings
from segrules.segments.read import reading
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems import values as problems


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A table that a survey has found to have its columns."""

    path: Path
    frame: pl.LazyFrame
    rows: int


def orphans(ruleset: Ruleset, given: Mapping[str, Surveyed]) -> tuple[Diagnostic, ...]:
    """A warning for each related table with such rows, where its main table is given as well.

    One streaming anti-join of the two key columns for each related table, and a second one only
    to quote keys. Rows without a key are the survey's to report.

    Raises:
        RulesError: the data cannot be read.
    """
    found = []
    for name, rows in given.items():
        table = ruleset.table(name)
        of = None if table.of is None else ruleset.table(table.of)
        if table.kind == "related" and of and of.kind == "main" and of.name in given:
            with reading(str(rows.path)):
                found += _orphans(ruleset, (table, rows), (of, given[of.name]))
    return tuple(found)


def _orphans(
    ruleset: Ruleset, related: tuple[Table, Surveyed], main: tuple[Table, Surveyed]
) -> list[Diagnostic]:
    key, main_key = _key(ruleset, *related), _key(ruleset, *main)
    (table, rows), (of, owners) = related, main
    lost = (
        rows.frame.select(key=key.value)
        .drop_nulls()
        .join(owners.frame.select(key=main_key.value), on="key", how="anti")
    )
    count = int(lost.select(pl.len()).collect(engine="streaming").item())
    if not count:
        return []
    keys: list[str] = []
    if not (key.column.sensitive or main_key.column.sensitive):
        # one more than is quoted tells that there are more
        first = lost.unique().select(pl.col("key").bottom_k(problems.QUOTED + 1))
        keys = sorted(first.collect(engine="streaming")["key"])
    return [problems.orphans(table.name, of.name, count, rows.rows, keys, str(rows.path))]


def _key(ruleset: Ruleset, table: Table, rows: Surveyed) -> Reading:
    found = readings(table, rows.frame.collect_schema(), ruleset, file=str(rows.path))
    return next(each for each in found if each.column.name == table.key)
