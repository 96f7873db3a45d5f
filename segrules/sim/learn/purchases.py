"""How often customers will buy again without a contract, and what they will spend.

While alive a customer buys at the rate lambda ~ Gamma(r, alpha); after each purchase he leaves
with the chance p ~ Beta(a, b). Given x repeat purchases, the last at t, and the age T, (lambda,
p) is a mixture of two products, one for alive and one for gone, and is drawn exactly; purchases
ahead are then min(Poisson(lambda h), Geometric(p)). What a purchase brings is
Gamma(shape, nu) with nu ~ Gamma(q, gamma). The parameters are drawn from the normal
approximation of their posterior.

No such model knows the calendar or its own faults. It is therefore fitted again to earlier
stretches of the same past and compared with what came after (`hindcasts`). The mean logarithm of
seen over expected corrects what is expected, of all customers and of each segment; its spread is
an error that every run carries, with Student's t for how few the hindcasts are. They overlap, so
their mean is no surer than that of those that do not.

Sources: Fader, Hardie and Lee, Marketing Science 24 (2005); Fader and Hardie, "The gamma-gamma
model of monetary value" (2013).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import gammaln as log_gamma

from segrules.sim.draws import beta, gamma, poisson
from segrules.sim.jit import kernel
from segrules.sim.learn.likelihood import covariance_at, minimise
from segrules.sim.luck import log_gammas, normals
from segrules.sim.model import Counts, Floats, require
from segrules.sim.uniforms import FIRST, Key, identity, uniform

WEEK = 7.0
RUNS = 400

_ALIVE = np.uint64(identity("alive"))
_RATE = np.uint64(identity("purchase rate"))
_LEAVING = np.uint64(identity("chance to leave"))
_BOUGHT = np.uint64(identity("purchases"))
_STAY = np.uint64(identity("purchases until leaving"))
_TASTE = np.uint64(identity("taste"))
_SPENT = np.uint64(identity("spent"))


@dataclass(frozen=True)
class Past:
    """Customers up to a day. Times in weeks, money as given.

    repeats: purchases after the first (purchases of a day are one). last: time of the last of
    them, age: time since the first purchase. mean_spend: over the repeat purchases with a spend
    above 0, whose number is paid (first purchases are of another size). All float64[N].
    """

    customers: tuple[str, ...]
    repeats: Floats
    last: Floats
    age: Floats
    mean_spend: Floats
    paid: Floats


@dataclass(frozen=True)
class Hindcasts:
    """How wrong the model was on the past, by H hindcasts.

    error: float64[H] logarithms of seen over expected revenue. weeks: float64[H] looked ahead.
    segments, by_segment: float64[H, S] the same of a segment less that of all, NaN where nothing
    was seen or expected. apart: number of hindcasts whose horizons would fit beside each other.
    """

    error: Floats
    weeks: Floats
    segments: tuple[str, ...]
    by_segment: Floats
    apart: int

    def of_all(self, weeks: float) -> tuple[float, float]:
        """Mean error, and its deviation for a horizon."""
        return self._moments(self.error, weeks)

    def of_segment(self, name: str, weeks: float) -> tuple[float, float]:
        """Mean error of a segment against all, and its deviation; (0, 0) where it is unknown."""
        if name not in self.segments:
            return 0.0, 0.0
        return self._moments(self.by_segment[:, self.segments.index(name)], weeks)

    def _moments(self, error: Floats, weeks: float) -> tuple[float, float]:
        """What drifts does so with the root of the weeks; the mean is itself uncertain."""
        known = np.isfinite(error)
        count = int(known.sum())
        if count < 2:
            return 0.0, 0.0
        mean = float(error[known].mean())
        by_week = float(((error[known] - mean) ** 2 / self.weeks[known]).sum()) / (count - 1)
        return mean, math.sqrt(by_week * weeks * (1.0 + 1.0 / self.apart))


@dataclass(frozen=True)
class Purchases:
    """The fitted model.

    timing: log (r, alpha, a, b); spend: log (shape, q, gamma), with their covariances. fault:
    how wrong it was on the past, None when that was not tried. data_weight: float64[N], the part
    of a customer's own purchases in the expected rate.
    """

    method: str
    past: Past
    timing: Floats
    timing_covariance: Floats
    spend: Floats
    spend_covariance: Floats
    fault: Hindcasts | None
    data_weight: Floats
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Outlook:
    """What the customers will buy and spend by segment: float64[R, S] of runs."""

    segments: tuple[str, ...]
    purchases: Floats
    revenue: Floats

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Ends float64[S] of the central interval of revenue by segment."""
        tail = (1.0 - level) / 2.0
        low, high = np.quantile(self.revenue, [tail, 1.0 - tail], axis=0)
        return low, high

    def total_interval(self, level: float) -> tuple[float, float]:
        """Ends of the central interval of revenue over all segments."""
        tail = (1.0 - level) / 2.0
        low, high = np.quantile(self.revenue.sum(axis=1), [tail, 1.0 - tail])
        return float(low), float(high)


