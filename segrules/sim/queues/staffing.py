"""How many agents pay for themselves."""

import math
from dataclasses import dataclass

from segrules.sim.model import require
from segrules.sim.queues.patience import ErlangA


@dataclass(frozen=True)
class Demand:
    """Customers of one pool: rates per unit of time, patience the rate of giving up."""

    arrivals: float
    service: float
    patience: float

    def with_agents(self, agents: int) -> ErlangA:
        return ErlangA(self.arrivals, self.service, self.patience, agents)


@dataclass(frozen=True)
class Staffing:
    """The number of agents of greatest profit, per unit of time, and its neighbours' profit."""

    agents: int
    profit: float
    one_less: float
    one_more: float
    queue: ErlangA


def best_agents(demand: Demand, margin: float, cost: float) -> Staffing:
    """Return the number of agents that earns most: margin × served - cost × agents.

    margin: of a customer served. cost: of an agent per unit of time, positive. Each further agent
    serves fewer more than the one before (Harel 1990), so the first fall of profit is the last.
    one_less is -inf where there are no agents to spare.
    """
    require(cost > 0 and margin >= 0, "an agent costs something, a customer is worth something")

    def profit(agents: int) -> float:
        return margin * demand.with_agents(agents).throughput - cost * agents

    agents = math.floor(demand.arrivals / demand.service)
    while agents > 0 and profit(agents - 1) >= profit(agents):
        agents -= 1
    while profit(agents + 1) > profit(agents):
        agents += 1
    less = profit(agents - 1) if agents else -math.inf
    best, more = profit(agents), profit(agents + 1)
    return Staffing(agents, best, less, more, demand.with_agents(agents))
