"""From the text of a pattern to its tree, or to the first thing that cannot be read."""

from __future__ import annotations

import re
import string
from typing import NoReturn

from segrules.lang.patterns import refusals, tree
from segrules.lang.patterns.refusals import PatternFault, Refused
from segrules.lang.patterns.spell import Pattern
from segrules.lang.patterns.tree import Choice, Node, Repeat, Sequence, union
from segrules.runtime.patterns import Chars, Edge, Range

LONGEST = 200
"""Characters of a pattern."""
DEEPEST = 20
"""Groups within each other."""

_SETS = {
    "d": tree.DIGITS,
    "w": tree.WORD,
    "s": tree.BLANKS,
    "D": tree.DIGITS.others(),
    "W": tree.WORD.others(),
    "S": tree.BLANKS.others(),
}
_ESCAPED = frozenset(string.punctuation) - frozenset("<>")
_REPEATS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}
_COUNT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NAMED_CLASS = re.compile(r"\[([:.=])[^\]]*\1\]")


def read_pattern(text: str) -> Pattern | PatternFault:
    """The pattern, or the first thing in it that cannot be read; never raises."""
    try:
        return Pattern(text, _Reader(text).whole())
    except Refused as refused:
        return refused.fault


def _refuse(at: int, length: int, reason: str, hint: str) -> NoReturn:
    raise Refused(PatternFault(at, length, reason, hint))


