"""All futures of a block under plans that pay each sale the same: kernels.

Shapes: R futures, S segments, G pools, K conversions, A assumptions.
"""

from typing import NamedTuple

import numpy as np

from segrules.sim.effort.allocation import spent
from segrules.sim.effort.charge import (
    Answer,
    charge_hours,
    charge_sales,
    charge_stays,
    pay_of_pools,
)
from segrules.sim.effort.follow import (
    Offer,
    Work,
    bend_curves,
    empty_work,
    follow,
    gained,
    pay_all,
    settle_then,
    settle_today,
    sold_then,
)
from segrules.sim.effort.pack import NOWHERE, Book, Turn
from segrules.sim.jit import kernel
from segrules.sim.model import Floats
from segrules.sim.pack import Funnel


class Inflow(NamedTuple):
    """The funnel of an arm in each future, as levers that do not concern agents leave it."""

    rate: Floats  # [R, S] arrivals a month
    conversion: Floats  # [R, S, K]
    mean_value: Floats  # [R, S] minor units a sale


class Case(NamedTuple):
    """Agents of a funnel, as they are and as a scenario makes them."""

    funnel: Funnel
    book: Book
    today: Turn
    then: Turn


class Room(NamedTuple):
    """Where a future is worked out: what comes in both arms, and what is made of it."""

    now: Offer
    then: Offer
    work: Work


def empty_room(pools: int, segments: int) -> Room:
    """Return arrays for G pools and S segments."""
    now, then = (Offer(*(np.zeros(segments) for _ in Offer._fields)) for _ in range(2))
    return Room(now, then, empty_work(pools, segments))


def empty_answer(runs: int, pools: int, segments: int) -> Answer:
    """Return arrays for R futures."""
    return Answer(
        sale=np.zeros((runs, segments)),
        sale_cost=np.zeros((runs, segments, 3)),
        stay_cost=np.zeros((runs, segments)),
        hours_cost=np.zeros((runs, segments)),
        hours=np.zeros((runs, segments)),
        pay=np.zeros((runs, pools, segments)),
        cases=np.zeros((runs, pools, segments)),
        worked=np.zeros((runs, pools)),
    )


@kernel
def come(case: Case, inflow: Inflow, r: int, out: Offer) -> None:
    """Fill what comes to the agents in future r."""
    funnel, book = case.funnel, case.book
    season = 0.0
    for t in range(len(funnel.season)):
        season += funnel.season[t]
    for s in range(len(out.cases)):
        number = inflow.rate[r, s] * season
        for k in range(book.sale):
            number *= inflow.conversion[r, s, k]
        out.cases[s] = number
        out.sale[s] = inflow.conversion[r, s, book.sale]
        out.staying[s] = 1.0
        if book.stay != NOWHERE:
            out.staying[s] = inflow.conversion[r, s, book.stay]
        out.value[s] = inflow.mean_value[r, s]
        out.margin[s] = out.value[s] - funnel.unit_cost[s, book.sale + 1]


@kernel
def lay_out(case: Case, assumed: Floats, room: Room) -> None:
    """Fill both arms of a future but for the pay, and the hours of the pools."""
    settle_today(case.book, case.today, assumed, room.now, room.work)
    settle_then(case.book, case.then, assumed, room.then, room.work)
    bend_curves(case.then, assumed, room.now.sale, room.then, room.work)


@kernel
def record(case: Case, assumed: Floats, room: Room, r: int, out: Answer) -> None:
    """Fill the answer of future r when hours have followed; every sale is paid the same."""
    work, then, then_cases = room.work, room.then, room.work.then.cases
    gained(work)
    sold_then(room.now.sale, work, out.sale[r])
    charge_sales(case.book, assumed, then, work.then, out.sale_cost[r])
    charge_stays(then, work.then, out.stay_cost[r])
    charge_hours(case.book, case.then, assumed, work, out.hours_cost[r])
    pay_of_pools(out.sale_cost[r], out.stay_cost[r], then, work, out.pay[r])
    pools, segments = work.hours.shape
    for g in range(pools):
        out.worked[r, g] = spent(then_cases[g], work.hours[g])
        for s in range(segments):
            out.cases[r, g, s] = then_cases[g, s]
    for s in range(segments):
        cases, hours = 0.0, 0.0
        for g in range(pools):
            cases += then_cases[g, s]
            hours += then_cases[g, s] * work.hours[g, s]
        out.hours[r, s] = hours / cases if cases > 0.0 else 0.0


@kernel
def answer_linear(
    case: Case, assumption: Floats, inflows: tuple[Inflow, Inflow], room: Room, out: Answer
) -> None:
    """Fill the answer of every future; inflows: of today and of the scenario."""
    work = room.work
    effort = np.ones(len(work.used))
    for r in range(len(assumption)):
        come(case, inflows[0], r, room.now)
        come(case, inflows[1], r, room.then)
        assumed = assumption[r]
        lay_out(case, assumed, room)
        pay_all(room.now, work.today)
        pay_all(room.then, work.then)
        follow(case.book, case.then, assumed, effort, work)
        record(case, assumed, room, r, out)
