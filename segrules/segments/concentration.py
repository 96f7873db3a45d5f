"""How a value is concentrated: who brings how much of it, who costs, what one loss would take.

Whole numbers, money among them, are added exactly. Decimal numbers are added as if without rounding
and rounded once, so that no result depends on the order of the rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from segrules.lang.types import Type

Values = npt.NDArray[Any]
"""The known values of a column, one a customer: int64[n] or float64[n]."""
Figure = int | float
"""A sum: whole where the values are."""

MOST = Fraction(4, 5)
"""The part of a total whose makers are counted."""
TOPS = (Fraction(1, 100), Fraction(1, 20), Fraction(1, 10), Fraction(1, 5))
GRID = (*TOPS, *(Fraction(tenth, 10) for tenth in range(3, 11)))
"""Where the curve is shown: parts of the customers, largest first."""
_NOTHING = 1e-12
"""What rounding may leave of doubles that add up to zero, as a part of those above zero."""
_SQUARED = 1e140
"""Beyond it a sum of squares may leave the range of doubles."""


# ---- what is found


@dataclass(frozen=True, slots=True)
class Counts:
    """Customers whose value is above, below and at zero; `unknown` have none."""

    good: int
    bad: int
    zero: int
    unknown: int

    @property
    def known(self) -> int:
        return self.good + self.bad + self.zero

    @property
    def rows(self) -> int:
        return self.known + self.unknown


@dataclass(frozen=True, slots=True)
class Point:
    """The largest `customers` (a part of those known) bring `held` (a part of the total)."""

    customers: float
    held: float


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts of a total above zero, over the customers whose value is known.

    `curve` has a point for each part of `GRID`. It rises to `peak`, where all who are above zero
    are counted, beyond 1 when others are below. The `makers` largest are the fewest who make `MOST`
    of the total. `gini` may exceed 1 when some are below zero. The `herfindahl` index is the sum of
    squared shares. Losing the largest customer takes `loss_of_one`, the largest ten `loss_of_ten`.
    """

    curve: tuple[Point, ...]
    peak: Point
    makers: int
    gini: float
    herfindahl: float
    loss_of_one: float
    loss_of_ten: float

    @property
    def equals(self) -> float:
        """So many equal customers would give the same Herfindahl index."""
        return 1 / self.herfindahl

    def top(self, part: Fraction) -> float:
        """What the largest `part` of the customers bring, for a part of `GRID`."""
        return self.curve[GRID.index(part)].held


@dataclass(frozen=True, slots=True)
class Effort:
    """What is spent on customers, by the sign of their value; `missing` have no known effort."""

    name: str
    type: Type
    good: Figure
    bad: Figure
    zero: Figure
    unknown: Figure
    missing: int

    @property
    def total(self) -> Figure:
        return self.good + self.bad + self.zero + self.unknown

    @property
    def on_bad(self) -> float | None:
        """The part that is spent on customers below zero; `None` without a total above zero."""
        return part_of(self.bad, self.total)


@dataclass(frozen=True, slots=True)
class Part:
    """One segment's part; `segment` is `None` for rows in no segment.

    `share` is of the total, `efforts` are shares of what is spent on all; `None` where the whole
    is not above zero.
    """

    segment: str | None
    counts: Counts
    total: Figure
    share: float | None
    efforts: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Concentration:
    """How a column or a named value (`name`) is spread over all rows of its table.

    `total` is `gains` (the sum above zero) and `losses` (the sum below) together; money in minor
    units. `shares` is `None` where the total is not above zero: parts of it would mean nothing.
    `explained` is, for each segment set of the table, the part of the value's variance that its
    segments explain.
    """

    name: str
    type: Type
    counts: Counts
    gains: Figure
    losses: Figure
    shares: Shares | None
    parts: tuple[Part, ...]
    efforts: tuple[Effort, ...]
    explained: Mapping[str, float | None]

    @property
    def total(self) -> Figure:
        return self.gains + self.losses


