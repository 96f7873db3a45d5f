"""Large pools: fluid, square-root rules, and load that varies where nobody waits.

Halfin & Whitt 1981; Garnett, Mandelbaum & Reiman 2002; Eick, Massey & Whitt 1993; Whitt 2006.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segrules.sim.model import Floats, require


def _density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _below(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2


def _hazard(x: float) -> float:
    """Return the hazard of the standard normal; far out, where both parts vanish, its series."""
    return _density(x) / _below(-x) if x < 30 else x + 1 / x - 2 / x**3


def square_root_agents(load: float, beta: float) -> int:
    """Return load + beta √load, rounded up."""
    require(load >= 0, "load must not be negative")
    return math.ceil(load + beta * math.sqrt(load))


def halfin_whitt(beta: float) -> float:
    """Return the approximate chance of waiting of M/M/c with c = R + beta √R, beta > 0."""
    require(beta > 0, "the queue has no equilibrium")
    return 1 / (1 + beta * _below(beta) / _density(beta))


@dataclass(frozen=True)
class Approximate:
    delayed: float
    abandonment: float


def garnett(beta: float, service: float, patience: float, agents: int) -> Approximate:
    """Return the approximation of Erlang-A with c = R + beta √R; beta may be negative."""
    require(service > 0 and patience > 0 and agents > 0, "rates and agents must be positive")
    ease = math.sqrt(patience / service)
    pressure = ease * _hazard(beta / ease)
    delayed = 1 / (1 + pressure / _hazard(-beta))
    return Approximate(delayed, (pressure - beta) * delayed / math.sqrt(agents))


@dataclass(frozen=True)
class Fluid:
    """A pool of so many agents that chance does not matter; rates per unit of time.

    patience: rate of giving up, 0 when nobody does.
    """

    arrivals: float
    service: float
    patience: float
    agents: float

    def __post_init__(self) -> None:
        require(self.arrivals > 0 and self.service > 0, "rates must be positive")
        require(self.patience >= 0 and self.agents >= 0, "figures must not be negative")
        served = self.arrivals <= self.agents * self.service
        require(self.patience > 0 or served, "the queue has no equilibrium")

    @property
    def abandonment(self) -> float:
        return max(0.0, 1 - self.agents * self.service / self.arrivals)

    @property
    def waiting(self) -> float:
        """The number of customers in the line."""
        return self.abandonment * self.arrivals / self.patience if self.abandonment else 0.0

    @property
    def mean_wait(self) -> float:
        """The mean wait of all, to an agent or to giving up."""
        return self.waiting / self.arrivals

    @property
    def wait_of_served(self) -> float:
        """The wait of everyone who gets an agent: the patience that just as many lack."""
        lost = self.abandonment
        return (
            -math.log1p(-lost) / self.patience if 0 < lost < 1 else 0.0 if lost == 0 else math.inf
        )

    @property
    def occupancy(self) -> float:
        return min(1.0, self.arrivals / (self.agents * self.service)) if self.agents else math.nan

    @property
    def throughput(self) -> float:
        return self.arrivals * (1 - self.abandonment)


def fluid_course(fluids: Sequence[Fluid], edges: Sequence[float], start: float = 0.0) -> Floats:
    """Return the number of customers at every edge of a day, float64[I + 1].

    fluids: the rates and agents of an interval. The differential equation x' = λ - μ min(x, c) -
    θ (x - c)⁺ is linear on both sides of c, and solved exactly.
    """
    require(len(edges) == len(fluids) + 1, "a fluid for every interval")
    course = [start]
    for at, each in enumerate(fluids):
        course.append(_flow(each, course[-1], edges[at + 1] - edges[at]))
    return np.array(course)


def _flow(fluid: Fluid, number: float, time: float) -> float:
    rising = fluid.arrivals > fluid.agents * fluid.service
    over = number > fluid.agents or (number == fluid.agents and rising)
    rate = fluid.patience if over else fluid.service
    inflow = fluid.arrivals
    if over:
        inflow -= fluid.agents * (fluid.service - fluid.patience)
    if rate == 0:
        # Over capacity and nobody gives up: the line shortens at a constant pace.
        crossing = (fluid.agents - number) / inflow if inflow < 0 else math.inf
        return (
            number + inflow * time
            if time <= crossing
            else _flow(fluid, fluid.agents, time - crossing)
        )
    level = inflow / rate
    beyond = (number - level) / (fluid.agents - level) if fluid.agents != level else 0.0
    crossing = math.log(beyond) / rate if beyond > 1 else math.inf
    if time <= crossing:
        return level + (number - level) * math.exp(-rate * time)
    # The other side goes on in the same direction, so the line is crossed once.
    return _flow(fluid, float(fluid.agents), time - crossing)


def busy_without_limit(
    rates: Sequence[float], edges: Sequence[float], service: float, start: float = 0.0
) -> Floats:
    """Return the mean number in M(t)/M/∞ at every edge, float64[I + 1]: it is Poisson.

    rates: arrivals per unit of time, by interval. start: the mean at the first edge.
    """
    require(len(edges) == len(rates) + 1, "a rate for every interval")
    require(service > 0, "rates must be positive")
    means = [start]
    for at, rate in enumerate(rates):
        stays = math.exp(-service * (edges[at + 1] - edges[at]))
        means.append(means[-1] * stays + rate / service * (1 - stays))
    return np.array(means)


@dataclass(frozen=True)
class Wave:
    """M(t)/M/∞ under arrivals of rate `mean + swing sin(2π t / period)`, long after its start."""

    mean: float
    swing: float
    period: float
    service: float

    def busy(self, time: float) -> float:
        """Return the mean number in the centre; the number is Poisson."""
        turn = 2 * math.pi / self.period
        wave = self.service * math.sin(turn * time) - turn * math.cos(turn * time)
        return self.mean / self.service + self.swing * wave / (self.service**2 + turn**2)

    @property
    def lag(self) -> float:
        """How much later than arrivals the number in the centre peaks."""
        turn = 2 * math.pi / self.period
        return math.atan(turn / self.service) / turn
