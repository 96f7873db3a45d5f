"""Sums, products and the rest of arithmetic on checked operands."""

from __future__ import annotations

import math
from typing import Literal

from segrules.lang import ir
from segrules.lang.check.bounds import combine, finite, fits, limits, number, whole
from segrules.lang.check.coerce import apply, exact_value, to_float, to_minor, unify
from segrules.lang.check.scope import is_unclear, unclear
from segrules.lang.types import (
    Date,
    Instant,
    Money,
    Number,
    Period,
    Share,
    Type,
    Whole,
    form,
    spell,
)
from segrules.text import problems
from segrules.text.diagnostic import Log
from segrules.text.source import Span

OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "div": "idiv", "mod": "mod"}
_Additive = Literal["add", "sub"]


def combine_terms(sign: str, left: ir.Expr, right: ir.Expr, span: Span, log: Log) -> ir.Expr:
    """`left sign right` for one of `+ - * / div mod`."""
    if is_unclear(left, right):
        return unclear(span)
    match OPERATORS[sign]:
        case "add":
            _warn_optional(left, right, log)
            return add(left, right, span, log)
        case "sub":
            _warn_optional(left, right, log)
            return _add("sub", left, right, span, log)
        case "mul":
            return _multiply(left, right, span, log)
        case "div":
            return _divide(left, right, span, log)
        case op:
            return _floor(op, left, right, span, log)


def _warn_optional(left: ir.Expr, right: ir.Expr, log: Log) -> None:
    for part in (left, right):
        if isinstance(part, ir.Column | ir.Use) and part.optional and part.span:
            log.report(problems.optional_in_sum(part.span, part.name))


def add(left: ir.Expr, right: ir.Expr, span: Span, log: Log) -> ir.Expr:
    """`left + right`."""
    return _add("add", left, right, span, log)


def _add(op: _Additive, left: ir.Expr, right: ir.Expr, span: Span, log: Log) -> ir.Expr:
    if isinstance(left.type, Date | Instant) or isinstance(right.type, Date | Instant):
        return _shift_date(op, left, right, span, log)
    if not (_numeric(left.type) and _numeric(right.type)):
        return _refuse(left, right, span, log)
    pair = unify(left, right, log, stored=False)
    if pair is None:
        return unclear(span)
    left, right = pair
    limit = combine(op, reach(left), reach(right))
    kind = _sum_type(left.type, right.type, limit)
    return _checked(op, (left, right), kind, limit, span, log)


def _sum_type(left: Type, right: Type, limit: tuple[float, float]) -> Type:
    if isinstance(left, Money) and isinstance(right, Money):
        low, high = _whole_limits(limit)
        return Money(left.currency, low, high, exact=left.exact and right.exact)
    if isinstance(left, Whole) and isinstance(right, Whole):
        return Whole(*_whole_limits(limit))
    if isinstance(left, Share) or isinstance(right, Share):
        return Share(bounded=False)
    return number(limit)


def reach(node: ir.Expr) -> tuple[float, float]:
    """The limits of a node: a constant's value, whatever its type allows."""
    if isinstance(node, ir.Const) and isinstance(node.value, int | float):
        return node.value, node.value
    return limits(node.type)


def _whole_limits(limit: tuple[float, float]) -> tuple[int, int]:
    edge = 10**19
    low, high = limit
    return math.floor(max(low, -edge)), math.ceil(min(high, edge))


def _shift_date(op: _Additive, left: ir.Expr, right: ir.Expr, span: Span, log: Log) -> ir.Expr:
    date = ir.Apply("to_date", (left,), Date(), left.optional, left.span)
    base = date if isinstance(left.type, Instant) else left
    if isinstance(left.type, Date | Instant) and isinstance(right, ir.Const):
        length = right.value
        if isinstance(right.type, Period) and isinstance(length, int):
            count = length if op == "add" else -length
            shift = f"add_{right.type.unit}"
            return apply(
                shift, (base, ir.Const(count, Whole(count, count), right.span)), Date(), span
            )
    if isinstance(left.type, Date | Instant) and isinstance(right.type, Date | Instant):
        log.report(problems.dates_subtracted(span))
    else:
        log.report(problems.types_differ(span, spell(left.type), spell(right.type)))
    return unclear(span)


