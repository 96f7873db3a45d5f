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
class Path:
    """`agent.skill`: a column of the row that a link leads to; two names at least."""

    names: tuple[Name, ...]
    span: Span = _SPAN


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
CellValue = Quantity | Name | Quote | DateOf


@node
class CellList:
    """`north, south`."""

    values: tuple[CellValue, ...]
    span: Span = _SPAN


@node
class CellRange:
    """`3..5`, `gold..`, `..silver`: both ends belong to it."""

    low: CellValue | None
    high: CellValue | None
    span: Span = _SPAN


@node
class CellCompared:
    """`>= 3`."""

    sign: Literal["=", "!=", "<", "<=", ">", ">="]
    value: CellValue
    span: Span = _SPAN


Cell = CellValue | CellList | CellRange | CellCompared

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
    word: Literal["contains", "starts_with", "ends_with", "matches"]
    value: Expression
    text: Quote
    span: Span = _SPAN


@node
class SetTest:
    """`interests has any of [savings, pension]`."""

    value: Expression
    word: Literal["any", "all", "none"]
    members: tuple[Name | Number | Quote | DateOf, ...]
    span: Span = _SPAN


# ---- the past


@node
class Period:
    """`month`, `fiscal year`."""

    unit: UnitWord
    fiscal: bool
    span: Span = _SPAN


@node
class Moment:
    """`1 month ago`, `last review`, `end of previous fiscal year`; one of the three is given."""

    ago: LengthOf | None
    end_of_previous: Period | None
    span: Span = _SPAN


@node
class Was:
    """`treatment was gold 1 month ago`; without a moment `ever`."""

    value: Expression
    segment: Name
    moment: Moment | None
    span: Span = _SPAN


@node
class Changed:
    """`treatment entered gold in last 7 days`; without a window at any time."""

    value: Expression
    word: Literal["entered", "left"]
    segment: Name
    window: WindowOf | None
    span: Span = _SPAN


@node
class Moved:
    """`treatment moved up at least 2 since 1 quarter ago`."""

    value: Expression
    word: Literal["up", "down"]
    steps: Number | None
    since: Moment
    span: Span = _SPAN


@node
class AsAt:
    """`satisfaction as at 2 quarters ago`."""

    value: Expression
    moment: Moment
    span: Span = _SPAN


@node
class TimeIn:
    """`time in gold of treatment`, in days."""

    segment: Name
    of: Name
    span: Span = _SPAN


# ---- populations


@node
class Population:
    """`of all leads with same region and same size among (assets > 0)`."""

    table: Name | None
    same: tuple[Name, ...]
    among: Expression | None
    span: Span = _SPAN


@node
class Ranked:
    """`in top 20% of all leads with same region by fee`; the quota may be a knob."""

    top: bool
    quota: Percent | Number | Name
    population: Population | None
    by: Expression
    span: Span = _SPAN


@node
class Largest:
    """`in largest making 80% of turnover`."""

    population: Population | None
    quota: Percent | Number | Name
    by: Expression
    span: Span = _SPAN


@node
class StatisticOf:
    """`median spend of all customers`, `quantile 75% of spend of all customers`, `rank of spend`.

    `how` is a row of the aggregate table, or `quantile` (with its share), `rank`, `share_of_total`;
    `count` has no value.
    """

    how: str
    quantile: Percent | None
    value: Expression | None
    population: Population | None
    span: Span = _SPAN


# ---- related rows


@node
class InLastOf:
    """`in last 90 days`, `in last KNOB`; a bare unit (`in last month`) is refused later."""

    length: LengthOf | Name | None
    span: Span = _SPAN


@node
class LastRowsOf:
    """`in last 6 rows`."""

    count: Number
    span: Span = _SPAN


@node
class InNextOf:
    """`in next 14 days`, `in next KNOB`."""

    length: LengthOf | Name
    span: Span = _SPAN


@node
class CalendarOf:
    """`in this fiscal year`, `in previous month`."""

    word: Literal["this", "previous"]
    period: Period
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


WindowOf = InLastOf | LastRowsOf | InNextOf | CalendarOf | AgoOf | FromTo


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
    """`at least 3 orders in last 90 days`; with `same` the rows are those of one value of it."""

    word: Quantifier
    count: Number | Name | None
    rows: RowsOf
    same: Name | None
    span: Span = _SPAN


@node
class Every:
    """`every invoices where (open) have days_late < 30`."""

    rows: RowsOf
    have: Expression
    span: Span = _SPAN


@node
class Step:
    """`then quotes within 14 days`, `but no contracts`; the rows have no window."""

    rows: RowsOf
    within: LengthOf | None
    span: Span = _SPAN


@node
class SequenceOf:
    """`first visits then quotes within 14 days but no contracts`."""

    first: RowsOf
    then: tuple[Step, ...]
    but_no: Step | None
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
class DaysUntil:
    """`days until next anniversary of birth_date`."""

    value: Expression
    span: Span = _SPAN


@node
class Completed:
    unit: UnitWord
    start: Expression
    end: Expression
    span: Span = _SPAN


Expression = (
    Name | Path | Number | Percent | LengthOf | Quote | DateOf | Chain | Negated | Compare
    | BetweenOf | Member | Missingness | TextTest | SetTest | Was | Changed | Moved | AsAt | TimeIn
    | Ranked | Largest | StatisticOf | Quantified | Every | SequenceOf | Arithmetic | Signed
    | Fallback | Group | PercentOf | Extreme | AggregateOf | DaysSince | DaysSinceRows | DaysUntil
    | Completed
)  # fmt: skip
