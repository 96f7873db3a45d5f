"""What is frozen of a population: cut points, figures and places, of everyone or by group.

Rows come as a data frame with `key`, `amount`, `among` and `same:0`, `same:1`, … as far as there
are such parts. Totals are exact: whole numbers as 128 bits, doubles as `math.fsum` and fractions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polars as pl

from segrules.backends.context import between, taken
from segrules.lang.ir import (
    Calibrated,
    Cut,
    Figure,
    Frozen,
    Group,
    InRank,
    Places,
    Rank,
    Statistic,
    Value,
)
from segrules.lang.types import BOUND

_AT_ONCE = 100_000


def freeze(node: Calibrated, rows: pl.DataFrame) -> Mapping[Group, Frozen]:
    """What is frozen of all rows, by group; a group is there where a row is in its population.

    Without `same` there is one group, `()`, also where nobody is in it.
    """
    compared = _compared(node, rows)
    groups = _groups(node, compared)
    if isinstance(node, Statistic) and node.value is None:
        return {group: Figure(size, size) for group, size in groups.items()}
    ordered = _Ordered.of(node, compared)
    parts = {group: ordered.part(0, 0) for group in groups} | ordered.parts()
    return {group: _frozen(node, part) for group, part in parts.items()}


def _frozen(node: Calibrated, part: _Part) -> Frozen:
    match node:
        case InRank():
            return _cut(node, part)
        case Rank():
            return _places(part)
        case Statistic():
            return _figure(node, part)


def _compared(node: Calibrated, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of the populations; -0.0 is 0.0."""
    if "among" in rows.columns:
        rows = rows.filter("among")
    same = _same(node)
    doubles = [name for name in (*same, "amount") if rows.schema.get(name) == pl.Float64]
    known = rows.drop_nulls(same) if same else rows
    # the engine takes adding zero for nothing to do
    zeros = [pl.when(pl.col(name) == 0).then(0.0).otherwise(name).alias(name) for name in doubles]
    return known.with_columns(zeros)


def _same(node: Calibrated) -> list[str]:
    return [f"same:{at}" for at in range(len(node.population.same))]


def _groups(node: Calibrated, rows: pl.DataFrame) -> dict[Group, int]:
    """How many rows are in each group, whether their amounts are known or not."""
    same = _same(node)
    if not same:
        return {(): rows.height}
    return {tuple(found): size for *found, size in rows.group_by(same).len().iter_rows()}


def slices(column: pl.Series) -> Iterator[list[Any]]:
    """The values of a column, some at a time."""
    for start in range(0, column.len(), _AT_ONCE):
        yield column.slice(start, _AT_ONCE).to_list()


@dataclass(frozen=True, slots=True)
class _Part:
    """The known amounts of a group in order, from `start`; the keys with them."""

    amounts: pl.Series
    keys: pl.Series
    start: int
    size: int

    def amount(self, place: int) -> Any:
        return self.amounts[self.start + place]

    def key(self, place: int) -> Any:
        return self.keys[self.start + place]

    def own(self) -> pl.Series:
        return self.amounts.slice(self.start, self.size)

    def __iter__(self) -> Iterator[Any]:
        for some in slices(self.own()):
            yield from some


@dataclass(frozen=True, slots=True)
class _Ordered:
    """The rows with known amounts, group by group."""

    rows: pl.DataFrame
    same: Sequence[str]

    @classmethod
    def of(cls, node: Calibrated, compared: pl.DataFrame) -> _Ordered:
        """A rank has the best first and then goes by key; figures have the smallest first."""
        same = _same(node)
        best_first = node.top if isinstance(node, InRank) else isinstance(node, Rank)
        by_key = isinstance(node, InRank) and (node.making or node.count is not None)
        order = [*same, "amount", *(["key"] if by_key else [])]
        known = compared.drop_nulls("amount")
        return cls(
            known.sort(order, descending=[best_first and by == "amount" for by in order]), same
        )

    def parts(self) -> dict[Group, _Part]:
        if not self.same:
            return {(): self.part(0, self.rows.height)}
        sizes = self.rows.group_by(self.same, maintain_order=True).len()
        found, start = {}, 0
        for *group, size in sizes.iter_rows():
            found[tuple(group)] = self.part(start, size)
            start += size
        return found

    def part(self, start: int, size: int) -> _Part:
        return _Part(self.rows["amount"], self.rows["key"], start, size)


