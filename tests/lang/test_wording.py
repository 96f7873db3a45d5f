"""What business analysts type wrong is answered with what they meant, in their own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segrules.lang import amounts, phrases
from segrules.rules import inspect
from segrules.text.catalogue import PREAMBLE
from segrules.text.diagnostic import Diagnostic
from segrules.text.render import full
from segrules.text.source import Source


def findings(rules: str, preamble: str = PREAMBLE) -> list[Diagnostic]:
    return list(inspect(Source("rules.seg", f"{preamble}\n{rules}")).log)


def when(condition: str) -> str:
    return f"segments s of customers {{\n  hit when {condition}\n  otherwise miss\n}}\n"


def hints(rules: str) -> list[tuple[str, str | None]]:
    return [(each.code, each.hint) for each in findings(rules)]


_PAST = "segments s of customers {{\n  a when vip\n  b when {}\n  otherwise c\n}}\n"
_TWO = "segments s of customers {\n  a when vip\n  otherwise b\n}\n"

SAID = {
    "line_ends_with_a_sign": "let a = spend >\nlet b = vip\n",
    "rule_ends_with_a_sign": "segments s of customers {\n  a when spend >\n  b when vip\n"
    "  otherwise c\n}\n",
    "rule_ends_with_and": "segments s of customers {\n  a when spend > 5 and\n  otherwise c\n}\n",
    "comma_left_out": "table shops key shop_id {\n  shop_id text\n  kind    one of a b\n"
    "  town    text\n}\n",
    "range_left_open": "table shops key shop_id {\n  shop_id text\n  size    whole 0..\n"
    "  town    text\n}\n",
    "bracket_left_open": "segments s of customers {\n  a when (spend > 50\n  b when vip\n"
    "  otherwise c\n}\n",
    "brace_left_out": "segments s of customers\n  a when vip\n  otherwise b\n}\n",
    "empty_output": _TWO
    + "examples of s as_of 2026-06-30 {\n  | vip => expect |\n  | yes =>  |\n}\n",
    "population_behind_by": when("in top 20% by spend with same region"),
    "window_behind_where": when("any orders where (amount > 3) in last 3 months"),
    "window_before_table": when("at least 3 in last 3 months orders"),
    "unit_left_out": when("any orders in last 90"),
    "holdout_without_percent": _TWO + 'holdout 10 of each s salt "x"\n',
    "share_as_decimal": _TWO + "claims of s {\n  a stays under 0.8\n}\n",
    "knob_in_two_units": "knob n = 3 days from 1 to 9\n",
    "date_beside_a_count": when("joined > 30"),
    "currency_behind": when("spend > 12.345 EUR"),
    "currency_before": when("spend > EUR 12"),
    "currency_sign": when("spend > €12"),
    "decimal_comma": when("spend > 12,50"),
    "segment_mistyped_in_a_claim": _TWO.replace("a when", "best when")
    + "claims of s {\n  never bst\n}\n",
    "two_labels": 'segments s of customers {\n  a "One" when vip\n  otherwise a "Two"\n}\n',
    "never_true": "let big = points >= 2000\n",
    "always_true_in_order": "let any_tier = tier <= gold\n",
    "own_past_by_name": "let new = s entered a in last 7 days\n" + _PAST.format("new"),
    "column_name_taken": "let spend = 3\n",
    "cut_of_a_rank": when("in top 20% by spend")
    + "examples of s as_of 2026-06-30 {\n  | spend => expect |\n  | 3 => hit |\n}\n",
    "example_lacks_inputs": "let usual = mean amount of orders\nsegments s of customers {\n"
    "  a when weight > 4 and points > 5\n  b when usual > 5\n  otherwise c\n  unsure d\n}\n"
    "examples of s as_of 2026-06-30 {\n  | points => expect |\n  | 10 => a |\n}\n",
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_said(name: str, golden: Callable[[str, str], None]) -> None:
    found = findings(SAID[name])
    assert len(found) == 1
    golden(f"diagnostics/said/{name}.txt", f"{SAID[name]}---\n\n{full(found[0])}")


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("in top 5 by spend of all customers among (vip)",
         "in top 5 of all customers among (vip) by spend"),
        ("in bottom 5% among (vip) by spend with same region",
         "in bottom 5% with same region among (vip) by spend"),
        ("rank of spend among (vip) with same region < 10", "with same region among (vip)"),
        ("count orders where (items > 3) in last 3 months > 2",
         "orders in last 3 months where (items > 3)"),
        ("at least 2 orders where (a > (1)) with same region in previous month",
         "orders in previous month with same region where (a > (1))"),
        ("sum amount in last 3 months of orders > 5", "sum amount of orders in last 3 months"),
        ("in last 3 months at least 3 orders", "at least 3 orders in last 3 months"),
        ("any in last 2 years orders", "any orders in last 2 years"),
    ],
)  # fmt: skip
def test_the_order_of_a_phrase(written: str, right: str) -> None:
    assert hints(when(written)) == [("SEG014", f"write `{right}`")]


def test_phrases_in_their_order_are_left_alone() -> None:
    for text in ("in top 5 of all customers with same region by spend", "orders in last 3 months",
                 "orders in last 3 months with same region where (items > 3)"):  # fmt: skip
        assert [phrases.find(text, 0, at) for at in range(len(text))] == [None] * len(text)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("€1,000", "1_000"), ("1.000,50 €", "1_000.50"), ("12.345,60 EUR", "12_345.60"),
        ("12.345.678 CHF", "12_345_678"), ("GBP 12.50", "12.50"), ("12,5", "12.5"),
        ("12k", "12_000"), ("1.5 mio", "1_500_000"), ("10 000", "10_000"), ("1,000.50", "1_000.50"),
        ("7 pounds", "7"), ("1_000 USD", "1_000"),
    ],
)  # fmt: skip
def test_how_an_amount_is_written(written: str, right: str) -> None:
    found = amounts.find(f"spend > {written} ", 0, 8 + len(written))
    assert found is not None
    assert (found.start, found.end, found.right) == (8, 8 + len(written), right)


@pytest.mark.parametrize(
    ("rules", "hint"),
    [
        (when("count orders in last 3 > 4"), "add the unit, as in `3 months`"),
        (when("any orders from 24 to 18 ago"), "add the unit, as in `from 24 to 18 months`"),
        (when("first orders then orders within 30"), "add the unit, as in `30 days`"),
        ("funnel f of customers {\n  a at joined\n  b at sold_at within 1\n}\n",
         "add the unit, as in `1 month`"),
        (_TWO + "claims of s {\n  a stays over 1\n}\n", "write `1%`, or `100%` for the whole"),
    ],
)  # fmt: skip
def test_a_number_without_its_unit(rules: str, hint: str) -> None:
    assert hints(rules) == [("SEG015", hint)]


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("points > 999", None), ("points > 1000", "never"), ("points between 0 and 1000", "every"),
        ("points between 0 and 999", None), ("points in [1001, 1002]", "never"),
        ("points in [1001, 5]", None), ("share_web > 120%", "never"), ("tier < bronze", "never"),
        ("tier < gold", None), ("2000 < points", "never"), ("spend < 0", None),
        ("count orders >= 0", None), ("most < points", None), ("points != 2000", "every"),
    ],
)  # fmt: skip
def test_what_is_declared_decides_a_comparison(condition: str, answer: str | None) -> None:
    found = findings("knob most = 1000 from 0 to 2000\n" + f"let test = {condition}\n")
    assert [each.code for each in found] == (["SEG345"] if answer else [])
    assert all(answer in each.message for each in found if answer)


def test_claims_may_say_what_is_always_so() -> None:
    assert findings(_TWO + "claims of s {\n  never a and points > 1000\n}\n") == []


def test_a_column_comes_before_a_declared_value() -> None:
    shops = "table shops key shop_id {{\n  shop_id text\n  {}   text\n}}\nlet x = {}\n"
    assert findings(shops.format("north", "north")) == []
    both = "let y = note\n" + shops.format("note", "note")
    assert "SEG119" in [each.code for each in findings(both)]


BROKEN = {
    "let": ("let a = spend > > 3\nlet b = spend / spnd\nlet c = a + 1\n", ["SEG006", "spnd"]),
    "knob": ("knob k = 3 from 1 to\nlet b = spnd > k\n", ["SEG016", "spnd"]),
    "last column": (
        "table shops key shop_id {\n  shop_id text\n  town text\n  size whol\n}\n"
        "let a of shops = size + 1\nlet b of shops = twon\n",
        ["SEG006", "twon"],
    ),
    "segments": (
        "segments s of customers ladder c < a {\n  a when spend >> 3\n  b when spnd > 4\n"
        "  otherwise c\n}\nconditions of s {\n  | segment | desk |\n  | a | x |\n  | bb | y |\n"
        "  | rest | z |\n}\nclaims of s {\n  never a and pionts > 3\n  a stays under 3%\n}\n"
        "flags of customers {\n  f when s = a and not (s = c)\n}\n",
        ["SEG006", "spnd", "bb", "pionts"],
    ),
    "otherwise": (
        "segments s of customers {\n  a when weight > spnd\n  otherwise\n}\n",
        ["spnd", "SEG016"],
    ),
    "flags": (
        "flags of customers {\n  a when spend > > 3\n  b when spnd > 3\n  c when a\n}\n",
        ["SEG006", "spnd"],
    ),
    "grid": (
        "grid g from tier, vip pick first {\n  | tier | vip => x |\n  | gold | yes => 1 |\n"
        "  | silver | => 1 |\n  | godl | no => 2 |\n}\nlet k = x + 1\nlet l = x if missing use 0\n",
        ["SEG017", "godl"],
    ),
    "conditions": (
        _TWO + "conditions of s {\n  | segment | desk |\n  | a | = |\n  | bb | x |\n}\n",
        ["SEG006", "bb"],
    ),
    "examples": (
        _TWO + "examples of s as_of 2026-06-30 {\n  | vip => expect |\n  | yes => |\n"
        "  | yes => aa |\n}\n",
        ["SEG017", "aa"],
    ),
    "claims": (
        _TWO + "claims of s {\n  never a and\n  never spend > 3\n  never spnd > 3\n}\n",
        ["SEG016", "spnd"],
    ),
    "score": (
        "score w {\n  add 2 when weight >\n  add 3 when spnd > 3\n}\nlet m = w if missing use 0\n",
        ["SEG016", "spnd"],
    ),
}


@pytest.mark.parametrize(("rules", "expected"), BROKEN.values(), ids=BROKEN)
def test_what_is_healthy_is_checked_beside_what_is_broken(rules: str, expected: list[str]) -> None:
    """One syntax error, the mistake of each healthy part, and nothing that only follows."""
    found = findings(rules)
    said = [each.code if each.code < "SEG100" else each.span.text for each in found if each.span]
    assert said == expected


def test_a_broken_heading_is_no_missing_one() -> None:
    broken = PREAMBLE.replace("  goal  ", "  gaol  ")
    assert [each.code for each in findings("let a = spnd\n", broken)] == ["SEG006", "SEG201"]
    for line in ("zone", "money"):
        broken = PREAMBLE.replace(f"\n  {line}", f"\n  {line}s")
        rules = "table t key k {\n  k text\n  at instant\n}\n"
        assert [each.code for each in findings(rules, broken)] == ["SEG006"]
