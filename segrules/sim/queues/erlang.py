"""Erlang's formulas: customers who leave at once when all agents are busy, or wait without end.

Erlang 1917; Gross, Shortle, Thompson & Harris, "Fundamentals of Queueing Theory". A ValueError
here is a programming error: `choice.choose` finds what a user may have asked for in vain.
"""

import math
from dataclasses import dataclass

from segrules.sim.model import require


def erlang_b(load: float, agents: int) -> float:
    """Return the share of customers who find every agent busy and are lost.

    load: arrival rate × mean handle time. With no agents everyone is lost.
    """
    require(load >= 0 and agents >= 0, "load and agents must not be negative")
    blocked = 1.0
    for count in range(1, agents + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked


@dataclass(frozen=True)
class ErlangC:
    """The M/M/c queue in equilibrium; rates per unit of time.

    arrivals: rate of arrivals. service: rate at which one agent serves. There must be more agents
    than work.
    """

    arrivals: float
    service: float
    agents: int

    def __post_init__(self) -> None:
        require(self.arrivals >= 0 and self.service > 0, "rates must be positive")
        require(self.arrivals < self.agents * self.service, "the queue has no equilibrium")

    @property
    def load(self) -> float:
        return self.arrivals / self.service

    @property
    def occupancy(self) -> float:
        """The share of their time that agents work."""
        return self.load / self.agents

    @property
    def delayed(self) -> float:
        """The chance of waiting at all."""
        blocked = erlang_b(self.load, self.agents)
        return blocked / (1 - self.occupancy * (1 - blocked))

    @property
    def _drain(self) -> float:
        return self.agents * self.service - self.arrivals

    @property
    def mean_wait(self) -> float:
        return self.delayed / self._drain

    @property
    def variance(self) -> float:
        """The variance of the wait of all customers."""
        delayed = self.delayed
        return (2 * delayed - delayed * delayed) / self._drain**2

    @property
    def waiting(self) -> float:
        """The mean number of customers in the line."""
        return self.arrivals * self.mean_wait

    @property
    def mean_stay(self) -> float:
        """The mean time from arrival to the end of service."""
        return self.mean_wait + 1 / self.service

    def within(self, time: float) -> float:
        """Return P(W <= time)."""
        return 1 - self.delayed * math.exp(-self._drain * time) if time >= 0 else 0.0

    def percentile(self, share: float) -> float:
        """Return the wait that this share of customers does not exceed."""
        require(0 <= share < 1, "a percentile lies in 0 to 1")
        delayed = self.delayed
        return math.log(delayed / (1 - share)) / self._drain if share > 1 - delayed else 0.0