def past_of(orders: pl.DataFrame, *, until: dt.date) -> Past:
    """Summarise orders (columns customer, day, spend), a row an order, up to and with a day."""
    days = (
        orders.filter(pl.col("day") <= until)
        .group_by("customer", "day")
        .agg(pl.col("spend").cast(pl.Float64).sum())
    )
    again = (pl.col("day") > pl.col("day").min()) & (pl.col("spend") > 0)
    require(days.height > 0, "nobody has bought by then")
    first, final = pl.col("day").min(), pl.col("day").max()
    table = (
        days.group_by(pl.col("customer").cast(pl.String))
        .agg(
            (pl.len() - 1).alias("repeats"),
            ((final - first).dt.total_days() / WEEK).alias("last"),
            ((pl.lit(until) - first).dt.total_days() / WEEK).alias("age"),
            pl.col("spend").filter(again).mean().fill_null(0.0).alias("mean"),
            again.sum().alias("paid"),
        )
        .sort("customer")
    )
    columns = [
        table[name].to_numpy().astype(np.float64)
        for name in ("repeats", "last", "age", "mean", "paid")
    ]
    return Past(tuple(table["customer"]), *columns)


def learn_purchases(past: Past, *, fault: Hindcasts | None = None) -> Purchases:
    """Fit timing and spend to a past.

    ValueError when a likelihood has no top, as when hardly anybody bought twice.
    """
    timing_loss = _loss(_timing, past.repeats, past.last, past.age)
    timing, timing_covariance = _fit(timing_loss, np.array([-1.0, 1.5, -0.2, 0.9]))
    paid = past.paid > 0
    of_spend = _loss(_spending, past.mean_spend[paid], past.paid[paid])
    typical = math.log(float(past.mean_spend[paid].mean()))
    spend, spend_covariance = _fit(of_spend, np.array([1.5, 1.3, typical - 0.5]))
    notes = ("purchases carry no season: the calendar is in the error of the hindcasts",)
    if fault is None:
        notes = ("no hindcast was made: the interval holds no error of the model itself",)
    r, alpha = math.exp(timing[0]), math.exp(timing[1])
    method = f"BG/NBD (r {r:.3g}, alpha {alpha:.3g}) and gamma-gamma, highest likelihood"
    own = past.age / (past.age + alpha)
    return Purchases(
        method, past, timing, timing_covariance, spend, spend_covariance, fault, own, notes
    )


