"""Records that share a key become one customer: the mapping, the customers, and what was found.

Records are joined by equal values of a key column, over any number of hops. A missing or blank
value joins nothing, nor does one that more records share than are trusted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segrules.lang.ir import Identity
from segrules.segments.identity.components import Nodes, components
from segrules.segments.identity.survivors import CUSTOMER, RECORD, survivors
from segrules.segments.read import reading
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.problems import data
from segrules.text.problems import identity as problems
from segrules.text.problems.values import QUOTED

_ABSORBED = ":absorbed"
_MERGED = ":merged"


@dataclass(frozen=True, slots=True)
class Untrusted:
    """A key column with values that too many records share.

    `values` says how many such values there are, `records` how many records have one, `most` how
    many share a single one. `examples` are the commonest values, none of a sensitive column.
    """

    column: str
    values: int
    records: int
    most: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """`merged` customers were made of more than one record, out of `merged_records` records.

    `largest` is the number of records of the customer who has most.
    """

    records: int
    customers: int
    merged: int
    merged_records: int
    largest: int

    @property
    def single(self) -> int:
        """Customers with one record."""
        return self.customers - self.merged


@dataclass(frozen=True, slots=True)
class Consolidation:
    """The records of a table as customers.

    `mapping` has a row a record, by key: `key`, and in `into` the key of its customer, the least
    of the customer's records. `merged` has a row a customer, with the columns of the records, at
    the place where the surviving record stood. `empty` names the key columns without any value,
    `beyond` counts the totals out of bounds, by column; these are missing.
    """

    table: str
    trust: int
    mapping: pl.DataFrame
    merged: pl.LazyFrame
    counts: Counts
    untrusted: tuple[Untrusted, ...]
    empty: tuple[str, ...]
    beyond: dict[str, int]


def consolidate(
    identity: Identity, frame: pl.LazyFrame, key: str, *, sensitive: Collection[str] = ()
) -> Consolidation:
    """Joins the records of a canonical frame whose column `key` names them.

    The frame is read twice: for its keys, then for the records of customers who have more than
    one; both are held in memory, the rest is not. `merged` reads it once more, streaming.
    `sensitive` names the columns whose values are never shown.

    Raises:
        RulesError: a key is missing or stands twice, or the data cannot be read.
    """
    with reading(identity.table):
        records = _numbered(frame, key, identity.keys)
        _check_keys(records[key], identity.table, hidden=key in sensitive)
        columns = [
            _column(records, at, identity, hidden=name in sensitive)
            for at, name in enumerate(identity.keys)
        ]
        customer = _customers(records.height, columns)
        sizes = np.bincount(customer, minlength=records.height)
        keys = records.select(key, RECORD, pl.Series(CUSTOMER, customer))
        merged, beyond = _merged(frame, keys.filter(sizes[customer] > 1), identity, key)
    return Consolidation(
        table=identity.table,
        trust=identity.trust,
        mapping=keys.select(key=pl.col(key), into=pl.col(key).gather(pl.col(CUSTOMER))),
        merged=merged,
        counts=_counts(sizes),
        untrusted=tuple(each.untrusted for each in columns if each.untrusted.values),
        empty=tuple(each.untrusted.column for each in columns if each.empty),
        beyond=beyond,
    )


def follow(mapping: pl.DataFrame, frame: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """A frame whose column of keys names customers instead of records; rows keep their order.

    A key that is missing or not in the mapping stays.
    """
    moved = mapping.filter(pl.col("key") != pl.col("into"))
    if moved.is_empty():
        return frame
    to = moved.lazy().select(key="key", **{_MERGED: "into"})
    return (
        frame.join(to, left_on=column, right_on="key", how="left", maintain_order="left")
        .with_columns(pl.coalesce(_MERGED, column).alias(column))
        .drop(_MERGED)
    )


def findings(found: Consolidation, file: str | None) -> tuple[Diagnostic, ...]:
    """Warnings: keys not trusted, key columns without values, totals out of bounds."""
    return (
        *(
            problems.untrusted_keys(
                f"{found.table}.{each.column}",
                found.trust,
                (each.values, each.records),
                each.examples,
                file,
            )
            for each in found.untrusted
        ),
        *(problems.empty_identity_key(f"{found.table}.{name}", file) for name in found.empty),
        *(
            problems.total_beyond(f"{found.table}.{name}", count, file)
            for name, count in found.beyond.items()
        ),
    )


# ---- who belongs together


def _numbered(frame: pl.LazyFrame, key: str, columns: Sequence[str]) -> pl.DataFrame:
    """The keys in binary order, with their numbers, and the values that may join them."""
    schema = frame.collect_schema()
    values = [_usable(name, schema[name]).alias(_value(at)) for at, name in enumerate(columns)]
    read = frame.select(pl.col(key), *values).collect(engine="streaming")
    return read.sort(key).with_row_index(RECORD).with_columns(pl.col(RECORD).cast(pl.Int64))


def _value(at: int) -> str:
    return f":value:{at}"


def _usable(name: str, dtype: pl.DataType) -> pl.Expr:
    """A value, missing where it is blank."""
    value = pl.col(name)
    return pl.when(value.str.strip_chars() != "").then(value) if dtype == pl.String else value


def _check_keys(keys: pl.Series, table: str, *, hidden: bool) -> None:
    """Keys in order must be there and unique.

    Raises:
        RulesError: they are not.
    """
    if keys.null_count():
        problem = data.key_missing(table, keys.name, keys.null_count(), None)
        raise RulesError([problem], unable=True)
    if (keys.head(-1) == keys.tail(-1)).any():
        twice = keys.filter(keys.is_duplicated()).unique(maintain_order=True)
        examples = [] if hidden else twice.head(QUOTED).to_list()
        problem = data.key_twice(table, keys.name, twice.len(), examples, None)
        raise RulesError([problem], unable=True)


@dataclass(frozen=True, slots=True)
class _Column:
    """What a key column joins: each record of `left` with that of `right`."""

    left: Nodes
    right: Nodes
    untrusted: Untrusted
    empty: bool


def _column(records: pl.DataFrame, at: int, identity: Identity, *, hidden: bool) -> _Column:
    value = _value(at)
    known = records.lazy().select(RECORD, value).drop_nulls()
    # most values belong to one record: these are out of the way before anything is joined
    shared = (
        known.group_by(value)
        .agg(first=pl.col(RECORD).min(), count=pl.len())
        .filter(pl.col("count") > 1)
        .collect(engine="streaming")
    )
    trusted = shared.filter(pl.col("count") <= identity.trust).drop("count")
    pairs = known.join(trusted.lazy(), on=value).filter(pl.col(RECORD) != pl.col("first"))
    joined = pairs.select(RECORD, "first").collect(engine="streaming")
    beyond = shared.filter(pl.col("count") > identity.trust)
    return _Column(
        left=joined[RECORD].to_numpy(),
        right=joined["first"].to_numpy(),
        untrusted=_untrusted(identity.keys[at], beyond, value, hidden=hidden),
        empty=0 < records.height == records[value].null_count(),
    )


def _untrusted(column: str, beyond: pl.DataFrame, value: str, *, hidden: bool) -> Untrusted:
    # one more than is quoted tells that there are more
    commonest = beyond.sort(["count", value], descending=[True, False]).head(QUOTED + 1)
    counts = beyond["count"].to_list()
    return Untrusted(
        column=column,
        values=len(counts),
        records=sum(counts),
        most=max(counts, default=0),
        examples=() if hidden else tuple(commonest[value].cast(pl.String)),
    )


def _customers(records: int, columns: Sequence[_Column]) -> Nodes:
    """The first record of each record's customer."""
    left = np.concatenate([each.left for each in columns])
    right = np.concatenate([each.right for each in columns])
    return components(records, left, right)


