"""Arrivals, handle time, patience and agents, estimated from a log of calls.

Where staffing is not in the log, the agents of a part of the day are those with whom Erlang-A
gives the mean wait that was seen. They are the agents *in effect*: breaks, other work and the
swings from day to day are in the figure.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

from segrules.sim.events.model import Quantiles
from segrules.sim.model import Counts, Floats, require
from segrules.sim.queues.fault import Fault, too_few
from segrules.sim.queues.patience import ErlangA

ENOUGH_LOST = 10
"""Abandonments from which a mean patience may be told: it then has an error of a third."""

ENOUGH_CALLS = 5
"""Calls of a part of the day from which its agents are estimated."""

_MOST_AGENTS = 100_000

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class CallLog:
    """Calls that reached the line: arrays of one length, times in one unit.

    part: number of the part of the day (or the week) in which the call came. waited: to an agent
    or to giving up. lost: gave up. handle: time with the agent; nan where lost or not recorded.
    """

    part: Counts
    waited: Floats
    lost: Flags
    handle: Floats

    def __post_init__(self) -> None:
        sizes = {len(self.part), len(self.waited), len(self.lost), len(self.handle)}
        require(len(sizes) == 1, "the columns of a log are of one length")
        require(bool(np.all(self.waited >= 0)), "waits must not be negative")


@dataclass(frozen=True)
class Seen:
    """What a log says of one part: wait of all, share who wait at all, share who give up."""

    calls: int
    wait: float
    delayed: float
    abandonment: float


@dataclass(frozen=True)
class Part:
    """Estimates of one part. arrivals: rate; handle, patience: means; agents: in effect.

    at_least: nobody waited long enough to tell, so there may have been more agents.
    """

    arrivals: float
    handle: float
    patience: float
    agents: float
    at_least: bool

    def expected(self) -> Seen:
        """Return what Erlang-A expects; between whole numbers of agents it goes to and fro."""
        low = int(self.agents)
        share = self.agents - low
        queues = [(1 - share, self._queue(low)), (share, self._queue(low + 1))]
        return Seen(
            calls=0,
            wait=sum(part * queue.mean_wait for part, queue in queues),
            delayed=sum(part * queue.delayed for part, queue in queues),
            abandonment=sum(part * queue.abandonment for part, queue in queues),
        )

    def _queue(self, agents: int) -> ErlangA:
        return ErlangA(self.arrivals, 1 / self.handle, 1 / self.patience, agents)


def seen(log: CallLog) -> Seen:
    """Return what a log says of all its calls; there must be some."""
    require(len(log.part) > 0, "an empty log")
    return Seen(
        len(log.part),
        float(log.waited.mean()),
        float(np.mean(log.waited > 0)),
        float(log.lost.mean()),
    )


def patience_of(waited: Floats, lost: Flags, name: str = "patience") -> float | Fault:
    """Return the mean of an exponential patience: time waited by all over the number who gave up.

    Those who got an agent are censored: they would have waited longer than they did.
    """
    gone = int(lost.sum())
    if gone < ENOUGH_LOST:
        return too_few(f"calls that were given up, for the {name}", gone, ENOUGH_LOST)
    return float(waited.sum()) / gone


@dataclass(frozen=True)
class Survival:
    """Kaplan and Meier's estimate: the share still patient just after each time, falling."""

    times: Floats
    shares: Floats


def kaplan_meier(waited: Floats, lost: Flags) -> Survival:
    """Return the share whose patience exceeds a time, at every time at which somebody gave up."""
    times, gone = np.unique(waited[lost], return_counts=True)
    at_risk = len(waited) - np.searchsorted(np.sort(waited), times, side="left")
    return Survival(times, np.asarray(np.cumprod(1 - gone / at_risk), dtype=np.float64))


