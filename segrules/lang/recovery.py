"""After a syntax error inside a block: the reading goes on at the next item of the block.

An item is taken to begin on a line of its own, no further in than the first item of its block.
Nothing is guessed about what the broken item meant: it is left out, and the parser goes on from
where it stood before it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from lark import Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_interactive_parser import InteractiveParser
from lark.utils import TextSlice

from segrules.lang.tables import load_parser, phrases, reserved_words

MAX_HEAD_STATES = 20_000
"""States tried before the shortest head of a declaration is given up."""

MAX_ERRORS = 20
"""Further errors of one block that are looked for."""

_OPENING = re.compile(r'"[^"\n]*"?|`[^`\n]*`?|\{')
_LINE = re.compile(r"^([ \t]*)[^\s}]", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_]\w*")
_NAMED = re.compile(r"[A-Za-z_]\w*|`[^`\n]*`")
_CONTINUES = frozenset("+-*/<>=!,)].%")


@dataclass(frozen=True, slots=True)
class Broken:
    """One more error of a block: the error, and the text that is left out because of it."""

    error: UnexpectedInput
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rest:
    """What the rest of a block holds: its further errors, and what could be read.

    `tree` is the declaration without its broken items (`skipped` is the text of the first), or
    None where the block was not entered or not left in the regular way. `end` is where the
    declaration ends: the next one begins there, or something that is none.
    """

    broken: tuple[Broken, ...]
    skipped: tuple[int, int]
    tree: Tree[Token] | None
    end: int


def offset(error: UnexpectedInput, end: int) -> int:
    """Where an error stands in a text that was read up to `end`."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return end
    place = error.pos_in_stream
    return end if place is None else place


def between(error: UnexpectedInput, text: str, at: int) -> bool:
    """Whether an error stands where another declaration would begin: leftmost, all complete."""
    if at >= len(text) or (at and text[at - 1] != "\n"):
        return False
    parser = _parser_at(error)
    return parser is not None and _advanced(tuple(parser.parser_state.state_stack), "$END") != ()


def declaration_of(error: UnexpectedInput) -> int | None:
    """Where the declaration begins in which an error stands, if the parser was in one."""
    parser = _parser_at(error)
    values = parser.parser_state.value_stack if parser is not None else []
    return next((place for place in map(_place, values) if place is not None), None)


def accepted(error: UnexpectedInput) -> set[str]:
    """The terminals that could have stood at an error."""
    parser = _parser_at(error)
    if parser is None:
        return set()
    stack = tuple(parser.parser_state.state_stack)
    choices = _states()[stack[-1]]
    return {each for each in choices if each.isupper() and _advanced(stack, each)}


def accepted_at(error: UnexpectedInput, text: str, first: int, end: int) -> set[str]:
    """The terminals that could stand at `end`, before an error in the same item or the next one.

    `first` is where the declaration begins; none where the text up to there cannot be read.
    """
    stand = _without_torn(_base(error, 0), text, offset(error, len(text)))
    begun = first if stand is None or stand.begun is None else stand.begun
    if begun > end:
        return set()
    parser = load_parser().parse_interactive(TextSlice(text, begun, end))
    if stand is not None:
        _place_at(parser, stand)
    try:
        parser.exhaust_lexer()
    except UnexpectedInput:
        return set()
    stack = tuple(parser.parser_state.state_stack)
    return {each for each in _states()[stack[-1]] if each.isupper() and _advanced(stack, each)}


def beginnings(error: UnexpectedInput) -> set[str]:
    """The terminals that could begin an item of the block in which an error stands, or end it."""
    stand = _base(error, 0)
    if stand is None:
        return set()
    choices = _states()[stand.states[-1]]
    return {each for each in choices if each.isupper() and _advanced(stand.states, each)}


def ends_with_name(error: UnexpectedInput) -> bool:
    """Whether the word before an error was read as a name."""
    parser = _parser_at(error)
    values = parser.parser_state.value_stack if parser is not None else []
    last = values[-1] if values else None
    while isinstance(last, Tree) and last.children:
        last = last.children[-1]
    return isinstance(last, Token) and last.type == "NAME"


