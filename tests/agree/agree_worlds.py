"""Rulesets, rows and frames that the tests of agreement share."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Mapping, Sequence

import agree_record
import agree_sql
import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars.dtypes import dtype
from segrules.backends.polars.first_match import assigned
from segrules.backends.polars.lower import feature_column, scope_of
from segrules.backends.polars.plan import prepare
from segrules.backends.reach import set_parts
from segrules.backends.reference.evaluate import allotted, decide, evaluate
from segrules.backends.reference.rows import Tables, everyone
from segrules.lang.ir import (
    Calibration,
    Feature,
    Ruleset,
    SegmentSet,
    Table,
    TableColumn,
    Use,
    Value,
)
from segrules.lang.types import Set, Type

AS_OF = dt.date(2026, 6, 30)
ZONE = "Europe/London"
ENGINES = ("in-memory", "streaming")

Rows = Sequence[Mapping[str, Value]]
Kinds = Mapping[str, tuple[Type, bool]]


def ruleset(
    tables: Iterable[Table],
    features: Iterable[Feature] = (),
    sets: Iterable[SegmentSet] = (),
    zone: str = ZONE,
    steps: Iterable[str] | None = None,
) -> Ruleset:
    """Without `steps`, features stand before sets, each in the order given."""
    features, sets = tuple(features), tuple(sets)
    if steps is None:
        steps = [step.name for step in (*features, *sets)]
    return Ruleset(
        "test", zone=zone, currency="GBP", tables=tuple(tables), features=features, sets=sets,
        steps=tuple(steps),
    )  # fmt: skip


def context(calibration: Calibration | None = None, zone: str = ZONE) -> Context:
    return Context(zone, AS_OF, calibration or Calibration(AS_OF))


def main_table(name: str, key: str, kinds: Kinds, **more: str) -> Table:
    return Table(name, "main", key, _columns(kinds), **more)


def related_table(name: str, by: str, kinds: Kinds, *, key: str = "", **more: str) -> Table:
    """Many rows a key of the table `of`, joined by the column `by`."""
    return Table(name, "related", key, _columns(kinds), by=by, **more)


def _columns(kinds: Kinds) -> tuple[TableColumn, ...]:
    return tuple(
        TableColumn(column, column, column_type, optional)
        for column, (column_type, optional) in kinds.items()
    )


def frame(table: Table, rows: Rows) -> pl.LazyFrame:
    schema = {column.name: dtype(column.type) for column in table.columns}
    values = {
        column.name: [cell(row.get(column.name), column.type) for row in rows]
        for column in table.columns
    }
    return pl.DataFrame(values, schema=schema).lazy()


def frames(rules: Ruleset, world: Mapping[str, Rows]) -> dict[str, pl.LazyFrame]:
    return {name: frame(rules.table(name), rows) for name, rows in world.items()}


def cell(value: Value, kind: Type) -> object:
    """A value as it stands in a frame: a set is a list in order of declaration."""
    if isinstance(value, frozenset) and isinstance(kind, Set):
        return [each for each in kind.values if each in value]
    return value


def same(left: Value, right: object) -> bool:
    """Equal in form and in value; -0.0 is 0.0, a list is a set without duplicates."""
    if isinstance(left, frozenset):
        return isinstance(right, list) and left == set(right) and len(left) == len(right)
    return type(left) is type(right) and left == right


def agree(
    rules: Ruleset,
    table: str,
    world: Mapping[str, Rows],
    where: Context | None = None,
    names: Sequence[str] | None = None,
) -> dict[str, list[Value]]:
    """Every feature of a table, by all targets on each row; the answers by name.

    A feature that is not optional must never be missing.
    """
    where = where or context()
    names = names or [feature.name for feature in rules.features_of(table)]
    features = [rules.feature(name) for name in names]
    wanted = [Use(each.name, each.type, each.optional) for each in features]
    rows = list(everyone(rules.table(table), Tables(world), rules, where))
    key = rules.table(table).key
    expected = {
        row.columns.get(key): [evaluate(use, row, rules, where) for use in wanted] for row in rows
    }
    assert len(expected) == len(rows)
    for found, values in expected.items():
        for each, want in zip(features, values, strict=True):
            assert want is not None or each.optional, (found, each.name, each.expr)
    agree_record.same_features(rules, rows, names, world, where)
    agree_sql.same_features(agree_sql.Asked(rules, table, world, where), names, expected)
    plan = prepare(rules, table, frames(rules, world), where, wanted)
    for engine in ENGINES:
        answer = plan.select(key, *map(feature_column, names)).collect(engine=engine)
        assert sorted(answer[key]) == sorted(expected)
        for found, *got in answer.rows():
            for each, want, have in zip(features, expected[found], got, strict=True):
                assert same(want, have), (engine, found, each.name, each.expr, want, have)
    return {name: [found[at] for found in expected.values()] for at, name in enumerate(names)}


def agree_placed(
    rules: Ruleset, found: SegmentSet, world: Mapping[str, Rows], where: Context
) -> list[tuple[Value, ...]]:
    """All of an assignment by all: segment, decider, unknown rules, target, whether held out."""
    table = rules.table(found.table)
    expected: dict[Value, tuple[Value, ...]] = {}
    for row in everyone(table, Tables(world), rules, where):
        made = decide(found, row, rules, where)
        target = allotted(found, row, rules, where)
        held = evaluate(found.holdout.test, row, rules, where) if found.holdout else None
        key = row.columns[table.key]
        expected[key] = (made.segment, made.by, made.unknown, target, held)
    agree_record.same_decisions(rules, found, world, where)
    agree_sql.same_placements(agree_sql.Asked(rules, found.table, world, where), found, expected)
    parts = ("segment", "by", "unknown", "allotted", "holdout")
    wanted = [part for part in parts if part in found.outputs]
    needed = [*set_parts(found), *(rank for each in found.allotments for rank, _ in each.best)]
    needed += [found.holdout.test] if found.holdout else []
    for engine in ENGINES:
        plan = prepare(rules, table.name, frames(rules, world), where, needed)
        answer = assigned(plan, found, scope_of(rules, table.name, where), wanted)
        names = [found.outputs[part] for part in wanted]
        answer = answer.select(table.key, *names).collect(engine=engine)
        assert answer[found.outputs["segment"]].dtype == pl.Enum(found.segments)
        assert answer[found.outputs["by"]].dtype == pl.Enum(found.deciders)
        got = {key: tuple(values) for key, *values in answer.rows()}
        assert got == {
            key: tuple(values[parts.index(part)] for part in wanted)
            for key, values in expected.items()
        }
    return list(expected.values())


def luck_of(seed: int) -> random.Random:
    """Reproducible test data, nothing secret."""
    return random.Random(seed)  # noqa: S311
