"""Who is in the target market, who outside it was served, and who reads protected columns."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl
from gaps_people import AS_OF, PEOPLE, RULES, TARGET, Person, frame_of, placed, ran, rules_of

from segrules.segments.assign import Asked, place
from segrules.segments.market import Fit, Market, market
from segrules.segments.protection import protected_reads

# ---- target market


def fit(found: Market | None) -> dict[str | None, Fit]:
    assert found is not None
    return {each.segment: each for each in found.segments}


def test_the_target_market_by_segment() -> None:
    people = [
        Person(True, age=17),
        Person(True, age=17, kept=True),
        Person(age=17, team="b"),
        Person(True, age=18),
        Person(True, age=None, team="b"),
    ]
    made = market(placed(people, RULES + TARGET), "teams")
    found = fit(made)
    assert made is not None
    assert (made.reason, made.funnel, made.stages) == ("adults only", "sales", ("sale", "again"))
    assert found["a"] == Fit("a", 1, 2, 0, {"sale": 2, "again": 1})
    assert found["b"] == Fit("b", 0, 1, 1, {"sale": 0, "again": 0})
    assert found["c"] == Fit("c", 0, 0, 0, {"sale": 0, "again": 0})
    assert made.everyone == Fit(None, 1, 3, 1, {"sale": 2, "again": 1})


def test_served_however_late_but_not_after_the_day() -> None:
    late = Person(True, age=17, joined=dt.date(2024, 1, 1))
    frame = frame_of([late, late])
    later = frame.with_columns(bought=pl.Series([dt.date(2026, 6, 30), dt.date(2026, 7, 1)]))
    placement = place(rules_of(RULES + TARGET), "people", {"people": later}, Asked(AS_OF))
    assert fit(market(placement, "teams"))["a"].served == {"sale": 1, "again": 0}


def test_without_a_target_market() -> None:
    assert market(placed([Person()]), "teams") is None


def test_without_a_funnel_nobody_is_said_to_be_served() -> None:
    text = RULES[: RULES.index("funnel")] + TARGET
    made = market(placed([Person(True, age=3)], text), "teams")
    assert made is not None
    assert (made.funnel, made.stages, made.everyone) == (None, (), Fit(None, 0, 1, 0, {}))


def test_rows_in_no_segment_and_broken_promises() -> None:
    """A column without `?` may lack a value: then the row is undecided, and in no segment."""
    text = RULES.replace("0..120?", "0..120").replace("a when team = a", "a when age > 40")
    people = [Person(age=50), Person(age=None, team="b"), Person(age=None, team="a")]
    found = fit(market(placed(people, text + TARGET), "teams"))
    assert found["a"].inside == 1
    assert found["b"].undecided == 1
    assert found[None].undecided == 1


def test_a_promise_broken_is_not_taken_on_trust() -> None:
    text = RULES.replace("0..120?", "0..120")
    target = 'target market of people when least(age, 90) >= 18 reason "no guesses"\n'
    made = market(placed([Person(age=50), Person(age=None)], text + target), "teams")
    assert made is not None
    assert (made.everyone.inside, made.everyone.outside, made.everyone.undecided) == (1, 0, 1)


# ---- rules that read protected columns

READERS = (
    RULES
    + """
let senior = ages = old and age is known

flags of people {
  elder "Elder" when senior
  rich  "Rich"  when spend > 10
}

segments care of people {
  special when needs has any of [sight]
  plain   when spend > 5
  otherwise others
  unsure unclear
}

suppress care when tongue = polish reason "a test"

target market of people when female reason "a test"
"""
)


def test_who_reads_protected_columns() -> None:
    found = {
        (each.kind, each.of, each.name, each.column, each.through)
        for each in protected_reads(rules_of(READERS))
    }
    assert found == {
        ("segment", "care", "special", "needs", ()),
        ("suppress", "care", "suppressed", "tongue", ()),
        ("flag", "people", "elder", "age", ("senior",)),
        ("target market", "people", "people", "female", ()),
    }


def test_nobody_reads_what_is_not_protected() -> None:
    assert protected_reads(rules_of(READERS.replace(" protected", ""))) == ()


# ---- profile


def test_profile_shows_the_target_market(tmp_path: Path) -> None:
    shown = " ".join(ran(tmp_path, PEOPLE, "profile").split())
    assert "target market of people: adults only" in shown
    assert "all 90 0 23 20.4% 8 0" in shown
    found = json.loads(ran(tmp_path, PEOPLE, "profile", "--format", "json"))
    assert [each["outside"] for each in found["target"]["segments"][:3]] == [0, 20, 3]
    assert "target" not in json.loads(
        ran(tmp_path, PEOPLE, "profile", "--format", "json", text=RULES)
    )
