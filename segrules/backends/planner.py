"""How a segment set is decided over many rows: a chain of conditions, or cells.

The choice rests on the rules and on the number of rows alone, so it is the same everywhere, and
it changes no answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from segrules.lang.cells import Cells
from segrules.lang.ir import SegmentSet

Way = Literal["chain", "cells"]

UNKNOWN_ROWS = 1_000_000
"""What is taken for a number of rows that is not known: enough for cells where rules are many."""

_START = 450_000_000
_A_RULE = 3
_A_ROW = 15
_A_SUBJECT = 3
_A_WORD = 8
"""Nanoseconds of one processor, by measurement: until compiled code is there, a row and rule of a
chain; in cells a row, and for each what is looked at and each word of 64 lines."""

_MOST_WORDS = 2**24
"""Words of masks, 128 MB: more would not stay near the processor."""

_MOST_LINES_A_RULE = 64
_MOST_OUTCOMES = 2**16 - 1
_BITS = 64


@dataclass(frozen=True, slots=True)
class Plan:
    """The way a set is decided, and why; `rows` is None where their number is not known.

    `cells` is the form in which it is decided, where that is the way.
    """

    set: str
    rules: int
    rows: int | None
    way: Way
    reasons: tuple[str, ...]
    cells: Cells | None = None

    def explain(self) -> str:
        """The choice in words, a reason a line."""
        how = {
            "chain": "a chain of conditions in Polars, the first true one wins",
            "cells": "cells: a search a column, then one bit a rule",
        }
        assumed = f"an unknown number of rows, taken for {UNKNOWN_ROWS:_}"
        rows = assumed if self.rows is None else f"{self.rows:_} rows"
        head = f"{self.set}: {self.rules:_} rules over {rows}"
        return "\n".join([head, f"  by {how[self.way]}", *(f"  {each}" for each in self.reasons)])


def plan(found: SegmentSet, rows: int | None, cells: Callable[[], Cells]) -> Plan:
    """The way to decide a set over so many rows; its cells are made only where they may be it."""
    count = len(found.rules)
    expected = UNKNOWN_ROWS if rows is None else rows
    chain = expected * count * _A_RULE
    if chain <= _START:
        reason = f"short work: about {_seconds(chain)} as a chain, less than cells take to start"
        return Plan(found.name, count, rows, "chain", (reason,))
    made = cells()
    refused = _refused(found, made)
    if refused is not None:
        return Plan(found.name, count, rows, "chain", (refused,))
    words = -(-len(made.lines) // _BITS)
    of_a_row = _A_ROW + len(made.subjects) * _A_SUBJECT + words * _A_WORD
    by_cells = _START + expected * of_a_row
    shape = (
        f"{len(made.subjects)} columns or conditions in "
        f"{sum(each.size for each in made.subjects):_} cells, {len(made.lines):_} bits"
    )
    times = f"about {_seconds(chain)} as a chain, {_seconds(by_cells)} in cells"
    way: Way = "cells" if by_cells < chain else "chain"
    kept = made if way == "cells" else None
    return Plan(found.name, count, rows, way, (shape, times), kept)


def _refused(found: SegmentSet, cells: Cells) -> str | None:
    """Why cells are not the way however many rows there are."""
    if not cells.subjects:
        return "the rules read nothing of a row"
    if not cells.lines:
        return "no rule can be true"
    if len(cells.lines) > _MOST_LINES_A_RULE * len(found.rules):
        return f"{len(cells.lines):_} lines for {len(found.rules):_} rules are too many"
    if len(found.rules) + 2 > _MOST_OUTCOMES:
        return f"more than {_MOST_OUTCOMES:_} outcomes"
    words = -(-len(cells.lines) // _BITS) * sum(each.size for each in cells.subjects)
    if words > _MOST_WORDS:
        return f"the masks would take {words * 8 // 2**20:_} MB"
    return None


def _seconds(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e9:.1f} s"
