"""Tables: their columns, what is said of these, and how tables belong together."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.expressions import condition
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest
from segrules.lang.types import (
    BOUND,
    NO_CURRENCY,
    Date,
    Enum,
    Flag,
    Instant,
    Link,
    Money,
    Number,
    Set,
    Share,
    Text,
    Type,
    Whole,
    spell,
)
from segrules.text import problems
from segrules.text.source import Span

CLEANING: tuple[ir.Cleaning, ...] = ("trimmed", "casefolded", "digits")


def tables(file: s.File, symbols: Symbols) -> None:
    """Every table; links between them are checked once all are known."""
    nodes: dict[str, s.TableOf] = {}
    for node in file.declarations:
        if isinstance(node, s.TableOf):
            if node.name.text in symbols.tables:
                symbols.log.report(problems.twice(node.name.span, "table", node.name.text))
                continue
            nodes[node.name.text] = node
            symbols.tables[node.name.text] = _table(node, symbols)
    for node in nodes.values():
        _check_links(node, symbols)
    for node in nodes.values():
        _trust(node, symbols)


def _table(node: s.TableOf, symbols: Symbols) -> ir.Table:
    columns: dict[str, ir.TableColumn] = {}
    for each in node.columns:
        if each.name.text in columns:
            symbols.log.report(problems.twice(each.name.span, "column", each.name.text))
            continue
        if each.name.text in symbols.knobs:
            symbols.log.report(problems.twice(each.name.span, "knob and column", each.name.text))
        columns[each.name.text] = _column(each, symbols)
    kind: Literal["main", "related", "derived"] = (
        "related" if node.of else "derived" if node.source else "main"
    )
    for name in (node.by, node.key):
        if name is not None:
            _key_column(name, node, kind, columns, symbols)
    return ir.Table(
        node.name.text, kind, node.key.text if node.key else "", tuple(columns.values()),
        node.of.text if node.of else None, node.by.text if node.by else None,
        node.source.text if node.source else None,
        node.dated.text if node.dated else None, node.name.span,
    )  # fmt: skip


def _key_column(
    name: s.Name,
    node: s.TableOf,
    kind: str,
    columns: dict[str, ir.TableColumn],
    symbols: Symbols,
) -> None:
    """A key is read like every column; where a table is joined by one it need not be said."""
    if name.text not in columns:
        doubted = name.text in symbols.doubtful or symbols.in_part(node.span)
        if name is node.key and kind != "derived" and not doubted:
            symbols.log.report(problems.key_not_a_column(name.span, name.text, node.name.text))
        held = dict(columns)
        columns.clear()
        columns[name.text] = ir.TableColumn(name.text, name.text, Text(), False)
        columns.update(held)
    if kind == "derived" and any(column != name.text for column in columns):
        extra = next(each.name for each in node.columns if each.name.text != name.text)
        symbols.log.report(problems.derived_has_columns(extra.span, extra.text, node.name.text))
    if not isinstance(columns[name.text].type, Text | Link):
        symbols.log.report(problems.key_not_text(name.span, name.text))


def _column(node: s.ColumnOf, symbols: Symbols) -> ir.TableColumn:
    said: dict[str, s.Property] = {}
    for part in node.properties:
        if part.word in said:
            symbols.log.report(problems.twice(part.span, "property", part.word))
        said[part.word] = part
    kind = column_type(node.type, symbols)
    natures: list[ir.Nature] = ["observed", "derived", "predicted"]
    named = [nature for nature in natures if nature in said]
    for extra in named[1:]:
        symbols.log.report(problems.natures_differ(said[extra].span, named[0], extra))
    cleaning = tuple(word for word in CLEANING if word in said)
    if cleaning and not isinstance(kind, Text | Link):
        symbols.log.report(
            problems.cleaning_needs_text(said[cleaning[0]].span, cleaning[0], spell(kind))
        )
    return ir.TableColumn(
        node.name.text,
        _text(said, "as") or node.name.text,
        kind,
        node.optional,
        until_outcome="until_outcome" in said,
        sensitive="sensitive" in said,
        kept="kept" in said,
        protected="protected" in said,
        cleaning=cleaning,
        nature=named[0] if named else "observed",
        source=said["from"].names[0].text if "from" in said else "",
        steward=_text(said, "steward"),
        purposes=tuple(name.text for name in said["purpose"].names) if "purpose" in said else (),
    )


def _text(said: dict[str, s.Property], word: str) -> str:
    found = said.get(word)
    return found.text.value if found is not None and found.text is not None else ""


def _currency(span: Span, symbols: Symbols) -> str:
    """The currency of the file; that there is none is said once."""
    if symbols.currency is None:
        # the line that declares it may be one that could not be read
        if not symbols.doubtful:
            symbols.log.report(problems.no_currency(span))
        symbols.currency = NO_CURRENCY
    return symbols.currency


def column_type(node: s.TypeOf, symbols: Symbols) -> Type:
    """The declared type of a column."""
    span = node.span
    assert span is not None
    if node.low is not None and node.high is not None and node.low.value > node.high.value:
        symbols.log.report(problems.range_backwards(span))
    match node.word:
        case "text":
            return Text()
        case "whole":
            low = int(node.low.value) if node.low else -BOUND
            high = int(node.high.value) if node.high else BOUND
            return Whole(max(low, -BOUND), min(high, BOUND))
        case "number":
            bounds = (float(edge.value) if edge else None for edge in (node.low, node.high))
            low_edge, high_edge = bounds
            return Number() if low_edge is None else Number(low_edge, high_edge)
        case "money":
            return Money(_currency(span, symbols))
        case "share":
            return Share()
        case "flag":
            return Flag()
        case "date":
            return Date()
        case "instant":
            if not symbols.zone:
                # as with the currency
                if not symbols.doubtful:
                    symbols.log.report(problems.no_zone(span))
                symbols.zone = "UTC"
            return Instant()
        case "one of" | "ordered":
            return Enum(_values(node, symbols), ordered=node.word == "ordered")
        case "set of":
            return Set(_values(node, symbols))
        case "refers to":
            return Link(node.names[0].text)


def _values(node: s.TypeOf, symbols: Symbols) -> tuple[str, ...]:
    values: list[str] = []
    for name in node.names:
        if name.text in values:
            symbols.log.report(problems.twice(name.span, "value", name.text))
        else:
            values.append(name.text)
    return tuple(values)


# ---- how tables belong together


def _check_links(node: s.TableOf, symbols: Symbols) -> None:
    table = symbols.tables[node.name.text]
    if table.dated is not None and node.dated is not None:
        column = table.column(table.dated)
        is_date = column is not None and isinstance(column.type, Date | Instant)
        doubted = table.dated in symbols.doubtful or symbols.in_part(node.span)
        if not is_date and not doubted:
            symbols.log.report(problems.dated_needs_date(node.dated.span, table.dated))
    for column_node in node.columns:
        if column_node.type.word == "refers to":
            _check_reference(column_node.type.names[0], symbols)
    link = node.of or node.source
    if link is None or link.text in symbols.doubtful:
        return
    other = symbols.tables.get(link.text)
    if other is None:
        near = nearest(link.text, symbols.tables)
        symbols.log.report(problems.unknown_table(link.span, link.text, near))
    elif node.of and other.kind == "related" and not other.key:
        symbols.log.report(problems.rows_without_key(link.span, link.text))
    elif node.source and other.joined_by(table.name) is None:
        symbols.log.report(problems.derived_from_unrelated(link.span, link.text, table.name))
    elif node.source and node.key and other.joined_by(table.name) != table.key:
        by = other.joined_by(table.name) or ""
        if other.of == table.name:
            symbols.log.report(problems.derived_by_other_key(node.key.span, table.key, by))


def _check_reference(name: s.Name, symbols: Symbols) -> None:
    """A link leads to a table with one row a key."""
    table = symbols.tables.get(name.text)
    if table is None:
        if name.text not in symbols.doubtful:
            near = nearest(name.text, symbols.tables)
            symbols.log.report(problems.unknown_table(name.span, name.text, near))
    elif not table.key:
        symbols.log.report(problems.not_a_main_table(name.span, name.text))


def _trust(node: s.TableOf, symbols: Symbols) -> None:
    """Conditions under which predicted columns are read; they read other columns of the row."""
    table = symbols.tables[node.name.text]
    columns = list(table.columns)
    scope = Scope(symbols, table, features=False)
    for each in node.columns:
        for part in each.properties:
            if part.trusted is None:
                continue
            test = condition(part.trusted, scope)
            at = next(i for i, found in enumerate(columns) if found.name == each.name.text)
            if not is_unclear(test):
                columns[at] = replace(columns[at], trusted=test)
    symbols.tables[table.name] = replace(table, columns=tuple(columns))


# ---- named rows and identities


def named_rows(file: s.File, symbols: Symbols) -> None:
    """Rows that have a name: what is asked of them is checked where they are used, and here."""
    for node in file.declarations:
        if not isinstance(node, s.NamedRows):
            continue
        name = node.name.text
        if name in symbols.named_rows or name in symbols.tables:
            symbols.log.report(problems.twice(node.name.span, "table or rows", name))
        elif node.table.text in symbols.tables:
            symbols.named_rows[name] = node
        elif node.table.text not in symbols.doubtful:
            near = nearest(node.table.text, symbols.tables)
            symbols.log.report(problems.unknown_table(node.table.span, node.table.text, near))
            symbols.doubtful |= {name}
        else:
            symbols.doubtful |= {name}
