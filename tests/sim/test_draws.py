"""The keyed samplers against scipy, and their exact edges."""

import numba
import numpy as np
import pytest
from scipy import special, stats

from segrules.sim import draws
from segrules.sim.uniforms import FIRST, Key, identity, two_uniforms, uniform, unit

N = 200_000
SMALLEST_P = 1e-4
"""Some fifty fixed comparisons: a right sampler fails one with a probability below 1%."""


@numba.njit
def key(i):
    return Key(np.uint64(99), np.uint64(i), np.uint64(2), np.uint64(5), np.uint64(7))


@numba.njit
def fill_uniform(out):
    for i in range(len(out)):
        out[i, 0], out[i, 1] = two_uniforms(key(i), FIRST)


@numba.njit
def fill_quantile(u, out):
    for i in range(len(out)):
        out[i] = draws.normal_quantile(u[i])


@numba.njit
def fill_normal(out):
    for i in range(len(out)):
        out[i] = draws.normal(key(i))


@numba.njit
def fill_poisson(mean, out):
    for i in range(len(out)):
        out[i] = draws.poisson(mean, key(i))


@numba.njit
def fill_binomial(n, p, out):
    for i in range(len(out)):
        out[i] = draws.binomial(n, p, key(i))


@numba.njit
def fill_gamma(shape, out):
    for i in range(len(out)):
        out[i] = draws.gamma(shape, key(i))


@numba.njit
def fill_log_gamma(shape, out):
    for i in range(len(out)):
        out[i] = draws.log_gamma(shape, key(i))


@numba.njit
def fill_beta(a, b, out):
    for i in range(len(out)):
        out[i] = draws.beta(a, b, key(i))


def filled(fill, *parameters, dtype=np.float64):
    out = np.empty(N, dtype=dtype)
    fill(*parameters, out)
    return out


def assert_counts(sample, law):
    """Chi-square over cells of at least 20 expected draws; wide laws in 200 cells."""
    low, high = law.ppf(1e-9), law.ppf(1 - 1e-9)
    edges = np.unique(np.round(law.ppf(np.linspace(0, 1, 201)[1:-1]))) if high - low > 200 else None
    if edges is None:
        edges = np.arange(low, high + 1)
    expected = np.diff(np.concatenate([[0.0], law.cdf(edges), [1.0]])) * N
    found = np.bincount(np.searchsorted(edges, sample), minlength=len(expected)).astype(float)
    group = np.minimum(np.cumsum(expected) // 20, (N - 20) // 20).astype(int)
    expected, found = np.bincount(group, expected), np.bincount(group, found)
    full = expected > 0
    expected, found = expected[full], found[full]
    statistic = np.sum((found - expected) ** 2 / expected)
    assert stats.chi2.sf(statistic, max(len(expected) - 1, 1)) > SMALLEST_P
    assert abs(sample.mean() - law.mean()) < 4.5 * law.std() / np.sqrt(N)


def test_uniforms():
    pairs = np.empty((N, 2))
    fill_uniform(pairs)
    assert pairs.min() > 0
    assert pairs.max() < 1
    for column in pairs.T:
        assert stats.kstest(column, "uniform").pvalue > SMALLEST_P
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 4.5 / np.sqrt(N)


def test_the_ends_of_the_uniforms():
    ones, zeros = np.uint64(0xFFFFFFFF), np.uint64(0)
    assert unit(zeros, zeros) == 2.0**-53
    assert unit(ones, ones) == 1 - 2.0**-53


def test_every_field_of_a_key_counts():
    base = Key(*(np.uint64(1) for _ in range(5)))
    values = {uniform(base)}
    for field in Key._fields:
        values.add(uniform(base._replace(**{field: np.uint64(2)})))
    values.add(uniform(base._replace(seed=np.uint64(1 + 2**32))))
    values.add(two_uniforms(base, np.uint64(1))[0])
    assert len(values) == 8


def test_identity_is_stable():
    assert identity("gold") == 0x24D7F03D
    assert identity("a", "bc") != identity("ab", "c")
    assert 0 <= identity("") < 2**32


def test_normal_quantile_to_the_last_digits():
    u = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 10_001), 10.0 ** -np.arange(1, 300, 7)])
    out = np.empty_like(u)
    fill_quantile(u, out)
    np.testing.assert_allclose(out, special.ndtri(u), rtol=3e-15, atol=3e-16)


