"""Play a centre many times: blocks of replications on a few threads, the same bits however cut."""

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segrules.sim.events.engine import play_days
from segrules.sim.events.model import WATCH, Centre, Watch
from segrules.sim.events.pack import (
    UNFINISHED,
    Tally,
    expected_customers,
    new_tally,
    room_for,
)
from segrules.sim.model import Counts, Floats, require
from segrules.sim.work import Span, spans, work_through, working

_AT_ONCE = 1_000_000
"""Customers in memory for a thread, where they are kept; a day is never cut."""

_BLOCK = 64
MAX_CUSTOMERS = 2**30
_BY_CELL = Tally._fields.index("by_pool")
_COUNTS = Tally._fields.index("limits")
Small = NDArray[np.int16]


@dataclass(frozen=True)
class Kept:
    """Single customers, in order of replication and arrival.

    kind: number of the class. waited: in the line, all attempts together; nan where unfinished.
    pool: number of the pool that served, GAVE_UP (-1) or UNFINISHED (-2). Customer k of a class
    and replication is the same one in all arms whose arrivals are the same.
    """

    numbers: Counts  # of the replications
    sizes: Counts  # customers of each of them
    kind: Small
    arrived: Floats
    waited: Floats
    pool: Small

    @property
    def replication(self) -> Counts:
        """The number of the replication of every customer."""
        return np.repeat(self.numbers, self.sizes)


@dataclass(frozen=True)
class Block:
    """Replications `first` to `stop` - 1. percentiles: [R, C, Q], nan where nobody was served."""

    first: int
    stop: int
    tally: Tally
    arrivals: Counts  # [R] customers played, whether counted or not
    percentiles: Floats
    kept: Kept | None


@dataclass(frozen=True)
class Outcome:
    """All replications of a centre, in order; `summary` reads figures from it."""

    centre: Centre
    watch: Watch
    seed: int
    tally: Tally
    """Of all replications; what is counted by cell has the shape [R, I, C, ...]."""
    arrivals: Counts
    percentiles: Floats
    kept: Kept | None
    complete: bool = True


def simulate(
    centre: Centre,
    runs: int,
    seed: int,
    watch: Watch = WATCH,
    threads: int | None = None,
    block: int | None = None,
) -> Outcome:
    """Play `runs` days of a centre without faults (`checks.faults`).

    The result depends on the centre, `runs`, the seed and the watch only. A KeyboardInterrupt
    lets the blocks at work finish and returns them; it is passed on where none is finished.
    """
    todo = blocks(centre, runs, watch, block)
    parts: list[Block] = []
    with working(threads) as pool:
        play = partial(play_block, centre, watch, seed)
        work_through(play, todo, pool, lambda _, part: parts.append(part))
    if not parts:
        raise KeyboardInterrupt
    found = merge(centre, watch, seed, parts)
    return found if len(parts) == len(todo) else replace(found, complete=False)


def on(
    pool: Executor, centre: Centre, watch: Watch, seed: int, todo: list[Span]
) -> Iterable[Block]:
    """Return the blocks of these spans, played by an executor of threads, processes or machines."""
    return pool.map(partial(play_block, centre, watch, seed), todo)


def blocks(centre: Centre, runs: int, watch: Watch, block: int | None = None) -> list[Span]:
    """Cut the replications into units of work."""
    require(_capacity(centre) < MAX_CUSTOMERS, "a day has too many customers")
    size = block
    if size is None:
        customers = _capacity(centre) if _holds_all(watch) else 1
        size = max(1, min(_BLOCK, _AT_ONCE // customers))
    return spans(runs, size)


def play_block(centre: Centre, watch: Watch, seed: int, span: Span) -> Block:
    """Play the replications of one span."""
    first, stop = span
    runs = stop - first
    capacity = _capacity(centre)
    while True:
        tally = new_tally(centre, watch, runs, capacity if _holds_all(watch) else 0)
        arrivals = np.zeros(runs, dtype=np.int64)
        if play_days(room_for(centre, watch, capacity, seed), tally, first, arrivals) == runs:
            break
        # More customers than are likely at all: the same replications again, in more room.
        capacity *= 2
    percentiles = np.full((runs, len(centre.classes), len(watch.percentiles)), np.nan)
    _fill_percentiles(percentiles, tally, arrivals, watch)
    kept = _kept(tally, first, arrivals) if watch.keep else None
    return Block(first, stop, tally, arrivals, percentiles, kept)


def merge(centre: Centre, watch: Watch, seed: int, parts: Iterable[Block]) -> Outcome:
    """Put blocks together in the order of their replications."""
    ordered = sorted(parts, key=lambda part: part.first)
    tallies = [part.tally for part in ordered]
    counts = [np.concatenate(each) for each in zip(*(t[:_COUNTS] for t in tallies), strict=True)]
    cells = [_by_class(centre, each) for each in counts[:_BY_CELL]]
    nobody = new_tally(centre, watch, 0)
    kept = None
    if watch.keep:
        held = [vars(part.kept) for part in ordered]
        kept = Kept(**{name: _joined([each[name] for each in held]) for name in held[0]})
    return Outcome(
        centre,
        watch,
        seed,
        Tally._make([*cells, *counts[_BY_CELL:], *nobody[_COUNTS:]]),
        np.concatenate([part.arrivals for part in ordered]),
        np.concatenate([part.percentiles for part in ordered]),
        kept,
    )


def _holds_all(watch: Watch) -> bool:
    return watch.keep or bool(watch.percentiles)


def _capacity(centre: Centre) -> int:
    """Return how many customers a day may have, all but surely."""
    mean = expected_customers(centre)
    deviation = np.sqrt(mean + centre.busyness * mean * mean)
    return int(mean + 8 * deviation) + 64


def _by_class(centre: Centre, table: NDArray[Any]) -> NDArray[Any]:
    """Return a table of cells [R, I * C, ...] by interval and class: [R, I, C, ...]."""
    intervals, classes = len(centre.edges) - 1, len(centre.classes)
    return table.reshape(len(table), intervals, classes, *table.shape[2:])


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """Return the parts one after the other; a single one is not copied."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _kept(tally: Tally, first: int, arrivals: Counts) -> Kept:
    runs = len(arrivals)

    def flat(table: NDArray[Any]) -> NDArray[Any]:
        return _joined([table[run, : arrivals[run]] for run in range(runs)])

    numbers = np.arange(first, first + runs)
    waited, pool = flat(tally.waited), flat(tally.pool)
    return Kept(numbers, arrivals, flat(tally.kind), flat(tally.arrived), waited, pool)


def _fill_percentiles(out: Floats, tally: Tally, arrivals: Counts, watch: Watch) -> None:
    """Fill the percentiles of the wait of all who were served or lost."""
    if not watch.percentiles:
        return
    for run, size in enumerate(arrivals):
        arrived = tally.arrived[run, :size]
        counts = (arrived >= watch.warm_up) & (arrived < watch.until)
        counts &= tally.pool[run, :size] != UNFINISHED
        for c in range(out.shape[1]):
            waits = tally.waited[run, :size][counts & (tally.kind[run, :size] == c)]
            if len(waits):
                out[run, c] = np.quantile(waits, watch.percentiles)
