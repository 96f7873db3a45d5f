"""Laws of the engines: same bits however cut, exact coupling, agreement with expectation."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from example_funnel import ASSUMPTIONS, SCENARIOS, SEGMENTS, STAGES, UP, digest, example

from segrules.sim.kernels import counts as counting
from segrules.sim.kernels import money
from segrules.sim.kernels.parameters import (
    as_today,
    draw_parameters,
    empty_parameters,
    empty_scene,
    treat,
    treated,
)
from segrules.sim.model import Arrivals, Assumption, Lever, Scenario
from segrules.sim.pack import EVERY, pack, pack_scenario
from segrules.sim.run import simulate
from segrules.sim.work import How

RUNS = 150


def test_threads_and_blocks_do_not_matter():
    model = example()
    wanted = digest(simulate(model, RUNS, how=How(1)))
    for threads in (1, 2, 4):
        for block in (1, 7, 64, RUNS):
            assert digest(simulate(model, RUNS, how=How(threads, block))) == wanted
    expected = {digest(simulate(model, RUNS, "expected", How(2, block))) for block in (1, 7, RUNS)}
    assert len(expected) == 1


def test_more_runs_keep_the_first_ones():
    few, many = simulate(example(), 40), simulate(example(), 90)
    assert np.array_equal(few.scenarios[1].revenue, many.scenarios[1].revenue[:40])


def test_equal_arms_differ_by_exactly_zero():
    for engine in ("counts", "expected"):
        draws = simulate(example(), 400, engine)
        same = draws.scenarios[2]
        assert np.array_equal(same.counts, draws.today.counts)
        assert np.array_equal(same.revenue, draws.today.revenue)
        assert np.array_equal(same.cost, draws.today.cost)


def test_untouched_segments_differ_by_exactly_zero():
    draws = simulate(example(), 400)
    up = draws.scenarios[0]
    assert np.array_equal(up.counts[:, 2], draws.today.counts[:, 2])
    assert np.array_equal(up.revenue[:, 2], draws.today.revenue[:, 2])
    assert np.array_equal(up.cost[:, 2], draws.today.cost[:, 2])
    assert not np.array_equal(up.counts[:, 0], draws.today.counts[:, 0])


def test_a_lever_that_only_raises_odds_loses_nobody():
    draws = simulate(example(), 400)
    up = draws.scenarios[0]
    assert (up.counts >= draws.today.counts).all()
    assert (up.revenue >= draws.today.revenue).all()


@pytest.mark.parametrize("dispersion", [0.0, 0.05])
def test_counts_average_to_the_expectation(dispersion):
    model = example()
    arrivals = model.arrivals
    calm = Arrivals(arrivals.counts, arrivals.months, arrivals.season, dispersion)
    model = replace(model, arrivals=calm)
    runs = 6000
    counted, expected = simulate(model, runs), simulate(model, runs, "expected")
    arms = zip(
        (counted.today, *counted.scenarios), (expected.today, *expected.scenarios), strict=True
    )
    for arm, mean in arms:
        for name in ("counts", "revenue", "cost"):
            luck = getattr(arm, name) - getattr(mean, name)
            error = luck.std(axis=0) / np.sqrt(runs)
            assert (np.abs(luck.mean(axis=0)) <= 4 * error).all(), name


def test_today_is_the_same_whatever_the_scenarios():
    alone = simulate(example(scenarios=()), RUNS).today
    for scenarios in (SCENARIOS[:1], SCENARIOS):
        today = simulate(example(scenarios=scenarios), RUNS).today
        assert np.array_equal(today.counts, alone.counts)
        assert np.array_equal(today.revenue, alone.revenue)
    last = simulate(example(scenarios=SCENARIOS[1:2]), RUNS).scenarios[0]
    assert np.array_equal(last.counts, simulate(example(), RUNS).scenarios[1].counts)


def test_another_lever_shifts_no_other_draw():
    extra = Lever("gift", (2,), (("offer", "charm"),))
    assumptions = (Assumption("charm", 1.2, 1.4, "odds"), *ASSUMPTIONS)
    more = Scenario("up", "More", (extra, UP))
    before = simulate(example(), RUNS).scenarios[0]
    after = simulate(example(scenarios=(more,), assumptions=assumptions), RUNS).scenarios[0]
    for name in ("counts", "revenue", "cost"):
        assert np.array_equal(getattr(before, name)[:, :2], getattr(after, name)[:, :2])
    assert not np.array_equal(before.counts[:, 2], after.counts[:, 2])


def test_another_segment_shifts_no_other_draw():
    wider = example(segments=(*SEGMENTS, "new"))
    before, after = simulate(example(), RUNS), simulate(wider, RUNS)
    for old, new in zip(
        (before.today, *before.scenarios), (after.today, *after.scenarios), strict=True
    ):
        assert np.array_equal(old.counts, new.counts[:, :3])
        assert np.array_equal(old.revenue, new.revenue[:, :3])


def test_another_stage_shifts_no_earlier_draw():
    longer = example(stages=(*STAGES, "renewal"))
    before, after = simulate(example(), RUNS), simulate(longer, RUNS)
    for old, new in zip(
        (before.today, *before.scenarios), (after.today, *after.scenarios), strict=True
    ):
        assert np.array_equal(old.counts[:, :, :2], new.counts[:, :, :2])
    assert np.array_equal(before.today.counts, after.today.counts[:, :, :4])


def test_plain_python_gives_the_same_bits():
    # Compiled helpers hand their keys back as Python integers, which numba takes as signed; the
    # test below has a seed of 64 bits.
    model = example(seed=11)
    funnel, treatment = pack(model), pack_scenario(model, model.scenarios[1])
    results = []
    for plain in (False, True):

        def run(kernel, *arguments, plain=plain):
            (kernel.py_func if plain else kernel)(*arguments)

        parameters, scene = empty_parameters(funnel, 3), empty_scene(funnel, 3, 2, treatment)
        today_scene = empty_scene(funnel, 3, 2)
        shape = (3, len(SEGMENTS))
        monthly = np.empty((*shape, 4, 4), dtype=np.int64)
        today, then = (
            counting.Outcome(
                *(np.zeros(size, dtype=np.int64) for size in ((*shape, 4), shape, (3, 2, 3)))
            )
            for _ in range(2)
        )
        coupled = counting.Coupled(
            *(np.empty((*shape, 1, *more), dtype=np.int64) for more in ((4,), (), ()))
        )
        run(draw_parameters, funnel, 5, parameters)
        run(as_today, funnel, parameters, treated(today_scene, 0))
        run(treat, funnel, treatment, parameters, 0, treated(scene, 0), EVERY)
        run(counting.arrive, funnel, parameters, 5, monthly)
        run(counting.pass_today, funnel, parameters, 5, monthly, today.counts)
        run(money.settle_today, funnel, parameters, today_scene, 5, today)
        run(counting.pass_scenario, funnel, parameters, scene, 5, monthly, coupled)
        then.counts[:] = coupled.counts[:, :, 0]
        sales = today.counts[:, :, 3].copy()
        run(money.settle_scenario, funnel, parameters, scene, sales, coupled, then)
        arrays = (*parameters, *scene, monthly, *today, *coupled, *then)
        results.append([array.tobytes() for array in arrays])
    assert results[0] == results[1]


def test_no_numba_at_all_gives_the_same_bits():
    code = (
        "from example_funnel import digest, example\n"
        "from segrules.sim.run import simulate\n"
        "print(digest(simulate(example(), 2)))"
    )
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(paths)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == digest(simulate(example(), 2))


def test_an_interrupt_returns_what_is_finished():
    def stop(done):
        if done >= 20:
            raise KeyboardInterrupt

    draws = simulate(example(), 4000, how=How(1, 10, stop))
    whole = simulate(example(), 4000)
    assert not draws.complete
    assert whole.complete
    assert 20 <= len(draws.replications) < 4000
    assert np.array_equal(draws.today.counts, whole.today.counts[draws.replications])


def test_progress_ends_with_all_runs():
    told = []
    simulate(example(), 50, how=How(block=20, on_progress=told.append))
    assert told[-1] == 50
    assert told == sorted(told)


def test_a_model_without_value_or_conversions():
    model = example(stages=("lead",), value=None, scenarios=())
    draws = simulate(model, 20)
    assert draws.today.counts.shape == (20, 3, 1)
    assert not draws.today.revenue.any()


def test_revenue_without_spread_is_count_times_mean():
    model = example()
    value = replace(model.value, variance=np.zeros(3))
    draws = simulate(replace(model, value=value), 50)
    for arm in (draws.today, *draws.scenarios):
        assert np.array_equal(arm.revenue, (arm.counts[:, :, 3] * value.mean).astype(np.int64))
