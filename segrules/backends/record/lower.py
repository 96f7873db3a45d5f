"""Expressions as a program writes them, with all that they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from segrules.backends.context import window_spec
from segrules.backends.reach import steps_needed
from segrules.backends.record.frozen import ranked, type_of
from segrules.backends.record.masks import cell_table, worth_it
from segrules.backends.record.operators import RULES
from segrules.lang import ir
from segrules.lang.cells import cells_of
from segrules.lang.operators import AGGREGATES, OPERATORS, Missing
from segrules.runtime.values import written

Node = list[Any]

_DEEP = 25
"""Expressions below each other, from which on a part becomes a step of its own."""
_MANY = 6
"""Cases of a choice from which on it is a step of its own."""


class Lowering:
    """Lowers expressions of any table; what they rest on is lowered by `finish`."""

    def __init__(
        self, ruleset: ir.Ruleset, main: str, calibration: ir.Calibration
    ) -> None:  # fmt: skip
        self.ruleset, self.main, self.calibration = ruleset, main, calibration
        self.asked: list[dict[str, Any]] = []
        self.ranked: list[dict[str, Any]] = []
        self.entries: list[dict[str, Any]] = []
        self.cells: list[dict[str, Any]] = []
        self.sets: dict[str, dict[str, Any]] = {}
        self.columns: dict[str, set[str]] = {}
        self.linked: set[str] = set()
        """Tables that links lead to."""
        self.steps: dict[str, list[list[Any]]] = {}
        """By the name of a step: itself, behind the parts of it that became steps."""
        self.later: dict[str, list[list[Any]]] = {}
        """By table: parts of what is no step."""
        self._numbers: dict[Any, int] = {}
        self._waiting: list[tuple[int, str, ir.Expr]] = []
        self._table, self._parts = main, list[list[Any]]()
        self._hoisted, self._hoisting = 0, True

    # ---- whole expressions

    def whole(self, table: str, expr: ir.Expr) -> Node:
        """An expression that is no step, with the steps it rests on."""
        self.prepare(table, [expr])
        return self._begun(table, self.later.setdefault(table, []), expr)

    def whole_set(self, found: ir.SegmentSet) -> None:
        """A set with all that is done once its rows are placed."""
        self.prepare(found.table, [ir.Placed(found.name, found.type, found.optional)])
        made = self.sets[found.name]
        made["allotments"] = [
            {"segment": each.segment, "rest": each.rest,
             "best": [[self.whole(found.table, rank), to] for rank, to in each.best]}
            for each in found.allotments
        ]  # fmt: skip
        if found.holdout:
            made["holdout"] = self.whole(found.table, found.holdout.test)

    def finish(self) -> None:
        """Lowers what is asked of other rows, and what that asks in turn."""
        while self._waiting:
            number, table, expr = self._waiting.pop(0)
            self.entries[number]["node"] = self.whole(table, expr)

    def prepare(self, table: str, expressions: Iterable[ir.Expr]) -> None:
        """Lowers the steps that expressions rest on, those first that others rest on."""
        for step in steps_needed(expressions, table, self.ruleset):
            if step.name in self.steps:
                continue
            parts: list[list[Any]] = []
            if isinstance(step, ir.Feature):
                node = self._begun(table, parts, step.expr)
                self.steps[step.name] = [*parts, ["let", step.name, node]]
            else:
                self.steps[step.name] = parts
                self._set(step, parts)
                parts.append(["set", step.name])

    def _begun(self, table: str, parts: list[list[Any]], expr: ir.Expr) -> Node:
        before = self._table, self._parts
        self._table, self._parts = table, parts
        try:
            return self.node(expr)
        finally:
            self._table, self._parts = before

    # ---- sets

    def _set(self, found: ir.SegmentSet, parts: list[list[Any]]) -> None:
        conditions = [rule.condition for rule in found.rules]
        cells = self._cell_table(found.table, conditions, parts)
        nodes = [
            None if cells is not None else self._begun(found.table, parts, condition)
            for condition in conditions
        ]
        # what a cap asks of the placement before it cannot stand before the set
        self._hoisting = False
        caps = [
            {"segment": cap.segment, "rest": cap.rest, "name": cap.rank.name,
             "rank": self._begun(found.table, [], cap.rank)}
            for cap in found.caps
        ]  # fmt: skip
        self._hoisting = True
        unsure = found.unsure
        self.sets[found.name] = {
            "name": found.name,
            "table": found.table,
            "rules": [
                [rule.segment, rule.decider, rule.label, node]
                for rule, node in zip(found.rules, nodes, strict=True)
            ],
            "cells": cells,
            "otherwise": [found.otherwise.segment, found.otherwise.label],
            "unsure": [unsure.segment, unsure.label] if unsure else None,
            "caps": caps,
            "allotments": [],
            "holdout": None,
            "labels": found.labels,
            "segments": list(found.segments),
            "deciders": list(found.deciders),
        }

    def _cell_table(
        self, table: str, conditions: Sequence[ir.Expr], parts: list[list[Any]]
    ) -> int | None:  # fmt: skip
        """The number of a table of cells, where conditions are many enough for one."""
        if not worth_it(len(conditions)):
            return None
        rules = tuple(ir.Rule("", "", condition) for condition in conditions)
        found = ir.SegmentSet("", table, rules, ir.Outcome("", ""), None)
        cells = cells_of(found, self.ruleset)
        if not worth_it(len(conditions), cells):
            return None
        self.prepare(table, [subject.expr for subject in cells.subjects])
        nodes = [self._begun(table, parts, subject.expr) for subject in cells.subjects]
        self.cells.append(cell_table(cells, nodes))
        return len(self.cells) - 1

    # ---- expressions

    def node(self, expr: ir.Expr) -> Node:
        return self._sized(expr)[0]

    def _sized(self, expr: ir.Expr) -> tuple[Node, int]:
        """An expression and how many stand below each other in it."""
        made, depth = self._made(expr)
        many = made[0] == "looked up" or (made[0] == "choose" and len(made[1]) > _MANY)
        if (depth > _DEEP or many) and (self._hoisting or made[0] == "looked up"):
            self._hoisted += 1
            name = f"#{self._hoisted}"
            self._parts.append(["let", name, made])
            return ["use", name], 1
        return made, depth

    def _made(self, expr: ir.Expr) -> tuple[Node, int]:
        match expr:
            case ir.Const(value=value):
                return ["const", written(value)], 1
            case ir.Column(table=table, name=name):
                self.reads(table, name)
                return ["column", name], 1
            case ir.Use(name=name):
                return ["use", name], 1
            case ir.Placed(set=named, caps=caps):
                count = len(self.ruleset.set(named).caps) if caps is None else caps
                return ["placed", named, count], 1
            case ir.AsOf():
                return ["as_of"], 1
            case ir.Apply():
                return self._apply(expr)
            case ir.Choose():
                return self._choose(expr)
            case ir.Linked():
                return self._linked(expr)
            case ir.Aggregate() | ir.Sequence():
                return ["asked", self._asked(expr)], 1
            case ir.InRank() | ir.Statistic() | ir.Rank():
                return self._ranked(expr)
            case ir.Gap():
                raise ValueError("a gap is between rows: it stands only in an aggregate")

    def _apply(self, expr: ir.Apply) -> tuple[Node, int]:
        strict = OPERATORS[expr.op].missing in (Missing.STRICT, Missing.PARTIAL)
        if strict and any(isinstance(arg, ir.Const) and arg.value is None for arg in expr.args):
            return ["const", None], 1
        args, extra = RULES[expr.op](expr)
        parts = [self._sized(arg) for arg in args]
        made = ["apply", expr.op, [part for part, _ in parts], extra]
        return made, 1 + max(depth for _, depth in parts)

    def _choose(self, expr: ir.Choose) -> tuple[Node, int]:
        conditions = [condition for condition, _ in expr.cases]
        cells = None
        if self._hoisting:
            cells = self._cell_table(self._table, conditions, self._parts)
        values = [self._sized(value) for _, value in expr.cases]
        otherwise, depth = self._sized(expr.otherwise)
        depth = max([depth, *(each for _, each in values)])
        if cells is not None:
            return ["looked up", cells, [value for value, _ in values], otherwise], 1 + depth
        tests = [self._sized(condition) for condition in conditions]
        cases = [[test, value] for (test, _), (value, _) in zip(tests, values, strict=True)]
        # cases written as one expression stand below each other
        below = len(cases) + max(depth, *(each for _, each in tests))
        return ["choose", cases, otherwise], below

    # ---- other rows

    def _linked(self, expr: ir.Linked) -> tuple[Node, int]:
        by, depth = self._sized(expr.by)
        self.linked.add(expr.table)
        self.found_by(expr.table)
        return ["linked", by, expr.table, self._entry(expr.table, expr.value)], depth + 1

    def found_by(self, table: str) -> None:
        """What finding a row by its key reads."""
        found = self.ruleset.table(table)
        if found.source is not None:
            source = self.ruleset.table(found.source)
            self._dated(source)
            self.reads(source.name, source.joined_by(table) or "")
        else:
            self.reads(table, found.key)
            self._dated(found)

    def _dated(self, table: ir.Table) -> None:
        if table.dated:
            self.reads(table.name, table.dated)

    def reads(self, table: str, column: str) -> None:
        self.columns.setdefault(table, set()).add(column)

    def _entry(self, table: str, expr: ir.Expr) -> int:
        key = "entry", table, expr
        if key not in self._numbers:
            self._numbers[key] = len(self.entries)
            self.entries.append({"table": table, "node": None})
            self._waiting.append((self._numbers[key], table, expr))
        return self._numbers[key]

    def _asked(self, expr: ir.Aggregate | ir.Sequence) -> int:
        key = "asked", self._table, expr
        if key not in self._numbers:
            self._numbers[key] = len(self.asked)
            self.asked.append({"of": self._table, "expr": expr})
            made = self._aggregate(expr) if isinstance(expr, ir.Aggregate) else \
                self._sequence(expr)  # fmt: skip
            self.asked[self._numbers[key]].update(made)
            if self._table != self.main:
                # rows of other rows are found by the keys of these
                self.reads(self._table, self.ruleset.table(self._table).key)
        return self._numbers[key]

    def _aggregate(self, expr: ir.Aggregate) -> dict[str, Any]:
        value: int | str | None = None
        kind = expr.type
        if isinstance(expr.value, ir.Gap):
            value, kind = "gap", expr.value.type
        elif expr.value is not None:
            value, kind = self._entry(expr.rows.table, expr.value), expr.value.type
        empty = AGGREGATES[expr.how].empty
        return {
            "how": expr.how,
            "type": type_of(expr.type),
            # a sum beyond the bounds is missing
            "optional": expr.optional or empty is None or expr.how == "sum",
            "empty": empty,
            "rows": [self._rows(expr.rows)],
            "value": value,
            "value_type": type_of(kind),
        }

    def _sequence(self, expr: ir.Sequence) -> dict[str, Any]:
        but_no = expr.but_no
        return {
            "how": "sequence",
            "type": type_of(expr.type),
            "optional": expr.optional or bool(but_no and but_no.within),
            "empty": False,
            "rows": [self._rows(rows) for rows in ir.rows_in(expr)],
            "then": [_step(step) for step in expr.then],
            "but_no": _step(but_no) if but_no else None,
        }

    def _rows(self, rows: ir.Rows) -> dict[str, Any]:
        table = self.ruleset.table(rows.table)
        self.reads(table.name, rows.by)
        self._dated(table)
        if table.source is not None or table.name == self.main:
            self.found_by(table.name)
        spec = window_spec(rows.window)
        return {
            "table": rows.table,
            "by": rows.by,
            "window": None if spec is None else [_plain(part) for part in spec],
            "among": None if rows.among is None else self._entry(rows.table, rows.among),
            "where": None if rows.where is None else self._entry(rows.table, rows.where),
        }

    # ---- populations

    def _ranked(self, expr: ir.Calibrated) -> tuple[Node, int]:
        population = expr.population
        if not population.same:
            simple = self._against_all(expr)
            if simple is not None:
                return simple
        amount = None if isinstance(expr, ir.Statistic) else expr.by
        among = None if isinstance(expr, ir.Statistic) else population.among
        asked = [None if part is None else self._sized(part) for part in (amount, among)]
        same = [self._sized(part) for part in population.same]
        key, number = None, self._number_of(expr)
        if _keyed(self.ranked[number]):
            of_key = self.ruleset.table(self._table).key
            self.reads(self._table, of_key)
            key = ["column", of_key]
        depths = [part[1] for part in (*asked, *same) if part]
        nodes = [None if part is None else part[0] for part in asked]
        made: Node = ["ranked", number, nodes[0], [part for part, _ in same], nodes[1], key]
        return made, 1 + max(depths, default=0)

    def _number_of(self, expr: ir.Calibrated) -> int:
        key = "ranked", expr.name
        if key not in self._numbers:
            self._numbers[key] = len(self.ranked)
            self.ranked.append(ranked(expr, self.calibration))
        return self._numbers[key]

    def _against_all(self, expr: ir.Calibrated) -> tuple[Node, int] | None:
        """A rank or a figure of everybody is a comparison with its cut point, or a constant.

        None where it takes more than that.
        """
        frozen = self.calibration.at(expr.name)
        if isinstance(expr, ir.Statistic):
            return (["const", written(frozen.value)], 1) if isinstance(frozen, ir.Figure) else None
        if (
            not isinstance(expr, ir.InRank)
            or not isinstance(frozen, ir.Cut)
            or frozen.key is not None
        ):
            return None
        cut: Node = ["const", None]
        depth = 1
        if frozen.value is not None:
            amount, depth = self._sized(expr.by)
            sign = "ge" if expr.top else "le"
            cut = ["apply", sign, [amount, ["const", written(frozen.value)]], None]
        among = expr.population.among
        if among is None:
            return cut, depth + 1
        test, below = self._sized(among)
        return ["choose", [[test, cut]], ["const", False]], 2 + max(depth, below)


def _keyed(plain: dict[str, Any]) -> bool:
    """Whether a rank is cut within ties, by the key."""
    frozen = [each for _, each in plain["groups"]]
    frozen += [plain["everywhere"]] if plain["everywhere"] else []
    return any(each.get("key") is not None for each in frozen)


def _step(step: ir.Step) -> dict[str, Any]:
    within = step.within
    return {"later": step.later, "within": [within.count, within.unit] if within else None}


def _plain(part: Any) -> Any:
    return list(part) if isinstance(part, tuple) else written(part)
