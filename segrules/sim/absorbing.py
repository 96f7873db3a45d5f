"""A funnel with loops as an absorbing Markov chain: closed-form visits, ends and durations.

Source: Kemeny and Snell, Finite Markov Chains (1960), chapter 3.
"""

from dataclasses import dataclass

import numpy as np

from segrules.sim.model import Floats, require

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Absorption:
    """What happens to a customer by starting state, for n states and e ends.

    visits: float64[n, n] mean visits to each state (the start counts). visits_variance: the
    same shape. ends: float64[n, e] chance of each end. steps, steps_variance: float64[n], the
    number of steps until the end.
    """

    visits: Floats
    visits_variance: Floats
    ends: Floats
    steps: Floats
    steps_variance: Floats

    @property
    def ever(self) -> Floats:
        """Chance float64[n, n] of being in each state at least once."""
        return np.asarray(self.visits / np.diag(self.visits), dtype=np.float64)


def absorb(between: Floats, ending: Floats) -> Absorption:
    """Solve the chain with float64[n, n] chances between states and float64[n, e] of ending.

    ValueError unless every row of both together sums to 1 and every state can end.
    """
    count = len(between)
    require(between.shape == (count, count) and ending.shape[:1] == (count,), "shapes")
    together = np.hstack([between, ending])
    require(bool(np.all(together >= 0)), "a chance is negative")
    require(bool(np.all(np.abs(together.sum(axis=1) - 1.0) < _ROUNDING)), "rows must sum to 1")
    require(_always_ends(between, ending), "a state never ends")
    visits: Floats = np.linalg.solve(np.eye(count) - between, np.eye(count)).astype(np.float64)
    steps = visits.sum(axis=1)
    return Absorption(
        visits=visits,
        visits_variance=visits @ (2.0 * np.diag(np.diag(visits)) - np.eye(count)) - visits**2,
        ends=visits @ ending,
        steps=steps,
        steps_variance=2.0 * visits @ steps - steps - steps**2,
    )


def _always_ends(between: Floats, ending: Floats) -> bool:
    ends = ending.sum(axis=1) > 0
    for _ in range(len(between)):
        ends = ends | (between[:, ends].sum(axis=1) > 0)
    return bool(ends.all())
