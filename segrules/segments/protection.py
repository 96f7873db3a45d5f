"""Which rules read protected columns, and by which named values: a list, without judgement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from segrules.lang import ir

Read = tuple[str, str]
"""A table and a column of it."""


@dataclass(frozen=True, slots=True)
class ProtectedRead:
    """A rule that reads a protected column.

    `kind` says what sort of rule (`segment`, `suppress`, `override`, `cap`, `allotment`, `flag`,
    `grid`, `target market`); `of` is its segment set or its table, `name` the segment, flag or
    output. `through` are the named values and segment sets between the rule and the column, the
    one that the rule names first; none where it reads the column itself.
    """

    kind: str
    of: str
    name: str
    table: str
    column: str
    through: tuple[str, ...]


def protected_reads(ruleset: ir.Ruleset) -> tuple[ProtectedRead, ...]:
    """Every rule of the ruleset that reads a protected column, by one of the shortest ways.

    Columns of related and linked tables are among them; a key by which rows are joined is not.
    """
    return tuple(
        ProtectedRead(kind, of, name, *read, through)
        for kind, of, name, expr in _rules(ruleset)
        for read, through in protected_columns(expr, ruleset).items()
    )


def protected_columns(
    expr: ir.Expr, ruleset: ir.Ruleset, *, everything: bool = False
) -> Mapping[Read, tuple[str, ...]]:
    """The protected columns that an expression rests on, with the names between.

    `everything` takes columns that are not protected as well.
    """
    protected = {
        (table.name, column.name)
        for table in ruleset.tables
        for column in table.columns
        if column.protected or everything
    }
    found: dict[Read, tuple[str, ...]] = {}
    seen: set[str] = set()
    waiting: list[tuple[ir.Expr, tuple[str, ...]]] = [(expr, ())]
    # the nearest are looked at first, so that the way found is a shortest one
    for at, through in waiting:
        for node in ir.walk(at):
            match node:
                case ir.Column(table=table, name=name) if (table, name) in protected:
                    found.setdefault((table, name), through)
                case ir.Use(name=name) | ir.Placed(set=name) if name not in seen:
                    seen.add(name)
                    more = _meaning(node, ruleset)
                    waiting.extend((part, (*through, name)) for part in more)
                case _:
                    pass
    return found


def _meaning(node: ir.Expr, ruleset: ir.Ruleset) -> list[ir.Expr]:
    if isinstance(node, ir.Use):
        return [ruleset.feature(node.name).expr]
    if isinstance(node, ir.Placed):
        placed = ruleset.set(node.set)
        return [rule.condition for rule in placed.rules] + [cap.rank for cap in placed.caps]
    return []


def _rules(ruleset: ir.Ruleset) -> Iterator[tuple[str, str, str, ir.Expr]]:
    for each in ruleset.sets:
        for rule in each.rules:
            kind = rule.by if rule.by in ("suppress", "override") else "segment"
            yield kind, each.name, rule.segment, rule.condition
        for cap in each.caps:
            yield "cap", each.name, cap.segment, cap.rank
        for allotment in each.allotments:
            for rank, _ in allotment.best:
                yield "allotment", each.name, allotment.segment, rank
    for feature in ruleset.features:
        if feature.kind in ("flag", "grid"):
            yield feature.kind, feature.table, feature.name, feature.expr
    for target in ruleset.targets:
        yield "target market", target.table, target.table, target.condition
