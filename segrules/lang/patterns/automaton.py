"""What a pattern means: the automaton of its tree, run where the record function can run it too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segrules.lang.patterns.tree import Choice, Node, Repeat, Sequence
from segrules.runtime import patterns
from segrules.runtime.patterns import FOUND, Automaton, Chars, Edge, Search, State

if TYPE_CHECKING:
    from segrules.lang.patterns.spell import Pattern

__all__ = ["Automaton", "Search", "automaton", "matches", "search"]


def matches(pattern: Pattern, text: str) -> bool:
    """Whether the pattern fits the text or any part of it."""
    return search(pattern, text).found


def search(pattern: Pattern, text: str) -> Search:
    """As `matches`, with the work it took."""
    return patterns.search(pattern.automaton, text)


def automaton(tree: Node) -> Automaton:
    """The states of a tree; repetitions are written out."""
    states = [State(None, ())]
    start = _add(states, tree, FOUND)
    return Automaton(tuple(states), start)


def _add(states: list[State], node: Node, then: int) -> int:
    """Adds the states of `node`, which leads on to `then`; gives the one in which it begins."""
    match node:
        case Chars() | Edge():
            return _state(states, node, then)
        case Sequence(parts=parts):
            for part in reversed(parts):
                then = _add(states, part, then)
            return then
        case Choice(ways=ways):
            return _state(states, None, *(_add(states, way, then) for way in ways))
        case Repeat(part=part, least=least, most=None):
            # Behind the last copy one may go on, or into that copy once more.
            again = _state(states, None, then)
            begin = _add(states, part, again)
            states[again].then = (then, begin)
            return _copies(states, part, least - 1, begin) if least else again
        case Repeat(part=part, least=least, most=int(most)):
            after = then
            for _ in range(most - least):
                after = _state(states, None, then, _add(states, part, after))
            return _copies(states, part, least, after)
    raise AssertionError(f"no states are known for {type(node).__name__}")


def _copies(states: list[State], part: Node, count: int, then: int) -> int:
    for _ in range(count):
        then = _add(states, part, then)
    return then


def _state(states: list[State], test: Chars | Edge | None, *then: int) -> int:
    states.append(State(test, then))
    return len(states) - 1
