"""The cell form of a set says of every rule what the reference says."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter

import pytest
from agree_trees import COLUMNS, FREE, REGION, TABLE, TIER, pool, rows, trees
from agree_worlds import context, luck_of, ruleset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segrules.backends.reference.evaluate import Row, decide, evaluate
from segrules.lang.cells import Cells, cell_of, cells_of
from segrules.lang.ir import (
    Apply,
    Choose,
    Column,
    Const,
    Expr,
    Feature,
    Outcome,
    Rule,
    Ruleset,
    SegmentSet,
    Use,
    Value,
)
from segrules.lang.operators import OPERATORS, Missing
from segrules.lang.types import Date, Flag, Instant, Money, Share, Text, Type, Whole, form


def set_of(*conditions: Expr) -> SegmentSet:
    named = tuple(Rule(f"s{at}", "", each) for at, each in enumerate(conditions))
    return SegmentSet("placing", "people", named, Outcome("rest", ""), None)


def truths(cells: Cells, row: Row, rules: Ruleset) -> tuple[bool | None, ...]:
    """What the cells say of every rule."""
    places = [
        cell_of(subject.domain, evaluate(subject.expr, row, rules, context()))
        for subject in cells.subjects
    ]
    found: list[bool | None] = [False] * cells.rules
    for line in cells.lines:
        if all(test.true >> places[test.subject] & 1 for test in line.tests):
            found[line.rule] = True
        elif found[line.rule] is False:
            possible = all(test.possible >> places[test.subject] & 1 for test in line.tests)
            found[line.rule] = None if possible else False
    return tuple(found)


def well_formed(cells: Cells) -> None:
    assert len({subject.expr for subject in cells.subjects}) == len(cells.subjects)
    assert [line.rule for line in cells.lines] == sorted(line.rule for line in cells.lines)
    for subject in cells.subjects:
        edges = getattr(subject.domain, "cuts", None)
        if edges is not None:
            assert list(edges) == sorted(set(edges))
            assert all(not isinstance(edge, float) or math.isfinite(edge) for edge in edges)
            assert all(not isinstance(edge, int) or abs(edge) <= 2**63 for edge in edges)
    for line in cells.lines:
        subjects = [test.subject for test in line.tests]
        assert subjects == sorted(set(subjects))
        for test in line.tests:
            assert test.true & ~test.possible == 0
            assert test.possible >> cells.subjects[test.subject].size == 0


def check(
    rules: Ruleset, found: SegmentSet, people: list[dict[str, Value]]
) -> Counter[bool | None]:
    cells = cells_of(found, rules)
    well_formed(cells)
    seen: Counter[bool | None] = Counter()
    for columns in people:
        row = Row("people", columns)
        expected = decide(found, row, rules, context()).truths
        assert truths(cells, row, rules) == expected, (columns, cells)
        seen.update(expected)
    return seen


# ---- conditions of any sort

TREES = st.lists(trees("bool"), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(TREES, st.integers(0, 10_000))
def test_any_conditions(conditions: list[Expr], seed: int) -> None:
    found = set_of(*conditions)
    check(ruleset([TABLE], sets=[found]), found, rows(seed, 25))


# ---- conditions of the sort that is opened: comparisons of few columns, named values, bands


class Maker:
    """Conditions that look at few subjects through named values, and rows near the constants."""

    def __init__(self, seed: int) -> None:
        self.luck = luck_of(seed)
        names = ["small", "count", "large", "assets", "number", "plain", "part", "flag", "sure",
                 "born", "joined", "seen_at", "tier", "level", "region", "name",
                 "label"]  # fmt: skip
        self.columns = [
            Column("people", name, *COLUMNS[name])
            for name in self.luck.sample(names, self.luck.randint(1, 4))
        ]
        self.features: list[Feature] = []
        for at in range(self.luck.randint(0, 4)):
            expr = self.condition(2) if self.luck.random() < 0.5 else self.value(2)
            self.features.append(Feature(f"v{at}", "let", "people", expr))

    def apply(self, op: str, args: tuple[Expr, ...], kind: Type) -> Apply:
        optional = [arg.optional for arg in args]
        missing = OPERATORS[op].missing
        can = all(optional) if missing is Missing.FALLBACK else any(optional)
        return Apply(op, args, kind, False if missing is Missing.LOOKS else can)

    def value(self, depth: int) -> Expr:
        """A column, what is made of it and constants, or what was named before."""
        node = self.leaf()
        for _ in range(self.luck.randint(0, depth)):
            node = self.changed(node, depth)
        return node

    def leaf(self) -> Expr:
        if self.features and self.luck.random() < 0.5:
            found = self.luck.choice(self.features)
            return Use(found.name, found.type, found.optional)
        return self.luck.choice(self.columns)

    def const(self, kind: Type, missing: float = 0.05) -> Const:
        value = None if self.luck.random() < missing else self.luck.choice(pool(kind))
        return Const(value, kind)

    def changed(self, node: Expr, depth: int) -> Expr:
        kind = node.type
        wanted = form(kind)
        ways = ["if_missing", "choose", "band"]
        ways += ["least", "greatest"] if wanted in ("int", "float") else []
        ways += ["to_number"] if wanted == "int" else []
        ways += ["position"] if kind == TIER else []
        ways += ["neg"] if wanted == "float" else []
        way = self.luck.choice(ways)
        match way:
            case "choose":
                cases = tuple(
                    (self.condition(depth - 1), self.luck.choice([node, self.const(kind)]))
                    for _ in range(self.luck.randint(1, 3))
                )
                return Choose(cases, self.luck.choice([node, self.const(kind)]), kind, True)
            case "band":
                cases = tuple(
                    (self.compared(node), Const(self.luck.choice(TIER.values), TIER))
                    for _ in range(self.luck.randint(1, 3))
                )
                return Choose(cases, self.const(TIER), TIER, True)
            case "to_number":
                return self.apply("to_number", (node,), FREE)
            case "position":
                return self.apply("position", (node,), Whole(0, 2))
            case "neg":
                return self.apply("neg", (node,), kind)
            case _:
                args = (node, self.const(kind))
                return self.apply(way, args if self.luck.random() < 0.7 else args[::-1], kind)

    def compared(self, node: Expr) -> Expr:
        kind = node.type
        ops = ["eq", "ne"]
        if form(kind) in ("int", "float", "date", "instant"):
            ops += ["lt", "le", "gt", "ge"] * 2
        if form(kind) in ("text", "int", "date", "enum"):
            ops.append("in")
        op = self.luck.choice(ops)
        if op == "in":
            listed = tuple(self.const(kind, 0) for _ in range(self.luck.randint(1, 4)))
            return self.apply("in", (node, *listed), Flag())
        sides = [node, self.const(kind)]
        if self.luck.random() < 0.1:
            sides[1] = node
        if self.luck.random() < 0.3:
            sides.reverse()
        return self.apply(op, tuple(sides), Flag())

    def condition(self, depth: int) -> Expr:
        way = self.luck.random()
        if depth <= 0 or way < 0.3:
            return self.test(depth)
        if way < 0.45:
            return self.apply("not", (self.condition(depth - 1),), Flag())
        parts = tuple(self.condition(depth - 1) for _ in range(self.luck.randint(2, 3)))
        return self.apply(self.luck.choice(["and", "or"]), parts, Flag())

    def test(self, depth: int) -> Expr:
        node = self.value(max(depth, 0))
        way = self.luck.random()
        if way < 0.15:
            return self.apply(self.luck.choice(["is_known", "is_missing"]), (node,), Flag())
        if isinstance(node.type, Flag) and way < 0.9:
            return node
        return self.compared(node)


@pytest.mark.parametrize("seed", range(400))
def test_conditions_that_are_opened(seed: int) -> None:
    maker = Maker(seed)
    found = set_of(*(maker.condition(3) for _ in range(maker.luck.randint(1, 5))))
    rules = ruleset([TABLE], maker.features, [found])
    check(rules, found, rows(seed, 30))
    cells = cells_of(found, rules)
    columns = {type(subject.expr) for subject in cells.subjects}
    assert columns <= {Column, Use, Apply, Choose, Const}


def test_truths_of_every_kind_are_met() -> None:
    seen: Counter[bool | None] = Counter()
    opened = 0
    for seed in range(60):
        maker = Maker(seed)
        found = set_of(*(maker.condition(3) for _ in range(3)))
        rules = ruleset([TABLE], maker.features, [found])
        seen += check(rules, found, rows(seed, 10))
        opened += all(isinstance(each.expr, Column) for each in cells_of(found, rules).subjects)
    assert min(seen[True], seen[False], seen[None]) > 150
    assert opened > 20


# ---- the ends of each form

ENDS: list[tuple[Type, list[Value]]] = [
    (FREE, [0.0, -0.0, 5e-324, -5e-324, 1.7976931348623157e308, -1.7976931348623157e308, 1.0]),
    (Whole(-(2**62), 2**62), [0, -1, 2**53, 2**53 + 1, 2**62, -(2**62), 2**62 - 1]),
    (Money("GBP"), [0, 1, -1, 99, 10**15, -(10**15)]),
    (Date(), [dt.date.min, dt.date.max, dt.date(2024, 2, 29), dt.date(2024, 3, 1)]),
    (Instant(), [
        dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC),
        dt.datetime(2026, 3, 29, 0, 59, 59, 999999, tzinfo=dt.UTC),
    ]),
    (Share(), [0.0, 1.0, 0.1]),
    (Text(), ["", "a", "A"]),
    (REGION, [*REGION.values]),
    (Flag(), [True, False]),
]  # fmt: skip


def near(value: Value) -> list[Value]:
    """A value and its neighbours."""
    match value:
        case float():
            both = (math.nextafter(value, -math.inf), math.nextafter(value, math.inf))
            return [value, *(each for each in both if math.isfinite(each))]
        case bool() | str():
            return [value]
        case int():
            return [value - 1, value, value + 1]
        case dt.datetime():
            step = dt.timedelta(microseconds=1)
        case dt.date():
            step = dt.timedelta(days=1)
        case _:
            raise TypeError(value)
    both = [value]
    both += [value - step] if value.year > 1 else []
    both += [value + step] if value.year < 9999 else []
    return both


@pytest.mark.parametrize(("kind", "values"), ENDS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("doubles", [False, True])
def test_the_ends_of_each_form(kind: Type, values: list[Value], doubles: bool) -> None:
    name = "subject"
    table = TABLE.__class__("people", "main", "key", (
        *TABLE.columns, TABLE.columns[0].__class__(name, name, kind, True)
    ))  # fmt: skip
    column: Expr = Column("people", name, kind, True)
    if doubles:
        if form(kind) != "int":
            kind, values = Whole(-(2**62), 2**62), [0, 2**53, 2**53 + 1, 2**62]
            column = Column("people", name, kind, True)
        column = Apply("to_number", (column,), FREE, True)
    bounds = [float(value) for value in values] if doubles else values  # type: ignore[arg-type]
    if doubles:
        bounds = [*bounds, 0.5, -0.5, 1e300, -1e300, 2.0**63, -(2.0**63), 2.0**53 + 2]
    ops = ["eq", "ne"]
    ops += ["lt", "le", "gt", "ge"] if form(kind) in ("int", "float", "date", "instant") else []
    tests = [
        Apply(op, args, Flag(), True)
        for op in ops
        for bound in bounds
        for constant in [Const(bound, FREE if doubles else kind)]
        for args in [(column, constant), (constant, column)]
    ]
    found = set_of(*tests)
    people = [
        {"key": "k", name: each} for value in [*values] for each in near(value)
    ] + [{"key": "k", name: None}]  # fmt: skip
    seen = check(ruleset([table], sets=[found]), found, people)
    assert min(seen.values()) > 0
    assert len(cells_of(found, ruleset([table], sets=[found])).subjects) == 1
