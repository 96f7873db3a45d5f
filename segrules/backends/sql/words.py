"""What all SQL is built of: nodes of sqlglot whose text no dialect rewrites.

Functions are named as the dialect names them (`func`) and types are spelled by it (`cast`), so that
no transpiler decides what is meant. Operands stand in brackets unless they are one word.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlglot import exp

Sql = exp.Expr

_ATOMS = (
    exp.Column, exp.Literal, exp.Anonymous, exp.Paren, exp.Cast, exp.TryCast, exp.Case, exp.Null,
    exp.Boolean, exp.Subquery, exp.Array, exp.Extract, exp.Window, exp.Exists, exp.Identifier,
)  # fmt: skip

FLAT = 16
"""Operands in a row without brackets: longer rows become a tree, which nothing walks too deep."""

ROW, JOINED = "t", "j"
"""Aliases: the row that an expression stands on, and what is joined to it."""


def ident(name: str) -> exp.Identifier:
    return exp.Identifier(this=name, quoted=True)


def column(name: str, of: str = ROW) -> exp.Column:
    return exp.Column(this=ident(name), table=ident(of))


def text(value: str) -> Sql:
    return exp.Literal.string(value)


def whole(value: int) -> Sql:
    """Digits, without a type."""
    digits = exp.Literal.number(str(abs(value)))
    return exp.Neg(this=digits) if value < 0 else digits


def true() -> Sql:
    return exp.Boolean(this=True)


def false() -> Sql:
    return exp.Boolean(this=False)


def func(name: str, *args: Sql) -> Sql:
    return exp.Anonymous(this=name, expressions=list(args))


def typed(name: str) -> exp.DataType:
    """A type in the words of the dialect."""
    return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=name)


def cast(value: Sql, kind: str) -> Sql:
    return exp.Cast(this=value, to=typed(kind))


def date(day: dt.date) -> Sql:
    return cast(text(day.isoformat()), "DATE")


def atom(value: Sql) -> Sql:
    """The operand, in brackets unless it is one word."""
    return value if isinstance(value, _ATOMS) else exp.Paren(this=value)


def again(value: Sql) -> Sql:
    """Another of the same: a node stands in one place only."""
    return column(value.name, value.table) if isinstance(value, exp.Column) else value.copy()


# ---- operators


def binary(kind: type[exp.Binary], a: Sql, b: Sql) -> Sql:
    return kind(this=atom(a), expression=atom(b))


def add(a: Sql, b: Sql) -> Sql:
    return binary(exp.Add, a, b)


def sub(a: Sql, b: Sql) -> Sql:
    return binary(exp.Sub, a, b)


def mul(a: Sql, b: Sql) -> Sql:
    return binary(exp.Mul, a, b)


def mod(a: Sql, b: Sql) -> Sql:
    return binary(exp.Mod, a, b)


def eq(a: Sql, b: Sql) -> Sql:
    return binary(exp.EQ, a, b)


def ne(a: Sql, b: Sql) -> Sql:
    return binary(exp.NEQ, a, b)


def lt(a: Sql, b: Sql) -> Sql:
    return binary(exp.LT, a, b)


def le(a: Sql, b: Sql) -> Sql:
    return binary(exp.LTE, a, b)


def gt(a: Sql, b: Sql) -> Sql:
    return binary(exp.GT, a, b)


def ge(a: Sql, b: Sql) -> Sql:
    return binary(exp.GTE, a, b)


def between(value: Sql, low: Sql, high: Sql) -> Sql:
    return exp.Between(this=atom(value), low=atom(low), high=atom(high))


def among(value: Sql, listed: Iterable[Sql]) -> Sql:
    return exp.In(this=atom(value), expressions=list(listed))


def is_null(value: Sql) -> Sql:
    return exp.Is(this=atom(value), expression=exp.Null())


def is_known(value: Sql) -> Sql:
    return not_(is_null(value))


def not_(value: Sql) -> Sql:
    return exp.Not(this=value if isinstance(value, exp.Is) else atom(value))


def every(tests: Sequence[Sql]) -> Sql:
    """True where all are; true without any."""
    return _joined(exp.And, tests) if tests else true()


def any_of(tests: Sequence[Sql]) -> Sql:
    """True where one is; false without any."""
    return _joined(exp.Or, tests) if tests else false()


def summed(terms: Sequence[Sql]) -> Sql:
    """The sum of whole numbers; zero without any."""
    return _joined(exp.Add, terms) if terms else whole(0)


def _joined(kind: type[exp.Binary], parts: Sequence[Sql]) -> Sql:
    level = list(parts)
    while len(level) > FLAT:
        level = [_row(kind, level[at : at + FLAT]) for at in range(0, len(level), FLAT)]
    return _row(kind, level)


def _row(kind: type[exp.Binary], parts: Sequence[Sql]) -> Sql:
    first, *others = parts
    made = first if not others else atom(first)
    for other in others:
        made = kind(this=made, expression=atom(other))
    return made


def case(cases: Sequence[tuple[Sql, Sql]], otherwise: Sql | None = None) -> Sql:
    """The value of the first case whose test is true; NULL without `otherwise`."""
    if not cases:
        return exp.Null() if otherwise is None else otherwise
    ifs = [exp.If(this=test, true=value) for test, value in cases]
    return exp.Case(ifs=ifs, default=otherwise)


def when(test: Sql, value: Sql, otherwise: Sql | None = None) -> Sql:
    return case([(test, value)], otherwise)


def coalesce(*values: Sql) -> Sql:
    return func("COALESCE", *values)


# ---- queries


def aliased(value: Sql, name: str) -> Sql:
    return exp.Alias(this=value, alias=ident(name))


def table(name: str, alias: str = ROW) -> exp.Table:
    return exp.Table(this=ident(name), alias=exp.TableAlias(this=ident(alias)))


def select(*columns: Sql) -> exp.Select:
    return exp.Select(expressions=list(columns))


def query(
    columns: Sequence[Sql], source: Sql, tests: Sequence[Sql] = (), by: Sequence[Sql] = ()
) -> exp.Select:
    """`SELECT columns FROM source WHERE every test GROUP BY …`."""
    made = exp.Select(expressions=list(columns), from_=exp.From(this=source))
    if tests:
        made.set("where", exp.Where(this=every(tests)))
    if by:
        made.set("group", exp.Group(expressions=list(by)))
    return made


def window(call: Sql, by: Sequence[Sql], order: Sequence[tuple[Sql, bool]]) -> Sql:
    """`call OVER (PARTITION BY … ORDER BY …)`; a flag says descending; NULLs stand last."""
    ordered = [exp.Ordered(this=key, desc=down, nulls_first=False) for key, down in order]
    return exp.Window(
        this=call, partition_by=list(by), order=exp.Order(expressions=ordered), over="OVER"
    )
