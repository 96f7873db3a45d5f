"""The first pass over a table: what cannot be read, what is missing, whether keys are sound."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segrules.lang.ir import Ruleset, Table, TableColumn
from segrules.lang.types import Enum, spell
from segrules.segments.border import Reading, readings
from segrules.segments.cells import how_written
from segrules.segments.read import reading
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems import data as problems
from segrules.text.problems import values


@dataclass(frozen=True, slots=True)
class Survey:
    """Counts by column name, columns without any left out.

    `unreadable` counts cells which are there but cannot be read, `missing` the empty cells of
    columns declared without `?`. `findings` says the same in words, with unsound keys as errors.
    `earliest` is the first date of a row, of a table that has dates.
    """

    rows: int
    unreadable: Mapping[str, int]
    missing: Mapping[str, int]
    findings: tuple[Diagnostic, ...]
    earliest: dt.date | None = None


def survey(
    frame: pl.LazyFrame, table: Table, ruleset: Ruleset, *, file: str | None = None
) -> Survey:
    """One streaming pass over the declared columns, and a second one only to quote what is wrong.

    Raises:
        RulesError: a column is lacking or refused, or the data cannot be read.
    """
    with reading(file or table.name):
        found = readings(table, frame.collect_schema(), ruleset, file=file)
        counts, earliest = _count(frame, table, found)
        unreadable = _positive(
            {each.column.name: counts[f"u:{each.column.name}"] for each in found}
        )
        missing = _positive(
            {each.column.name: counts[f"m:{each.column.name}"] for each in found if _required(each)}
        )
        findings = []
        if table.kind == "main":
            findings += _main_table(frame, table, found, counts, file)
            missing.pop(table.key, None)
        quoted = {each.column.name: each for each in found}
        findings += [
            _unreadable(
                frame, table, quoted[name], (count, counts["rows"] - counts[f"m:{name}"]), file
            )
            for name, count in unreadable.items()
        ]
        findings += [
            values.missing_cells(table.name, name, count, file) for name, count in missing.items()
        ]
    return Survey(counts["rows"], unreadable, missing, tuple(findings), earliest)


def _required(read: Reading) -> bool:
    return not read.column.optional and not read.column.until_outcome


def _positive(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _count(
    frame: pl.LazyFrame, table: Table, found: Sequence[Reading]
) -> tuple[dict[str, int], dt.date | None]:
    """Counts, and the first date of a row."""
    dated = next((each for each in found if each.column.name == table.dated), None)
    first = pl.lit(None, pl.Date) if dated is None else dated.value.min().cast(pl.Date)
    asked = [pl.len().alias("rows")]
    asked += [each.unreadable.sum().alias(f"u:{each.column.name}") for each in found]
    asked += [each.absent.sum().alias(f"m:{each.column.name}") for each in found]
    if table.kind == "main":
        # a missing key counts as one more value
        key = next(each for each in found if each.column.name == table.key)
        asked.append(key.value.n_unique().alias("keys"))
        asked.append(key.value.null_count().alias("keyless"))
    row = (
        frame.select(*asked, first.alias("earliest")).collect(engine="streaming").row(0, named=True)
    )
    return row, row.pop("earliest")


def _main_table(
    frame: pl.LazyFrame,
    table: Table,
    found: Sequence[Reading],
    counts: Mapping[str, int],
    file: str | None,
) -> list[Diagnostic]:
    if counts["rows"] == 0:
        return [problems.empty_table(table.name, file)]
    findings = []
    keyless = counts["keyless"]
    if keyless:
        findings.append(problems.key_missing(table.name, table.key, keyless, file))
    if counts["keys"] - bool(keyless) < counts["rows"] - keyless:
        key = next(each for each in found if each.column.name == table.key)
        findings.append(_key_twice(frame, table, key, file))
    return findings


def _key_twice(frame: pl.LazyFrame, table: Table, key: Reading, file: str | None) -> Diagnostic:
    twice = (
        frame.select(key=key.value)
        .drop_nulls()
        .group_by("key")
        .len()
        .filter(pl.col("len") > 1)
        .select(pl.len().alias("count"), pl.col("key").bottom_k(values.QUOTED).implode())
        .collect(engine="streaming")
        .row(0, named=True)
    )
    examples = [] if key.column.sensitive else sorted(twice["key"])
    return problems.key_twice(table.name, table.key, twice["count"], examples, file)


ENOUGH = 5
"""Filled cells from which on a column without a readable one is taken for a wrong column."""


def _unreadable(
    frame: pl.LazyFrame, table: Table, read: Reading, counts: tuple[int, int], file: str | None
) -> Diagnostic:
    """`counts` are the unreadable cells and all cells that are filled."""
    undeclared = isinstance(read.column.type, Enum)
    examples: list[str] = []
    if not read.column.sensitive:
        examples = _most_common(frame, read) if undeclared else _first_cells(frame, read)
    return unreadable_cells(table, read.column, counts, examples, file)


def unreadable_cells(
    table: Table,
    column: TableColumn,
    counts: tuple[int, int],
    examples: Sequence[str],
    file: str | None,
) -> Diagnostic:
    """What is said of cells that cannot be read; `counts` are these and all that are filled."""
    count, filled = counts
    undeclared = isinstance(column.type, Enum)
    name = f"{table.name}.{column.name}"
    kind = "a declared value" if undeclared else spell(column.type)
    written = how_written(column.type)
    if count == filled and filled >= ENOUGH:
        return values.nothing_read(name, kind, count, examples, written, file)
    if undeclared:
        return values.undeclared(name, count, examples, file)
    return values.unreadable(name, kind, count, examples, written, file)


# one more than is quoted tells that there are more


def _first_cells(frame: pl.LazyFrame, read: Reading) -> list[str]:
    cells = frame.filter(read.unreadable).select(cell=read.quote).unique(maintain_order=True)
    return cells.head(values.QUOTED + 1).collect(engine="streaming")["cell"].to_list()


def _most_common(frame: pl.LazyFrame, read: Reading) -> list[str]:
    common = (
        frame.filter(read.unreadable)
        .group_by(cell=read.quote)
        .len()
        .sort(["len", "cell"], descending=[True, False])
        .head(values.QUOTED + 1)
    )
    return common.collect(engine="streaming")["cell"].to_list()
