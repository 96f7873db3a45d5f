"""Customers who were split: their records stood in different segments before they were joined."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Pair:
    """How many customers had records in both of two segments, and their part of the merged."""

    first: str
    second: str
    customers: int
    share: float


@dataclass(frozen=True, slots=True)
class Split:
    """`split` of the `merged` customers had records in more than one segment.

    `merged` are the customers made of more than one record. `pairs` are in falling order of
    their customers; a customer in three segments is in three pairs.
    """

    merged: int
    split: int
    pairs: tuple[Pair, ...]

    @property
    def share(self) -> float | None:
        """The part of the merged customers who were split; `None` without any merged."""
        return self.split / self.merged if self.merged else None


def split_customers(mapping: pl.DataFrame, segments: pl.DataFrame | pl.LazyFrame) -> Split:
    """Compares the segments of the records of each customer.

    `mapping` is that of a consolidation. `segments` has a row a record: `key` and `segment`, an
    enum or text. Records without a segment, and those that are not there, take no part.
    """
    sizes = mapping.group_by("into").len()
    merged = sizes.filter(pl.col("len") > 1).select("into")
    placed = (
        mapping.lazy()
        .join(merged.lazy(), on="into", how="semi")
        .join(segments.lazy().select("key", "segment").drop_nulls("segment"), on="key")
        .select("into", "segment")
        .unique()
        .collect(engine="streaming")
    )
    both = placed.join(placed, on="into", suffix=":second").filter(
        pl.col("segment") < pl.col("segment:second")
    )
    pairs = both.group_by("segment", "segment:second").len()
    ordered = pairs.sort(["len", "segment", "segment:second"], descending=[True, False, False])
    return Split(
        merged=merged.height,
        split=both["into"].n_unique(),
        pairs=tuple(
            Pair(first, second, customers, customers / merged.height)
            for first, second, customers in ordered.iter_rows()
        ),
    )
