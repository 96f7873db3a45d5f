"""Figures of pools and firms for the tests of effort, drawn and fixed."""

import numpy as np
from hypothesis import strategies as st

from segrules.sim.effort.allocation import Curves
from segrules.sim.effort.bridge import Firm
from segrules.sim.effort.payroll import Pool
from segrules.sim.effort.plans import CheckTerms, PayPlan, SaleFacts


def figures(count, low, high):
    one = st.floats(low, high, allow_nan=False, allow_infinity=False)
    return st.lists(one, min_size=count, max_size=count).map(np.array)


def names_of(count):
    return tuple(f"segment {j}" for j in range(count))


@st.composite
def pools(draw, least=1, most=6):
    """Cases, pay, curves and hours of a pool in which every segment pays."""
    count = draw(st.integers(least, most))
    cases = draw(figures(count, 0.5, 500.0))
    pay = draw(figures(count, 0.1, 1000.0))
    curves = Curves(
        names_of(count), draw(figures(count, 0.05, 1.0)), draw(figures(count, 0.05, 5.0))
    )
    return cases, pay, curves, draw(st.floats(0.01, 5000.0))


NAMES = ("high", "low")
CHECKED = CheckTerms(clawback=1.0, penalty=60.0)
VOLUME = PayPlan("volume", per_sale=100.0, checks=CHECKED)
SHARE = PayPlan("share", of_value=0.055, checks=CHECKED)


def facts_of_two():
    value = np.array([3000.0, 900.0])
    return SaleFacts(
        NAMES,
        value,
        0.4 * value,
        np.array([0.6, 0.1]),
        np.array([0.2, 0.05]),
        np.array([0.78, 0.86]),
    )


def firm_of_two(**changed):
    figures_of = {
        "enquiries": np.array([450.0, 1550.0]),
        "appointment": np.array([0.35, 0.5]),
        "curves": Curves(NAMES, np.array([0.42, 0.45]), np.array([0.35, 0.9])),
        "facts": facts_of_two(),
        "plan": VOLUME,
        "hours": 2400.0,
        "pool": Pool(agents=10, periods=3),
    }
    return Firm(**(figures_of | changed))
