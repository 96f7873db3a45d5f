"""Examples are tried on one customer alone; segment and decider must be as they say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from told_shop import CAP, FLAGS, HEAD, SETS, rules

from segrules.lang import ir
from segrules.segments.examples import NOBODY, failures, tried

EXAMPLES = """
examples of value as_of 2026-06-30 with vulnerable no, weight 2
    cut spend at 90 {{
  | spend | bought => expect | by |
{rows}}}
"""


def ruleset(*rows: str, text: str = HEAD + SETS) -> ir.Ruleset:
    return rules(text + EXAMPLES.format(rows="".join(f"  {row}\n" for row in rows)))


def decided(*rows: str, text: str = HEAD + SETS) -> list[tuple[str | None, str, bool]]:
    found = tried(ruleset(*rows, text=text))
    return [(each.decision.segment, each.decision.by, each.passed) for each in found]


def test_segment_and_decider_must_be_as_expected() -> None:
    assert decided(
        "| 400 | 0  => big    | big    |",
        "| 20  | 30 => keen   | keen   |",
        "| 400 | 0  => keen   | keen   |",
        "| 20  | 0  => unclear | unsure |",
    ) == [
        ("big", "big", True),
        ("keen", "keen", True),
        ("big", "big", False),
        # the agent's skill is not stated
        ("unclear", "unsure", True),
    ]


def test_the_right_segment_for_another_reason_fails() -> None:
    found = list(failures(ruleset("| 20 | 30 => keen | override |", "| 20 | 30 => keen | keen |")))
    (failure,) = found
    assert failure.code == "SEG150"
    assert failure.message == "example 1 expects `keen` by `override` and is `keen` by `keen`"
    assert failure.span is not None


def test_without_a_decider_any_will_do() -> None:
    text = HEAD + SETS + (
        "examples of value as_of 2026-06-30 cut spend at 90 {\n"
        "  | spend | vulnerable | weight | customer_id => expect |\n"
        '  | 400   | no         | 2      | "C1"        => big    |\n'
        '  | 400   | no         | 2      | "C8"        => big    |\n}\n'
    )  # fmt: skip
    first, second = tried(rules(text))
    assert (first.passed, second.passed) == (True, False)
    assert (second.decision.segment, second.decision.by) == ("keen", "override")


def test_who_has_no_key_is_in_no_override() -> None:
    # with a missing key the override would be unknown, and nobody could be sure of anything
    (each,) = tried(ruleset("| 20 | 30 => keen | keen |"))
    assert each.decision.truths[1] is False
    assert NOBODY > "zzz"


def test_cut_points_are_those_stated() -> None:
    row = "| 95 | 30 => keen | keen |"
    text = HEAD + SETS.replace("spend >= 100 and", "spend >= 10 and")
    assert decided(row, text=text) == [("big", "big", False)]
    other = rules(text + EXAMPLES.format(rows=f"  {row}\n").replace("spend at 90", "spend at 96"))
    assert [each.passed for each in tried(other)] == [True]


def test_caps_and_tolerance_play_no_part() -> None:
    made, capped = ruleset("| 400 | 0 => big | big |"), rules(HEAD + SETS + CAP)
    full = replace(made, sets=capped.sets)
    assert full.set("value").caps
    assert full.set("value").tolerances
    assert [(each.decision.by, each.passed) for each in tried(full)] == [("big", True)]
    # neither suppression, override nor the four segments is a rule of tolerance
    (each,) = tried(full)
    assert len(each.decision.truths) == 5


def test_a_segment_set_that_rules_read_may_be_given() -> None:
    text = HEAD + SETS + (
        "segments offer of customers { gift when value = big and spend >= 1 otherwise nothing }\n"
        "examples of offer as_of 2026-06-30 with spend 3 {\n"
        "  | value => expect  | by        |\n"
        "  | big   => gift    | gift      |\n"
        "  | keen  => nothing | otherwise |\n}\n"
    )  # fmt: skip
    assert [each.passed for each in tried(rules(text))] == [True, True]


def test_history_is_unknown_and_related_rows_are_none() -> None:
    text = HEAD + SETS + FLAGS + (
        "segments past of customers {\n"
        "  was when was_big\n  busy when bought > 0\n  otherwise other\n  unsure unclear\n}\n"
        "examples of past as_of 2026-06-30 {\n"
        "  | spend => expect  | by     |\n  | 1     => unclear | unsure |\n}\n"
    )  # fmt: skip
    (each,) = tried(rules(text))
    assert each.passed
    assert each.decision.truths == (None, False)


@pytest.mark.parametrize("number", [1, 3])
def test_failures_name_their_row(number: int) -> None:
    rows = ["| 400 | 0 => big | big |"] * 3
    rows[number - 1] = "| 400 | 0 => keen | keen |"
    (failure,) = failures(ruleset(*rows))
    assert failure.message.startswith(f"example {number} expects")
