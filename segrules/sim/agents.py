"""From the rules' pools, pay, effort and quality to the agents of a funnel's model.

A case is a customer who has reached the stage before the one with a value, the sale; staying is
reaching the stage after it. Today's hours of a case are its mean in mature cohorts, or as stated.
A pool's hours are those of an agent and week over all weeks of the project.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from segrules.lang import ir
from segrules.segments.funnel import FINE, FunnelHistory
from segrules.sim.arrivals import entered
from segrules.sim.effort import crew
from segrules.sim.effort.check import figure_problems, together_problems
from segrules.sim.effort.futures import following
from segrules.sim.effort.problems import EffortError, no_hours
from segrules.sim.estimate import compared
from segrules.sim.model import Figure, FunnelModel
from segrules.sim.pack import pack
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError
from segrules.text.source import Span

WEEKS = 365.25 / 84
"""Weeks of a month."""

DAYS = 7
"""Shifts are of every day."""

NO_GAIN = 1e-6
"""An elasticity of sales in time where none is stated: who is suppressed is no reason for time."""

OF_AGENTS = (ir.RouteTo, ir.Reserve, ir.Staffed, ir.Trained, ir.Pays, ir.ChecksUnpaid, ir.Checked)
"""Edits that agents answer to, with the times of their curves."""

CURVES = {"time": "speed", "ceiling": "ceiling"}


def agents_of(
    ruleset: ir.Ruleset,
    project: ir.Project,
    history: FunnelHistory,
    scenarios: Sequence[ir.Scenario] | None = None,
) -> crew.AgentsModel | None:
    """The agents of a funnel project, None where nobody works on it and nothing is checked.

    scenarios: those of the model in its order, None for the ones that the project compares.

    Raises:
        RulesError: nobody came in the past, pools that share cases have no hours, no time is
            known, a plan pays for who stays where nobody can, or a part of a lever has no meaning
            for agents.
    """
    asked = _compared(ruleset, project) if scenarios is None else scenarios
    effort = next((each for each in ruleset.efforts if each.funnel == project.of), None)
    quality = next((each for each in ruleset.qualities if each.funnel == project.of), None)
    if effort is None and quality is None:
        return None
    entered(history)
    names = _Names(ruleset, history.segments)
    funnel = next(each for each in ruleset.funnels if each.name == project.of)
    _refuse(_no_case(funnel, effort, quality))
    crews = _crews(ruleset, effort, names, project.months)
    plan = next((each for each in ruleset.plans if effort and each.name == effort.plan), None)
    made = crew.AgentsModel(
        crews=crews,
        hours=_hours(effort, history, names),
        elasticity=names.figures(effort.elasticity if effort else (), NO_GAIN),
        response=effort.response if effort else 0.0,
        supply=effort.supply if effort else 0.0,
        terms=_unpaid(names) if plan is None else names.terms(plan),
        checks=_checks(quality, names),
        months=project.months,
    )
    read = _Levers(ruleset, names, crews)
    made = replace(made, scenarios=tuple(read.changes(each) for each in asked))
    _refuse(_no_stay(made, funnel, plan))
    return made


def check_agents(model: FunnelModel, span: Span | None = None) -> tuple[float, ...]:
    """Check the agents of a model at the expected figures; the levels of the scenarios' plans.

    A level is what another plan pays is multiplied by: other than 1 only where it is to cost what
    today's does. span: of the block that a finding is shown at.

    Raises:
        RulesError: a figure is out of its range, levers contradict each other, a plan pays for
            nothing, no level costs what today does, or pay and sales do not settle.
    """
    agents = model.agents
    if agents is None:
        return (1.0,) * len(model.scenarios)
    found = figure_problems(agents, model)
    try:
        if not found:
            made = following(agents, model, pack(model))
            found = together_problems(made)
    except EffortError as error:
        found = list(error.problems)
    if found:
        raise RulesError([problems.effort_problem(each, span) for each in found], unable=True)
    return made.levels


def diagnosed(error: EffortError, span: Span | None = None) -> RulesError:
    """What could not be worked out in some future, for the user."""
    found = [problems.effort_problem(each, span) for each in error.problems]
    return RulesError(found, unable=True)


def answered(lever: ir.Lever) -> bool:
    """Whether agents answer to a lever."""
    return any(_of_agents(edit) for edit in lever.edits)


def _only_priority(lever: ir.Lever) -> bool:
    """Whether somebody is to come first in a funnel, where nobody waits."""
    kinds = {type(edit) for edit in lever.edits}
    return ir.Priority in kinds and ir.Reserve not in kinds


def _of_agents(edit: ir.Edit) -> bool:
    return isinstance(edit, OF_AGENTS) or (isinstance(edit, ir.Times) and edit.of in CURVES)


def _compared(ruleset: ir.Ruleset, project: ir.Project) -> list[ir.Scenario]:
    known = {each.name: each for each in ruleset.scenarios}
    return [known[name] for name in compared(project)]


def _refuse(found: Iterable[Diagnostic]) -> None:
    every = list(found)
    if every:
        raise RulesError(every, unable=True)


def _no_case(
    funnel: ir.Funnel, effort: ir.Effort | None, quality: ir.Quality | None
) -> list[Diagnostic]:
    if any(each.value is not None for each in funnel.stages[1:]):
        return []
    block = effort or quality
    return [problems.nothing_before(funnel.name, block.span if block else None)]


def _no_stay(
    made: crew.AgentsModel, funnel: ir.Funnel, plan: ir.PayPlan | None
) -> list[Diagnostic]:
    """Plans that pay for customers who stay where no stage tells who does."""
    if funnel.stages[-1].value is None:
        return []
    every = [each for levers in made.scenarios for changes in levers for each in changes]
    terms = [made.terms, *(each.terms for each in crew.of_kind(every, crew.Paid))]
    span = plan.span if plan else None
    return [
        problems.nothing_after(name, span)
        for name in dict.fromkeys(each.name for each in terms if each.stays)
    ]


def _unpaid(names: _Names) -> crew.Terms:
    """Nobody has said what agents get."""
    return crew.Terms("", (1.0,) * len(names.segments))


def _hours(effort: ir.Effort | None, history: FunnelHistory, names: _Names) -> crew.Figures:
    """The hours of a case: as stated, or the mean of each segment, of all where it has none."""
    if effort is None:
        return (1.0,) * len(names.segments)
    if isinstance(effort.time, tuple):
        stated = [figure for _, figure in effort.time]
        return names.figures(effort.time, stated[0])
    known = [history.times.get(name) for name in names.segments]
    count = sum(each.count for each in known if each)
    if not count:
        found = no_hours("mean time of a case", effort.funnel, 0.0)
        raise RulesError([problems.effort_problem(found, effort.span)], unable=True)
    total = sum(each.count * each.mean for each in known if each and each.mean is not None)
    means = [each.mean if each and each.mean is not None else total / count for each in known]
    return tuple(mean / FINE for mean in means)


def _checks(quality: ir.Quality | None, names: _Names) -> crew.Checks:
    if quality is None:
        return crew.Checks.none(len(names.segments))
    return crew.Checks(
        names.figures(quality.checked),
        names.figures(quality.failing),
        names.figures(quality.found),
        names.figures(quality.missold),
        names.figures(quality.loss),
        names.figures(quality.cost),
        names.figures(quality.wait),
        names.figures(quality.drop),
        quality.temptation,
    )


@dataclass(frozen=True)
class _Names:
    """Names of the rules, and the segments of the project in the order of the model."""

    ruleset: ir.Ruleset
    segments: tuple[str, ...]

    def figures(self, figures: ir.ByName, otherwise: Figure = 0.0) -> crew.Figures:
        """Figures by segment: its own, or that of all others."""
        known = dict(figures)
        rest = known.get("", otherwise)
        return tuple(known.get(name, rest) for name in self.segments)

    def places(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Places of segments; none named are all."""
        return tuple(s for s, name in enumerate(self.segments) if name in names or not names)

    def terms(self, plan: ir.PayPlan) -> crew.Terms:
        """A plan as figures."""
        return crew.Terms(
            plan.name,
            self.figures(plan.times, 1.0),
            plan.per_sale,
            plan.of_value,
            plan.of_margin,
            plan.penalty,
            plan.clawback,
            plan.sound,
            plan.stay,
            plan.stay_of_value,
            tuple(crew.Rung(each.above, each.factor, each.extra) for each in plan.tiers),
            plan.cap,
        )


