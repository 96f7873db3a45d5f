"""How long contacts take and how long customers wait before they give up, by what foretells best.

Every candidate is fitted on all folds but one and scored by the logarithm of its density at the
times left out. A richer form must be better than the exponential by a standard error of the
difference, because it repeats the past. Patience is censored: who was answered would have waited
longer. Its hazard by parts of the wait is the smooth form of Kaplan and Meier's estimate, and goes
on at its last level beyond the longest wait seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, gaussian_kde

from segrules.sim.events.model import (
    ENDLESS,
    Exponential,
    Lognormal,
    Quantiles,
    Time,
    mean_of,
)
from segrules.sim.learn.pooling import pool
from segrules.sim.luck import uniforms
from segrules.sim.model import Counts, Floats
from segrules.sim.queues.calls import ENOUGH_LOST
from segrules.sim.queues.choice import MOST_LOST
from segrules.sim.queues.fault import Fault, too_few

FEWEST = 50
"""Times below which the exponential is taken as it is."""

BY_PARTS = "hazard by parts of the wait"

_FOLDS = 5
_STEPS = 200
_MOST_SCORED = 4_000
_PARTS = 8
_LEVEL = 0.05

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Fitted:
    """A form of time, what it is called, and the mean held-out log density by candidate."""

    time: Time
    method: str
    scores: dict[str, float]


def scaled(time: Time, factor: float) -> Time:
    """The same form with times `factor` as long."""
    match time:
        case Exponential(mean):
            return Exponential(mean * factor)
        case Lognormal(mean, cv):
            return Lognormal(mean * factor, cv)
        case Quantiles(values):
            return Quantiles(values * factor)
        case _:
            return time


def variation(time: Time) -> float:
    """Standard deviation over mean: 1 of an exponential."""
    match time:
        case Exponential():
            return 1.0
        case Lognormal(cv=cv):
            return cv
        case Quantiles(values):
            low, high = values[:-1], values[1:]
            square = float(np.mean((low * low + low * high + high * high) / 3))
            return math.sqrt(max(square / mean_of(time) ** 2 - 1, 0.0))
        case _:
            return 0.0


# ---- handle times


def fit_handling(times: Floats, seed: int) -> Fitted:
    """The form of float64[N] times > 0: exponential, lognormal or their own quantiles."""
    mean = float(times.mean())
    if len(times) < FEWEST or len(np.unique(times)) < 3:
        return Fitted(Exponential(mean), "exponential (too few to choose)", {})
    scores = _scores(_thinned(times), seed)
    means = {name: float(each.mean()) for name, each in scores.items()}
    best = "exponential"
    for name in ("lognormal", "as seen"):
        lead = scores[name] - scores[best]
        if float(lead.mean()) > float(lead.std(ddof=1)) / math.sqrt(len(lead)):
            best = name
    forms: dict[str, Time] = {
        "exponential": Exponential(mean),
        "lognormal": _lognormal(times),
        "as seen": Quantiles(np.quantile(times, np.linspace(0, 1, _STEPS + 1))),
    }
    return Fitted(forms[best], best, means)


def _thinned(times: Floats) -> Floats:
    """Equally spaced ones of many: a form is told from some thousands."""
    if len(times) <= _MOST_SCORED:
        return times
    return times[np.linspace(0, len(times) - 1, _MOST_SCORED).astype(np.int64)]


def _lognormal(times: Floats) -> Lognormal:
    logs = np.log(times)
    variance = max(float(logs.var(ddof=1)), 1e-6)
    return Lognormal(float(times.mean()), math.sqrt(math.expm1(min(variance, 50.0))))


def _scores(times: Floats, seed: int) -> dict[str, Floats]:
    """Held-out log density of the logarithm of each time, float64[N], by candidate."""
    logs, fold = np.log(times), _fold(len(times), seed)
    found: dict[str, Any] = {
        name: np.empty(len(times)) for name in ("exponential", "lognormal", "as seen")
    }
    for each in range(_FOLDS):
        out = fold == each
        train, test = times[~out], times[out]
        mean, seen, asked = float(train.mean()), logs[~out], logs[out]
        found["exponential"][out] = asked - math.log(mean) - test / mean
        centre, spread = float(seen.mean()), max(float(seen.std(ddof=1)), 1e-3)
        found["lognormal"][out] = -0.5 * ((asked - centre) / spread) ** 2 - math.log(
            spread * math.sqrt(2 * math.pi)
        )
        smooth = gaussian_kde(seen)(asked) if spread > 1e-3 else np.ones(len(asked))
        # A time far from all seen may come all the same: one in N of them.
        found["as seen"][out] = np.log((1 - 1 / len(seen)) * smooth + 1 / len(seen) / 10)
    return found


def _fold(count: int, seed: int) -> Counts:
    fold = uniforms(seed, "folds of times", 1, count)[0] * _FOLDS
    return np.asarray(np.floor(fold), dtype=np.int64)


def means_by_segment(times: Floats, segment: Counts, segments: int) -> tuple[Floats, Floats, bool]:
    """Mean time by segment float64[S], the weight of its own times, and whether segments differ.

    Where chance explains the differences all have one mean; otherwise means are drawn towards each
    other. A segment without times has the common mean.
    """
    common = float(times.mean())
    counts = np.bincount(segment, minlength=segments)
    own = np.bincount(segment, times, segments) / np.maximum(counts, 1)
    known = counts >= 2
    spread = float(times.var(ddof=1)) if len(times) > 1 else 0.0
    same = np.full(segments, common), np.zeros(segments), False
    if known.sum() < 2 or spread == 0.0:
        return same
    error2 = spread / counts[known]
    centre = float(np.sum(own[known] / error2) / np.sum(1 / error2))
    distance = float(np.sum((own[known] - centre) ** 2 / error2))
    if float(chi2.sf(distance, int(known.sum()) - 1)) > _LEVEL:
        return same
    pooled = pool(own[known], error2, none=0.0)
    means, weights = np.full(segments, common), np.zeros(segments)
    means[known], weights[known] = np.maximum(pooled.mean[:, 0], 1e-9), pooled.data_weight
    return means, weights, True


# ---- patience


def fit_patience(waited: Floats, lost: Flags, seed: int) -> Fitted | Fault:
    """The patience of customers, from waits and who gave up, bool[N].

    Nobody gives up where at most 2% did and they are too few to tell a mean from; a fault where
    more did.
    """
    gone = int(lost.sum())
    if gone < ENOUGH_LOST:
        if gone <= MOST_LOST * len(lost):
            return Fitted(ENDLESS, "nobody gives up", {})
        return too_few("contacts that were given up, for the patience", gone, ENOUGH_LOST)
    mean = float(waited.sum()) / gone
    if mean <= 0.0:
        return too_few("waits of those who gave up", 0, ENOUGH_LOST)
    plain = Fitted(Exponential(mean), "exponential", {})
    if gone < FEWEST:
        return plain
    edges = parts_of_wait(waited[lost])
    if len(edges) < 2:
        return plain
    scores = _patience_scores(waited, lost, edges, seed)
    means = {name: float(each.mean()) for name, each in scores.items()}
    lead = scores["by parts"] - scores["exponential"]
    if float(lead.mean()) <= float(lead.std(ddof=1)) / math.sqrt(len(lead)):
        return Fitted(plain.time, "exponential", means)
    form = by_hazard(edges, _hazards(waited, lost, edges))
    return Fitted(form, BY_PARTS, means)


def parts_of_wait(gone: Floats) -> Floats:
    """Where the parts of the wait begin, from the waits that ended so: as many gave up in each."""
    inner = np.quantile(gone, np.linspace(0, 1, _PARTS + 1)[1:-1])
    return np.unique(np.concatenate([[0.0], inner[inner > 0]]))


def exposure(waited: Floats, edges: Floats) -> Floats:
    """Time that each customer waited in each part: float64[N, K]."""
    ends = np.append(edges[1:], np.inf)
    return np.asarray(np.clip(waited[:, None] - edges, 0.0, ends - edges), dtype=np.float64)


def _hazards(waited: Floats, lost: Flags, edges: Floats) -> Floats:
    """Rate of giving up by part, float64[K]; half a customer keeps it from 0."""
    part = np.searchsorted(edges, waited[lost], side="right") - 1
    gone = np.bincount(part, minlength=len(edges))
    return hazards_of(gone, exposure(waited, edges).sum(axis=0))


def hazards_of(gone: Counts | Floats, waited: Floats) -> Floats:
    """The same from who gave up in each part, and the time that all waited in it: [..., K]."""
    mean = waited.sum(axis=-1, keepdims=True) / gone.sum(axis=-1, keepdims=True)
    return np.asarray((gone + 0.5) / (waited + 0.5 * mean), dtype=np.float64)


def _patience_scores(waited: Floats, lost: Flags, edges: Floats, seed: int) -> dict[str, Floats]:
    fold = _fold(len(waited), seed)
    found = {name: np.zeros(len(waited)) for name in ("exponential", "by parts")}
    for name, cut in (("exponential", edges[:1]), ("by parts", edges)):
        for each in range(_FOLDS):
            out = fold == each
            if not lost[~out].any():
                continue
            hazard = _hazards(waited[~out], lost[~out], cut)
            part = np.searchsorted(cut, waited[out], side="right") - 1
            found[name][out] = np.where(lost[out], np.log(hazard[part]), 0.0) - (
                exposure(waited[out], cut) @ hazard
            )
    return found


def by_hazard(edges: Floats, hazard: Floats) -> Quantiles:
    """The quantiles of the patience with these hazards; the last one is that of 1 in 2 x steps."""
    risen = np.concatenate([[0.0], np.cumsum(hazard[:-1] * np.diff(edges))])
    levels = np.linspace(0, 1, _STEPS + 1)
    levels[-1] = 1 - 0.5 / _STEPS
    need = -np.log1p(-levels)
    part = np.searchsorted(risen, need, side="right") - 1
    return Quantiles(edges[part] + (need - risen[part]) / hazard[part])
