"""What ranks and figures rest on, frozen from whole populations.

A table is read once for all that can be frozen at the same time, and once more for each step that
an amount or a population rests on something frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars.freeze import freeze, slices
from segrules.backends.polars.lower import Scope, lower
from segrules.backends.polars.plan import Frames, prepare
from segrules.backends.reach import calibrate_in_steps
from segrules.lang.ir import (
    Calibrated,
    Calibration,
    Expr,
    Frozen,
    Group,
    Ruleset,
    Statistic,
    Surveyed,
    calibrated_parts,
)


def calibrate(
    ruleset: Ruleset,
    frames: Frames,
    context: Context,
    wanted: Mapping[str, Iterable[Expr]] | None = None,
) -> Calibration:
    """What `wanted` expressions (by table) rest on, frozen; the segment sets without `wanted`.

    What `context` brings is kept. Groups stand in the order of their values.

    Raises:
        ValueError: ranks rest on each other in a circle.
    """
    start = replace(context.calibration, as_of=context.as_of)
    surveyed: list[Surveyed] = []

    def frozen(
        found: Sequence[tuple[str, Calibrated]], known: Calibration
    ) -> dict[str, Mapping[Group, Frozen]]:
        made, tables = _frozen(found, ruleset, frames, replace(context, calibration=known))
        surveyed.extend(tables)
        return made

    made = calibrate_in_steps(ruleset, wanted, start, frozen)
    return replace(made, populations=_surveys(start, surveyed))


def _frozen(
    found: Sequence[tuple[str, Calibrated]], ruleset: Ruleset, frames: Frames, context: Context
) -> tuple[dict[str, Mapping[Group, Frozen]], list[Surveyed]]:
    """What is frozen by name, and the tables that were read for it."""
    frozen: dict[str, Mapping[Group, Frozen]] = {}
    surveyed = []
    for table in dict.fromkeys(table for table, _ in found):
        nodes = [node for of, node in found if of == table]
        rows = _compared(nodes, table, ruleset, frames, context)
        for at, node in enumerate(nodes):
            frozen[node.name] = freeze(node, rows.select("key", **_parts(rows, at)))
        surveyed.append(survey(table, rows["key"]))
    return frozen, surveyed


def _compared(
    nodes: Sequence[Calibrated], table: str, ruleset: Ruleset, frames: Frames, context: Context
) -> pl.DataFrame:
    """Of every row the key and what each node compares."""
    scope = Scope(context, ruleset.table(table))
    reads = [part for node in nodes for part in calibrated_parts(node)]
    columns = {"key": pl.col(scope.table.key)}
    for at, node in enumerate(nodes):
        amount = node.value if isinstance(node, Statistic) else node.by
        population = node.population
        if amount is not None:
            columns[f"{at}:amount"] = lower(amount, scope)
        if population.among is not None:
            columns[f"{at}:among"] = lower(population.among, scope)
        for place, part in enumerate(population.same):
            columns[f"{at}:same:{place}"] = lower(part, scope)
    rows = prepare(ruleset, table, frames, context, reads)
    return rows.select(**columns).collect(engine="streaming")


def _parts(rows: pl.DataFrame, at: int) -> dict[str, pl.Expr]:
    """The columns of one node, by what they are."""
    prefix = f"{at}:"
    return {
        name.removeprefix(prefix): pl.col(name) for name in rows.columns if name.startswith(prefix)
    }


def survey(table: str, keys: pl.Series) -> Surveyed:
    """The population of a table: its rows, and SHA-256 of their keys.

    Keys are hashed in their order, each with a zero byte after it, so the order of rows does not
    matter. A table without keys has the empty hash of none.
    """
    known = keys.drop_nulls().sort()
    digest = sha256()
    for some in slices(known):
        digest.update("\0".join([*some, ""]).encode())
    return Surveyed(table, keys.len(), digest.hexdigest())


def _surveys(calibration: Calibration, found: Sequence[Surveyed]) -> tuple[Surveyed, ...]:
    """A table stands once, as it was when it was first read."""
    named = {each.table: each for each in (*found[::-1], *calibration.populations[::-1])}
    return tuple(sorted(named.values(), key=lambda each: each.table))
