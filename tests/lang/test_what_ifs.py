"""What-ifs as people write them wrong: one complaint each, where it belongs, with what to write.

`what_if.seg` is sound. `what_if_mistakes.txt` says what stands in it (`=`), what is written in its
place (`-`), and below that the code, the text it points at in brackets, and the hint's beginning.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segrules.lang import ir
from segrules.lang.build import build
from segrules.lang.expected import nearest_word, told
from segrules.lang.format import canonical, format_file
from segrules.lang.parse import parse
from segrules.lang.tables import phrases
from segrules.rules import inspect
from segrules.text.diagnostic import Diagnostic, Log
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


def ruleset(text: str) -> ir.Ruleset:
    compiled = inspect(Source("what_if.seg", text))
    assert compiled.ruleset is not None, list(compiled.log)
    return compiled.ruleset


_EACH = "elasticity 0.6 for complex_case, 0.2 for rest"


def test_one_figure_may_be_for_several_segments() -> None:
    apart = WHAT_IF.replace(_EACH, "elasticity 0.6 for complex_case, 0.6 for big, 0.2 for rest")
    joined = WHAT_IF.replace(_EACH, "elasticity 0.6 for complex_case and big, 0.2 for rest")
    assert ruleset(joined).efforts[0].elasticity == ruleset(apart).efforts[0].elasticity
    assert dict(ruleset(joined).efforts[0].elasticity) == {"complex_case": 0.6, "big": 0.6, "": 0.2}
    rest = WHAT_IF.replace(_EACH, "elasticity 0.6 for complex_case, 0.2 for big and rest")
    assert dict(ruleset(rest).efforts[0].elasticity) == {"complex_case": 0.6, "big": 0.2, "": 0.2}


@pytest.mark.parametrize(
    ("right", "wrong", "laid_out"),
    [
        (_EACH, "elasticity 0.6 for complex_case  and\n big,0.2 for rest",
         "elasticity 0.6 for complex_case and big, 0.2 for rest"),
        ("time       minutes / 60", "time minutes/60 for big and simple, 3 for rest",
         "time       minutes / 60 for big and simple, 3 for rest"),
        ("wait    2 days for complex_case, 1 day for rest", "wait 1 days for big and complex_case",
         "wait    1 day for big and complex_case"),
        ("times 2.2 for complex_case", "times 2.2 for complex_case and `rest`",
         "times 2.2 for complex_case and `rest`"),
        ("keeping   4 for complex_case", "keeping 4 for complex_case and big",
         "keeping 4 for complex_case and big"),
    ],
)  # fmt: skip
def test_several_segments_are_laid_out(right: str, wrong: str, laid_out: str) -> None:
    source = Source("what_if.seg", WHAT_IF.replace(right, wrong, 1))
    log = Log()
    file = build(parse(source, log), log)
    assert not list(log)
    assert laid_out in format_file(file, source)
    assert laid_out in canonical(file, source)


def test_a_percentage_is_no_odds() -> None:
    """10% as odds would be a tenth of them, not a tenth more."""
    (found,) = findings(WHAT_IF.replace("letter_odds = 1.1 {", "letter_odds = 10% {"))
    assert (found.code, found.span and found.span.text) == ("SEG840", "10%")


def test_what_follows_from_a_broken_funnel_is_not_said() -> None:
    """A project of the name of a funnel that could not be read is not one of the only line."""
    start, end = WHAT_IF.index("life spending"), WHAT_IF.index("scenario routed")
    text = WHAT_IF[:start] + WHAT_IF[end:]
    (found,) = findings(text.replace("meeting at met_at", "meeting met_at"))
    assert (found.code, found.span and found.span.text) == ("SEG006", "met_at")


def test_a_lever_of_several_scenarios_is_complained_about_once() -> None:
    text = WHAT_IF.replace("pools      specialists, generalists", "pools      generalists")
    text = text.replace(
        "scenario taught { train specialists", "scenario taught { train generalists"
    )
    text = text.replace("  agents 8 from", "  skill  3\n  agents 8 from")
    found = [(each.code, each.span and each.span.text) for each in findings(text)]
    assert found == [("SEG871", "routed")]
