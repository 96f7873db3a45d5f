"""The engine without luck, asked under parameters of one's choice: what every decision tool calls.

Shapes: R draws of all that is not known, n points that are asked for, S segments, K + 1 stages,
A assumptions. Money is in minor units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segrules.sim.agents import diagnosed
from segrules.sim.blocks import Arm, World, expected_outcome, scenario_scene, today_scene
from segrules.sim.decide.inputs import Input, beta_in_the_middle, log_uniform, uniform
from segrules.sim.effort.problems import EffortError
from segrules.sim.kernels.expected import expect_once
from segrules.sim.kernels.parameters import (
    Parameters,
    Scene,
    draw_parameters,
    empty_parameters,
)
from segrules.sim.model import (
    COST,
    PROFIT,
    REVENUE,
    SALES,
    Assumption,
    Counts,
    Floats,
    FunnelModel,
    require,
)


def headline(model: FunnelModel) -> str:
    """The measure that a scenario is judged by: profit, or without a value who reaches the end."""
    return model.stages[-1] if model.value is None else PROFIT


def amounts(model: FunnelModel, arm: Arm, measure: str) -> Floats:
    """float64[n, S] of one measure: a stage, sales or one of money."""
    if measure == PROFIT:
        found = arm.revenue - arm.cost
    elif measure in (REVENUE, COST):
        found = arm.revenue if measure == REVENUE else arm.cost
    else:
        stage = measure
        if measure == SALES and SALES not in model.stages and model.value is not None:
            stage = model.value.stage
        require(stage in model.stages, f"no measure {measure}")
        found = arm.counts[:, :, model.stages.index(stage)]
    return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True)
class Futures:
    """A model and R draws of its parameters, which every question takes its futures from."""

    model: FunnelModel
    world: World
    drawn: Parameters

    @property
    def runs(self) -> int:
        return len(self.drawn.rate)

    def parameters(
        self, rows: Counts | None = None, assumptions: Floats | None = None
    ) -> Parameters:
        """Those of some draws (int64[n]), the assumptions replaced by float64[n, A]."""
        taken = self.drawn
        if rows is not None:
            taken = Parameters._make(np.ascontiguousarray(each[rows]) for each in taken)
        if assumptions is not None:
            require(assumptions.shape == taken.assumption.shape, "an assumption a column")
            taken = taken._replace(assumption=np.ascontiguousarray(assumptions))
        return taken

    def arm(self, at: int | None, parameters: Parameters) -> Arm:
        """What is expected under the parameters: in the scenario at a place, or today (None)."""
        return self.arms([at], parameters)[0]

    def arms(self, places: Sequence[int | None], parameters: Parameters) -> list[Arm]:
        """As `arm`, several at once."""
        try:
            today = today_scene(self.world, parameters)
            return [self._expected(at, today, parameters) for at in places]
        except EffortError as error:
            raise diagnosed(error) from None

    def _expected(self, at: int | None, today: Scene, parameters: Parameters) -> Arm:
        if at is None:
            out = expected_outcome(self.world, parameters, today)
        else:
            scene = scenario_scene(self.world, parameters, at)
            out = expected_outcome(self.world, parameters, scene)
            expect_once(self.world.treatments[at], scene, out)
        return Arm(out.counts, out.revenue, out.parts.sum(axis=1), out.parts)

    def gains(
        self, at: int, measure: str, parameters: Parameters, against: int | None = None
    ) -> Floats:
        """float64[n, S]: the scenario at a place less today, or less another scenario."""
        before, after = self.arms([against, at], parameters)
        return amounts(self.model, after, measure) - amounts(self.model, before, measure)


def futures(model: FunnelModel, runs: int) -> Futures:
    """Draw the parameters of replications 0 to runs - 1: those of any run of the model."""
    require(runs >= 1, "a future at least")
    world = World.of(model, "expected", months=False)
    drawn = empty_parameters(world.funnel, runs)
    draw_parameters(world.funnel, 0, drawn)
    return Futures(model, world, drawn)


_LAWS = {"odds": log_uniform, "factor": log_uniform, "response": beta_in_the_middle}


def input_of(stated: Assumption, source: str, points: tuple[float, ...] = ()) -> Input:
    """An assumption as the input of a tool: it is drawn as the engines draw it."""
    kind = _LAWS.get(stated.role, uniform)
    made = kind(stated.name, stated.low, stated.high, source)
    return Input(made.name, made.quantile, made.source, points)
