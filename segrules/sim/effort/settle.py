"""Fixed points: go halfway to what follows from the present state, until nothing moves.

Hours per case set the handle time, handle times set the waits, waits lose cases, and fewer cases
leave more hours for each. A loop that does not settle is a result of its own, never a number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segrules.sim.effort.problems import EffortError, Problem
from segrules.sim.model import Floats, require

ROUNDS = 200
# `scipy.optimize.fixed_point` neither damps nor says whether it swings or has left the numbers, and
# moves a state that follows from itself; the solvers of `root` want slopes, which tiers lack.
_SHRINKS = 0.8
"""A move that turns back must shrink to this share of the one before, else all are cut by _CUT."""
_CUT = 0.7


@dataclass(frozen=True)
class Settled:
    """The state that follows from itself, and how many rounds it took."""

    state: Floats
    rounds: int


@dataclass(frozen=True)
class Unsettled:
    """No fixed point was found.

    state: where it stood at the end. last: the largest relative move of the last round.
    why: it swings or drifts without end, or a figure was no longer finite.
    """

    state: Floats
    rounds: int
    last: float
    why: Literal["swings", "not finite"]

    @property
    def problem(self) -> Problem:
        advice = "soften what closes the loop (load, effort, steps of the plan), or leave it out"
        subject = f"move after {self.rounds} rounds"
        return Problem("unsettled", subject, "", self.last, "almost 0", advice)


def settle(
    follow: Callable[[Floats], Floats],
    start: Floats,
    *,
    damping: float = 0.5,
    tolerance: float = 1e-12,
    rounds: int = ROUNDS,
) -> Settled | Unsettled:
    """Find x with follow(x) = x from `start`, moving by `damping` of the way in every round.

    Where the moves turn back without becoming much smaller, it overshoots, and the later moves
    are cut. Settled when no entry would move by more than `tolerance` of itself (of 1 where it is
    less). A state which follows from itself exactly is returned as it is.
    """
    require(0.0 < damping <= 1.0, "damping within (0, 1]")
    state = np.asarray(start, dtype=np.float64)
    last, before = np.inf, np.zeros_like(state)
    for done in range(1, rounds + 1):
        then = follow(state)
        if not np.all(np.isfinite(then)):
            return Unsettled(state, done, np.inf, "not finite")
        move = (then - state) / np.maximum(1.0, np.abs(state))
        size = float(np.max(np.abs(move), initial=0.0))
        if size <= tolerance:
            return Settled(then, done)
        if move @ before < 0.0 and size > _SHRINKS * last:
            damping *= _CUT
        last, before = size, move
        state = state + damping * (then - state)
    return Unsettled(state, rounds, last, "swings")


def settled(result: Settled | Unsettled) -> Floats:
    """Return the state; EffortError when there is none."""
    if isinstance(result, Unsettled):
        raise EffortError([result.problem])
    return result.state


@dataclass(frozen=True)
class Line:
    """Cases that wait before an agent has time for them.

    arrivals: float64[S] cases. lost: float64[S], the rate at which waiting loses cases: those
    who wait W are still there with chance exp(-lost W).
    """

    arrivals: Floats
    lost: Floats

    def kept(self, waits: Floats) -> Floats:
        """Return float64[S], the cases that are still there."""
        return np.asarray(self.arrivals * np.exp(-self.lost * waits), dtype=np.float64)


def settle_waits(
    line: Line,
    allot: Callable[[Floats], Floats],
    wait: Callable[[Floats, Floats], Floats],
    *,
    damping: float = 0.5,
    rounds: int = ROUNDS,
) -> Settled | Unsettled:
    """Find the waits float64[S] which hours per case, handle times and losses agree on.

    allot(cases[S]) gives hours per case [S]; wait(hours per case [S], cases[S]) gives waits [S].
    """

    def follow(waits: Floats) -> Floats:
        cases = line.kept(waits)
        return wait(allot(cases), cases)

    start = np.zeros(len(line.arrivals))
    return settle(follow, start, damping=damping, rounds=rounds)
