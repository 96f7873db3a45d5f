"""Each aggregate in two steps: what is gathered for each key, and the answer after the join.

The middle value has no streaming form in Polars 2.1; it is gathered apart (`streams`), so that the
others stream beside it. `gather` sees plain columns: the value, null where a row takes no part, and
the row's date, null there too. `count`, which has no value, sees whether a row takes part. Where
values are tallied first, `gather` sees each known value once and how often it stands. `finish` sees
null for a key without rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segrules.backends.polars.dtypes import from_physical
from segrules.backends.polars.operators import quotient
from segrules.lang.operators import AGGREGATES, total
from segrules.lang.types import BOUND, Form, Money, Type, Whole, form

Gather = Callable[[pl.Expr, pl.Expr], Sequence[pl.Expr]]
Finish = Callable[[Sequence[pl.Expr]], pl.Expr]


@dataclass(frozen=True, slots=True)
class Rule:
    gather: Gather
    finish: Finish
    reads_date: bool = False
    streams: bool = True
    tallied: bool = False


def once(gather: Callable[[pl.Expr], pl.Expr]) -> Rule:
    """One gathered column is the answer; missing without rows."""
    return Rule(lambda value, _: [gather(value)], lambda parts: parts[0])


def counted(gather: Callable[[pl.Expr], pl.Expr]) -> Rule:
    """As `once`, but a key without rows counts 0."""
    return Rule(
        lambda value, _: [gather(value).cast(pl.Int64)], lambda parts: parts[0].fill_null(0)
    )


def by_date(kind: Type, *, latest: bool) -> Rule:
    """The value of the earliest (latest) date, of several the smallest (largest)."""
    if form(kind) not in _AS_NUMBERS:
        return _by_sorting(latest=latest)

    def gather(value: pl.Expr, date: pl.Expr) -> Sequence[pl.Expr]:
        # the pair as one number, the value's part from 0 up
        day, number = (each.to_physical().cast(pl.Int128) for each in (date, value))
        pair = day * _WIDTH + number + _HALF_WIDTH
        return [pair.max() if latest else pair.min()]

    def finish(parts: Sequence[pl.Expr]) -> pl.Expr:
        pair = parts[0]
        number = pair - pair // _WIDTH * _WIDTH - _HALF_WIDTH
        return from_physical(number.cast(pl.Int64), kind)

    return Rule(gather, finish, reads_date=True)


def _by_sorting(*, latest: bool) -> Rule:
    def gather(value: pl.Expr, date: pl.Expr) -> Sequence[pl.Expr]:
        return [value.sort_by([date, value], descending=latest, nulls_last=True).first()]

    return Rule(gather, lambda parts: parts[0], reads_date=True)


_AS_NUMBERS: tuple[Form, ...] = ("int", "bool", "date", "instant", "enum")
_WIDTH = pl.lit(2**64, dtype=pl.Int128)
_HALF_WIDTH = pl.lit(2**63, dtype=pl.Int128)


def _distinct(value: pl.Expr) -> pl.Expr:
    return value.drop_nulls().n_unique()


def _total(parts: Sequence[pl.Expr]) -> pl.Expr:
    amount = parts[0].fill_null(0)
    # infinity and NaN are not within the bound either
    return pl.when(amount.abs() <= BOUND).then(amount)


def _whole_total(parts: Sequence[pl.Expr]) -> pl.Expr:
    amount = parts[0].fill_null(0)
    return pl.when(amount.is_between(-BOUND, BOUND)).then(amount).cast(pl.Int64)


def _in_128_bits(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Int128)


def _average(parts: Sequence[pl.Expr]) -> pl.Expr:
    # the engines' own mean differs between them
    amount, count = parts
    average = quotient(amount.cast(pl.Float64), count.cast(pl.Float64))
    return pl.when(average.is_finite()).then(average)


def _middle(parts: Sequence[pl.Expr]) -> pl.Expr:
    below, above = parts
    middle = pl.when(below == above).then(below).otherwise((below + above) / 2)
    return pl.when(middle.is_finite()).then(middle)


def _in_doubles(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Float64)


def _middle_two(value: pl.Expr, _: pl.Expr) -> Sequence[pl.Expr]:
    amount = _in_doubles(value)
    return [amount.quantile(0.5, "lower"), amount.quantile(0.5, "higher")]


def _commonest(value: pl.Expr, often: pl.Expr) -> Sequence[pl.Expr]:
    return [value.sort_by([often, value], descending=[True, False]).first()]


def _most_alike(_: pl.Expr, often: pl.Expr) -> Sequence[pl.Expr]:
    return [often.max().cast(pl.Int64)]


_SUM = Rule(lambda value, _: [value.sum()], _total)
_MEAN = Rule(lambda value, _: [value.sum(), value.count()], _average)

# 64 bits wrap silently
_WHOLE_SUM = Rule(lambda value, _: [_in_128_bits(value).sum()], _whole_total)
_WHOLE_MEAN = Rule(lambda value, _: [_in_128_bits(value).sum(), value.count()], _average)


_MOST_ROWS = 2**32
"""Polars counts rows in 32 bits."""


def _wraps(kind: Type) -> bool:
    """Whether a sum over as many rows as there can be may leave 64 bits."""
    if not isinstance(kind, Whole | Money):
        return True
    return max(abs(kind.low), abs(kind.high)) * _MOST_ROWS >= 2**63


def _for_whole(kind: Type, whole: Rule, other: Rule) -> Rule:
    return whole if form(kind) == "int" and _wraps(kind) else other


def _always(rule: Rule) -> Callable[[Type], Rule]:
    return lambda _: rule


RULES: Mapping[str, Callable[[Type], Rule]] = total(
    "polars aggregates",
    {
        "count": _always(counted(pl.Expr.sum)),
        "count_distinct": _always(counted(_distinct)),
        "count_same": _always(Rule(_most_alike, lambda parts: parts[0].fill_null(0), tallied=True)),
        "sum": lambda kind: _for_whole(kind, _WHOLE_SUM, _SUM),
        "mean": lambda kind: _for_whole(kind, _WHOLE_MEAN, _MEAN),
        "median": _always(Rule(_middle_two, _middle, streams=False)),
        "least": _always(once(pl.Expr.min)),
        "greatest": _always(once(pl.Expr.max)),
        "first": lambda kind: by_date(kind, latest=False),
        "last": lambda kind: by_date(kind, latest=True),
        "most_common": _always(Rule(_commonest, lambda parts: parts[0], tallied=True)),
    },
    AGGREGATES,
)
"""By the type of the value."""
