"""Asking again what has changed gives what asking everything gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from agree_kernel import arrays
from agree_trees import TABLE
from agree_worlds import AS_OF, context, ruleset
from hypothesis import given
from hypothesis import strategies as st
from test_kernel_target import ARRAYS, SEEDS, repeatable, sets
from test_placements import TABLE as PEOPLE
from test_placements import governed, people
from test_ranks import frozen_alike

from segrules.backends.kernel.stepping import Stepping, bordered
from segrules.backends.kernel.target import compile_rules
from segrules.backends.kernel.values import Vector
from segrules.lang import ir
from segrules.lang.ir import Column, Const
from segrules.lang.operators import OPERATORS
from segrules.lang.types import Flag, form

DOUBLES = ("int", "float", "bool", "date", "enum")
MOVING = [each.name for each in TABLE.columns if form(each.type) in DOUBLES and each.optional]


def doubles(vector: Vector) -> np.ndarray:
    values = vector.values.astype(np.float64)
    if vector.missing is not None:
        values[vector.missing] = np.nan
    values[~np.isfinite(values)] = np.nan
    return values


def small(vector: Vector) -> bool:
    known = vector.values if vector.missing is None else vector.values[~vector.missing]
    return known.dtype.kind == "f" or bool((np.abs(known.astype(float)) <= 2**53).all())


def agree(found: ir.SegmentSet, seed: int, moving: list[str]) -> set[int]:
    columns = ARRAYS[seed]
    moving = [name for name in moving if small(columns[name])]
    compiled = compile_rules(ruleset([TABLE], sets=[found]), "people", context())
    wanted = compiled.decide(columns)["s"]
    stepping = Stepping(compiled, "s", moving)
    rows = len(wanted.segment)
    handed = bordered(columns, compiled)
    still = {name: each for name, each in handed.items() if name not in moving}
    resting = stepping.resting(still, rows)
    values = np.array([doubles(columns[name]) for name in moving]).reshape(len(moving), rows)
    # in parts, as rows are played
    parts = [slice(0, rows // 3), slice(rows // 3, rows)]
    made = [
        stepping.place(
            resting, part, np.ascontiguousarray(values[:, part]), AS_OF,
            lambda part=part: {name: _part(each, part) for name, each in handed.items()},
        )
        for part in parts
    ]  # fmt: skip
    outcomes = np.concatenate(made)
    assert np.array_equal(stepping.segments[outcomes], wanted.segment)
    assert np.array_equal(stepping.deciders[outcomes], wanted.by)
    return set(wanted.segment.tolist())


def _part(vector: Vector, rows: slice) -> Vector:
    if len(vector.values) == 1:
        return vector
    missing = None if vector.missing is None else vector.missing[rows]
    return Vector(vector.values[rows], missing, vector.texts)


@repeatable
@given(sets(), st.integers(0, SEEDS - 1), st.sets(st.sampled_from(MOVING)))
def test_any_set(found: ir.SegmentSet, seed: int, moving: set[str]) -> None:
    agree(found, seed, sorted(moving))


def test_many_lines() -> None:
    """More lines than bits in a word, of rules on what changes and on what stays."""
    kinds = {each.name: each for each in TABLE.columns}
    number = next(name for name in MOVING if form(kinds[name].type) == "float")
    column = Column("people", number, kinds[number].type, optional=True)
    assert "eq" in OPERATORS
    known = doubles(ARRAYS[0][number])
    cuts = sorted(set(known[~np.isnan(known)].tolist()))
    tests = [
        ir.Apply("eq", (column, Const(cut, column.type)), Flag(), True)
        for cut in [*np.linspace(-5.0, 5.0, 150).tolist(), *cuts]
    ]
    rules = tuple(ir.Rule(f"seg{at}", "", test) for at, test in enumerate(tests))
    found = ir.SegmentSet("s", "people", rules, ir.Outcome("rest", ""), ir.Outcome("unsure", ""))
    assert len(agree(found, 0, [number])) > 5
    without = replace(found, unsure=None)
    assert -1 in agree(without, 0, [number])


@pytest.mark.parametrize("unsure", [True, False])
def test_everything_that_governs_a_set(unsure: bool) -> None:
    """Caps come after the rules."""
    found = governed(unsure)
    rules = ruleset([PEOPLE], sets=[found])
    rows = people(4)
    compiled = compile_rules(rules, "people", context(frozen_alike(rules, {"people": rows})))
    columns = bordered(arrays(PEOPLE, rows), compiled)
    wanted = compiled.decide(columns)[found.name]
    stepping = Stepping(compiled, found.name, [])
    assert stepping.computes
    made = stepping.place(
        stepping.resting(columns, len(rows)), slice(0, len(rows)), np.empty((0, len(rows))), AS_OF,
        lambda: columns,
    )  # fmt: skip
    capped = stepping.after_caps(columns, AS_OF, made)
    assert np.array_equal(capped.segment, wanted.segment)
    assert np.array_equal(capped.by, wanted.by)
    assert not np.array_equal(stepping.segments[made], capped.segment)


def test_a_value_that_must_be_there() -> None:
    column = next(each for each in TABLE.columns if form(each.type) == "float")
    sure = Column("people", column.name, column.type, optional=False)
    test = ir.Apply("gt", (sure, Const(0.5, column.type)), Flag(), False)
    found = ir.SegmentSet("s", "people", (ir.Rule("a", "", test),), ir.Outcome("rest", ""), None)
    compiled = compile_rules(ruleset([TABLE], sets=[found]), "people", context())
    missing = Vector(np.zeros(3), np.array([False, True, False]))
    with pytest.raises(ValueError, match="missing"):
        Stepping(compiled, "s", []).resting({column.name: missing}, 3)
