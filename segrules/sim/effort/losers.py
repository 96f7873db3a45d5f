"""Who loses: what a change of plan does to the pay of each agent.

Here the cases of each agent are known; `dealt` is for agents whose cases are not. They have
different cases and hours. Each goes where the own pay is best, before and after; a
plan that costs the firm the same may still take a fifth from those with simple cases.

Money in minor units, time in hours; A agents, S segments.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segrules.sim.effort.allocation import Curves, miscounted
from segrules.sim.effort.payroll import Pool, pay_per_sale, payroll
from segrules.sim.effort.plans import PayPlan, SaleFacts, plan_problems
from segrules.sim.effort.problems import Problem, no_cases, no_hours, pays_nothing, refuse
from segrules.sim.effort.response import Then, Today, at_best, response_problems, work
from segrules.sim.effort.settle import settle, settled
from segrules.sim.model import Floats


@dataclass(frozen=True)
class Team:
    """Agents and what they work on.

    names: A. cases: float64[A, S]; hours: float64[A]; skill: float64[A], multiplies the ceiling
    of each curve. salary: paid whatever is sold. periods: pay periods that cases and hours span.
    strength: of the response to pay.
    """

    names: tuple[str, ...]
    cases: Floats
    hours: Floats
    skill: Floats
    salary: float = 0.0
    periods: float = 1.0
    strength: float = 1.0


@dataclass(frozen=True)
class PayChange:
    """Pay of each agent before and after: float64[A], or float64[R, A] in R futures."""

    names: tuple[str, ...]
    before: Floats
    after: Floats

    @property
    def change(self) -> Floats:
        return np.asarray(self.after - self.before)

    @property
    def relative(self) -> Floats:
        """Change as a share of the pay before, nan where that was not above 0."""
        paid = np.where(self.before > 0.0, self.before, np.nan)
        return np.asarray(self.change / paid)

    def losing(self, more_than: float = 0.0) -> NDArray[np.bool_]:
        """Tell whose pay falls by more than this share of it.

        Those with nothing to begin with lose when their pay falls at all.
        """
        limit = -more_than * np.maximum(0.0, self.before)
        return np.asarray(self.change < limit)

    def share_losing(self, more_than: float = 0.0) -> float:
        """Return the share of agents whose pay falls by more than this share of it."""
        return float(np.mean(self.losing(more_than)))

    def quantiles(self, at: Floats) -> Floats:
        """Return the quantiles of the relative change of those who were paid."""
        known = self.relative[np.isfinite(self.relative)]
        return np.asarray(np.quantile(known, at)) if len(known) else np.full(len(at), np.nan)


def pay_changes(
    team: Team, curves: Curves, facts: SaleFacts, plans: tuple[PayPlan, PayPlan]
) -> PayChange:
    """Return each agent's pay under today's plan and another.

    EffortError: a plan that pays nothing to an agent, an agent without hours, bad figures.
    """
    refuse([*curves.problems(), *facts.problems(), *response_problems(team.strength)])
    for plan in plans:
        refuse(plan_problems(plan, curves.names))
    refuse(
        no_hours("selling hours", name, hours)
        for name, hours in zip(team.names, team.hours.tolist(), strict=True)
        if not 0.0 < hours < np.inf
    )
    refuse(
        Problem("negative", "skill", name, skill, "more than 0", "1 is the skill of the curves")
        for name, skill in zip(team.names, team.skill.tolist(), strict=True)
        if not 0.0 < skill < np.inf
    )
    if team.cases.shape != (len(team.names), len(curves.names)):
        count = len(team.names) * len(curves.names)
        refuse([miscounted("cases by agent and segment", team.cases, count)])
    refuse(
        no_cases(name)
        for name, cases in zip(team.names, team.cases, strict=True)
        if not np.any(cases > 0.0)
    )
    both = np.array([_both(team, i, curves, facts, plans) for i in range(len(team.names))])
    return PayChange(team.names, both[:, 0], both[:, 1])


def _both(
    team: Team, agent: int, curves: Curves, facts: SaleFacts, plans: tuple[PayPlan, PayPlan]
) -> tuple[float, float]:
    own = Curves(curves.names, np.minimum(1.0, curves.ceiling * team.skill[agent]), curves.speed)
    cases, hours = team.cases[agent].astype(float), float(team.hours[agent])
    slips = Pool(1.0, team.periods)
    today = best_under(plans[0], facts, (cases, own, hours), slips)
    before = payroll(plans[0], facts, today.cases * today.rate, slips).total
    if plans[1] == plans[0]:
        return team.salary + before, team.salary + before
    sales = sales_under(plans[1], facts, (today, team.strength), slips)
    after = payroll(plans[1], facts, sales, slips).total
    return team.salary + before, team.salary + after


def best_under(
    plan: PayPlan,
    facts: SaleFacts,
    offer: tuple[Floats, Curves, float],
    pool: Pool,
    passing: Floats | float = 1.0,
) -> Today:
    """Return the state in which a pool does what pays it most under a plan.

    offer: float64[S] cases, their curves and the hours. passing: share of sales that do not fall
    through later; the rates are before that. Where tiers or a cap make the pay depend on the
    sales, the two are settled together.
    """
    cases, curves, hours = offer

    def state(pay: Floats) -> Today:
        if not np.any(pay > 0.0):
            refuse([pays_nothing(plan.name, float(pay.max()))])
        return at_best(cases, pay * passing, curves, hours)

    fair = pay_per_sale(plan, facts, np.zeros(len(cases)), pool)
    if plan.linear:
        return state(fair)

    def follow(pay: Floats) -> Floats:
        reached = state(pay)
        return pay_per_sale(plan, facts, reached.cases * reached.rate * passing, pool)

    return state(settled(settle(follow, fair)))


def sales_under(plan: PayPlan, facts: SaleFacts, who: tuple[Today, float], pool: Pool) -> Floats:
    """Return float64[S] sales of a pool under another plan; who: its state and its response."""
    today, strength = who

    def sales(pay: Floats) -> Floats:
        then = Then(today.cases, pay, today.ceiling, today.speed)
        return np.asarray(today.cases * work(today, then, strength)[1])

    start = pay_per_sale(plan, facts, today.cases * today.rate, pool)
    if plan.linear:
        return sales(start)
    result = settle(lambda pay: pay_per_sale(plan, facts, sales(pay), pool), start)
    return sales(settled(result))
