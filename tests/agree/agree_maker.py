"""Random rulesets over tables that belong and refer to each other, and rows for them.

Every feature may use those made before it, of its own table and by way of links and related rows
of every other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from agree_trees import apply
from agree_worlds import AS_OF, Kinds, Rows, luck_of, main_table, related_table, ruleset

from segrules.lang import ir
from segrules.lang.operators import AGGREGATES
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Form,
    Instant,
    Link,
    Number,
    Set,
    Text,
    Type,
    Whole,
    form,
)

TIER = Enum(("silver", "bronze", "gold"))
TASTES = Set(("tea", "coffee", "juice"))
SMALL = Whole(0, 9)
FREE = Number(None, None)

COLUMNS: dict[str, Kinds] = {
    "regions": {
        "id": (Text(), False), "name": (Text(), True), "rank": (SMALL, True),
        "opened": (Date(), True),
    },
    "agents": {
        "id": (Text(), False), "region": (Link("regions"), True), "boss": (Link("agents"), True),
        "skill": (SMALL, True), "likes": (TASTES, True), "tier": (TIER, True),
    },
    "customers": {
        "id": (Text(), False), "agent": (Link("agents"), True), "second": (Link("agents"), True),
        "shop": (Link("shops"), True), "tier": (TIER, False), "born": (Date(), True),
        "pieces": (SMALL, True), "open": (Flag(), True), "likes": (TASTES, False),
        "weight": (Number(-1e6, 1e6), True), "seen_at": (Instant(), True),
    },
    "shops": {"shop": (Text(), False)},
    "orders": {
        "order": (Text(), False), "customer": (Text(), True), "seller": (Link("agents"), True),
        "at": (Instant(), True), "pieces": (SMALL, True), "channel": (TIER, True),
        "weight": (Number(-1e6, 1e6), False), "open": (Flag(), True), "due": (Date(), True),
    },
    "lines": {
        "order": (Text(), False), "item": (Text(), True), "pieces": (SMALL, False),
        "likes": (TASTES, True), "shop": (Link("shops"), True),
    },
    "visits": {
        "customer": (Text(), False), "shop": (Link("shops"), True), "on": (Date(), True),
        "pieces": (SMALL, True), "open": (Flag(), False), "note": (Text(), True),
    },
    "history of customers": {
        "id": (Text(), False), "as_of": (Date(), False), "tier": (Text(), True),
        "tier:entered": (Flag(), True), "tier:since": (Date(), True), "pieces": (SMALL, True),
    },
}  # fmt: skip

KEYS = {"regions": "id", "agents": "id", "customers": "id", "shops": "shop", "orders": "order"}
"""The tables that have a key, which features may be of."""


def _tables() -> list[ir.Table]:
    made = {
        "regions": main_table("regions", "id", COLUMNS["regions"], dated="opened"),
        "agents": main_table("agents", "id", COLUMNS["agents"]),
        "customers": main_table("customers", "id", COLUMNS["customers"]),
        "orders": related_table(
            "orders", "customer", COLUMNS["orders"], key="order", of="customers", dated="at"
        ),
        "lines": related_table("lines", "order", COLUMNS["lines"], of="orders"),
        "visits": related_table(
            "visits", "customer", COLUMNS["visits"], of="customers", dated="on"
        ),
    }
    shops = main_table("shops", "shop", COLUMNS["shops"])
    past = related_table("x", "id", COLUMNS["history of customers"])
    return [
        *made.values(),
        ir.Table("shops", "derived", "shop", shops.columns, source="visits"),
        ir.Table(
            ir.history_of("customers"), "history", "", past.columns, "customers", "id",
            dated="as_of",
        ),
    ]  # fmt: skip


TABLES = {table.name: table for table in _tables()}

BELONGS: dict[str, list[tuple[str, str]]] = {name: [] for name in COLUMNS}
"""The rows that belong to a row of a table: their table and its column."""
for _table in TABLES.values():
    if _table.of and _table.by:
        BELONGS[_table.of].append((_table.name, _table.by))
    for _link, _to in _table.links.items():
        BELONGS[_to].append((_table.name, _link))

PERIODS = (ir.Period("week"), ir.Period("month"), ir.Period("quarter"), ir.Period("year", (4, 6)))
LENGTHS = (ir.Length(3, "days"), ir.Length(30, "days"), ir.Length(2, "months"))


class Maker:
    """Makes expressions, features and sets by chance, and remembers them in order."""

    def __init__(self, seed: int) -> None:
        self.luck = luck_of(seed)
        self.features: list[ir.Feature] = []
        self.sets: list[ir.SegmentSet] = []
        self.steps: list[str] = []
        self.populations = 0

    def ruleset(self) -> ir.Ruleset:
        """At the end a set for each table rests on all its features."""
        for table in KEYS:
            tests = [
                apply("is_known", (self.use(each),), Flag())
                for each in self.features
                if each.table == table
            ]
            self._add_set(f"all_{table}", table, tests)
        return ruleset(TABLES.values(), self.features, self.sets, steps=self.steps)

    def feature(self, table: str, wanted: Form, depth: int = 3) -> None:
        name = f"x{len(self.features)}"
        made = ir.Feature(name, "let", table, self.expr(table, wanted, depth))
        self.features.append(made)
        self.steps.append(name)

    def set(self, table: str) -> None:
        tests = [self.expr(table, "bool", 2) for _ in range(5)]
        name = f"s{len(self.sets)}"
        made = self._set(name, table, tests)
        for caps in range(self.luck.choice([0, 0, 1, 3])):
            made = self._capped(made, caps)
        self.sets.append(made)
        self.steps.append(name)

    def _add_set(self, name: str, table: str, tests: list[ir.Expr]) -> None:
        self.sets.append(self._set(name, table, tests))
        self.steps.append(name)

    def _set(self, name: str, table: str, tests: list[ir.Expr]) -> ir.SegmentSet:
        """Several rules have one segment, and some decide as governing declarations do."""
        rules = tuple(
            ir.Rule(f"seg{at % 3}", "", test, self.luck.choice(["", "", "", "override", "stay"]))
            for at, test in enumerate(tests)
        )
        rules += tuple(ir.Rule(f"seg{at}", "", ir.Const(False, Flag())) for at in range(3))
        unsure = ir.Outcome("unsure", "") if self.luck.random() < 0.5 else None
        return ir.SegmentSet(name, table, rules, ir.Outcome("rest", ""), unsure)

    def _capped(self, made: ir.SegmentSet, caps: int) -> ir.SegmentSet:
        segment, rest = self.luck.sample(["seg0", "seg1", "seg2", "rest"], 2)
        by, count = self.expr(made.table, "int", 1), self.luck.randint(0, 5)
        among = ir.Population((), sits(made, segment, caps))
        rank = ir.InRank(self._name(), True, None, count, by, True, among)
        return replace(made, caps=(*made.caps, ir.Cap(segment, rest, rank)))

    # ---- expressions

    def expr(self, table: str, wanted: Form, depth: int) -> ir.Expr:
        """An expression of a form on a row of a table."""
        makers = self._leaves(table, wanted)
        if depth > 0:
            makers += self._deeper(table, wanted, depth - 1) * (1 + 2 * depth)
        return self.luck.choice(makers)()

    def _leaves(self, table: str, wanted: Form) -> list[Callable[[], ir.Expr]]:
        found: list[ir.Expr] = [
            ir.Column(table, name, kind, optional)
            for name, (kind, optional) in COLUMNS[table].items()
            if form(kind) == wanted
        ]
        uses = [
            self.use(each)
            for each in self.features
            if each.table == table and form(each.type) == wanted
        ]
        if wanted == "int":
            found.append(ir.Const(self.luck.randint(0, 4), SMALL))
        if wanted == "date":
            found.append(ir.AsOf())
        if not found and not uses:
            found.append(ir.Const(self.luck.choice(CONSTANTS[wanted]), _kind(wanted)))
        return [lambda each=each: each for each in [*found, *uses[-2:], *uses[-2:]]]

    def use(self, feature: ir.Feature) -> ir.Use:
        return ir.Use(feature.name, feature.type, feature.optional)

    def _deeper(self, table: str, wanted: Form, depth: int) -> list[Callable[[], ir.Expr]]:
        makers: list[Callable[[], ir.Expr]] = []
        if any(isinstance(kind, Link) for kind, _ in COLUMNS[table].values()):
            makers += [lambda: self._linked(table, wanted, depth)] * 2
        if BELONGS[table]:
            makers += [lambda: self._aggregate(table, wanted, depth)] * 2
        if wanted != "set":
            makers.append(lambda: self._apply(table, wanted, depth))
        if wanted == "bool":
            makers += self._tests(table, depth)
        if wanted == "int" and table in KEYS:
            makers.append(lambda: self._rank(table, depth))
        if wanted == "float" and table in KEYS:
            makers.append(lambda: self._figure(table, depth))
        return makers

    def _tests(self, table: str, depth: int) -> list[Callable[[], ir.Expr]]:
        makers = [lambda: self._compared(table, depth), lambda: self._asked(table, depth)]
        if any(TABLES[child].dated for child, _ in BELONGS[table]):
            makers.append(lambda: self._sequence(table, depth))
        if table in KEYS:
            makers.append(lambda: self._in_rank(table, depth))
        if any(found.table == table for found in self.sets):
            makers.append(lambda: self._sits(table))
        return makers

    def _apply(self, table: str, wanted: Form, depth: int) -> ir.Expr:
        one, other = self.expr(table, wanted, depth), self.expr(table, wanted, depth)
        match wanted:
            case "bool":
                return apply(self.luck.choice(["and", "or"]), (one, other), Flag())
            case "int" if self.luck.random() < 0.5:
                date = self.expr(table, "date", depth)
                return apply("days_between", (date, ir.AsOf()), Whole())
            case "float":
                return apply("to_number", (self.expr(table, "int", depth),), FREE)
            case "date" if self.luck.random() < 0.5:
                return apply("to_date", (self.expr(table, "instant", depth),), Date())
            case "enum" | "text" | "int" if self.luck.random() < 0.3:
                cases = ((self.expr(table, "bool", depth), one),)
                return ir.Choose(cases, other, _kind(wanted), True)
            case "enum" | "text" | "date" | "instant" | "int":
                return apply("if_missing", (one, other), _kind(wanted))
        raise ValueError(wanted)

    def _compared(self, table: str, depth: int) -> ir.Expr:
        wanted = self.luck.choice(["int", "date", "text", "enum", "instant"])
        sign = self.luck.choice(["eq", "ne"] if wanted in ("text", "enum") else ["ge", "lt"])
        pair = (self.expr(table, wanted, depth), self.expr(table, wanted, depth))
        return apply(sign, pair, Flag())

    def _asked(self, table: str, depth: int) -> ir.Expr:
        """A test of one operand."""
        listed = ir.Const(self.luck.choice(TASTES.values), Enum(TASTES.values))
        match self.luck.randint(0, 4):
            case 0:
                return apply("not", (self.expr(table, "bool", depth),), Flag())
            case 1:
                kind = self.luck.choice(["int", "text", "set", "bool", "date"])
                op = self.luck.choice(["is_missing", "is_known"])
                return apply(op, (self.expr(table, kind, depth),), Flag())
            case 2:
                pattern = ir.Const(self.luck.choice(["^k1", "[a-c]", "2$"]), Text())
                return apply("matches", (self.expr(table, "text", depth), pattern), Flag())
            case _:
                op = self.luck.choice(["has_any", "has_none"])
                return apply(op, (self.expr(table, "set", depth), listed), Flag())

    def _sits(self, table: str) -> ir.Expr:
        found = self.luck.choice([each for each in self.sets if each.table == table])
        caps = self.luck.choice([None, None, *range(len(found.caps) + 1)])
        return sits(found, self.luck.choice(found.segments), caps)

    # ---- other rows

    def _linked(self, table: str, wanted: Form, depth: int) -> ir.Expr:
        links = [
            ir.Column(table, name, kind, optional)
            for name, (kind, optional) in COLUMNS[table].items()
            if isinstance(kind, Link)
        ]
        by: ir.Expr = self.luck.choice(links)
        assert isinstance(by.type, Link)
        to = by.type
        alike = [link for link in links if link.type == to]
        if len(alike) > 1 and self.luck.random() < 0.3:
            by = apply("if_missing", tuple(alike[:2]), to)
        value = self.expr(to.table, wanted, depth)
        return ir.Linked(by, to.table, value, value.type)

    def rows(self, table: str, depth: int, dated: bool = False) -> ir.Rows:
        choices = [(child, by) for child, by in BELONGS[table] if TABLES[child].dated or not dated]
        child, by = self.luck.choice(choices)
        window = self._window() if TABLES[child].dated and self.luck.random() < 0.5 else None
        where, among = (
            self.expr(child, "bool", depth) if self.luck.random() < chance else None
            for chance in (0.35, 0.15)
        )
        return ir.Rows(child, by, window, where, among)

    def _window(self) -> ir.Window:
        luck = self.luck
        period = luck.choice(PERIODS)
        return luck.choice([
            ir.InLast(luck.choice(LENGTHS)), ir.InNext(luck.choice(LENGTHS)),
            ir.Ago(ir.Length(3, "months"), luck.choice(LENGTHS)),
            ir.Between(dt.date(2026, 6, 1), dt.date(2026, 7, 10)),
            ir.Calendar(period, luck.random() < 0.5), ir.Until(luck.choice(LENGTHS), None),
            ir.Until(None, period), ir.LastRows(luck.randint(1, 3)),
        ])  # fmt: skip

    def _aggregate(self, table: str, wanted: Form, depth: int) -> ir.Expr:
        rows = self.rows(table, depth)
        dated = TABLES[rows.table].dated is not None
        if wanted == "int":
            if self.luck.random() < 0.3:
                return ir.Aggregate("count", rows, None, ir.COUNT, optional=False)
            if dated and self.luck.random() < 0.3:
                how = self.luck.choice(["least", "greatest", "sum", "last"])
                return ir.Aggregate(how, rows, ir.Gap(), Whole(), optional=how != "sum")
        givers = [
            (row, taken)
            for row in AGGREGATES.values()
            for taken in row.takes
            if (row.gives or taken) == wanted
            and (dated or row.name not in ("first", "last"))
            # totals of doubles that are not dyadic depend on the order
            and not (taken == "float" and row.name in ("sum", "mean"))
        ]
        if not givers:
            return self.expr(table, wanted, 0)
        row, taken = self.luck.choice(givers)
        value = self.expr(rows.table, taken, depth)
        kind = ir.COUNT if row.gives == "int" else FREE if row.gives == "float" else value.type
        if row.name == "sum":
            # other bounds than those of one value
            kind = Whole()
        return ir.Aggregate(row.name, rows, value, kind, optional=row.empty is None)

    def _sequence(self, table: str, depth: int) -> ir.Expr:
        def step() -> ir.Step:
            within = self.luck.choice([None, *LENGTHS])
            return ir.Step(self.rows(table, 0, dated=True), within, self.luck.random() < 0.5)

        first = self.rows(table, min(depth, 1), dated=True)
        then = tuple(step() for _ in range(self.luck.randint(0, 2)))
        but_no = step() if not then or self.luck.random() < 0.5 else None
        optional = but_no is not None and but_no.within is not None
        return ir.Sequence(first, then, but_no, optional)

    # ---- populations

    def _population(self, table: str, depth: int) -> ir.Population:
        kinds: list[Form] = ["enum", "text", "bool", "date"]
        same = tuple(
            self.expr(table, self.luck.choice(kinds), depth)
            for _ in range(self.luck.choice([0, 0, 1, 1, 2]))
        )
        among = self.expr(table, "bool", depth) if self.luck.random() < 0.4 else None
        return ir.Population(same, among)

    def _name(self) -> str:
        self.populations += 1
        return f"population {self.populations}"

    def _in_rank(self, table: str, depth: int) -> ir.Expr:
        by = self.expr(table, self.luck.choice(["int", "date"]), depth)
        who, name = self._population(table, depth), self._name()
        share = self.luck.choice([None, ir.Fraction(1, 3), ir.Fraction(1, 2)])
        count = self.luck.randint(1, 4) if share is None else None
        making = share is not None and form(by.type) == "int" and self.luck.random() < 0.5
        top = making or self.luck.random() < 0.7
        return ir.InRank(name, top, share, count, by, True, who, making)

    def _rank(self, table: str, depth: int) -> ir.Expr:
        by = self.expr(table, "int", depth)
        return ir.Rank(self._name(), by, self._population(table, depth), True)

    def _figure(self, table: str, depth: int) -> ir.Expr:
        how = self.luck.choice(["mean", "median", "quantile"])
        share = self.luck.choice([ir.Fraction(1, 4), ir.Fraction(9, 10)])
        value = self.expr(table, "int", depth)
        return ir.Statistic(
            self._name(), how, share if how == "quantile" else None, value,
            self._population(table, depth), FREE, True,
        )  # fmt: skip


def sits(found: ir.SegmentSet, segment: str, caps: int | None) -> ir.Expr:
    """Whether a row is placed in a segment after so many caps."""
    here = ir.Placed(found.name, found.type, found.optional, caps)
    return apply("eq", (here, ir.Const(segment, found.type)), Flag())


CONSTANTS: dict[Form, tuple[ir.Value, ...]] = {
    "text": ("a", "k1"), "float": (1.5, None), "bool": (True, False, None), "enum": TIER.values,
    "instant": (dt.datetime(2026, 6, 1, tzinfo=dt.UTC),), "set": (None,),
}  # fmt: skip


def _kind(wanted: Form) -> Type:
    kinds: dict[Form, Type] = {
        "text": Text(), "int": Whole(), "float": FREE, "bool": Flag(), "date": Date(),
        "instant": Instant(), "enum": TIER, "set": TASTES,
    }  # fmt: skip
    return kinds[wanted]


# ---- rows

COUNTS = {"regions": 5, "agents": 8, "customers": 14, "orders": 90, "lines": 200, "visits": 90,
          "history of customers": 40}  # fmt: skip


def world(seed: int) -> dict[str, Rows]:
    """Rows with missing values, links that lead nowhere, and dates on both sides of as_of."""
    luck = luck_of(seed)
    names = {
        "regions": [f"r{at}" for at in range(5)], "agents": [f"a{at}" for at in range(8)],
        "customers": [f"k{at}" for at in range(14)], "orders": [f"o{at}" for at in range(90)],
        "shops": [f"s{at}" for at in range(6)],
    }  # fmt: skip

    def value(table: str, name: str, kind: Type) -> ir.Value:
        joined = next((of for of, by in _joins(table) if by == name), None)
        match kind:
            case Link(table=to):
                return luck.choice([*names[to], "nowhere"])
            case Text() if joined:
                return luck.choice([*names[joined], "nobody"])
            case Text():
                return luck.choice(["", "a", "b2", "k1", *TIER.values])
            case Whole():
                return luck.randint(0, 4)
            case Number():
                return luck.choice([0.0, -0.0, 0.5, -1.25, 1024.125, 3.0])
            case Flag():
                return luck.random() < 0.6
            case Enum(values=values):
                return luck.choice(values)
            case Set(values=values):
                return frozenset(each for each in values if luck.random() < 0.4)
            case Date():
                return AS_OF + dt.timedelta(
                    days=luck.choice([-95, -60, -30, -9, -3, -1, 0, 0, 1, 7])
                )
            case Instant():
                day = dt.datetime(2026, 6, 30, tzinfo=dt.UTC) - dt.timedelta(days=luck.choice(
                    [92, 61, 30, 14, 4, 3, 2, 1, 0, 0, -1, -5]))  # fmt: skip
                return day.replace(hour=luck.choice([0, 22, 23]))
        raise TypeError(kind)

    made: dict[str, Rows] = {}
    for table, count in COUNTS.items():
        rows = []
        for at in range(count):
            row = {
                name: None if may and luck.random() < 0.1 else value(table, name, kind)
                for name, (kind, may) in COLUMNS[table].items()
            }
            if table in KEYS:
                row[KEYS[table]] = names[table][at]
            rows.append(row)
        made[table] = rows
    return made


def _joins(table: str) -> list[tuple[str, str]]:
    found = TABLES[table]
    return [(found.of, found.by)] if found.of and found.by else []
