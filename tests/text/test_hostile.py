"""No text makes the compiler fail: every finding has a code, a hint and a place in the text."""

import random
import re
import textwrap
import time
from collections.abc import Callable

import pytest

from segrules.lang.pipeline import compile_source
from segrules.text.catalogue import PREAMBLE, catalogue
from segrules.text.diagnostic import Diagnostic
from segrules.text.render import as_json, concise, full
from segrules.text.source import Source


def checked(text: str) -> list[Diagnostic]:
    found = list(compile_source(Source("rules.seg", text)).log)
    for each in found:
        assert re.fullmatch(r"SEG\d{3}", each.code)
        assert each.hint
        assert each.span is not None
        assert 0 <= each.span.start <= each.span.end <= len(text)
    for each in found[:30]:
        assert len(full(each)) < 1500
        assert "\n" not in concise(each)
        assert as_json(each)["line"]
    return found


def codes(text: str) -> set[str]:
    return {each.code for each in checked(text)}


def rule(condition: str) -> str:
    return f"{PREAMBLE}\nsegments value of customers {{\n  a when {condition}\n  otherwise b\n}}\n"


HOSTILE = {
    "brackets": (rule("(" * 10_000 + "vip" + ")" * 10_000), {"SEG001"}),
    "or": (rule(" or ".join(["vip"] * 20_000)), {"SEG001"}),
    "lists": (rule("points in " + "[" * 10_000), {"SEG001"}),
    "brackets never closed": (rule("(" * 10_000), {"SEG001"}),
    "brackets closed too often": (rule("vip" + ")" * 10_000), {"SEG006"}),
    "not": (rule("not " * 10_000 + "vip"), {"SEG001"}),
    "minus": (rule("-" * 10_000 + "points > 1"), {"SEG001"}),
    "wide line": (rule("spnd" + " " * 1_000_000 + "> 100"), {"SEG201"}),
    "long name": (rule("x" * 1_000_000 + " > 100"), {"SEG201"}),
    "long number": (rule("spend > " + "9" * 1_000_000), {"SEG008"}),
    "nul": (rule("\x00 > 100"), {"SEG003"}),
    "nul in backticks": (rule("`a\x00b` > 1"), {"SEG201"}),
    "unclosed text": (rule('customer_id contains "abc'), {"SEG003"}),
    "unclosed brace": (PREAMBLE + "segments value of customers {", {"SEG002"}),
    "braces": (PREAMBLE + "{" * 50_000, {"SEG006"}),
    "pipes": (PREAMBLE + "conditions of value {" + "|" * 50_000 + "}", {"SEG006"}),
    "unfinished": (PREAMBLE + "let " * 50_000, {"SEG006"}),
    "lone surrogate": (rule("\udcff"), {"SEG003"}),
    "empty": ("", {"SEG101"}),
    "comment alone": ("#" * 100_000, {"SEG101"}),
    "zone is a path": ('ruleset a { goal "x" zone "../../etc/passwd" }', {"SEG104"}),
    "zone is long": ('ruleset a { goal "x" zone "' + "a" * 10_000 + '" }', {"SEG104"}),
    "long circle": (
        PREAMBLE + "".join(f"let x{at} = x{(at + 1) % 1500}\n" for at in range(1500)),
        {"SEG121"},
    ),
    "long circle of scenarios": (
        PREAMBLE + "".join(f"scenario x{at} = x{(at + 1) % 1500}\n" for at in range(1500)),
        {"SEG121"},
    ),
    "many errors": (
        PREAMBLE + "segments s of customers {\n" + "  a wen vip\n" * 5_000 + "}\n",
        {"SEG006"},
    ),
    "many broken declarations": (PREAMBLE + "let a = = 1\n" * 5_000, {"SEG006"}),
    "one brace a line": (PREAMBLE + "score worth {\n" * 5_000, {"SEG004"}),
    "words of declarations": (rule(" or ".join(["score"] * 5_000)), {"SEG201"}),
    "many findings": (rule(" and ".join(f"q{at} > 1" for at in range(1000))), {"SEG201"}),
}


