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
    "use", "ruleset", "knob", "table", "rows", "identity", "let", "score", "band", "value",
    "segments", "flags", "suppress", "override", "cap", "allot", "holdout", "target", "conditions",
    "grid", "persona", "examples", "claims", "funnel", "assume", "scenario", "project",
    "pool", "pay", "effort", "quality", "life", "line",
)  # fmt: skip
"""The words that begin a declaration."""

_PIECE = re.compile(
    r"""(?P<text>"[^"\n]*"?|`[^`\n]*`?)|(?P<comment>\#[^\n]*)|(?P<word>[A-Za-z_]\w*)"""
    r"""|(?P<sign>[{}|])|(?P<bracket>[()\[\]])"""
)
_DECLARED = re.compile(
    r"(?:\s|\#[^\n]*\n)*"
    r"(?!(?:and|or|not|in|is|if|between|contains|starts_with|ends_with|div|mod|by|to|at|when|where"
    r"|use|leave|as|each)\b)"
    r"[A-Za-z_`\"\d]"
)
"""What stands behind a declaring word; behind a name in an expression its operator does."""

_NAMED_AFTER = re.compile(
    r"(?:[,=+*/<>(|\[-]|\b(?:and|or|not|in|is|between|div|mod|of|by|to|from|over|with|cut|at|when"
    r"|where|use|each|key|dated))\s*\Z"
)
"""Signs and words after which a word is a name."""

_COMPLETE = re.compile(r"(?:\n|[}\d%)\"])[ \t]*\Z")
"""What stands before a declaration: a new line, or what a declaration may end with."""

_BEHIND = 40

MAX_BRACKETS = 198
"""Brackets open at once beyond which a text is not parsed; each is a level of its tree."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What a coarse look finds; offsets are code points."""

    comments: tuple[Span, ...]
    declarations: tuple[int, ...]
    longest: Span
    """The longest stretch that can only be one expression, comments left out of the count."""
    deepest: Span | None
    """The first bracket that stands inside too many others, if there is one."""


BREAKS = frozenset({*DECLARATIONS, "when", "add", "take", "less", "otherwise", "unsure", "cost"})
BREAKS -= {"rows", "use", "pool", "pay", "effort", "quality", "life", "line"}
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
    depth = brackets = 0
    deepest: Span | None = None
    stretch = longest = source.span(0, 0)
    for piece in _PIECE.finditer(text):
        kind, word = piece.lastgroup, piece.group()
        if kind in ("sign", "comment") or (kind == "word" and word in BREAKS):
            longest = max(longest, source.span(stretch.end, piece.start()), key=_length)
            stretch = source.span(piece.start(), piece.end())
        if kind == "comment":
            comments.append(source.span(*piece.span()))
        elif kind == "bracket":
            brackets = brackets + 1 if word in "([" else max(brackets - 1, 0)
            if brackets > MAX_BRACKETS and deepest is None:
                deepest = source.span(piece.start(), piece.end())
        elif kind == "sign":
            brackets = 0
            depth += {"{": 1, "}": -min(depth, 1)}.get(word, 0)
        elif word in DECLARATIONS and _declares(text, *piece.span(), depth):
            declarations.append(piece.start())
            depth = brackets = 0
    longest = max(longest, source.span(stretch.end, len(text)), key=_length)
    return Scan(tuple(comments), tuple(declarations), longest, deepest)


def _declares(text: str, start: int, end: int, depth: int) -> bool:
    """Whether a declaring word begins a declaration, and is no name in one."""
    leftmost = start == 0 or text[start - 1] == "\n"
    if not _DECLARED.match(text, end) or (depth and not leftmost):
        return False
    before = text[max(0, start - _BEHIND) : start]
    return not _NAMED_AFTER.search(before) and bool(leftmost or _COMPLETE.search(before))


def without_comments(text: str, comments: tuple[Span, ...]) -> str:
    """The text with blanks in place of comments, every other character where it was."""
    if not comments:
        return text
    parts, end = [], 0
    for comment in comments:
        parts += [text[end : comment.start], " " * comment.length]
        end = comment.end
    return "".join([*parts, text[end:]])


def first_brace(source: Source, start: int) -> int:
    """The offset behind the first opening brace from `start` on; without one, the text's end."""
    for piece in _PIECE.finditer(source.text, start):
        if piece.group() == "{":
            return piece.end()
    return len(source.text)
