"""The heading, knobs, tables, identity and named values, as written."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from segrules.lang.node import node
from segrules.lang.syntax.expressions import (
    DateOf,
    Expression,
    Name,
    Number,
    Percent,
    Quantity,
    Quote,
    UnitWord,
)
from segrules.text.source import Span

_SPAN = field(compare=False, repr=False)


@node
class UseOf:
    """`use "common/tables.seg"`."""

    path: Quote
    span: Span = _SPAN


@node
class DayOfYear:
    """`1 april`."""

    day: Number
    month: Name
    span: Span = _SPAN


@node
class Header:
    """One line of the heading; the value is a text, a name or a number.

    `review` has a unit of time, `fiscal` a day of the year (`1 april`).
    """

    word: Literal[
        "language", "goal", "why", "owner", "zone", "money", "purpose", "review", "fiscal"
    ]
    value: Quote | Name | Number | UnitWord | DayOfYear
    span: Span = _SPAN


@node
class RulesetOf:
    name: Name
    headers: tuple[Header, ...]
    span: Span = _SPAN


@node
class KnobOf:
    name: Name
    value: Quantity
    low: Quantity
    high: Quantity
    step: Quantity | None
    later: tuple[LaterValue, ...]
    span: Span = _SPAN


@node
class LaterValue:
    """`then 6 since 2027-01-01`: the value from that day on."""

    value: Quantity
    since: DateOf
    span: Span = _SPAN


@node
class TypeOf:
    """A column's type.

    `names` are the values of enums and sets, or the table of a link; `low` and `high` a range.
    """

    word: Literal[
        "text", "whole", "number", "money", "share", "flag", "date", "instant",
        "one of", "ordered", "set of", "refers to",
    ]  # fmt: skip
    names: tuple[Name, ...] = ()
    low: Number | None = None
    high: Number | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Property:
    """A property of a column.

    `as` and `steward` have a text, `from` and `purpose` names, `predicted` a condition or none.
    """

    word: Literal[
        "as", "from", "steward", "purpose", "predicted", "until_outcome", "sensitive", "kept",
        "protected", "trimmed", "casefolded", "digits", "observed", "derived",
    ]  # fmt: skip
    text: Quote | None
    names: tuple[Name, ...]
    trusted: Expression | None
    span: Span = _SPAN


@node
class ColumnOf:
    name: Name
    type: TypeOf
    optional: bool
    properties: tuple[Property, ...]
    span: Span = _SPAN


@node
class TableOf:
    """`of` (joined by `by`) for a related table, `source` for a derived one, neither for a main.

    A related table may do without a key of its own.
    """

    name: Name
    key: Name | None
    columns: tuple[ColumnOf, ...]
    of: Name | None
    by: Name | None
    source: Name | None
    dated: Name | None
    span: Span = _SPAN


@node
class NamedRows:
    """`rows red_shoes of orders where (colour = red)`."""

    name: Name
    table: Name
    where: Expression
    span: Span = _SPAN


@node
class SurvivorOf:
    """`assets from crm over ppc`, `spend from total`, `rest from newest seen_at`.

    `how` is `source` (then `names` are the sources in their order), `newest` or `oldest` (then the
    one name is a date), or one of the others without names.
    """

    column: Name
    how: Literal["source", "newest", "oldest", "total", "largest", "smallest", "any"]
    names: tuple[Name, ...]
    span: Span = _SPAN


@node
class IdentityOf:
    """`trust` is None where nothing is said of keys that many records share."""

    table: Name
    keys: tuple[Name, ...]
    trust: Number | None
    survivors: tuple[SurvivorOf, ...]
    span: Span = _SPAN


@node
class LetOf:
    """`trusted` guards the value: it is missing where the condition is not true."""

    name: Name
    table: Name | None
    value: Expression
    trusted: Expression | None
    span: Span = _SPAN


@node
class CostLine:
    """`less goods …`."""

    name: Name
    amount: Expression
    span: Span = _SPAN


@node
class LedgerOf:
    """`ledger 12_345.90 give or take 0.5%`; the amount may be a knob."""

    amount: Number | Name
    tolerance: Percent
    span: Span = _SPAN


@node
class ValueOf:
    name: Name
    table: Name
    revenue: Expression
    costs: tuple[CostLine, ...]
    ledger: LedgerOf | None
    span: Span = _SPAN


@node
class Points:
    word: Literal["add", "take"]
    value: Expression
    when: Expression | None
    span: Span = _SPAN


@node
class ScoreOf:
    name: Name
    table: Name | None
    points: tuple[Points, ...]
    span: Span = _SPAN


@node
class BandRow:
    """`low below 30%`, `5 up to 30`, or a label alone for the rest."""

    label: Name | Number
    word: Literal["below", "up to", ""]
    edge: Quantity | Name | None
    span: Span = _SPAN


@node
class BandOf:
    name: Name
    value: Expression
    rows: tuple[BandRow, ...]
    span: Span = _SPAN
