"""What is said of a syntax error: what the text before it asks for, and what was probably meant."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from segrules.lang import amounts, phrases, recovery, slips
from segrules.lang.tables import keywords
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic
from segrules.text.source import Source, Span

MOST_WORDS = 6
"""What could stand at a place is told up to so many words and signs."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an error is: in the item that begins at `first`, before the declaration at `resume`.

    `plain` is the text with its comments blanked.
    """

    source: Source
    plain: str
    declarations: tuple[int, ...]
    first: int
    resume: int

    def span(self, start: int, end: int) -> Span:
        return self.source.span(start, end)

    def end_before(self, at: int) -> int:
        """The end of the last word or sign before a place."""
        return len(self.plain[:at].rstrip())

    def word_before(self, end: int) -> Span:
        """The word, text or sign that ends there."""
        found = _LAST_WORD.search(self.plain, max(self.first, end - 80), end)
        return self.span(found.start() if found else max(end - 1, 0), end)

    def leads_line(self, at: int) -> bool:
        return not self.plain[self.plain.rfind("\n", 0, at) + 1 : at].strip()

    def leads_row(self, at: int) -> bool:
        """Whether the line of a place is a row of cells."""
        return self.plain[self.plain.rfind("\n", 0, at) + 1 : at].lstrip().startswith("|")

    def head(self, at: int) -> Span:
        """The first word from a place on."""
        words = self.source.text[at:].split(None, 1)
        return self.span(at, at + len(words[0]) if words else at)


_LAST_WORD = re.compile(r'(?:"[^"\n]*"|`[^`\n]*`|[\w.]*\w%?|[<>=!.]+|\S)\Z')
_CLOSING = frozenset({"RBRACE", "VBAR", "$END"})
_VALUES = {"NAME", "NUMBER", "LPAR"}
_VALUE = ("a value",)
_JOINING = frozenset({"and", "or", "in", "is", "between", "div", "mod"})


def complaint(error: UnexpectedInput, place: Place, meant: str | None) -> Diagnostic:
    """`meant` is the declaring word that was probably meant where another one stands."""
    at = recovery.offset(error, place.resume)
    known = _as_known(error, place, at)
    if known is not None:
        return known
    if at >= place.end_before(place.resume):
        return _ended(error, place)
    if isinstance(error, UnexpectedCharacters):
        return problems.unexpected_character(place.span(at, at + 1), _expected(error))
    assert isinstance(error, UnexpectedToken)
    span = place.span(at, at + len(error.token))
    if meant is not None:
        return problems.unexpected(span, (f"`{meant}`",))
    operand = _reserved_operand(error.token, place, at)
    if operand is not None:
        return problems.reserved_word(operand, operand.text)
    return _unfinished(error, place, at) or _misplaced(error, place, at, span)


def _as_known(error: UnexpectedInput, place: Place, at: int) -> Diagnostic | None:
    """What newcomers often write is answered with how it is said here."""
    slip = slips.find(place.source, place.plain, place.first, at)
    if slip is not None:
        return problems.slip(*slip)
    phrase = phrases.find(place.plain, place.first, at)
    if phrase is not None:
        return problems.other_order(place.span(phrase.start, phrase.end), phrase.right)
    empty = _EMPTY_CELL.search(place.plain, max(place.first, at - 60), at + 1)
    if empty is not None and place.leads_row(at):
        first, second = (1, 2) if empty[1] else (3, 4)
        return problems.empty_cell(place.span(empty.end(first), empty.start(second)))
    unit = _without_unit(error, place, at)
    if unit is not None:
        return unit
    amount = amounts.find(place.plain, place.first, at)
    if amount is None:
        return None
    span = place.span(amount.start, amount.end)
    if isinstance(error, UnexpectedCharacters):
        return problems.currency_sign(place.span(at, at + 1), amount.right)
    return problems.amount(span, amount.right, currency=amount.currency)


_EMPTY_CELL = re.compile(r"(?:(\|)\s*(=>)|(=>)\s*(\|))\Z")
_NUMBER_BEFORE = re.compile(r"(?<![\w.])(\d[\d_]*(?:\.\d+)?)\s*\Z")
_AGO = re.compile(r"(from\s+(\d[\d_]*)\s+to\s+(\d[\d_]*))\s+ago\b")


def _without_unit(error: UnexpectedInput, place: Place, at: int) -> Diagnostic | None:
    """A number where a length of time or a percentage belongs."""
    terminals = recovery.accepted(error)
    number = _NUMBER_BEFORE.search(place.plain, max(place.first, at - 60), at)
    # where an operator may follow, a number alone is right too
    if "UNIT" in terminals and "SIGN" not in terminals and number is not None:
        span = place.span(*number.span(1))
        return problems.no_unit(span, span.text, rows="ROWS" in terminals)
    ago = _AGO.search(place.plain, max(place.first, at - 20), at + 40)
    if ago is not None and ago.start() <= at <= ago.end():
        return problems.no_unit(place.span(*ago.span(1)), ago[1], rows=False)
    share = "PERCENT" in terminals and "NUMBER" not in terminals
    if share and isinstance(error, UnexpectedToken) and error.token.type == "NUMBER":
        return problems.no_percentage(place.span(at, at + len(error.token)), str(error.token))
    return None


# ---- what is not finished


def _ended(error: UnexpectedInput, place: Place) -> Diagnostic:
    """The declaration is not finished where the next one begins, or the file ends."""
    expected, end = _expected(error), place.end_before(place.resume)
    if place.plain[end - 1 : end] != "{" and not recovery.accepted(error) & _CLOSING:
        return problems.left_open(place.word_before(end), expected)
    head = place.head(place.first)
    if place.resume < len(place.plain):
        return problems.declaration_unfinished(place.head(place.resume), head.text, expected)
    return problems.ends_too_soon(head, expected)


def _unfinished(error: UnexpectedToken, place: Place, at: int) -> Diagnostic | None:
    """The complaint about the end of a line which the next line does not go on with."""
    begins = recovery.begins_item(error, error.token)
    end = place.end_before(at)
    behind = place.word_before(end)
    if "\n" in place.plain[end:at]:
        stray = _stray(error, place, behind)
        if stray is not None:
            return stray
        open_end = not recovery.accepted(error) & _CLOSING and place.plain[end - 1] != "{"
        if (
            open_end
            and not _mistyped(error)
            and (begins or str(error.token) in "}|" or at in place.declarations)
        ):
            return problems.left_open(behind, _expected(error))
        return None
    if recovery.begins_with(error, behind.text, error.token):
        if place.leads_line(behind.start):
            return _swallowed(error, place, behind)
        return None
    return _stray(error, place, behind) if error.token.type in _OPERATORS else None


def _swallowed(error: UnexpectedInput, place: Place, word: Span) -> Diagnostic | None:
    """The line before lacks something, and the word that leads this one was taken for it."""
    end = place.end_before(word.start)
    terminals = recovery.accepted_at(error, place.plain, place.first, word.start)
    if not terminals or terminals & _CLOSING or place.plain[end - 1] == "{":
        return None
    return problems.left_open(place.word_before(end), _told(terminals))


def _stray(error: UnexpectedInput, place: Place, word: Span) -> Diagnostic | None:
    """A word within a line that was taken for the beginning of the next item."""
    line = place.plain[place.plain.rfind("\n", 0, word.start) + 1 : word.start]
    if word.text == "}":
        return None
    if recovery.item_of(error) != word.start or not line.strip() or "{" in line:
        return None
    leading = place.word_before(place.end_before(word.start))
    name = Token("NAME", word.text)
    if place.leads_line(leading.start) and recovery.begins_with(error, leading.text, name):
        return _swallowed(error, place, leading)
    if leading.text in _JOINING:
        # it was taken for a name, because a value belongs there
        return problems.left_open(place.word_before(place.end_before(leading.start)), _VALUE)
    terminals = recovery.accepted_at(error, place.plain, place.first, word.start)
    if "COMMA" in terminals:
        return problems.left_open(place.word_before(place.end_before(word.start)), ("`,`",))
    return problems.unexpected(word, _told(terminals))


def _mistyped(error: UnexpectedToken) -> bool:
    """Whether the word at an error is nearly one that could stand there."""
    words = _spellings()
    known = [words[each] for each in recovery.accepted(error) if each in words]
    return bool(difflib.get_close_matches(error.token, known, 1, 0.7))


def _misplaced(error: UnexpectedToken, place: Place, at: int, span: Span) -> Diagnostic:
    token, expected = error.token, _expected(error)
    reserved = token.isidentifier() and token.type not in {"NAME", *_OPERATORS}
    if at in place.declarations and at > place.first:
        head = place.source.text[place.first : at].split()[0]
        return problems.declaration_unfinished(span, head, expected)
    if reserved and "NAME" in recovery.accepted(error):
        return problems.reserved_word(span, str(token))
    return problems.unexpected(span, expected)


_OPENS_VALUE = re.compile(
    r"(?<![`\w])(?<!in )(?<!at )(?<!since )"
    r"(count|sum|mean|median|first|last|least|greatest|days|completed|any|no|exactly)\s*\Z"
)
_OPERATORS = {
    "AND", "BETWEEN", "COMPARISON", "DIV", "EQUALS", "IF", "IN", "IS", "LESS", "MOD", "NOT_IN",
    "OR", "SIGN", "SLASH", "TEXT_TEST", "TIMES", "WHEN",
}  # fmt: skip


def _reserved_operand(token: Token, place: Place, at: int) -> Span | None:
    """A word that opens a value (`count orders`) before an operator: a name is meant."""
    if token.type not in _OPERATORS:
        return None
    start = max(place.first, at - 40)
    found = _OPENS_VALUE.search(place.source.text[start:at])
    return place.span(start + found.start(1), start + found.end(1)) if found else None


# ---- what could have stood there

_SPELLED = {
    "NAME": "a name",
    "NUMBER": "a number",
    "PERCENT": "a percentage",
    "STRING": "a text in quotes",
    "DATE": "a date",
    "UNIT": "`days`",
    "SIGN": "`+`",
    "TIMES": "`*`",
    "EQUALS": "`=`",
    "LESS": "`<`",
    "COMPARISON": "a comparison",
    "AT_LEAST": "`at least`",
    "AT_MOST": "`at most`",
    "IN_LAST": "`in last`",
    "IN_RANK": "`in top`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "VBAR": "`|`",
    "COMMA": "`,`",
    "PLUS": "`+`",
    "__ANON_0": "`..`",
    "__ANON_1": "`=>`",
    "$END": "the end of the file",
}


def _expected(error: UnexpectedInput) -> tuple[str, ...]:
    """What could have stood here, in words; none where it would be too many to help."""
    return _told(recovery.accepted(error))


def _told(terminals: set[str]) -> tuple[str, ...]:
    if terminals >= _VALUES:
        return _VALUE
    if terminals >= {"COMPARISON", "AND"}:
        return ("an operator such as `>`, `+` or `and`",)
    words = _spellings()
    spelled = {
        _SPELLED.get(name) or (f"`{words[name]}`" if name in words else "") for name in terminals
    }
    spelled.discard("")
    if terminals >= {"NUMBER", "SIGN"}:
        # a sign before a number says nothing to those who left the number out
        spelled.discard("`+`")
    return tuple(sorted(spelled)) if len(spelled) <= MOST_WORDS else ()


@cache
def _spellings() -> dict[str, str]:
    return keywords()
