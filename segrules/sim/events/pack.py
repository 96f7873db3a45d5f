"""Turn a centre into the tables that the engine reads and fills.

Tables are arrays of records: a row is a customer, a class, a pool or an event, and the engine
reads its fields by name. Shapes: C classes, P pools, I intervals, N customers at most, E events.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segrules.sim.events.model import (
    Centre,
    CustomerClass,
    Exponential,
    Fixed,
    Lognormal,
    Quantiles,
    Time,
    Watch,
)
from segrules.sim.model import Counts, Floats
from segrules.sim.uniforms import identity

Table = NDArray[Any]
Row = Any
"""One record of a table: fields are read and set by name."""

EXPONENTIAL, LOGNORMAL, FIXED, QUANTILES = range(4)

TIME = np.dtype(
    [
        ("form", "i8"),
        ("mean", "f8"),
        ("log_mean", "f8"),
        ("log_sd", "f8"),
        ("first", "i8"),
        ("last", "i8"),
    ],
    align=True,
)

CLASS = np.dtype(
    [
        ("work", TIME),
        ("patience", TIME),
        # the words of the keys of its customers' luck
        ("coming", "u8"),
        ("staying", "u8"),
        ("returning", "u8"),
        # the next customer and the one after: moment, work and interval; how many were drawn
        ("next", "f8"),
        ("next_work", "f8"),
        ("next_interval", "i8"),
        ("later", "f8"),
        ("later_work", "f8"),
        ("later_interval", "i8"),
        ("number", "i8"),
        # the line, and how many pools serve the class
        ("head", "i8"),
        ("tail", "i8"),
        ("pools", "i8"),
        ("overflows", "i8"),
        ("inside", "i8"),
        ("back_share", "f8"),
        ("back_delay", "f8"),
        ("back_times", "i8"),
        ("back_patient", "i8"),
    ],
    align=True,
)

POOL = np.dtype(
    [
        ("agents", "i8"),
        ("busy", "i8"),
        ("since", "f8"),
        # hours since the beginning of the interval: agents busy, and agents there
        ("worked", "f8"),
        ("staffed", "f8"),
        ("classes", "i8"),
        ("preempts", "i8"),
    ],
    align=True,
)

ROUTE = np.dtype(
    [
        ("speed", "f8"),
        ("pace", "f8"),
        ("after", "f8"),
        ("rank", "i8"),
        ("spare", "i8"),
        ("serving", "i8"),
    ],
    align=True,
)

# A customer in the centre, or away and expected back; the row is used again afterwards.
CUSTOMER = np.dtype(
    [
        ("joined", "f8"),
        ("waited", "f8"),
        ("work", "f8"),
        ("due", "f8"),
        ("kind", "i2"),
        ("pool", "i2"),
        ("counts", "i2"),
        ("attempt", "i2"),
        ("cell", "i8"),
        ("number", "i4"),
        ("serial", "i4"),
        ("before", "i4"),
        ("behind", "i4"),
        ("state", "i8"),
    ],
    align=True,
)

EVENT = np.dtype([("time", "f8"), ("what", "i8")], align=True)

CLOCK = np.dtype(
    [
        ("interval", "i8"),
        ("events", "i8"),
        ("customers", "i8"),
        ("rows", "i8"),
        ("free", "i8"),
        ("pending", "i8"),
        ("preempts", "i8"),
        ("next_class", "i8"),
        ("next_arrival", "f8"),
        ("counting", "i8"),
        ("seed", "u8"),
        ("replication", "u8"),
        ("spread", "f8"),
        ("busyness", "f8"),
        ("warm_up", "f8"),
        ("until", "f8"),
    ],
    align=True,
)

ARRIVED, SERVED, LOST, DELAYED, CAME_BACK, INTERRUPTED = range(6)
COUNTED = 6

GAVE_UP, UNFINISHED = -1, -2

SERVED_WAIT, LOST_WAIT = range(2)
BUSY, STAFFED = range(2)


class Room(NamedTuple):
    """What the engine works on. Time in the unit of the centre."""

    classes: Table  # [C]
    pools: Table  # [P]
    routes: Table  # [C, P]
    pools_of: Counts  # [C, P] the pools of a class, the one it takes first first
    classes_of: Counts  # [P, C] the classes of a pool, best rank first
    rates: Floats  # [C, I]
    agents: Counts  # [P, I]
    edges: Floats  # [I + 1]
    quantiles: Floats  # all tables of quantiles, one after the other
    customers: Table  # [N]
    events: Table  # [E] a heap, the earliest first
    clock: Table  # [1]


class Tally(NamedTuple):
    """What is counted of one replication, by interval of arrival."""

    customers: Counts  # [I * C, COUNTED] a cell is interval * C + class
    waits: Floats  # [I * C, 2] summed waits of the served and of the lost
    within: Counts  # [I * C, T] customers who waited no longer than a limit
    answered: Counts  # [I * C, T] those of them who were served
    by_pool: Counts  # [C, P] served
    hours: Floats  # [I, P, 2] agents busy, and agents there, integrated over time
    present: Counts  # [I, C] in the centre at the beginning of an interval
    limits: Floats  # [T]
    # single customers, in order of arrival, where they are kept; K is 0 otherwise
    arrived: Floats  # [K]
    waited: Floats  # [K]
    kind: NDArray[np.int16]  # [K]
    pool: NDArray[np.int16]  # [K] who served, GAVE_UP or UNFINISHED


def expected_customers(centre: Centre) -> float:
    """Return the mean number of arrivals in a day."""
    edges = np.asarray(centre.edges)
    return float(sum(np.dot(each.rates, np.diff(edges)) for each in centre.classes))


def room_for(centre: Centre, watch: Watch, capacity: int, seed: int) -> Room:
    """Return the tables of a centre with room for `capacity` customers."""
    classes, pools = len(centre.classes), len(centre.pools)
    quantiles: list[float] = []
    routes, pools_of, classes_of = _routes(centre)
    clock = np.zeros(1, CLOCK)
    clock["seed"], clock["spread"] = seed, centre.busyness
    clock["preempts"] = any(each.preempts for each in centre.pools)
    clock["warm_up"], clock["until"] = watch.warm_up, watch.until
    table = np.zeros(classes, CLASS)
    again = 1
    for at, each in enumerate(centre.classes):
        _fill_class(table[at], each, quantiles)
        table[at]["pools"] = int(np.sum(pools_of[at] >= 0))
        allowed = pools_of[at][pools_of[at] >= 0]
        table[at]["overflows"] = int(np.sum(routes["after"][at, allowed] > 0))
        again = max(again, 1 + int(table[at]["back_times"]))
    duty = np.zeros(pools, POOL)
    duty["classes"] = np.sum(classes_of >= 0, axis=1)
    duty["preempts"] = [each.preempts for each in centre.pools]
    # A heap may hold an end of service and of patience for every stay, one overflow a pool and,
    # where agents are interrupted, ends that no longer hold.
    events = capacity * again * (4 + pools) + classes + len(centre.edges) + 8
    return Room(
        table,
        duty,
        routes,
        pools_of,
        classes_of,
        np.array([each.rates for each in centre.classes], dtype=np.float64),
        np.array([each.agents for each in centre.pools], dtype=np.int64),
        np.array(centre.edges, dtype=np.float64),
        np.array(quantiles or [0.0], dtype=np.float64),
        np.empty(capacity, CUSTOMER),
        np.empty(events, EVENT),
        clock,
    )


def _fill_class(row: Any, each: CustomerClass, quantiles: list[float]) -> None:
    _fill_time(row["work"], each.work, quantiles)
    _fill_time(row["patience"], each.patience, quantiles)
    row["coming"] = identity("events", "arrival and work", each.name)
    row["staying"] = identity("events", "patience", each.name)
    row["returning"] = identity("events", "call-back", each.name)
    if each.call_back is not None:
        row["back_share"], row["back_delay"] = each.call_back.share, each.call_back.delay
        row["back_times"], row["back_patient"] = each.call_back.times, each.call_back.patient


def _fill_time(row: Any, time: Time, quantiles: list[float]) -> None:
    match time:
        case Exponential(mean):
            row["form"], row["mean"] = EXPONENTIAL, mean
        case Lognormal(mean, cv):
            variance = math.log1p(cv * cv)
            row["form"], row["mean"] = LOGNORMAL, mean
            row["log_mean"], row["log_sd"] = math.log(mean) - variance / 2, math.sqrt(variance)
        case Fixed(mean):
            row["form"], row["mean"] = FIXED, mean
        case Quantiles(values):
            row["form"], row["first"] = QUANTILES, len(quantiles)
            quantiles.extend(float(value) for value in values)
            row["last"] = len(quantiles) - 1


def _routes(centre: Centre) -> tuple[Table, Counts, Counts]:
    classes = [each.name for each in centre.classes]
    pools = [each.name for each in centre.pools]
    routes = np.zeros((len(classes), len(pools)), ROUTE)
    pools_of = np.full(routes.shape, -1, dtype=np.int64)
    classes_of = np.full(routes.shape[::-1], -1, dtype=np.int64)
    for each in centre.routes:
        row = routes[classes.index(each.customers), pools.index(each.pool)]
        row["speed"], row["pace"] = each.speed, 1 / each.speed
        row["after"] = each.after
        row["rank"], row["spare"] = each.rank, each.spare
    for at, name in enumerate(classes):
        mine = sorted((r for r in centre.routes if r.customers == name), key=lambda r: r.order)
        pools_of[at, : len(mine)] = [pools.index(each.pool) for each in mine]
    for at, name in enumerate(pools):
        mine = sorted((r for r in centre.routes if r.pool == name), key=lambda r: r.rank)
        classes_of[at, : len(mine)] = [classes.index(each.customers) for each in mine]
    return routes, pools_of, classes_of


def new_tally(centre: Centre, watch: Watch, runs: int, keep: int = 0) -> Tally:
    """Return empty tallies of `runs` replications: every array has one axis more, in front.

    keep: customers of a replication to be kept, at most.
    """
    intervals, classes, pools = len(centre.edges) - 1, len(centre.classes), len(centre.pools)
    limits = np.array(watch.within, dtype=np.float64)
    return Tally(
        np.zeros((runs, intervals * classes, COUNTED), dtype=np.int64),
        np.zeros((runs, intervals * classes, 2)),
        np.zeros((runs, intervals * classes, len(limits)), dtype=np.int64),
        np.zeros((runs, intervals * classes, len(limits)), dtype=np.int64),
        np.zeros((runs, classes, pools), dtype=np.int64),
        np.zeros((runs, intervals, pools, 2)),
        np.zeros((runs, intervals, classes), dtype=np.int64),
        limits,
        np.empty((runs, keep)),
        np.empty((runs, keep)),
        np.empty((runs, keep), dtype=np.int16),
        np.empty((runs, keep), dtype=np.int16),
    )
