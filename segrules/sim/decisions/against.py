"""What one project brings, held against another of the same luck: today with other knobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from segrules.sim.customers.outcome import rows_of
from segrules.sim.life import LifeProjection
from segrules.sim.line import LineProjection, pair_of
from segrules.sim.projection import Projection
from segrules.sim.queues.figures import LineRow
from segrules.sim.queues.figures import rows as line_rows
from segrules.sim.summary import Row, summarise
from segrules.sim.whichever import Found

TODAY = "today"


def rows_against(found: Found, base: Found) -> Sequence[Row | LineRow]:
    """The rows of a project, held against today or the scenario it names as they are in another.

    Both kept their futures (`Settings.keep`), of the same number and seed. ValueError otherwise.
    """
    match found, base:
        case Projection(), Projection():
            return _of_funnel(found, base)
        case LifeProjection(), LifeProjection():
            return _of_life(found, base)
        case LineProjection(), LineProjection():
            return _of_line(found, base)
    raise ValueError("projects of two kinds")


def _of_funnel(found: Projection, base: Projection) -> Sequence[Row]:
    after, before, against = found.draws, base.draws, found.project.against
    if after is None or before is None:
        raise ValueError("the futures were not kept")
    names = [each.name for each in after.model.scenarios]
    held = replace(after, today=before.today, scenarios=_exchanged(after, before, names, against))
    named = None if against == TODAY else against
    return summarise(held, against=named, holds=found.project.holds)


def _of_life(found: LifeProjection, base: LifeProjection) -> Sequence[Row]:
    after, before, against = found.played, base.played, found.project.against
    if after is None or before is None:
        raise ValueError("the futures were not kept")
    names = [each.name for each in after.model.scenarios]
    held = replace(after, today=before.today, scenarios=_exchanged(after, before, names, against))
    return rows_of(held, None if against == TODAY else names.index(against))[0]


def _exchanged(after: Any, before: Any, names: list[str], against: str) -> tuple[Any, ...]:
    """The scenarios, with the one that the others are held against as it was before."""
    return tuple(
        before.scenarios[at] if name == against else after.scenarios[at]
        for at, name in enumerate(names)
    )


def _of_line(found: LineProjection, base: LineProjection) -> Sequence[LineRow]:
    if found.played is None or base.played is None:
        raise ValueError("the days were not kept")
    (made, done), names = found.played, [each.name for each in found.pools]
    rows: list[LineRow] = []
    for at, plan in enumerate(made.plans[1:], 1):
        start = pair_of(*base.played, 0, at)
        pair = replace(
            pair_of(made, done, 0, at), today=start.today, cost_today=start.cost_today
        )  # fmt: skip
        rows += line_rows(plan.name, pair, made.past.segments, names, plan.named)
    return rows
