"""The same bits wherever the blocks run: threads, processes, Spark, or somebody else's executor."""

import importlib
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest
from example_funnel import digest, example
from servers import spark

from segrules.sim import executors
from segrules.sim.executors import SparkExecutor, executor
from segrules.sim.run import simulate
from segrules.sim.work import How, cores, spans, work_through, working
from segrules.text.diagnostic import RulesError

__all__ = ["spark"]

RUNS = 140


@pytest.fixture(scope="module")
def wanted():
    return digest(simulate(example(), RUNS, how=How(1)))


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_threads_of_any_number(wanted, workers):
    with executor("threads", workers) as pool:
        assert digest(simulate(example(), RUNS, how=How(pool, 11))) == wanted


def test_processes_give_the_same_bits(wanted):
    with executor("processes", 2) as pool:
        draws = simulate(example(), RUNS, how=How(pool), months=True)
    assert digest(draws) == wanted
    here = simulate(example(), RUNS, months=True)
    assert np.array_equal(draws.scenarios[1].months.revenue, here.scenarios[1].months.revenue)
    assert np.array_equal(draws.assumptions, here.assumptions)


def test_spark_gives_the_same_bits(wanted, spark, monkeypatch):
    monkeypatch.setattr(spark.sparkContext, "pythonExec", sys.executable)
    with SparkExecutor(spark, 2) as pool:
        draws = simulate(example(), RUNS, how=How(pool, 70))
    assert digest(draws) == wanted
    assert spark.range(3).count() == 3


class Sending(Executor):
    """An executor of another make: it runs what it is sent at once, and counts."""

    def __init__(self):
        self.sent = 0

    def submit(self, fn, /, *args, **kwargs):
        self.sent += 1
        future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_any_executor_will_do(wanted):
    pool = Sending()
    with executor(pool) as same:
        assert same is pool
        assert digest(simulate(example(), RUNS, how=How(same, 50))) == wanted
    assert pool.sent == 3


def test_an_executor_that_is_given_is_left_running():
    with ThreadPoolExecutor(1) as pool:
        with executor(pool) as same, working(same):
            pass
        assert pool.submit(int, "3").result() == 3


def test_few_tasks_are_sent_far_away():
    pool = Sending()
    simulate(example(), 9000, how=How(pool))
    assert pool.sent <= 64


def test_spark_is_an_extra(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(executors.importlib, "import_module", absent)
    with pytest.raises(RulesError) as raised, executor("spark"):
        pass
    (found,) = raised.value.diagnostics
    assert "segrules[spark]" in str(found.hint)
    assert raised.value.unable
    assert importlib is executors.importlib


def test_a_fault_of_a_span_is_raised():
    def do(span):
        if span[0] == 4:
            raise ZeroDivisionError
        return span

    taken = []
    with working(2) as pool, pytest.raises(ZeroDivisionError):
        work_through(do, spans(20, 2), pool, lambda span, found: taken.append((span, found)))
    assert all(span == found for span, found in taken)


def test_an_interrupt_keeps_what_is_finished():
    taken = []

    def stop(finished):
        if finished >= 6:
            raise KeyboardInterrupt

    with working(1) as pool:
        todo = spans(400, 2)
        done = work_through(
            lambda _: time.sleep(0.01), todo, pool, lambda span, _: taken.append(span), stop
        )
    assert taken == done
    assert 3 <= len(done) < 100


def test_work_is_cut_into_spans():
    assert spans(7, 3) == [(0, 3), (3, 6), (6, 7)]
    for runs, size in ((0, 1), (2**32 + 1, 1), (5, 0)):
        with pytest.raises(ValueError, match=r"runs|block"):
            spans(runs, size)
    with pytest.raises(ValueError, match="threads"), working(0):
        pass
    assert cores() >= 1
