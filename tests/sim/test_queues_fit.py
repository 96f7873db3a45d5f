"""Forms of handle times and patience, agents under swings, and situations of an hour."""

import math

import numpy as np
import pytest

from segrules.sim.events.model import (
    ENDLESS,
    Centre,
    CustomerClass,
    Exponential,
    Fixed,
    Lognormal,
    Pool,
    Quantiles,
    Route,
    Station,
    Watch,
    mean_of,
)
from segrules.sim.events.run import simulate
from segrules.sim.queues.answer import answer
from segrules.sim.queues.calls import busy_days, match_agents
from segrules.sim.queues.choice import Choice, choose
from segrules.sim.queues.days import situation
from segrules.sim.queues.fault import Fault
from segrules.sim.queues.fitting import (
    fit_handling,
    fit_patience,
    means_by_segment,
    scaled,
    variation,
)
from segrules.sim.queues.patience import ErlangA


def drawn(seed=1, size=3_000):
    return np.random.default_rng(seed), size


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("exponential", lambda luck, size: luck.exponential(5.0, size)),
        ("lognormal", lambda luck, size: luck.lognormal(1.0, 0.6, size)),
        ("as seen", lambda luck, size: luck.choice([1.0, 9.0], size) + luck.random(size)),
    ],
)
def test_the_form_that_foretells_best_is_taken(name, make):
    times = np.sort(make(*drawn()))
    fitted = fit_handling(times, 7)
    assert fitted.method == name
    assert max(fitted.scores, key=fitted.scores.get) == name
    assert mean_of(fitted.time) == pytest.approx(times.mean(), rel=0.01)
    assert variation(fitted.time) == pytest.approx(times.std() / times.mean(), rel=0.05)


def test_few_times_are_taken_as_exponential():
    assert fit_handling(np.linspace(1.0, 2.0, 49), 7).time == Exponential(1.5)


def test_a_longer_time_of_the_same_form():
    for time in (Exponential(2.0), Lognormal(2.0, 0.7), Quantiles(np.array([0.0, 1.0, 5.0]))):
        longer = scaled(time, 3.0)
        assert mean_of(longer) == pytest.approx(3 * mean_of(time))
        assert variation(longer) == pytest.approx(variation(time))
    assert scaled(ENDLESS, 3.0) == ENDLESS
    # uniform on 0 to 2: variance 1/3
    assert variation(Quantiles(np.array([0.0, 1.0, 2.0]))) == pytest.approx(math.sqrt(1 / 3))


def test_one_mean_for_segments_that_chance_may_explain():
    luck, size = drawn()
    segment = luck.integers(0, 3, size)
    times = luck.exponential(5.0, size)
    means, weights, differ = means_by_segment(times, segment, 4)
    assert not differ
    assert set(means) == {times.mean()}
    assert not weights.any()
    means, weights, differ = means_by_segment(np.where(segment == 1, 2 * times, times), segment, 4)
    assert differ
    own = [times[segment == 0].mean(), 2 * times[segment == 1].mean()]
    # Drawn towards the others, but not far; the fourth segment has no times of its own.
    assert means[:2] == pytest.approx(own, rel=0.03)
    assert own[0] < means[0]
    assert means[1] < own[1]
    assert means[3] == np.where(segment == 1, 2 * times, times).mean()
    assert (weights[:3] > 0.9).all()


@pytest.mark.parametrize(
    ("method", "make"),
    [
        ("exponential", lambda luck, size: luck.exponential(4.0, size)),
        # half of them leave at once when they hear the message, the rest are patient
        ("hazard by parts of the wait", lambda luck, size: np.where(
            luck.random(size) < 0.3, luck.random(size) * 0.5, 0.5 + luck.exponential(10.0, size)
        )),
    ],
)  # fmt: skip
def test_patience_from_those_who_waited(method, make):
    luck, size = drawn(5, 20_000)
    free = np.where(luck.random(size) < 0.4, 0.0, luck.exponential(3.0, size))
    patience = make(luck, size)
    fitted = fit_patience(np.minimum(free, patience), patience < free, 7)
    assert fitted.method == method
    values = np.sort(make(luck, 200_000))
    if isinstance(fitted.time, Exponential):
        assert fitted.time.mean == pytest.approx(4.0, rel=0.05)
    else:
        levels = np.linspace(0, 1, len(fitted.time.values))
        for share in (0.1, 0.2, 0.5):
            found = float(np.interp(share, levels, fitted.time.values))
            assert found == pytest.approx(float(np.quantile(values, share)), rel=0.15)
        assert np.isfinite(fitted.time.values).all()


