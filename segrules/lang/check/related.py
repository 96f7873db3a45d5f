"""Related rows: which table, which window, which condition, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import windows
from segrules.lang.check.bounds import SUM, limits, number
from segrules.lang.check.coerce import apply, to_date, to_minor
from segrules.lang.check.comparisons import flag
from segrules.lang.check.scope import Scope, is_unclear, nearest, unclear
from segrules.lang.operators import AGGREGATES
from segrules.lang.types import Date, Flag, Money, Number, Share, Type, Whole, form, spell
from segrules.text import problems
from segrules.text.source import Span

Elaborate = Callable[[s.Expression, Scope], ir.Expr]


def rows(written: s.RowsOf, scope: Scope, elaborate: Elaborate) -> tuple[ir.Rows, Scope] | None:
    """The rows as meant, with the scope of one of them; None after a complaint."""
    named = scope.symbols.named_rows.get(written.table.text)
    table = related_table(named.table if named else written.table, scope, written.table.span)
    if table is None:
        return None
    by = _join(written.table, table, scope)
    inner = replace(scope.inside(table), present=frozenset())
    among = _asked(named.where, inner, elaborate) if named else None
    where = _asked(written.where, inner, elaborate) if written.where else None
    window = windows.window(written.window, table, scope) if written.window else None
    if isinstance(window, ir.LastRows):
        return ir.Rows(table.name, by, window, where, among), inner
    if among is not None and where is not None:
        both = (among, where)
        optional = among.optional or where.optional
        where = unclear(written.span) if is_unclear(*both) else (
            ir.Apply("and", both, Flag(), optional, written.span)
        )  # fmt: skip
    return ir.Rows(table.name, by, window, where or among), inner


def _clear(found: ir.Rows) -> bool:
    """Whether nothing that is asked of the rows was complained about."""
    return not is_unclear(*(part for part in (found.where, found.among) if part is not None))


def _asked(condition: s.Expression, inner: Scope, elaborate: Elaborate) -> ir.Expr:
    return flag(elaborate(condition, inner), condition.span, inner.log)


def _join(name: s.Name, table: ir.Table, scope: Scope) -> str:
    """The column by which rows belong; two links to one table leave it open."""
    links = [link for link, to in table.links.items() if to == scope.table.name]
    if table.of != scope.table.name and len(links) > 1:
        scope.log.report(problems.joined_twice(name.span, table.name, scope.table.name, links))
    return table.joined_by(scope.table.name) or ""


def related_table(name: s.Name, scope: Scope, place: Span | None = None) -> ir.Table | None:
    """The related table of this name whose rows belong to the table at hand."""
    known = {table.name: table for table in scope.symbols.related(scope.table.name)}
    span = place or name.span
    if name.text in known:
        return known[name.text]
    if not scope.doubts(name.text):
        found = scope.symbols.tables.get(name.text)
        if found is not None and found.kind != "related":
            scope.log.report(problems.not_related(span, name.text, scope.table.name))
        elif found is not None:
            scope.log.report(
                problems.other_related(span, name.text, found.of or "", scope.table.name)
            )
        else:
            near = nearest(name.text, [*known, *scope.symbols.named_rows])
            scope.log.report(problems.unknown_table(span, name.text, near))
    return None


def quantified(node: s.Quantified, scope: Scope, elaborate: Elaborate) -> ir.Expr:
    """`at least 3 orders …` is a comparison of a count."""
    made = rows(node.rows, scope, elaborate)
    count = _how_many(node, scope, elaborate)
    if made is None or count is None or not _clear(made[0]):
        return unclear(node.span)
    found, inner = made
    same = None if node.same is None else elaborate(node.same, inner)
    if same is not None and (is_unclear(same) or not _grouped(same, inner)):
        return unclear(node.span)
    how = "count" if same is None else "count_same"
    counted = ir.Aggregate(how, found, same, ir.COUNT, optional=False, span=node.span)
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


def _grouped(same: ir.Expr, inner: Scope) -> bool:
    if form(same.type) in AGGREGATES["count_same"].takes:
        return True
    assert same.span is not None
    inner.log.report(problems.no_aggregate_of(same.span, "with same", spell(same.type)))
    return False


def every(node: s.Every, scope: Scope, elaborate: Elaborate) -> ir.Expr:
    """`every invoices have …`: false when one has not, then unknown when it is unknown of one."""
    made = rows(node.rows, scope, elaborate)
    if made is None:
        return unclear(node.span)
    found, inner = made
    test = flag(elaborate(node.have, inner), node.have.span, scope.log)
    if is_unclear(test) or not _clear(found):
        return unclear(node.span)
    has_not = ir.Apply("not", (test,), Flag(), test.optional, node.span)
    # data may lack what they should have, so this is asked of every test
    unknown = ir.Apply("is_missing", (test,), Flag(), False, node.span)
    cases = [(_some(found, has_not), False), (_some(found, unknown), None)]
    return ir.Choose(
        tuple((case, ir.Const(value, Flag(), node.span)) for case, value in cases),
        ir.Const(True, Flag(), node.span),
        Flag(),
        test.optional,
        node.span,
    )


def _some(found: ir.Rows, test: ir.Expr) -> ir.Expr:
    """Whether there are rows for which a test holds beside what is asked of them already."""
    where = test
    if found.where is not None:
        optional = found.where.optional or test.optional
        where = ir.Apply("and", (found.where, test), Flag(), optional, test.span)
    rows = replace(found, where=where)
    count = ir.Aggregate("count", rows, None, ir.COUNT, optional=False, span=test.span)
    one = ir.Const(1, Whole(1, 1), test.span)
    return ir.Apply("ge", (count, one), Flag(), optional=False, span=test.span)


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
        value = _value(node.value, inner, elaborate)
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
    if not _clear(found):
        return unclear(node.span)
    optional = row.empty is None and not _never_empty(found, value, scope)
    return ir.Aggregate(node.how, found, value, kind, optional, node.span)


def _value(written: s.Expression, inner: Scope, elaborate: Elaborate) -> ir.Expr:
    """What is read on a related row; `gap` is the days since the row before."""
    is_gap = isinstance(written, s.Name) and written.text == "gap" and not written.quoted
    if is_gap and inner.table.column("gap") is None and "gap" not in inner.symbols.features:
        if inner.table.dated is None:
            inner.log.report(problems.window_needs_date(written.span, inner.table.name))
            return unclear(written.span)
        return ir.Gap(span=written.span)
    return to_minor(elaborate(written, inner))


def _never_empty(found: ir.Rows, value: ir.Expr | None, scope: Scope) -> bool:
    """A row of a derived table is there because it has rows: all of them are never none."""
    whole = found.window is None and found.where is None and scope.table.source == found.table
    return whole and value is not None and not value.optional


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
    if not _clear(found):
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


def days_until(date: ir.Expr, span: Span) -> ir.Expr:
    """Days from as_of to the next anniversary of a date."""
    pair = (to_date(date), ir.AsOf(span=span))
    return apply("days_to_anniversary", pair, Whole(0, 366), span)


def completed(unit: str, start: ir.Expr, end: ir.Expr, span: Span) -> ir.Expr:
    """Completed days, weeks, months, quarters or years from one date to another."""
    pair = (to_date(start), to_date(end))
    if unit in ("day", "week"):
        days = apply("days_between", pair, Whole(-3_700_000, 3_700_000), span)
        return days if unit == "day" else _whole_parts(days, 7, span)
    months = apply("months_between", pair, Whole(-120_000, 120_000), span)
    return months if unit == "month" else _whole_parts(months, windows.MONTHS[unit], span)


def _whole_parts(node: ir.Expr, size: int, span: Span) -> ir.Expr:
    assert isinstance(node.type, Whole)
    kind = Whole(node.type.low // size, node.type.high // size)
    return apply("idiv", (node, ir.Const(size, Whole(size, size), span)), kind, span)


def is_dated(node: ir.Expr) -> bool:
    return isinstance(to_date(node).type, Date)
