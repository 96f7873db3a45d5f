"""What can be wrong when a life of customers is projected over data."""

from __future__ import annotations

import datetime as dt

from segrules.text.catalogue import Entry, Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import quoted
from segrules.text.source import Span

_LIFE = """
table payments of customers by customer_id dated paid_on {
  customer_id text
  paid_on     date
  paid        money
}
segments tiers of customers {
  large when points >= 100
  otherwise small
}
EXTRA
assume more = 1.05 to 1.2 { source experiment "letters test" owner "Marketing" until 2027-06-30 }
life spending of customers {
  sales payments value paid
  CHANGES
}
scenario letters { comms small LEVER }
project spending { for 12 months runs 100 seed 7 compare letters against todayHOLD }
"""
_PART = (
    "assume part = 10% to 30% "
    '{ source experiment "letters test" owner "Marketing" until 2027-06-30 }'
)
_USUAL = {
    "CHANGES": "points drifts by 0 give or take 5",
    "LEVER": "value times more",
    "EXTRA": "",
    "HOLD": "",
}
_CUSTOMERS = "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n" + (
    "".join(f"c{at},2024-01-10,north,gold,120.00,{at * 20},,10%,no,,\n" for at in range(10))
)
_PAYMENTS = "customer_id,paid_on,paid\n" + "".join(
    f"c{at % 10},{2025 + (at % 12 < 6)}-{at % 12 + 1:02d}-10,50.00\n" for at in range(60)
)


def _run(words: str = "", payments: str = _PAYMENTS, **parts: str) -> Example:
    rules = _LIFE
    for name, part in (_USUAL | parts).items():
        rules = rules.replace(name, part)
    tables = {"customers": _CUSTOMERS, "payments": payments}
    return Example(rules, tables, f"simulate --as-of 2026-06-30{words}")


_RIGHT = _run()
_KEPT = """
ruleset shop {
  language 1
  goal   "Raise profit at the same cost"
  why    "A few customers bring most of it"
  owner  "Sales"
  zone   "Europe/London"
  money  GBP
  review REVIEW
}
table customers key customer_id {
  customer_id text
  joined      date
  region      one of north, south
  points      whole 0..1000 kept
}
"""


def _reviewed(review: str, rule: str, unsure: str = "") -> Example:
    made = _run()
    rules = made.rules.replace("large when points >= 100", rule)
    rules = rules.replace("otherwise small", f"otherwise small{unsure}")
    return Example(_KEPT.replace("REVIEW", review) + rules, made.data, made.run)


_NO_SALES = entry(
    "SEG770",
    "no sale to project a life from",
    why="How often customers buy is learned from the last twelve complete months. Without a sale "
    "in them there is nothing to carry forward; most often as_of is not the end of the data.",
    wrong=_run(payments=_PAYMENTS.replace("2025-", "2015-").replace("2026-", "2016-")),
    right=_RIGHT,
)
_COLUMN = entry(
    "SEG771",
    "revenue that is added to a column without money",
    why="A running total of revenue is an amount of money. A plain number does not say in which "
    "unit it is counted, so adding to it could be wrong by a hundred times.",
    wrong=_run(CHANGES="points sums keep 90%"),
    right=_run(CHANGES="spend sums keep 90%"),
)
_NO_HISTORY = entry(
    "SEG772",
    "a column switches, and nothing says how",
    why="How often a column goes from one value to another is counted from stored assignments that "
    "are a period apart. The column must be marked `kept`, and the assignments must be there.",
    wrong=_run(CHANGES="region switches"),
    right=_RIGHT,
)
_ASKED = entry(
    "SEG773",
    "rules that ask more of the past than is remembered",
    why="While customers are played their placements are remembered: where they were, since when, "
    "and which changes there were. What else was stored of them is not.",
    wrong=_reviewed(
        "every month", "large when points as at 2 months ago >= 100", "\n  unsure unclear"
    ),
    right=_RIGHT,
)
_REVIEWS = entry(
    "SEG774",
    "periods shorter than reviews",
    why="A segment that holds customers for several reviews counts one review a period. With "
    "periods shorter than the reviews of the rules it would let them go too early.",
    wrong=_reviewed(
        "every quarter",
        "large when points >= 100\n    leave when points < 60 for 2 reviews running",
    ),
    right=_RIGHT,
)
_RANGE = entry(
    "SEG775",
    "a figure of a life out of range",
    why="A chance or a share lies between 0 and 1, an amount that is paid is not below 0, and a "
    "column cannot lose more than all of its value. An assumption must keep to that over its whole "
    "range.",
    wrong=_run(CHANGES="points drifts by -150% give or take 5%"),
    right=_RIGHT,
)
_ENGINE = entry(
    "SEG776",
    "an engine that cannot play a life",
    why="A life goes customer by customer, because the rules are asked about each of them again in "
    "every period. Engines that only know how many customers a segment has cannot do that.",
    wrong=_run(" --engine counts"),
    right=_RIGHT,
)
_FORWARD = entry(
    "SEG777",
    "a lever that has no sales to pull forward",
    why="Sales are pulled forward where a lever makes customers buy more often for a time. One "
    "that does something else gains no sales that could be missing later.",
    wrong=_run(LEVER="value times more pull_forward part", EXTRA=_PART),
    right=_RIGHT,
)
_HELD = entry(
    "SEG778",
    "nothing is held equal in a life",
    why="What is held equal, cost or sales, is found by moving a funnel's levers. A life has no "
    "such step: it shows cost and sales side by side.",
    wrong=_run(HOLD=" hold cost"),
    right=_RIGHT,
)


