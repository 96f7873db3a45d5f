"""What patterns of other engines can say and these cannot: why not, and what to write."""

from __future__ import annotations

import re
from dataclasses import dataclass

from segrules.text.source import Span

_PARTS = "write `(`; a test takes no part out of the text"
_CALL = "write out what is to be repeated"

_GROUPS = {
    "(?=": ("looks ahead", "test for each part on its own, joined by `and`"),
    "(?!": ("looks ahead", "test for that part on its own, with `not`"),
    "(?<=": ("looks back", "test for each part on its own, joined by `and`"),
    "(?<!": ("looks back", "test for that part on its own, with `not`"),
    "(?P=": ("refers back to a group", "write out what is to come again"),
    "(?P<": ("names a group", _PARTS),
    "(?<": ("names a group", _PARTS),
    "(?'": ("names a group", _PARTS),
    "(?>": ("begins a group that is not tried again", _PARTS),
    "(?|": ("begins a group that counts its parts anew", _PARTS),
    "(?#": ("begins a comment", "comments stand behind `#`, outside the quotes"),
    "(?(": ("begins a condition", "write the two cases as two tests, joined by `or`"),
    "(?&": ("calls a group", _CALL),
    "(?P>": ("calls a group", _CALL),
    "(?R": ("calls the pattern itself", _CALL),
}
"""Beginnings of groups; of two that fit the longer one counts."""

_BLANK = r"`\s` is a blank, a tab or a line break"
_ITSELF = "write the character itself"
_AROUND = r"say what stands around it, such as `(^|\W)word(\W|$)`"
_PROPERTY = "list the characters in a class, such as `[A-Za-z]`"
_BEFORE_EACH = r"write `\` before each sign"

_ESCAPES = {
    "b": ("looks for the edge of a word", _AROUND),
    "B": ("looks for the inside of a word", _AROUND),
    "<": ("is the start of a word in some engines", "write `<` for the sign itself"),
    ">": ("is the end of a word in some engines", "write `>` for the sign itself"),
    "A": ("is written otherwise", "write `^`, the start of the whole text"),
    "G": ("is written otherwise", "write `^`, the start of the whole text"),
    "Z": ("is written otherwise", "write `$`, the end of the whole text"),
    "z": ("is written otherwise", "write `$`, the end of the whole text"),
    "p": ("asks for a property of Unicode", _PROPERTY),
    "P": ("asks for a property of Unicode", _PROPERTY),
    "k": ("refers back to a group", "write out what is to come again"),
    "g": ("refers back to a group", "write out what is to come again"),
    "n": ("is a line break", _BLANK),
    "r": ("is a line break", _BLANK),
    "R": ("is a line break", _BLANK),
    "t": ("is a tab", _BLANK),
    "f": ("is a form feed", _BLANK),
    "v": ("means different blanks in different engines", _BLANK),
    "h": ("means different things in different engines", _BLANK),
    "x": ("writes a character as its code", _ITSELF),
    "u": ("writes a character as its code", _ITSELF),
    "U": ("writes a character as its code", _ITSELF),
    "N": ("means different things in different engines", "`.` is all but a line break"),
    "0": ("writes a character as its code", _ITSELF),
    "Q": ("begins a stretch without signs", _BEFORE_EACH),
    "E": ("ends a stretch without signs", _BEFORE_EACH),
}

POSIX = {
    "[:alnum:]": "`A-Za-z0-9`",
    "[:alpha:]": "`A-Za-z`",
    "[:digit:]": r"`\d`",
    "[:lower:]": "`a-z`",
    "[:space:]": r"`\s`",
    "[:upper:]": "`A-Z`",
    "[:word:]": r"`\w`",
    "[:xdigit:]": "`A-Fa-f0-9`",
}
"""Named classes, with what to write instead."""

_FLAGS = re.compile(r"\(\?[A-Za-z^-]+")


@dataclass(frozen=True, slots=True)
class PatternFault:
    """Why a pattern cannot be read.

    The fault lies in `length` characters from the one at `at` on, counted from 0 within the
    pattern; `length` is 0 where the pattern is empty.
    """

    at: int
    length: int
    reason: str
    hint: str | None

    def within(self, quoted: Span) -> Span:
        """The place in the file, for the span of the pattern with its quotes around it."""
        if self.length == 0:
            return quoted
        start = quoted.start + 1 + self.at
        return quoted.source.span(start, start + self.length)


class Refused(Exception):  # noqa: N818 -- it is caught where the reading began
    """Carries the fault to where the reading of the pattern began."""

    def __init__(self, fault: PatternFault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def group(text: str, at: int) -> PatternFault:
    """Of a group that begins with `(?` at `at` and is none of these patterns'."""
    fitting = [sign for sign in _GROUPS if text.startswith(sign, at)]
    if fitting:
        sign = max(fitting, key=len)
        does, hint = _GROUPS[sign]
        return PatternFault(at, len(sign), f"`{sign}` {does}", hint)
    flags = _FLAGS.match(text, at)
    if flags is None:
        return PatternFault(at, 2, "`(?` begins no group", "a group is `(…)` or `(?:…)`")
    hint = "leave it out: `.` takes no line break, `^` and `$` are the edges of the whole text"
    if "i" in flags.group():
        hint = "write both cases, such as `[Aa]`, or declare the column `casefolded`"
    return PatternFault(at, len(flags.group()), f"`{flags.group()}` sets a flag", hint)


def escape(text: str, at: int) -> PatternFault:
    r"""Of a `\` at `at` that is none of these patterns' escapes."""
    if at + 1 == len(text):
        return PatternFault(at, 1, r"`\` stands at the end", r"write `\\` for the sign itself")
    char = text[at + 1]
    if char in "123456789":
        does, hint = "refers back to a group", "write out what is to come again"
    else:
        does, hint = _ESCAPES.get(char, ("is no escape", rf"write `{char}` without `\`"))
    return PatternFault(at, 2, rf"`\{char}` {does}", hint)


def twice(text: str, at: int, first: str) -> PatternFault:
    """Of a repetition `first` that ends at `at`, where another one begins."""
    start, sign = at - len(first), text[at]
    both = f"`{first}{sign}`"
    if sign == "?":
        hint = f"write `{first}`: whether the pattern fits does not depend on it"
        return PatternFault(start, len(first) + 1, f"{both} is a lazy repetition", hint)
    if sign == "+":
        hint = f"write `{first}`: all is tried, without going back"
        return PatternFault(start, len(first) + 1, f"{both} is a possessive repetition", hint)
    hint = "write one of them, or put what the second repeats into a group: `(?:…)`"
    return PatternFault(start, len(first) + 1, f"{both} repeats a repetition", hint)
