"""The best setting of a few bounded knobs under limits, by an engine that has no luck.

Differential evolution (Storn and Price, J. Global Optimization 11 (1997)) looks everywhere,
sequential quadratic programming goes on from the best places it found. Designs are compared as by
Deb, Computer Methods in Applied Mechanics and Engineering 186 (2000): one that keeps the limits
beats one that does not, and of two that do not, the one that breaks them less.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, NonlinearConstraint, differential_evolution, minimize
from scipy.stats import qmc

from segrules.sim.model import Floats, require
from segrules.sim.uniforms import identity

Design = Mapping[str, float]
Evaluate = Callable[[Design], Mapping[str, float]]
"""The measures of a design, the objective and those with limits among them."""

Stop = Callable[[], bool]
"""Whether to end early, as after Ctrl-C, with what there is."""

_FEWEST = 4
"""Places beside today's without which differential evolution does not begin."""
_PRECISION = 1e-12
_KEPT = 1e-9
"""Part of a limit by which it may be missed: what rounding does."""
_APART = 0.01
"""Part of a knob's range by which finalists differ in at least one knob."""
_TIDIED = 8
"""Roundings of a design that are tried."""


def never() -> bool:
    """Go on to the end."""
    return False


@dataclass(frozen=True)
class Knob:
    """What may be set, from low to high. today: how it is set.

    whole: only to whole steps from `first` on, by itself to whole numbers. grain: of another knob,
    what its setting is rounded to in the end, 0 to leave it.
    """

    name: str
    low: float
    high: float
    today: float
    whole: bool = False
    step: float = 1.0
    first: float = 0.0
    grain: float = 0.0

    def __post_init__(self) -> None:
        bounds = (self.low, self.today, self.high)
        require(all(math.isfinite(each) for each in bounds), f"{self.name}: bounds must be finite")
        require(self.step > 0.0 and self.grain >= 0.0, f"{self.name}: no step")
        require(self.low <= self.today <= self.high, f"{self.name}: today is out of bounds")


@dataclass(frozen=True)
class Limit:
    """A measure that must be from least to most: cost, a wait, the worst change of pay."""

    measure: str
    least: float = -math.inf
    most: float = math.inf

    def __post_init__(self) -> None:
        bounded = math.isfinite(self.least) or math.isfinite(self.most)
        require(bounded and self.least <= self.most, f"{self.measure}: no limit")

    def excess(self, value: float) -> float:
        """By what part of the nearer bound it is missed (absolutely where that is 0).

        Below zero where the limit is kept.
        """
        over, under = value - self.most, self.least - value
        bound = self.most if over >= under else self.least
        return max(over, under) / (abs(bound) or 1.0)

    def broken(self, value: float) -> float:
        """The excess, or 0 where the limit is kept."""
        excess = self.excess(value)
        return 0.0 if excess <= _KEPT else excess


@dataclass(frozen=True)
class Task:
    """Make `objective` as large as the limits allow.

    starts: places of the hypercube, today's design aside. refined: how many are gone on from.
    evaluations: the most that are spent. finalists: how many of the best designs are run again
    with luck, and runs: replications for all of these together.
    """

    knobs: tuple[Knob, ...]
    objective: str
    limits: tuple[Limit, ...] = ()
    starts: int = 64
    refined: int = 4
    evaluations: int = 4_000
    finalists: int = 8
    runs: int = 10_000

    def __post_init__(self) -> None:
        require(len(self.knobs) > 0, "no knobs")
        require(self.finalists >= 1 and self.runs >= 2 * self.finalists, "runs for finalists")
        require(len({knob.name for knob in self.knobs}) == len(self.knobs), "a knob occurs twice")
        require(self.starts >= 1 and self.refined >= 1 and self.evaluations >= 1, "effort")


@dataclass(frozen=True)
class Tried:
    """A design, its measures, and by how much it breaks limits: 0 when it keeps all of them."""

    design: Design
    measures: Mapping[str, float]
    broken: float
    objective: float

    def better_than(self, other: "Tried") -> bool:
        return (self.broken, -self.objective) < (other.broken, -other.objective)


