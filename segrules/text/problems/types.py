"""Types that do not go together."""

from __future__ import annotations

import re

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import quoted, segments_when, thing
from segrules.text.shown import shown
from segrules.text.source import Span

TYPES_DIFFER = entry(
    "SEG301",
    "values of different kinds",
    why="Nothing is converted silently: a text that looks like a number, a date held against an "
    "amount, or two currencies are mistakes far more often than meant.",
    wrong=segments_when('points > "100"'),
    right=segments_when("points > 100"),
)
SHARE_NEEDS_PERCENT = entry(
    "SEG302",
    "a plain number beside a share",
    why="A share lies between 0% and 100%. Whether 60 means 60% or sixty times the whole cannot "
    "be guessed.",
    wrong=segments_when("share_web > 60"),
    right=segments_when("share_web > 60%"),
)
PERCENT_NEEDS_SHARE = entry(
    "SEG303",
    "a percentage beside something that is not a share",
    why="A percentage is a part of something, and here it does not say of what.",
    wrong=segments_when("points > 60%"),
    right=segments_when("points > 60% of 1_000"),
)
NOT_A_NUMBER = entry(
    "SEG304",
    "reckoning with something that is not a number",
    why="Only numbers, shares and money can be added, multiplied and compared in size.",
    wrong="let odd = spend + region\n",
    right="let doubled = spend + spend\n",
)
NOT_A_CONDITION = entry(
    "SEG305",
    "a value where a condition belongs",
    why="A condition is true or false for each customer; a number or a text is neither.",
    wrong=segments_when("spend and vip"),
    right=segments_when("spend > 100 and vip"),
)
NO_ORDER = entry(
    "SEG306",
    "values without an order",
    why="Text and lists of values have no order that means something; an order is declared with "
    "`ordered`.",
    wrong=segments_when("region > north"),
    right=segments_when("tier > bronze"),
)
TEXT_NEEDED = entry(
    "SEG307",
    "a text test of something that is not text",
    why="Only columns of text have a beginning, an end and parts.",
    wrong=segments_when('spend contains "9"'),
    right=segments_when('customer_id contains "9"'),
)
DATE_NEEDED = entry(
    "SEG308",
    "something that is not a date",
    why="Days and ages are counted between dates.",
    wrong="let age = days since spend\n",
    right="let age = days since joined\n",
)
WHOLE_NEEDED = entry(
    "SEG309",
    "a whole division of something that is not whole",
    why="`div` and `mod` count how often a number goes into another, and what is left.",
    wrong="let rest = weight mod 10\n",
    right="let rest = points mod 10\n",
)
MONEY_NEEDED = entry(
    "SEG310",
    "something that is not money",
    why="What a stage brings and costs is an amount of money.",
    wrong="funnel sales of customers {\n  enquiry at joined\n"
    "  sale    at sold_at within 90 days  value points\n}\n",
    right="funnel sales of customers {\n  enquiry at joined\n"
    "  sale    at sold_at within 90 days  value spend\n}\n",
)
COUNT_NEEDED = entry(
    "SEG311",
    "a count that is not a whole number",
    why="Rows are counted in whole numbers, and the count is the same for all customers.",
    wrong=segments_when("at least 1.5 orders in last 90 days"),
    right=segments_when("at least 2 orders in last 90 days"),
)
DIVISOR = entry(
    "SEG312",
    "a divisor that is not a positive constant",
    why="With a divisor below zero the languages that rules are run in give different answers, "
    "and with zero none.",
    wrong="let rest = points mod points\n",
    right="let rest = points mod 10\n",
)
MONEY_TIMES_MONEY = entry(
    "SEG313",
    "money times money",
    why="The product would be in square pounds. One of the two is meant to be a number.",
    wrong="let odd = spend * spend\n",
    right="let doubled = spend * 2\n",
)
DATES_SUBTRACTED = entry(
    "SEG314",
    "a date minus a date",
    why="The answer could be meant in days, months or completed years, with or without both ends.",
    wrong="let age = as_of - joined\n",
    right="let age = completed days from joined to as_of\n",
)
MAY_OVERFLOW = entry(
    "SEG315",
    "a whole number that could become too large",
    why="Whole numbers are held exactly up to 9 quintillion; from the declared ranges the result "
    "could be larger. A declared range shows that it is not.",
    wrong="table shops key shop_id {\n  shop_id text\n  visits  whole\n  seats   whole\n}\n"
    "let product of shops = visits * seats\n",
    right="table shops key shop_id {\n  shop_id text\n  visits  whole 0..1_000_000\n"
    "  seats   whole 0..1_000\n}\nlet product of shops = visits * seats\n",
)
FINER_THAN_MINOR = entry(
    "SEG316",
    "an amount with too many decimals",
    why="Amounts are exact to the smallest coin of the currency; a finer one can never be met.",
    wrong=segments_when("spend > 100.005"),
    right=segments_when("spend > 100.05"),
)
LET_IS_LENGTH = entry(
    "SEG317",
    "a named value that is a length of time",
    why="Named values are read from rows. A length of time that is set once is a knob.",
    wrong="let lapse = 90 days\n",
    right="knob lapse = 90 days from 30 days to 180 days\n",
)
POINTS = entry(
    "SEG318",
    "points that are not a number",
    why="A score adds up points; money, shares and texts are no points.",
    wrong="score worth {\n  add spend\n}\n",
    right="score worth {\n  add points\n  add 2 when spend > 100\n}\n",
)


