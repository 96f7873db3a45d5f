"""A project carried out, whatever it is about: a funnel, the life of customers, or a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from segrules.lang import ir
from segrules.segments.assign import Placement
from segrules.sim import life, line
from segrules.sim import projection as funnel
from segrules.sim.life import LifeProjection
from segrules.sim.line import LineProjection
from segrules.sim.projection import Projection, Settings

Found = Projection | LifeProjection | LineProjection


_T = TypeVar("_T")


def leading(found: Found, scenario: str) -> Found:
    """The same with this scenario before the others: the first is the one that is taken apart."""
    if isinstance(found, LineProjection):
        return replace(found, project=_compared(found.project, scenario))
    places = [each.scenario for each in found.outlooks]
    at = places.index(scenario)
    if isinstance(found, LifeProjection):
        return replace(
            found,
            project=_compared(found.project, scenario),
            outlooks=_first(found.outlooks, at),
            accounts=_first(found.accounts, at),
        )
    return replace(
        found,
        outlooks=_first(found.outlooks, at),
        courses=_first(found.courses, at),
        whys=_first(found.whys, at),
        paybacks=_first(found.paybacks, at),
    )


def _first(held: tuple[_T, ...], at: int) -> tuple[_T, ...]:
    return (*held[at : at + 1], *held[:at], *held[at + 1 :])


def _compared(project: ir.Project, scenario: str) -> ir.Project:
    names = (scenario, *(each for each in project.compare if each != scenario))
    return replace(project, compare=names)


def table_of(ruleset: ir.Ruleset, project: ir.Project) -> str:
    """The table whose rows are placed for a project."""
    match project.about:
        case "funnel":
            return next(each.table for each in ruleset.funnels if each.name == project.of)
        case "life":
            return next(each.table for each in ruleset.lives if each.name == project.of)
        case "line":
            return ruleset.set(project.by).table


def carry_out(
    placement: Placement,
    project: ir.Project,
    settings: Settings,
    on_progress: Callable[[int], None] | None = None,
    history: Path | None = None,
) -> Found:
    """Carries out a project over the placed rows of `table_of`.

    `history` is the folder of stored assignments, where there is one. `on_progress` is told how
    many futures (days of a line) are finished.

    Raises:
        RulesError: the past does not hold what the project needs, or a setting does not fit.
        KeyboardInterrupt: it was interrupted before two futures were finished.
    """
    match project.about:
        case "funnel":
            return funnel.project(placement, settings, on_progress)
        case "life":
            return life.carry_out(placement, project, settings, on_progress, history)
        case "line":
            return line.carry_out(placement, project, settings, on_progress)
