"""Profiles add up, and agree with figures known from elsewhere."""

from __future__ import annotations

import datetime as dt
import io
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from segments_shop import CUSTOMERS, GBP, NO_UNSURE, SHOP, at_least, ruleset, use, with_sets

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
    ValueBlock,
)
from segrules.lang.types import Date, Number, Share, Text, Whole
from segrules.report.profile import profile_tables
from segrules.report.words import total, typed
from segrules.rules import load
from segrules.segments.assign import Asked, place
from segrules.segments.concentration import TOPS
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
    made = profile(place(SHOP, "customers", frames, Asked(AS_OF)), "value", ["spend", "points"])
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
        place(with_sets(SHOP, NO_UNSURE), "customers", frames, Asked(AS_OF)), "value", ["spend"]
    )
    assert [(each.segment, each.rows) for each in made.segments] == [
        ("high", 1),
        ("low", 0),
        (None, 1),
    ]


def test_concentration() -> None:
    # of 11 customers ten are known: the top tenth is one of them, the top fifth are two
    frames = customers([500, 200, 100, 50, 50, 40, 30, 20, 10, 0, None], [0] * 11)
    made = profile(place(SHOP, "customers", frames, Asked(AS_OF)), "value", ["spend"])
    (spend,) = made.concentration
    assert spend.shares is not None
    assert [spend.shares.top(part) for part in TOPS[2:]] == [0.5, 0.7]
    assert spend.shares.makers == 3
    nothing = profile(
        place(SHOP, "customers", customers([0], [0]), Asked(AS_OF)), "value", ["spend"]
    )
    assert nothing.concentration[0].shares is None
    assert nothing.segments[0].sums["spend"].share is None


def test_missing_values_take_no_part_in_means_and_are_counted() -> None:
    frames = customers([300, 100, None, None], [10, None, 600, None])
    made = profile(place(SHOP, "customers", frames, Asked(AS_OF)), "value", ["spend", "points"])
    rows = {each.segment: each for each in made.segments}
    assert rows["high"].missing == {"spend": 0, "points": 1}
    assert rows["high"].means == {"spend": 20_000, "points": 10}
    assert rows["low"].missing == {"spend": 0, "points": 0}
    assert rows["unclear"].missing == {"spend": 1, "points": 1}
    assert rows["unclear"].means == {"spend": None, "points": None}
    assert made.everyone.missing == {"spend": 2, "points": 2}
    assert made.everyone.means == {"spend": 20_000, "points": 305}
    assert made.everyone.sums == {"spend": Amount(40_000, 1)}
    assert rows["high"].indices == {"spend": 100, "points": 1000 / 305}
    assert rows["unclear"].indices == {"spend": None, "points": None}


def test_order_of_rows_does_not_matter() -> None:
    # added in this order, doubles would lose the small ones
    weights = [1e15, 0.1, -1e15, 0.1, 0.3, 0.7, 1e-3, 3e14, -3e14]
    table = replace(
        CUSTOMERS, columns=(*CUSTOMERS.columns, TableColumn("weight", "weight", Number(), True))
    )
    rules = replace(SHOP, tables=(table, *SHOP.tables[1:]))
    frame = customers([100] * 9, [0] * 9)["customers"].with_columns(weight=pl.Series(weights))
    profiles = [
        profile(place(rules, "customers", {"customers": given}, Asked(AS_OF)), "value", ["weight"])
        for given in (frame, frame.reverse(), frame.sort("weight"))
    ]
    assert profiles[0] == profiles[1] == profiles[2]
    assert profiles[0].segments[0].means["weight"] == math.fsum(weights) / 9


def test_money_is_added_beyond_64_bits() -> None:
    frames = customers([10**13] * 10_000, [0] * 10_000)
    made = profile(place(SHOP, "customers", frames, Asked(AS_OF)), "value", ["spend"])
    assert made.everyone.sums["spend"].total == 10**19
    assert made.segments[0].means["spend"] == 10**15


def test_a_sum_beyond_doubles_has_no_mean() -> None:
    frame = customers([100] * 2, [0] * 2)["customers"].with_columns(weight=pl.Series([1e308] * 2))
    weight = TableColumn("weight", "weight", Number(None, None), optional=True)
    table = replace(CUSTOMERS, columns=(*CUSTOMERS.columns, weight))
    rules = replace(SHOP, tables=(table, *SHOP.tables[1:]))
    made = profile(
        place(rules, "customers", {"customers": frame}, Asked(AS_OF)), "value", ["weight"]
    )
    assert made.everyone.means == {"weight": None}


