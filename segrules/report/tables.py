"""The look of all tables: text is never read as markup, numbers stand to the right."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text


def grid(*columns: str, first: int = 0) -> Table:
    """A table with these headings; `>` before one aligns its column to the right.

    The first column is at least `first` characters wide where others would squeeze it.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for at, column in enumerate(columns):
        right = column.startswith(">")
        table.add_column(
            Text(column.removeprefix(">")),
            justify="right" if right else "left",
            no_wrap=right,
            min_width=first if at == 0 and first else None,
        )
    return table


def heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def note(text: str) -> Text:
    return Text(text)