def types_differ(span: Span, left: str, right: str) -> Diagnostic:
    hint = _bring_together({left, right})
    counted = _DATE_AND_COUNT.fullmatch(span.text)
    if {left, right} == {"a date", "a whole number"} and counted:
        hint = f"say what is counted: `days since {counted[1]} {counted[2]}`"
    if _SLASHED_DATE.search(span.text):
        hint = "dates are written year-month-day: 2026-06-30"
    return TYPES_DIFFER.at(span, f"{thing(left)} does not go with {thing(right)}", hint)


_DATE_AND_COUNT = re.compile(r"([A-Za-z_]\w*)\s*([<>]=?\s*\d[\d_]*)")
_SLASHED_DATE = re.compile(r"\b\d{1,2}\s*/\s*\d{1,2}\s*/\s*\d{4}\b")


def _bring_together(kinds: set[str]) -> str:
    if "a length of time" in kinds:
        return "a length of time is added to a date, or compared by `days since`"
    if any(kind.startswith("set of ") for kind in kinds):
        return "a set is tested by `has any of […]`, `has all of […]` or `has none of […]`"
    if "text" in kinds:
        return "numbers, dates and declared values are written without quotes"
    return "bring both sides to the same kind"


def share_needs_percent(span: Span, written: str) -> Diagnostic:
    return SHARE_NEEDS_PERCENT.at(
        span,
        f"{quoted(written)} stands beside a share",
        f"write it as a percentage, such as `{_percentage(written)}`",
    )


def _percentage(written: str) -> str:
    """0.05 is meant as 5%, 60 as 60%."""
    try:
        value = float(written)
    except ValueError:
        return "60%"
    return f"{value * 100:g}%" if abs(value) < 1 else f"{value:g}%"


def percent_needs_share(span: Span, written: str, kind: str) -> Diagnostic:
    return PERCENT_NEEDS_SHARE.at(
        span,
        f"{quoted(written)} stands beside {thing(kind)}, not beside a share",
        f"say of what: `{shown(written)} of …`",
    )


def not_a_number(span: Span, kind: str) -> Diagnostic:
    return NOT_A_NUMBER.at(
        span, f"{thing(kind)} cannot be reckoned with", "name a number or an amount"
    )


def not_a_condition(span: Span, kind: str) -> Diagnostic:
    return NOT_A_CONDITION.at(
        span, f"{thing(kind)} is neither true nor false", "compare it with something: `… > 100`"
    )


def no_order(span: Span, kind: str, sign: str) -> Diagnostic:
    return NO_ORDER.at(
        span,
        f"{thing(kind)} has no order, so `{sign}` means nothing",
        "use `=` or `in [...]`, or declare the column `ordered a < b`",
    )


def text_needed(span: Span, kind: str, word: str) -> Diagnostic:
    return TEXT_NEEDED.at(
        span, f"`{word}` looks at text, and this is {thing(kind)}", "name a column of text"
    )


def date_needed(span: Span, kind: str) -> Diagnostic:
    return DATE_NEEDED.at(span, f"this is {thing(kind)}, not a date", "name a column with dates")


def whole_needed(span: Span, kind: str) -> Diagnostic:
    return WHOLE_NEEDED.at(
        span,
        f"`div` and `mod` take whole numbers, and this is {thing(kind)}",
        "use `/` for a quotient",
    )


def money_needed(span: Span, kind: str) -> Diagnostic:
    return MONEY_NEEDED.at(
        span, f"this is {thing(kind)}, not money", "name a column declared `money`"
    )


def count_needed(span: Span) -> Diagnostic:
    return COUNT_NEEDED.at(
        span,
        f"{quoted(span.text)} is not a count of rows",
        "write a whole number, or a knob that is one",
    )


def divisor_not_constant(span: Span) -> Diagnostic:
    return DIVISOR.at(
        span,
        f"{quoted(span.text)} is not a positive whole constant",
        "write a number such as 10, or a knob",
    )


def money_times_money(span: Span) -> Diagnostic:
    return MONEY_TIMES_MONEY.at(
        span, "money times money is not money", "multiply by a number or a share"
    )


def dates_subtracted(span: Span) -> Diagnostic:
    return DATES_SUBTRACTED.at(
        span,
        "a date minus a date could be days, months or years",
        "write `completed days from … to …`, or `days since …`",
    )


def may_overflow(span: Span) -> Diagnostic:
    return MAY_OVERFLOW.at(
        span,
        "the result could be too large to be held exactly",
        "declare the ranges of the columns: `whole 0..1_000`",
    )


def finer_than_minor_unit(span: Span, written: str, currency: str) -> Diagnostic:
    return FINER_THAN_MINOR.at(
        span,
        f"{quoted(written)} is finer than the smallest unit of {shown(currency)}",
        "leave out the last decimals; thousands are written `12_345`",
    )


def let_is_length(span: Span, name: str) -> Diagnostic:
    return LET_IS_LENGTH.at(
        span,
        f"{quoted(name)} is a length of time",
        f"declare it as a knob: `knob {shown(name)} = 90 days from 30 days to 180 days`",
    )


def points_not_a_number(span: Span, kind: str) -> Diagnostic:
    return POINTS.at(
        span,
        f"points are numbers, and this is {thing(kind)}",
        "add a number, with `when` a condition",
    )
