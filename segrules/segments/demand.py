"""Which tables and columns expressions read, features, sets, links and related rows followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from segrules.backends.reach import reached
from segrules.lang.ir import (
    Aggregate,
    Column,
    Expr,
    Linked,
    Ruleset,
    SegmentSet,
    Sequence,
    rows_in,
    walk,
)


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


def conditions(sets: Iterable[SegmentSet]) -> list[Expr]:
    """All that deciding the sets takes: rules, caps, allotments, hold-outs."""
    found: list[Expr] = []
    for each in sets:
        found += [rule.condition for rule in each.rules]
        found += [cap.rank for cap in each.caps]
        found += [rank for allotment in each.allotments for rank, _ in allotment.best]
        found += [each.holdout.test] if each.holdout else []
        found += [tolerance.leaving for tolerance in each.tolerances if tolerance.leaving]
    return found


def outputs(ruleset: Ruleset, table: str) -> list[Expr]:
    """The flags and the outputs of grids of a table: part of its assignment."""
    return [
        feature.expr for feature in ruleset.features_of(table) if feature.kind in ("flag", "grid")
    ]


def reads_history(expressions: Iterable[Expr], table: str, ruleset: Ruleset) -> bool:
    """Whether what was stored of earlier assignments is asked for."""
    names = {each.name for each in ruleset.tables if each.kind == "history"}
    return bool(names & demand(expressions, table, ruleset).keys())
