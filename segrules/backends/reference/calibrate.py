"""The calibration of a whole ruleset: every population compared, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from segrules.backends.context import Context
from segrules.backends.reach import calibrate_in_steps
from segrules.backends.reference.evaluate import compared
from segrules.backends.reference.ranking import freeze
from segrules.backends.reference.rows import Tables, everyone
from segrules.lang.ir import Calibrated, Calibration, Expr, Frozen, Group, Ruleset


def calibrate(
    ruleset: Ruleset,
    tables: Tables,
    context: Context,
    wanted: Mapping[str, Iterable[Expr]] | None = None,
) -> Calibration:
    """What `wanted` expressions (by table) rest on, frozen; the segment sets without `wanted`.

    What `context` brings is kept. Groups stand in the order of their values.

    Raises:
        ValueError: ranks rest on each other in a circle.
    """
    start = replace(context.calibration, as_of=context.as_of)

    def frozen(
        found: Sequence[tuple[str, Calibrated]], known: Calibration
    ) -> dict[str, Mapping[Group, Frozen]]:
        then = replace(context, calibration=known)
        made: dict[str, Mapping[Group, Frozen]] = {}
        for table, node in found:
            rows = everyone(ruleset.table(table), tables, ruleset, context)
            made[node.name] = freeze(node, [compared(node, row, ruleset, then) for row in rows])
        return made

    return calibrate_in_steps(ruleset, wanted, start, frozen)
