"""Known answers of an open population, its worth, and of rows of chances."""

import numpy as np
import pytest
from known import agree_mean, agree_variance, case

from segrules.sim.learn.migration import learn_rows, predictive
from segrules.sim.learn.population import (
    lifetime_value,
    project,
    steady_state,
    worth_of_move,
)
from segrules.sim.luck import dirichlets

PRINTED = 5e-10  # answers are printed with ten digits


def test_an_open_population_settles():
    inputs, expected = case("markov_migration_open")
    moves, inflow = np.array(inputs["T"]), np.array(inputs["inflow"])
    found = steady_state(moves, inflow)
    assert found.customers == pytest.approx(expected["steady_state"], rel=PRINTED)
    assert found.lifetime == pytest.approx(expected["mean_lifetime_by_start"], rel=PRINTED)
    assert found.churn == pytest.approx(expected["churn"], rel=1e-9)
    assert found.leavers.sum() == pytest.approx(inflow.sum(), rel=1e-12)
    path = project(np.zeros(3), moves, inflow, 400)
    assert path.shape == (401, 3)
    assert path[1] == pytest.approx(inflow)
    assert path[-1] == pytest.approx(found.customers, rel=1e-6)


def test_worth_of_a_customer():
    inputs, expected = case("markov_clv")
    moves, margin = np.array(inputs["T"]), np.array(inputs["margin"])
    rate = inputs["discount_rate"]
    assert lifetime_value(moves, margin, rate) == pytest.approx(expected["clv"], rel=PRINTED)
    gain = worth_of_move(moves, margin, rate, (1, 2, 0.02))
    after = lifetime_value(moves, margin, rate) + gain
    assert after == pytest.approx(expected["clv_after_plus2pp_mid_to_high"], rel=PRINTED)
    assert gain[1] == pytest.approx(expected["break_even_incentive_per_mid_customer"], rel=1e-9)


def test_what_is_not_finite_is_refused():
    kept = np.array([[0.5, 0.5], [0.3, 0.7]])
    with pytest.raises(ValueError, match="grows for ever"):
        steady_state(kept, np.ones(2))
    with pytest.raises(ValueError, match="not finite"):
        lifetime_value(kept, np.ones(2), 0.0)
    assert lifetime_value(kept, np.ones(2), 0.1) == pytest.approx([11.0, 11.0])
    with pytest.raises(ValueError, match="sum to 1 or less"):
        steady_state(kept + 0.1, np.ones(2))


def test_predicted_destinations():
    inputs, expected = case("dirichlet_multinomial_predictive")
    alpha = np.array(inputs["prior"], dtype=float) + np.array(inputs["counts"])
    found = predictive(alpha, inputs["m"])
    assert found.mean == pytest.approx(expected["mean"], rel=1e-9)
    assert np.diag(found.covariance) == pytest.approx(expected["var"], rel=1e-9)
    assert found.covariance[0, 1] == pytest.approx(expected["cov_12"], rel=1e-9)
    # and by the draws that the engines make
    chances = dirichlets(5, "row", np.repeat(alpha[None], 40_000, axis=0))
    moved = np.random.default_rng(5).multinomial(inputs["m"], chances)
    for way in range(3):
        agree_mean(moved[:, way], expected["mean"][way])
        agree_variance(moved[:, way], expected["var"][way])


def test_rows_of_a_single_segment_have_a_uniform_prior():
    inputs, expected = case("dirichlet_multinomial_predictive")
    rows = learn_rows(np.array([inputs["counts"]]))
    assert rows.method == "uniform prior"
    found = rows.predictive(0, inputs["m"])
    assert found.mean == pytest.approx(expected["mean"], rel=1e-9)
    assert found.covariance[0, 1] == pytest.approx(expected["cov_12"], rel=1e-9)
