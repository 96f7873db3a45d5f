"""Phrases whose parts stand in another order than the language's, and what the order is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

REACH = 200
"""Characters around an error in which a phrase is looked for."""

_BRACKETS = r"\((?:[^()]|\([^()]*\))*\)"
_COUNTED = r"(?:at\s+(?:least|most)|exactly|more\s+than|fewer\s+than)\s+\w+|any|no|every|count"
_HOW = r"(?:sum|mean|median|least|greatest|first|last|most\s+common|count\s+distinct)"
_UNITS = r"(?:days?|weeks?|months?|quarters?|years?|rows?)"
_PARTS = {
    "all": r"of\s+all\s+\w+",
    "same": r"with\s+same\s+\w+(?:\s+and\s+same\s+\w+)*",
    "among": rf"among\s*{_BRACKETS}",
    "window": rf"in\s+(?:last|next)\s+(?:\d[\d_]*\s+{_UNITS}|(?!\d)\w+)"
    r"|in\s+(?:this|previous)\s+(?:fiscal\s+)?\w+"
    rf"|from\s+\d+\s+to\s+\d+\s+{_UNITS}\s+ago",
    "where": rf"where\s*{_BRACKETS}",
}
"""Parts of a phrase by kind."""

_POPULATION = ("all", "same", "among")
_ROWS = ("window", "same", "where")


def _any_of(kinds: tuple[str, ...]) -> str:
    return "(?:" + "|".join(_PARTS[kind] for kind in kinds) + ")"


_OF_MANY, _OF_ROWS, _LOOK = _any_of(_POPULATION), _any_of(_ROWS), f"(?:{_PARTS['window']})"
_RANK = re.compile(
    rf"(?P<head>in\s+(?:top|bottom)\s+\S+)\s+(?P<before>(?:{_OF_MANY}\s+)*)by\s+"
    rf"(?P<by>[^\n{{}}|]{{1,80}}?)\s+(?P<after>{_OF_MANY}(?:\s+{_OF_MANY})*)"
)
_MANY = re.compile(rf"{_OF_MANY}(?:\s+{_OF_MANY})+")
_RELATED = re.compile(rf"\b(?P<table>\w+)\s+(?P<parts>{_OF_ROWS}(?:\s+{_OF_ROWS})+)")
_EARLY = re.compile(rf"\b(?P<head>{_COUNTED})\s+(?P<parts>{_LOOK})\s+(?:of\s+)?(?P<table>\w+)")
_LEADING = re.compile(rf"(?P<parts>{_LOOK})\s+(?P<head>\b(?:{_COUNTED}))\s+(?P<table>\w+)")
_OF_LATE = re.compile(
    rf"\b(?P<head>{_HOW}\s+(?:\w+|{_BRACKETS}))\s+(?P<parts>{_OF_ROWS}(?:\s+{_OF_ROWS})*)"
    r"\s+of\s+(?P<table>\w+)"
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as it is written in `start` to `end` of a text, and as it should be."""

    start: int
    end: int
    right: str


def find(text: str, first: int, at: int) -> Phrase | None:
    """The phrase around an error at `at` whose parts are all there, in another order.

    `text` is without comments; nothing before `first` is looked at.
    """
    start, end = max(first, at - REACH), at + REACH
    for pattern, ordered in _FORMS:
        for found in pattern.finditer(text, start, end):
            right = ordered(found)
            if found.start() <= at <= found.end() and right != _spaced(found.group()):
                return Phrase(found.start(), found.end(), right)
    return None


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _ordered(parts: str, kinds: tuple[str, ...]) -> str:
    """Parts of these kinds in the order of the kinds."""
    found = re.findall(_any_of(kinds), parts)
    by_kind = sorted(found, key=lambda part: _place(part, kinds))
    return _spaced(" ".join(by_kind))


def _place(part: str, kinds: tuple[str, ...]) -> int:
    return next(at for at, kind in enumerate(kinds) if re.match(_PARTS[kind], part))


def _rank(found: re.Match[str]) -> str:
    population = _ordered(f"{found['before']} {found['after']}", _POPULATION)
    return _spaced(f"{found['head']} {population} by {found['by']}")


def _many(found: re.Match[str]) -> str:
    return _ordered(found.group(), _POPULATION)


def _related(found: re.Match[str]) -> str:
    return f"{found['table']} {_ordered(found['parts'], _ROWS)}"


def _counted(found: re.Match[str]) -> str:
    return _spaced(f"{found['head']} {found['table']} {found['parts']}")


def _of_late(found: re.Match[str]) -> str:
    return _spaced(f"{found['head']} of {found['table']} {_ordered(found['parts'], _ROWS)}")


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_RANK, _rank),
    (_OF_LATE, _of_late),
    (_EARLY, _counted),
    (_LEADING, _counted),
    (_RELATED, _related),
    (_MANY, _many),
)
