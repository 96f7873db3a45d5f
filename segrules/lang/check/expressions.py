"""One expression of Syntax to one of Ir: the visitor over what can be written."""

from __future__ import annotations

from dataclasses import replace

from segrules.lang import ir, spelling
from segrules.lang import syntax as s
from segrules.lang.check import (
    always,
    arithmetic,
    comparisons,
    past,
    patterns,
    populations,
    related,
    sequences,
    windows,
)
from segrules.lang.check.coerce import exact_value
from segrules.lang.check.scope import Scope, closest, is_unclear, nearest, unclear
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Link,
    Number,
    Period,
    Set,
    Share,
    Text,
    Whole,
    spell,
)
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic
from segrules.text.source import Span


def elaborate(node: s.Expression, scope: Scope) -> ir.Expr:
    """The expression as meant; after a complaint a node of type Unclear."""
    log = scope.log
    match node:
        case s.Name():
            return name(node, scope)
        case s.Path():
            return path(node, scope)
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
            test = comparisons.compare(sign, pair[0], pair[1], node.span, log)
            always.warn(test, node.span, scope)
            return test
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
            if word == "matches" and not patterns.sound(text, log):
                return unclear(node.span)
            return comparisons.text_test(word, elaborate(value, scope), constant, node.span, log)
        case s.SetTest(value=value, word=word, members=members):
            return comparisons.set_test(word, elaborate(value, scope), members, node.span, scope)
        case s.Group(inner=inner_node):
            return elaborate(inner_node, scope)
        case _:
            return _of_others(node, scope)


def _of_others(node: s.Expression, scope: Scope) -> ir.Expr:
    """Tests and amounts that look at other rows: related ones, all of them, those of the past."""
    match node:
        case s.Quantified():
            return related.quantified(node, scope, elaborate)
        case s.Every():
            return related.every(node, scope, elaborate)
        case s.SequenceOf():
            return sequences.sequence(node, scope, elaborate)
        case s.Was():
            return past.was(node, scope)
        case s.Changed():
            return past.changed(node, scope)
        case s.Moved():
            return past.moved(node, scope)
        case s.AsAt():
            return past.as_at(node, scope)
        case s.TimeIn():
            return past.time_in(node, scope)
        case s.Ranked():
            return populations.ranked(node, scope, elaborate)
        case s.Largest():
            return populations.largest(node, scope, elaborate)
        case s.StatisticOf():
            return populations.statistic(node, scope, elaborate)
        case _:
            return _amount(node, scope)


