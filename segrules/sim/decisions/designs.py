"""Designs of a project's knobs, each as what a scenario brings: with luck, and in the mean.

Money is in minor units. Measures of a design, all over all segments and in the mean: GAIN, what is
to be large; `today <measure>` and `then <measure>`; and the excess over each limit, by how it is
written. The gain is held against today, or against the scenario that the project names, both with
the knobs as they are set now: a knob that says how the firm is moves what a design brings, and not
what it is held against.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from segrules.lang import ir
from segrules.segments.assign import Placement
from segrules.segments.funnel import FunnelHistory, funnel_history
from segrules.segments.profile import find_set
from segrules.sim.decide.search import Design
from segrules.sim.decisions.asking import Placer, better_when, funnel_of, measures_of
from segrules.sim.decisions.futures import Futures, amounts, futures
from segrules.sim.decisions.limits import Bound
from segrules.sim.decisions.parts import Ground
from segrules.sim.decisions.paying import PAY, PoolPay, least_kept, pay_by_pool
from segrules.sim.decisions.settings import Dial
from segrules.sim.executors import executor
from segrules.sim.model import Floats, FunnelModel
from segrules.sim.projection import Settings, find_project
from segrules.sim.run import Arm, Draws, simulate
from segrules.sim.work import How

GAIN = "gain"
"""The objective: what is to be large."""

RUNS = 300
"""Futures without luck over which a design is judged in the search."""


@dataclass(frozen=True)
class Quest:
    """What is looked for: the measure and the limits of a scenario of a project."""

    project: ir.Project
    scenario: str
    measure: str
    dials: tuple[Dial, ...]
    limits: tuple[Bound, ...]

    @property
    def sign(self) -> int:
        """-1 for what is to be small, as a cost or a wait."""
        return -1 if better_when(self.project, self.measure) < 0 else 1

    @property
    def now(self) -> dict[str, float]:
        """The design as the knobs are set now."""
        return {dial.name: dial.now for dial in self.dials}

    def key(self, design: Design) -> tuple[str, ...]:
        """The settings of the knobs as they are written in rules."""
        return tuple(dial.written(design[dial.name]) for dial in self.dials)

    def knobs(self, key: tuple[str, ...]) -> dict[str, str]:
        return {dial.name: text for dial, text in zip(self.dials, key, strict=True)}

    def measures(
        self, today: Mapping[str, float], base: float, then: Mapping[str, float]
    ) -> dict[str, float]:
        """The measures of a design; base: of the measure, where the gain is held against."""
        found = {GAIN: self.sign * (then[self.measure] - base)}
        for each in self.limits:
            found[each.written] = each.excess(today[each.measure], then[each.measure])
        return {
            **found,
            **{f"today {name}": value for name, value in today.items()},
            **{f"then {name}": value for name, value in then.items()},
        }


@dataclass(frozen=True)
class _Now:
    """The firm with its knobs as they are set now: today, the measure that is compared with."""

    today: Mapping[str, float]
    base: float
    drawn: Futures


class Designs(Protocol):
    """What a search asks of the designs of a project."""

    def evaluate(self, design: Design) -> Mapping[str, float]:
        """The measures of a design."""

    def replicate(self, design: Design, seed: int, first: int, runs: int) -> Floats:
        """The gain of a design in replications `first` to first + runs - 1, float64[runs]."""

    def pay(self, design: Design) -> tuple[PoolPay, ...]:
        """What an agent of each pool gets; () where nobody's pay is known."""