def _numeric(kind: Type) -> bool:
    return isinstance(kind, Whole | Number | Money | Share)


def _refuse(left: ir.Expr, right: ir.Expr, span: Span, log: Log) -> ir.Expr:
    odd = right if _numeric(left.type) else left
    log.report(problems.not_a_number(odd.span or span, spell(odd.type)))
    return unclear(span)


def _checked(
    op: str,
    args: tuple[ir.Expr, ir.Expr],
    kind: Type,
    limit: tuple[float, float],
    span: Span,
    log: Log,
) -> ir.Expr:
    """The operation, refused where whole numbers could leave 64 bits."""
    if form(kind) == "int" and not fits(limit):
        log.report(problems.may_overflow(span))
        return unclear(span)
    optional = any(arg.optional for arg in args)
    if form(kind) == "float" and not finite(limit):
        optional = True
    return ir.Apply(op, args, kind, optional, span)


def _multiply(left: ir.Expr, right: ir.Expr, span: Span, log: Log) -> ir.Expr:
    if not (_numeric(left.type) and _numeric(right.type)):
        return _refuse(left, right, span, log)
    limit = combine("mul", reach(left), reach(right))
    if isinstance(left.type, Money) and isinstance(right.type, Money):
        log.report(problems.money_times_money(span))
        return unclear(span)
    for money, factor in ((left, right), (right, left)):
        if isinstance(money.type, Money):
            low, high = _whole_limits(limit)
            exact = money.type.exact and isinstance(factor.type, Whole)
            if exact and fits(limit):
                kind: Type = Money(money.type.currency, low, high)
                return _checked("mul", (left, right), kind, limit, span, log)
            kind = Money(money.type.currency, low, high, exact=False)
            return _checked("mul", (to_float(left), to_float(right)), kind, limit, span, log)
    if isinstance(left.type, Whole) and isinstance(right.type, Whole):
        kind = whole(limit) if fits(limit) else Whole()
        return _checked("mul", (left, right), kind, limit, span, log)
    kind = (
        Share()
        if isinstance(left.type, Share) and left.type == right.type == Share()
        else (number(limit))
    )
    return _checked("mul", (to_float(left), to_float(right)), kind, limit, span, log)


def _divide(left: ir.Expr, right: ir.Expr, span: Span, log: Log) -> ir.Expr:
    if not (_numeric(left.type) and _numeric(right.type)):
        return _refuse(left, right, span, log)
    if isinstance(right.type, Money) and not isinstance(left.type, Money):
        log.report(problems.types_differ(span, spell(left.type), spell(right.type)))
        return unclear(span)
    amount = isinstance(left.type, Money) and not isinstance(right.type, Money)
    optional = left.optional or right.optional or not _safe_divisor(left, right)
    kind: Type = Share(bounded=False)
    if amount and isinstance(left.type, Money):
        low, high = _whole_limits(limits(_scaled_down(left, right)))
        kind = Money(left.type.currency, low, high, exact=False)
    elif isinstance(right, ir.Const) and not isinstance(right.type, Share):
        kind = _scaled_down(left, right)
    return ir.Apply("div", (to_float(left), to_float(right)), kind, optional, span)


def _safe_divisor(left: ir.Expr, right: ir.Expr) -> bool:
    """Whether the quotient is always finite: a constant divisor that is not tiny."""
    known = isinstance(right, ir.Const) and isinstance(right.value, int | float)
    return known and abs(float(exact_value(right))) >= 1e-9 and finite(limits(left.type))  # type: ignore[arg-type]


def _scaled_down(left: ir.Expr, right: ir.Expr) -> Type:
    known = isinstance(right, ir.Const) and isinstance(right.value, int | float)
    value = float(exact_value(right)) if known else 0.0  # type: ignore[arg-type]
    if value == 0:
        return Number(None, None)
    low, high = sorted(edge / value for edge in limits(left.type))
    return number((low, high)) if not isinstance(left.type, Share) else Share(bounded=False)


