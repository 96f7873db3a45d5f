"""The same bits of a life wherever it is played: threads, processes, Spark, another's executor."""

import pickle
import sys
from concurrent.futures import Executor, Future
from dataclasses import replace

import numpy as np
import pytest
from life_forms import lever, placed, project, scenario
from servers import spark

from segrules.lang import ir
from segrules.sim.customers import run
from segrules.sim.customers.run import Settings as PlaySettings
from segrules.sim.customers.run import simulate
from segrules.sim.executors import SparkExecutor, executor
from segrules.sim.life import Prepared, carry_out
from segrules.sim.projection import Settings

__all__ = ["spark"]

RUNS = 7
PUSH = lever("push", ir.Times("arrivals", "more"), to=("silver",))
CARE = lever("care", ir.Moves("satisfaction", 2.0, 8.0, "chance", 0.02))
SCENARIOS = scenario("one", PUSH), scenario("two", PUSH, CARE)


@pytest.fixture(scope="module")
def model():
    asked = project("one", "two")
    model = Prepared(placed(*SCENARIOS), asked, 11, RUNS, None).model
    # without the parts of bundles that are played beside them
    return replace(model, scenarios=model.scenarios[: len(SCENARIOS)])


def played(model, **how):
    settings = PlaySettings(**({"keep": 4, "spread": True} | how))
    found = simulate(model, RUNS, settings)
    return {
        (at, name): values
        for at, arm in enumerate((found.today, *found.scenarios))
        for name, values in vars(arm).items()
    }


@pytest.fixture(scope="module")
def wanted(model):
    return played(model, on=1)


def check(found, wanted):
    assert found.keys() == wanted.keys()
    for place, values in wanted.items():
        assert np.array_equal(found[place], values, equal_nan=True), place
        assert np.any(values) or place[1] == "moved", place
    assert found[2, "moved"].any()


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("block", [None, 1, 3, 50])
def test_threads_and_blocks_of_any_number(model, wanted, workers, block):
    check(played(model, on=workers, block=block), wanted)


def test_processes_give_the_same_bits(model, wanted):
    with executor("processes", 2) as pool:
        check(played(model, on=pool), wanted)
        check(played(model, on=pool, block=3), wanted)


def test_spark_gives_the_same_bits(model, wanted, spark, monkeypatch):
    monkeypatch.setattr(spark.sparkContext, "pythonExec", sys.executable)
    with SparkExecutor(spark, 2) as pool:
        check(played(model, on=pool, block=4), wanted)


class Sending(Executor):
    """An executor of another make: what it is sent is packed, as it is for another machine."""

    def __init__(self):
        self.sent = 0

    def far(self, *what):
        return pickle.loads(pickle.dumps(what))  # noqa: S301 - packed on the same line

    def submit(self, fn, /, *args, **kwargs):
        self.sent += 1
        called, given = self.far(fn, args)
        future = Future()
        future.set_result(self.far(called(*given, **kwargs))[0])
        return future


def test_a_project_runs_where_it_is_told(monkeypatch):
    """Named or given: the executor plays every replication, and the rules are made there once."""
    placement, asked = placed(*SCENARIOS), project("one", "two", runs=200)
    here = carry_out(placement, asked, Settings(runs=RUNS, threads=1)).frame()
    made = []
    real = run.World
    monkeypatch.setattr(run, "World", lambda *of: made.append(of) or real(*of))
    run._arrived.cache_clear()
    pool = Sending()
    assert carry_out(placement, asked, Settings(runs=RUNS, executor=pool)).frame().equals(here)
    assert pool.sent == RUNS
    assert len(made) == 2
    pool = Sending()
    carry_out(placement, asked, Settings(runs=130, executor=pool))
    assert pool.sent == 44
    monkeypatch.setattr(run, "World", real)
    there = carry_out(placement, asked, Settings(runs=RUNS, threads=2, executor="processes"))
    assert there.frame().equals(here)


def test_lean_arms_have_the_money_and_nothing_else(model, wanted):
    found = played(model, on=2, lean=1)
    for (at, name), values in wanted.items():
        if at < 2 or name in ("revenue", "cost"):
            assert np.array_equal(found[at, name], values, equal_nan=True), (at, name)
        else:
            assert found[at, name].size == 0, name
    assert found[2, "revenue"].any()


def test_an_interrupt_elsewhere_keeps_what_is_finished():
    def stop(done):
        if done >= 4:
            raise KeyboardInterrupt

    placement, asked = placed(*SCENARIOS), project("one", "two", runs=200)
    with executor("processes", 1) as pool:
        cut = carry_out(placement, asked, Settings(runs=400, executor=pool), stop)
    assert not cut.complete
    assert 4 <= cut.runs < 400


def test_blocks_and_spans_that_are_none(model):
    for wrong in ({"block": 0}, {"customers": 0}, {"lean": 3}, {"keep": RUNS}, {"on": 0}):
        with pytest.raises(ValueError, match=r"block|lean|kept|threads"):
            simulate(model, RUNS, PlaySettings(**wrong))
