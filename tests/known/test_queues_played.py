"""Known answers of queues, met by the engine of events within four standard errors.

The equilibrium begins empty, so a warm-up of many service times is left out.
"""

import math

import numpy as np
import pytest
from known import agree, case

from segrules.sim.events import policies
from segrules.sim.events.model import (
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
)
from segrules.sim.events.run import simulate
from segrules.sim.events.summary import course, of_all, of_class, of_pool

SEEDS = (1, 2, 3)


def meets(figure, expected):
    agree(figure.mean, expected, figure.error)


def played(centre, watch, seed, runs=60):
    return simulate(centre, runs, seed, watch)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("name", "horizon"),
    [
        ("erlang_c_c1_rho0.8", 4000.0),
        ("erlang_c_c2_rho0.9", 4000.0),
        ("erlang_c_c50_rho0.9", 600.0),
        ("erlang_c_c100_rho0.95", 600.0),
    ],
)
def test_erlang_c(name, horizon, seed):
    inputs, expected = case(name)
    station = Station(inputs["lam"], Exponential(1 / inputs["mu"]), inputs["c"], horizon)
    watch = Watch(horizon / 8, within=(inputs["t"], expected["p95_wait"]))
    found = of_all(played(station.centre(), watch, seed))
    meets(found.delayed, expected["P_wait"])
    meets(found.wait, expected["mean_wait_Wq"])
    meets(found.within[0], expected[f"service_level_P(W<={inputs['t']})"])
    meets(found.within[1], 0.95)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["erlang_a_GMR_48_50", "erlang_a_critical", "erlang_a_overloaded"])
def test_erlang_a(name, seed):
    inputs, expected = case(name)
    patience = Exponential(1 / inputs["theta"])
    work = Exponential(1 / inputs["mu"])
    station = Station(inputs["lam"], work, inputs["c"], 200.0, patience)
    outcome = played(station.centre(), Watch(20.0), seed)
    found, pool = of_all(outcome), of_pool(outcome, "agents")
    meets(found.abandonment, expected["P_abandon"])
    meets(found.delayed, expected["P_wait"])
    meets(found.wait, expected["mean_wait_all"])
    meets(found.wait_of_served, expected["mean_wait_served"])
    meets(found.wait_of_lost, expected["mean_wait_of_abandoners"])
    meets(pool.occupancy, expected["occupancy"])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("name", "work"),
    [
        ("mg1_pk_deterministic", Fixed(1.0)),
        ("mg1_pk_lognormal", Lognormal(1.0, 1.5)),
        # a time that never varies, by its quantiles
        ("mg1_pk_deterministic", Quantiles(np.array([1.0, 1.0, 1.0]))),
    ],
)
def test_one_agent_of_any_handle_time(name, work, seed):
    inputs, expected = case(name)
    station = Station(inputs["lam"], work, 1, 6000.0)
    found = of_all(played(station.centre(), Watch(1000.0), seed, 100))
    meets(found.wait, expected["Wq"])


