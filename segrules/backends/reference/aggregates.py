"""What each aggregate means, over the dated values of the rows that take part.

Values are known; `kind` is their type. The sum and the mean of doubles are rounded once, from the
exact total. An engine that adds one by one may differ from it in the last digits; nothing else
may differ. Equal values are one value, so -0.0 counts as 0.0.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from segrules.lang.ir import Value
from segrules.lang.operators import AGGREGATES, total
from segrules.lang.types import BOUND, Enum, Type, form

Dated = Sequence[tuple[dt.date | None, Value]]
"""Each value with the date or instant of its row (None in a table without dates)."""

Rule = Callable[[Dated, Type], Value]


def _count(rows: Dated, _: Type) -> Value:
    return len(rows)


def _count_distinct(rows: Dated, _: Type) -> Value:
    return len({value for _, value in rows})


def _count_same(rows: Dated, _: Type) -> Value:
    return max(Counter(_values(rows)).values(), default=0)


def _sum(rows: Dated, kind: Type) -> Value:
    exact = _total(_values(rows), kind)
    return exact if abs(exact) <= BOUND else None


def _mean(rows: Dated, kind: Type) -> Value:
    if not rows:
        return None
    return _finite(float(_total(_values(rows), kind)) / len(rows))


def _median(rows: Dated, _: Type) -> Value:
    if not rows:
        return None
    ordered = sorted(_values(rows))
    below, above = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return float(below) if below == above else _finite((below + above) / 2)


def _least(rows: Dated, _: Type) -> Value:
    return min(_values(rows), default=None)


def _greatest(rows: Dated, _: Type) -> Value:
    return max(_values(rows), default=None)


def _first(rows: Dated, kind: Type) -> Value:
    """Of several on the earliest date the smallest."""
    return min(rows, key=_by_date(kind), default=(None, None))[1]


def _last(rows: Dated, kind: Type) -> Value:
    """Of several on the latest date the largest."""
    return max(rows, key=_by_date(kind), default=(None, None))[1]


def _most_common(rows: Dated, kind: Type) -> Value:
    """Of several equally common the smallest."""
    often = Counter(_values(rows))
    return min(often, key=lambda value: (-often[value], _order(value, kind)), default=None)


def _values(rows: Dated) -> list[Any]:
    return [value for _, value in rows]


def _total(values: Sequence[Any], kind: Type) -> float:
    try:
        return int(sum(values)) if form(kind) == "int" else math.fsum(values)
    except OverflowError:
        return math.inf


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _by_date(kind: Type) -> Callable[[tuple[dt.date | None, Value]], tuple[Any, Any]]:
    return lambda row: (row[0], _order(row[1], kind))


def _order(value: Any, kind: Type) -> Any:
    """What a value is ordered by: declared values in their order, text by code points."""
    return kind.values.index(value) if isinstance(kind, Enum) else value


RULES: Mapping[str, Rule] = total(
    "reference aggregates",
    {
        "count": _count,
        "count_distinct": _count_distinct,
        "count_same": _count_same,
        "sum": _sum,
        "mean": _mean,
        "median": _median,
        "least": _least,
        "greatest": _greatest,
        "first": _first,
        "last": _last,
        "most_common": _most_common,
    },
    AGGREGATES,
)
