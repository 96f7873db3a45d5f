"""One future of a funnel whose agents go where they are paid: kernels.

A case is a customer who has reached the stage before the sale. The cases of a segment are divided
among the pools that serve it in proportion to the hours these pools have; the agents of a pool
share out the hours that its cases take today. Where cases are routed to a pool, it works more hours
for them as long as it is less busy than all pools are on the whole: its spare hours. Hours that
cases leave behind stay where they are, for the other cases there: that is how routing spills over.

A segment is sold at today's rate of the future, whoever has the case, unless a lever says
otherwise. Where nothing changes, rates and costs are today's to the last bit.

Shapes: S segments, G pools, K conversions, A assumptions; one future.
"""

import math
from typing import NamedTuple

import numpy as np

from segrules.sim.effort.allocation import spent
from segrules.sim.effort.curves import bend
from segrules.sim.effort.pack import (
    AGENTS,
    CEILING,
    CHECKED,
    CLAWBACK,
    DROP,
    ELASTICITY,
    FAILING,
    FOUND,
    HOURS,
    MISSOLD,
    NOWHERE,
    OF_MARGIN,
    OF_VALUE,
    PENALTY,
    PER_SALE,
    RESPONSE,
    SOUND,
    STAY,
    STAY_OF_VALUE,
    TEMPTATION,
    WAIT,
    Book,
    Turn,
)
from segrules.sim.effort.payroll import gross_bonus, net_pay, sound_pay
from segrules.sim.effort.quality import (
    failing_then,
    gain_of,
    passing_share,
    shifted,
)
from segrules.sim.effort.response import Then, Today, answer
from segrules.sim.jit import kernel
from segrules.sim.kernels.parameters import shift_odds
from segrules.sim.model import Floats
from segrules.sim.pack import CONSTANT


class Offer(NamedTuple):
    """What comes to the agents in one arm of a future: [S] each.

    cases: over the projected time; sale, staying: conversions before agents answer; value, margin:
    of a sale.
    """

    cases: Floats
    sale: Floats
    staying: Floats
    value: Floats
    margin: Floats


class Arm(NamedTuple):
    """One arm of a future before hours have followed.

    cases: [G, S]; pay: [G, S] effective pay per sale after checks; plan: [8]; ceiling: [G, S]; the
    rest [S]. passing: share of sales that do not fall through while they wait for a check; bonus:
    of a sale; gained: by a mis-sale.
    """

    cases: Floats
    pay: Floats
    plan: Floats
    ceiling: Floats
    speed: Floats
    checked: Floats
    failing: Floats
    missold: Floats
    passing: Floats
    bonus: Floats
    gained: Floats


class Work(NamedTuple):
    """A future at work: used again for every one.

    each: [S] hours of a case today; raw: [S] share of cases sold today before sales fall through;
    used, there: [G] hours of pools today and then; hours, rate: [G, S] per case; gain: [S] by what
    the share of cases sold is multiplied, less 1.
    """

    today: Arm
    then: Arm
    each: Floats
    raw: Floats
    used: Floats
    there: Floats
    hours: Floats
    rate: Floats
    gain: Floats


def empty_work(pools: int, segments: int) -> Work:
    """Return arrays for G pools and S segments."""
    return Work(
        today=_empty_arm(pools, segments),
        then=_empty_arm(pools, segments),
        each=np.zeros(segments),
        raw=np.zeros(segments),
        used=np.zeros(pools),
        there=np.zeros(pools),
        hours=np.zeros((pools, segments)),
        rate=np.zeros((pools, segments)),
        gain=np.zeros(segments),
    )


def _empty_arm(pools: int, segments: int) -> Arm:
    def by_pool() -> Floats:
        return np.zeros((pools, segments))

    def by_segment() -> Floats:
        return np.zeros(segments)

    return Arm(
        by_pool(), by_pool(), np.zeros(8), by_pool(), by_segment(), by_segment(), by_segment(),
        by_segment(), by_segment(), by_segment(), by_segment(),
    )  # fmt: skip


@kernel
def figure(amount: float, place: int, assumed: Floats) -> float:
    """Return the figure, with the assumptions [A] of the future."""
    return amount if place == CONSTANT else assumed[place]


@kernel
def towards(before: float, after: float, weight: float) -> float:
    """Return what lies between: exactly `after` at a weight of 1."""
    return after if weight == 1.0 else before + weight * (after - before)


