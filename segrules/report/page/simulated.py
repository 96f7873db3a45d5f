"""The page of a project, whatever it is about."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.lang import ir
from segrules.report.page.content import Page
from segrules.report.page.life import life_page
from segrules.report.page.line import line_page
from segrules.report.page.made import Made
from segrules.report.page.projection import projection_page
from segrules.report.page.view import Extras, extras_of
from segrules.sim.decisions.account import Account
from segrules.sim.life import LifeProjection
from segrules.sim.projection import Projection
from segrules.sim.whichever import Found


def page(found: Found, judged: Sequence[Account], ruleset: ir.Ruleset, made: Made) -> Page:
    """The page about the first scenario; `judged` are the accounts of all, where there are any."""
    if isinstance(found, Projection):
        extras = Extras(course=found.courses[0] if found.courses else None)
        given = extras_of(judged[0], extras) if judged else extras
        return projection_page(found, ruleset, made, given)
    if isinstance(found, LifeProjection):
        return life_page(found, ruleset, made)
    return line_page(found, ruleset, made)
