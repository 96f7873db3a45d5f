"""Raising all rows in one batch finds what raising them one by one finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from told_shop import AS_OF, CAP, FRAMES, HEAD, SETS, history, rules

from segrules.segments.assign import Asked, place
from segrules.segments.raising import Fall, Raising
from segrules.segments.raising_rows import first_fall, narrow
from segrules.segments.world import fetch

KEYS = [f"C{at}" for at in range(1, 9)]
RULES = {
    "as they are": SETS,
    "held against a constant": SETS.replace(
        "agent.skill >= 4", "(agent.skill >= 4 and spend < 75)"
    ),
    "held against another row": SETS.replace(
        "agent.skill >= 4", "(agent.skill >= 4 and spend < typical + 35)"
    ),
    "not in the top": SETS.replace("and in top 50% by spend", "and not in top 1 by spend").replace(
        " or agent.skill >= 4", ""
    ),
    "by a named value": SETS.replace("bought >= 20 or", "(bought <= 20 and wealth < 90) or"),
    "by another set": "segments size of customers { huge when spend > 150 otherwise tiny }\n"
    + SETS.replace("agent.skill >= 4", "size = tiny"),
    "with a cap": SETS + CAP,
    "by what is there": SETS.replace("agent.skill >= 4", "weight is missing and not spend > 20"),
}


@pytest.mark.parametrize("name", ["spend", "salary", "bought", "wealth", "vulnerable", "weight"])
@pytest.mark.parametrize("text", RULES.values(), ids=RULES)
@pytest.mark.parametrize("reviewed", [False, True], ids=["without a past", "with a past"])
def test_a_batch_finds_what_each_row_shows(
    name: str, text: str, reviewed: bool, tmp_path: Path
) -> None:
    asked = Asked(AS_OF, history(tmp_path) if reviewed else None)
    placement = place(rules(HEAD + text), "customers", FRAMES, asked)
    ruleset, context = placement.ruleset, placement.context
    raising = Raising(ruleset.set("value"), name, ruleset)
    rows = fetch(ruleset, "customers", placement.frames, context, KEYS)
    values = [raising.value(row, context) for row in rows.values()]
    targets = raising.targets(context.calibration, values)
    found: dict[str, Fall | None] = {}
    for key, row in rows.items():
        raised, first = raising.raised(row, context, targets), first_fall(raising, placement, [key])
        if raised.off or not raised.fall:
            assert (first.fall, first.off) == (None, raised.off), key
        found[key] = raised.fall
    first = first_fall(raising, placement, KEYS)
    fallen = [key for key, fall in found.items() if fall]
    assert [first.key] == (fallen[:1] or [""])
    assert first.fall == (found[first.key] if fallen else None)


def test_some_of_these_rows_fall() -> None:
    """Otherwise the comparison above would say little."""
    falls = set()
    for text in RULES.values():
        placement = place(rules(HEAD + text), "customers", FRAMES, Asked(AS_OF))
        for name in ("spend", "wealth", "vulnerable"):
            raising = Raising(placement.ruleset.set("value"), name, placement.ruleset)
            falls.add(first_fall(raising, placement, KEYS).key)
    assert len(falls - {""}) >= 3


def test_only_what_rests_on_the_value_is_kept() -> None:
    placement = place(rules(HEAD + SETS), "customers", FRAMES, Asked(AS_OF))
    ruleset = placement.ruleset
    narrowed = narrow(Raising(ruleset.set("value"), "bought", ruleset))
    assert (narrowed.ruleset.features, len(narrowed.ruleset.sets)) == ((), 1)
    conditions = [rule.condition for rule in narrowed.ruleset.set("value").rules]
    assert len({type(each).__name__ for each in conditions} - {"Column"}) == 1
    assert [each.name for each in narrowed.ruleset.tables] == ["customers"]


def test_chunks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    text = RULES["held against a constant"]
    placement = place(rules(HEAD + text), "customers", FRAMES, Asked(AS_OF))
    raising = Raising(placement.ruleset.set("value"), "spend", placement.ruleset)
    whole = first_fall(raising, placement, KEYS)
    assert whole.fall
    monkeypatch.setattr("segrules.segments.raising_rows.CHUNK", 1)
    assert first_fall(raising, placement, KEYS) == whole