def hindcasts(
    orders: pl.DataFrame,
    *,
    until: dt.date,
    segments: Callable[[Past], Sequence[str]],
    seed: int,
    count: int = 4,
) -> Hindcasts:
    """Fit to the past of earlier days and compare with what came until the day.

    The earlier days lie evenly between a half and three quarters of the past; of each only the
    customers known then are followed, in the segment that `segments` gives them then.
    """
    known = orders.filter(pl.col("day") <= until).with_columns(pl.col("customer").cast(pl.String))
    require(known.height > 0, "nobody has bought by then")
    days = known.select((pl.lit(until) - pl.col("day").min()).dt.total_days()).item()
    ahead = [round(float(days) * (1.0 - share)) for share in np.linspace(0.5, 0.75, count)]
    found = [_hindcast(known, until, each, segments, seed) for each in ahead]
    names = tuple(sorted({name for _, each in found for name in each}))
    error = np.array([total for total, _ in found])
    table = [[each.get(name, math.nan) for name in names] for _, each in found]
    apart = max(1, round(0.5 * float(days) / float(np.mean(ahead))))
    weeks = np.array(ahead) / WEEK
    return Hindcasts(error, weeks, names, np.array(table) - error[:, None], apart)


def _hindcast(
    known: pl.DataFrame,
    until: dt.date,
    days: int,
    segments: Callable[[Past], Sequence[str]],
    seed: int,
) -> tuple[float, dict[str, float]]:
    """Logarithms of seen over expected: of all customers, and by segment where both are known."""
    origin = until - dt.timedelta(days=days)
    found = learn_purchases(past_of(known, until=origin))
    place = segments(found.past)
    outlook = project(found, place, weeks=days / WEEK, seed=seed, runs=10)
    expected = dict(zip(outlook.segments, outlook.revenue.mean(axis=0).tolist(), strict=True))
    placed = pl.DataFrame({"customer": found.past.customers, "segment": place})
    after = known.filter(pl.col("day") > origin).join(placed, on="customer")
    seen = dict(after.group_by("segment").agg(pl.col("spend").sum()).iter_rows())
    total = sum(seen.values()), sum(expected.values())
    require(min(total) > 0, "nothing was bought in a hindcast")
    both = [name for name in expected if seen.get(name, 0) > 0 and expected[name] > 0]
    return math.log(total[0] / total[1]), {n: math.log(seen[n] / expected[n]) for n in both}


def project(
    found: Purchases, segments: Sequence[str], *, weeks: float, seed: int, runs: int = RUNS
) -> Outlook:
    """Simulate what the customers buy in the weeks ahead, by the segment of each (N names)."""
    past = found.past
    require(len(segments) == len(past.customers), "a segment for every customer")
    require(weeks > 0 and runs > 0, "a horizon and runs are needed")
    names = tuple(sorted(set(segments)))
    place = {name: at for at, name in enumerate(names)}
    index = np.array([place[name] for name in segments], dtype=np.int64)
    timing = _drawn(found.timing, found.timing_covariance, seed, runs, "timing")
    spend = _drawn(found.spend, found.spend_covariance, seed, runs, "spend")
    fault = _fault(found.fault, names, weeks, seed, runs)
    purchases, revenue = np.zeros((runs, len(names))), np.zeros((runs, len(names)))
    facts = np.stack([past.repeats, past.last, past.age, past.mean_spend, past.paid], axis=1)
    _simulate(
        np.uint64(seed), facts, index, np.hstack([timing, spend]), weeks, (purchases, revenue)
    )
    return Outlook(names, purchases * fault, revenue * fault)


@kernel
def _simulate(
    seed: np.uint64,
    facts: Floats,
    index: Counts,
    parameters: Floats,
    weeks: float,
    out: tuple[Floats, Floats],
) -> None:
    purchases, revenue = out
    for run in range(parameters.shape[0]):
        replication = np.uint64(run)
        r, alpha, a, b = (
            parameters[run, 0],
            parameters[run, 1],
            parameters[run, 2],
            parameters[run, 3],
        )
        shape, q, scale = parameters[run, 4], parameters[run, 5], parameters[run, 6]
        for i in range(len(index)):
            repeats, last, age = facts[i, 0], facts[i, 1], facts[i, 2]
            entity = np.uint64(i)
            gone = 0.0
            if repeats > 0.0:
                gone = a / (b + repeats - 1.0) * ((alpha + age) / (alpha + last)) ** (r + repeats)
            if uniform(Key(seed, entity, FIRST, _ALIVE, replication)) * (1.0 + gone) > 1.0:
                continue
            key = Key(seed, entity, FIRST, _RATE, replication)
            rate = gamma(r + repeats, key) / (alpha + age)
            count = poisson(rate * weeks, Key(seed, entity, FIRST, _BOUGHT, replication))
            if count == 0:
                continue
            leaving = beta(a, b + repeats, Key(seed, entity, FIRST, _LEAVING, replication))
            u = uniform(Key(seed, entity, FIRST, _STAY, replication))
            until = math.log(u) / math.log1p(-leaving) if leaving < 1.0 else 0.0
            if leaving > 0.0 and until + 1.0 < count:
                count = int(until) + 1
            taste = gamma(q + shape * facts[i, 4], Key(seed, entity, FIRST, _TASTE, replication))
            taste /= scale + facts[i, 4] * facts[i, 3]
            spent = gamma(shape * count, Key(seed, entity, FIRST, _SPENT, replication)) / taste
            purchases[run, index[i]] += count
            revenue[run, index[i]] += spent