@pytest.mark.parametrize(("text", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text(text: str, expected: set[str]) -> None:
    before = time.process_time()
    assert codes(text) == expected
    assert time.process_time() - before < 1


def test_what_is_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused after one look at it, whatever the parser would have made of it."""

    def never(*_: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr("segrules.lang.parse._parse_part", never)
    for name in ("brackets", "lists", "or"):
        text, expected = HOSTILE[name]
        assert codes(text) == expected


def test_deep_but_allowed_text_is_compiled() -> None:
    nested = "points"
    for _ in range(60):
        nested = "(" + nested + " + 0" * 90 + ")"
    assert codes(rule(f"{nested} > 3")) == set()


def test_long_chain_of_definitions() -> None:
    chain = "".join(f"let x{at} = x{at + 1} + 1\n" for at in range(1000))
    assert codes(f"{PREAMBLE}{chain}let x1000 = points\n") == set()


def test_unclosed_brace_costs_one_finding() -> None:
    text = PREAMBLE + "score worth {\n  add 2 when vip\n\nlet age = days since joined\n"
    assert codes(text) == {"SEG004"}


def test_broken_table_is_complained_about_once() -> None:
    text = PREAMBLE.replace("spend       money", "spend       monee") + (
        "table agents key agent_id { agent_id text }\n"
        "let bought = count orders in last 90 days\n"
        "segments value of customers { a when spend > bought otherwise b }\n"
        "conditions of value { | segment | desk | | a | ours | | rest | any | }\n"
    )
    assert codes(text) == {"SEG006"}


def test_brackets_left_open_do_not_add_up() -> None:
    """A bracket that is missing in each of many declarations is no deep nesting."""
    assert "SEG001" not in codes(PREAMBLE + "let a = (points + 1\n" * 300)


ROUGH = {
    "empty_cell": (
        "A cell left empty ends the row, so one slip becomes two rows of the wrong length. It "
        "should be one finding: the cell is empty, write `any` or `missing`.",
        "segments s of customers {\n  a when vip\n  otherwise b\n}\n"
        "conditions of s {\n  | segment | desk | form |\n  | a       |      | long |\n"
        "  | rest    | any  | any  |\n}\n",
    ),
}


@pytest.mark.parametrize("name", ROUGH)
def test_messages_that_should_become_better(name: str, golden: Callable[[str, str], None]) -> None:
    """Golden files of what is said today, each with a note of what should be said."""
    note, rules = ROUGH[name]
    found = compile_source(Source("rules.seg", f"{PREAMBLE}\n{rules}")).log
    answer = "\n".join(full(each) for each in found)
    lines = "\n".join(textwrap.wrap(note, 96))
    golden(f"rough_edges/{name}.txt", f"{lines}\n---\n{rules}---\n\n{answer}")


_TOKEN = re.compile(r'"[^"\n]*"|`[^`\n]*`|#[^\n]*|\w+|\s+|.')
_ODD = ("\x00", "🙂", "9" * 40, "0", "-", "\u202e", "(", ")", "{", "}", "|", "=>", "..", "%", "\r",
        "missing", "as_of", "2026-02-31", '"', "`", "-5", "yes")  # fmt: skip


def mutated(text: str, luck: random.Random) -> str:
    """The text with a few of its pieces left out, doubled, exchanged or replaced."""
    pieces = _TOKEN.findall(text)
    for _ in range(luck.choice((1, 1, 2, 5))):
        at = luck.randrange(len(pieces))
        end = min(len(pieces), at + luck.randrange(1, 20))
        match luck.randrange(5):
            case 0:
                del pieces[at]
            case 1:
                pieces[at] = luck.choice(pieces)
            case 2:
                pieces[at] = luck.choice(_ODD)
            case 3:
                del pieces[at:end]
            case _:
                pieces[at:at] = pieces[at:end]
        pieces = pieces or [""]
    return "".join(pieces)


@pytest.mark.parametrize("seed", range(10))
def test_mutations(seed: int) -> None:
    luck = random.Random(seed)  # noqa: S311 -- reproducible, no secret
    texts = [each.right.text for each in catalogue().values() if each.right.run == "check"]
    for _ in range(30):
        checked(mutated(luck.choice(texts), luck))
