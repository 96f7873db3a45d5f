"""Brings operands to one form: the conversions every target relies on are put in here."""

from __future__ import annotations

from fractions import Fraction

from segrules.lang import ir
from segrules.lang.check.bounds import limits, number
from segrules.lang.check.scope import is_unclear
from segrules.lang.types import (
    BOUND,
    Date,
    Enum,
    Flag,
    Instant,
    Link,
    Money,
    Number,
    Share,
    Text,
    Type,
    Whole,
    decimals,
    form,
    spell,
)
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, Log
from segrules.text.source import Span


def apply(op: str, args: tuple[ir.Expr, ...], kind: Type, span: Span | None) -> ir.Apply:
    """An operator whose result is missing only when an operand is."""
    return ir.Apply(op, args, kind, any(arg.optional for arg in args), span)


def exact_value(node: ir.Const) -> Fraction:
    """The value of a numeric constant as it was written."""
    value = node.value
    assert isinstance(value, int | float)
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def is_plain_number(node: ir.Expr) -> bool:
    """A literal or knob without a unit: it takes the unit of what it meets."""
    return isinstance(node, ir.Const) and isinstance(node.type, Whole | Number)


def to_float(node: ir.Expr) -> ir.Expr:
    """A whole number, share or money (in minor units) as a double."""
    if form(node.type) == "float":
        return node
    made: Type = number(limits(node.type))
    if isinstance(node.type, Money):
        made = Money(node.type.currency, node.type.low, node.type.high, exact=False)
    if isinstance(node, ir.Const) and isinstance(node.value, int):
        return ir.Const(float(node.value), made, node.span, node.written)
    return apply("to_number", (node,), made, node.span)


def to_minor(node: ir.Expr) -> ir.Expr:
    """Money as it is stored: rounded half-even to the minor unit."""
    if not isinstance(node.type, Money) or node.type.exact:
        return node
    low, high = limits(node.type)
    optional = node.optional or not (low >= -BOUND and high <= BOUND)
    kind = Money(
        node.type.currency,
        max(-BOUND, round(max(low, -BOUND))),
        min(BOUND, round(min(high, BOUND))),
    )
    return ir.Apply("to_minor", (node,), kind, optional, node.span)


def money_constant(node: ir.Const, currency: str, log: Log) -> ir.Const:
    """A plain number that meets money is an amount: 300 is 300.00."""
    minor = exact_value(node) * 10 ** decimals(currency)
    if minor.denominator != 1 and node.span:
        log.report(problems.finer_than_minor_unit(node.span, node.written, currency))
    value = round(minor)
    return ir.Const(value, Money(currency, value, value), node.span, node.written)


def to_date(node: ir.Expr) -> ir.Expr:
    if isinstance(node.type, Instant):
        return apply("to_date", (node,), Date(), node.span)
    return node


def unify(
    left: ir.Expr, right: ir.Expr, log: Log, *, stored: bool
) -> tuple[ir.Expr, ir.Expr] | None:
    """Both operands in one form, or None after a complaint.

    With `stored`, money is rounded to minor units first (comparison); without, an amount on its
    way through arithmetic stays a double.
    """
    if is_unclear(left, right):
        return None
    if stored:
        left, right = to_minor(left), to_minor(right)
    match left.type, right.type:
        case Money() as money, Whole() | Number() if is_plain_number(right):
            return _amounts(left, money_constant(_constant(right), money.currency, log))
        case Whole() | Number(), Money() as money if is_plain_number(left):
            return _amounts(money_constant(_constant(left), money.currency, log), right)
        case Money(), Money():
            return _amounts(left, right)
        case (
            (Whole(), Whole())
            | (Text() | Link(), Text() | Link())
            | (Flag(), Flag())
            | (Date(), Date())
            | (Instant(), Instant())
        ):
            return left, right
        case (Instant(), Date()) | (Date(), Instant()):
            return to_date(left), to_date(right)
        case Enum(values=values), Enum(values=others) if values == others:
            return left, right
        case (Whole() | Number(), Whole() | Number()) | (Share(), Share()):
            return to_float(left), to_float(right)
        case (Share(bounded=False), Whole() | Number()) | (
            Whole() | Number(),
            Share(bounded=False),
        ):
            return to_float(left), to_float(right)
        case _:
            log.report(_mismatch(left, right))
            return None


def _constant(node: ir.Expr) -> ir.Const:
    assert isinstance(node, ir.Const)
    return node


def _amounts(left: ir.Expr, right: ir.Expr) -> tuple[ir.Expr, ir.Expr]:
    if form(left.type) == form(right.type):
        return left, right
    return to_float(left), to_float(right)


def _mismatch(left: ir.Expr, right: ir.Expr) -> Diagnostic:
    place = right.span or left.span
    assert place is not None
    whole = left.span.to(place) if left.span and left.span.start < place.start else place
    for share, other in ((left, right), (right, left)):
        if not isinstance(other, ir.Const):
            continue
        at = other.span or place
        if isinstance(share.type, Share) and isinstance(other.type, Whole | Number):
            return problems.share_needs_percent(at, other.written)
        if isinstance(share.type, Number | Whole | Money) and isinstance(other.type, Share):
            return problems.percent_needs_share(at, other.written, spell(share.type))
    return problems.types_differ(whole, spell(left.type), spell(right.type))
