"""Run a model: blocks of replications on an executor, the same bits however they are cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np

from segrules.sim.blocks import Arm, Block, Engine, Months, Numbers, World, run_block
from segrules.sim.model import Counts, Floats, FunnelModel, require
from segrules.sim.work import How, Span, replications, spans, unit, work_through, working

__all__ = ["BLOCK", "Arm", "Draws", "Engine", "Months", "Numbers", "simulate"]

BLOCK = 128
"""Replications a block: the monthly counts of a block of a usual model stay in the cache."""


@dataclass(frozen=True)
class Draws:
    """The replications of a run. Scenarios are in the order of the model.

    complete is False when the run was interrupted: `replications` (int64[R]) then numbers those
    that were finished, and the arms hold only these. assumptions: float64[R, A], as drawn.
    """

    model: FunnelModel
    engine: Engine
    replications: Counts
    today: Arm
    scenarios: tuple[Arm, ...]
    complete: bool
    assumptions: Floats | None = None


def simulate(
    model: FunnelModel,
    runs: int,
    engine: Engine = "counts",
    how: How | None = None,
    *,
    months: bool = False,
) -> Draws:
    """Simulate `runs` replications of today and of every scenario.

    The result depends on the model and on `runs` only, `months` adds to it: the arms then hold
    every month too. A KeyboardInterrupt lets the blocks at work finish and returns what there is.
    """
    asked = how or How()
    require(engine in ("counts", "expected"), "unknown engine")
    world = World.of(model, engine, months=months)
    gathered = _Gathered(runs)
    with working(asked.on) as pool:
        size = unit(pool, runs, BLOCK) if asked.block is None else asked.block
        todo = spans(runs, size)
        done = work_through(partial(_span, world), todo, pool, gathered.take, asked.on_progress)
    finished = replications(done)
    block = gathered.rows(finished) if done else _rows(run_block(world, (0, 1)), slice(0))
    complete = len(done) == len(todo)
    today, *scenarios = block.arms
    return Draws(model, engine, finished, today, tuple(scenarios), complete, block.assumptions)


def _span(world: World, span: Span) -> Block:
    """A unit of work, in blocks that stay in the cache."""
    first, stop = span
    parts = [
        run_block(world, (start, min(start + BLOCK, stop))) for start in range(first, stop, BLOCK)
    ]
    if len(parts) == 1:
        return parts[0]
    return _mapped(lambda *each: np.concatenate(each), *parts)


class _Gathered:
    """What blocks gave, each in its rows."""

    def __init__(self, runs: int) -> None:
        self._runs = runs
        self._whole: Block | None = None

    def take(self, span: Span, block: Block) -> None:
        """Put a block in its place."""
        if self._whole is None:
            self._whole = _mapped(self._room, block)
        here = slice(*span)

        def put(whole: Numbers, part: Numbers) -> Numbers:
            whole[here] = part
            return whole

        _mapped(put, self._whole, block)

    def _room(self, part: Numbers) -> Numbers:
        return np.empty((self._runs, *part.shape[1:]), part.dtype)

    def rows(self, finished: Counts) -> Block:
        """The rows that are finished, of which there are some."""
        require(self._whole is not None, "nothing is finished")
        whole = cast(Block, self._whole)
        return whole if len(finished) == self._runs else _rows(whole, finished)


def _rows(block: Block, rows: Counts | slice) -> Block:
    return _mapped(lambda values: values[rows], block)


def _mapped(do: Callable[..., Numbers], *blocks: Block) -> Block:
    """The block whose arrays `do` makes of those of the blocks, place by place."""

    def months(parts: list[Months | None]) -> Months | None:
        known = [each for each in parts if each is not None]
        if not known:
            return None
        return Months(*(do(*(getattr(each, name) for each in known)) for name in _MONTHS))

    def arm(parts: tuple[Arm, ...]) -> Arm:
        counts, revenue, cost, cut = (do(*(getattr(each, name) for each in parts)) for name in _ARM)
        return Arm(counts, revenue, cost, cut, months([each.months for each in parts]))

    arms = zip(*(block.arms for block in blocks), strict=True)
    return Block(tuple(arm(each) for each in arms), do(*(each.assumptions for each in blocks)))


_ARM = ("counts", "revenue", "cost", "parts")
_MONTHS = ("sales", "revenue", "cost")
