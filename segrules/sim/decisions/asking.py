"""What the decision tools are asked about: measures, scenarios, and rules placed anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from segrules.lang import ir
from segrules.lang.check.scope import nearest
from segrules.segments.assign import Placement
from segrules.sim.customers import outcome
from segrules.sim.model import COST, MONEY_MEASURES, PROFIT, SALES
from segrules.sim.projection import find_project
from segrules.sim.queues import figures
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

Placer = Callable[[Mapping[str, str]], Placement]
"""The rows placed by the rules with these knobs set, beside those that are set anyway."""

TODAY = "today"

_OF_POOLS = (figures.OCCUPANCY, figures.AGENT_HOURS)


def funnel_of(ruleset: ir.Ruleset, project: ir.Project) -> ir.Funnel:
    return next(each for each in ruleset.funnels if each.name == project.of)


_TAKES = {"optimise": ("funnel", "line"), "pilot": ("funnel",), "backtest": ("funnel",)}


def project_for(tool: str, ruleset: ir.Ruleset, name: str | None) -> ir.Project:
    """The project of this name, or the only one, where the tool takes projects of its kind.

    Raises:
        RulesError: there is no such project, or it is about what the tool does not take.
    """
    found, takes = find_project(ruleset, name), _TAKES[tool]
    if found.about not in takes:
        others = [each.name for each in ruleset.projects if each.about in takes]
        refused = problems.not_for_the_tool(tool, found.name, found.about, others)
        raise RulesError([refused], unable=True)
    return found


def measures_of(ruleset: ir.Ruleset, project: ir.Project) -> tuple[str, ...]:
    """The measures of a project's rows over all segments.

    Of a funnel: stages, sales and money; of a life: customers, what they buy, and who left; of a
    line: contacts, waits, who gives up, and the cost.
    """
    if project.about == "life":
        return outcome.MEASURES
    if project.about == "line":
        return tuple(each for each in figures.UNITS if each not in _OF_POOLS)
    stages = tuple(each.name for each in funnel_of(ruleset, project).stages)
    if all(each.value is None for each in funnel_of(ruleset, project).stages):
        return (*stages, COST)
    return (*stages, *(() if SALES in stages else (SALES,)), *MONEY_MEASURES)


def better_when(project: ir.Project, measure: str) -> int:
    """1 where more of a measure is better, -1 where less is, 0 where neither is."""
    if project.about == "line":
        return figures.BETTER.get(measure, 0)
    fewer = outcome.FEWER_IS_BETTER if project.about == "life" else {COST}
    return -1 if measure in fewer else 1


def unit_of(project: ir.Project, measure: str, currency: str | None) -> str | None:
    """What a measure is counted in; money in units of the currency."""
    if measure in MONEY_MEASURES:
        return currency
    if project.about == "line":
        return figures.UNITS[measure]
    return "sales" if measure == SALES and project.about == "life" else "customers"


def checked_measure(ruleset: ir.Ruleset, project: ir.Project, asked: str | None) -> str:
    """The measure that was asked for, or the one a scenario is judged by.

    Raises:
        RulesError: there is no such measure.
    """
    known = measures_of(ruleset, project)
    if asked is None:
        if project.about == "line":
            return figures.WAIT
        return PROFIT if PROFIT in known else known[-2]
    if asked not in known:
        raise RulesError([unknown_measure(asked, known)], unable=True)
    return asked


def unknown_measure(asked: str, known: Sequence[str]) -> Diagnostic:
    """The usual ones are told first: there may be many stages."""
    told = sorted(known, key=lambda each: each not in MONEY_MEASURES)
    return problems.measure_unknown(asked, nearest(asked, known), told)


def checked_scenario(project: ir.Project, asked: str | None) -> str:
    """The scenario that was asked for, or the first that the project compares.

    Raises:
        RulesError: the project does not compare it.
    """
    if asked is None:
        return project.compare[0]
    if asked not in project.compare:
        near = nearest(asked, project.compare)
        raise RulesError(
            [problems.scenario_not_compared(asked, near, project.compare)], unable=True
        )
    return asked


def base_of(ruleset: ir.Ruleset, project: ir.Project) -> ir.Scenario | None:
    """The scenario that a project holds the others against; None is today."""
    return None if project.against == TODAY else ruleset.scenario(project.against)
