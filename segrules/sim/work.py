"""Work through spans of replications on an executor: progress, and what is finished after Ctrl-C.

A span is (first, stop): replications first to stop - 1. What is done with a span depends on the
span alone, so that neither the order nor the place of the work changes a result.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from segrules.sim.model import Counts, require

Span = tuple[int, int]
T = TypeVar("T")

MAX_RUNS = 2**32
TASKS = 64
"""Units of work at most on an executor to which each must be sent."""


@dataclass(frozen=True)
class How:
    """How work is done, which changes no bit of what comes of it.

    on: an executor, or a number of threads; None is a thread for each processor. block: the
    replications of a unit of work, None for what suits the engine. on_progress is told how many
    replications are finished, in the calling thread.
    """

    on: Executor | int | None = None
    block: int | None = None
    on_progress: Callable[[int], None] | None = None


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spans(runs: int, size: int) -> list[Span]:
    """Replications 0 to runs - 1, cut into spans of `size`."""
    require(1 <= runs <= MAX_RUNS, "runs")
    require(size >= 1, "block")
    return [(start, min(start + size, runs)) for start in range(0, runs, size)]


def replications(done: list[Span]) -> Counts:
    """int64[R]: the numbers of the replications of these spans, rising."""
    parts = [np.arange(*span, dtype=np.int64) for span in sorted(done)]
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def unit(on: Executor, runs: int, near: int) -> int:
    """Replications of a unit of work: `near` on threads of this process.

    Anything else is sent what it does, so there it is a multiple of them: `TASKS` units at most.
    """
    require(runs >= 1, "runs")
    if isinstance(on, ThreadPoolExecutor):
        return near
    return near * -(-runs // (near * TASKS))


@contextmanager
def working(on: Executor | int | None) -> Iterator[Executor]:
    """The executor, which is left as it is; or one of so many threads, as long as this lasts."""
    if isinstance(on, Executor):
        yield on
        return
    require(on is None or on >= 1, "threads")
    with ThreadPoolExecutor(max_workers=on or cores()) as pool:
        yield pool


def work_through(
    do: Callable[[Span], T],
    todo: list[Span],
    on: Executor,
    take: Callable[[Span, T], None],
    on_progress: Callable[[int], None] | None = None,
) -> list[Span]:
    """Do every span on the executor and `take` what comes of it, in the calling thread.

    Returns the spans that were done, in the order in which they ended: all of them, unless there
    was a KeyboardInterrupt, which lets those at work finish and drops the others. `on_progress`
    is told how many replications are finished. What a span raises is raised, after the others
    at work have finished.
    """
    waiting: dict[Future[T], Span] = {on.submit(do, span): span for span in todo}
    done: list[Span] = []

    def finish(future: Future[T]) -> None:
        span = waiting.pop(future)
        take(span, future.result())
        done.append(span)

    finished = 0
    try:
        for future in as_completed(list(waiting)):
            start, stop = waiting[future]
            finish(future)
            finished += stop - start
            if on_progress is not None:
                on_progress(finished)
    except KeyboardInterrupt:
        for future in waiting:
            future.cancel()
        for future in [each for each in waiting if not each.cancelled()]:
            finish(future)
    finally:
        for future in waiting:
            future.cancel()
    return done
