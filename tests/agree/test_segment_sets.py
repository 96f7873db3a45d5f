"""First match: segment, decider, truths and the count of unknown rules are the reference's."""

from __future__ import annotations

import polars as pl
import pytest
from agree_worlds import ENGINES, context, frame, luck_of, main_table, ruleset
from polars.testing import assert_frame_equal

from segrules.backends.polars.first_match import ALL_PARTS, assign, assigned, column_name
from segrules.backends.polars.lower import lower, scope_of
from segrules.backends.polars.plan import prepare
from segrules.backends.reference.evaluate import Decision, Row, decide
from segrules.lang.ir import (
    SUPPRESSED,
    Apply,
    Column,
    Const,
    Expr,
    Feature,
    Outcome,
    Rule,
    SegmentSet,
    Use,
)
from segrules.lang.types import Flag, Text, Whole

MOST = 45
FLAGS = {f"f{at}": (Flag(), True) for at in range(MOST)}
SURE = {f"s{at}": (Flag(), False) for at in range(MOST)}
TABLE = main_table("people", "key", {"key": (Text(), False), **FLAGS, **SURE})


def population(seed: int, count: int = 160) -> list[dict[str, object]]:
    luck = luck_of(seed)
    found = []
    for at in range(count):
        # some rows are mostly false, so that late rules and the outcomes are reached
        weights = luck.choice([(1, 60, 1), (0, 1, 0), (1, 300, 0), (0, 60, 1), (1, 4, 1)])
        row = {name: luck.choices([True, False, None], weights)[0] for name in FLAGS}
        row |= {name: luck.choices([True, False], weights[:2])[0] for name in SURE}
        found.append(row | {"key": f"k{at}"})
    return found


def rules(count: int, prefix: str, optional: bool, names: int = 30) -> tuple[Rule, ...]:
    return tuple(
        # with fewer names than rules, several rules name the same segment
        Rule(f"seg{at % names}", "", Column("people", f"{prefix}{at}", Flag(), optional))
        for at in range(count)
    )


def segment_set(rules: tuple[Rule, ...], unsure: bool) -> SegmentSet:
    outcome = Outcome("needs_data", "") if unsure else None
    return SegmentSet("treatment", "people", rules, Outcome("rest", ""), outcome)


def answers(world, found: SegmentSet, rows, engine: str) -> pl.DataFrame:
    frames = {"people": frame(TABLE, rows)}
    scope = scope_of(world, "people", context())
    truths = [
        lower(rule.condition, scope).alias(f"truth:{at}") for at, rule in enumerate(found.rules)
    ]
    plan = prepare(world, "people", frames, context()).with_columns(truths)
    apart = plan.with_columns(**assign(found, scope)).collect(engine=engine)
    staged = assigned(plan, found, scope).collect(engine=engine)
    names = {column_name(found, part): part for part in ALL_PARTS}
    assert_frame_equal(staged.rename(names), apart, check_column_order=False)
    return apart


def check(world, found: SegmentSet, rows) -> set[str]:
    expected = [decide(found, Row("people", row), world, context()) for row in rows]
    for engine in ENGINES:
        answer = answers(world, found, rows, engine)
        assert answer["segment"].dtype == pl.Enum(found.segments)
        assert answer["by"].dtype == pl.Enum(list(dict.fromkeys(found.deciders)))
        truths = answer.select(pl.col("^truth:.*$")).rows() or [()] * len(rows)
        decisions = [
            Decision(segment, by, truth)
            for segment, by, truth in zip(answer["segment"], answer["by"], truths, strict=True)
        ]
        assert decisions == expected
        assert answer["unknown"].to_list() == [decision.unknown for decision in expected]
    return {decision.by for decision in expected}


@pytest.mark.parametrize("unsure", [True, False], ids=["unsure", "no_unsure"])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 19, 20, 21, 45])
@pytest.mark.parametrize(("prefix", "optional"), [("f", True), ("s", False)])
@pytest.mark.parametrize("names", [MOST, 7])
def test_first_match(count: int, unsure: bool, prefix: str, optional: bool, names: int) -> None:
    found = segment_set(rules(count, prefix, optional, names), unsure)
    reached = check(ruleset([TABLE], sets=[found]), found, population(count))
    assert "otherwise" in reached
    assert ("unsure" in reached) is (optional and count > 0)


