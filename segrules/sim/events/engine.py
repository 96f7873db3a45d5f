"""The loop: let the next customer in or take the earliest event, until nothing is left to happen.

A customer arrives and takes the first pool, in the order of the class, that has an agent to
spare. If there is none, one of worse rank is interrupted, where the pool does that; otherwise the
customer joins the line of the class. An agent who becomes free takes the waiting customer of best
rank, and among equals the one who has waited longest. Lines are linked lists, so that whoever
gives up leaves at once.

Events are never taken back. One that no longer holds (patience of a customer who is being served,
the end of a service that was interrupted) is known by its moment, which is not the one the
customer is due.

INVARIANT: nothing is allocated here, and every function is reached through arrays and numbers.
"""

import math

import numpy as np

from segrules.sim.events import lines, luck
from segrules.sim.events.heap import drop_first, push, replace_first
from segrules.sim.events.inline import apart, inlined
from segrules.sim.events.pack import (
    ARRIVED,
    BUSY,
    CAME_BACK,
    DELAYED,
    FIXED,
    GAVE_UP,
    INTERRUPTED,
    LOST,
    LOST_WAIT,
    SERVED,
    SERVED_WAIT,
    STAFFED,
    UNFINISHED,
    Room,
    Row,
    Tally,
)
from segrules.sim.jit import kernel
from segrules.sim.model import Counts

DONE, GIVE_UP, OVERFLOW, RETURN, SHIFT, COUNT = range(6)
_WHAT, _WHO = 7, 3
"""An event is a number: what happens in its lowest bits, to whom above them."""

WAITING, IN_SERVICE, AWAY, SERVED_WELL, GONE = range(5)

NOBODY = -1


@inlined
def play(room: Room, tally: Tally) -> int:
    """Play one day into empty tallies; return the number of customers, or -1 if there are too many.

    room.clock names the seed and the replication.
    """
    clock = room.clock[0]
    _open(room, tally)
    while True:
        first = room.events[0]
        now = first.time
        if clock.next_arrival <= now:
            if clock.next_arrival == math.inf:
                return int(clock.customers)
            if clock.customers == len(room.customers):
                return -1
            _arrive(room, tally, clock.next_class, clock.next_arrival)
            continue
        what, who = first.what & _WHAT, first.what >> _WHO
        # The event stays at the root until another takes its place, or until it is dealt with.
        clock.pending = 1
        if what == DONE:
            if room.customers[who].state == IN_SERVICE and room.customers[who].due == now:
                _finish(room, tally, who, now)
        elif what == GIVE_UP:
            if room.customers[who].state == WAITING and room.customers[who].due == now:
                _give_up(room, tally, who, now)
        elif what == OVERFLOW:
            if room.customers[who].state == WAITING:
                _leave_line_for_free_pool(room, tally, who, now)
        elif what == RETURN:
            _come_back(room, tally, who, now)
        elif what == SHIFT:
            _change_shift(room, tally, now)
        else:
            _change_counting(room, tally, now)
        if clock.pending != 0:
            drop_first(room.events, clock.events)
            clock.events -= 1
            clock.pending = 0


@apart
def _open(room: Room, tally: Tally) -> None:
    clock = room.clock[0]
    clock.interval, clock.events, clock.customers, clock.counting = 0, 0, 0, 0
    clock.rows, clock.free, clock.pending = 0, NOBODY, 0
    for p in range(len(room.pools)):
        pool = room.pools[p]
        pool.agents, pool.busy, pool.since = room.agents[p, 0], 0, 0.0
        pool.worked, pool.staffed = 0.0, 0.0
    for c in range(len(room.classes)):
        group = room.classes[c]
        group.head, group.tail, group.inside = NOBODY, NOBODY, 0
        group.number, group.later, group.later_interval = 0, 0.0, 0
        for p in range(len(room.pools)):
            room.routes[c, p].serving = NOBODY
        luck.announce(room, c)
        luck.announce(room, c)
    _find_next_arrival(room)
    _expect(room, room.edges[1], SHIFT, 0)
    if clock.warm_up > 0.0:
        _expect(room, clock.warm_up, COUNT, 0)
    else:
        clock.counting = 1
    if clock.until < room.edges[-1]:
        _expect(room, clock.until, COUNT, 0)


