"""A block of replications of a funnel: what the engines do between drawing and adding up.

What a block needs can be pickled and what it gives is arrays, so that it may run anywhere.
Shapes: R replications of the block, S segments, T months, K + 1 stages, P parts of the cost, A
assumptions. Counts and money are int64 from the engine "counts", float64 from "expected".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from segrules.sim.effort.futures import Following, following
from segrules.sim.kernels import counts as counting
from segrules.sim.kernels import money, monthly
from segrules.sim.kernels.expected import Expected, expect, expect_once
from segrules.sim.kernels.parameters import (
    Parameters,
    Scene,
    Treated,
    as_today,
    copied,
    draw_parameters,
    empty_parameters,
    empty_scene,
    pay_once,
    treat,
    treated,
)
from segrules.sim.model import Counts, Floats, FunnelModel
from segrules.sim.pack import EVERY, Funnel, Treatment, pack, pack_scenario
from segrules.sim.pulled import pulling
from segrules.sim.work import Span

Engine = Literal["counts", "expected"]

Numbers = NDArray[Any]
"""int64 or float64, as the engine has it."""


@dataclass(frozen=True)
class Months:
    """One arm month by month over all segments: [R, T] each, money in minor units.

    They add up to what the arm has over all months.
    """

    sales: Numbers
    revenue: Numbers
    cost: Numbers


@dataclass(frozen=True)
class Arm:
    """What happened in one arm, summed over the months; money in minor units.

    counts: [R, S, K+1] customers who reached each stage. revenue, cost: [R, S]. parts: [R, P, S]
    of the cost, in the order of the model's `parts`. months: where they were asked for.
    """

    counts: Numbers
    revenue: Numbers
    cost: Numbers
    parts: Numbers | None = None
    months: Months | None = None


@dataclass(frozen=True)
class World:
    """What all blocks share; nothing here changes."""

    funnel: Funnel
    treatments: tuple[Treatment, ...]
    parts: int
    sale: int
    """The stage that counts as a sale."""
    agents: Following | None
    engine: Engine
    months: bool

    @classmethod
    def of(cls, model: FunnelModel, engine: Engine, *, months: bool) -> World:
        """The model, ready for blocks."""
        funnel = pack(model)
        agents = None if model.agents is None else following(model.agents, model, funnel)
        return cls(
            funnel,
            tuple(pack_scenario(model, scenario) for scenario in model.scenarios),
            len(model.parts),
            model.stages.index(model.sale),
            agents,
            engine,
            months,
        )


@dataclass(frozen=True)
class Block:
    """The arms of a block, today first, and the assumptions drawn: float64[R, A]."""

    arms: tuple[Arm, ...]
    assumptions: Floats


def run_block(world: World, span: Span) -> Block:
    """Run the replications of one span."""
    first, stop = span
    parameters = empty_parameters(world.funnel, stop - first)
    draw_parameters(world.funnel, first, parameters)
    scenes = [today_scene(world, parameters)]
    scenes += [scenario_scene(world, parameters, at) for at in range(len(world.treatments))]
    arms = _counted if world.engine == "counts" else _expected
    return Block(arms(world, parameters, scenes), parameters.assumption)


def today_scene(world: World, parameters: Parameters) -> Scene:
    """Today, with what its agents cost."""
    scene = empty_scene(world.funnel, len(parameters.replication), world.parts)
    state = treated(scene, 0)
    as_today(world.funnel, parameters, state)
    if world.agents is not None:
        world.agents.today(parameters, state)
    return scene


def scenario_scene(world: World, parameters: Parameters, at: int) -> Scene:
    """The scenario at a place: its levers, then how agents follow, then what is missing later."""
    funnel, treatment = world.funnel, world.treatments[at]
    scene = empty_scene(funnel, len(parameters.replication), world.parts, treatment)
    pulls = pulling(funnel, treatment, parameters, world.sale)
    gained = []
    for m in range(len(treatment.months)):
        state = treated(scene, m)
        _follow(world, parameters, (at, m, EVERY), state)
        if pulls is not None:

            def without(lever: int, m: int = m, state: Treated = state) -> Treated:
                return _follow(world, parameters, (at, m, lever), copied(state))

            gained.append(pulls.gained(state, without))
    pay_once(treatment, parameters, scene.once)
    if pulls is not None:
        pulls.postpone(scene, np.array(gained))
    return scene


def pay_of_agents(world: World, parameters: Parameters, at: int | None) -> Floats:
    """float64[R, G], what an agent of each pool gets over all months, in minor units.

    at: the place of a scenario; None for today. [R, 0] where the model has no agents.
    """
    funnel, agents = world.funnel, world.agents
    if agents is None:
        return np.zeros((len(parameters.replication), 0))
    if at is None:
        state = treated(empty_scene(funnel, len(parameters.replication), world.parts), 0)
        as_today(funnel, parameters, state)
        return agents.pay(None, parameters, state)
    treatment = world.treatments[at]
    scene = empty_scene(funnel, len(parameters.replication), world.parts, treatment)
    paid = np.zeros((len(parameters.replication), len(agents.agents.crews)))
    for m in range(len(treatment.months)):
        state = treated(scene, m)
        treat(funnel, treatment, parameters, m, state, EVERY)
        months = parameters.season[:, treatment.state == m].sum(axis=1)
        share = months / parameters.season.sum(axis=1)
        paid += share[:, None] * agents.pay(at, parameters, state)
    return paid


def _follow(
    world: World, parameters: Parameters, place: tuple[int, int, int], state: Treated
) -> Treated:
    """Fill a state of a scenario, without the effects of one of its levers (-1: with all)."""
    at, m, lever = place
    treat(world.funnel, world.treatments[at], parameters, m, state, lever)
    if world.agents is not None:
        world.agents.scenario(at, parameters, state, lever)
    return state


def expanded(scene: Scene) -> Scene:
    """The same scene with a state for each month."""
    state, months = scene.state, len(scene.state)
    return Scene(
        conversion=scene.conversion[state],
        arrivals=scene.arrivals[state],
        value=scene.value[state],
        parts=scene.parts[state],
        fixed=scene.fixed[state],
        once=scene.once,
        state=np.arange(months, dtype=np.int64),
        months=np.ones(months, dtype=np.int64),
    )


def whole(by_month: Floats, total: Counts) -> Counts:
    """int64[R, T] over all segments: [R, S, T] in whole units that add up to total[R, S]."""
    running = np.rint(np.cumsum(by_month, axis=2))
    running[:, :, -1] = total
    months: Counts = np.diff(running, axis=2, prepend=0.0).sum(axis=1).astype(np.int64)
    return months


# ---- whole customers


def _counted(world: World, parameters: Parameters, scenes: Sequence[Scene]) -> tuple[Arm, ...]:
    funnel, first = world.funnel, int(parameters.replication[0])
    runs, segments, conversions = parameters.conversion.shape
    by_month = np.empty((runs, segments, len(funnel.season), conversions + 1), dtype=np.int64)
    today = _outcome(world, parameters)
    counting.arrive(funnel, parameters, first, by_month)
    counting.pass_today(funnel, parameters, first, by_month, today.counts)
    money.settle_today(funnel, parameters, scenes[0], first, today)
    calendar = Calendar(world, parameters, scenes[0], by_month, today) if world.months else None
    sold = np.zeros((runs, segments), dtype=np.int64)
    if funnel.value_stage >= 0:
        sold[:] = today.counts[:, :, funnel.value_stage]
    arms = [_arm(today, calendar.today if calendar else None)]
    for scene, treatment in zip(scenes[1:], world.treatments, strict=True):
        then = _coupled(world, parameters, scene, by_month)
        out = _outcome(world, parameters)
        out.counts[:] = then.counts.sum(axis=2)
        money.settle_scenario(funnel, parameters, scene, sold, then, out)
        money.add_once(treatment, scene, out)
        months = calendar.scenario(scene, treatment, out) if calendar else None
        arms.append(_arm(out, months))
    return tuple(arms)


def _arm(out: counting.Outcome, months: Months | None) -> Arm:
    return Arm(out.counts, out.revenue, out.parts.sum(axis=1), out.parts, months)


def _outcome(world: World, parameters: Parameters) -> counting.Outcome:
    runs, segments, conversions = parameters.conversion.shape
    shapes = (runs, segments, conversions + 1), (runs, segments), (runs, world.parts, segments)
    return counting.Outcome(*(np.empty(shape, dtype=np.int64) for shape in shapes))


def _coupled(
    world: World, parameters: Parameters, scene: Scene, by_month: Counts
) -> counting.Coupled:
    runs, segments, _, stages = by_month.shape
    shape = runs, segments, len(scene.months)
    shapes = (*shape, stages), shape, shape
    out = counting.Coupled(*(np.empty(each, dtype=np.int64) for each in shapes))
    first = int(parameters.replication[0])
    counting.pass_scenario(world.funnel, parameters, scene, first, by_month, out)
    return out


class Calendar:
    """The months of a block: today's, and those of its scenarios beside them."""

    def __init__(
        self,
        world: World,
        parameters: Parameters,
        scene: Scene,
        by_month: Counts,
        whole_time: counting.Outcome,
    ) -> None:
        self._world, self._parameters, self._by_month = world, parameters, by_month
        self._sales = np.ascontiguousarray(by_month[..., world.sale])
        self._revenue = np.zeros(self._sales.shape)
        if world.funnel.value_stage >= 0:
            monthly.divide_today(
                world.funnel, parameters, self._sales, whole_time.revenue, self._revenue
            )
        cost = np.empty(self._sales.shape)
        monthly.cost_by_month(expanded(scene), by_month, cost)
        self._today = whole_time
        self.today = Months(
            self._sales.sum(axis=1),
            whole(self._revenue, whole_time.revenue),
            whole(cost, whole_time.parts.sum(axis=1)),
        )

    def scenario(self, scene: Scene, treatment: Treatment, out: counting.Outcome) -> Months:
        """The months of a scenario; the luck of its customers is that of its whole time."""
        world, parameters = self._world, self._parameters
        scene = expanded(scene)
        then = _coupled(world, parameters, scene, self._by_month)
        sales = then.counts[..., world.sale]
        revenue, cost = np.zeros(sales.shape), np.empty(sales.shape)
        if world.funnel.value_stage >= 0:
            today = self._sales, self._revenue
            monthly.divide_scenario(world.funnel, parameters, scene, then, today, revenue)
            self._bring(revenue, scene, then, out)
        monthly.cost_by_month(scene, then.counts, cost)
        add_once(cost, scene, treatment)
        return Months(
            sales.sum(axis=1), whole(revenue, out.revenue), whole(cost, out.parts.sum(axis=1))
        )

    def _bring(
        self, revenue: Floats, scene: Scene, then: counting.Coupled, out: counting.Outcome
    ) -> None:
        """Bring the months to the revenue of the whole time.

        Months in which nothing changes stay today's, unless the others cannot make up the rest.
        """
        worth = np.moveaxis(scene.value, 0, 2) == 1.0
        same = worth & (then.alone == 0) & (then.both == self._sales)
        kept = np.where(same, revenue, 0.0).sum(axis=2)
        moved = revenue.sum(axis=2) - kept
        rest = out.revenue - kept
        apart = same.all(axis=2) | ((rest > 0.0) & (moved > 0.0))
        base = np.where(apart, moved, moved + kept)
        goal = np.where(apart, rest, out.revenue)
        scale = np.divide(goal, base, out=np.ones_like(base), where=base > 0.0)
        revenue *= np.where(same & apart[:, :, None], 1.0, scale[:, :, None])