def _floor(op: str, left: ir.Expr, right: ir.Expr, span: Span, log: Log) -> ir.Expr:
    if not isinstance(left.type, Whole):
        log.report(problems.whole_needed(left.span or span, spell(left.type)))
        return unclear(span)
    positive = isinstance(right, ir.Const) and isinstance(right.value, int) and right.value > 0
    if not positive or not isinstance(right.type, Whole):
        log.report(problems.divisor_not_constant(right.span or span))
        return unclear(span)
    divisor = right.type.low
    kind = (
        Whole(0, divisor - 1)
        if op == "mod"
        else Whole(left.type.low // divisor, left.type.high // divisor)
    )
    return apply(op, (left, right), kind, span)


def negate(node: ir.Expr, span: Span, log: Log) -> ir.Expr:
    """`-a`; a negative literal is a constant."""
    if is_unclear(node):
        return unclear(span)
    match node.type:
        case Whole(low=low, high=high):
            kind: Type = Whole(-high, -low)
        case Number(low=least, high=most):
            kind = Number(None if most is None else -most, None if least is None else -least)
        case Money(currency=currency, low=low, high=high, exact=exact):
            kind = Money(currency, -high, -low, exact)
        case Share():
            kind = Share(bounded=False)
        case _:
            log.report(problems.not_a_number(node.span or span, spell(node.type)))
            return unclear(span)
    if isinstance(node, ir.Const) and isinstance(node.value, int | float):
        return ir.Const(-node.value, kind, span, f"-{node.written}")
    return apply("neg", (node,), kind, span)


def extreme(op: str, parts: list[ir.Expr], span: Span, log: Log) -> ir.Expr:
    """`least(…)` and `greatest(…)`: all parts in one form, money rounded as when compared."""
    if is_unclear(*parts):
        return unclear(span)
    for part in parts:
        if not _numeric(part.type):
            log.report(problems.not_a_number(part.span or span, spell(part.type)))
            return unclear(span)
    lead = next((part for part in parts if isinstance(part.type, Money)), parts[0])
    unified = [to_minor(lead)]
    for part in parts:
        if part is not lead:
            pair = unify(unified[0], part, log, stored=True)
            if pair is None:
                return unclear(span)
            unified[0] = pair[0]
            unified.append(pair[1])
    if form(unified[0].type) == "float":
        unified = [to_float(part) for part in unified]
    ordered = unified[1:] if lead is not parts[0] else unified
    if lead is not parts[0]:
        ordered.insert(parts.index(lead), unified[0])
    return apply(op, tuple(ordered), _extreme_type(op, ordered), span)


def _extreme_type(op: str, parts: list[ir.Expr]) -> Type:
    pick = min if op == "least" else max
    lows, highs = zip(*(limits(part.type) for part in parts), strict=True)
    limit = (pick(lows), pick(highs))
    first = parts[0].type
    if isinstance(first, Money):
        return Money(first.currency, int(limit[0]), int(limit[1]))
    if isinstance(first, Whole):
        return whole(limit)
    if any(isinstance(part.type, Share) for part in parts):
        return Share(bounded=all(part.type == Share() for part in parts))
    return number(limit)


def percent_of(share: ir.Const, node: ir.Expr, span: Span, log: Log) -> ir.Expr:
    """`20% of a`: a share of money or of a number."""
    if is_unclear(node):
        return unclear(span)
    if not isinstance(node.type, Money | Number | Whole):
        log.report(problems.not_a_number(node.span or span, spell(node.type)))
        return unclear(span)
    limit = combine("mul", reach(share), limits(node.type))
    kind: Type = number(limit)
    if isinstance(node.type, Money):
        low, high = _whole_limits(limit)
        kind = Money(node.type.currency, low, high, exact=False)
    return ir.Apply("mul", (share, to_float(node)), kind, node.optional, span)
