"""Which tables and columns expressions read, features, sets, links and related rows followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from segrules.backends.reach import conditions, reached
from segrules.lang.ir import (
    Aggregate,
    Column,
    Expr,
    Linked,
    Ruleset,
    Sequence,
    rows_in,
    walk,
)

__all__ = ["conditions", "demand", "reads_history"]


def demand(expressions: Iterable[Expr], table: str, ruleset: Ruleset) -> dict[str, frozenset[str]]:
    """The columns read, by table.

    Keys, the columns by which rows belong and their dates are among them. A derived table stands
    with its key, beside the table that it is made of.
    """
    columns: defaultdict[str, set[str]] = defaultdict(set)
    _add_keys(table, columns, ruleset)
    for name, parts in reached(expressions, table, ruleset).items():
        _add_keys(name, columns, ruleset)
        for node in (below for part in parts for below in walk(part)):
            match node:
                case Column(table=of, name=column):
                    columns[of].add(column)
                case Aggregate() | Sequence():
                    for rows in rows_in(node):
                        _add_keys(rows.table, columns, ruleset)
                        columns[rows.table].add(rows.by)
                case Linked(table=of):
                    _add_keys(of, columns, ruleset)
                case _:
                    pass
    return {name: frozenset(read) for name, read in columns.items()}


def _add_keys(name: str, columns: defaultdict[str, set[str]], ruleset: Ruleset) -> None:
    """What finding and dating the rows of a table takes."""
    table = ruleset.table(name)
    columns[name] |= {each for each in (table.key, table.dated) if each}
    if table.source is not None:
        source = ruleset.table(table.source)
        columns[source.name].add(source.joined_by(name) or "")
        columns[source.name] |= {each for each in (source.dated,) if each}


def reads_history(expressions: Iterable[Expr], table: str, ruleset: Ruleset) -> bool:
    """Whether what was stored of earlier assignments is asked for."""
    names = {each.name for each in ruleset.tables if each.kind == "history"}
    return bool(names & demand(expressions, table, ruleset).keys())
