"""What is said of a syntax error: what the text before it asks for, and what was probably meant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from segrules.lang import amounts, expected, phrases, recovery, slips, whatif
from segrules.lang.expected import MOST_BEGINNINGS, VALUE
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic
from segrules.text.source import Source, Span


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
_JOINING = frozenset({"and", "or", "in", "is", "between", "div", "mod"})


def complaint(error: UnexpectedInput, place: Place, meant: str | None) -> Diagnostic:
    """`meant` is the declaring word that was probably meant where another one stands."""
    at = recovery.offset(error, place.resume)
    known = _as_known(error, place, at)
    if known is not None:
        return known
    if at >= place.end_before(place.resume):
        return _ended(error, place, at)
    near = _mistyped(error, place, at)
    if near is not None:
        return near
    if isinstance(error, UnexpectedCharacters):
        return problems.unexpected_character(place.span(at, at + 1), _expected(error, place, at))
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
    mistake = _in_what_if(place, at)
    if mistake is not None:
        return mistake
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


def _in_what_if(place: Place, at: int) -> Diagnostic | None:
    """What is often written wrong in levers, pools, pay plans and the like."""
    found = whatif.find(place.plain, place.head(place.first).text, place.first, at)
    if found is None:
        return None
    span = place.span(found.start, found.end)
    match found.kind:
        case "order":
            return problems.other_order(span, found.right)
        case "slip":
            return problems.slip(span, span.text, found.right)
        case "reserved":
            return problems.reserved_word(span, span.text)
        case "whom":
            return problems.lever_for_whom(span, found.lever, found.right)
        case "what":
            return problems.lever_changes_what(span, found.lever, found.right)


_EMPTY_CELL = re.compile(r"(?:(\|)\s*(=>)|(=>)\s*(\|))\Z")
_NUMBER_BEFORE = re.compile(r"(?<![\w.])(\d[\d_]*(?:\.\d+)?)\s*\Z")
_AGO = re.compile(r"(from\s+(\d[\d_]*)\s+to\s+(\d[\d_]*))\s+ago\b")


_MEASURING = frozenset({"UNIT", "ROWS"})


def _without_unit(error: UnexpectedInput, place: Place, at: int) -> Diagnostic | None:
    """A number where a length of time or a percentage belongs."""
    terminals = recovery.accepted(error)
    number = _NUMBER_BEFORE.search(place.plain, max(place.first, at - 60), at)
    # where anything else may follow, a number alone is right too
    if "UNIT" in terminals and terminals <= _MEASURING and number is not None:
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


def _ended(error: UnexpectedInput, place: Place, at: int) -> Diagnostic:
    """The declaration is not finished where the next one begins, or the file ends."""
    wanted, end = _expected(error, place, at), place.end_before(place.resume)
    if place.plain[end - 1 : end] != "{" and not recovery.accepted(error) & _CLOSING:
        return problems.left_open(place.word_before(end), wanted)
    head = place.head(place.first)
    if place.resume < len(place.plain):
        return problems.declaration_unfinished(place.head(place.resume), head.text, wanted)
    return problems.ends_too_soon(head, wanted)


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
        if open_end and (begins or str(error.token) in "}|" or at in place.declarations):
            return problems.left_open(behind, _expected(error, place, at))
        return None
    if recovery.begins_with(error, behind.text, error.token):
        if place.leads_line(behind.start):
            return _swallowed(error, place, behind)
        return None
    return _stray(error, place, behind)


def _swallowed(error: UnexpectedInput, place: Place, word: Span) -> Diagnostic | None:
    """The line before lacks something, and the word that leads this one was taken for it."""
    end = place.end_before(word.start)
    terminals = recovery.accepted_at(error, place.plain, place.first, word.start)
    if not terminals or terminals & _CLOSING or place.plain[end - 1] == "{":
        return None
    return problems.left_open(place.word_before(end), expected.told(terminals))


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
        return problems.left_open(place.word_before(place.end_before(leading.start)), VALUE)
    terminals = recovery.accepted_at(error, place.plain, place.first, word.start)
    if "COMMA" in terminals:
        return problems.left_open(place.word_before(place.end_before(word.start)), ("`,`",))
    more = terminals - recovery.beginnings(error)
    return problems.unexpected(word, expected.told(more or terminals, MOST_BEGINNINGS))


def _mistyped(error: UnexpectedInput, place: Place, at: int) -> Diagnostic | None:
    """A word that is nearly one of those that could stand there, at the error or just before it."""
    here = _WHOLE_WORD.match(place.plain, at)
    if here is None:
        return None
    near = expected.nearest_word(here.group().replace("-", ""), recovery.accepted(error))
    if near is not None and near != here.group():
        return problems.unexpected(place.span(*here.span()), (f"`{near}`",))
    behind = place.word_before(place.end_before(at))
    if not behind.text.isidentifier() or not recovery.ends_with_name(error):
        return None
    terminals = recovery.accepted_at(error, place.plain, place.first, behind.start)
    if terminals >= expected.VALUES:
        return None  # any name may stand there
    near = expected.nearest_word(behind.text, terminals)
    return None if near in (None, behind.text) else problems.unexpected(behind, (f"`{near}`",))


_WHOLE_WORD = re.compile(r"[A-Za-z_]\w*(?:-\w+)*")


def _misplaced(error: UnexpectedToken, place: Place, at: int, span: Span) -> Diagnostic:
    token, wanted = error.token, _expected(error, place, at)
    reserved = token.isidentifier() and token.type not in {"NAME", *_OPERATORS}
    if at in place.declarations and at > place.first:
        head = place.source.text[place.first : at].split()[0]
        return problems.declaration_unfinished(span, head, wanted)
    if reserved and "NAME" in recovery.accepted(error):
        return problems.reserved_word(span, str(token))
    return problems.unexpected(span, wanted)


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


def _expected(error: UnexpectedInput, place: Place, at: int) -> tuple[str, ...]:
    """What could have stood here, in words; none where it would be too many to help.

    Within a line it is what goes on with its item, if anything does; at its beginning what may
    begin one.
    """
    terminals, beginnings = recovery.accepted(error), recovery.beginnings(error)
    if place.leads_line(at):
        return expected.told(terminals, MOST_BEGINNINGS)
    more = terminals - beginnings
    if more - {"COMMA"} and recovery.item_of(error) is not None:
        return expected.told(more)
    return expected.told(terminals, MOST_BEGINNINGS)
