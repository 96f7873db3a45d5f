"""Profiles add up, and agree with figures known from elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from segments_shop import GBP, NO_UNSURE, SHOP, at_least, ruleset, use

from segrules.lang.ir import (
    Aggregate,
    Column,
    Feature,
    Outcome,
    Rows,
    Rule,
    SegmentSet,
    Table,
    TableColumn,
)
from segrules.lang.types import Date, Text, Whole
from segrules.segments.assign import place
from segrules.segments.profile import Amount, profile
from segrules.segments.read import open_table
from segrules.text.diagnostic import RulesError

AS_OF = dt.date(2026, 6, 30)


def customers(spend: list[float | None], points: list[int | None]) -> dict[str, pl.DataFrame]:
    rows = len(spend)
    return {
        "customers": pl.DataFrame(
            {
                "customer_id": [f"C{at:03}" for at in range(rows)],
                "spend": pl.Series(spend, dtype=pl.Float64),
                "points": pl.Series(points, dtype=pl.Int64),
                "salary": pl.Series([None] * rows, dtype=pl.Int64),
                "joined": [dt.date(2026, 1, 1)] * rows,
            }
        )
    }


def test_sums_shares_and_means() -> None:
    frames = customers([300, 100, 50, 50], [10, None, 600, 20])
    made = profile(place(SHOP, "customers", frames, AS_OF), "value", ["spend", "points"])
    rows = {each.segment: each for each in made.segments}
    assert list(rows) == ["high", "keen", "low", "unclear"]
    assert [each.rows for each in rows.values()] == [2, 1, 1, 0]
    assert [each.share for each in rows.values()] == [0.5, 0.25, 0.25, 0]
    assert rows["high"].sums == {"spend": Amount(40_000, 0.8)}
    assert rows["unclear"].sums == {"spend": Amount(0, 0)}
    assert rows["high"].means == {"spend": 20_000, "points": 10}
    assert rows["unclear"].means == {"spend": None, "points": None}
    assert made.rows == 4
    assert set(made.types) == {"spend", "points"}


def test_rows_in_no_segment_stand_last() -> None:
    frames = customers([300, None], [0, 0])
    made = profile(
        place(replace(SHOP, sets=(NO_UNSURE,)), "customers", frames, AS_OF), "value", ["spend"]
    )
    assert [(each.segment, each.rows) for each in made.segments] == [
        ("high", 1),
        ("low", 0),
        (None, 1),
    ]


def test_concentration() -> None:
    # of 11 rows the top tenth is 2 and the top fifth is 3, rounded up
    frames = customers([500, 200, 100, 50, 50, 40, 30, 20, 10, 0, None], [0] * 11)
    made = profile(place(SHOP, "customers", frames, AS_OF), "value", ["spend"])
    assert [(each.column, each.top_10, each.top_20) for each in made.concentration] == [
        ("spend", 0.7, 0.8)
    ]
    nothing = profile(place(SHOP, "customers", customers([0], [0]), AS_OF), "value", ["spend"])
    assert nothing.concentration[0].top_20 is None
    assert nothing.segments[0].sums["spend"].share is None


def test_all_money_is_the_default_and_needs_its_tables() -> None:
    frames = customers([1], [1])
    with pytest.raises(RulesError) as raised:
        profile(place(SHOP, "customers", frames, AS_OF), "value")
    assert [found.code for found in raised.value.diagnostics] == ["SEG417"]
    orders = pl.DataFrame({"customer_id": ["C000"], "ordered_on": [AS_OF], "amount": [3]})
    made = profile(place(SHOP, "customers", {**frames, "orders": orders}, AS_OF), "value")
    assert set(made.types) == {"spend", "salary", "bought", "wealth"}
    assert sum(each.sums["bought"].total for each in made.segments) == 300


def test_what_is_refused() -> None:
    placement = place(SHOP, "customers", customers([1], [1]), AS_OF)
    for columns, code in ((["spent"], "SEG418"), (["joined"], "SEG421")):
        with pytest.raises(RulesError) as raised:
            profile(placement, "value", columns)
        assert [found.code for found in raised.value.diagnostics] == [code]
    with pytest.raises(RulesError):
        profile(placement, "valu", ["spend"])


def test_cdnow_concentration(shared_data: Path) -> None:
    """69,659 rows of 23,570 customers; the top fifth brings 67.8% of 2,500,315.63 dollars."""
    orders = Table(
        "orders",
        "related",
        "customer_id",
        (
            TableColumn("customer_id", "customer_id", Text(), optional=False),
            TableColumn("ordered_on", "ordered_on", Date(), optional=False),
            TableColumn("cds", "cds", Whole(), optional=False),
            TableColumn("dollars", "dollars", replace(GBP, currency="USD"), optional=False),
        ),
        dated="ordered_on",
    )
    buyers = Table(
        "buyers",
        "derived",
        "customer_id",
        (TableColumn("customer_id", "customer_id", Text(), optional=False),),
        source="orders",
    )
    dollars = Column("orders", "dollars", replace(GBP, currency="USD"), optional=False)
    revenue = Feature(
        "revenue",
        "let",
        "buyers",
        Aggregate("sum", Rows("orders"), dollars, dollars.type, optional=False),
    )
    value = SegmentSet(
        "value",
        "buyers",
        (Rule("big", "Big", at_least(use(revenue), 10_000)),),
        Outcome("small", "Small"),
        None,
    )
    rules = ruleset(orders, buyers, features=(revenue,), sets=(value,))
    frames = {"orders": open_table(shared_data / "cdnow" / "orders.csv")}
    made = profile(place(rules, "buyers", frames, dt.date(1998, 6, 30)), "value", ["revenue"])
    assert made.rows == 23_570
    assert sum(each.sums["revenue"].total for each in made.segments) == 250_031_563
    top_20 = made.concentration[0].top_20
    assert top_20 is not None
    assert round(top_20, 3) == 0.678
