"""How values of each type stand in a frame, and literals in that form."""

from __future__ import annotations

import polars as pl

from segrules.lang.ir import Value
from segrules.lang.types import Enum, Set, Type, form

INSTANT = pl.Datetime("us", "UTC")


def dtype(kind: Type) -> pl.DataType:
    """The canonical dtype of a type."""
    if isinstance(kind, Enum):
        return pl.Enum(kind.values)
    match form(kind):
        case "text" | "enum":
            return pl.String()
        case "int":
            return pl.Int64()
        case "float":
            return pl.Float64()
        case "bool":
            return pl.Boolean()
        case "date":
            return pl.Date()
        case "instant":
            return INSTANT
        case "set":
            return pl.List(pl.String())


def literal(value: Value, kind: Type) -> pl.Expr:
    """A value of a type; missing keeps the type. A set stands in the order it is declared in."""
    if isinstance(kind, Set) and isinstance(value, frozenset):
        return pl.lit([each for each in kind.values if each in value], dtype=dtype(kind))
    return pl.lit(value, dtype=dtype(kind))


def is_literal(expr: pl.Expr) -> bool:
    return expr.meta.is_literal()


def settled(expr: pl.Expr) -> Value:
    """The value of an expression that reads no column.

    Polars broadcasts a literal, but not what it makes of one: `when` and `coalesce` on a literal
    answer one row. So what is known is decided while lowering.
    """
    value: Value | pl.Series = pl.select(expr).item()
    return frozenset(value) if isinstance(value, pl.Series) else value


def converted(expr: pl.Expr, kind: Type, to: Type) -> pl.Expr:
    """An expression of one type in the form of another that declares its values differently."""
    if dtype(kind) == dtype(to):
        return expr
    if isinstance(kind, Enum) and isinstance(to, Enum):
        return expr.cast(pl.String).cast(dtype(to), strict=False)
    return expr.cast(dtype(to))


def codes(count: int) -> pl.DataType:
    """What Polars holds the codes of so many Enum values in."""
    if count <= _ONE_BYTE:
        return pl.UInt8()
    return pl.UInt16() if count <= _TWO_BYTES else pl.UInt32()


def from_physical(number: pl.Expr, kind: Type) -> pl.Expr:
    """A value of a type from the whole number that Polars holds it as."""
    if isinstance(kind, Enum):
        return number.cast(codes(len(kind.values))).cat.to(dtype(kind))
    if isinstance(dtype(kind), pl.Date):
        number = number.cast(pl.Int32)
    return number.cast(dtype(kind))


_ONE_BYTE = 2**8 - 1
_TWO_BYTES = 2**16 - 1