_FOR_GOOD = entry(
    "SEG779",
    "a lever that moves customers for good",
    why="Whoever is moved by a lever stays where the lever put them, unless some fall back or it "
    "ends. Gains that last for ever are worth many times those of one nudge, so it is said where "
    "neither is stated.",
    wrong=_run(LEVER="points by 50 chance part", EXTRA=_PART),
    right=_run(LEVER="points by 50 chance part fall_back part", EXTRA=_PART),
    severity="warning",
)
_LATE = entry(
    "SEG780",
    "sales of a life dated after the day",
    why="What is dated after the day of the projection has not happened yet on it, so it is left "
    "out of what is learned. Most often as_of is not the end of the data.",
    wrong=_run(payments=_PAYMENTS + "c1,2026-08-10,50.00\n"),
    right=_RIGHT,
    severity="warning",
)


def _placed(code: Entry, span: Span | None, message: str, hint: str) -> Diagnostic:
    return code.at(span, message, hint) if span else code.about(None, message, hint)


def life_without_past_sales(life: str, table: str, since: dt.date) -> Diagnostic:
    return _NO_SALES.about(
        None,
        f"no row of `{table}` of a known customer is dated in the last complete months, from "
        f"{since.isoformat()} on, so the life `{life}` has no sales",
        "set as_of to the end of the data",
    )


def column_cannot_evolve(
    column: str, way: str, kind: str, needs: str, span: Span | None
) -> Diagnostic:
    """`way` is the word of the evolution, or `moves` of a lever."""
    word = way.replace("_", " ")
    message = f"`{column}` is {kind} and cannot go on by `{word}`, which is for {needs}"
    return _placed(_COLUMN, span, message, "choose another way for the column")


def switches_without_history(
    column: str, kept: bool, months: int, span: Span | None
) -> Diagnostic:  # fmt: skip
    """`months` is the length of a period."""
    if not kept:
        message = f"`{column}` switches and is not kept, so nothing says how"
        hint = "mark the column `kept` and store assignments, or leave the column as it is"
    else:
        apart = "a month" if months == 1 else f"{months} months"
        message = (
            f"no two stored assignments are {apart} apart, so nothing says how `{column}` switches"
        )
        hint = "give the folder of earlier assignments with --history, or leave the column as it is"
    return _placed(_NO_HISTORY, span, message, hint)


def rules_ask_more(asked: str, set_name: str) -> Diagnostic:
    return _ASKED.about(
        None,
        f"the segments `{set_name}` ask the past for {quoted(asked)}, which is not remembered "
        "while customers are played",
        "project segments that ask for less of the past",
    )


def periods_shorter_than_reviews(set_name: str, months: int) -> Diagnostic:
    periods = "months" if months == 1 else f"periods of {months} months"
    return _REVIEWS.about(
        None,
        f"the segments `{set_name}` hold customers for several reviews, and the project goes by "
        f"{periods}, which are shorter than a review",
        "make the periods of the project as long as a review",
    )


def life_figure_out_of_range(
    what: str, given: str, allowed: str, assumption: str | None
) -> Diagnostic:
    source = f" by the assumption `{assumption}`" if assumption else ""
    message = f"{what} is {given}{source}, and must be {allowed}"
    return _RANGE.about(None, message, "give another figure")


def engine_not_of_lives(engine: str) -> Diagnostic:
    return _ENGINE.about(
        None,
        f"the engine `{engine}` cannot play a life, where rules are asked again each period",
        "leave out --engine, or name `customers`",
    )


def nothing_pulled_forward(kind: str, span: Span | None) -> Diagnostic:
    message = f"the lever `{kind}` pulls sales forward and does not change how often customers buy"
    hint = "add a change of arrivals, or leave out pull_forward"
    return _placed(_FORWARD, span, message, hint)


def nothing_held_in_lives(project: str, held: str) -> Diagnostic:
    return _HELD.about(
        None,
        f"the project `{project}` holds {held} equal, which is not done for a life",
        "leave out hold",
    )


def moved_for_good(kind: str, column: str, scenario: str) -> Diagnostic:
    return _FOR_GOOD.about(
        None,
        f"the lever `{kind}` of `{scenario}` moves `{column}` and says neither for how long nor "
        "how many fall back, so whom it moves stays moved",
        "add `for … months` or `fall_back`",
    )


def sales_after_the_day(table: str, number: int, as_of: dt.date) -> Diagnostic:
    rows = "1 row" if number == 1 else f"{number:,} rows"
    are = "is" if number == 1 else "are"
    return _LATE.about(
        None,
        f"{rows} of `{table}` {are} dated after {as_of.isoformat()} and {are} left out",
        "set as_of to the end of the data, if they have happened",
    )