@kernel
def staff_then(book: Book, turn: Turn, assumed: Floats, g: int) -> float:
    """Return the agents of a pool in a scenario."""
    before = figure(book.by_pool.amount[AGENTS, g], book.by_pool.place[AGENTS, g], assumed)
    after = figure(turn.agents.amount[g], turn.agents.place[g], assumed)
    return towards(before, after, turn.agents_weight[g])


@kernel
def fill_staff(book: Book, turn: Turn, assumption: Floats, out: Floats) -> None:
    """Fill [R, G], the agents of each pool in each future, with assumptions [R, A]."""
    for r in range(out.shape[0]):
        for g in range(out.shape[1]):
            out[r, g] = staff_then(book, turn, assumption[r], g)


# ---- today


@kernel
def settle_today(book: Book, turn: Turn, assumed: Floats, offer: Offer, work: Work) -> None:
    """Fill today's arm, its share of cases sold and the hours its pools use."""
    arm = work.today
    _divide(book, assumed, offer.cases, arm.cases)
    rows = book.by_segment
    for s in range(len(offer.cases)):
        arm.checked[s] = figure(rows.amount[CHECKED, s], rows.place[CHECKED, s], assumed)
        arm.failing[s] = figure(rows.amount[FAILING, s], rows.place[FAILING, s], assumed)
        arm.missold[s] = figure(rows.amount[MISSOLD, s], rows.place[MISSOLD, s], assumed)
        hold = figure(rows.amount[WAIT, s], rows.place[WAIT, s], assumed)
        drop = figure(rows.amount[DROP, s], rows.place[DROP, s], assumed)
        arm.passing[s] = passing_share(arm.checked[s], hold, drop)
        work.raw[s] = min(1.0, offer.sale[s] / arm.passing[s])
        x = book.bend[s]
        if math.isnan(x):
            x = bend(figure(rows.amount[ELASTICITY, s], rows.place[ELASTICITY, s], assumed))
        work.each[s] = figure(rows.amount[HOURS, s], rows.place[HOURS, s], assumed)
        arm.speed[s] = x / work.each[s]
        # The level of a curve drops out where nothing is sold today.
        level = work.raw[s] if work.raw[s] > 0.0 else 1.0
        for g in range(len(arm.cases)):
            arm.ceiling[g, s] = level / -math.expm1(-x)
    _plan(turn, assumed, arm.plan)
    _bonus(book, turn, assumed, offer, arm)
    for g in range(len(work.used)):
        work.used[g] = spent(arm.cases[g], work.each)


@kernel
def _divide(book: Book, assumed: Floats, cases: Floats, out: Floats) -> None:
    """Divide cases [S] among the pools [G, S] that serve them, by their hours."""
    pools, segments = out.shape
    for s in range(segments):
        total, last = 0.0, NOWHERE
        for g in range(pools):
            if book.serves[g, s]:
                total += _declared(book, assumed, g)
                last = g
        for g in range(pools):
            out[g, s] = 0.0
            if book.serves[g, s] and total > 0.0:
                out[g, s] = cases[s] * (_declared(book, assumed, g) / total)
        if last != NOWHERE and not total > 0.0:
            out[last, s] = cases[s]


@kernel
def _declared(book: Book, assumed: Floats, g: int) -> float:
    """Return the hours of a pool, nan where nobody knows."""
    agents = figure(book.by_pool.amount[AGENTS, g], book.by_pool.place[AGENTS, g], assumed)
    return float(agents * book.pool_hours[g])


@kernel
def _plan(turn: Turn, assumed: Floats, out: Floats) -> None:
    """Fill the figures [8] of the plan at its level; shares and penalties have none."""
    for i in range(len(out)):
        out[i] = figure(turn.plan.amount[i], turn.plan.place[i], assumed)
        if i not in (PENALTY, CLAWBACK):
            out[i] *= turn.level


@kernel
def _bonus(book: Book, turn: Turn, assumed: Floats, offer: Offer, arm: Arm) -> None:
    """Fill the bonus of a sale, and what a mis-sale gains."""
    plan, rows = arm.plan, book.by_segment
    for s in range(len(arm.bonus)):
        times = figure(turn.times.amount[s], turn.times.place[s], assumed)
        arm.bonus[s] = gross_bonus(
            times, plan[PER_SALE], plan[OF_VALUE], plan[OF_MARGIN], offer.value[s], offer.margin[s]
        )
        found = figure(rows.amount[FOUND, s], rows.place[FOUND, s], assumed)
        caught = arm.checked[s] * found
        arm.gained[s] = gain_of(arm.bonus[s], caught, plan[CLAWBACK], plan[PENALTY], plan[SOUND])


