"""One row an operator: how it is written, on which forms it is defined, what missing does to it.

Every target holds one rule a row and says so at import with `total`. Signatures speak of forms
(see `segrules.lang.types`): the checker has put in the conversions, so a target needs no types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from segrules.lang.types import Form

Rule = TypeVar("Rule")


class Missing(Enum):
    """What an operator makes of missing operands."""

    STRICT = "missing when an operand is missing"
    PARTIAL = "missing when an operand is missing, and where no finite result exists"
    KLEENE = "three-valued: missing only while the known operands do not decide"
    LOOKS = "looks at missingness itself and is never missing"
    FALLBACK = "missing only when every operand is missing"


@dataclass(frozen=True, slots=True)
class Signature:
    """Operand forms and the result's form.

    With `repeats` the last operand stands once or more; operands from index `constant` on must be
    constants.
    """

    operands: tuple[Form, ...]
    result: Form
    repeats: bool = False
    constant: int | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """A row: `written` is how an analyst says it, `says` its meaning in a sentence."""

    name: str
    written: str
    signatures: tuple[Signature, ...]
    missing: Missing
    says: str


def _same(result: Form | None, *forms: Form, operands: int = 2) -> tuple[Signature, ...]:
    return tuple(Signature((each,) * operands, result or each) for each in forms)


def _members(*forms: Form) -> tuple[Signature, ...]:
    return tuple(Signature((each, each), "bool", repeats=True, constant=1) for each in forms)


_ANY: tuple[Form, ...] = ("text", "int", "float", "bool", "date", "instant", "enum")
_EVERY: tuple[Form, ...] = (*_ANY, "set")
_ORDERED: tuple[Form, ...] = ("int", "float", "date", "instant")
_TEXT_TEST = (Signature(("text", "text"), "bool", constant=1),)
_SET_TEST = (Signature(("set", "enum"), "bool", repeats=True, constant=1),)
_BY_POSITIVE = (Signature(("int", "int"), "int", constant=1),)
_DATE_PLUS = (Signature(("date", "int"), "date", constant=1),)
_MANY_FLAGS = (Signature(("bool", "bool"), "bool", repeats=True),)

_ROWS = (
    Operator("add", "a + b", _same(None, "int", "float"), Missing.PARTIAL, "the sum"),
    Operator("sub", "a - b", _same(None, "int", "float"), Missing.PARTIAL, "the difference"),
    Operator("mul", "a * b", _same(None, "int", "float"), Missing.PARTIAL, "the product"),
    Operator(
        "div",
        "a / b",
        _same(None, "float"),
        Missing.PARTIAL,
        "the quotient of two numbers; missing when b is zero",
    ),
    Operator(
        "idiv",
        "a div b",
        _BY_POSITIVE,
        Missing.STRICT,
        "the whole quotient, rounded down; b is a positive constant",
    ),
    Operator(
        "mod",
        "a mod b",
        _BY_POSITIVE,
        Missing.STRICT,
        "what is left after `div`: from 0 up to b - 1; b is a positive constant",
    ),
    Operator(
        "neg",
        "-a",
        _same(None, "int", "float", operands=1),
        Missing.STRICT,
        "the number with the other sign",
    ),
    Operator("eq", "a = b", _same("bool", *_ANY), Missing.STRICT, "true when both are the same"),
    Operator("ne", "a != b", _same("bool", *_ANY), Missing.STRICT, "true when they differ"),
    Operator("lt", "a < b", _same("bool", *_ORDERED), Missing.STRICT, "true when a is below b"),
    Operator("le", "a <= b", _same("bool", *_ORDERED), Missing.STRICT, "below b, or the same"),
    Operator("gt", "a > b", _same("bool", *_ORDERED), Missing.STRICT, "true when a is above b"),
    Operator("ge", "a >= b", _same("bool", *_ORDERED), Missing.STRICT, "above b, or the same"),
    Operator(
        "and",
        "a and b",
        _MANY_FLAGS,
        Missing.KLEENE,
        "false when one is false, true when all are true, otherwise unknown",
    ),
    Operator(
        "or",
        "a or b",
        _MANY_FLAGS,
        Missing.KLEENE,
        "true when one is true, false when all are false, otherwise unknown",
    ),
    Operator("not", "not a", _same("bool", "bool", operands=1), Missing.STRICT, "the opposite"),
    Operator(
        "in",
        "a in [b, c]",
        _members("text", "int", "date", "enum"),
        Missing.STRICT,
        "true when a is one of the listed values",
    ),
    Operator(
        "is_missing",
        "a is missing",
        _same("bool", *_EVERY, operands=1),
        Missing.LOOKS,
        "true when there is no value",
    ),
    Operator(
        "is_known",
        "a is known",
        _same("bool", *_EVERY, operands=1),
        Missing.LOOKS,
        "true when there is a value",
    ),
    Operator(
        "if_missing",
        "a if missing use b",
        _same(None, *_ANY),
        Missing.FALLBACK,
        "a, or b where a is missing",
    ),
    Operator(
        "least",
        "least(a, b)",
        tuple(Signature((each, each), each, repeats=True) for each in ("int", "float")),
        Missing.STRICT,
        "the smallest of them",
    ),
    Operator(
        "greatest",
        "greatest(a, b)",
        tuple(Signature((each, each), each, repeats=True) for each in ("int", "float")),
        Missing.STRICT,
        "the largest of them",
    ),
    Operator("contains", 'a contains "x"', _TEXT_TEST, Missing.STRICT, "x stands somewhere in a"),
    Operator("starts_with", 'a starts_with "x"', _TEXT_TEST, Missing.STRICT, "a begins with x"),
    Operator("ends_with", 'a ends_with "x"', _TEXT_TEST, Missing.STRICT, "a ends with x"),
    Operator(
        "matches",
        'a matches "x"',
        _TEXT_TEST,
        Missing.STRICT,
        "the pattern x fits somewhere in a; `^` and `$` tie it to the ends",
    ),
    Operator(
        "has_any",
        "a has any of [b, c]",
        _SET_TEST,
        Missing.STRICT,
        "true when one of the listed values is in the set a",
    ),
    Operator(
        "has_all",
        "a has all of [b, c]",
        _SET_TEST,
        Missing.STRICT,
        "true when each listed value is in the set a",
    ),
    Operator(
        "has_none",
        "a has none of [b, c]",
        _SET_TEST,
        Missing.STRICT,
        "true when no listed value is in the set a; an empty set is known to have none",
    ),
    Operator(
        "collect",
        "grid a from b pick every",
        (Signature(("bool",), "set", repeats=True),),
        Missing.LOOKS,
        "the set of the values whose test is true, in the order of the result's declared values",
    ),
    Operator(
        "held_out",
        'holdout 10% of each a salt "b"',
        (Signature(("text", "text", "float"), "bool", constant=1),),
        Missing.STRICT,
        "true when the first 8 bytes of SHA-256 of b, a colon and the key a, read as a whole "
        "number with the highest byte first, are below that part of 2^64",
    ),
    Operator(
        "to_number",
        "(put in where a whole number or money meets a number)",
        (Signature(("int",), "float"),),
        Missing.STRICT,
        "the same number as a double",
    ),
    Operator(
        "to_minor",
        "(put in where money is stored or compared)",
        (Signature(("float",), "int"),),
        Missing.PARTIAL,
        "rounded half-even to the minor unit; missing beyond 10^15 minor units",
    ),
    Operator(
        "to_date",
        "(put in where an instant meets a date)",
        (Signature(("instant",), "date"),),
        Missing.STRICT,
        "the date in the ruleset's zone",
    ),
    Operator(
        "days_between",
        "days since a",
        (Signature(("date", "date"), "int"),),
        Missing.STRICT,
        "days from the first date to the second; negative when the first is later",
    ),
    Operator(
        "months_between",
        "completed months from a to b",
        (Signature(("date", "date"), "int"),),
        Missing.STRICT,
        "whole months completed from a to b; a month that lacks the day ends on its last day",
    ),
    Operator(
        "days_to_anniversary",
        "days until next anniversary of a",
        (Signature(("date", "date"), "int"),),
        Missing.STRICT,
        "days from the second date to the next anniversary of the first, 0 on the day; 29 February "
        "is kept on the 28th in other years",
    ),
    Operator(
        "add_days",
        "a + 30 days",
        _DATE_PLUS,
        Missing.PARTIAL,
        "the date so many days later; missing outside the years 1 to 9999",
    ),
    Operator(
        "add_months",
        "a + 2 months",
        _DATE_PLUS,
        Missing.PARTIAL,
        "the date so many months later, clamped to the month's last day; missing outside the "
        "years 1 to 9999",
    ),
    Operator(
        "position",
        "(put in where ordered values are compared)",
        (Signature(("enum",), "int"),),
        Missing.STRICT,
        "the place of the value, from 0",
    ),
)

OPERATORS: Mapping[str, Operator] = {row.name: row for row in _ROWS}


def total(target: str, rules: Mapping[str, Rule], rows: Mapping[str, object]) -> Mapping[str, Rule]:
    """The rules of a target, held against the table: none is lacking, none is surplus."""
    lacking, surplus = rows.keys() - rules.keys(), rules.keys() - rows.keys()
    if lacking or surplus:
        raise TypeError(
            f"the target {target} lacks rules for {sorted(lacking)} "
            f"and has rules for unknown {sorted(surplus)}"
        )
    return rules
