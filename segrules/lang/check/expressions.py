"""One expression of Syntax to one of Ir: the visitor over what can be written."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from segrules.lang import ir, spelling
from segrules.lang import syntax as s
from segrules.lang.check import arithmetic, comparisons, related
from segrules.lang.check.coerce import exact_value, to_minor
from segrules.lang.check.scope import Scope, is_unclear, nearest, unclear
from segrules.lang.types import Date, Enum, Flag, Number, Period, Share, Text, Type, Whole, spell
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic
from segrules.text.source import Span


def elaborate(node: s.Expression, scope: Scope) -> ir.Expr:
    """The expression as meant; after a complaint a node of type Unclear."""
    log = scope.log
    match node:
        case s.Name():
            return name(node, scope)
        case s.Number() | s.Percent() | s.LengthOf() | s.Quote() | s.DateOf():
            return literal(node, scope)
        case s.Chain(word=word, parts=parts):
            beside = scope.sure_of(_tested(parts, known=word == "and"))
            flags = tuple(condition(part, beside) for part in parts)
            if is_unclear(*flags):
                return unclear(node.span)
            optional = any(part.optional for part in flags)
            return ir.Apply(word, flags, Flag(), optional, node.span)
        case s.Negated(part=part):
            return comparisons.negation(condition(part, scope), node.span, log)
        case s.Compare(sign=sign, left=left, right=right):
            pair = _beside(left, right, scope)
            return comparisons.compare(sign, pair[0], pair[1], node.span, log)
        case s.BetweenOf():
            return _between(node, scope)
        case s.Member():
            return _member(node, scope)
        case s.Missingness(value=value, known=known):
            inner = elaborate(value, replace(scope, present=frozenset()))
            op = "is_known" if known else "is_missing"
            return inner if is_unclear(inner) else ir.Apply(op, (inner,), Flag(), False, node.span)
        case s.TextTest(word=word, value=value, text=text):
            constant = ir.Const(text.value, Text(), text.span, text.value)
            return comparisons.text_test(word, elaborate(value, scope), constant, node.span, log)
        case s.Ranked():
            return _ranked(node, scope)
        case s.Quantified():
            return related.quantified(node, scope, elaborate)
        case s.Group(inner=inner_node):
            return elaborate(inner_node, scope)
        case _:
            return _amount(node, scope)


def _tested(parts: tuple[s.Expression, ...], *, known: bool) -> list[str]:
    """Names whose presence parts of a chain test: where one is missing, the chain is decided."""
    return [
        part.value.text
        for part in parts
        if isinstance(part, s.Missingness)
        and part.known is known
        and isinstance(part.value, s.Name)
    ]


def _amount(node: s.Expression, scope: Scope) -> ir.Expr:
    """Arithmetic, aggregates and dates."""
    log = scope.log
    match node:
        case s.Arithmetic(first=first, rest=rest):
            value = elaborate(first, scope)
            for sign, part in rest:
                span = node.first.span.to(part.span)
                value = arithmetic.combine_terms(sign, value, elaborate(part, scope), span, log)
            return value
        case s.Signed(sign=sign, value=inner):
            value = elaborate(inner, scope)
            return arithmetic.negate(value, node.span, log) if sign == "-" else value
        case s.Fallback(value=inner, use=use):
            pair = _beside(inner, use, scope)
            return comparisons.fallback(pair[0], pair[1], node.span, log)
        case s.PercentOf(percent=percent, value=inner):
            share = literal(percent, scope)
            assert isinstance(share, ir.Const)
            return arithmetic.percent_of(share, elaborate(inner, scope), node.span, log)
        case s.Extreme(word=word, values=values):
            parts = [elaborate(value, scope) for value in values]
            return arithmetic.extreme(word, parts, node.span, log)
        case s.AggregateOf():
            return related.aggregate(node, scope, elaborate)
        case s.DaysSince(value=inner):
            date = _date(inner, scope)
            return unclear(node.span) if date is None else related.days_since(date, node.span)
        case s.DaysSinceRows():
            return related.days_since_rows(node, scope, elaborate)
        case s.Completed(unit=unit, start=start, end=end):
            since, until = _date(start, scope), _date(end, scope)
            if since is None or until is None:
                return unclear(node.span)
            return related.completed(unit, since, until, node.span)
    raise AssertionError(f"no meaning is given to {type(node).__name__}")


def condition(node: s.Expression, scope: Scope) -> ir.Expr:
    """An expression that must be true, false or unknown."""
    return comparisons.flag(elaborate(node, scope), node.span, scope.log)


def name(node: s.Name, scope: Scope) -> ir.Expr:
    """What a name stands for: a column, a named value, a knob or `as_of`."""
    found = _lookup(node, scope)
    if found is not None:
        return found
    if not scope.doubts(node.text):
        scope.log.report(_unknown(node, scope))
    return unclear(node.span)


def _unknown(node: s.Name, scope: Scope) -> Diagnostic:
    if node.text in ("yes", "no", "true", "false"):
        return problems.flag_literal(node.span, node.text)
    if node.text in scope.symbols.tables:
        return problems.table_is_no_value(node.span, node.text)
    near = nearest(node.text, scope.names())
    return problems.unknown_column(node.span, node.text, scope.table.name, near)


def _lookup(node: s.Name, scope: Scope) -> ir.Expr | None:
    table, symbols = scope.table, scope.symbols
    column = table.column(node.text)
    if column is not None:
        if column.until_outcome and not scope.outcomes:
            scope.log.report(problems.until_outcome(node.span, node.text))
        optional = column.optional and node.text not in scope.present
        return ir.Column(table.name, column.name, column.type, optional, node.span)
    feature = symbols.features.get(node.text) if scope.features else None
    if feature is not None and feature.table == table.name:
        optional = feature.optional and node.text not in scope.present
        return ir.Use(feature.name, feature.type, optional, node.span)
    knob = symbols.knobs.get(node.text)
    if knob is not None:
        return knob_value(knob, node.span)
    if node.text == "as_of" and not node.quoted:
        return ir.AsOf(span=node.span)
    return None


def knob_value(knob: ir.Knob, span: Span) -> ir.Const:
    """A knob as the constant it is."""
    if isinstance(knob.value, ir.Length):
        return ir.Const(knob.value.count, Period(knob.value.unit), span, knob.name)
    if knob.percent:
        bounded = 0 <= knob.value <= 1
        return ir.Const(float(knob.value), Share(bounded=bounded), span, knob.name)
    if knob.value.denominator == 1:
        value = int(knob.value)
        return ir.Const(value, Whole(value, value), span, knob.name)
    return ir.Const(
        float(knob.value), Number(float(knob.value), float(knob.value)), span, knob.name
    )


def literal(node: s.Number | s.Percent | s.LengthOf | s.Quote | s.DateOf, scope: Scope) -> ir.Const:
    """A literal with its own type; a plain number takes the unit of what it meets."""
    match node:
        case s.Number(value=value, written=written):
            if value.denominator == 1 and abs(value) <= 10**18:
                whole = int(value)
                return ir.Const(whole, Whole(whole, whole), node.span, written)
            return ir.Const(float(value), Number(float(value), float(value)), node.span, written)
        case s.Percent(value=value, written=written):
            return ir.Const(float(value), Share(bounded=0 <= value <= 1), node.span, written)
        case s.LengthOf():
            length = related.length(node, scope)
            written = f"{length.count} {length.unit}"
            return ir.Const(length.count, Period(length.unit), node.span, written)
        case s.Quote(value=text):
            return ir.Const(text, Text(), node.span, f'"{text}"')
        case s.DateOf(value=date):
            return ir.Const(date, Date(), node.span, date.isoformat())


def _beside(left: s.Expression, right: s.Expression, scope: Scope) -> tuple[ir.Expr, ir.Expr]:
    """Two operands; a bare name next to an enum is that enum's value.

    A name beside something unclear may be such a value: it is not complained about.
    """
    unknown = isinstance(right, s.Name) and _lookup_quietly(right, scope) is None
    if isinstance(left, s.Name) and _lookup_quietly(left, scope) is None:
        if unknown:
            return elaborate(left, scope), unclear(right.span)
        beside = elaborate(right, scope)
        if isinstance(beside.type, Enum):
            return value_of(left, beside.type, scope), beside
        return elaborate(left, scope), beside
    first = elaborate(left, scope)
    if isinstance(first.type, Enum) and isinstance(right, s.Name):
        named = unknown or right.text in first.type.values
        return first, value_of(right, first.type, scope) if named else elaborate(right, scope)
    if unknown and is_unclear(first):
        return first, unclear(right.span)
    return first, elaborate(right, scope)


def _lookup_quietly(node: s.Name, scope: Scope) -> ir.Expr | None:
    return _lookup(node, Scope(scope.symbols, scope.table, scope.features, outcomes=True))


def value_of(node: s.Name, kind: Enum, scope: Scope) -> ir.Expr:
    """A value of an enum, as a constant."""
    if node.text in kind.values:
        return ir.Const(node.text, kind, node.span, node.text)
    if not scope.doubts(node.text):
        near = nearest(node.text, kind.values)
        scope.log.report(problems.unknown_value(node.span, node.text, spell(kind), near))
    return unclear(node.span)


def _between(node: s.BetweenOf, scope: Scope) -> ir.Expr:
    """`x between a and b` includes both ends."""
    value, low = _beside(node.value, node.low, scope)
    _, high = _beside(node.value, node.high, scope)
    span = node.span
    if isinstance(low, ir.Const) and isinstance(high, ir.Const) and low.type != high.type:
        numbers = isinstance(low.value, int | float) and isinstance(high.value, int | float)
        if numbers and exact_value(low) > exact_value(high):
            scope.log.report(problems.range_backwards(span))
    above = comparisons.compare(">=", value, low, span, scope.log)
    below = comparisons.compare("<=", value, high, span, scope.log)
    if is_unclear(above, below):
        return unclear(span)
    return ir.Apply("and", (above, below), Flag(), above.optional or below.optional, span)


def _member(node: s.Member, scope: Scope) -> ir.Expr:
    value = elaborate(node.value, scope)
    if is_unclear(value):
        return unclear(node.span)
    members: list[ir.Expr] = []
    for each in node.members:
        if isinstance(each, s.Name) and each.text == "missing" and not each.quoted:
            scope.log.report(problems.missing_in_list(each.span))
        elif isinstance(each, s.Name) and isinstance(value.type, Enum):
            members.append(value_of(each, value.type, scope))
        else:
            members.append(elaborate(each, scope))
    for found in members:
        if not isinstance(found, ir.Const):
            scope.log.report(problems.list_of_constants(found.span or node.span))
            return unclear(node.span)
    if not members or is_unclear(*members):
        return unclear(node.span)
    test = comparisons.member(value, members, node.span, scope.log)
    if not node.negated or is_unclear(test):
        return test
    comparisons.warn_optional(value, "not in", scope.log)
    return ir.Apply("not", (test,), Flag(), test.optional, node.span)


def _date(node: s.Expression, scope: Scope) -> ir.Expr | None:
    value = elaborate(node, scope)
    if is_unclear(value):
        return None
    if related.is_dated(value):
        return value
    scope.log.report(problems.date_needed(node.span, spell(value.type)))
    return None


def _ranked(node: s.Ranked, scope: Scope) -> ir.Expr:
    """`in top 20% by fee`: among all rows of the table, whatever their segment."""
    if not scope.features:
        scope.log.report(problems.rank_inside_aggregate(node.span))
        return unclear(node.span)
    quota = (
        literal(node.quota, scope)
        if not isinstance(node.quota, s.Name)
        else name(node.quota, scope)
    )
    by = to_minor(elaborate(node.by, scope))
    if is_unclear(quota, by):
        return unclear(node.span)
    if not _can_rank(by.type):
        scope.log.report(problems.no_rank_by(node.by.span, spell(by.type)))
        return unclear(node.span)
    return _rank(node, quota, by, scope)


def _can_rank(kind: Type) -> bool:
    return not isinstance(kind, Text | Flag | Enum | Period)


def _rank(node: s.Ranked, quota: ir.Expr, by: ir.Expr, scope: Scope) -> ir.Expr:
    share = count = None
    if isinstance(quota, ir.Const) and isinstance(quota.type, Share):
        share = exact_value(quota)
        spelled = percent_text(share)
        valid = 0 < share <= 1
    else:
        count = quota.value if isinstance(quota, ir.Const) and isinstance(quota.value, int) else 0
        assert isinstance(count, int)
        spelled = str(count)
        valid = count > 0
    if not valid:
        scope.log.report(problems.quota_out_of_range(node.quota.span))
        return unclear(node.span)
    what = by.name if isinstance(by, ir.Use | ir.Column) else spelling.expression(node.by)
    title = rank_name(top=node.top, quota=spelled, table=scope.table.name, by=what)
    return ir.InRank(title, node.top, share, count, by, by.optional, Flag(), node.span)


def rank_name(*, top: bool, quota: str, table: str, by: str) -> str:
    """The name of a rank test in a calibration: `top 20% of leads by fee`."""
    return f"{'top' if top else 'bottom'} {quota} of {table} by {by}"


def percent_text(share: Fraction) -> str:
    """A share as a percentage, with every digit it has."""
    percent = share * 100
    return f"{percent}%" if percent.denominator == 1 else f"{float(percent)!r}%"
