"""Expressions made by chance and sets of many rules: the record function says what is meant."""

from __future__ import annotations

import json
from random import Random

import pytest
from agree_record import same_decisions, same_values
from agree_trees import TABLE, apply, pool, rows, trees
from agree_worlds import context, luck_of, ruleset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segrules.backends.record import program
from segrules.backends.reference.evaluate import Row, evaluate
from segrules.lang.ir import (
    Apply,
    Choose,
    Column,
    Const,
    Expr,
    Feature,
    Outcome,
    Rule,
    SegmentSet,
    Value,
)
from segrules.lang.types import Flag, Type

SEEDS = 8
POPULATIONS = [rows(seed) for seed in range(SEEDS)]

repeatable = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def agree(node: Expr, seed: int) -> None:
    world = ruleset([TABLE])
    people = POPULATIONS[seed]
    expected = [evaluate(node, Row("people", row), world, context()) for row in people]
    same_values(node, TABLE, people, expected)


@repeatable
@given(st.lists(trees("bool"), min_size=3, max_size=3), st.integers(0, SEEDS - 1))
def test_any_rules(nodes: list[Expr], seed: int) -> None:
    """A chain of tests: what is true, what may be, and what is decided."""
    rules = tuple(Rule(f"seg{at}", "", node) for at, node in enumerate(nodes))
    unsure = Outcome("unsure", "") if seed % 2 else None
    found = SegmentSet("one", "people", rules, Outcome("rest", ""), unsure)
    same_decisions(ruleset([TABLE], sets=[found]), found, {"people": POPULATIONS[seed]}, context())


# ---- many rules


def question(name: str, luck: Random) -> Expr:
    kind, optional = next(
        (column.type, column.optional) for column in TABLE.columns if column.name == name
    )
    column = Column("people", name, kind, optional)
    values = pool(kind)
    if name in ("tier", "region", "name"):
        op = luck.choice(["eq", "ne", "in"])
        count = 1 if op != "in" else 2
        return compared(op, column, [luck.choice(values) for _ in range(count)], kind)
    if name in ("flag", "sure"):
        return column
    return compared(
        luck.choice(["lt", "le", "gt", "ge", "eq"]), column, [luck.choice(values)], kind
    )


def compared(op: str, column: Column, values: list[Value], kind: Type) -> Expr:
    return apply(op, (column, *(Const(value, kind) for value in values)), Flag())


NAMES = ("small", "count", "large", "number", "part", "born", "seen_at", "tier", "region", "name",
         "flag", "sure")  # fmt: skip


def many(seed: int, count: int) -> list[Expr]:
    """Conditions that are rarely true, so that late rules are reached."""
    luck = luck_of(seed)
    found: list[Expr] = []
    for _ in range(count):
        parts = [question(name, luck) for name in luck.sample(NAMES, luck.randint(3, 6))]
        if luck.random() < 0.2:
            parts[0] = apply("not", (parts[0],), Flag())
        if luck.random() < 0.2:
            parts[:2] = [apply("or", tuple(parts[:2]), Flag())]
        found.append(apply("and", tuple(parts), Flag()))
    return found


def short(luck: Random) -> Expr:
    """A condition that is often unknown, so that what may be true decides."""
    parts = [question(name, luck) for name in luck.sample(NAMES, 2)]
    fallback = Const(luck.random() < 0.5, Flag())
    made = [
        parts[0],
        apply("and", tuple(parts), Flag()),
        apply("or", tuple(parts), Flag()),
        apply("not", (apply(luck.choice(["and", "or"]), tuple(parts), Flag()),), Flag()),
        apply("if_missing", (parts[0], parts[1]), Flag()),
        apply("if_missing", (parts[0], fallback), Flag()),
        Choose(((parts[0], parts[1]),), fallback, Flag(), True),
        apply("eq", tuple(parts_of_flags(parts)), Flag()),
    ]
    return luck.choice(made)


def parts_of_flags(parts: list[Expr]) -> list[Expr]:
    return [apply("or", (part, part), Flag()) for part in parts]


@pytest.mark.parametrize("seed", range(8))
def test_few_rules_are_a_chain(seed: int) -> None:
    luck = luck_of(seed)
    for at in range(12):
        rules = tuple(Rule(f"seg{each}", "", short(luck)) for each in range(1 + at % 3))
        found = SegmentSet("one", "people", rules, Outcome("rest", ""), Outcome("unsure", ""))
        world = ruleset([TABLE], sets=[found])
        same_decisions(world, found, {"people": POPULATIONS[seed][:20]}, context())


@pytest.mark.parametrize("seed", range(6))
def test_many_rules_are_masks(seed: int) -> None:
    rules = tuple(Rule(f"seg{at % 40}", "", node) for at, node in enumerate(many(seed, 150)))
    unsure = Outcome("unsure", "") if seed % 2 else None
    found = SegmentSet("one", "people", rules, Outcome("rest", ""), unsure)
    world = ruleset([TABLE], sets=[found])
    made = program(world, "people", context().calibration)
    assert made["sets"][0]["cells"] == 0
    assert len(made["cells"]) == 1
    same_decisions(world, found, {"people": POPULATIONS[seed] + rows(seed + 50, 120)}, context())


@pytest.mark.parametrize("seed", range(6))
def test_a_choice_of_many_cases_is_masks(seed: int) -> None:
    luck = luck_of(seed)
    kind = next(column.type for column in TABLE.columns if column.name == "small")
    small = Column("people", "small", kind, True)
    values = [
        small if seed % 2 and luck.random() < 0.3 else Const(luck.choice([*range(9)]), kind)
        for _ in range(90)
    ]
    cases = tuple(zip(many(seed + 10, 90), values, strict=True))
    node = Choose(cases, Const(77, kind), kind, True)
    world = ruleset([TABLE], [Feature("x", "flag", "people", node)])
    assert program(world, "people", context().calibration)["cells"]
    agree(node, seed)
    agree(Choose(cases[:20], Const(77, kind), kind, True), seed)


def test_a_program_is_the_same_each_time() -> None:
    rules = tuple(Rule(f"seg{at}", "", node) for at, node in enumerate(many(3, 70)))
    found = SegmentSet("one", "people", rules, Outcome("rest", ""), None)
    world = ruleset([TABLE], sets=[found])
    first, second = (json.dumps(program(world, "people", context().calibration)) for _ in range(2))
    assert first == second


def test_expressions_below_each_other_without_end() -> None:
    """As deep as the language lets them be, and deeper than Python's own trees may be."""
    kind = next(column.type for column in TABLE.columns if column.name == "number")
    node: Expr = Column("people", "number", kind, True)
    for _ in range(180):
        node = Apply("add", (node, Const(1.0, kind)), kind, True)
    flag: Expr = Column("people", "flag", Flag(), True)
    for at in range(180):
        flag = Apply("not" if at % 2 else "and", (flag,) * (2 - at % 2), Flag(), True) \
            if at % 40 < 2 else Apply("not", (flag,), Flag(), True)  # fmt: skip
    agree(node, 0)
    agree(flag, 0)
