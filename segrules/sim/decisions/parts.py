"""What each lever of a scenario adds, whom it touches beside those it names, and what luck gave.

All of it future by future, by the engine without luck under the same draws of the parameters.
Shapes: R futures, S segments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from segrules.lang import ir
from segrules.segments.funnel import FunnelHistory
from segrules.sim.agents import agents_of
from segrules.sim.decide.shapley import MOST_EXACT, Contributions, contributions
from segrules.sim.decisions.futures import amounts, futures, headline
from segrules.sim.estimate import compared, estimate
from segrules.sim.model import LEVERS, ONCE, PROFIT, Floats, FunnelModel
from segrules.sim.outlook import Part
from segrules.sim.outlook import parts as figures
from segrules.sim.summary import Figure, figure

RUNS = 2_000
"""Futures that levers are taken apart in; their Monte Carlo error says how finely to print."""

ORDERS = 50
"""Orders that are tried, with their reverses, where there are too many levers for all subsets."""

_TOGETHER = 16
"""Scenarios that are worked out at once: their arrays stay small."""

REGRESSION = "change that comes though nothing is done (regression to the mean)"


@dataclass(frozen=True)
class Spill:
    """The difference in the segments that no lever names, together; segments: their names."""

    segments: tuple[str, ...]
    figure: Figure


@dataclass(frozen=True)
class Worth:
    """What a lever costs by itself, and the most that it may cost: more takes from the profit.

    own: what it is paid for as it goes on and once, where it is alone. most: own and what it adds.
    """

    own: Figure
    most: Figure


@dataclass(frozen=True)
class Parts:
    """A scenario taken apart, in the measure it is judged by: its difference from today.

    levers: what each adds, whatever the order; they sum to `whole`. spill: None where levers name
    every segment, or nothing changes elsewhere. regression: what a comparison of before and after
    would show in the segments that levers name though nothing were done; None where the rates
    seen there are those expected. exact: every subset of the levers was tried.
    worth: of each lever, in their order; () where the measure is not the profit.
    """

    measure: str
    levers: tuple[Part, ...]
    whole: Figure
    spill: Spill | None
    regression: Part | None
    runs: int
    exact: bool
    worth: tuple[Worth, ...] = ()


@dataclass(frozen=True)
class Ground:
    """What a project was estimated from, so that variants of its scenarios can be."""

    ruleset: ir.Ruleset
    project: ir.Project
    history: FunnelHistory
    seed: int

    def model(self, scenarios: Sequence[ir.Scenario]) -> FunnelModel:
        """The model of the project with these scenarios in place of its own."""
        names = tuple(each.name for each in scenarios)
        others = tuple(each for each in self.ruleset.scenarios if each.name not in names)
        ruleset = replace(self.ruleset, scenarios=(*others, *scenarios))
        project = replace(self.project, compare=names)
        named = {each.name: each for each in ruleset.scenarios}
        asked = [named[name] for name in compared(project)]
        agents = agents_of(ruleset, project, self.history, asked)
        return estimate(ruleset, project, self.history, seed=self.seed, agents=agents).model

    def against(self, model: FunnelModel) -> int | None:
        """The place of the scenario that the others are held against; None is today."""
        if self.project.against == "today":
            return None
        return [each.name for each in model.scenarios].index(self.project.against)


def taken_apart(ground: Ground, scenario: ir.Scenario, runs: int = RUNS) -> Parts:
    """The parts of a scenario of the ground."""
    names = lever_names(scenario)
    tables = _Tables(ground, scenario, names, min(runs, RUNS))
    found = contributions(names, tables.total, seed=ground.seed, orders=ORDERS)
    model = tables.model
    whole = tables.gains(frozenset(names))
    return Parts(
        measure=headline(model),
        levers=figures(found),
        whole=figure(whole.sum(axis=1)),
        spill=spilled(model.segments, scenario, whole),
        regression=_regression(model, scenario, tables.runs),
        runs=tables.runs,
        exact=found.exact,
        worth=_worths(tables, names, found) if headline(model) == PROFIT else (),
    )


def _worths(tables: _Tables, names: tuple[str, ...], found: Contributions) -> tuple[Worth, ...]:
    paid = [tables.paid(frozenset({name})) for name in names]
    return tuple(
        Worth(figure(own), figure(own + added))
        for own, added in zip(paid, found.value, strict=True)
    )


def lever_names(scenario: ir.Scenario) -> tuple[str, ...]:
    """What the levers are called: their kind and whom they treat, numbered where that is alike."""
    plain = [
        f"{lever.kind} {', '.join(lever.segments) if lever.segments else 'every segment'}"
        for lever in scenario.levers
    ]
    seen: Counter[str] = Counter()
    names = []
    for each in plain:
        seen[each] += 1
        names.append(each if seen[each] == 1 else f"{each} ({seen[each]})")
    return tuple(names)


class _Tables:
    """Gains of subsets of the levers, float64[R, S], a few subsets at once."""

    def __init__(
        self, ground: Ground, scenario: ir.Scenario, names: tuple[str, ...], runs: int
    ) -> None:
        self._ground, self._scenario, self._names = ground, scenario, names
        # many levers have many subsets: fewer futures of each keep the work bounded
        self.runs = max(runs >> max(len(names) - 6, 0), 200)
        self.model = ground.model([scenario])
        # without levers it is today
        self._totals: dict[frozenset[str], Floats] = {frozenset(): np.zeros(self.runs)}
        if len(names) <= MOST_EXACT:
            self._fill(
                [
                    frozenset(name for i, name in enumerate(names) if mask >> i & 1)
                    for mask in range(1, 2 ** len(names))
                ]
            )

    def total(self, subset: frozenset[str]) -> Floats:
        if subset not in self._totals:
            self._fill([subset])
        return self._totals[subset]

    def gains(self, subset: frozenset[str]) -> Floats:
        return next(self._gains([subset]))

    def paid(self, subset: frozenset[str]) -> Floats:
        """float64[R]: what the levers of a subset are paid for, as they go on and once."""
        model = self._ground.model([self._variant(subset, 0)])
        drawn = futures(model, self.runs)
        parts = drawn.arm(0, drawn.parameters()).parts
        if parts is None:
            return np.zeros(self.runs)
        own = [model.parts.index(each) for each in (LEVERS, ONCE)]
        return np.asarray(parts[:, own].sum(axis=(1, 2)), dtype=np.float64)

    def _fill(self, subsets: Sequence[frozenset[str]]) -> None:
        for start in range(0, len(subsets), _TOGETHER):
            some = subsets[start : start + _TOGETHER]
            for subset, gains in zip(some, self._gains(some), strict=True):
                self._totals[subset] = gains.sum(axis=1)

    def _gains(self, subsets: Sequence[frozenset[str]]) -> Iterator[Floats]:
        variants = [self._variant(subset, at) for at, subset in enumerate(subsets)]
        model = self._ground.model(variants)
        drawn = futures(model, self.runs)
        measure = headline(model)
        before, *after = drawn.arms([None, *range(len(variants))], drawn.parameters())
        today = amounts(model, before, measure)
        return (amounts(model, arm, measure) - today for arm in after)

    def _variant(self, subset: frozenset[str], at: int) -> ir.Scenario:
        levers = dict(zip(self._names, self._scenario.levers, strict=True))
        return replace(
            self._scenario,
            name=f"{self._scenario.name}/{at}",
            levers=tuple(levers[name] for name in self._names if name in subset),
        )


def unnamed(segments: Sequence[str], scenario: ir.Scenario) -> list[str]:
    """The segments that no lever names; none where one is for every segment, as it names all."""
    named = _named(segments, scenario)
    return [name for name in segments if name not in named]


def _named(segments: Sequence[str], scenario: ir.Scenario) -> set[str]:
    if any(not lever.segments for lever in scenario.levers):
        return set(segments)
    return {name for lever in scenario.levers for name in lever.segments}


def spilled(segments: Sequence[str], scenario: ir.Scenario, gains: Floats) -> Spill | None:
    """What float64[R, S] gains hold in the segments that no lever names; None without any."""
    others = set(unnamed(segments, scenario))
    other = [at for at, name in enumerate(segments) if name in others]
    if not other or not gains[:, other].any():
        return None
    moved = tuple(segments[at] for at in other if gains[:, at].any())
    return Spill(moved, figure(gains[:, other].sum(axis=1)))


def _regression(model: FunnelModel, scenario: ir.Scenario, runs: int) -> Part | None:
    """The treated segments at the rates expected of them, less at the rates seen there.

    A segment that did badly did so in part by bad luck, which does not come again: a comparison of
    before and after would take that for an effect.
    """
    named = _named(model.segments, scenario)
    treated = [at for at, name in enumerate(model.segments) if name in named]
    parameters = futures(model, runs).parameters()
    rates = np.stack(
        [each.reached / np.maximum(each.entered, 1) for each in model.conversions], axis=1
    ) if model.conversions else np.empty((len(model.segments), 0))  # fmt: skip
    known = np.array([all(each.entered[at] > 0 for each in model.conversions) for at in treated])
    treated = [at for at, there in zip(treated, known.tolist(), strict=True) if there]
    if not treated:
        return None
    arrivals = parameters.rate[:, treated] * parameters.season.sum(axis=1, keepdims=True)
    value = parameters.mean_value[:, treated]
    expected = _worth(model, treated, parameters.conversion[:, treated], value)
    seen = _worth(model, treated, np.broadcast_to(rates[treated], expected.shape + rates.shape[1:]),
                  value)  # fmt: skip
    found = figure((arrivals * (expected - seen)).sum(axis=1))
    # what the data cannot tell from nothing is no bar
    if abs(found.mean) <= 2.0 * found.mc_error or found.mean == 0.0:
        return None
    return Part(REGRESSION, found)


def _worth(model: FunnelModel, segments: list[int], rates: Floats, value: Floats) -> Floats:
    """What one who arrives brings: [n, treated] of rates [n, treated, K]."""
    reached = np.cumprod(np.concatenate([np.ones((*rates.shape[:2], 1)), rates], axis=2), axis=2)
    if model.value is None:
        return np.asarray(reached[:, :, -1])
    worth = reached[:, :, model.stages.index(model.value.stage)] * value
    for line in model.costs:
        worth = worth - reached[:, :, model.stages.index(line.stage)] * line.amount[segments]
    return np.asarray(worth)
