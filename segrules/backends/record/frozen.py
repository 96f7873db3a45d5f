"""Types, ranks and figures as a program writes them."""

from __future__ import annotations

from typing import Any

from segrules.lang.ir import (
    Calibrated,
    Calibration,
    Cut,
    Figure,
    Frozen,
    Places,
    Rank,
    Statistic,
)
from segrules.lang.operators import AGGREGATES
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Link,
    Money,
    Number,
    Period,
    Set,
    Share,
    Text,
    Type,
    Unclear,
    Whole,
    decimals,
    form,
)
from segrules.runtime.values import written


def type_of(kind: Type) -> list[Any]:
    """A type as a program writes it."""
    match kind:
        case Text():
            return ["text"]
        case Link(table=table):
            return ["link", table]
        case Whole(low=low, high=high):
            return ["whole", low, high]
        case Money(currency=currency, exact=False):
            return ["amount", currency, decimals(currency)]
        case Money(currency=currency, low=low, high=high):
            return ["money", currency, low, high, decimals(currency)]
        case Number(low=low, high=high):
            return ["number", low, high]
        case Share(bounded=bounded):
            return ["share"] if bounded else ["number", None, None]
        case Flag():
            return ["flag"]
        case Date():
            return ["date"]
        case Instant():
            return ["instant"]
        case Enum(values=values):
            return ["enum", list(values)]
        case Set(values=values):
            return ["set", list(values)]
        case Period() | Unclear():
            raise TypeError("a value never has this type")


def ranked(node: Calibrated, calibration: Calibration) -> dict[str, Any]:
    """A rank or a figure with all that is frozen of it.

    Raises:
        KeyError: nothing is.
    """
    everywhere = dict(calibration.everywhere).get(node.name)
    groups = [] if everywhere else list(dict(calibration.frozen)[node.name])
    kind = "figure" if isinstance(node, Statistic) else \
        "place" if isinstance(node, Rank) else "cut"  # fmt: skip
    return {
        "name": node.name,
        "kind": kind,
        "top": getattr(node, "top", True),
        "none": _of_nobody(node),
        "everywhere": _plain(everywhere) if everywhere else None,
        "groups": [[list(map(written, group)), _plain(frozen)] for group, frozen in groups],
    }


def _of_nobody(node: Calibrated) -> float | None:
    """The figure of a population without rows."""
    if not isinstance(node, Statistic) or node.how not in AGGREGATES:
        return None
    empty = AGGREGATES[node.how].empty
    return 0.0 if empty == 0 and node.value and form(node.value.type) == "float" and \
        node.how == "sum" else empty  # fmt: skip


def _plain(frozen: Frozen) -> dict[str, Any]:
    match frozen:
        case Cut(value=value, key=key):
            return {"value": written(value), "key": key}
        case Figure(value=value):
            return {"value": written(value)}
        case Places(population=population, amounts=amounts, places=places):
            return {
                "population": population,
                "amounts": list(map(written, amounts)),
                "places": list(places),
            }