def item_of(error: UnexpectedInput) -> int | None:
    """Where the item of a block begins in which an error stands, if any of it was read."""
    stand = _base(error, 0)
    return stand.begun if stand is not None else None


def begins_item(error: UnexpectedInput, token: Token) -> bool:
    """Whether the token at an error could begin an item of its block, or stands in no block."""
    stand = _base(error, 0)
    return stand is None or bool(_behind(stand.states, token))


def begins_with(error: UnexpectedInput, word: str, token: Token) -> bool:
    """Whether a word, read as a name so far, and the token behind it could begin an item."""
    stand = _base(error, 0)
    if stand is None or not _NAMED.fullmatch(word):
        return False
    begun = (_advanced(stand.states, each) for each in (*_words().get(word, ()), "NAME"))
    return any(stack and _behind(stack, token) for stack in begun)


def _behind(stack: tuple[Any, ...], token: Token) -> tuple[Any, ...]:
    """The states behind a token that is read as its word, or as a name."""
    types = {token.type, *_words().get(str(token), ())}
    if _NAMED.fullmatch(token):
        types.add("NAME")
    return next((after for each in sorted(types) if (after := _advanced(stack, each))), ())


def rest_of_block(
    error: UnexpectedInput, text: str, first: int, end: int, word: str | None = None
) -> Rest:
    """Reads on behind an error in the declaration that begins at `first` and ends before `end`.

    `text` is without comments. `word` is the declaring word that was meant, where another stands.
    After MAX_ERRORS further errors the rest of the block is left out.
    """
    at = offset(error, end)
    inside = _without_torn(_base(error, first), text, at)
    stand = inside or _after_head(text, first, word)
    if stand is None:
        return Rest((), (first, end), None, end)
    starts = _item_starts(text, first, end, at)
    item = stand.begun or at
    place = _next_item(starts, item, at) if inside else _first_item(starts, at)
    place = _closing(text, at, end) if place is None and inside else place
    reading = _Block(text, first, end, starts, {at})
    reading.read(stand, place)
    left = reading.left or (end if place is None else place)
    tree = reading.tree if inside else None
    return Rest(tuple(reading.broken), (item, left), tree, reading.end)


@dataclass
class _Block:
    """The reading of a block from item to item."""

    text: str
    first: int
    end: int
    starts: list[int]
    reported: set[int]
    broken: list[Broken] = field(default_factory=list)
    tree: Tree[Token] | None = None
    left: int | None = None
    """Where the first broken item ends, if that is not where the reading began."""

    def read(self, stand: _Stand, place: int | None) -> None:
        while place is not None and place < self.end and len(self.broken) < MAX_ERRORS:
            try:
                self.tree = _resume(stand, self.text, place, self.end).children[-1]
                return
            except UnexpectedInput as error:
                now = offset(error, self.end)
                if now == place and self.text[place] == "|":
                    # a sign between items: they begin behind it
                    place += 1
                elif _is_continuation(stand, self.text, place, now):
                    place = _next_item(self.starts, place, place)
                    self._leave_out(self.end if place is None else place)
                elif self._ends_before(error, place, now):
                    self.end = now if between(error, self.text, now) else declaration_of(error) or 0
                elif now >= self.end and self._is_closed():
                    return  # what was left out took the brace with it
                elif now == place and self.text[place] == "}":
                    return  # nothing is left of what the block must have
                else:
                    inside = _without_torn(_base(error, self.first), self.text, now)
                    stand = inside or stand
                    item = max(place, (inside.begun if inside else None) or now)
                    place = _next_item(self.starts, item, now)
                    place = _closing(self.text, now, self.end) if place is None else place
                    if now not in self.reported:
                        left = self.end if place is None else place
                        self.broken.append(Broken(error, item, left))
                    self.reported.add(now)

    def _leave_out(self, end: int) -> None:
        """The broken item goes on to here."""
        if self.broken:
            self.broken[-1] = replace(self.broken[-1], end=end)
        else:
            self.left = end

    def _ends_before(self, error: UnexpectedInput, place: int, now: int) -> bool:
        """Whether the declaration was complete, and the error stands in what follows it."""
        if now > place and between(error, self.text, now):
            return True
        return place < (declaration_of(error) or 0) <= now

    def _is_closed(self) -> bool:
        braces = [self.text.count(sign, self.first, self.end) for sign in "{}"]
        return braces[0] <= braces[1]