# ---- cut points


def _cut(rank: InRank, part: _Part) -> Cut:
    """A share takes all who equal the last one taken, `making` and a count go by the key."""
    if part.size == 0:
        return Cut(0, None)
    count = _makers(rank, part) if rank.making else taken(rank, part.size)
    if count == 0:
        # keys are never empty, so the best amount up to the empty key takes nobody
        return Cut(part.size, part.amount(0), key="")
    within_ties = rank.making or rank.count is not None
    key = part.key(count - 1) if within_ties else None
    return Cut(part.size, part.amount(count - 1), key)


def _makers(rank: InRank, part: _Part) -> int:
    """How many rows make their part of the total, the one who crosses it included."""
    share, amounts = rank.share or Fraction(0), part.own()
    if amounts.dtype == pl.Int64:
        # a total of 64-bit integers needs more bits
        running = amounts.cast(pl.Int128).cum_sum()
        goal = math.ceil(share * running[-1])
        return _first_at(running >= goal) if goal > 0 else 0
    return _makers_in_doubles(share, part)


def _first_at(reached: pl.Series) -> int:
    """How many rows there are up to the first true one."""
    return (reached.arg_max() or 0) + 1


def _makers_in_doubles(share: Fraction, part: _Part) -> int:
    total = sum(map(Fraction, part), Fraction(0))
    goal, made, count = share * total, Fraction(0), 0
    if total <= 0:
        return 0
    for amount in part:
        if made >= goal:
            break
        made += Fraction(amount)
        count += 1
    return count


# ---- figures and places


def _figure(node: Statistic, part: _Part) -> Figure:
    return Figure(part.size, _value(node, part))


def _value(node: Statistic, part: _Part) -> Value:
    if node.how == "quantile":
        return _quantile(node.quantile or Fraction(0), part)
    return _FIGURES[node.how](part)


def _total(part: _Part) -> float:
    if part.amounts.dtype == pl.Int64:
        return int(part.own().cast(pl.Int128).sum() or 0)
    try:
        return math.fsum(part)
    except OverflowError:
        return math.inf


def _sum(part: _Part) -> Value:
    total = _total(part)
    return total if abs(total) <= BOUND else None


def _mean(part: _Part) -> Value:
    return _finite(float(_total(part)) / part.size) if part.size else None


def _median(part: _Part) -> Value:
    if not part.size:
        return None
    below, above = part.amount((part.size - 1) // 2), part.amount(part.size // 2)
    return float(below) if below == above else _finite((below + above) / 2)


def _quantile(share: Fraction, part: _Part) -> Value:
    """Between the two amounts around the place (n - 1) x share, counted from 0."""
    if share == _HALF or not part.size:
        return _median(part)
    place = (part.size - 1) * share
    below = int(place)
    above = min(below + 1, part.size - 1)
    return between(part.amount(below), part.amount(above), place - below)


def _least(part: _Part) -> Value:
    return part.amount(0) if part.size else None


def _greatest(part: _Part) -> Value:
    return part.amount(part.size - 1) if part.size else None


def _count(part: _Part) -> Value:
    return part.size


def _count_distinct(part: _Part) -> Value:
    return part.own().n_unique()


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


_HALF = Fraction(1, 2)

_FIGURES: Mapping[str, Callable[[_Part], Value]] = {
    "count": _count,
    "count_distinct": _count_distinct,
    "sum": _sum,
    "mean": _mean,
    "median": _median,
    "least": _least,
    "greatest": _greatest,
}


def _places(part: _Part) -> Places:
    """Equal amounts share a place, and the places after it stay empty."""
    runs = part.own().rle().struct.unnest()
    places = runs["len"].cast(pl.Int64).cum_sum().shift(1, fill_value=0) + 1
    return Places(part.size, tuple(runs["value"].to_list()), tuple(places.to_list()))
