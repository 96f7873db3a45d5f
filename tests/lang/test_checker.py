"""The checker: what it takes, what it refuses and with which code, and what it promises.

A promise is that something can never be unknown: the reference evaluator is held to it on rows at
random. Data may break the promise of a column that is never missing; then the rules must mean what
they would mean had the column been declared with `?`.
"""

from __future__ import annotations

import random
import re

import pytest
from checker_rules import MAY_BE_UNKNOWN, NEVER_UNKNOWN, REFUSED, TAKEN
from checker_shop import HEAD, answers, codes, compiled, loosened, world

from segrules.lang import ir

CASCADES = {
    "let": (
        ["SEG201"],
        """
        let w of customers = spned * 2  let w2 = w + 1  score sc { add 1 when w > 3 }
        band b of w { lo below 3 | hi }
        segments s of customers { a when w > 3 and w2 > 1 and b = hi and sc > 1 otherwise c }
        flags of customers { f when s = a g when w is missing h when in top 3 by w2 }
        conditions of s { | segment | x | | a | 1 | | c | 2 | }
        claims of s { never a and w > 3 }
        """,
    ),
    "feature of a link": (
        ["SEG201"],
        """
        let w of agents = skil * 2
        flags of customers { f when agent.w > 2 }
        segments s of customers { a when agent.w > 3 otherwise b }
        """,
    ),
    "feature of related rows": (
        ["SEG201"],
        """
        let w of orders = amont * 2
        flags of customers { f when sum w of orders > 2 }
        segments s of customers { a when any orders where (w > 3) otherwise b }
        """,
    ),
    "link to no table": (
        ["SEG202"],
        """
        table t key k { k text a refers to agentz }
        let n of t = a.skill
        flags of t { f when n > 3 and a.skill = 2 }
        """,
    ),
    "rule of a set": (
        ["SEG201"],
        """
        segments s of customers ladder b < a {
          a when vipp leave when points < 3 for 2 reviews running otherwise b
        }
        flags of customers {
          f when s = a g when s moved up since 1 month ago h when s was a ever
          i when time in a of s > 3
        }
        suppress a when vip reason "r"
        override s for "x" to a until 2030-01-01 reason "q"
        cap a at 3 by spend, rest to b
        allot a of s { rest to q }
        holdout 10% of each s salt "x"
        persona p { spend 3 }
        claims of s { a stays under 3% more points never lowers s persona p is a }
        examples of s as_of 2026-01-01 { | vip => expect | | yes => a | }
        """,
    ),
    "suppression": (
        ["SEG201"],
        """
        segments s of customers { a when vip otherwise b }
        suppress s when vipp reason "r"
        flags of customers { f when s = suppressed }
        """,
    ),
    "grid": (
        ["SEG144"],
        """
        grid g from area pick first { | area => o | o2 | | nrth => x | 1 | | rest => y | 2 | }
        flags of customers { f when o = x g when o2 > 1 }
        segments s of customers { a when o = x otherwise b }
        """,
    ),
    "grid without an input": (
        ["SEG201"],
        """
        grid g from area, pints pick first { | area | pints => o | | north | 3 => x | }
        flags of customers { f when o = x }
        segments s of customers { a when o = x otherwise b }
        """,
    ),
    "where of related rows": (
        ["SEG201", "SEG201"],
        """
        let n = count orders where (opn)
        segments s of customers {
          a when n > 3 or (mean amount of orders where (opn)) > 3 otherwise b
        }
        """,
    ),
    "rule over related rows": (
        ["SEG201"],
        "segments s of customers { a when any orders where (opn) otherwise b unsure c }",
    ),
    "named rows": (
        ["SEG201"],
        """
        rows r of orders where (opn)
        let n = count r
        flags of customers { f when n > 3 g when any r h when days since last r > 3 }
        """,
    ),
    "population": (
        ["SEG164"],
        "flags of customers { f when in top 10% of all agents with same region by skill }",
    ),
    "value": (
        ["SEG201"],
        """
        value p of customers { revenue spned less goods 0 less sales 0 less marketing 0
          less service 0 }
        flags of customers { f when p > 3 }
        segments s of customers { a when p < 0 otherwise b }
        """,
    ),
    "knob": (
        ["SEG116"],
        "knob limit = 3% from 1 to 9 flags of customers { f when points > limit }",
    ),
}
"""One mistake whose traces stand all over the file, with the one complaint."""


