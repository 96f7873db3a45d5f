"""What a scenario does to customers: changes of figures by segment, and for how long.

A figure is a number, or an array with one number a replication when nobody has measured it.
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


@dataclass(frozen=True)
class Timing:
    """From period `start` on for `duration` periods (None: to the end), then what lasts.

    It reaches its full strength after `ramp` periods, in equal steps (1: at once). After its end
    the strength is `persistence` times that of the period before.
    """

    start: int = 0
    duration: int | None = None
    ramp: int = 1
    persistence: float = 0.0

    def __post_init__(self) -> None:
        require(self.start >= 0 and self.ramp >= 1, "a lever starts at a period, and ramps up")
        require(self.duration is None or self.duration >= 1, "a lever lasts a period or longer")
        require(0.0 <= self.persistence <= 1.0, "persistence is a share")


ALWAYS = Timing()


def strength(timing: Timing, periods: int) -> Floats:
    """How much of a lever acts in each period: float64[periods] from 0 to 1."""
    made = np.zeros(periods)
    end = periods if timing.duration is None else min(timing.start + timing.duration, periods)
    for t in range(timing.start, end):
        made[t] = min(1.0, (t - timing.start + 1) / timing.ramp)
    for t in range(max(end, timing.start + 1), periods):
        made[t] = made[t - 1] * timing.persistence
    return made


@dataclass(frozen=True)
class Odds:
    """The odds of passing from stage `stage` to the next are multiplied."""

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

    It is paid while the lever acts, also for those who would have come anyway: in proportion to
    its strength.
    """

    amount: Figure
    stage: int | None = None


@dataclass(frozen=True)
class Move:
    """With a chance a period the column of a customer moves by an amount, within bounds.

    Whoever has been moved falls back with the chance `fall_back` a period: the amount is taken
    away again. `cost` (minor units) is paid for each that is moved.
    """

    column: str
    by: float
    chance: Figure
    fall_back: float = 0.0
    low: float = -np.inf
    high: float = np.inf
    cost: float = 0.0

    def __post_init__(self) -> None:
        require(least(self.chance) >= 0.0 and most(self.chance) <= 1.0, "a chance is a share")
        require(0.0 <= self.fall_back <= 1.0, "fall-back is a chance")


Change = Odds | Points | Multiply | Price | Charge | Move


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
    deadweight: float = 0.0
    pull_forward: float = 0.0

    def __post_init__(self) -> None:
        require(0.0 <= self.deadweight <= 1.0, "deadweight is a share")
        require(0.0 <= self.pull_forward <= 1.0, "pull-forward is a share")
        moves = [each for each in self.changes if isinstance(each, Move)]
        require(len({each.column for each in moves}) == len(moves), "a column is moved twice")
