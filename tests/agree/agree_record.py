"""The record function against the reference, row by row."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from segrules.backends.context import Context
from segrules.backends.record import program, refusals
from segrules.backends.reference.evaluate import allotted, decide, evaluate
from segrules.backends.reference.rows import Row, Tables, everyone
from segrules.lang.ir import (
    Calibration,
    Expr,
    Feature,
    Ruleset,
    SegmentSet,
    Table,
    Use,
    Value,
)
from segrules.runtime import Decider, build

Rows = Sequence[Mapping[str, Value]]
NOTHING_FROZEN = Context("Europe/London", dt.date(2026, 6, 30), Calibration(dt.date(2026, 6, 30)))


def decider(rules: Ruleset, table: str, where: Context, chosen: str | None = None) -> Decider:
    """Built from the program as JSON holds it, for canonical values; columns may be left out."""
    rules = replace(rules, zone=where.zone)
    made = program(rules, table, where.calibration)
    plain = json.dumps(made, allow_nan=False)
    assert plain == json.dumps(program(rules, table, where.calibration))
    return build(json.loads(plain), set=chosen, trusted=True, absent="missing")


def same_features(
    rules: Ruleset, rows: Sequence[Row], names: Sequence[str], world: Mapping[str, Rows],
    where: Context,
) -> None:  # fmt: skip
    """Named values of rows of a table: all are made part of an assignment."""
    if not rows:
        return
    table = rows[0].table
    features = [
        replace(each, kind="grid" if each.name in names and each.table == table else "let")
        for each in rules.features
    ]
    sets = tuple(each for each in rules.sets if each.table != table)
    shown = replace(rules, features=tuple(features))
    if refusals(shown, table, where.calibration):
        # only the features themselves are calibrated
        shown = replace(shown, sets=sets)
    made = decider(shown, table, where)
    beside = Beside(made, world)
    for row in rows:
        values = made.decide_all(row.columns, where.as_of, related=beside.of(row.columns)).values
        assert sorted(values) == sorted(names)
        for name in names:
            each = rules.feature(name)
            want = evaluate(Use(name, each.type, each.optional), row, rules, where)
            assert alike(want, values[name]), (row.columns, name, each.expr, want, values[name])


def same_values(node: Expr, table: Table, rows: Rows, expected: Sequence[Value]) -> None:
    """What an expression is on rows that ask nothing of others."""
    made = decider(_only(node, table), table.name, NOTHING_FROZEN)
    for row, want in zip(rows, expected, strict=True):
        have = made.decide_all(row, NOTHING_FROZEN.as_of).values["x"]
        assert alike(want, have), (row, node, want, have)


def _only(node: Expr, table: Table) -> Ruleset:
    feature = Feature("x", "flag", table.name, node)
    zone = NOTHING_FROZEN.zone
    return Ruleset("test", zone=zone, tables=(table,), features=(feature,), steps=("x",))


def same_decisions(
    rules: Ruleset, found: SegmentSet, world: Mapping[str, Rows], where: Context
) -> None:
    """Placements in a set, and every rule of it."""
    named = tuple(found if each.name == found.name else each for each in rules.sets)
    rules = replace(rules, sets=named)
    made = decider(rules, found.table, where, found.name)
    beside = Beside(made, world)
    for row in everyone(rules.table(found.table), Tables(world), rules, where):
        want, related = decide(found, row, rules, where), beside.of(row.columns)
        truths = made.truths(row.columns, where.as_of, related=related)[found.name]
        assert truths == want.truths, row.columns
        have = made.decide(row.columns, where.as_of, related=related)
        everything = made.decide_all(row.columns, where.as_of, related=related)
        assert have == everything[found.name]
        assert (have.set, have.segment, have.by) == (found.name, want.segment, want.by), row.columns
        assert have.unsure == (want.by == "unsure")
        assert have.allotted == allotted(found, row, rules, where)
        held = evaluate(found.holdout.test, row, rules, where) if found.holdout else None
        assert have.held_out == held


class Beside:
    """The rows of the tables that a program knows; where nobody else's are wanted, a record's."""

    def __init__(self, made: Decider, world: Mapping[str, Rows]) -> None:
        tables = made.program["tables"]
        self._key: str = tables[made.program["table"]]["key"]
        self._all = {name: rows for name, rows in world.items() if name in tables}
        self._own: dict[str, dict[Value, list[Mapping[str, Value]]]] = {}
        for name, rows in self._all.items():
            if tables[name]["alone"]:
                held = self._own[name] = {}
                for row in rows:
                    held.setdefault(row.get(tables[name]["by"]), []).append(row)

    def of(self, record: Mapping[str, Value]) -> dict[str, Rows]:
        """What is passed with a record; rows that belong to nobody are passed with each."""
        key = record.get(self._key)
        own = {name: [*held.get(key, ()), *(held.get(None, ()) if key is not None else ())]
               for name, held in self._own.items()}  # fmt: skip
        return {**self._all, **own}


def alike(left: Value, right: object) -> bool:
    """Equal in form and in value; -0.0 is 0.0."""
    return type(left) is type(right) and left == right
