"""Text to parse trees, a declaration each; after a syntax error it goes on at the next one.

INVARIANT: the parser never recurses over the text, so no text can overflow the stack here; trees
that later passes would recurse over too deeply are refused.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from lark import Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken
from lark.utils import TextSlice

from segrules.lang import slips
from segrules.lang.scan import DECLARATIONS, Scan, scan
from segrules.lang.tables import keywords, load_parser
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, Log
from segrules.text.source import Source, Span

MAX_DEPTH = 200
"""Levels of a declaration's tree: about 64 brackets around each other."""

MAX_TERMS = 5_000
"""Operands of one chain (`or`, `and`, `+`, `*`), and a fiftieth of it in arithmetic."""

MAX_EXPRESSION = 50_000
"""Words and signs of one expression or list: what has more is refused before it is parsed."""

MAX_CHARACTERS = 20_000_000
MAX_SYNTAX_ERRORS = 20
MAX_STEPS_BACK = 8


@dataclass(frozen=True, slots=True)
class Parsed:
    """The declarations that could be read, and the text of those that could not."""

    source: Source
    declarations: tuple[Tree[Token], ...]
    broken: tuple[Span, ...]
    comments: tuple[Span, ...]


def parse(source: Source, log: Log) -> Parsed:
    """Reads every declaration of a file; each syntax error is reported where it stands."""
    if len(source.text) > MAX_CHARACTERS:
        log.report(problems.file_too_large(source.span(0, 0), len(source.text), MAX_CHARACTERS))
        return Parsed(source, (), (source.span(0, len(source.text)),), ())
    seen = scan(source)
    words = sum(1 for _ in _ATOM.finditer(source.text, seen.longest.start, seen.longest.end))
    if words > MAX_EXPRESSION:
        text = seen.longest.text
        start = seen.longest.end - len(text.lstrip())
        log.report(
            problems.expression_too_long(source.span(start, start + 40), words, MAX_EXPRESSION)
        )
        return Parsed(source, (), (source.span(0, len(source.text)),), seen.comments)
    trees, broken = _parse_all(source, seen, log)
    sound = [tree for tree in trees if _bounded(tree, source, log)]
    return Parsed(source, tuple(sound), tuple(broken), seen.comments)


_ATOM = re.compile(r"\w+|[^\w\s]")


def _parse_all(source: Source, seen: Scan, log: Log) -> tuple[list[Tree[Token]], list[Span]]:
    trees: list[Tree[Token]] = []
    broken: list[Span] = []
    start, errors = 0, 0
    while start < len(source.text):
        try:
            trees.extend(_parse_part(source.text, start, len(source.text)))
            break
        except UnexpectedInput as error:
            at = _offset(error, source)
            first, resume = _around(at, start, seen, len(source.text))
            sound, earlier = _parse_before(source.text, start, first)
            if earlier is not None:
                # The declaration before is not finished; a word within a line may be a name in it.
                if _leads_line(source, first):
                    error, resume = earlier, first
                first, sound = _step_back(source.text, start, first, seen)
            errors += 1
            log.report(_complaint(error, source, first, resume))
            if errors == MAX_SYNTAX_ERRORS:
                resume = len(source.text)
            broken.append(source.span(first, resume))
            trees.extend(sound)
            start = resume
    return trees, broken


def _around(at: int, start: int, seen: Scan, end: int) -> tuple[int, int]:
    """Where the declaration with an error at `at` begins, and where the next one does."""
    after = bisect_right(seen.declarations, at)
    first = seen.declarations[after - 1] if after else start
    following = seen.declarations[after] if after < len(seen.declarations) else end
    return max(first, start), following


def _parse_part(text: str, start: int, end: int) -> list[Tree[Token]]:
    tree = load_parser().parse(TextSlice(text, start, end))
    return [child for child in tree.children if isinstance(child, Tree)]


def _parse_before(
    text: str, start: int, end: int
) -> tuple[list[Tree[Token]], UnexpectedInput | None]:
    """What comes before a declaration; it parsed well so far, so only its end can be lacking."""
    try:
        return (_parse_part(text, start, end) if end > start else []), None
    except UnexpectedInput as error:
        return [], error