class _Reader:
    """Reads from `at` on; each method leaves `at` behind what it has read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> Node:
        text = self.text
        if not text:
            _refuse(0, 0, "it is empty", "to ask whether there is a text, say `is known`")
        if len(text) > LONGEST:
            counted = f"it has {len(text)} characters, more than {LONGEST}"
            hint = "test for its parts, joined by `and` or `or`"
            _refuse(LONGEST, len(text) - LONGEST, counted, hint)
        hidden = _HIDDEN.search(text)
        if hidden:
            hint = r"`\s` is a blank, a tab or a line break"
            _refuse(hidden.start(), 1, "it holds a control character", hint)
        node = self.choice(0)
        if self.ahead(")"):
            self.closes_nothing()
        parts = tree.size(node)
        if parts > tree.LARGEST:
            most = f"more than {tree.LARGEST:,}"
            counted = f"with its repetitions written out it has {parts:,} parts, {most}"
            _refuse(0, len(text), counted, "lower the counts in braces")
        return node

    def ahead(self, sign: str) -> bool:
        return self.text.startswith(sign, self.at)

    def ended(self) -> bool:
        return self.at == len(self.text)

    def closes_nothing(self) -> NoReturn:
        sign = self.text[self.at]
        _refuse(self.at, 1, f"`{sign}` closes nothing", f"write `\\{sign}` for the sign itself")

    def choice(self, depth: int) -> Node:
        ways = [self.sequence(depth)]
        while self.ahead("|"):
            self.at += 1
            ways.append(self.sequence(depth))
        return ways[0] if len(ways) == 1 else Choice(tuple(ways))

    def sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while not self.ended() and self.text[self.at] not in "|)":
            parts.append(self.repeated(depth))
        if not parts:
            self.nothing(depth)
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def nothing(self, depth: int) -> NoReturn:
        if self.ahead(")") and depth == 0:
            self.closes_nothing()
        at, side = (self.at, "before") if self.ahead("|") else (self.at - 1, "behind")
        hint = "every text fits an empty side; write `?` behind what may be left out"
        _refuse(at, 1, f"nothing stands {side} `|`", hint)

    def repeated(self, depth: int) -> Node:
        start = self.at
        node = self.atom(depth)
        behind = self.at
        count = self.count()
        if count is None:
            return node
        written = self.text[behind : self.at]
        if self.text[start] in "^$":
            hint = f"leave out `{written}`, or write `\\{self.text[start]}` for the sign itself"
            _refuse(behind, len(written), f"`{self.text[start]}` cannot be repeated", hint)
        if not self.ended() and self.text[self.at] in "?+*{":
            raise Refused(refusals.twice(self.text, self.at, written))
        return Repeat(node, *count)

    def count(self) -> tuple[int, int | None] | None:
        sign = self.text[self.at : self.at + 1]
        if sign in _REPEATS:
            self.at += 1
            return _REPEATS[sign]
        return self.braces() if sign == "{" else None

    def braces(self) -> tuple[int, int | None]:
        start = self.at
        found = _COUNT.match(self.text, start)
        if found is None:
            hint = r"a count is `{3}`, `{3,5}`, `{3,}` or `{0,5}`; write `\{` for the sign itself"
            _refuse(start, 1, "`{` begins no count", hint)
        self.at = found.end()
        written = found.group()
        low, comma, high = found.groups()
        least = int(low)
        most = None if comma and not high else int(high or low)
        if max(least, most or 0) > tree.MOST_REPEATS:
            hint = "repeat a group, such as `(?:.{100}){3}`"
            counted = f"`{written}` counts further than {tree.MOST_REPEATS}"
            _refuse(start, len(written), counted, hint)
        if most is not None and most < least:
            runs = f"`{written}` ends below its start"
            _refuse(start, len(written), runs, f"write `{{{most},{least}}}`")
        if most == 0:
            _refuse(start, len(written), f"`{written}` leaves nothing", "leave the part out")
        return least, most

    def atom(self, depth: int) -> Node:
        char = self.text[self.at]
        match char:
            case "(":
                return self.group(depth)
            case "[":
                return self.bracketed()
            case "\\":
                return self.escape()
            case "?" | "*" | "+" | "{":
                hint = f"write `\\{char}` for the sign itself"
                _refuse(self.at, 1, f"`{char}` has nothing to repeat", hint)
            case "]" | "}":
                self.closes_nothing()
        self.at += 1
        match char:
            case ".":
                return tree.ANY
            case "^":
                return Edge.START
            case "$":
                return Edge.END
            case _:
                return _single(char)

    def group(self, depth: int) -> Node:
        start = self.at
        if depth == DEEPEST:
            reason = f"groups stand more than {DEEPEST} deep within each other"
            _refuse(start, 1, reason, "leave out the brackets that change nothing")
        if self.ahead("(?") and not self.ahead("(?:"):
            raise Refused(refusals.group(self.text, start))
        self.at += 3 if self.ahead("(?:") else 1
        if self.ahead(")"):
            reason, length = "a group is empty", self.at + 1 - start
            _refuse(start, length, reason, r"write `\(` and `\)` for the signs themselves")
        if not self.ended():
            node = self.choice(depth + 1)
        if self.ended():
            hint = r"close it with `)`, or write `\(` for the sign itself"
            _refuse(start, 1, "`(` is not closed", hint)
        self.at += 1
        return node

    def escape(self) -> Chars:
        r"""Behind a `\`: a set, or a sign as itself."""
        char = self.text[self.at + 1 : self.at + 2]
        if char in _SETS:
            self.at += 2
            return _SETS[char]
        if char not in _ESCAPED:
            raise Refused(refusals.escape(self.text, self.at))
        self.at += 2
        return _single(char)

    def bracketed(self) -> Chars:
        start = self.at
        self.at += 1
        negated = self.ahead("^")
        self.at += negated
        first = self.at
        members: list[Range] = []
        while not self.ahead("]"):
            if self.ended():
                hint = r"close it with `]`, or write `\[` for the sign itself"
                _refuse(start, 1, "`[` is not closed", hint)
            members.extend(self.member(first).ranges)
        self.at += 1
        chars = union(members)
        if negated:
            chars = chars.others()
        if not members or not chars.ranges:
            reason, hint = "no character is in this class", r"write `\]` for the sign itself"
            if members:
                hint = "leave out what excludes everything"
            _refuse(start, self.at - start, reason, hint)
        return chars

    def member(self, first: int) -> Chars:
        """A character, a set or a range in a class whose members begin at `first`."""
        start = self.at
        if self.ahead("-"):
            last = self.text[self.at + 1 : self.at + 2] in ("]", "")
            if start != first and not last:
                self.stray_hyphen()
            self.at += 1
            return _single("-")
        low = self.one()
        if not self.ahead("-") or self.ahead("-]") or self.at + 1 == len(self.text):
            return low
        if self.text[start : self.at] in _SET_NAMES:
            self.stray_hyphen()
        self.at += 1
        high_at = self.at
        if self.ahead("-"):
            self.stray_hyphen()
        high = self.one()
        if self.text[high_at : self.at] in _SET_NAMES:
            self.at = high_at - 1
            self.stray_hyphen()
        lowest, highest = low.ranges[0][0], high.ranges[0][0]
        if highest < lowest:
            written = self.text[start : self.at]
            turned = f"{self.text[high_at : self.at]}-{self.text[start : high_at - 1]}"
            _refuse(start, len(written), f"`{written}` runs backwards", f"write `{turned}`")
        return Chars(((lowest, highest),))

    def stray_hyphen(self) -> NoReturn:
        hint = r"write `\-` for the sign itself"
        _refuse(self.at, 1, "`-` does not stand between two single characters", hint)

    def one(self) -> Chars:
        """A single character or a set."""
        if self.ahead("["):
            named = _NAMED_CLASS.match(self.text, self.at)
            if named:
                write = refusals.POSIX.get(named.group(), "the characters themselves")
                reason = f"`{named.group()}` is a named class"
                _refuse(self.at, len(named.group()), reason, f"write {write}")
            _refuse(self.at, 1, "`[` stands within a class", r"write `\[` for the sign itself")
        if self.ahead("&&"):
            hint = r"list what is in both; write `\&` for the sign itself"
            _refuse(self.at, 2, "`&&` intersects two classes", hint)
        if self.ahead("\\"):
            return self.escape()
        self.at += 1
        return _single(self.text[self.at - 1])


_SET_NAMES = frozenset(f"\\{name}" for name in _SETS)


def _single(char: str) -> Chars:
    return Chars(((ord(char), ord(char)),))
