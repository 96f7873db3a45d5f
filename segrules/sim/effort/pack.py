"""Agents as the plain arrays that kernels read.

Shapes: S segments, G pools. A figure is an amount, used where its place is CONSTANT, or the place
of an assumption of the model.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segrules.sim.effort.crew import (
    AgentsModel,
    Change,
    Checked,
    ChecksUnpaid,
    Moved,
    Paid,
    Reserved,
    Routed,
    Staffed,
    Terms,
    Trained,
    of_kind,
)
from segrules.sim.effort.curves import bend
from segrules.sim.model import Counts, Figure, Floats, FunnelModel, require
from segrules.sim.pack import CONSTANT

PER_SALE, OF_VALUE, OF_MARGIN, PENALTY, CLAWBACK, SOUND, STAY, STAY_OF_VALUE = range(8)
"""Places of the figures of a plan."""

RESPONSE, SUPPLY, TEMPTATION = range(3)
"""Places of the figures of a firm."""

HOURS, ELASTICITY, CHECKED, FAILING, FOUND, MISSOLD, LOSS, CHECK_COST, WAIT, DROP = range(10)
"""Rows of the figures by segment."""

AGENTS, HOUR_COST = range(2)
"""Rows of the figures by pool."""

SPEED, CEILING = range(2)
"""What a factor moves."""

NOWHERE = -1
"""No pool, no group of segments, no stage."""


class Figures(NamedTuple):
    """Figures of any shape."""

    amount: Floats
    place: Counts


class Book(NamedTuple):
    """The agents of today."""

    sale: int  # the conversion that is the sale
    stay: int  # the one after it, or NOWHERE
    bend: Floats  # [S] speed times hours, nan where the elasticity is an assumption
    firm: Figures  # [3]
    by_segment: Figures  # [10, S]
    by_pool: Figures  # [2, G]
    pool_hours: Floats  # [G] an agent, nan where nobody knows
    serves: NDArray[np.bool_]  # [G, S]


class Turn(NamedTuple):
    """A scenario: what it makes of the agents.

    A weight leads from today's figure, at 0, to the one of the scenario, at 1.
    """

    plan: Figures  # [8]
    times: Figures  # [S]
    level: float  # all that the plan pays is multiplied by it
    checked: Figures  # [S]
    checked_weight: Floats  # [S]
    agents: Figures  # [G]
    agents_weight: Floats  # [G]
    routed: Counts  # [S] pool, or NOWHERE
    group: Counts  # [S] of segments for whom agents are reserved, or NOWHERE
    reserved: Floats  # [N] agents by group
    trained: Figures  # [M] odds of one step of skill
    trained_pool: Counts  # [M]
    trained_steps: Floats  # [M]
    moved: Figures  # [E] factors ...
    moved_power: Floats  # [E] ... to this power
    moved_segment: Counts  # [E]
    moved_what: Counts  # [E] SPEED or CEILING


def pack_agents(agents: AgentsModel, model: FunnelModel) -> Book:
    """Return the arrays of today's agents; the model must have a value past its first stage."""
    require(model.value is not None, "agents need a stage with a value")
    sale = model.stages.index(model.value.stage if model.value else "") - 1
    require(sale >= 0, "agents need a stage before the sale")
    checks, count = agents.checks, len(model.segments)
    rows = (
        agents.hours, agents.elasticity, checks.checked, checks.failing, checks.found,
        checks.missold, checks.loss, checks.cost, checks.wait, checks.drop,
    )  # fmt: skip
    require(all(len(row) == count for row in rows), "figures of agents: one a segment")
    packed = _packer(model)
    serves = np.zeros((len(agents.crews), count), dtype=np.bool_)
    for g, crew in enumerate(agents.crews):
        serves[g, list(crew.serves)] = True
    known = [None if isinstance(each, str) else each for each in agents.elasticity]
    return Book(
        sale=sale,
        stay=sale + 1 if sale + 1 < len(model.stages) - 1 else NOWHERE,
        bend=np.array([np.nan if each is None else bend(each) for each in known]),
        firm=packed([agents.response, agents.supply, checks.temptation]),
        by_segment=packed(rows),
        by_pool=packed([[each.agents for each in agents.crews], [e.cost for e in agents.crews]]),
        pool_hours=np.array([np.nan if e.hours is None else e.hours for e in agents.crews]),
        serves=serves,
    )


