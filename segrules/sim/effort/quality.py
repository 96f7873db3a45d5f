"""Quality checks: what they cost, what they hold up, and what they keep from happening.

A share m of sales should not have been made. Of those checked (q) a share d is found out; the
rest cost L each later: m (1 - q d) L. How tempting such a sale is depends on pay: it gains the
agent g = b - q d (c b + e + a), the bonus b less what is lost when it is found out (clawback c,
penalty e, pay for a sound sale a). The odds of m move with g, measured in today's bonus:

    odds m = odds m_today exp(temptation (g - g_today) / b_today).

"Out of the bonus" (c = e = a = 0) and "fewer checks" (q) therefore both raise mis-sales; and where
quality is neither paid nor checked, so does every rise of the pay per sale.

Money in minor units; S segments.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from segrules.sim.effort.allocation import miscounted
from segrules.sim.effort.plans import PayPlan, SaleFacts
from segrules.sim.effort.problems import Problem, negative, outside_share
from segrules.sim.jit import kernel
from segrules.sim.model import Floats


@dataclass(frozen=True)
class Quality:
    """Risk of sales today: float64[S] each but for temptation.

    missold: share m of sales. found: share d of mis-sales that a check finds out. loss: L of one
    that is not. check_cost: of a check. hold: periods a checked sale waits; drop: rate at which
    waiting sales fall through. temptation: how strongly mis-sales follow their gain; 0 is not.
    """

    missold: Floats
    found: Floats
    loss: Floats
    check_cost: Floats
    hold: Floats
    drop: Floats
    temptation: float = 0.0

    @classmethod
    def none(cls, count: int) -> "Quality":
        """Return a world without mis-sales and without costs and delays of checks."""
        zeros = np.zeros(count)
        return cls(zeros, zeros, zeros, zeros, zeros, zeros)

    def problems(self, names: tuple[str, ...]) -> list[Problem]:
        """Return what is wrong with the figures."""
        found = [
            miscounted(f"figures for {what}", getattr(self, field), len(names))
            for field, what in _SUBJECT.items()
            if getattr(self, field).shape != (len(names),)
        ]
        if found:
            return found
        for subject in ("missold", "found"):
            named = zip(names, getattr(self, subject).tolist(), strict=True)
            found += outside_share(_SUBJECT[subject], named, "give it as a share of sales")
        for subject in ("loss", "check_cost", "hold", "drop"):
            named = zip(names, getattr(self, subject).tolist(), strict=True)
            found += negative(_SUBJECT[subject], named, "leave the minus out")
        strength = [("", self.temptation)]
        return found + negative("temptation", strength, "0 is no response of mis-sales to pay")


_SUBJECT = {
    "missold": "share of mis-sales",
    "found": "share of mis-sales that a check finds",
    "loss": "loss of a mis-sale",
    "check_cost": "cost of a check",
    "hold": "wait for a check",
    "drop": "rate of falling through",
}


@dataclass(frozen=True)
class Risk:
    """Where quality stands: float64[S] each.

    missold: share of sales; failing: share of checks that fail; passing: share of sales that
    do not fall through while they wait for a check.
    """

    missold: Floats
    failing: Floats
    passing: Floats


@kernel
def shifted(share: float, push: float) -> float:
    """Return the share whose odds are exp(push) times those of `share`; itself at 0."""
    if push == 0.0 or share <= 0.0 or share >= 1.0:
        return share
    return 1.0 / (1.0 + (1.0 - share) / share * math.exp(-push))


@kernel
def gain_of(bonus: float, found: float, clawback: float, penalty: float, sound: float) -> float:
    """Return what a mis-sale gains an agent; found: chance that it is checked and found out."""
    return bonus - found * (clawback * bonus + penalty + sound)


@kernel
def failing_then(failing: float, found: float, missold: float, before: float) -> float:
    """Return the share of checks that fail when mis-sales were `before` and are `missold`."""
    return max(0.0, min(1.0, failing + found * (missold - before)))


@kernel
def passing_share(checked: float, hold: float, drop: float) -> float:
    """Return the share of sales that do not fall through while they wait for a check."""
    return 1.0 + checked * math.expm1(-drop * hold)


@kernel
def slipped(missold: float, checked: float, found: float) -> float:
    """Return the share of sales that are mis-sold and not found out."""
    return missold * (1.0 - checked * found)


def gain(plan: PayPlan, bonus: Floats, checked: Floats, found: Floats) -> Floats:
    """Return float64[S], what a mis-sale gains an agent given the bonus [S] of a sale."""
    checks = plan.checks
    terms = (checks.clawback, checks.penalty, checks.sound)
    rows = zip(bonus.tolist(), (checked * found).tolist(), strict=True)
    return np.array([gain_of(*row, *terms) for row in rows])


def risk_today(quality: Quality, facts: SaleFacts) -> Risk:
    """Return where quality stands before anything changes."""
    return Risk(quality.missold, facts.failing, _passing(quality, facts.checked))


def risk_then(
    quality: Quality, before: tuple[SaleFacts, Floats, Floats], checked: Floats, gained: Floats
) -> Risk:
    """Return where quality goes when mis-sales gain float64[S] and `checked` [S] are checked.

    before: today's facts, today's bonus per sale and today's gain of a mis-sale, [S] each. The
    share of checks that fail moves with the mis-sales they find.
    """
    facts, bonus, gained_today = before
    scale = np.where(bonus > 0.0, bonus, 1.0)
    push = quality.temptation * (gained - gained_today) / scale
    pairs = zip(quality.missold.tolist(), push.tolist(), strict=True)
    missold = np.array([shifted(share, p) for share, p in pairs])
    rows = zip(facts.failing, quality.found, missold, quality.missold, strict=True)
    failing = np.array([failing_then(*row) for row in rows])
    return Risk(missold, failing, _passing(quality, checked))


def _passing(quality: Quality, checked: Floats) -> Floats:
    rows = zip(checked.tolist(), quality.hold.tolist(), quality.drop.tolist(), strict=True)
    return np.array([passing_share(*row) for row in rows])


def with_risk(facts: SaleFacts, checked: Floats, risk: Risk) -> SaleFacts:
    """Return the facts with these checks and this share of failures."""
    return replace(facts, checked=checked, failing=risk.failing)


def undetected(risk: Risk, quality: Quality, checked: Floats) -> Floats:
    """Return float64[S], the share of sales that are mis-sold and not found out."""
    rows = zip(risk.missold.tolist(), checked.tolist(), quality.found.tolist(), strict=True)
    return np.array([slipped(*row) for row in rows])


def quality_cost(
    risk: Risk, quality: Quality, checked: Floats, sales: Floats
) -> tuple[Floats, Floats]:
    """Return the cost of checks and of undetected mis-sales for float64[S] sales, [S] each."""
    checks = sales * checked * quality.check_cost
    return checks, sales * undetected(risk, quality, checked) * quality.loss
