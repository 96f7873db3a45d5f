"""Limits on a projection as they are asked for: `cost <= today`, `sales >= 95% of today`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from segrules.lang.check.scope import nearest
from segrules.lang.types import decimals
from segrules.sim.decide.search import Limit
from segrules.sim.model import MONEY_MEASURES
from segrules.text import problems
from segrules.text.diagnostic import RulesError

_FORM = re.compile(
    r"\s*(?P<measure>\w+)\s*(?P<sign><=|>=)\s*"
    r"(?:(?:(?P<part>[0-9][0-9_]*(?:\.[0-9]+)?)\s*%\s*of\s+)?today"
    r"|(?P<figure>-?[0-9][0-9_]*(?:\.[0-9]+)?))\s*"
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


def bounds(
    arguments: Sequence[str], known: Sequence[str], currency: str | None
) -> tuple[Bound, ...]:
    """The limits given; money in units of the currency.

    Raises:
        RulesError: one is not of this form, or names no measure.
    """
    return tuple(_bound(argument, known, currency) for argument in arguments)


def _bound(argument: str, known: Sequence[str], currency: str | None) -> Bound:
    found = _FORM.fullmatch(argument)
    if found is None:
        raise RulesError([problems.limit_unreadable(argument)], unable=True)
    measure, part, figure = found["measure"], found["part"], found["figure"]
    if measure not in known:
        near = nearest(measure, known)
        told = sorted(known, key=lambda each: each not in MONEY_MEASURES)
        raise RulesError([problems.measure_unknown(measure, near, told)], unable=True)
    sign: Literal["<=", ">="] = "<=" if found["sign"] == "<=" else ">="
    written = " ".join(argument.split())
    if figure is None:
        share = 1.0 if part is None else float(part.replace("_", "")) / 100.0
        return Bound(measure, sign, share, of_today=True, written=written)
    scale = 10 ** decimals(currency) if measure in MONEY_MEASURES else 1
    amount = float(figure.replace("_", "")) * scale
    return Bound(measure, sign, amount, of_today=False, written=written)


def kept(
    limits: Sequence[Bound], today: Mapping[str, float], then: Mapping[str, float]
) -> dict[str, float]:
    """The excess of every limit, by how it is written."""
    found = {}
    for each in limits:
        excess = each.excess(today[each.measure], then[each.measure])
        found[each.written] = excess if math.isfinite(excess) else math.inf
    return found
