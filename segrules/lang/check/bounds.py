"""Interval arithmetic on types: what a result can be, and whether it can leave 64 bits."""

from __future__ import annotations

import math
from typing import Literal

from segrules.lang.types import BOUND, Money, Number, Share, Type, Whole

INT64 = 2**63 - 1

Sign = Literal["add", "sub", "mul"]


def limits(kind: Type) -> tuple[float, float]:
    """The least and the greatest value of a numeric type, infinite where not known."""
    match kind:
        case Whole(low=low, high=high) | Money(low=low, high=high):
            return low, high
        case Number(low=low, high=high):
            return -math.inf if low is None else low, math.inf if high is None else high
        case Share(bounded=True):
            return 0.0, 1.0
        case _:
            return -math.inf, math.inf


def combine(
    sign: Sign, left: tuple[float, float], right: tuple[float, float]
) -> tuple[float, float]:
    """The limits of the sum, difference or product; exact on whole numbers."""
    (a, b), (c, d) = left, right
    if sign == "add":
        return a + c, b + d
    if sign == "sub":
        return a - d, b - c
    corners = [0 if 0 in (x, y) else x * y for x in (a, b) for y in (c, d)]
    return min(corners), max(corners)


def fits(limit: tuple[float, float]) -> bool:
    """Whether whole numbers within the limits stay in 64 bits."""
    return limit[0] >= -INT64 and limit[1] <= INT64


def finite(limit: tuple[float, float]) -> bool:
    """Whether doubles within the limits cannot overflow (a wide margin is left for rounding)."""
    return limit[0] > -1e300 and limit[1] < 1e300


def number(limit: tuple[float, float]) -> Number:
    """The number type of these limits."""
    low, high = (float(edge) for edge in limit)
    return Number(low if finite((low, low)) else None, high if finite((high, high)) else None)


def whole(limit: tuple[float, float]) -> Whole:
    return Whole(int(limit[0]), int(limit[1]))


SUM = (-BOUND, BOUND)
"""A total over related rows: beyond it is missing (see the aggregate table)."""
