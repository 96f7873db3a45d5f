"""What the rules mean: every target reads this tree and nothing else.

INVARIANT: names are resolved, knobs are put in, types are checked, the operands of every `Apply`
have the forms of one signature of its operator. Nodes are frozen; `span` and `written` say where a
node comes from and take no part in equality.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import field
from fractions import Fraction
from typing import Literal

from segrules.lang.node import node
from segrules.lang.types import Date, Flag, Type, Whole
from segrules.text.source import Span

Value = str | int | float | bool | dt.date | dt.datetime | None
"""A value in canonical form; `None` is missing."""


@node
class Const:
    """A literal, or a knob's value (then `written` is the knob's name)."""

    value: Value
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)
    written: str = field(default="", compare=False)

    @property
    def optional(self) -> bool:
        return self.value is None


@node
class Column:
    """A column of the row at hand (of a main table, or inside an aggregate of a related one)."""

    table: str
    name: str
    type: Type
    optional: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Use:
    """A `let`, `score` or `band` of the same table, by name."""

    name: str
    type: Type
    optional: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class AsOf:
    """The date the rules are asked about; a date means the end of that day in the zone."""

    type: Type = field(default_factory=Date)
    optional: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Apply:
    """An operator of the table `segrules.lang.operators` on its operands."""

    op: str
    args: tuple[Expr, ...]
    type: Type
    optional: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Choose:
    """The value of the first case whose condition is true; `otherwise` when all are false.

    Missing when a condition before the deciding one is unknown.
    """

    cases: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr
    type: Type
    optional: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Length:
    """A length of time: `count` days or months (weeks are days; quarters and years are months)."""

    count: int
    unit: Literal["days", "months"]


@node
class InLast:
    """as_of − length < date ≤ as_of."""

    length: Length


@node
class Ago:
    """as_of − start < date ≤ as_of − end, where start is the longer length."""

    start: Length
    end: Length


@node
class Between:
    """first ≤ date ≤ last; rows after as_of are never seen."""

    first: dt.date
    last: dt.date


Window = InLast | Ago | Between


@node
class Rows:
    """The rows of a related table that belong to a key, up to as_of, in the window, where true.

    A row whose condition is unknown is left out.
    """

    table: str
    window: Window | None = None
    where: Expr | None = None


@node
class Aggregate:
    """One value from related rows (see `segrules.lang.operators.aggregates`).

    `value` is evaluated on the related row; rows where it is missing take no part. `count` has
    none.
    """

    how: str
    rows: Rows
    value: Expr | None
    type: Type
    optional: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class InRank:
    """Whether the row is in the top (or bottom) of all rows of its table by an amount.

    Exactly one of `share` and `count` is given. It is answered from the calibration's cut point
    `name`; unknown where the amount is missing.
    """

    name: str
    top: bool
    share: Fraction | None
    count: int | None
    by: Expr
    optional: bool
    type: Type = field(default_factory=Flag)
    span: Span | None = field(default=None, compare=False, repr=False)


Expr = Const | Column | Use | AsOf | Apply | Choose | Aggregate | InRank


def children(node: Expr) -> tuple[Expr, ...]:
    """The expressions directly below a node, a related table's condition and value included."""
    match node:
        case Const() | Column() | Use() | AsOf():
            return ()
        case Apply(args=args):
            return args
        case Choose(cases=cases, otherwise=otherwise):
            return (*(part for case in cases for part in case), otherwise)
        case Aggregate(rows=rows, value=value):
            return tuple(part for part in (rows.where, value) if part is not None)
        case InRank(by=by):
            return (by,)


def walk(node: Expr) -> Iterator[Expr]:
    """A node and everything below it, without recursion."""
    waiting = [node]
    while waiting:
        at = waiting.pop()
        yield at
        waiting.extend(reversed(children(at)))


# ---- what a file declares


@node
class TableColumn:
    """`heading` is the column's name in files; a key is text and never missing."""

    name: str
    heading: str
    type: Type
    optional: bool
    until_outcome: bool = False
    sensitive: bool = False


@node
class Table:
    """A table of the firm.

    kind `main`: one row a `key`. `related`: many rows a key of the table `of`, joined by the
    column `key`. `derived`: one row a distinct `key` of the related table `source`. `dated` names
    the date or instant of a row: rows after as_of are never seen.
    """

    name: str
    kind: Literal["main", "related", "derived"]
    key: str
    columns: tuple[TableColumn, ...]
    of: str | None = None
    source: str | None = None
    dated: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)

    def column(self, name: str) -> TableColumn | None:
        return next((column for column in self.columns if column.name == name), None)


