"""Inequality of distributions whose Lorenz curves are known in closed form."""

import math

import numpy as np
import pytest
from known import case
from scipy import stats

from segrules.segments.concentration import gini, top_share

CUSTOMERS = 1_000_000


def customers(lorenz):
    """Customers who each hold exactly their part under the Lorenz curve."""
    return np.diff(lorenz(np.arange(CUSTOMERS + 1) / CUSTOMERS))


def pareto(alpha):
    return customers(lambda u: 1 - (1 - u) ** (1 - 1 / alpha))


def test_lognormal():
    inputs, expected = case("gini_pareto_share_lognormal_s1.00")
    values = customers(lambda u: stats.norm.cdf(stats.norm.ppf(u) - inputs["sigma"]))
    assert gini(values) == pytest.approx(expected["gini"], rel=1e-6)
    assert top_share(values, 0.2) == pytest.approx(expected["top20_share"], rel=1e-8)
    assert top_share(values, 0.1) == pytest.approx(expected["top10_share"], rel=1e-8)


def test_pareto_80_20():
    inputs, expected = case("gini_pareto_80_20")
    values = pareto(math.log(5) / math.log(4))
    assert math.log(5) / math.log(4) == pytest.approx(inputs["alpha"], rel=1e-9)
    assert gini(values) == pytest.approx(expected["gini"], rel=1e-6)
    assert top_share(values, 0.2) == pytest.approx(expected["top20_share"], rel=1e-8)
    assert top_share(values, 0.04) == pytest.approx(expected["top4_share"], rel=1e-8)


def test_pareto_95_10():
    inputs, expected = case("pareto_95_10")
    alpha = 1 / (1 - math.log(inputs["share"]) / math.log(inputs["q"]))
    assert alpha == pytest.approx(expected["alpha"], rel=1e-9)
    values = pareto(alpha)
    assert gini(values) == pytest.approx(expected["gini"], rel=2e-6)
    assert top_share(values, inputs["q"]) == pytest.approx(inputs["share"], rel=1e-8)


def test_exact_on_small_data():
    assert gini(np.array([1.0, 1.0, 1.0])) == 0
    assert gini(np.array([0.0, 0.0, 0.0, 8.0])) == 0.75
    assert math.isnan(gini(np.array([1.0, -1.0])))
    assert math.isnan(gini(np.array([])))
    assert top_share(np.array([1.0, 2.0, 3.0, 4.0]), 0.5) == 0.7
    assert top_share(np.array([1.0, 2.0, 3.0, 4.0]), 0.375) == 0.55
    assert top_share(np.array([1.0, 2.0]), 0) == 0
    assert top_share(np.array([1.0, 2.0]), 1) == 1
    with pytest.raises(ValueError, match="share"):
        top_share(np.array([1.0]), 1.5)
