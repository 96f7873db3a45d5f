"""Which value of each column a customer keeps, out of those its records have."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import polars as pl

from segrules.lang.ir import Identity, Survivor
from segrules.lang.types import BOUND

CUSTOMER, RECORD = ":customer", ":record"
"""The columns that number customers and records in the order of their keys."""


@dataclass(frozen=True, slots=True)
class Survivors:
    """`rows`: one a customer, in order of `CUSTOMER`. `beyond`: totals out of bounds, by column.

    A column without such a total is left out; the totals themselves are missing.
    """

    rows: pl.DataFrame
    beyond: dict[str, int]


def survivors(records: pl.DataFrame, identity: Identity, key: str) -> Survivors:
    """One row a customer, with the columns of `records` but the numbers.

    `records` holds all records of the customers in question, in canonical form, with `CUSTOMER`
    and `RECORD`. The key is that of the first record; every other column follows its rule, or
    `identity.rest`.
    """
    columns = [name for name in records.columns if name not in {CUSTOMER, RECORD}]
    rules = {each.column: each for each in identity.survivors}
    # a sort for each order, not for each column
    together: defaultdict[_Order, dict[str, pl.Expr]] = defaultdict(dict)
    together[_BY_KEY][key] = pl.col(key).first()
    for name in columns:
        if name != key:
            rule = rules.get(name, identity.rest)
            together[_order(rule, identity.source)][name] = _kept(rule, name, records.schema[name])
    parts = [_part(records, order, kept) for order, kept in together.items()]
    rows = pl.concat(parts, how="horizontal").select(columns)
    totals = [name for name in columns if name != key and _adds(rules.get(name, identity.rest))]
    beyond = rows.select((~_inside(name)).sum() for name in totals).to_dicts()
    bounded = rows.with_columns(_bounded(name, records.schema[name]) for name in totals)
    counts = {name: count for row in beyond for name, count in row.items() if count}
    return Survivors(bounded, counts)


def _adds(rule: Survivor) -> bool:
    return rule.how == "total"


# ---- the order in which a customer's records are asked


@dataclass(frozen=True, slots=True)
class _Order:
    """By the column's values, the greatest first when `descending`, then by key.

    With `first`, rows go by the place of their value there; all others come after these.
    """

    column: str | None = None
    descending: bool = False
    first: tuple[str, ...] = ()

    def expr(self) -> pl.Expr:
        if self.column is None:
            return pl.col(RECORD)
        if not self.first:
            return pl.col(self.column)
        places = {name: at for at, name in enumerate(self.first)}
        named = pl.col(self.column).cast(pl.String)
        return named.replace_strict(places, default=len(places), return_dtype=pl.Int64)


_BY_KEY = _Order()


def _order(rule: Survivor, source: str | None) -> _Order:
    match rule.how:
        case "source":
            return _Order(source, first=rule.sources)
        case "newest":
            return _Order(rule.by, descending=True)
        case "oldest":
            return _Order(rule.by)
        case _:
            return _BY_KEY


def _part(records: pl.DataFrame, order: _Order, kept: dict[str, pl.Expr]) -> pl.DataFrame:
    ordered = (
        records.lazy()
        .select(CUSTOMER, RECORD, *kept, order.expr().alias(":order"))
        .sort(
            [CUSTOMER, ":order", RECORD],
            descending=[False, order.descending, False],
            nulls_last=True,
        )
    )
    made = [expr.alias(name) for name, expr in kept.items()]
    return ordered.group_by(CUSTOMER, maintain_order=True).agg(made).drop(CUSTOMER).collect()


# ---- the value that is kept


def _kept(rule: Survivor, name: str, dtype: pl.DataType) -> pl.Expr:
    """The value out of a group whose rows stand in the rule's order."""
    value = pl.col(name)
    match rule.how:
        case "source" | "newest" | "oldest":
            return value.drop_nulls().first()
        case "largest":
            return value.max()
        case "smallest":
            return value.min()
        case "any":
            # true where one is true, else missing where one is missing
            return value.any(ignore_nulls=False)
        case "total":
            wide = value.cast(pl.Int128 if dtype.is_integer() else pl.Float64)
            return pl.when(value.count() > 0).then(wide.sum())


def _inside(name: str) -> pl.Expr:
    # infinity is not within the bound either
    return pl.col(name).abs() <= BOUND


def _bounded(name: str, dtype: pl.DataType) -> pl.Expr:
    return pl.when(_inside(name)).then(pl.col(name)).cast(dtype).alias(name)
