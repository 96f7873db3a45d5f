"""Funnels whose answers are known: today, uncertain, and coupled with a scenario."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from known import agree_mean, agree_quantile, agree_variance, case

from segrules.backends.kernel import jit
from segrules.sim.kernels import counts as counting
from segrules.sim.kernels import parameters as shipped
from segrules.sim.kernels.parameters import (
    draw_parameters,
    empty_parameters,
    empty_scene,
)
from segrules.sim.model import Arrivals, Conversion, FunnelModel
from segrules.sim.pack import pack
from segrules.sim.shrinkage import data_weight

RUNS = 10_000


def funnel_of(betas, segments=1):
    """A funnel whose conversions have the posteriors Beta(a, b), the same in every segment."""
    one = np.ones(1)
    conversions = tuple(
        Conversion(
            stage=f"stage {k}",
            reached=np.full(segments, a - 1, dtype=np.int64),
            entered=np.full(segments, a + b - 2, dtype=np.int64),
            prior_mean=one / 2,
            prior_strength=2 * one,
            prior_weight=one,
        )
        for k, (a, b) in enumerate(betas)
    )
    names = tuple(f"segment {s}" for s in range(segments))
    stages = ("entered", *(conversion.stage for conversion in conversions))
    arrivals = Arrivals(np.ones(segments), 1, one)
    return pack(FunnelModel(names, stages, 1, arrivals, conversions, seed=7))


def today_counts(funnel, parameters, entered):
    """Counts [R, K+1] of one segment when exactly `entered` customers arrive."""
    runs, segments, conversions = parameters.conversion.shape
    monthly = np.zeros((runs, segments, 1, conversions + 1), dtype=np.int64)
    monthly[..., 0] = entered
    counts = np.empty((runs, segments, conversions + 1), dtype=np.int64)
    counting.pass_today(funnel, parameters, 0, monthly, counts)
    return monthly, counts


def scenario_counts(funnel, parameters, monthly, conversion):
    runs, segments, _ = parameters.conversion.shape
    scene = empty_scene(funnel, runs, 1)
    scene.conversion[:] = conversion
    scene.arrivals[:] = 1.0
    of_each = (runs, segments, 1)
    money = [np.zeros(of_each, dtype=np.int64) for _ in range(2)]
    out = counting.Coupled(np.empty((*of_each, monthly.shape[-1]), dtype=np.int64), *money)
    counting.pass_scenario(funnel, parameters, scene, 0, monthly, out)
    return out.counts[:, :, 0]


def test_fixed_conversions_thin_binomially():
    inputs, expected = case("funnel_fixed_p_binomial")
    funnel = funnel_of([(2, 2)] * 3)
    parameters = empty_parameters(funnel, RUNS)
    parameters.conversion[:] = inputs["p"]
    _, counts = today_counts(funnel, parameters, inputs["N"])
    appointments, sales, retained = counts[:, 0, 1:].T.astype(float)
    agree_mean(appointments, expected["mean_appointments"])
    agree_mean(sales, expected["mean_sales"])
    agree_mean(retained, expected["mean_retained"])
    agree_variance(sales, expected["var_sales"])
    agree_variance(retained, expected["var_retained"])
    products = (appointments - appointments.mean()) * (sales - sales.mean())
    agree_mean(products, expected["cov_appt_sales"])


def test_uncertain_conversions_widen_the_funnel():
    inputs, expected = case("funnel_beta_uncertainty")
    funnel = funnel_of(inputs["beta"])
    parameters = empty_parameters(funnel, RUNS)
    draw_parameters(funnel, 0, parameters)
    _, counts = today_counts(funnel, parameters, inputs["N"])
    _, sales, retained = counts[:, 0, 1:].T.astype(float)
    agree_mean(sales, expected["mean_sales"])
    agree_variance(sales, expected["var_sales"])
    agree_mean(retained, expected["mean_retained"])
    agree_variance(retained, expected["sd_retained"] ** 2)
    known = inputs["N"] * parameters.conversion[:, 0, :2].prod(axis=1)
    agree_variance(known, expected["share_of_var_from_parameters"] * expected["var_sales"])


def shrunk_conversions(inputs, draw=draw_parameters):
    """Conversions [R, S] of segments under one common prior."""
    reached, entered = np.array(inputs["segments"]).T
    one = np.ones(1)
    prior = (inputs["mean"] * one, inputs["strength"] * one, one)
    conversions = (Conversion("reached", reached, entered, *prior),)
    arrivals = Arrivals(entered.astype(float), 1, one)
    funnel = pack(FunnelModel(tuple("abc"), ("entered", "reached"), 1, arrivals, conversions))
    parameters = empty_parameters(funnel, RUNS)
    draw(funnel, 0, parameters)
    return parameters.conversion[:, :, 0]


def agree_with_shrinkage(conversions, expected):
    for s, mean in enumerate(expected["posterior_mean"]):
        agree_mean(conversions[:, s], mean)
    for s, (low, high) in enumerate(expected["ci95"]):
        agree_quantile(conversions[:, s], 0.025, low)
        agree_quantile(conversions[:, s], 0.975, high)


def test_segments_are_drawn_towards_the_common_rate():
    inputs, expected = case("hierarchical_shrinkage")
    agree_with_shrinkage(shrunk_conversions(inputs), expected)
    one = np.ones(1)
    weight = data_weight(np.array(inputs["segments"])[:, 1], inputs["strength"] * one, one)
    assert weight == pytest.approx(expected["weight_on_data"], rel=1e-9)


def test_two_posteriors_are_compared():
    inputs, expected = case("prob_B_better_two_betas")
    drawn = {}
    for name in ("A", "B"):
        funnel = funnel_of([inputs[name]])
        funnel = funnel._replace(segment_words=funnel.segment_words + np.uint64(ord(name)))
        parameters = empty_parameters(funnel, RUNS)
        draw_parameters(funnel, 0, parameters)
        drawn[name] = parameters.conversion[:, 0, 0]
    difference = drawn["B"] - drawn["A"]
    agree_mean(difference > 0, expected["P_B_gt_A"])
    agree_mean(difference, expected["mean_diff"])
    agree_mean(np.maximum(-difference, 0), expected["expected_loss_if_choose_B"])
    agree_mean(np.maximum(drawn["A"], drawn["B"]), expected["E_max"])


def coupled_difference(inputs, coupled=True):
    """Difference in sales of 1,000 customers, of arms on the same luck or on independent luck."""
    funnel = funnel_of([(2, 2)] * 2)
    parameters = empty_parameters(funnel, RUNS)
    parameters.conversion[:] = inputs["p"]
    monthly, counts = today_counts(funnel, parameters, 1000)
    if coupled:
        then = scenario_counts(funnel, parameters, monthly, inputs["q"])
    else:
        other = funnel._replace(seed=np.uint64(8))
        parameters.conversion[:] = inputs["q"]
        _, then = today_counts(other, parameters, 1000)
    return (then - counts)[:, 0, 2].astype(float)


def test_coupled_arms_differ_as_little_as_they_can():
    inputs, expected = case("crn_two_stage_funnel")
    difference = coupled_difference(inputs)
    agree_mean(difference, 1000 * expected["mean_diff"])
    agree_variance(difference, 1000 * expected["var_diff_crn"])
    assert difference.min() >= 0
    independent = coupled_difference(inputs, coupled=False)
    agree_variance(independent, 1000 * expected["var_diff_independent"])


def test_coupled_arms_when_some_conversions_fall():
    inputs, expected = case("crn_paired_poisson_funnel")
    funnel = funnel_of([(2, 2)] * 2, segments=2)
    parameters = empty_parameters(funnel, RUNS)
    parameters.rate[:] = inputs["lam"]
    parameters.conversion[..., 0] = inputs["p1_base"]
    parameters.conversion[..., 1] = inputs["p2_base"]
    monthly = np.zeros((RUNS, 2, 1, 3), dtype=np.int64)
    counting.arrive(funnel, parameters, 0, monthly)
    counts = np.empty((RUNS, 2, 3), dtype=np.int64)
    counting.pass_today(funnel, parameters, 0, monthly, counts)
    scenario = np.stack([inputs["p1_scen"], inputs["p2_scen"]], axis=1)
    then = scenario_counts(funnel, parameters, monthly, scenario)
    difference = (then - counts)[:, :, 2].sum(axis=1).astype(float)
    agree_mean(difference, expected["mean_diff"])
    agree_variance(difference, expected["var_diff_crn"])


def test_independent_luck_is_noticed():
    # It has the right mean and the wrong variance.
    inputs, expected = case("crn_two_stage_funnel")
    difference = coupled_difference(inputs, coupled=False)
    agree_mean(difference, 1000 * expected["mean_diff"])
    with pytest.raises(AssertionError):
        agree_variance(difference, 1000 * expected["var_diff_crn"])


WRONG = {
    "the prior forgotten among the failures": (
        "b = failures + funnel.failed[k, s]",
        "b = 0.0 + funnel.failed[k, s]",
    ),
    "the prior forgotten among the successes": (
        "a = successes + funnel.reached[k, s]",
        "a = 0.0 + funnel.reached[k, s]",
    ),
    "a prior of half the strength": (
        "strength = funnel.prior_strength[point]",
        "strength = 0.5 * funnel.prior_strength[point]",
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_formula_is_noticed(wrong, tmp_path, monkeypatch):
    right, broken = wrong
    text = Path(shipped.__file__).read_text("utf-8")
    assert text.count(right) == 1
    file = tmp_path / "wrong_parameters.py"
    file.write_text(text.replace(right, broken), "utf-8")
    monkeypatch.setattr(jit, "cache_directory", lambda: None)
    spec = importlib.util.spec_from_file_location("wrong_parameters", file)
    mutant = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mutant)
    inputs, expected = case("hierarchical_shrinkage")
    with pytest.raises(AssertionError, match="is not"):
        agree_with_shrinkage(shrunk_conversions(inputs, mutant.draw_parameters), expected)
