"""What must hold for any text, and the smallest text for which it does not."""

from __future__ import annotations

import gc
import signal
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from fuzz_texts import TOKEN, text_of

from segrules.lang.build import build
from segrules.lang.format import format_file
from segrules.lang.parse import parse
from segrules.lang.syntax import File
from segrules.rules import inspect
from segrules.text.catalogue import catalogue
from segrules.text.diagnostic import Log
from segrules.text.render import concise
from segrules.text.source import Source

SLOWEST = 1.0
"""Seconds of processor time that any text may take."""

HANGS = 5.0
"""Seconds of processor time after which a text is given up."""


UNSHOWN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Kinds of characters that no message may hand on to a terminal."""


class Hang(BaseException):
    """A text that does not come to an end; no handler of ours may catch it."""


@contextmanager
def watched(seconds: float = HANGS) -> Iterator[None]:
    """Raises Hang where the body takes more processor time; a loaded machine does not matter."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise Hang(f"more than {seconds:g} s of processor time")

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def check_findings(text: str) -> None:
    """Checking gives findings and nothing else: each with a known code and a place in the text."""
    source = Source("fuzz.seg", text)
    compiled = inspect(source)
    known = catalogue()
    for found in compiled.log.found:
        assert found.code in known, found
        assert found.severity == known[found.code].severity, found
        assert found.message, found
        assert found.hint, found
        assert found.span is not None, found
        assert found.span.source is source, found
        assert 0 <= found.span.start <= found.span.end <= len(text), found
        assert not {unicodedata.category(sign) for sign in concise(found)} & UNSHOWN, found
    if compiled.ruleset is None:
        assert compiled.log.has_errors, "no meaning, and no reason given"


def check_layout(text: str) -> bool:
    """A text that parses is laid out once for all, its tree and its comments kept.

    Whether the text parses.
    """
    file, source = _syntax(text)
    if file is None:
        return False
    once = format_file(file, source)
    again, laid_out = _syntax(once)
    assert again is not None, f"what was laid out does not parse: {once!r}"
    assert again.declarations == file.declarations, f"another tree: {once!r}"
    assert _comments(again) == _comments(file), f"other comments: {once!r}"
    assert format_file(again, laid_out) == once, f"laid out twice: {once!r}"
    return True


def _syntax(text: str) -> tuple[File | None, Source]:
    source, log = Source("fuzz.seg", text), Log()
    file = build(parse(source, log), log)
    return (None if log.has_errors else file), source


def _comments(file: File) -> list[str]:
    return [comment.text.rstrip() for comment in file.comments]


# ---- many texts


@dataclass(frozen=True)
class Failed:
    """A text for which something does not hold, and what."""

    text: str
    why: str


@dataclass
class Tally:
    """What a stretch of texts has shown; times are seconds of processor time."""

    texts: int = 0
    characters: int = 0
    parsed: int = 0
    seconds: float = 0.0
    worst: float = 0.0
    worst_number: int = -1


def fuzz(seed: int, numbers: range, *, layout_every: int = 0) -> Tally | Failed:
    """Checks the texts of these numbers; every so many are laid out as well."""
    tally = Tally()
    gc.freeze()  # what was loaded so far is not looked through over and over
    for number in numbers:
        text = text_of(seed, number)
        before = time.process_time()
        why = failure(text, check_findings)
        if why is None and layout_every and number % layout_every == 0:
            why = failure(text, lambda text: _count(tally, check_layout(text)))
        spent = time.process_time() - before
        if why is None and spent > SLOWEST:
            why = f"{spent:.2f} s"
        if why is not None:
            return Failed(text, f"seed {seed}, number {number}: {why}")
        tally.texts += 1
        tally.characters += len(text)
        tally.seconds += spent
        if spent > tally.worst:
            tally.worst, tally.worst_number = spent, number
    return tally


def _count(tally: Tally, parsed: bool) -> None:
    tally.parsed += parsed


def failure(text: str, check: Callable[[str], object]) -> str | None:
    """What goes wrong with a text, in a line; None when all holds."""
    try:
        with watched():
            check(text)
    except (Exception, Hang) as error:
        said = str(error).strip().split("\n")[0][:300]
        return f"{type(error).__name__}: {said}"
    return None


def smallest(text: str, fails: Callable[[str], bool], patience: int = 2_000) -> str:
    """The text with every part left out that is not needed for the failure."""
    parts = TOKEN.findall(text)
    size = max(1, len(parts) // 2)
    while size and patience:
        at = 0
        while at < len(parts) and patience:
            patience -= 1
            fewer = parts[:at] + parts[at + size :]
            if fails("".join(fewer)):
                parts = fewer
            else:
                at += size
        size //= 2
    return "".join(parts)


def report(failed: Failed, check: Callable[[str], object]) -> str:
    """What is printed of a failure: the reason, and the smallest text that fails likewise."""
    kind = (failure(failed.text, check) or "").partition(":")[0]
    least = smallest(
        failed.text, lambda text: (failure(text, check) or "").partition(":")[0] == kind
    )
    said = failure(least, check)
    return f"{failed.why}\nthe smallest text: {least!r}\n{said}\nthe whole text: {failed.text!r}"
