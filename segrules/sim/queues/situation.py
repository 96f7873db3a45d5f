"""Who queues for whom, in the few figures by which a method is chosen."""

import math
from dataclasses import dataclass

from segrules.sim.model import require


@dataclass(frozen=True)
class Line:
    """Customers of one class; times in one unit, rates per that unit.

    handle: mean handle time at speed 1, cv its standard deviation over its mean (1: exponential).
    patience: its mean, None when it is unknown or nobody gives up. memoryless: it is exponential.
    lost: the share seen to give up, where a log tells. rank: low first.
    """

    name: str
    arrivals: float
    handle: float
    cv: float = 1.0
    patience: float | None = None
    memoryless: bool = True
    lost: float = 0.0
    rank: int = 0

    def __post_init__(self) -> None:
        require(0 <= self.arrivals < math.inf, "arrivals must be finite and not negative")
        require(0 < self.handle < math.inf and self.cv >= 0, "handle times must be positive")
        require(self.patience is None or self.patience > 0, "patience must be positive")
        require(0 <= self.lost <= 1, "a share lies in 0 to 1")


@dataclass(frozen=True)
class Team:
    """Agents of one pool. serves: (class, speed), the class a free agent takes first first."""

    name: str
    agents: int
    serves: tuple[tuple[str, float], ...]

    def speed(self, name: str) -> float:
        """Return the speed for a class, 0 when the pool may not serve it."""
        return dict(self.serves).get(name, 0.0)


@dataclass(frozen=True)
class Situation:
    """A queue as it stands for half an hour or so.

    swing: by how much, relative to their mean, arrivals rise above it within that time.
    preempts: better rank interrupts worse. special: overflow times, reservations or call-backs.
    """

    lines: tuple[Line, ...]
    teams: tuple[Team, ...]
    swing: float = 0.0
    preempts: bool = False
    special: bool = False

    def __post_init__(self) -> None:
        require(len(self.lines) > 0 and len(self.teams) > 0, "a class and a pool at least")
        require(self.swing >= 0, "a swing must not be negative")
        names = {line.name for line in self.lines}
        known = all(name in names for team in self.teams for name, _ in team.serves)
        require(known, "a pool that serves an unknown class")

    @property
    def agents(self) -> int:
        return sum(team.agents for team in self.teams)

    @property
    def load(self) -> float:
        """Agents' work that arrives, every customer at the fastest pool."""
        return sum(self.load_of(line) for line in self.lines)

    def load_of(self, line: Line) -> float:
        fastest = max(team.speed(line.name) for team in self.teams)
        return line.arrivals * line.handle / fastest if fastest > 0 else math.inf

    @property
    def occupancy(self) -> float:
        """Load over agents; infinite without agents."""
        return self.load / self.agents if self.agents else math.inf

    @property
    def ranked(self) -> tuple[Line, ...]:
        return tuple(sorted(self.lines, key=lambda line: line.rank))
