"""Windows that look back further than the rows of their table go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from segrules.backends.context import Context, seen
from segrules.backends.reach import reached
from segrules.lang.ir import Aggregate, Calibration, Expr, Rows, Ruleset, Sequence, rows_in, walk
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems import values as problems
from segrules.text.source import Span

COVERED = 0.9
"""The part of a window that must lie within the rows: a quiet first week is no gap."""


def too_long(
    ruleset: Ruleset,
    expressions: Iterable[Expr],
    table: str,
    as_of: dt.date,
    earliest: Mapping[str, dt.date | None],
) -> tuple[Diagnostic, ...]:
    """A warning for each window that begins well before the first row of its table.

    `earliest` are the first dates of rows, by table. What happened before them is not known, and
    a count over such a window is too small.
    """
    context = Context(ruleset.zone, as_of, Calibration(as_of))
    found: dict[tuple[str, dt.date], Diagnostic] = {}
    for rows, span in _windows(expressions, table, ruleset):
        first = earliest.get(rows.table)
        dated = ruleset.table(rows.table).column(ruleset.table(rows.table).dated or "")
        if first is None or dated is None or rows.window is None:
            continue
        start = seen(rows.window, dated.type, context).start
        if start is None:
            continue
        day = start.date() if isinstance(start, dt.datetime) else start
        if (as_of - first).days < COVERED * (as_of - day).days and (rows.table, day) not in found:
            found[rows.table, day] = problems.window_too_long(span, rows.table, day, first)
    return tuple(found.values())


def _windows(
    expressions: Iterable[Expr], table: str, ruleset: Ruleset
) -> Iterator[tuple[Rows, Span | None]]:
    """Every use of rows with a window, with its place."""
    for parts in reached(expressions, table, ruleset).values():
        for part in parts:
            for node in walk(part):
                if isinstance(node, Aggregate | Sequence):
                    yield from ((rows, node.span) for rows in rows_in(node) if rows.window)
