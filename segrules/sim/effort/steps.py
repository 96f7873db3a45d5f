"""Futures in which pay depends on how much is sold, one by one: tiers, caps, effort that pay buys.

The pay for one more sale and the sales it brings are settled together, pool by pool. This takes
some milliseconds a future, a thousand times as long as plans that pay every sale the same.
"""

from dataclasses import dataclass

import numpy as np

from segrules.sim.effort.charge import Answer
from segrules.sim.effort.crew import AgentsModel, Terms
from segrules.sim.effort.follow import Arm, Offer, Work, figure, follow, staff_then
from segrules.sim.effort.linear import Case, Inflow, Room, come, lay_out, record
from segrules.sim.effort.pack import (
    AGENTS,
    CLAWBACK,
    OF_MARGIN,
    OF_VALUE,
    PENALTY,
    PER_SALE,
    SOUND,
    STAY,
    STAY_OF_VALUE,
    SUPPLY,
)
from segrules.sim.effort.payroll import Pool, pay_per_sale, payroll
from segrules.sim.effort.plans import CheckTerms, PayPlan, SaleFacts, StayTerms, Tier
from segrules.sim.effort.response import total_effort
from segrules.sim.effort.settle import settle, settled
from segrules.sim.model import Figure, Floats, FunnelModel


@dataclass(frozen=True)
class Steps:
    """What the plans of today and of a scenario are made of.

    names: of the segments; number: the place of each assumption; months: pay periods.
    """

    names: tuple[str, ...]
    number: dict[str, int]
    months: int
    plans: tuple[Terms, Terms]

    @classmethod
    def of(cls, agents: AgentsModel, model: FunnelModel, terms: Terms) -> "Steps":
        """Return those of a scenario under these terms."""
        number = {each.name: at for at, each in enumerate(model.assumptions)}
        return cls(model.segments, number, agents.months, (agents.terms, terms))

    def plan(self, arm: int, level: float, assumed: Floats, at: Arm) -> PayPlan:
        """Return the plan of an arm in a future; the figures [8] of `at` are at their level."""
        terms, figures = self.plans[arm], at.plan.tolist()

        def drawn(one: Figure) -> float:
            return float(assumed[self.number[one]]) if isinstance(one, str) else float(one)

        tiers = [
            Tier(rung.above, drawn(rung.factor), drawn(rung.extra) * level) for rung in terms.rungs
        ]
        return PayPlan(
            terms.name,
            figures[PER_SALE],
            figures[OF_VALUE],
            figures[OF_MARGIN],
            tuple(drawn(one) for one in terms.times),
            CheckTerms(figures[CLAWBACK], figures[PENALTY], figures[SOUND]),
            StayTerms(figures[STAY], figures[STAY_OF_VALUE]),
            tuple(tiers),
            np.inf if terms.cap is None else drawn(terms.cap),
        )

    def facts(self, offer: Offer, arm: Arm) -> SaleFacts:
        """Return what a sale is like in an arm."""
        return SaleFacts(
            self.names, offer.value, offer.margin, arm.checked, arm.failing, offer.staying
        )


@dataclass(frozen=True)
class _Future:
    """One future laid out: plans, facts and pools (today's and the scenario's)."""

    plans: tuple[PayPlan, PayPlan]
    facts: tuple[SaleFacts, SaleFacts]
    pools: tuple[tuple[Pool, ...], tuple[Pool, ...]]


def answer_steps(
    case: Case,
    steps: Steps,
    assumption: Floats,
    inflows: tuple[Inflow, Inflow],
    room: Room,
    out: Answer,
) -> None:
    """Fill the answer of every future, as `linear.answer_linear` does.

    EffortError: pay and sales do not settle.
    """
    for r in range(len(assumption)):
        come(case, inflows[0], r, room.now)
        come(case, inflows[1], r, room.then)
        assumed = assumption[r]
        lay_out(case, assumed, room)
        future = _future(case, assumed, room, steps)
        sales = _settle(case, assumed, future, room.work)
        record(case, assumed, room, r, out)
        _charge(future, sales, out, r)


def _future(case: Case, assumed: Floats, room: Room, steps: Steps) -> _Future:
    pools = range(len(case.book.pool_hours))
    staff = case.book.by_pool
    months = float(steps.months)
    before = [figure(staff.amount[AGENTS, g], staff.place[AGENTS, g], assumed) for g in pools]
    after = [staff_then(case.book, case.then, assumed, g) for g in pools]
    now, then = room.work.today, room.work.then
    return _Future(
        (
            steps.plan(0, case.today.level, assumed, now),
            steps.plan(1, case.then.level, assumed, then),
        ),
        (steps.facts(room.now, now), steps.facts(room.then, then)),
        (tuple(Pool(n, months) for n in before), tuple(Pool(n, months) for n in after)),
    )


def _settle(case: Case, assumed: Floats, future: _Future, work: Work) -> Floats:
    """Fill hours and rates with which pay and effort agree, and return the sales [G, S] then."""
    today, then = work.today, work.then
    shape = today.cases.shape
    # In the order of `sales` below, so that nothing moves where nothing changes.
    before = np.asarray(today.cases * work.raw * today.passing)
    firm = case.book.firm
    supply = figure(firm.amount[SUPPLY], firm.place[SUPPLY], assumed)
    paid = _paid(future, 0, before)
    today.pay[:] = _per_sale(future, 0, before)

    def sales() -> Floats:
        return np.asarray(then.cases * work.rate * then.passing)

    def reached(state: Floats) -> Floats:
        then.pay[:] = state[: then.pay.size].reshape(shape)
        follow(case.book, case.then, assumed, state[then.pay.size :], work)
        done = sales()
        effort = [
            total_effort(new, old, supply) if old > 0.0 else 1.0
            for new, old in zip(_paid(future, 1, done), paid, strict=True)
        ]
        return np.concatenate([_per_sale(future, 1, done).ravel(), effort])

    start = np.concatenate([_per_sale(future, 1, before).ravel(), np.ones(shape[0])])
    reached(settled(settle(reached, start)))
    return sales()


def _per_sale(future: _Future, arm: int, sales: Floats) -> Floats:
    """Return float64[G, S], the pay for one more sale at these sales [G, S]."""
    plan, facts = future.plans[arm], future.facts[arm]
    rows = zip(sales, future.pools[arm], strict=True)
    return np.array([pay_per_sale(plan, facts, row, pool) for row, pool in rows])


def _paid(future: _Future, arm: int, sales: Floats) -> list[float]:
    """Return what each pool is paid for its sales [G, S]."""
    plan, facts = future.plans[arm], future.facts[arm]
    rows = zip(sales, future.pools[arm], strict=True)
    return [payroll(plan, facts, row, pool).total for row, pool in rows]


def _charge(future: _Future, sales: Floats, out: Answer, r: int) -> None:
    """Replace the pay for a sale by what the pools are paid on the mean for the sales they make."""
    plan, facts = future.plans[1], future.facts[1]
    bonus = np.zeros(sales.shape[1])
    for g, (row, pool) in enumerate(zip(sales, future.pools[1], strict=True)):
        paid = payroll(plan, facts, row, pool)
        out.pay[r, g] = paid.pay
        bonus += paid.pay - paid.stays
    made = sales.sum(axis=0)
    out.sale_cost[r, :, 0] = np.where(made > 0.0, bonus / np.where(made > 0.0, made, 1.0), 0.0)
