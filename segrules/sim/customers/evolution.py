"""How the columns of customers change from one period to the next: a closed list.

Shapes: R replications, S segments of the set. A figure is a number for all segments, float64[S], or
float64[R, S] (or [R, 1]) where each replication draws its own; a segment is the one that the
customer is in when the period begins, and in none there is what all segments share. Values are
doubles whatever the column's type (whole numbers, days since 1970, places of declared values),
missing ones stay missing unless it says otherwise. A ValueError is a programming error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segrules.sim.model import Floats, require

BySegment = float | Floats


@dataclass(frozen=True)
class Bounds:
    """The declared range of a column; a walk stops at its ends."""

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        require(self.low <= self.high, "low is above high")


ANY = Bounds()


@dataclass(frozen=True)
class Age:
    """The column grows by `by` each period: age, tenure, a recency that sales do not reset."""

    column: str
    by: BySegment = 1.0
    within: Bounds = ANY
    whole: bool = False


@dataclass(frozen=True)
class SinceSale:
    """Periods since the last sale: 0 after a period with one, otherwise `by` more.

    A missing value (there has been no sale yet) stays missing until the first one.
    """

    column: str
    by: BySegment = 1.0
    within: Bounds = ANY
    whole: bool = False


@dataclass(frozen=True)
class SaleDay:
    """The day of the last sale: a period's first day.

    It is counted in days since 1970, or in `scale` parts of a day.
    """

    column: str
    scale: float = 1.0


@dataclass(frozen=True)
class Accumulate:
    """A running total of sales (or revenue): `keep` of it stays each period, what is new is added.

    keep of 1 is a total of all time; 1 - 1 / w stands for a window of w periods, of which it has
    the mean. A missing value counts as 0 once there is a sale.
    """

    column: str
    of: Literal["sales", "revenue"] = "sales"
    keep: BySegment = 1.0
    whole: bool = False
    within: Bounds = ANY

    def __post_init__(self) -> None:
        inside = bool(np.all(np.asarray(self.keep) >= 0) and np.all(np.asarray(self.keep) <= 1))
        require(inside, "keep is a share")


@dataclass(frozen=True)
class Drift:
    """A random walk within bounds: x + mean + sd z; x exp(mean + sd z - sd**2 / 2) if `relative`.

    z is standard normal; without bounds the relative one grows by exp(mean) on average.
    """

    column: str
    mean: BySegment
    sd: BySegment
    within: Bounds = ANY
    relative: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Step:
    """With a chance by segment the column moves by an amount: another product, one fewer."""

    column: str
    chance: BySegment
    by: BySegment = 1.0
    within: Bounds = ANY
    whole: bool = False


@dataclass(frozen=True)
class Respond:
    """The column follows the price: times (price / price before)**elasticity.

    The price is an index by period and segment that levers move (see `Price`); what a change does
    is felt by those who are in the segment then, and taken back when the price goes back.
    """

    column: str
    elasticity: BySegment
    within: Bounds = ANY
    whole: bool = False


@dataclass(frozen=True)
class Switch:
    """A Markov chain on the V places of declared values: `rows[v, w]` is the chance to go to w.

    rows: float64[V, V], or [R, V, V] with chances of each replication.
    """

    column: str
    rows: NDArray[np.float64]

    def __post_init__(self) -> None:
        square = self.rows.ndim in (2, 3) and self.rows.shape[-1] == self.rows.shape[-2]
        require(square and bool(np.all(self.rows >= 0)), "a chain needs chances from each to each")
        require(bool(np.allclose(self.rows.sum(axis=-1), 1.0)), "the chances of a row make 1")

    @property
    def places(self) -> int:
        return int(self.rows.shape[-1])


def drawn(evolution: Evolution) -> bool:
    """Whether replications draw figures of their own."""
    if isinstance(evolution, Switch):
        return evolution.rows.ndim == 3
    figures = (getattr(evolution, name, 0.0) for name in _FIGURES)
    return any(isinstance(each, np.ndarray) and each.ndim == 2 for each in figures)


_FIGURES = ("by", "keep", "mean", "sd", "chance", "elasticity")

Evolution = Age | SinceSale | SaleDay | Accumulate | Drift | Step | Respond | Switch
