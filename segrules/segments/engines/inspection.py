"""A table in a database held against its declaration: what a survey says of files, asked in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlglot import exp

from segrules.backends.sql import Source as SqlSource
from segrules.backends.sql import words as w
from segrules.backends.sql.dialect import Dialect
from segrules.backends.sql.dialects import DIALECTS
from segrules.backends.sql.held import fits, held
from segrules.backends.sql.reading import Reader, cell_of
from segrules.backends.sql.words import Sql
from segrules.lang.ir import Ruleset, Table, TableColumn
from segrules.lang.types import Enum, Set, Text, spell
from segrules.segments.cells import spell_source
from segrules.segments.engines.addresses import Source
from segrules.segments.engines.sessions import Session, sql_type
from segrules.segments.survey import Survey, unreadable_cells
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems import data as problems
from segrules.text.problems import engines as engine_problems
from segrules.text.problems import values


@dataclass(frozen=True, slots=True)
class Inspected:
    """A table where it is: `cells` are the canonical values that the engine reads, by column.

    The rows are called `t`.
    """

    table: Table
    source: Source
    schema: pl.Schema
    at: exp.Table
    cells: Mapping[str, Sql]
    dialect: Dialect

    @property
    def types(self) -> dict[str, exp.DataType]:
        """The type of each heading, as SQL names it."""
        found = {heading: sql_type(kind) for heading, kind in self.schema.items()}
        return {heading: kind for heading, kind in found.items() if kind is not None}

    @property
    def as_source(self) -> SqlSource:
        return SqlSource(self.at, self.types)

    def value(self, name: str) -> Sql:
        return w.again(self.cells[name])

    def absent(self, column: TableColumn) -> Sql:
        """Whether nothing is in a cell: only in a text column is empty text a value."""
        cell = cell_of(column)
        if not isinstance(column.type, Enum | Set) or self.schema[column.heading] != pl.String:
            return w.is_null(cell)
        empty = w.eq(w.cast(w.again(cell), self.dialect.types["text"]), w.text(""))
        return w.any_of([w.is_null(cell), empty])

    def unreadable(self, column: TableColumn) -> Sql:
        """Whether something is in a cell that is no value of the declared type.

        Text that is cleaned away was empty, not unreadable.
        """
        if isinstance(column.type, Text):
            return w.false()
        return w.every([w.not_(w.atom(self.absent(column))), w.is_null(self.value(column.name))])

    def rows(self, *columns: Sql) -> exp.Select:
        """A query over the rows."""
        table = self.at.copy()
        table.set("alias", exp.TableAlias(this=w.ident(w.ROW)))
        return w.select(*columns).from_(table)

    def not_taken(self, needed: frozenset[str], engine: str) -> list[Diagnostic]:
        """The columns that rules read and the engine cannot."""
        return [
            engine_problems.column_not_taken(
                engine,
                f"{self.table.name}.{column.name}",
                spell(column.type),
                _held(column, self.schema[column.heading]),
            )
            for column in self.table.columns
            if column.name in needed and column.name not in self.cells
        ]


def inspected(
    table: Table, source: Source, schema: pl.Schema, session: Session, zone: str
) -> Inspected:
    """How the declared columns of a table are read; what is lacking or unfit is left out."""
    reader = Reader(DIALECTS[session.dialect], zone)
    cells: dict[str, Sql] = {}
    for column in table.columns:
        kind = schema.get(column.heading)
        told = None if kind is None else sql_type(kind)
        found = None if told is None else held(told)
        if found is None or not fits(column.type, found) or "casefolded" in column.cleaning:
            continue
        cells[column.name] = reader.value(cell_of(column), column, found)
    return Inspected(table, source, schema, session.table(source), cells, reader.dialect)


def _held(column: TableColumn, kind: pl.DataType) -> str:
    if "casefolded" in column.cleaning:
        return "text that is to be cleaned of its case"
    return spell_source(kind)


# ---- surveys


def surveyed(found: Inspected, session: Session) -> Survey:
    """What `segrules.segments.survey.survey` says: one query, and others to quote what is wrong."""
    table, file = found.table, str(found.source)
    counts = session.answer(found.rows(*_counts(found)))[0]
    rows = int(counts["rows"])
    columns = {at: each for at, each in enumerate(table.columns) if each.name in found.cells}
    broken = _positive(counts, "u", columns)
    required = {
        at: each for at, each in columns.items() if not each.optional and not each.until_outcome
    }
    missing = _positive(counts, "m", required)
    findings: list[Diagnostic] = []
    if table.kind == "main":
        findings += _main_table(found, counts, session)
        missing.pop(table.key, None)
    for at, column in columns.items():
        if column.name in broken:
            given = broken[column.name], rows - int(counts[f"m{at}"])
            examples = [] if column.sensitive else _examples(found, column, session)
            findings.append(unreadable_cells(table, column, given, examples, file))
    findings += [values.missing_cells(table.name, *each, file) for each in missing.items()]
    return Survey(rows, broken, missing, tuple(findings), _day(counts.get("earliest")))


def _positive(
    counts: Mapping[str, Any], sign: str, columns: Mapping[int, TableColumn]
) -> dict[str, int]:
    found = {column.name: int(counts[f"{sign}{at}"]) for at, column in columns.items()}
    return {name: count for name, count in found.items() if count}


def _counts(found: Inspected) -> list[Sql]:
    table = found.table
    asked = [w.aliased(w.func("COUNT", exp.Star()), "rows")]
    for at, column in enumerate(table.columns):
        if column.name in found.cells:
            asked.append(w.aliased(_count(found.unreadable(column)), f"u{at}"))
            asked.append(w.aliased(_count(found.absent(column)), f"m{at}"))
    if table.kind == "main":
        key = found.value(table.key)
        asked.append(w.aliased(exp.Count(this=exp.Distinct(expressions=[key])), "keys"))
        asked.append(w.aliased(_count(w.is_null(w.again(key))), "keyless"))
    if table.dated is not None and table.dated in found.cells:
        asked.append(w.aliased(w.func("MIN", found.value(table.dated)), "earliest"))
    return asked


def _count(test: Sql) -> Sql:
    return w.func("COUNT", w.when(test, w.whole(1)))


def _main_table(found: Inspected, counts: Mapping[str, Any], session: Session) -> list[Diagnostic]:
    table, file = found.table, str(found.source)
    rows, keyless = int(counts["rows"]), int(counts["keyless"])
    if rows == 0:
        return [problems.empty_table(table.name, file)]
    findings = []
    if keyless:
        findings.append(problems.key_missing(table.name, table.key, keyless, file))
    if int(counts["keys"]) < rows - keyless:
        findings.append(_key_twice(found, session))
    return findings


def _key_twice(found: Inspected, session: Session) -> Diagnostic:
    table = found.table
    key = w.aliased(found.value(table.key), "k")
    many = w.gt(w.func("COUNT", exp.Star()), w.whole(1))
    named = found.rows(key).where(w.is_known(found.value(table.key))).subquery("n")
    column = exp.Column(this=w.ident("k"))
    twice = w.select(column).from_(named).group_by(column.copy()).having(many)
    count = session.answer(
        w.select(w.aliased(w.func("COUNT", exp.Star()), "n")).from_(twice.copy().subquery("m"))
    )[0]["n"]
    declared = table.column(table.key)
    examples: list[str] = []
    if declared is not None and not declared.sensitive:
        first = session.answer(twice.order_by(column.copy()).limit(values.QUOTED))
        examples = sorted(str(row["k"]) for row in first)
    return problems.key_twice(table.name, table.key, int(count), examples, str(found.source))


def _examples(found: Inspected, column: TableColumn, session: Session) -> list[str]:
    """Cells that cannot be read, the most common first; one more than is quoted tells of more."""
    # engines spell numbers in their own ways, and have moments that Python lacks
    spelled = not found.schema[column.heading].is_float()
    cell: Sql = cell_of(column)
    cell = w.cast(cell, found.dialect.types["text"]) if spelled else cell
    rows = found.rows(w.aliased(cell, "q")).where(found.unreadable(column)).subquery("n")
    quote, count = exp.Column(this=w.ident("q")), w.func("COUNT", exp.Star())
    common = w.select(quote).from_(rows).group_by(quote.copy())
    common = common.order_by(exp.Ordered(this=count, desc=True), quote.copy())
    cells = [row["q"] for row in session.answer(common.limit(values.QUOTED + 1))]
    return cells if spelled else pl.Series(cells, dtype=pl.Float64).cast(pl.String).to_list()


def _day(moment: object) -> dt.date | None:
    return moment.date() if isinstance(moment, dt.datetime) else (
        moment if isinstance(moment, dt.date) else None
    )  # fmt: skip


# ---- rows that belong to nobody


def orphans(
    ruleset: Ruleset, found: Mapping[str, Inspected], rows: Mapping[str, int], session: Session
) -> tuple[Diagnostic, ...]:
    """A warning for each reference that leads nowhere, where both of its tables are given."""
    said = []
    for name, each in found.items():
        references = dict(each.table.links)
        if each.table.of is not None and each.table.by is not None:
            references[each.table.by] = each.table.of
        for column, to in references.items():
            of = ruleset.table(to)
            if of.kind == "derived" or not of.key or to not in found or column not in each.cells:
                continue
            said += _orphans(each, column, found[to], (rows[name], session))
    return tuple(said)


def _orphans(
    related: Inspected, column: str, main: Inspected, asked: tuple[int, Session]
) -> list[Diagnostic]:
    rows, session = asked
    table, of = related.table, main.table
    key = exp.Column(this=w.ident("k"), table=w.ident("r"))
    owner = exp.Column(this=w.ident("k"), table=w.ident("o"))
    named = related.rows(w.aliased(related.value(column), "k")).subquery("r")
    owners = main.rows(w.aliased(main.value(of.key), "k")).subquery("o")
    lost = (
        w.select(w.aliased(key, "k"))
        .from_(named)
        .join(owners, on=w.eq(key.copy(), owner), join_type="left")
        .where(w.every([w.is_known(key.copy()), w.is_null(owner.copy())]))
    )
    counted = w.select(w.aliased(w.func("COUNT", exp.Star()), "n")).from_(lost.copy().subquery("l"))
    count = int(session.answer(counted)[0]["n"])
    if not count:
        return []
    keys: list[str] = []
    columns = table.column(column), of.column(of.key)
    if not any(each is not None and each.sensitive for each in columns):
        first = w.select(exp.Column(this=w.ident("k"))).distinct().from_(lost.subquery("l"))
        first = first.order_by(exp.Column(this=w.ident("k"))).limit(values.QUOTED + 1)
        keys = [str(row["k"]) for row in session.answer(first)]
    return [values.orphans(table.name, of.name, count, rows, keys, str(related.source))]
