"""Aggregates over related rows: grouped queries, joined to the row by its key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from segrules.backends.sql import words as w
from segrules.backends.sql.aggregates import AggregateRule, one_zero
from segrules.backends.sql.frame import Join, Low, joined_as
from segrules.backends.sql.operators import position
from segrules.backends.sql.words import Sql
from segrules.lang.ir import COUNT, Aggregate, Gap, InNext, LastRows, Rows
from segrules.lang.types import Enum, Instant, Type, form

if TYPE_CHECKING:
    from segrules.backends.sql.lower import Frame

KEY = "key"
"""The column of a grouped query by which it is joined."""


@dataclass
class Batch:
    """Aggregates over the rows of one table that belong by one column.

    `number` is the join of the grouped query in the frame, once there is one.
    """

    rows: Frame
    by: str
    number: int | None = None
    gathered: list[tuple[str, Sql]] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    query: str | None = None

    def source(self) -> str:
        """The query of the rows, with all that is read of them."""
        if self.query is None:
            self.query = self.rows.chain.render([self.by, *self.wanted])
        return self.query

    def grouped(self) -> str:
        """One row a key with all that is gathered by it."""
        key = w.column(self.by)
        parts = [w.aliased(sql, name) for name, sql in self.gathered]
        known = [w.is_known(w.again(key))]
        source = w.table(self.source())
        return self.add(w.query([w.aliased(key, KEY), *parts], source, known, [w.again(key)]))

    def add(self, query: exp.Select) -> str:
        return self.rows.plan.statement.add(f"{self.rows.table.name}_by_key", query)


def aggregate(frame: Frame, node: Aggregate) -> Low:
    """The answer, from rows joined to those of the frame; without a key there are none."""
    rule = frame.dialect.aggregates[node.how]
    kind = node.type if node.value is None or isinstance(node.value, Gap) else node.value.type
    if isinstance(node.value, Gap):
        kind = node.value.type
    words = frame.dialect.words
    if frame.key is None:
        count = len(rule.gather(words, w.whole(0), kind)) if rule.gather else 2
        nothing = [frame.dialect.null(form(kind))] * count
        return Low(rule.finish(words, [w.again(each) for each in nothing], kind))
    batch = _batch(frame, node.rows)
    value = _value(batch.rows, node)
    batch.wanted.append(value.sql.name)
    if rule.gather is not None:
        names = []
        for part in rule.gather(words, w.again(value.sql), kind):
            name = f"v{len(batch.gathered) + 1}"
            batch.gathered.append((name, part))
            names.append(name)
        if batch.number is None:
            batch.number = frame.chain.joined(0, _by_key(frame, batch.grouped))
        number = batch.number
    else:
        apart = _Apart(batch, rule, value.sql, kind, _moment(batch, rule))
        number = frame.chain.joined(0, _by_key(frame, apart.query))
        names = list(_PARTS[rule.shape])
    parts: list[Sql] = [w.column(name, joined_as(number)) for name in names]
    return frame.chain.column(node.how, rule.finish(words, parts, kind), 0, number)


def _batch(frame: Frame, rows: Rows) -> Batch:
    later = isinstance(rows.window, InNext)
    name = (rows.table, rows.by, later)
    if name not in frame.batches:
        other = frame.sibling(rows.table, later=later)
        by = other.column(rows.by).sql.name
        frame.batches[name] = Batch(other, by)
    return frame.batches[name]


def _by_key(frame: Frame, query: Callable[[], str]) -> Join:
    key = frame.key
    assert key is not None  # noqa: S101 -- the caller has looked
    return Join(query, lambda alias: w.eq(w.again(key.sql), w.column(KEY, alias)))


# ---- rows


def takes_part(rows: Frame, asked: Rows) -> Low:
    """Whether a row takes part: a flag, NULL as good as false."""
    rows.prepare([part for part in (asked.among, asked.where) if part is not None])
    lows = [rows.lower(part) for part in (asked.among, asked.where) if part is not None]
    tests = [low.sql for low in map(rows.flat, lows)]
    level = max((low.level for low in lows), default=0)
    level = max([level, *(rows.flat(low).level for low in lows)])
    match asked.window:
        case None:
            tests += rows.dated_in(None) if rows.later else []
        case LastRows(count=count):
            place = _place(rows, asked)
            tests.append(w.le(place.sql, w.whole(count)))
            level = max(level, place.level)
        case window:
            tests += rows.dated_in(window)
    return Low(w.every(tests), level, 2)


def _place(rows: Frame, asked: Rows) -> Low:
    """The place of a row by date among those that are asked, the latest first.

    Rows that are not asked have no date there, so they stand behind all others.
    """
    date, level = rows.column(rows.dated().name).sql, 0
    if asked.among is not None:
        among = rows.chain.named(rows.lower(asked.among))
        date, level = w.when(among.sql, date), among.level
    by = rows.column(asked.by).sql
    place = w.window(w.func("RANK"), [by], [(date, True)])
    return rows.chain.column("place", place, level)


def _value(rows: Frame, node: Aggregate) -> Low:
    """The value of a row as a column, NULL where it takes no part."""
    takes = takes_part(rows, node.rows)
    always = takes.sql == w.true()
    if node.value is None:
        one: Sql = w.whole(1)
        low = Low(one if always else w.when(takes.sql, one), takes.level)
    elif isinstance(node.value, Gap):
        low = _gap(rows, node, takes)
    else:
        rows.prepare([node.value])
        value = rows.flat(rows.lower(node.value))
        level = max(takes.level, value.level)
        low = Low(value.sql if always else w.when(takes.sql, value.sql), level)
    return rows.chain.held(low, "row" if node.value is None else "value")


def _gap(rows: Frame, node: Aggregate, takes: Low) -> Low:
    """Days since the row before, among the rows that take part."""
    taking = rows.chain.column("takes", w.coalesce(takes.sql, w.false()), takes.level)
    at, day = moment(rows)
    day = rows.chain.named(day, "day")
    before = w.window(
        w.func("LAG", day.sql),
        [rows.column(node.rows.by).sql, taking.sql],
        [(w.again(day.sql), False), (at, False)],
    )
    last = rows.chain.column("before", before, max(taking.level, day.level))
    days = rows.dialect.words.days(last.sql, w.again(day.sql))
    held = w.cast(days, rows.dialect.types["int"])
    return Low(w.when(w.again(taking.sql), held), last.level)


def moment(rows: Frame) -> tuple[Sql, Low]:
    """The date or the instant of a row, and its date in the zone."""
    dated = rows.dated()
    at = rows.column(dated.name).sql
    if not isinstance(dated.type, Instant):
        return at, Low(w.again(at))
    zone = rows.plan.context.zone
    return at, Low(rows.dialect.words.local_date(w.again(at), zone))


# ---- queries of their own

_PARTS = {
    "middle": ("low", "high"), "earliest": ("value",), "latest": ("value",),
    "tallied": ("often",), "commonest": ("value",),
}  # fmt: skip


def _moment(batch: Batch, rule: AggregateRule) -> Sql | None:
    if rule.shape not in ("earliest", "latest"):
        return None
    at = batch.rows.column(batch.rows.dated().name).sql
    batch.wanted.append(at.name)
    return at


@dataclass(frozen=True)
class _Apart:
    """An aggregate that orders or tallies values: a query of its own over the rows of a batch."""

    batch: Batch
    rule: AggregateRule
    value: Sql
    kind: Type
    at: Sql | None

    def query(self) -> str:
        match self.rule.shape:
            case "middle":
                return self._middle()
            case "earliest":
                return self._first(down=False)
            case "latest":
                return self._first(down=True)
            case "tallied":
                return self._often()
            case _:
                return self._commonest()

    def _known(self, *columns: Sql, by: Sequence[Sql] = ()) -> exp.Select:
        """The rows with a value and a key."""
        key = w.column(self.batch.by)
        tests = [w.is_known(w.again(key)), w.is_known(w.again(self.value))]
        source = w.table(self.batch.source())
        return w.query([w.aliased(key, KEY), *columns], source, tests, by)

    def _by(self) -> Sql:
        return w.column(self.batch.by)

    def _order(self, value: Sql) -> Sql:
        """What a value is ordered by: declared values in their order."""
        return position(value, self.kind) if isinstance(self.kind, Enum) else value

    def _middle(self) -> str:
        place = w.window(w.func("ROW_NUMBER"), [self._by()], [(w.again(self.value), False)])
        count = exp.Window(this=w.func("COUNT", w.whole(1)), partition_by=[self._by()], over="OVER")
        inner = self.batch.add(self._known(
            w.aliased(w.again(self.value), "value"), w.aliased(place, "place"),
            w.aliased(count, "count"),
        ))  # fmt: skip
        double = w.mul(w.column("place"), w.whole(2))
        middle = w.between(double, w.column("count"), w.add(w.column("count"), w.whole(2)))
        low, high = (w.func(name, w.column("value")) for name in ("MIN", "MAX"))
        columns = [w.column(KEY), w.aliased(low, "low"), w.aliased(high, "high")]
        return self.batch.add(w.query(columns, w.table(inner), [middle], [w.column(KEY)]))

    def _first(self, *, down: bool) -> str:
        assert self.at is not None  # noqa: S101 -- rows are dated where they have an order
        order = [(w.again(self.at), down), (self._order(w.again(self.value)), down)]
        place = w.window(w.func("ROW_NUMBER"), [self._by()], order)
        inner = self.batch.add(
            self._known(w.aliased(w.again(self.value), "value"), w.aliased(place, "place"))
        )
        return self._at_first(inner)

    def _at_first(self, inner: str) -> str:
        first = w.eq(w.column("place"), w.whole(1))
        columns = [w.column(KEY), w.column("value")]
        return self.batch.add(w.query(columns, w.table(inner), [first]))

    def _tally(self) -> str:
        value = one_zero(self.batch.rows.dialect.words, w.again(self.value), self.kind)
        often = w.aliased(w.func("COUNT", w.whole(1)), "often")
        by = [self._by(), w.again(value)]
        return self.batch.add(self._known(w.aliased(value, "value"), often, by=by))

    def _often(self) -> str:
        most = w.aliased(w.func("MAX", w.column("often")), "often")
        source = w.table(self._tally())
        return self.batch.add(w.query([w.column(KEY), most], source, by=[w.column(KEY)]))

    def _commonest(self) -> str:
        order: Sequence[tuple[Sql, bool]] = [
            (w.column("often"), True), (self._order(w.column("value")), False)
        ]  # fmt: skip
        place = w.aliased(w.window(w.func("ROW_NUMBER"), [w.column(KEY)], order), "place")
        columns = [w.column(KEY), w.column("value"), place]
        return self._at_first(self.batch.add(w.query(columns, w.table(self._tally()))))


COUNT_OF_ROWS = COUNT
"""The type of a count, which has no value of its own."""
