"""The mean-field firm: every pool as one agent, every segment at its expectation.

Enquiries become appointments, appointments get hours and become sales, customers stay or leave.
Levers change rates, curves, pay and checks; hours follow, and a bridge of contributions leads
from today to the scenario, lever by lever and segment by segment.

Money in minor units, time in hours, all over the projected time; S segments.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from segrules.sim.decide.shapley import MOST_EXACT, contributions
from segrules.sim.effort.allocation import Curves, miscounted
from segrules.sim.effort.levers import Changes, Lever, ceiling_factor, gather, moved, untested
from segrules.sim.effort.losers import best_under
from segrules.sim.effort.neutral import neutral_level
from segrules.sim.effort.payroll import Payroll, Pool, bonus_per_sale, pay_per_sale, payroll
from segrules.sim.effort.plans import PayPlan, SaleFacts, plan_problems
from segrules.sim.effort.problems import (
    Problem,
    negative,
    no_hours,
    not_a_number,
    outside_share,
    pays_nothing,
    refuse,
)
from segrules.sim.effort.quality import (
    Quality,
    Risk,
    gain,
    quality_cost,
    risk_then,
    risk_today,
    with_risk,
)
from segrules.sim.effort.response import Then, Today, response_problems, total_effort, work
from segrules.sim.effort.settle import settle, settled
from segrules.sim.model import Floats


@dataclass(frozen=True)
class Response:
    """How agents answer to pay.

    strength: 0 not at all, 1 fully. effort: elasticity of their hours in what they are paid,
    `salary` (of the pool, whatever is sold) included.
    """

    strength: float = 1.0
    effort: float = 0.0
    salary: float = 0.0


@dataclass(frozen=True)
class Firm:
    """A funnel of enquiries, appointments, sales and customers who stay.

    enquiries: float64[S]; appointment: float64[S], share of enquiries; curves: how hours sell;
    facts: of sales, `staying` being the last stage of the funnel. hours: of the pool, which go
    where they pay most; or float64[S] hours per appointment as observed today.
    """

    enquiries: Floats
    appointment: Floats
    curves: Curves
    facts: SaleFacts
    plan: PayPlan
    hours: float | Floats
    quality: Quality | None = None
    pool: Pool = field(default_factory=Pool)
    response: Response = field(default_factory=Response)

    @property
    def names(self) -> tuple[str, ...]:
        return self.curves.names

    @property
    def risks(self) -> Quality:
        return self.quality or Quality.none(len(self.names))

    def problems(self) -> list[Problem]:
        """Return what is wrong with the figures."""
        count = len(self.names)
        figures = [("enquiries", self.enquiries), ("appointment rates", self.appointment)]
        if isinstance(self.hours, np.ndarray):
            figures.append(("hours per case", self.hours))
        found = [miscounted(what, v, count) for what, v in figures if v.shape != (count,)]
        found += self.curves.problems() + self.facts.problems()
        found += plan_problems(self.plan, self.names) + response_problems(self.response.strength)
        if found:
            return found
        found += negative("enquiries", self._named(self.enquiries), "count them again")
        found += negative("salary", [("", self.response.salary)], "give what the pool is paid")
        if not np.isfinite(self.response.effort):
            found.append(not_a_number("effort elasticity", "", self.response.effort))
        found += outside_share("appointment rate", self._named(self.appointment), _RATE)
        if isinstance(self.hours, np.ndarray):
            found += [
                no_hours("hours per case", name, h)
                for name, h in self._named(self.hours)
                if not 0.0 < h < np.inf
            ]
        elif not 0.0 < self.hours < np.inf:
            found.append(no_hours("selling hours", "", self.hours))
        return found + self.risks.problems(self.names)

    def _named(self, values: Floats) -> list[tuple[str, float]]:
        return list(zip(self.names, values.tolist(), strict=True))


_RATE = "give it as a share of enquiries"


@dataclass(frozen=True)
class Outcome:
    """What comes of it: float64[S] each unless said otherwise.

    hours: per appointment; effort: all hours as a multiple of today's (a number). appointment,
    sale, retained: rates; appointments, sales, customers: counts; revenue, margin: of the sales;
    retained_revenue: of those who stay. payroll: what agents get. missold, failing: shares of
    sales and of checks. check_cost, missale_cost; salary, lever_cost (numbers).
    """

    names: tuple[str, ...]
    hours: Floats
    effort: float
    appointment: Floats
    sale: Floats
    retained: Floats
    appointments: Floats
    sales: Floats
    customers: Floats
    revenue: Floats
    margin: Floats
    retained_revenue: Floats
    payroll: Payroll
    missold: Floats
    failing: Floats
    check_cost: Floats
    missale_cost: Floats
    salary: float
    lever_cost: float

    @property
    def pay(self) -> float:
        """What agents get by results."""
        return self.payroll.total

    @property
    def profit(self) -> float:
        """Margin less pay, salary, checks, redress and levers."""
        costs = self.check_cost + self.missale_cost
        return float((self.margin - costs).sum()) - self.pay - self.salary - self.lever_cost


@dataclass(frozen=True)
class _Base:
    """Today: what scenarios depart from."""

    firm: Firm
    state: Today
    bonus: Floats
    gained: Floats
    pay: float


def outcome(firm: Firm, levers: Sequence[Lever] = (), level: float = 1.0) -> Outcome:
    """Return what the levers make of the firm; the plan then in force pays at `level`.

    EffortError: bad figures, rates that leave 0 to 1, a plan that pays nothing, hours and pay that
    do not settle.
    """
    return _outcome(_base(firm), gather(levers, firm.names), level)


def _base(firm: Firm) -> _Base:
    refuse(firm.problems())
    quality, facts, curves = firm.risks, firm.facts, firm.curves
    passing = risk_today(quality, facts).passing
    cases = firm.enquiries * firm.appointment
    if isinstance(firm.hours, np.ndarray):
        rate = curves.sold(firm.hours)
        pay = passing * pay_per_sale(firm.plan, facts, cases * rate * passing, firm.pool)
        refuse(
            [
                pays_nothing(f"{firm.plan.name} for {name}", b)
                for name, b in firm._named(pay)
                if b <= 0
            ]
        )
        anchor = pay * curves.ceiling * curves.speed
        state = Today(cases, firm.hours.astype(float), rate, curves.ceiling, curves.speed, anchor)
    else:
        state = best_under(firm.plan, facts, (cases, curves, firm.hours), firm.pool, passing)
    bonus = bonus_per_sale(firm.plan, facts)
    gained = gain(firm.plan, bonus, facts.checked, quality.found)
    sales = cases * state.rate * passing
    paid = firm.response.salary + payroll(firm.plan, facts, sales, firm.pool).total
    if firm.response.effort != 0.0 and paid <= 0.0:
        refuse([pays_nothing(firm.plan.name, paid)])
    return _Base(firm, state, bonus, gained, paid)


@dataclass(frozen=True)
class _Scene:
    """A firm with its levers applied, before hours have followed."""

    appointment: Floats
    facts: SaleFacts
    plan: PayPlan
    risk: Risk
    then: Then
    hours: float


def _scene(base: _Base, changes: Changes, level: float) -> _Scene:
    firm, names = base.firm, base.firm.names
    quality = firm.risks
    plan = (changes.plan or firm.plan).at_level(level)
    plan = plan if changes.checks_paid else plan.out_of_checks()
    checked = firm.facts.checked if changes.checked is None else changes.checked
    gained = gain(plan, bonus_per_sale(plan, firm.facts), checked, quality.found)
    risk = risk_then(quality, (firm.facts, base.bonus, base.gained), checked, gained)
    staying = moved(firm.facts.staying, "retained", changes, names)
    facts = replace(with_risk(firm.facts, checked, risk), staying=staying)
    appointment = moved(firm.appointment, "appointment", changes, names)
    cases = firm.enquiries * changes.factor.get("enquiries", 1.0) * appointment
    ceiling = firm.curves.ceiling * changes.factor.get("ceiling", 1.0)
    ceiling = ceiling * ceiling_factor(base.state.rate, changes)
    speed = firm.curves.speed * changes.factor.get("speed", 1.0)
    refuse(Curves(names, ceiling, speed).problems())
    hours = float(changes.factor["hours"][0]) if "hours" in changes.factor else 1.0
    then = Then(cases, np.zeros(len(names)), ceiling, speed)
    return _Scene(appointment, facts, plan, risk, then, hours)


def _outcome(base: _Base, changes: Changes, level: float) -> Outcome:
    firm = base.firm
    scene = _scene(base, changes, level)
    passing, response = scene.risk.passing, firm.response

    def reached(pay: Floats, effort: float) -> tuple[Floats, Floats]:
        then = scene.then._replace(pay=pay * passing)
        there = scene.then.cases > 0.0
        if not np.any(pay[there] > 0.0):
            refuse([pays_nothing(scene.plan.name, float(pay.max()))])
        return work(base.state, then, response.strength, effort * scene.hours)

    def follow(state: Floats) -> Floats:
        sales = scene.then.cases * reached(state[:-1], float(state[-1]))[1] * passing
        pay = pay_per_sale(scene.plan, scene.facts, sales, firm.pool)
        total = response.salary + payroll(scene.plan, scene.facts, sales, firm.pool).total
        return np.append(pay, total_effort(total, base.pay, response.effort))

    sales = base.state.cases * base.state.rate * passing
    start = np.append(pay_per_sale(scene.plan, scene.facts, sales, firm.pool), 1.0)
    if not scene.plan.linear or response.effort != 0.0:
        start = settled(settle(follow, start))
    effort = float(start[-1])
    hours, rate = reached(start[:-1], effort)
    return _counted(base, scene, (hours, rate * passing, effort), changes.cost)


def _counted(
    base: _Base, scene: _Scene, done: tuple[Floats, Floats, float], lever_cost: float
) -> Outcome:
    firm, facts = base.firm, scene.facts
    hours, sale, effort = done
    sales = scene.then.cases * sale
    checks, missales = quality_cost(scene.risk, firm.risks, facts.checked, sales)
    return Outcome(
        names=firm.names,
        hours=hours,
        effort=effort * scene.hours,
        appointment=scene.appointment,
        sale=sale,
        retained=facts.staying,
        appointments=scene.then.cases,
        sales=sales,
        customers=sales * facts.staying,
        revenue=sales * facts.value,
        margin=sales * facts.margin,
        retained_revenue=sales * facts.staying * facts.value,
        payroll=payroll(scene.plan, facts, sales, firm.pool),
        missold=scene.risk.missold,
        failing=scene.risk.failing,
        check_cost=checks,
        missale_cost=missales,
        salary=firm.response.salary,
        lever_cost=lever_cost,
    )


@dataclass(frozen=True)
class Neutral:
    """A plan reset to cost what it should.

    level: what its pay was multiplied by; plan: so multiplied (a lever may take checks out of it);
    outcome: under it.
    """

    level: float
    plan: PayPlan
    outcome: Outcome


def at_equal_pay(firm: Firm, levers: Sequence[Lever], target: float | None = None) -> Neutral:
    """Reset the level of the plan in force so that agents get `target`; today's pay if None.

    EffortError: as `outcome`, and when no level reaches the target.
    """
    base, changes = _base(firm), gather(levers, firm.names)
    wanted = base.pay - firm.response.salary if target is None else target
    level = neutral_level(lambda x: _outcome(base, changes, x).pay, wanted)
    plan = (changes.plan or firm.plan).at_level(level)
    return Neutral(level, plan, _outcome(base, changes, level))


@dataclass(frozen=True)
class Bridge:
    """From today to the scenario.

    outcomes: by set of levers, bit i of the index for lever i. untested: paths on which two
    levers act, whose combined effect nobody has measured.
    """

    levers: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    untested: tuple[str, ...]

    @property
    def today(self) -> Outcome:
        return self.outcomes[0]

    @property
    def scenario(self) -> Outcome:
        return self.outcomes[-1]

    def alone(self, lever: str) -> Outcome:
        """Return the outcome with one lever only."""
        return self.outcomes[1 << self.levers.index(lever)]

    def contributions(self, measure: Callable[[Outcome], float | Floats]) -> Floats:
        """Return float64[levers, ...], what each adds to a number or an array of the outcome.

        They sum to the difference between scenario and today. By segment they show the spill-over.
        """

        def value(held: frozenset[str]) -> float | Floats:
            return measure(self.outcomes[sum(1 << int(place) for place in held)])

        return contributions([str(i) for i in range(len(self.levers))], value).value


def bridge(firm: Firm, levers: Sequence[Lever], level: float = 1.0) -> Bridge:
    """Evaluate every set of at most 10 levers; EffortError as `outcome`.

    level: of the plan that a lever brings, in every set that has it; today's plan stays as it is.
    """
    base = _base(firm)
    refuse(_names_problems(levers))
    found = []
    for held in range(2 ** len(levers)):
        some = [lever for i, lever in enumerate(levers) if held >> i & 1]
        changes = gather(some, firm.names)
        found.append(_outcome(base, changes, level if changes.plan else 1.0))
    return Bridge(tuple(lever.name for lever in levers), tuple(found), untested(levers))


def _names_problems(levers: Sequence[Lever]) -> list[Problem]:
    if len(levers) <= MOST_EXACT:
        return []
    expected, advice = f"at most {MOST_EXACT}", "put levers that belong together into one"
    return [
        Problem("count of figures", "number of levers", "", float(len(levers)), expected, advice)
    ]
