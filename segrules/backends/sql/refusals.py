"""What a dialect cannot do exactly as the language says, found before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from segrules.backends.reach import on_row, overlays, placing, reached
from segrules.backends.sql.assignment import Source
from segrules.backends.sql.dialect import Dialect
from segrules.backends.sql.dialects import DIALECTS
from segrules.backends.sql.held import fits, held
from segrules.lang.ir import (
    Aggregate,
    Apply,
    Column,
    Const,
    Expr,
    Ruleset,
    Table,
    TableColumn,
    rows_in,
)
from segrules.lang.ir import Sequence as Chain
from segrules.lang.types import spell
from segrules.text.source import Span


@dataclass(frozen=True, slots=True)
class Refusal:
    """`what` a dialect cannot do, to be said behind "cannot do"; `span` is the place in rules."""

    what: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Misfit:
    """A column that holds what its declared type is not read from in a database.

    `declared` and `held` are spelled as for the one who wrote the rules and the table.
    """

    table: str
    column: str
    declared: str
    held: str


def refusals(ruleset: Ruleset, table: str, dialect: str) -> list[Refusal]:
    """All that placing the rows of a table asks and the dialect refuses; empty if nothing."""
    target = DIALECTS[dialect]
    found = _nodes(ruleset, table)
    named: dict[str, Refusal] = {}
    for refusal in (
        *_records(ruleset, found),
        *_columns(ruleset, found),
        *(each for nodes in found.values() for node in nodes for each in _of_node(node, target)),
        *_names(ruleset, table, target),
    ):
        named.setdefault(refusal.what, refusal)
    return list(named.values())


def misfits(ruleset: Ruleset, table: str, sources: Mapping[str, Source]) -> list[Misfit]:
    """The columns that are read and hold what their types are not read from."""
    read = columns_read(ruleset, table)
    return [
        Misfit(name, column.name, spell(column.type), kind.sql().lower())
        for name, source in sources.items()
        if not source.canonical
        for column in ruleset.table(name).columns
        if column.name in read.get(name, ())
        if (kind := source.types.get(column.heading)) is not None
        if not fits(column.type, held(kind))
    ]


def columns_read(ruleset: Ruleset, table: str) -> dict[str, frozenset[str]]:
    """By table that has data of its own, the columns that placing the rows of a table reads."""
    found: dict[str, set[str]] = {}
    nodes = _nodes(ruleset, table)
    for name, asked in nodes.items():
        at = ruleset.table(name)
        _read(found, ruleset, at, at.key)
        for node in asked:
            if isinstance(node, Column):
                _read(found, ruleset, ruleset.table(node.table), node.name)
            elif isinstance(node, Aggregate | Chain):
                for rows in rows_in(node):
                    _read(found, ruleset, ruleset.table(rows.table), rows.by)
    return {name: frozenset(columns) for name, columns in found.items()}


def _read(found: dict[str, set[str]], ruleset: Ruleset, table: Table, column: str) -> None:
    if table.kind == "derived":
        source = ruleset.table(table.source or "")
        _read(found, ruleset, source, source.joined_by(table.name) or "")
        return
    columns = found.setdefault(table.name, set())
    columns.update(name for name in (column, table.dated) if name and table.column(name))


def _nodes(ruleset: Ruleset, table: str) -> dict[str, list[Expr]]:
    """By table, every node that is evaluated on its rows."""
    parts = reached(placing(ruleset, table), table, ruleset)
    return {name: list(on_row(found)) for name, found in parts.items()}


# ---- reasons


def _records(ruleset: Ruleset, found: Mapping[str, list[Expr]]) -> Iterator[Refusal]:
    for identity in ruleset.identities:
        if identity.table in found:
            yield Refusal(
                f"what it takes to make customers of the records of {identity.table}",
                identity.span,
            )


def _columns(ruleset: Ruleset, found: Mapping[str, list[Expr]]) -> Iterator[Refusal]:
    for nodes in found.values():
        for node in nodes:
            if isinstance(node, Column):
                table = ruleset.table(node.table)
                column = table.column(node.name)
                if column is not None and "casefolded" in column.cleaning:
                    yield _casefolded(table, column)
    for name in found:
        table = ruleset.table(name)
        for by in filter(None, (table.key, table.by)):
            column = table.column(by)
            if column is not None and "casefolded" in column.cleaning:
                yield _casefolded(table, column)


def _casefolded(table: Table, column: TableColumn) -> Refusal:
    return Refusal(
        f"`casefolded`, as {table.name}.{column.name} is: databases differ in what the small form "
        "of a letter is"
    )


def _of_node(node: Expr, dialect: Dialect) -> Iterator[Refusal]:
    match node:
        case Apply(op=op):
            rule = dialect.operators[op]
            if rule.status == "refused":
                yield Refusal(rule.reason, node.span)
        case Aggregate(how=how):
            gathers = dialect.aggregates[how]
            if gathers.status == "refused":
                yield Refusal(gathers.reason, node.span)
        case Const(value=str() as value) if "\0" in value:
            yield Refusal("text with the character of the code 0", node.span)


def _names(ruleset: Ruleset, table: str, dialect: Dialect) -> Iterator[Refusal]:
    """Columns of the answer: engines cut long names off, and many take no note of case."""
    names = [ruleset.table(table).key]
    for found in ruleset.sets:
        if found.table == table:
            names.extend(found.outputs.values())
    names.extend(feature.name for feature in overlays(ruleset, table))
    seen: dict[str, str] = {}
    for name in names:
        if len(name.encode()) > dialect.longest:
            yield Refusal(f"the name {name}, which is longer than {dialect.longest} bytes")
        same = seen.setdefault(name.lower(), name)
        if same != name:
            yield Refusal(f"the names {same} and {name}, which differ in case only")