@inlined
def _expect(room: Room, moment: float, what: int, who: int) -> None:
    clock = room.clock[0]
    if clock.pending != 0:
        # One pass through the heap instead of two.
        clock.pending = 0
        replace_first(room.events, clock.events, moment, (who << _WHO) | what)
    else:
        push(room.events, clock.events, moment, (who << _WHO) | what)
        clock.events += 1


@inlined
def _arrive(room: Room, tally: Tally, kind: int, now: float) -> None:
    clock, group = room.clock[0], room.classes[kind]
    one = _free_row(room)
    customer = room.customers[one]
    customer.serial = clock.customers
    clock.customers += 1
    group.inside += 1
    customer.joined, customer.waited = now, 0.0
    customer.kind, customer.pool, customer.attempt = kind, NOBODY, 0
    # Two more of the class have been drawn already.
    customer.number = group.number - 2
    customer.cell = group.next_interval * len(room.classes) + kind
    customer.counts = int(clock.warm_up <= now < clock.until)
    customer.work = group.next_work
    if customer.counts != 0:
        tally.customers[customer.cell, ARRIVED] += 1
    if len(tally.arrived) > 0:
        tally.arrived[customer.serial] = now
        tally.waited[customer.serial] = math.nan
        tally.kind[customer.serial] = kind
        tally.pool[customer.serial] = UNFINISHED
    luck.announce(room, kind)
    _find_next_arrival(room)
    _enter(room, tally, one, now)


@inlined
def _find_next_arrival(room: Room) -> None:
    """Note which class comes next; there is one such moment a class, so no heap is needed."""
    clock = room.clock[0]
    clock.next_class, clock.next_arrival = 0, room.classes[0].next
    for c in range(1, len(room.classes)):
        if room.classes[c].next < clock.next_arrival:
            clock.next_class, clock.next_arrival = c, room.classes[c].next


@inlined
def _free_row(room: Room) -> int:
    """Return a row for a new customer: the one left last, so that few are in use."""
    clock = room.clock[0]
    one = clock.free
    if one == NOBODY:
        one = clock.rows
        clock.rows += 1
    else:
        clock.free = room.customers[one].behind
    return int(one)


@inlined
def _leave(room: Room, tally: Tally, one: int, state: int, pool: int) -> None:
    """Let a customer go for good."""
    customer = room.customers[one]
    customer.state = state
    if len(tally.arrived) > 0:
        tally.waited[customer.serial] = customer.waited
        tally.pool[customer.serial] = pool
    customer.behind = room.clock[0].free
    room.clock[0].free = one


@inlined
def _enter(room: Room, tally: Tally, one: int, now: float) -> None:
    pool = _free_pool(room, one, now)
    if pool == NOBODY and room.clock[0].preempts != 0:
        pool = _interrupt(room, tally, one, now)
    if pool != NOBODY:
        _begin(room, tally, one, pool, now)
    else:
        _wait(room, one, now)


@inlined
def _free_pool(room: Room, one: int, now: float) -> int:
    """Return the first pool in the order of the class that has an agent to spare."""
    customer = room.customers[one]
    for at in range(room.classes[customer.kind].pools):
        p = room.pools_of[customer.kind, at]
        pool, route = room.pools[p], room.routes[customer.kind, p]
        if pool.agents - pool.busy > route.spare and customer.joined + route.after <= now:
            return int(p)
    return NOBODY


@apart
def _interrupt(room: Room, tally: Tally, one: int, now: float) -> int:
    """Send a customer of worse rank back to the line; return the pool of the agent freed."""
    kind = room.customers[one].kind
    for at in range(room.classes[kind].pools):
        p = room.pools_of[kind, at]
        route = room.routes[kind, p]
        if room.pools[p].preempts == 0 or room.customers[one].joined + route.after > now:
            continue
        for place in range(room.pools[p].classes - 1, -1, -1):
            other = room.classes_of[p, place]
            if room.routes[other, p].rank <= route.rank:
                break
            victim = room.routes[other, p].serving
            if victim != NOBODY:
                _stop(room, tally, victim, now)
                return int(p)
    return NOBODY


