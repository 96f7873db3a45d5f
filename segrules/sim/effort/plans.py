"""Pay plans as objects: what is paid for a sale, and what is taken back.

Money in minor units; S segments. A figure "by segment" is one number for all or a tuple of S.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from segrules.sim.effort.problems import Problem, negative, not_a_number
from segrules.sim.model import Floats

BySegment = float | tuple[float, ...]


@dataclass(frozen=True)
class CheckTerms:
    """What quality checks do to pay.

    clawback: share of the bonus of a sale taken back when a check of it fails. penalty: taken as
    well for each failed check. sound: paid for each sale that passes a check.
    """

    clawback: float = 0.0
    penalty: float = 0.0
    sound: float = 0.0


@dataclass(frozen=True)
class StayTerms:
    """Paid for a sale whose customer is still there after `periods`.

    An amount, and a share of the value.
    """

    amount: BySegment = 0.0
    of_value: BySegment = 0.0
    periods: int = 1


@dataclass(frozen=True)
class Tier:
    """What holds for the sales of an agent beyond `above` in a period, until the next tier.

    factor: multiplies the bonus of such a sale. extra: paid on top for each.
    """

    above: float
    factor: float = 1.0
    extra: float = 0.0


@dataclass(frozen=True)
class PayPlan:
    """How agents are paid for what they sell.

    The bonus of a sale is multiplier (per_sale + of_value value + of_margin margin), figures by
    segment. tiers change it for the later sales of an agent in a period; cap is the most that an
    agent gets by bonus and tiers in a period, after clawback. Penalties, the pay for sound sales
    and the pay for customers who stay are outside tiers and cap.
    """

    name: str
    per_sale: BySegment = 0.0
    of_value: BySegment = 0.0
    of_margin: BySegment = 0.0
    multiplier: BySegment = 1.0
    checks: CheckTerms = field(default_factory=CheckTerms)
    stays: StayTerms = field(default_factory=StayTerms)
    tiers: tuple[Tier, ...] = ()
    cap: float = math.inf

    @property
    def linear(self) -> bool:
        """Whether a sale is paid the same however many there are."""
        return not self.tiers and self.cap == math.inf

    def at_level(self, level: float) -> "PayPlan":
        """Return the plan with all it pays multiplied by `level`.

        Penalties, factors of tiers and the cap stay.
        """
        if level == 1.0:
            return self
        stays = self.stays
        return replace(
            self,
            per_sale=_times(self.per_sale, level),
            of_value=_times(self.of_value, level),
            of_margin=_times(self.of_margin, level),
            checks=replace(self.checks, sound=self.checks.sound * level),
            stays=replace(
                stays, amount=_times(stays.amount, level), of_value=_times(stays.of_value, level)
            ),
            tiers=tuple(replace(tier, extra=tier.extra * level) for tier in self.tiers),
        )

    def out_of_checks(self) -> "PayPlan":
        """Return the plan in which checks neither take nor give anything."""
        return replace(self, checks=CheckTerms())


def _times(figure: BySegment, factor: float) -> BySegment:
    if isinstance(figure, tuple):
        return tuple(factor * one for one in figure)
    return factor * figure


@dataclass(frozen=True)
class SaleFacts:
    """What a sale of each segment is like: float64[S] each, for the segments in `names`.

    value, margin: of a sale. checked: share of sales checked. failing: share of checks that
    fail. staying: chance that a customer is still there after one period.
    """

    names: tuple[str, ...]
    value: Floats
    margin: Floats
    checked: Floats
    failing: Floats
    staying: Floats

    def problems(self) -> list[Problem]:
        """Return what is wrong with the figures."""
        found: list[Problem] = []
        for subject in ("value", "margin", "checked", "failing", "staying"):
            values = getattr(self, subject)
            if values.shape != (len(self.names),):
                number, expected = float(values.size), f"{len(self.names)}"
                what = f"number of figures for {subject}"
                advice = "give one a segment"
                found.append(Problem("count of figures", what, "", number, expected, advice))
                continue
            for name, value in zip(self.names, values.tolist(), strict=True):
                if not math.isfinite(value):
                    found.append(not_a_number(subject, name, value))
                elif subject in _SHARES and not 0.0 <= value <= 1.0:
                    advice = "look at the lever that moved it"
                    found.append(
                        Problem("share", _SHARES[subject], name, value, "between 0 and 1", advice)
                    )
        return found


_SHARES = {
    "checked": "share of sales checked",
    "failing": "share of checks that fail",
    "staying": "share of customers who stay",
}


def by_segment(figure: BySegment, count: int) -> Floats:
    """Return float64[S]; a tuple must have S numbers."""
    values = np.asarray(figure, dtype=np.float64)
    return np.full(count, float(values)) if values.ndim == 0 else values


def plan_problems(plan: PayPlan, names: tuple[str, ...]) -> list[Problem]:
    """Return what is wrong with a plan for segments of these names."""
    found = _figure_problems(plan, names)
    checks = plan.checks
    if not 0.0 <= checks.clawback <= 1.0:
        advice = "give the share of the bonus that is taken back"
        expected = "between 0 and 1"
        found.append(Problem("share", "clawback", plan.name, checks.clawback, expected, advice))
    amounts = (("penalty", checks.penalty), ("pay for a sound sale", checks.sound))
    for subject, amount in amounts:
        found += negative(subject, [(plan.name, amount)], "leave the minus out")
    if plan.stays.periods < 1:
        found.append(_few_periods(plan))
    if math.isnan(plan.cap) or plan.cap <= 0.0:
        advice = "raise the cap or leave it out: nothing would ever be paid"
        found.append(Problem("pays nothing", "cap", plan.name, plan.cap, "more than 0", advice))
    return found + _tier_problems(plan)


def _few_periods(plan: PayPlan) -> Problem:
    number, advice = float(plan.stays.periods), "say after how many periods it is paid"
    return Problem("negative", "periods to stay", plan.name, number, "1 or more", advice)


def _figure_problems(plan: PayPlan, names: tuple[str, ...]) -> list[Problem]:
    figures: Iterable[tuple[str, BySegment]] = (
        ("pay per sale", plan.per_sale),
        ("share of value", plan.of_value),
        ("share of margin", plan.of_margin),
        ("multiplier", plan.multiplier),
        ("pay for a customer who stays", plan.stays.amount),
        ("share of value for a customer who stays", plan.stays.of_value),
    )
    found: list[Problem] = []
    for subject, figure in figures:
        if isinstance(figure, tuple) and len(figure) != len(names):
            number, expected = float(len(figure)), f"1 or {len(names)}"
            what, advice = f"number of figures for {subject}", "give one a segment"
            found.append(Problem("count of figures", what, plan.name, number, expected, advice))
            continue
        values = figure if isinstance(figure, tuple) else (figure,)
        where = names if isinstance(figure, tuple) else (plan.name,)
        advice = "take something back with a penalty or a clawback"
        found += negative(subject, zip(where, values, strict=True), advice)
    return found


def _tier_problems(plan: PayPlan) -> list[Problem]:
    found: list[Problem] = []
    last = -math.inf
    for tier in plan.tiers:
        for subject, number in (("factor of a tier", tier.factor), ("extra of a tier", tier.extra)):
            found += negative(subject, [(plan.name, number)], "leave the minus out")
        if not 0.0 <= tier.above < math.inf or tier.above <= last:
            expected = "0 or more, and above the tier before it"
            advice = "write the tiers from the fewest sales to the most"
            found.append(
                Problem("level", "start of a tier", plan.name, tier.above, expected, advice)
            )
        last = tier.above
    return found
