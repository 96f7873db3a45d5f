"""The account of a projection: what a scenario is made of, what drives it, what it rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from segrules.lang import ir
from segrules.sim.assumptions import Evidence, evidence, used_by
from segrules.sim.decisions.drivers import Drivers, drivers, sources_of
from segrules.sim.decisions.parts import Ground, Parts, taken_apart
from segrules.sim.decisions.potential import Gap, gaps
from segrules.sim.decisions.staff import Staff, staff
from segrules.sim.outlook import Outlook
from segrules.sim.projection import Projection


@dataclass(frozen=True)
class Account:
    """One scenario: `evidence` is graded by what drives it.

    staff: its agents, None where nobody works on the funnel; gaps: the opportunity of today.
    """

    scenario: str
    parts: Parts
    drivers: Drivers
    evidence: Evidence
    staff: Staff | None = None
    gaps: tuple[Gap, ...] = ()


def accounts(
    found: Projection, ruleset: ir.Ruleset, *, back_tested: bool = False
) -> tuple[Account, ...]:
    """The account of every scenario that was compared, in their order."""
    return tuple(
        account(found, ruleset, at, back_tested=back_tested) for at in range(len(found.outlooks))
    )


def account(
    found: Projection, ruleset: ir.Ruleset, at: int, *, back_tested: bool = False
) -> Account:
    """The account of the scenario at a place.

    It is worked out from the past that the projection was estimated from; no table is read again.
    """
    name = found.outlooks[at].scenario
    scenario = ruleset.scenario(name)
    ground = Ground(ruleset, found.project, found.history, found.seed)
    day = found.history.as_of
    used = {each.name for each in found.assumptions}
    expired = frozenset(
        each.name for each in ruleset.assumptions if each.until is not None and each.until < day
    )
    model = ground.model([scenario])
    moved = drivers(
        model, 0, sources_of(ruleset, expired),
        spread=_spread(found.outlooks[at], found), target=_target(found.outlooks[at]),
        against=ground.against(model),
    )  # fmt: skip
    own = set(used_by(model)) | {bar.name for bar in moved.tornado.bars}
    stated = [each for each in ruleset.assumptions if each.name in own & used]
    graded = evidence(stated, day, tornado=moved.tornado, back_tested=back_tested)
    return Account(
        name, taken_apart(ground, scenario, found.runs), moved, graded,
        staff(model, 0, ground.against(model)), gaps(model),
    )  # fmt: skip


def _spread(outlook: Outlook, found: Projection) -> float:
    """The standard deviation of the difference; 0 where the engine has no luck."""
    if found.engine == "expected":
        return 0.0
    return outlook.figure.mc_error * math.sqrt(found.runs)


def _target(outlook: Outlook) -> float:
    """The difference at which the decision turns."""
    return outlook.target or 0.0
