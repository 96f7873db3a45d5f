"""Known answers of the generator, and of a product of lognormals drawn with it."""

import math

import numba
import numpy as np
from known import agree_mean, agree_quantile, agree_variance, case

from segrules.sim.draws import normal
from segrules.sim.uniforms import FIRST, Key, philox


def words(texts):
    return [np.uint64(int(text, 16)) for text in texts]


def test_philox_is_bit_equal():
    _, expected = case("philox4x32_10_kat")
    pi = "pi_ctr_243f6a88_85a308d3_13198a2e_03707344_key_a4093822_299f31d0"
    counters = {
        "zeros": ["0"] * 6,
        "ones_ffffffff": ["ffffffff"] * 6,
        pi: [part for part in pi.split("_") if len(part) == 8],
    }
    assert counters.keys() == expected.keys()
    for name, counter in counters.items():
        for function in (philox, philox.py_func):
            assert list(function(*words(counter))) == words(expected[name])


@numba.njit
def normals(purpose, out):
    for i in range(len(out)):
        key = Key(np.uint64(3), np.uint64(0), FIRST, np.uint64(purpose), np.uint64(i))
        out[i] = normal(key)


def test_product_of_lognormals():
    inputs, expected = case("product_of_lognormals")
    runs = 200_000
    revenue = np.ones(runs)
    for purpose, (median, sigma) in enumerate(zip(inputs["medians"], inputs["sigma"], strict=True)):
        drawn = np.empty(runs)
        normals(purpose, drawn)
        revenue *= median * np.exp(sigma * drawn)
    agree_mean(revenue, expected["mean"])
    agree_variance(revenue, expected["sd"] ** 2)
    for q, name in ((0.5, "median"), (0.05, "p05"), (0.95, "p95")):
        agree_quantile(revenue, q, expected[name])
    worst = revenue[revenue <= expected["p05"]]
    agree_mean(worst, expected["CVaR_lower5_mean_of_worst_5pct"])
    share = inputs["sigma"][2] ** 2 / sum(sigma**2 for sigma in inputs["sigma"])
    assert math.isclose(share, expected["log_variance_share_ticket"], rel_tol=1e-8)
