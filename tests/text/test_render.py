"""How findings look, on awkward text too."""

import time
from collections.abc import Callable

import pytest

from segrules.text.diagnostic import Diagnostic
from segrules.text.render import WIDEST, as_json, concise, full
from segrules.text.source import Source


def finding(text: str, start: int, end: int, name: str = "rules.seg") -> Diagnostic:
    return Diagnostic("SEG201", "error", "unknown column `x`", Source(name, text).span(start, end),
                      "write another")  # fmt: skip


def excerpt(text: str, start: int, end: int) -> list[str]:
    return full(finding(text, start, end)).splitlines()[3:5]


def marking(text: str, part: str) -> list[str]:
    start = text.index(part)
    return excerpt(text, start, start + len(part))


def test_form() -> None:
    text = "\n" * 11 + "  vip when spnd > 100\n"
    start = text.index("spnd")
    found = Diagnostic(
        "SEG201",
        "error",
        "unknown column `spnd`",
        Source("rulesets/retail/retail.seg", text).span(start, start + 4),
        "the closest column of `customers` is `spend`",
    )
    assert full(found) == (
        "error[SEG201]: unknown column `spnd`\n"
        "  --> rulesets/retail/retail.seg:12:12\n"
        "   |\n"
        "12 |   vip when spnd > 100\n"
        "   |            ^^^^\n"
        "   = hint: the closest column of `customers` is `spend`\n"
        "   = see: segrules explain SEG201\n"
    )


def test_without_a_place() -> None:
    found = Diagnostic("SEG601", "error", "unknown knob `x`", hint="declare it")
    assert full(found) == (
        "error[SEG601]: unknown knob `x`\n  = hint: declare it\n  = see: segrules explain SEG601\n"
    )
    assert concise(found) == "error[SEG601]: unknown knob `x`"
    assert as_json(found) == {
        "code": "SEG601", "severity": "error", "message": "unknown knob `x`", "file": None,
        "line": None, "column": None, "end_line": None, "end_column": None, "hint": "declare it",
    }  # fmt: skip


def test_about_a_file() -> None:
    found = Diagnostic("SEG610", "error", "there is no rule file", file="a.seg")
    assert full(found).splitlines()[1] == " --> a.seg"
    assert concise(found) == "a.seg: error[SEG610]: there is no rule file"
    assert as_json(found)["file"] == "a.seg"


def test_concise_and_json() -> None:
    found = finding("let a = x\n", 8, 9)
    assert concise(found) == "rules.seg:1:9: error[SEG201]: unknown column `x`"
    place = {key: as_json(found)[key] for key in ("line", "column", "end_line", "end_column")}
    assert place == {"line": 1, "column": 9, "end_line": 1, "end_column": 10}


def test_colour_changes_no_character() -> None:
    import re

    found = finding("let a = x\n", 8, 9)
    coloured = full(found, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == full(found)


@pytest.mark.parametrize(
    ("text", "part", "line", "carets"),
    [
        ("a 🙂🙂 spnd", "spnd", "1 | a 🙂🙂 spnd", "  |        ^^^^"),
        ("🙂 x", "🙂", "1 | 🙂 x", "  | ^^"),
        ("e\u0301e\u0301 spnd", "spnd", "1 | e\u0301e\u0301 spnd", "  |    ^^^^"),
        ("\tx\ty", "y", "1 |     x   y", "  |         ^"),
        ("表 spnd", "spnd", "1 | 表 spnd", "  |    ^^^^"),
        ("a\u202eb spnd", "spnd", "1 | a\\u202eb spnd", "  |          ^^^^"),
        ("a\x00\x1b[31m spnd", "spnd", "1 | a\\x00\\x1b[31m spnd", "  |               ^^^^"),
        ("a\u2028b x", "x", "1 | a\\u2028b x", "  |          ^"),
        ("x\r\ny\r\n", "x", "1 | x", "  | ^"),
        ("a\rb x", "x", "1 | a\\x0db x", "  |        ^"),
    ],
)
def test_awkward_characters(text: str, part: str, line: str, carets: str) -> None:
    assert marking(text, part) == [line, carets]


def test_empty_file() -> None:
    assert excerpt("", 0, 0) == ["1 |", "  | ^"]


def test_end_of_file() -> None:
    assert excerpt("let a =", 7, 7) == ["1 | let a =", "  |        ^"]
    assert excerpt("let a =\n", 8, 8) == ["2 |", "  | ^"]
    assert excerpt("let a =\n", 99, 120) == ["2 |", "  | ^"]


def test_span_over_several_lines_shows_the_first() -> None:
    assert excerpt("let a =\n  b\n", 4, 11) == ["1 | let a =", "  |     ^^^"]


def test_span_on_a_line_break() -> None:
    assert excerpt("a\r\nb", 1, 3) == ["1 | a", "  |  ^"]
    assert excerpt("a\r\nb", 2, 3) == ["1 | a", "  |  ^"]


def test_wide_lines_show_a_window() -> None:
    text = "a " * 500 + "spnd" + " b" * 500
    line, carets = marking(text, "spnd")
    assert line.startswith("1 | …")
    assert line.endswith("…")
    assert len(line) <= WIDEST + 6
    assert line[carets.index("^") : carets.rindex("^") + 1] == "spnd"


def test_place_at_the_end_of_a_wide_line() -> None:
    text = "a" * 300 + "x"
    line, carets = marking(text, "x")
    assert line.endswith("x")
    assert carets.index("^") == len(line) - 1


def test_huge_line_renders_small_and_fast() -> None:
    text = "a" * 1_000_000
    found = finding(text, 500_000, 1_000_000)
    begun = time.perf_counter()
    for _ in range(20):
        shown = full(found)
    assert time.perf_counter() - begun < 1
    assert len(shown) < 600


def test_hostile_names_and_messages() -> None:
    found = Diagnostic("SEG201", "error", "a\nb\x1b[2J", Source("x\n\u202e.seg", "y").span(0, 1))
    assert full(found).splitlines()[:2] == [
        "error[SEG201]: a\\x0ab\\x1b[2J",
        " --> x\\x0a\\u202e.seg:1:1",
    ]
    assert "\n" not in concise(found)


def test_golden_looks(golden: Callable[[str, str], None]) -> None:
    text = "table customers key id {\n\tid text\n  spend money\n}\n"
    start = text.index("spend")
    golden("diagnostics/looks.txt", full(finding(text, start, start + 5)))