def _counts(sizes: Nodes) -> Counts:
    """`sizes` holds the number of records at the first record of a customer, zero elsewhere."""
    merged = sizes[sizes > 1]
    return Counts(
        records=int(sizes.sum()),
        customers=int(np.count_nonzero(sizes)),
        merged=int(merged.size),
        merged_records=int(merged.sum()),
        largest=int(sizes.max(initial=0)),
    )


# ---- one row a customer


def _merged(
    frame: pl.LazyFrame, members: pl.DataFrame, identity: Identity, key: str
) -> tuple[pl.LazyFrame, dict[str, int]]:
    """The customers, and their totals out of bounds; `members` are the records to be joined.

    Whoever has one record passes as it is: every rule makes of a single value that value.
    """
    if members.is_empty():
        return frame, {}
    names = frame.collect_schema().names()
    rows = frame.join(members.lazy(), on=key).collect(engine="streaming")
    made = survivors(rows, identity, key)
    absorbed = members.filter(pl.col(RECORD) != pl.col(CUSTOMER)).select(key)
    changes = pl.concat(
        [
            made.rows.with_columns(pl.lit(value=False).alias(_ABSORBED)),
            absorbed.with_columns(pl.lit(value=True).alias(_ABSORBED)),
        ],
        how="diagonal",
    )
    single = pl.col(_ABSORBED).is_null()
    merged = (
        frame.join(changes.lazy(), on=key, how="left", suffix=_MERGED, maintain_order="left")
        .filter(pl.col(_ABSORBED).ne_missing(other=True))
        .select(
            name
            if name == key
            else pl.when(single).then(pl.col(name)).otherwise(pl.col(name + _MERGED)).alias(name)
            for name in names
        )
    )
    return merged, made.beyond