def test_mixed_certainty_and_features() -> None:
    def flag(name: str, optional: bool) -> Expr:
        return Column("people", name, Flag(), optional)

    base = Feature(
        "base", "let", "people", Apply("or", (flag("f0", True), flag("s0", False)), Flag(), True)
    )
    above = Feature(
        "above", "let", "people", Apply("not", (Use("base", Flag(), True),), Flag(), True)
    )
    found = segment_set(
        (
            Rule("never", "", Const(False, Flag())),
            Rule(
                "a", "", Apply("and", (Use("above", Flag(), True), flag("f1", True)), Flag(), True)
            ),
            Rule("b", "", flag("s1", False)),
            Rule("c", "", Apply("is_missing", (Use("base", Flag(), True),), Flag(), False)),
            Rule("d", "", Const(None, Flag())),
        ),
        True,
    )
    reached = check(ruleset([TABLE], [base, above], [found]), found, population(3))
    assert reached == {"a", "b", "c", "unsure"}


@pytest.mark.parametrize("unsure", [True, False])
@pytest.mark.parametrize("prefix", ["f", "s"])
def test_several_rules_decide_alike(prefix: str, unsure: bool) -> None:
    """A segment may have several deciders and a decider several segments."""

    def rule(at: int, segment: str, by: str = "") -> Rule:
        return Rule(segment, "", Column("people", f"{prefix}{at}", Flag(), prefix == "f"), by)

    governed = [
        rule(0, SUPPRESSED, "suppress"), rule(1, SUPPRESSED, "suppress"),
        rule(2, "b", "override"), rule(3, "a", "override"), rule(4, "rest", "override"),
        rule(5, "a"), rule(6, "a", "stay"), rule(7, "b"), rule(8, "c"), rule(9, "b", "stay"),
        *(rule(10 + at, f"more{at % 5}") for at in range(15)), rule(25, "c", "stay"),
    ]  # fmt: skip
    found = segment_set(tuple(governed), unsure)
    assert found.deciders[:3] == ("suppress", "override", "a")
    assert found.segments[-1] == SUPPRESSED
    reached = check(ruleset([TABLE], sets=[found]), found, population(9, 2000))
    assert {"suppress", "override", "stay", "a", "b", "otherwise"} <= reached


@pytest.mark.parametrize("settled", [True, False, None])
@pytest.mark.parametrize("at", [0, 3])
def test_a_rule_that_reads_nothing(settled: bool | None, at: int) -> None:
    some = list(rules(6, "f", True))
    some.insert(at, Rule("settled", "", Const(settled, Flag())))
    found = segment_set(tuple(some), True)
    check(ruleset([TABLE], sets=[found]), found, population(6))
    alone = segment_set((Rule("settled", "", Const(settled, Flag())),), False)
    check(ruleset([TABLE], sets=[alone]), alone, population(6))


def test_no_rows() -> None:
    found = segment_set(rules(21, "f", True), True)
    assert check(ruleset([TABLE], sets=[found]), found, []) == set()


@pytest.mark.parametrize("count", [252, 253, 254, 255, 256, 300])
@pytest.mark.parametrize("unsure", [True, False])
def test_segments_around_one_byte(count: int, unsure: bool) -> None:
    table = main_table("people", "key", {"key": (Text(), False), "n": (Whole(), True)})
    number = Column("people", "n", Whole(), True)
    found = segment_set(
        tuple(
            Rule(f"seg{at}", "", Apply("eq", (number, Const(at, Whole())), Flag(), True))
            for at in range(count)
        ),
        unsure,
    )
    world = ruleset([table], sets=[found])
    rows = [{"key": str(at), "n": None if at == 7 else at} for at in range(310)]
    scope = scope_of(world, "people", context())
    answer = assigned(frame(table, rows), found, scope).collect(engine="streaming")
    expected = [decide(found, Row("people", row), world, context()) for row in rows]
    assert answer["treatment"].to_list() == [decision.segment for decision in expected]
    assert answer["treatment_by"].to_list() == [decision.by for decision in expected]
    assert answer["treatment_unknown"].to_list() == [decision.unknown for decision in expected]


def test_nothing_unknown_costs_nothing() -> None:
    found = segment_set(rules(3, "s", False), False)
    parts = assign(found, scope_of(ruleset([TABLE], sets=[found]), "people", context()))
    assert all("is_null" not in str(expr) for expr in parts.values())