def search(
    task: Task, evaluate: Evaluate, *, seed: int = 0, stop: Stop = never
) -> tuple[Tried, ...]:
    """Return all designs that were tried, the best first; of equals the one tried first.

    The first of them breaks limits only if every design tried does. The same seed and the same
    evaluations give the same designs. `stop` is asked before every evaluation but the first,
    which is today's design, and ends the search when it says so. ValueError where a measure is
    missing or not a number.
    """
    space = _Space(task, evaluate, stop)
    today = np.array([_unit(knob, knob.today) for knob in task.knobs])
    places = latin(seed, "starts", max(task.starts, _FEWEST), len(task.knobs))
    _spread_out(space, np.vstack([today, places]), seed)
    _refine(space)
    return space.ranked()


def latin(seed: int, purpose: str, rows: int, columns: int) -> Floats:
    """Return float64[rows, columns] in [0, 1]: every column one in each of `rows` cells."""
    generator = np.random.default_rng([seed, identity(purpose)])
    return qmc.LatinHypercube(columns, rng=generator).random(rows)


def finalists(task: Task, tried: tuple[Tried, ...], count: int) -> tuple[Tried, ...]:
    """Return up to `count` of the designs tried that keep the limits and differ visibly."""
    return _apart(task, [each for each in tried if each.broken == 0], count)


def tidied(task: Task, tried: Tried, evaluate: Evaluate) -> Tried:
    """Return the design with its settings rounded to their grains, as long as it keeps the limits.

    Of the settings next to a place, the nearest ones come first; where none of them keeps the
    limits it stays as it is.
    """
    near = [_beside(knob, tried.design[knob.name]) for knob in task.knobs]
    names = [knob.name for knob in task.knobs]
    for settings in itertools.islice(itertools.product(*near), _TIDIED):
        design = dict(zip(names, settings, strict=True))
        if design == dict(tried.design):
            return tried
        found = measured(task, design, evaluate)
        if found.broken == 0:
            return found
    return tried


def _beside(knob: Knob, setting: float) -> list[float]:
    """The multiples of the grain on both sides of a setting, the nearer one first."""
    if knob.grain == 0.0 or knob.whole:
        return [setting]
    down = math.floor(setting / knob.grain) * knob.grain
    both = [_multiple(each, knob.grain) for each in (down, down + knob.grain)]
    held = [each for each in both if knob.low <= each <= knob.high]
    return sorted(dict.fromkeys(held), key=lambda each: abs(each - setting)) or [setting]


def measured(task: Task, design: Design, evaluate: Evaluate) -> Tried:
    """Return a design with its measures; ValueError where one is missing or not a number."""
    measures = dict(evaluate(design))
    for name in (task.objective, *(limit.measure for limit in task.limits)):
        require(name in measures, f"no measure {name}")
        require(math.isfinite(measures[name]), f"{name} is not a number at {dict(design)}")
    broken = sum(limit.broken(measures[limit.measure]) for limit in task.limits)
    return Tried(design, measures, broken, measures[task.objective])


def _apart(task: Task, tried: Iterable[Tried], count: int) -> tuple[Tried, ...]:
    """The first `count` that differ visibly from all those before them."""
    kept: list[tuple[Tried, Floats]] = []
    for each in tried:
        point = _place(task, each.design)
        if all(float(np.abs(point - other).max()) >= _APART for _, other in kept):
            kept.append((each, point))
        if len(kept) >= count:
            break
    return tuple(each for each, _ in kept)


class _Spent(Exception):  # noqa: N818 - it is no error
    """There are no more evaluations, or the search was asked to stop."""


class _Space:
    """The unit cube of the knobs, and what is known of it."""

    def __init__(self, task: Task, evaluate: Evaluate, stop: Stop) -> None:
        self.task = task
        self.allowed = task.evaluations
        self.tried: dict[tuple[float, ...], Tried] = {}
        self._evaluate = evaluate
        self._stop = stop

    def at(self, point: Floats) -> Tried:
        """The design at a point, measured where it is new; _Spent when that may not be."""
        pairs = zip(self.task.knobs, point.tolist(), strict=True)
        settings = tuple(_setting(knob, part) for knob, part in pairs)
        if settings not in self.tried:
            if self.tried and (len(self.tried) >= self.allowed or self._stop()):
                raise _Spent
            names = (knob.name for knob in self.task.knobs)
            design = dict(zip(names, settings, strict=True))
            self.tried[settings] = measured(self.task, design, self._evaluate)
        return self.tried[settings]

    def excess(self, point: Floats) -> Floats:
        """float64[m], that of each limit."""
        measures = self.at(point).measures
        return np.array([limit.excess(measures[limit.measure]) for limit in self.task.limits])

    def ranked(self) -> tuple[Tried, ...]:
        return tuple(sorted(self.tried.values(), key=lambda each: (each.broken, -each.objective)))


