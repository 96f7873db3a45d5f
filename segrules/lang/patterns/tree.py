"""The tree of a pattern: sets of characters, the edges of the text, and how they are combined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from segrules.runtime.patterns import Chars, Edge, Range

LARGEST = 1_000
"""The size a pattern may have with its repetitions written out."""
MOST_REPEATS = 255
"""The largest count in braces; PostgreSQL knows no larger one."""

_LAST_ASCII = 0x7F


def union(ranges: Iterable[Range]) -> Chars:
    """The set of all characters in any of the ranges, which may overlap."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return Chars(tuple(merged))


def spanning(*ends: str) -> Chars:
    """The set of the ranges given by their two end characters each, such as `az`."""
    return union((ord(each[0]), ord(each[1])) for each in ends)


DIGITS = spanning("09")
WORD = spanning("09", "AZ", "__", "az")
BLANKS = spanning("\t\r", "  ")
"""Blank, tab, line feed, vertical tab, form feed and carriage return."""
ANY = spanning("\n\n").others()


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; at least one part."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of at least two."""

    ways: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part from `least` to `most` times, without an upper bound where `most` is None."""

    part: Node
    least: int
    most: int | None

    @property
    def copies(self) -> int:
        """How often the part stands there once the repetition is written out."""
        return max(self.least, 1) if self.most is None else self.most


Node = Chars | Edge | Sequence | Choice | Repeat


def size(node: Node) -> int:
    """How many states an automaton of the pattern has, at most.

    A set of characters counts one more for every range beyond ASCII: engines that read UTF-8 have
    states for each of them.
    """
    match node:
        case Chars(ranges=ranges):
            return 1 + sum(high > _LAST_ASCII for _, high in ranges)
        case Edge():
            return 1
        case Sequence(parts=parts):
            return sum(map(size, parts))
        case Choice(ways=ways):
            return 1 + sum(map(size, ways))
        case Repeat(part=part, least=least, most=most):
            skips = 1 if most is None else most - least
            return node.copies * size(part) + skips