def test_few_who_gave_up():
    waited = np.ones(1_000)
    nine = np.arange(1_000) < 9
    assert fit_patience(waited, nine, 7).time == ENDLESS
    fault = fit_patience(waited[:400], nine[:400], 7)
    assert isinstance(fault, Fault)
    assert (fault.kind, fault.figure) == ("too few events", 9)
    at_once = fit_patience(np.zeros(400), np.arange(400) < 100, 7)
    assert isinstance(at_once, Fault)
    assert fit_patience(waited, np.arange(1_000) < 10, 7).time == Exponential(100.0)


def test_agents_are_matched_over_busy_and_quiet_days():
    factors = busy_days(0.09)
    assert np.mean(factors) == pytest.approx(1, abs=1e-12)
    # A little of the variance lies within the kinds of day.
    assert 0.93 * 0.09 < np.var(factors) < 0.09
    assert busy_days(0.0) == (1.0,)
    queue = ErlangA(40.0, 10.0, 15.0, 5)

    def wait(agents):
        each = [f * ErlangA(f * 40.0, 10.0, 15.0, agents).mean_wait for f in factors]
        return sum(each) / sum(factors)

    assert match_agents(queue, wait(5), 0.09) == pytest.approx(5, abs=1e-9)
    # Busy days add to the mean wait: without knowing of them fewer agents would be seen.
    assert wait(5) > queue.mean_wait
    assert match_agents(queue, wait(5)) < 4.95


# ---- an hour as a situation


def hour(rates=(2.0, 3.0, 4.0), ranks=(0, 1, 1), pools=1, **terms):
    names = "ABC"
    classes = tuple(
        CustomerClass(name, (rate, 2 * rate), Exponential(1.0), **terms)
        for name, rate in zip(names, rates, strict=True)
    )
    teams = tuple(Pool(f"team{at}", (12, 24)) for at in range(pools))
    routes = tuple(
        Route(name, team.name, rank=rank)
        for team in teams
        for name, rank in zip(names, ranks, strict=True)
    )
    return Centre(classes, teams, routes, (0.0, 1.0, 2.0))


def test_segments_that_meet_the_same_are_one_class():
    found = situation(hour(), 1, 0.01)
    assert [(line.name, line.arrivals, line.rank) for line in found.lines] == [
        ("A", 4.0, 0), ("B", 14.0, 1),
    ]  # fmt: skip
    assert found.lines[0].lost == 0.01
    assert choose(found).method == "cobham"
    alike = situation(hour(ranks=(0, 0, 0), patience=Exponential(2.0)), 1, 0.01, 1.5)
    assert [(line.arrivals, line.lost) for line in alike.lines] == [(27.0, 0.0)]
    assert choose(alike).method == "erlang-a"
    assert situation(hour(rates=(0.0, 0.0, 0.0)), 0, 0.0) is None


def test_a_rise_towards_the_next_hour_is_a_swing():
    # from 9 to 18: on a straight line it is half of the way at the edge
    assert situation(hour(), 0, 0.0).swing == pytest.approx(0.5)
    assert situation(hour(), 1, 0.0).swing == 0


def test_a_reservation_has_no_formula():
    centre = hour()
    routes = (*centre.routes[:2], Route("C", "team0", spare=1))
    changed = Centre(centre.classes, centre.pools, routes, centre.edges)
    assert choose(situation(changed, 1, 0.0)) == Choice(
        "events", "overflow, reservation and call-backs have no formula"
    )


def test_the_answered_are_those_who_waited_and_were_served():
    patience, limit = Exponential(0.5), 0.1
    station = Station(9.0, Exponential(1.0), 8, 200.0, patience)
    outcome = simulate(station.centre(), 200, 3, Watch(20.0, within=(limit,), keep=True))
    kept = outcome.kept
    counted = kept.arrived >= 20.0
    soon = counted & (kept.waited <= limit)
    assert outcome.tally.within.sum() == np.sum(soon)
    assert outcome.tally.answered.sum() == np.sum(soon & (kept.pool >= 0))
    assert 0 < outcome.tally.answered.sum() < outcome.tally.within.sum()
    # and the formula says the same
    centre = station.centre()
    met = answer(situation(centre, 0, 0.0), (limit,)).classes[0]
    arrived = int(counted.sum())
    share = outcome.tally.answered.sum() / arrived
    assert met.answered[0] == pytest.approx(share, abs=0.01)
    served = outcome.tally.waits[..., 0].sum() / (kept.pool[counted] >= 0).sum()
    assert met.wait_of_served == pytest.approx(served, rel=0.03)
    assert answer(situation(hour(ranks=(0, 0, 0)), 1, 0.0)).classes[0].wait_of_served > 0


def test_a_fixed_time_does_not_vary():
    assert variation(Fixed(3.0)) == 0
