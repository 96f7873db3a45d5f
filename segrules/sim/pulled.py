"""Sales that levers only bring forward: they are missing in the months that follow.

What a lever gains in a month is the difference that it makes to the expected sales, all other
levers left as they are. Its share is taken from the chances of the next months, as soon as they
have sales, so that counts and expectations agree. What would be missing after the last month is
not taken from anybody.

Shapes: R replications, S segments, M states of the scene: one for each month.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segrules.sim.kernels.parameters import Parameters, Scene, Treated, treated
from segrules.sim.model import Floats
from segrules.sim.pack import CONSTANT, Figures, Funnel, Treatment


@dataclass(frozen=True)
class Pulling:
    """The levers of a scenario that pull sales forward: their places, and shares float64[R]."""

    funnel: Funnel
    parameters: Parameters
    sale: int
    """The stage that counts as a sale."""
    levers: tuple[tuple[int, Floats], ...]

    def gained(self, state: Treated, without: Callable[[int], Treated]) -> Floats:
        """float64[R, S]: what is missing after a month; `without` makes it without a lever."""
        sales = self._sales(state)
        gained = np.zeros_like(sales)
        for lever, share in self.levers:
            gain = np.maximum(sales - self._sales(without(lever)), 0.0)
            gained += share[:, None] * gain
        return gained

    def _sales(self, state: Treated) -> Floats:
        passed = state.conversion[:, :, : self.sale].prod(axis=2)
        arrived = self.parameters.rate * self.parameters.season[:, [state.month]] * state.arrivals
        return np.asarray(arrived * passed)

    def postpone(self, scene: Scene, gained: Floats) -> None:
        """Lower the chance of a sale (or arrivals, where they are the sale) by what is missing.

        gained: float64[M, R, S].
        """
        missing = np.zeros(gained.shape[1:])
        for month in range(len(scene.months)):
            sales = self._sales(treated(scene, month))
            less = np.minimum(missing, sales)
            kept = np.where(less > 0.0, 1.0 - less / np.where(sales > 0.0, sales, 1.0), 1.0)
            if self.sale > 0:
                scene.conversion[month, :, :, self.sale - 1] *= kept
            else:
                scene.arrivals[month] *= kept
            missing += gained[month] - less


def pulling(
    funnel: Funnel, treatment: Treatment, parameters: Parameters, sale: int
) -> Pulling | None:
    """The levers that pull, None without any. The scene then has a state for each month."""
    figures = treatment.pull_forward
    levers = tuple(
        (at, _figure(figures, parameters, at))
        for at in range(len(figures.amount))
        if figures.assumption[at] != CONSTANT or figures.amount[at] != 0.0
    )
    return Pulling(funnel, parameters, sale, levers) if levers else None


def _figure(figures: Figures, parameters: Parameters, at: int) -> Floats:
    """float64[R]."""
    if figures.assumption[at] == CONSTANT:
        return np.full(len(parameters.rate), figures.amount[at])
    return np.asarray(parameters.assumption[:, figures.assumption[at]])