def _step_back(text: str, start: int, first: int, seen: Scan) -> tuple[int, list[Tree[Token]]]:
    """Where the unfinished declaration before `first` begins, and what comes before it."""
    for _ in range(MAX_STEPS_BACK):
        first, _ = _around(first - 1, start, seen, len(text))
        sound, error = _parse_before(text, start, first)
        if error is None:
            return first, sound
    return start, []


def _leads_line(source: Source, at: int) -> bool:
    line, column = source.position(at)
    return not source.line(line)[: column - 1].strip()


def _offset(error: UnexpectedInput, source: Source) -> int:
    if isinstance(error, UnexpectedEOF) or (
        isinstance(error, UnexpectedToken) and error.token.type == "$END"
    ):
        return len(source.text)
    place = error.pos_in_stream
    return len(source.text) if place is None else place


# ---- complaints

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
_VALUES = {"NAME", "NUMBER", "LPAR"}


def _complaint(error: UnexpectedInput, source: Source, first: int, resume: int) -> Diagnostic:
    """`first` and `resume` are where the broken declaration begins and where the next one does."""
    at = _offset(error, source)
    expected = _expected(error)
    slip = slips.find(source, first, at)
    if slip is not None:
        return problems.slip(*slip)
    if at >= len(source.text.rstrip()):
        if resume < len(source.text):
            word = _head(source, resume)
            return problems.declaration_unfinished(word, _head(source, first).text, expected)
        return problems.ends_too_soon(_head(source, first), expected)
    if isinstance(error, UnexpectedCharacters):
        return problems.unexpected_character(source.span(at, at + 1), expected)
    assert isinstance(error, UnexpectedToken)
    token = error.token
    span = source.span(at, at + len(token))
    reserved = token.isidentifier() and token.type not in {"NAME", *_OPERATORS}
    operand = _reserved_operand(token, source, first, at)
    if operand is not None:
        return problems.reserved_word(operand, operand.text)
    if token in DECLARATIONS and at > first:
        return problems.declaration_unfinished(span, source.text[first:at].split()[0], expected)
    if reserved and "NAME" in _terminals(error):
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


def _reserved_operand(token: Token, source: Source, first: int, at: int) -> Span | None:
    """A word that opens a value (`count orders`) before an operator: a name is meant."""
    if token.type not in _OPERATORS:
        return None
    start = max(first, at - 40)
    found = _OPENS_VALUE.search(source.text[start:at])
    return source.span(start + found.start(1), start + found.end(1)) if found else None


def _head(source: Source, first: int) -> Span:
    words = source.text[first:].split(None, 2)
    return source.span(first, first + len(words[0]) if words else first)


def _terminals(error: UnexpectedInput) -> set[str]:
    if isinstance(error, UnexpectedToken):
        return set(error.accepts or error.expected)
    return set(getattr(error, "allowed", None) or ())


def _expected(error: UnexpectedInput) -> tuple[str, ...]:
    """What could have stood here, in words; none where it would be too many to help."""
    terminals = _terminals(error)
    if terminals >= _VALUES:
        return ("a value",)
    if "COMPARISON" in terminals:
        return ("an operator such as `>`, `+` or `and`",)
    words = keywords()
    spelled = {
        _SPELLED.get(name) or (f"`{words[name]}`" if name in words else "") for name in terminals
    }
    spelled.discard("")
    return tuple(sorted(spelled)) if len(spelled) <= 6 else ()


# ---- bounds

_CHAINS = {
    "either": MAX_TERMS,
    "both": MAX_TERMS,
    "total": MAX_TERMS // 50,
    "scaled": MAX_TERMS // 50,
}


def _bounded(tree: Tree[Token], source: Source, log: Log) -> bool:
    waiting: list[tuple[Tree[Token], int]] = [(tree, 1)]
    while waiting:
        at, depth = waiting.pop()
        limit = _CHAINS.get(at.data)
        # `a + b + c` keeps its signs, `a or b or c` does not
        terms = (len(at.children) + 1) // 2 if at.data in ("total", "scaled") else len(at.children)
        if depth > MAX_DEPTH:
            log.report(problems.nested_too_deeply(_place(at, source)))
            return False
        if limit is not None and terms > limit:
            log.report(problems.chain_too_long(_place(at, source), terms, limit))
            return False
        waiting.extend((child, depth + 1) for child in at.children if isinstance(child, Tree))
    return True


def _place(tree: Tree[Token], source: Source) -> Span:
    start = tree.meta.start_pos
    return source.span(start, min(tree.meta.end_pos, start + 40))
