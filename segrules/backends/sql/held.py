"""What a database column holds, as far as reading it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from segrules.backends.sql.dialect import Dialect
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Link,
    Money,
    Number,
    Set,
    Share,
    Text,
    Type,
    Whole,
    decimals,
)

Kind = Literal[
    "text", "whole", "decimal", "double", "flag", "date", "instant", "local", "texts"
]  # fmt: skip
"""instant: a moment; local: what clocks show. texts: an array."""

_T = exp.DType
_KINDS: dict[exp.DType, Kind] = {
    **dict.fromkeys((_T.TEXT, _T.VARCHAR, _T.CHAR, _T.NCHAR, _T.NVARCHAR, _T.BPCHAR, _T.NAME,
                     _T.ENUM), "text"),
    **dict.fromkeys(exp.DataType.INTEGER_TYPES, "whole"),
    **dict.fromkeys((_T.DECIMAL, _T.BIGDECIMAL), "decimal"),
    **dict.fromkeys((_T.FLOAT, _T.DOUBLE), "double"),
    _T.BOOLEAN: "flag",
    **dict.fromkeys((_T.DATE, _T.DATE32), "date"),
    **dict.fromkeys((_T.TIMESTAMPTZ, _T.TIMESTAMPLTZ), "instant"),
    **dict.fromkeys((_T.TIMESTAMP, _T.TIMESTAMPNTZ, _T.DATETIME, _T.TIMESTAMP_S, _T.TIMESTAMP_MS,
                     _T.TIMESTAMP_NS), "local"),
}  # fmt: skip

WIDEST = 18
"""Decimal places of amounts: more leave no room for the digits before them."""


@dataclass(frozen=True, slots=True)
class Held:
    """`places` are those of a decimal; None where any number of them may stand."""

    kind: Kind
    places: int | None = None


def held(kind: exp.DataType) -> Held | None:
    """What a column of a database type holds; None for what no declared type is read from."""
    if kind.this in (_T.ARRAY, _T.LIST):
        inner = kind.expressions[0] if kind.expressions else None
        found = held(inner) if isinstance(inner, exp.DataType) else None
        return Held("texts") if found is not None and found.kind == "text" else None
    name = _KINDS.get(kind.this)
    if name != "decimal":
        return None if name is None else Held(name)
    sizes = [int(part.name) for part in kind.expressions]
    if not sizes:
        return Held("decimal")
    return Held("decimal", sizes[1] if len(sizes) > 1 else 0)


def expected(kind: Type) -> tuple[Kind, ...]:
    """What a column of a declared type may hold in a database, the best first."""
    match kind:
        case Text() | Link() | Enum():
            return ("text",)
        case Whole():
            return ("whole", "decimal", "double")
        case Number() | Share():
            return ("double", "decimal", "whole")
        case Money():
            return ("decimal", "whole", "double")
        case Flag():
            return ("flag",)
        case Date():
            return ("date",)
        case Instant():
            return ("instant", "local")
        case Set():
            return ("texts", "text")
    raise TypeError("a column is never of that type")


def fits(kind: Type, found: Held | None) -> bool:
    """Whether a declared type is read from what a column holds."""
    if found is None or found.kind not in expected(kind):
        return False
    exact = isinstance(kind, Money | Whole) and found.kind == "decimal"
    return not exact or (found.places or 0) <= WIDEST


def expected_type(kind: Type, dialect: Dialect) -> str:
    """The type that a table for these rules is best made with."""
    if isinstance(kind, Money):
        places = decimals(kind.currency)
        return f"{'NUMERIC' if dialect.name == 'bigquery' else 'DECIMAL'}(18, {places})"
    if isinstance(kind, Instant):
        names = {"duckdb": "TIMESTAMPTZ", "postgres": "TIMESTAMPTZ", "snowflake": "TIMESTAMP_TZ"}
        return names.get(dialect.name, "TIMESTAMP")
    names_of_kinds = {
        "text": "text", "whole": "int", "double": "float", "flag": "bool", "date": "date",
        "texts": "set",
    }  # fmt: skip
    # the values are forms
    return dialect.types[names_of_kinds[expected(kind)[0]]]  # type: ignore[index]
