"""Findings as people and programs read them, and the page of a code."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from segrules.text.catalogue import Entry, Example
from segrules.text.diagnostic import Diagnostic
from segrules.text.shown import escaped, shown
from segrules.text.source import Span

WIDEST = 100
"""Columns of a source line that are shown; of a wider one, a window around the place."""

TAB = 4
_BEFORE = 30
_LONGEST_NAME = 200
_RED, _YELLOW, _BLUE, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"


# ---- one finding


def full(diagnostic: Diagnostic, colour: bool = False) -> str:
    """The finding with its source line, its hint and where to read more; ends with a newline."""
    ink = _RED if diagnostic.severity == "error" else _YELLOW
    if not colour:
        return "".join(f"{line}\n" for line in _lines(diagnostic, "", "", "", ""))
    return "".join(f"{line}\n" for line in _lines(diagnostic, ink, _BLUE, _BOLD, _PLAIN))


def _lines(diagnostic: Diagnostic, ink: str, rule: str, bold: str, plain: str) -> Iterator[str]:
    yield f"{ink}{_label(diagnostic)}{plain}{bold}: {_safe(diagnostic.message)}{plain}"
    span = diagnostic.span
    number = span.source.position(span.start)[0] if span else 1
    gutter = " " * len(str(number))
    place = _place(diagnostic)
    if place:
        yield f"{gutter}{rule}-->{plain} {place}"
    if span is not None:
        line, before, carets = _window(span)
        yield f"{gutter} {rule}|{plain}"
        yield f"{rule}{number} |{plain} {line}".rstrip()
        yield f"{gutter} {rule}|{plain} {' ' * before}{ink}{'^' * carets}{plain}"
    if diagnostic.hint is not None:
        yield f"{gutter} {rule}={plain} hint: {_safe(diagnostic.hint)}"
    yield f"{gutter} {rule}={plain} see: segrules explain {diagnostic.code}"


def concise(diagnostic: Diagnostic) -> str:
    """The finding on one line, for editors and for lists."""
    place = _place(diagnostic)
    said = f"{_label(diagnostic)}: {_safe(diagnostic.message)}"
    return f"{place}: {said}" if place else said


def as_json(diagnostic: Diagnostic) -> dict[str, str | int | None]:
    """The finding as values; what has no place has null there."""
    span = diagnostic.span
    start = span.source.position(span.start) if span else (None, None)
    end = span.source.position(span.end) if span else (None, None)
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "file": span.source.name if span else diagnostic.file,
        "line": start[0],
        "column": start[1],
        "end_line": end[0],
        "end_column": end[1],
        "hint": diagnostic.hint,
    }


def _label(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.severity}[{diagnostic.code}]"


def _place(diagnostic: Diagnostic) -> str:
    """`file:line:column`, or as much of it as there is."""
    if diagnostic.span is None:
        return shown(diagnostic.file or "", _LONGEST_NAME)
    line, column = diagnostic.span.source.position(diagnostic.span.start)
    return f"{shown(diagnostic.span.source.name, _LONGEST_NAME)}:{line}:{column}"


def _safe(text: str) -> str:
    return "".join(escaped(char) for char in text)


# ---- the source line


def _window(span: Span) -> tuple[str, int, int]:
    """The first line of a span as shown, the columns before the place, and those under it."""
    line_number, column = span.source.position(span.start)
    last_line, last_column = span.source.position(span.end)
    line = span.source.line(line_number)
    start = min(column - 1, len(line))
    end = min(last_column - 1, len(line)) if last_line == line_number else len(line)
    first = 0 if _fits(line) else max(0, start - _BEFORE)
    cells = _cells(line[first : first + WIDEST])
    head = "…" if first else ""
    tail = "…" if first + len(cells) < len(line) else ""
    before = len(head) + _columns(cells[: start - first])
    carets = _columns(cells[start - first : max(start, end) - first])
    return head + "".join(cells) + tail, before, max(1, carets)


def _fits(line: str) -> bool:
    return len(line) <= WIDEST and _columns(_all_cells(line)) <= WIDEST


def _cells(text: str) -> list[str]:
    """Each character as it is shown, as many as fit."""
    found: list[str] = []
    column = 0
    for cell in _all_cells(text):
        column += _columns([cell])
        if column > WIDEST:
            break
        found.append(cell)
    return found


def _all_cells(text: str) -> list[str]:
    """Each character as it is shown: tabs up to their next stop, hidden characters as escapes."""
    found: list[str] = []
    column = 0
    for char in text:
        cell = " " * (TAB - column % TAB) if char == "\t" else escaped(char)
        column += _columns([cell])
        found.append(cell)
    return found


def _columns(cells: list[str]) -> int:
    """How many columns of a terminal the characters take."""
    return sum(_width(char) for cell in cells for char in cell)


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


# ---- the page of a code


def page(entry: Entry, finding: Diagnostic | None = None) -> str:
    """The page of a code as Markdown; `finding` is what the wrong example gives.

    Text does not know how rules are checked: whoever shows the page runs the example.
    """
    parts = [
        f"# {entry.code}: {entry.title}",
        f"{entry.severity.capitalize()}. {entry.why}",
        "## Wrong",
        *_example(entry.wrong),
        *([_fenced("text", full(finding))] if finding is not None else []),
        "## Right",
        *_example(entry.right),
    ]
    return "\n\n".join(parts) + "\n"


def _example(example: Example) -> Iterator[str]:
    yield _fenced("seg", example.rules)
    for table, text in example.data.items():
        name = table if "." in table else f"{table}.csv"
        yield f"with `{name}`"
        yield _fenced("csv", text)
    if example.run != "check":
        yield f"run as `segrules {shown(example.run, WIDEST)}`"


def _fenced(kind: str, text: str) -> str:
    lines = [shown(line, WIDEST) for line in text.rstrip("\n").split("\n")]
    return "\n".join([f"```{kind}", *lines, "```"])
