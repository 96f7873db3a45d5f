"""What agents are paid under a scenario, beside today: whose pay falls, and how far.

Pay is what the plan pays, without salaries; minor units, in the mean of the futures, over the
months of the project, of one agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segrules.sim.agents import diagnosed
from segrules.sim.blocks import pay_of_agents
from segrules.sim.decisions.futures import Futures
from segrules.sim.effort.problems import EffortError
from segrules.sim.model import require

PAY = "pay"
"""What an agent gets; as a limit it holds for those whose pay keeps least of today's."""


@dataclass(frozen=True)
class PoolPay:
    """What an agent of a pool gets today and in a scenario."""

    pool: str
    today: float
    then: float

    @property
    def kept(self) -> float:
        """The part of today's pay that is left; 1 where nothing was and is paid."""
        if self.today == 0.0:
            return 1.0 if self.then >= 0.0 else 0.0
        return self.then / self.today


def pay_by_pool(drawn: Futures, at: int) -> tuple[PoolPay, ...]:
    """The pay of an agent of every pool, today and in the scenario at a place; () without agents.

    The agents of a pool share its cases evenly, so this is what each of them gets.
    """
    agents = drawn.world.agents
    if agents is None:
        return ()
    parameters = drawn.parameters()
    try:
        before, after = (
            pay_of_agents(drawn.world, parameters, each).mean(axis=0) for each in (None, at)
        )
    except EffortError as error:
        raise diagnosed(error) from None
    crews = agents.agents.crews
    return tuple(
        PoolPay(crew.name, one, other)
        for crew, one, other in zip(crews, before.tolist(), after.tolist(), strict=True)
    )


def least_kept(paid: Sequence[PoolPay]) -> PoolPay:
    """Those whose pay keeps the smallest part of today's."""
    require(len(paid) > 0, "nobody is paid")
    return min(paid, key=lambda each: each.kept)