@node
class Knob:
    """A named constant with its declared range, both in the form of its type."""

    name: str
    value: Fraction | Length
    low: Fraction | Length
    high: Fraction | Length
    percent: bool
    written: str
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Feature:
    """A `let`, `score` or `band`: a named expression over one table."""

    name: str
    kind: Literal["let", "score", "band"]
    table: str
    expr: Expr
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> Type:
        return self.expr.type

    @property
    def optional(self) -> bool:
        return self.expr.optional


@node
class Rule:
    """`segment when condition`; the rule is named by its segment."""

    segment: str
    label: str
    condition: Expr
    written: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Outcome:
    """A segment that no rule names: `otherwise` (every rule false) or `unsure`."""

    segment: str
    label: str


@node
class SegmentSet:
    """Rules in order: the first true one wins.

    `otherwise` when every rule is false; `unsure` when none is true and some are unknown (the
    segment is missing then if no `unsure` is declared).
    """

    name: str
    table: str
    rules: tuple[Rule, ...]
    otherwise: Outcome
    unsure: Outcome | None
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def segments(self) -> tuple[str, ...]:
        """Every segment in order of declaration: rules, otherwise, unsure."""
        names = [rule.segment for rule in self.rules] + [self.otherwise.segment]
        if self.unsure:
            names.append(self.unsure.segment)
        return tuple(dict.fromkeys(names))

    @property
    def deciders(self) -> tuple[str, ...]:
        """What `<set>_by` may say, in order."""
        return (*(rule.segment for rule in self.rules), "otherwise", "unsure")

    @property
    def labels(self) -> dict[str, str]:
        named: list[Rule | Outcome] = [*self.rules, self.otherwise]
        if self.unsure:
            named.append(self.unsure)
        return {each.segment: each.label for each in named}


@node
class Conditions:
    """What is done for each segment: `rows[segment][column]` as written."""

    of: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@node
class Cut:
    """A frozen cut point: the rank test is `amount ≥ value` (top) or `≤` (bottom).

    With `key`, ties at `value` are in only up to that key. `value` is None when no row took part.
    """

    population: int
    value: Value
    key: str | None = None


@node
class ExampleRow:
    given: tuple[tuple[str, Value], ...]
    expect: str
    by: str | None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Examples:
    of: str
    as_of: dt.date
    cuts: tuple[tuple[str, Cut], ...]
    rows: tuple[ExampleRow, ...]


@node
class Cost:
    """An amount of money for each customer who reaches the stage."""

    name: str
    amount: Expr


@node
class Stage:
    """`at` names the date or instant of reaching it; `within` is counted from the stage before."""

    name: str
    at: str
    within: Length | None
    value: Expr | None
    costs: tuple[Cost, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Funnel:
    name: str
    table: str
    stages: tuple[Stage, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Assumption:
    """A stated value or range with where it comes from.

    `role` says what the scenarios use it for: a multiplier of odds, or an amount of money (then
    `low` and `high` are minor units).
    """

    name: str
    label: str
    role: Literal["odds", "amount", ""]
    low: float
    high: float
    source: str
    evidence: str
    owner: str
    until: dt.date | None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Lever:
    """An edit of the projection for some segments (none named: for every segment).

    `odds` multiply the odds of reaching a stage (stage, assumption); `cost` is charged for each
    customer who is treated: everyone who reaches the stage before the earliest stage named
    (minor units, or an assumption's name).
    """

    kind: str
    segments: tuple[str, ...]
    odds: tuple[tuple[str, str], ...]
    cost: float | str | None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Scenario:
    name: str
    label: str
    levers: tuple[Lever, ...]
    parts: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Project:
    name: str
    funnel: str
    by: str
    months: int
    runs: int
    seed: int
    compare: tuple[str, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Ruleset:
    """A whole file as meant. `features` are in an order in which each uses only earlier ones."""

    name: str
    goal: str
    why: str
    owner: str
    zone: str
    currency: str | None
    knobs: tuple[Knob, ...]
    tables: tuple[Table, ...]
    features: tuple[Feature, ...]
    sets: tuple[SegmentSet, ...]
    conditions: tuple[Conditions, ...]
    examples: tuple[Examples, ...]
    funnels: tuple[Funnel, ...]
    assumptions: tuple[Assumption, ...]
    scenarios: tuple[Scenario, ...]
    projects: tuple[Project, ...]

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)

    def feature(self, name: str) -> Feature:
        return next(feature for feature in self.features if feature.name == name)

    def set(self, name: str) -> SegmentSet:
        return next(found for found in self.sets if found.name == name)

    def features_of(self, table: str) -> tuple[Feature, ...]:
        return tuple(feature for feature in self.features if feature.table == table)


@node
class Calibration:
    """The frozen cut points of an assignment, by the rank test's name."""

    as_of: dt.date
    cuts: tuple[tuple[str, Cut], ...] = ()

    def cut(self, name: str) -> Cut | None:
        return dict(self.cuts).get(name)


COUNT = Whole(0)
"""The type of a count of rows."""
