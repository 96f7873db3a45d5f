"""Comparisons, membership and the other tests on checked operands."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.bounds import limits, number
from segrules.lang.check.coerce import apply, to_minor, unify
from segrules.lang.check.scope import Scope, is_unclear, nearest, unclear
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Link,
    Money,
    Number,
    Set,
    Share,
    Text,
    Whole,
    form,
    spell,
)
from segrules.text import problems
from segrules.text.diagnostic import Log
from segrules.text.source import Span

SIGNS = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def compare(sign: str, left: ir.Expr, right: ir.Expr, span: Span, log: Log) -> ir.Expr:
    """`left sign right`: both in one form; order only where the type has one."""
    pair = unify(left, right, log, stored=True)
    if pair is None:
        return unclear(span)
    left, right = pair
    if sign in ("=", "!="):
        if form(left.type) == "float":
            log.report(problems.equality_of_numbers(span, sign))
        if sign == "!=":
            warn_optional(left, "!=", log)
            warn_optional(right, "!=", log)
        return apply(SIGNS[sign], (left, right), Flag(), span)
    match left.type:
        case Whole() | Number() | Money() | Share() | Date() | Instant():
            return apply(SIGNS[sign], (left, right), Flag(), span)
        case Enum(ordered=True, values=values):
            place = Whole(0, len(values) - 1)
            parts = tuple(_position(part, values, place) for part in (left, right))
            return apply(SIGNS[sign], parts, Flag(), span)
        case _:
            log.report(problems.no_order(span, spell(left.type), sign))
            return unclear(span)


def _position(node: ir.Expr, values: tuple[str, ...], kind: Whole) -> ir.Expr:
    if isinstance(node, ir.Const) and isinstance(node.value, str):
        at = values.index(node.value)
        return ir.Const(at, Whole(at, at), node.span, node.written)
    return apply("position", (node,), kind, node.span)


def warn_optional(node: ir.Expr, word: str, log: Log) -> None:
    """A missing value under `not`, `!=` or `not in` surprises: the test is unknown, not true."""
    if isinstance(node, ir.Column | ir.Use) and node.optional and node.span:
        log.report(problems.optional_under(node.span, node.name, word))


def member(value: ir.Expr, members: list[ir.Expr], span: Span, log: Log) -> ir.Expr:
    """`value in [a, b]`; members are constants in the form of the value."""
    value = to_minor(value)
    constants: list[ir.Expr] = []
    for each in members:
        pair = unify(value, each, log, stored=True)
        if pair is None:
            return unclear(span)
        if form(pair[1].type) != form(value.type):
            log.report(
                problems.types_differ(each.span or span, spell(value.type), spell(each.type))
            )
            return unclear(span)
        constants.append(pair[1])
    if form(value.type) not in ("text", "int", "date", "enum"):
        log.report(problems.no_list_of(value.span or span, spell(value.type)))
        return unclear(span)
    return apply("in", (value, *constants), Flag(), span)


def text_test(word: str, value: ir.Expr, text: ir.Const, span: Span, log: Log) -> ir.Expr:
    if is_unclear(value):
        return unclear(span)
    if not isinstance(value.type, Text | Link):
        log.report(problems.text_needed(value.span or span, spell(value.type), word))
        return unclear(span)
    return apply(word, (value, text), Flag(), span)


def set_test(
    word: str, value: ir.Expr, members: Sequence[s.Expression], span: Span, scope: Scope
) -> ir.Expr:
    """`interests has any of [savings, pension]`; the listed values are declared ones."""
    if is_unclear(value):
        return unclear(span)
    if not isinstance(value.type, Set):
        scope.log.report(problems.set_needed(value.span or span, spell(value.type)))
        return unclear(span)
    listed: list[ir.Expr] = []
    for each in members:
        text = each.text if isinstance(each, s.Name) else ""
        if text == "missing" and text not in value.type.values:
            scope.log.report(problems.missing_in_list(each.span))
        elif text in value.type.values:
            listed.append(ir.Const(text, Enum(value.type.values), each.span, text))
        elif not scope.doubts(text):
            near = nearest(text, value.type.values)
            written = text or each.span.text
            scope.log.report(problems.unknown_value(each.span, written, spell(value.type), near))
    if len(listed) < len(members):
        return unclear(span)
    return apply(f"has_{word}", (value, *listed), Flag(), span)


def negation(part: ir.Expr, span: Span, log: Log) -> ir.Expr:
    if is_unclear(part):
        return unclear(span)
    warn_optional(part, "not", log)
    return apply("not", (part,), Flag(), span)


def flag(node: ir.Expr, span: Span, log: Log) -> ir.Expr:
    """The node as a condition; anything but a flag is refused."""
    if is_unclear(node) or isinstance(node.type, Flag):
        return node
    log.report(problems.not_a_condition(node.span or span, spell(node.type)))
    return unclear(span)


def fallback(value: ir.Expr, use: ir.Expr, span: Span, log: Log) -> ir.Expr:
    """`value if missing use other`."""
    pair = unify(value, use, log, stored=False)
    if pair is None:
        return unclear(span)
    kept, used = pair
    if not kept.optional:
        log.report(problems.never_missing(value.span or span))
    kind = kept.type
    if isinstance(kind, Whole | Money) and isinstance(used.type, Whole | Money):
        low, high = min(kind.low, used.type.low), max(kind.high, used.type.high)
        kind = (
            Whole(low, high)
            if isinstance(kind, Whole)
            else Money(kind.currency, low, high, kind.exact)
        )
    if isinstance(kind, Number):
        (low_kept, high_kept), (low_used, high_used) = limits(kind), limits(used.type)
        kind = number((min(low_kept, low_used), max(high_kept, high_used)))
    if isinstance(kind, Share) and used.type != Share():
        kind = Share(bounded=False)
    return ir.Apply("if_missing", (kept, used), kind, kept.optional and used.optional, span)
