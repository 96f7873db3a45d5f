"""What a pattern means: an automaton that is in many states at once.

It reads each character of the text once and never goes back, so its work is bounded by the states
times the characters. This is the meaning; engines are held against it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from segrules.lang.patterns.tree import Chars, Choice, Edge, Node, Repeat, Sequence

if TYPE_CHECKING:
    from segrules.lang.patterns.spell import Pattern

FOUND = 0
"""The number of the state in which the pattern has been found."""
_STEPS_KEPT = 256


@dataclass(slots=True)
class State:
    """Passed on to all of `then` by taking a character or at an edge; freely without a `test`."""

    test: Chars | Edge | None
    then: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Automaton:
    states: tuple[State, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Search:
    """Whether the pattern was found, and how many visits to states that took.

    A step that was remembered from an earlier place in the text counts nothing.
    """

    found: bool
    steps: int


def matches(pattern: Pattern, text: str) -> bool:
    """Whether the pattern fits the text or any part of it."""
    return search(pattern, text).found


def search(pattern: Pattern, text: str) -> Search:
    """As `matches`, with the work it took."""
    return _Run(pattern.automaton).over(text)


class _Run:
    def __init__(self, automaton: Automaton) -> None:
        self.states = automaton.states
        self.start = automaton.start
        self.steps = 0

    def over(self, text: str) -> Search:
        # The same few sets of states come up again and again in a long text.
        step = lru_cache(_STEPS_KEPT)(self.step)
        here = self.reached({self.start}, first=True, last=not text)
        for at, char in enumerate(text, 1):
            if FOUND in here:
                break
            here = step(here, char, at == len(text))
        return Search(FOUND in here, self.steps)

    def step(self, here: frozenset[int], char: str, last: bool) -> frozenset[int]:
        """The states behind the character; the pattern may also begin there."""
        behind = {self.start}
        for at in here:
            state = self.states[at]
            self.steps += 1
            if isinstance(state.test, Chars) and char in state.test:
                behind.update(state.then)
        return self.reached(behind, first=False, last=last)

    def reached(self, begun: Iterable[int], *, first: bool, last: bool) -> frozenset[int]:
        """The states themselves and all behind them, as far as no character is to be taken."""
        passed = {None: True, Edge.START: first, Edge.END: last}
        reached: set[int] = set()
        waiting = list(begun)
        while waiting:
            at = waiting.pop()
            self.steps += 1
            if at not in reached:
                reached.add(at)
                state = self.states[at]
                if not isinstance(state.test, Chars) and passed[state.test]:
                    waiting.extend(state.then)
        return frozenset(reached)


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
