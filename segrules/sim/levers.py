"""From the scenarios of a rule file to the levers of a funnel, and what is to be said of them.

Edits of odds, chances, arrivals and values are here; those of pools, pay, time and checks are for
the agents of the funnel, but what they cost is a lever's cost too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from segrules.lang import ir
from segrules.sim.model import (
    Assumption,
    Charge,
    Figure,
    Floats,
    FunnelModel,
    Lever,
    Role,
    Scenario,
    Timing,
)
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic

_ROLES: dict[str, Role] = {
    "odds": "odds", "factor": "factor", "amount": "amount", "share": "share",
    "response": "response",
}  # fmt: skip


def scenario_of(node: ir.Scenario, funnel: ir.Funnel, segments: tuple[str, ...]) -> Scenario:
    """The levers of a scenario; segments that a lever does not name are all of them."""
    order = [stage.name for stage in funnel.stages]
    sale = next((at for at, each in enumerate(funnel.stages) if each.value), len(order) - 1)
    levers = []
    for lever in node.levers:
        levers.append(
            Lever(
                lever.kind,
                tuple(segments.index(name) for name in lever.segments or segments),
                odds=tuple((e.stage, e.factor) for e in lever.edits if isinstance(e, ir.Odds)),
                costs=tuple(_charge(each, _treated(lever, order, sale)) for each in lever.costs),
                plus=tuple((e.stage, e.by) for e in lever.edits if isinstance(e, ir.Plus)),
                times=tuple(_times(lever)),
                timing=_timing(lever.timing),
                deadweight=lever.deadweight,
                pull_forward=lever.pull_forward,
            )
        )
    return Scenario(node.name, node.label, tuple(levers))


def _timing(given: ir.Timing) -> Timing:
    return Timing(given.start, given.duration, given.ramp, given.persistence)


def _charge(cost: ir.LeverCost, stage: str) -> Charge:
    return Charge(cost.amount, cost.per, stage if cost.per == "customer" else "")


def _times(lever: ir.Lever) -> Iterator[tuple[Literal["arrivals", "value"], Figure]]:
    for each in lever.edits:
        if isinstance(each, ir.Times):
            match each.of:
                case "arrivals" | "value":
                    yield each.of, each.factor


def _treated(lever: ir.Lever, order: list[str], sale: int) -> str:
    """The stage at which a customer is treated.

    It is the one before the earliest stage whose odds or chance move; without one those who buy
    where only the value changes, those who arrive where only arrivals do, and the cases of agents.
    """
    moved = [order.index(e.stage) for e in lever.edits if isinstance(e, ir.Odds | ir.Plus)]
    if moved:
        return order[min(moved) - 1]
    of = {each.of for each in lever.edits if isinstance(each, ir.Times)}
    if of and len(of) == len(lever.edits) and of <= {"arrivals", "value"}:
        return order[sale] if "value" in of else order[0]
    return order[max(sale - 1, 0)]


def assumption_of(stated: ir.Assumption) -> Assumption:
    """An assumption as it is drawn; a role that is not known is that of a plain number."""
    return Assumption(stated.name, stated.low, stated.high, _ROLES.get(stated.role, "number"))


def untested(scenario: Scenario) -> list[str]:
    """Levers on one path multiply, which nobody has seen them do."""
    paths = [
        (index, stage)
        for lever in scenario.levers
        for index in lever.segments
        for stage in {stage for stage, _ in (*lever.odds, *lever.plus)}
    ]
    stages = sorted({stage for index, stage in paths if paths.count((index, stage)) > 1})
    return [
        f"in {scenario.name} several levers act on the way to {stage}: their combined effect is "
        "untested"
        for stage in stages
    ]


def pulled(scenario: Scenario) -> list[str]:
    """What is not counted of sales that are only brought forward."""
    if not any(lever.pull_forward != 0.0 for lever in scenario.levers):
        return []
    return [
        f"in {scenario.name} sales are brought forward: those that the last months take from the "
        "time after them are not taken off"
    ]


# ---- chances that leave 0 to 100%


def outside(model: FunnelModel) -> list[Diagnostic]:
    """The chances that points move below 0 or above 1, at today's average and the odds' middle."""
    found = []
    middle = {each.name: _middle(each) for each in model.assumptions}
    ends = {each.name: (each.low, each.high) for each in model.assumptions}
    for scenario in model.scenarios:
        for k, conversion in enumerate(model.conversions):
            chances = _average(model, k)
            for s, segment in enumerate(model.segments):
                here = [lever for lever in scenario.levers if s in lever.segments]
                odds = [of for each in here for at, of in each.odds if at == conversion.stage]
                points = [by for each in here for at, by in each.plus if at == conversion.stage]
                if not points:
                    continue
                chance = float(chances[s])
                for figure in odds:
                    factor = middle[figure] if isinstance(figure, str) else figure
                    chance = factor * chance / (1.0 - chance + factor * chance)
                low, high = (
                    sum(ends[by][end] if isinstance(by, str) else by for by in points)
                    for end in (0, 1)
                )
                for moved in (low, high):
                    if not 0.0 <= chance + moved <= 1.0:
                        found.append(
                            problems.chance_outside(
                                scenario.name, conversion.stage, segment, (chance, moved)
                            )
                        )
                        break
    return found


def _middle(assumption: Assumption) -> float:
    if assumption.role in ("odds", "factor"):
        return float((assumption.low * assumption.high) ** 0.5)
    return (assumption.low + assumption.high) / 2.0


def _average(model: FunnelModel, k: int) -> Floats:
    """float64[S], the mean of today's chance."""
    conversion = model.conversions[k]
    weight = conversion.prior_weight / conversion.prior_weight.sum()
    strength, mean = conversion.prior_strength, conversion.prior_mean
    above = conversion.reached[:, None] + mean * strength
    below = conversion.entered[:, None] + strength
    average: Floats = (above / below) @ weight
    return average
