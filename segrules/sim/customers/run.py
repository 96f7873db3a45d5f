"""Play a model on an executor: replications are the unit of work, the same bits however cut."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache, partial
from typing import Any

from segrules.sim.customers.model import Model
from segrules.sim.customers.play import Arm, Settings, World
from segrules.sim.model import Counts, require
from segrules.sim.work import Span, replications, spans, unit, work_through, working

__all__ = ["Arm", "Played", "Settings", "simulate"]

RUNS = 1
"""Replications a unit of work on threads."""


@dataclass(frozen=True)
class Played:
    """The replications of a run; `complete` is False after an interruption."""

    model: Model
    replications: Counts
    today: Arm
    scenarios: tuple[Arm, ...]
    complete: bool

    def first(self, count: int) -> Played:
        """With the first so many scenarios alone."""
        model = replace(self.model, scenarios=self.model.scenarios[:count])
        return replace(self, model=model, scenarios=self.scenarios[:count])


def simulate(
    model: Model,
    runs: int,
    settings: Settings | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Played:
    """Play `runs` replications of today and of every scenario.

    The result depends on the model and on `runs` only. `on_progress` is told the number of
    finished replications. A KeyboardInterrupt lets what is at work finish and returns it.
    """
    asked = settings or Settings()
    require(asked.keep is None or 0 <= asked.keep < runs, "the kept replication is not played")
    world = World(model, asked)
    arms = world.empty(runs)

    def take(span: Span, found: list[Arm]) -> None:
        for whole, part in zip(arms, found, strict=True):
            _put(whole, part, slice(*span))

    with working(asked.on) as pool:
        size = unit(pool, runs, RUNS) if asked.block is None else asked.block
        todo = spans(runs, size)
        done = work_through(partial(_span, _Sent(world)), todo, pool, take, on_progress)
    finished = replications(done)
    complete = len(done) == len(todo)
    if not complete:
        arms = [arm.rows(finished) for arm in arms]
    return Played(model, finished, arms[0], tuple(arms[1:]), complete)


def _put(whole: Arm, part: Arm, here: slice) -> None:
    for each in fields(Arm):
        if each.name != "profit":
            getattr(whole, each.name)[here] = getattr(part, each.name)
        elif part.profit.any():
            whole.profit[:] = part.profit


class _Sent:
    """A world on its way to where it is played: threads share it, and others make it once each."""

    def __init__(self, world: World) -> None:
        self.world = world

    @cached_property
    def _packed(self) -> bytes:
        settings = replace(self.world.settings, on=None)
        return pickle.dumps((self.world.model, settings), pickle.HIGHEST_PROTOCOL)

    def __reduce__(self) -> tuple[Callable[[bytes], _Sent], tuple[Any, ...]]:
        return _arrived, (self._packed,)


@lru_cache(maxsize=1)
def _arrived(packed: bytes) -> _Sent:
    # what is unpacked was packed by `_Sent` on the way here, with the code that is to be run
    return _Sent(World(*pickle.loads(packed)))  # noqa: S301


def _span(sent: _Sent, span: Span) -> list[Arm]:
    """Play the replications of a span."""
    arms = sent.world.empty(span[1] - span[0])
    for at, replication in enumerate(range(*span)):
        for whole, part in zip(arms, sent.world.play(replication), strict=True):
            _put(whole, part, slice(at, at + 1))
    return arms
