"""What customers of a segment do, learned from their past: how often they buy, and for how much.

Customer c in segment s buys Poisson(r_s E_c) times a period: r_s is the segment's rate, E_c is
gamma distributed with mean 1 and shape k, what is of the customer and not of the segment. Both are
found together by alternating between them; k by moments. So a segment of eager customers is not
taken for one that makes customers eager. Rates and values of segments are drawn towards each other
on the logarithm, with errors that count customers and not sales.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segrules.lang import ir
from segrules.sim.customers.sales import Sales
from segrules.sim.learn.pooling import Pooled, pool
from segrules.sim.model import Floats

ROUNDS = 200
"""Rounds of rates and customers in turn, if they do not settle before."""
SETTLED = 1e-7
"""Relative change of every rate at which they have."""
FEWEST_MONTHS = 12
MOST_SHAPE = 1e4
"""From here on customers of a segment are alike."""

_UNKNOWN = 1e4
"""Variance of the logarithm of a figure of which there is nothing."""
_SURE = 1e-12


@dataclass(frozen=True)
class Learned:
    """Draws of R replications for S segments, and what is said of them.

    leads, value: float64[R, S] sales a customer and period, minor units a sale; spread: [S] of the
    logarithm of a sale. cost: [S] minor units a sale. eagerness: [N] multipliers, None where
    customers of a segment are alike; shape: k, None then. by_calendar: [12] months' factors, None
    without a season. rate, weight: [S] the rate as estimated, and how much of it is the segment's
    own data.
    """

    leads: Floats
    value: Floats
    spread: Floats
    cost: Floats
    eagerness: Floats | None
    shape: float | None
    by_calendar: Floats | None
    rate: Floats
    weight: Floats
    notes: tuple[str, ...]


def learn(life: ir.Life, sales: Sales, segments: Sequence[str], *, seed: int, runs: int) -> Learned:
    """The rates of a life from its past."""
    notes: list[str] = []
    eager, shape, rate = _eagerness(sales, len(segments))
    exposure = _by_segment(sales, np.broadcast_to(eager, sales.count.shape), len(segments), True)
    sold = _by_segment(sales, sales.count.astype(np.float64), len(segments))
    leads, weight = _pooled_rates(sales, eager, (sold, exposure, rate), seed, runs)
    value, spread = _values(sales, segments, seed, runs, notes)
    season = _season(sales, eager, rate, notes)
    none = [name for name, each in zip(segments, exposure, strict=True) if each == 0.0]
    if none:
        notes.append(f"nobody was in {', '.join(none)} before: they buy as all segments do")
    return Learned(
        leads, value, spread, _costs(life, sales, segments, notes),
        None if shape is None else eager, shape, season, rate, weight, tuple(notes),
    )  # fmt: skip


def _by_segment(sales: Sales, amounts: Floats, segments: int, weighted: bool = False) -> Floats:
    """Amounts [C, N] added up by the segment of the time: float64[S]."""
    total = np.zeros(segments)
    for at, place in enumerate(sales.segment):
        there = place >= 0
        factor = sales.weights[at] if weighted else 1.0
        total += factor * np.bincount(place[there], amounts[at][there], segments)
    return total


def _expected(sales: Sales, rate: Floats) -> Floats:
    """What each customer would have bought as an average one of its segments: float64[N]."""
    padded = np.append(rate, 0.0)
    total = np.zeros(sales.count.shape[1])
    for at, place in enumerate(sales.segment):
        total += sales.weights[at] * padded[place]
    return total


# ---- how often


def _eagerness(sales: Sales, segments: int) -> tuple[Floats, float | None, Floats]:
    """E [N] and k (None where customers are alike), and the rates [S] given them."""
    bought = np.where(sales.segment >= 0, sales.count, 0).sum(axis=0).astype(np.float64)
    sold = _by_segment(sales, sales.count.astype(np.float64), segments)
    eager, shape = np.ones(len(bought)), math.inf
    rate = np.zeros(segments)
    for _ in range(ROUNDS):
        exposure = _by_segment(
            sales, np.broadcast_to(eager, sales.count.shape), segments, weighted=True
        )
        last, rate = rate, np.divide(sold, exposure, out=np.zeros(segments), where=exposure > 0)
        if np.all(np.abs(rate - last) <= SETTLED * rate):
            break
        expected = _expected(sales, rate)
        shape = _shape(bought, expected)
        if shape < MOST_SHAPE:
            eager = (shape + bought) / (shape + expected)
        else:
            eager = np.ones(len(bought))
    alike = shape >= MOST_SHAPE
    return eager, None if alike else shape, rate


def _shape(bought: Floats, expected: Floats) -> float:
    """By moments: the variance of a customer's sales is m + m**2 / k around the mean m."""
    beyond = float(np.sum((bought - expected) ** 2 - bought))
    squares = float(np.sum(expected**2))
    return squares / beyond if beyond > 0.0 and squares > 0.0 else math.inf


