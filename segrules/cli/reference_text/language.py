"""The language page: prose with the facts put in where it asks for them."""

from __future__ import annotations

import re
from pathlib import Path

from segrules.cli.reference_text.facts import fact
from segrules.cli.reference_text.grammar import definitions

PARTS = ("declarations.md", "expressions.md", "projection.md")
"""The prose, part by part."""

UNSHOWN = frozenset({"start", "number_literal", "percent_literal"})
"""Rules of the grammar that say nothing to a reader."""

_MARKER = re.compile(r"\{\{([a-z][a-z_ ]*)\}\}")


def language_page() -> str:
    """The whole page.

    Raises:
        ValueError: a rule of the grammar is shown nowhere, or in two places.
    """
    folder = Path(__file__).parent
    prose = "\n".join((folder / part).read_text(encoding="utf-8") for part in PARTS)
    shown = [
        rule
        for marker in _MARKER.findall(prose)
        if marker.startswith("grammar ")
        for rule in marker.split()[1:]
    ]
    lacking = definitions()[0].keys() - set(shown) - UNSHOWN
    twice = {rule for rule in shown if shown.count(rule) > 1}
    if lacking or twice:
        raise ValueError(f"rules shown nowhere: {sorted(lacking)}; in two places: {sorted(twice)}")
    return _MARKER.sub(lambda marker: fact(marker[1]), prose)
