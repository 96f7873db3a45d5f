"""What a plan pays: for one more sale, and for the sales of a whole pool.

For a plan without tiers and cap a sale of segment j is worth b = g (1 - q f c) - q f e to the
agent, with g the bonus, q the share checked, f the share that fails, c the clawback and e the
penalty, and besides what sound sales and customers who stay bring.

With tiers or a cap it depends on how many sales an agent makes in a period. Their number N is
taken as Poisson around the mean of the pool, all of the mean bonus; G(N) is what they bring. The
payroll is the mean of G(N), and a sale of segment j is worth what it adds as the last of the
period, G(N and one of bonus g_j) - G(N), on the mean.

Money in minor units; S segments.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, xlogy

from segrules.sim.effort.plans import PayPlan, SaleFacts, by_segment
from segrules.sim.jit import kernel
from segrules.sim.model import Floats


@dataclass(frozen=True)
class Pool:
    """Who shares the sales: agents on equal terms, over a number of pay periods."""

    agents: float = 1.0
    periods: float = 1.0

    @property
    def slips(self) -> float:
        """Return the number of pay slips."""
        return self.agents * self.periods


@dataclass(frozen=True)
class Payroll:
    """What was paid for the sales of each segment: float64[S] each.

    bonus: with tiers and cap, after clawback. clawed_back: bonus of sales taken back, before tiers
    and cap. penalties; sound, stays: paid for sales that pass a check, and for customers who stay.
    """

    bonus: Floats
    clawed_back: Floats
    penalties: Floats
    sound: Floats
    stays: Floats

    @property
    def pay(self) -> Floats:
        return np.asarray(self.bonus - self.penalties + self.sound + self.stays)

    @property
    def total(self) -> float:
        return float(self.pay.sum())


@kernel
def net_pay(bonus: float, checked: float, failing: float, clawback: float, penalty: float) -> float:
    """Return what a sale brings an agent after checks, for a plan without tiers and cap."""
    return bonus - checked * failing * (clawback * bonus + penalty)


@kernel
def gross_bonus(
    times: float, per_sale: float, of_value: float, of_margin: float, value: float, margin: float
) -> float:
    """Return the bonus of a sale before checks, tiers and cap."""
    return times * (per_sale + of_value * value + of_margin * margin)


@kernel
def sound_pay(checked: float, failing: float, sound: float) -> float:
    """Return what checks that are passed bring a sale on the mean."""
    return checked * (1.0 - failing) * sound


def bonus_per_sale(plan: PayPlan, facts: SaleFacts) -> Floats:
    """Return float64[S], the bonus of a sale before checks, tiers and cap."""
    count = len(facts.names)
    figures = (plan.multiplier, plan.per_sale, plan.of_value, plan.of_margin)
    columns = [by_segment(figure, count).tolist() for figure in figures]
    rows = zip(*columns, facts.value.tolist(), facts.margin.tolist(), strict=True)
    return np.array([gross_bonus(*row) for row in rows])


def pay_per_sale(plan: PayPlan, facts: SaleFacts, sales: Floats, pool: Pool) -> Floats:
    """Return float64[S], the effective pay for one more sale when the pool makes float64[S] sales.

    The sales and the pool matter only where the plan has tiers or a cap.
    """
    bonus = bonus_per_sale(plan, facts)
    failed = facts.checked * facts.failing
    aside = _sound(plan, facts) + _stays(plan, facts)
    if plan.linear:
        rows = zip(bonus.tolist(), facts.checked.tolist(), facts.failing.tolist(), strict=True)
        taken = (plan.checks.clawback, plan.checks.penalty)
        return np.array([net_pay(*row, *taken) for row in rows]) + aside
    kept = bonus * (1.0 - failed * plan.checks.clawback)
    return _on_ladder(plan, kept, sales, pool) - failed * plan.checks.penalty + aside


def payroll(plan: PayPlan, facts: SaleFacts, sales: Floats, pool: Pool) -> Payroll:
    """Return the expected pay for float64[S] sales of a pool.

    Tiers and cap fall on the segments in proportion to their bonuses.
    """
    gross = bonus_per_sale(plan, facts)
    failed = facts.checked * facts.failing
    lost = failed * plan.checks.clawback
    bonus = sales * gross * (1.0 - lost)
    clawed = sales * gross * lost
    before = float(bonus.sum())
    number = float(sales.sum())
    if not plan.linear and number > 0.0:
        ladder = _Ladder.of(plan, number / pool.slips, before / number)
        paid = pool.slips * ladder.expected()
        bonus = bonus * (paid / before) if before > 0.0 else sales * (paid / number)
    return Payroll(
        bonus=np.asarray(bonus),
        clawed_back=np.asarray(clawed),
        penalties=np.asarray(sales * failed * plan.checks.penalty),
        sound=np.asarray(sales * _sound(plan, facts)),
        stays=np.asarray(sales * _stays(plan, facts)),
    )


def _sound(plan: PayPlan, facts: SaleFacts) -> Floats:
    rows = zip(facts.checked.tolist(), facts.failing.tolist(), strict=True)
    return np.array([sound_pay(*row, plan.checks.sound) for row in rows])


def _stays(plan: PayPlan, facts: SaleFacts) -> Floats:
    count = len(facts.names)
    terms = plan.stays
    paid = by_segment(terms.amount, count) + by_segment(terms.of_value, count) * facts.value
    return np.asarray(facts.staying**terms.periods * paid)


def _on_ladder(plan: PayPlan, kept: Floats, sales: Floats, pool: Pool) -> Floats:
    number = float(sales.sum())
    if number <= 0.0:
        # The first sale of all.
        factor, extra = (float(step[0]) for step in _steps(plan, 1))
        return np.minimum(plan.cap, kept * factor + extra)
    mean = float((sales * kept).sum()) / number
    return _Ladder.of(plan, number / pool.slips, mean).one_more(kept)


@dataclass(frozen=True)
class _Ladder:
    """Pay slips with 0, 1, 2, ... sales of the same bonus: float64[M] each.

    chance: of that many sales; pay: for them, were there no cap; factor, extra: of the next one.
    """

    cap: float
    chance: Floats
    pay: Floats
    factor: Floats
    extra: Floats

    @classmethod
    def of(cls, plan: PayPlan, mean: float, bonus: float) -> "_Ladder":
        most = math.ceil(mean + 12.0 * math.sqrt(mean) + 30.0)
        factor, extra = _steps(plan, most + 1)
        number = np.arange(most + 1.0)
        chance = np.exp(xlogy(number, mean) - gammaln(number + 1.0) - mean)
        pay = np.concatenate([[0.0], np.cumsum(bonus * factor + extra)[:-1]])
        return cls(plan.cap, chance, pay, factor, extra)

    def expected(self) -> float:
        return float(self.chance @ np.minimum(self.cap, self.pay))

    def one_more(self, bonus: Floats) -> Floats:
        """Return float64[S], what one more sale adds for each bonus [S]."""
        then = self.pay + bonus[:, None] * self.factor + self.extra
        gained = np.minimum(self.cap, then) - np.minimum(self.cap, self.pay)
        return np.asarray(gained @ self.chance)


def _steps(plan: PayPlan, most: int) -> tuple[Floats, Floats]:
    """Return factor and extra of the sales 1, 2, ... most of an agent in a period."""
    number = np.arange(1.0, most + 1.0)
    factor, extra = np.ones(most), np.zeros(most)
    for tier in plan.tiers:
        factor[number > tier.above] = tier.factor
        extra[number > tier.above] = tier.extra
    return factor, extra
