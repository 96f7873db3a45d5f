"""The cut points of the ranks that segment sets rest on, from whole populations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from segrules.backends.context import Context, taken
from segrules.backends.polars.lower import lower, scope_of
from segrules.backends.polars.plan import Frames, prepare
from segrules.backends.reach import features_needed, on_row
from segrules.lang.ir import Calibration, Cut, Expr, InRank, Ruleset


def calibrate(ruleset: Ruleset, frames: Frames, context: Context) -> Calibration:
    """One cut point for each rank that a segment set uses, also by way of features.

    A table is read once for all ranks, and once more for each step that a rank's amount rests on
    another rank. Cut points that `context` brings are kept.
    """
    cuts = dict(context.calibration.cuts)
    for table in dict.fromkeys(found.table for found in ruleset.sets):
        waiting = _ranks(ruleset, table)
        while waiting:
            known = Context(
                context.zone, context.as_of, Calibration(context.as_of, tuple(cuts.items()))
            )
            ready = [rank for rank in waiting if not _rests_on(rank, ruleset) - cuts.keys()]
            if not ready:
                raise ValueError("ranks rest on each other in a circle")
            cuts |= _cuts(ruleset, table, frames, known, ready)
            waiting = [rank for rank in waiting if rank.name not in cuts]
    return Calibration(context.as_of, tuple(cuts.items()))


def _ranks(ruleset: Ruleset, table: str) -> list[InRank]:
    conditions = [
        rule.condition for found in ruleset.sets if found.table == table for rule in found.rules
    ]
    return list({rank.name: rank for rank in _ranks_in(conditions, ruleset)}.values())


def _ranks_in(expressions: Sequence[Expr], ruleset: Ruleset) -> list[InRank]:
    features = features_needed(expressions, ruleset)
    nodes = on_row([*expressions, *(feature.expr for feature in features)])
    return [node for node in nodes if isinstance(node, InRank)]


def _rests_on(rank: InRank, ruleset: Ruleset) -> set[str]:
    return {below.name for below in _ranks_in([rank.by], ruleset)}


def _cuts(
    ruleset: Ruleset, table: str, frames: Frames, context: Context, ranks: Sequence[InRank]
) -> Mapping[str, Cut]:
    scope = scope_of(ruleset, table, context)
    amounts = (
        prepare(ruleset, table, frames, context, [rank.by for rank in ranks])
        .select(
            pl.col(scope.table.key).alias("key"),
            *(lower(rank.by, scope).alias(f"amount:{at}") for at, rank in enumerate(ranks)),
        )
        .collect(engine="streaming")
    )
    return {
        rank.name: _cut(rank, amounts.select("key", amount=f"amount:{at}").drop_nulls("amount"))
        for at, rank in enumerate(ranks)
    }


def _cut(rank: InRank, known: pl.DataFrame) -> Cut:
    """As the reference's `cut_point`, from the rows with a known amount."""
    population = known.height
    if population == 0:
        return Cut(0, None)
    amounts = known["amount"].sort(descending=rank.top)
    count = taken(rank, population)
    if count == 0:
        # keys are never empty, so the best amount up to the empty key takes nobody
        return Cut(population, amounts[0], key="")
    value = amounts[count - 1]
    if rank.count is None:
        return Cut(population, value)
    better = (amounts > value) if rank.top else (amounts < value)
    tied = known.filter(pl.col("amount") == pl.lit(value, dtype=amounts.dtype))["key"].sort()
    return Cut(population, value, key=tied[count - int(better.sum()) - 1])
