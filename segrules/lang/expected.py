"""What could stand at a place, in words: the terminals that the parser would take there."""

from __future__ import annotations

import difflib
from functools import cache

from segrules.lang.tables import load_parser, phrases

MOST_WORDS = 10
"""What could stand at a place is told up to so many words and signs."""

MOST_BEGINNINGS = 12
"""The same where another line of a block begins: its words are what there is to say."""

_NEAR = 0.75
_SHORTEST = 3

_NAMED = {
    "NAME": "a name",
    "NUMBER": "a number",
    "PERCENT": "a percentage",
    "STRING": "a text in quotes",
    "DATE": "a date",
    "UNIT": "`days`",
    "COMPARISON": "a comparison",
    "SIGN": "`+`",
    "AT_MOST": "`at most`",
    "$END": "the end of the file",
}
"""Terminals of many words or signs, by a name or by one of them."""

VALUES = {"NAME", "NUMBER", "LPAR"}
VALUE = ("a value",)


def told(terminals: set[str], most: int = MOST_WORDS) -> tuple[str, ...]:
    """What could have stood there, in words; none where it would be too many to help."""
    if terminals >= VALUES:
        return VALUE
    if terminals >= {"COMPARISON", "AND"}:
        return ("an operator such as `>`, `+` or `and`",)
    if terminals >= {"SIGN", "TIMES"}:
        terminals = terminals - _BEHIND_VALUES
    known = _spelled()
    words = {word for name in terminals for word in known.get(name, ())}
    if terminals >= {"NUMBER", "SIGN"}:
        # a sign before a number says nothing to those who left the number out
        words.discard("`+`")
    return tuple(sorted(words)) if len(words) <= most else ()


_BEHIND_VALUES = {"SIGN", "TIMES", "SLASH", "DIV", "MOD", "DOT", "IF", "AS_AT"}
"""What a value may go on with: it is no news that it may."""


def nearest_word(word: str, terminals: set[str]) -> str | None:
    """The word of the language that was probably meant, out of those that could stand there."""
    if len(word) < _SHORTEST:
        return None
    known = {
        each if len(word.split()) > 1 else each.split()[0]: each
        for name in sorted(terminals)
        for each in phrases().get(name, ())
    }
    found = difflib.get_close_matches(word.lower(), known, 1, _NEAR)
    return known[found[0]] if found else None


@cache
def _spelled() -> dict[str, tuple[str, ...]]:
    """What each terminal is called: its words or its sign in backticks, or a name for it."""
    found = {name: tuple(f"`{each}`" for each in words) for name, words in phrases().items()}
    for terminal in load_parser().terminals:
        if terminal.pattern.type == "str" and terminal.name not in found:
            found[terminal.name] = (f"`{terminal.pattern.value}`",)
    return found | {name: (each,) for name, each in _NAMED.items()}
