"""Today and the scenarios as centres: who is served by whom, on what terms, and at what cost.

A plan says what a scenario changes; with the figures of one draw of the assumptions it becomes a
centre that can be played, or situations that formulas answer. Times are hours, money minor units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from segrules.lang import ir
from segrules.sim.events import policies
from segrules.sim.events.model import Centre, CustomerClass, Pool, Route
from segrules.sim.model import Floats
from segrules.sim.queues.fitting import scaled
from segrules.sim.queues.past import Past, in_order, serves

WARM_UP = 3.0
"""Hours that are played first, and not counted, where a line never closes."""

_SECONDS = 3600.0
_HOURS_OF_A_DAY = 24.0

Figure = Callable[[ir.Stated], float]
"""The number that a stated figure has in one draw of the assumptions."""

Named = tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """One arm.

    arrivals, handling: factors for segments. agents: by pool, where a lever sets them. costs: what
    levers cost, with the segments whose contacts pay. named: the segments that levers are about.
    """

    name: str
    routes: policies.Routes
    arrivals: tuple[tuple[Named, ir.Stated], ...] = ()
    handling: tuple[tuple[Named, ir.Stated], ...] = ()
    agents: tuple[tuple[str, ir.Stated], ...] = ()
    costs: tuple[tuple[Named, ir.LeverCost], ...] = ()
    named: Named = ()
    notes: tuple[str, ...] = ()

    @property
    def special(self) -> bool:
        """Whether there are overflows or reservations."""
        return any(route.after > 0 or route.spare > 0 for route in self.routes)


def today(past: Past, pools: Sequence[ir.Pool]) -> Plan:
    """Customers take the most special pool that serves them; who has waited longest comes first."""
    routes = [
        Route(segment, pool.name, order=order)
        for order, pool in enumerate(in_order(pools))
        for segment in past.segments
        if serves(pool, segment)
    ]
    return Plan("today", tuple(routes))


def planned(scenario: ir.Scenario, start: Plan, segments: Named) -> Plan:
    """Today with the levers of a scenario, in their order."""
    plan = replace(start, name=scenario.name)
    left_out: list[str] = []
    ranks: list[Named] = []
    about: list[str] = []
    for lever in scenario.levers:
        named = lever.segments or segments
        plan, acts = _pulled(plan, lever, named)
        if any(isinstance(edit, ir.Priority) for edit in lever.edits):
            ranks.append(named)
            acts = True
        if acts:
            about += lever.segments
        else:
            left_out.append(lever.kind)
        # Whom such a lever treats is not a contact, so only what it costs as a whole is known.
        paid = [each for each in lever.costs if acts or each.per != "customer"]
        plan = replace(plan, costs=(*plan.costs, *((named, cost) for cost in paid)))
    if ranks:
        plan = replace(plan, routes=_ranked(plan.routes, ranks))
    notes = _notes(scenario, left_out)
    return replace(plan, named=tuple(dict.fromkeys(about)), notes=notes)


def _pulled(plan: Plan, lever: ir.Lever, named: Named) -> tuple[Plan, bool]:
    """The plan with one lever, and whether it does anything to a line."""
    acts = False
    for edit in sorted(lever.edits, key=_turn):
        match edit:
            case ir.RouteTo():
                plan = replace(plan, routes=_routed(plan.routes, edit, lever, named))
            case ir.Reserve(agents=agents):
                pools = {each.pool for each in lever.edits if isinstance(each, ir.RouteTo)}
                routes = _reserved(plan.routes, named, pools, agents)
                plan = replace(plan, routes=routes)
            case ir.Staffed(pool=pool, agents=stated):
                plan = replace(plan, agents=(*plan.agents, (pool, stated)))
            case ir.Times(of="arrivals", factor=factor):
                plan = replace(plan, arrivals=(*plan.arrivals, (named, factor)))
            case ir.Times(of="handling", factor=factor):
                plan = replace(plan, handling=(*plan.handling, (named, factor)))
            case _:
                continue
        acts = True
    return plan, acts


def _turn(edit: ir.Edit) -> int:
    """Where customers go comes before what is kept free for them."""
    return 1 if isinstance(edit, ir.Reserve) else 0


def _routed(
    routes: policies.Routes, edit: ir.RouteTo, lever: ir.Lever, named: Named
) -> policies.Routes:
    """At once: to the pools named and to no other. After a wait: to this pool as well."""
    goes = {each.pool for each in lever.edits if isinstance(each, ir.RouteTo) and not each.after}
    after = edit.after / _SECONDS
    mine = [each for each in routes if each.customers in named]
    kept = [each for each in routes if each.customers not in named]
    if goes:
        mine = [each for each in mine if each.pool in goes or each.after > 0]
    mine = [each for each in mine if each.pool != edit.pool]
    last = 1 + max((each.order for each in routes), default=0)
    mine += [Route(segment, edit.pool, order=last, after=after) for segment in named]
    return tuple(kept + mine)


def _reserved(
    routes: policies.Routes, named: Named, pools: Iterable[str], agents: int
) -> policies.Routes:
    """The pools keep so many agents free of all other segments."""
    chosen = set(pools) or {each.pool for each in routes if each.customers in named}
    return tuple(
        replace(each, spare=max(each.spare, agents))
        if each.pool in chosen and each.customers not in named
        else each
        for each in routes
    )


def _ranked(routes: policies.Routes, ranks: Sequence[Named]) -> policies.Routes:
    """Segments of an earlier lever are taken before those of a later one, and these before all."""
    place = {name: at for at, names in reversed([*enumerate(ranks)]) for name in names}
    return tuple(replace(each, rank=place.get(each.customers, len(ranks))) for each in routes)


def _notes(scenario: ir.Scenario, left_out: Sequence[str]) -> tuple[str, ...]:
    notes = []
    for kind in dict.fromkeys(left_out):
        notes.append(
            f"in {scenario.name} the lever {kind} changes nothing in a line: only what it costs "
            "once and by month is counted"
        )
    if any(lever.timing != ir.Timing() for lever in scenario.levers):
        notes.append(
            f"{scenario.name} is shown in full force: when its levers begin and end is left out"
        )
    return tuple(notes)


# ---- one draw of an arm


@dataclass(frozen=True)
class Arm:
    """A plan with the figures of one draw: the centre, its warm-up, and its costs.

    parts: the part of the day of each interval of the centre. agents: float64[P, I] as stated,
    before they are made whole. staff_cost: a day of each pool, float64[P]. once, month: levers'
    costs; each: cost of a contact by segment, float64[S].
    """

    centre: Centre
    parts: tuple[int, ...]
    warm_up: float
    agents: Floats
    staff_cost: Floats
    once: float
    month: float
    each: Floats


def arm(
    past: Past, plan: Plan, pools: Sequence[ir.Pool], figure: Figure, up: Mapping[str, Floats]
) -> Arm:
    """The arm in one draw; `up` are numbers in 0 to 1 by pool, float64[I].

    A fraction of an agent is one agent more in that part of the draws.
    """
    agents = np.array([_agents(past, plan, pool, figure) for pool in pools])
    whole = np.floor(agents) + (np.array([up[pool.name] for pool in pools]) < agents % 1)
    parts = _parts(past)
    lengths = past.lengths[list(parts)]
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    rates = past.rates * _factors(past, plan.arrivals, figure)[:, None]
    slower = _factors(past, plan.handling, figure)
    classes = tuple(
        CustomerClass(
            name,
            tuple(rates[at, list(parts)].tolist()),
            scaled(past.handle[at], float(slower[at])),
            past.patience.time,
        )
        for at, name in enumerate(past.segments)
    )
    teams = tuple(
        Pool(pool.name, tuple(int(each) for each in row[list(parts)]))
        for pool, row in zip(pools, whole, strict=True)
    )
    known = {pool.name for pool in pools}
    routes = tuple(each for each in plan.routes if each.pool in known)
    centre = Centre(classes, teams, routes, tuple(edges.tolist()), past.busyness)
    warm = float(lengths[: len(parts) - len(past.lengths)].sum())
    hours = agents @ past.lengths
    paid = np.array([0.0 if pool.cost is None else figure(pool.cost) for pool in pools])
    once, month, each = _costs(past, plan, figure)
    return Arm(centre, parts, warm, agents, hours * paid, once, month, each)


def _parts(past: Past) -> tuple[int, ...]:
    """The parts of the day in the order they are played; a day without end begins before itself."""
    every = range(len(past.lengths))
    if past.clock[-1] - past.clock[0] < _HOURS_OF_A_DAY:
        return tuple(every)
    before = [at for at in every if past.clock[at] >= past.clock[-1] - WARM_UP]
    return (*before, *every)


def _agents(past: Past, plan: Plan, pool: ir.Pool, figure: Figure) -> Floats:
    """Agents of a pool by part of the day, as stated or estimated."""
    if pool.shifts:
        middle = (past.clock[1:] + past.clock[:-1]) / 2
        own = sum(
            (figure(each.agents) * ((middle >= each.start) & (middle < each.stop)))
            for each in pool.shifts
        ) + np.zeros(len(middle))
    elif pool.agents is not None:
        own = np.full(len(past.lengths), figure(pool.agents))
    else:
        own = past.staffing[pool.name]
    for name, stated in plan.agents:
        if name == pool.name:
            there = own > 0 if (own > 0).any() else np.ones(len(own), dtype=np.bool_)
            own = np.where(there, figure(stated), 0.0)
    return np.asarray(own, dtype=np.float64)


def _factors(past: Past, given: Iterable[tuple[Named, ir.Stated]], figure: Figure) -> Floats:
    found = np.ones(len(past.segments))
    for names, stated in given:
        found[[past.segments.index(name) for name in names]] *= figure(stated)
    return found


def _costs(past: Past, plan: Plan, figure: Figure) -> tuple[float, float, Floats]:
    once, month, each = [], [], np.zeros(len(past.segments))
    for names, cost in plan.costs:
        amount = figure(cost.amount)
        if cost.per == "once":
            once.append(amount)
        elif cost.per == "month":
            month.append(amount)
        else:
            each[[past.segments.index(name) for name in names]] += amount
    return math.fsum(once), math.fsum(month), each
