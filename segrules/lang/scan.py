"""A coarse look at a text before it is parsed: comments, words and braces, never inside strings.

It finds the comments (the formatter keeps them) and the places where a declaration may begin (the
parser resumes there after a syntax error).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import attrgetter

from segrules.text.source import Source, Span

DECLARATIONS = (
    "ruleset", "knob", "table", "let", "score", "band", "segments", "conditions", "examples",
    "funnel", "assume", "scenario", "project",
)  # fmt: skip
"""The words that begin a declaration."""

_PIECE = re.compile(
    r"""(?P<text>"[^"\n]*"?|`[^`\n]*`?)|(?P<comment>\#[^\n]*)|(?P<word>[A-Za-z_]\w*)|(?P<sign>[{}|])"""
)
_AFTER_DECLARATION = re.compile(r"(\s|#[^\n]*\n)*[A-Za-z_`]")


@dataclass(frozen=True, slots=True)
class Scan:
    """What a coarse look finds; offsets are code points."""

    comments: tuple[Span, ...]
    declarations: tuple[int, ...]
    longest: Span
    """The longest stretch that can only be one expression, comments left out of the count."""


BREAKS = frozenset({*DECLARATIONS, "when", "add", "take", "at", "otherwise", "unsure", "cost"})
"""Words that no expression goes across."""


_length = attrgetter("length")


def scan(source: Source) -> Scan:
    """Comments, and the offsets at which a declaration may begin.

    A declaring word counts outside all braces, or as the first thing on a line: an unclosed brace
    must not hide the declarations after it.
    """
    text = source.text
    comments: list[Span] = []
    declarations: list[int] = []
    depth = 0
    stretch = longest = source.span(0, 0)
    for piece in _PIECE.finditer(text):
        kind, word = piece.lastgroup, piece.group()
        if kind in ("sign", "comment") or (kind == "word" and word in BREAKS):
            longest = max(longest, source.span(stretch.end, piece.start()), key=_length)
            stretch = source.span(piece.start(), piece.end())
        if kind == "comment":
            comments.append(source.span(*piece.span()))
        elif kind == "sign":
            depth += {"{": 1, "}": -min(depth, 1)}.get(word, 0)
        elif kind == "word" and word in DECLARATIONS:
            start = piece.start()
            leads_line = start == 0 or text[start - 1] == "\n"
            if (depth == 0 or leads_line) and _AFTER_DECLARATION.match(text, piece.end()):
                declarations.append(start)
                depth = 0
    longest = max(longest, source.span(stretch.end, len(text)), key=_length)
    return Scan(tuple(comments), tuple(declarations), longest)


def first_brace(source: Source, start: int) -> int:
    """The offset behind the first opening brace from `start` on; without one, the text's end."""
    for piece in _PIECE.finditer(source.text, start):
        if piece.group() == "{":
            return piece.end()
    return len(source.text)
