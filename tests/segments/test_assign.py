"""Rows are placed as the reference evaluator says, in every kind of frame."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest
from placed import row_of
from segments_shop import (
    BOUGHT,
    BUYERS,
    CUSTOMERS,
    NO_UNSURE,
    ORDERS,
    SHOP,
    TOP_HALF,
    VALUE,
    at_least,
    column,
    every,
    opposite,
    with_sets,
)

from segrules.backends.reference.evaluate import decide
from segrules.lang.ir import Outcome, Rule, SegmentSet, Table, TableColumn
from segrules.lang.types import Text, Whole
from segrules.segments.assign import Asked, assign, place
from segrules.segments.doubt import with_missing
from segrules.segments.explain import explain
from segrules.text.diagnostic import RulesError

AS_OF = dt.date(2026, 6, 30)


def customers(**columns: object) -> pl.DataFrame:
    rows = 5
    cells: dict[str, object] = {
        "customer_id": ["C1", "C2", "C3", "C4", "C5"],
        "spend": [500.0, 20.0, 100.0, 99.99, float("nan")],
        "points": pl.Series([0, 700, None, None, 5]),
        "salary": pl.Series([None] * rows, dtype=pl.Float64),
        "joined": [dt.date(2026, 1, 1)] * rows,
    }
    return pl.DataFrame(cells | columns)


def orders() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": ["C1", "C2", "C2", "C9", None],
            "ordered_on": [dt.date(2026, 6, 1), dt.date(2026, 1, 1), dt.date(2026, 7, 1)]
            + [dt.date(2026, 6, 1)] * 2,
            "amount": [1, 2, 3, 4, 5],
        }
    )


def test_segments_and_deciders() -> None:
    placed = assign(SHOP, {"customers": customers()}, Asked(AS_OF), unknown_counts=True)
    assert placed.columns == ["customer_id", "value", "value_by", "value_unknown"]
    assert placed.rows() == [
        ("C1", "high", "high", 0),
        ("C2", "keen", "keen", 0),
        ("C3", "high", "high", 1),
        ("C4", "unclear", "unsure", 1),
        # the amount is not a number though the column is declared as always known
        ("C5", "unclear", "unsure", 1),
    ]
    assert placed.schema["value"] == pl.Enum(["high", "keen", "low", "unclear"])


def test_lazy_frames_give_the_same_and_stay_lazy() -> None:
    eager = assign(SHOP, {"customers": customers()}, Asked(AS_OF))
    lazy = assign(SHOP, {"customers": customers().lazy()}, Asked(AS_OF))
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().equals(eager)


def test_broken_promises_are_unsure_not_otherwise() -> None:
    """A column declared as always known is missing: the rule is unknown, not false."""
    rules = with_sets(SHOP, NO_UNSURE)
    placed = assign(rules, {"customers": customers()}, Asked(AS_OF))
    assert placed.rows()[-1] == ("C5", None, "unsure")
    nulls = customers(spend=pl.Series([1.0, None, 2.0, 3.0, 4.0]))
    assert assign(rules, {"customers": nulls}, Asked(AS_OF)).rows()[1] == ("C2", None, "unsure")


def test_every_row_is_as_the_reference_says() -> None:
    tricky = SegmentSet(
        "tricky",
        "customers",
        (
            Rule(
                "a",
                "",
                every(
                    at_least(column(CUSTOMERS, "points"), 5),
                    opposite(at_least(column(CUSTOMERS, "spend"), 10_000)),
                ),
            ),
            Rule("b", "", opposite(at_least(column(CUSTOMERS, "points"), 1))),
        ),
        Outcome("rest", ""),
        Outcome("unsure_one", ""),
    )
    rules = with_sets(SHOP, VALUE, tricky, TOP_HALF, BUYERS)
    frames = {"customers": customers(), "orders": orders()}
    placed = assign(rules, frames, Asked(AS_OF))
    placement = place(rules, "customers", frames, Asked(AS_OF))
    for row in placed.iter_rows(named=True):
        one = row_of(placement, row["customer_id"])
        for found in placement.ruleset.sets:
            decision = decide(found, one, placement.ruleset, placement.context)
            assert (row[found.name], row[f"{found.name}_by"]) == (decision.segment, decision.by)


def test_related_rows_in_the_window() -> None:
    rules = with_sets(SHOP, BUYERS)
    placed = assign(rules, {"customers": customers(), "orders": orders()}, Asked(AS_OF))
    assert placed["buyers"].to_list() == ["buyer"] + ["other"] * 4


def test_ranks_are_calibrated_over_all_rows() -> None:
    frame = customers(spend=[5.0, 1.0, 4.0, 2.0, None])
    rules = with_sets(SHOP, TOP_HALF)
    for frames in ({"customers": frame}, {"customers": frame.lazy()}):
        placed = assign(rules, frames, Asked(AS_OF)).lazy().collect()
        assert placed["rank"].to_list() == ["top", "rest", "top", "rest", None]


def test_order_is_kept() -> None:
    shuffled = customers().sample(fraction=1, shuffle=True, seed=3)
    rules = with_sets(SHOP, BUYERS)
    placed = assign(rules, {"customers": shuffled, "orders": orders()}, Asked(AS_OF))
    assert placed["customer_id"].to_list() == shuffled["customer_id"].to_list()


def test_derived_tables_have_a_row_a_key() -> None:
    buyers = Table(
        "buyers",
        "derived",
        "customer_id",
        (TableColumn("customer_id", "customer_id", Text(), optional=False),),
        source="orders",
    )
    bought = replace(BOUGHT, table="buyers")
    rules = with_sets(
        replace(SHOP, tables=(buyers, replace(ORDERS, of="buyers")), features=(bought,)),
        replace(BUYERS, table="buyers"),
    )
    placed = assign(rules, {"orders": orders()}, Asked(AS_OF))
    assert placed.rows() == [
        ("C1", "buyer", "buyer"),
        ("C2", "other", "otherwise"),
        ("C9", "buyer", "buyer"),
    ]


def codes(rules: object, frames: dict[str, pl.DataFrame], **options: object) -> list[str]:
    with pytest.raises(RulesError) as raised:
        assign(rules, frames, Asked(AS_OF), **options)  # type: ignore[arg-type]
    return [found.code for found in raised.value.diagnostics]


def test_what_is_refused() -> None:
    busy = SegmentSet(
        "load",
        "agents",
        (Rule("busy", "", at_least(column(AGENTS, "cases"), 20)),),
        Outcome("free", ""),
        None,
    )
    both = replace(with_sets(SHOP, VALUE, busy), tables=(*SHOP.tables, AGENTS))
    assert codes(both, {"customers": customers()}) == ["SEG419"]
    assert codes(both, {"customers": customers()}, table="agents") == ["SEG417"]
    assert codes(both, {"customers": customers()}, table="orders") == ["SEG418"]
    assert codes(SHOP, {"customers": customers(), "order": orders()}) == ["SEG418"]
    assert codes(
        with_sets(
            SHOP,
        ),
        {},
    ) == ["SEG641"]
    assert codes(with_sets(SHOP, BUYERS), {"customers": customers()}) == ["SEG417"]
    assert codes(SHOP, {"customers": customers().drop("spend")}) == ["SEG406"]
    assert codes(SHOP, {"customers": customers(customer_id=[1, 2, 3, 4, 5])}) == ["SEG407"]
    assert codes(SHOP, {"customers": customers(customer_id=["a", "b", "c", "a", "d"])}) == [
        "SEG409"
    ]
    assert codes(SHOP, {"customers": customers(customer_id=["a", "b", None, "c", "d"])}) == [
        "SEG410"
    ]
    agents = pl.DataFrame({"agent_id": ["A"], "cases": [30]})
    placed = assign(both, {"agents": agents}, Asked(AS_OF), table="agents")
    assert placed.rows() == [("A", "busy", "busy")]


def test_a_caller_may_vouch_for_keys() -> None:
    twice = customers(customer_id=["a", "b", "c", "a", "d"])
    assert assign(SHOP, {"customers": twice}, Asked(AS_OF), check_keys=False).height == 5


AGENTS = Table(
    "agents",
    "main",
    "agent_id",
    (
        TableColumn("agent_id", "agent_id", Text(), optional=False),
        TableColumn("cases", "cases", Whole(), optional=False),
    ),
)


def test_keys_are_checked_wherever_rows_are_placed() -> None:
    twice = {"customers": customers(customer_id=["a", "b", "c", "a", "d"])}
    with pytest.raises(RulesError) as raised:
        place(SHOP, "customers", twice, Asked(AS_OF))
    assert [found.code for found in raised.value.diagnostics] == ["SEG409"]
    assert place(SHOP, "customers", twice, Asked(AS_OF), check_keys=False).table == "customers"


def test_an_unknown_key_has_a_hint() -> None:
    placement = place(SHOP, "customers", {"customers": customers()}, Asked(AS_OF))
    with pytest.raises(RulesError) as raised:
        explain(placement, "c1")
    assert raised.value.diagnostics[0].hint == "keys are compared exactly, with case and zeros"


def test_a_sum_beyond_the_bounds_is_missing_in_both_targets() -> None:
    """The column is declared as always known, and the set has no `unsure`."""
    rows = pl.DataFrame(
        {
            "customer_id": ["C1", "C1", "C2"],
            "ordered_on": [dt.date(2026, 6, 1)] * 3,
            "amount": [9_000_000_000_000, 9_000_000_000_000, 1],
        }
    )
    rules = with_sets(SHOP, BUYERS)
    frames = {"customers": customers(), "orders": rows}
    placement = place(rules, "customers", frames, Asked(AS_OF))
    placed = assign(rules, frames, Asked(AS_OF), unknown_counts=True)
    expected = []
    for key in placed["customer_id"]:
        decision = decide(BUYERS, row_of(placement, key), rules, placement.context)
        expected.append((key, decision.segment, decision.by, decision.unknown))
    assert placed.rows() == expected
    assert placed.row(0) == ("C1", None, "unsure", 1)


def test_rules_without_sums_stay_as_they_are() -> None:
    assert with_missing(SHOP, {}) is not SHOP
    plain = replace(SHOP, features=())
    assert with_missing(plain, {"customers": ()}) is plain
