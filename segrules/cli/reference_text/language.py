"""The language pages: prose with facts from the code, and samples worked out as pages are made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from segrules.cli.reference_text.facts import fact
from segrules.cli.reference_text.grammar import SAME, definitions
from segrules.cli.reference_text.samples import shown

INDEX = "index.md"
PARTS = (
    INDEX,
    "heading.md",
    "tables.md",
    "values.md",
    "expressions.md",
    "related.md",
    "dates.md",
    "populations.md",
    "segments.md",
    "history.md",
    "governance.md",
    "grids.md",
    "examples.md",
    "projection.md",
    "agents.md",
    "lexical.md",
)
"""The prose, page by page."""

UNSHOWN = frozenset({"start", "number_literal", "percent_literal", *SAME})
"""Rules of the grammar that say nothing to a reader."""

_MARKER = re.compile(r"\{\{([a-z][a-z_ ]*)\}\}")
_BLOCK = re.compile(r"^```(?P<kind>seg|rows)\n(?P<body>.*?)^```$", re.M | re.S)


def language_pages() -> Iterator[tuple[str, str]]:
    """The path of each page below docs/reference, and its text.

    Raises:
        ValueError: a rule of the grammar is shown nowhere, or in two places, or a sample is wrong.
    """
    folder = Path(__file__).parent / "language"
    prose = {part: (folder / part).read_text(encoding="utf-8") for part in PARTS}
    _check_rules("\n".join(prose.values()))
    for part, text in prose.items():
        filled = _MARKER.sub(lambda marker: fact(marker[1]), text)
        yield ("language.md" if part == INDEX else f"language/{part}"), _with_samples(filled, part)


def _check_rules(prose: str) -> None:
    marked = [
        rule
        for marker in _MARKER.findall(prose)
        if marker.startswith("grammar ")
        for rule in marker.split()[1:]
    ]
    lacking = definitions()[0].keys() - set(marked) - UNSHOWN
    twice = {rule for rule in marked if marked.count(rule) > 1}
    if lacking or twice:
        raise ValueError(f"rules shown nowhere: {sorted(lacking)}; in two places: {sorted(twice)}")


def _with_samples(text: str, page: str) -> str:
    """The page with what comes out in place of each sample; a sample is of the rules above it."""
    rules = ""

    def replaced(block: re.Match[str]) -> str:
        nonlocal rules
        if block["kind"] == "seg":
            rules = block["body"]
            return block[0]
        try:
            return shown(rules, block["body"])
        except Exception as error:
            error.add_note(f"in a sample of {page}:\n{rules}")
            raise

    return _BLOCK.sub(replaced, text)
