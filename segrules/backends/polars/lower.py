"""Expressions as Polars expressions over a prepared frame (see `plan`).

Planning stays linear: operands of `and` and `or` stay one flat list, and cases are decided in
short chains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars import ranks
from segrules.backends.polars.dtypes import converted, is_literal, literal, settled
from segrules.backends.polars.names import feature_column, node_column, placed_column
from segrules.backends.polars.operators import RULES, Place
from segrules.lang import ir
from segrules.lang.ir import (
    Aggregate,
    Apply,
    AsOf,
    Calibrated,
    Choose,
    Column,
    Const,
    Expr,
    Gap,
    InRank,
    Linked,
    Placed,
    Rank,
    Ruleset,
    Statistic,
    Table,
    Use,
)
from segrules.lang.types import Type

__all__ = ["Scope", "feature_column", "lower", "scope_of"]

CHUNK = 20
"""Cases in one chain: Polars plans longer chains in more than linear time."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The prepared frame of a table (see `plan`), in which expressions stand.

    Columns keep their names; all others are named in `names`. What can be missing the nodes say
    themselves.
    """

    context: Context
    table: Table


def scope_of(ruleset: Ruleset, table: str, context: Context) -> Scope:
    return Scope(context, ruleset.table(table))


def lower(node: Expr, scope: Scope) -> pl.Expr:
    """The expression over the columns of the scope's frame."""
    match node:
        case Const(value=value, type=kind):
            return literal(value, kind)
        case Column(name=name):
            return pl.col(name)
        case Use(name=name):
            return pl.col(feature_column(name))
        case AsOf(type=kind):
            return literal(scope.context.as_of, kind)
        case Apply(op=op, args=args):
            place = Place(node, scope.context.zone)
            operands = [lower(arg, scope) for arg in args]
            return _folded(RULES[op](place, operands), operands, node.type)
        case Choose():
            return _choose(node, scope)
        case Aggregate() | ir.Sequence() | Linked():
            return pl.col(node_column(node))
        case Placed(set=name, caps=caps):
            return pl.col(placed_column(name, caps))
        case InRank() | Statistic() | Rank():
            return ranks.answer(node, _asked(node, scope), scope.context.calibration)
        case Gap():
            raise ValueError("a gap is between rows: it stands only in an aggregate")


def _folded(expr: pl.Expr, operands: Sequence[pl.Expr], kind: Type) -> pl.Expr:
    """A literal in place of what is made of literals only."""
    return literal(settled(expr), kind) if all(map(is_literal, operands)) else expr


def _choose(node: Choose, scope: Scope) -> pl.Expr:
    cases: list[tuple[pl.Expr, pl.Expr]] = []
    missing = literal(None, node.type)
    last: Expr = node.otherwise
    for condition, value in node.cases:
        test = lower(condition, scope)
        if is_literal(test):
            truth = settled(test)
            if truth is False:
                continue
            last = value if truth else Const(None, node.type)
            break
        if condition.optional:
            cases.append((test.is_null(), missing))
        cases.append((test, converted(lower(value, scope), value.type, node.type)))
    otherwise = converted(lower(last, scope), last.type, node.type)
    if all(_is_missing(value) for value in (otherwise, *(value for _, value in cases))):
        return missing
    return _decided(cases, otherwise)


def _is_missing(expr: pl.Expr) -> bool:
    return is_literal(expr) and settled(expr) is None


def _decided(cases: Sequence[tuple[pl.Expr, pl.Expr]], otherwise: pl.Expr) -> pl.Expr:
    """The value of the first true case; halves are decided apart while there are many."""
    if len(cases) <= CHUNK:
        chain: pl.Expr = otherwise
        for test, value in reversed(cases):
            chain = pl.when(test).then(value).otherwise(chain)
        return chain
    half = len(cases) // 2
    early = pl.any_horizontal([test.fill_null(value=False) for test, _ in cases[:half]])
    return (
        pl.when(early)
        .then(_decided(cases[:half], otherwise))
        .otherwise(_decided(cases[half:], otherwise))
    )


def _asked(node: Calibrated, scope: Scope) -> ranks.Asked:
    """The parts of a rank or a figure, over the frame."""
    population = node.population
    amount = node.value if isinstance(node, Statistic) else node.by
    return ranks.Asked(
        None if amount is None else lower(amount, scope),
        tuple(lower(part, scope) for part in population.same),
        None if population.among is None else lower(population.among, scope),
        pl.col(scope.table.key),
    )
