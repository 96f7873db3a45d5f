"""Text to parse trees, a declaration each; after a syntax error it goes on at the next item.

INVARIANT: the parser never recurses over the text, so no text can overflow the stack here; trees
that later passes would recurse over too deeply are refused.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace

from lark import Token, Tree
from lark.exceptions import UnexpectedInput
from lark.utils import TextSlice

from segrules.lang import recovery
from segrules.lang.complaints import Place, complaint
from segrules.lang.pause import collector_paused
from segrules.lang.scan import DECLARATIONS, Scan, scan, without_comments
from segrules.lang.tables import load_parser
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, Log
from segrules.text.source import Source, Span

MAX_DEPTH = 200
"""Levels of a declaration's tree: about 64 brackets around each other."""

MAX_TERMS = 5_000
"""Operands of one chain (`or`, `and`, `+`, `*`), and a fiftieth of it in arithmetic."""

MAX_EXPRESSION = 25_000
"""Words and signs of one expression or list: what has more is refused before it is parsed."""

MAX_CHARACTERS = 20_000_000
MAX_SYNTAX_ERRORS = 20
MAX_STEPS_BACK = 8

TABLES = frozenset({"main_table", "related_table", "derived_table"})
ROWS = frozenset({"conditions", "examples", "grid"})
"""Declarations made of rows of cells, the first of which says what the others are."""

READABLE_IN_PART = TABLES | ROWS | {"claims", "flags", "ruleset", "score", "segments"}
"""Declarations which can be checked without the items that could not be read."""


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
    refused = _refused(source, seen)
    if refused is not None:
        log.report(refused)
        return Parsed(source, (), (source.span(0, len(source.text)),), seen.comments)
    reading = _Reading(source, without_comments(source.text, seen.comments), seen, log)
    with collector_paused():
        reading.everything()
    sound = [tree for tree in reading.trees if _bounded(tree, source, log)]
    return Parsed(source, tuple(sound), tuple(reading.broken), seen.comments)


_ATOM = re.compile(r"\w+|[^\w\s]")


def _refused(source: Source, seen: Scan) -> Diagnostic | None:
    """What is larger than anything that is parsed."""
    if seen.deepest is not None:
        return problems.nested_too_deeply(seen.deepest)
    words = sum(1 for _ in _ATOM.finditer(source.text, seen.longest.start, seen.longest.end))
    if words <= MAX_EXPRESSION:
        return None
    start = seen.longest.end - len(seen.longest.text.lstrip())
    return problems.expression_too_long(source.span(start, start + 40), words, MAX_EXPRESSION)


@dataclass(frozen=True, slots=True)
class _Failure:
    """A syntax error, the declaration it breaks, and what came before that one."""

    error: UnexpectedInput
    first: int
    resume: int
    sound: list[Tree[Token]]
    meant: str | None = None
    readable: bool = True
    """Whether the rest of the declaration can be read."""


