"""The frame that a table's expressions stand in: visible rows and all that is computed for them.

All but medians streams (see `aggregates`), and nothing is computed that is not used: what the
caller leaves out, Polars leaves out as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars.first_match import Numbered, capped, first_placed
from segrules.backends.polars.lower import Scope, lower
from segrules.backends.polars.names import (
    decided_column,
    feature_column,
    placed_column,
    recalled_name,
)
from segrules.backends.polars.related import with_linked, with_populations, with_related
from segrules.backends.polars.rows import within
from segrules.backends.polars.steps import Made, Placement, Steps
from segrules.backends.reach import conditions, sets_of
from segrules.lang.ir import (
    Expr,
    Feature,
    InRank,
    Linked,
    Rank,
    Ruleset,
    Statistic,
    Table,
)

Frames = Mapping[str, pl.LazyFrame]


def prepare(
    ruleset: Ruleset,
    table_name: str,
    frames: Frames,
    context: Context,
    wanted: Iterable[Expr] | None = None,
    numbered: Numbered | None = None,
) -> pl.LazyFrame:
    """The rows of a table that can be seen, with all that `wanted` expressions read.

    Without `wanted`, that is what the table's segment sets read (see `conditions`). Frames are
    canonical: declared names and dtypes. Rows of a dated table without a date are never seen.
    `numbered` may find the first true rules of sets in another way than Polars would.
    """
    expressions = list(conditions(sets_of(ruleset, table_name)) if wanted is None else wanted)
    tables = Planned(ruleset, frames, context, numbered)
    return tables.rows(ruleset.table(table_name), expressions)


@dataclass(frozen=True, slots=True)
class Planned:
    """The `rows.Tables` that everything is planned over."""

    ruleset: Ruleset
    frames: Frames
    context: Context
    numbered: Numbered | None = None

    def held(self, name: str, columns: Sequence[str]) -> pl.LazyFrame | None:
        """As `rows.Tables` says."""
        frame = self.frames.get(recalled_name(name))
        if frame is None or not {*columns} <= {*frame.collect_schema().names()}:
            return None
        return frame.select("key", *columns)

    def rows(self, table: Table, reads: Sequence[Expr], *, later: bool = False) -> pl.LazyFrame:
        """As `rows.Tables` says."""
        scope = Scope(self.context, table)
        steps = Steps.needed(reads, table, self.ruleset, self.context)
        frame = with_related(self._visible(table, later=later), steps.nodes, table, self)
        for level in range(1, 1 + steps.highest):
            frame = self._with_step(frame, steps.at(level), scope)
        return frame

    def _visible(self, table: Table, *, later: bool) -> pl.LazyFrame:
        """The rows that can be seen; of a derived table one a distinct key."""
        if table.kind == "derived":
            source = self.ruleset.table(table.source or "")
            column = source.joined_by(table.name)
            if column is None:
                raise ValueError(f"the rows of {source.name} do not belong to {table.name}")
            keys = self._visible(source, later=False).select(pl.col(column).alias(table.key))
            return keys.drop_nulls().unique()
        frame = self.frames[table.name]
        if table.dated is None:
            return frame
        if later:
            return frame.filter(pl.col(table.dated).is_not_null())
        return frame.filter(within(None, table, self.context))

    def _with_step(self, frame: pl.LazyFrame, made: Sequence[Made], scope: Scope) -> pl.LazyFrame:
        """The frame with what is made of the columns it has."""
        frame = with_linked(frame, [each for each in made if isinstance(each, Linked)], scope, self)
        calibrated = [each for each in made if isinstance(each, InRank | Statistic | Rank)]
        frame = with_populations(frame, calibrated, scope)
        features = [each for each in made if isinstance(each, Feature)]
        if features:
            frame = frame.with_columns(
                lower(each.expr, scope).alias(feature_column(each.name)) for each in features
            )
        for each in made:
            if isinstance(each, Placement):
                frame = _placed(frame, each, scope, self.numbered)
        return frame


def _placed(
    frame: pl.LazyFrame, placement: Placement, scope: Scope, numbered: Numbered | None
) -> pl.LazyFrame:
    """The frame with the segment and what decided; the last cap gives the final placement."""
    found, caps = placement.found, placement.caps
    name = found.name
    names = placed_column(name, caps), decided_column(name, caps)
    if caps == 0:
        frame = first_placed(frame, found, scope, names, numbered)
    else:
        before = pl.col(placed_column(name, caps - 1)), pl.col(decided_column(name, caps - 1))
        moved = capped(found, caps, before, scope)
        frame = frame.with_columns(
            expr.alias(made) for expr, made in zip(moved, names, strict=True)
        )
    if caps == len(found.caps):
        frame = frame.with_columns(
            pl.col(names[0]).alias(placed_column(name)),
            pl.col(names[1]).alias(decided_column(name)),
        )
    return frame
