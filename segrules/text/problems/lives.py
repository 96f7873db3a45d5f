"""What can be wrong with lives of customers and with lines."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import listed, quoted, thing
from segrules.text.shown import shown
from segrules.text.source import Span

_SALES = "  sales  orders value amount\n"
_LIFE = f"life spending of customers {{\n{_SALES}  points grows by 1\n}}\n"
_CALLS = (
    "table contacts of customers by customer_id dated at {\n  customer_id text\n"
    "  at          instant\n  minutes     number\n  day         date\n}\n"
)
_LINE = _CALLS + "line calls of contacts {\n  arrives  at\n  handling minutes\n}\n"

WITHOUT_SALES = entry(
    "SEG873",
    "a life without sales",
    why="What customers buy, and for how much, is learned from a table of their sales.",
    wrong=_LIFE.replace(_SALES, ""),
    right=_LIFE,
)
NOT_SALES = entry(
    "SEG874",
    "sales that are not dated rows of the table",
    why="How often a customer buys is learned from rows with a date that belong to the customer.",
    wrong="table shops key shop_id {\n  shop_id text\n}\n"
    + _LIFE.replace("of customers", "of shops").replace("  points grows by 1\n", ""),
    right=_LIFE,
)
KIND = entry(
    "SEG875",
    "a column that cannot go on in this way",
    why="Only numbers and amounts grow, drift and move; the day of a sale is a date; and what "
    "switches has declared values to switch between.",
    wrong=_LIFE.replace("points grows", "region grows"),
    right=_LIFE.replace("points grows by 1", "region switches"),
)
TWO_KINDS = entry(
    "SEG876",
    "a drift in per cent and in numbers",
    why="Percentages are of the value, numbers are added to it; one drift is either of them.",
    wrong=_LIFE.replace("grows by 1", "drifts by 1% give or take 5"),
    right=_LIFE.replace("grows by 1", "drifts by 1% give or take 5%"),
)
NO_DATES = entry(
    "SEG877",
    "a line of a table without dates",
    why="When contacts come, hour by hour, is learned from dated rows.",
    wrong="line calls of customers {\n  arrives  joined\n  handling points\n}\n",
    right=_LINE,
)
INCOMPLETE = entry(
    "SEG878",
    "a line that lacks a part",
    why="How long contacts wait follows from when they arrive and from how long each takes.",
    wrong=_LINE.replace("  handling minutes\n", ""),
    right=_LINE,
)
INSTANT = entry(
    "SEG879",
    "arrivals without a time of day",
    why="A queue is a matter of minutes; a date does not say when in the day a contact came.",
    wrong=_LINE.replace("arrives  at", "arrives  day"),
    right=_LINE,
)


def life_without_sales(span: Span, name: str) -> Diagnostic:
    return WITHOUT_SALES.at(
        span,
        f"the life {quoted(name)} does not say what is bought",
        "name the table and what one of its rows brings: `sales orders value amount`",
    )


def no_sales_of(span: Span, name: str, table: str) -> Diagnostic:
    return NOT_SALES.at(
        span,
        f"{quoted(name)} has no dated rows that belong to {quoted(table)}",
        f"name a table that is declared `of {shown(table)} by … dated …`",
    )


def change_of_kind(span: Span, kind: str, needed: str) -> Diagnostic:
    return KIND.at(
        span,
        f"{quoted(span.text)} is {thing(kind)}, and only {needed} can go on in this way",
        "say how it goes on otherwise, or name another column",
    )


def drift_of_two_kinds(span: Span, column: str) -> Diagnostic:
    return TWO_KINDS.at(
        span,
        f"{quoted(column)} drifts by percentages and by numbers",
        "write all of it as percentages of the value, or none",
    )


def line_needs_dates(span: Span, table: str) -> Diagnostic:
    return NO_DATES.at(
        span,
        f"the rows of {quoted(table)} have no date",
        f"declare which column is their date: `table {shown(table)} … dated …`",
    )


def line_incomplete(span: Span, name: str, lacking: Sequence[str]) -> Diagnostic:
    return INCOMPLETE.at(
        span,
        f"the line {quoted(name)} has no {listed(lacking)}",
        "say when a contact comes and how many minutes it takes: `arrives …`, `handling …`",
    )


def instant_needed(span: Span, name: str, kind: str) -> Diagnostic:
    return INSTANT.at(
        span,
        f"{quoted(name)} is {thing(kind)}, not an instant",
        "name a column declared `instant`",
    )