# ---- fitting


@dataclass(frozen=True)
class _Loss:
    """Minus a log likelihood over distinct customers (facts), many of whom are alike (times)."""

    of: Callable[[Floats, Floats], Floats]
    facts: Floats
    times: Floats

    def __call__(self, at: Floats) -> float:
        if np.any(np.abs(at) > 12.0):
            return math.inf
        return -float(self.times @ self.of(self.facts, at))


def _loss(of: Callable[[Floats, Floats], Floats], *columns: Floats) -> _Loss:
    facts, times = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)
    return _Loss(of, facts, times.astype(np.float64))


def _timing(facts: Floats, at: Floats) -> Floats:
    r, alpha, a, b = np.exp(at).tolist()
    x, last, age = facts.T
    first = log_gamma(r + x) - math.lgamma(r) + r * math.log(alpha)
    stays = log_gamma(b + x) - log_gamma(a + b + x) + math.lgamma(a + b) - math.lgamma(b)
    alive = -(r + x) * np.log(alpha + age)
    again = np.where(x > 0, b + x - 1.0, 1.0)
    left = math.log(a) - np.log(again) - (r + x) * np.log(alpha + last)
    return np.asarray(first + stays + np.where(x > 0, np.logaddexp(alive, left), alive))


def _spending(facts: Floats, at: Floats) -> Floats:
    shape, q, scale = np.exp(at).tolist()
    mean, paid = facts.T
    px = shape * paid
    log = log_gamma(px + q) - log_gamma(px) - math.lgamma(q) + q * math.log(scale)
    log = log + (px - 1.0) * np.log(mean) + px * np.log(paid)
    return np.asarray(log - (px + q) * np.log(scale + mean * paid))


def _fit(loss: _Loss, start: Floats) -> tuple[Floats, Floats]:
    at = minimise(loss, start)
    return at, covariance_at(loss, at)


def _drawn(centre: Floats, covariance: Floats, seed: int, runs: int, name: str) -> Floats:
    steps = normals(seed, f"parameters of {name}", runs, len(centre))
    return np.asarray(np.exp(centre + steps @ np.linalg.cholesky(covariance).T))


def _fault(
    fault: Hindcasts | None, names: tuple[str, ...], weeks: float, seed: int, runs: int
) -> Floats:
    """Factors float64[runs, S]: Student's t on the logarithm, for all and for each segment."""
    if fault is None:
        return np.ones((runs, len(names)))
    free = max(1, len(fault.error) - 1)
    half = np.full((runs, 1), free / 2.0)
    square = 2.0 * np.exp(log_gammas(seed, "trust in hindcasts", half)) / free
    trust = 1.0 / np.sqrt(square)
    mean, deviation = fault.of_all(weeks)
    common = mean + deviation * trust * normals(seed, "fault of the model", runs, 1)
    means, deviations = np.array([fault.of_segment(name, weeks) for name in names]).T
    own = means + deviations * trust * normals(seed, "fault by segment", runs, len(names))
    # beyond tenfold a hindcast says nothing
    return np.asarray(np.exp(np.clip(common + own, -math.log(10), math.log(10))))
