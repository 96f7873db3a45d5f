"""Rows that belong or refer to a row that is not there."""

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
    """A warning for each reference that leads nowhere, where both of its tables are given.

    One streaming anti-join of the two columns for each reference, and a second one only to quote
    keys. Rows without a reference are the survey's to report.

    Raises:
        RulesError: the data cannot be read.
    """
    found = []
    for name, rows in given.items():
        table = ruleset.table(name)
        references = dict(table.links)
        if table.of is not None and table.by is not None:
            references[table.by] = table.of
        for column, to in references.items():
            of = ruleset.table(to)
            if of.kind != "derived" and of.key and to in given:
                with reading(str(rows.path)):
                    found += _orphans(ruleset, (table, rows), column, (of, given[to]))
    return tuple(found)


def _orphans(
    ruleset: Ruleset,
    related: tuple[Table, Surveyed],
    column: str,
    main: tuple[Table, Surveyed],
) -> list[Diagnostic]:
    (table, rows), (of, owners) = related, main
    key, main_key = _read(ruleset, table, rows, column), _read(ruleset, of, owners, of.key)
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


def _read(ruleset: Ruleset, table: Table, rows: Surveyed, column: str) -> Reading:
    found = readings(table, rows.frame.collect_schema(), ruleset, file=str(rows.path))
    return next(each for each in found if each.column.name == column)
