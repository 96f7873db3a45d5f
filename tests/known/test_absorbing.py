"""A funnel with loops, whose answer is a closed form."""

import numpy as np
import pytest
from known import case

from segrules.sim.absorbing import absorb


def test_a_funnel_with_a_loop_is_an_absorbing_chain():
    inputs, expected = case("funnel_absorbing_markov_loop")
    chain = absorb(np.array(inputs["Q"]), np.array(inputs["R"]))
    lost, retained, churned = chain.ends[0]
    appointment = inputs["order"].index("Appointment")
    found = {
        "P_ever_sale": chain.ever[0, inputs["order"].index("Sale")],
        "P_retained": retained,
        "P_lost": lost,
        "P_churned": churned,
        "mean_appointments_per_enquiry": chain.visits[0, appointment],
        "var_visits_to_appointment": chain.visits_variance[0, appointment],
        "mean_steps": chain.steps[0],
        "var_steps": chain.steps_variance[0],
        "mean_sales": inputs["N"] * chain.ever[0, 3],
        "var_sales": inputs["N"] * chain.ever[0, 3] * (1 - chain.ever[0, 3]),
    }
    assert found == pytest.approx(expected, rel=1e-8)


def test_a_chain_must_end():
    with pytest.raises(ValueError, match="never ends"):
        absorb(np.array([[1.0, 0.0], [0.5, 0.0]]), np.array([[0.0], [0.5]]))
