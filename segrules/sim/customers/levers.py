"""What a scenario does to customers: changes of figures by segment, and for how long.

A figure is a number, or float64[R] with one a replication where nobody has measured it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from segrules.sim.model import Floats, require

Figure = float | Floats


def least(figure: Figure) -> float:
    """The least that a figure may be."""
    return float(np.min(figure))


def most(figure: Figure) -> float:
    """The greatest that a figure may be."""
    return float(np.max(figure))


def at(figure: Figure, replication: int) -> float:
    """A figure in a replication."""
    if isinstance(figure, np.ndarray):
        return float(figure[replication])
    return float(figure)


def _share(figure: Figure, what: str) -> None:
    require(least(figure) >= 0.0 and most(figure) <= 1.0, f"{what} is a share")


@dataclass(frozen=True)
class Timing:
    """From step `start` on for `duration` steps (None: to the end), then what lasts.

    It reaches its full strength after `ramp` steps, in equal parts (1: at once). After its end
    the strength is `persistence` times that of the step before. A period has `every` steps.
    """

    start: int = 0
    duration: int | None = None
    ramp: int = 1
    persistence: Figure = 0.0
    every: int = 1

    def __post_init__(self) -> None:
        require(self.start >= 0 and self.ramp >= 1, "a lever starts at a step, and ramps up")
        require(self.duration is None or self.duration >= 1, "a lever lasts a step or longer")
        require(self.every >= 1, "a period has a step or more")
        _share(self.persistence, "persistence")

    def _end(self, steps: int) -> int:
        return steps if self.duration is None else min(self.start + self.duration, steps)

    def _within(self, steps: int) -> Floats:
        made = np.zeros(steps)
        for step in range(self.start, self._end(steps)):
            made[step] = min(1.0, (step - self.start + 1) / self.ramp)
        return made

    def worked(self, periods: int) -> Floats:
        """How much is done, and paid for, in each period: float64[periods] from 0 to 1."""
        return np.asarray(self._within(periods * self.every).reshape(periods, -1).mean(axis=1))

    def acts(self, periods: int, replication: int = 0) -> Floats:
        """How much acts in each period, what lasts included: float64[periods] from 0 to 1."""
        steps = periods * self.every
        made, lasts = self._within(steps), at(self.persistence, replication)
        for step in range(max(self._end(steps), self.start + 1), steps):
            made[step] = made[step - 1] * lasts
        return np.asarray(made.reshape(periods, -1).mean(axis=1))

    def begins(self, periods: int) -> int | None:
        """The period in which it begins, None where none of them is."""
        there = np.flatnonzero(self._within(periods * self.every))
        return int(there[0]) // self.every if len(there) else None


ALWAYS = Timing()


def strength(timing: Timing, periods: int, replication: int = 0) -> Floats:
    """How much of a lever acts in each period, what lasts included: float64[periods] in 0 to 1."""
    return timing.acts(periods, replication)


@dataclass(frozen=True)
class Odds:
    """The odds of passing from stage `stage` to the next are multiplied.

    Of a lever that acts in part they are multiplied by the factor to the power of that part.
    """

    stage: int
    factor: Figure

    def __post_init__(self) -> None:
        require(least(self.factor) > 0.0, "odds must be > 0")


@dataclass(frozen=True)
class Points:
    """The chance of passing from stage `stage` to the next moves by an amount, within 0 and 1."""

    stage: int
    by: Figure


@dataclass(frozen=True)
class Multiply:
    """A rate or an amount is multiplied: leads, the value of a sale, the hazard of leaving."""

    of: Literal["leads", "value", "hazard"]
    factor: Figure

    def __post_init__(self) -> None:
        require(least(self.factor) >= 0.0, "a factor must be >= 0")


@dataclass(frozen=True)
class Price:
    """The price is `factor` times that of today; `Respond` follows it, and so does the value."""

    factor: Figure

    def __post_init__(self) -> None:
        require(least(self.factor) > 0.0, "a price must be > 0")


@dataclass(frozen=True)
class Charge:
    """Minor units for each customer of the segment and period, or who reaches a stage of it.

    It is paid while the lever is there, in proportion to how much of it is, also for those who
    would have come anyway; nothing is paid for what lasts beyond its end.
    """

    amount: Figure
    stage: int | None = None


@dataclass(frozen=True)
class Outlay:
    """Minor units for the lever as a whole: once when it begins, or a step while it is there.

    What is paid a step is in proportion to how much of the lever is there. The segments bear it by
    the customers they have then.
    """

    amount: Figure
    once: bool = True


@dataclass(frozen=True)
class Move:
    """With a chance a period the column of a customer moves by an amount, within bounds.

    Whoever has been moved falls back with the chance `fall_back` a period: the amount is taken
    away again. How long a move holds is said by that alone, so what persists of a lever after its
    end moves nobody. In minor units `cost` is paid for each that is moved, and `attempt` for each
    customer of the segment and period that is to be moved and is not yet.
    """

    column: str
    by: float
    chance: Figure
    fall_back: Figure = 0.0
    low: float = -np.inf
    high: float = np.inf
    cost: Figure = 0.0
    attempt: Figure = 0.0

    def __post_init__(self) -> None:
        _share(self.chance, "a chance")
        _share(self.fall_back, "fall-back")


Change = Odds | Points | Multiply | Price | Charge | Outlay | Move


@dataclass(frozen=True)
class Lever:
    """Changes of some segments (places in the set) that act together.

    deadweight: the share of the effect that would have come anyway: it is paid for and has no
    effect. pull_forward: the share of the sales gained that customers would have bought later;
    they are missing from their following periods, as soon as there are any.
    """

    name: str
    segments: tuple[int, ...]
    changes: tuple[Change, ...]
    timing: Timing = ALWAYS
    deadweight: Figure = 0.0
    pull_forward: Figure = 0.0

    def __post_init__(self) -> None:
        _share(self.deadweight, "deadweight")
        _share(self.pull_forward, "pull-forward")
        moves = [each for each in self.changes if isinstance(each, Move)]
        require(len({each.column for each in moves}) == len(moves), "a column is moved twice")
