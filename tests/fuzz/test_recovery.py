"""All syntax errors of a file come in one run, each once, and none that is not there."""

from __future__ import annotations

import random

import pytest
from fuzz_planted import errors, items, plant

from segrules.text.catalogue import PREAMBLE
from segrules.text.resources import resource

TEXTS = [(resource("rulesets") / name).read_text()
         for name in ("advice/advice.seg", "retail/retail.seg")]  # fmt: skip
TRIALS = 60


def test_errors_planted_at_random() -> None:
    """Errors that are found alone are found together and nothing else is, in 95 of 100 files."""
    tried, exact = 0, 0
    for seed in range(TRIALS):
        luck = random.Random(seed)  # noqa: S311 -- reproducible, no secret
        planted = plant(luck.choice(TEXTS), luck, luck.choice((2, 3, 5, 8)))
        if planted is not None:
            tried += 1
            exact += sorted(errors(planted.text)) == sorted(planted.alone)
    assert tried > TRIALS * 0.6
    assert exact >= 0.95 * tried, f"{exact} of {tried}"


def test_planted_texts_are_sound_before() -> None:
    for text in TEXTS:
        assert errors(text) == []
        assert len(items(text)) > 40


def places(rules: str) -> list[str]:
    """The first words of what is complained about, in the rules behind the preamble.

    Where something is missing, that is the word behind which it is.
    """
    return [message.split("`")[1] for code, message in errors(PREAMBLE + rules)]


WRITTEN = {
    "columns": (
        "table shops key shop {\n  shop text\n  opened daate\n  size whole 0..\n  kind one of a b\n"
        "  town text\n}\n",
        ["daate", "..", "a"],
    ),
    "segments": (
        "segments value of customers {\n  high when spend 100\n  mid when (spend > 50\n"
        "  low when points > and vip\n  odd when spend > 10\n    and or vip\n"
        "  otherwise rest x\n}\n",
        ["100", "50", ">", "and", "x"],
    ),
    "an item that is not finished": (
        "segments value of customers {\n  high when spend >\n  mid when vip\n  low wen vip\n"
        "  otherwise rest\n}\n",
        [">", "wen"],
    ),
    "a heading and an item": (
        "segments value off customers {\n  high when vip\n  mid wen vip\n  otherwise rest\n}\n",
        ["off", "wen"],
    ),
    "a mistyped declaration and an item": (
        "segmnets value of customers {\n  high when vip\n  mid wen vip\n  otherwise rest\n}\n",
        ["segmnets", "wen"],
    ),
    "rows": (
        "segments s of customers {\n  a when vip\n  otherwise b\n}\n"
        "conditions of s {\n  | segment | desk |\n  | a ^ ours |\n  | b |  | |\n"
        "  | rest | any |\n}\n",
        ["^", "|"],
    ),
    "points": (
        "score worth {\n  add 2 wen vip\n  take 1 when\n  add 3 when vip\n  add when vip\n}\n",
        ["wen", "when", "vip"],
    ),
    "declarations": (
        "let a = spend > > 3\nlet b = (spend\nknbo c = 3 from 1 to 4\nlet d = spend spend\n",
        [">", "spend", "spend"],
    ),
    "a brace that is missing": (
        "score worth {\n  add 2 wen vip\n  add 3 when vip\n\nlet age = days since joined\n",
        ["wen", "let"],
    ),
    "a brace too many": (
        "score worth {\n  add 2 when vip }\n  add 3 when vip\n}\nlet b = spend >\nlet c = vip\n",
        ["add", ">"],
    ),
    "a word of the language names a column": (
        'table t key k {\n  k      text\n  amount omney as "x"\n  margin wen\n}\n',
        ["omney", "wen"],
    ),
    "continued lines": (
        "segments value of customers {\n  high\n    when spend > > 3\n    and vip\n    or vip\n"
        "  mid\n    wen vip\n  otherwise rest\n}\n",
        [">", "wen"],
    ),
    "no indentation": (
        "segments value of customers {\nhigh when spend > > 3\nand vip\nmid wen vip\n"
        "otherwise rest\n}\n",
        [">", "wen"],
    ),
}


@pytest.mark.parametrize(("rules", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_errors_as_people_make_them(rules: str, expected: list[str]) -> None:
    assert places(rules) == expected


def test_what_is_left_of_a_table_is_known() -> None:
    """A column that cannot be read takes no other column with it."""
    text = PREAMBLE.replace("spend       money", "spend       monee")
    rules = "let a = spend + 1\nlet b = poinst + 1\nlet c = vip and points > 1\n"
    assert [message for _, message in errors(text + rules)] == [
        "`monee` does not fit here",
        "unknown column `poinst`",
    ]


def test_no_more_than_twenty_are_reported() -> None:
    rules = "segments s of customers {\n" + "  a wen vip\n" * 50 + "  otherwise b\n}\n"
    assert len(errors(PREAMBLE + rules)) == 20
    assert len(errors(PREAMBLE + "let a = = 1\n" * 50)) == 20
