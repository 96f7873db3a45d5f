"""Patterns of text as automata that are in many states at once.

A text is read once, character by character, and never gone back in, so the work is bounded by the
states times the characters. This is what a pattern means; engines are held against it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

LAST_CHARACTER = 0x10FFFF

Range = tuple[int, int]

FOUND = 0
"""The number of the state in which the pattern has been found."""
_STEPS_KEPT = 256
_STEPS_KEPT_FOR_GOOD = 4096


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of a set.

    `ranges` are of code points, both ends included, in order and with gaps between them.
    """

    ranges: tuple[Range, ...]

    def __contains__(self, char: str) -> bool:
        code = ord(char)
        at = bisect_right(self.ranges, (code, LAST_CHARACTER)) - 1
        return at >= 0 and code <= self.ranges[at][1]

    def others(self) -> Chars:
        """Every character that is not in the set, the line break included."""
        gaps = []
        first = 0
        for low, high in self.ranges:
            if first < low:
                gaps.append((first, low - 1))
            first = high + 1
        if first <= LAST_CHARACTER:
            gaps.append((first, LAST_CHARACTER))
        return Chars(tuple(gaps))


class Edge(Enum):
    """A place that takes no character: before the first or behind the last one of the text."""

    START = "start"
    END = "end"


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


def search(automaton: Automaton, text: str) -> Search:
    """Whether the pattern fits the text or any part of it, with the work it took."""
    run = _Run(automaton)
    # The same few sets of states come up again and again in a long text.
    found = run.over(text, lru_cache(_STEPS_KEPT)(run.step))
    return Search(found, run.steps)


def matcher(automaton: Automaton) -> Callable[[str], bool]:
    """As `search`, for many texts: the steps of one are remembered for the next."""
    run = _Run(automaton)
    step = lru_cache(_STEPS_KEPT_FOR_GOOD)(run.step)
    return lambda text: run.over(text, step)


def written(automaton: Automaton) -> list[Any]:
    """An automaton as JSON holds it: where it starts, then each state's test and successors."""
    tests = (
        [list(each) for each in state.test.ranges]
        if isinstance(state.test, Chars)
        else state.test.value
        if state.test
        else None
        for state in automaton.states
    )
    pairs = zip(tests, automaton.states, strict=True)
    return [automaton.start, [[test, list(state.then)] for test, state in pairs]]


def read(plain: Sequence[Any]) -> Automaton:
    """The automaton that `written` wrote."""
    start, states = plain
    return Automaton(tuple(State(_test(test), tuple(then)) for test, then in states), int(start))


def _test(plain: Any) -> Chars | Edge | None:
    if plain is None or isinstance(plain, str):
        return Edge(plain) if plain else None
    return Chars(tuple((int(low), int(high)) for low, high in plain))


class _Run:
    def __init__(self, automaton: Automaton) -> None:
        self.states = automaton.states
        self.start = automaton.start
        self.steps = 0

    def over(
        self, text: str, step: Callable[[frozenset[int], str, bool], frozenset[int]]
    ) -> bool:  # fmt: skip
        here = self.reached({self.start}, first=True, last=not text)
        for at, char in enumerate(text, 1):
            if FOUND in here:
                break
            here = step(here, char, at == len(text))
        return FOUND in here

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
