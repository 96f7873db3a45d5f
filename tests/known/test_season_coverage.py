"""95% intervals of monthly arrivals hold 95 in 100, where the season was read from one year.

2,000 firms each: a year of arrivals is seen, the next one projected. Counts are whole numbers, so
the chance that an interval holds is counted with the ends shared between in and out.
"""

import datetime as dt

import numpy as np
import pytest

from segrules.sim.arrivals import arrivals_of
from segrules.sim.kernels import counts as counting
from segrules.sim.kernels.parameters import draw_parameters, empty_parameters
from segrules.sim.model import FunnelModel
from segrules.sim.pack import pack

FIRMS, RUNS, MONTHS = 2_000, 500, 12
YEAR = tuple(dt.date(2025, month, 1) for month in range(1, 13))
SEASON = np.array([0.5, 0.6, 0.9, 1.1, 1.3, 1.5, 1.6, 1.4, 1.1, 0.9, 0.6, 0.5])
RATES = {"alike": np.array([90.0, 110.0, 100.0]), "one large": np.array([400.0, 30.0, 40.0])}


def came(rng, rate, dispersion):
    """A year of arrivals, int64[S, T]."""
    mean = rate[:, None] * SEASON / SEASON.mean()
    if dispersion:
        mean = mean * rng.gamma(1 / dispersion, dispersion, mean.shape)
    return rng.poisson(mean)


def projected(seen, seed, known=False):
    """Arrivals of the next year, int64[R, S, T]."""
    arrivals = arrivals_of(YEAR, seen.astype(float), YEAR, [])
    names = tuple(f"segment {s}" for s in range(len(seen)))
    funnel = pack(FunnelModel(names, ("entered",), MONTHS, arrivals, (), seed=seed))
    parameters = empty_parameters(funnel, RUNS)
    draw_parameters(funnel, 0, parameters)
    if known:
        parameters.season[:] = funnel.season  # what is drawn of it is forgotten
    monthly = np.zeros((RUNS, len(seen), MONTHS, 1), dtype=np.int64)
    counting.arrive(funnel, parameters, 0, monthly)
    return monthly[..., 0]


def coverage(rate, dispersion, firms, known=False):
    rng = np.random.default_rng(11)
    held = np.empty((firms, len(rate)))
    for firm in range(firms):
        drawn = projected(came(rng, rate, dispersion), firm, known)
        after = came(rng, rate, dispersion)
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        inside = (low < after) & (after < high)
        at_end = (low == after) | (after == high)
        held[firm] = (inside + 0.5 * at_end).mean(axis=1)
    return held.mean(axis=0)


@pytest.mark.parametrize("rates", RATES)
def test_intervals_of_monthly_arrivals_cover(rates, record_property):
    covered = coverage(RATES[rates], 0.0, FIRMS)
    record_property("coverage", covered.tolist())
    print(rates, covered)
    assert covered.mean() == pytest.approx(0.95, abs=0.015)


def test_intervals_cover_where_arrivals_come_in_bursts(record_property):
    covered = coverage(np.array([150.0, 100.0, 60.0, 120.0]), 0.1, FIRMS)
    record_property("coverage", covered.tolist())
    print("bursts", covered)
    assert covered.mean() == pytest.approx(0.95, abs=0.015)


def test_a_season_taken_as_known_covers_too_little():
    large, *_ = coverage(RATES["one large"], 0.0, 300, known=True)
    assert large < 0.92
