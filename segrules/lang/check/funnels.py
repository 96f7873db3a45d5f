"""Funnels: stages in order, each with the date of reaching it."""

from __future__ import annotations

from collections.abc import Iterable

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.coerce import money_constant, to_minor
from segrules.lang.check.expressions import elaborate
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest
from segrules.lang.check.segments import main_table
from segrules.lang.check.windows import length
from segrules.lang.types import Date, Instant, Money, Number, Whole, spell
from segrules.text import problems


def funnels(file: s.File, symbols: Symbols) -> None:
    """Every funnel: stages in order, each with the date of reaching it."""
    for node in file.declarations:
        if isinstance(node, s.FunnelOf):
            if node.name.text in symbols.funnels:
                symbols.log.report(problems.twice(node.name.span, "funnel", node.name.text))
                continue
            table = main_table(node.table, symbols)
            if table is not None:
                symbols.funnels[node.name.text] = _funnel(node, table, symbols)
            else:
                symbols.doubtful |= {node.name.text} | {stage.name.text for stage in node.stages}


def _funnel(node: s.FunnelOf, table: ir.Table, symbols: Symbols) -> ir.Funnel:
    scope = Scope(symbols, table, outcomes=True)
    stages: list[ir.Stage] = []
    for each in node.stages:
        if any(stage.name == each.name.text for stage in stages):
            symbols.log.report(problems.twice(each.name.span, "stage", each.name.text))
            continue
        stages.append(_stage(each, scope, first=not stages))
    if len(stages) < 2:
        symbols.log.report(problems.funnel_too_short(node.name.span))
    valued = [stage for stage in stages if stage.value is not None]
    for extra in valued[1:]:
        if extra.span:
            symbols.log.report(problems.twice(extra.span, "stage with a value", extra.name))
    return ir.Funnel(node.name.text, table.name, tuple(stages), node.name.span)


def _stage(node: s.StageOf, scope: Scope, *, first: bool) -> ir.Stage:
    column = scope.table.column(node.at.text)
    if column is None:
        if not scope.doubts(node.at.text):
            names = [known.name for known in scope.table.columns]
            scope.log.report(
                problems.unknown_column(
                    node.at.span, node.at.text, scope.table.name, nearest(node.at.text, names)
                )
            )
    elif not isinstance(column.type, Date | Instant):
        scope.log.report(problems.date_needed(node.at.span, spell(column.type)))
    elif not first and not column.until_outcome:
        scope.log.report(problems.stage_is_an_outcome(node.at.span, node.at.text, node.name.text))
    within = None
    value = None
    spent: list[tuple[s.Name, s.Expression]] = []
    for at, part in enumerate(node.parts):
        if part.word != "cost" and part.word in [other.word for other in node.parts[:at]]:
            scope.log.report(problems.twice(part.span, "part of the stage", part.word))
        if part.word == "within" and isinstance(part.value, s.LengthOf):
            within = length(part.value, scope.symbols)
        elif part.word == "value":
            value = money(part.value, scope)
        elif part.name is not None:
            spent.append((part.name, part.value))
    if within is None and not first:
        scope.log.report(problems.stage_needs_limit(node.name.span, node.name.text))
        within = ir.Length(30, "days")
    if within is not None and first:
        scope.log.report(problems.entry_has_no_limit(node.name.span, node.name.text))
    return ir.Stage(
        node.name.text, node.at.text, within, value, costs(spent, scope), node.name.span
    )


def costs(written: Iterable[tuple[s.Name, s.Expression]], scope: Scope) -> tuple[ir.Cost, ...]:
    """Named amounts of money over the rows of a table."""
    made: list[ir.Cost] = []
    for name, node in written:
        amount = money(node, scope)
        if amount is not None:
            if any(cost.name == name.text for cost in made):
                scope.log.report(problems.twice(name.span, "cost", name.text))
            made.append(ir.Cost(name.text, amount))
    return tuple(made)


def money(node: s.Expression, scope: Scope) -> ir.Expr | None:
    """An expression that is money, as it is stored; None after a complaint."""
    value = to_minor(elaborate(node, scope))
    if is_unclear(value):
        return None
    if isinstance(value, ir.Const) and isinstance(value.type, Whole | Number):
        currency = _currency(scope.symbols, node)
        return money_constant(value, currency, scope.log) if currency else None
    if not isinstance(value.type, Money):
        scope.log.report(problems.money_needed(node.span, spell(value.type)))
        return None
    return value


def _currency(symbols: Symbols, node: s.Expression) -> str | None:
    if symbols.currency is None and not symbols.doubtful:
        symbols.log.report(problems.no_currency(node.span))
    return symbols.currency
