"""Warnings at segments and branches that nobody reaches, and their absence where some may."""

from __future__ import annotations

import pytest

from segrules.lang.ir import Ruleset
from segrules.lang.pipeline import compile_source
from segrules.text.diagnostic import Diagnostic
from segrules.text.source import Source

HEAD = """\
ruleset shop { language 1 goal "g" why "w" owner "o" zone "Europe/London" money GBP }
table people key id {
  id text
  region one of north, south, east
  spend  money
  visits whole 0..600
  weight number 0..5
  maybe  whole 0..10?
  vip    flag
  born   date
  note   text
}
table orders of people by id dated at { id text at date amount money }
"""
CODES = ("SEG350", "SEG351", "SEG352", "SEG353")


def compiled(rules: str, named: str) -> tuple[Ruleset | None, list[Diagnostic]]:
    for unsure in ("", "\n  unsure open"):
        text = f"{HEAD}{named}\nsegments kind of people {{\n{rules}\n  otherwise rest{unsure}\n}}\n"
        found = compile_source(Source("shop.seg", text))
        if found.ruleset is not None:
            return found.ruleset, [each for each in found.log if each.code in CODES]
    raise AssertionError(list(found.log))


def told(*rules: str, named: str = "") -> list[tuple[str, str]]:
    """The codes of warnings, and the text at which they stand."""
    lines = "\n".join(f"  s{at} when {each}" for at, each in enumerate(rules))
    return [(each.code, each.span.text) for each in compiled(lines, named)[1] if each.span]


def messages(*rules: str, named: str = "") -> list[str]:
    lines = "\n".join(f"  s{at} when {each}" for at, each in enumerate(rules))
    return [each.message for each in compiled(lines, named)[1]]


@pytest.mark.parametrize(
    "rules",
    [
        ("visits > 5", "visits > 10"),
        ("visits > 5", "visits > 10 and vip"),
        # several together
        ("visits < 10", "visits >= 8 and vip", "visits >= 9 and not vip", "spend > 5"),
        ("region in [north, south]", "region = east", "vip"),
        ("maybe is missing", "maybe < 5", "maybe >= 5", "vip"),
        # whatever is unknown is not taken, but it is not true either
        ("maybe < 5", "maybe < 3"),
        # the declared ranges leave nobody
        ("visits < 600", "visits = 600", "vip"),
        ("weight >= 0", "vip"),
        # dates have nothing between neighbours
        ("born <= 2000-01-31", "born >= 2000-02-01", "vip"),
        # what cannot be opened is one subject wherever it is written
        ("weight > visits * 0.5", "weight > visits * 0.5 and vip"),
    ],
)
def test_a_segment_that_nobody_reaches(rules: tuple[str, ...]) -> None:
    assert told(*rules) == [("SEG350", f"s{len(rules) - 1}")]


@pytest.mark.parametrize(
    "rules",
    [
        ("visits > 10", "visits > 5"),
        ("visits > 5 and vip", "visits > 10"),
        ("visits < 10", "visits > 10", "vip"),
        ("maybe < 5", "maybe >= 5", "vip"),
        ("region in [north, south]", "vip"),
        ("weight < 5", "vip"),
        ("weight < 2", "weight > 2", "vip"),
        ('note = "a"', 'note = "b"', "vip"),
        ('note contains "a"', 'note contains "ab"'),
        ("visits * 2 > 10", "visits > 5"),
        # the usual ladder
        ("visits > 100 and vip", "visits > 50 and vip", "visits > 10 and vip", "visits > 5"),
        ("visits > 100", "visits > 50", "visits > 10"),
        ("spend > 100 or visits > 100", "spend > 50 or visits > 50"),
        # repeats itself, which no earlier segment brings about
        ("vip", "visits > 5 or visits > 10"),
        ("visits in [1, 2]", "visits in [2, 3]"),
    ],
)
def test_what_somebody_may_reach_is_not_complained_of(rules: tuple[str, ...]) -> None:
    assert told(*rules) == []


