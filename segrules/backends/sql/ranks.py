"""Ranks and figures of populations: what is frozen, against the row.

What is frozen for everyone stands as constants. What is frozen by group is a small table of values,
joined to the row by the values of its group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from segrules.backends.sql import words as w
from segrules.backends.sql.frame import Join, Low, joined_as
from segrules.backends.sql.words import Sql
from segrules.lang.ir import (
    Calibrated,
    Cut,
    Figure,
    Frozen,
    Group,
    InRank,
    Places,
    Rank,
    Statistic,
    Value,
    calibrated_parts,
)
from segrules.lang.operators import AGGREGATES
from segrules.lang.types import Form, form

if TYPE_CHECKING:
    from segrules.backends.sql.lower import Frame


def answer(frame: Frame, node: Calibrated) -> Low:
    """The row's own answer.

    Raises:
        KeyError: nothing is frozen under the node's name.
    """
    frame.prepare(calibrated_parts(node))
    same = [frame.chain.named(frame.lower(part)) for part in node.population.same]
    match node:
        case Statistic():
            return _known(frame, same, _figure(frame, node, same))
        case InRank():
            return _among(frame, node, same, _in_rank(frame, node, same), outside=w.false())
        case Rank():
            outside = frame.dialect.null("int")
            return _among(frame, node, same, _place(frame, node, same), outside=outside)


def _known(frame: Frame, same: Sequence[Low], answered: Low) -> Low:
    """Missing where a value of `same` is."""
    if not same:
        return answered
    tests = w.every([w.is_known(w.again(low.sql)) for low in same])
    return Low(w.when(tests, answered.sql), max(answered.level, *(low.level for low in same)), 2)


def _among(
    frame: Frame, node: InRank | Rank, same: Sequence[Low], answered: Low, *, outside: Sql
) -> Low:
    """Unknown where `among` is, and `outside` where it is false."""
    answered = _known(frame, same, answered)
    if node.population.among is None:
        return answered
    among = frame.chain.named(frame.lower(node.population.among))
    cases = [(among.sql, answered.sql), (w.not_(w.again(among.sql)), outside)]
    return Low(w.case(cases), max(answered.level, among.level), 3)


# ---- what is frozen


def _by_group(frame: Frame, node: Calibrated) -> bool:
    everywhere = dict(frame.plan.context.calibration.everywhere)
    return bool(node.population.same) and node.name not in everywhere


def _groups(frame: Frame, node: Calibrated) -> Mapping[Group, Frozen]:
    calibration = frame.plan.context.calibration
    if node.name not in calibration.names():
        raise KeyError(node.name)
    return calibration.groups(node.name)


def _frozen(frame: Frame, node: Calibrated) -> Frozen | None:
    return frame.plan.context.calibration.at(node.name)


def _joined(
    frame: Frame,
    node: Calibrated,
    same: Sequence[Low],
    columns: Mapping[str, Form],
    rows: Sequence[tuple[Value, ...]],
) -> tuple[int, int]:
    """Joins rows of values: those of the group, then the columns; the level and the join."""
    names = [f"same_{at}" for at in range(len(same))]
    kinds = [*(form(part.type) for part in node.population.same), *columns.values()]
    level = max((low.level for low in same), default=0)

    def on(alias: str) -> Sql:
        pairs = zip(same, names, strict=True)
        return w.every([w.eq(w.again(low.sql), w.column(name, alias)) for low, name in pairs])

    join = Join(lambda: table_of_values(frame, [*names, *columns], kinds, rows), on)
    return level, frame.chain.joined(level, join)


def table_of_values(
    frame: Frame, names: Sequence[str], kinds: Sequence[Form], rows: Sequence[tuple[Value, ...]]
) -> str:
    """The query of a table of constants, each written as text."""
    types = frame.dialect.types
    given = rows or [(None,) * len(names)]
    tuples = [exp.Tuple(expressions=[_cell(value) for value in row]) for row in given]
    values = exp.Values(
        expressions=tuples,
        alias=exp.TableAlias(this=w.ident(w.ROW), columns=[w.ident(name) for name in names]),
    )
    columns = [
        w.aliased(
            frame.dialect.words.plain(w.column(name))
            if kind in ("text", "enum")
            else w.cast(w.column(name), types[kind]),
            name,
        )
        for name, kind in zip(names, kinds, strict=True)
    ]
    nobody = [] if rows else [w.false()]
    return frame.plan.statement.add("frozen", w.query(columns, values, nobody))


def _cell(value: Value) -> Sql:
    match value:
        case None:
            return exp.Null()
        case bool():
            return w.text("true" if value else "false")
        case float():
            return w.text(repr(value))
        case _:
            return w.text(str(value).removesuffix("+00:00"))


# ---- answers


def _in_rank(frame: Frame, node: InRank, same: Sequence[Low]) -> Low:
    amount = frame.chain.named(frame.lower(node.by))
    if _by_group(frame, node):
        rows = [(*group, *_cut(node, found)) for group, found in _groups(frame, node).items()]
        columns: dict[str, Form] = {"edge": form(node.by.type), "last": "text"}
        level, number = _joined(frame, node, same, columns, rows)
        edge, last = (
            frame.chain.column(name, w.column(name, joined_as(number)), level, number)
            for name in columns
        )
        best = _better(node, amount.sql, edge.sql)
        tied = w.every([
            w.eq(w.again(amount.sql), w.again(edge.sql)),
            w.any_of([w.is_null(w.again(last.sql)), w.le(_own_key(frame), w.again(last.sql))]),
        ])  # fmt: skip
        return Low(w.any_of([best, tied]), max(amount.level, edge.level), 3)
    value, key = _cut(node, _frozen(frame, node))
    if value is None:
        return Low(frame.dialect.null("bool"))
    edge_of_all = frame.literal(value, node.by.type)
    if key is None:
        ordered = (w.ge if node.top else w.le)(amount.sql, edge_of_all)
        return Low(ordered, amount.level, 1)
    tied = w.every([
        w.eq(w.again(amount.sql), w.again(edge_of_all)), w.le(_own_key(frame), w.text(key))
    ])  # fmt: skip
    return Low(w.any_of([_better(node, amount.sql, edge_of_all), tied]), amount.level, 3)


def _better(node: InRank, amount: Sql, edge: Sql) -> Sql:
    return (w.gt if node.top else w.lt)(w.again(amount), w.again(edge))


def _own_key(frame: Frame) -> Sql:
    if frame.key is None:
        raise ValueError(f"the rows of {frame.table.name} have no key")
    return frame.key.sql


def _cut(node: InRank, frozen: Frozen | None) -> tuple[Value, str | None]:
    match frozen:
        case None:
            return None, None
        case Cut(value=value, key=key):
            return value, key
    raise TypeError(f"what is frozen as {node.name} does not fit")


def _figure(frame: Frame, node: Statistic, same: Sequence[Low]) -> Low:
    """A group that was not there has the figure of no rows."""
    row = AGGREGATES.get(node.how)
    nothing = None if row is None else row.empty
    if not _by_group(frame, node):
        frozen = _frozen(frame, node)
        value = nothing if frozen is None else _stated(node, frozen)
        return Low(_figure_literal(frame, node, value))
    rows = [(*group, _stated(node, found)) for group, found in _groups(frame, node).items()]
    level, number = _joined(frame, node, same, {"figure": form(node.type)}, rows)
    figure: Sql = w.column("figure", joined_as(number))
    if nothing is not None:
        there = w.column("same_0", joined_as(number))
        empty = _figure_literal(frame, node, nothing)
        figure = w.when(w.is_null(there), empty, figure)
    return frame.chain.column("figure", figure, level, number)


def _figure_literal(frame: Frame, node: Statistic, value: Value) -> Sql:
    if form(node.type) == "float" and isinstance(value, int):
        value = float(value)
    return frame.literal(value, node.type)


def _stated(node: Statistic, frozen: Frozen) -> Value:
    if not isinstance(frozen, Figure):
        raise TypeError(f"what is frozen as {node.name} does not fit")
    return frozen.value


def _place(frame: Frame, node: Rank, same: Sequence[Low]) -> Low:
    """The rung of the ladder of amounts that the row's amount stands on."""
    by_group = _by_group(frame, node)
    if by_group:
        found: Mapping[Group, Frozen | None] = _groups(frame, node)
    else:
        found, same = {(): _frozen(frame, node)}, ()
    kind = form(node.by.type)
    columns: dict[str, Form] = {"low": kind, "high": kind, "place": "int"}
    rows = [(*group, *rung) for group, frozen in found.items() for rung in _rungs(node, frozen)]
    amount = frame.chain.named(frame.lower(node.by))
    names = [f"same_{at}" for at in range(len(same))]
    kinds = [*(form(part.type) for part in node.population.same)][: len(names)]
    level = max([amount.level, *(low.level for low in same)])

    def on(alias: str) -> Sql:
        low, high = w.column("low", alias), w.column("high", alias)
        pairs = zip(same, names, strict=True)
        return w.every([
            *(w.eq(w.again(each.sql), w.column(name, alias)) for each, name in pairs),
            w.any_of([w.is_null(low), w.ge(w.again(amount.sql), w.again(low))]),
            w.any_of([w.is_null(high), w.lt(w.again(amount.sql), w.again(high))]),
            w.is_known(w.again(amount.sql)),
        ])  # fmt: skip

    join = Join(
        lambda: table_of_values(frame, [*names, *columns], [*kinds, *columns.values()], rows), on
    )
    number = frame.chain.joined(level, join)
    return frame.chain.column("place", w.column("place", joined_as(number)), level, number)


def _rungs(node: Rank, frozen: Frozen | None) -> list[tuple[Value, Value, int]]:
    """Amounts from (included) and to (not included), with their place; the largest first."""
    if not isinstance(frozen, Places):
        if frozen is None:
            return []
        raise TypeError(f"what is frozen as {node.name} does not fit")
    if not frozen.population:
        return []
    highs = (None, *frozen.amounts)
    lows = (*frozen.amounts, None)
    places = (*frozen.places, frozen.population + 1)
    return list(zip(lows, highs, places, strict=True))