def test_normal():
    assert stats.kstest(filled(fill_normal), "norm").pvalue > SMALLEST_P


@pytest.mark.parametrize("mean", [1e-3, 0.7, 4.0, 9.999, 10.0, 13.5, 60.0, 1234.5, 1e8])
def test_poisson(mean):
    assert_counts(filled(fill_poisson, mean, dtype=np.int64), stats.poisson(mean))


@pytest.mark.parametrize(
    ("n", "p"),
    [
        (1, 0.3),
        (7, 0.5),
        (19, 0.5),
        (20, 0.5),
        (33, 0.31),
        (40, 0.75),
        (100, 0.11),
        (1000, 1e-3),
        (1000, 0.999),
        (2500, 0.4),
        (70_000, 1e-4),
        (10**6, 0.02),
        (10**6, 0.98),
        (10**9, 3e-9),
        (10**9, 0.5),
        (10**12, 1e-11),
    ],
)
def test_binomial(n, p):
    assert_counts(filled(fill_binomial, n, p, dtype=np.int64), stats.binom(n, p))


@pytest.mark.parametrize("shape", [0.05, 0.5, 1.0, 1.5, 7.3, 250.0, 1e6])
def test_gamma(shape):
    assert stats.kstest(filled(fill_gamma, shape), stats.gamma(shape).cdf).pvalue > SMALLEST_P


@pytest.mark.parametrize("shape", [1e-3, 0.02, 2.0])
def test_log_gamma(shape):
    # Below e**-50 the law of a gamma is x**shape / Gamma(shape + 1), even where x underflows.
    sample = filled(fill_log_gamma, shape)

    def cdf(log):
        tail = np.exp(shape * log - special.gammaln(shape + 1))
        return np.where(log < -50, tail, special.gammainc(shape, np.exp(np.maximum(log, -50))))

    assert stats.kstest(sample, cdf).pvalue > SMALLEST_P


@pytest.mark.parametrize(
    ("a", "b"), [(0.5, 0.5), (1.0, 1.0), (0.3, 4.0), (3.0, 0.4), (41, 61), (2, 9000), (1e6, 3e6)]
)
def test_beta(a, b):
    sample = filled(fill_beta, float(a), float(b))
    assert stats.kstest(sample, stats.beta(a, b).cdf).pvalue > SMALLEST_P


def test_beta_of_tiny_shapes_sits_at_the_ends():
    sample = filled(fill_beta, 1e-3, 3e-3)
    middle = stats.beta(1e-3, 3e-3).cdf(0.5)
    assert abs(np.mean(sample < 0.5) - middle) < 4.5 * np.sqrt(middle * (1 - middle) / N)
    assert np.isfinite(sample).all()


def test_edges_are_exact():
    one = key(1)
    assert draws.poisson(0.0, one) == 0
    for p in (0.0, 0.4, 1.0):
        assert draws.binomial(0, p, one) == 0
    assert draws.binomial(10**15, 0.0, one) == 0
    assert draws.binomial(10**15, 1.0, one) == 10**15
    assert draws.gamma(0.0, one) == 0
    assert draws.beta(0.0, 3.0, one) == 0
    assert draws.beta(3.0, 0.0, one) == 1
    assert draws.beta(3.0, 1e-300, one) == 1


def test_a_draw_is_a_function_of_its_key():
    again = draws.poisson(55.0, key(4)), draws.beta(0.2, 7.0, key(5))
    draws.gamma(3.0, key(6))
    assert (draws.poisson(55.0, key(4)), draws.beta(0.2, 7.0, key(5))) == again
