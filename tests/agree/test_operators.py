"""What each operator answers, written by hand: two targets that err alike would agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest
from agree_worlds import ENGINES, context, frame, main_table, ruleset, same

from segrules.backends.polars.lower import Scope, lower
from segrules.backends.reference.evaluate import Row, evaluate
from segrules.lang.ir import Apply, Column, Const, Value
from segrules.lang.operators import OPERATORS
from segrules.lang.types import (
    BOUND,
    Date,
    Enum,
    Flag,
    Instant,
    Number,
    Set,
    Share,
    Text,
    Type,
    Whole,
)

W, N, F, T, D, I = Whole(), Number(None, None), Flag(), Text(), Date(), Instant()  # noqa: E741
TIER = Enum(("silver", "bronze", "gold"), ordered=True)
S = Set(("tea", "coffee", "juice"))
V = Enum(S.values)
P = Share()


def some(*values: str) -> frozenset[str]:
    return frozenset(values)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


HUGE = 1.7976931348623157e308
LEAP = day("2024-02-29")

EXPECTED: Mapping[str, tuple[tuple[tuple[Type, ...], Type, tuple[Value, ...], Value], ...]] = {
    "add": (
        ((W, W), W, (2, 3), 5), ((N, N), N, (0.1, 0.2), 0.30000000000000004),
        ((N, N), N, (HUGE, HUGE), None), ((W, W), W, (BOUND, BOUND), 2 * BOUND),
        ((W, W), W, (None, 3), None),
    ),
    "sub": (
        ((W, W), W, (2, 3), -1), ((N, N), N, (-HUGE, HUGE), None), ((W, W), W, (2, None), None),
    ),
    "mul": (
        ((W, W), W, (-2, 3), -6), ((N, N), N, (1e200, 1e200), None), ((N, N), N, (0.5, 3.0), 1.5),
        ((W, W), W, (3_000_000_019, 3_000_000_019), 9_000_000_114_000_000_361),
    ),
    "div": (
        ((N, N), N, (1.0, 4.0), 0.25), ((N, N), N, (1.0, 0.0), None), ((N, N), N, (0.0, 0.0), None),
        ((N, N), N, (1.0, -0.0), None), ((N, N), N, (HUGE, 0.5), None),
    ),
    "idiv": (((W, W), W, (7, 2), 3), ((W, W), W, (-7, 2), -4), ((W, W), W, (None, 2), None)),
    "mod": (((W, W), W, (7, 3), 1), ((W, W), W, (-7, 3), 2), ((W, W), W, (-6, 3), 0)),
    "neg": (((W,), W, (7,), -7), ((N,), N, (-0.5,), 0.5), ((N,), N, (None,), None)),
    "eq": (
        ((T, T), F, ("é", "e\u0301"), False), ((T, T), F, ("a", "A"), False),
        ((N, N), F, (0.0, -0.0), True), ((T, T), F, ("", ""), True),
        ((T, T), F, (None, None), None),
        ((TIER, TIER), F, ("gold", "gold"), True), ((F, F), F, (False, False), True),
        ((TIER, Enum(("gold",))), F, ("gold", "gold"), True),
    ),
    "ne": (
        ((W, W), F, (1, 2), True), ((D, D), F, (LEAP, LEAP), False), ((W, W), F, (1, None), None),
    ),
    "lt": (((W, W), F, (1, 2), True), ((W, W), F, (2, 2), False), ((N, N), F, (-0.0, 0.0), False)),
    "le": (((W, W), F, (2, 2), True), ((D, D), F, (day("2024-03-01"), LEAP), False)),
    "gt": (((W, W), F, (3, 2), True), ((W, W), F, (2, 2), False), ((N, N), F, (1.0, None), None)),
    "ge": (
        ((W, W), F, (2, 2), True),
        ((I, I), F, (at("2026-03-29T01:00"), at("2026-03-29T00:59:59.999999")), True),
    ),
    "and": (
        ((F, F), F, (True, True), True), ((F, F), F, (None, False), False),
        ((F, F), F, (None, True), None), ((F, F, F), F, (None, True, False), False),
        ((F, F), F, (None, None), None),
    ),
    "or": (
        ((F, F), F, (False, False), False), ((F, F), F, (None, True), True),
        ((F, F), F, (None, False), None), ((F, F, F), F, (None, False, True), True),
    ),
    "not": (((F,), F, (True,), False), ((F,), F, (False,), True), ((F,), F, (None,), None)),
    "in": (
        ((T, T, T), F, ("b", "a", "b"), True), ((T, T), F, ("B", "b"), False),
        ((W, W), F, (None, 1), None), ((TIER, TIER), F, ("gold", "gold"), True),
        ((D, D), F, (LEAP, LEAP), True),
    ),
    "is_missing": (((T,), F, (None,), True), ((T,), F, ("",), False), ((F,), F, (False,), False)),
    "is_known": (((T,), F, (None,), False), ((N,), F, (0.0,), True), ((F,), F, (False,), True)),
    "if_missing": (
        ((W, W), W, (None, 9), 9), ((W, W), W, (0, 9), 0), ((F, F), F, (False, True), False),
        ((W, W), W, (None, None), None), ((T, T), T, ("", "x"), ""),
        ((TIER, TIER), TIER, (None, "gold"), "gold"),
    ),
    "least": (
        ((W, W, W), W, (3, 1, 2), 1), ((N, N), N, (-1.5, 0.0), -1.5), ((W, W), W, (1, None), None),
    ),
    "greatest": (((W, W, W), W, (3, 1, 2), 3), ((N, N), N, (None, 0.0), None)),
    "contains": (
        ((T, T), F, ("a.c", "."), True), ((T, T), F, ("abc", "."), False),
        ((T, T), F, ("abc", ""), True), ((T, T), F, ("Süd", "ü"), True),
        ((T, T), F, (None, "a"), None),
    ),
    "starts_with": (((T, T), F, ("^a", "^"), True), ((T, T), F, ("ba", "a"), False)),
    "ends_with": (((T, T), F, ("a$", "$"), True), ((T, T), F, ("a\n", "a"), False)),
    "matches": (
        ((T, T), F, ("abc", "b"), True), ((T, T), F, ("abc", "^b"), False),
        ((T, T), F, ("abc", "b$"), False), ((T, T), F, ("AB", "b"), False),
        ((T, T), F, ("a\n", "a$"), False), ((T, T), F, ("", "^$"), True),
        ((T, T), F, ("日本", "^..$"), True), ((T, T), F, ("a.b", r"\."), True),
        ((T, T), F, ("ab", r"\."), False), ((T, T), F, ("x42", "[0-9]{2}$"), True),
        ((T, T), F, (None, "a"), None),
    ),
    "has_any": (
        ((S, V, V), F, (some("tea"), "tea", "juice"), True),
        ((S, V, V), F, (some("coffee"), "tea", "juice"), False),
        ((S, V), F, (some(), "tea"), False), ((S, V), F, (None, "tea"), None),
        ((S, V), F, (some("tea", "juice"), "juice"), True),
    ),
    "has_all": (
        ((S, V, V), F, (some("tea", "juice"), "tea", "juice"), True),
        ((S, V, V), F, (some("tea"), "tea", "juice"), False), ((S, V), F, (some(), "tea"), False),
        ((S, V), F, (None, "tea"), None),
    ),
    "has_none": (
        ((S, V, V), F, (some("coffee"), "tea", "juice"), True),
        ((S, V, V), F, (some("tea"), "tea", "juice"), False), ((S, V), F, (some(), "tea"), True),
        ((S, V), F, (None, "tea"), None),
    ),
    "collect": (
        ((F, F, F), S, (True, False, True), some("tea", "juice")),
        ((F, F, F), S, (None, True, False), some("coffee")),
        ((F, F, F), S, (False, None, False), some()),
        ((F, F, F), S, (True, True, True), some("tea", "coffee", "juice")),
    ),
    "held_out": (
        # sha256sum says 8b4f4c31f85aef27… of 2026Q3:L-1007: 0.5441787… of all there is
        ((T, T, P), F, ("L-1007", "2026Q3", 0.5442), True),
        ((T, T, P), F, ("L-1007", "2026Q3", 0.5441), False),
        # 1b25f38c1aa8553b… of s:1: 0.1060478…
        ((T, T, P), F, ("1", "s", 0.10605), True), ((T, T, P), F, ("1", "s", 0.10604), False),
        # af23225c012da5ee… of x:ä, in UTF-8: 0.6841298…
        ((T, T, P), F, ("ä", "x", 0.6842), True), ((T, T, P), F, ("ä", "x", 0.6841), False),
        # e7ac0786668e0ff0… of a colon
        ((T, T, P), F, ("", "", 0.905), True), ((T, T, P), F, ("", "", 0.904), False),
        ((T, T, P), F, ("1", "s", 0.0), False), ((T, T, P), F, ("1", "s", 1.0), True),
        ((T, T, P), F, (None, "s", 1.0), None),
    ),
    "to_number": (((W,), N, (3,), 3.0), ((W,), N, (BOUND,), 1e15), ((W,), N, (None,), None)),
    "to_minor": (
        ((N,), W, (0.5,), 0), ((N,), W, (1.5,), 2), ((N,), W, (2.5,), 2), ((N,), W, (-2.5,), -2),
        ((N,), W, (2.675,), 3), ((N,), W, (1e15,), BOUND), ((N,), W, (1e15 + 0.5,), BOUND),
        ((N,), W, (1e15 + 1,), None), ((N,), W, (HUGE,), None),
    ),
    "to_date": (
        ((I,), D, (at("2026-06-30T22:59:59"),), day("2026-06-30")),
        ((I,), D, (at("2026-06-30T23:00"),), day("2026-07-01")),
        ((I,), D, (at("2026-01-01T23:30"),), day("2026-01-01")),
    ),
    "days_between": (
        ((D, D), W, (LEAP, day("2024-03-01")), 1), ((D, D), W, (day("2024-03-01"), LEAP), -1),
        ((D, D), W, (dt.date.min, dt.date.max), 3_652_058), ((D, D), W, (None, LEAP), None),
    ),
    "months_between": (
        ((D, D), W, (day("2023-01-31"), day("2023-02-28")), 1),
        ((D, D), W, (day("2023-01-31"), day("2023-02-27")), 0),
        ((D, D), W, (day("2024-01-31"), day("2024-02-28")), 0),
        ((D, D), W, (day("2024-01-31"), LEAP), 1),
        ((D, D), W, (LEAP, day("2025-02-28")), 12), ((D, D), W, (LEAP, day("2025-02-27")), 11),
        ((D, D), W, (day("2023-02-28"), day("2023-01-31")), -1),
        ((D, D), W, (day("2023-03-01"), day("2023-01-31")), -1),
        ((D, D), W, (day("2023-03-30"), day("2023-01-31")), -1),
        ((D, D), W, (day("2023-03-31"), day("2023-01-31")), -2),
        ((D, D), W, (LEAP, LEAP), 0), ((D, D), W, (None, LEAP), None),
    ),
    "days_to_anniversary": (
        ((D, D), W, (day("1980-06-30"), day("2026-06-30")), 0),
        ((D, D), W, (day("1980-06-29"), day("2026-06-30")), 364),
        ((D, D), W, (day("1980-01-02"), day("2026-12-30")), 3),
        ((D, D), W, (LEAP, day("2026-02-27")), 1), ((D, D), W, (LEAP, day("2026-02-28")), 0),
        ((D, D), W, (LEAP, day("2026-03-01")), 364), ((D, D), W, (LEAP, day("2027-03-01")), 365),
        ((D, D), W, (LEAP, day("2028-02-28")), 1), ((D, D), W, (LEAP, day("2028-02-29")), 0),
        ((D, D), W, (day("2023-02-28"), day("2024-02-29")), 365),
        ((D, D), W, (day("2030-07-01"), day("2026-06-30")), 1),
        ((D, D), W, (dt.date.min, dt.date.max), 1), ((D, D), W, (LEAP, dt.date.max), 60),
        ((D, D), W, (dt.date.max, dt.date.min), 364), ((D, D), W, (dt.date.max, dt.date.max), 0),
        ((D, D), W, (None, LEAP), None), ((D, D), W, (LEAP, None), None),
    ),
    "add_days": (
        ((D, W), D, (LEAP, 1), day("2024-03-01")), ((D, W), D, (LEAP, -60), day("2023-12-31")),
        ((D, W), D, (dt.date.max, 1), None), ((D, W), D, (dt.date.min, -1), None),
        ((D, W), D, (LEAP, BOUND), None), ((D, W), D, (None, 1), None),
    ),
    "add_months": (
        ((D, W), D, (day("2024-01-31"), 1), LEAP), ((D, W), D, (LEAP, 12), day("2025-02-28")),
        ((D, W), D, (day("2024-03-31"), -1), LEAP), ((D, W), D, (dt.date.max, 1), None),
        ((D, W), D, (dt.date.min, 119_987), day("9999-12-01")), ((D, W), D, (LEAP, BOUND), None),
        ((D, W), D, (LEAP, -BOUND), None), ((D, W), D, (day("2024-12-31"), 2), day("2025-02-28")),
    ),
    "position": (
        ((TIER,), W, ("silver",), 0), ((TIER,), W, ("gold",), 2), ((TIER,), W, (None,), None),
    ),
}  # fmt: skip


def test_every_operator_is_here() -> None:
    assert EXPECTED.keys() == OPERATORS.keys()


def alike(left: Value, right: Value) -> bool:
    """Equal in form and in value, without a frame between."""
    return type(left) is type(right) and left == right


CASES = [
    pytest.param(op, *case, id=f"{op}-{at}")
    for op, cases in EXPECTED.items()
    for at, case in enumerate(cases)
]


@pytest.mark.parametrize(("op", "kinds", "result", "values", "expected"), CASES)
def test_answer(op, kinds, result, values, expected) -> None:
    names = [f"c{place}" for place in range(len(kinds))]
    columns = {name: (kind, True) for name, kind in zip(names, kinds, strict=True)}
    table = main_table("people", "c0", columns)
    constant = OPERATORS[op].signatures[0].constant
    args = tuple(
        Const(value, kind)
        if constant is not None and place >= constant
        else Column("people", name, kind, True)
        for place, (name, kind, value) in enumerate(zip(names, kinds, values, strict=True))
    )
    node = Apply(op, args, result, True)
    row = dict(zip(names, values, strict=True))
    assert alike(evaluate(node, Row("people", row), ruleset([table]), context()), expected)
    # a constant operand must answer as a column does, and one row as many
    expr = lower(node, Scope(context(), table)).alias("answer")
    for engine in ENGINES:
        answers = frame(table, [row, row]).with_columns(expr).collect(engine=engine)["answer"]
        assert all(same(expected, answer) for answer in answers.to_list())
    if any(isinstance(kind, Set) for kind in kinds):
        # no rule names a set
        return
    literals = tuple(Const(value, kind) for value, kind in zip(values, kinds, strict=True))
    folded = lower(Apply(op, literals, result, True), Scope(context(), table)).alias("answer")
    (answer,) = frame(table, [row]).select(folded).collect()["answer"].to_list()
    assert same(expected, answer)
