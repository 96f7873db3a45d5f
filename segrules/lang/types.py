"""The types of the language. Missingness stands beside a type, not in it.

A value's form is the same in every target: text `str`, whole and money 64-bit integers (money in
minor units), number and share finite doubles, flag `bool`, date, instant (UTC, microseconds),
enum one of its declared values, set a set of them, link the text of a key. `Money.exact = False`
is an amount of money on its way through arithmetic with numbers: a double in minor units, rounded
half-even when stored or compared.
"""

from __future__ import annotations

from typing import Literal

from segrules.lang.node import node

BOUND = 10**15
"""Undeclared bounds of whole numbers and money (minor units): exact as doubles, and sums of two
never leave 64 bits."""

Form = Literal["text", "int", "float", "bool", "date", "instant", "enum", "set"]
"""How a value is held. Operators are defined on forms; types decide which operator is meant."""


@node
class Text:
    pass


@node
class Whole:
    low: int = -BOUND
    high: int = BOUND


@node
class Number:
    """A finite double; None is a bound that is not known (after a division, say)."""

    low: float | None = -1e15
    high: float | None = 1e15


@node
class Share:
    """A part of one: 0.25 is 25%, between 0 and 1. Not bounded, it is a ratio of two amounts."""

    bounded: bool = True


@node
class Money:
    currency: str
    low: int = -BOUND
    high: int = BOUND
    exact: bool = True


@node
class Flag:
    pass


@node
class Date:
    pass


@node
class Instant:
    pass


@node
class Enum:
    values: tuple[str, ...]
    ordered: bool = False


@node
class Set:
    """Any number of declared values at once; none of them is a known, empty set."""

    values: tuple[str, ...]


@node
class Link:
    """The key of a row of a main table."""

    table: str


@node
class Period:
    """A length of time written in a rule, never a column: whole days or whole months."""

    unit: Literal["days", "months"] = "days"


@node
class Unclear:
    """The type of an expression that was complained about already: complains no more."""


Type = (
    Text | Whole | Number | Share | Money | Flag | Date | Instant | Enum | Set | Link | Period
    | Unclear
)  # fmt: skip


def form(kind: Type) -> Form:
    """How values of a type are held."""
    match kind:
        case Text() | Link():
            return "text"
        case Whole() | Period():
            return "int"
        case Money(exact=exact):
            return "int" if exact else "float"
        case Number() | Share():
            return "float"
        case Flag() | Unclear():
            return "bool"
        case Date():
            return "date"
        case Instant():
            return "instant"
        case Enum():
            return "enum"
        case Set():
            return "set"


def spell(kind: Type) -> str:
    """The type as a diagnostic names it."""
    match kind:
        case Text():
            return "text"
        case Whole():
            return "a whole number"
        case Number():
            return "a number"
        case Share(bounded=bounded):
            return "a share" if bounded else "a ratio"
        case Money(currency=currency):
            return f"money ({currency})"
        case Flag():
            return "a flag"
        case Date():
            return "a date"
        case Instant():
            return "an instant"
        case Enum(values=values, ordered=ordered):
            joined = (" < " if ordered else ", ").join(values[:4])
            return ("ordered " if ordered else "one of ") + joined + (", …" if values[4:] else "")
        case Set(values=values):
            return "set of " + ", ".join(values[:4]) + (", …" if values[4:] else "")
        case Link(table=table):
            return f"a link to {table}"
        case Period():
            return "a length of time"
        case Unclear():
            return "unclear"


MINOR_UNITS = {"JPY": 0, "KRW": 0, "ISK": 0, "CLP": 0, "VND": 0, "BHD": 3, "KWD": 3, "TND": 3}
"""Decimal places of currencies that do not have two (ISO 4217)."""


NO_CURRENCY = "XXX"
"""Stands for the currency that a file should have declared (ISO 4217: no currency)."""


def decimals(currency: str | None) -> int:
    """How many decimal places an amount in `currency` has; two where there is none."""
    return MINOR_UNITS.get(currency or NO_CURRENCY, 2)
