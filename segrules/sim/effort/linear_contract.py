"""How large a share of what they bring agents should get, when luck is in the figures.

An agent who dislikes risk (constant absolute risk aversion r) produces e + N(0, sigma^2) at a cost
c e^2 / 2. The best linear contract pays the share 1 / (1 + r c sigma^2) of the output.
Sources: Holmstrom and Milgrom, Econometrica 55 (1987); Journal of Law, Economics, and
Organization 7 (1991).
"""

from dataclasses import dataclass

from segrules.sim.model import require


@dataclass(frozen=True)
class LinearContract:
    """The best contract: the share of output paid, and the effort it brings.

    surplus: what both sides gain together; first_best: what they would if effort could be seen.
    """

    share: float
    effort: float
    surplus: float
    first_best: float


def linear_contract(risk_aversion: float, cost: float, deviation: float) -> LinearContract:
    """Return the best contract; ValueError unless risk_aversion, deviation >= 0 and cost > 0."""
    require(risk_aversion >= 0 and deviation >= 0 and cost > 0, "risk, deviation >= 0, cost > 0")
    noise = risk_aversion * deviation**2
    share = 1.0 / (1.0 + cost * noise)
    effort = share / cost
    surplus = effort - cost * effort**2 / 2.0 - noise * share**2 / 2.0
    return LinearContract(share, effort, surplus, 1.0 / (2.0 * cost))
