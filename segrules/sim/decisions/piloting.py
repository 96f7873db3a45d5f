"""A test of a scenario: how many customers it takes, how long, and what it would be worth.

A test treats some of those who come to the stage before the first rate that the scenario changes,
and compares how many of them reach the last stage whose rate it changes.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from segrules.lang import ir
from segrules.lang.check.scope import nearest
from segrules.lang.types import decimals
from segrules.segments.assign import Placement
from segrules.segments.funnel import funnel_history, mature_until
from segrules.segments.profile import find_set
from segrules.sim.decide.information import Worth, decisions, evpi, evppi
from segrules.sim.decide.pilot import Pilot, Plan, design_effect, two_means, two_proportions, worth
from segrules.sim.decisions.asking import (
    base_of,
    checked_scenario,
    funnel_of,
    project_for,
    unknown_measure,
)
from segrules.sim.decisions.futures import Futures, amounts, futures, headline
from segrules.sim.decisions.parts import Ground
from segrules.sim.decisions.rows import ENTERED, SEGMENT, funnel_rows
from segrules.sim.learn.agents import learn_agents
from segrules.sim.model import PROFIT, Floats, FunnelModel
from segrules.sim.projection import Settings
from segrules.sim.run import Arm
from segrules.text import problems
from segrules.text.diagnostic import RulesError

RUNS = 4_000
PARTS = (0.1, 0.5, 0.9)
"""Quantiles of the effect that sizes are given for: a small one, the middle, a large one."""

LONGEST = 120
"""Months that a test takes at most: what is learnt later is of no use to those who asked."""

_LADDER = (0.25, 0.5, 1.0, 2.0, 4.0)
_LEAST = 50


@dataclass(frozen=True)
class Costs:
    """What a test costs, in minor units: once, and for each customer in it."""

    fixed: float = 0.0
    each: float = 0.0


@dataclass(frozen=True)
class Clusters:
    """Agents whose customers are alike. correlation: of customers of one agent."""

    column: str
    agents: int
    cases: int
    correlation: float


@dataclass(frozen=True)
class Needed:
    """Customers an arm to find an effect, the `part` of its distribution, and months to get them.

    effect: difference of the rates. by_agent: customers an arm where whole agents are treated or
    not; inf where there are too few agents however long the test goes on. by_value: by revenue a
    customer instead of the rate. None where that is not known or there is nothing to find.
    """

    part: float
    effect: float
    customers: int | None
    months: float | None
    by_agent: float | None
    by_value: int | None

    @property
    def possible(self) -> bool:
        """Whether so many come before it is too late."""
        return self.months is not None and self.months <= LONGEST


@dataclass(frozen=True)
class Learnt:
    """What it would be worth to know an assumption exactly."""

    name: str
    worth: Worth


@dataclass(frozen=True)
class Test:
    """A test of a scenario; money in minor units of `currency`.

    entry and outcome: the stages between which it counts, in `segments`. rate: of them today, or
    in the scenario that the project holds others against, as all that is compared. monthly:
    customers who come to the entry in a month. gain: mean difference of the profit over the months
    of the project. evpi: worth of knowing everything; pilots: of tests of some sizes, () where
    there is no profit to be judged by, or no test is possible. shared: the kinds of levers that
    work through agents, whom all customers share: they cannot be dealt to customers at random, so
    no sizes are told. where: the segments that gain or lose, and how much of the profit (without a
    value, of the last stage), the most first.
    """

    project: ir.Project
    scenario: str
    entry: str
    outcome: str
    segments: tuple[str, ...]
    rate: float
    monthly: float
    needed: tuple[Needed, ...]
    clusters: Clusters | None
    gain: float | None
    evpi: Worth | None
    learnt: tuple[Learnt, ...]
    pilots: tuple[Pilot, ...]
    costs: Costs
    runs: int
    seed: int
    currency: str | None
    shared: tuple[str, ...] = ()
    where: tuple[tuple[str, float], ...] = ()

    @property
    def elsewhere(self) -> bool:
        """Whether most of what changes is in segments that the test does not treat."""
        inside = sum(abs(gain) for name, gain in self.where if name in self.segments)
        return 2.0 * inside < sum(abs(gain) for _, gain in self.where)

    @property
    def best(self) -> Pilot | None:
        """The pilot that is worth most beyond its cost.

        None where none is worth more than that by two errors and by a unit of the currency: what
        cannot be told from nothing is no reason for a test.
        """
        found = max(self.pilots, key=lambda each: each.net, default=None)
        least = 10 ** decimals(self.currency)
        if found is None or found.net < max(2.0 * found.worth.error, least):
            return None
        return found

    @property
    def most(self) -> int:
        """Customers an arm who come in LONGEST months, beyond which no test is possible."""
        return most_customers(self.monthly)

    def months(self, customers: int) -> float:
        """Months until both arms have so many."""
        return 2.0 * customers / self.monthly if self.monthly > 0 else math.inf


@dataclass(frozen=True)
class _Between:
    """What the test sees in every future: entry and outcome, and the rates between them."""

    entry: int
    outcome: int
    segments: tuple[int, ...]
    today: Floats
    then: Floats


def plan_test(
    placement: Placement,
    settings: Settings,
    *,
    scenario: str | None = None,
    costs: Costs | None = None,
    agent: str | None = None,
    judged: str | None = None,
) -> Test:
    """Plan the test of a scenario of a project.

    agent: the column of the funnel's table that names the agent of a row. judged: the stage that
    the test is judged by; None is the last one whose rate the scenario changes.

    Raises:
        RulesError: there is no such scenario or column, or nothing that a test could measure.
    """
    ruleset = placement.ruleset
    project = project_for("pilot", ruleset, settings.project)
    tested = ruleset.scenario(checked_scenario(project, scenario))
    segment_set = find_set(ruleset, project.by)
    history = funnel_history(placement, funnel_of(ruleset, project), segment_set, sales=True)
    seed = project.seed if settings.seed is None else settings.seed
    ground = Ground(ruleset, project, history, seed)
    model = ground.model([tested])
    drawn = futures(model, settings.runs or RUNS)
    before, after = drawn.arms([ground.against(model), 0], drawn.parameters())
    base = base_of(ruleset, project)
    last = _stage(model, judged)
    seen = _between(model, before, after, _treated(tested, base), last)
    if seen is None:
        raise RulesError([problems.no_rate_to_test(tested.name, judged)], unable=True)
    shared = _shared(tested, base)
    clusters = None if agent is None else _clusters(placement, project, agent, seen)
    rate = float(seen.today.mean())
    arrived = before.counts[:, list(seen.segments), seen.entry].sum(axis=1)
    monthly = float(arrived.mean()) / project.months
    parts = () if shared else PARTS
    needed = tuple(_needed(part, seen, model, monthly, clusters) for part in parts)
    paid = costs or Costs()
    gain = _gain(model, before, after)
    return Test(
        project, tested.name, model.stages[seen.entry], model.stages[seen.outcome],
        tuple(model.segments[at] for at in seen.segments), rate, monthly, needed, clusters,
        None if gain is None else float(gain.mean()),
        None if gain is None else evpi(decisions(gain)),
        () if gain is None else _learnt(drawn, gain),
        () if gain is None or shared else _pilots(gain, seen, (needed, monthly), paid, seed),
        paid, drawn.runs, seed, ruleset.currency, shared, _where(model, before, after),
    )  # fmt: skip


def _gain(model: FunnelModel, before: Arm, after: Arm) -> Floats | None:
    """float64[n], what the scenario adds to the profit; None without a value."""
    if model.value is None:
        return None
    gains = amounts(model, after, PROFIT) - amounts(model, before, PROFIT)
    return np.asarray(gains.sum(axis=1))


def _treated(tested: ir.Scenario, base: ir.Scenario | None) -> set[str]:
    """The segments that levers name: of the scenario, and of the one that it is held against."""
    levers = (*tested.levers, *(base.levers if base else ()))
    return {each for lever in levers for each in lever.segments}


_OF_AGENTS = (
    ir.RouteTo, ir.Reserve, ir.Priority, ir.Staffed, ir.Trained, ir.Pays, ir.ChecksUnpaid,
    ir.Checked,
)  # fmt: skip
"""What changes agents or their hours, which customers of both arms of a test would share."""


def _shared(tested: ir.Scenario, base: ir.Scenario | None) -> tuple[str, ...]:
    """The kinds of levers that work through agents."""
    levers = (*tested.levers, *(base.levers if base else ()))
    found = (
        each.kind for each in levers if any(isinstance(edit, _OF_AGENTS) for edit in each.edits)
    )
    return tuple(dict.fromkeys(found))


def _stage(model: FunnelModel, judged: str | None) -> int | None:
    """The place of the stage that a test is to be judged by, where one was asked for."""
    if judged is None:
        return None
    if judged not in model.stages[1:]:
        raise RulesError([unknown_measure(judged, model.stages[1:])], unable=True)
    return model.stages.index(judged)


def _where(model: FunnelModel, before: Arm, after: Arm) -> tuple[tuple[str, float], ...]:
    """The segments that a scenario changes, with their mean gain, the greatest change first."""
    measure = headline(model)
    gains = (amounts(model, after, measure) - amounts(model, before, measure)).mean(axis=0)
    found = [
        (name, gain) for name, gain in zip(model.segments, gains.tolist(), strict=True) if gain
    ]
    return tuple(sorted(found, key=lambda each: -abs(each[1])))


def _between(
    model: FunnelModel, before: Arm, after: Arm, named: set[str], last: int | None
) -> _Between | None:
    """The stages between which some rate changes, up to `last`, in the segments where it does.

    Where levers name segments, only these are tested: what changes elsewhere, because hours go
    from one case to another, is too little to be seen in a test.
    """
    old, new = (_rates(arm.counts) for arm in (before, after))
    moved = np.any(np.abs(new - old) > 1e-12, axis=0)
    if last is not None:
        moved[:, last:] = False
    aimed = np.array([not named or name in named for name in model.segments])
    if (moved & aimed[:, None]).any():
        moved &= aimed[:, None]
    if not moved.any():
        return None
    segments = tuple(np.flatnonzero(np.any(moved, axis=1)).tolist())
    stages = np.flatnonzero(np.any(moved, axis=0))
    entry = int(stages[0])
    outcome = int(stages[-1]) + 1 if last is None else last
    parts = [
        arm.counts[:, segments, outcome].sum(axis=1) / arm.counts[:, segments, entry].sum(axis=1)
        for arm in (before, after)
    ]
    return _Between(entry, outcome, segments, parts[0], parts[1])


def _rates(counts: Floats) -> Floats:
    """[n, S, K]: the part of those at a stage who reach the next."""
    below = counts[:, :, :-1]
    return np.divide(counts[:, :, 1:], below, out=np.zeros_like(below), where=below > 0)


def _needed(
    part: float, seen: _Between, model: FunnelModel, monthly: float, clusters: Clusters | None
) -> Needed:
    effect = float(np.quantile(seen.then - seen.today, part))
    rate = float(seen.today.mean())
    other = rate + effect
    if abs(effect) < 1e-9 or not (0 < rate < 1 and 0 < other < 1):
        return Needed(part, effect, None, None, None, None)
    customers = two_proportions(rate, other).customers
    return Needed(
        part, effect, customers, 2.0 * customers / monthly if monthly > 0 else None,
        None if clusters is None else _by_agent(customers, clusters),
        _by_value(rate, other, seen, model),
    )  # fmt: skip


def _by_agent(customers: int, clusters: Clusters) -> float:
    """Customers an arm where agents, not customers, are drawn for the treatment.

    Each arm has half of the agents, so more customers are more of each agent: n = n0 (1 + (m - 1)
    ICC) with m = 2 n / agents.
    """
    icc, agents = clusters.correlation, clusters.agents
    left = 1.0 - 2.0 * customers * icc / agents
    if left <= 0:
        return math.inf
    found = customers * (1.0 - icc) / left
    cluster = max(2.0 * found / agents, 1.0)
    return math.ceil(customers * design_effect(cluster, icc))


def _by_value(rate: float, other: float, seen: _Between, model: FunnelModel) -> int | None:
    """Customers an arm that find the difference of the revenue of one, where sales are the outcome.

    What a customer brings is nothing, or the value of a sale.
    """
    if model.value is None or model.stages[seen.outcome] != model.value.stage:
        return None
    weights = model.arrivals.counts[list(seen.segments)]
    if not weights.sum() > 0:
        return None
    mean = float(np.average(model.value.mean[list(seen.segments)], weights=weights))
    variance = float(np.average(model.value.variance[list(seen.segments)], weights=weights))
    variance = rate * (mean**2 + variance) - (rate * mean) ** 2
    if variance <= 0 or mean <= 0:
        return None
    return math.ceil(two_means((other - rate) * mean, math.sqrt(variance)))


def most_customers(monthly: float) -> int:
    """Customers an arm who come in the longest time that a test may take."""
    return math.floor(monthly * LONGEST / 2.0)


def _learnt(drawn: Futures, gain: Floats) -> tuple[Learnt, ...]:
    """The worth of knowing each assumption that is not known, the greatest first."""
    benefits = decisions(gain)
    found = []
    for j, each in enumerate(drawn.model.assumptions):
        if each.low < each.high:
            known = evppi(benefits, drawn.drawn.assumption[:, j], seed=drawn.model.seed)
            found.append(Learnt(each.name, known))
    return tuple(sorted(found, key=lambda each: -each.worth.value))


def _pilots(
    gain: Floats, seen: _Between, sizes: tuple[tuple[Needed, ...], float], costs: Costs, seed: int
) -> tuple[Pilot, ...]:
    """Tests of some sizes around the one that finds the middle effect, none of them too long.

    sizes: those that are needed, and customers who come in a month.
    """
    needed, most = sizes[0], most_customers(sizes[1])
    if most < _LEAST:
        return ()
    middle = min(needed[1].customers or needed[2].customers or 1_000, most)
    # where the middle size is as large as can be there is nothing beyond it
    asked = sorted({min(max(round(middle * part), _LEAST), most) for part in _LADDER})
    rate = float(seen.today.mean())
    plan = Plan(math.sqrt(rate * (1.0 - rate)), costs.fixed, costs.each)
    return worth(gain, seen.then - seen.today, plan, asked, seed=seed)


# ---- agents


def _clusters(placement: Placement, project: ir.Project, column: str, seen: _Between) -> Clusters:
    """How alike the customers of one agent are, on mature cohorts of the treated segments."""
    ruleset = placement.ruleset
    funnel = funnel_of(ruleset, project)
    table = ruleset.table(funnel.table)
    declared = table.column(column)
    if declared is None:
        names = [each.name for each in table.columns]
        near = nearest(column, names)
        hint = f"the closest column is `{near}`" if near else "name a column of that table"
        raise RulesError(
            [problems.no_agents(column, f"is no column of the table `{table.name}`", hint)],
            unable=True,
        )
    expr = ir.Column(table.name, column, declared.type, optional=True)
    segment_set = find_set(ruleset, project.by)
    rows = funnel_rows(placement, funnel, segment_set, {"agent": expr})
    treated = [segment_set.segments[at] for at in seen.segments]
    until = mature_until(funnel.stages[: seen.outcome + 1], placement.context.as_of)
    kept = _cases(rows, funnel, seen, treated, until)
    try:
        found = learn_agents(kept, agent="agent", segment=SEGMENT, outcome="outcome")
    except ValueError as error:
        raise RulesError(
            [
                problems.no_agents(
                    column, f"tells no agents apart: {error}",
                    "name the column of the agent who treated the customer",
                )
            ],
            unable=True,
        ) from None  # fmt: skip
    return Clusters(column, len(found.agents), int(found.cases.sum()), found.correlation)


def _cases(
    rows: pl.DataFrame, funnel: ir.Funnel, seen: _Between, segments: list[str], until: dt.date
) -> pl.DataFrame:
    """Mature rows that came to the entry, with their agent and whether they reached the outcome."""
    kept = rows.filter(pl.col(SEGMENT).is_in(segments) & (pl.col(ENTERED) <= until))
    if seen.entry:
        kept = kept.filter(pl.col(f"reached {funnel.stages[seen.entry].name}"))
    return kept.select(
        pl.col("agent").cast(pl.String),
        SEGMENT,
        outcome=pl.col(f"reached {funnel.stages[seen.outcome].name}").cast(pl.Float64),
    )


def names_of(ruleset: ir.Ruleset) -> Mapping[str, str]:
    """What assumptions are called, by name."""
    return {each.name: each.label or each.name for each in ruleset.assumptions}
