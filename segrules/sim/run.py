"""Run a model: blocks of replications on a few threads, the same bits however they are cut."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from segrules.sim.kernels import counts as counting
from segrules.sim.kernels.expected import Expected, expect
from segrules.sim.kernels.parameters import (
    Parameters,
    Treated,
    draw_parameters,
    empty_parameters,
    empty_treated,
    treat,
)
from segrules.sim.model import Counts, FunnelModel, require
from segrules.sim.pack import Funnel, Treatment, pack, pack_scenario

Engine = Literal["counts", "expected"]

Numbers = NDArray[Any]
"""int64 or float64, as the engine has it."""

BLOCK = 64
"""Replications a block: the monthly counts of a block of a usual model stay in the cache."""

MAX_RUNS = 2**32


@dataclass(frozen=True)
class Arm:
    """What happened in one arm, summed over the months; money in minor units.

    counts: [R, S, K+1] customers who reached each stage. revenue, cost: [R, S]. int64 from the
    engine "counts", float64 from "expected".
    """

    counts: Numbers
    revenue: Numbers
    cost: Numbers


@dataclass(frozen=True)
class Draws:
    """The replications of a run. Scenarios are in the order of the model.

    complete is False when the run was interrupted: `replications` (int64[R]) then numbers those
    that were finished, and the arms hold only these.
    """

    model: FunnelModel
    engine: Engine
    replications: Counts
    today: Arm
    scenarios: tuple[Arm, ...]
    complete: bool


Span = tuple[int, int]


def simulate(
    model: FunnelModel,
    runs: int,
    engine: Engine = "counts",
    threads: int | None = None,
    block: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Draws:
    """Simulate `runs` replications of today and of every scenario.

    The result depends on the model and on `runs` only. `on_progress` is told the number of
    finished replications, in the calling thread. A KeyboardInterrupt lets the blocks at work
    finish and returns what there is.
    """
    require(1 <= runs <= MAX_RUNS, "runs")
    require(engine in ("counts", "expected"), "unknown engine")
    size = BLOCK if block is None else block
    require(size >= 1, "block")
    funnel = pack(model)
    treatments = [pack_scenario(model, scenario) for scenario in model.scenarios]
    arms = [_empty_arm(funnel, runs, engine) for _ in range(1 + len(treatments))]
    work = _count_block if engine == "counts" else _expect_block

    def do(span: Span) -> Span:
        work(funnel, treatments, span, [_part(arm, span) for arm in arms])
        return span

    spans = [(start, min(start + size, runs)) for start in range(0, runs, size)]
    done = _work_through(do, spans, threads or _cores(), on_progress)
    complete = len(done) == len(spans)
    if complete:
        replications = np.arange(runs, dtype=np.int64)
    else:
        parts = [np.arange(*span, dtype=np.int64) for span in sorted(done)]
        replications = np.concatenate([np.empty(0, dtype=np.int64), *parts])
        arms = [_select(arm, replications) for arm in arms]
    return Draws(model, engine, replications, arms[0], tuple(arms[1:]), complete)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _work_through(
    do: Callable[[Span], Span],
    spans: list[Span],
    threads: int,
    on_progress: Callable[[int], None] | None,
) -> list[Span]:
    """Return the spans that were done: all of them, unless there was a KeyboardInterrupt."""
    done: list[Span] = []
    finished = 0
    with ThreadPoolExecutor(max_workers=threads) as pool:
        futures: list[Future[Span]] = [pool.submit(do, span) for span in spans]
        try:
            for future in as_completed(futures):
                start, stop = future.result()
                finished += stop - start
                if on_progress is not None:
                    on_progress(finished)
        except KeyboardInterrupt:
            pass
        finally:
            for future in futures:
                future.cancel()
    for future in futures:
        if not future.cancelled():
            done.append(future.result())
    return done


def _empty_arm(funnel: Funnel, runs: int, engine: Engine) -> Arm:
    conversions, segments = funnel.reached.shape
    number = np.int64 if engine == "counts" else np.float64
    return Arm(
        counts=np.empty((runs, segments, conversions + 1), dtype=number),
        revenue=np.empty((runs, segments), dtype=number),
        cost=np.empty((runs, segments), dtype=number),
    )


def _part(arm: Arm, span: Span) -> Arm:
    rows = slice(*span)
    return Arm(arm.counts[rows], arm.revenue[rows], arm.cost[rows])


def _select(arm: Arm, rows: Counts) -> Arm:
    return Arm(arm.counts[rows], arm.revenue[rows], arm.cost[rows])


def _count_block(funnel: Funnel, treatments: list[Treatment], span: Span, arms: list[Arm]) -> None:
    first, stop = span
    runs = stop - first
    conversions, segments = funnel.reached.shape
    parameters = empty_parameters(funnel, runs)
    draw_parameters(funnel, first, parameters)
    monthly = np.empty((runs, segments, len(funnel.season), conversions + 1), dtype=np.int64)
    today = counting.Outcome(arms[0].counts, arms[0].revenue, arms[0].cost)
    counting.arrive(funnel, parameters, first, monthly)
    counting.pass_today(funnel, parameters, first, monthly, today.counts)
    counting.settle_today(funnel, parameters, first, today)
    sales_today = np.zeros((runs, segments), dtype=np.int64)
    if funnel.value_stage >= 0:
        sales_today[:] = today.counts[:, :, funnel.value_stage]
    treated = empty_treated(funnel, runs)
    both, alone = np.empty_like(sales_today), np.empty_like(sales_today)
    for treatment, arm in zip(treatments, arms[1:], strict=True):
        out = counting.Coupled(arm.counts, arm.revenue, arm.cost, both, alone)
        treat(funnel, treatment, parameters, treated)
        counting.pass_scenario(funnel, parameters, treated, first, monthly, out)
        counting.settle_scenario(funnel, parameters, treated, first, sales_today, out)


def _expect_block(funnel: Funnel, treatments: list[Treatment], span: Span, arms: list[Arm]) -> None:
    first, stop = span
    parameters = empty_parameters(funnel, stop - first)
    draw_parameters(funnel, first, parameters)
    treated = empty_treated(funnel, stop - first)
    treated.conversion[:] = parameters.conversion
    treated.unit_cost[:] = funnel.unit_cost
    _expect_arm(funnel, parameters, treated, arms[0])
    for treatment, arm in zip(treatments, arms[1:], strict=True):
        treat(funnel, treatment, parameters, treated)
        _expect_arm(funnel, parameters, treated, arm)


def _expect_arm(funnel: Funnel, parameters: Parameters, treated: Treated, arm: Arm) -> None:
    out = Expected(arm.counts, arm.revenue, arm.cost)
    rate, mean_value = parameters.rate, parameters.mean_value
    expect(funnel, rate, treated.conversion, mean_value, treated.unit_cost, out)
