"""What can be wrong with a value that is added up, and with asking for cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.samples import HEADER, ROW, RULES, assigned
from segrules.text.problems.words import closest, listed, quoted

_VALUE = """\
value profit of customers {
  revenue spend
  less goods 0  less sales 0  less marketing 0  less service 0
  ledger  LEDGER give or take 1%
}
"""
_ACTIONS = """\
conditions of value {
  | segment | visits  | letters |
  | for     | sales   | service |
  | high    | monthly | yes     |
  | rest    | none    | no      |
}
"""
_PAID = """\
table staff key staff_id {
  staff_id text
  salary   money sensitive
  bonus    money
}
segments pay of staff {
  high when salary > 50
  otherwise low
}
"""


def _ledger(total: str) -> Example:
    rules = RULES + _VALUE.replace("LEDGER", total)
    return Example(rules, {"customers": HEADER + ROW}, "profile")


def _cards(run: str) -> Example:
    return Example(RULES + _ACTIONS, {"customers": HEADER + ROW}, run)


NOT_RECONCILED = entry(
    "SEG475",
    "a value does not reconcile with its ledger",
    why="Shares and ranks of a value that the books do not know would be believed by nobody: "
    "either rows are lacking or counted twice, or the ledger is of another time.",
    wrong=_ledger("200"),
    right=_ledger("120"),
    severity="warning",
)
NO_SHARES = entry(
    "SEG476",
    "a total that is not above zero",
    why="A customer's share of nothing, or of a loss, means nothing: who loses most would have "
    "the largest share.",
    wrong=assigned(HEADER + ROW.replace("120.50", "-120.50"), "profile --concentration spend"),
    right=assigned(HEADER + ROW, "profile --concentration spend"),
    severity="warning",
)
CONCENTRATION_WITHHELD = entry(
    "SEG478",
    "the concentration of a sensitive column",
    why="What the largest customers hold of a total, and what the loss of one would take, are the "
    "values of single people. Of a sensitive column they are not shown.",
    wrong=Example(
        RULES + _PAID,
        {"customers": HEADER + ROW, "staff": "staff_id,salary,bonus\nS1,100,5\n"},
        "profile --by pay --concentration salary",
    ),
    right=Example(
        RULES + _PAID,
        {"customers": HEADER + ROW, "staff": "staff_id,salary,bonus\nS1,100,5\n"},
        "profile --by pay --column bonus",
    ),
    severity="warning",
)
UNKNOWN_DEPARTMENT = entry(
    "SEG477",
    "no such department",
    why="Columns of `conditions` belong to the departments named in its row `for`; a card for "
    "nobody would show nothing to do.",
    wrong=_cards("profile --cards --for finance"),
    right=_cards("profile --cards --for sales"),
)


@dataclass(frozen=True, slots=True)
class Sides:
    """A sum, its ledger, how far above or below it is, and what is allowed: as they are shown."""

    total: str
    ledger: str
    difference: str
    tolerance: str


def not_reconciled(name: str, sides: Sides, unknown: int) -> Diagnostic:
    """`unknown` rows have no value and are not in the sum."""
    left_out = "1 row without it is" if unknown == 1 else f"{unknown:,} rows without it are"
    return NOT_RECONCILED.about(
        None,
        f"{quoted(name)} adds up to {sides.total}, which is {sides.difference} its ledger of "
        f"{sides.ledger}; the tolerance is {sides.tolerance}",
        f"{left_out} not in the sum: fill in what is missing"
        if unknown
        else "look for rows that are lacking or counted twice, or for a ledger of another time",
    )


def no_shares(name: str, table: str, known: int) -> Diagnostic:
    """`known` rows of the table have a value."""
    message = (
        f"the sum of {quoted(name)} over {quoted(table)} is not above zero, so it has no shares"
        if known
        else f"no row of {quoted(table)} has a known {quoted(name)}, so it has no shares"
    )
    return NO_SHARES.about(None, message, "ask for the concentration of another value")


def concentration_withheld(name: str) -> Diagnostic:
    return CONCENTRATION_WITHHELD.about(
        None,
        f"{quoted(name)} is sensitive or rests on a sensitive column, so its concentration is not "
        "shown",
        "ask for the concentration of another value",
    )


def unknown_department(name: str, declared: Sequence[str]) -> Diagnostic:
    near = get_close_matches(name, declared, n=1, cutoff=0.6)
    known = (
        f"declared: {listed(declared)}"
        if declared
        else ("name the departments in a row `for` below the heading of `conditions`")
    )
    return UNKNOWN_DEPARTMENT.about(
        None,
        f"no column of `conditions` is for the department {quoted(name)}",
        closest(near[0] if near else None, "department", known),
    )
