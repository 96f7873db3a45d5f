"""Newlines and indentation carry no meaning, between any two words; a comment keeps its newline."""

from __future__ import annotations

import random
import re

import pytest
from fuzz_checks import check_layout
from fuzz_texts import luck_of, pieces, samples, walk

from segrules.lang.build import build
from segrules.lang.parse import parse
from segrules.lang.scan import scan, without_comments
from segrules.lang.syntax import File
from segrules.lang.tables import load_parser
from segrules.text.diagnostic import Log
from segrules.text.resources import resource
from segrules.text.source import Source

GAPS = ("\n", "\n\n", " \n\t ", "\r\n", " ", "\t", "\f", "\n      ")
COMMENTS = (" # note\n", "#\n", ' # a } brace, a " quote, a ` tick\n', "\n  # let x = 1\n\n")


def syntax(text: str) -> File | None:
    source, log = Source("gaps.seg", text), Log()
    file = build(parse(source, log), log)
    return None if log.has_errors else file


def words(text: str) -> list[str]:
    """The words and signs of a sound text, as the parser itself sees them."""
    plain = without_comments(text, scan(Source("gaps.seg", text)).comments)
    parser = load_parser().parse_interactive(plain)
    return [str(token) for token in parser.iter_parse()]


def spread(parts: list[str], luck: random.Random, gaps: tuple[str, ...]) -> str:
    """The words with gaps of all kinds between them, and within keywords of two words."""
    out = []
    for part in parts:
        inner = part if part[0] in '"`' else re.sub(r"\s+", lambda _: luck.choice(gaps), part)
        out += [inner, luck.choice(gaps)]
    return "".join(out)


def sound() -> list[str]:
    texts = [path.read_text() for path in sorted(resource("rulesets").rglob("*.seg"))]
    texts += [*samples(), *pieces()]
    texts += [walk(luck_of(5, number), 25) for number in range(300)]
    return [text for text in texts if syntax(text) is not None]


def test_the_texts_show_every_form() -> None:
    """What is asked of all of them is asked of every rule of the grammar."""
    log = Log()
    trees = [tree for text in sound() for tree in parse(Source("gaps.seg", text), log).declarations]
    shown = {each.data for tree in trees for each in tree.iter_subtrees()}
    known = {rule.alias or rule.origin.name for rule in load_parser().rules}
    of_one_child = {rule.origin.name for rule in load_parser().rules if rule.options.expand1}
    assert {name for name in known - shown - of_one_child if name[0] != "_"} == {"start"}


@pytest.mark.parametrize("gaps", [GAPS, (" ",), ("\n",), (*GAPS, *COMMENTS)],
                         ids=["any", "one line", "a word a line", "comments"])  # fmt: skip
def test_gaps_carry_no_meaning(gaps: tuple[str, ...]) -> None:
    texts = sound()
    assert len(texts) > 150
    for number, text in enumerate(texts):
        other = spread(words(text), luck_of(7, number), gaps)
        before, after = syntax(text), syntax(other)
        assert before is not None
        assert after is not None, other
        assert after.declarations == before.declarations, other
        assert len(after.comments) == other.count("#") or '"' in other or "`" in other


def test_comments_are_kept_on_every_line() -> None:
    """Behind each line and on a line of its own, in every form; laid out twice it stays."""
    for text in samples():
        lines = text.splitlines()
        noted = "".join(f"# {at} above\n{line} # {at}\n" for at, line in enumerate(lines))
        assert check_layout(noted), noted


def test_a_comment_may_stand_within_a_keyword() -> None:
    plain = "let busy = at least 2 orders in last 3 months\n"
    noted = "let busy = at # no\n least 2 orders in # or so\n last 3 # of them\n months\n"
    first, second = syntax(plain), syntax(noted)
    assert first is not None
    assert second is not None
    assert first.declarations == second.declarations
    assert [each.text for each in second.comments] == ["# no", "# or so", "# of them"]


def test_a_comment_ends_with_its_line() -> None:
    assert syntax("let a = 1 # + 2\n + 3\n") == syntax("let a = 1 + 3\n")
    assert syntax("let a = 1 # + 2 + 3\n") == syntax("let a = 1\n")
