"""One row an aggregate over related rows: what it gives, and what it gives when there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segrules.lang.types import Form


@dataclass(frozen=True, slots=True)
class AggregateRow:
    """`takes` are the forms of the value; `gives` is the result's form (None: that of the value).

    `empty` is the answer without rows (None: missing). Rows whose value is missing take no part.
    """

    name: str
    written: str
    takes: tuple[Form, ...]
    gives: Form | None
    empty: int | None
    says: str


_ANY: tuple[Form, ...] = ("text", "int", "float", "bool", "date", "instant", "enum")
_ORDERED: tuple[Form, ...] = ("int", "float", "date", "instant")

_ROWS = (
    AggregateRow("count", "count orders", (), "int", 0, "how many rows"),
    AggregateRow(
        "count_distinct",
        "count distinct item of orders",
        _ANY,
        "int",
        0,
        "how many different known values",
    ),
    AggregateRow(
        "count_same",
        "at least 3 orders with same item",
        _ANY,
        "int",
        0,
        "how many rows have the known value that stands most often",
    ),
    AggregateRow(
        "sum",
        "sum amount of orders",
        ("int", "float"),
        None,
        0,
        "the total; missing beyond 10^15 (minor units of money)",
    ),
    AggregateRow("mean", "mean amount of orders", ("int", "float"), "float", None, "the average"),
    AggregateRow(
        "median",
        "median amount of orders",
        ("int", "float"),
        "float",
        None,
        "the middle value; with an even number of rows the mean of the two in the middle",
    ),
    AggregateRow("least", "least amount of orders", _ORDERED, None, None, "the smallest value"),
    AggregateRow("greatest", "greatest amount of orders", _ORDERED, None, None, "the largest"),
    AggregateRow(
        "first",
        "first channel of orders",
        _ANY,
        None,
        None,
        "the known value with the earliest date; of several on that date the smallest",
    ),
    AggregateRow(
        "last",
        "last channel of orders",
        _ANY,
        None,
        None,
        "the known value with the latest date; of several on that date the largest",
    ),
    AggregateRow(
        "most_common",
        "most common channel of orders",
        ("text", "int", "enum"),
        None,
        None,
        "the value that stands most often; of several the smallest",
    ),
)

AGGREGATES: Mapping[str, AggregateRow] = {row.name: row for row in _ROWS}
