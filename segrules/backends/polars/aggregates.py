"""Each aggregate in two steps: what is gathered for each key, and the answer after the join.

The middle value and the commonest one have no streaming form in Polars 2.1; they are gathered
apart (`streams`), so that the others stream beside them. `gather` sees plain columns: the value,
null where a row takes no part, and the row's date, null there too. `finish` sees null for a key
without rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segrules.backends.polars.operators import quotient
from segrules.lang.operators import AGGREGATES, total
from segrules.lang.types import BOUND

WRAPS = 4e18
"""Below this total, estimated in doubles, a sum of 64-bit integers cannot have wrapped."""

Gather = Callable[[pl.Expr, pl.Expr], Sequence[pl.Expr]]
Finish = Callable[[Sequence[pl.Expr]], pl.Expr]


@dataclass(frozen=True, slots=True)
class Rule:
    """`whole` rules add integers, which Polars wraps silently; they are used for the form int."""

    gather: Gather
    finish: Finish
    whole: Rule | None = None
    reads_date: bool = False
    streams: bool = True


def once(gather: Callable[[pl.Expr], pl.Expr]) -> Rule:
    """One gathered column is the answer; missing without rows."""
    return Rule(lambda value, _: [gather(value)], lambda parts: parts[0])


def counted(gather: Callable[[pl.Expr], pl.Expr]) -> Rule:
    """As `once`, but a key without rows counts 0."""
    return Rule(
        lambda value, _: [gather(value).cast(pl.Int64)], lambda parts: parts[0].fill_null(0)
    )


def by_date(*, latest: bool) -> Rule:
    """The value of the earliest (latest) date, of several the smallest (largest)."""

    def gather(value: pl.Expr, date: pl.Expr) -> Sequence[pl.Expr]:
        return [value.sort_by([date, value], descending=latest, nulls_last=True).first()]

    return Rule(gather, lambda parts: parts[0], reads_date=True)


def _distinct(value: pl.Expr) -> pl.Expr:
    return value.drop_nulls().n_unique()


def _total(parts: Sequence[pl.Expr]) -> pl.Expr:
    (amount,) = parts
    # infinity and NaN are not within the bound either
    return pl.when(amount.fill_null(0).abs() <= BOUND).then(amount.fill_null(0))


def _whole_total(parts: Sequence[pl.Expr]) -> pl.Expr:
    amount, estimate = (part.fill_null(0) for part in parts)
    inside = (estimate.abs() < WRAPS) & amount.is_between(-BOUND, BOUND)
    return pl.when(inside).then(amount)


def _average(parts: Sequence[pl.Expr]) -> pl.Expr:
    # the engines' own mean differs between them
    amount, count = parts
    average = quotient(amount.cast(pl.Float64), count.cast(pl.Float64))
    return pl.when(average.is_finite()).then(average)


def _whole_average(parts: Sequence[pl.Expr]) -> pl.Expr:
    amount, estimate, count = parts
    exact = pl.when(estimate.abs() < WRAPS).then(amount.cast(pl.Float64)).otherwise(estimate)
    return _average([exact, count])


def _middle(parts: Sequence[pl.Expr]) -> pl.Expr:
    below, above = parts
    middle = pl.when(below == above).then(below).otherwise((below + above) / 2)
    return pl.when(middle.is_finite()).then(middle)


def _in_doubles(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Float64)


def _middle_two(value: pl.Expr, _: pl.Expr) -> Sequence[pl.Expr]:
    amount = _in_doubles(value)
    return [amount.quantile(0.5, "lower"), amount.quantile(0.5, "higher")]


def _commonest(value: pl.Expr, _: pl.Expr) -> Sequence[pl.Expr]:
    return [value.drop_nulls().mode().min()]


RULES: Mapping[str, Rule] = total(
    "polars aggregates",
    {
        "count": counted(pl.Expr.count),
        "count_distinct": counted(_distinct),
        "sum": Rule(
            lambda value, _: [value.sum()],
            _total,
            whole=Rule(
                lambda value, _: [value.sum(), _in_doubles(value).sum()],
                _whole_total,
            ),
        ),
        "mean": Rule(
            lambda value, _: [value.sum(), value.count()],
            _average,
            whole=Rule(
                lambda value, _: [value.sum(), _in_doubles(value).sum(), value.count()],
                _whole_average,
            ),
        ),
        "median": Rule(_middle_two, _middle, streams=False),
        "least": once(pl.Expr.min),
        "greatest": once(pl.Expr.max),
        "first": by_date(latest=False),
        "last": by_date(latest=True),
        "most_common": Rule(_commonest, lambda parts: parts[0], streams=False),
    },
    AGGREGATES,
)
