"""An explanation names every rule, its conditions and what is missing; values only on request."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest
from segments_shop import (
    BUYERS,
    CUSTOMERS,
    SHOP,
    TOP_HALF,
    VALUE,
    WEALTH,
    at_least,
    column,
    every,
    opposite,
    use,
)

from segrules.lang.ir import Outcome, Rule, SegmentSet
from segrules.lang.types import Date, Flag, Money, Text
from segrules.segments.assign import Placement, assign, place
from segrules.segments.explain import HIDDEN, explain, spell_value
from segrules.text.diagnostic import RulesError
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)
TEXT = Source("shop.seg", "rich when wealth >= 1_000 and\n   not points >= 500")
RICH = SegmentSet(
    "rich",
    "customers",
    (
        Rule(
            "rich",
            "Rich",
            every(
                replace(at_least(use(WEALTH), 100_000), span=TEXT.span(10, 25)),
                opposite(
                    replace(at_least(column(CUSTOMERS, "points"), 500), span=TEXT.span(37, 50))
                ),
            ),
        ),
    ),
    Outcome("other", "Other"),
    Outcome("unclear", "Unclear"),
)
CANARY = 7_777_777
FRAMES = {
    "customers": pl.DataFrame(
        {
            "customer_id": ["C1", "C2", "C3"],
            "spend": [120, 20, 30],
            "points": [None, 700, 1],
            "salary": [CANARY, None, None],
            "joined": [dt.date(2026, 1, 1)] * 3,
        }
    ),
    "orders": pl.DataFrame(
        {"customer_id": ["C2"], "ordered_on": [dt.date(2026, 6, 1)], "amount": [5]}
    ),
}


def shop(*sets: SegmentSet) -> Placement:
    return place(replace(SHOP, sets=sets), "customers", FRAMES, AS_OF)


def test_rules_conditions_and_what_is_missing() -> None:
    told = explain(shop(RICH), "C1")
    (rich,) = told.sets
    assert (told.key, rich.segment, rich.by) == ("C1", "unclear", "unsure")
    (rule,) = rich.rules
    assert rule.truth is None
    wealth, points = rule.leaves
    assert (wealth.truth, wealth.missing) == (True, ())
    assert (points.truth, points.missing) == (None, ("points",))
    assert points.written == "points >= 500"
    # a feature stands before the columns it is made of
    assert [each.name for each in wealth.inputs] == ["wealth", "spend", "salary"]
    (other,) = explain(shop(RICH), "C2").sets
    assert other.rules[0].leaves[0].missing == ("wealth", "salary")
    assert [leaf.truth for leaf in other.rules[0].leaves] == [None, True]
    assert other.rules[0].truth is False


def test_every_rule_is_told_also_after_the_deciding_one() -> None:
    (value,) = explain(shop(VALUE), "C2").sets
    assert [(rule.segment, rule.truth) for rule in value.rules] == [("high", False), ("keen", True)]


def test_related_rows_and_ranks() -> None:
    placement = shop(BUYERS, TOP_HALF)
    told = {key: explain(placement, key).sets for key in ("C1", "C2", "C3")}
    assert [sets[0].segment for sets in told.values()] == ["other", "buyer", "other"]
    assert [sets[1].segment for sets in told.values()] == ["top", "rest", "top"]


def test_explanations_agree_with_assignments() -> None:
    sets = (VALUE, RICH, BUYERS, TOP_HALF)
    placed = assign(replace(SHOP, sets=sets), FRAMES, AS_OF)
    placement = shop(*sets)
    for row in placed.iter_rows(named=True):
        for found in explain(placement, row["customer_id"]).sets:
            assert (found.segment, found.by) == (row[found.name], row[f"{found.name}_by"])


def test_values_are_shown_on_request_and_never_sensitive_ones() -> None:
    assert "120" not in repr(explain(shop(RICH), "C1"))
    told = explain(shop(RICH), "C1", show_values=True)
    wealth, points = told.sets[0].rules[0].leaves
    shown = {each.name: each.value for each in (*wealth.inputs, *points.inputs)}
    # what rests on a sensitive column is hidden as well
    assert shown == {"wealth": HIDDEN, "spend": "120.00", "salary": HIDDEN, "points": "missing"}
    for each in (told, explain(shop(RICH), "C1")):
        assert str(CANARY) not in repr(each)
        assert str(CANARY + 120) not in repr(each)


def test_an_unknown_key_names_no_other() -> None:
    with pytest.raises(RulesError) as raised:
        explain(shop(VALUE), "C")
    (found,) = raised.value.diagnostics
    assert found.code == "SEG420"
    assert "C1" not in f"{found.message}{found.hint}"


def test_values_are_spelled_as_in_data() -> None:
    assert spell_value(-5, Money("GBP")) == "-0.05"
    assert spell_value(5, Money("JPY")) == "5"
    assert spell_value(False, Flag()) == "no"
    assert spell_value(dt.date(2026, 1, 31), Date()) == "2026-01-31"
    assert spell_value(dt.datetime(2026, 1, 31, tzinfo=dt.UTC), Date()) == "2026-01-31T00:00:00Z"
    assert spell_value("a", Text()) == "a"
