"""One value of many: the aggregates over dated values.

Values are known and have the canonical form of their type. The sum and the mean of doubles are
rounded once, from the exact total.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from segrules.runtime.operations import BOUND

Pairs = Sequence[tuple[Any, Any]]
"""The date or instant of each row (None in a table without dates), and its value."""


def _sum(values: list[Any], kind: Sequence[Any]) -> Any:
    total = _total(values, kind)
    return total if -BOUND <= total <= BOUND else None


def _mean(values: list[Any], kind: Sequence[Any]) -> float | None:
    return _finite(float(_total(values, kind)) / len(values)) if values else None


def _median(values: list[Any], _: Sequence[Any]) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    below, above = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return float(below) if below == above else _finite((below + above) / 2)


def _total(values: list[Any], kind: Sequence[Any]) -> Any:
    if kind[0] in ("whole", "money"):
        return sum(values)
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _often(values: list[Any], kind: Sequence[Any]) -> Any:
    counts = Counter(values)
    most = max(counts.values(), default=0)
    held = [value for value, count in counts.items() if count == most]
    return min(held, key=_order(kind), default=None)


def _first(pairs: Pairs, kind: Sequence[Any]) -> Any:
    """Of several on the earliest date the smallest."""
    order = _order(kind)
    return min(pairs, key=lambda pair: (pair[0], order(pair[1])), default=(None, None))[1]


def _last(pairs: Pairs, kind: Sequence[Any]) -> Any:
    """Of several on the latest date the largest."""
    order = _order(kind)
    return max(pairs, key=lambda pair: (pair[0], order(pair[1])), default=(None, None))[1]


def _order(kind: Sequence[Any]) -> Callable[[Any], Any]:
    """What a value is ordered by: declared values in their order, text by code points."""
    return {value: at for at, value in enumerate(kind[1])}.__getitem__ if kind[0] == "enum" else \
        lambda value: value  # fmt: skip


def _on_values(rule: Callable[[list[Any], Sequence[Any]], Any]) -> Callable[..., Any]:
    return lambda pairs, kind: rule([value for _, value in pairs], kind)


REDUCTIONS: dict[str, Callable[[Pairs, Sequence[Any]], Any]] = {
    "count": lambda pairs, _: len(pairs),
    "count_distinct": _on_values(lambda values, _: len(set(values))),
    "count_same": _on_values(lambda values, _: max(Counter(values).values(), default=0)),
    "sum": _on_values(_sum),
    "mean": _on_values(_mean),
    "median": _on_values(_median),
    "least": _on_values(lambda values, _: min(values, default=None)),
    "greatest": _on_values(lambda values, _: max(values, default=None)),
    "first": _first,
    "last": _last,
    "most_common": _on_values(_often),
}
"""By name: the pairs and the type of the value, as a program writes it, give the answer."""
