"""Specialists and generalists: the two pools of overlapping skill, as an exact Markov chain.

Specialists serve class A only, generalists serve both. A customer of class A takes a specialist if
one is free, a generalist otherwise; one of class B takes a generalist. A free generalist takes the
class of better rank first, and the longest wait within it. Everything is exponential.

An arrival adds one customer and every other event takes one away, so the chain falls into levels
of equal numbers and is solved level by level, from the fullest down, by dense elimination.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from segrules.sim.model import Floats, require

MAX_STATES = 20_000
_NEGLIGIBLE = 1e-12


class _State(NamedTuple):
    specialists: int  # busy with A
    generalists_a: int
    generalists_b: int
    line_a: int
    line_b: int


@dataclass(frozen=True)
class TwoPools:
    """Rates per unit of time, one agent's or one customer's; all of them positive.

    first: the class of which a free generalist takes a customer first. longest: customers in each
    line at most, A's and B's; whoever comes later is lost. By default so many that none comes.
    """

    arrivals_a: float
    arrivals_b: float
    specialist: float  # rate of service of A
    generalist_a: float
    generalist_b: float
    patience_a: float
    patience_b: float
    specialists: int
    generalists: int
    first: Literal["A", "B"] = "A"
    longest: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        rates = [self.arrivals_a, self.arrivals_b, self.specialist, self.generalist_a]
        rates += [self.generalist_b, self.patience_a, self.patience_b]
        require(all(0 < rate < math.inf for rate in rates), "rates must be positive")
        require(self.specialists >= 0 and self.generalists >= 0, "agents must not be negative")

    @cached_property
    def lines(self) -> tuple[int, int]:
        """The longest line of each class that counts."""
        if self.longest is not None:
            return self.longest
        # If nobody were ever served, the line would be Poisson; served customers shorten it.
        return (
            _poisson_limit(self.arrivals_a / self.patience_a),
            _poisson_limit(self.arrivals_b / self.patience_b),
        )

    @property
    def size(self) -> int:
        """The number of states; `solution` takes them up to MAX_STATES."""
        c, g = self.specialists + 1, self.generalists
        a, b = self.lines
        return c * (g + 1) * (g + 2) // 2 + c * (g + 1) * b + (g + 1) * a * (b + 1)

    def _states(self) -> Iterator[_State]:
        a, b = self.lines
        for specialists in range(self.specialists + 1):
            for first in range(self.generalists + 1):
                for second in range(self.generalists + 1 - first):
                    full = first + second == self.generalists
                    line_a = a if full and specialists == self.specialists else 0
                    for waiting_a in range(line_a + 1):
                        for waiting_b in range((b if full else 0) + 1):
                            yield _State(specialists, first, second, waiting_a, waiting_b)

    def _moves(self, state: _State) -> Iterator[tuple[float, _State]]:
        """Yield the rates out of a state and where they lead."""
        s, a, b, qa, qb = state
        idle = self.generalists - a - b
        limit_a, limit_b = self.lines
        if s < self.specialists:
            yield self.arrivals_a, _State(s + 1, a, b, qa, qb)
        elif idle > 0:
            yield self.arrivals_a, _State(s, a + 1, b, qa, qb)
        elif qa < limit_a:
            yield self.arrivals_a, _State(s, a, b, qa + 1, qb)
        if idle > 0:
            yield self.arrivals_b, _State(s, a, b + 1, qa, qb)
        elif qb < limit_b:
            yield self.arrivals_b, _State(s, a, b, qa, qb + 1)
        if s > 0:
            after = _State(s, a, b, qa - 1, qb) if qa > 0 else _State(s - 1, a, b, qa, qb)
            yield s * self.specialist, after
        if a > 0:
            yield a * self.generalist_a, self._freed(_State(s, a - 1, b, qa, qb))
        if b > 0:
            yield b * self.generalist_b, self._freed(_State(s, a, b - 1, qa, qb))
        if qa > 0:
            yield qa * self.patience_a, _State(s, a, b, qa - 1, qb)
        if qb > 0:
            yield qb * self.patience_b, _State(s, a, b, qa, qb - 1)

    def _freed(self, state: _State) -> _State:
        """Return the state after a free generalist has looked at the lines."""
        s, a, b, qa, qb = state
        if qa > 0 and (self.first == "A" or qb == 0):
            return _State(s, a + 1, b, qa - 1, qb)
        if qb > 0:
            return _State(s, a, b + 1, qa, qb - 1)
        return state

    @cached_property
    def solution(self) -> "TwoPoolsSolution":
        """The equilibrium. ValueError above MAX_STATES."""
        require(self.size <= MAX_STATES, "the chain has too many states")
        states = list(self._states())
        return TwoPoolsSolution(self, np.array(states), self._equilibrium(states))

    def _equilibrium(self, states: list[_State]) -> Floats:
        """Return the chance of every state; π(n + 1) = π(n) R(n), R from the last level down."""
        levels: list[list[int]] = [[] for _ in range(max(map(sum, states)) + 1)]
        place: dict[_State, int] = {}
        for number, state in enumerate(states):
            place[state] = len(levels[sum(state)])
            levels[sum(state)].append(number)
        up, down, out = self._blocks(states, levels, place)
        ratios: list[Floats] = []
        fed = -out[-1]
        for level in range(len(levels) - 2, -1, -1):
            ratio: Floats = np.linalg.solve(-fed.T, up[level].T).T.astype(np.float64)
            ratios.append(ratio)
            fed = ratio @ down[level + 1] - out[level]
        chances = [np.ones(1)]
        for ratio in reversed(ratios):
            chances.append(chances[-1] @ ratio)
        total = sum(float(chance.sum()) for chance in chances)
        result = np.empty(len(states))
        for numbers, chance in zip(levels, chances, strict=True):
            result[numbers] = chance / total
        return result

    def _blocks(
        self, states: list[_State], levels: list[list[int]], place: dict[_State, int]
    ) -> tuple[list[Floats], list[Floats], list[Floats]]:
        """Return the rates to the level above, to the one below, and out (diagonal), by level."""
        sizes = [0, *(len(level) for level in levels), 0]
        up = [np.zeros((sizes[n + 1], sizes[n + 2])) for n in range(len(levels))]
        down = [np.zeros((sizes[n + 1], sizes[n])) for n in range(len(levels))]
        out = [np.zeros((size, size)) for size in sizes[1:-1]]
        for state in states:
            level, row = sum(state), place[state]
            for rate, after in self._moves(state):
                to = up if sum(after) > level else down
                to[level][row, place[after]] += rate
                out[level][row, row] += rate
        return up, down, out


@dataclass(frozen=True)
class TwoPoolsSolution:
    """The chain in equilibrium: states int64[N, 5] (`_State`), chances float64[N]."""

    pools: TwoPools
    states: Floats
    chances: Floats

    @cached_property
    def _means(self) -> Floats:
        return np.asarray(self.chances @ self.states, dtype=np.float64)

    @property
    def busy_specialists(self) -> float:
        return float(self._means[0])

    @property
    def busy_generalists(self) -> float:
        return float(self._means[1] + self._means[2])

    @property
    def abandonment(self) -> tuple[float, float]:
        """The share of A and of B who give up."""
        pools, (wait_a, wait_b) = self.pools, self.mean_wait
        return pools.patience_a * wait_a, pools.patience_b * wait_b

    @property
    def mean_wait(self) -> tuple[float, float]:
        """The mean wait of all of A and of all of B, to an agent or to giving up."""
        pools = self.pools
        return (
            float(self._means[3] / pools.arrivals_a),
            float(self._means[4] / pools.arrivals_b),
        )

    @property
    def delayed(self) -> tuple[float, float]:
        """The chance of waiting at all, of A and of B."""
        s, a, b = self.states[:, 0], self.states[:, 1], self.states[:, 2]
        full = a + b == self.pools.generalists
        both = full & (s == self.pools.specialists)
        return float(self.chances[both].sum()), float(self.chances[full].sum())

    @property
    def by_specialist(self) -> float:
        """The share of the served of A whom a specialist serves."""
        pools = self.pools
        special = float(self._means[0]) * pools.specialist
        general = float(self._means[1]) * pools.generalist_a
        return special / (special + general)


def _poisson_limit(mean: float) -> int:
    """Return the count that a Poisson number of this mean all but never exceeds."""
    count = math.ceil(mean)
    while True:
        # The tail beyond a count above the mean is less than its first term over 1 - mean / count.
        log = count * math.log(mean) - mean - math.lgamma(count + 1)
        if count > mean and log - math.log1p(-mean / (count + 1)) < math.log(_NEGLIGIBLE):
            return count
        count += 1
