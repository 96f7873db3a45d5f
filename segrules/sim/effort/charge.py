"""What agents, checks and mis-sales cost in one future: kernels.

Pay, checks and redress are costs of each sale (pay also of each customer who stays); the hours of
pools are paid whatever is sold.

Shapes: R futures, S segments, G pools.
"""

from typing import NamedTuple

from segrules.sim.effort.allocation import spent
from segrules.sim.effort.follow import Arm, Offer, Work, figure, sale_pay, staff_then, stay_pay
from segrules.sim.effort.pack import (
    CHECK_COST,
    FOUND,
    HOUR_COST,
    LOSS,
    Book,
    Turn,
)
from segrules.sim.effort.quality import slipped
from segrules.sim.jit import kernel
from segrules.sim.model import Floats

BY_SALE = ("pay", "checks", "redress")
"""Parts of the cost that come with sales, in the order of `Answer.sale_cost`."""


class Answer(NamedTuple):
    """What comes of an arm of each future; money in minor units.

    sale: the conversion to a sale. sale_cost: of a sale, by `BY_SALE`; stay_cost: pay for one who
    stays. hours_cost: of the pools, divided by the time that segments get. hours: per case; the
    mean over the pools. By pool: pay, what its agents get by results; cases; worked, the hours
    that they take.
    """

    sale: Floats  # [R, S]
    sale_cost: Floats  # [R, S, 3]
    stay_cost: Floats  # [R, S]
    hours_cost: Floats  # [R, S]
    hours: Floats  # [R, S]
    pay: Floats  # [R, G, S]
    cases: Floats  # [R, G, S]
    worked: Floats  # [R, G]


@kernel
def charge_sales(book: Book, assumed: Floats, offer: Offer, arm: Arm, out: Floats) -> None:
    """Fill [S, 3], what a sale costs, for a plan without tiers and cap."""
    rows = book.by_segment
    for s in range(len(offer.cases)):
        found = figure(rows.amount[FOUND, s], rows.place[FOUND, s], assumed)
        check = figure(rows.amount[CHECK_COST, s], rows.place[CHECK_COST, s], assumed)
        loss = figure(rows.amount[LOSS, s], rows.place[LOSS, s], assumed)
        out[s, 0] = sale_pay(arm, s)
        out[s, 1] = arm.checked[s] * check
        out[s, 2] = slipped(arm.missold[s], arm.checked[s], found) * loss


@kernel
def charge_stays(offer: Offer, arm: Arm, out: Floats) -> None:
    """Fill [S], what one who stays costs."""
    for s in range(len(out)):
        out[s] = stay_pay(arm, offer.value[s])


@kernel
def charge_hours(book: Book, turn: Turn, assumed: Floats, work: Work, out: Floats) -> None:
    """Fill [S] with the cost of the pools' hours, divided as they are spent.

    Hours that are declared are paid, whether there is work or not; of others those at work.
    """
    cases, hours = work.then.cases, work.hours
    pools, segments = cases.shape
    for s in range(segments):
        out[s] = 0.0
    for g in range(pools):
        cost = figure(book.by_pool.amount[HOUR_COST, g], book.by_pool.place[HOUR_COST, g], assumed)
        if cost == 0.0:
            continue
        paid = work.there[g]
        if book.pool_hours[g] > 0.0:
            paid = staff_then(book, turn, assumed, g) * book.pool_hours[g]
        there = spent(cases[g], hours[g])
        for s in range(segments):
            share = cases[g, s] * hours[g, s] / there if there > 0.0 else 1.0 / segments
            out[s] += cost * paid * share


@kernel
def pay_of_pools(
    sale_cost: Floats, stay_cost: Floats, offer: Offer, work: Work, out: Floats
) -> None:
    """Fill [G, S], what the agents of each pool get: the pay for sales and for who stays."""
    pools, segments = work.then.cases.shape
    for g in range(pools):
        for s in range(segments):
            rate = work.rate[g, s] * work.then.passing[s]
            each = sale_cost[s, 0] + stay_cost[s] * offer.staying[s]
            out[g, s] = work.then.cases[g, s] * rate * each
