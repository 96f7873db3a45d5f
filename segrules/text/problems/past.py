"""What can be wrong with questions about the past, reviews and ladders."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import listed, quoted, segments_when
from segrules.text.source import Span

_HEAD = 'ruleset shop {{\n  goal "Raise profit"\n  money GBP\n{}}}\n'
_SHOP = (
    "table customers key customer_id {\n  customer_id text\n  spend money\n}\n"
    "table orders of customers by customer_id dated ordered_on {\n"
    "  ordered_on date\n  amount money\n}\n"
)
_GOLD = (
    "segments tier of customers{} {{\n  gold when spend >= 5_000\n"
    "      leave when spend < 4_000 for 2 reviews running\n  otherwise base\n}}\n"
)

NO_FISCAL_YEAR = entry(
    "SEG156",
    "a fiscal year that starts nowhere",
    why="Fiscal years start on a day of the firm's own, which the heading states once.",
    wrong=_HEAD.format("") + _SHOP + "let sales = sum amount of orders in this fiscal year\n",
    right=_HEAD.format("  fiscal year starts 1 april\n")
    + _SHOP
    + "let sales = sum amount of orders in this fiscal year\n",
)
NO_REVIEWS = entry(
    "SEG157",
    "reviews without a rhythm",
    why="A review is a period of the calendar, not a run: two runs in one month are one review. "
    "The heading says which period.",
    wrong=_HEAD.format("") + _SHOP + _GOLD.format(""),
    right=_HEAD.format("  review every month\n") + _SHOP + _GOLD.format(""),
)
NOT_KEPT = entry(
    "SEG158",
    "the past of a column that is not kept",
    why="Only what was stored with earlier assignments can be asked about: segments, and the "
    "columns declared `kept`.",
    wrong=segments_when("points as at 2 quarters ago >= 7", unsure=True),
    right="table people key person_id {\n  person_id text\n  mood      whole 0..10 kept\n}\n"
    "segments s of people {\n  a when mood as at 2 quarters ago >= 7\n  otherwise b\n"
    "  unsure c\n}\n",
)
NO_LADDER = entry(
    "SEG159",
    "up and down without a ladder",
    why="Segments have an order only where the set states one, from the lowest to the highest.",
    wrong=_HEAD.format("  review every month\n")
    + _SHOP
    + _GOLD.format("")
    + "flags of customers {\n  fell when tier moved down since 1 quarter ago\n}\n",
    right=_HEAD.format("  review every month\n")
    + _SHOP
    + _GOLD.format(" ladder base < gold")
    + "flags of customers {\n  fell when tier moved down since 1 quarter ago\n}\n",
)


def no_fiscal_year(span: Span) -> Diagnostic:
    return NO_FISCAL_YEAR.at(
        span,
        "a fiscal year, but the heading does not say when it starts",
        "add `fiscal year starts 1 april` (or another day) to the `ruleset` block",
    )


def no_reviews(span: Span) -> Diagnostic:
    return NO_REVIEWS.at(
        span,
        "reviews are spoken of, but the heading does not say how often there is one",
        "add `review every month` (or another period) to the `ruleset` block",
    )


def not_kept(span: Span, name: str, kept: Sequence[str]) -> Diagnostic:
    known = f"kept are {listed(kept)}; or " if kept else ""
    return NOT_KEPT.at(
        span,
        f"{quoted(name)} is not a column whose past is kept",
        f"{known}add `kept` to the column",
    )


def no_ladder(span: Span, name: str) -> Diagnostic:
    return NO_LADDER.at(
        span,
        f"{quoted(name)} has no ladder",
        "state one behind the table's name: `ladder low < middle < high`",
    )