# ---- where the parser stands


@dataclass(frozen=True, slots=True)
class _Stand:
    """The two stacks of the parser at the beginning of an item."""

    states: tuple[Any, ...]
    values: tuple[Any, ...]
    begun: int | None = None
    """Where the item begins in which the error stands, if any of it could be read."""


def _parser_at(error: UnexpectedInput) -> InteractiveParser | None:
    found = getattr(error, "interactive_parser", None)
    return found if isinstance(found, InteractiveParser) else None


def _base(error: UnexpectedInput, first: int) -> _Stand | None:
    """Behind the last whole item of the block in which the error stands."""
    parser = _parser_at(error)
    if parser is None:
        return None
    states, values = parser.parser_state.state_stack, parser.parser_state.value_stack
    keep = len(values)
    while keep and getattr(values[keep - 1], "type", "") != "LBRACE":
        keep -= 1
    if not keep or values[keep - 1].start_pos < first:
        return None
    while keep < len(values) and _is_list(values[keep]):
        keep += 1
    begun = next((place for place in map(_place, values[keep:]) if place is not None), None)
    return _Stand(tuple(states[: keep + 1]), tuple(values[:keep]), begun)


def _without_torn(stand: _Stand | None, text: str, at: int) -> _Stand | None:
    """Without the item that ends in the line of the error: what follows it may be its rest."""
    if stand is None or not stand.values or not _is_list(stand.values[-1]):
        return stand
    begun = at if stand.begun is None else stand.begun
    items = stand.values[-1].children
    last = items[-1] if items else None
    if not isinstance(last, Tree) or last.meta.empty or "\n" in text[last.meta.end_pos : begun]:
        return stand
    kept = Tree(stand.values[-1].data, items[:-1], stand.values[-1].meta)
    return _Stand(stand.states, (*stand.values[:-1], kept), last.meta.start_pos)


def _place(value: Any) -> int | None:
    if isinstance(value, Tree):
        if _is_list(value):
            return None
        return None if value.meta.empty else value.meta.start_pos
    return value.start_pos if isinstance(value, Token) else None


def _is_list(value: Any) -> bool:
    """Whether it is the parser's list of the items that were read so far."""
    return isinstance(value, Tree) and str(value.data).startswith("__")


def _resume(stand: _Stand, text: str, start: int, end: int) -> Any:
    parser = load_parser().parse_interactive(TextSlice(text, start, end))
    _place_at(parser, stand)
    return parser.resume_parse()  # type: ignore[no-untyped-call]


def _place_at(parser: InteractiveParser, stand: _Stand) -> None:
    state = parser.parser_state
    state.state_stack[:] = stand.states
    # lark adds to its lists in place
    state.value_stack[:] = [_copied(value) for value in stand.values]


def _copied(value: Any) -> Any:
    return Tree(value.data, list(value.children), value.meta) if _is_list(value) else value


# ---- items


def _item_starts(text: str, first: int, end: int, at: int) -> list[int]:
    """The lines of a block that are no further in than its first one."""
    opened = next(
        (piece.end() for piece in _OPENING.finditer(text, first, end) if piece.group() == "{"), None
    )
    if opened is None:
        # the brace is missing: the block begins with the first line behind its heading
        opened = text.find("\n", first, at)
        opened = at if opened < 0 else opened
    line = text.find("\n", opened, end)
    if line < 0:
        return []
    found = [
        (len(each.group(1).expandtabs(8)), each.end() - 1)
        for each in _LINE.finditer(text, line, end)
    ]
    return [place for width, place in found if width <= found[0][0]]


def _next_item(starts: list[int], item: int, at: int) -> int | None:
    """The item that begins within the broken one, as its line tells, or the next one."""
    after = bisect_right(starts, at)
    if after and starts[after - 1] > item:
        return starts[after - 1]
    return starts[after] if after < len(starts) else None


