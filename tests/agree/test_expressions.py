"""Every expression means the same to the reference, Polars, the record function and SQL."""

from __future__ import annotations

import datetime as dt
import time

import agree_record
import agree_sql
import polars as pl
import pytest
from agree_trees import (
    COLUMNS,
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
from agree_worlds import AS_OF, ENGINES, context, frame, luck_of, main_table, ruleset, same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segrules.backends.polars.lower import Scope, lower
from segrules.backends.polars.plan import prepare
from segrules.backends.reach import on_row
from segrules.backends.reference.evaluate import Row, evaluate
from segrules.lang.ir import Apply, Calibration, Choose, Column, Const, Expr, Feature, Use, Value
from segrules.lang.operators import OPERATORS, Missing
from segrules.lang.types import Flag, Money, Number, Share, Text, Type, Whole

WORLD = ruleset([TABLE])
SEEDS = 8
POPULATIONS = [rows(seed) for seed in range(SEEDS)]
FRAMES = [frame(TABLE, population) for population in POPULATIONS]

repeatable = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=400,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def by_polars(node: Expr, table_frame: pl.LazyFrame, engine: str) -> list[Value]:
    answer = table_frame.with_columns(lower(node, Scope(context(), TABLE)).alias("answer"))
    return answer.select("answer").collect(engine=engine)["answer"].to_list()


def by_reference(node: Expr, population: list[dict[str, Value]]) -> list[Value]:
    return [evaluate(node, Row("people", row), WORLD, context()) for row in population]


def agree(node: Expr, seed: int = 0) -> list[Value]:
    expected = by_reference(node, POPULATIONS[seed])
    agree_record.same_values(node, TABLE, POPULATIONS[seed], expected)
    by_key = {row["key"]: [want] for row, want in zip(POPULATIONS[seed], expected, strict=True)}
    asked = agree_sql.Asked(WORLD, "people", {"people": POPULATIONS[seed]}, context())
    agree_sql.same_values(asked, {"x": node}, by_key)
    for engine in ENGINES:
        answers = by_polars(node, FRAMES[seed], engine)
        for row, want, got in zip(POPULATIONS[seed], expected, answers, strict=True):
            assert same(want, got), (engine, node, want, got, _read(node, row))
    if not node.optional:
        assert None not in expected, node
    return expected


def _read(node: Expr, row: dict[str, Value]) -> dict[str, Value]:
    return {part.name: row[part.name] for part in on_row([node]) if isinstance(part, Column)}


@repeatable
@given(st.sampled_from(sorted(FORMS)).flatmap(trees), st.integers(0, SEEDS - 1))
def test_any_tree(node: Expr, seed: int) -> None:
    agree(node, seed)


# ---- every operator, every operand missing


def _column(kind: Type, optional: bool) -> Column:
    return next(column for column in columns_of(kind) if column.optional is optional)


def _operand(name: str, operand: str, at: int, constant: int | None) -> Expr:
    if constant is not None and at >= constant:
        if operand == "int":
            return Const(7, Whole())
        if name == "held_out" and operand == "float":
            return Const(0.25, Share())
        kind = TASTES if name.startswith("has_") else FORMS[operand][0]
        return Const(pool(kind)[1], kind)
    kinds = {"int": Whole(-1000, 1000), "float": FREE}
    return _column(kinds.get(operand, FORMS[operand][0]), True)


CASES = [
    pytest.param(operator, signature, id=f"{operator.name}-{signature.operands[0]}")
    for operator in OPERATORS.values()
    for signature in operator.signatures
]


@pytest.mark.parametrize(("operator", "signature"), CASES)
def test_each_operator_with_missing_operands(operator, signature) -> None:
    # a test for each declared value is collected
    operands = signature.operands * (len(LIKED.values) if operator.name == "collect" else 1)
    args = tuple(
        _operand(operator.name, operand, at, signature.constant)
        for at, operand in enumerate(operands)
    )
    node = apply(operator.name, args, result_type(signature, args))
    population = rows(3)
    for at, arg in enumerate(args):
        if not isinstance(arg, Column):
            continue
        # the other operands come from a column that is known wherever there is one
        others = tuple(other if place == at else _known(other) for place, other in enumerate(args))
        placed = Apply(node.op, others, node.type, node.optional)
        expected = agree(placed, 3)
        without = [
            want for row, want in zip(population, expected, strict=True) if row[arg.name] is None
        ]
        assert without, "no row lacks the operand"
        if operator.missing in {Missing.STRICT, Missing.PARTIAL}:
            assert set(without) == {None}
        if operator.missing is Missing.LOOKS:
            assert None not in without
    agree(node, 3)


def _known(node: Expr) -> Expr:
    if isinstance(node, Column):
        known = [column for column in columns_of(node.type) if not column.optional]
        return known[0] if known else node
    return node


def test_what_overflows_is_missing_in_both() -> None:
    huge = Const(1.7976931348623157e308, FREE)
    number = Column("people", "number", FREE, True)
    for op in ("add", "sub", "mul"):
        assert None in agree(Apply(op, (huge, huge if op != "sub" else number), FREE, True))
        agree(Apply(op, (number, number), FREE, True))
    tiny = Const(5e-324, FREE)
    assert agree(Apply("div", (huge, tiny), FREE, True)) == [None] * len(POPULATIONS[0])
    minor = Apply("to_minor", (huge,), Money("GBP"), True)
    assert agree(minor) == [None] * len(POPULATIONS[0])


@pytest.mark.parametrize("divisor", [3.0, 49.0, 0.1, -7.3, 5e-324, 1e-310, 4.0, 0.0])
def test_division_by_one_value_is_rounded_once(divisor: float) -> None:
    luck = luck_of(5)
    rows = [{"key": "k", "plain": luck.uniform(-1e6, 1e6)} for _ in range(200)]
    constant = Const(divisor, FREE)
    plain = Column("people", "plain", FREE, False)
    rules = ruleset([TABLE], [Feature("rate", "let", "people", constant)])
    for by in (constant, Use("rate", FREE, False)):
        node = Apply("div", (plain, by), FREE, True)
        frames = {"people": frame(TABLE, rows)}
        prepared = prepare(rules, "people", frames, context(), [node])
        expected = [evaluate(node, Row("people", row), rules, context()) for row in rows]
        for engine in ENGINES:
            assert by_polars(node, prepared, engine) == expected
            assert by_polars(node, prepared.head(1), engine) == expected[:1]


def test_bounded_arithmetic_needs_no_guard() -> None:
    bounded = Column("people", "bounded", Number(-1e6, 1e6), False)
    free = Column("people", "number", FREE, True)
    scope = Scope(context(), TABLE)
    for op in ("add", "sub", "mul"):
        lowered = str(lower(Apply(op, (bounded, bounded), FREE, False), scope))
        assert "finite" not in lowered
        assert "finite" in str(lower(Apply(op, (bounded, free), FREE, True), scope))
    assert "finite" in str(lower(Apply("div", (bounded, bounded), FREE, True), scope))


# ---- time zones


ZONES = ("Europe/London", "America/St_Johns", "Asia/Kathmandu", "America/Sao_Paulo",
         "Pacific/Apia", "Pacific/Kiritimati", "UTC")  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
def test_instants_become_dates_in_the_zone(zone: str) -> None:
    kinds = COLUMNS["made_at"]
    quarters = [
        dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)
        for year in (1971, 2011, 2026, 2098)
        for month in (1, 3, 10, 12)
        for day in (1, 25, 29, 30, 31)
        for hour in (0, 3, 10, 12, 23)
        for minute in (0, 29, 31)
    ]
    node = Apply(
        "to_date", (Column("people", "made_at", kinds[0], False),), FORMS["date"][0], False
    )
    where = context(Calibration(AS_OF), zone)
    answers = (
        frame(TABLE, [{"made_at": quarter} for quarter in quarters])
        .select(lower(node, Scope(where, TABLE)))
        .collect()
        .to_series()
        .to_list()
    )
    expected = [evaluate(node, Row("people", {"made_at": each}), WORLD, where) for each in quarters]
    assert answers == expected