def patience_quantiles(waited: Floats, lost: Flags, steps: int = 200) -> Quantiles:
    """Return the patience as quantiles for the engine of events.

    Beyond the longest wait of those who gave up nothing is known: such customers never give up.
    """
    survival = kaplan_meier(waited, lost)
    levels = np.linspace(0, 1, steps + 1)
    place = np.searchsorted(1 - survival.shares, levels, side="left")
    times = np.append(survival.times, np.inf)[np.minimum(place, len(survival.times))]
    times[0] = 0.0
    return Quantiles(times)


def estimate(
    log: CallLog, lengths: Floats, patience: float | None = None, busyness: float = 0.0
) -> tuple[Part | None, ...] | Fault:
    """Return the estimates of every part, None for those with fewer than five calls.

    lengths: time by part that the log covers, all days together. patience: its mean where it is
    known; otherwise it is estimated from all parts together, which is a fault if too few gave up.
    busyness: as `match_agents` says.
    """
    require(len(log.part) == 0 or int(log.part.max()) < len(lengths), "a length for every part")
    mean = patience_of(log.waited, log.lost) if patience is None else patience
    if isinstance(mean, Fault):
        return mean
    overall = float(np.nanmean(log.handle))
    parts: list[Part | None] = []
    for number, length in enumerate(lengths):
        mine = log.part == number
        calls = int(mine.sum())
        if calls < ENOUGH_CALLS:
            parts.append(None)
            continue
        times = log.handle[mine & ~np.isnan(log.handle)]
        handle = float(times.mean()) if len(times) else overall
        wait = float(log.waited[mine].mean())
        queue, least = usual_queue(calls, float(length), handle, mean)
        agents = match_agents(queue, max(wait, least), busyness)
        parts.append(Part(queue.arrivals, handle, mean, agents, wait <= least))
    return tuple(parts)


def usual_queue(
    calls: float, length: float, handle: float, patience: float
) -> tuple[ErlangA, float]:
    """The queue of so many calls in a time, its agents open, and the least mean wait that tells.

    A mean wait below it is no more than one call's luck.
    """
    return ErlangA(calls / length, 1 / handle, 1 / patience, 0), 0.5 * handle / calls / 100


def match_agents(queue: ErlangA, wait: float, busyness: float = 0.0, near: float = 0.0) -> float:
    """Return the agents with whom the queue has this mean wait of all customers.

    A fraction means: one agent more for that share of the time. 0 if nobody was served so soon.
    busyness: variance of a gamma factor of mean 1 on the arrivals of a day. Without it the swings
    from day to day are in the agents; with it they are not. near: where to look first, which is
    the faster for being right and changes nothing else.
    """
    require(wait > 0, "a wait to match must be positive")
    factors = busy_days(busyness)

    @cache
    def waits(agents: int) -> float:
        # A busy day has more customers, so its waits count for more.
        each = [
            factor
            * ErlangA(factor * queue.arrivals, queue.service, queue.patience, agents).mean_wait
            for factor in factors
        ]
        return math.fsum(each) / math.fsum(factors)

    low, step = max(math.floor(near), 0), 1
    high = low + 1
    while wait >= waits(low):
        if low == 0:
            return 0.0
        low, high, step = max(low - step, 0), low, 2 * step
    while waits(high) > wait:
        low, high, step = high, high + step, 2 * step
        require(high < _MOST_AGENTS, "no number of agents has so short a wait")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if waits(middle) > wait else (low, middle)
    above, below = waits(low), waits(high)
    return low + (above - wait) / (above - below)


@cache
def busy_days(busyness: float, count: int = 10) -> tuple[float, ...]:
    """Return the factors on the arrivals of equally likely kinds of day; 1 alone without swings.

    Each is the mean of its part of a gamma distribution of mean 1 and this variance.
    """
    if busyness <= 0.0:
        return (1.0,)
    shape = 1 / busyness
    edges = gamma.ppf(np.linspace(0, 1, count + 1), shape)
    # The part of the mean that lies below x is the distribution of one step more of shape.
    below = gamma.cdf(edges, shape + 1)
    return tuple(float(each) for each in np.diff(below) * count)
