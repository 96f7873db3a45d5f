"""What cannot be asked of arrays."""

from __future__ import annotations

from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.engines import NOT_HERE
from segrules.text.problems.words import quoted


def needs_rows(name: str) -> Diagnostic:
    """`name` is the named value, or the set, that asks other rows."""
    return NOT_HERE.about(
        None,
        f"{quoted(name)} asks rows of other tables, which arrays of one table do not hold",
        "name what it asks of them with `let`, and hand its values over",
    )


def wide_set(name: str, most: int) -> Diagnostic:
    """`name` is a column or a named value."""
    return NOT_HERE.about(
        None,
        f"{quoted(name)} is a set of more than {most} declared values",
        "declare fewer values, or assign over tables",
    )
