"""The border where data becomes canonical values, by declared type and the type of the source.

Canonical forms in a frame: text `String`, whole numbers and money (minor units) `Int64`, numbers
and shares finite `Float64`, flags `Boolean`, dates `Date`, instants `Datetime("us", "UTC")`, enums
`Enum` of the declared values in their order. What cannot be read is missing and can be counted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from segrules.backends.polars.dtypes import dtype
from segrules.lang.ir import Ruleset, Table, TableColumn
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Link,
    Money,
    Number,
    Period,
    Set,
    Share,
    Text,
    Unclear,
    Whole,
    spell,
)
from segrules.segments import cells
from segrules.segments.cells import Cells
from segrules.text.diagnostic import Diagnostic, Log, RulesError
from segrules.text.problems import data as problems


@dataclass(frozen=True, slots=True)
class Reading:
    """How one declared column is read from a source.

    Each expression is over the source frame. `value` is the canonical value under the declared
    name. `unreadable` is true where a cell is there but cannot be read, `absent` where there is
    none. `quote` is the cell as text. `certain` is one flag for the whole column: when it is true
    every cell is readable and `unguarded` equals `value` at less cost; `None` when that cannot be
    known cheaply.
    """

    column: TableColumn
    value: pl.Expr
    unguarded: pl.Expr
    certain: pl.Expr | None
    unreadable: pl.Expr
    absent: pl.Expr
    quote: pl.Expr


def canonical(
    frame: pl.LazyFrame, table: Table, ruleset: Ruleset, *, file: str | None = None
) -> pl.LazyFrame:
    """The declared columns of a table in canonical form, under their declared names.

    Raises:
        RulesError: a column is lacking or its type in the source is refused.
    """
    schema = frame.collect_schema()
    return frame.select(reading.value for reading in readings(table, schema, ruleset, file=file))


def canonical_in_memory(
    frame: pl.DataFrame, table: Table, ruleset: Ruleset, needed: Collection[str]
) -> tuple[pl.LazyFrame, frozenset[str]]:
    """As `canonical`, without the guards which the data show to be unnecessary.

    Beside the frame stand the columns in which no value can be missing. The data are looked at
    only for the columns `needed`; the others keep their guards, which cost nothing while the
    columns are not asked for.
    """
    found = readings(table, frame.schema, ruleset)
    questions = {
        reading.column.name: reading.certain
        for reading in found
        if reading.certain is not None and reading.column.name in needed
    }
    answers = frame.select(**questions).row(0, named=True) if questions else {}
    certain = {name for name, answer in answers.items() if answer}
    full = frozenset(
        reading.column.name
        for reading in found
        if reading.column.name in certain and frame[reading.column.heading].null_count() == 0
    )
    return frame.lazy().select(
        reading.unguarded if reading.column.name in certain else reading.value for reading in found
    ), full


def readings(
    table: Table, schema: pl.Schema, ruleset: Ruleset, *, file: str | None = None
) -> tuple[Reading, ...]:
    """How each declared column is read, in order of declaration.

    A column known only after the outcome may be lacking: it is missing everywhere then, as no rule
    may read it.

    Raises:
        RulesError: with every column that is lacking or whose type is refused.
    """
    log = Log()
    found = []
    for column in table.columns:
        held = schema.get(column.heading)
        if held is None and column.until_outcome:
            found.append(_nothing(column, pl.lit(None, pl.Null)))
        elif held is None:
            log.report(
                problems.column_lacking(table.name, column.name, column.heading, list(schema), file)
            )
        elif held == pl.Null:
            found.append(_nothing(column, pl.col(column.heading)))
        else:
            read = _cells(column, pl.col(column.heading), held, ruleset.zone)
            if read is None:
                log.report(_refused(table, column, held, file))
            else:
                found.append(_reading(column, read))
    if log.has_errors:
        raise RulesError(list(log), unable=True)
    return tuple(found)


def _refused(table: Table, column: TableColumn, dtype: pl.DataType, file: str | None) -> Diagnostic:
    held = cells.spell_source(dtype)
    return problems.wrong_type(table.name, column.name, spell(column.type), held, file)


def _reading(column: TableColumn, read: Cells) -> Reading:
    cell = pl.col(column.heading)
    return Reading(
        column=column,
        value=read.value.alias(column.name),
        unguarded=read.unguarded.alias(column.name),
        certain=read.certain,
        unreadable=read.given & read.value.is_null(),
        absent=~read.given,
        quote=cell.cast(pl.String),
    )


def _nothing(column: TableColumn, cell: pl.Expr) -> Reading:
    """A column without any value."""
    value = cell.cast(dtype(column.type)).alias(column.name)
    return Reading(
        column=column,
        value=value,
        unguarded=value,
        certain=None,
        unreadable=value.is_not_null(),
        absent=value.is_null(),
        quote=value.cast(pl.String),
    )


def _cells(column: TableColumn, cell: pl.Expr, held: pl.DataType, zone: str) -> Cells | None:
    """The reader of a declared type for a source type; `None` when the pair is refused."""
    kind = column.type
    match kind:
        case Text() | Link():
            found = cells.text(cell, held)
            return None if found is None else cells.cleaned(found, column.cleaning)
        case Set(values=values):
            return cells.several(cell, held, values)
        case Whole(low=low, high=high):
            return cells.whole(cell, held, low, high)
        case Number(low=low, high=high):
            return cells.number(cell, held, low, high)
        case Share():
            return cells.share(cell, held)
        case Money():
            return cells.money(cell, held, kind)
        case Flag():
            return cells.flag(cell, held)
        case Date():
            return cells.date(cell, held)
        case Instant():
            return cells.instant(cell, held, zone)
        case Enum(values=values):
            return cells.enum(cell, held, values)
        case Period() | Unclear():
            raise TypeError(f"a column is never {spell(kind)}")
