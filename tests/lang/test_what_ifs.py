"""What-ifs as people write them wrong: one complaint each, where it belongs, with what to write.

`what_if.seg` is sound. `what_if_mistakes.txt` says what stands in it (`=`), what is written in its
place (`-`), and below that the code, the text it points at in brackets, and the hint's beginning.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segrules.lang.expected import nearest_word, told
from segrules.lang.tables import phrases
from segrules.rules import inspect
from segrules.text.diagnostic import Diagnostic
from segrules.text.source import Source

HERE = Path(__file__).parent
WHAT_IF = (HERE / "what_if.seg").read_text(encoding="utf-8")
_CASE = re.compile(r"- (?P<wrong>.*)\n  (?P<code>SEG\d+) \[(?P<place>.*)\] (?P<hint>.*)\n")


def mistakes() -> list[tuple[str, str, str, str, str]]:
    """What was right, what is wrong, the code, its place, the hint."""
    found = []
    for part in (HERE / "what_if_mistakes.txt").read_text(encoding="utf-8").split("= ", 1)[1:]:
        for block in re.split(r"^= ", part, flags=re.MULTILINE):
            right, _, rest = block.partition("\n")
            found += [(right, *case) for case in _CASE.findall(rest)]
    return found


def findings(text: str) -> list[Diagnostic]:
    return list(inspect(Source("what_if.seg", text)).log)


def test_the_file_is_sound() -> None:
    assert findings(WHAT_IF) == []
    assert len(mistakes()) > 150


@pytest.mark.parametrize(
    ("right", "wrong", "code", "place", "hint"),
    mistakes(),
    ids=[case[1] for case in mistakes()],
)
def test_a_mistake_is_answered(right: str, wrong: str, code: str, place: str, hint: str) -> None:
    assert WHAT_IF.count(right) >= 1
    start = WHAT_IF.index(right)
    (found,) = findings(WHAT_IF.replace(right, wrong, 1))
    assert found.span is not None
    assert (found.code, found.span.text) == (code, place)
    assert (found.hint or "").startswith(hint)
    line = WHAT_IF.count("\n", 0, start) + 1
    said, _ = found.span.source.position(found.span.start)
    # what is lacking may be noticed at the end of a block that begins or ends elsewhere
    assert abs(said - line) <= 1 or code not in {"SEG006", "SEG011", "SEG014", "SEG016", "SEG848"}


def test_words_are_spelled_as_the_grammar_has_them() -> None:
    known = phrases()
    assert known["LEVER"][:2] == ("route", "capacity")
    assert known["PAID_BY"] == ("paid by",)
    assert known["SECONDS"] == ("seconds",)
    assert known["POOL"] == ("pool",)
    assert not known.keys() & {"NAME", "NUMBER", "SIGN", "COMPARISON"}


def test_what_could_stand_there_is_told_in_words() -> None:
    assert told({"__ANON_3", "__ANON_7", "COMMA"}) == ("`,`", "`..`", "`=>`")
    assert told({"NAME", "NUMBER", "SIGN"}) == ("a name", "a number")
    assert told({"LEVER", "RBRACE"}) == ()
    assert len(told({"LEVER", "RBRACE"}, 12)) == 11


def test_the_nearest_word_is_one_that_may_stand_there() -> None:
    assert nearest_word("elasticty", {"ELASTICITY", "TIME"}) == "elasticity"
    assert nearest_word("elasticty", {"TIME"}) is None
    assert nearest_word("paid", {"PAID_BY"}) == "paid by"
    assert nearest_word("of", {"OR"}) is None
