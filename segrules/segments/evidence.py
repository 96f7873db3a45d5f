"""What a condition reads on one row, by name, and each value as it may be shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from segrules.backends.context import Context
from segrules.backends.reference.evaluate import compared, evaluate
from segrules.backends.reference.rows import Row
from segrules.lang.ir import (
    COUNT,
    Aggregate,
    Apply,
    Choose,
    Column,
    Cut,
    Expr,
    InLast,
    InNext,
    InRank,
    Length,
    Linked,
    Period,
    Placed,
    Rank,
    Rows,
    Ruleset,
    Sequence,
    Statistic,
    Until,
    Use,
    Value,
    calibrated_parts,
    children,
    history_of,
    rows_in,
    walk,
)
from segrules.lang.types import Date, Instant, Money, Set, Type, decimals
from segrules.text.shown import shown

HIDDEN = "(hidden)"
"""Stands for the value of a sensitive column."""

WIDEST = 72
"""Characters of a rule's text that name what it reads."""

Part = Column | Use | Placed | Linked | Aggregate | InRank | Statistic | Rank
"""What has a name and a value on a row."""


@dataclass(frozen=True, slots=True)
class Input:
    """A column, a named value or something made of other rows that a condition reads.

    `value` is spelled out only when values were asked for, and is hidden where it is or rests on
    a sensitive column.
    """

    name: str
    missing: bool
    value: str | None


@dataclass(frozen=True)
class Reader:
    """One row, and the values that are read on it."""

    row: Row
    ruleset: Ruleset
    context: Context
    show_values: bool = False

    def value(self, node: Expr) -> Value:
        return evaluate(node, self.row, self.ruleset, self.context)

    def truth(self, node: Expr) -> bool | None:
        found = self.value(node)
        if found is not None and not isinstance(found, bool):
            raise TypeError("a condition is a flag")
        return found

    def inputs(self, node: Expr) -> tuple[Input, ...]:
        """What a condition reads: a named value stands before what it is made of."""
        found: dict[str, Input] = {}
        for part in parts_of(node, self.ruleset, self.row.given):
            name = named(part)
            if name not in found:
                found[name] = self._input(name, part)
        return tuple(found.values())

    def direct(self, node: Expr) -> tuple[Input, ...]:
        """What a condition names itself, without what that is made of."""
        given = [*self.row.given, *(each.name for each in self.ruleset.features)]
        found = {named(part): part for part in parts_of(node, self.ruleset, given)}
        return tuple(self._input(name, part) for name, part in found.items())

    def _input(self, name: str, part: Part) -> Input:
        if isinstance(part, InRank):
            text = self._cut(part)
            missing = text is None
        else:
            value = self.value(part)
            missing, text = value is None, spell_value(value, part.type)
        if not self.show_values:
            return Input(name, missing, None)
        hidden = not missing and self.sensitive.rests(part)
        return Input(name, missing, HIDDEN if hidden else text or "missing")

    def _cut(self, rank: InRank) -> str | None:
        """Where the rank ends in the row's population; None where there is nobody."""
        group = compared(rank, self.row, self.ruleset, self.context).group
        frozen = None if None in group else self.context.calibration.at(rank.name, group)
        if not isinstance(frozen, Cut) or frozen.value is None:
            return None
        return spell_value(frozen.value, rank.by.type)

    @cached_property
    def sensitive(self) -> Sensitive:
        return Sensitive(self.ruleset)


