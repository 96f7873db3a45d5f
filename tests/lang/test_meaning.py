"""What is written means what the language says: rules, rows and the customers they must find.

Each case is decided by the reference evaluator and by Polars; both must give the expected answer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl
import pytest
from placed import row_of

from segrules.backends.reference.evaluate import decide
from segrules.lang.pipeline import compile_source
from segrules.segments.assign import Asked, place, placed_rows
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)

HEAD = """
ruleset meaning { language 1 goal "test" zone "Europe/London" money GBP }
table customers key id {
  id text  born date?  spend money?  points whole 0..1000?  weight number?  part share?
  colour one of red, green, blue ?  tier ordered bronze < silver < gold ?  vip flag?  note text?
}
table orders of customers by id dated at {
  at instant  amount money  items whole 0..100  kind one of book, toy  score number
}
"""

CUSTOMERS = """id,born,spend,points,weight,part,colour,tier,vip,note
a,2000-02-29,100.00,10,1.5,25%,red,gold,yes,Café au lait
b,1990-07-01,0.50,0,0,0%,green,bronze,no,
c,,,,,,,,,x
d,2026-06-30,-3.33,1000,-2,100%,blue,silver,yes,cafe
"""

# The last moment of 30 June in London is 22:59:59 UTC; 31 May ends at 22:59:59 UTC, too.
ORDERS = """id,at,amount,items,kind,score
a,2026-06-30T22:59:59Z,10.00,1,book,0.5
a,2026-06-30T23:00:00Z,999.00,9,toy,9
a,2026-05-31T23:00:00Z,20.00,2,toy,0.25
a,2026-05-31T22:59:59Z,40.00,4,toy,0.125
a,2024-12-30T12:00:00Z,80.00,8,book,0.0625
a,2024-06-30T12:00:00Z,160.00,16,book,1
b,2026-06-01T12:00:00Z,5.00,1,book,2
b,2026-06-01T12:00:00Z,7.00,3,toy,2
"""


def read(text: str) -> pl.DataFrame:
    return pl.read_csv(text.encode(), infer_schema=False)


@dataclass(frozen=True)
class Found:
    """Customers by what became of them, in order of their ids."""

    yes: str
    unsure: str


def found(condition: str, more: str = "") -> Found:
    """Who is in the segment of a rule, and about whom it cannot be decided, by both targets."""
    rules = f"segments s of customers {{ hit when {condition} otherwise miss unsure unclear }}"
    compiled = compile_source(Source("meaning.seg", HEAD + more + rules))
    errors = [each for each in compiled.log if each.severity == "error"]
    assert not errors, errors
    assert compiled.ruleset is not None
    frames = {"customers": read(CUSTOMERS), "orders": read(ORDERS)}
    placement = place(compiled.ruleset, "customers", frames, Asked(AS_OF))
    by_polars = dict(placed_rows(placement).collect().select("id", "s").iter_rows())
    by_reference = {
        key: decide(
            compiled.ruleset.sets[0], row_of(placement, key), compiled.ruleset, placement.context
        ).segment
        for key in by_polars
    }
    assert by_polars == by_reference
    return Found(
        "".join(key for key, segment in by_polars.items() if segment == "hit"),
        "".join(key for key, segment in by_polars.items() if segment == "unclear"),
    )


@pytest.mark.parametrize(
    ("condition", "yes", "unsure"),
    [
        # three values of truth
        ("points > 5", "ad", "c"),
        ("not points > 5", "b", "c"),
        ("points > 5 or vip", "ad", "c"),
        ("points is missing or points > 500", "cd", ""),
        ("points is known and points > 5", "ad", ""),
        ("(points if missing use 7) > 5", "acd", ""),
        # lists, text, sets of values
        ("colour in [red, blue]", "ad", "c"),
        ("colour not in [red, blue]", "b", "c"),
        ("colour = red", "a", "c"),
        ("colour != red", "bd", "c"),
        ("tier >= silver", "ad", "c"),
        ("note = \"cafe\"", "d", "b"),
        ("note starts_with \"Caf\"", "a", "b"),
        ("note contains \"é\"", "a", "b"),
        ("note ends_with \"x\"", "c", "b"),
        # ranges include both ends
        ("points between 10 and 1000", "ad", "c"),
        # money: a plain number is an amount, percentages round half-even
        ("spend = 100", "a", "c"),
        ("spend = 0.5", "b", "c"),
        ("1% of spend = 0", "b", "c"),
        ("1% of spend = -0.03", "d", "c"),
        ("spend / 3 > 33.33", "", "c"),
        ("spend * 2 = 200", "a", "c"),
        ("least(spend, 50) = 50", "a", "c"),
        # division by zero is missing; div and mod round down
        ("1 / weight > 0", "a", "bc"),
        ("points div 3 = 3", "a", "c"),
        ("(points - 11) mod 3 = 2", "ad", "c"),
        ("(points - 11) div 3 = -1", "a", "c"),
        # shares
        ("part >= 25%", "ad", "c"),
        ("spend * 500% = 500", "a", "c"),
        ("greatest(part, points / weight) > 1", "a", "bc"),
        # dates: completed units, a month that lacks the day ends on its last
        ("completed years from born to as_of = 26", "a", "c"),
        ("completed years from born to as_of = 35", "b", "c"),
        ("completed years from born to 2001-02-28 = 1", "a", "c"),
        ("days since born = 0", "d", "c"),
        ("born + 1 month <= 2000-03-29", "ab", "c"),
    ],
)  # fmt: skip
def test_on_one_row(condition: str, yes: str, unsure: str) -> None:
    assert found(condition) == Found(yes, unsure)


@pytest.mark.parametrize(
    ("condition", "yes"),
    [
        # the window ends with as_of, begins after its first moment, and never looks ahead
        ("exactly 2 orders in last 30 days", "ab"),
        ("exactly 3 orders in last 31 days", "a"),
        ("exactly 5 orders", "a"),
        ("sum amount of orders = 310", "a"),
        ("sum amount of orders in last 30 days = 30", "a"),
        ("exactly 1 orders from 24 to 18 months ago", "a"),
        ("exactly 2 orders from 2024-01-01 to 2024-12-30", "a"),
        ("no orders", "cd"),
        ("any orders where (kind = toy)", "ab"),
        ("fewer than 2 orders where (kind = toy)", "bcd"),
        ("more than 2 orders", "a"),
        ("at most 2 orders", "bcd"),
        # empty: counts and sums are zero
        ("count orders = 0", "cd"),
        ("sum amount of orders = 0", "cd"),
        ("count distinct kind of orders = 2", "ab"),
    ],
)
def test_on_related_rows(condition: str, yes: str) -> None:
    assert found(f"{condition} and note is missing or {condition}").yes == yes


@pytest.mark.parametrize(
    ("condition", "yes"),
    [
        ("mean amount of orders = 62", "a"),
        ("mean amount of orders = 6", "b"),
        ("median amount of orders = 40", "a"),
        ("median amount of orders = 6", "b"),
        ("least items of orders = 1", "ab"),
        ("greatest items of orders = 16", "a"),
        ("first items of orders = 16", "a"),
        ("last items of orders = 1", "a"),
        # several on one day: the first is the smallest, the last the largest
        ("first items of orders = 1", "b"),
        ("last items of orders = 3", "b"),
        ("most common kind of orders = book", "ab"),
        ("days since last orders = 0", "a"),
        ("days since first orders = 29", "b"),
        ("sum (amount * 2) of orders where (items > 4) = 480", "a"),
    ],
)
def test_nothing_is_made_of_no_rows(condition: str, yes: str) -> None:
    unsure = "" if condition.startswith("sum") else "cd"
    assert found(condition) == Found(yes, unsure)


@pytest.mark.parametrize(
    ("condition", "yes", "unsure"),
    [
        ("in top 1 by points", "d", "c"),
        ("in top 2 by points", "ad", "c"),
        ("in bottom 1 by points", "b", "c"),
        # two thirds of three is two; a missing amount takes no part
        ("in top 34% by points", "ad", "c"),
        ("in top 33% by points", "d", "c"),
        ("in top 33% by count orders", "ab", ""),
        ("in top 1 by least(count orders, 2)", "a", ""),
        ("in top 25% by least(count orders, 2)", "ab", ""),
    ],
)
def test_ranks(condition: str, yes: str, unsure: str) -> None:
    assert found(condition) == Found(yes, unsure)


SCORE = "score sum_up { add 2 when vip add points div 100 take 1 when colour = red }\n"
BANDS = (
    "band size of points { small below 10 | middle up to 10 | large }\n"
    "knob recent = 30 days from 1 days to 90 days\n"
)


@pytest.mark.parametrize(
    ("more", "condition", "yes", "unsure"),
    [
        (SCORE, "sum_up = 1", "a", "c"),
        (SCORE, "sum_up = 12", "d", "c"),
        (SCORE, "sum_up = 0", "b", "c"),
        (BANDS, "size = small", "b", "c"),
        (BANDS, "size = middle", "a", "c"),
        (BANDS, "size >= middle", "ad", "c"),
        (BANDS, "exactly 2 orders in last recent", "ab", ""),
        ("let half = 50% of spend\n", "half = 50", "a", "c"),
        ("let worth = spend\nlet twice = worth * 2\n", "twice > 1", "a", "c"),
    ],
)
def test_named_values(more: str, condition: str, yes: str, unsure: str) -> None:
    assert found(condition, more) == Found(yes, unsure)


def test_the_first_true_rule_wins_and_unknown_ones_before_it_do_not_stop_it() -> None:
    rules = (
        'segments s of customers { first when points > 500 second when id != "a" '
        "otherwise rest unsure unclear }"
    )
    compiled = compile_source(Source("meaning.seg", HEAD + rules))
    assert compiled.ruleset is not None
    placement = place(compiled.ruleset, "customers", {"customers": read(CUSTOMERS)}, Asked(AS_OF))
    rows = placed_rows(placement, unknown_counts=True).collect()
    assert rows.rows() == [
        ("a", "rest", "otherwise", 0),
        ("b", "second", "second", 0),
        ("c", "second", "second", 1),
        ("d", "first", "first", 0),
    ]