def _first_item(starts: list[int], at: int) -> int | None:
    after = bisect_left(starts, at)
    return starts[after] if after < len(starts) else None


_CLOSING = re.compile(r'"[^"\n]*"?|`[^`\n]*`?|\}')


def _closing(text: str, at: int, end: int) -> int | None:
    """Where the block closes whose last item is broken."""
    pieces = _CLOSING.finditer(text, at, end)
    return next((piece.start() for piece in pieces if piece.group() == "}"), None)


def _is_continuation(stand: _Stand, text: str, place: int, now: int) -> bool:
    """Whether a line that cannot be read as an item rather belongs to the broken one before it."""
    line_end = text.find("\n", place)
    if 0 <= line_end < now:
        return False
    word = _WORD.match(text, place)
    if word is None:
        return text[place] in _CONTINUES
    if word.group() not in _words():
        return False
    if word.group() not in _reserved() and _advanced(stand.states, "NAME"):
        return False
    return not any(_advanced(stand.states, terminal) for terminal in _words()[word.group()])


@cache
def _words() -> dict[str, tuple[str, ...]]:
    """The language's words, each with its terminal."""
    found: dict[str, tuple[str, ...]] = {}
    for terminal, written in phrases().items():
        for word in written:
            if " " not in word:
                found[word] = (*found.get(word, ()), terminal)
    return found


@cache
def _reserved() -> frozenset[str]:
    """Words that are names in backticks only; any other may well be one here."""
    return frozenset(reserved_words())


# ---- heads


def _after_head(text: str, first: int, word: str | None) -> _Stand | None:
    """The parser behind the shortest head of the declaration, as if that had been read."""
    parser = load_parser().parse_interactive(word or TextSlice(text, first, len(text)))
    token = next(_tokens(parser), None)
    path = _head(token.type) if token is not None else None
    if path is None:
        return None
    parser = load_parser().parse_interactive("")
    for terminal in path:
        parser.feed_token(Token(terminal, "", first, end_pos=first))
    state = parser.parser_state
    return _Stand(tuple(state.state_stack), tuple(state.value_stack))


def _tokens(parser: InteractiveParser) -> Iterator[Token]:
    try:
        yield from parser.lexer_thread.lex(parser.parser_state)  # type: ignore[no-untyped-call]
    except UnexpectedInput:
        return


@cache
def _head(word: str) -> tuple[str, ...] | None:
    """The fewest terminals from a declaring word to the brace of its block."""
    start = _advanced((_start_state(),), word)
    waiting: deque[tuple[tuple[Any, ...], tuple[str, ...]]] = deque()
    if start:
        waiting.append((start, (word,)))
    seen = {start}
    while waiting and len(seen) < MAX_HEAD_STATES:
        stack, path = waiting.popleft()
        if _advanced(stack, "LBRACE"):
            return (*path, "LBRACE")
        for terminal in sorted(_states()[stack[-1]]):
            following = _advanced(stack, terminal) if terminal.isupper() else ()
            # a head does not run on into another declaration
            if following[:2] == start[:2] and following not in seen:
                seen.add(following)
                waiting.append((following, (*path, terminal)))
    return None


def _start_state() -> Any:
    return load_parser().parse_interactive("").parser_state.position


def _states() -> dict[Any, dict[str, tuple[Any, Any]]]:
    found: dict[Any, dict[str, tuple[Any, Any]]] = load_parser().parser.parser._parse_table.states
    return found


def _advanced(stack: tuple[Any, ...], terminal: str) -> tuple[Any, ...]:
    """The states after a terminal, none where it does not fit."""
    states, now = _states(), list(stack)
    while True:
        action, target = states[now[-1]].get(terminal, (None, None))
        if action is None:
            return ()
        if action is Shift:
            return (*now, target)
        if target.expansion:
            del now[-len(target.expansion) :]
        now.append(states[now[-1]][target.origin.name][1])
        if terminal == "$END" and target.origin.name == "start":
            return tuple(now)