def _tested(parts: tuple[s.Expression, ...], *, known: bool) -> list[str]:
    """Names whose presence parts of a chain test: where one is missing, the chain is decided."""
    return [
        spelling.expression(part.value)
        for part in parts
        if isinstance(part, s.Missingness)
        and part.known is known
        and isinstance(part.value, s.Name | s.Path)
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
        case s.DaysUntil(value=inner):
            date = _date(inner, scope)
            return unclear(node.span) if date is None else related.days_until(date, node.span)
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
    symbols = scope.symbols
    if node.text in ("yes", "no", "true", "false"):
        return problems.flag_literal(node.span, node.text)
    if node.text in symbols.tables or node.text in symbols.named_rows:
        return problems.table_is_no_value(node.span, node.text)
    if node.text in symbols.personas:
        return problems.persona_is_no_key(node.span, node.text)
    elsewhere: list[ir.Feature | ir.SegmentSet] = [
        *symbols.features.values(),
        *symbols.sets.values(),
    ]
    for found in elsewhere:
        if scope.features and found.name == node.text:
            return problems.of_another_table(node.span, node.text, found.table, scope.table.name)
    if scope.member_of is not None:
        known = symbols.known_set(scope.member_of)
        segments = known.segments if known else ()
        close = closest(node.text, [*segments, *scope.names()])
        return problems.unknown_column_or_segment(
            node.span, node.text, scope.table.name, segments, close
        )
    near = nearest(node.text, scope.names())
    return problems.unknown_column(node.span, node.text, scope.table.name, near)


def _lookup(node: s.Name, scope: Scope) -> ir.Expr | None:
    symbols = scope.symbols
    column = scope.table.column(node.text)
    if column is not None:
        return _column(node, column, scope)
    if scope.features:
        feature = symbols.features.get(node.text)
        if feature is not None and feature.table == scope.table.name:
            optional = feature.optional and node.text not in scope.present
            return ir.Use(feature.name, feature.type, optional, node.span)
        found = symbols.sets.get(node.text)
        if found is not None and found.table == scope.table.name:
            optional = found.optional and node.text not in scope.present
            return ir.Placed(found.name, found.type, optional, None, node.span)
    knob = symbols.knobs.get(node.text)
    if knob is not None:
        return knob_value(knob, node.span)
    if node.text == "as_of" and not node.quoted:
        return ir.AsOf(span=node.span)
    if scope.member_of is not None:
        return _membership(node, scope)
    return None


def _column(node: s.Name, column: ir.TableColumn, scope: Scope) -> ir.Expr:
    """A column of the row; of a predicted one only what can be trusted."""
    symbols = scope.symbols
    if column.until_outcome and not scope.outcomes:
        scope.log.report(problems.until_outcome(node.span, node.text))
    if column.purposes and symbols.purpose not in column.purposes and not scope.outcomes:
        scope.log.report(
            problems.other_purpose(node.span, node.text, column.purposes, symbols.purpose)
        )
    optional = column.optional and node.text not in scope.present
    held = ir.Column(scope.table.name, column.name, column.type, optional, node.span)
    if column.trusted is None:
        return held
    missing = ir.Const(None, column.type, node.span)
    optional = node.text not in scope.present
    return ir.Choose(((column.trusted, held),), missing, column.type, optional, node.span)


def _membership(node: s.Name, scope: Scope) -> ir.Expr | None:
    """A bare segment of the set that is spoken of stands for being in it."""
    found = scope.symbols.known_set(scope.member_of or "")
    if found is None or node.text not in found.segments:
        return None
    placed = ir.Placed(found.name, found.type, found.optional, None, node.span)
    segment = ir.Const(node.text, found.type, node.span, node.text)
    return comparisons.compare("=", placed, segment, node.span, scope.log)


def path(node: s.Path, scope: Scope) -> ir.Expr:
    """`agent.office.city`: each link leads to the next row; the last name is read there."""
    first, *others = node.names
    at = name(first, scope)
    if not others or is_unclear(at):
        return at
    if not isinstance(at.type, Link):
        scope.log.report(problems.not_a_link(first.span, first.text, spell(at.type)))
        return unclear(node.span)
    table = scope.symbols.tables.get(at.type.table)
    if table is None:
        return unclear(node.span)
    beyond = s.Path(tuple(others), others[0].span.to(node.span))
    value = path(beyond, replace(scope.inside(table), present=frozenset()))
    if is_unclear(value):
        return value
    optional = ".".join(each.text for each in node.names) not in scope.present
    return ir.Linked(at, table.name, value, value.type, optional, node.span)


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
            length = windows.length(node, scope.symbols)
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
    if isinstance(first.type, Enum | Set) and isinstance(right, s.Name):
        named = unknown or right.text in first.type.values
        kind = Enum(first.type.values) if isinstance(first.type, Set) else first.type
        return first, value_of(right, kind, scope) if named else elaborate(right, scope)
    if unknown and is_unclear(first):
        return first, unclear(right.span)
    return first, elaborate(right, scope)


def _lookup_quietly(node: s.Name, scope: Scope) -> ir.Expr | None:
    return _lookup(node, replace(scope, outcomes=True, present=frozenset()))


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
    both = ir.Apply("and", (above, below), Flag(), above.optional or below.optional, span)
    always.warn(both, span, scope)
    return both


def _member(node: s.Member, scope: Scope) -> ir.Expr:
    value = elaborate(node.value, scope)
    if is_unclear(value):
        return unclear(node.span)
    members: list[ir.Expr] = []
    for each in node.members:
        if isinstance(each, s.Name) and each.text == "missing" and not each.quoted:
            scope.log.report(problems.missing_in_list(each.span))
        elif isinstance(each, s.Name) and isinstance(value.type, Enum | Set):
            kind = Enum(value.type.values) if isinstance(value.type, Set) else value.type
            members.append(value_of(each, kind, scope))
        else:
            members.append(elaborate(each, scope))
    for found in members:
        if not isinstance(found, ir.Const):
            scope.log.report(problems.list_of_constants(found.span or node.span))
            return unclear(node.span)
    if not members or is_unclear(*members):
        return unclear(node.span)
    test = comparisons.member(value, members, node.span, scope.log)
    always.warn(test, node.span, scope)
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
