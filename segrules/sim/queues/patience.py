"""The Erlang-A queue: customers wait, and give up when their exponential patience ends.

Palm 1943; Mandelbaum & Zeltyn, "Service engineering in action: the Palm/Erlang-A queue", 2007.
The number in the centre is a birth-death chain. A customer with k others in front gets an agent
after independent exponential times of rates cμ + kθ, ..., cμ + θ, cμ. So exp(-θ × that time) is
Beta(cμ/θ, k + 1), from which all distributions of waits follow as sums without cancellation.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from segrules.sim.model import Floats, require

_NEGLIGIBLE = 1e-18
"""States rarer than this, in relation to the likeliest one, are left out."""

_LONGEST_LINE = 10_000_000


@dataclass(frozen=True)
class ErlangA:
    """The M/M/c+M queue in equilibrium; rates per unit of time.

    patience: rate at which one waiting customer gives up, 1 / mean patience; it must be positive.
    """

    arrivals: float
    service: float
    patience: float
    agents: int

    def __post_init__(self) -> None:
        require(self.arrivals > 0 and self.service > 0, "rates must be positive")
        require(self.patience > 0, "without an end to patience this is Erlang-C")
        require(self.agents >= 0, "agents must not be negative")

    @cached_property
    def chances(self) -> Floats:
        """The chance of 0, 1, 2, ... customers in the centre: float64[N]."""
        size = 2 * self.agents + 64
        while True:
            require(size < _LONGEST_LINE, "the line is too long to enumerate")
            count = np.arange(1, size + 1)
            leaving = np.minimum(count, self.agents) * self.service
            leaving = leaving + np.maximum(count - self.agents, 0) * self.patience
            logs = np.concatenate([[0.0], np.cumsum(np.log(self.arrivals / leaving))])
            best = np.maximum.accumulate(logs)
            rare = logs[self.agents :] <= best[self.agents :] + math.log(_NEGLIGIBLE)
            if rare.any():
                break
            size *= 2
        last = self.agents + int(rare.argmax())
        weights = np.exp(logs[: last + 1] - best[last])
        return np.asarray(weights / weights.sum(), dtype=np.float64)

    @cached_property
    def _ahead(self) -> Floats:
        """The chance of finding all agents busy and k = 0, 1, ... others in the line."""
        return self.chances[self.agents :]

    @property
    def delayed(self) -> float:
        """The chance of waiting at all."""
        return float(self._ahead.sum())

    @property
    def waiting(self) -> float:
        """The mean number of customers in the line."""
        return float(np.dot(np.arange(len(self._ahead)), self._ahead))

    @property
    def abandonment(self) -> float:
        """The share of all customers who give up."""
        return self.patience * self.waiting / self.arrivals

    @property
    def abandonment_of_delayed(self) -> float:
        return self.abandonment / self.delayed

    @property
    def throughput(self) -> float:
        """Customers served per unit of time."""
        return self.arrivals * (1 - self.abandonment)

    @property
    def occupancy(self) -> float:
        """The share of their time that agents work; nan without agents."""
        return self.throughput / self.service / self.agents if self.agents else math.nan

    @property
    def mean_wait(self) -> float:
        """The mean wait of all, to an agent or to giving up."""
        return self.waiting / self.arrivals

    @property
    def mean_wait_of_served(self) -> float:
        """The mean wait of those who get an agent, the immediate ones included."""
        if self.agents == 0:
            return math.nan
        return self._wait_and_served / (1 - self.abandonment)

    @property
    def mean_wait_of_lost(self) -> float:
        served = self._wait_and_served if self.agents else 0.0
        return (self.mean_wait - served) / self.abandonment

    @cached_property
    def _wait_and_served(self) -> float:
        """E[wait; served]: with X = exp(-θ V) ~ Beta(a, k + 1) it is E[-X ln X] / θ."""
        a = self.agents * self.service / self.patience
        k = np.arange(len(self._ahead))
        served = a / (a + k + 1)
        wait = np.cumsum(1 / (a + 1 + k)) / self.patience
        return float(np.sum(self._ahead * served * wait))

    def within(self, time: float) -> float:
        """Return P(W <= time) of all customers, served or not."""
        if time < 0:
            return 0.0
        longer = float(np.dot(self._ahead, self._offer_later_than(time, 0)))
        return 1 - longer * math.exp(-self.patience * time)

    def within_of_served(self, time: float) -> float:
        """Return P(W <= time) of those who get an agent; 0 when there is no agent."""
        if time < 0 or self.agents == 0:
            return 0.0
        a = self.agents * self.service / self.patience
        served = a / (a + np.arange(len(self._ahead)) + 1)
        longer = float(np.dot(self._ahead * served, self._offer_later_than(time, 1)))
        return 1 - longer / (1 - self.abandonment)

    def _offer_later_than(self, time: float, more: int) -> Floats:
        """Return I_x(a + more, k + 1) for k = 0, 1, ...: float64[K], where x = exp(-θ time).

        With more = 0 it is the chance that an agent is free later than `time`. It is the chance
        of at most k failures before success a + more: a sum of positive terms.
        """
        a = self.agents * self.service / self.patience + more
        fails = -math.expm1(-self.patience * time)
        if fails == 0.0:
            return np.ones(len(self._ahead))
        k = np.arange(1, len(self._ahead))
        steps = np.log(fails) + np.log((a + k - 1) / k) if a > 0 else np.full(len(k), -np.inf)
        logs = np.concatenate([[0.0], np.cumsum(steps)]) - a * self.patience * time
        return np.asarray(np.minimum(np.cumsum(np.exp(logs)), 1.0), dtype=np.float64)

    def percentile(self, share: float) -> float:
        """Return the wait that this share of all customers does not exceed, by bisection."""
        require(0 <= share < 1, "a percentile lies in 0 to 1")
        if self.within(0.0) >= share:
            return 0.0
        low, high = 0.0, 1 / self.patience
        while self.within(high) < share:
            low, high = high, 2 * high
        while high - low > 1e-12 * high:
            middle = (low + high) / 2
            low, high = (middle, high) if self.within(middle) < share else (low, middle)
        return high
