"""Why a condition may be unknown, in words."""

from __future__ import annotations

from collections.abc import Iterator

from segrules.lang import ir
from segrules.lang.check.scope import Symbols


def why_unknown(condition: ir.Expr, symbols: Symbols) -> tuple[str, ...]:
    """What may be missing for a condition, each said once, in the order of reading.

    Only what can be missing of itself: a sum is missing because a part of it is.
    """
    return tuple(dict.fromkeys(_reasons(condition, symbols)))


def _reasons(condition: ir.Expr, symbols: Symbols) -> Iterator[str]:
    for node in ir.walk(condition):
        match node:
            case ir.Column(name=name, optional=True, table=table):
                yield _of_column(name, table, symbols)
            case ir.Use(name=name, optional=True) | ir.Placed(set=name, optional=True):
                yield f"`{name}` may be missing"
            case ir.Linked(by=ir.Column(name=name)):
                yield f"`{name}` may lead to no row"
            case ir.InRank() | ir.Statistic() | ir.Rank() if node.population.same:
                yield "later there may be a group that nobody was in when it was frozen"
            case ir.Aggregate(rows=rows, optional=True):
                yield _of_rows(rows, symbols)
            case ir.Sequence(optional=True):
                yield "the days after the last step may not be over"
            case ir.Apply(op="div", optional=True):
                yield "a divisor may be zero"
            case _:
                pass


def _of_column(name: str, table: str, symbols: Symbols) -> str:
    found = symbols.tables.get(table)
    if found is not None and found.kind == "history":
        return "nothing may have been stored by then"
    return f"`{name}` may be missing"


def _of_rows(rows: ir.Rows, symbols: Symbols) -> str:
    found = symbols.tables.get(rows.table)
    if found is not None and found.kind == "history":
        return "nothing may have been stored by then"
    return f"there may be no `{rows.table}`"
