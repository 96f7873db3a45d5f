"""What can be wrong with comparisons of a row with others, sequences, sets and value blocks."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import listed, quoted, segments_when
from segrules.text.shown import shown
from segrules.text.source import Span

_VALUE = (
    "table bills of customers by customer_id dated billed_on {{\n"
    "  billed_on date\n  amount money\n  cost money\n}}\n"
    "value profit of customers {{\n  revenue sum amount of bills\n  less goods sum cost of bills\n"
    "  less sales 0\n  less marketing 0\n{}}}\n"
)

COST_LINES = entry(
    "SEG160",
    "a profit without one of its costs",
    why="A customer who looks profitable before the cost of sales, marketing and service may be a "
    "loss after it. A line that is truly nothing is written as 0.",
    wrong=_VALUE.format(""),
    right=_VALUE.format("  less service 0\n"),
)
LINE_NOT_MONEY = entry(
    "SEG161",
    "a line of a value that is not money",
    why="Revenue and costs are amounts of money; only then can the value reconcile with a ledger.",
    wrong=_VALUE.format("  less service count bills\n"),
    right=_VALUE.format("  less service sum cost of bills\n"),
)
LEDGER = entry(
    "SEG162",
    "a ledger that is not an amount",
    why="The total that a value must reconcile with is a number, or a knob that holds one.",
    wrong=_VALUE.format("  less service 0\n  ledger total give or take 1%\n"),
    right="knob total = 1_000 from 0 to 1_000_000\n"
    + _VALUE.format("  less service 0\n  ledger total give or take 1%\n"),
)
NO_LOOK_ALIKES = entry(
    "SEG163",
    "look-alikes by what nobody shares",
    why="Customers are alike where they have the same declared value, whole number, date, text or "
    "band. Two numbers with decimals are hardly ever the same.",
    wrong=segments_when("in top 20% of all customers with same share_web by spend", unsure=True),
    right=segments_when("in top 20% of all customers with same region by spend", unsure=True),
)
OTHER_POPULATION = entry(
    "SEG164",
    "a population of another table",
    why="A row is compared with the other rows of its own table.",
    wrong=segments_when("spend > median spend of all orders"),
    right=segments_when("spend > median spend of all customers"),
)
NO_FIGURE = entry(
    "SEG165",
    "a figure that populations do not have",
    why="Of all rows of a table there are the count, sum, mean, median, least, greatest and "
    "quantiles of an amount; what comes first or most often is asked of related rows.",
    wrong=segments_when("spend > last spend of all customers"),
    right=segments_when("spend > mean spend of all customers"),
)
SHARE_RANGE = entry(
    "SEG166",
    "a part of more than the whole",
    why="A part of a population, of a total or of a segment lies between nothing and all of it.",
    wrong=segments_when("in largest making 0% of spend"),
    right=segments_when("in largest making 80% of spend"),
)
SEQUENCE_OF_ONE = entry(
    "SEG167",
    "a sequence of one step",
    why="A sequence says what comes, or does not come, after its first rows.",
    wrong=segments_when("first orders where (items > 3)"),
    right=segments_when("first orders where (items > 3) then orders within 30 days"),
)
SET_NEEDED = entry(
    "SEG168",
    "a set test of what is no set",
    why="Columns declared `set of` hold any number of values at once; others hold one.",
    wrong=segments_when("region has any of [north]"),
    right=segments_when("region in [north]"),
)


def cost_lines_lack(span: Span, name: str, lacking: Sequence[str]) -> Diagnostic:
    return COST_LINES.at(
        span,
        f"the value {quoted(name)} lacks {listed(lacking)}",
        f"add `less {shown(lacking[0])} …`, or `less {shown(lacking[0])} 0` where there is none",
    )


def line_not_money(span: Span, kind: str) -> Diagnostic:
    return LINE_NOT_MONEY.at(
        span,
        f"this line is {kind}, not money",
        "give an amount, such as a sum of money; a flat one is `0 * spend + 12.50`",
    )


def ledger_not_amount(span: Span, name: str, near: str | None) -> Diagnostic:
    hint = f"the closest knob is {quoted(near)}" if near else "write the total, or declare a knob"
    return LEDGER.at(span, f"{quoted(name)} is not a knob with an amount", hint)


def no_look_alikes(span: Span, kind: str) -> Diagnostic:
    return NO_LOOK_ALIKES.at(
        span,
        f"look-alikes cannot be told by {kind}",
        "make a `band` of it and write `with same` and the band",
    )


def population_of_other(span: Span, name: str, table: str) -> Diagnostic:
    return OTHER_POPULATION.at(
        span,
        f"{quoted(name)} is another table",
        f"write `of all {shown(table)}`, or make an aggregate of related rows",
    )


def no_figure(span: Span, how: str) -> Diagnostic:
    return NO_FIGURE.at(
        span,
        f"there is no {quoted(how)} of a population",
        "use count, sum, mean, median, least, greatest or a quantile",
    )


def share_out_of_range(span: Span) -> Diagnostic:
    return SHARE_RANGE.at(span, "the part is not between 0% and 100%", "write it like `80%`")


def quantile_out_of_range(span: Span) -> Diagnostic:
    return SHARE_RANGE.at(
        span, "the quantile is not between 0% and 100%", "write it like `quantile 75% of spend`"
    )


def sequence_of_one(span: Span, table: str) -> Diagnostic:
    return SEQUENCE_OF_ONE.at(
        span,
        "nothing is said of what comes after the first rows",
        f"add `then …` or `but no …`; for the rows alone write `any {shown(table)}`",
    )


def set_needed(span: Span, kind: str) -> Diagnostic:
    return SET_NEEDED.at(
        span, f"this is {kind}, not a set", "write `in […]`, or declare the column `set of …`"
    )
