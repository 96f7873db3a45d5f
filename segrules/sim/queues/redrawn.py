"""What a log leaves open about its line: the estimates made again from its days, weighted by luck.

Other days of the same kind would have said something else. Each draw gives every open day a random
weight, gamma distributed of shape (D - 2) / D, so that a mean has the error that D days give it
(Rubin, "The Bayesian bootstrap", Annals of Statistics 9, 1981), and makes all estimates from the
weighted days: what goes together on a day stays together. The forms of the times, which parts of
the wait differ and that segments differ are held. Shapes: D open days, S segments, I parts of the
day, K parts of the wait. Times are hours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri
from scipy.stats import gamma

from segrules.lang import ir
from segrules.sim.events.model import Exponential, mean_of
from segrules.sim.luck import uniforms
from segrules.sim.model import Counts, Floats
from segrules.sim.queues.calls import ENOUGH_CALLS, Flags, match_agents, usual_queue
from segrules.sim.queues.contacts import Contacts
from segrules.sim.queues.fitting import (
    BY_PARTS,
    by_hazard,
    exposure,
    hazards_of,
    parts_of_wait,
    scaled,
)
from segrules.sim.queues.past import UNENDING, Past, drawn_rates, part_of_day, taken_first


@dataclass(frozen=True)
class PoolTotals:
    """Of those who take a pool first, float64[D, I]: contacts, their waits, handle times, hours."""

    contacts: Floats
    waited: Floats
    handled: Floats
    hours: Floats


@dataclass(frozen=True)
class Totals:
    """What each open day adds to the estimates, float64 throughout.

    contacts: [D, S, I]. handled, hours: [D, S] handle times and their sum; error: [S] of the own
    mean of a segment. edges: [K] where parts of the wait begin, one part for an exponential; gone,
    waited: [D, K] who gave up in each, and the time that all waited in it. pools: by name, of those
    whose agents are estimated.
    """

    contacts: Floats
    handled: Floats
    hours: Floats
    error: Floats
    edges: Floats
    gone: Floats
    waited: Floats
    pools: Mapping[str, PoolTotals]


def totals(rows: Contacts, learnt: Past, pools: Sequence[ir.Pool]) -> Totals:
    """The totals of the contacts from which `learnt` was estimated."""
    day = np.unique(rows.day, return_inverse=True)[1]
    days, segments, parts = learnt.open_days, len(learnt.segments), len(learnt.lengths)
    part = part_of_day(rows.hour, learnt.clock)
    served = ~np.isnan(rows.handle) & ~rows.lost & (rows.handle > 0)
    at = day * segments + rows.segment
    handled = np.bincount(at[served], minlength=days * segments)
    hours = np.bincount(at[served], rows.handle[served], days * segments).astype(np.float64)
    cells = np.bincount(at * parts + part, minlength=days * segments * parts)
    known = ~np.isnan(rows.waited)
    edges = np.zeros(1)
    if learnt.patience.method == BY_PARTS:
        edges = parts_of_wait(rows.waited[known & rows.lost])
    gone, waited = _patience(rows, day, known, edges, days)
    spread = float(rows.handle[served].std(ddof=1))
    own = handled.reshape(days, segments)
    return Totals(
        cells.reshape(days, segments, parts).astype(np.float64),
        own.astype(np.float64),
        hours.reshape(days, segments),
        np.asarray(spread / np.sqrt(np.maximum(own.sum(axis=0), 1)), dtype=np.float64),
        edges,
        gone,
        waited,
        {
            pool.name: _of_pool(
                rows, taken_first(pool, pools, learnt.segments), day * parts + part, (days, parts)
            )
            for pool in pools
            if pool.name in learnt.staffing
        },
    )


def _patience(
    rows: Contacts, day: Counts, known: Flags, edges: Floats, days: int
) -> tuple[Floats, Floats]:
    """Who gave up and how long all waited, by day and part of the wait: float64[D, K] each."""
    size = len(edges)
    gone = known & rows.lost
    step = np.searchsorted(edges, rows.waited[gone], side="right") - 1
    counts = np.bincount(day[gone] * size + step, minlength=days * size)
    spent = exposure(rows.waited[known], edges)
    waited = np.stack([np.bincount(day[known], spent[:, k], days) for k in range(size)], axis=1)
    return counts.reshape(days, size).astype(np.float64), waited.astype(np.float64)


def _of_pool(
    rows: Contacts, first: Sequence[int], cell: Counts, shape: tuple[int, int]
) -> PoolTotals:
    mine = np.isin(rows.segment, first) & ~np.isnan(rows.waited)
    timed = mine & ~np.isnan(rows.handle) & ~rows.lost
    size = shape[0] * shape[1]

    def summed(chosen: Flags, values: Floats | None = None) -> Floats:
        weights = None if values is None else values[chosen]
        return np.bincount(cell[chosen], weights, size).astype(np.float64).reshape(shape)

    return PoolTotals(
        summed(mine), summed(mine, rows.waited), summed(timed), summed(timed, rows.handle)
    )


# ---- draws


def redrawn(learnt: Past, found: Totals, seed: int, count: int) -> tuple[Past, ...]:
    """`count` draws of the estimates, for all arms of a project together."""
    days, segments = found.handled.shape
    shape = (days - 2) / days
    weights = gamma.ppf(uniforms(seed, "line weights of the days", count, days), shape)
    weights *= days / weights.sum(axis=1, keepdims=True)
    luck = ndtri(uniforms(seed, "line means of segments", count, segments))
    return tuple(_redrawn(learnt, found, *each) for each in zip(weights, luck, strict=True))


def open_figures(drawn: Past) -> list[float]:
    """What goes with the waits of all: the logarithms of arrivals, work, patience and agents."""
    handle = np.array([mean_of(each) for each in drawn.handle])
    by_segment = drawn.rates @ drawn.lengths
    arrivals = float(by_segment.sum())
    patience = mean_of(drawn.patience.time)
    agents = [float(each @ drawn.lengths) for each in drawn.staffing.values()]
    return [
        math.log(arrivals),
        math.log(float(by_segment @ handle) / arrivals),
        0.0 if math.isinf(patience) else math.log(patience),
        drawn.busyness,
        *(math.log(max(each, 1e-9)) for each in agents),
    ]


def open_by_segment(drawn: Past) -> Floats:
    """The logarithms of the arrivals of each segment and of its handle time, float64[2, S]."""
    arrivals = np.log(np.maximum(drawn.rates @ drawn.lengths, 1e-12))
    return np.stack([arrivals, np.log([mean_of(each) for each in drawn.handle])])


def _redrawn(learnt: Past, found: Totals, weights: Floats, luck: Floats) -> Past:
    """The estimates from days with these weights, float64[D] of mean 1; luck: float64[S]."""
    rates = drawn_rates(
        np.tensordot(weights, found.contacts, axes=1), learnt.clock, learnt.open_days
    )
    factors = _handle_factors(learnt, found, weights, luck)
    handle = tuple(scaled(each, by) for each, by in zip(learnt.handle, factors, strict=True))
    patience = learnt.patience
    gone, waited = weights @ found.gone, weights @ found.waited
    if isinstance(patience.time, Exponential):
        patience = replace(patience, time=Exponential(float(waited.sum() / gone.sum())))
    elif patience.method == BY_PARTS:
        patience = replace(patience, time=by_hazard(found.edges, hazards_of(gone, waited)))
    again = replace(
        learnt, rates=rates, handle=handle, patience=patience,
        busyness=_busyness(learnt, found, weights),
    )  # fmt: skip
    mean = math.inf if gone.sum() == 0 else float(waited.sum() / gone.sum())
    staffing = {
        name: _agents(again, found.pools[name], learnt.staffing[name], weights, mean)
        for name in learnt.staffing
    }
    return replace(again, staffing=staffing)


def _handle_factors(learnt: Past, found: Totals, weights: Floats, luck: Floats) -> list[float]:
    """How much longer the mean handle time of each segment is than estimated, S of them.

    A segment that keeps part of its own mean moves as much with its own days; what drawing it
    towards the others leaves open besides has the variance w (1 - w) of its error.
    """
    count, hours = weights @ found.handled, weights @ found.hours
    before, spent = found.handled.sum(axis=0), found.hours.sum(axis=0)
    common = hours.sum() / count.sum() - spent.sum() / before.sum()
    known = before > 0
    own = np.zeros(len(before))
    own[known] = hours[known] / count[known] - spent[known] / before[known]
    weight = learnt.handle_weights
    means = np.array([mean_of(each) for each in learnt.handle])
    moved = weight * own + (1 - weight) * common
    moved += np.sqrt(weight * (1 - weight)) * found.error * luck
    # No draw leaves less than a tenth of a mean: a handle time stays positive.
    factors: list[float] = np.maximum(1 + moved / means, 0.1).tolist()
    return factors


def _busyness(learnt: Past, found: Totals, weights: Floats) -> float:
    """What days differ beyond chance; days that were found alike stay so."""
    if learnt.busyness == 0.0:
        return 0.0
    counts = found.contacts.sum(axis=(1, 2))
    days = len(counts)
    mean = float(weights @ counts) / days
    variance = float(weights @ (counts - mean) ** 2) / (days - 1)
    return max((variance - mean) / mean**2, 0.0)


def _agents(
    again: Past, found: PoolTotals, before: Floats, weights: Floats, patience: float
) -> Floats:
    """The agents in effect by part of the day with whom waits are those of the weighted days."""
    enough = np.flatnonzero(found.contacts.sum(axis=0) >= ENOUGH_CALLS)
    contacts, waited, handled, hours = (
        weights @ each for each in (found.contacts, found.waited, found.handled, found.hours)
    )
    overall = float(hours.sum() / handled.sum())
    endless = math.isinf(mean_of(again.patience.time))
    mean = UNENDING * overall if endless else patience
    agents = np.empty(len(enough))
    for at, part in enumerate(enough.tolist()):
        handle = float(hours[part] / handled[part]) if handled[part] > 0 else overall
        calls = float(contacts[part])
        open_for = float(again.lengths[part]) * again.open_days
        queue, least = usual_queue(calls, open_for, handle, mean)
        wait = max(float(waited[part]) / calls, least)
        agents[at] = match_agents(queue, wait, again.busyness, float(before[part]))
    nearest = np.abs(np.arange(len(before))[:, None] - enough).argmin(axis=1)
    return np.asarray(agents[nearest], dtype=np.float64)
