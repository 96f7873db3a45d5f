"""An explanation names every rule, its conditions and what is missing; values only on request."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console, RenderableType
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
    with_sets,
)
from told_shop import CANARY as CANARY_TOLD
from told_shop import FRAMES as FRAMES_TOLD
from told_shop import HEAD, history, placed, rules
from told_shop import SHOP as SHOP_TOLD

from segrules.lang.ir import Outcome, Rule, SegmentSet, Value
from segrules.lang.types import Date, Flag, Money, Number, Set, Text
from segrules.report.explanation import (
    comparison_record,
    comparison_tables,
    explanation_record,
    explanation_tables,
)
from segrules.segments import world
from segrules.segments.assign import Asked, Placement, assign, place
from segrules.segments.explain import HIDDEN, Explanation, Held, explain, spell_value, versus
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
    return place(with_sets(SHOP, *sets), "customers", FRAMES, Asked(AS_OF))


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
    placed = assign(with_sets(SHOP, *sets), FRAMES, Asked(AS_OF))
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
    assert [spell_value(value, Number()) for value in (2.0, 2.5, -1e15)] == [
        "2", "2.5", "-1000000000000000",
    ]  # fmt: skip
    kind = Set(("wine", "art"))
    assert [spell_value(frozenset(each), kind) for each in (("art", "wine"), ())] == [
        "wine, art", "none",
    ]  # fmt: skip
    assert spell_value(None, Text()) is None


# ---- all that can decide


LONGER = SHOP_TOLD.replace("60 days", "3 months").replace("big of value at 2", "big of value at 5")


def told(key: str, past: Path | None = None, *, show_values: bool = True) -> Explanation:
    return explain(placed(past=past), key, show_values=show_values)


def value_of(found: Explanation, name: str) -> str | None:
    """What is shown of a name, wherever it is read first."""
    leaves = [leaf for each in found.sets for rule in each.rules for leaf in rule.leaves]
    leaves += [leaf for flag in found.flags for leaf in flag.leaves]
    leaves += [cap.leaf for each in found.sets for cap in each.caps]
    return next(each.value for leaf in leaves for each in leaf.inputs if each.name == name)


def test_explanations_agree_with_assignments_in_everything(tmp_path: Path) -> None:
    past = history(tmp_path)
    rows = assign(rules(SHOP_TOLD), FRAMES_TOLD, Asked(AS_OF, past))
    assert set(rows["value_by"]) >= {"suppress", "override", "care", "big", "cap", "otherwise"}
    for row in rows.iter_rows(named=True):
        found = told(row["customer_id"], past)
        (value,) = found.sets
        assert (value.segment, value.by) == (row["value"], row["value_by"])
        assert value.held_out is row["value_holdout"]
        assert {flag.name: flag.truth for flag in found.flags} == {
            flag.name: row[flag.name] for flag in found.flags
        }
    assert [flag.name for flag in told("C1").flags] == [
        "quiet", "was_big", "rich", "dear", "above", "turned",
    ]  # fmt: skip


def test_rules_stand_in_the_order_in_which_they_are_asked() -> None:
    (value,) = told("C1").sets
    assert [(rule.by, rule.segment) for rule in value.rules] == [
        ("suppress", "suppressed"),
        ("override", "keen"),
        ("care", "care"),
        ("big", "big"),
        ("stay", "big"),
        ("keen", "keen"),
    ]
    assert value.decided == 3


def test_suppressions_and_overrides_say_why_and_name_nobody_else() -> None:
    (value,) = told("C3").sets
    assert (value.by, value.rules[0].reason) == ("suppress", "too heavy to serve")
    found = told("C8")
    override = found.sets[0].rules[1]
    assert (found.sets[0].by, override.reason) == ("override", "sales director")
    assert override.until == dt.date(2026, 12, 31)
    assert override.leaves[0].written == "customer_id is one of 2 named, until 2026-12-31"
    assert "C9" not in repr(found)


def test_who_is_held_is_told_since_when_and_what_it_takes_to_leave(tmp_path: Path) -> None:
    past = history(tmp_path)
    stay = told("C5", past).sets[0].rules[4]
    # two reviews with a reason to leave, and sixty days have passed since 30 April
    assert stay.held == Held(dt.date(2026, 4, 30), dt.date(2026, 6, 29), 2, 2)
    assert [leaf.truth for leaf in stay.leaves] == [True]
    assert stay.truth is False
    assert told("C7", past).sets[0].rules[4].held is None
    (value,) = explain(placed(LONGER, past), "C5").sets
    assert (value.segment, value.by, value.decided) == ("big", "stay", 4)
    assert value.rules[4].held == Held(dt.date(2026, 4, 30), dt.date(2026, 7, 30), 2, 2)


def test_caps_show_their_cut() -> None:
    (value,) = told("C4").sets
    assert (value.segment, value.by, value.decided) == ("keen", "cap", 3)
    (cap,) = value.caps
    assert (cap.segment, cap.rest, cap.asked, cap.leaf.truth) == ("big", "keen", True, False)
    assert cap.leaf.written == "cap big of value at 2 by spend, rest to keen"
    assert value_of(told("C4"), "cut of cap big of value at 2 by spend") == "300.00"
    assert [each.sets[0].caps[0].asked for each in (told("C1"), told("C3"))] == [True, False]


def test_links_figures_ranks_sequences_and_the_past(tmp_path: Path) -> None:
    found = told("C1", history(tmp_path))
    assert value_of(found, "agent.skill") == "2"
    assert value_of(found, "agent") == "A1"
    assert value_of(found, "cut of top 50% of customers by spend") == "70.00"
    # between 400, 200, 20 and 10 in the north
    assert value_of(found, "median spend of customers with same region") == "110.00"
    assert value_of(found, "interests") == "wine"
    assert value_of(found, 'count visits where (page = "pricing")') == "1"
    assert value_of(found, "count orders") == "2"
    assert value_of(found, "value 1 month ago") == "missing"
    assert value_of(told("C5", tmp_path), "value 1 month ago") == "big"
    assert value_of(told("C2"), "agent.skill") == "missing"


def test_a_rank_ends_where_it_does_among_the_like() -> None:
    text = SHOP_TOLD.replace("in top 50% by spend", "in top 1 with same region by spend")
    name = "cut of top 1 of customers with same region by spend"
    found = [explain(placed(text), key, show_values=True) for key in ("C7", "C8")]
    assert [value_of(each, name) for each in found] == ["400.00", "300.00"]


def test_what_rests_on_a_sensitive_column_is_hidden_however_far_away() -> None:
    found = told("C1")
    for name in ("salary", "wealth", "agent.pay", "count orders where (agent.pay > 5)"):
        assert value_of(found, name) == HIDDEN
    pages = "".join(map(str, (found, told("C4"), told("C5"), told("C3"))))
    for shown in (CANARY_TOLD, CANARY_TOLD * 100, CANARY_TOLD + 400, CANARY_TOLD + 70):
        assert str(shown) not in pages
    # that it is missing is no secret: a rule that cannot be decided says so
    assert value_of(told("C2"), "agent.pay") == "missing"


def test_outputs_of_grids_are_told() -> None:
    grid = """
