"""What a scenario rests on: how good the evidence is, and which assumptions matter most."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from segrules.lang import ir
from segrules.sim.decide.tornado import Tornado
from segrules.sim.model import FunnelModel

Grade = Literal["A", "B", "C", "D"]

MEASURED = frozenset({"data", "experiment"})
"""Sources that count the firm's own customers."""

FIVE = 5
"""Assumptions that the grade is taken from."""

GRADES: Mapping[Grade, str] = {
    "A": "measured, by an experiment too, and the projection was held against what came",
    "B": "measured, but not held against what came",
    "C": "measured or published in the main, the rest is judgement",
    "D": "judgement in the main, or only",
}
"""What each grade says."""


@dataclass(frozen=True)
class Weighed:
    """An assumption and how much it matters.

    swing: how far it moves the outcome from its p10 to its p90 (money in minor units); flip: its
    value at which the outcome meets the target, None where it never does. Both None where no
    tornado was made. expired: its day has passed, so it counts as judgement.
    """

    stated: ir.Assumption
    expired: bool
    swing: float | None
    flip: float | None

    @property
    def source(self) -> str:
        """The class of its evidence as it counts today."""
        return "judgement" if self.expired else self.stated.source


@dataclass(frozen=True)
class Evidence:
    """The assumptions of a scenario, those that matter most first, and the grade of their evidence.

    ranked: they are in the order of their swings; otherwise as declared, all weighing the same.
    back_tested: the model was held against what came, and passed.
    """

    grade: Grade
    weighed: tuple[Weighed, ...]
    ranked: bool
    back_tested: bool = False

    @property
    def most(self) -> tuple[Weighed, ...]:
        """Those that matter most: the grade is theirs."""
        return self.weighed[:FIVE]


def evidence(
    assumptions: Sequence[ir.Assumption],
    as_of: dt.date,
    *,
    tornado: Tornado | None = None,
    back_tested: bool = False,
) -> Evidence:
    """Weigh the assumptions of a scenario on a day.

    With a tornado each weighs as its swing, and one without a bar nothing. The grade is taken from
    the five that matter most; without a ranking, from all of them.
    """
    bars = {bar.name: bar for bar in tornado.bars} if tornado else {}
    weighed = [
        Weighed(
            each,
            each.until is not None and each.until < as_of,
            bars[each.name].swing if each.name in bars else 0.0 if tornado else None,
            bars[each.name].break_even if each.name in bars else None,
        )
        for each in assumptions
    ]
    if tornado:
        weighed.sort(key=lambda each: -(each.swing or 0.0))
    judged = weighed[:FIVE] if tornado else weighed
    return Evidence(_grade(judged, back_tested), tuple(weighed), tornado is not None, back_tested)


def used_by(model: FunnelModel, at: int = 0) -> tuple[str, ...]:
    """The names of the assumptions of the scenario at a place, and of the agents where it has some.

    They are in the order of their use.
    """
    agents = () if model.agents is None else model.agents.assumed_by(at)
    return tuple(dict.fromkeys((*model.scenarios[at].assumptions(), *agents)))


def _grade(judged: Sequence[Weighed], back_tested: bool) -> Grade:
    sources = [each.source for each in judged]
    if all(source in MEASURED for source in sources):
        return "A" if back_tested and "experiment" in sources else "B"
    weights = [1.0 if each.swing is None else each.swing for each in judged]
    if not any(weights):
        weights = [1.0] * len(judged)
    known = sum(
        weight for weight, source in zip(weights, sources, strict=True) if source != "judgement"
    )
    return "C" if 2.0 * known >= sum(weights) else "D"
