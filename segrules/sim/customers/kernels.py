"""One period of a block of customers in one replication.

Shapes: n customers of the block, S segments, K conversions, A changing columns, E evolutions, L of
them with luck, M moves. A state is a segment's place, then S for no segment, S + 1 for customers
who have left for good and S + 2 for those who have not come yet.

Luck is drawn once and shared by all arms; every draw is turned into what happens by a function that
only rises, so that arms differ where their figures do and nowhere else. Tallies are whole numbers:
blocks may be cut anyhow.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segrules.sim.customers.luck import Moment, key_of, normals, uniforms
from segrules.sim.customers.pack import (
    AGE,
    DAY,
    GROWTH,
    RESPOND,
    REVENUE,
    SALES,
    SINCE,
    STEP,
    SWITCH,
    Changes,
    Moves,
    Tables,
)
from segrules.sim.draws import normal_quantile
from segrules.sim.jit import kernel
from segrules.sim.model import Counts, Floats
from segrules.sim.pack import Words, word
from segrules.sim.uniforms import FIRST, two_uniforms

States = NDArray[np.int16]

_LEAD = word("customer lead")
_VALUE = word("customer sale value")
_LIFE = word("customer life")
_MOST_LEADS = 1_000


class Luck(NamedTuple):
    """What befalls customers in a period, whatever the arm."""

    lead: Floats  # [n] how many leads
    stage: Floats  # [n] how far the first of them comes
    change: Floats  # [L, n] of evolutions, uniform or normal
    room: Floats  # [n] to work in


class Here(NamedTuple):
    """Who is played, and when: the same for all arms."""

    words: Words  # [n] customers
    eagerness: Floats  # [n] multiplier of leads; [0] if all have 1
    enters: Counts  # [n] first period; [0] if all are there from the start
    lives: Floats  # [n] how much hazard each outlives; [0] if nobody leaves
    worth: int  # place of the column that holds the mean of a sale, -1 for none
    moment: Moment
    luck: Luck


class State(NamedTuple):
    """Customers of a block in one arm; room of length 0 is not used."""

    segment: States  # [n]
    values: Floats  # [A, n] changing columns, not a number where missing
    sales: NDArray[np.int32]  # [n] in this period
    revenue: Counts  # [n] in this period, minor units
    worn: Floats  # [n] hazard so far; [0] if nobody leaves
    debt: Floats  # [n] mean sales that were pulled forward; [0] if none are
    lifted: Floats  # [M, n] by how much a lever has moved the column, 0 if it has not
    profit: Floats  # [n] over all periods; [0] if nobody asks


class Tally(NamedTuple):
    """What one replication of an arm adds up to."""

    moves: Counts  # [T, S+3, S+3] from state to state
    reached: Counts  # [T, S, K+1] leads that came so far
    revenue: Counts  # [T, S] minor units
    moved: Counts  # [M, T, S+1] customers moved by levers
    tried: Counts  # [M, T, S+1] customers whom levers were to move


@kernel
def draw_luck(words: Words, moment: Moment, changes: Changes, out: Luck) -> None:
    """Fill the luck of a period for the customers words[n]."""
    uniforms(words, moment, _LEAD, out.lead, out.stage)
    none = out.lead[:0]
    for luck in range(len(changes.words)):
        row = out.change[luck]
        if changes.normal[luck]:
            uniforms(words, moment, changes.words[luck], out.room, none)
            normals(out.room, row)
            if changes.alike[luck]:
                mean, sd = changes.growth[luck]
                for i in range(len(row)):
                    row[i] = math.exp(mean + sd * row[i] - 0.5 * sd * sd)
        else:
            uniforms(words, moment, changes.words[luck], row, none)


@kernel
def draw_lives(words: Words, moment: Moment, out: Floats) -> None:
    """Fill out[n] with how much hazard each customer outlives."""
    uniforms(words, moment, _LIFE, out, out[:0])
    for i in range(len(words)):
        out[i] = -math.log(out[i])


@kernel
def mapped(table: States, codes: States, out: States) -> None:
    """Fill out[n] with what stands in the table for each code."""
    for i in range(len(out)):
        out[i] = table[codes[i]]


@kernel
def arrive(placed: States, here: Here, state: State, tally: Tally) -> None:
    """Take over the placements at the beginning of a period (or the end), and count the moves.

    placed[n] is -1 for no segment.
    """
    t, segments = np.int64(here.moment.period), tally.reached.shape[1]
    for i in range(len(placed)):
        now = placed[i] if placed[i] >= 0 else segments
        if len(here.enters) and here.enters[i] > t:
            now = segments + 2
        elif len(here.lives) and state.worn[i] > here.lives[i]:
            now = segments + 1
        if t > 0:
            tally.moves[t - 1, state.segment[i], now] += 1
        state.segment[i] = now


@kernel
def leads_of(mean: float, none: float, u: float) -> int:
    """A Poisson number by inversion; `none` is its chance of 0."""
    k, probability = 0, none
    while u > probability and k < _MOST_LEADS:
        u -= probability
        k += 1
        probability *= mean / k
    return k


@kernel
def trade(here: Here, tables: Tables, state: State, tally: Tally) -> None:
    """Leads, sales and revenue of a period."""
    t = np.int64(here.moment.period)
    if len(state.debt):
        _find_leads_owing(here, tables, state)
    else:
        _find_leads(here, tables.leads[t], tables.none[t], state)
    _sell(here, tables, state, tally)
    if len(state.worn):
        _wear(tables.hazard[t], tables.after_sale, state)
    if len(state.profit):
        for i in range(len(here.words)):
            s = state.segment[i]
            if s < tables.leads.shape[1]:
                state.profit[i] += state.revenue[i] - tables.keep_cost[t, s]


@kernel
def _find_leads(here: Here, leads: Floats, none: Floats, state: State) -> None:
    """Fill sales[n] with how many leads there are."""
    segment, found, drawn = state.segment, state.sales, here.luck.lead
    eagerness, last = here.eagerness, len(leads) - 1
    for i in range(len(found)):
        s = segment[i]
        found[i] = 0
        if s > last:
            continue
        mean, nobody = leads[s], none[s]
        if len(eagerness):
            mean *= eagerness[i]
            nobody = math.exp(-mean)
        if drawn[i] > nobody:
            found[i] = leads_of(mean, nobody, drawn[i])


@kernel
def _find_leads_owing(here: Here, tables: Tables, state: State) -> None:
    """As `_find_leads`, with fewer of them for sales that were pulled forward.

    What is pulled forward in this period is missing from the next one on.
    """
    t, last, stages = np.int64(here.moment.period), tables.leads.shape[1] - 1, tables.reach.shape[2]
    for i in range(len(here.words)):
        s = state.segment[i]
        state.sales[i] = 0
        if s > last:
            continue
        mean, none, scale = tables.leads[t, s], tables.none[t, s], 1.0
        if len(here.eagerness):
            scale = here.eagerness[i]
            mean *= scale
            none = math.exp(-mean)
        chance = tables.reach[t, s, stages - 1] if stages else 1.0
        if state.debt[i] > 0.0 and chance > 0.0:
            paid = min(state.debt[i], mean * chance)
            state.debt[i] -= paid
            mean = max(mean - paid / chance, 0.0)
            none = math.exp(-mean)
        state.debt[i] += tables.pulled[t, s] * scale
        if here.luck.lead[i] > none:
            state.sales[i] = leads_of(mean, none, here.luck.lead[i])


@kernel
def _sell(here: Here, tables: Tables, state: State, tally: Tally) -> None:
    """Follow the leads through the stages: sales[n] are leads before, and sales afterwards."""
    t, stages = np.int64(here.moment.period), tables.reach.shape[2]
    reach, value, stage_cost = tables.reach[t], tables.value[t], tables.stage_cost[t]
    reached, income = tally.reached[t], tally.revenue[t]
    words, moment, drawn = here.words, here.moment, here.luck.stage
    segment, sales, revenue, profit = state.segment, state.sales, state.revenue, state.profit
    worth = state.values[max(here.worth, 0)] if here.worth >= 0 else drawn
    for i in range(len(words)):
        number, s, revenue[i], sales[i] = sales[i], segment[i], 0, 0
        for lead in range(number):
            v = drawn[i]
            if lead > 0:
                v = two_uniforms(key_of(words[i], moment, _LEAD), np.uint64(lead))[1]
            k = 0
            while k < stages and v < reach[s, k]:
                k += 1
            for stage in range(k + 1):
                reached[s, stage] += 1
                if len(profit):
                    profit[i] -= stage_cost[s, stage]
            if k == stages:
                mean = value[s] * worth[i] if here.worth >= 0 else value[s]
                amount = _amount(mean, tables.spread[s], words[i], moment, lead)
                sales[i] += 1
                revenue[i] += amount
                income[s] += amount


@kernel
def _amount(mean: float, spread: float, customer: Any, moment: Moment, lead: int) -> Any:
    """Minor units of a sale; 0 where nothing is known of what the customer spends."""
    if spread > 0.0:
        u = two_uniforms(key_of(customer, moment, _VALUE), np.uint64(lead))[0]
        mean *= math.exp(spread * normal_quantile(u) - 0.5 * spread * spread)
    return np.int64(0) if np.isnan(mean) else np.int64(np.rint(mean))


@kernel
def _wear(hazard: Floats, after_sale: Floats, state: State) -> None:
    last = len(hazard) - 1
    for i in range(len(state.worn)):
        s = state.segment[i]
        if s <= last:
            state.worn[i] += hazard[s] + after_sale[s] * state.sales[i]


@kernel
def evolve(changes: Changes, here: Here, turn: Floats, day: float, state: State) -> None:
    """What becomes of the changing columns by the end of a period that began on `day`.

    turn[S+1] is the price by that of the period before.
    """
    for e in range(len(changes.kind)):
        x = state.values[changes.column[e]]
        at = changes.luck[e]
        drawn = here.luck.change[at if at >= 0 else 0]
        kind = changes.kind[e]
        if kind == AGE:
            _age(x, changes.first[e], state)
        elif kind == SINCE:
            _since(x, changes.first[e], state)
        elif kind == DAY:
            _sale_day(x, day * changes.first[e, 0], state)
        elif kind in (SALES, REVENUE):
            _accumulate(x, changes.first[e], kind == REVENUE, state)
        elif kind == STEP:
            _step(x, changes.first[e], changes.second[e], drawn, state)
        elif kind == RESPOND:
            _respond(x, changes.first[e], turn, state)
        elif kind == SWITCH:
            _switch(x, changes.chains[e], drawn, state)
        elif kind == GROWTH and changes.alike[at]:
            _grow(x, drawn, changes.first.shape[1] - 1, state)
        else:
            _walk(x, changes.first[e], changes.second[e], drawn, kind == GROWTH, state)
        if changes.whole[e]:
            for i in range(len(x)):
                x[i] = np.rint(x[i])
        _keep_within(x, changes.low[e], changes.high[e])


@kernel
def _keep_within(x: Floats, low: float, high: float) -> None:
    if low == -math.inf and high == math.inf:
        return
    for i in range(len(x)):
        value = x[i]
        value = low if value < low else value
        x[i] = high if value > high else value


@kernel
def _age(x: Floats, by: Floats, state: State) -> None:
    last = len(by) - 1
    for i in range(len(x)):
        s = state.segment[i]
        x[i] += by[s] if s <= last else 0.0


@kernel
def _since(x: Floats, by: Floats, state: State) -> None:
    last = len(by) - 1
    for i in range(len(x)):
        s = state.segment[i]
        older = x[i] + (by[s] if s <= last else 0.0)
        x[i] = 0.0 if state.sales[i] > 0 else older


@kernel
def _sale_day(x: Floats, day: float, state: State) -> None:
    for i in range(len(x)):
        x[i] = day if state.sales[i] > 0 else x[i]


@kernel
def _accumulate(x: Floats, keep: Floats, money: bool, state: State) -> None:
    last = len(keep) - 1
    for i in range(len(x)):
        s = state.segment[i]
        new = state.revenue[i] if money else state.sales[i]
        kept = x[i] * (keep[s] if s <= last else 1.0)
        begun = state.sales[i] > 0 and np.isnan(kept)
        x[i] = (0.0 if begun else kept) + new


@kernel
def _step(x: Floats, chance: Floats, by: Floats, drawn: Floats, state: State) -> None:
    last = len(chance) - 1
    for i in range(len(x)):
        s = state.segment[i]
        if s <= last and drawn[i] < chance[s]:
            x[i] += by[s]


@kernel
def _respond(x: Floats, elasticity: Floats, turn: Floats, state: State) -> None:
    last = len(turn) - 1
    for i in range(len(x)):
        s = state.segment[i]
        if s <= last and turn[s] != 1.0:
            x[i] *= turn[s] ** elasticity[s]


@kernel
def _switch(x: Floats, chain: Floats, drawn: Floats, state: State) -> None:
    for i in range(len(x)):
        if not np.isnan(x[i]):
            row, at = chain[np.int64(x[i])], 0
            while at < len(row) - 1 and drawn[i] >= row[at]:
                at += 1
            x[i] = at


@kernel
def _grow(x: Floats, factor: Floats, segments: int, state: State) -> None:
    for i in range(len(x)):
        x[i] = x[i] * factor[i] if state.segment[i] < segments else x[i]


@kernel
def _walk(x: Floats, mean: Floats, sd: Floats, drawn: Floats, relative: bool, state: State) -> None:
    last = len(mean) - 1
    for i in range(len(x)):
        s = min(state.segment[i], last)
        if relative:
            x[i] *= math.exp(mean[s] + sd[s] * drawn[i] - 0.5 * sd[s] * sd[s])
        else:
            x[i] += mean[s] + sd[s] * drawn[i]


@kernel
def move(here: Here, moves: Moves, state: State, tally: Tally) -> None:
    """Levers move columns, and who was moved falls back.

    Whoever is at the bound of a move already is not moved, and takes part in nothing.
    """
    t = np.int64(here.moment.period)
    for m in range(len(moves.column)):
        x, lifted = state.values[moves.column[m]], state.lifted[m]
        tried, chance = moves.tried[m, t], moves.chance[m, t]
        back, by, attempt = moves.fall_back[m], moves.by[m], moves.attempt[m, t]
        last = len(chance) - 1
        for i in range(len(here.words)):
            s = state.segment[i]
            if s > last:
                continue
            goal = min(max(x[i] + by, moves.low[m]), moves.high[m])
            free = lifted[i] == 0.0 and (goal - x[i]) * by > 0.0
            if free and tried[s]:
                tally.tried[m, t, s] += 1
                if len(state.profit):
                    state.profit[i] -= attempt
            if (chance[s] if free else back) <= 0.0:
                continue
            u = two_uniforms(key_of(here.words[i], here.moment, moves.words[m]), FIRST)[0]
            if lifted[i] != 0.0 and u < back:
                x[i] -= lifted[i]
                lifted[i] = 0.0
            elif free and u < chance[s]:
                lifted[i] = goal - x[i]
                x[i] = goal
                tally.moved[m, t, s] += 1
                if len(state.profit):
                    state.profit[i] -= moves.cost[m]
