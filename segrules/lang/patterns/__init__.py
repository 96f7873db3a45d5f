"""Patterns of text: a small part of regular expressions that means the same in every engine.

`read_pattern` reads one, `matches` says what it means, `spelled` writes it for an engine. What
engines understand differently, or can only try out at a cost without bound, cannot be written.
"""

from segrules.lang.patterns.automaton import Search, matches, search
from segrules.lang.patterns.read import LONGEST, read_pattern
from segrules.lang.patterns.refusals import PatternFault
from segrules.lang.patterns.spell import Pattern, spelled
from segrules.lang.patterns.tree import LARGEST, MOST_REPEATS

__all__ = [
    "LARGEST",
    "LONGEST",
    "MOST_REPEATS",
    "Pattern",
    "PatternFault",
    "Search",
    "matches",
    "read_pattern",
    "search",
    "spelled",
]
