"""What the decision tools are asked about: measures, scenarios, and rules placed anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from segrules.lang import ir
from segrules.lang.check.scope import nearest
from segrules.segments.assign import Placement
from segrules.sim.model import COST, MONEY_MEASURES, PROFIT, SALES
from segrules.text import problems
from segrules.text.diagnostic import RulesError

Placer = Callable[[Mapping[str, str]], Placement]
"""The rows placed by the rules with these knobs set, beside those that are set anyway."""


def funnel_of(ruleset: ir.Ruleset, project: ir.Project) -> ir.Funnel:
    return next(each for each in ruleset.funnels if each.name == project.of)


def measures_of(ruleset: ir.Ruleset, project: ir.Project) -> tuple[str, ...]:
    """The measures of a project's rows: stages, sales and money."""
    funnel = funnel_of(ruleset, project)
    stages = tuple(each.name for each in funnel.stages)
    if all(each.value is None for each in funnel.stages):
        return (*stages, COST)
    return (*stages, *(() if SALES in stages else (SALES,)), *MONEY_MEASURES)


def checked_measure(ruleset: ir.Ruleset, project: ir.Project, asked: str | None) -> str:
    """The measure that was asked for, or the one a scenario is judged by.

    Raises:
        RulesError: there is no such measure.
    """
    known = measures_of(ruleset, project)
    if asked is None:
        return PROFIT if PROFIT in known else known[-2]
    if asked not in known:
        # the usual ones first: there may be many stages
        told = sorted(known, key=lambda each: each not in MONEY_MEASURES)
        raise RulesError(
            [problems.measure_unknown(asked, nearest(asked, known), told)], unable=True
        )
    return asked


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


def shown_names(ruleset: ir.Ruleset, names: Sequence[str]) -> dict[str, str]:
    """What scenarios are called, by name."""
    labels = {each.name: each.label for each in ruleset.scenarios}
    return {name: labels.get(name) or name for name in names}
