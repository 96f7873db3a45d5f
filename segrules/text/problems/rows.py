"""Lists, ranks, windows and aggregates that cannot be taken."""

from __future__ import annotations

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import quoted, segments_when, thing
from segrules.text.source import Span

NO_LIST_OF = entry(
    "SEG321",
    "a list of values that are not counted out",
    why="A list holds texts, whole numbers, amounts, dates or declared values. Numbers with "
    "decimals and shares are measured, and seldom exactly equal to one.",
    wrong=segments_when("weight in [1.5]", unsure=True),
    right=segments_when("points in [10, 20]"),
)
LIST_OF_CONSTANTS = entry(
    "SEG322",
    "a list with something that is not constant",
    why="A list is the same for all customers.",
    wrong=segments_when("points in [10, spend]"),
    right=segments_when("points in [10, 20]"),
)
MISSING_IN_LIST = entry(
    "SEG323",
    "missing in a list",
    why="A missing value is not equal to anything, itself included, so it can never be met in a "
    "list.",
    wrong=segments_when("region in [north, missing]"),
    right=segments_when("region in [north]"),
)
NO_RANK_BY = entry(
    "SEG324",
    "a rank by something without size",
    why="A rank puts rows in order of size; texts, flags and lists of values have none.",
    wrong=segments_when("in top 20% by region"),
    right=segments_when("in top 20% by spend"),
)
RANK_INSIDE = entry(
    "SEG325",
    "a rank among related rows",
    why="A rank compares customers with each other; inside `where` a row of another table is at "
    "hand.",
    wrong=segments_when("any orders where (in top 20% by amount)"),
    right=segments_when("in top 20% by spend"),
)
QUOTA = entry(
    "SEG326",
    "a quota out of range",
    why="A rank takes a share above 0% and up to 100%, or a whole number of rows from one.",
    wrong=segments_when("in top 120% by spend"),
    right=segments_when("in top 20% by spend"),
)
NO_AGGREGATE_OF = entry(
    "SEG327",
    "an aggregate of values it cannot take",
    why="Sums and means are taken of numbers, the least and the greatest of what has an order.",
    wrong="let total = sum ordered_on of orders\n",
    right="let total = sum amount of orders\n",
)
WINDOW_NEEDS_DATE = entry(
    "SEG328",
    "a window on rows without a date",
    why="A window, the first and the last row are found by the date of the rows, and the table "
    "does not say which column that is.",
    wrong="table visits of customers by customer_id {\n  customer_id text\n  seen_on date\n}\n"
    "let seen = count visits in last 90 days\n",
    right="table visits of customers by customer_id dated seen_on {\n"
    "  customer_id text\n  seen_on date\n}\nlet seen = count visits in last 90 days\n",
)
BARE_UNIT = entry(
    "SEG329",
    "last month, with two meanings",
    why="`in last month` could be the calendar month before this one or the days up to today.",
    wrong=segments_when("any orders in last month"),
    right=segments_when("any orders in last 1 month"),
)
WINDOW_BACKWARDS = entry(
    "SEG330",
    "a window that ends before it begins",
    why="A window runs from the earlier date to the later: from 24 to 18 months ago.",
    wrong=segments_when("any orders from 18 to 24 months ago"),
    right=segments_when("any orders from 24 to 18 months ago"),
)


def no_list_of(span: Span, kind: str) -> Diagnostic:
    return NO_LIST_OF.at(
        span, f"{thing(kind)} cannot be looked up in a list", "compare with `between … and …`"
    )


def list_of_constants(span: Span) -> Diagnostic:
    return LIST_OF_CONSTANTS.at(
        span, f"{quoted(span.text)} is not constant", "compare with `=` and join with `or`"
    )


def missing_in_list(span: Span) -> Diagnostic:
    return MISSING_IN_LIST.at(
        span, "`missing` cannot be met in a list", "write `… is missing or … in [...]`"
    )


def no_rank_by(span: Span, kind: str) -> Diagnostic:
    return NO_RANK_BY.at(
        span, f"{thing(kind)} has no size to rank by", "rank by a number or an amount"
    )


def rank_inside_aggregate(span: Span) -> Diagnostic:
    return RANK_INSIDE.at(
        span, "a rank cannot be asked of related rows", "name an amount with `let`, and rank by it"
    )


def quota_out_of_range(span: Span) -> Diagnostic:
    return QUOTA.at(
        span,
        f"nobody or more than everybody is in {quoted(span.text)}",
        "write a share above 0% up to 100%, or a whole number from 1",
    )


def no_aggregate_of(span: Span, how: str, kind: str) -> Diagnostic:
    return NO_AGGREGATE_OF.at(
        span,
        f"there is no {how} of {thing(kind)}",
        f"name a column that has a {how}, or count the rows",
    )


def window_needs_date(span: Span, table: str) -> Diagnostic:
    return WINDOW_NEEDS_DATE.at(
        span,
        f"the rows of {quoted(table)} have no date",
        "declare the table with `dated` and the column",
    )


def window_bare_unit(span: Span) -> Diagnostic:
    words = " ".join(span.text.split())
    unit = words.split()[-1].removesuffix("s")
    return BARE_UNIT.at(
        span,
        f"{quoted(words)} has two meanings",
        f"write `in last 1 {unit}` for the time up to `as_of`, or two dates: `from … to …`",
    )


def window_backwards(span: Span) -> Diagnostic:
    return WINDOW_BACKWARDS.at(
        span, "the window ends before it begins", "write the earlier end first"
    )