# ---- sums and shares


def added(values: Values) -> Figure:
    """The exact sum of int64[n]; of float64[n] the nearest double, nan beyond the largest."""
    if values.dtype.kind == "i":
        high, low = values >> 32, values & 0xFFFFFFFF
        return (int(high.sum()) << 32) + int(low.sum())
    try:
        return math.fsum(values.tolist())
    except OverflowError:
        return math.nan


def total_of(values: Values) -> Figure:
    """The sum where it is above zero, otherwise 0; then nothing has a share of it.

    A sum of decimal numbers that is nothing beside what is above zero in it counts as zero.
    """
    total = added(values)
    if values.dtype.kind != "i" and not total > _NOTHING * added(values[values > 0]):
        return 0
    return max(0, total)


def part_of(part: Figure, whole: Figure) -> float | None:
    """A share; `None` where the whole is not above zero."""
    return part / whole if whole > 0 else None


def gini(values: Values) -> float:
    """The Gini coefficient of the values; nan without a positive total.

    It is 0 when all are equal, (n - 1) / n when one has everything, and above that only with
    negative values. Mean absolute difference over twice the mean, by the order-statistics formula
    sum (2 i - n - 1) x_(i) / (n sum x).
    """
    count, total = len(values), total_of(values)
    if not total:
        return math.nan
    rank = 2.0 * np.arange(1, count + 1) - count - 1.0
    return float(np.sum(rank * (np.sort(values) / total)) / count)


def top_share(values: Values, share: Fraction | float) -> float:
    """The part of the total that the top `share` of the values hold; nan without a positive total.

    Where the share cuts a customer, that part of the customer counts. A share written as a double
    stands for the fraction with a denominator below a thousand million that is nearest to it.
    """
    if not 0 <= share <= 1:
        raise ValueError("share must lie in [0, 1]")
    if not total_of(values):
        return math.nan
    return _held(_largest_first(values), [Fraction(share).limit_denominator(10**9)])[0]


def makers(values: Values, share: Fraction = MOST) -> int:
    """The fewest customers, largest first, who make a `share` of a total above zero."""
    ordered = _largest_first(values)
    goal = share * Fraction(added(ordered))
    low, high = 0, int(np.count_nonzero(ordered > 0)) - 1
    held: Figure = 0
    # the sums rise as long as the values are above zero, so halving finds the first that suffices
    while low < high:
        middle = (low + high) // 2
        reached = held + added(ordered[low : middle + 1])
        if reached >= goal:
            high = middle
        else:
            held, low = reached, middle + 1
    return low + 1


def herfindahl(values: Values) -> float:
    """The sum of the squared shares; nan without a positive total."""
    total = total_of(values)
    return math.fsum(((values / total) ** 2).tolist()) if total else math.nan


def eta_squared(groups: Sequence[Values]) -> float | None:
    """The part of the variance of all values that lies between the groups, from 0 to 1.

    `None` where the values do not differ, or their squares leave the range of doubles.
    """
    groups = [group for group in groups if len(group)]
    ends = [end for group in groups for end in (float(group.min()), float(group.max()))]
    if not ends or min(ends) == max(ends) or max(map(abs, ends)) > _SQUARED:
        return None
    sums = [added(group) for group in groups]
    mean = math.fsum(sums) / sum(len(group) for group in groups)
    between = math.fsum(
        len(group) * (total / len(group) - mean) ** 2
        for total, group in zip(sums, groups, strict=True)
    )
    whole = math.fsum(float(np.sort((group - mean) ** 2).sum()) for group in groups)
    return min(1.0, between / whole) if whole else None


