"""Arithmetic of doubles for an engine that raises where a result is infinite or rounds to zero.

What would raise is told before, by the same operation on operands scaled by powers of two, which
is exact. INVARIANT: a later case is reached only where the earlier ones are false, also when the
engine computes with constants beforehand.
"""

from __future__ import annotations

import math

from segrules.backends.sql import words as w
from segrules.backends.sql.dialect import LARGEST
from segrules.backends.sql.operators import product_reach, quotient_reach, sum_reach
from segrules.backends.sql.rules import Build, Place, Rule, wrapped
from segrules.backends.sql.words import Sql
from segrules.lang.types import form

_LARGE = 1e307
"""Two numbers up to here have a finite sum."""


def _add(place: Place, operands: list[Sql]) -> Sql:
    return _sum_of(place, operands, w.add)


def _sub(place: Place, operands: list[Sql]) -> Sql:
    return _sum_of(place, operands, w.sub)


def _sum_of(place: Place, operands: list[Sql], write: object) -> Sql:
    assert callable(write)  # noqa: S101 -- for the types only
    a, b = operands
    result: Sql = write(a, b)
    if _whole(place) or math.isfinite(sum_reach(*place.node.args)):
        return result
    number = place.dialect.words.double
    half_a, half_b = (w.mul(w.again(each), number(0.5)) for each in operands)
    halves: Sql = write(half_a, half_b)
    alone = w.again(b) if write is w.add else w.sub(w.whole(0), w.again(b))
    return w.case(
        [
            (w.every([_up_to(place, a, _LARGE), _up_to(place, b, _LARGE)]), result),
            # what is added to a large number is nothing to it; a half of it might be zero
            (_below(place, a, 1.0), alone),
            (_below(place, b, 1.0), w.again(a)),
            (w.le(w.func("ABS", halves), number(LARGEST / 2)), w.again(result)),
        ]
    )


def _mul(place: Place, operands: list[Sql]) -> Sql:
    a, b = operands
    result = w.mul(a, b)
    if _whole(place):
        return result
    number = place.dialect.words.double
    zero = place.dialect.words.double(0.0)

    def scaled(power: int) -> Sql:
        factor = number(2.0**power)
        return w.func("ABS", w.mul(w.mul(w.again(a), factor), w.mul(w.again(b), w.again(factor))))

    tiny = w.every([_below(place, a, 2.0**-540), _below(place, b, 2.0**-540)])
    both_small = w.every([_below(place, a, 1.0), _below(place, b, 1.0)])
    both_large = w.every([_above(place, a, 1.0), _above(place, b, 1.0)])
    cases = [
        (w.any_of([_is_zero(place, a), _is_zero(place, b), tiny]), zero),
        (
            both_small,
            w.when(w.le(scaled(512), number(2.0**-51)), w.again(zero), w.again(result)),
        ),
    ]
    if not math.isfinite(product_reach(*place.node.args)):
        fits = w.le(scaled(-512), number(1 - 2.0**-53))
        cases.append((both_large, w.when(fits, w.again(result))))
    return _known(operands, w.case(cases, result))


def _div(place: Place, operands: list[Sql]) -> Sql:
    a, b = operands
    words = place.dialect.words
    number, result = words.double, words.divided(a, b)
    zero = number(0.0)

    def scaled(above: float, below: float) -> Sql:
        top = w.mul(w.again(a), number(above))
        bottom = w.again(b) if below == 1.0 else w.mul(w.again(b), number(below))
        return w.func("ABS", words.divided(top, bottom))

    rounds_to_zero = w.le(scaled(2.0**1000, 1.0), number(2.0**-75))
    by_large = w.case(
        [
            (_above(place, a, 2.0**-50), result),
            (w.every([_below(place, a, 2.0**-80), _over(place, b, 2.0**1000)]), w.again(zero)),
            (rounds_to_zero, w.again(zero)),
        ],
        w.again(result),
    )
    if math.isfinite(quotient_reach(*place.node.args)):
        by_small: Sql = w.again(result)
    else:
        most = math.ldexp(LARGEST, -600), math.ldexp(LARGEST, -1100)
        fits = w.le(scaled(2.0**-600, 1.0), number(most[0]))
        fits_tiny = w.le(scaled(2.0**-600, 2.0**500), number(most[1]))
        by_small = w.case(
            [
                (_below(place, a, 2.0**-60), w.again(result)),
                (_below(place, b, 2.0**-500), w.when(fits_tiny, w.again(result))),
            ],
            w.when(fits, w.again(result)),
        )
    return w.case(
        [
            (_is_zero(place, b), place.dialect.null("float")),
            (_is_zero(place, a), w.when(w.is_known(w.again(b)), zero)),
            (_above(place, b, 1.0), by_large),
            (_below(place, b, 1.0), by_small),
        ]
    )


def _known(operands: list[Sql], value: Sql) -> Sql:
    return w.when(w.every([w.is_known(w.again(each)) for each in operands]), value)


def _whole(place: Place) -> bool:
    return form(place.node.type) == "int"


def _is_zero(place: Place, value: Sql) -> Sql:
    return w.eq(w.again(value), place.dialect.words.double(0.0))


def _up_to(place: Place, value: Sql, edge: float) -> Sql:
    return w.le(w.func("ABS", w.again(value)), place.dialect.words.double(edge))


def _below(place: Place, value: Sql, edge: float) -> Sql:
    return w.lt(w.func("ABS", w.again(value)), place.dialect.words.double(edge))


def _above(place: Place, value: Sql, edge: float) -> Sql:
    return w.ge(w.func("ABS", w.again(value)), place.dialect.words.double(edge))


def _over(place: Place, value: Sql, edge: float) -> Sql:
    return w.gt(w.func("ABS", w.again(value)), place.dialect.words.double(edge))


def _rule(build: Build) -> Rule:
    return wrapped(build, repeats=True)


RAISING = {"add": _rule(_add), "sub": _rule(_sub), "mul": _rule(_mul), "div": _rule(_div)}
"""The rules of an engine whose doubles raise."""