def test_a_value_is_held_against_its_ledger() -> None:
    def codes(ledger: Fraction | None) -> list[str]:
        block = ValueBlock("spend", "customers", (), ledger, Fraction(1, 100))
        rules = replace(SHOP, values=(block,))
        frames = customers([300, 100, None], [0] * 3)
        made = profile(place(rules, "customers", frames, Asked(AS_OF)), "value", ["spend"])
        return [each.code for each in made.findings]

    assert codes(Fraction(404)) == []
    assert codes(Fraction("404.05")) == ["SEG475"]
    assert codes(Fraction(395)) == ["SEG475"]
    assert codes(None) == []


def test_all_money_is_the_default_and_needs_its_tables() -> None:
    frames = customers([1], [1])
    with pytest.raises(RulesError) as raised:
        profile(place(SHOP, "customers", frames, Asked(AS_OF)), "value")
    assert [found.code for found in raised.value.diagnostics] == ["SEG417"]
    orders = pl.DataFrame({"customer_id": ["C000"], "ordered_on": [AS_OF], "amount": [3]})
    made = profile(place(SHOP, "customers", {**frames, "orders": orders}, Asked(AS_OF)), "value")
    assert set(made.types) == {"spend", "salary", "bought", "wealth"}
    assert sum(each.sums["bought"].total for each in made.segments) == 300


def test_what_is_refused() -> None:
    placement = place(SHOP, "customers", customers([1], [1]), Asked(AS_OF))
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
        "",
        (
            TableColumn("customer_id", "customer_id", Text(), optional=False),
            TableColumn("ordered_on", "ordered_on", Date(), optional=False),
            TableColumn("cds", "cds", Whole(), optional=False),
            TableColumn("dollars", "dollars", replace(GBP, currency="USD"), optional=False),
        ),
        of="buyers",
        by="customer_id",
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
        Aggregate("sum", Rows("orders", "customer_id"), dollars, dollars.type, optional=False),
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
    made = profile(
        place(rules, "buyers", frames, Asked(dt.date(1998, 6, 30))), "value", ["revenue"]
    )
    assert made.rows == 23_570
    assert sum(each.sums["revenue"].total for each in made.segments) == 250_031_563
    shares = made.concentration[0].shares
    assert shares is not None
    assert round(shares.top(TOPS[3]), 3) == 0.678
    # four fifths come from a third of the customers here, not from a fifth
    assert shares.makers == 7_695


def test_what_is_usual_is_not_added_up(tmp_path: Path) -> None:
    """The median of all customers stands on every row, and twice as much of it is nothing."""
    place = tmp_path / "usual.seg"
    place.write_text(
        'ruleset shop { language 1 goal "g" why "w" owner "o" money GBP }\n'
        "table customers key customer_id { customer_id text  spend money }\n"
        "table orders of customers by customer_id dated day { day date  amount money }\n"
        "let usual = median spend of all customers\n"
        "let often = usual\n"
        "let basket = mean amount of orders if missing use 0\n"
        "let bought = sum amount of orders\n"
        "segments worth of customers { big when spend >= 100  otherwise small }\n"
    )
    tables = {
        "customers": pl.DataFrame({"customer_id": ["a", "b"], "spend": ["50", "150"]}),
        "orders": pl.DataFrame({"customer_id": ["a"], "day": ["2026-01-05"], "amount": ["7"]}),
    }
    found = load(place).profile(tables, as_of=dt.date(2026, 6, 30))
    assert found.levels == {"usual", "often", "basket"}
    assert found.everyone.sums.keys() == {"spend", "bought"}
    assert [each.name for each in found.concentration] == ["spend", "bought"]
    assert (found.everyone.means["usual"], found.everyone.means["basket"]) == (10_000, 350)
    out = Console(width=110, file=io.StringIO(), record=True)
    for part in profile_tables(found, load(place).ruleset):
        out.print(part)
    shown = out.export_text()
    assert "share of spend" in shown
    assert "share of usual" not in shown


def test_totals_are_told_in_their_own_unit() -> None:
    """A sum of shares is no share, and a sum of whole numbers is whole."""
    assert total(1.5, Share()) == "1.50"
    assert total(1_636, Whole(0, 10_000)) == "1,636"
    assert total(150_000, GBP) == "1,500"
    assert (typed(0.5, Share()), typed(0.5, Share(bounded=False))) == ("50.0%", "0.50")
