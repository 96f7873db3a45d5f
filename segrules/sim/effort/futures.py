"""Agents in every future of a funnel: how they answer to a scenario, and what they cost.

The funnel gives what comes to the agents: cases, today's share of cases sold, who stays, what a
sale is worth, after the levers that do not concern agents. They answer with another share of cases
sold; their pay, the checks, the redress of mis-sales that no check found, and the hours of the
pools are costs. The mathematics is that of `bridge`, future by future, with today's hours as
observed: today's plan gives today's figures to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from segrules.sim.effort.charge import BY_SALE, Answer
from segrules.sim.effort.crew import AgentsModel, Paid, Terms, of_kind
from segrules.sim.effort.follow import fill_staff
from segrules.sim.effort.level import Follow, level_of
from segrules.sim.effort.linear import Case, Inflow, answer_linear, empty_answer, empty_room
from segrules.sim.effort.pack import NOWHERE, Book, Turn, Working, pack_agents, pack_turn, working
from segrules.sim.effort.steps import Steps, answer_steps
from segrules.sim.kernels.parameters import Parameters, Treated
from segrules.sim.model import AGENT_PARTS, Floats, FunnelModel
from segrules.sim.pack import EVERY, Funnel

__all__ = ["AgentsModel", "Following", "following"]

CAPACITY = AGENT_PARTS[-1]


@dataclass(frozen=True)
class Following:
    """Agents as arrays for kernels; it has no state, and threads may share it.

    levels: by scenario, what another plan pays is multiplied by.
    """

    agents: AgentsModel
    model: FunnelModel
    funnel: Funnel
    book: Book
    levels: tuple[float, ...]
    _turns: dict[tuple[Working, float], Turn] = field(default_factory=dict, compare=False)

    def today(self, parameters: Parameters, treated: Treated) -> None:
        """Fill in what agents cost today: pay, checks, redress and hours.

        EffortError: pay and sales do not settle.
        """
        self._charge(self.answer_today(parameters, treated), treated)

    def _arriving(self, parameters: Parameters) -> Floats:
        """Arrivals float64[R, S] a month that are as many over the season as it is on average."""
        usual = float(self.funnel.season.mean()) or 1.0
        return np.asarray(parameters.rate * parameters.season.mean(axis=1, keepdims=True) / usual)

    def scenario(
        self, at: int, parameters: Parameters, treated: Treated, without: int = EVERY
    ) -> None:
        """Move the conversion to a sale as agents follow the scenario at a place, and their costs.

        treated: after `treat`; without: a lever of the scenario that is left out.
        EffortError: pay and sales do not settle.
        """
        answer = self.answer_then(at, parameters, treated, without)
        treated.conversion[:, :, self.book.sale] = answer.sale
        self._charge(answer, treated)

    def answer_today(self, parameters: Parameters, treated: Treated) -> Answer:
        """Return what agents do today. EffortError: pay and sales do not settle."""
        inflow = _inflow(self._arriving(parameters), parameters, treated)
        return self.answer(parameters, (inflow, inflow), (), 1.0)

    def answer_then(
        self, at: int, parameters: Parameters, treated: Treated, without: int = EVERY
    ) -> Answer:
        """Return how agents answer to the scenario at a place; treated, without: as `scenario`."""
        changes = working(self.agents, self.model, at, (treated.month, without))
        return self._answer_of(at, parameters, treated, changes)

    def pay(self, at: int | None, parameters: Parameters, treated: Treated) -> Floats:
        """Return float64[R, G], what one agent of each pool gets were it so in all months.

        at: the place of a scenario, after `treat`; None for today. EffortError: as above.
        """
        if at is None:
            answer, turn = self.answer_today(parameters, treated), self.turn()
        else:
            changes = working(self.agents, self.model, at, (treated.month, EVERY))
            answer = self._answer_of(at, parameters, treated, changes)
            turn = self.turn(changes, self.levels[at])
        paid = answer.pay.sum(axis=2)
        staff = np.empty(paid.shape)
        fill_staff(self.book, turn, parameters.assumption, staff)
        return np.asarray(np.divide(paid, staff, out=np.zeros_like(staff), where=staff > 0.0))

    def _answer_of(
        self, at: int, parameters: Parameters, treated: Treated, changes: Working
    ) -> Answer:
        """How agents answer to changes of the scenario at a place."""
        rate = self._arriving(parameters)
        now = Inflow(rate, parameters.conversion, parameters.mean_value)
        inflows = (now, _inflow(rate, parameters, treated))
        return self.answer(parameters, inflows, changes, self.levels[at])

    def answer(
        self,
        parameters: Parameters,
        inflows: tuple[Inflow, Inflow],
        changes: Working,
        level: float,
    ) -> Answer:
        """Return how agents answer to changes; inflows: of today and of the scenario."""
        runs, segments = parameters.rate.shape
        pools = len(self.agents.crews)
        out = empty_answer(runs, pools, segments)
        case = Case(self.funnel, self.book, self.turn(), self.turn(changes, level))
        terms = self.terms(changes)
        rest = (parameters.assumption, inflows, empty_room(pools, segments), out)
        if self.agents.terms.linear and terms.linear and self.agents.supply == 0.0:
            answer_linear(case, *rest)
        else:
            answer_steps(case, Steps.of(self.agents, self.model, terms), *rest)
        return out

    def terms(self, changes: Working) -> Terms:
        """Return the plan under changes."""
        paid = of_kind([each for each, _ in changes], Paid)
        return paid[-1].terms if paid else self.agents.terms

    def turn(self, changes: Working = (), level: float = 1.0) -> Turn:
        """Return the arrays of changes; none are today."""
        key = (changes, level)
        if key not in self._turns:
            self._turns[key] = pack_turn(self.agents, self.model, changes, level)
        return self._turns[key]

    def _charge(self, answer: Answer, treated: Treated) -> None:
        """Fill the parts of the cost that are the agents'; the hours of pools are by month."""
        parts, sale = self.model.parts, self.book.sale + 1
        for at, name in enumerate(BY_SALE):
            treated.parts[parts.index(name), :, :, sale] = answer.sale_cost[:, :, at]
        if self.book.stay != NOWHERE:
            treated.parts[parts.index(BY_SALE[0]), :, :, sale + 1] = answer.stay_cost
        treated.fixed[parts.index(CAPACITY)] = answer.hours_cost / self.model.months


def _inflow(rate: Floats, parameters: Parameters, treated: Treated) -> Inflow:
    return Inflow(
        rate * treated.arrivals,
        treated.conversion,
        parameters.mean_value * treated.value,
    )


def following(agents: AgentsModel, model: FunnelModel, funnel: Funnel) -> Following:
    """Return the agents of a model, ready for its futures.

    The levels of plans that are to cost what today's does are set here, once: a firm sets a plan
    before it knows the future. EffortError: no level does.
    """
    levels = [1.0] * len(model.scenarios)
    made = Following(agents, model, funnel, pack_agents(agents, model), tuple(levels))
    for at, scenario in enumerate(agents.scenarios):
        paid = of_kind([each for changes in scenario for each in changes], Paid)
        if any(each.neutral for each in paid):
            levels[at] = level_of(model, funnel, at, partial(_at_level, made, at))
    return replace(made, levels=tuple(levels))


def _at_level(made: Following, at: int, level: float) -> Follow:
    """What agents make of a scenario when its plan pays at a level; of today at a level of 0."""
    if level == 0.0:
        return made.today
    levels = (*made.levels[:at], level, *made.levels[at + 1 :])
    return partial(replace(made, levels=levels).scenario, at)
