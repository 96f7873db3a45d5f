"""The operator table and the aggregate table: the specification that every target is total over."""

from segrules.lang.operators.aggregates import AGGREGATES, AggregateRow
from segrules.lang.operators.table import OPERATORS, Missing, Operator, Signature, total

__all__ = [
    "AGGREGATES",
    "OPERATORS",
    "AggregateRow",
    "Missing",
    "Operator",
    "Signature",
    "total",
]
