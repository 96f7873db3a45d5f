"""The meaning of expressions and segment sets, one row at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from segrules.backends.context import Context
from segrules.backends.reach import steps_needed
from segrules.backends.reference import aggregates, operators
from segrules.backends.reference.ranking import Compared, answer
from segrules.backends.reference.rows import (
    Columns,
    Row,
    Tables,
    World,
    date_of,
    day_of,
    key_of,
    source_of,
    visible,
)
from segrules.backends.reference.sequences import Moment, gaps, happens
from segrules.lang.ir import (
    Aggregate,
    Apply,
    AsOf,
    Calibrated,
    Choose,
    Column,
    Const,
    Expr,
    Feature,
    Gap,
    InRank,
    LastRows,
    Linked,
    Placed,
    Rank,
    Rows,
    Ruleset,
    SegmentSet,
    Sequence,
    Statistic,
    Table,
    Use,
    Value,
    Window,
    rows_in,
)

__all__ = ["Decision", "Row", "Tables", "World", "allotted", "compared", "decide", "evaluate"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The segment (missing when unsure and no `unsure` is declared), what decided, every rule.

    `by` is the decider of the first true rule, "cap" where a cap moved the row, "otherwise" or
    "unsure".
    """

    segment: str | None
    by: str
    truths: tuple[bool | None, ...]

    @property
    def unknown(self) -> int:
        """How many rules are unknown."""
        return self.truths.count(None)


def evaluate(expr: Expr, row: Row, ruleset: Ruleset, context: Context) -> Value:
    """The value of an expression on a row."""
    return _Evaluator(row, ruleset, context).value(expr)


def decide(
    segment_set: SegmentSet,
    row: Row,
    ruleset: Ruleset,
    context: Context,
    caps: int | None = None,
) -> Decision:
    """The placement of a row after so many of the set's caps (None: all of them).

    The set need not be the one of the ruleset: what the caps ask of the placement is asked of it.
    """
    evaluator = _Evaluator(row, ruleset, context)
    return evaluator.placement(segment_set, len(segment_set.caps) if caps is None else caps)


def allotted(segment_set: SegmentSet, row: Row, ruleset: Ruleset, context: Context) -> str | None:
    """To whom a row is allotted; None where nothing is said of its segment."""
    evaluator = _Evaluator(row, ruleset, context)
    segment = evaluator.placement(segment_set, len(segment_set.caps)).segment
    for allotment in segment_set.allotments:
        if allotment.segment == segment:
            best = (to for rank, to in allotment.best if evaluator.value(rank) is True)
            return next(best, allotment.rest)
    return None


def compared(node: Calibrated, row: Row, ruleset: Ruleset, context: Context) -> Compared:
    """What a rank or a figure asks of a row."""
    return _Evaluator(row, ruleset, context).compared(node)


