"""Related rows: which table, which window, which condition, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.bounds import SUM, limits, number
from segrules.lang.check.coerce import apply, to_date, to_minor
from segrules.lang.check.comparisons import flag
from segrules.lang.check.scope import Scope, is_unclear, nearest, unclear
from segrules.lang.operators import AGGREGATES
from segrules.lang.types import Date, Flag, Money, Number, Share, Type, Whole, form, spell
from segrules.text import problems
from segrules.text.source import Span

Elaborate = Callable[[s.Expression, Scope], ir.Expr]
MONTHS = {"month": 1, "quarter": 3, "year": 12}
MAX_LENGTH = 400 * 366
"""Days (or months) beyond which a length of time is a slip of the pen."""


def length(written: s.LengthOf, scope: Scope) -> ir.Length:
    """Days or months: weeks are seven days, quarters and years are months."""
    count = written.count
    if not 0 < count <= MAX_LENGTH:
        scope.log.report(problems.length_out_of_range(written.span))
        count = 1
    if written.unit in MONTHS:
        return ir.Length(count * MONTHS[written.unit], "months")
    return ir.Length(count * (7 if written.unit == "week" else 1), "days")


def rows(written: s.RowsOf, scope: Scope, elaborate: Elaborate) -> tuple[ir.Rows, Scope] | None:
    """The rows as meant, with the scope of one of them; None after a complaint."""
    table = related_table(written.table, scope)
    if table is None:
        return None
    inner = scope.inside(table)
    where = None
    if written.where is not None:
        where = flag(elaborate(written.where, inner), written.where.span, scope.log)
    window = _window(written.window, table, scope) if written.window else None
    return ir.Rows(table.name, window, where), inner


def related_table(name: s.Name, scope: Scope) -> ir.Table | None:
    """The related table of this name whose rows belong to the table at hand."""
    known = {table.name: table for table in scope.symbols.related(scope.table.name)}
    if name.text in known:
        return known[name.text]
    if not scope.doubts(name.text):
        found = scope.symbols.tables.get(name.text)
        if found is not None and found.kind != "related":
            scope.log.report(problems.not_related(name.span, name.text, scope.table.name))
        elif found is not None:
            scope.log.report(
                problems.other_related(name.span, name.text, found.of or "", scope.table.name)
            )
        else:
            near = nearest(name.text, known)
            scope.log.report(problems.unknown_table(name.span, name.text, near))
    return None


def _window(written: s.WindowOf, table: ir.Table, scope: Scope) -> ir.Window | None:
    if table.dated is None:
        scope.log.report(problems.window_needs_date(written.span, table.name))
        return None
    match written:
        case s.InLastOf(length=None):
            scope.log.report(problems.window_bare_unit(written.span))
            return None
        case s.InLastOf(length=s.Name() as name):
            known = _length_knob(name, scope)
            return ir.InLast(known) if known else None
        case s.InLastOf(length=s.LengthOf() as span):
            return ir.InLast(length(span, scope))
        case s.AgoOf(start=start, end=end):
            if start.count <= end.count:
                scope.log.report(problems.window_backwards(written.span))
                return None
            return ir.Ago(length(start, scope), length(end, scope))
        case s.FromTo(first=first, last=last):
            if first.value > last.value:
                scope.log.report(problems.window_backwards(written.span))
            return ir.Between(first.value, last.value)
    return None


def _length_knob(name: s.Name, scope: Scope) -> ir.Length | None:
    knob = scope.symbols.knobs.get(name.text)
    if knob is not None and isinstance(knob.value, ir.Length):
        return knob.value
    if not scope.doubts(name.text):
        lengths = [
            known.name
            for known in scope.symbols.knobs.values()
            if isinstance(known.value, ir.Length)
        ]
        scope.log.report(problems.unknown_length(name.span, name.text, nearest(name.text, lengths)))
    return None


def quantified(node: s.Quantified, scope: Scope, elaborate: Elaborate) -> ir.Expr:
    """`at least 3 orders …` is a comparison of a count."""
    made = rows(node.rows, scope, elaborate)
    count = _how_many(node, scope, elaborate)
    if made is None or count is None:
        return unclear(node.span)
    counted = ir.Aggregate("count", made[0], None, ir.COUNT, optional=False, span=node.span)
    sign = {
        "at least": "ge",
        "any": "ge",
        "at most": "le",
        "more than": "gt",
        "fewer than": "lt",
        "exactly": "eq",
        "no": "eq",
    }[node.word]
    return ir.Apply(sign, (counted, count), Flag(), optional=False, span=node.span)


def _how_many(node: s.Quantified, scope: Scope, elaborate: Elaborate) -> ir.Expr | None:
    if node.count is None:
        value = 1 if node.word == "any" else 0
        return ir.Const(value, Whole(value, value), node.span)
    count = elaborate(node.count, scope)
    if is_unclear(count):
        return None
    if isinstance(count, ir.Const) and isinstance(count.type, Whole) and count.type.low >= 0:
        return count
    scope.log.report(problems.count_needed(node.count.span))
    return None


def aggregate(node: s.AggregateOf, scope: Scope, elaborate: Elaborate) -> ir.Expr:
    """`sum amount of orders …`: the value is read on the related row."""
    made = rows(node.rows, scope, elaborate)
    if made is None:
        return unclear(node.span)
    found, inner = made
    row = AGGREGATES[node.how]
    if node.how in ("first", "last") and inner.table.dated is None:
        scope.log.report(problems.window_needs_date(node.span, inner.table.name))
        return unclear(node.span)
    value = None
    kind: Type = ir.COUNT
    if node.value is not None:
        value = to_minor(elaborate(node.value, inner))
        if is_unclear(value):
            return unclear(node.span)
        if form(value.type) not in row.takes:
            scope.log.report(
                problems.no_aggregate_of(
                    value.span or node.span, node.how.replace("_", " "), spell(value.type)
                )
            )
            return unclear(node.span)
        kind = _aggregate_type(node.how, value.type)
    optional = row.empty is None and not _never_empty(found, value, scope)
    return ir.Aggregate(node.how, found, value, kind, optional, node.span)


def _never_empty(found: ir.Rows, value: ir.Expr | None, scope: Scope) -> bool:
    """A row of a derived table is there because it has rows: all of them are never none."""
    every = found.window is None and found.where is None and scope.table.source == found.table
    return every and value is not None and not value.optional


def _aggregate_type(how: str, kind: Type) -> Type:
    match how, kind:
        case "count_distinct", _:
            return ir.COUNT
        case "sum", Money(currency=currency):
            return Money(currency)
        case "sum", Whole():
            return Whole()
        case "sum", _:
            return number(SUM)
        case "mean" | "median", Money():
            return Money(kind.currency, kind.low, kind.high, exact=False)
        case "mean" | "median", Share():
            return kind
        case "mean" | "median", Whole() | Number():
            return number(limits(kind))
        case _:
            return kind


def days_since_rows(node: s.DaysSinceRows, scope: Scope, elaborate: Elaborate) -> ir.Expr:
    """`days since last orders`: from the date of the latest (earliest) row to as_of."""
    made = rows(node.rows, scope, elaborate)
    if made is None:
        return unclear(node.span)
    found, inner = made
    column = inner.table.column(inner.table.dated or "")
    if column is None:
        scope.log.report(problems.window_needs_date(node.span, inner.table.name))
        return unclear(node.span)
    date = ir.Column(inner.table.name, column.name, column.type, column.optional, node.span)
    how = "greatest" if node.word == "last" else "least"
    optional = not _never_empty(found, date, scope)
    edge = ir.Aggregate(how, found, date, column.type, optional, node.span)
    return days_since(edge, node.span)


def days_since(date: ir.Expr, span: Span) -> ir.Expr:
    """Days from a date to as_of."""
    days = Whole(-3_700_000, 3_700_000)
    return apply("days_between", (to_date(date), ir.AsOf(span=span)), days, span)


def completed(unit: str, start: ir.Expr, end: ir.Expr, span: Span) -> ir.Expr:
    """Completed days, weeks, months, quarters or years from one date to another."""
    pair = (to_date(start), to_date(end))
    if unit in ("day", "week"):
        days = apply("days_between", pair, Whole(-3_700_000, 3_700_000), span)
        return days if unit == "day" else _whole_parts(days, 7, span)
    months = apply("months_between", pair, Whole(-120_000, 120_000), span)
    return months if unit == "month" else _whole_parts(months, MONTHS[unit], span)


def _whole_parts(node: ir.Expr, size: int, span: Span) -> ir.Expr:
    assert isinstance(node.type, Whole)
    kind = Whole(node.type.low // size, node.type.high // size)
    return apply("idiv", (node, ir.Const(size, Whole(size, size), span)), kind, span)


def is_dated(node: ir.Expr) -> bool:
    return isinstance(to_date(node).type, Date)