def add_once(cost: Floats, scene: Scene, treatment: Treatment) -> None:
    """Add to cost[R, S, T] what levers cost once, in its month."""
    for o in range(scene.once.shape[1]):
        cost[:, treatment.once_segment[o], treatment.once_month[o]] += scene.once[:, o]


# ---- without luck


def _expected(world: World, parameters: Parameters, scenes: Sequence[Scene]) -> tuple[Arm, ...]:
    arms = []
    for scene, treatment in zip(scenes, (None, *world.treatments), strict=True):
        out = expected_outcome(world, parameters, scene)
        if treatment is not None:
            expect_once(treatment, scene, out)
        months = _expected_months(world, parameters, scene, treatment) if world.months else None
        arms.append(Arm(out.counts, out.revenue, out.parts.sum(axis=1), out.parts, months))
    return tuple(arms)


def expected_outcome(world: World, parameters: Parameters, scene: Scene) -> Expected:
    """The means of a scene, without what is paid once."""
    runs, segments, conversions = parameters.conversion.shape
    shapes = (runs, segments, conversions + 1), (runs, segments), (runs, world.parts, segments)
    out = Expected(*(np.empty(shape) for shape in shapes))
    expect(world.funnel, parameters, scene, out)
    return out


def _expected_months(
    world: World, parameters: Parameters, scene: Scene, treatment: Treatment | None
) -> Months:
    """Month by month: each as a scene of which only that month counts."""
    runs, months = len(parameters.replication), len(scene.state)
    sales, revenue, cost = (np.empty((runs, months)) for _ in range(3))
    wide, season = expanded(scene), parameters.season
    for t in range(months):
        here = slice(t, t + 1)
        one = wide._replace(
            conversion=wide.conversion[here], arrivals=wide.arrivals[here],
            value=wide.value[here], parts=wide.parts[here], fixed=wide.fixed[here],
            state=np.zeros(1, dtype=np.int64), months=np.ones(1, dtype=np.int64),
        )  # fmt: skip
        out = expected_outcome(world, parameters._replace(season=season[:, here]), one)
        sales[:, t] = out.counts[:, :, world.sale].sum(axis=1)
        revenue[:, t], cost[:, t] = out.revenue.sum(axis=1), out.parts.sum(axis=(1, 2))
    if treatment is not None:
        for o in range(scene.once.shape[1]):
            cost[:, treatment.once_month[o]] += scene.once[:, o]
    return Months(sales, revenue, cost)
