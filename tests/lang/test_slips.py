"""What people write who know spreadsheets or SQL is answered with the word of this language."""

from __future__ import annotations

import pytest

from segrules.lang.pipeline import compile_source
from segrules.text.catalogue import PREAMBLE
from segrules.text.source import Source


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("tier == gold", "`=`"),
        ("points <> 30", "`!=`"),
        ("points => 30", "`>=`"),
        ("vip AND points > 30", "`and`"),
        ("vip OR points > 30", "`or`"),
        ('note like "%x%"', "`contains`"),
        ("average amount of orders > 30", "`mean`"),
        ("vip else regular", "`otherwise`"),
        ("30 < points < 60", "between"),
        ("spend > 1,000", "1_000"),
        ("tier = 'gold'", "double quotes"),
        ("joined > 30/06/2026", "2026-06-30"),
        ("joined > today", "`as_of`"),
        ("orders > 3", "`count orders`"),
        ("share_web > 0.05", "`5%`"),
        ("share_web > 60", "`60%`"),
    ],
)
def test_a_slip_is_answered(condition: str, hint: str) -> None:
    rules = f"segments s of customers {{\n  hit when {condition}\n  otherwise miss\n}}\n"
    found = list(compile_source(Source("slip.seg", PREAMBLE + rules)).log)
    assert [each.hint for each in found if each.severity == "error" and hint in (each.hint or "")]
    assert len([each for each in found if each.severity == "error"]) == 1


@pytest.mark.parametrize(
    ("declaration", "code"),
    [
        ("let half = 50% of spend\nlet half = spend", "SEG108"),
        ("let big = spend > 1_000_000_000_000_000_000", "SEG008"),
        ("let listed = points in [1, 2.5]", "SEG301"),
        ("segments tier of customers { a when vip otherwise b }", "SEG108"),
        (
            "funnel f of customers {\n  a at joined\n"
            "  b at sold_at within 30 days within 60 days\n}",
            "SEG108",
        ),
    ],
)
def test_what_was_taken_silently_is_refused(declaration: str, code: str) -> None:
    found = list(compile_source(Source("refused.seg", PREAMBLE + declaration + "\n")).log)
    assert code in [each.code for each in found]


def test_ranks_over_different_amounts_have_different_names() -> None:
    first, second = (
        f"in top 1 by count orders where (items > {at} and amount > 0)" for at in (1, 2)
    )
    rules = f"let one = {first}\nlet two = {second}\n"
    compiled = compile_source(Source("ranks.seg", PREAMBLE + rules))
    assert compiled.ruleset is not None
    names = {feature.expr.name for feature in compiled.ruleset.features}  # type: ignore[union-attr]
    assert len(names) == 2
