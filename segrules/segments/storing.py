"""What an assignment leaves for those after it: segments, how long they held, kept columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from segrules.backends.polars.first_match import Part, assign, assigned
from segrules.backends.polars.lower import feature_column, scope_of
from segrules.backends.reach import conditions
from segrules.lang.check.past import sure
from segrules.lang.ir import (
    Apply,
    Choose,
    Column,
    Const,
    Expr,
    Feature,
    Placed,
    SegmentSet,
    without_tolerance,
)
from segrules.lang.types import Flag, Whole
from segrules.segments.assign import Placement
from segrules.segments.counting import with_features
from segrules.segments.history.store import Run, StoredSet

REVIEWS = Whole(0, 100_001)


def run_of(placed: Placement, revision: str, rules: str) -> Run:
    """What the run of an assignment is."""
    table = placed.ruleset.table(placed.table)
    sets = {found.name: StoredSet(found.segments, found.ladder) for found in placed.sets}
    return Run(
        table.name, table.key, placed.context.as_of, placed.ruleset.name, revision, rules, sets
    )


def stored_rows(placed: Placement) -> pl.LazyFrame:
    """The key, for each set its segment, what decided, `:free` and `:leaving`, and kept columns.

    `<set>:free` is the first match had nobody been held; `<set>:leaving` at how many reviews
    running those in a segment with tolerance met the condition to leave it.
    """
    table = placed.ruleset.table(placed.table)
    scope = scope_of(placed.ruleset, placed.table, placed.context)
    leaving = {found.name: f":{found.name}:leaving" for found in placed.sets}
    extra = [
        Feature(leaving[found.name], "let", placed.table, reviews_to_leave(found))
        for found in placed.sets
    ]
    kept = [column for column in table.columns if column.kept]
    extra += [
        Feature(f":{column.name}", "let", placed.table,
                Column(table.name, column.name, column.type, optional=True))
        for column in kept
    ]  # fmt: skip
    extra += [
        Feature(f":{found.name}:{at}", "let", placed.table, part)
        for found in placed.sets
        for at, part in enumerate(conditions([found]))
    ]
    rows = with_features(placed, extra)
    names: list[str] = [table.key]
    for found in placed.sets:
        rows = assigned(rows, found, scope, ("segment", "by"))
        want: tuple[Part, ...] = ("segment",)
        free = assign(replace(without_tolerance(found), caps=()), scope, want)["segment"]
        rows = rows.with_columns(
            free.alias(f"{found.name}:free"),
            pl.col(feature_column(leaving[found.name])).alias(f"{found.name}:leaving"),
        )
        names += [found.name, f"{found.name}_by", f"{found.name}:free", f"{found.name}:leaving"]
    rows = rows.with_columns(
        pl.col(feature_column(f":{column.name}")).alias(column.name) for column in kept
    )
    return rows.select([*names, *(column.name for column in kept)])


def reviews_to_leave(found: SegmentSet) -> Expr:
    """The count of the segment that the row is in; a true entry begins anew."""
    nothing = Const(0, REVIEWS)
    return Choose(tuple(_counts(found, nothing)), nothing, REVIEWS, optional=False)


def _counts(found: SegmentSet, nothing: Const) -> Iterator[tuple[Expr, Expr]]:
    placed = Placed(found.name, found.type, found.optional)
    entries = {rule.segment: rule.condition for rule in found.rules if not rule.by}
    for each in found.tolerances:
        if each.leaving is None:
            continue
        segment = Const(each.segment, found.type)
        here = sure(Apply("eq", (placed, segment), Flag(), found.optional))
        entered = Apply("and", (here, sure(entries[each.segment])), Flag(), optional=False)
        yield entered, nothing
        yield here, each.leaving
