"""Which assumption matters most, one at a time, and where each would turn the decision."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segrules.sim.decide.inputs import Input, Outcome, evaluate
from segrules.sim.decide.roots import break_even
from segrules.sim.model import Floats, require

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
_LEAST, _MOST = 0.001, 0.999


@dataclass(frozen=True)
class Bar:
    """One input moved from its p10 to its p90, the others at their medians.

    low, high: the p10 and p90 of the input; at_low, at_high: the outcome there. points: the
    values that are always tried, each with its outcome. break_even: the value nearest to the
    median at which the outcome meets the target, looked for within 99.8% of the distribution and
    the points; None if there is none. source: the class of its evidence.
    """

    name: str
    source: str
    low: float
    high: float
    at_low: float
    at_high: float
    points: tuple[tuple[float, float], ...]
    break_even: float | None

    @property
    def swing(self) -> float:
        """How far the outcome moves between p10, p90 and the points."""
        reached = (self.at_low, self.at_high, *(outcome for _, outcome in self.points))
        return max(reached) - min(reached)


@dataclass(frozen=True)
class Tornado:
    """The outcome with every input at its median, and the bars, the widest first."""

    middle: float
    target: float
    bars: tuple[Bar, ...]


def tornado(inputs: Sequence[Input], outcome: Outcome, *, target: float = 0.0) -> Tornado:
    """Move each input by itself. Inputs of equal swing stay in the order given."""
    require(len({each.name for each in inputs}) == len(inputs), "an input occurs twice")
    centre = np.array([each.at(MIDDLE) for each in inputs])
    middle = float(evaluate(outcome, centre[None, :])[0])
    bars = [_bar(inputs, j, centre, outcome, target) for j in range(len(inputs))]
    return Tornado(middle, target, tuple(sorted(bars, key=lambda bar: -bar.swing)))


def _bar(
    inputs: Sequence[Input],
    j: int,
    centre: Floats,
    outcome: Outcome,
    target: float,
) -> Bar:
    moved = inputs[j]

    def at(values: Floats) -> Floats:
        points = np.tile(centre, (len(values), 1))
        points[:, j] = values
        return evaluate(outcome, points)

    low, high = moved.at(LOW), moved.at(HIGH)
    at_low, at_high, *at_points = at(np.array([low, high, *moved.points])).tolist()
    wide = (moved.at(_LEAST), moved.at(_MOST), *moved.points)
    turn = break_even(at, min(wide), max(wide), target=target, start=float(centre[j]))
    points = tuple(zip(moved.points, at_points, strict=True))
    return Bar(moved.name, moved.source, low, high, at_low, at_high, points, turn.value)