@apart
def _stop(room: Room, tally: Tally, victim: int, now: float) -> None:
    """Take a customer from the agent; served elsewhere if possible, first in line if not."""
    customer = room.customers[victim]
    route = room.routes[customer.kind, customer.pool]
    customer.work = (customer.due - now) * route.speed
    # The wait goes on from where it was, and the place in the line with it.
    customer.joined = now - customer.waited
    lines.end_service(room, victim)
    _change_busy(room, customer.pool, -1, now)
    if customer.counts != 0:
        tally.customers[customer.cell, INTERRUPTED] += 1
    # The agent is spoken for; the search for another pool must not offer this one.
    left = customer.pool
    room.pools[left].agents -= 1
    pool = _free_pool(room, victim, now)
    room.pools[left].agents += 1
    if pool != NOBODY:
        _begin(room, tally, victim, pool, now)
        return
    customer.state = WAITING
    customer.due = math.inf
    lines.join_first(room, victim)


@inlined
def _begin(room: Room, tally: Tally, one: int, p: int, now: float) -> None:
    customer = room.customers[one]
    customer.state, customer.pool = IN_SERVICE, p
    customer.waited = now - customer.joined
    customer.due = now + customer.work * room.routes[customer.kind, p].pace
    _change_busy(room, p, 1, now)
    if room.pools[p].preempts != 0:
        lines.begin_service(room, one)
    _expect(room, customer.due, DONE, one)


@inlined
def _wait(room: Room, one: int, now: float) -> None:
    customer = room.customers[one]
    group = room.classes[customer.kind]
    customer.state = WAITING
    customer.due = now + _patience(room, one)
    if customer.due < math.inf:
        _expect(room, customer.due, GIVE_UP, one)
    lines.join_last(room, one)
    if group.overflows > 0:
        for at in range(group.pools):
            after = room.routes[customer.kind, room.pools_of[customer.kind, at]].after
            if customer.joined + after > now:
                _expect(room, customer.joined + after, OVERFLOW, one)


@inlined
def _patience(room: Room, one: int) -> float:
    customer = room.customers[one]
    group = room.classes[customer.kind]
    if customer.attempt > 0 and group.back_patient != 0:
        return math.inf
    if group.patience.form == FIXED:
        return float(group.patience.mean)
    u, _ = luck.uniforms_of(room, group.staying, customer.number, customer.attempt)
    return luck.time_of(group.patience, room.quantiles, u)


@inlined
def _finish(room: Room, tally: Tally, one: int, now: float) -> None:
    customer = room.customers[one]
    p, kind = customer.pool, customer.kind
    if room.pools[p].preempts != 0:
        lines.end_service(room, one)
    _change_busy(room, p, -1, now)
    room.classes[kind].inside -= 1
    if customer.counts != 0:
        tally.by_pool[kind, p] += 1
        _count_end(tally, customer, SERVED, SERVED_WAIT)
    _leave(room, tally, one, SERVED_WELL, p)
    _take_next(room, tally, p, now)


@inlined
def _take_next(room: Room, tally: Tally, p: int, now: float) -> None:
    """Give the free agents of a pool to those who wait."""
    while room.pools[p].busy < room.pools[p].agents:
        one = _next_in_line(room, p, now)
        if one == NOBODY:
            return
        lines.leave(room, one)
        _begin(room, tally, one, p, now)


@inlined
def _next_in_line(room: Room, p: int, now: float) -> int:
    """Return whom a free agent takes: the best rank, then the longest wait."""
    pool = room.pools[p]
    chosen, best, joined = NOBODY, 0, 0.0
    for place in range(pool.classes):
        kind = room.classes_of[p, place]
        route = room.routes[kind, p]
        if chosen != NOBODY and route.rank > best:
            break
        one = room.classes[kind].head
        if one == NOBODY or pool.agents - pool.busy <= route.spare:
            continue
        since = room.customers[one].joined
        if since + route.after <= now and (chosen == NOBODY or since < joined):
            chosen, best, joined = one, route.rank, since
    return chosen


@apart
def _leave_line_for_free_pool(room: Room, tally: Tally, one: int, now: float) -> None:
    pool = _free_pool(room, one, now)
    if pool != NOBODY:
        lines.leave(room, one)
        _begin(room, tally, one, pool, now)


