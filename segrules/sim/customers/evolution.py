"""How the columns of customers change from one period to the next: a closed list.

Shapes: S segments of the set. A figure that is one for all segments may be given as a number; a
segment is the one that the customer is in when the period begins. Values are doubles whatever the
column's type (whole numbers, days since 1970, places of declared values), missing ones stay missing
unless it says otherwise. A ValueError is a programming error.
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
    by: float = 1.0
    within: Bounds = ANY


@dataclass(frozen=True)
class SinceSale:
    """Periods since the last sale: 0 after a period with one, otherwise `by` more.

    A missing value (there has been no sale yet) stays missing until the first one.
    """

    column: str
    by: float = 1.0
    within: Bounds = ANY


@dataclass(frozen=True)
class SaleDay:
    """The day of the last sale, in days since 1970: a period's first day."""

    column: str


@dataclass(frozen=True)
class Accumulate:
    """A running total of sales (or revenue): `keep` of it stays each period, what is new is added.

    keep of 1 is a total of all time; 1 - 1 / w stands for a window of w periods, of which it has
    the mean. A missing value counts as 0 once there is a sale.
    """

    column: str
    of: Literal["sales", "revenue"] = "sales"
    keep: float = 1.0
    whole: bool = False
    within: Bounds = ANY

    def __post_init__(self) -> None:
        require(0.0 <= self.keep <= 1.0, "keep is a share")


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
    by: float = 1.0
    within: Bounds = ANY


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
    """A Markov chain on the places of declared values: `rows[v, w]` is the chance to go to w."""

    column: str
    rows: NDArray[np.float64]

    def __post_init__(self) -> None:
        square = self.rows.ndim == 2 and self.rows.shape[0] == self.rows.shape[1]
        require(square and bool(np.all(self.rows >= 0)), "a chain needs chances from each to each")
        require(bool(np.allclose(self.rows.sum(axis=1), 1.0)), "the chances of a row make 1")


Evolution = Age | SinceSale | SaleDay | Accumulate | Drift | Step | Respond | Switch
