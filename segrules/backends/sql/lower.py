"""Expressions on the rows of a table, as SQL over the steps of its frame."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from segrules.backends.context import seen
from segrules.backends.reach import steps_needed
from segrules.backends.sql import placing, ranks, related, sequences
from segrules.backends.sql import words as w
from segrules.backends.sql.dialect import Dialect
from segrules.backends.sql.frame import DEEPEST, Chain, Join, Low, joined_as
from segrules.backends.sql.plan import Plan
from segrules.backends.sql.rules import Place
from segrules.backends.sql.words import Sql
from segrules.lang import ir
from segrules.lang.ir import (
    Aggregate,
    Apply,
    AsOf,
    Choose,
    Column,
    Const,
    Expr,
    Feature,
    Gap,
    InRank,
    Linked,
    Placed,
    Rank,
    Statistic,
    Table,
    TableColumn,
    Use,
    Value,
    Window,
)
from segrules.lang.types import Set, Type, form


class Frame:
    """The rows of a table that can be seen (with `later` also those dated after as_of)."""

    def __init__(self, plan: Plan, table: Table, *, later: bool = False) -> None:
        self.plan = plan
        self.table = table
        self.later = later
        self._names = {table.key: "key"} if table.kind == "derived" else plan.reading(table).columns
        self.chain = Chain(plan.statement, table.name, self._names.values(), self._visible)
        self.batches: dict[object, related.Batch] = {}
        self.placements: dict[tuple[str, int], tuple[Low, Low]] = {}
        self.truths: dict[str, placing.Truths] = {}
        self.found: dict[Expr, Low] = {}
        self.wanted: list[str] = []
        self._features: dict[str, Low] = {}
        self._links: dict[tuple[str, Expr], tuple[Frame, int, int]] = {}

    @property
    def dialect(self) -> Dialect:
        return self.plan.dialect

    def sibling(self, table: str, *, later: bool = False) -> Frame:
        """A frame of its own, of another table or the same."""
        return Frame(self.plan, self.plan.ruleset.table(table), later=later)

    # ---- rows

    def column(self, name: str) -> Low:
        """A declared column."""
        return Low(w.column(self._names[name]))

    @property
    def key(self) -> Low | None:
        return self.column(self.table.key) if self.table.key in self._names else None

    def _visible(self, columns: Sequence[str]) -> str:
        columns = columns or [next(iter(self._names.values()))]
        if self.table.kind == "derived":
            return self._distinct()
        reading = self.plan.reading(self.table)
        if self.table.dated is None:
            return reading.ask(columns)
        tests = [w.is_known(self.column(self.table.dated).sql)]
        if not self.later:
            tests = self.dated_in(None)
        reading.ask([*columns, self._names[self.table.dated]])
        query = w.query([w.column(each) for each in columns], w.table(reading.name), tests)
        return self.plan.statement.add(f"{self.table.name}_seen", query)

    def _distinct(self) -> str:
        """The keys of a derived table: those of the rows of its source that can be seen."""
        source = self.sibling(self.table.source or "")
        by = source.table.joined_by(self.table.name)
        if by is None:
            raise ValueError(f"the rows of {source.table.name} do not belong to {self.table.name}")
        key = source.column(by).sql
        rows = source.chain.render([key.name])
        known = [w.is_known(w.again(key))]
        query = w.query([w.aliased(key, "key")], w.table(rows), known, [w.again(key)])
        return self.plan.statement.add(self.table.name, query)

    def dated(self) -> TableColumn:
        """The column that dates the rows."""
        found = None if self.table.dated is None else self.table.column(self.table.dated)
        if found is None:
            raise ValueError(f"the table {self.table.name} has no dates")
        return found

    def dated_in(self, window: Window | None) -> list[Sql]:
        """What is true of rows dated in a window; never of rows without a date."""
        dated = self.dated()
        bounds = seen(window, dated.type, self.plan.context)
        date = self.column(dated.name).sql
        tests = []
        if bounds.start is not None:
            tests.append(w.ge(w.again(date), self.literal(bounds.start, dated.type)))
        if bounds.end is not None:
            tests.append(w.lt(w.again(date), self.literal(bounds.end, dated.type)))
        return tests or [w.is_known(date)]

    # ---- expressions

    def prepare(self, nodes: Iterable[Expr]) -> None:
        """Finds every feature that nodes rest on, in order: chains of them may be long."""
        steps = steps_needed(nodes, self.table.name, self.plan.ruleset, self._features.keys())
        for step in steps:
            if isinstance(step, Feature):
                self._features[step.name] = self.chain.named(self.lower(step.expr), step.name)

    def lower(self, node: Expr) -> Low:
        """The expression over the columns of a step; `prepare` has gone before."""
        match node:
            case Const(value=value, type=kind):
                return Low(self.literal(value, kind))
            case Column(name=name):
                return self.column(name)
            case Use(name=name):
                return _fresh(self._features[name])
            case AsOf(type=kind):
                return Low(self.literal(self.plan.context.as_of, kind))
            case Apply():
                return self._apply(node)
            case Choose():
                return self._choose(node)
            case Placed(set=name, caps=caps):
                found = self.plan.ruleset.set(name)
                after = len(found.caps) if caps is None else caps
                return _fresh(placing.placement(self, found, after)[0])
            case Gap():
                raise ValueError("a gap is between rows: it stands only in an aggregate")
            case _:
                if node not in self.found:
                    self.found[node] = self._elsewhere(node)
                return _fresh(self.found[node])

    def _elsewhere(self, node: Expr) -> Low:
        match node:
            case Aggregate():
                return related.aggregate(self, node)
            case ir.Sequence():
                return sequences.happens(self, node)
            case Linked():
                return self._linked(node)
            case InRank() | Statistic() | Rank():
                return ranks.answer(self, node)
        raise AssertionError(f"no SQL is known for {type(node).__name__}")

    def flat(self, low: Low) -> Low:
        """The expression, behind a name where it has become deep."""
        return self.chain.named(low) if low.depth >= DEEPEST else low

    def _apply(self, node: Apply) -> Low:
        rule = self.dialect.operators[node.op]
        if rule.build is None:
            raise ValueError(f"{self.dialect.name} refuses {node.op}: {rule.reason}")
        lows = [self.flat(self.lower(arg)) for arg in node.args]
        if rule.repeats:
            lows = [self.chain.named(low) for low in lows]
        naming = Naming(self.chain, max((low.level for low in lows), default=0))
        place = Place(node, self.plan.context.zone, self.dialect, naming)
        made = rule.build(place, [low.sql for low in lows])
        return Low(made, naming.level, 1 + max((low.depth for low in lows), default=0))

    def _choose(self, node: Choose) -> Low:
        """Unknown conditions before the deciding one make it missing."""
        missing = self.dialect.null(form(node.type))
        cases: list[tuple[Sql, Sql]] = []
        lows = [self.flat(self.lower(node.otherwise))]
        otherwise = lows[0].sql
        for condition, value in node.cases:
            test = self.chain.named(self.lower(condition))
            answer = self.flat(self.lower(value))
            cases.append((test.sql, answer.sql))
            cases.append((w.is_null(w.again(test.sql)), w.again(missing)))
            lows += [test, answer]
        made = w.case(cases, otherwise)
        return Low(made, max(low.level for low in lows), 1 + max(low.depth for low in lows))

    def _linked(self, node: Linked) -> Low:
        """INVARIANT: the keys of the linked table are unique; what reads the data sees to that."""
        link = (node.table, node.by)
        if link not in self._links:
            by = self.lower(node.by)
            other = self.sibling(node.table)
            number = self.chain.joined(by.level, _link(by, other))
            self._links[link] = other, by.level, number
        other, level, number = self._links[link]
        name = other.output(node.value, "value")
        return self.chain.column(
            f"{node.table}_{name}", w.column(name, joined_as(number)), level, number
        )

    def output(self, node: Expr, hint: str) -> str:
        """The name of a column with the value of an expression, which others may read."""
        self.prepare([node])
        name = self.chain.held(self.lower(node), hint).sql.name
        self.wanted.append(name)
        return name

    def literal(self, value: Value, kind: Type) -> Sql:
        """A constant of a type."""
        return literal(self.dialect, value, kind)


class Naming:
    """Names expressions that several parts of an answer read; `level` is where they can."""

    def __init__(self, chain: Chain, level: int) -> None:
        self._chain = chain
        self.level = level

    def __call__(self, sql: Sql) -> Sql:
        low = self._chain.named(Low(sql, self.level))
        self.level = max(self.level, low.level)
        return w.again(low.sql)


def literal(dialect: Dialect, value: Value, kind: Type) -> Sql:
    """A constant of a type; whole numbers and doubles say which they are."""
    held = dialect.types[form(kind)]
    match value:
        case None:
            return dialect.null(form(kind))
        case bool():
            return w.true() if value else w.false()
        case str():
            return w.text(value)
        case int():
            return w.cast(w.whole(value), held)
        case float():
            return dialect.words.double(value)
        case dt.datetime():
            return w.cast(w.text(value.replace(tzinfo=None).isoformat(" ")), held)
        case dt.date():
            return w.date(value)
        case frozenset():
            declared = kind.values if isinstance(kind, Set) else sorted(value)
            return dialect.words.array([each for each in declared if each in value])


def _fresh(low: Low) -> Low:
    return Low(w.again(low.sql), low.level, low.depth)


def _link(by: Low, other: Frame) -> Join:
    """The row whose key a link holds."""
    key = other.key
    if key is None:
        raise ValueError(f"the table {other.table.name} has no key")
    name = key.sql.name
    return Join(
        lambda: other.chain.render([name, *other.wanted]),
        lambda alias: w.eq(w.again(by.sql), w.column(name, alias)),
    )
