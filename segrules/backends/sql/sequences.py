"""What follows what: each step keeps the rows that a row of the step before leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from segrules.backends.sql import words as w
from segrules.backends.sql.frame import Join, Low, joined_as
from segrules.backends.sql.operators import later
from segrules.backends.sql.related import KEY, moment, takes_part
from segrules.backends.sql.words import Sql
from segrules.lang.ir import InNext, Rows, Sequence, Step
from segrules.lang.types import Instant

if TYPE_CHECKING:
    from segrules.backends.sql.lower import Frame

_UNKNOWN, _TRUE = 1, 2
"""One true chain makes it true, and otherwise one that is unknown makes it unknown: the largest."""


@dataclass(frozen=True)
class _Moments:
    """A query with `key`, `at` and `day` of rows."""

    query: str
    by_instant: bool


def happens(frame: Frame, node: Sequence) -> Low:
    """Whether the rows follow each other; a row without a key has none."""
    if frame.key is None:
        return Low(w.false())
    key = frame.key
    number = frame.chain.joined(0, Join(
        lambda: _truths(frame, node),
        lambda alias: w.eq(w.again(key.sql), w.column(KEY, alias)),
    ))  # fmt: skip
    truth = w.column("truth", joined_as(number))
    answer = w.case(
        [
            (w.eq(truth, w.whole(_TRUE)), w.true()),
            (w.eq(w.again(truth), w.whole(_UNKNOWN)), frame.dialect.null("bool")),
        ],
        w.false(),
    )
    return frame.chain.column("sequence", answer, 0, number)


def _truths(frame: Frame, node: Sequence) -> str:
    """The query with the truth of each key that has a chain of rows."""
    reached = _moments(frame, node.first)
    for step in node.then:
        found = _moments(frame, step.rows)
        reached = _kept(frame, reached, found, step)
    truth: Sql = w.whole(_TRUE)
    tests: list[Sql] = []
    if node.but_no is not None:
        others = _moments(frame, node.but_no.rows)
        tests = [w.not_(_exists(frame, others, node.but_no, reached, before="t", after="o"))]
        if node.but_no.within is not None:
            end = later(frame.dialect, w.column("day"), node.but_no.within)
            over = w.le(end, w.date(frame.plan.context.as_of))
            truth = w.when(over, w.whole(_TRUE), w.whole(_UNKNOWN))
    best = w.aliased(w.func("MAX", truth), "truth")
    query = w.query([w.column(KEY), best], w.table(reached.query), tests, [w.column(KEY)])
    return frame.plan.statement.add("sequence", query)


def _moments(frame: Frame, rows: Rows) -> _Moments:
    other = frame.sibling(rows.table, later=isinstance(rows.window, InNext))
    takes = takes_part(other, rows)
    taking = other.chain.column("takes", takes.sql, takes.level)
    at, day = moment(other)
    day = other.chain.named(day, "day")
    by = other.column(rows.by).sql
    source = other.chain.render([by.name, at.name, day.sql.name, taking.sql.name])
    columns = [w.aliased(by, KEY), w.aliased(at, "at"), w.aliased(day.sql, "day")]
    tests = [w.again(taking.sql), w.is_known(w.again(by))]
    query = w.query(columns, w.table(source), tests)
    name = frame.plan.statement.add(f"{rows.table}_moments", query)
    return _Moments(name, isinstance(other.dated().type, Instant))


def _kept(frame: Frame, before: _Moments, found: _Moments, step: Step) -> _Moments:
    """The rows that can be the next step of a chain."""
    columns = [w.column(KEY), w.column("at"), w.column("day")]
    follows = _exists(frame, before, step, found, before="o", after="t")
    query = w.query(columns, w.table(found.query), [follows])
    return _Moments(frame.plan.statement.add("chain", query), found.by_instant)


def _exists(
    frame: Frame, others: _Moments, step: Step, rows: _Moments, *, before: str, after: str
) -> Sql:
    """Whether one of the others, called `o`, stands as a step says to a row, called `t`."""
    by = "at" if others.by_instant and rows.by_instant else "day"
    first, second = w.column(by, before), w.column(by, after)
    tests = [
        w.eq(w.column(KEY, "o"), w.column(KEY, "t")),
        w.lt(first, second) if step.later else w.le(first, second),
    ]
    if step.within is not None:
        end = later(frame.dialect, w.column("day", before), step.within)
        # beyond all dates there is no end
        in_time = w.le(w.column("day", after), w.coalesce(end, w.column("day", after)))
        tests.append(in_time)
    return exp.Exists(this=w.query([w.whole(1)], w.table(others.query, "o"), tests))
