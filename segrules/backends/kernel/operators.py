"""Each operator on arrays of values, equal to the reference."""

from __future__ import annotations

import hashlib
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segrules.backends.kernel import dates
from segrules.backends.kernel.values import (
    Flags,
    Vector,
    any_of,
    chosen,
    flags,
    in_form_of,
    known,
    looked_up,
    together,
)
from segrules.lang import patterns
from segrules.lang.ir import Apply, Const, Expr
from segrules.lang.operators import OPERATORS, total
from segrules.lang.types import BOUND, Set, form


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operator stands: its node and the ruleset's zone."""

    node: Apply
    zone: str


Rule = Callable[[Place, Sequence[Vector]], Vector]

_HASHES = 2**64
_KEPT = 256
"""Tests of texts that are remembered: a text is tested once, not once a row."""


# ---- what missing operands do


def strict(rule: Callable[..., NDArray[Any]]) -> Rule:
    """Missing when an operand is missing."""
    return strict_in_place(lambda _, *values: rule(*values))


def strict_in_place(rule: Callable[..., NDArray[Any]]) -> Rule:
    """As `strict`, for a rule that also reads where it stands."""

    def answer(place: Place, operands: Sequence[Vector]) -> Vector:
        values = rule(place, *(each.values for each in operands))
        return _made(place, values, any_of(each.missing for each in operands))

    return answer


def _made(place: Place, values: NDArray[Any], missing: Flags | None) -> Vector:
    return flags(values, missing) if form(place.node.type) == "bool" else Vector(values, missing)


def partial(rule: Callable[..., NDArray[Any]]) -> Rule:
    """As `strict`, and missing where the result is not finite."""

    def answer(place: Place, operands: Sequence[Vector]) -> Vector:
        values = rule(*(each.values for each in operands))
        missing = any_of(each.missing for each in operands)
        if form(place.node.type) == "float":
            finite = np.isfinite(values)
            missing = missing if finite.all() else any_of([missing, ~finite])
        return Vector(values, missing)

    return answer


def kleene_and(_: Place, operands: Sequence[Vector]) -> Vector:
    """False when one is false, true when all are true, otherwise unknown."""
    decided = reduce(np.logical_or, [~each.values & known(each) for each in operands])
    unknown = any_of(each.missing for each in operands)
    if unknown is None:
        return Vector(~decided)
    return flags(~decided, unknown & ~decided)


def kleene_or(_: Place, operands: Sequence[Vector]) -> Vector:
    """True when one is true, false when all are false, otherwise unknown."""
    # a missing flag is held as false
    decided = reduce(np.logical_or, [each.values for each in operands])
    unknown = any_of(each.missing for each in operands)
    return Vector(decided, None if unknown is None else unknown & ~decided)


def fallback(place: Place, operands: Sequence[Vector]) -> Vector:
    """The first operand that is known."""
    first, second = (in_form_of(each, place.node.type) for each in operands)
    return first if first.missing is None else chosen(known(first), first, second)


# ---- rules on known values


def _alike(rule: Callable[..., NDArray[Any]]) -> Rule:
    """Texts are compared by their places in one tuple."""

    def answer(_: Place, operands: Sequence[Vector]) -> Vector:
        if any(each.texts for each in operands):
            operands = together(operands)
        a, b = operands
        return flags(rule(a.values, b.values), any_of([a.missing, b.missing]))

    return answer


def _among(_: Place, operands: Sequence[Vector]) -> Vector:
    if any(each.texts for each in operands):
        operands = together(operands)
    value, *listed = operands
    found = reduce(np.logical_or, [value.values == each.values for each in listed])
    return flags(found, any_of(each.missing for each in operands))


def tests(test: Callable[[str, str], bool]) -> Rule:
    """A test of a text against a constant: each different text is tested once."""

    @lru_cache(maxsize=_KEPT)
    def answers(texts: tuple[str, ...], part: str) -> Flags:
        return np.array([test(each, part) for each in texts] or [False], np.bool_)

    def answer(place: Place, operands: Sequence[Vector]) -> Vector:
        if _missing_constant(operands[1:]):
            return _nothing()
        found = answers(operands[0].texts, str(_constant(place.node.args[1])))
        return flags(looked_up(found, operands[0]), operands[0].missing)

    return answer


def _nothing() -> Vector:
    return Vector(np.zeros(1, np.bool_), np.ones(1, np.bool_))


def _missing_constant(operands: Sequence[Vector]) -> bool:
    return any(each.missing is not None for each in operands)


def _constant(node: Expr) -> object:
    if isinstance(node, Const):
        return node.value
    raise TypeError("the operand is not a constant")


@cache
def _pattern(text: str) -> patterns.Pattern:
    pattern = patterns.read_pattern(text)
    if isinstance(pattern, patterns.PatternFault):
        raise ValueError(f"the pattern {text!r} has not been checked")
    return pattern


def _matches(text: str, pattern: str) -> bool:
    return patterns.matches(_pattern(pattern), text)


