"""The one way a file is laid out: columns aligned, blank lines kept single, every comment kept.

INVARIANT: formatting what was formatted changes nothing, and never what a file means.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from segrules.lang import layout
from segrules.lang import syntax as s
from segrules.lang.layout import Item
from segrules.text.source import Source, Span


def format_file(file: s.File, source: Source) -> str:
    """The file in its canonical layout, with its comments."""
    items = [item for node in file.declarations for item in layout.declaration(node)]
    return _print(_with_comments(items, file.comments, source))


def canonical(file: s.File, source: Source) -> str:
    """The layout without comments and blank lines: what the rules' revision is hashed from."""
    items = [item for node in file.declarations for item in layout.declaration(node)]
    return _print([_Line(item) for item in items])


@dataclass
class _Line:
    """An item with what stands around it: comments above, one behind, a blank line before."""

    item: Item
    above: list[str] = field(default_factory=list)
    behind: str = ""
    blank: bool = False


def _with_comments(items: list[Item], comments: tuple[Span, ...], source: Source) -> list[_Line]:
    lines: list[_Line] = []
    waiting = deque(comments)
    end_of_last = 0
    for item in [*items, Item("", 0, len(source.text), len(source.text), "end")]:
        line = _Line(item)
        while waiting and waiting[0].start < item.end:
            comment = waiting.popleft()
            _after_gap(line, source, end_of_last, comment.start)
            line.above.append(comment.text.rstrip())
            end_of_last = comment.end
        _after_gap(line, source, end_of_last, item.start)
        if waiting and item.takes_comment and _same_line(source, item.end, waiting[0].start):
            comment = waiting.popleft()
            line.behind = comment.text.rstrip()
        end_of_last = max(item.end, comment.end if line.behind else 0)
        if item.kind != "end" or line.above:
            lines.append(line)
    return lines


def _after_gap(line: _Line, source: Source, start: int, end: int) -> None:
    """Keeps a blank line of the source, before the item or between the comments above it."""
    if "\n\n" in _squeezed(source.text[start:end]):
        if line.above:
            line.above.append("")
        else:
            line.blank = True


def _squeezed(text: str) -> str:
    return text.replace("\r", "").replace("\t", "").replace(" ", "").replace("\f", "")


def _same_line(source: Source, end: int, start: int) -> bool:
    return end <= start and "\n" not in source.text[end:start]


# ---- printing


def _print(lines: list[_Line]) -> str:
    out: list[str] = []
    previous: Item | None = None
    for text, line in _aligned(lines):
        if out and (line.blank or _apart(previous, line.item)) and not _opens(previous):
            out.append("")
        indent = "  " * line.item.indent
        out.extend(f"{indent}{comment}".rstrip() for comment in line.above)
        if text:
            out.append(f"{indent}{text}".rstrip())
            out.extend(f"{indent}{more}" for more in line.item.more)
            if line.behind:
                # behind the last line: before it, it would be read as standing inside the item
                out[-1] += f"  {line.behind}"
        if line.item.kind != "under":
            previous = line.item
    return "\n".join(out) + "\n" if out else ""


def _apart(previous: Item | None, item: Item) -> bool:
    """Blocks stand apart from what is around them."""
    if previous is None or item.indent or item.kind in ("close", "end"):
        return False
    return item.kind == "open" or previous.kind != item.kind


def _opens(previous: Item | None) -> bool:
    return previous is not None and previous.kind == "open"


def _aligned(lines: list[_Line]) -> Iterator[tuple[str, _Line]]:
    """The text of each line, columns padded over runs of items of one kind."""
    for group in _runs(lines):
        aligned = [line for line in group if line.item.kind != "under"]
        widths: list[int] = []
        for line in aligned:
            for at, cell in enumerate(line.item.cells[:-1]):
                widths[at : at + 1] = [max(len(cell), widths[at] if at < len(widths) else 0)]
        for line in group:
            cells = line.item.cells
            if line.item.kind == "row":
                yield _row(cells, aligned), line
            elif cells:
                padded = [cell.ljust(widths[at]) for at, cell in enumerate(cells[:-1])]
                yield " ".join([*padded, cells[-1]]).rstrip(), line
            else:
                yield line.item.text, line


def _runs(lines: list[_Line]) -> Iterator[list[_Line]]:
    """What is aligned: lines of a block, or single declarations without a gap between them."""
    run: list[_Line] = []
    for line in lines:
        if run and line.item.kind != "under" and not _together(run[0], line):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _together(first: _Line, line: _Line) -> bool:
    gap = not line.item.indent and (line.blank or bool(line.above))
    return not gap and _sort(first.item) == _sort(line.item)


def _sort(item: Item) -> tuple[str, int, bool]:
    return item.kind, item.block, bool(item.indent)


def _row(cells: tuple[str, ...], group: list[_Line]) -> str:
    """`| a | b => c |`: the sign before a cell is the cell's first character pair."""
    columns = max(len(line.item.cells) for line in group)
    widths = [
        max(len(line.item.cells[at]) - 2 for line in group if at < len(line.item.cells))
        for at in range(columns)
    ]
    parts = [
        f"{cell[:2].strip() or '|'} {cell[2:].ljust(widths[at])}" for at, cell in enumerate(cells)
    ]
    return " ".join(parts) + " |"