def conditions(lines: str) -> list[str]:
    return [line for line in lines.splitlines() if line]


_WORD = re.compile(r'"[^"]*"|\w+|[^\w\s]')


def flag(condition: str) -> str:
    return f"flags of customers {{ f when {condition} }}"


def ruleset(text: str, head: str = HEAD) -> ir.Ruleset:
    found = compiled(text, head)
    assert found.ruleset is not None, list(found.log)
    return found.ruleset


WRONG = [(code, text) for code, texts in REFUSED.items() for text in texts]


@pytest.mark.parametrize(("code", "text"), WRONG)
def test_one_mistake_is_one_complaint(code: str, text: str) -> None:
    assert [found for found in codes(text) if found != "(SEG132)"] == [code]


@pytest.mark.parametrize(("found", "text"), CASCADES.values(), ids=CASCADES.keys())
def test_what_follows_from_a_mistake_is_not_complained_about(found: list[str], text: str) -> None:
    assert codes(text) == found


def test_text_that_is_nearly_right_is_answered() -> None:
    """No text makes the checker fail: each has findings or a meaning."""
    luck = random.Random(7)  # noqa: S311 -- test data, nothing secret
    texts = [*TAKEN.values(), *map(flag, conditions(NEVER_UNKNOWN + MAY_BE_UNKNOWN))]
    words = [word for text in texts for word in _WORD.findall(text)]
    for _ in range(150):
        parts = _WORD.findall(luck.choice(texts))
        for _ in range(luck.randrange(1, 4)):
            at = luck.randrange(len(parts))
            parts[at : at + luck.randrange(2)] = [luck.choice(luck.choice([words, parts]))]
        found = compiled(" ".join(parts))
        assert (found.ruleset is None) == found.log.has_errors


@pytest.mark.parametrize("text", TAKEN.values(), ids=TAKEN.keys())
def test_taken(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize("condition", conditions(NEVER_UNKNOWN))
def test_a_rule_that_is_never_unknown(condition: str) -> None:
    assert codes(flag(condition)) == []
    rules = ruleset(flag(condition))
    assert not rules.feature("f").optional
    for seed in range(4):
        assert None not in answers(rules, world(rules, seed)).values()


@pytest.mark.parametrize("condition", conditions(MAY_BE_UNKNOWN))
def test_a_rule_that_may_be_unknown_is(condition: str) -> None:
    assert codes(flag(condition)) == []
    rules = ruleset(flag(condition))
    assert rules.feature("f").optional
    seen = set()
    for seed in range(40):
        found = answers(rules, world(rules, seed))
        seen |= {answer for (name, _), answer in found.items() if name == "f"}
        if None in seen and len(seen) > 1:
            return
    pytest.fail(f"only {seen}")


@pytest.mark.parametrize("text", TAKEN.values(), ids=TAKEN.keys())
def test_what_is_taken_keeps_its_promises(text: str) -> None:
    rules = ruleset(text)
    optional = {each.name: each.optional for each in (*rules.features, *rules.sets)}
    for seed in range(3):
        for (name, key), answer in answers(rules, world(rules, seed)).items():
            assert answer is not None or optional[name], (name, key)


@pytest.mark.parametrize(
    "text",
    [
        *map(flag, conditions(NEVER_UNKNOWN)),
        *map(flag, conditions(MAY_BE_UNKNOWN)),
        *TAKEN.values(),
    ],
)
def test_broken_promises_of_data_change_no_meaning(text: str) -> None:
    # what is never unknown needs no segment for it; here it may be
    text = re.sub(r"otherwise (?!stays)(\w+)(?!\s+unsure)", r"otherwise \1 unsure not_sure", text)
    rules, loose = ruleset(text), ruleset(text, loosened(HEAD))
    for seed in range(3):
        rows = world(loose, seed)
        assert answers(rules, rows) == answers(loose, rows)
