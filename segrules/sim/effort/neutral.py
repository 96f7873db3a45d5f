"""The level of pay at which a plan costs what it should.

At fixed hours only the ratios of the pay for different segments steer agents, so that the level is
free. Penalties, tiers and caps bend that, hence the root.
"""

import math
from collections.abc import Callable

from segrules.sim.decide.roots import root_between
from segrules.sim.effort.problems import Problem, refuse

_DOUBLINGS = 40


def neutral_level(cost: Callable[[float], float], target: float) -> float:
    """Return the level > 0 at which cost(level) = target; 1 exactly if it is so already.

    cost: what agents are paid, in minor units, when the plan pays `level` times what it says;
    it may answer with other sales. EffortError: a target that is not above 0, or that no level
    reaches (a cap below it, penalties above it).
    """
    if not 0.0 < target < math.inf:
        expected, advice = "more than 0", "a plan can be made to cost the same as one that pays"
        refuse([Problem("level", "pay to reach", "", target, expected, advice)])
    at_one = cost(1.0)
    if at_one == target:
        return 1.0
    # scipy's search for a bracket goes both ways, to levels which may pay nothing at all.
    step = 1.0 if at_one < target else -1.0
    near, far = 0.0, step
    reached = at_one
    for _ in range(_DOUBLINGS):
        reached = cost(2.0**far)
        if (reached - target) * step >= 0.0:
            low, high = sorted((near, far))
            return root_between(lambda level: cost(level) - target, 2.0**low, 2.0**high)
        near, far = far, far + step
    advice = "raise the cap, lower the penalties, or reset the level by hand"
    problem = Problem("level", "pay at any level", "", reached, f"to reach {target:g}", advice)
    refuse([problem])
    raise AssertionError
