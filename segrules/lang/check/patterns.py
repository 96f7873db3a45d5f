"""Text patterns: whether one can be read, before anything is matched with it."""

from __future__ import annotations

from segrules.lang import syntax as s
from segrules.lang.patterns import PatternFault, read_pattern
from segrules.text import problems
from segrules.text.diagnostic import Log


def sound(text: s.Quote, log: Log) -> bool:
    """Whether the pattern can be read; a complaint at the place in it where it cannot."""
    found = read_pattern(text.value)
    if not isinstance(found, PatternFault):
        return True
    # behind the opening quote
    start = text.span.start + 1 + found.at
    span = text.span.source.span(start, min(start + max(found.length, 1), text.span.end))
    log.report(problems.pattern_unreadable(span, found.reason, found.hint))
    return False