def _crews(
    ruleset: ir.Ruleset, effort: ir.Effort | None, names: _Names, months: int
) -> tuple[crew.Crew, ...]:
    """The pools of the funnel; one of everybody where none are named."""
    if effort is None or not effort.pools:
        return (crew.Crew("everybody", 1.0, None, names.places(()), counted=False),)
    pools = [each for name in effort.pools for each in ruleset.pools if each.name == name]
    made = tuple(_crew(each, names, months) for each in pools)
    if len(made) > 1:
        _refuse(
            problems.unknown_hours(each.name, each.span)
            for each, one in zip(pools, made, strict=True)
            if one.hours is None
        )
    served = {s for each in made for s in each.serves}
    rest = set(range(len(names.segments))) - served
    # Only those who are suppressed need no pool; the few that come are everybody's.
    return tuple(replace(each, serves=tuple(sorted({*each.serves, *rest}))) for each in made)


def _crew(pool: ir.Pool, names: _Names, months: int) -> crew.Crew:
    agents, hours = pool.agents, pool.hours
    if pool.shifts:
        open_hours = sum(each.stop - each.start for each in pool.shifts)
        at_work = [
            each.agents * (each.stop - each.start)
            for each in pool.shifts
            if not isinstance(each.agents, str)
        ]
        if len(at_work) == len(pool.shifts) and open_hours > 0.0:
            agents, hours = sum(at_work) / open_hours, DAYS * open_hours
    known = agents is not None and hours is not None
    return crew.Crew(
        pool.name,
        1.0 if agents is None else agents,
        hours * WEEKS * months if known and hours is not None else None,
        names.places(pool.serves),
        0.0 if pool.cost is None else pool.cost,
        pool.skill,
        counted=agents is not None,
    )