class FunnelDesigns:
    """Designs as models of a funnel; the past is read again only where knobs move it."""

    def __init__(
        self, place: Placer, quest: Quest, settings: Settings,
        told: Callable[[str, int], None] | None = None,
    ) -> None:  # fmt: skip
        self._place, self._quest, self._settings, self._told = place, quest, settings, told
        self._histories: list[tuple[ir.Ruleset, FunnelHistory]] = []
        self._grounds: dict[tuple[str, ...], Ground] = {}
        self._drawn: dict[tuple[tuple[str, ...], int], Floats] = {}
        self._bases: dict[int, Floats] = {}
        self._now: _Now | None = None

    def evaluate(self, design: Design) -> Mapping[str, float]:
        """Without luck, over the same draws of what is not known for all designs."""
        now = self._as_now()
        ground = self._ground(design)
        drawn = futures(self._model(ground, ground.seed), RUNS)
        (then,) = self._means(drawn, [0])
        today = dict(now.today)
        if any(each.measure == PAY for each in self._quest.limits):
            worst = least_kept(self._paid(drawn))
            today[PAY], then[PAY] = worst.today, worst.then
        if self._told is not None:
            self._told("settings", len(self._grounds))
        return self._quest.measures(today, now.base, then)

    def _as_now(self) -> _Now:
        """What designs are held against; the knobs are those of now for all of them."""
        if self._now is None:
            ground = self._ground(self._quest.now)
            model = self._model(ground, ground.seed)
            drawn = futures(model, RUNS)
            today, base = self._means(drawn, [None, ground.against(model)])
            self._now = _Now(today, base[self._quest.measure], drawn)
        return self._now

    def _means(self, drawn: Futures, places: Sequence[int | None]) -> list[dict[str, float]]:
        """Every measure over all segments, in scenarios at some places of a model."""
        ground = self._ground(self._quest.now)
        names = measures_of(ground.ruleset, self._quest.project)
        return [
            {name: float(amounts(drawn.model, arm, name).sum(axis=1).mean()) for name in names}
            for arm in drawn.arms(places, drawn.parameters())
        ]

    def replicate(self, design: Design, seed: int, first: int, runs: int) -> Floats:
        """With luck; the same replication of two designs has the same."""
        key = (self._quest.key(design), seed)
        held = self._drawn.get(key)
        if held is None or len(held) < first + runs:
            # replications are numbered: those before `first` come out as they did
            base = self._base(seed, first + runs)
            then = self._simulated(design, seed, first + runs)
            held = self._quest.sign * (self._totals(then, then.scenarios[0]) - base)
            self._drawn[key] = held
            if self._told is not None:
                self._told("futures", sum(len(each) for each in self._drawn.values()))
        return np.asarray(held[first : first + runs])

    def pay(self, design: Design) -> tuple[PoolPay, ...]:
        ground = self._ground(design)
        return self._paid(futures(self._model(ground, ground.seed), RUNS))

    def _base(self, seed: int, runs: int) -> Floats:
        """float64[runs], the measure in what the gain is held against."""
        known = self._bases.get(seed)
        if known is None or len(known) < runs:
            draws = self._simulated(self._quest.now, seed, runs)
            against = self._ground(self._quest.now).against(draws.model)
            known = self._totals(
                draws, draws.today if against is None else draws.scenarios[against]
            )
            self._bases[seed] = known
        return known[:runs]

    def _simulated(self, design: Design, seed: int, runs: int) -> Draws:
        model = self._model(self._ground(design), seed)
        with executor(self._settings.executor, self._settings.threads) as pool:
            draws = simulate(model, runs, how=How(pool))
        if not draws.complete:
            raise KeyboardInterrupt
        return draws

    def _totals(self, draws: Draws, arm: Arm) -> Floats:
        return np.asarray(amounts(draws.model, arm, self._quest.measure).sum(axis=1))

    def _paid(self, drawn: Futures) -> tuple[PoolPay, ...]:
        """What an agent gets in the scenario of these futures, beside today as knobs are now."""
        before = pay_by_pool(self._as_now().drawn, 0)
        then = {each.pool: each for each in pay_by_pool(drawn, 0)}
        return tuple(replace(each, then=then[each.pool].then) for each in before)

    def _model(self, ground: Ground, seed: int) -> FunnelModel:
        return replace(ground, seed=seed).model([ground.ruleset.scenario(self._quest.scenario)])

    def _ground(self, design: Design) -> Ground:
        key = self._quest.key(design)
        if key not in self._grounds:
            placement = self._place(self._quest.knobs(key))
            project = find_project(placement.ruleset, self._quest.project.name)
            history = self._history(placement, project)
            seed = project.seed if self._settings.seed is None else self._settings.seed
            self._grounds[key] = Ground(placement.ruleset, project, history, seed)
        return self._grounds[key]

    def _history(self, placement: Placement, project: ir.Project) -> FunnelHistory:
        """The past by these rules; that of rules which differ in scenarios only is the same."""
        ruleset = placement.ruleset
        read = read_by(ruleset)
        for other, history in self._histories:
            if other == read:
                return history
        found = funnel_history(
            placement, funnel_of(ruleset, project), find_set(ruleset, project.by), sales=True
        )
        self._histories.append((read, found))
        return found


def read_by(ruleset: ir.Ruleset) -> ir.Ruleset:
    """The rules as far as the past is read by them."""
    return replace(
        ruleset, knobs=(), scenarios=(), assumptions=(), projects=(), pools=(), plans=(),
        examples=(), claims=(),
    )  # fmt: skip
