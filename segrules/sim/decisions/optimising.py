"""The best setting of a project's knobs under limits, promised and judged again on fresh luck."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from segrules.lang import ir
from segrules.segments.assign import Placement
from segrules.segments.funnel import FunnelHistory, funnel_history
from segrules.segments.profile import find_set
from segrules.sim.decide.optimise import Choice, Optimum, optimise
from segrules.sim.decide.search import Design, Knob, Task, Tried
from segrules.sim.decisions.asking import (
    Placer,
    checked_measure,
    checked_scenario,
    funnel_of,
    measures_of,
)
from segrules.sim.decisions.futures import amounts, futures
from segrules.sim.decisions.limits import Bound, bounds
from segrules.sim.decisions.parts import Ground
from segrules.sim.decisions.settings import Dial, Setting, dials
from segrules.sim.model import COST, Floats, FunnelModel
from segrules.sim.projection import Settings, find_project
from segrules.sim.run import simulate

GAIN = "gain"
"""The objective: what is to be large."""

RUNS = 300
"""Futures without luck over which a design is judged in the search."""

EVALUATIONS = 200
FINALISTS = 6


@dataclass(frozen=True)
class Wish:
    """What the search is to do.

    vary: `NAME` or `NAME=low:high`, knobs; limits: `cost <= today`. evaluations: designs tried at
    most; runs: futures with luck for all finalists together.
    """

    vary: Sequence[str]
    limits: Sequence[str] = ()
    measure: str | None = None
    scenario: str | None = None
    evaluations: int = EVALUATIONS


@dataclass(frozen=True)
class Best:
    """What was found; money in minor units of `currency`.

    `found.best` is the best design without luck, `found.choice` the one chosen with it (None where
    no design keeps the limits). today: the design as the knobs are set now. measures of a design:
    GAIN, and `today <measure>` and `then <measure>` of every measure.
    """

    project: ir.Project
    scenario: str
    measure: str
    dials: tuple[Dial, ...]
    limits: tuple[Bound, ...]
    found: Optimum
    today: Tried
    runs: int
    seed: int
    currency: str | None

    @property
    def complete(self) -> bool:
        return self.found.complete

    @property
    def choice(self) -> Choice | None:
        return self.found.choice

    def setting(self, design: Design) -> Setting:
        return Setting(tuple((dial, design[dial.name]) for dial in self.dials))


def optimise_project(
    place: Placer,
    wish: Wish,
    settings: Settings,
    *,
    on_design: Callable[[int], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Best:
    """Search the knobs of a project for the scenario that gains most.

    The gain is the difference of the measure from today in the same futures, over all segments; a
    cost is to be small. on_design: told how many designs were tried.

    Raises:
        RulesError: a knob, limit, measure or scenario is not there, or the project cannot be
            carried out at some design.
    """
    first = place({})
    project = find_project(first.ruleset, settings.project)
    known = measures_of(first.ruleset, project)
    measure = checked_measure(first.ruleset, project, wish.measure)
    scenario = checked_scenario(project, wish.scenario)
    limits = bounds(wish.limits, known, first.ruleset.currency)
    varied = tuple(dials(wish.vary, first.ruleset))
    seed = project.seed if settings.seed is None else settings.seed
    runs = project.runs if settings.runs is None else settings.runs
    designs = _Designs(place, varied, project, scenario, measure)
    designs.limits, designs.told = limits, on_design
    task = Task(
        knobs=tuple(Knob(d.name, d.low, d.high, d.today, whole=d.whole) for d in varied),
        objective=GAIN,
        limits=tuple(each.limit for each in limits),
        starts=max(4, min(24, wish.evaluations // 6)),
        refined=2,
        evaluations=wish.evaluations,
        finalists=FINALISTS,
        runs=max(runs, 2 * FINALISTS),
    )
    found = optimise(task, designs.evaluate, designs.replicate, seed=seed, stop=stop)
    now = {dial.name: dial.today for dial in varied}
    measures = designs.evaluate(now)
    broken = sum(limit.broken(measures[limit.measure]) for limit in task.limits)
    today = Tried(now, measures, broken, measures[GAIN])
    return Best(
        project, scenario, measure, varied, limits, found, today, runs, seed, first.ruleset.currency
    )


class _Designs:
    """Designs of the knobs, each as a model; the past is read again only where knobs move it."""

    def __init__(
        self, place: Placer, varied: tuple[Dial, ...], project: ir.Project, scenario: str,
        measure: str,
    ) -> None:  # fmt: skip
        self._place, self._dials, self._project = place, varied, project
        self._scenario, self._measure = scenario, measure
        self._histories: list[tuple[ir.Ruleset, FunnelHistory]] = []
        self._grounds: dict[tuple[str, ...], Ground] = {}
        self._drawn: dict[tuple[tuple[str, ...], int], Floats] = {}
        self.limits: tuple[Bound, ...] = ()
        self.told: Callable[[int], None] | None = None

    def evaluate(self, design: Design) -> Mapping[str, float]:
        """Means of all measures without luck, and the excess over every limit."""
        ground = self._ground(design)
        model = self._model(ground, ground.seed)
        drawn = futures(model, RUNS)
        before, after = drawn.arms([None, 0], drawn.parameters())
        names = measures_of(ground.ruleset, self._project)
        today = {name: float(amounts(model, before, name).sum(axis=1).mean()) for name in names}
        then = {name: float(amounts(model, after, name).sum(axis=1).mean()) for name in names}
        gain = self._sign * (then[self._measure] - today[self._measure])
        found = {GAIN: gain}
        for each in self.limits:
            found[each.written] = each.excess(today[each.measure], then[each.measure])
        if self.told is not None:
            self.told(len(self._grounds))
        return {
            **found,
            **{f"today {name}": value for name, value in today.items()},
            **{f"then {name}": value for name, value in then.items()},
        }

    def replicate(self, design: Design, seed: int, first: int, runs: int) -> Floats:
        """The gain of a design with luck in some replications."""
        key = (self._key(design), seed)
        held = self._drawn.get(key)
        if held is None or len(held) < first + runs:
            # replications are numbered: those before `first` come out as they did
            model = self._model(self._ground(design), seed)
            draws = simulate(model, first + runs)
            before, after = (
                amounts(model, arm, self._measure).sum(axis=1)
                for arm in (draws.today, draws.scenarios[0])
            )
            held = self._drawn[key] = self._sign * (after - before)
        return np.asarray(held[first : first + runs])

    @property
    def _sign(self) -> float:
        return -1.0 if self._measure == COST else 1.0

    def _key(self, design: Design) -> tuple[str, ...]:
        return tuple(dial.written(design[dial.name]) for dial in self._dials)

    def _model(self, ground: Ground, seed: int) -> FunnelModel:
        wanted = next(each for each in ground.ruleset.scenarios if each.name == self._scenario)
        return replace(ground, seed=seed).model([wanted])

    def _ground(self, design: Design) -> Ground:
        key = self._key(design)
        if key not in self._grounds:
            knobs = {dial.name: text for dial, text in zip(self._dials, key, strict=True)}
            placement = self._place(knobs)
            project = find_project(placement.ruleset, self._project.name)
            history = self._history(placement, project)
            self._grounds[key] = Ground(placement.ruleset, project, history, project.seed)
        return self._grounds[key]

    def _history(self, placement: Placement, project: ir.Project) -> FunnelHistory:
        """The past by these rules; that of rules which differ in scenarios only is the same."""
        ruleset = placement.ruleset
        read = replace(
            ruleset, knobs=(), scenarios=(), assumptions=(), projects=(), pools=(), plans=(),
            examples=(), claims=(),
        )  # fmt: skip
        for other, history in self._histories:
            if other == read:
                return history
        found = funnel_history(
            placement, funnel_of(ruleset, project), find_set(ruleset, project.by), sales=True
        )
        self._histories.append((read, found))
        return found