class Sensitive:
    """Which values are, or rest on, a sensitive column, however far away it is read."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        self._features: dict[str, bool] = {}

    def rests(self, node: Expr) -> bool:
        """A segment is no secret: it is what an assignment gives."""
        waiting, followed = [node], set[str]()
        while waiting:
            for part in walk(waiting.pop()):
                if isinstance(part, Column) and self.column(part.table, part.name):
                    return True
                if isinstance(part, Use) and part.name not in followed:
                    followed.add(part.name)
                    waiting.append(self._ruleset.feature(part.name).expr)
        return False

    def column(self, table: str, name: str) -> bool:
        column = self._ruleset.table(table).column(name)
        return column is not None and column.sensitive


def parts_of(node: Expr, ruleset: Ruleset, given: object = ()) -> Iterator[Part]:
    """What is read on the row itself, named values followed unless they are given.

    A link stands after the key it follows, a rank or a figure after what it compares. Of a
    sequence, the rows of each step are counted.
    """
    known = set(given) if isinstance(given, list | tuple | dict) else set()
    waiting: list[tuple[Expr, bool]] = [(node, False)]
    while waiting:
        at, ready = waiting.pop()
        below: list[Expr] = []
        match at:
            case Column() | Placed() | Aggregate():
                yield at
            case Use(name=name):
                yield at
                if name not in known:
                    known.add(name)
                    made = ruleset.feature(name).expr
                    # an aggregate of that name has the same value
                    below = [] if isinstance(made, Aggregate) else [made]
            case Sequence():
                below = [_count(rows) for rows in rows_in(at)]
            case Linked() | InRank() | Statistic() | Rank() if ready:
                yield at
            case Linked(by=by):
                waiting.append((at, True))
                below = [by]
            case InRank() | Statistic() | Rank():
                waiting.append((at, True))
                below = list(calibrated_parts(at))
            case _:
                below = list(children(at))
        waiting.extend((each, False) for each in reversed(below))


def _count(rows: Rows) -> Aggregate:
    return Aggregate("count", rows, None, COUNT, optional=False)


# ---- names


def named(part: Part) -> str:
    """What a part is called where it is shown."""
    match part:
        case Column(name=name) | Use(name=name) | Placed(set=name):
            return name
        case Linked():
            return _path(part)
        case InRank(name=name):
            return f"cut of {name}"
        case Statistic(name=name) | Rank(name=name):
            return name
        case Aggregate():
            return _aggregated(part)


def _path(node: Expr) -> str:
    """`agent.office.city`."""
    match node:
        case Linked(by=by, value=value):
            return f"{_path(by)}.{_path(value)}"
        case Choose(cases=((_, value), *_)):
            # of a predicted column, what is trusted
            return _path(value)
        case Column(name=name) | Use(name=name) | Placed(set=name):
            return name
        case _:
            return written(node)


def _aggregated(node: Aggregate) -> str:
    if node.rows.table.startswith(history_of("")):
        return _stored(node)
    how = node.how.replace("_", " ")
    if node.span and node.span.text.startswith(how):
        return written(node)
    # of `at least 3 orders` or `days since last orders` only a part is the aggregate
    if node.value is not None and isinstance(node.value.type, Date | Instant):
        how = {"greatest": "latest", "least": "earliest"}.get(how, how)
    value = f" {written(node.value)} of" if node.value is not None and node.value.span else ""
    if isinstance(node.value, Column):
        value = f" {node.value.name} of"
    return f"{how}{value} {_rows(node.rows)}"


def _stored(node: Aggregate) -> str:
    """What earlier assignments say."""
    if not isinstance(node.value, Column):
        return "earlier assignments that say so"
    name, _, part = node.value.name.partition(":")
    what = f"{name} since" if part == "since" else f"{name} ({part})" if part else name
    match node.rows.window:
        case Until(ago=ago) if ago is not None:
            return f"{what} {_length(ago)} ago"
        case Until(end_of_previous=Period(unit=unit)):
            return f"{what} at end of previous {unit}"
        case _:
            return f"{what} before"


def _rows(rows: Rows) -> str:
    test = rows.where or rows.among
    where = f" where ({written(test, 4 * WIDEST)})" if test is not None else ""
    match rows.window:
        case InLast(length=length):
            return f"{rows.table} in last {_length(length)}{where}"
        case InNext(length=length):
            return f"{rows.table} in next {_length(length)}{where}"
        case _:
            return f"{rows.table}{where}"


def _length(length: Length) -> str:
    unit = length.unit if length.count != 1 else length.unit.removesuffix("s")
    return f"{length.count} {unit}"


def written(node: Expr, widest: int = WIDEST) -> str:
    """The text of an expression, or the names it reads where it was not made from text."""
    if node.span:
        return shown(" ".join(node.span.text.split()), widest)
    names = [part.name for part in walk(node) if isinstance(part, Column | Use)]
    return shown(" ".join([node.op, *names] if isinstance(node, Apply) else names), widest)


def spell_value(value: Value, kind: Type) -> str | None:
    """A value as it is written in data; money in units of its currency; None where missing."""
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case frozenset():
            order = kind.values if isinstance(kind, Set) else sorted(value)
            return ", ".join(each for each in order if each in value) or "none"
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
        case int() | float() if isinstance(kind, Money):
            places = decimals(kind.currency)
            return f"{value / 10**places:.{places}f}"
        case float() if value.is_integer():
            return f"{value:.0f}"
        case _:
            return str(value)
