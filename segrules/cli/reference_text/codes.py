"""The pages of the diagnostic codes, and their index."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from segrules.cli.reference_text.tables import table
from segrules.rules import inspect
from segrules.text.catalogue import PREAMBLE, Entry, catalogue
from segrules.text.diagnostic import Diagnostic
from segrules.text.render import page
from segrules.text.source import Source

GROUPS = {
    "0": "Reading the text",
    "1": "Declarations",
    "2": "Names",
    "3": "Types and expressions",
    "4": "Data, identities, histories, calibrations",
    "5": "Projections, tests and governance",
    "6": "Using the command",
    "7": "Deciding, and what is learned from records",
    "8": "Figures, agents, levers, lives and lines",
}
"""What the codes of each hundred are about."""

_INTRODUCTION = """\
# Diagnostic codes

Every finding has a code with a page: what is wrong, why it matters, a wrong and a right example.
`segrules explain SEG201` shows a page without a browser. A code is never used again for another
meaning.

Most examples show only their last lines. They stand on this beginning, and line numbers count it:
"""


def code_pages() -> Iterator[tuple[str, str]]:
    """File name and text of each page, then of the index."""
    entries = catalogue()
    for code, entry in entries.items():
        yield f"{code}.md", page(entry, _finding(entry))
    yield "README.md", _index(entries)


def _finding(entry: Entry) -> Diagnostic | None:
    """What `check` says about the wrong example; None where another command is needed."""
    command, *words = shlex.split(entry.wrong.run)
    knobs = [word for word in words if word != "--knob"]
    if command != "check" or any("=" not in word for word in knobs):
        return None
    settings = dict(word.split("=", 1) for word in knobs)
    found = inspect(Source("rules.seg", entry.wrong.text), settings).log
    return next((each for each in found if each.code == entry.code), None)


def _index(entries: dict[str, Entry]) -> str:
    parts = [_INTRODUCTION, f"```seg\n{PREAMBLE}```\n"]
    for digit, title in GROUPS.items():
        rows = [
            (f"[{code}]({code}.md)", entry.severity, entry.title)
            for code, entry in entries.items()
            if code[3] == digit
        ]
        if rows:
            parts.append(f"## {title}\n\n{table(('code', 'severity', 'what is wrong'), rows)}\n")
    return "\n".join(parts)