@dataclass(frozen=True)
class _Levers:
    """Levers of the rules as changes of agents."""

    ruleset: ir.Ruleset
    names: _Names
    crews: tuple[crew.Crew, ...]

    def changes(self, scenario: ir.Scenario) -> tuple[tuple[crew.Change, ...], ...]:
        """What each lever of a scenario changes of the agents."""
        return tuple(self._lever(each) for each in scenario.levers)

    def _lever(self, lever: ir.Lever) -> tuple[crew.Change, ...]:
        if not answered(lever) and not _only_priority(lever):
            return ()
        _refuse(
            problems.not_for_agents(what, lever.span)
            for what, is_so in (
                ("deadweight", lever.deadweight != 0.0),
                ("keeping", lever.timing.persistence != 0.0),
                ("priority", _only_priority(lever)),
            )
            if is_so
        )
        segments = self.names.places(lever.segments)
        found = [self._edit(edit, segments, lever.span) for edit in lever.edits]
        return tuple(each for each in found if each is not None)

    def _edit(
        self, edit: ir.Edit, segments: tuple[int, ...], span: Span | None
    ) -> crew.Change | None:
        match edit:
            case ir.RouteTo(pool, after):
                if after > 0.0:
                    _refuse([problems.not_for_agents("after", span)])
                return crew.Routed(segments, self._crew(pool))
            case ir.Reserve(agents):
                return crew.Reserved(segments, float(agents))
            case ir.Staffed(pool, agents):
                return crew.Staffed(self._crew(pool), agents)
            case ir.Trained(pool, skill, odds):
                return self._trained(self._crew(pool), skill, odds, span)
            case ir.Pays(plan, neutral):
                found = next(each for each in self.ruleset.plans if each.name == plan)
                return crew.Paid(self.names.terms(found), neutral)
            case ir.ChecksUnpaid():
                return crew.ChecksUnpaid()
            case ir.Checked(share):
                return crew.Checked(segments, share)
            case ir.Times("time", factor):
                return crew.Moved("speed", segments, factor)
            case ir.Times("ceiling", factor):
                return crew.Moved("ceiling", segments, factor)
        return None

    def _crew(self, pool: str) -> int:
        return [each.name for each in self.crews].index(pool)

    def _trained(self, at: int, skill: float, odds: Figure, span: Span | None) -> crew.Trained:
        before = self.crews[at].skill
        if before is None:
            _refuse([problems.unskilled(self.crews[at].name, span)])
        return crew.Trained(at, skill - (before or 0.0), odds)
