"""From the counted past of a funnel and the rules' scenarios to the model that is simulated.

Arrivals: the last twelve complete months, by segment and calendar month. Conversion: mature
cohorts, shrunk towards the common rate. Value and cost: means by segment, those of all segments
together where a segment has none; a cost that is stated as one amount is taken as stated. How
single sales spread around their mean is what foretold sales left out best (`segrules.sim.sold`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segrules.lang import ir
from segrules.segments.funnel import FunnelHistory, Moments
from segrules.sim.arrivals import FEWEST_MONTHS, arrivals_of, entered
from segrules.sim.levers import assumption_of, outside, pulled, scenario_of, untested
from segrules.sim.model import (
    Arrivals,
    Conversion,
    CostLine,
    Counts,
    Floats,
    FunnelModel,
    Value,
)
from segrules.sim.shrinkage import FEWEST_SEGMENTS, Shrinkage, shrink
from segrules.sim.sold import heavy_of, learn_by_segment, said_of, spread_as
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

if TYPE_CHECKING:
    from segrules.sim.effort.futures import AgentsModel


@dataclass(frozen=True)
class Estimate:
    """The model, how much each segment's own data weigh in it, and what is to be said of it.

    `weights` is n / (n + M) by stage, float64[S]; `methods` how each stage was shrunk; `caveats`
    are to be kept in mind by whoever decides, `ways` are how figures were drawn.
    """

    model: FunnelModel
    weights: Mapping[str, Floats]
    methods: Mapping[str, str]
    caveats: tuple[str, ...]
    ways: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self.caveats, *self.ways)


def compared(project: ir.Project) -> tuple[str, ...]:
    """The scenarios of a project, with the one that the others are held against last."""
    against = () if project.against == "today" else (project.against,)
    return tuple(dict.fromkeys((*project.compare, *against)))


def estimate(
    ruleset: ir.Ruleset,
    project: ir.Project,
    history: FunnelHistory,
    *,
    seed: int,
    agents: AgentsModel | None = None,
) -> Estimate:
    """The model of a project, from the past of its funnel by its segments.

    Raises:
        RulesError: there are no arrivals to project, no mature cohort for a stage, no sale to
            take a value from, or a chance that a scenario moves out of 0 to 100%.
    """
    funnel = next(each for each in ruleset.funnels if each.name == project.of)
    notes: list[str] = []
    if history.unplaced:
        verb = "is" if history.unplaced == 1 else "are"
        notes.append(f"{history.unplaced:,} who entered {verb} in no segment and left out")
    arrivals = _arrivals(history, project.months, notes)
    shrunk = {stage: _shrunk(history, funnel, stage) for stage in history.stages[1:]}
    notes += _alone(shrunk)
    ways = _drawn_together(shrunk, history.segments)
    scenarios = tuple(
        scenario_of(each, funnel, history.segments)
        for name in compared(project)
        for each in ruleset.scenarios
        if each.name == name
    )
    used = {name for each in scenarios for name in each.assumptions()}
    used |= {project.target} if isinstance(project.target, str) else set()
    used |= set() if agents is None else set(agents.assumed)
    notes += [note for each in scenarios for note in (*untested(each), *pulled(each))]
    model = FunnelModel(
        segments=history.segments,
        stages=history.stages,
        months=project.months,
        arrivals=arrivals,
        conversions=tuple(_conversion(history, stage, shrunk[stage]) for stage in shrunk),
        value=_value(history, funnel, notes, ways),
        costs=_costs(history, funnel, notes),
        assumptions=tuple(assumption_of(each) for each in ruleset.assumptions if each.name in used),
        scenarios=scenarios,
        seed=seed,
        agents=agents,
    )
    odd = outside(model)
    if odd:
        raise RulesError(odd, unable=True)
    weights = {stage: found.data_weight for stage, found in shrunk.items()}
    methods = {stage: found.method for stage, found in shrunk.items()}
    return Estimate(model, weights, methods, tuple(dict.fromkeys(notes)), tuple(ways))


# ---- arrivals


def _arrivals(history: FunnelHistory, months: int, notes: list[str]) -> Arrivals:
    entries = entered(history)
    totals = entries.sum(axis=0)
    first, partial = _first_month(history, totals)
    entries, totals = entries[:, first:], totals[first:]
    length = entries.shape[1]
    if length < FEWEST_MONTHS:
        notes.append(
            f"arrivals are known for {length} of the last {FEWEST_MONTHS} complete months{partial}"
            ": they are projected without a season"
        )
    ahead = projected_months(history.as_of, months)
    return arrivals_of(history.months[first:], entries, ahead, notes)


def _first_month(history: FunnelHistory, totals: Floats) -> tuple[int, str]:
    """Where the arrivals begin, and what is to be said of the month in which they do.

    After months without any, the first with some may have begun at its middle: as a whole month
    it would lower the level. It is left out, unless all arrivals are in it.
    """
    first = int(np.flatnonzero(totals)[0])
    if first == 0:
        return first, ""
    month = f"{history.months[first]:%Y-%m}"
    if totals[first + 1 :].any():
        return first + 1, f" ({month}, in which they begin, may be partial and is left out)"
    return first, f" ({month}, in which they begin, may be partial: they may be more)"


def projected_months(as_of: dt.date, months: int) -> list[dt.date]:
    """The first days of the months that are projected: from the first that begins after as_of."""
    after = as_of + dt.timedelta(days=1)
    start = after.year * 12 + after.month - 1 + (after.day > 1)
    return [dt.date(at // 12, at % 12 + 1, 1) for at in range(start, start + months)]


# ---- conversion, value and cost


def _stage_counts(history: FunnelHistory, stage: str) -> tuple[Counts, Counts]:
    counts = [history.counts[name, stage] for name in history.segments]
    reached = np.array([each.reached for each in counts], dtype=np.int64)
    entered = np.array([each.entered for each in counts], dtype=np.int64)
    return reached, entered


def _shrunk(history: FunnelHistory, funnel: ir.Funnel, stage: str) -> Shrinkage:
    reached, entered = _stage_counts(history, stage)
    if not entered.any():
        raise RulesError([_unreached(history, funnel, stage)])
    return shrink(reached, entered)


def _alone(shrunk: Mapping[str, Shrinkage]) -> Iterator[str]:
    """That too few segments are there to draw them together."""
    alone = [stage for stage, found in shrunk.items() if found.method == "jeffreys"]
    if alone:
        yield (
            f"fewer than {FEWEST_SEGMENTS} segments have anybody before {', '.join(alone)}: rates "
            "are not drawn towards a common one (Jeffreys' prior)"
        )


def _drawn_together(shrunk: Mapping[str, Shrinkage], segments: Sequence[str]) -> list[str]:
    """How much the figures of segments weigh in their rates."""
    parts = []
    for stage, found in shrunk.items():
        if found.method != "jeffreys":
            least, most = int(found.data_weight.argmin()), int(found.data_weight.argmax())
            low, high = (f"{found.data_weight[at]:.0%} ({segments[at]})" for at in (least, most))
            parts.append(f"{stage} {low} to {high}")
    if not parts:
        return []
    weigh = f"their own figures weigh: {', '.join(parts)}"
    return [f"rates of segments are drawn towards what they have in common; {weigh}"]


def _unreached(history: FunnelHistory, funnel: ir.Funnel, stage: str) -> Diagnostic:
    """Why nobody in a mature cohort reached the stage before: no time yet, or no such row."""
    before = history.stages[history.stages.index(stage) - 1]
    recent = any(history.counts[name, stage].too_recent for name in history.segments)
    if recent or not history.mature[stage]:
        until = history.mature_until[stage].isoformat()
        return problems.no_mature_cohort(history.funnel, stage, until)
    valued = next((each.name for each in funnel.stages if each.value is not None), None)
    if valued is not None and history.stages.index(valued) < history.stages.index(stage):
        sold = any(history.values[name, valued].count for name in history.segments)
        if not sold:
            return problems.no_value(history.funnel, valued)
    return problems.nobody_before(history.funnel, stage, before)


def _conversion(history: FunnelHistory, stage: str, shrunk: Shrinkage) -> Conversion:
    reached, entered = _stage_counts(history, stage)
    return Conversion(
        stage, reached, entered, shrunk.prior_mean, shrunk.prior_strength, shrunk.prior_weight
    )


def _value(
    history: FunnelHistory, funnel: ir.Funnel, notes: list[str], ways: list[str]
) -> Value | None:
    stage = next((each.name for each in funnel.stages if each.value is not None), None)
    if stage is None:
        return None
    found = [history.values[name, stage] for name in history.segments]
    mean = _filled(found, lambda each: each.mean)
    if mean is None:
        raise RulesError([problems.no_value(history.funnel, stage)])
    variance = _filled(found, lambda each: each.variance)
    lent = [name for name, each in zip(history.segments, found, strict=True) if not each.count]
    if lent:
        notes.append(f"no sale yet in {', '.join(lent)}: the average value of all sales is used")
    losing = [name for name, each in zip(history.segments, mean.tolist(), strict=True) if each < 0]
    if losing:
        # the gamma of the draws has no negative mean
        notes.append(
            f"sales of {', '.join(losing)} lose money on average: they are counted as worth "
            "nothing, so revenue and profit are shown too high by what they lose"
        )
    sales = np.array([each.count for each in found], dtype=np.int64)
    spread = np.zeros(len(found)) if variance is None else np.where(mean > 0, variance, 0.0)
    value = Value(stage, np.maximum(mean, 0.0), spread, sales)
    if history.sold is None:
        return value
    learned = learn_by_segment(history.sold)
    gaining = [name for name in history.segments if name not in losing]
    notes += heavy_of(learned, gaining)
    ways += [said] if (said := said_of(learned, gaining)) else []
    return spread_as(value, learned, history.segments)


def _costs(history: FunnelHistory, funnel: ir.Funnel, notes: list[str]) -> tuple[CostLine, ...]:
    lines = []
    for stage in funnel.stages:
        for cost in stage.costs:
            found = [history.costs[name, stage.name, cost.name] for name in history.segments]
            stated = _stated(cost.amount)
            if stated is not None:
                amount: Floats | None = np.full(len(found), stated)
            else:
                amount = _filled(found, lambda each: each.mean)
            if amount is not None:
                lines.append(CostLine(cost.name, stage.name, amount))
            else:
                notes.append(
                    f"the cost {cost.name} at {stage.name} is counted as nothing: nobody in a "
                    "mature cohort has one that is known"
                )
    return tuple(lines)


def _stated(amount: ir.Expr) -> float | None:
    """The amount in minor units where it is the same for everybody."""
    if isinstance(amount, ir.Const) and isinstance(amount.value, int | float):
        return float(amount.value)
    return None


def _filled(found: Sequence[Moments], of: Callable[[Moments], float | None]) -> Floats | None:
    """The moment of each segment; where one has none, the average weighted by count."""
    known = [(value, each.count) for each in found if (value := of(each)) is not None]
    if not known:
        return None
    total = sum(count for _, count in known)
    average = math.fsum(value * count for value, count in known) / total
    values = [of(each) for each in found]
    return np.array([average if value is None else value for value in values], dtype=np.float64)
