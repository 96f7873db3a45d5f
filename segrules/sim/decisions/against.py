"""What one project brings, held against another of the same luck: today with other knobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from segrules.sim.customers.outcome import rows_of
from segrules.sim.customers.run import Played
from segrules.sim.life import LifeProjection
from segrules.sim.line import LineProjection, pair_of
from segrules.sim.projection import Projection
from segrules.sim.queues.figures import LineRow
from segrules.sim.queues.figures import rows as line_rows
from segrules.sim.run import Draws
from segrules.sim.summary import Row, summarise
from segrules.sim.whichever import Found

TODAY = "today"

Kept = TypeVar("Kept", Draws, Played)
"""The futures of a funnel or of a life."""


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
    against = found.project.against
    held = _exchanged(found.draws, base.draws, against)
    return summarise(held, against=None if against == TODAY else against, holds=found.project.holds)


def _of_life(found: LifeProjection, base: LifeProjection) -> Sequence[Row]:
    against = found.project.against
    held = _exchanged(found.played, base.played, against)
    names = [each.name for each in held.model.scenarios]
    return rows_of(held, None if against == TODAY else names.index(against))[0]


def _exchanged(after: Kept | None, before: Kept | None, against: str) -> Kept:
    """The futures, with today, or the scenario that others are held against, as it was before."""
    if after is None or before is None:
        raise ValueError("the futures were not kept")
    scenarios: Any = tuple(
        old if each.name == against else new
        for each, old, new in zip(
            after.model.scenarios, before.scenarios, after.scenarios, strict=True
        )
    )
    return replace(after, today=before.today, scenarios=scenarios)


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
