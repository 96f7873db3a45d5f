"""Expressions as they are meant.

The operands of every `Apply` have the forms of one signature of its operator. Nodes are frozen;
`span` and `written` say where a node comes from and take no part in equality.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import field
from fractions import Fraction
from typing import Literal

from segrules.lang.node import node
from segrules.lang.types import Date, Enum, Flag, Type, Whole
from segrules.text.source import Span

Value = str | int | float | bool | dt.date | dt.datetime | frozenset[str] | None
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
    """A named value of the same table."""

    name: str
    type: Type
    optional: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Linked:
    """The value of an expression on the row of the main table `table` whose key is `by`.

    Missing where the link is missing or leads to no visible row.
    """

    by: Expr
    table: str
    value: Expr
    type: Type
    optional: bool = True
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Placed:
    """The segment of the row in a set of its table; missing when unsure without an `unsure`.

    `caps` says after how many of the set's caps; None is the final placement.
    """

    set: str
    type: Enum
    optional: bool
    caps: int | None = None
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


Unit = Literal["day", "week", "month", "quarter", "year"]


@node
class Period:
    """Days, weeks (from Monday), months, quarters or years of the calendar.

    `starts` is the first day (month, day) of a fiscal year; then the unit is a quarter or a year.
    """

    unit: Unit
    starts: tuple[int, int] | None = None


@node
class InLast:
    """as_of − length < date ≤ as_of."""

    length: Length


@node
class InNext:
    """as_of < date ≤ as_of + length: the only window that sees rows dated after as_of."""

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


@node
class Calendar:
    """The period of the calendar in which as_of lies, up to as_of; or the whole one before it."""

    period: Period
    previous: bool


@node
class Until:
    """date ≤ as_of − ago, or date ≤ the last day of the period before the one of as_of."""

    ago: Length | None
    end_of_previous: Period | None


@node
class LastRows:
    """The latest `count` rows, and all others dated like the last of them."""

    count: int


Window = InLast | InNext | Ago | Between | Calendar | Until | LastRows


@node
class Rows:
    """The rows of a table that belong to the row at hand, up to as_of.

    A row belongs where its column `by` is the key of the row at hand. `among` is asked before the
    window is laid (it makes a difference to `LastRows` only), `where` after. A row on which one of
    them is unknown is left out.
    """

    table: str
    by: str
    window: Window | None = None
    where: Expr | None = None
    among: Expr | None = None


@node
class Gap:
    """Days since the row before, of the rows that take part, by date; missing for the first.

    It stands only as the value of an aggregate.
    """

    type: Whole = field(default_factory=lambda: Whole(0, 3_700_000))
    optional: bool = True
    span: Span | None = field(default=None, compare=False, repr=False)


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
class Step:
    """Rows of a step of a sequence; `later`: after the step before, not at the same moment.

    `within` is counted in days of the zone from the step before.
    """

    rows: Rows
    within: Length | None
    later: bool


@node
class Sequence:
    """Whether rows follow each other: a first one, then one a step, each not before the last.

    Rows are compared by instant where both tables are dated by instants, otherwise by date in the
    zone. Any first row may start it. With `but_no`, no such row may follow the last step's row
    (within its length): true only once that length has passed, unknown until then.
    """

    first: Rows
    then: tuple[Step, ...]
    but_no: Step | None
    optional: bool
    type: Type = field(default_factory=Flag)
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Population:
    """Who is compared: the rows of the table with the same values of `same`, where `among` is true.

    A row with a missing value in `same` is in no population.
    """

    same: tuple[Expr, ...] = ()
    among: Expr | None = None


EVERYONE = Population()


@node
class InRank:
    """Whether the row is in the top (or bottom) of its population by an amount.

    Exactly one of `share` and `count` is given. With `making`, `share` is the part of the total of
    the amount that the top rows make together, the one who crosses it included. It is answered
    from the calibration's cut point `name`. Unknown where the amount is missing, where a value of
    `same` is missing, and where `among` is unknown; false where `among` is false.
    """

    name: str
    top: bool
    share: Fraction | None
    count: int | None
    by: Expr
    optional: bool
    population: Population = EVERYONE
    making: bool = False
    type: Type = field(default_factory=Flag)
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Statistic:
    """A figure of the row's population, from the calibration's `name`.

    `how` is a row of the aggregate table (count, sum, mean, median, least, greatest) or `quantile`
    with its share. Missing where a value of `same` is missing or the population has no figure;
    whether `among` is true of the row itself does not matter.
    """

    name: str
    how: str
    quantile: Fraction | None
    value: Expr | None
    population: Population
    type: Type
    optional: bool
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Rank:
    """The row's place in its population: one more than there are rows with a larger amount.

    Missing as `InRank` is unknown, and where `among` is false.
    """

    name: str
    by: Expr
    population: Population
    optional: bool
    type: Type = field(default_factory=lambda: Whole(1))
    span: Span | None = field(default=None, compare=False, repr=False)


Calibrated = InRank | Statistic | Rank
"""What is answered from a calibration."""

Expr = (
    Const | Column | Use | Linked | Placed | AsOf | Apply | Choose | Gap | Aggregate | Sequence
    | InRank | Statistic | Rank
)  # fmt: skip


def calibrated_parts(node: Calibrated) -> tuple[Expr, ...]:
    """The expressions that a calibrated node evaluates on the row: the amount first, if any."""
    amount = node.value if isinstance(node, Statistic) else node.by
    population = node.population
    parts = (amount, *population.same, population.among)
    return tuple(part for part in parts if part is not None)


def rows_in(node: Aggregate | Sequence) -> tuple[Rows, ...]:
    """The related rows that a node looks at."""
    if isinstance(node, Aggregate):
        return (node.rows,)
    steps = (*node.then, node.but_no) if node.but_no else node.then
    return (node.first, *(step.rows for step in steps))


def children(node: Expr) -> tuple[Expr, ...]:
    """The expressions directly below a node, also those evaluated on other rows."""
    match node:
        case Const() | Column() | Use() | AsOf() | Placed() | Gap():
            return ()
        case Linked(by=by, value=value):
            return (by, value)
        case Apply(args=args):
            return args
        case Choose(cases=cases, otherwise=otherwise):
            return (*(part for case in cases for part in case), otherwise)
        case Aggregate() | Sequence():
            found = [part for rows in rows_in(node) for part in (rows.among, rows.where)]
            if isinstance(node, Aggregate):
                found.append(node.value)
            return tuple(part for part in found if part is not None)
        case InRank() | Statistic() | Rank():
            return calibrated_parts(node)


def walk(node: Expr) -> Iterator[Expr]:
    """A node and everything below it, without recursion."""
    waiting = [node]
    while waiting:
        at = waiting.pop()
        yield at
        waiting.extend(reversed(children(at)))


COUNT = Whole(0)
"""The type of a count of rows."""
