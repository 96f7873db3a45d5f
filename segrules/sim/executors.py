"""Where blocks of replications are worked through: threads, processes, or a cluster of Spark.

Kernels leave the lock of the interpreter, so threads are the default. Processes are started afresh
and read the kernels from their cache. On Spark every block is a job of one task, which the
cluster's own scheduler places; whatever else runs Python functions elsewhere needs no more than
the `submit` of a `concurrent.futures.Executor`.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from segrules.sim.work import cores
from segrules.text import problems
from segrules.text.diagnostic import RulesError

EXECUTORS = ("threads", "processes", "spark")

T = TypeVar("T")


@contextmanager
def executor(named: str | Executor, workers: int | None = None) -> Iterator[Executor]:
    """An executor of this name for as long as it lasts; one that is given is left running.

    workers: threads, processes, or jobs at a time; None for as many as there are processors
    (on Spark, of the cluster).

    Raises:
        RulesError: Spark is not installed.
    """
    if isinstance(named, Executor):
        yield named
        return
    make = {"threads": _threads, "processes": _processes, "spark": _spark}[named]
    with make(workers) as pool:
        yield pool


def _threads(workers: int | None) -> Executor:
    return ThreadPoolExecutor(max_workers=workers or cores())


def _processes(workers: int | None) -> Executor:
    afresh = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers or cores(), mp_context=afresh, initializer=_leave_ctrl_c)


def _leave_ctrl_c() -> None:
    """Ctrl-C reaches the whole group of processes; only the first one decides what stops."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _spark(workers: int | None) -> Executor:
    try:
        sql = importlib.import_module("pyspark.sql")
    except ModuleNotFoundError as missing:
        raise RulesError([problems.engine_lacking("spark", "spark")], unable=True) from missing
    asked = sql.SparkSession.getActiveSession()
    # Python of the workers of a session that is started here: this one, unless somebody said more
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = asked or sql.SparkSession.builder.appName("segrules").getOrCreate()
    return SparkExecutor(session, workers, stops=asked is None)


class SparkExecutor(Executor):
    """Calls of functions as jobs of a Spark session, each of one task.

    Spark pickles what is submitted and what it returns; segrules is installed where it runs.
    workers: jobs at a time, None for the parallelism of the cluster. stops: the session ends with
    the executor.
    """

    def __init__(self, session: Any, workers: int | None = None, *, stops: bool = False) -> None:
        self._session, self._stops = session, stops
        self._context = session.sparkContext
        count = workers or max(1, int(self._context.defaultParallelism))
        self._waiting = ThreadPoolExecutor(max_workers=count, thread_name_prefix="spark")

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Send a call to the cluster."""

        def job() -> T:
            found: list[T] = self._context.parallelize([0], 1).map(call).collect()
            return found[0]

        def call(_: int) -> T:
            return fn(*args, **kwargs)

        return self._waiting.submit(job)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the jobs at work end; a session that was started for them ends too."""
        self._waiting.shutdown(wait=wait, cancel_futures=cancel_futures)
        if self._stops and wait:
            self._session.stop()
