"""The calibration of a whole ruleset: every population compared, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from segrules.backends.context import Context
from segrules.backends.reach import calibrated, reached, set_parts
from segrules.backends.reference.evaluate import compared
from segrules.backends.reference.ranking import freeze
from segrules.backends.reference.rows import Tables, everyone
from segrules.lang.ir import Calibrated, Calibration, Expr, Frozen, Group, Ruleset, calibrated_parts


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
    asked = _sets(ruleset) if wanted is None else wanted
    waiting = _calibrated(asked, ruleset)
    calibration = replace(context.calibration, as_of=context.as_of)
    for name in calibration.names():
        waiting.pop(name, None)
    while waiting:
        ready = {
            name: found
            for name, found in waiting.items()
            if not _rests_on(*found, ruleset) & waiting.keys()
        }
        if not ready:
            raise ValueError("ranks rest on each other in a circle")
        known = replace(context, calibration=calibration)
        made = []
        for name, (table, node) in ready.items():
            rows = everyone(ruleset.table(table), tables, ruleset, context)
            groups = freeze(node, [compared(node, row, ruleset, known) for row in rows])
            made.append((name, _ordered(groups)))
            del waiting[name]
        calibration = replace(calibration, frozen=(*calibration.frozen, *made))
    return calibration


def _sets(ruleset: Ruleset) -> dict[str, list[Expr]]:
    """All that places, allots and holds out, by table."""
    found: dict[str, list[Expr]] = {}
    for each in ruleset.sets:
        parts = found.setdefault(each.table, [])
        parts.extend(set_parts(each))
        parts.extend(rank for allotment in each.allotments for rank, _ in allotment.best)
        if each.holdout:
            parts.append(each.holdout.test)
    return found


def _calibrated(
    asked: Mapping[str, Iterable[Expr]], ruleset: Ruleset
) -> dict[str, tuple[str, Calibrated]]:
    """Each rank and figure that the expressions rest on, with its table, by name."""
    return {
        node.name: (table, node)
        for start, expressions in asked.items()
        for table, parts in reached(expressions, start, ruleset).items()
        for node in calibrated(parts)
    }


def _rests_on(table: str, node: Calibrated, ruleset: Ruleset) -> set[str]:
    return set(_calibrated({table: calibrated_parts(node)}, ruleset))


def _ordered(groups: Mapping[Group, Frozen]) -> tuple[tuple[Group, Frozen], ...]:
    return tuple(sorted(groups.items(), key=lambda item: item[0]))
