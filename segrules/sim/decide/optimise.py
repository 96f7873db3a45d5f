"""The best design in many futures, and what it promises when luck is drawn afresh.

The best of several noisy means is too high: it was chosen partly for its luck. The winner is
therefore judged again on luck that took no part in choosing it, and both figures are returned.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segrules.sim.decide.ocba import allocate
from segrules.sim.decide.risk import Judgement, judge, standard_error
from segrules.sim.decide.search import (
    Design,
    Evaluate,
    Stop,
    Task,
    Tried,
    finalists,
    never,
    search,
    tidied,
)
from segrules.sim.model import Counts, Floats, require
from segrules.sim.uniforms import identity

Replicate = Callable[[Design, int, int, int], Floats]
"""replicate(design, seed, first, runs): the objective less today's, float64[runs], in the
replications from `first` on. The same replication of two designs has the same luck."""

FIRST_RUNS = 100
ROUNDS = 10


@dataclass(frozen=True)
class Finalist:
    """A design with its gain over today, from the `runs` it was given while choosing.

    mean: comparable among finalists, as luck they have in common is taken out.
    """

    design: Design
    runs: int
    mean: float
    error: float


@dataclass(frozen=True)
class Choice:
    """The chosen design: what it promised, and what fresh luck gave it.

    finalists: in the order given. promised: the mean by which it was chosen. delivered: its
    judgement on the seed `fresh`, in `judged` replications. curse: promised less the mean
    delivered; curse_error: its standard error.
    """

    winner: int
    finalists: tuple[Finalist, ...]
    promised: float
    delivered: Judgement
    curse: float
    curse_error: float
    fresh: int
    judged: int

    @property
    def design(self) -> Design:
        return self.finalists[self.winner].design


@dataclass(frozen=True)
class Optimum:
    """The result of a search. choice is None where no design that was tried keeps the limits.

    best: the best design without luck, or the one that breaks the limits least. chosen: the
    winner with its measures without luck (`best`, without a choice). complete: False when it was
    ended early; what there is was then chosen from fewer designs or with fewer replications. tried:
    every design that was looked at, the best first.
    """

    best: Tried
    choice: Choice | None
    chosen: Tried
    tried: tuple[Tried, ...]
    complete: bool

    @property
    def evaluations(self) -> int:
        return len(self.tried)

    @property
    def limits_kept(self) -> bool:
        return self.choice is not None


def optimise(
    task: Task, evaluate: Evaluate, replicate: Replicate, *, seed: int = 0, stop: Stop = never
) -> Optimum:
    """Search without luck, run the finalists again with it, judge the winner afresh.

    The finalists share `task.runs`; the winner's fresh judgement has as many replications as it
    had for being chosen. Everything depends on the task and the seed, unless it is stopped.
    """
    tried = search(task, evaluate, seed=seed, stop=stop)
    last: list[Tried] = []
    for each in finalists(task, tried, task.finalists):
        rounded = tidied(task, each, evaluate)
        if all(rounded.design != other.design for other in last):
            last.append(rounded)
    if not last:
        return Optimum(tried[0], None, tried[0], tried, not stop())
    designs: list[Design] = [each.design for each in last]
    choice = choose(designs, replicate, runs=task.runs, seed=seed, stop=stop)
    return Optimum(tried[0], choice, last[choice.winner], tried, not stop())


def choose(
    designs: list[Design],
    replicate: Replicate,
    *,
    runs: int,
    seed: int = 0,
    stop: Stop = never,
) -> Choice:
    """Choose among designs with `runs` replications in all, and judge the winner on fresh luck.

    After `stop` says so no further round of replications is begun.
    """
    require(len(designs) > 0, "no designs")
    require(runs >= 2 * len(designs), "two replications a design at least")
    drawn = _drawn(designs, replicate, runs, seed, stop)
    means = _comparable(drawn)
    winner = int(np.argmax(means))
    held = tuple(
        Finalist(design, len(each), float(mean), standard_error(each))
        for design, each, mean in zip(designs, drawn, means, strict=True)
    )
    another, judged = fresh_seed(seed), max(len(drawn[winner]), FIRST_RUNS)
    delivered = judge(replicate(designs[winner], another, 0, judged))
    promised = float(means[winner])
    error = float(np.hypot(held[winner].error, delivered.error))
    return Choice(
        winner, held, promised, delivered, promised - delivered.mean, error, another, judged
    )


def fresh_seed(seed: int) -> int:
    """Return another seed that follows from this one."""
    return identity("judged afresh", str(seed))


def _drawn(
    designs: list[Design], replicate: Replicate, runs: int, seed: int, stop: Stop
) -> list[Floats]:
    """The replications of each design, more of them where the choice is closest."""
    # A first look takes a quarter of them at most.
    first = max(min(FIRST_RUNS, runs // (4 * len(designs))), 2)
    drawn = [replicate(design, seed, 0, first) for design in designs]
    left = runs - first * len(designs)
    for turn in range(ROUNDS, 0, -1):
        if stop():
            break
        given = _more(drawn, left // turn)
        left -= int(given.sum())
        for i, more in enumerate(given.tolist()):
            if more:
                found = replicate(designs[i], seed, len(drawn[i]), more)
                drawn[i] = np.concatenate([drawn[i], found])
    return drawn


def _more(drawn: list[Floats], more: int) -> Counts:
    done = np.array([len(each) for each in drawn], dtype=np.int64)
    sds = np.array([each.std(ddof=1) for each in drawn])
    return allocate(_comparable(drawn), sds, done, more)


def _comparable(drawn: list[Floats]) -> Floats:
    """Means by which designs of different numbers of replications are compared.

    Each is set against the design with the most replications where both have the same luck, so
    that what luck does to all of them cancels.
    """
    longest = max(drawn, key=len)
    whole = float(longest.mean())
    return np.array([whole + float((each - longest[: len(each)]).mean()) for each in drawn])
