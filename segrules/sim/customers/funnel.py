"""The funnel by segment as what single customers do, so that engines can be held together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from segrules.sim.customers import levers
from segrules.sim.customers.model import Rates, Scenario
from segrules.sim.kernels.parameters import Parameters, draw_parameters, empty_parameters
from segrules.sim.model import Counts, Figure, FunnelModel, Lever, require
from segrules.sim.pack import Funnel, pack


def drawn(model: FunnelModel, runs: int) -> tuple[Funnel, Parameters]:
    """The parameters of so many replications, as all engines draw them."""
    funnel = pack(model)
    parameters = empty_parameters(funnel, runs)
    draw_parameters(funnel, 0, parameters)
    return funnel, parameters


def rates_of_funnel(model: FunnelModel, customers: Counts, runs: int) -> Rates:
    """What each of customers[S] of a segment does, so that all together are the funnel.

    The leads of a segment are shared out evenly. Sales without spread are whole minor units;
    what is spread has the mean and the variance of the funnel. An extra dispersion of arrivals,
    which hits a whole segment at once, is not had by single customers.
    """
    require(model.arrivals.dispersion == 0.0, "arrivals are dispersed by segment and month")
    require(len(model.arrivals.seen) == 0, "the season of single customers is known")
    require(customers.shape == (len(model.segments),), "customers: one number a segment")
    require(bool(np.all(customers > 0)), "a segment without customers")
    last = model.stages[-1]
    require(model.value is None or model.value.stage == last, "what is sold has no value")
    funnel, parameters = drawn(model, runs)
    spread = np.zeros(len(customers))
    if model.value is not None:
        mean = np.maximum(model.value.mean, 1e-300)
        spread = np.sqrt(np.log1p(model.value.variance / mean**2))
    none = np.zeros(len(customers))
    return Rates(
        season=model.arrivals.season,
        leads=parameters.rate / customers,
        conversion=parameters.conversion,
        value=parameters.mean_value,
        stage_cost=funnel.unit_cost,
        keep_cost=none,
        hazard=none,
        after_sale=none,
        spread=spread,
    )


def scenarios_of_funnel(model: FunnelModel, runs: int) -> tuple[Scenario, ...]:
    """The scenarios of a funnel, with what each replication draws for them."""
    _, parameters = drawn(model, runs)
    place = {each.name: at for at, each in enumerate(model.assumptions)}

    def figure(stated: Figure) -> levers.Figure:
        if isinstance(stated, str):
            return np.ascontiguousarray(parameters.assumption[:, place[stated]])
        return float(stated)

    return tuple(
        Scenario(each.name, tuple(_lever(lever, model.stages, figure) for lever in each.levers))
        for each in model.scenarios
    )


def _lever(
    lever: Lever, stages: Sequence[str], figure: Callable[[Figure], levers.Figure]
) -> levers.Lever:
    """A lever of a funnel as one of the engine."""
    changes: list[levers.Change] = []
    for stage, factor in lever.odds:
        changes.append(levers.Odds(stages.index(stage) - 1, figure(factor)))
    for stage, by in lever.plus:
        changes.append(levers.Points(stages.index(stage) - 1, figure(by)))
    for of, factor in lever.times:
        changes.append(levers.Multiply("leads" if of == "arrivals" else "value", figure(factor)))
    for cost in lever.costs:
        amount = figure(cost.amount)
        if cost.per == "customer":
            changes.append(levers.Charge(amount, stages.index(cost.stage)))
        else:
            changes.append(levers.Outlay(amount, once=cost.per == "once"))
    when = lever.timing
    return levers.Lever(
        lever.name,
        lever.segments,
        tuple(changes),
        levers.Timing(when.start, when.duration, when.ramp, figure(when.persistence)),
        figure(lever.deadweight),
        figure(lever.pull_forward),
    )
