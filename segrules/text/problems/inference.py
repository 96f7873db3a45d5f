"""What can be wrong with data that a first rule file is made from."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.samples import HEADER, ROW, RULES
from segrules.text.problems.words import listed, quoted

_RUN = "init fresh.seg --from customers.csv"


def _made(customers: str, run: str = _RUN) -> Example:
    return Example(RULES, {"customers": customers}, run)


_RIGHT = _made(HEADER + ROW)

NO_ROWS = entry(
    "SEG490",
    "no rows to make rules from",
    why="What a column holds is read off its cells.",
    wrong=_made(HEADER),
    right=_RIGHT,
)
NO_KEY = entry(
    "SEG491",
    "no column that could be the key",
    why="A table has a key: a text column that is never empty, stands once and names the row, such "
    "as `customer_id`. Without it nobody could be found again in the result.",
    wrong=_made("region,spend\nnorth,12.50\nnorth,7.00\n"),
    right=_RIGHT,
)
GIVEN_TWICE = entry(
    "SEG492",
    "a file is given twice",
    why="Each file becomes one table.",
    wrong=_made(HEADER + ROW, "init fresh.seg --from customers.csv --from ./customers.csv"),
    right=_RIGHT,
)


def no_rows(file: str) -> Diagnostic:
    return NO_ROWS.about(
        file, f"{quoted(file)} has no rows", "export it again with some rows to go by"
    )


def no_key(file: str, near: Sequence[tuple[str, str]]) -> Diagnostic:
    """`near` are the columns that come closest, each with what keeps it from being the key."""
    if not near:
        return NO_KEY.about(
            file,
            f"{quoted(file)} has no column that could be its key",
            "add a column such as `customer_id` with a name for each row",
        )
    said = "; ".join(f"{quoted(column)} {reason}" for column, reason in near)
    return NO_KEY.about(
        file,
        f"no column of {quoted(file)} could be its key: {said}",
        "give a file with one row a key, or add a column such as `customer_id`",
    )


def given_twice(files: Sequence[str]) -> Diagnostic:
    return GIVEN_TWICE.about(None, f"{listed(files)} are the same file", "name each file once")
