"""Cards say who is in a segment as the rules do, and show a department what is its own."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import polars as pl
import pytest
from cases import case
from segments_shop import CUSTOMERS, NO_UNSURE, SHOP, VALUE, at_least, column, with_sets
from typer.testing import CliRunner

from segrules.cli.main import app
from segrules.cli.session import print_tables
from segrules.lang.ir import (
    Cap,
    Column,
    Conditions,
    Const,
    InRank,
    Knob,
    Length,
    Override,
    Rule,
    Ruleset,
    SegmentSet,
    Suppression,
    Tolerance,
)
from segrules.lang.types import Flag
from segrules.report.cards import card_record, card_tables, who
from segrules.segments.assign import Asked, place
from segrules.segments.cards import Card, Clause, Way, cards, said
from segrules.segments.profile import profile
from segrules.text.diagnostic import RulesError
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)
ACTIONS = Conditions(
    "value",
    ("visits", "letters", "tone"),
    (
        ("high", ("monthly", "yes", "warm")),
        ("keen", ("none", "yes", "warm")),
        ("low", ("none", "no", "plain")),
        ("unclear", ("none", "no", "plain")),
    ),
    ("sales", "service", ""),
)


def made(rules: Ruleset, department: str | None = None) -> dict[str | None, Card]:
    frame = pl.DataFrame(
        {
            "customer_id": ["C0", "C1", "C2"],
            "spend": [300.0, 50.0, None],
            "points": [10, 600, None],
            "salary": pl.Series([None] * 3, dtype=pl.Int64),
            "joined": [dt.date(2026, 1, 1)] * 3,
        }
    )
    placement = place(with_sets(rules, *SHOP.sets), "customers", {"customers": frame}, Asked(AS_OF))
    found = profile(placement, "value", ["spend", "points"])
    return {card.segment: card for card in cards(found, rules, department).cards}


def advice(*more: str) -> tuple[int, str]:
    """What `segrules profile` prints of the worked case."""
    found = case("advice")
    words = ["profile", str(found.rules.compiled.source.name), "--as-of", str(found.as_of)]
    for name, path in found.paths.items():
        words += ["--table", f"{name}={path}"]
    done = CliRunner().invoke(app, [*words, *more], prog_name="segrules")
    return done.exit_code, done.stdout or done.stderr


# ---- the worked case


def test_worked_case(golden: Callable[[str, str], None]) -> None:
    code, text = advice("--cards")
    assert code == 0
    golden("cards/advice.txt", text)


def test_record_of_the_worked_case() -> None:
    code, text = advice("--cards", "--format", "json")
    assert code == 0
    found = json.loads(text)
    assert (found["set"], found["rows"], found["department"]) == ("treatment", 20_000, None)
    assert found["why"].startswith("They bring the largest opportunity")
    high = found["cards"][2]
    assert (high["segment"], high["label"]) == ("complex_high", "Complex, high value")
    assert high["who"] == [
        {
            "by": "rule",
            "in_no_segment_above": True,
            "condition": {
                "and": ["complexity >= complex_from (5)", "in top top_fee_share (20%) by fee"]
            },
            "detail": "",
        }
    ]
    assert high["actions"]["route"] == "specialists"
    assert sum(card["rows"] for card in found["cards"]) == 20_000
    assert sum(card["value"]["fee"]["share"] for card in found["cards"]) == pytest.approx(1)
    assert list(found["terms"]) == ["complexity", "fee", "age"]


def test_department_that_no_column_is_for() -> None:
    code, text = advice("--for", "legal")
    assert code == 2
    assert "error[SEG477]: no column of `conditions` is for the department `legal`" in text


def test_knobs_that_are_turned_are_shown() -> None:
    _, text = advice("--cards", "--knob", "complex_from=6")
    assert "complexity >= complex_from (6)" in text


def test_concentration_is_shown_in_full_when_asked_for() -> None:
    _, short = advice("--column", "fee")
    _, full = advice("--column", "fee", "--concentration", "fee", "--effort", "minutes")
    assert "80% made by" in short
    assert "Herfindahl" not in short
    assert "of treatment explain" in full
    assert "shares of fee and of what is spent" in full


# ---- who


def test_who_is_in_each_segment() -> None:
    found = made(SHOP)
    assert found["high"].who == (Way("rule", Clause("high")),)
    assert found["keen"].who == (Way("rule", Clause("keen"), after=True),)
    assert found["low"].who == (Way("otherwise"),)
    assert found["unclear"].who == (Way("unsure"),)
    assert [card.figures.rows for card in found.values()] == [1, 1, 0, 1]
    assert who(found["low"], "customers") == ["all other customers: every rule is false for them"]


def test_rows_in_no_segment_have_a_card() -> None:
    rules = with_sets(SHOP, NO_UNSURE)
    frame = pl.DataFrame({"customer_id": ["C0"], "spend": [None], "points": [1], "salary": [1],
                          "joined": [AS_OF]}, schema_overrides={"spend": pl.Float64})  # fmt: skip
    placement = place(rules, "customers", {"customers": frame}, Asked(AS_OF))
    last = cards(profile(placement, "value", ["spend"]), rules).cards[-1]
    assert (last.segment, last.who, last.actions) == (None, (Way("unsure"),), {})


def test_otherwise_may_be_a_segment_of_a_rule() -> None:
    again = replace(VALUE, otherwise=replace(VALUE.otherwise, segment="high"))
    found = made(with_sets(SHOP, again))
    assert [way.by for way in found["high"].who] == ["rule", "otherwise"]
    assert who(found["high"], "customers")[-1].startswith("or all other customers")


def test_parts_of_a_condition_stand_one_below_the_other() -> None:
    nested = Clause("", "and", (
        Clause("a"),
        Clause("", "or", (Clause("b"), Clause("", "and", (Clause("c"), Clause("not d"))))),
    ))  # fmt: skip
    card = replace(made(SHOP)["high"], who=(Way("rule", nested),))
    assert who(card, "leads") == [
        "leads where",
        "  a",
        "  and either b",
        "      or c",
        "         and not d",
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("spend >=\n  big_from", "spend >= big_from (10_000)"),
        ("spend >= `big_from`", "spend >= `big_from` (10_000)"),
        ('note = "big_from"', 'note = "big_from"'),
        ("agent.big_from > 1", "agent.big_from > 1"),
        ("spend between 0 # of big_from\n and big_from", "spend between 0 and big_from (10_000)"),
        ("not_big_from or big_from_x", "not_big_from or big_from_x"),
    ],
)
def test_knobs_are_followed_by_their_values(written: str, expected: str) -> None:
    assert said(written, {"big_from": "10_000"}) == expected


def test_rule_as_written_is_taken_apart() -> None:
    text = "spend >= big_from and points >= 5"
    source = Source("rules.seg", text)
    spend, points = (
        replace(at_least(column(CUSTOMERS, name), 1), span=source.span(start, end))
        for name, start, end in (("spend", 0, 17), ("points", 22, 33))
    )
    both = replace(spend, op="and", args=(spend, points), span=source.span(0, len(text)))
    rules = replace(VALUE, rules=(Rule("high", "High", both), *VALUE.rules[1:]))
    knob = Knob("big_from", Fraction(10_000), Fraction(0), Fraction(99_999), False, "10000")
    found = made(replace(with_sets(SHOP, rules), knobs=(knob,)))
    parts = (Clause("spend >= big_from (10_000)"), Clause("points >= 5"))
    assert found["high"].who == (Way("rule", Clause("", "and", parts)),)


# ---- what governs a set


def governed() -> tuple[Ruleset, SegmentSet]:
    text = Source("rules.seg", "spend in_complaint")
    spend = replace(column(CUSTOMERS, "spend"), span=text.span(0, 5))
    complaint = Column("customers", "in_complaint", Flag(), True, text.span(6, 18))
    rank = InRank("top 200", top=True, share=None, count=200, by=spend, optional=False)
    rules = replace(
        VALUE,
        rules=(
            Rule("suppressed", "", complaint, by="suppress"),
            Rule("keen", "", Const(True, Flag()), by="override"),
            *VALUE.rules,
            Rule("high", "", complaint, by="stay"),
        ),
        caps=(Cap("high", "low", rank),),
        tolerances=(Tolerance("high", complaint, 2, Length(14, "days"), None),),
    )
    rules_of = replace(
        with_sets(SHOP, rules),
        suppressions=(
            Suppression("value", ("keen",), complaint, "no letters"),
            Suppression("value", (), complaint, "complaint process"),
        ),
        overrides=(Override("value", ("C7", "C8"), "keen", dt.date(2027, 3, 31), "director"),),
    )
    return rules_of, rules


def test_what_governs_a_set_is_said() -> None:
    rules, _ = governed()
    found = made(rules)
    assert [way.by for way in found["high"].who] == ["rule", "stay", "cap"]
    assert [way.by for way in found["keen"].who] == ["rule", "override", "except"]
    assert [way.by for way in found["low"].who] == ["otherwise", "over"]
    assert found["high"].who[0].after is False
    assert found["high"].who[1].detail == (
        "leave when in_complaint for 2 reviews running, stay at least 14 days"
    )
    assert who(found["high"], "customers")[-1] == ("of these not all: at 200 by spend, rest to low")
    lines = who(found["keen"], "customers")
    assert "or customers put here by decision, each by name: 2 until 2027-03-31 (director)" in lines
    assert lines[-2:] == ["except customers (no letters) where", "  in_complaint"]
    assert not any("C7" in line for line in lines)
    assert who(found["low"], "customers")[-1] == ("or customers for whom there is no room in high")


def test_those_kept_out_of_a_whole_set() -> None:
    rules, _ = governed()
    frame = pl.DataFrame({"customer_id": ["C0"], "spend": [1], "points": [1], "salary": [1],
                          "joined": [AS_OF]})  # fmt: skip
    found = profile(
        place(SHOP, "customers", {"customers": frame}, Asked(AS_OF)), "value", ["spend"]
    )
    kept = replace(found, segments=(replace(found.everyone, segment="suppressed"),))
    assert who(cards(kept, rules).cards[0], "customers") == [
        "customers kept out of all others (complaint process), where",
        "  in_complaint",
    ]


# ---- departments


def test_department_sees_its_columns_and_those_of_everybody() -> None:
    rules = replace(SHOP, conditions=(ACTIONS,))
    assert made(rules)["high"].actions == {"visits": "monthly", "letters": "yes", "tone": "warm"}
    assert made(rules, "sales")["high"].actions == {"visits": "monthly", "tone": "warm"}
    assert made(rules, "service")["low"].actions == {"letters": "no", "tone": "plain"}


def test_unknown_department() -> None:
    for rules, hint in (
        (replace(SHOP, conditions=(ACTIONS,)), "the closest department is `sales`"),
        (replace(SHOP, conditions=(replace(ACTIONS, departments=()),)), "name the departments in"),
        (SHOP, "name the departments in"),
    ):
        with pytest.raises(RulesError) as raised:
            made(rules, "sale")
        (found,) = raised.value.diagnostics
        assert found.code == "SEG477"
        assert found.hint is not None
        assert found.hint.startswith(hint)
        assert raised.value.unable


def test_card_of_a_department(capsys: pytest.CaptureFixture[str]) -> None:
    rules = replace(SHOP, conditions=(ACTIONS,), goal="More profit", why="")
    frames = {"customers": pl.DataFrame({"customer_id": ["C0"], "spend": [300], "points": [1],
              "salary": [1], "joined": [AS_OF]})}  # fmt: skip
    placement = place(rules, "customers", frames, Asked(AS_OF))
    found = cards(profile(placement, "value", ["spend"]), rules, "sales")
    print_tables(card_tables(found))
    text = capsys.readouterr().out
    assert text.startswith("\nvalue: 1 customers as of 2026-06-30, for sales\n")
    assert "why           More profit\n" in text
    assert "what we do    visits  monthly\n" in text
    assert "letters" not in text
    assert max(map(len, text.splitlines())) <= 110
    assert card_record(found)["department"] == "sales"
