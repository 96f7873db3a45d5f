"""What can be wrong with a pattern that texts are held against."""

from __future__ import annotations

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import segments_when
from segrules.text.shown import shown
from segrules.text.source import Span

_WIDEST = 200

PATTERN_UNREADABLE = entry(
    "SEG215",
    "a pattern that cannot be read",
    why="Patterns are the part of regular expressions that means the same in every engine and "
    "takes time in proportion to the text: characters, classes such as `[A-Z]` and `\\d`, groups, "
    "`|`, repetitions, `^` and `$`. Looking ahead or back, referring to an earlier part, and flags "
    "are not among them.",
    wrong=segments_when('note matches "(GB|IE[0-9]{4}"', unsure=True),
    right=segments_when('note matches "^(GB|IE)[0-9]{4}$"', unsure=True),
)


def pattern_unreadable(span: Span, reason: str, hint: str | None) -> Diagnostic:
    """`span` is the place within the pattern; `reason` says what stands there."""
    return PATTERN_UNREADABLE.at(
        span,
        f"the pattern cannot be read: {shown(reason, _WIDEST)}",
        shown(hint, _WIDEST) if hint else "to test for characters as they stand, say `contains`",
    )
