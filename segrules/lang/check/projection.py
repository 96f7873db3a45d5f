"""Everything that is projected: funnels, agents, lives, lines, scenarios and projects, in order."""

from __future__ import annotations

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import agents, assumptions, funnels, levers, lives, projects
from segrules.lang.check.scope import Symbols


def projection(file: s.File, symbols: Symbols) -> list[ir.Project]:
    """The projects; all that they name goes into the symbols.

    Assumptions come last: what each is used for says in which unit it is.
    """
    assumptions.outline(file, symbols)
    funnels.funnels(file, symbols)
    agents.pools(file, symbols)
    agents.plans(file, symbols)
    agents.efforts(file, symbols)
    agents.qualities(file, symbols)
    lives.lives(file, symbols)
    lives.lines(file, symbols)
    levers.scenarios(file, symbols)
    found = projects.projects(file, symbols)
    agents.unused(symbols)
    assumptions.assumptions(file, symbols)
    return found
