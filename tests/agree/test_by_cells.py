"""Sets decided by their cells, in frames: the same segments, deciders and counts of unknown rules.

What the tests of placements and of first matches ask of chains is asked of cells here.
"""

from __future__ import annotations

import agree_worlds
import pytest
import test_placements
import test_segment_sets
import test_worlds
from agree_targets import Always
from agree_trees import TABLE as TREES
from agree_trees import rows as tree_rows
from agree_trees import trees
from agree_worlds import ENGINES, agree_placed, context, frame, ruleset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# what is known of placements is asked again, of cells
from test_placements import *  # noqa: F403
from test_segment_sets import *  # noqa: F403

from segrules.backends.polars.first_match import assigned
from segrules.backends.polars.lower import scope_of
from segrules.backends.polars.plan import prepare
from segrules.backends.reference.evaluate import Row, decide
from segrules.lang.ir import Const, Outcome, Rule, SegmentSet
from segrules.lang.types import Flag


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> list[Always]:
    """Whatever is prepared and assigned is decided by cells."""
    made: list[Always] = []

    def prepared(rules, table, frames, where, wanted=None):
        made.append(Always(rules, table))
        return prepare(rules, table, frames, where, wanted, made[-1])

    def placed(frame, found, scope, want=("segment", "by", "unknown")):
        return assigned(frame, found, scope, want, made[-1] if made else None)

    for module in (agree_worlds, test_placements, test_segment_sets, test_worlds):
        for name, by_cells_too in (("prepare", prepared), ("assigned", placed)):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, by_cells_too)
    return made


@pytest.mark.parametrize("seed", range(12))
def test_any_ruleset(seed: int, always: list[Always]) -> None:
    test_worlds.test_any_ruleset(seed)
    assert sum(each.decided for each in always) > 10


SEEDS = 4
POPULATIONS = [tree_rows(seed, 120) for seed in range(SEEDS)]
FRAMES = [frame(TREES, population) for population in POPULATIONS]


@st.composite
def sets(draw: st.DrawFn) -> SegmentSet:
    tests = draw(st.lists(trees("bool", 3), min_size=1, max_size=8))
    made = tuple(Rule(f"seg{at % 4}", "", test) for at, test in enumerate(tests))
    made += tuple(Rule(f"seg{at}", "", Const(False, Flag())) for at in range(4))
    unsure = Outcome("unsure", "") if draw(st.booleans()) else None
    return SegmentSet("s", "people", made, Outcome("rest", ""), unsure)


@settings(
    derandomize=True, deadline=None, database=None, max_examples=150,
    suppress_health_check=[*HealthCheck],
)  # fmt: skip
@given(sets(), st.integers(0, SEEDS - 1))
def test_any_set(found: SegmentSet, seed: int) -> None:
    rules = ruleset([TREES], sets=[found])
    expected = [decide(found, Row("people", row), rules, context()) for row in POPULATIONS[seed]]
    numbered = Always(rules, "people")
    plan = prepare(rules, "people", {"people": FRAMES[seed]}, context(), None, numbered)
    scope = scope_of(rules, "people", context())
    for want in (("segment", "by", "unknown"), ("segment",), ("by", "unknown"), ("unknown",)):
        answer = assigned(plan, found, scope, want, numbered)
        for engine in ENGINES:
            made = answer.select(found.outputs[part] for part in want).collect(engine=engine)
            for part in want:
                assert made[found.outputs[part]].to_list() == [
                    getattr(each, part) for each in expected
                ]


def test_cells_are_what_decides(always: list[Always]) -> None:
    """The tests above would be empty if chains were taken after all."""
    found = test_placements.treatment(unsure=True)
    rules = ruleset([test_placements.TABLE], sets=[found])
    agree_worlds.agree_placed(rules, found, {"people": test_placements.people(4)}, context())
    assert agree_placed is agree_worlds.agree_placed
    assert [each.decided for each in always] == [1] * len(ENGINES)