@kernel
def pay_all(offer: Offer, arm: Arm) -> None:
    """Fill the pay for a sale, for a plan without tiers and cap."""
    for s in range(len(arm.bonus)):
        paid = sale_pay(arm, s) + stay_pay(arm, offer.value[s]) * offer.staying[s]
        for g in range(len(arm.pay)):
            arm.pay[g, s] = paid


@kernel
def sale_pay(arm: Arm, s: int) -> float:
    """Return what a sale brings an agent after checks, without tiers and cap."""
    plan, checked, failing = arm.plan, arm.checked[s], arm.failing[s]
    net = net_pay(arm.bonus[s], checked, failing, plan[CLAWBACK], plan[PENALTY])
    return net + sound_pay(checked, failing, plan[SOUND])


@kernel
def stay_pay(arm: Arm, value: float) -> float:
    """Return what a customer who stays brings an agent."""
    return float(arm.plan[STAY] + arm.plan[STAY_OF_VALUE] * value)


# ---- then


@kernel
def settle_then(book: Book, turn: Turn, assumed: Floats, offer: Offer, work: Work) -> None:
    """Fill the arm of a scenario and the hours of its pools, before hours have followed."""
    today, then = work.today, work.then
    rows = book.by_segment
    _plan(turn, assumed, then.plan)
    for s in range(len(offer.cases)):
        share = figure(turn.checked.amount[s], turn.checked.place[s], assumed)
        then.checked[s] = towards(today.checked[s], share, turn.checked_weight[s])
        then.speed[s] = today.speed[s]
    _bonus(book, turn, assumed, offer, then)
    temptation = figure(book.firm.amount[TEMPTATION], book.firm.place[TEMPTATION], assumed)
    for s in range(len(offer.cases)):
        scale = today.bonus[s] if today.bonus[s] > 0.0 else 1.0
        push = temptation * (then.gained[s] - today.gained[s]) / scale
        then.missold[s] = shifted(today.missold[s], push)
        found = figure(rows.amount[FOUND, s], rows.place[FOUND, s], assumed)
        then.failing[s] = failing_then(today.failing[s], found, then.missold[s], today.missold[s])
        hold = figure(rows.amount[WAIT, s], rows.place[WAIT, s], assumed)
        drop = figure(rows.amount[DROP, s], rows.place[DROP, s], assumed)
        then.passing[s] = passing_share(then.checked[s], hold, drop)
    _route(book, turn, assumed, offer.cases, work)


@kernel
def bend_curves(turn: Turn, assumed: Floats, sale: Floats, offer: Offer, work: Work) -> None:
    """Fill speeds and ceilings of a scenario; sale: today's conversions [S]."""
    today, then = work.today, work.then
    pools, segments = then.ceiling.shape
    for g in range(pools):
        odds = 1.0
        for i in range(len(turn.trained_pool)):
            if turn.trained_pool[i] == g:
                step = figure(turn.trained.amount[i], turn.trained.place[i], assumed)
                odds *= math.pow(step, turn.trained_steps[i])
        for s in range(segments):
            then.ceiling[g, s] = today.ceiling[g, s]
            # What levers make of the odds of a sale holds at today's hours.
            moved = shift_odds(offer.sale[s], odds)
            if moved != sale[s] and sale[s] > 0.0:
                then.ceiling[g, s] *= moved / sale[s]
    for i in range(len(turn.moved_segment)):
        s = turn.moved_segment[i]
        factor = figure(turn.moved.amount[i], turn.moved.place[i], assumed)
        factor = math.pow(factor, turn.moved_power[i])
        if turn.moved_what[i] == CEILING:
            for g in range(pools):
                then.ceiling[g, s] *= factor
        else:
            then.speed[s] *= factor


@kernel
def _route(book: Book, turn: Turn, assumed: Floats, cases: Floats, work: Work) -> None:
    """Fill the cases of the pools, and their hours: those used today, staffed, and spare ones."""
    today, then = work.today, work.then
    pools, segments = then.cases.shape
    _divide(book, assumed, cases, then.cases)
    for s in range(segments):
        if turn.routed[s] != NOWHERE:
            for g in range(pools):
                then.cases[g, s] = cases[s] if g == turn.routed[s] else 0.0
    used, declared = 0.0, 0.0
    for g in range(pools):
        used += work.used[g]
        declared += _declared(book, assumed, g)
    load = used / declared
    for g in range(pools):
        coming = 0.0
        for s in range(segments):
            if turn.routed[s] == g:
                for other in range(pools):
                    coming += today.cases[other, s] * work.each[s] if other != g else 0.0
        there = work.used[g]
        spare = _declared(book, assumed, g) * load - there
        if coming > 0.0 and spare > 0.0:
            there += min(coming, spare)
        work.there[g] = _staffed(book, turn, assumed, g, there, load)