def _spread_out(space: _Space, begun: Floats, seed: int) -> None:
    """Look everywhere, whole numbers and kinks included, with half of what may be spent."""
    task = space.task

    def lost(point: Floats) -> float:
        return -space.at(point).objective

    space.allowed = (task.evaluations + 1) // 2
    try:
        with suppress(_Spent):
            differential_evolution(
                lost,
                _cube(len(task.knobs)),
                constraints=NonlinearConstraint(space.excess, -np.inf, 0.0) if task.limits else (),
                init=begun,
                maxiter=task.evaluations // len(begun),
                rng=np.random.default_rng([seed, identity("spread out")]),
                polish=False,
            )
    except RuntimeError as wrapped:
        # scipy takes a ValueError of the engine for one of its own.
        raise wrapped.__cause__ or wrapped from None


def _refine(space: _Space) -> None:
    """Go on from the best places, each with its part of what those before it left."""
    task = space.task
    best = _apart(task, space.ranked(), task.refined)
    for left, each in zip(range(len(best), 0, -1), best, strict=True):
        space.allowed = len(space.tried) + (task.evaluations - len(space.tried)) // left
        with suppress(_Spent):
            _go_on(space, each)


def _go_on(space: _Space, start: Tried) -> None:
    """Improve whole knobs and the others by turns, until neither does any more."""
    best = start
    while True:
        found = _climbed(space, _stepped(space, best))
        if not found.better_than(best):
            return
        best = found


def _stepped(space: _Space, best: Tried) -> Tried:
    """Move whole knobs by a step as long as it pays: no local method of scipy has whole numbers."""
    whole = [knob for knob in space.task.knobs if knob.whole]
    while True:
        before = best
        for knob, way in itertools.product(whole, (-1.0, 1.0)):
            setting = best.design[knob.name] + way * knob.step
            if knob.low <= setting <= knob.high:
                found = space.at(_place(space.task, {**best.design, knob.name: setting}))
                best = found if found.better_than(best) else best
        if best is before:
            return best


def _climbed(space: _Space, start: Tried) -> Tried:
    """Follow the slopes of the knobs that are not whole: of the objective within the limits."""
    task = space.task
    free = np.array([not knob.whole and knob.low < knob.high for knob in task.knobs])
    if not free.any():
        return start
    point = _place(task, start.design)
    seen = [each.objective for each in space.tried.values()]
    scale = max(seen) - min(seen) or 1.0

    def at(part: Floats) -> Floats:
        filled = point.copy()
        filled[free] = np.clip(part, 0.0, 1.0)
        return filled

    def lost(part: Floats) -> float:
        return -space.at(at(part)).objective / scale

    kept: Any = {"type": "ineq", "fun": lambda part: -space.excess(at(part))}
    found = minimize(
        lost,
        point[free],
        method="SLSQP",
        jac="3-point",
        bounds=_cube(int(free.sum())),
        constraints=[kept] if task.limits else [],
        tol=_PRECISION,
        options={"maxiter": task.evaluations},
    )
    return space.at(at(found.x))


def _cube(count: int) -> Bounds:
    return Bounds(np.zeros(count), np.ones(count))


def _place(task: Task, design: Design) -> Floats:
    return np.array([_unit(knob, design[knob.name]) for knob in task.knobs])


def _unit(knob: Knob, setting: float) -> float:
    return (setting - knob.low) / (knob.high - knob.low) if knob.high > knob.low else 0.0


def _setting(knob: Knob, part: float) -> float:
    setting = knob.low + (knob.high - knob.low) * part
    if knob.whole:
        setting = _multiple(setting, knob.step, knob.first)
    return min(max(setting, knob.low), knob.high)


def _multiple(value: float, step: float, first: float = 0.0) -> float:
    """The nearest value that whole steps lead to, as it is written."""
    return float(f"{first + step * round((value - first) / step):.12g}")
