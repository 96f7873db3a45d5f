"""Quantities and expressions as written."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from fractions import Fraction
from typing import Literal

from segrules.lang.node import node
from segrules.text.source import Span

_SPAN = field(compare=False, repr=False)


@node
class Name:
    """A name; `quoted` when it stands in backticks."""

    text: str
    quoted: bool
    span: Span = _SPAN


@node
class Number:
    """A decimal number; `written` keeps its underscores."""

    value: Fraction
    written: str
    span: Span = _SPAN


@node
class Percent:
    """A percentage; `value` is the share it stands for (25% is 1/4)."""

    value: Fraction
    written: str
    span: Span = _SPAN


UnitWord = Literal["day", "week", "month", "quarter", "year"]


@node
class LengthOf:
    """`90 days`: a whole count of a unit."""

    count: int
    unit: UnitWord
    span: Span = _SPAN


@node
class Quote:
    value: str
    span: Span = _SPAN


@node
class DateOf:
    value: dt.date
    span: Span = _SPAN


Quantity = Number | Percent | LengthOf
Cell = Quantity | Name | Quote | DateOf

# ---- expressions


@node
class Chain:
    """`a or b or c`, `a and b and c`."""

    word: Literal["or", "and"]
    parts: tuple[Expression, ...]
    span: Span = _SPAN


@node
class Negated:
    part: Expression
    span: Span = _SPAN


@node
class Compare:
    sign: Literal["=", "!=", "<", "<=", ">", ">="]
    left: Expression
    right: Expression
    span: Span = _SPAN


@node
class BetweenOf:
    value: Expression
    low: Expression
    high: Expression
    span: Span = _SPAN


@node
class Member:
    value: Expression
    members: tuple[Name | Number | Quote | DateOf, ...]
    negated: bool
    span: Span = _SPAN


@node
class Missingness:
    """`x is missing`, `x is known`."""

    value: Expression
    known: bool
    span: Span = _SPAN


@node
class TextTest:
    word: Literal["contains", "starts_with", "ends_with"]
    value: Expression
    text: Quote
    span: Span = _SPAN


@node
class Ranked:
    """`in top 20% by fee`; the quota may be a knob."""

    top: bool
    quota: Percent | Number | Name
    by: Expression
    span: Span = _SPAN


@node
class InLastOf:
    """`in last 90 days`, `in last KNOB`; a bare unit (`in last month`) is refused later."""

    length: LengthOf | Name | None
    span: Span = _SPAN


@node
class AgoOf:
    """`from 24 to 18 months ago`."""

    start: LengthOf
    end: LengthOf
    span: Span = _SPAN


@node
class FromTo:
    first: DateOf
    last: DateOf
    span: Span = _SPAN


WindowOf = InLastOf | AgoOf | FromTo


@node
class RowsOf:
    """Rows of a related table, in a window, where a condition holds."""

    table: Name
    window: WindowOf | None
    where: Expression | None
    span: Span = _SPAN


Quantifier = Literal["at least", "at most", "more than", "fewer than", "exactly", "any", "no"]


@node
class Quantified:
    word: Quantifier
    count: Number | Name | None
    rows: RowsOf
    span: Span = _SPAN


@node
class Arithmetic:
    """`a + b - c` or `a * b / c`: the first operand, then pairs of sign and operand."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    span: Span = _SPAN


@node
class Signed:
    sign: Literal["+", "-"]
    value: Expression
    span: Span = _SPAN


@node
class Fallback:
    value: Expression
    use: Expression
    span: Span = _SPAN


@node
class Group:
    inner: Expression
    span: Span = _SPAN


@node
class PercentOf:
    percent: Percent
    value: Expression
    span: Span = _SPAN


@node
class Extreme:
    word: Literal["least", "greatest"]
    values: tuple[Expression, ...]
    span: Span = _SPAN


@node
class AggregateOf:
    """`sum amount of orders …`; `how` is a row of the aggregate table, `count` has no value."""

    how: str
    value: Expression | None
    rows: RowsOf
    span: Span = _SPAN


@node
class DaysSince:
    value: Expression
    span: Span = _SPAN


@node
class DaysSinceRows:
    """`days since last orders`."""

    word: Literal["first", "last"]
    rows: RowsOf
    span: Span = _SPAN


@node
class Completed:
    unit: UnitWord
    start: Expression
    end: Expression
    span: Span = _SPAN


Expression = (
    Name | Number | Percent | LengthOf | Quote | DateOf | Chain | Negated | Compare | BetweenOf
    | Member | Missingness | TextTest | Ranked | Quantified | Arithmetic | Signed | Fallback
    | Group | PercentOf | Extreme | AggregateOf | DaysSince | DaysSinceRows | Completed
)  # fmt: skip
