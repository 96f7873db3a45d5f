"""Rules asked of arrays give what the reference gives: every expression, every set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from agree_kernel import arrays, vector
from agree_maker import TABLES, world
from agree_trees import (
    FORMS,
    FREE,
    LIKED,
    TABLE,
    TASTES,
    apply,
    columns_of,
    pool,
    result_type,
    rows,
    trees,
)
from agree_worlds import context, ruleset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_placements import TABLE as PEOPLE
from test_placements import governed, people
from test_ranks import PAIRS, figures, frozen_alike, ranks
from test_ranks import PEOPLE as RANKED
from test_ranks import POPULATIONS as COMPARED
from test_ranks import TABLE as RANKS
from test_ranks import column as ranked_column
from test_ranks import world as ranked_world
from test_worlds import made as world_made

from segrules.backends.kernel.target import compile_rules
from segrules.backends.kernel.values import Vector, values_of
from segrules.backends.reach import on_row, set_parts, steps_needed
from segrules.backends.reference.evaluate import Row, decide, evaluate
from segrules.backends.reference.rows import Tables
from segrules.lang import ir
from segrules.lang.ir import Column, Const, Expr, Table, Value
from segrules.lang.operators import OPERATORS, Missing
from segrules.lang.types import Flag, Set, Share, Text, Whole
from segrules.text.diagnostic import RulesError

WORLD = ruleset([TABLE])
SEEDS = 8
POPULATIONS = [rows(seed) for seed in range(SEEDS)]
repeatable = settings(
    derandomize=True, deadline=None, database=None, max_examples=400,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


ARRAYS = [arrays(TABLE, population) for population in POPULATIONS]
COMPILED = compile_rules(WORLD, "people", context())


def agree(node: Expr, seed: int = 0) -> list[Value]:
    population = POPULATIONS[seed]
    expected = [evaluate(node, Row("people", row), WORLD, context()) for row in population]
    (made,) = COMPILED.values([node], ARRAYS[seed])
    answers = values_of(made, node.type, len(population))
    for row, want, got in zip(population, expected, answers, strict=True):
        assert type(want) is type(got), (node, row, want, got)
        assert want == got, (node, row, want, got)
    return expected


@repeatable
@given(st.sampled_from(sorted(FORMS)).flatmap(trees), st.integers(0, SEEDS - 1))
def test_any_tree(node: Expr, seed: int) -> None:
    agree(node, seed)


def _operand(name: str, operand: str, at: int, constant: int | None) -> Expr:
    if constant is not None and at >= constant:
        if operand == "int":
            return Const(7, Whole())
        if name == "held_out" and operand == "float":
            return Const(0.25, Share())
        kind = TASTES if name.startswith("has_") else FORMS[operand][0]
        return Const(pool(kind)[1], kind)
    kind = {"int": Whole(-1000, 1000), "float": FREE}.get(operand, FORMS[operand][0])
    return next(column for column in columns_of(kind) if column.optional)


CASES = [
    pytest.param(operator, signature, id=f"{operator.name}-{signature.operands[0]}")
    for operator in OPERATORS.values()
    for signature in operator.signatures
]


@pytest.mark.parametrize(("operator", "signature"), CASES)
def test_each_operator_with_missing_operands(operator, signature) -> None:
    operands = signature.operands * (len(LIKED.values) if operator.name == "collect" else 1)
    args = tuple(
        _operand(operator.name, operand, at, signature.constant)
        for at, operand in enumerate(operands)
    )
    node = apply(operator.name, args, result_type(signature, args))
    answers = [answer for seed in range(SEEDS) for answer in agree(node, seed)]
    looks = operator.missing is Missing.LOOKS
    assert (None in answers) is not looks
    assert any(answer is not None for answer in answers)


@st.composite
def sets(draw: st.DrawFn) -> ir.SegmentSet:
    tests = draw(st.lists(trees("bool", 3), min_size=1, max_size=6))
    rules_ = tuple(ir.Rule(f"seg{at % 4}", "", test) for at, test in enumerate(tests))
    rules_ += tuple(ir.Rule(f"seg{at}", "", Const(False, Flag())) for at in range(4))
    unsure = ir.Outcome("unsure", "") if draw(st.booleans()) else None
    return ir.SegmentSet("s", "people", rules_, ir.Outcome("rest", ""), unsure)


@repeatable
@given(sets(), st.integers(0, SEEDS - 1))
def test_any_set(found: ir.SegmentSet, seed: int) -> None:
    check(ruleset([TABLE], sets=[found]), found, POPULATIONS[seed], context())


def check(rules: ir.Ruleset, found: ir.SegmentSet, population, where, around=None, given=()):
    rows_ = [Row(found.table, row, Tables(around or {})) for row in population]
    features = [rules.feature(name) for name in given]
    handed = arrays(rules.table(found.table), population) | {
        each.name: vector([evaluate(each.expr, row, rules, where) for row in rows_], each.type)
        for each in features
    }
    compiled = compile_rules(rules, found.table, where, given)
    made = compiled.decide(handed)[found.name]
    expected = [decide(found, row, rules, where) for row in rows_]
    segments = [None if at < 0 else found.segments[at] for at in made.segment]
    assert segments == [each.segment for each in expected]
    assert [found.deciders[at] for at in made.by] == [each.by for each in expected]
    assert made.unknown.tolist() == [each.unknown for each in expected]
    return {each.by for each in expected}


@pytest.mark.parametrize("unsure", [True, False])
def test_everything_that_governs_a_set(unsure: bool) -> None:
    found = governed(unsure)
    rules = ruleset([PEOPLE], sets=[found])
    population = people(4)
    where = context(frozen_alike(rules, {"people": population}))
    assert check(rules, found, population, where) == set(found.deciders)
    check(rules, found, people(5), where)


# ---- ranks and figures


@pytest.mark.parametrize("asked", [ranks, figures])
@pytest.mark.parametrize(("rows_name", "compared"), PAIRS)
def test_ranks_and_figures(rows_name: str, compared: str, asked) -> None:
    nodes = asked(COMPARED[compared])
    rules = ranked_world(nodes)
    where = context(frozen_alike(rules, {"people": RANKED[rows_name]}))
    compiled = compile_rules(rules, "people", where)
    # also those who were not there when the cut points were frozen
    for name in sorted({rows_name, "all_missing", "ties"}):
        population = RANKED[name]
        made = compiled.values(nodes, arrays(RANKS, population))
        for node, answers in zip(nodes, made, strict=True):
            want = [evaluate(node, Row("people", row), rules, where) for row in population]
            got = values_of(answers, node.type, len(population))
            assert got == want, node
            assert list(map(type, got)) == list(map(type, want)), node


# ---- what asks other rows


def _asks_rows(parts: Sequence[Expr]) -> bool:
    return any(isinstance(each, ir.Aggregate | ir.Sequence | ir.Linked) for each in on_row(parts))


@pytest.mark.parametrize("seed", range(12))
def test_values_that_ask_other_rows_are_given(seed: int) -> None:
    rules, around = world_made(seed).ruleset(), world(seed)
    where = context(frozen_alike(rules, around))
    reached = 0
    for found in rules.sets:
        table = found.table
        if TABLES[table].kind != "main" or TABLES[table].dated:
            continue
        alone = replace(rules, sets=tuple(each for each in rules.sets if each.name == found.name
                                          or found.name.startswith("all_")))  # fmt: skip
        parts = set_parts(found)
        steps = steps_needed(parts, table, rules)
        given = [
            each.name for each in steps if isinstance(each, ir.Feature) and _asks_rows([each.expr])
        ]
        other = [each for each in steps if isinstance(each, ir.SegmentSet)]
        if _asks_rows(parts) or other:
            continue
        if given:
            with pytest.raises(RulesError, match="rows of other tables"):
                compile_rules(replace(alone, sets=(found,)), table, where)
        check(replace(rules, sets=(found,)), found, around[table], where, around, given)
        reached += 1
    assert reached


def test_a_set_that_asks_other_rows_is_refused() -> None:
    asked = ir.Aggregate("count", ir.Rows("visits", "customer"), None, Whole(0), optional=False)
    many = ir.Apply("ge", (asked, Const(2, Whole())), Flag(), False)
    found = ir.SegmentSet(
        "s", "customers", (ir.Rule("many", "", many),), ir.Outcome("few", ""), None
    )
    with pytest.raises(RulesError) as caught:
        compile_rules(ruleset(TABLES.values(), sets=[found]), "customers", context())
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message) == (
        "SEG684", "`s` asks rows of other tables, which arrays of one table do not hold"
    )  # fmt: skip


def test_a_rank_without_a_cut_point_is_refused() -> None:
    rank = ir.InRank("best", True, None, 3, ranked_column("fee"), True)
    found = ir.SegmentSet("s", "people", (ir.Rule("best", "", rank),), ir.Outcome("rest", ""), None)
    with pytest.raises(RulesError, match="best"):
        compile_rules(ruleset([RANKS], sets=[found]), "people", context())


def test_a_wide_set_is_refused() -> None:
    kind = Set(tuple(f"v{at}" for at in range(65)))
    table = Table("people", "main", "key", (ir.TableColumn("key", "key", Text(), False),))
    tests = ir.Apply("is_known", (Column("people", "wide", kind, True),), Flag(), False)
    found = ir.SegmentSet("s", "people", (ir.Rule("a", "", tests),), ir.Outcome("b", ""), None)
    with pytest.raises(RulesError, match="more than 64 declared values"):
        compile_rules(ruleset([table], sets=[found]), "people", context())


def test_values_of_another_form_are_refused() -> None:
    columns = ARRAYS[0] | {"small": Vector(np.array([1.5]))}
    small = next(each for each in columns_of(Whole(-1000, 1000)) if each.name == "small")
    with pytest.raises(ValueError, match="values of the form int"):
        COMPILED.values([small], columns)


def test_no_rows() -> None:
    found = governed(unsure=True)
    rules = ruleset([PEOPLE], sets=[found])
    where = context(frozen_alike(rules, {"people": people(4)}))
    assert check(rules, found, [], where) == set()


def test_what_is_no_number_is_missing() -> None:
    number = next(each for each in columns_of(FREE) if each.name == "plain")
    handed = {"plain": Vector(np.array([1.5, np.nan, np.inf, -np.inf]))}
    (made,) = COMPILED.values([number], handed)
    assert values_of(made, FREE, 4) == [1.5, None, None, None]
