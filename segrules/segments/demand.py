"""Which tables and columns expressions read, features and related rows followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from segrules.lang.ir import Aggregate, Column, Expr, Ruleset, SegmentSet, Use, walk


def demand(expressions: Iterable[Expr], table: str, ruleset: Ruleset) -> dict[str, frozenset[str]]:
    """The columns read, by table. Keys and the dates of related rows are always among them."""
    columns: defaultdict[str, set[str]] = defaultdict(set)
    columns[table].add(ruleset.table(table).key)
    followed: set[str] = set()
    waiting = list(expressions)
    while waiting:
        for node in walk(waiting.pop()):
            match node:
                case Column(table=of, name=name):
                    columns[of].add(name)
                case Use(name=name) if name not in followed:
                    followed.add(name)
                    waiting.append(ruleset.feature(name).expr)
                case Aggregate(rows=rows):
                    related = ruleset.table(rows.table)
                    columns[rows.table].add(related.key)
                    if related.dated:
                        columns[rows.table].add(related.dated)
                case _:
                    pass
    source = ruleset.table(table).source
    if source:
        columns[source].add(ruleset.table(table).key)
    return {name: frozenset(read) for name, read in columns.items()}


def conditions(sets: Iterable[SegmentSet]) -> list[Expr]:
    """Every rule's condition, in order."""
    return [rule.condition for segment_set in sets for rule in segment_set.rules]
