"""Each aggregate in SQL: what is gathered of the rows of a key, and the answer from it.

`value` is NULL on rows that take no part. What is gathered of a key without rows is NULL, as it is
joined. Totals of doubles are the engine's: they may differ in the last digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from segrules.backends.sql import words as w
from segrules.backends.sql.dialect import LARGEST, Words
from segrules.backends.sql.operators import reach_of
from segrules.backends.sql.words import Sql
from segrules.lang.operators import AGGREGATES, total
from segrules.lang.types import BOUND, Type, form

Shape = Literal["grouped", "middle", "earliest", "latest", "tallied", "commonest"]
"""How rows are brought together.

grouped: by SQL's own aggregates. middle: the two values in the middle. earliest, latest: the value
of the first row in that order. tallied: how often the commonest value stands; commonest: itself.
"""


@dataclass(frozen=True, slots=True)
class AggregateRule:
    """`gather` gives aggregates over a value of a type; `finish` the answer from them."""

    status: Literal["supported", "wrapped", "refused"]
    shape: Shape
    finish: Callable[[Words, Sequence[Sql], Type], Sql]
    gather: Callable[[Words, Sql, Type], list[Sql]] | None = None
    reason: str = ""


def _only(_: Words, parts: Sequence[Sql], __: Type) -> Sql:
    return parts[0]


def _or_none(_: Words, parts: Sequence[Sql], __: Type) -> Sql:
    return w.coalesce(parts[0], w.whole(0))


def _aggregate(name: str) -> Callable[[Words, Sql, Type], list[Sql]]:
    return lambda _, value, __: [w.func(name, value)]


def _count_distinct(words: Words, value: Sql, kind: Type) -> list[Sql]:
    distinct = exp.Distinct(expressions=[one_zero(words, value, kind)])
    return [exp.Count(this=distinct)]


def one_zero(words: Words, value: Sql, kind: Type) -> Sql:
    """-0.0 is 0.0."""
    if form(kind) != "float":
        return value
    zero = words.double(0.0)
    return w.when(w.eq(w.again(value), zero), w.again(zero), value)


def _total(words: Words, value: Sql, kind: Type) -> Sql:
    if form(kind) == "int":
        return w.func("SUM", words.wide(value))
    if reach_of(kind) <= BOUND:
        return w.func("SUM", value)
    return words.total_of_doubles(value)


def _sum(words: Words, value: Sql, kind: Type) -> list[Sql]:
    return [_total(words, value, kind)]


def _bounded(words: Words, parts: Sequence[Sql], kind: Type) -> Sql:
    """A total beyond the bound is missing; of no rows it is zero."""
    (found,) = parts
    target = words.types[form(kind)]
    inside = w.le(w.func("ABS", found), w.whole(BOUND))
    cases = [
        (w.is_null(w.again(found)), w.cast(w.whole(0), target)),
        (inside, w.cast(w.again(found), target)),
    ]
    return w.case(cases)


def _sum_and_count(words: Words, value: Sql, kind: Type) -> list[Sql]:
    return [_total(words, value, kind), w.func("COUNT", w.again(value))]


def _mean(words: Words, parts: Sequence[Sql], kind: Type) -> Sql:
    found, count = parts
    number = words.types["float"]
    divided = words.divided(w.cast(found, number), w.cast(count, number))
    inside = w.every([w.le(w.func("ABS", w.again(found)), words.total_limit(kind)),
                      w.gt(w.again(count), w.whole(0))])  # fmt: skip
    tiny = words.smallest_mean
    if form(kind) == "int" or tiny is None:
        return w.when(inside, divided)
    small = w.lt(w.func("ABS", w.again(found)), words.double(tiny))
    return w.case([(small, words.double(0.0)), (inside, divided)])


def _median(words: Words, parts: Sequence[Sql], kind: Type) -> Sql:
    """Between two equal values there is nothing to compute."""
    low, high = parts
    number = words.types["float"]
    two = words.double(2.0)
    if form(kind) == "int":
        # the sum of two whole numbers is exact as long as it is one
        middle = words.divided(w.cast(w.add(low, high), number), two)
        return middle
    same = w.eq(w.again(low), w.again(high))
    if reach_of(kind) * 2 <= LARGEST:
        return w.when(same, w.again(low), words.divided(words.sum_of_middle(low, high), two))
    return w.when(same, w.again(low), words.middle_of(low, high))


BASE: Mapping[str, AggregateRule] = total(
    "sql aggregates",
    {
        "count": AggregateRule("supported", "grouped", _or_none, _aggregate("COUNT")),
        "count_distinct": AggregateRule("wrapped", "grouped", _or_none, _count_distinct),
        "count_same": AggregateRule("wrapped", "tallied", _or_none),
        "sum": AggregateRule("wrapped", "grouped", _bounded, _sum),
        "mean": AggregateRule("wrapped", "grouped", _mean, _sum_and_count),
        "median": AggregateRule("wrapped", "middle", _median),
        "least": AggregateRule("supported", "grouped", _only, _aggregate("MIN")),
        "greatest": AggregateRule("supported", "grouped", _only, _aggregate("MAX")),
        "first": AggregateRule("wrapped", "earliest", _only),
        "last": AggregateRule("wrapped", "latest", _only),
        "most_common": AggregateRule("wrapped", "commonest", _only),
    },
    AGGREGATES,
)
