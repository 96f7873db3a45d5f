"""Parse trees to Syntax: one function a rule of the grammar."""

from __future__ import annotations

from segrules.lang import syntax as s
from segrules.lang.building import (
    agents,
    cells,
    declarations,
    expressions,
    projection,
    rows,
    segments,
)
from segrules.lang.building.builder import Builder, Rule
from segrules.lang.parse import Parsed
from segrules.text.diagnostic import Log

RULES: dict[str, Rule] = {
    **expressions.RULES,
    **rows.RULES,
    **declarations.RULES,
    **segments.RULES,
    **cells.RULES,
    **projection.RULES,
    **agents.RULES,
}


def build(parsed: Parsed, log: Log) -> s.File:
    """The Syntax of all declarations that could be read."""
    builder = Builder(parsed.source, log, RULES)
    declarations = tuple(builder.node(tree) for tree in parsed.declarations)
    return s.File(declarations, parsed.comments, parsed.broken)