def ranked(rates, mu, agents, horizon, preempts):
    names = ("high", "low")
    routes = tuple(Route(name, "agents") for name in names)
    return Centre(
        tuple(
            CustomerClass(name, (rate,), Exponential(1 / mu))
            for name, rate in zip(names, rates, strict=True)
        ),
        (Pool("agents", (agents,), preempts),),
        policies.priority(routes, names),
        (0.0, horizon),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_ranks_that_interrupt(seed):
    inputs, expected = case("mm1_priority_preemptive_resume")
    centre = ranked([inputs["lam_H"], inputs["lam_L"]], inputs["mu"], 1, 3000.0, True)
    # Customers of low rank who come late would be spared those of high rank who never came.
    outcome = played(centre, Watch(300.0, 2800.0), seed, 100)
    for name, letter in (("high", "H"), ("low", "L")):
        meets(of_class(outcome, name).wait, expected[f"W_sojourn_{letter}"] - 1 / inputs["mu"])
    assert of_class(outcome, "high").interrupted.mean == 0
    assert of_class(outcome, "low").interrupted.mean > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_ranks_that_wait_their_turn(seed):
    inputs, expected = case("mmc_priority_nonpreemptive")
    rates = [inputs["lam_H"], inputs["lam_L"]]
    centre = ranked(rates, inputs["mu"], inputs["c"], 1000.0, False)
    outcome = played(centre, Watch(100.0, 950.0), seed)
    meets(of_class(outcome, "high").wait, expected["Wq_H"])
    meets(of_class(outcome, "low").wait, expected["Wq_L"])
    meets(of_all(outcome).delayed, expected["P_wait"])
    meets(of_all(outcome).wait, expected["Wq_FIFO"])


@pytest.mark.parametrize("seed", SEEDS)
def test_specialists_and_generalists(seed):
    inputs, expected = case("n_model_skill_routing_priority")
    routes = (
        Route("A", "specialists", speed=inputs["muAS"]),
        Route("A", "generalists", speed=inputs["muAG"]),
        Route("B", "generalists", speed=inputs["muBG"]),
    )
    routes = policies.priority(routes, ["A", "B"], "generalists")
    centre = Centre(
        tuple(
            CustomerClass(
                name,
                (inputs[f"lam{name}"],),
                Exponential(1.0),
                Exponential(1 / inputs[f"th{name}"]),
            )
            for name in "AB"
        ),
        (Pool("specialists", (inputs["cS"],)), Pool("generalists", (inputs["cG"],))),
        policies.static_order(routes, ["specialists", "generalists"]),
        (0.0, 500.0),
    )
    outcome = played(centre, Watch(40.0, 480.0), seed)
    for name in "AB":
        found = of_class(outcome, name)
        meets(found.abandonment, expected[f"P_abandon_{name}"])
        meets(found.wait, expected[f"mean_wait_{name}"])
    for name in ("specialists", "generalists"):
        pool = of_pool(outcome, name)
        agree(pool.busy.mean / 440, expected[f"busy_{name}"], pool.busy.error / 440)
    by_pool = outcome.tally.by_pool[:, 0]
    share = by_pool[:, 0] / by_pool.sum(axis=1)
    error = share.std(ddof=1) / math.sqrt(len(share))
    agree(share.mean(), expected["frac_A_served_by_specialist"], error)


@pytest.mark.parametrize("seed", SEEDS)
def test_load_that_swings_over_the_day(seed):
    inputs, expected = case("mt_m_inf_sinusoidal")
    edges = np.arange(0, 48.05, 0.1)
    middle = (edges[1:] + edges[:-1]) / 2
    turn = 2 * math.pi / inputs["period"]
    rates = tuple(inputs["lam_bar"] + inputs["A"] * np.sin(turn * middle))
    many = 10**6
    centre = Centre(
        (CustomerClass("customers", rates, Exponential(1 / inputs["mu"])),),
        (Pool("agents", (many,) * len(rates)),),
        (Route("customers", "agents"),),
        tuple(edges),
    )
    runs = 400
    outcome = simulate(centre, runs, seed)
    found = of_all(outcome)
    assert found.delayed.mean == found.wait.mean == found.lost.mean == 0
    present = course(outcome, "customers").present
    for hour in (0, 6, 12, 18):
        # a Poisson number; the day before is long enough to forget the empty start
        mean = expected[f"m({hour})"]
        at = round((24 + hour) / 0.1)
        agree(present[at], mean, math.sqrt(mean / runs))
        variance = outcome.tally.present[:, at, 0].var()
        agree(variance, mean, mean * math.sqrt((2 + 1 / mean) / runs))


@pytest.mark.parametrize("seed", SEEDS)
def test_printed_example_of_another_library(seed):
    inputs, expected = case("pyworkforce_readme_crosscheck")
    work, patience = Exponential(1 / inputs["mu"]), Exponential(1 / inputs["theta"])
    station = Station(inputs["lam"], work, inputs["c_erlang_a"], 1500.0, patience)
    found = of_all(played(station.centre(), Watch(60.0), seed))
    meets(found.abandonment, expected["erlang_a_P_abandon"])
    meets(found.wait, expected["erlang_a_mean_wait_all"])
    endless = Station(inputs["lam"], work, inputs["c_erlang_c"], 1500.0)
    found = of_all(played(endless.centre(), Watch(60.0, within=(inputs["asa"],)), seed))
    meets(found.delayed, expected["erlang_c_P_wait"])
    meets(found.within[0], expected["erlang_c_service_level_20s"])


def test_a_wrong_patience_is_noticed():
    """The margin of four errors is narrow enough to tell a tenth more patience."""
    inputs, expected = case("erlang_a_overloaded")
    patience = Exponential(1.1 / inputs["theta"])
    station = Station(inputs["lam"], Exponential(1.0), inputs["c"], 200.0, patience)
    found = of_all(played(station.centre(), Watch(20.0), 1))
    with pytest.raises(AssertionError):
        meets(found.wait, expected["mean_wait_all"])
