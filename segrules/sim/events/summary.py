"""Figures of an outcome, each with its Monte Carlo standard error.

A figure is a ratio of sums over the replications (waits over customers, busy hours over hours),
and its error is that of a ratio: nan for a single replication.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segrules.sim.events.pack import (
    ARRIVED,
    BUSY,
    CAME_BACK,
    DELAYED,
    INTERRUPTED,
    LOST,
    LOST_WAIT,
    SERVED,
    SERVED_WAIT,
    STAFFED,
)
from segrules.sim.events.run import Outcome
from segrules.sim.model import Counts, Floats

Numbers = NDArray[Any]


@dataclass(frozen=True)
class Figure:
    """An estimate and its standard error."""

    mean: float
    error: float


@dataclass(frozen=True)
class ClassFigures:
    """What customers of a class met. Shares are of those who were served or lost.

    arrived, served, lost: means by replication. unfinished: in the centre when all had happened,
    because no agent was left. wait: of all; percentiles and within in the order of the watch.
    """

    arrived: Figure
    served: Figure
    lost: Figure
    unfinished: Figure
    came_back: Figure
    interrupted: Figure
    abandonment: Figure
    delayed: Figure
    wait: Figure
    wait_of_served: Figure
    wait_of_lost: Figure
    within: tuple[Figure, ...]
    percentiles: tuple[Figure, ...]
    by_pool: tuple[Figure, ...]


@dataclass(frozen=True)
class PoolFigures:
    """busy, staffed: agent time by replication. occupancy: their ratio."""

    served: Figure
    busy: Figure
    staffed: Figure
    occupancy: Figure


@dataclass(frozen=True)
class Course:
    """How a day goes for a class, by interval of arrival: means over the replications, [I].

    present: customers in the centre when an interval begins. Shares and waits are nan where
    nobody came.
    """

    arrived: Floats
    abandonment: Floats
    delayed: Floats
    wait: Floats
    present: Floats


def ratio(top: Numbers, below: Numbers) -> Figure:
    """Return the ratio of two sums over replications [R]."""
    total = float(np.sum(below))
    if total == 0.0:
        return Figure(math.nan, math.nan)
    value = float(np.sum(top)) / total
    runs = len(top)
    if runs < 2:
        return Figure(value, math.nan)
    spread = float(np.std(top - value * below, ddof=1)) / math.sqrt(runs)
    return Figure(value, spread / (total / runs))


def average(values: Numbers) -> Figure:
    """Return the mean over the replications [R] in which there is a value."""
    known = values[~np.isnan(values)]
    return ratio(known, np.ones(len(known)))


def of_class(outcome: Outcome, name: str) -> ClassFigures:
    """Return the figures of a class; KeyError if there is none of that name."""
    return _figures(outcome, [_class_number(outcome, name)])


def of_all(outcome: Outcome) -> ClassFigures:
    """Return the figures of all customers together; percentiles only where there is one class."""
    return _figures(outcome, list(range(len(outcome.centre.classes))))


def of_pool(outcome: Outcome, name: str) -> PoolFigures:
    """Return the figures of a pool; KeyError if there is none of that name."""
    names = [each.name for each in outcome.centre.pools]
    if name not in names:
        raise KeyError(name)
    at = names.index(name)
    hours = outcome.tally.hours[:, :, at].sum(axis=1)
    return PoolFigures(
        served=average(outcome.tally.by_pool[:, :, at].sum(axis=1)),
        busy=average(hours[:, BUSY]),
        staffed=average(hours[:, STAFFED]),
        occupancy=ratio(hours[:, BUSY], hours[:, STAFFED]),
    )


def course(outcome: Outcome, name: str) -> Course:
    """Return how the day goes for a class; KeyError if there is none of that name."""
    at = _class_number(outcome, name)
    counts = outcome.tally.customers[:, :, at].sum(axis=0)
    ended = counts[:, SERVED] + counts[:, LOST]
    runs = len(outcome.arrivals)
    return Course(
        arrived=counts[:, ARRIVED] / runs,
        abandonment=_share(counts[:, LOST], ended),
        delayed=_share(counts[:, DELAYED], ended),
        wait=_share(outcome.tally.waits[:, :, at].sum(axis=(0, 2)), ended),
        present=outcome.tally.present[:, :, at].mean(axis=0),
    )


def left_out(outcome: Outcome) -> Figure:
    """Return the customers, by replication, who arrived during warm-up or after counting."""
    counted = outcome.tally.customers[:, :, :, ARRIVED].sum(axis=(1, 2))
    return average(outcome.arrivals - counted)


def _class_number(outcome: Outcome, name: str) -> int:
    names = [each.name for each in outcome.centre.classes]
    if name not in names:
        raise KeyError(name)
    return names.index(name)


def _share(top: Numbers, below: Counts) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(top / below, dtype=np.float64)


def _figures(outcome: Outcome, classes: list[int]) -> ClassFigures:
    counts = outcome.tally.customers[:, :, classes].sum(axis=(1, 2))
    waits = outcome.tally.waits[:, :, classes].sum(axis=(1, 2))
    within = outcome.tally.within[:, :, classes].sum(axis=(1, 2))
    by_pool = outcome.tally.by_pool[:, classes].sum(axis=1)
    served, lost = counts[:, SERVED], counts[:, LOST]
    ended = served + lost
    few = outcome.percentiles[:, classes[0]] if len(classes) == 1 else np.empty((1, 0))
    return ClassFigures(
        arrived=average(counts[:, ARRIVED]),
        served=average(served),
        lost=average(lost),
        unfinished=average(counts[:, ARRIVED] - ended),
        came_back=average(counts[:, CAME_BACK]),
        interrupted=average(counts[:, INTERRUPTED]),
        abandonment=ratio(lost, ended),
        delayed=ratio(counts[:, DELAYED], ended),
        wait=ratio(waits.sum(axis=1), ended),
        wait_of_served=ratio(waits[:, SERVED_WAIT], served),
        wait_of_lost=ratio(waits[:, LOST_WAIT], lost),
        within=tuple(ratio(column, ended) for column in within.T),
        percentiles=tuple(average(column) for column in few.T),
        by_pool=tuple(average(column) for column in by_pool.T),
    )
