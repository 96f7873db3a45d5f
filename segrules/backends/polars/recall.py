"""What both calibrating and placing ask of related rows, gathered once and held in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars.names import node_column, recalled_name
from segrules.backends.polars.plan import Frames, Planned
from segrules.backends.polars.related import Related, batches, gathered, related
from segrules.backends.polars.steps import Steps
from segrules.backends.reach import calibrated, on_others, reached
from segrules.lang.ir import Aggregate, Expr, Ruleset, Table, calibrated_parts


def recalled(
    ruleset: Ruleset, frames: Frames, context: Context, wanted: Mapping[str, Iterable[Expr]]
) -> Frames:
    """The frames and, by names of their own, what will be asked of related rows more than once.

    `wanted` is, by table, what is calibrated for and then prepared. Without ranks or figures still
    to be frozen nothing is added. What is held is a row a key, and of each aggregate and sequence
    as much as its answer takes; it stays true while the frames and as_of do.
    """
    tables = Planned(ruleset, frames, context)
    plans: dict[str, pl.LazyFrame] = {}
    for name, expressions in wanted.items():
        nodes = _to_hold(list(expressions), ruleset.table(name), ruleset, context)
        for batch, found in batches(nodes).items():
            plans[recalled_name(batch)] = gathered(found, tables)
    held = pl.collect_all(list(plans.values()), engine="streaming")
    return {**frames, **{name: found.lazy() for name, found in zip(plans, held, strict=True)}}


def _to_hold(
    expressions: list[Expr], table: Table, ruleset: Ruleset, context: Context
) -> list[Related]:
    """What is to be frozen asks for, and the aggregates that are gathered together with it."""
    frozen = context.calibration.names()
    parts = reached(expressions, table.name, ruleset).get(table.name, ())
    waiting = [node for node in calibrated(parts) if node.name not in frozen]
    reads = [part for node in waiting for part in calibrated_parts(node)]
    needed = {node_column(node) for node in _free(reads, table, ruleset, context)}
    found: list[Related] = []
    for batch in batches(_free(expressions, table, ruleset, context)).values():
        asked = [node for node in batch if node_column(node) in needed]
        together = isinstance(batch[0], Aggregate) and asked
        found.extend(batch if together else asked)
    return found


def _free(
    expressions: list[Expr], table: Table, ruleset: Ruleset, context: Context
) -> list[Related]:
    """The aggregates and sequences on the row that rest on nothing frozen."""
    nodes = related(Steps.needed(expressions, table, ruleset, context).nodes)
    return [node for node in nodes if not _rests_on_frozen(node, ruleset)]


def _rests_on_frozen(node: Related, ruleset: Ruleset) -> bool:
    return any(
        calibrated(parts)
        for other, asked in on_others(node)
        for parts in reached(asked, other, ruleset).values()
    )