class _Evaluator:
    """Expressions on one row; every feature and placement is found once."""

    def __init__(self, row: Row, ruleset: Ruleset, context: Context) -> None:
        self._row, self._ruleset, self._context = row, ruleset, context
        self._features = dict(row.given)
        self._placements: dict[tuple[str, int], Decision] = {}

    def value(self, node: Expr) -> Value:
        match node:
            case Const(value=value):
                return value
            case Column():
                return self._column(node)
            case Use():
                return self._use(node)
            case Linked():
                return self._linked(node)
            case Placed():
                return self._placed(node)
            case AsOf():
                return self._context.as_of
            case Apply(op=op, args=args):
                setting = operators.Setting(node, self._context.zone)
                return operators.RULES[op](setting, [self.value(arg) for arg in args])
            case Choose():
                return self._choose(node)
            case Aggregate():
                return self._aggregate(node)
            case Sequence():
                moments = [self._moments(rows) for rows in rows_in(node)]
                return happens(node, moments, self._context.as_of)
            case InRank() | Statistic() | Rank():
                return answer(node, self.compared(node), self._context.calibration)
            case Gap():
                raise ValueError("a gap is between rows: it stands only in an aggregate")

    def _column(self, node: Column) -> Value:
        if node.table != self._row.table:
            raise ValueError(f"{node.table}.{node.name} is read on a row of {self._row.table}")
        return self._row.columns.get(node.name)

    def _choose(self, node: Choose) -> Value:
        for condition, value in node.cases:
            truth = self._truth(condition)
            if truth is None:
                return None
            if truth:
                return self.value(value)
        return self.value(node.otherwise)

    def _truth(self, node: Expr) -> bool | None:
        value = self.value(node)
        if value is None or isinstance(value, bool):
            return value
        raise TypeError("a condition is a flag")

    # ---- features and placements

    def _use(self, node: Use) -> Value:
        if node.name not in self._features:
            self._prepare(node)
        return self._features[node.name]

    def _placed(self, node: Placed) -> Value:
        found = self._ruleset.set(node.set)
        caps = len(found.caps) if node.caps is None else node.caps
        if caps == len(found.caps) and node.set in self._features:
            return self._features[node.set]
        if (node.set, caps) not in self._placements:
            self._prepare(node)
        return self.placement(found, caps).segment

    def _prepare(self, *nodes: Expr) -> None:
        """Finds every feature that nodes rest on, in order: chains of them may be long."""
        for step in steps_needed(nodes, self._row.table, self._ruleset, self._features):
            if isinstance(step, Feature):
                self._features[step.name] = self.value(step.expr)
            else:
                self.placement(step, 0)

    def placement(self, found: SegmentSet, caps: int) -> Decision:
        """The placement after so many caps: of each, those who are not in its rank go to `rest`."""
        if (found.name, caps) not in self._placements:
            made = self._first_match(found) if caps == 0 else self._capped(found, caps)
            self._placements[found.name, caps] = made
        return self._placements[found.name, caps]

    def _first_match(self, found: SegmentSet) -> Decision:
        """The first rule that is true; without one `otherwise`, or `unsure` if some are unknown."""
        self._prepare(*(rule.condition for rule in found.rules))
        truths = tuple(self._truth(rule.condition) for rule in found.rules)
        if True in truths:
            rule = found.rules[truths.index(True)]
            return Decision(rule.segment, rule.decider, truths)
        if None in truths:
            unsure = found.unsure
            return Decision(unsure.segment if unsure else None, "unsure", truths)
        return Decision(found.otherwise.segment, "otherwise", truths)

    def _capped(self, found: SegmentSet, caps: int) -> Decision:
        before, cap = self.placement(found, caps - 1), found.caps[caps - 1]
        if before.segment != cap.segment or self._truth(cap.rank) is True:
            return before
        return replace(before, segment=cap.rest, by="cap")

    # ---- other rows

    def _linked(self, node: Linked) -> Value:
        key = self.value(node.by)
        if not isinstance(key, str):
            return None
        table = self._ruleset.table(node.table)
        rows = self._belonging(table, table.key, key)
        return self._on(rows[0], table, node.value) if rows else None

    def _belonging(
        self, table: Table, by: str, key: str, window: Window | None = None
    ) -> list[Columns]:
        """The rows of a table whose column `by` is a key, of those that can be seen.

        A row of a derived table is there while rows of its source can be seen.
        """
        if table.kind != "derived":
            rows = self._row.world.belonging(table.name, by, key)
            return visible(rows, table, self._context, window)
        source, column = source_of(table, self._ruleset)
        rows = self._row.world.belonging(source.name, column, key)
        return [{table.key: key}] if visible(rows, source, self._context) else []

    def _on(self, columns: Columns, table: Table, node: Expr) -> Value:
        """The value of an expression on another row."""
        row = self._row.elsewhere(table.name, columns)
        return evaluate(node, row, self._ruleset, self._context)

    def _asked(self, rows: Rows) -> list[Columns]:
        """The rows that take part."""
        key = key_of(self._row, self._ruleset)
        table = self._ruleset.table(rows.table)
        if key is None:
            return []
        found = self._belonging(table, rows.by, key, rows.window)
        found = self._filtered(found, table, rows.among)
        if isinstance(rows.window, LastRows):
            found = _latest(found, table, rows.window.count)
        return self._filtered(found, table, rows.where)

    def _filtered(self, rows: list[Columns], table: Table, test: Expr | None) -> list[Columns]:
        if test is None:
            return rows
        return [row for row in rows if self._on(row, table, test) is True]

    def _moments(self, rows: Rows) -> list[Moment]:
        table = self._ruleset.table(rows.table)
        return [self._moment(row, table) for row in self._asked(rows)]

    def _moment(self, row: Mapping[str, Value], table: Table) -> Moment:
        date = date_of(row, table)
        if date is None:
            raise ValueError(f"the rows of {table.name} have no dates")
        return Moment(date, day_of(date, self._context.zone))

    def _aggregate(self, node: Aggregate) -> Value:
        table = self._ruleset.table(node.rows.table)
        rows = self._asked(node.rows)
        dates = [date_of(row, table) for row in rows]
        if node.value is None:
            # a row counts for itself
            return aggregates.RULES[node.how]([(date, 1) for date in dates], node.type)
        if isinstance(node.value, Gap):
            values = list[Value](gaps([self._moment(row, table) for row in rows]))
        else:
            values = [self._on(row, table, node.value) for row in rows]
        dated: list[tuple[dt.date | None, Value]] = [
            (date, value) for date, value in zip(dates, values, strict=True) if value is not None
        ]
        return aggregates.RULES[node.how](dated, node.value.type)

    # ---- populations

    def compared(self, node: Calibrated) -> Compared:
        amount = node.value if isinstance(node, Statistic) else node.by
        population = node.population
        return Compared(
            key_of(self._row, self._ruleset),
            None if amount is None else self.value(amount),
            tuple(self.value(part) for part in population.same),
            True if population.among is None else self._truth(population.among),
        )


def _latest(rows: list[Columns], table: Table, count: int) -> list[Columns]:
    """The latest rows, and all others dated like the last of them."""
    dates = sorted((date for row in rows if (date := date_of(row, table))), reverse=True)
    if len(dates) <= count:
        return rows
    return [row for row in rows if (date := date_of(row, table)) and date >= dates[count - 1]]
