"""Findings as people and programs read them, and the page of a code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from segrules.text.catalogue import Entry, Example
from segrules.text.diagnostic import Diagnostic
from segrules.text.shown import escaped, shown
from segrules.text.source import Span

WIDEST = 100
"""Columns of a source line that are shown; of a wider one, a window around the place."""

TAB = 4
_BEFORE = 30
_RED, _YELLOW, _BLUE, _BOLD, _PLAIN = "\x1b[31;1m", "\x1b[33;1m", "\x1b[34;1m", "\x1b[1m", "\x1b[0m"


# ---- one finding


def full(diagnostic: Diagnostic, colour: bool = False) -> str:  # noqa: FBT001, FBT002 -- a switch
    """The finding with its source line, its hint and where to read more; ends with a newline."""
    paint = _Paint(colour)
    lines = [f"{paint.heading(diagnostic)}{paint.bold(': ' + _one_line(diagnostic.message))}"]
    span = diagnostic.span
    margin = " "
    if span is not None:
        number, _ = span.source.position(span.start)
        margin = " " * (len(str(number)) + 1)
        lines += _excerpt(span, number, margin, paint.mark(diagnostic), paint)
    elif diagnostic.file is not None:
        lines.append(f"{margin} {paint.blue('-->')} {shown(diagnostic.file, WIDEST)}")
        lines.append(f"{margin} {paint.blue('|')}")
    if diagnostic.hint is not None:
        lines.append(f"{margin} {paint.blue('=')} hint: {_one_line(diagnostic.hint)}")
    lines.append(f"{margin} {paint.blue('=')} see: segrules explain {diagnostic.code}")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _excerpt(span: Span, number: int, margin: str, colours: tuple[str, str], paint: _Paint
             ) -> Iterator[str]:
    line, carets = _window(span, number)
    start, end = colours
    bar = paint.blue("|")
    yield f"{margin[:-1]}{paint.blue('-->')} {place(span)}"
    yield f"{margin}{bar}"
    yield f"{paint.blue(str(number))} {bar} {line}"
    at = len(carets) - len(carets.lstrip())
    yield f"{margin}{bar} {carets[:at]}{start}{carets[at:]}{end}"
    yield f"{margin}{bar}"