Working = tuple[tuple[Change, float], ...]
"""Changes, each with its strength: more than 0, at most 1."""


def working(agents: AgentsModel, model: FunnelModel, at: int, when: tuple[int, int]) -> Working:
    """Return the changes of the scenario at a place; when: the month, and a lever left out or -1.

    They work from the start of their lever to its end. Odds, factors, staff and shares checked
    grow with its strength; pay, routes and reservations are there at once.
    """
    month, without = when
    found = []
    levers = zip(model.scenarios[at].levers, agents.scenarios[at], strict=True)
    for number, (lever, changes) in enumerate(levers):
        strength = float(lever.timing.strength(month + 1)[0][month])
        if number != without and strength > 0.0:
            found += [(each, strength) for each in changes]
    return tuple(found)


def pack_turn(
    agents: AgentsModel, model: FunnelModel, changes: Working = (), level: float = 1.0
) -> Turn:
    """Return the arrays of a scenario; no changes at all are today."""
    packed, count = _packer(model), len(model.segments)
    each = [change for change, _ in changes]
    paid, reserved, trained = of_kind(each, Paid), of_kind(each, Reserved), of_kind(each, Trained)
    terms = paid[-1].terms if paid else agents.terms
    checked, checked_weight = list(agents.checks.checked), np.ones(count)
    staff, staff_weight = [one.agents for one in agents.crews], np.ones(len(agents.crews))
    routed = np.full(count, NOWHERE, dtype=np.int64)
    group = np.full(count, NOWHERE, dtype=np.int64)
    for change, strength in changes:
        match change:
            case Checked(segments, share):
                for s in segments:
                    checked[s], checked_weight[s] = share, strength
            case Routed(segments, crew):
                routed[list(segments)] = crew
            case Staffed(crew, number):
                staff[crew], staff_weight[crew] = number, strength
            case Reserved(segments, _):
                group[list(segments)] = reserved.index(change)
    moved = [(s, one, by) for one, by in changes if isinstance(one, Moved) for s in one.segments]
    steps = [(one, by) for one, by in changes if isinstance(one, Trained)]
    return Turn(
        plan=packed(_plan(terms, paid=not of_kind(each, ChecksUnpaid))),
        times=packed(terms.times),
        level=level if paid else 1.0,
        checked=packed(checked),
        checked_weight=checked_weight,
        agents=packed(staff),
        agents_weight=staff_weight,
        routed=routed,
        group=group,
        reserved=np.array([one.agents for one in reserved], dtype=np.float64),
        trained=packed([one.odds for one in trained]),
        trained_pool=np.array([one.crew for one in trained], dtype=np.int64),
        trained_steps=np.array([one.steps * by for one, by in steps], dtype=np.float64),
        moved=packed([one.factor for _, one, _ in moved]),
        moved_power=np.array([by for _, _, by in moved], dtype=np.float64),
        moved_segment=np.array([s for s, _, _ in moved], dtype=np.int64),
        moved_what=np.array(
            [SPEED if one.of == "speed" else CEILING for _, one, _ in moved], dtype=np.int64
        ),
    )


def _plan(terms: Terms, *, paid: bool) -> list[Figure]:
    """The figures of a plan in their places; not paid: checks neither take nor add."""
    checks: list[Figure] = [terms.penalty, terms.clawback, terms.sound]
    return [
        terms.per_sale, terms.of_value, terms.of_margin, *(checks if paid else [0.0, 0.0, 0.0]),
        terms.stay, terms.stay_of_value,
    ]  # fmt: skip


def _packer(model: FunnelModel) -> Callable[[Sequence[object]], Figures]:
    """Return what turns figures, in lists of any depth, into arrays."""
    number = {each.name: at for at, each in enumerate(model.assumptions)}

    def packed(figures: Sequence[object]) -> Figures:
        table = np.array(figures, dtype=object)
        amount = [0.0 if isinstance(one, str) else float(one) for one in table.flat]
        place = [number[one] if isinstance(one, str) else CONSTANT for one in table.flat]
        return Figures(
            np.array(amount, dtype=np.float64).reshape(table.shape),
            np.array(place, dtype=np.int64).reshape(table.shape),
        )

    return packed
