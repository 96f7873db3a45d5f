"""How profit is spread over customers: a few figures a replication."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from segrules.sim.model import Floats

NAMES = ("gini", "top_10", "top_20", "loss_of_one")
"""The Gini coefficient, what the top tenth and fifth bring, and what losing the largest takes."""

SPREADS = len(NAMES)

_TOPS = (Fraction(1, 10), Fraction(1, 5))


def spread_of(profit: Floats) -> Floats:
    """The figures `NAMES` of the profit of each customer, in whole minor units: float64[4].

    Shares are of the total, nan where that is not above zero. Where a share of the customers cuts
    one, that part of the customer counts.
    """
    ordered = np.sort(np.rint(profit).astype(np.int64))[::-1]
    held, count = np.cumsum(ordered), len(ordered)
    if count == 0 or held[-1] <= 0:
        return np.full(SPREADS, math.nan)
    total = float(held[-1])
    rank = count + 1.0 - 2.0 * np.arange(1, count + 1)
    gini = float(np.sum(rank * (ordered / total))) / count
    return np.array([gini, *(_top(ordered, held, part) / total for part in _TOPS),
                     float(ordered[0]) / total])  # fmt: skip


def _top(ordered: np.ndarray, held: np.ndarray, part: Fraction) -> float:
    whole, cut = divmod(part * len(ordered), 1)
    total = float(held[whole - 1]) if whole else 0.0
    return total + float(cut) * float(ordered[whole]) if cut else total