# ---- hold-outs


def test_a_holdout_takes_its_part_of_the_keys() -> None:
    table = main_table("people", "key", {"key": (Text(), False)})
    people = [{"key": f"{at}"} for at in range(4_000)]
    key, salt = Column("people", "key", Text(), False), Const("2026Q3", Text())
    kept: set[str] = set()
    for part in (0.0, 0.001, 0.1, 0.25, 1 / 3, 0.5, 0.999, 1.0):
        node = Apply("held_out", (key, salt, Const(part, Share())), Flag(), False)
        expected = [
            evaluate(node, Row("people", row), ruleset([table]), context()) for row in people
        ]
        expr = lower(node, Scope(context(), table)).alias("answer")
        for engine in ENGINES:
            answer = frame(table, people).with_columns(expr).collect(engine=engine)
            assert answer["answer"].to_list() == expected
        found = {row["key"] for row, held in zip(people, expected, strict=True) if held}
        # a larger part holds all of a smaller one
        assert kept <= found
        kept = found
        # five standard deviations
        assert abs(len(found) - part * 4_000) <= 5 * (4_000 * part * (1 - part)) ** 0.5


# ---- size


@pytest.mark.parametrize("op", ["and", "or"])
def test_five_thousand_operands(op: str) -> None:
    flag = Column("people", "flag", Flag(), True)
    name = Column("people", "name", Text(), True)
    tests = [Apply("eq", (name, Const(f"t{at}", Text())), Flag(), True) for at in range(4999)]
    began = time.process_time()
    agree(Apply(op, (*tests, flag), Flag(), True))
    assert time.process_time() - began < 20


def test_a_choice_of_many_cases() -> None:
    small = Column("people", "small", Whole(-1000, 1000), True)
    cases = tuple(
        (Apply("le", (small, Const(edge, Whole())), Flag(), True), Const(at, Whole()))
        for at, edge in enumerate(range(-1000, 1000, 5))
    )
    began = time.process_time()
    agree(Choose(cases, Const(-1, Whole()), Whole(), True))
    assert time.process_time() - began < 20