@kernel
def _staffed(book: Book, turn: Turn, assumed: Floats, g: int, there: float, load: float) -> float:
    """Return the hours of a pool when it has the agents of the scenario."""
    before = figure(book.by_pool.amount[AGENTS, g], book.by_pool.place[AGENTS, g], assumed)
    after = staff_then(book, turn, assumed, g)
    if after == before:
        return there
    if before > 0.0:
        return there * (after / before)
    return float(after * book.pool_hours[g] * load)


# ---- hours follow


@kernel
def follow(book: Book, turn: Turn, assumed: Floats, effort: Floats, work: Work) -> None:
    """Fill hours and rates [G, S] under the pay of both arms; effort: [G], hours multiplied."""
    today, then = work.today, work.then
    pools, segments = then.cases.shape
    strength = figure(book.firm.amount[RESPONSE], book.firm.place[RESPONSE], assumed)
    anchor, pay = np.empty(segments), np.empty(segments)
    for g in range(pools):
        for s in range(segments):
            before, after = today.pay[g, s] * today.passing[s], then.pay[g, s] * then.passing[s]
            if not before > 0.0:
                # Something else than pay brings hours there: it stays as it is.
                before, after = 1.0, 1.0
            anchor[s] = before * today.ceiling[g, s] * today.speed[s]
            pay[s] = max(0.0, after)
        now = Today(today.cases[g], work.each, work.raw, today.ceiling[g], today.speed, anchor)
        new = Then(then.cases[g], pay, then.ceiling[g], then.speed)
        there = work.there[g] * effort[g]
        answer(now, new, strength, there, work.hours[g], work.rate[g])
        if len(turn.reserved) > 0:
            after = staff_then(book, turn, assumed, g)
            _reserve(turn, now, new, (strength, there, after), work.hours[g], work.rate[g])


@kernel
def _reserve(
    turn: Turn,
    now: Today,
    new: Then,
    pool: tuple[float, float, float],
    hours: Floats,
    rate: Floats,
) -> None:
    """Give groups of segments at least the hours of the agents reserved for them.

    pool: response strength, hours and agents. The rest is shared by the others.
    """
    strength, left, agents = pool
    segments, groups = len(hours), len(turn.reserved)
    own, others = new.cases.copy(), new.cases.copy()
    some_hours, some_rate = np.empty(segments), np.empty(segments)
    done = np.zeros(groups, dtype=np.bool_)
    share = left / agents if agents > 0.0 else 0.0
    again = True
    while again:
        again = False
        for n in range(groups):
            got, there = 0.0, 0.0
            for s in range(segments):
                own[s] = others[s] if turn.group[s] == n else 0.0
                got += own[s] * hours[s]
                there += own[s]
            wanted = min(left, turn.reserved[n] * share)
            if done[n] or there <= 0.0 or got >= wanted:
                continue
            done[n] = True
            again = True
            alone = Then(own, new.pay, new.ceiling, new.speed)
            answer(now, alone, strength, wanted, some_hours, some_rate)
            left -= wanted
            for s in range(segments):
                if turn.group[s] == n:
                    others[s] = 0.0
                    hours[s], rate[s] = some_hours[s], some_rate[s]
            rest = Then(others, new.pay, new.ceiling, new.speed)
            answer(now, rest, strength, left, some_hours, some_rate)
            for s in range(segments):
                if others[s] > 0.0:
                    hours[s], rate[s] = some_hours[s], some_rate[s]


@kernel
def gained(work: Work) -> None:
    """Fill what the share of cases sold is multiplied by, less 1, before sales fall through."""
    then = work.then
    pools, segments = then.cases.shape
    for s in range(segments):
        total, more = 0.0, 0.0
        for g in range(pools):
            total += then.cases[g, s]
        for g in range(pools):
            if then.cases[g, s] > 0.0 and work.raw[s] > 0.0:
                # Equal rates give exactly nothing, whatever the weights.
                more += (then.cases[g, s] / total) * (work.rate[g, s] / work.raw[s] - 1.0)
        work.gain[s] = more


@kernel
def sold_then(sale: Floats, work: Work, out: Floats) -> None:
    """Fill the conversion to a sale [S] of a scenario from today's, at most 1."""
    for s in range(len(sale)):
        passing = work.then.passing[s] / work.today.passing[s]
        out[s] = min(1.0, sale[s] * (1.0 + work.gain[s]) * passing)
