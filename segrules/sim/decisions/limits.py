"""Limits on a projection as they are asked for: `cost <= today`, `pay >= 95% of today`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from segrules.lang import ir
from segrules.lang.types import decimals
from segrules.sim.decide.search import Limit
from segrules.sim.decisions.asking import measures_of, unit_of, unknown_measure
from segrules.sim.decisions.paying import PAY
from segrules.sim.model import MONEY_MEASURES
from segrules.sim.queues.figures import WAIT
from segrules.text import problems
from segrules.text.diagnostic import RulesError

_FORM = re.compile(
    r"\s*(?P<measure>\w+(?: +\w+)*)\s*(?P<sign><=|>=)\s*"
    r"(?:(?:(?P<part>[0-9][0-9_]*(?:\.[0-9]+)?)\s*%\s*of\s+)?today"
    r"|(?P<figure>-?[0-9][0-9_]*(?:\.[0-9]+)?)(?:\s*(?P<percent>%))?)\s*"
)


@dataclass(frozen=True)
class Bound:
    """A measure over all segments in the scenario, at most or at least `figure`.

    of_today: the figure is a part of today's; otherwise it is in the unit of the measure, money in
    minor units. written: as it was asked for.
    """

    measure: str
    sign: Literal["<=", ">="]
    figure: float
    of_today: bool
    written: str

    def allowed(self, today: float) -> float:
        """The figure that the measure is held to."""
        return self.figure * today if self.of_today else self.figure

    def excess(self, today: float, then: float) -> float:
        """By what part of the allowed figure it is missed; zero or less where it is kept."""
        allowed = self.allowed(today)
        over = then - allowed if self.sign == "<=" else allowed - then
        return over / (abs(allowed) or 1.0)

    @property
    def limit(self) -> Limit:
        """As the search takes it: on the excess."""
        return Limit(self.written, most=0.0)


def bounds(arguments: Sequence[str], ruleset: ir.Ruleset, project: ir.Project) -> tuple[Bound, ...]:
    """The limits given on a project; money in units of the currency, waits in seconds.

    Raises:
        RulesError: one is not of this form, names no measure, or one that the project cannot
            tell, such as the pay of agents without a plan.
    """
    return tuple(_bound(argument, ruleset, project) for argument in arguments)


def _bound(argument: str, ruleset: ir.Ruleset, project: ir.Project) -> Bound:
    found = _FORM.fullmatch(argument)
    if found is None:
        raise RulesError([problems.limit_unreadable(argument)], unable=True)
    measure, part, figure = " ".join(found["measure"].split()), found["part"], found["figure"]
    _check_measure(measure, ruleset, project)
    sign: Literal["<=", ">="] = "<=" if found["sign"] == "<=" else ">="
    if measure == PAY and (sign == "<=" or figure is not None):
        raise RulesError([problems.pay_limit_unreadable(argument)], unable=True)
    written = " ".join(argument.split())
    if figure is None:
        share = 1.0 if part is None else float(part.replace("_", "")) / 100.0
        return Bound(measure, sign, share, of_today=True, written=written)
    unit = unit_of(project, measure, ruleset.currency)
    if found["percent"] and unit != "share":
        raise RulesError([problems.limit_unreadable(argument)], unable=True)
    scale = 10.0 ** decimals(ruleset.currency) if measure in MONEY_MEASURES else 1.0
    amount = float(figure.replace("_", "")) * (0.01 if found["percent"] else scale)
    return Bound(measure, sign, amount, of_today=False, written=written)


def _check_measure(measure: str, ruleset: ir.Ruleset, project: ir.Project) -> None:
    known = measures_of(ruleset, project)
    if measure in known:
        return
    if measure == PAY:
        if project.about != "funnel":
            raise RulesError([problems.pay_elsewhere(project.name, project.about)], unable=True)
        if not any(each.funnel == project.of and each.plan for each in ruleset.efforts):
            raise RulesError([problems.pay_unknown(project.of)], unable=True)
        return
    if measure == WAIT:
        raise RulesError([problems.nobody_waits(project.name, project.about)], unable=True)
    told = known if project.about != "funnel" else (*known, PAY)
    raise RulesError([unknown_measure(measure, told)], unable=True)