def test_the_message_names_those_who_are_needed_and_somebody() -> None:
    rules = ("born > 2020-01-01", "visits < 10", "vip", "visits >= 8", "spend > 100 and visits > 2")
    assert messages(*rules) == ["nobody reaches `s4` behind `s1` and `s3`, such as `visits` 3, "
                                "`spend` 100.01"]  # fmt: skip
    assert messages("weight > 1", "weight > 2.5") == [
        "nobody reaches `s1` behind `s0`, such as `weight` 3.75"
    ]


def test_branches_behind_earlier_segments() -> None:
    assert told("visits > 5", "vip and (spend > 10 or visits > 9)") == [("SEG351", "visits > 9")]
    # the rest of the rule has those whom the branch would have
    named = "let slow = weight > visits * 0.5\n"
    rules = ("visits > 50 and weight > 2", "visits > 50 and weight <= 2")
    assert told(*rules, "vip and (visits <= 50 or slow)", named=named) == [("SEG351", "slow")]
    assert told("vip and (visits <= 50 or slow)", *rules, named=named) == []
    # two branches, each of which would do
    assert told("visits > 5", "vip and visits > 9 or spend > 10 and visits > 7 or weight > 1") == [
        ("SEG351", "vip and visits > 9"),
        ("SEG351", "spend > 10 and visits > 7"),
    ]
    assert told("visits > 5", "not (spend > 10 or visits < 9) or vip") == [
        ("SEG351", "not (spend > 10 or visits < 9)")
    ]


def test_parts_of_a_narrower_segment() -> None:
    rules = ("visits >= 50 and weight > 2", "visits >= 50 and weight <= 2")
    assert told(*rules, "spend = 10 and visits > 30") == [("SEG352", "s2")]
    assert messages(*rules, "spend = 10 and visits > 30") == [
        "`s2` loses all with `visits` from 50 to `s0` and `s1`, such as `visits` 50, `spend` 10.00"
    ]
    # one earlier rule says by itself whom it takes; so does an `or`
    assert told("visits >= 50", "spend = 10 and visits > 30") == []
    either = " or ".join(f"({rule})" for rule in rules)
    assert told(either, "spend = 10 and visits > 30") == []
    # asks for nothing that the earlier ones do not ask for
    assert told(*rules, "visits > 30 and weight > 1") == []
    # one after the other, each asking for the same things: meant so
    assert told("visits >= 50 and vip", "visits >= 30 and vip") == []
    assert told("spend = 10 and visits > 30", *rules) == []


def test_conditions_that_are_never_true() -> None:
    assert told("visits > 9 and visits < 5") == [("SEG353", "visits > 9 and visits < 5")]
    # that a comparison by itself is never true is said of the comparison
    assert told("visits > 600 and vip", "vip or visits > 600") == []
    twice = "let twice = visits * 2\n"
    assert told("twice > 1200", "vip", named=twice) == [("SEG353", "twice > 1200")]
    assert told("vip or spend > 5 and spend < 3") == [("SEG353", "spend > 5 and spend < 3")]
    assert told("vip and not vip") == [("SEG353", "vip and not vip")]
    assert told("maybe is missing and maybe > 3") == [("SEG353", "maybe is missing and maybe > 3")]
    assert told("weight >= 5") == []


def test_nothing_is_said_where_a_proof_would_be_long() -> None:
    flags = " and ".join(f"f{at}" for at in range(20))
    named = "".join(f"let f{at} = weight > visits * 0.{at + 1}\n" for at in range(20))
    rules = [f"not f{at} and visits != {at}" for at in range(20)]
    assert told(*rules, f"{flags} and vip", named=named) == []


def test_with_errors_nothing_is_said_of_order() -> None:
    text = f"{HEAD}\nsegments kind of people {{\n  a when visits > 5\n  b when visits > 9\n}}\n"
    found = compile_source(Source("shop.seg", text))
    assert found.ruleset is None
    assert [each.code for each in found.log if each.code in CODES] == []
