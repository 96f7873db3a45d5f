"""A centre where customers queue for agents: what the discrete-event engine plays.

Every time is in one unit, which is the caller's; rates are per that unit. C classes of customers,
P pools of agents, I intervals of the day. The classes check their own ranges; a ValueError here is
a programming error. What a user may have asked for in vain is found by `checks.faults`.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from segrules.sim.model import Floats, require

MAX_KINDS = 2**15
"""Classes, pools, intervals and attempts are numbered in 16 bits."""

ALL = 2**40
"""So many agents that nobody ever waits."""


@dataclass(frozen=True)
class Exponential:
    """Time without memory."""

    mean: float

    def __post_init__(self) -> None:
        require(0 < self.mean < math.inf, "the mean of a time must be positive")


@dataclass(frozen=True)
class Lognormal:
    """Time whose logarithm is normal; cv is the standard deviation over the mean."""

    mean: float
    cv: float

    def __post_init__(self) -> None:
        require(0 < self.mean < math.inf, "the mean of a time must be positive")
        require(0 < self.cv < math.inf, "the variation of a lognormal time must be positive")


@dataclass(frozen=True)
class Fixed:
    """Always the same time; infinite for a patience without end."""

    mean: float

    def __post_init__(self) -> None:
        require(self.mean >= 0, "a time must not be negative")


@dataclass(frozen=True)
class Quantiles:
    """Any time, given by its quantiles at 0, 1/(n-1), ..., 1 and straight lines between them.

    The last ones may be infinite: so many customers never lose patience.
    """

    values: Floats

    def __post_init__(self) -> None:
        require(self.values.ndim == 1 and len(self.values) >= 2, "two quantiles at least")
        require(bool(self.values[0] >= 0), "a time must not be negative")
        with np.errstate(invalid="ignore"):
            falling = self.values[1:] < self.values[:-1]
        require(not bool(np.any(falling)), "quantiles must not fall")


Time = Exponential | Lognormal | Fixed | Quantiles

ENDLESS = Fixed(math.inf)
"""The patience of those who never give up."""


@dataclass(frozen=True)
class CallBack:
    """Those who gave up and come back after an exponential time, at most `times` times.

    share: of those who give up. patient: they wait without end from then on, as people do who
    are rung back by the firm; otherwise their patience is drawn anew.
    """

    share: float
    delay: float
    times: int = 1
    patient: bool = False

    def __post_init__(self) -> None:
        require(0 <= self.share <= 1, "a share lies in 0 to 1")
        require(0 < self.delay < math.inf, "the delay of a call-back must be positive")
        require(1 <= self.times < MAX_KINDS, "call-backs happen at least once")


@dataclass(frozen=True)
class CustomerClass:
    """Customers of one kind. rates: arrivals per unit of time, by interval of the day.

    work: the handle time at speed 1. The name keys the luck of these customers.
    """

    name: str
    rates: tuple[float, ...]
    work: Time
    patience: Time = ENDLESS
    call_back: CallBack | None = None

    def __post_init__(self) -> None:
        fit = all(0 <= rate < math.inf for rate in self.rates)
        require(fit, "rates must be finite and not negative")


@dataclass(frozen=True)
class Pool:
    """Agents of one kind. agents: how many are there, by interval of the day.

    Those who go off duty finish their customer first. preempts: a customer of better rank
    interrupts one of worse rank, who goes back to the head of the line and loses no work.
    """

    name: str
    agents: tuple[int, ...]
    preempts: bool = False


@dataclass(frozen=True)
class Route:
    """That a pool may serve a class, and on what terms.

    speed: how fast its agents work for this class. order: which of the free pools a customer
    takes, low first. rank: which customer a free agent takes, low first; the longest wait decides
    between equals. after: the wait after which the pool may take the customer (overflow).
    spare: agents of the pool who must remain free for others (reservation).
    """

    customers: str
    pool: str
    speed: float = 1.0
    order: int = 0
    rank: int = 0
    after: float = 0.0
    spare: int = 0

    def __post_init__(self) -> None:
        require(0 < self.speed < math.inf, "speed must be positive")
        require(0 <= self.after < math.inf, "an overflow time must not be negative")
        require(self.spare >= 0, "a reservation must not be negative")


@dataclass(frozen=True)
class Centre:
    """All of it. edges: I + 1 rising moments, the first 0, between which rates and agents hold.

    The doors close at the last edge; those inside are served by the agents of the last interval.
    busyness: variance of a gamma factor of mean 1 on all rates, drawn once for every day.
    """

    classes: tuple[CustomerClass, ...]
    pools: tuple[Pool, ...]
    routes: tuple[Route, ...]
    edges: tuple[float, ...]
    busyness: float = 0.0

    def __post_init__(self) -> None:
        intervals = len(self.edges) - 1
        require(1 <= intervals < MAX_KINDS, "a day needs an interval")
        rising = all(a < b for a, b in zip(self.edges[:-1], self.edges[1:], strict=True))
        require(rising and self.edges[0] == 0, "edges must rise from 0")
        require(0 <= self.busyness < math.inf, "busyness must be finite and not negative")
        for each in self.classes:
            require(len(each.rates) == intervals, "a rate for every interval")
        for pool in self.pools:
            require(len(pool.agents) == intervals, "agents for every interval")
        self._check_names()

    def _check_names(self) -> None:
        classes = {each.name for each in self.classes}
        pools = {each.name for each in self.pools}
        require(len(classes) == len(self.classes) >= 1, "classes need different names")
        require(len(pools) == len(self.pools) >= 1, "pools need different names")
        pairs = {(each.customers, each.pool) for each in self.routes}
        require(len(pairs) == len(self.routes), "one route from a class to a pool")
        known = all(customers in classes and pool in pools for customers, pool in pairs)
        require(known, "a route of an unknown class or pool")


@dataclass(frozen=True)
class Watch:
    """What is counted. Customers count who arrive from warm_up to `until` (default: to the end).

    within: waits t whose P(W <= t) is counted. percentiles: of the wait, in 0 to 1, for each
    replication. keep: hold every customer.
    """

    warm_up: float = 0.0
    until: float = math.inf
    within: tuple[float, ...] = ()
    percentiles: tuple[float, ...] = ()
    keep: bool = False

    def __post_init__(self) -> None:
        require(0 <= self.warm_up < self.until, "the warm-up ends before counting does")
        inside = all(0 <= each <= 1 for each in self.percentiles)
        require(inside, "percentiles are given in 0 to 1")


WATCH = Watch()


@dataclass(frozen=True)
class Station:
    """The plainest centre: one class, one pool, one interval."""

    arrivals: float
    work: Time
    agents: int
    horizon: float
    patience: Time = field(default=ENDLESS)

    def centre(self) -> Centre:
        customers = CustomerClass("customers", (self.arrivals,), self.work, self.patience)
        pool = Pool("agents", (self.agents,))
        route = Route("customers", "agents")
        return Centre((customers,), (pool,), (route,), (0.0, self.horizon))


def mean_of(time: Time) -> float:
    """Return the mean of a time, which may be infinite."""
    if isinstance(time, Quantiles):
        return float(np.mean((time.values[1:] + time.values[:-1]) / 2))
    return time.mean
