"""Ranks and figures of populations as expressions: what is frozen, against the row.

What is frozen for everyone stands as literals. What is frozen by group is joined to the rows
beforehand (`frozen_by_group`), and a row whose group was not there finds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segrules.backends.polars.dtypes import dtype, is_literal, literal, settled
from segrules.backends.polars.names import node_column
from segrules.backends.polars.operators import compared
from segrules.lang.ir import (
    Calibrated,
    Calibration,
    Cut,
    Figure,
    Frozen,
    Group,
    InRank,
    Places,
    Rank,
    Statistic,
    Value,
)
from segrules.lang.operators import AGGREGATES
from segrules.lang.types import Type


@dataclass(frozen=True, slots=True)
class Asked:
    """The parts of a calibrated node over the frame; `key` is the column of the row's own key."""

    amount: pl.Expr | None
    same: tuple[pl.Expr, ...]
    among: pl.Expr | None
    key: pl.Expr


def by_group(node: Calibrated, calibration: Calibration) -> bool:
    """Whether what is frozen differs by group, so that it must be joined."""
    everywhere = dict(calibration.everywhere)
    return bool(node.population.same) and node.name not in everywhere


def answer(node: Calibrated, asked: Asked, calibration: Calibration) -> pl.Expr:
    """The row's own answer.

    Raises:
        KeyError: nothing is frozen under the node's name.
    """
    found = _by_columns(node) if by_group(node, calibration) else _literals(node, calibration)
    match node:
        case Statistic():
            return _known_group(_figure(node, found, asked), asked, node)
        case InRank():
            answered = _in_rank(node, found, asked)
            return _among(_known_group(answered, asked, node), asked, node, outside=False)
        case Rank():
            answered = _place(node, found, asked, calibration)
            return _among(_known_group(answered, asked, node), asked, node, outside=None)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is frozen for the row: its columns, or literals.

    `value` is the edge of a cut or the figure, `key` the last key at the edge, `there` whether the
    row's group was there, `group` its number.
    """

    value: pl.Expr
    key: pl.Expr
    there: pl.Expr
    group: pl.Expr


def _by_columns(node: Calibrated) -> _Found:
    name = node_column(node)
    return _Found(*(pl.col(f"{name}:{part}") for part in ("value", "key", "there", "group")))


def _literals(node: Calibrated, calibration: Calibration) -> _Found:
    frozen = calibration.at(node.name)
    value, key = _value(node, frozen)
    return _Found(
        literal(value, _kind(node)),
        pl.lit(key, dtype=pl.String),
        pl.lit(frozen is not None),
        pl.lit(0, dtype=pl.Int64),
    )


def _value(node: Calibrated, frozen: Frozen | None) -> tuple[Value, str | None]:
    match node, frozen:
        case InRank(), Cut(value=value, key=key):
            return value, key
        case Statistic(), Figure(value=value):
            return value, None
        case (Rank(), Places()) | (_, None):
            return None, None
    raise TypeError(f"what is frozen as {node.name} does not fit")


def _kind(node: Calibrated) -> Type:
    return node.type if isinstance(node, Statistic) else node.by.type


# ---- answers


def _in_rank(node: InRank, found: _Found, asked: Asked) -> pl.Expr:
    amount = _given(asked.amount)
    if _settled_missing(found.value) or _settled_missing(amount):
        return literal(None, node.type)
    better = compared("gt" if node.top else "lt", amount, found.value)
    if is_literal(found.key):
        if settled(found.key) is None:
            equal = compared("ge" if node.top else "le", amount, found.value)
            return _folded(equal, [amount, found.value], node)
        tied = asked.key <= found.key
    else:
        tied = found.key.is_null() | (asked.key <= found.key)
    return better | (compared("eq", amount, found.value) & tied)


def _figure(node: Statistic, found: _Found, asked: Asked) -> pl.Expr:
    """A group that was not there has the figure of no rows."""
    row = AGGREGATES.get(node.how)
    empty = literal(None if row is None else row.empty, node.type)
    if is_literal(found.there):
        return found.value if settled(found.there) else empty
    if row is None or row.empty is None:
        return found.value
    there = pl.all_horizontal([found.there.is_null(), *(part.is_not_null() for part in asked.same)])
    return pl.when(there).then(empty).otherwise(found.value)


def _place(node: Rank, found: _Found, asked: Asked, calibration: Calibration) -> pl.Expr:
    places = _Ladder.of(node, calibration)
    amount = _given(asked.amount)
    both = pl.struct(amount.alias("amount"), found.group.alias("group"))
    if is_literal(amount) and is_literal(found.group):
        row = pl.select(both).to_series()
        return literal(places.of_rows(row).item(), node.type)
    return both.map_batches(places.of_rows, return_dtype=pl.Int64, is_elementwise=True)


def _given(amount: pl.Expr | None) -> pl.Expr:
    if amount is None:
        raise TypeError("a rank is by an amount")
    return amount


def _known_group(answered: pl.Expr, asked: Asked, node: Calibrated) -> pl.Expr:
    """Missing where a value of `same` is; what is joined is null there already."""
    if any(map(_settled_missing, asked.same)):
        return literal(None, node.type)
    known = [part.is_not_null() for part in asked.same if not is_literal(part)]
    return pl.when(pl.all_horizontal(known)).then(answered) if known else answered


def _among(answered: pl.Expr, asked: Asked, node: Calibrated, *, outside: bool | None) -> pl.Expr:
    """Unknown where `among` is, and `outside` where it is false."""
    if asked.among is None:
        return answered
    elsewhere = literal(outside, node.type)
    if is_literal(asked.among):
        truth = settled(asked.among)
        return answered if truth else literal(None, node.type) if truth is None else elsewhere
    rest = asked.among if outside is False else elsewhere
    return pl.when(asked.among).then(answered).otherwise(rest)


def _settled_missing(expr: pl.Expr) -> bool:
    return is_literal(expr) and settled(expr) is None


def _folded(expr: pl.Expr, operands: Sequence[pl.Expr], node: Calibrated) -> pl.Expr:
    return literal(settled(expr), node.type) if all(map(is_literal, operands)) else expr


# ---- frozen by group


def frozen_by_group(node: Calibrated, calibration: Calibration) -> pl.LazyFrame:
    """One row a group: its values as `same:<n>`, and the columns that `answer` reads."""
    groups = calibration.groups(node.name)
    if not groups and node.name not in calibration.names():
        raise KeyError(node.name)
    name = node_column(node)
    values = [_value(node, frozen) for frozen in groups.values()]
    columns = {
        f"same:{at}": pl.Series(
            [group[at] for group in groups], dtype=dtype(part.type), strict=False
        )
        for at, part in enumerate(node.population.same)
    }
    return pl.LazyFrame(
        {
            **columns,
            f"{name}:value": pl.Series([value for value, _ in values], dtype=dtype(_kind(node))),
            f"{name}:key": pl.Series([key for _, key in values], dtype=pl.String),
            f"{name}:there": pl.Series([True] * len(groups), dtype=pl.Boolean),
            f"{name}:group": pl.Series(range(len(groups)), dtype=pl.Int64),
        }
    )


# ---- places


@dataclass(frozen=True, slots=True)
class _Ladder:
    """The amounts of every group on one line, ascending within each group.

    `steps` are all different amounts. A rung is `group * width + 1 + step`, so that rungs are whole
    numbers, and the last rung at or below a row's is found by halving.
    """

    steps: pl.Series
    rungs: pl.Series
    places: pl.Series
    populations: pl.Series

    @classmethod
    def of(cls, node: Rank, calibration: Calibration) -> _Ladder:
        found = _places_of(node, calibration)
        kind = dtype(node.by.type)
        frames = [
            pl.DataFrame(
                {
                    "group": pl.Series([at] * len(places.amounts), dtype=pl.Int64),
                    "amount": pl.Series(places.amounts, dtype=kind),
                    "place": pl.Series(places.places, dtype=pl.Int64),
                }
            )
            for at, places in enumerate(found)
        ]
        empty = pl.DataFrame(schema={"group": pl.Int64, "amount": kind, "place": pl.Int64})
        rows = pl.concat([empty, *frames]).with_columns(_plain("amount")).sort("group", "amount")
        steps = rows["amount"].unique().sort()
        rungs = _rungs(rows["group"], rows["amount"], steps)
        populations = pl.Series([places.population for places in found], dtype=pl.Int64)
        return cls(steps, rungs, rows["place"], populations)

    def of_rows(self, rows: pl.Series) -> pl.Series:
        """One more than there were rows with a larger amount; null where there were none at all."""
        given = rows.struct.unnest().with_columns(_plain("amount"))
        known = pl.Series(given["amount"].is_not_null() & given["group"].is_not_null())
        group = given["group"].fill_null(0)
        if not self.rungs.len():
            return pl.Series(rows.name, [None] * rows.len(), dtype=pl.Int64)
        rung = _rungs(group, given["amount"], self.steps)
        at = self.rungs.search_sorted(rung, side="right").cast(pl.Int64) - 1
        below = pl.DataFrame(
            {
                "known": known,
                "rung": self.rungs.gather(at.clip(0)),
                "place": self.places.gather(at.clip(0)),
                "at": at,
                "first": group * (self.steps.len() + 1),
                "population": self.populations.gather(group),
            }
        )
        none_below = (pl.col("at") < 0) | (pl.col("rung") < pl.col("first"))
        place = pl.when(none_below).then(pl.col("population") + 1).otherwise("place")
        somebody = pl.col("known") & (pl.col("population") > 0)
        return below.select(pl.when(somebody).then(place).alias(rows.name)).to_series()


def _places_of(node: Rank, calibration: Calibration) -> list[Places]:
    groups: Mapping[Group, Frozen | None] = (
        calibration.groups(node.name)
        if by_group(node, calibration)
        else {(): calibration.at(node.name)}
    )
    found = []
    for frozen in groups.values():
        if not isinstance(frozen, Places):
            raise TypeError(f"what is frozen as {node.name} does not fit")
        found.append(frozen)
    return found


def _plain(name: str) -> pl.Expr:
    """Amounts as numbers; -0.0 is 0.0."""
    return pl.col(name).to_physical() + 0


def _rungs(group: pl.Series, amount: pl.Series, steps: pl.Series) -> pl.Series:
    step = steps.search_sorted(amount, side="right").cast(pl.Int64)
    return group * (steps.len() + 1) + step
