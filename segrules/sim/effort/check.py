"""What is wrong with the agents of a model, at the expected figures of its assumptions.

A range whose middle is sound may leave it in single futures; kernels then stop at the bounds.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from segrules.sim.effort.allocation import Curves
from segrules.sim.effort.crew import (
    AgentsModel,
    Change,
    Checked,
    Moved,
    Paid,
    Reserved,
    Routed,
    Staffed,
    Terms,
    Trained,
    of_kind,
)
from segrules.sim.effort.curves import elicit_problems
from segrules.sim.effort.follow import pay_all
from segrules.sim.effort.futures import Following
from segrules.sim.effort.level import expected_parameters, mean_of, scene_of
from segrules.sim.effort.linear import Case, Inflow, come, empty_room, lay_out
from segrules.sim.effort.pack import Working, working
from segrules.sim.effort.plans import (
    CheckTerms,
    PayPlan,
    SaleFacts,
    StayTerms,
    Tier,
    plan_problems,
)
from segrules.sim.effort.problems import (
    Named,
    Problem,
    negative,
    no_hours,
    outside_share,
    pays_nothing,
)
from segrules.sim.effort.quality import Quality
from segrules.sim.effort.response import response_problems
from segrules.sim.model import Figure, Floats, FunnelModel


class Middle:
    """Figures at the means of their assumptions."""

    def __init__(self, model: FunnelModel) -> None:
        self._mean = {each.name: mean_of(each) for each in model.assumptions}

    def __call__(self, figure: Figure) -> float:
        return self._mean[figure] if isinstance(figure, str) else float(figure)

    def each(self, figures: Sequence[Figure]) -> Floats:
        """float64[n]."""
        return np.array([self(figure) for figure in figures])

    def plan(self, terms: Terms) -> PayPlan:
        """The terms as a plan."""
        return PayPlan(
            terms.name,
            self(terms.per_sale),
            self(terms.of_value),
            self(terms.of_margin),
            tuple(self.each(terms.times).tolist()),
            CheckTerms(self(terms.clawback), self(terms.penalty), self(terms.sound)),
            StayTerms(self(terms.stay), self(terms.stay_of_value)),
            tuple(Tier(one.above, self(one.factor), self(one.extra)) for one in terms.rungs),
            np.inf if terms.cap is None else self(terms.cap),
        )


def figure_problems(agents: AgentsModel, model: FunnelModel) -> list[Problem]:
    """Return what is wrong with the figures as they are stated, one by one."""
    of, names = Middle(model), model.segments
    found = plan_problems(of.plan(agents.terms), names) + response_problems(of(agents.response))
    if not np.isfinite(of(agents.supply)):
        found += negative("effort elasticity", [("", of(agents.supply))], _WHOLE)
    checks = agents.checks
    quality = Quality(
        of.each(checks.missold), of.each(checks.found), of.each(checks.loss),
        of.each(checks.cost), of.each(checks.wait), of.each(checks.drop), of(checks.temptation),
    )  # fmt: skip
    one = np.ones(len(names))
    facts = SaleFacts(names, one, one, of.each(checks.checked), of.each(checks.failing), one)
    found += quality.problems(names) + facts.problems()
    staff = [(each.name, of(each.agents)) for each in agents.crews]
    found += negative("number of agents", staff, "leave the minus out")
    found += [
        no_hours("hours of an agent", each.name, each.hours)
        for each in agents.crews
        if each.hours is not None and not each.hours > 0.0
    ]
    costs = [(each.name, of(each.cost)) for each in agents.crews]
    found += negative("cost of an hour", costs, "leave the minus out")
    for changes in agents.scenarios:
        every = [each for some in changes for each in some]
        found += _contradictions(every, agents, names) + _change_problems(every, agents, model)
    return found


_WHOLE = "0 leaves the hours as they are"


def _change_problems(
    changes: Sequence[Change], agents: AgentsModel, model: FunnelModel
) -> list[Problem]:
    of, found = Middle(model), list[Problem]()
    for change in changes:
        match change:
            case Paid(terms):
                found += plan_problems(of.plan(terms), model.segments)
            case Staffed(crew, agents_then):
                named = [(agents.crews[crew].name, of(agents_then))]
                found += negative("number of agents", named, "leave the minus out")
            case Trained(crew, _, odds):
                found += _above_nothing(
                    "odds of a step of skill", agents.crews[crew].name, of(odds)
                )
            case Moved(what, _, factor):
                subject = "factor of the time" if what == "speed" else "factor of the ceiling"
                found += _above_nothing(subject, "", of(factor))
            case Checked(_, share):
                named = [("", of(share))]
                found += outside_share("share of sales checked", named, "give it as a share")
            case Reserved(_, number):
                found += negative("agents reserved", [("", number)], "leave the minus out")
            case _:
                pass
    return found


def _above_nothing(subject: str, where: str, value: float) -> list[Problem]:
    if 0.0 < value < np.inf:
        return []
    advice = "1 changes nothing, less than 1 lowers it"
    return [Problem("negative", subject, where, value, "more than 0", advice)]


def _contradictions(
    changes: Sequence[Change], agents: AgentsModel, names: tuple[str, ...]
) -> list[Problem]:
    """Figures that two changes of a scenario set."""
    found = _often("pay plans", [("", float(len(of_kind(changes, Paid))))])
    segments = (
        ("routes", [each.segments for each in of_kind(changes, Routed)]),
        ("shares of sales checked", [each.segments for each in of_kind(changes, Checked)]),
        ("reservations", [each.segments for each in of_kind(changes, Reserved)]),
    )
    for what, groups in segments:
        asked = [s for group in groups for s in group]
        found += _often(what, [(name, float(asked.count(s))) for s, name in enumerate(names)])
    staffed = [each.crew for each in of_kind(changes, Staffed)]
    numbers = [(one.name, float(staffed.count(g))) for g, one in enumerate(agents.crews)]
    return found + _often("numbers of agents", numbers)


def _often(what: str, counted: Iterable[tuple[str, float]]) -> list[Problem]:
    advice = "keep one of the levers that set it"
    return [
        Problem("two plans", f"number of {what}", where, number, "1", advice)
        for where, number in counted
        if number > 1.0
    ]


# ---- what comes of them together


def together_problems(made: Following) -> list[Problem]:
    """Return what is wrong when the figures, which are sound one by one, come together.

    EffortError: pay and sales do not settle.
    """
    parameters = expected_parameters(made.model, made.funnel)
    now = Inflow(parameters.rate, parameters.conversion, parameters.mean_value)
    found = _today_problems(made, now, parameters.assumption[0])
    if found:
        return found
    for at in range(len(made.model.scenarios)):
        scene = scene_of(made.model, made.funnel, at, parameters)
        for state in range(len(scene.months)):
            month = int(np.argmax(scene.state == state))
            then = Inflow(
                parameters.rate * scene.arrivals[state],
                scene.conversion[state],
                parameters.mean_value * scene.value[state],
            )
            changes = working(made.agents, made.model, at, (month, -1))
            assumed = parameters.assumption[0]
            found += _then_problems(made, (now, then), assumed, (changes, made.levels[at]))
            if not found:
                made.answer(parameters, (now, then), changes, made.levels[at])
    return list(dict.fromkeys(found))


def _named(made: Following, values: Floats) -> Named:
    return zip(made.model.segments, values.tolist(), strict=True)


def _today_problems(made: Following, now: Inflow, assumed: Floats) -> list[Problem]:
    agents, names = made.agents, made.model.segments
    room = empty_room(len(agents.crews), len(names))
    case = Case(made.funnel, made.book, made.turn(), made.turn())
    come(case, now, 0, room.now)
    come(case, now, 0, room.then)
    of = Middle(made.model)
    rate = room.now.sale / _passing(made, of)
    rows = zip(names, of.each(agents.elasticity), of.each(agents.hours), rate, strict=True)
    found = [one for row in rows for one in elicit_problems(row[0], *map(float, row[1:]))]
    if found or (agents.terms.idle and of(agents.response) == 0.0):
        return found
    lay_out(case, assumed, room)
    pay_all(room.now, room.work.today)
    return [
        Problem("unexplained hours", "pay per sale today", name, paid, "more than 0", _PAID)
        for name, paid in _named(made, room.work.today.pay[0])
        if not paid > 0.0 and agents.terms.linear
    ]


_PAID = "agents spend time there all the same: write down what else they get for a sale"


def _passing(made: Following, of: Middle) -> Floats:
    checks = made.agents.checks
    lost = np.expm1(-of.each(checks.drop) * of.each(checks.wait))
    return np.asarray(1.0 + of.each(checks.checked) * lost)


def _then_problems(
    made: Following,
    inflows: tuple[Inflow, Inflow],
    assumed: Floats,
    when: tuple[Working, float],
) -> list[Problem]:
    changes, level = when
    names = made.model.segments
    room = empty_room(len(made.agents.crews), len(names))
    case = Case(made.funnel, made.book, made.turn(), made.turn(changes, level))
    come(case, inflows[0], 0, room.now)
    come(case, inflows[1], 0, room.then)
    lay_out(case, assumed, room)
    pay_all(room.then, room.work.then)
    then = room.work.then
    found = Curves(names, then.ceiling.max(axis=0), then.speed).problems()
    for g, crew in enumerate(made.agents.crews):
        if then.cases[g].any() and not room.work.there[g] > 0.0:
            found.append(no_hours("hours of the pool", crew.name, float(room.work.there[g])))
    terms = made.terms(changes)
    if terms.linear and not terms.idle and not (then.pay > 0.0).any():
        found.append(pays_nothing(terms.name, float(then.pay.max())))
    return found