def shares_of(values: Values) -> Shares | None:
    """Every share of a total above zero, or `None`."""
    total = total_of(values)
    if not total:
        return None
    ordered = _largest_first(values)
    count = len(ordered)
    good = int(np.count_nonzero(ordered > 0))
    curve = zip(GRID, _held(ordered, GRID), strict=True)
    return Shares(
        curve=tuple(Point(float(part), held) for part, held in curve),
        peak=Point(good / count, added(ordered[:good]) / total),
        makers=makers(ordered),
        gini=gini(ordered),
        herfindahl=herfindahl(ordered),
        loss_of_one=added(ordered[:1]) / total,
        loss_of_ten=added(ordered[:10]) / total,
    )


def _largest_first(values: Values) -> Values:
    ordered: Values = np.sort(values)[::-1]
    return ordered


def _held(ordered: Values, parts: Sequence[Fraction]) -> list[float]:
    """What the largest parts of the customers hold of the total; parts in rising order."""
    total, found = added(ordered), []
    held: Figure = 0
    start = 0
    for part in parts:
        whole, cut = divmod(part * len(ordered), 1)
        held += added(ordered[start:whole])
        start = whole
        rest = cut * ordered[whole].item() if cut else 0
        found.append(float((held + rest) / total))
    return found


# ---- over a table


def known(frame: pl.DataFrame, name: str) -> Values:
    """The values of a column that are not missing, as whole numbers or doubles of 64 bits."""
    values = frame[name].drop_nulls()
    whole = values.dtype.is_integer()
    found: Values = values.cast(pl.Int64 if whole else pl.Float64).to_numpy()
    return found


def counted(frame: pl.DataFrame, name: str) -> Counts:
    values = known(frame, name)
    good, bad = (int(np.count_nonzero(test)) for test in (values > 0, values < 0))
    return Counts(good, bad, len(values) - good - bad, frame.height - len(values))


def measure(
    name: str,
    types: Mapping[str, Type],
    frame: pl.DataFrame,
    parts: Mapping[str | None, pl.DataFrame],
    efforts: Sequence[str] = (),
) -> Concentration:
    """The concentration of a column of a frame with a row a customer, without `explained`.

    `parts` are its rows by segment; `types` are those of the column and of the `efforts`.
    """
    values = known(frame, name)
    spent = tuple(_effort(each, types[each], frame, name) for each in efforts)
    total = total_of(values)
    return Concentration(
        name=name,
        type=types[name],
        counts=counted(frame, name),
        gains=added(values[values > 0]),
        losses=added(values[values < 0]),
        shares=shares_of(values),
        parts=tuple(_part(segment, rows, name, total, spent) for segment, rows in parts.items()),
        efforts=spent,
        explained={},
    )


def _effort(name: str, kind: Type, frame: pl.DataFrame, of: str) -> Effort:
    frame = frame.select(*dict.fromkeys((of, name)))
    value = pl.col(of)
    tests = {"good": value > 0, "bad": value < 0, "zero": value == 0, "unknown": value.is_null()}
    sums = {word: added(known(frame.filter(test), name)) for word, test in tests.items()}
    return Effort(name, kind, **sums, missing=frame[name].null_count())


def _part(
    segment: str | None,
    rows: pl.DataFrame,
    name: str,
    total: Figure,
    efforts: Sequence[Effort],
) -> Part:
    held = added(known(rows, name))
    spent = tuple(part_of(added(known(rows, each.name)), each.total) for each in efforts)
    return Part(segment, counted(rows, name), held, part_of(held, total), spent)


# ---- ledgers


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A sum over all customers beside its ledger, in minor units; `tolerance` is a part of it."""

    total: int
    ledger: int
    tolerance: Fraction

    @property
    def difference(self) -> int:
        return self.total - self.ledger

    @property
    def within(self) -> bool:
        return abs(self.difference) <= self.tolerance * abs(self.ledger)


def reconcile(total_minor: int, ledger_minor: int, tolerance: Fraction) -> Reconciliation:
    """Holds a sum against its ledger, exactly; both in minor units, the tolerance a share."""
    return Reconciliation(total_minor, ledger_minor, tolerance)