def _pooled_rates(
    sales: Sales, eager: Floats, known: tuple[Floats, Floats, Floats], seed: int, runs: int
) -> tuple[Floats, Floats]:
    sold, exposure, rate = known
    there = exposure > 0
    common = math.log((sold.sum() + 0.5) / exposure.sum())
    safe = np.where(there, exposure, 1.0)
    estimate = np.where(there, np.log((sold + 0.5) / safe), common)
    beyond = [
        sales.count[at] - sales.weights[at] * eager * rate[place]
        for at, place in enumerate(sales.segment)
    ]
    spread = np.maximum(_squares(sales, beyond, len(rate)) / np.maximum(sold, 1.0), 1.0)
    variance = np.where(there, spread / (sold + 0.5), _UNKNOWN)
    pooled = pool(estimate, variance, none=0.0)
    return _drawn(pooled, seed, runs, "sales of a customer"), pooled.data_weight


def _drawn(pooled: Pooled, seed: int, runs: int, name: str) -> Floats:
    """Draws of figures that were pooled on the logarithm; their mean is the estimate.

    The mean of exp(x) is above exp of the mean of x by half the variance, which comes off first.
    """
    off = 0.5 * np.minimum(pooled.error[:, 0], 3.0) ** 2
    return np.asarray(np.exp(pooled.draws(seed, runs, name)[:, :, 0] - off))


def _squares(sales: Sales, beyond: Sequence[Floats], segments: int) -> Floats:
    """Of amounts [C, N] beyond expectation, added up by customer and segment, the squares: [S].

    It is the variance of the sum of a segment: sales of one customer are not independent.
    """
    count = sales.count.shape[1]
    total = np.zeros(segments * count)
    customers = np.arange(count)
    for place, found in zip(sales.segment, beyond, strict=True):
        there = place >= 0
        row = place[there].astype(np.int64) * count + customers[there]
        total += np.bincount(row, found[there], len(total))
    squares: Floats = (total**2).reshape(segments, count).sum(axis=1)
    return squares


def _season(sales: Sales, eager: Floats, rate: Floats, notes: list[str]) -> Floats | None:
    length = len(sales.months)
    if length < FEWEST_MONTHS:
        notes.append(
            f"sales are known for {length} of the last {FEWEST_MONTHS} complete months: they are "
            "projected without a season"
        )
        return None
    padded = np.append(rate, 0.0)
    monthly = np.array([float(np.sum(eager * padded[place])) for place in sales.segment])
    period = FEWEST_MONTHS // len(sales.weights)
    expected = np.repeat(monthly / period, period)
    factors = np.ones(FEWEST_MONTHS)
    for month, sold, mean in zip(sales.months, sales.by_month, expected, strict=True):
        factors[month.month - 1] = sold / mean if mean > 0 else 1.0
    return factors


# ---- for how much


def _values(
    sales: Sales, segments: Sequence[str], seed: int, runs: int, notes: list[str]
) -> tuple[Floats, Floats]:
    """The mean of a sale, float64[R, S], and the spread of its logarithm, [S]."""
    size = len(segments)
    total = _by_segment(sales, sales.value, size)
    known = _by_segment(sales, sales.known.astype(np.float64), size)
    squares = _by_segment(sales, sales.squares, size)
    mean = np.divide(total, known, out=np.zeros(size), where=known > 0)
    overall = float(total.sum() / max(known.sum(), 1.0))
    earns = (known > 0) & (mean > 0)
    losing = [name for name, n, each in zip(segments, known, mean, strict=True) if n and each <= 0]
    if losing:
        notes.append(
            f"sales in {', '.join(losing)} bring nothing on average: they are counted as worth "
            "nothing, so revenue and profit are shown too high by what they lose"
        )
    lent = [name for name, each in zip(segments, known, strict=True) if not each]
    if lent and overall > 0:
        notes.append(f"no sale yet in {', '.join(lent)}: the average value of all sales is used")
    if overall <= 0 or not earns.any():
        return np.zeros((1, size)), np.zeros(size)
    beyond = [
        sales.value[at] - mean[place] * sales.known[at] for at, place in enumerate(sales.segment)
    ]
    error = _squares(sales, beyond, size) / np.maximum(total, 1.0) ** 2
    estimate = np.log(np.where(earns, mean, overall))
    pooled = pool(estimate, np.where(earns, np.maximum(error, _SURE), _UNKNOWN), none=0.0)
    drawn = np.where(known > 0, _drawn(pooled, seed, runs, "value of a sale"), overall)
    variance = np.maximum(squares / np.maximum(known, 1.0) - mean**2, 0.0)
    spread = np.where(earns, np.sqrt(np.log1p(variance / np.maximum(mean, 1e-9) ** 2)), 0.0)
    usual = float(np.average(spread[earns], weights=known[earns]))
    worthless = (known > 0) & (mean <= 0)
    return np.where(worthless, 0.0, drawn), np.where(earns, spread, usual)


def _costs(life: ir.Life, sales: Sales, segments: Sequence[str], notes: list[str]) -> Floats:
    """Minor units a sale, of all costs together: float64[S]."""
    total = np.zeros(len(segments))
    for cost in life.costs:
        amount = cost.amount
        if isinstance(amount, ir.Const) and isinstance(amount.value, int | float):
            total += float(amount.value)
            continue
        spent, known = sales.cost[cost.name]
        sums = _by_segment(sales, spent, len(segments))
        numbers = _by_segment(sales, known.astype(np.float64), len(segments))
        if not numbers.any():
            notes.append(f"the cost {cost.name} is counted as nothing: it is known of no sale")
            continue
        usual = float(sums.sum() / numbers.sum())
        total += np.divide(sums, numbers, out=np.full(len(segments), usual), where=numbers > 0)
    return total
