"""What each operator means, on plain values; `None` is missing.

Values are canonical: no NaN, no infinity. What missing operands do is said by the wrapper around
a rule (`strict`, `kleene_and`, …), never inside it. Whole-number results fit 64 bits: the checker
has proved it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from segrules.backends.context import days_in_month, days_later, months_later
from segrules.backends.reference.rows import day_of
from segrules.lang import patterns
from segrules.lang.ir import Apply, Value
from segrules.lang.operators import OPERATORS, total
from segrules.lang.types import BOUND, Enum, Set


@dataclass(frozen=True, slots=True)
class Setting:
    """Where an operator stands: its node and the ruleset's zone."""

    node: Apply
    zone: str


Rule = Callable[[Setting, Sequence[Value]], Value]


# ---- what missing operands do


def strict(rule: Callable[..., Value]) -> Rule:
    """Missing when an operand is missing."""
    return strict_in_setting(lambda _, *values: rule(*values))


def strict_in_setting(rule: Callable[..., Value]) -> Rule:
    """As `strict`, for a rule that also reads where it stands."""

    def answer(setting: Setting, values: Sequence[Value]) -> Value:
        if any(value is None for value in values):
            return None
        return rule(setting, *values)

    return answer


def partial(rule: Callable[..., Value]) -> Rule:
    """As `strict`, and missing where the result is not finite."""

    def finite(*values: Any) -> Value:
        result = rule(*values)
        return None if isinstance(result, float) and not math.isfinite(result) else result

    return strict(finite)


def kleene_and(_: Setting, values: Sequence[Value]) -> Value:
    """False when one is false, true when all are true, otherwise unknown."""
    if any(value is False for value in values):
        return False
    return None if any(value is None for value in values) else True


def kleene_or(_: Setting, values: Sequence[Value]) -> Value:
    """True when one is true, false when all are false, otherwise unknown."""
    if any(value is True for value in values):
        return True
    return None if any(value is None for value in values) else False


def looks(rule: Callable[[Value], bool]) -> Rule:
    """The rule sees missing operands and is never missing."""
    return lambda _, values: rule(values[0])


def fallback(_: Setting, values: Sequence[Value]) -> Value:
    """The first operand that is known."""
    return next((value for value in values if value is not None), None)


# ---- rules on known values


def _quotient(a: float, b: float) -> float | None:
    return None if b == 0 else a / b


def _among(value: Value, *listed: Value) -> bool:
    return value in listed


def _contains(text: str, part: str) -> bool:
    return part in text


@cache
def _pattern(text: str) -> patterns.Pattern:
    pattern = patterns.read_pattern(text)
    if isinstance(pattern, patterns.PatternFault):
        raise ValueError(f"the pattern {text!r} has not been checked")
    return pattern


def _matches(text: str, pattern: str) -> bool:
    return patterns.matches(_pattern(pattern), text)


def _has_any(values: frozenset[str], *listed: str) -> bool:
    return any(value in values for value in listed)


def _has_all(values: frozenset[str], *listed: str) -> bool:
    return all(value in values for value in listed)


def _has_none(values: frozenset[str], *listed: str) -> bool:
    return not _has_any(values, *listed)


def _collect(setting: Setting, tests: Sequence[Value]) -> Value:
    """One test a declared value, in their order; what is unknown is not in the set."""
    declared = setting.node.type
    if not isinstance(declared, Set):
        raise TypeError("only declared values are collected")
    pairs = zip(declared.values, tests, strict=True)
    return frozenset(value for value, test in pairs if test is True)


def _held_out(key: str, salt: str, share: float) -> bool:
    digest = hashlib.sha256(f"{salt}:{key}".encode()).digest()
    # the share as it was written: 0.1 is a tenth, not the double next to it
    return int.from_bytes(digest[:8], "big") < Fraction(repr(share)) * 2**64


def _to_minor(amount: float) -> int | None:
    minor = round(amount)  # half-even
    return minor if abs(minor) <= BOUND else None


def _to_date(setting: Setting, instant: dt.datetime) -> dt.date:
    return day_of(instant, setting.zone)


def _days_between(first: dt.date, second: dt.date) -> int:
    return (second - first).days


def _months_between(first: dt.date, second: dt.date) -> int:
    """The negative of the other direction when `first` is the later date."""
    if first > second:
        return -_months_between(second, first)
    months = (second.year - first.year) * 12 + second.month - first.month
    ends_on = min(first.day, days_in_month(second.year, second.month))
    return months if second.day >= ends_on else months - 1


def _days_to_anniversary(first: dt.date, second: dt.date) -> int:
    """The years of the two dates do not matter; the calendar repeats after 400 of them."""
    if second.year == dt.MAXYEAR:
        second = second.replace(year=second.year - 400)
    here, next_year = (_kept(first, year) for year in (second.year, second.year + 1))
    return ((here if here >= second else next_year) - second).days


def _kept(day: dt.date, year: int) -> dt.date:
    """The anniversary of a day in a year."""
    return dt.date(year, day.month, min(day.day, days_in_month(year, day.month)))


def _position(setting: Setting, value: str) -> int:
    declared = setting.node.args[0].type
    if not isinstance(declared, Enum):
        raise TypeError("only declared values have a position")
    return declared.values.index(value)


RULES: Mapping[str, Rule] = total(
    "reference",
    {
        "add": partial(operator.add),
        "sub": partial(operator.sub),
        "mul": partial(operator.mul),
        "div": partial(_quotient),
        "idiv": strict(operator.floordiv),
        "mod": strict(operator.mod),
        "neg": strict(operator.neg),
        "eq": strict(operator.eq),
        "ne": strict(operator.ne),
        "lt": strict(operator.lt),
        "le": strict(operator.le),
        "gt": strict(operator.gt),
        "ge": strict(operator.ge),
        "and": kleene_and,
        "or": kleene_or,
        "not": strict(operator.not_),
        "in": strict(_among),
        "is_missing": looks(lambda value: value is None),
        "is_known": looks(lambda value: value is not None),
        "if_missing": fallback,
        "least": strict(min),
        "greatest": strict(max),
        "contains": strict(_contains),
        "starts_with": strict(str.startswith),
        "ends_with": strict(str.endswith),
        "matches": strict(_matches),
        "has_any": strict(_has_any),
        "has_all": strict(_has_all),
        "has_none": strict(_has_none),
        "collect": _collect,
        "held_out": strict(_held_out),
        "to_number": strict(float),
        "to_minor": strict(_to_minor),
        "to_date": strict_in_setting(_to_date),
        "days_between": strict(_days_between),
        "months_between": strict(_months_between),
        "days_to_anniversary": strict(_days_to_anniversary),
        "add_days": strict(days_later),
        "add_months": strict(months_later),
        "position": strict_in_setting(_position),
    },
    OPERATORS,
)
