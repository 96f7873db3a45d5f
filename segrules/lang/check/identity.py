"""Identities: which records are one customer, and what is made of their columns."""

from __future__ import annotations

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.scope import Symbols, nearest
from segrules.lang.types import Date, Enum, Flag, Instant, Link, Money, Number, Text, Whole, spell
from segrules.text import problems

TRUSTED = 5
"""Records that may share a key where a file does not say how many."""

REST = "rest"
_NUMBERS = Whole | Number | Money


def identities(file: s.File, symbols: Symbols) -> list[ir.Identity]:
    """Every `identity` block; a table has one."""
    made: dict[str, ir.Identity] = {}
    for node in file.declarations:
        if not isinstance(node, s.IdentityOf):
            continue
        table = symbols.tables.get(node.table.text)
        if node.table.text in made:
            symbols.log.report(problems.twice(node.table.span, "identity", node.table.text))
        elif table is not None and table.kind == "main":
            made[table.name] = _identity(node, table, symbols)
        elif table is not None:
            symbols.log.report(problems.not_a_main_table(node.table.span, table.name))
        elif node.table.text not in symbols.doubtful:
            near = nearest(node.table.text, symbols.tables)
            symbols.log.report(problems.unknown_table(node.table.span, node.table.text, near))
    return list(made.values())


def _identity(node: s.IdentityOf, table: ir.Table, symbols: Symbols) -> ir.Identity:
    keys = [key.text for key in node.keys if _text_column(key, table, symbols)]
    trust = node.trust.value if node.trust else TRUSTED
    if node.trust is not None and (trust.denominator != 1 or trust < 1):
        symbols.log.report(problems.count_needed(node.trust.span))
    survivors: dict[str, ir.Survivor] = {}
    rest = ir.Survivor("", "newest", table.dated)
    for each in node.survivors:
        name = each.column.text
        if name in survivors:
            symbols.log.report(problems.twice(each.column.span, "column", name))
        elif name == REST and table.column(REST) is None:
            rest = _survivor(each, "", table, symbols)
        elif _column(each.column, table, symbols) is not None:
            survivors[name] = _survivor(each, name, table, symbols)
    if rest.how == "newest" and rest.by is None:
        # without dates the least key is as good as any
        rest = ir.Survivor("", "source")
    source = _source(node, table, symbols)
    return ir.Identity(
        table.name, tuple(keys), int(trust), source, tuple(survivors.values()), rest, node.span
    )


def _column(name: s.Name, table: ir.Table, symbols: Symbols) -> ir.TableColumn | None:
    found = table.column(name.text)
    if found is None and name.text not in symbols.doubtful:
        near = nearest(name.text, [column.name for column in table.columns])
        symbols.log.report(problems.unknown_column(name.span, name.text, table.name, near))
    return found


def _text_column(name: s.Name, table: ir.Table, symbols: Symbols) -> bool:
    """Keys of an identity are compared as text."""
    found = _column(name, table, symbols)
    if found is None:
        return False
    if not isinstance(found.type, Text | Link):
        symbols.log.report(problems.identity_key_not_text(name.span, name.text, spell(found.type)))
    return True


def _survivor(node: s.SurvivorOf, name: str, table: ir.Table, symbols: Symbols) -> ir.Survivor:
    column = table.column(name) if name else None
    match node.how:
        case "newest" | "oldest":
            date = _column(node.names[0], table, symbols)
            if date is not None and not isinstance(date.type, Date | Instant):
                symbols.log.report(
                    problems.date_needed(node.names[0].span, spell(date.type))
                )  # fmt: skip
            return ir.Survivor(name, node.how, node.names[0].text)
        case "source":
            return ir.Survivor(name, "source", None, tuple(each.text for each in node.names))
        case "total" | "largest" | "smallest" | "any":
            fits = {
                "total": _NUMBERS,
                "largest": _NUMBERS | Date | Instant,
                "smallest": _NUMBERS | Date | Instant,
                "any": Flag,
            }[node.how]
            if column is None or not isinstance(column.type, fits):
                held = spell(column.type) if column else "columns of all kinds"
                symbols.log.report(problems.survivor_of_other(node.span, node.how, held))
            return ir.Survivor(name, node.how)


def _source(node: s.IdentityOf, table: ir.Table, symbols: Symbols) -> str | None:
    """The column that says where a record is from: the one that declares all sources named."""
    named = [name for each in node.survivors if each.how == "source" for name in each.names]
    if not named:
        return None
    declared = {
        column.name: column.type.values
        for column in table.columns
        if isinstance(column.type, Enum)
    }  # fmt: skip
    fitting = [
        column
        for column, values in declared.items()
        if all(name.text in values for name in named)
    ]  # fmt: skip
    if len(fitting) == 1:
        return fitting[0]
    if not symbols.doubtful:
        symbols.log.report(
            problems.source_unclear(named[0].span, [name.text for name in named], fitting)
        )
    return None
