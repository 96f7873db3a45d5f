"""Items: the lines of a declaration, before comments are put in and columns aligned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from segrules.lang import syntax as s
from segrules.lang.scan import first_brace
from segrules.lang.spelling import expression, quote
from segrules.text.source import Span

WIDTH = 92
"""Conditions and headings longer than this are laid out a part a line."""

PAD = " " * 4
"""What a line that continues another is indented by."""

Kind = Literal["open", "close", "end", "row", "knob", "let", "scenario", "line", "rule", "under"]


@dataclass(frozen=True)
class Item:
    """One line (with `more` below it), its place in the source, and how it is aligned.

    `cells` are padded over a run of items of one `kind` in one `block`; without cells the text
    stands as it is. An item of the kind `under` belongs to the one before: it ends no run.
    """

    text: str
    indent: int
    start: int
    end: int
    kind: Kind
    cells: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    block: int = -1
    takes_comment: bool = True


def single(span: Span, kind: Kind, cells: tuple[str, ...]) -> Item:
    """A declaration on one line, aligned with its neighbours."""
    return Item("", 0, span.start, span.end, kind, cells)


def line(span: Span, owner: s.Declaration, cells: tuple[str, ...]) -> Item:
    """A line of a block."""
    return Item("", 1, span.start, span.end, "line", cells, block=owner.span.start)


def under(span: Span, indent: int, text: str) -> Item:
    """A line below the item before, which it belongs to."""
    return Item(text, indent, span.start, span.end, "under")


def block(head: str, node: s.Declaration, lines: Sequence[Item]) -> list[Item]:
    """`head {`, the lines, `}`."""
    span = node.span
    opening = Item(f"{head} {{", 0, span.start, first_brace(span.source, span.start), "open")
    closing = Item("}", 0, span.end - 1, span.end, "close")
    return [opening, *lines, closing]


def headed(parts: Sequence[str], node: s.Declaration, lines: Sequence[Item]) -> list[Item]:
    """A block whose heading is on one line where it fits, otherwise a part a line."""
    made = block(" ".join(parts), node, lines)
    if len(made[0].text) <= WIDTH or len(parts) == 1:
        return made
    first, *rest = parts
    rest[-1] += " {"
    more = tuple(f"{PAD}{part}" for part in rest)
    return [replace(made[0], text=first, more=more, takes_comment=False), *made[1:]]


def flat(head: str, parts: Sequence[str], node: s.Declaration, between: str) -> list[Item] | None:
    """`head { part, part }` on one line, where it fits."""
    text = f"{head} {{ {between.join(parts)} }}"
    if len(text) > WIDTH:
        return None
    return [Item(text, 0, node.span.start, node.span.end, "line")]


def flowing(parts: Sequence[tuple[str, ...]], node: s.Declaration) -> list[Item]:
    """A declaration without a block: on one line where it fits, otherwise a part a line.

    A part is its lines: a single one, unless it is a long chain.
    """
    span = node.span
    whole = " ".join(" ".join(part) for part in parts)
    if len(whole) <= WIDTH:
        return [Item(whole, 0, span.start, span.end, "line")]
    first, *rest = (each for part in parts for each in part)
    more = tuple(f"{PAD}{each}" for each in rest)
    return [Item(first, 0, span.start, span.end, "line", (), more)]


def broken(node: s.Expression, lead: str, before: int = 0) -> tuple[str, ...]:
    """A chain a part a line, the word in front; anything else stays on one line.

    `before` is what already stands on the line, in characters.
    """
    if isinstance(node, s.Chain) and before + len(lead) + len(expression(node)) > WIDTH:
        first, *rest = (expression(part) for part in node.parts)
        pad = " " * (len(lead) - len(node.word) - 1)
        return (f"{lead}{first}", *(f"{pad}{node.word} {part}" for part in rest))
    return (f"{lead}{expression(node)}",)


def labelled(text: str, label: s.Quote | None) -> str:
    """The text with its label behind, if there is one."""
    return f"{text} {quote(label)}" if label else text
