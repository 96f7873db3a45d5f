"""What can be wrong with the values in data: cells, and rows that belong to nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.samples import (
    HEADER,
    ORDER,
    ORDERS_HEADER,
    OTHER_ROW,
    ROW,
    assigned,
    ordered,
)
from segrules.text.problems.words import quoted
from segrules.text.source import Span

QUOTED = 3
"""How many cells or keys a diagnostic quotes; of more it says that there are more."""

_RIGHT = assigned(HEADER + ROW + OTHER_ROW)

UNREADABLE = entry(
    "SEG411",
    "cells that cannot be read",
    why="They are taken as missing and counted. Dates are written 2026-01-31, amounts with a "
    "point, and values outside the declared range are not read.",
    wrong=assigned(HEADER + ROW + OTHER_ROW.replace("120.50", "12O.50")),
    right=_RIGHT,
    severity="warning",
)
UNDECLARED = entry(
    "SEG412",
    "values that are not declared",
    why="A value outside the declared list is taken as missing and counted: it is a spelling to "
    "mend, or a new value to declare and to think about in the rules.",
    wrong=assigned(HEADER + ROW + OTHER_ROW.replace("north", "nord")),
    right=_RIGHT,
    severity="warning",
)
MISSING = entry(
    "SEG413",
    "missing cells in a column declared without `?`",
    why="The rules were checked in the belief that the column is always known. A rule that meets "
    "a missing value is unknown and does not match.",
    wrong=assigned(HEADER + ROW + OTHER_ROW.replace("120.50", "")),
    right=_RIGHT,
    severity="warning",
)
WINDOW_TOO_LONG = entry(
    "SEG427",
    "a window longer than the history of its rows",
    why="What happened before the first row is not known. Counts and sums over such a window are "
    "too small, and customers look less active than they are.",
    wrong=ordered(ORDERS_HEADER + ORDER.replace("2026-04-05", "2026-06-20")),
    right=ordered(ORDERS_HEADER + ORDER),
    severity="warning",
)
ORPHANS = entry(
    "SEG425",
    "related rows that belong to nobody",
    why="Related rows are joined to the main table by their key, compared exactly. Rows whose key "
    "is not there count for nobody: a customer whose key is written otherwise in the two files "
    "looks like one without any rows.",
    wrong=ordered(ORDERS_HEADER + ORDER + ORDER.replace("C1", "c1")),
    right=ordered(ORDERS_HEADER + ORDER + ORDER),
    severity="warning",
)
NOTHING_READ = entry(
    "SEG426",
    "a column of which nothing can be read",
    why="When every filled cell of a column is unreadable, the column is another one than "
    "declared or is written in another way throughout. Taken as missing it would move every "
    "customer.",
    wrong=assigned(
        HEADER + "".join(ROW.replace("C1", f"C{at}").replace("120", "£120") for at in range(5))
    ),
    right=_RIGHT,
)


def unreadable(
    column: str,
    declared: str,
    count: int,
    examples: Sequence[str],
    written: str,
    file: str | None,
) -> Diagnostic:
    """`column` is `table.column`.

    `examples` are different cells as they stand, or none where they must not be shown; `written`
    says how such values are written.
    """
    are, they_are = ("is", "it is") if count == 1 else ("are", "they are")
    return UNREADABLE.about(
        file,
        f"{_counted(count, 'cell')} of `{column}` {are} not {declared}{_shown(examples)}",
        f"{they_are} taken as missing; {written}",
    )


def undeclared(column: str, count: int, values: Sequence[str], file: str | None) -> Diagnostic:
    """`values` are the most common ones, or none where they must not be shown."""
    hold, it_is = ("holds", "it is") if count == 1 else ("hold", "they are")
    return UNDECLARED.about(
        file,
        f"{_counted(count, 'cell')} of `{column}` {hold} an undeclared value{_shown(values)}",
        f"declare the value or mend the data; {it_is} taken as missing",
    )


def nothing_read(
    column: str,
    declared: str,
    count: int,
    examples: Sequence[str],
    written: str,
    file: str | None,
) -> Diagnostic:
    """As `unreadable`, of all the cells which the column has."""
    subject = (
        f"the only filled cell of `{column}` is not"
        if count == 1
        else f"none of the {count:,} filled cells of `{column}` is"
    )
    return NOTHING_READ.about(file, f"{subject} {declared}{_shown(examples)}", written)


def missing_cells(table: str, column: str, count: int, file: str | None) -> Diagnostic:
    are = "is" if count == 1 else "are"
    return MISSING.about(
        file,
        f"{_counted(count, 'cell')} of `{table}.{column}` {are} missing although the column is "
        "declared without `?`",
        f"declare `{column}` with `?`, so that the rules are checked for it",
    )


def orphans(
    table: str, of: str, count: int, rows: int, keys: Sequence[str], file: str | None
) -> Diagnostic:
    """`count` of `rows` have a key that is not in `of`; `keys` are the first of these, or none."""
    belong = "belongs" if count == 1 else "belong"
    return ORPHANS.about(
        file,
        f"{count:,} of {_counted(rows, 'row')} of `{table}` {belong} to no row of `{of}`"
        f"{_shown(keys)}",
        "keys are compared exactly: compare their case, blanks and leading zeros in both files",
    )


def _shown(cells: Sequence[str]) -> str:
    if not cells:
        return ""
    more = ", …" if len(cells) > QUOTED else ""
    return ": " + ", ".join(quoted(cell) for cell in cells[:QUOTED]) + more


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def window_too_long(span: Span | None, table: str, start: dt.date, earliest: dt.date) -> Diagnostic:
    message = (
        f"this looks back to {start.isoformat()}, and the rows of `{table}` begin on "
        f"{earliest.isoformat()}"
    )
    hint = "shorten the window, or give rows that go back so far"
    if span is None:
        return WINDOW_TOO_LONG.about(None, message, hint)
    return WINDOW_TOO_LONG.at(span, message, hint)