@dataclass
class _Reading:
    """One text on its way through the parser; `plain` is the text with its comments blanked."""

    source: Source
    plain: str
    seen: Scan
    log: Log
    trees: list[Tree[Token]] = field(default_factory=list)
    broken: list[Span] = field(default_factory=list)
    errors: int = 0

    def everything(self) -> None:
        start, end = 0, len(self.plain)
        while start < end:
            try:
                self.trees.extend(_parse_part(self.plain, start, end))
                return
            except UnexpectedInput as error:
                failure = self._locate(error, start)
            self.trees.extend(failure.sound)
            self._report(failure.error, failure.first, failure.resume, failure.meant)
            start = self._rest(failure)
            if self.errors >= MAX_SYNTAX_ERRORS:
                self._break(start, end)
                return

    def _locate(self, error: UnexpectedInput, start: int) -> _Failure:
        end = len(self.plain)
        at = recovery.offset(error, end)
        self._declared_after_all(at)
        first, resume = _around(at, start, self.seen, end)
        first = max(first, recovery.declaration_of(error) or 0)
        if at not in self.seen.declarations and recovery.between(error, self.plain, at):
            sound, _ = _parse_before(self.plain, start, at)
            return _Failure(error, at, resume, sound, _declaring(self.plain, at))
        sound, earlier = _parse_before(self.plain, start, first)
        if earlier is None:
            return _Failure(error, first, resume, sound)
        # The declaration before is not finished; a word within a line may be a name in it.
        leads = _leads_line(self.source, first)
        if leads:
            error, resume = earlier, first
        first, sound = _step_back(self.plain, start, first, self.seen)
        return _Failure(error, first, resume, sound, readable=not leads)

    def _declared_after_all(self, at: int) -> None:
        """A declaring word that leads a line up to an error was no name in an expression."""
        start = self.plain.rfind("\n", 0, at) + 1
        word = _WORD.match(self.plain, start)
        if word is None or word.group() not in DECLARATIONS or start in self.seen.declarations:
            return
        if start == at or self.plain[word.end() : at].isspace():
            places = tuple(sorted((*self.seen.declarations, start)))
            self.seen = replace(self.seen, declarations=places)

    def _rest(self, failure: _Failure) -> int:
        """The further errors of the broken declaration, and what of it can be used all the same.

        Where the declaration ends.
        """
        first, resume = failure.first, failure.resume
        if not failure.readable:
            self._break(first, resume)
            return resume
        rest = recovery.rest_of_block(failure.error, self.plain, first, resume, failure.meant)
        for each in rest.broken:
            if self.errors < MAX_SYNTAX_ERRORS:
                self._report(each.error, each.start, resume)
        left_out = [rest.skipped, *((each.start, each.end) for each in rest.broken)]
        if rest.tree is None or not self._readable(rest.tree, first, left_out):
            self._break(first, rest.end)
            return rest.end
        self.trees.append(rest.tree)
        for start, end in left_out:
            self._break(start, end)
        return rest.end

    def _readable(self, tree: Tree[Token], first: int, left_out: list[tuple[int, int]]) -> bool:
        """Whether a declaration can be checked without what is left out of it."""
        if tree.data not in READABLE_IN_PART or tree.meta.start_pos != first:
            return False
        if any(set("{}") & set(self.plain[start:end]) for start, end in left_out):
            return False
        if tree.data in ROWS:
            return self._headed(tree, min(start for start, _ in left_out))
        if tree.data not in TABLES:
            return True
        head = self.plain[first : self.plain.find("{", first)]
        lost = " ".join(self.plain[start:end] for start, end in left_out)
        return not set(_WORD.findall(head)) & set(_WORD.findall(lost))

    def _headed(self, tree: Tree[Token], lost: int) -> bool:
        """Whether the heading of a table of cells stands before what is lost of it."""
        rows = list(tree.find_pred(lambda each: each.data in _ROW))
        starts = sorted(row.meta.start_pos for row in rows)
        needed = 2 if starts and _FOR.match(self.plain, starts[0]) else 1
        return len(starts) >= needed and self.plain.find("\n", starts[needed - 1]) in range(lost)

    def _report(
        self, error: UnexpectedInput, first: int, resume: int, meant: str | None = None
    ) -> None:
        self.errors += 1
        place = Place(self.source, self.plain, self.seen.declarations, first, resume)
        self.log.report(complaint(error, place, meant))

    def _break(self, start: int, end: int) -> None:
        self.broken.append(self.source.span(start, end))


_ROW = frozenset({"row", "expecting_row"})
_FOR = re.compile(r"\|\s*for\b")


def _around(at: int, start: int, seen: Scan, end: int) -> tuple[int, int]:
    """Where the declaration with an error at `at` begins, and where the next one does."""
    after = bisect_right(seen.declarations, at)
    first = seen.declarations[after - 1] if after else start
    following = seen.declarations[after] if after < len(seen.declarations) else end
    return max(first, start), following


def _declaring(text: str, at: int) -> str | None:
    """The declaring word that is nearest to the one which stands here."""
    word = _WORD.match(text, at)
    found = difflib.get_close_matches(word.group(), DECLARATIONS, 1, 0.6) if word else []
    return found[0] if found else None


_WORD = re.compile(r"[A-Za-z_]\w*")


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
