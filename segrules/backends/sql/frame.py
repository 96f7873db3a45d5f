"""Rows of a table with all that is computed for them, as a chain of steps.

Step 0 holds the rows that can be seen; each further step is a query over the one before, with
columns computed from it and with other rows joined. An expression is written as columns of the
step it stands on (`Low.level` is the step that holds all it reads), so a name given to an
expression is computed once, however often it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from segrules.backends.sql import words as w
from segrules.backends.sql.dialect import Dialect
from segrules.backends.sql.words import Sql

DEEPEST = 12
"""Operators within each other, before the inner ones get a name: no generator or database then
walks too deep."""

_PLAIN = (exp.Column, exp.Literal, exp.Boolean, exp.Null)


@dataclass(frozen=True, slots=True)
class Low:
    """An expression over the columns of a step, or of any step after it."""

    sql: Sql
    level: int = 0
    depth: int = 0

    @property
    def plain(self) -> bool:
        """Whether it costs nothing to use it twice: a column or a constant."""
        inner = self.sql.this if isinstance(self.sql, exp.Cast) else self.sql
        return isinstance(self.sql, _PLAIN) or (
            isinstance(self.sql, exp.Cast) and isinstance(inner, exp.Literal | exp.Null)
        )


@dataclass
class Join:
    """Other rows, at most one for each row: `on` reads the row as `t`, them by the join's alias.

    `query` names their query; it is asked for last, when all that is wanted of them is known.
    """

    query: Callable[[], str]
    on: Callable[[str], Sql]


@dataclass
class Step:
    """Columns by name, each with the number of the join that it reads, if any."""

    columns: dict[str, tuple[Sql, int | None]] = field(default_factory=dict)
    joins: list[Join] = field(default_factory=list)


class Statement:
    """The queries of a whole statement, in order, each with a name of its own."""

    def __init__(self, dialect: Dialect, reserved: Iterable[str]) -> None:
        self.dialect = dialect
        self.queries: list[tuple[str, exp.Select]] = []
        self._names = {name.lower() for name in reserved}

    def add(self, hint: str, query: exp.Select) -> str:
        """Adds a query; its name begins like the hint."""
        name = self.reserve(hint)
        self.queries.append((name, self.fenced(query)))
        return name

    def reserve(self, hint: str) -> str:
        """A name that no other query has."""
        name = unused(slug(hint), self._names)
        self._names.add(name)
        return name

    def fenced(self, query: exp.Select) -> exp.Select:
        """The query, kept apart from those that read it where the dialect would mix them."""
        return query.offset(0, copy=False) if self.dialect.fence else query


def slug(text: str) -> str:
    """A short name of small letters, digits and underscores: engines differ in case and length."""
    return re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")[:30] or "x"


def unused(name: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it if it is taken."""
    others = set(taken)
    if name not in others:
        return name
    number = 2
    while f"{name}_{number}" in others:
        number += 1
    return f"{name}_{number}"


class Chain:
    """The steps of one frame. `rows` adds the query of step 0 for the columns that are read.

    `base` are the names of all columns that step 0 can have.
    """

    def __init__(
        self,
        statement: Statement,
        hint: str,
        base: Iterable[str],
        rows: Callable[[Sequence[str]], str],
    ) -> None:
        self.statement = statement
        self.hint = hint
        self._rows = rows
        self._steps: list[Step] = []
        self._level: dict[str, int] = dict.fromkeys(base, 0)
        self._named: dict[tuple[Sql, int], str] = {}

    def named(self, low: Low, hint: str = "x", *, after: int = 0) -> Low:
        """The expression as a column, of a step behind `after`; what is plain stays as it is."""
        if low.plain:
            return low
        return self.column(hint, low.sql, max(low.level, after))

    def held(self, low: Low, hint: str) -> Low:
        """The expression as a column, also a constant."""
        if isinstance(low.sql, exp.Column):
            return low
        return self.column(hint, low.sql, low.level)

    def column(self, hint: str, sql: Sql, level: int, join: int | None = None) -> Low:
        """A column of the step behind `level`, made of that step and of one join at most."""
        known = self._named.get((sql, level)) if join is None else None
        if known is None:
            known = unused(slug(hint), self._level)
            self._level[known] = level + 1
            self._step(level + 1).columns[known] = (sql, join)
            if join is None:
                self._named[sql, level] = known
        return Low(w.column(known), level + 1)

    def joined(self, level: int, join: Join) -> int:
        """Joins rows behind a step; the number of the join, for columns of the next step."""
        step = self._step(level + 1)
        step.joins.append(join)
        return len(step.joins) - 1

    def _step(self, level: int) -> Step:
        while len(self._steps) < level:
            self._steps.append(Step())
        return self._steps[level - 1]

    # ---- at the end

    def render(self, wanted: Iterable[str]) -> str:
        """Adds the queries of all steps that the wanted columns rest on; the name of the last."""
        needed = [set(wanted)]
        for at in range(len(self._steps), 0, -1):
            needed.append(self._reads(at, needed[-1]))
        needed.reverse()
        last = self._rows([name for name in self._order(needed[0]) if self._level[name] == 0])
        for at, step in enumerate(self._steps, 1):
            made = [name for name in step.columns if name in needed[at]]
            if made:
                query = self._query(step, last, self._order(needed[at]), at)
                last = self.statement.add(self.hint, query)
        return last

    def _order(self, names: Iterable[str]) -> list[str]:
        """In the order in which the names were given out."""
        found = set(names)
        return [name for name in self._level if name in found]

    def _reads(self, at: int, needed: set[str]) -> set[str]:
        """What is read of the step before, for what is needed of one."""
        step, below = self._steps[at - 1], set[str]()
        joins = set()
        for name in needed:
            if self._level[name] < at:
                below.add(name)
                continue
            sql, join = step.columns[name]
            below |= columns_of(sql)
            joins |= set() if join is None else {join}
        for number in joins:
            below |= columns_of(step.joins[number].on(w.JOINED))
        return below

    def _query(self, step: Step, before: str, needed: Sequence[str], at: int) -> exp.Select:
        found: list[Sql] = []
        joins: set[int] = set()
        for name in needed:
            if self._level[name] < at:
                found.append(w.column(name))
                continue
            sql, join = step.columns[name]
            found.append(w.aliased(sql, name))
            joins |= set() if join is None else {join}
        query = w.query(found, w.table(before))
        for number in sorted(joins):
            other, alias = step.joins[number], joined_as(number)
            query = query.join(
                w.table(other.query(), alias), on=other.on(alias), join_type="left", copy=False
            )
        return query


def joined_as(number: int) -> str:
    """The alias of a join in its step."""
    return f"{w.JOINED}{number}"


def columns_of(sql: Sql) -> set[str]:
    """The columns of the row itself that an expression reads."""
    return {each.name for each in sql.find_all(exp.Column) if each.table == w.ROW}
