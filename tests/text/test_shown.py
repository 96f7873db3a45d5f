"""Text of users in messages."""

import pytest

from segrules.text.shown import LONGEST, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spend", "spend"),
        ("café 表 🙂", "café 表 🙂"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202edlog", "\\u202edlog"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\udce9", "\\udce9"),
        ("\U000e0041", "\\U000e0041"),
        ("no\u00a0break", "no\u00a0break"),
        ("", ""),
    ],
)
def test_shown(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_long_text_is_cut() -> None:
    assert shown("a" * 1000) == "a" * LONGEST + "…"
    assert shown("a" * LONGEST) == "a" * LONGEST
    assert shown("abcdef", 3) == "abc…"


def test_huge_text_is_cut_first() -> None:
    assert len(shown("\x00" * 10_000_000)) == 4 * LONGEST + 1
