"""The counts engine beside numpy's vectorised generator on the same model, and the expectation.

10,000 runs, 12 segments, 12 months, 3 conversions, both arms; all segments are treated and one
conversion falls, so every branch of the coupling is at work. The peer draws the arms
independently: numpy has no way to couple them without more draws still.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from bench_funnel import RUNS, SEGMENTS, STAGES, headline

from segrules.sim.blocks import World, scenario_scene
from segrules.sim.kernels.expected import Expected, expect
from segrules.sim.kernels.parameters import draw_parameters, empty_parameters
from segrules.sim.run import simulate
from segrules.sim.sale import LOGNORMAL, SaleLaw


def with_numpy(model, generator):
    """Counts, revenue and cost of both arms by numpy's Generator, arms on independent luck."""
    shape = (RUNS, SEGMENTS)
    rate = generator.gamma(model.arrivals.counts + 0.5, size=shape) / model.arrivals.months
    today = np.empty((*shape, len(model.conversions)))
    for k, conversion in enumerate(model.conversions):
        chance = conversion.prior_weight / conversion.prior_weight.sum()
        point = generator.choice(len(chance), size=RUNS, p=chance)
        mean = conversion.prior_mean[point, None]
        strength = conversion.prior_strength[point, None]
        a = mean * strength + conversion.reached
        b = (1 - mean) * strength + conversion.entered - conversion.reached
        today[:, :, k] = generator.beta(a, b)
    more = np.exp(generator.uniform(np.log(1.1), np.log(1.6), RUNS))[:, None]
    less = np.exp(generator.uniform(np.log(0.6), np.log(0.9), RUNS))[:, None]
    odds = np.stack([more, less, more], axis=2)
    then = odds * today / (1 - today + odds * today)
    arrived = generator.poisson(rate[:, :, None] * model.arrivals.season)
    shape_of_sale = model.value.mean**2 / model.value.variance
    mean_shape = shape_of_sale * model.value.sales
    mean_value = model.value.mean * generator.gamma(mean_shape, size=shape) / mean_shape
    arms = []
    for conversion, unit_cost in ((today, 500.0), (then, 700.0)):
        counts = np.empty((*shape, len(STAGES)), dtype=np.int64)
        number = arrived
        counts[:, :, 0] = number.sum(axis=2)
        for k in range(len(model.conversions)):
            number = generator.binomial(number, conversion[:, :, k, None])
            counts[:, :, k + 1] = number.sum(axis=2)
        revenue = generator.gamma(counts[:, :, -1] * shape_of_sale) * mean_value / shape_of_sale
        cost = np.rint(counts[:, :, 1] * unit_cost).astype(np.int64)
        arms.append((counts, np.rint(revenue).astype(np.int64), cost))
    return arms


@pytest.mark.benchmark(group="headline run")
def test_counts_engine(benchmark):
    model = headline()
    draws = benchmark.pedantic(simulate, (model, RUNS), rounds=5, warmup_rounds=1)
    assert draws.complete


@pytest.mark.benchmark(group="headline run")
def test_counts_engine_with_sales_that_are_lognormal(benchmark):
    """The same mean and variance; the largest sales are drawn one by one."""
    model = headline()
    law = SaleLaw(LOGNORMAL, 0.0, math.sqrt(math.log(2.0)), 0.0, math.inf, np.zeros(1))
    value = replace(model.value, laws=(law,) * SEGMENTS)
    model = replace(model, value=value)
    draws = benchmark.pedantic(simulate, (model, RUNS), rounds=5, warmup_rounds=1)
    assert draws.complete


@pytest.mark.benchmark(group="headline run")
def test_numpy_peer(benchmark):
    model, generator = headline(), np.random.default_rng(2)
    peer = benchmark.pedantic(with_numpy, (model, generator), rounds=5, warmup_rounds=1)
    draws = simulate(model, RUNS)
    for arm, (counts, revenue, cost) in zip((draws.today, *draws.scenarios), peer, strict=True):
        for ours, theirs in ((arm.counts, counts), (arm.revenue, revenue), (arm.cost, cost)):
            error = np.hypot(ours.std(axis=0), theirs.std(axis=0)) / np.sqrt(RUNS)
            assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 5 * error).all()


@pytest.mark.benchmark(group="expected")
def test_expected_evaluation(benchmark):
    model = headline()
    world = World.of(model, "expected", months=False)
    parameters = empty_parameters(world.funnel, 1)
    draw_parameters(world.funnel, 0, parameters)
    shapes = (1, SEGMENTS, 4), (1, SEGMENTS), (1, world.parts, SEGMENTS)
    out = Expected(*(np.empty(shape) for shape in shapes))

    def evaluate():
        expect(world.funnel, parameters, scenario_scene(world, parameters, 0), out)

    benchmark(evaluate)
    assert out.revenue.min() > 0
