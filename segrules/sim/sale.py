"""The law of one sale, and how it is laid out so that totals of many sales are drawn at once.

A total of n sales is that of its largest ones, each drawn by itself, and of the rest together. The
largest are those above a quantile beyond which about `SINGLE` of the sales of a run lie, so few
sales are all drawn one by one; the rest, which are bounded, are a gamma of their exact mean and
variance. Where a sale itself is gamma distributed the total is a gamma to begin with.

Shapes: S segments, N sales of a table. Packed amounts are in parts of the mean of a sale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincinv, ndtr, ndtri

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

LOGNORMAL, GAMMA, BOOTSTRAP = 0, 1, 2

SINGLE = 8
"""Sales of a segment and run that are drawn one by one, about."""

_STRATA = 4096
"""Equal parts in which a gamma is tabulated where some sales bring nothing, or it is cut."""


class SaleLaw(NamedTuple):
    """How single sales spread.

    kind: LOGNORMAL (a, b: mean and deviation of the logarithm), GAMMA (a, b: shape and scale) or
    BOOTSTRAP (table: float64[N], the sales in rising order). nothing: chance that a sale brings
    0. cap: the most one may bring (infinite without a cap).
    """

    kind: int
    a: float
    b: float
    nothing: float
    cap: float
    table: Floats

    def scaled(self, by: float) -> SaleLaw:
        """The law of a sale that brings so many times as much."""
        if self.kind == BOOTSTRAP:
            return self._replace(table=self.table * by, cap=self.cap * by)
        a, b = (self.a, self.b * by) if self.kind == GAMMA else (self.a + math.log(by), self.b)
        return self._replace(a=a, b=b, cap=self.cap * by)


class Sales(NamedTuple):
    """What kernels draw totals from; the law of a segment in parts of its mean."""

    large: Floats  # [S] share of sales that are drawn one by one, from the largest down; 0: none
    kind: Counts  # [S] LOGNORMAL or BOOTSTRAP, of the large ones
    log_mean: Floats  # [S]
    log_spread: Floats  # [S]
    nothing: Floats  # [S]
    cap: Floats  # [S]
    size: Counts  # [S] sales of the whole table; its largest ones are kept
    start: Counts  # [S+1] where the kept ones of each segment begin, the largest first
    table: Floats
    shape: Floats  # [S] gamma shape of each of the rest above `least`; 0: they are all alike
    mean: Floats  # [S] of the rest above `least`
    least: Floats  # [S]


class _Packed(NamedTuple):
    """The same of one segment."""

    large: float
    law: SaleLaw
    kept: Floats
    shape: float
    mean: float
    least: float


def moments(law: SaleLaw) -> tuple[float, float]:
    """Return mean and mean square of a sale."""
    if law.kind == BOOTSTRAP:
        first, second = float(law.table.mean()), float((law.table**2).mean())
    elif law.kind == GAMMA:
        first, second = _gamma_moments(law)
    else:
        first, second = _lognormal_below(law, math.inf)
    some = 1.0 - law.nothing
    return some * first, some * second


def pack_sales(laws: Sequence[SaleLaw], expected: Floats, shape: Floats) -> Sales:
    """Lay out the laws of S segments, () for gamma sales of the shapes float64[S] (0: no spread).

    expected: float64[S] sales of a run, about.
    """
    if laws:
        every = zip(laws, expected.tolist(), shape.tolist(), strict=True)
        packed = [_packed(law, number, alike <= 0.0) for law, number, alike in every]
    else:
        packed = [_plain(each) for each in shape.tolist()]

    def column(values: Sequence[float]) -> Floats:
        return np.array(values, dtype=np.float64)

    return Sales(
        large=column([each.large for each in packed]),
        kind=np.array([each.law.kind for each in packed], dtype=np.int64),
        log_mean=column([each.law.a for each in packed]),
        log_spread=column([each.law.b for each in packed]),
        nothing=column([each.law.nothing for each in packed]),
        cap=column([each.law.cap for each in packed]),
        size=np.array([len(each.law.table) for each in packed], dtype=np.int64),
        start=np.cumsum([0, *(len(each.kept) for each in packed)]).astype(np.int64),
        table=np.concatenate([np.empty(0), *(each.kept for each in packed)]),
        shape=column([each.shape for each in packed]),
        mean=column([each.mean for each in packed]),
        least=column([each.least for each in packed]),
    )


def _plain(shape: float) -> _Packed:
    nobody = SaleLaw(BOOTSTRAP, 0.0, 0.0, 0.0, math.inf, np.empty(0))
    return _Packed(0.0, nobody, np.empty(0), shape, 1.0, 0.0)


def _packed(law: SaleLaw, expected: float, alike: bool) -> _Packed:
    mean = moments(law)[0]
    if alike or mean <= 0.0:
        return _plain(0.0)
    if law.kind == GAMMA:
        if law.nothing == 0.0 and law.cap == math.inf:
            return _plain(law.a)
        law = _tabulated(law)
    law = law.scaled(1.0 / mean)
    share = min(1.0, SINGLE / max(expected, 1e-9))
    if law.kind == BOOTSTRAP:
        return _cut_table(law, share)
    return _cut_curve(law, share)


def _cut_table(law: SaleLaw, share: float) -> _Packed:
    """The largest of a table; the last of them may be in part among the rest."""
    size, some = len(law.table), 1.0 - law.nothing
    falling = law.table[::-1]
    kept = size if share >= some else max(1, math.ceil(share / some * size))
    of_each = some / size
    if share >= 1.0:
        return _Packed(1.0, law, falling.copy(), 0.0, 0.0, 0.0)
    rest, last = falling[kept:], float(falling[kept - 1])
    part = max(0.0, kept * of_each - share)
    first = of_each * float(rest.sum()) + part * last
    second = of_each * float((rest**2).sum()) + part * last**2
    least = min(0.0, float(law.table[0]))
    return _Packed(share, law, falling[:kept].copy(), *_rest((first, second), share, least))


def _cut_curve(law: SaleLaw, share: float) -> _Packed:
    none = np.empty(0)
    if share >= 1.0:
        return _Packed(1.0, law, none, 0.0, 0.0, 0.0)
    some = 1.0 - law.nothing
    top = min(1.0, share / some)
    first, second = _lognormal_below(law, float(-ndtri(top)))
    return _Packed(share, law, none, *_rest((some * first, some * second), share, 0.0))


def _rest(sums: tuple[float, float], share: float, least: float) -> tuple[float, float, float]:
    """Shape, mean and least of the rest, from its parts of the first two moments of all sales."""
    mean, square = sums[0] / (1.0 - share), sums[1] / (1.0 - share)
    variance, above = max(0.0, square - mean * mean), mean - least
    alike = variance <= 1e-12 * square or above <= 0.0
    return (0.0 if alike else above * above / variance), above, least


def _lognormal_below(law: SaleLaw, z: float) -> tuple[float, float]:
    """First two moments of a positive sale, as far as its logarithm is below z deviations."""
    cut = math.inf
    if math.isfinite(law.cap):
        cut = (math.log(law.cap) - law.a) / law.b if law.b > 0.0 else math.inf
    low = min(z, cut)
    b, middle = law.b, math.exp(law.a)
    first = middle * math.exp(0.5 * b * b) * float(ndtr(low - b))
    second = middle**2 * math.exp(2.0 * b * b) * float(ndtr(low - 2.0 * b))
    if cut < z:
        capped = float(ndtr(-cut) - ndtr(-z))
        first, second = first + law.cap * capped, second + law.cap**2 * capped
    return first, second


def _gamma_moments(law: SaleLaw) -> tuple[float, float]:
    """First two moments of a positive sale."""
    shape, scale = law.a, law.b
    first, second = shape * scale, shape * (shape + 1.0) * scale**2
    if math.isfinite(law.cap):
        at = law.cap / scale
        below = [float(gammainc(shape + k, at)) for k in range(3)]
        above = 1.0 - below[0]
        first = first * below[1] + law.cap * above
        second = second * below[2] + law.cap**2 * above
    return first, second


def _tabulated(law: SaleLaw) -> SaleLaw:
    """A gamma as the means of its equal parts."""
    ends = gammaincinv(law.a, np.linspace(0.0, 1.0, _STRATA + 1))
    parts = law.a * np.diff(gammainc(law.a + 1.0, ends)) * _STRATA
    table = np.minimum(law.cap, law.b * parts)
    return law._replace(kind=BOOTSTRAP, table=table.astype(np.float64))
