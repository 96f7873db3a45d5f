"""Play replications: what all of them share, and blocks of customers in one of them.

Customers do not meet, so a replication is played block of customers by block of customers, all
periods of one before the next: what a thread holds is a block, whatever the number of customers.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segrules.backends.kernel.stepping import Resting, Stepping, bordered
from segrules.backends.kernel.values import Vector, held_as
from segrules.lang.types import Type
from segrules.sim.customers import kernels
from segrules.sim.customers.evolution import drawn
from segrules.sim.customers.kernels import Here, Luck, State, States, Tally
from segrules.sim.customers.luck import Moment
from segrules.sim.customers.model import Model, Start
from segrules.sim.customers.pack import (
    Changes,
    Moves,
    Tables,
    changes_of,
    moves_of,
    tables_of,
)
from segrules.sim.customers.past import Asking, Past, check_reviews, day_number, unanswered
from segrules.sim.customers.rules import Rules
from segrules.sim.customers.spread import SPREADS, spread_of
from segrules.sim.model import Counts, Floats, require

CUSTOMERS = 16_384
"""Customers a block: what is held of them stays near the processor (by measurement)."""


@dataclass(frozen=True)
class Settings:
    """How a model is played; nothing here changes a bit of the result but the last three.

    on: an executor, or a number of threads; None is a thread for each processor. block: the
    replications of a unit of work, None for what suits where it is done. customers: of a block.
    keep: the replication of which every customer's profit is kept, or None. spread: whether to
    find how the profit is spread over customers. lean: of so many scenarios, the last ones,
    nothing is kept but revenue and cost.
    """

    on: Executor | int | None = None
    block: int | None = None
    customers: int = CUSTOMERS
    keep: int | None = None
    spread: bool = False
    lean: int = 0


@dataclass(frozen=True)
class Arm:
    """What happened in one arm, int64; money in minor units.

    customers: [R, T+1, S+3] at each of the days, by state: segments, then in none, left for good,
    not there yet. moves: [R, T, S+3, S+3] from day to day. overall: [R, S+3, S+3] from the first
    day to the last. reached: [R, T, S, K+1] leads by stage,
    in the segment that customers were in at the beginning of the period; the last are sales.
    revenue, cost: [R, T, S]. moved: [R, M, T, S+1] customers moved by the scenario's levers.
    profit: float64[N] of each customer over all periods, in the replication that was asked for;
    [0] otherwise. spread: float64[R, 4] how the profit is spread over customers (see `spread_of`)
    where that was asked for; [R, 0] otherwise. Of a lean arm all but revenue and cost has no
    periods, and the others no length.
    """

    customers: Counts
    moves: Counts
    overall: Counts
    reached: Counts
    revenue: Counts
    cost: Counts
    moved: Counts
    profit: Floats
    spread: Floats

    @property
    def sales(self) -> Counts:
        """[R, T, S]."""
        sales: Counts = self.reached[..., -1]
        return sales

    def rows(self, chosen: Counts) -> Arm:
        """The replications at these places."""
        return self._changed(lambda values: values[chosen])

    def _changed(self, do: Callable[[NDArray[Any]], NDArray[Any]]) -> Arm:
        """With `do` of what has a row a replication."""
        return Arm(*(
            getattr(self, each.name) if each.name == "profit" else do(getattr(self, each.name))
            for each in fields(Arm)
        ))  # fmt: skip

    def lean(self) -> Arm:
        """With revenue and cost alone."""
        none = self._changed(lambda values: values[:, :0])
        return replace(none, revenue=self.revenue, cost=self.cost, profit=self.profit[:0])


@dataclass(frozen=True)
class Playing:
    """The rules of an arm, with what of them holds for good."""

    rules: Rules
    stepping: Stepping
    resting: Resting
    segments: States  # of each outcome
    remembers: bool

    @property
    def computes(self) -> bool:
        return self.stepping.computes or self.remembers


class World:
    """What all replications share: nothing here changes while they are played.

    Raises:
        ValueError: the engine does not remember what the rules ask.
    """

    def __init__(self, model: Model, settings: Settings) -> None:
        require(settings.customers >= 1, "block")
        require(0 <= settings.lean <= len(model.scenarios), "lean scenarios")
        self.model, self.settings = model, settings
        self.moving = model.moving
        self.words = np.ascontiguousarray(model.population.words, np.uint64)
        self.rows = len(self.words)
        columns = model.population.columns
        self.values = np.array(
            [_doubles(columns[name], self.rows) for name in self.moving], np.float64
        ).reshape(len(self.moving), self.rows)
        self.kinds = {each.name: each.type for each in model.rules.compiled.columns}
        self._changes: Changes = changes_of(model)
        self._drawn = any(drawn(each) for each in model.evolutions)
        self.eagerness = _or_none(model.population.eagerness)
        enters = model.population.enters
        self.enters = np.empty(0, np.int64) if enters is None else enters.astype(np.int64)
        rates = model.rates
        self.wearing = bool(np.any(rates.hazard) or np.any(rates.after_sale))
        self.worth = self.moving.index(rates.worth) if rates.worth else -1
        self.days = [float(day_number(day)) for day in model.days]
        playing: dict[int, Playing] = {}
        every = [model.rules, *(each.rules or model.rules for each in model.scenarios)]
        for rules in every:
            if id(rules) not in playing:
                playing[id(rules)] = self._playing(rules)
        self.arms = [playing[id(rules)] for rules in every]
        levers = [(), *(each.levers for each in model.scenarios)]
        self._moves = [len(moves_of(model, each, 0).column) for each in levers]

    def empty(self, runs: int) -> list[Arm]:
        """Arms of so many replications, in which nothing has happened yet."""
        whole = len(self.arms) - self.settings.lean
        return [self._empty(at, runs, lean=at >= whole) for at in range(len(self.arms))]

    def _empty(self, at: int, runs: int, *, lean: bool) -> Arm:
        model, asked = self.model, self.settings
        periods, segments = model.periods, len(model.rules.segments)
        states, stages = segments + 3, model.rates.stage_cost.shape[1]
        kept = 0 if lean else periods
        return Arm(
            np.zeros((runs, 0 if lean else periods + 1, states), np.int64),
            np.zeros((runs, kept, states, states), np.int64),
            np.zeros((runs, 0 if lean else states, states), np.int64),
            np.zeros((runs, kept, segments, stages), np.int64),
            np.zeros((runs, periods, segments), np.int64),
            np.zeros((runs, periods, segments), np.int64),
            np.zeros((runs, 0 if lean else self._moves[at], periods, segments + 1), np.int64),
            np.zeros(0 if lean or asked.keep is None else self.rows),
            np.zeros((runs, SPREADS if asked.spread and not lean else 0)),
        )

    def _playing(self, rules: Rules) -> Playing:
        stepping = rules.stepping(self.moving)
        lacking = unanswered(rules.remembered, rules.set)
        require(not lacking, f"the engine does not remember {'; '.join(lacking)}")
        days = self.model.asked_on if rules is self.model.rules else self.model.days
        check_reviews(Asking(stepping, rules.remembered, days))
        still = bordered(self.model.population.columns, rules.compiled)
        return Playing(
            rules, stepping, stepping.resting(still, self.rows),
            stepping.segments.astype(np.int16),
            bool(rules.remembered or rules.found.tolerances),
        )  # fmt: skip

    def changes(self, replication: int) -> Changes:
        """The evolutions in a replication."""
        return changes_of(self.model, replication) if self._drawn else self._changes

    def play(self, replication: int) -> list[Arm]:
        """One replication: arms of one row each."""
        arms = [self._empty(at, 1, lean=False) for at in range(len(self.arms))]
        model, whole = self.model, len(arms) - self.settings.lean
        tables = [tables_of(model, None, replication)]
        tables += [tables_of(model, each, replication) for each in model.scenarios]
        moves = [moves_of(model, (), replication)]
        moves += [moves_of(model, each.levers, replication) for each in model.scenarios]
        tallies = [
            Tally(arm.moves[0], arm.reached[0], arm.revenue[0], arm.moved[0],
                  np.zeros_like(arm.moved[0]))
            for arm in arms
        ]  # fmt: skip
        counts = self.settings.spread or self.settings.keep == replication
        profits = [np.zeros(self.rows if counts and at < whole else 0) for at in range(len(arms))]
        for start in range(0, self.rows, self.settings.customers):
            rows = slice(start, min(start + self.settings.customers, self.rows))
            block = Block(self, rows, replication, tables)
            made = block.play(moves, tallies, [_of_rows(each, rows) for each in profits])
            for arm, overall in zip(arms, made, strict=True):
                arm.overall[0] += overall
        for at, (arm, tally) in enumerate(zip(arms, tallies, strict=True)):
            arm.customers[0, :-1] = tally.moves.sum(axis=2)
            arm.customers[0, -1] = tally.moves[-1].sum(axis=0)
            arm.cost[0] = _cost(tables[at], moves[at], tally, arm.customers[0])
            if self.settings.keep == replication and at < whole:
                arm.profit[:] = profits[at]
            if self.settings.spread and at < whole:
                arm.spread[0] = spread_of(profits[at])
        return [arm if at < whole else arm.lean() for at, arm in enumerate(arms)]


def _cost(tables: Tables, moves: Moves, tally: Tally, customers: Counts) -> Counts:
    """Whole minor units by period and segment."""
    segments = tables.leads.shape[1]
    there = customers[:-1, :segments]
    cost = (tally.reached * tables.stage_cost).sum(axis=2)
    cost += there * tables.keep_cost
    cost += np.tensordot(moves.cost, tally.moved[:, :, :segments].astype(float), axes=1)
    cost += (moves.attempt[:, :, None] * tally.tried[:, :, :segments]).sum(axis=0)
    for outlay, bears in zip(tables.outlay, tables.bears, strict=True):
        bearing = np.where(bears, there, 0)
        # where nobody is left, the segments bear it alike
        bearing = np.where(bearing.sum(axis=1, keepdims=True) > 0, bearing, bears)
        cost += outlay[:, None] * bearing / np.maximum(bearing.sum(axis=1, keepdims=True), 1)
    whole: Counts = np.rint(cost).astype(np.int64)
    return whole


def _or_none(values: NDArray[np.float64] | None) -> Floats:
    return np.empty(0) if values is None else np.ascontiguousarray(values, np.float64)


def _of_rows(values: NDArray[Any], rows: slice) -> NDArray[Any]:
    """A span of rows; all of nothing."""
    return values[rows] if len(values) else values


def _doubles(vector: Vector, rows: int) -> Floats:
    values = np.broadcast_to(vector.values, rows).astype(np.float64)
    if vector.missing is not None:
        values[np.broadcast_to(vector.missing, rows)] = np.nan
    values[~np.isfinite(values)] = np.nan
    return values


class Block:
    """A block of customers in one replication: all arms beside each other, under the same luck."""

    def __init__(self, world: World, rows: slice, replication: int, tables: list[Tables]) -> None:
        self.world, self.rows, self.replication, self.tables = world, rows, replication, tables
        self._changes = world.changes(replication)
        count = self.count = rows.stop - rows.start
        luck = Luck(
            np.empty(count),
            np.empty(count),
            np.empty((max(len(self._changes.words), 1), count)),
            np.empty(count),
        )
        self._here = Here(
            world.words[rows], _of_rows(world.eagerness, rows), _of_rows(world.enters, rows),
            np.empty(count if world.wearing else 0), world.worth, self._moment(0), luck,
        )  # fmt: skip
        if world.wearing:
            kernels.draw_lives(self._here.words, self._moment(0), self._here.lives)

    def _moment(self, t: int) -> Moment:
        seed = np.uint64(self.world.model.seed)
        return Moment(seed, np.uint64(t), np.uint64(self.replication))

    def _state(self, tables: Tables, moves: Moves, profit: Floats) -> State:
        count, segments = self.count, tables.leads.shape[1]
        return State(
            np.full(count, segments, np.int16),
            self.world.values[:, self.rows].copy(),
            np.zeros(count, np.int32),
            np.zeros(count, np.int64),
            np.zeros(count if self.world.wearing else 0),
            np.zeros(count if np.any(tables.pulled) else 0),
            np.zeros((len(moves.column), count)),
            profit,
        )

    def play(self, moves: list[Moves], tallies: list[Tally], profits: list[Floats]) -> list[Counts]:
        """All periods of all arms; the moves from the first day to the last, [S+3, S+3] each."""
        world, model = self.world, self.world.model
        states = [
            self._state(*each) for each in zip(self.tables, moves, profits, strict=True)
        ]  # fmt: skip
        pasts = [self._past(playing) for playing in world.arms]
        begun: list[States] = []
        for t in range(model.periods + 1):
            last = t == model.periods
            here = self._here._replace(moment=self._moment(t))
            if not last:
                kernels.draw_luck(here.words, here.moment, self._changes, here.luck)
            for at, playing in enumerate(world.arms):
                state, tally = states[at], tallies[at]
                placed = self._place(playing, state, pasts[at], t)
                kernels.arrive(placed, here, state, tally)
                if t == 0:
                    begun.append(state.segment.copy())
                if not last:
                    self._pass(at, here, state, tally, moves[at])
        size = len(model.rules.segments) + 3
        return [
            np.bincount(first.astype(np.int64) * size + state.segment, minlength=size * size)
            .reshape(size, size)
            for first, state in zip(begun, states, strict=True)
        ]  # fmt: skip

    def _pass(self, at: int, here: Here, state: State, tally: Tally, moves: Moves) -> None:
        world, tables, t = self.world, self.tables[at], int(here.moment.period)
        kernels.trade(here, tables, state, tally)
        kernels.evolve(self._changes, here, tables.turn[t], world.days[t], state)
        if len(moves.column):
            kernels.move(here, moves, state, tally)

    # ---- placing

    def _past(self, playing: Playing) -> Past | None:
        if not playing.remembers:
            return None
        model = self.world.model
        asking = Asking(playing.stepping, playing.rules.remembered, model.days)
        return Past(asking, self.count, model.before and model.before.rows(self.rows))

    def _begin(self, start: Start, past: Past | None) -> States:
        """The segment of each customer where the model says how they stand at first."""
        here = start.rows(self.rows)
        if len(self._here.enters):
            here = replace(here, segment=np.where(self._here.enters > 0, -1, here.segment))
        if past is not None:
            past.begin(here)
        return start.segment[self.rows].copy()

    def _place(self, playing: Playing, state: State, past: Past | None, t: int) -> States:
        """The segment of each customer at the beginning of a period, -1 for none."""
        start = self.world.model.start
        if t == 0 and start is not None and playing.rules is self.world.model.rules:
            return self._begin(start, past)
        day, stepping = self.world.model.days[t], playing.stepping
        columns = self._columns(playing, state, past, t) if playing.computes else None
        made = stepping.place(
            playing.resting, self.rows, state.values, day,
            None if columns is None else lambda: columns,
        )  # fmt: skip
        placed = np.empty(self.count, np.int16)
        kernels.mapped(playing.segments, made, placed)
        if columns is None:
            return placed
        decided = stepping.after_caps(columns, day, made)
        by = decided.by
        placed = decided.segment.astype(np.int16)
        if past is not None:
            there = placed
            if len(self._here.enters):
                there = np.where(self._here.enters > t, -1, placed).astype(np.int16)
            past.take(day, there, by, columns)
        return placed

    def _columns(
        self, playing: Playing, state: State, past: Past | None, t: int
    ) -> dict[str, Vector]:
        """Every column that the rules read, as they declare it."""
        model, found = self.world.model, {}
        answers = past.columns(model.days[t]) if past else {}
        for column in playing.rules.compiled.columns:
            name = column.name
            if name in answers:
                found[name] = answers[name]
            elif name in self.world.moving:
                values = state.values[self.world.moving.index(name)]
                found[name] = _declared(values, column.type, model.population.columns[name])
            else:
                found[name] = _rows_of(model.population.columns[name], self.rows)
        return bordered(found, playing.rules.compiled)


def _declared(values: Floats, kind: Type, like: Vector) -> Vector:
    missing = np.isnan(values)
    known = np.where(missing, 0.0, values).astype(held_as(kind))
    return Vector(known, missing if missing.any() else None, like.texts)


def _rows_of(vector: Vector, rows: slice) -> Vector:
    if len(vector.values) == 1:
        return vector
    missing = None if vector.missing is None else vector.missing[rows]
    return Vector(vector.values[rows], missing, vector.texts)
