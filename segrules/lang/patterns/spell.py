"""A pattern as the text that an engine reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from segrules.lang.patterns.automaton import automaton
from segrules.lang.patterns.tree import Choice, Node, Repeat, Sequence
from segrules.runtime.patterns import LAST_CHARACTER, Automaton, Chars, Edge

SIGNS = r"\.+*?()[]{}^$|"
"""The characters that mean something else than themselves."""
_SIGNS_IN_CLASS = r"\[]^-&~"
# Control characters are written only as the ends of ranges. Others than these stand for
# themselves: the codes that engines have for them differ.
_CONTROLS = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\0": r"\x00"}


@dataclass(frozen=True)
class Pattern:
    """A pattern that was read; two of them are equal if they are written alike."""

    text: str
    tree: Node = field(repr=False, compare=False)

    @cached_property
    def portable(self) -> str:
        r"""The text for engines of linear time that know `\A` and `\z`: Rust's regex, RE2."""
        return spelled(self)

    @cached_property
    def automaton(self) -> Automaton:
        """What `matches` runs."""
        return automaton(self.tree)


def spelled(pattern: Pattern, end: str = r"\z", start: str = r"\A") -> str:
    r"""The pattern for an engine: classes are ranges, groups keep nothing.

    It means the same in Rust's regex, RE2, PostgreSQL, Java and Python. `start` and `end` are the
    engine's words for the edges of the whole text, whatever its lines; the end is `\Z` in
    PostgreSQL and Python.
    """
    return _text(pattern.tree, {Edge.START: start, Edge.END: end})


def _text(node: Node, edges: dict[Edge, str]) -> str:
    match node:
        case Chars():
            return _chars(node)
        case Edge():
            return edges[node]
        case Sequence(parts=parts):
            return "".join(
                _grouped(part, edges) if isinstance(part, Choice) else _text(part, edges)
                for part in parts
            )
        case Choice(ways=ways):
            return "|".join(_text(way, edges) for way in ways)
        case Repeat(part=part):
            whole = isinstance(part, Chars)
            return (_text(part, edges) if whole else _grouped(part, edges)) + _count(node)


def _grouped(node: Node, edges: dict[Edge, str]) -> str:
    return f"(?:{_text(node, edges)})"


def _count(node: Repeat) -> str:
    match node.least, node.most:
        case 0, None:
            return "*"
        case 1, None:
            return "+"
        case 0, 1:
            return "?"
        case least, None:
            return f"{{{least},}}"
        case least, most:
            return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _chars(node: Chars) -> str:
    others = node.others()
    if not others.ranges:
        return r"(?:[^\n]|\n)"
    (low, high), *more = node.ranges
    if low == high and not more:
        char = chr(low)
        return f"\\{char}" if char in SIGNS else char
    if node.ranges[-1][1] == LAST_CHARACTER:
        return f"[^{_ranges(others)}]"
    return f"[{_ranges(node)}]"


def _ranges(node: Chars) -> str:
    return "".join(
        _in_class(low) if low == high else f"{_in_class(low)}-{_in_class(high)}"
        for low, high in node.ranges
    )


def _in_class(code: int) -> str:
    char = chr(code)
    return _CONTROLS.get(char) or (f"\\{char}" if char in _SIGNS_IN_CLASS else char)