@inlined
def _give_up(room: Room, tally: Tally, one: int, now: float) -> None:
    customer = room.customers[one]
    group = room.classes[customer.kind]
    lines.leave(room, one)
    group.inside -= 1
    customer.waited = now - customer.joined
    if group.back_share > 0.0 and customer.attempt < group.back_times:
        u, v = luck.uniforms_of(room, group.returning, customer.number, customer.attempt)
        if u < group.back_share:
            customer.state = AWAY
            _expect(room, now - group.back_delay * math.log(1.0 - v), RETURN, one)
            return
    if customer.counts != 0:
        _count_end(tally, customer, LOST, LOST_WAIT)
    _leave(room, tally, one, GONE, GAVE_UP)


@apart
def _come_back(room: Room, tally: Tally, one: int, now: float) -> None:
    customer = room.customers[one]
    customer.attempt += 1
    # Time away is no wait; time in the line before it is.
    customer.joined = now - customer.waited
    room.classes[customer.kind].inside += 1
    if customer.attempt == 1 and customer.counts != 0:
        tally.customers[customer.cell, CAME_BACK] += 1
    _enter(room, tally, one, now)


@apart
def _change_shift(room: Room, tally: Tally, now: float) -> None:
    clock = room.clock[0]
    for p in range(len(room.pools)):
        _enter_hours(room, tally, p, now)
    if clock.interval + 1 == len(room.edges) - 1:
        clock.counting = 0
        return
    clock.interval += 1
    _expect(room, room.edges[clock.interval + 1], SHIFT, 0)
    for c in range(len(room.classes)):
        tally.present[clock.interval, c] = room.classes[c].inside
    for p in range(len(room.pools)):
        room.pools[p].agents = room.agents[p, clock.interval]
    for p in range(len(room.pools)):
        _take_next(room, tally, p, now)


@apart
def _change_counting(room: Room, tally: Tally, now: float) -> None:
    """Hours of agents count from here on, or no longer."""
    for p in range(len(room.pools)):
        _enter_hours(room, tally, p, now)
    room.clock[0].counting = 1 - room.clock[0].counting


@inlined
def _change_busy(room: Room, p: int, change: int, now: float) -> None:
    _account(room.pools[p], now)
    room.pools[p].busy += change


@inlined
def _account(pool: Row, now: float) -> None:
    """Add the hours of a pool since its last change."""
    passed = now - pool.since
    pool.worked += pool.busy * passed
    pool.staffed += max(pool.agents, pool.busy) * passed
    pool.since = now


@inlined
def _enter_hours(room: Room, tally: Tally, p: int, now: float) -> None:
    """Enter the hours of a pool in the books, if they count, and begin anew."""
    pool, clock = room.pools[p], room.clock[0]
    _account(pool, now)
    if clock.counting != 0:
        tally.hours[clock.interval, p, BUSY] += pool.worked
        tally.hours[clock.interval, p, STAFFED] += pool.staffed
    pool.worked, pool.staffed = 0.0, 0.0


@inlined
def _count_end(tally: Tally, customer: Row, end: int, sum_of: int) -> None:
    cell, waited = customer.cell, customer.waited
    tally.customers[cell, end] += 1
    tally.waits[cell, sum_of] += waited
    if waited > 0.0:
        tally.customers[cell, DELAYED] += 1
    for limit in range(len(tally.limits)):
        if waited <= tally.limits[limit]:
            tally.within[cell, limit] += 1
            if end == SERVED:
                tally.answered[cell, limit] += 1


@kernel
def play_days(room: Room, tallies: Tally, first: int, arrivals: Counts) -> int:
    """Play one replication for each row of the tallies, from number `first` on.

    arrivals: filled with the number of customers of each. Returns the number of replications that
    fitted into the tables.
    """
    clock = room.clock[0]
    spread = clock.spread
    for run in range(len(arrivals)):
        clock.replication = np.uint64(first + run)
        clock.busyness = luck.busyness(spread, clock.seed, clock.replication)
        arrivals[run] = play(room, _row(tallies, run))
        if arrivals[run] < 0:
            return run
    return len(arrivals)


@kernel
def _row(tallies: Tally, run: int) -> Tally:
    return Tally(
        tallies.customers[run],
        tallies.waits[run],
        tallies.within[run],
        tallies.answered[run],
        tallies.by_pool[run],
        tallies.hours[run],
        tallies.present[run],
        tallies.limits,
        tallies.arrived[run],
        tallies.waited[run],
        tallies.kind[run],
        tallies.pool[run],
    )