def _has(rule: Callable[[NDArray[Any], Any], Flags]) -> Rule:
    """A test of the bits of a set against those of the listed values."""

    def answer(place: Place, operands: Sequence[Vector]) -> Vector:
        if _missing_constant(operands[1:]):
            return _nothing()
        found = operands[0]
        named = {str(_constant(each)) for each in place.node.args[1:]}
        listed = sum(1 << at for at, each in enumerate(found.texts) if each in named)
        # a value that is not declared is in no set
        foreign = bool(named - set(found.texts))
        return flags(rule(found.values, (np.uint64(listed), foreign)), found.missing)

    return answer


def _collect(place: Place, operands: Sequence[Vector]) -> Vector:
    if not isinstance(place.node.type, Set):
        raise TypeError("only declared values are collected")
    # what is unknown is held as false, so it is not in the set
    bits = [each.values.astype(np.uint64) << np.uint64(at) for at, each in enumerate(operands)]
    return Vector(reduce(np.bitwise_or, bits), None, place.node.type.values)


@lru_cache(maxsize=_KEPT)
def _held(texts: tuple[str, ...], salt: str, share: float) -> Flags:
    begin = f"{salt}:".encode()
    # the share as it was written: 0.1 is a tenth, not the double next to it
    edge = math.ceil(Fraction(repr(share)) * _HASHES)
    digests = (hashlib.sha256(begin + each.encode()).digest() for each in texts)
    found = [int.from_bytes(each[:8], "big") < edge for each in digests]
    return np.array(found or [False], np.bool_)


def _held_out(place: Place, operands: Sequence[Vector]) -> Vector:
    if _missing_constant(operands[1:]):
        return _nothing()
    salt, share = (_constant(each) for each in place.node.args[1:])
    if not isinstance(share, float):
        raise TypeError("a part is a number")
    found = _held(operands[0].texts, str(salt), share)
    return flags(looked_up(found, operands[0]), operands[0].missing)


def _to_minor(_: Place, operands: Sequence[Vector]) -> Vector:
    (amount,) = operands
    minor = np.rint(amount.values)
    inside = np.abs(minor) <= BOUND
    missing = amount.missing if inside.all() else any_of([amount.missing, ~inside])
    return Vector(np.where(inside, minor, 0).astype(np.int64), missing)


def _dated(rule: Callable[[NDArray[Any], int], tuple[NDArray[Any], Flags]]) -> Rule:
    """A date and a constant number of days or months."""

    def answer(_: Place, operands: Sequence[Vector]) -> Vector:
        date, count = operands
        values, inside = rule(date.values, int(count.values[0]))
        missing = any_of([date.missing, count.missing])
        return Vector(values, missing if inside.all() else any_of([missing, ~inside]))

    return answer


def _least(*values: NDArray[Any]) -> NDArray[Any]:
    return reduce(np.minimum, values)


def _greatest(*values: NDArray[Any]) -> NDArray[Any]:
    return reduce(np.maximum, values)


RULES: Mapping[str, Rule] = total(
    "kernel",
    {
        "add": partial(operator.add),
        "sub": partial(operator.sub),
        "mul": partial(operator.mul),
        "div": partial(operator.truediv),
        "idiv": strict(operator.floordiv),
        "mod": strict(operator.mod),
        "neg": strict(operator.neg),
        "eq": _alike(operator.eq),
        "ne": _alike(operator.ne),
        "lt": strict(operator.lt),
        "le": strict(operator.le),
        "gt": strict(operator.gt),
        "ge": strict(operator.ge),
        "and": kleene_and,
        "or": kleene_or,
        "not": strict(operator.invert),
        "in": _among,
        "is_missing": lambda _, operands: Vector(~known(operands[0])),
        "is_known": lambda _, operands: Vector(known(operands[0])),
        "if_missing": fallback,
        "least": strict(_least),
        "greatest": strict(_greatest),
        "contains": tests(lambda text, part: part in text),
        "starts_with": tests(str.startswith),
        "ends_with": tests(str.endswith),
        "matches": tests(_matches),
        "has_any": _has(lambda held, listed: (held & listed[0]) != 0),
        "has_all": _has(lambda held, listed: ((held & listed[0]) == listed[0]) & (not listed[1])),
        "has_none": _has(lambda held, listed: (held & listed[0]) == 0),
        "collect": _collect,
        "held_out": _held_out,
        "to_number": strict(lambda whole: whole.astype(np.float64)),
        "to_minor": _to_minor,
        "to_date": strict_in_place(lambda place, instant: dates.day_of(instant, place.zone)),
        "days_between": strict(lambda first, second: second - first),
        "months_between": strict(dates.months_between),
        "days_to_anniversary": strict(dates.days_to_anniversary),
        "add_days": _dated(dates.days_later),
        "add_months": _dated(dates.months_later),
        "position": strict(lambda place: place),
    },
    OPERATORS,
)