grid gift from region pick first {
  | region => gift  | pounds |
  | north  => wine  | 30     |
  | rest   => none  | 5      |
}
"""
    found = explain(placed(SHOP_TOLD + grid), "C2")
    assert {each.name: each.value for each in found.outputs} == {"gift": "none", "pounds": "5"}


def test_sets_of_other_tables_are_not_told() -> None:
    other = "segments rank of agents { good when skill >= 4 otherwise plain }\n"
    text = SHOP_TOLD.replace("agent.skill >= 4", "agent.rank = good")
    text = HEAD + other + text.removeprefix(HEAD)
    found = explain(placed(text), "C5", show_values=True)
    assert [each.name for each in found.sets] == ["value"]
    assert value_of(found, "agent.rank") == "good"


IDENTITY = "identity of customers by phone { spend from total  rest from newest joined }\n"


def joined(key: str) -> Explanation:
    """C5 and C7 have one phone."""
    text = SHOP_TOLD.replace(
        "  region      one", "  phone text? sensitive\n  joined date\n  region      one"
    )
    phones = pl.Series("phone", [None, None, None, None, "0777", None, "0777", None])
    frames = {
        **FRAMES_TOLD,
        "customers": FRAMES_TOLD["customers"].with_columns(phones, joined=AS_OF),
    }
    made = place(rules(text + IDENTITY), "customers", frames, Asked(AS_OF))
    return explain(made, key, show_values=True)


def test_the_key_of_a_record_stands_for_its_customer() -> None:
    assert [joined(key).records for key in ("C5", "C7", "C8")] == [("C5", "C7"), ("C5", "C7"), ()]
    found = joined("C7")
    assert (found.key, value_of(found, "spend")) == ("C5", "90.00")
    assert "0777" not in repr(found)
    assert "customers C5 is made of the records C5, C7" in page(explanation_tables(found))


# ---- two customers


def test_two_customers_part_at_the_first_rule_that_decides() -> None:
    both = versus(placed(), "C5", "C1")
    (value,) = both.sets
    assert (value.left.segment, value.right.segment) == ("keen", "big")
    assert [both.left.sets[0].rules[at].by for at in value.differing] == ["big", "keen"]
    assert both.left.sets[0].rules[value.deciding or 0].by == "big"
    assert not value.alike


def test_two_customers_that_only_a_cap_parts() -> None:
    (value,) = versus(placed(), "C1", "C4").sets
    assert (value.deciding, value.alike) == (None, False)


def test_two_customers_without_a_true_rule() -> None:
    text = SHOP_TOLD.replace("otherwise small", "old when weight > 50\n  otherwise small")
    text = text.replace('suppress value when weight > 100 reason "too heavy to serve"\n', "")
    frames = {**FRAMES_TOLD, "customers": FRAMES_TOLD["customers"].with_columns(spend=pl.lit(1))}
    made = place(rules(text), "customers", frames, Asked(AS_OF))
    (value,) = versus(made, "C2", "C7").sets
    assert (value.left.by, value.right.by) == ("unsure", "otherwise")
    assert value.deciding == value.differing[0]
    (same,) = versus(made, "C7", "C7").sets
    assert (same.alike, same.differing, same.deciding) == (True, (), None)


def test_keys_unknown_of_two() -> None:
    with pytest.raises(RulesError) as raised:
        versus(placed(), "nobody", "C1")
    assert [each.code for each in raised.value.diagnostics] == ["SEG420"]
    with pytest.raises(RulesError) as raised:
        versus(placed(), "nobody", "no one")
    assert [each.code for each in raised.value.diagnostics] == ["SEG420", "SEG420"]


def test_pages(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    past = history(tmp_path)
    made = placed(past=past)
    text = "".join(page(explanation_tables(explain(made, key, show_values=True))) for key in
                   ("C4", "C5", "C8"))  # fmt: skip
    golden("explain/customers.txt", text)
    golden("explain/names_only.txt", page(explanation_tables(explain(made, "C2"))))
    golden("explain/held.txt", page(explanation_tables(explain(placed(LONGER, past), "C5"))))
    pairs = (("C5", "C1"), ("C1", "C4"), ("C1", "C2"))
    text = "".join(page(comparison_tables(versus(made, *pair, show_values=True))) for pair in pairs)
    golden("explain/two_customers.txt", text)


def page(parts: Iterable[RenderableType]) -> str:
    out = Console(width=110, highlight=False, markup=False, emoji=False, color_system=None)
    with out.capture() as lines:
        for part in parts:
            out.print(part)
    return "\n".join(line.rstrip() for line in lines.get().split("\n"))


def test_values_and_keys_cannot_reach_the_terminal() -> None:
    keys = FRAMES_TOLD["customers"].with_columns(
        customer_id=pl.col("customer_id") + "\x1b[31m", agent=pl.lit("\x1b[32m")
    )
    made = place(rules(SHOP_TOLD), "customers", {**FRAMES_TOLD, "customers": keys}, Asked(AS_OF))
    told = explain(made, "C1\x1b[31m", show_values=True)
    both = versus(made, "C1\x1b[31m", "C4\x1b[31m", show_values=True)
    for parts in (explanation_tables(told), comparison_tables(both)):
        assert "\x1b" not in page(parts)


def test_records(tmp_path: Path) -> None:
    made = placed(past=history(tmp_path))
    record = json.loads(json.dumps(explanation_record(explain(made, "C5")), allow_nan=False))
    (value,) = record["sets"]
    assert (record["schema"], value["by"], value["held_out"]) == (1, "keen", True)
    assert value["rules"][4]["held"] == {
        "since": "2026-04-30", "until": "2026-06-29", "leaving": 2, "reviews": 2,
    }  # fmt: skip
    assert value["rules"][1]["until"] == "2026-12-31"
    assert value["caps"][0]["asked"] is False
    both = comparison_record(versus(made, "C5", "C1"))
    assert both["sets"] == [{"set": "value", "alike": False, "differing": [3, 5], "deciding": 3}]
    assert (both["left"]["key"], both["right"]["key"]) == ("C5", "C1")


# ---- rows


def test_rows_are_read_at_once_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    made = placed()
    keys = FRAMES_TOLD["customers"]["customer_id"].to_list()
    read, times = world._rows, list[int]()

    def counted(frame: pl.LazyFrame) -> list[dict[str, Value]]:
        times.append(1)
        return read(frame)

    monkeypatch.setattr(world, "_rows", counted)
    rows = world.fetch(made.ruleset, "customers", made.frames, made.context, keys)
    assert (list(rows), len(times)) == (keys, 1)
    (held,) = {id(row.world): row.world for row in rows.values()}.values()
    assert held is not None
    for _ in range(2):
        held.belonging("customers", "customer_id", keys[0])
    assert len(times) == 1
