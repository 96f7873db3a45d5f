"""Expressions as Polars expressions over a prepared frame (see `plan`).

Planning stays linear: operands of `and` and `or` stay one flat list, and cases are decided in
short chains.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars.dtypes import converted, is_literal, literal, settled
from segrules.backends.polars.operators import RULES, Place
from segrules.backends.reach import on_row
from segrules.lang.ir import (
    Aggregate,
    Apply,
    AsOf,
    Choose,
    Column,
    Const,
    Expr,
    InRank,
    Ruleset,
    Table,
    Use,
)
from segrules.lang.types import Type

CHUNK = 20
"""Cases in one chain: Polars plans longer chains in more than linear time."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The frame that expressions stand in.

    Columns keep their names, a feature is `let:<name>`, an aggregate `agg:<n>`; names in rules
    hold no colon, so nothing clashes. What can be missing the nodes say themselves.
    """

    context: Context
    table: Table
    aggregates: Mapping[Aggregate, str] = field(default_factory=dict)


def scope_of(ruleset: Ruleset, table: str, context: Context) -> Scope:
    """The scope of a table: every aggregate that its features, sets and funnels name."""
    expressions = [feature.expr for feature in ruleset.features_of(table)]
    for found in ruleset.sets:
        if found.table == table:
            expressions.extend(rule.condition for rule in found.rules)
    for funnel in ruleset.funnels:
        if funnel.table == table:
            for stage in funnel.stages:
                expressions.extend(cost.amount for cost in stage.costs)
                expressions.extend([] if stage.value is None else [stage.value])
    aggregates: dict[Aggregate, str] = {}
    for node in on_row(expressions):
        if isinstance(node, Aggregate):
            aggregates.setdefault(node, f"agg:{len(aggregates)}")
    return Scope(context, ruleset.table(table), aggregates)


def feature_column(name: str) -> str:
    return f"let:{name}"


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
        case Aggregate():
            return pl.col(scope.aggregates[node])
        case InRank():
            return _in_rank(node, scope)


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


def _in_rank(node: InRank, scope: Scope) -> pl.Expr:
    cut = scope.context.calibration.cut(node.name)
    if cut is None:
        raise KeyError(f"the calibration has no cut point for the rank {node.name}")
    if cut.value is None:
        return pl.lit(None, dtype=pl.Boolean)
    amount, edge = lower(node.by, scope), literal(cut.value, node.by.type)
    if cut.key is None:
        return _folded(_up_to(node, equal=True)(amount, edge), [amount], node.type)
    tied = (amount == edge) & (pl.col(scope.table.key) <= cut.key)
    return _up_to(node, equal=False)(amount, edge) | tied


def _up_to(node: InRank, *, equal: bool) -> Callable[[pl.Expr, pl.Expr], pl.Expr]:
    if equal:
        return operator.ge if node.top else operator.le
    return operator.gt if node.top else operator.lt
