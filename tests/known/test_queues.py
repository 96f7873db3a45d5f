"""Known answers of queues by formula."""

import math

import pytest
from known import case

from segrules.sim.queues import large, priority, single
from segrules.sim.queues.erlang import ErlangC, erlang_b
from segrules.sim.queues.patience import ErlangA
from segrules.sim.queues.staffing import Demand, best_agents
from segrules.sim.queues.two_pools import TwoPools

PRINTED = 1e-9
"""The answers are printed with ten digits."""

ERLANG_C = ["erlang_c_c1_rho0.8", "erlang_c_c2_rho0.9", "erlang_c_c50_rho0.9"]
ERLANG_C.append("erlang_c_c100_rho0.95")
ERLANG_A = ["erlang_a_GMR_48_50", "erlang_a_critical", "erlang_a_overloaded"]


def close(value, expected):
    assert math.isclose(value, expected, rel_tol=PRINTED), f"{value} is not {expected}"


@pytest.mark.parametrize("name", ERLANG_C)
def test_erlang_c(name):
    inputs, expected = case(name)
    queue = ErlangC(inputs["lam"], inputs["mu"], inputs["c"])
    close(queue.occupancy, expected["rho"])
    close(queue.delayed, expected["P_wait"])
    close(queue.mean_wait, expected["mean_wait_Wq"])
    close(queue.waiting, expected["mean_queue_Lq"])
    close(queue.mean_stay, expected["mean_sojourn_W"])
    close(queue.variance, expected["var_wait"])
    close(queue.percentile(0.95), expected["p95_wait"])
    close(queue.within(inputs["t"]), expected[f"service_level_P(W<={inputs['t']})"])


def test_erlang_b():
    inputs, expected = case("erlang_b_10_7")
    load = inputs["lam"] / inputs["mu"]
    blocked = erlang_b(load, inputs["c"])
    close(blocked, expected["P_block"])
    close(load * (1 - blocked), expected["carried_load"])


@pytest.mark.parametrize("name", ERLANG_A)
def test_erlang_a(name):
    inputs, expected = case(name)
    queue = ErlangA(inputs["lam"], inputs["mu"], inputs["theta"], inputs["c"])
    close(queue.abandonment, expected["P_abandon"])
    close(queue.delayed, expected["P_wait"])
    close(queue.mean_wait, expected["mean_wait_all"])
    close(queue.waiting, expected["mean_queue_Lq"])
    close(queue.mean_wait_of_served, expected["mean_wait_served"])
    close(queue.occupancy, expected["occupancy"])
    close(queue.throughput, expected["throughput"])
    close(queue.mean_wait_of_lost, expected["mean_wait_of_abandoners"])
    close(queue.abandonment_of_delayed, expected["P_abandon_given_wait"])
    fluid = large.Fluid(inputs["lam"], inputs["mu"], inputs["theta"], inputs["c"])
    fluid_loss = expected["fluid_P_abandon=max(0,1-c*mu/lam)"]
    assert math.isclose(fluid.abandonment, fluid_loss, rel_tol=PRINTED, abs_tol=1e-12)


def test_printed_example_of_another_library():
    inputs, expected = case("pyworkforce_readme_crosscheck")
    endless = ErlangC(inputs["lam"], inputs["mu"], inputs["c_erlang_c"])
    close(endless.delayed, expected["erlang_c_P_wait"])
    close(endless.within(inputs["asa"]), expected["erlang_c_service_level_20s"])
    queue = ErlangA(inputs["lam"], inputs["mu"], inputs["theta"], inputs["c_erlang_a"])
    close(queue.abandonment, expected["erlang_a_P_abandon"])
    close(queue.delayed, expected["erlang_a_P_wait"])
    close(queue.mean_wait, expected["erlang_a_mean_wait_all"])
    close(queue.mean_wait_of_served, expected["erlang_a_mean_wait_served"])


@pytest.mark.parametrize(("name", "cv"), [("mg1_pk_deterministic", 0), ("mg1_pk_lognormal", None)])
def test_one_agent_of_any_handle_time(name, cv):
    inputs, expected = case(name)
    cv = inputs["cv"] if cv is None else cv
    wait = single.mean_wait(inputs["lam"], inputs.get("mean_service", 1.0), cv)
    close(wait, expected["Wq"])
    close(inputs["lam"] * wait, expected.get("Lq", 5.2))
    # the second moment of the handle time, of mean 1
    close(1 + cv * cv, inputs.get("ES2", expected.get("ES2")))


def test_ranks_that_interrupt():
    inputs, expected = case("mm1_priority_preemptive_resume")
    rates, mu = [inputs["lam_H"], inputs["lam_L"]], inputs["mu"]
    of_one = single.preemptive_stays(rates, [1 / mu] * 2, [1.0] * 2)
    of_pool = priority.preemptive_stays_of_pool(rates, mu, 1)
    for stays in (of_one, of_pool):
        close(stays[0], expected["W_sojourn_H"])
        close(stays[1], expected["W_sojourn_L"])
    close(ErlangC(sum(rates), mu, 1).mean_stay, expected["FIFO_sojourn"])


def test_ranks_that_wait_their_turn():
    inputs, expected = case("mmc_priority_nonpreemptive")
    rates = [inputs["lam_H"], inputs["lam_L"]]
    waits = priority.cobham_waits(rates, inputs["mu"], inputs["c"])
    close(waits[0], expected["Wq_H"])
    close(waits[1], expected["Wq_L"])
    together = ErlangC(sum(rates), inputs["mu"], inputs["c"])
    close(together.delayed, expected["P_wait"])
    close(together.mean_wait, expected["Wq_FIFO"])


def test_square_root_approximations():
    inputs, expected = case("halfin_whitt_and_garnett")
    beta, theta, mu, load = (inputs[name] for name in ("beta", "theta", "mu", "R"))
    agents = large.square_root_agents(load, beta)
    close(large.halfin_whitt(beta), expected["HW_P_wait"])
    close(ErlangC(load * mu, mu, agents).delayed, expected["exact_erlC_P_wait"])
    rough = large.garnett(beta, mu, theta, agents)
    close(rough.delayed, expected["garnett_P_wait"])
    close(rough.abandonment, expected["garnett_P_abandon"])
    exact = ErlangA(load * mu, mu, theta, agents)
    close(exact.delayed, expected["exact_erlA_P_wait"])
    close(exact.abandonment, expected["exact_erlA_P_abandon"])


def test_specialists_and_generalists():
    inputs, expected = case("n_model_skill_routing_priority")
    pools = TwoPools(
        inputs["lamA"],
        inputs["lamB"],
        inputs["muAS"],
        inputs["muAG"],
        inputs["muBG"],
        inputs["thA"],
        inputs["thB"],
        inputs["cS"],
        inputs["cG"],
    )
    found = pools.solution
    close(found.abandonment[0], expected["P_abandon_A"])
    close(found.abandonment[1], expected["P_abandon_B"])
    close(found.mean_wait[0], expected["mean_wait_A"])
    close(found.mean_wait[1], expected["mean_wait_B"])
    close(found.by_specialist, expected["frac_A_served_by_specialist"])
    close(found.busy_specialists, expected["busy_specialists"])
    close(found.busy_generalists, expected["busy_generalists"])


def test_load_that_swings_over_the_day():
    inputs, expected = case("mt_m_inf_sinusoidal")
    wave = large.Wave(inputs["lam_bar"], inputs["A"], inputs["period"], inputs["mu"])
    for hour in (0, 6, 12, 18):
        close(wave.busy(hour), expected[f"m({hour})"])
    close(wave.lag, expected["peak_lag_hours"])
    # The same in steps of a minute, which are off by the square of a minute, from an empty start.
    minutes = [minute / 60 for minute in range(72 * 60 + 1)]
    swing = [math.sin(2 * math.pi * (each + 1 / 120) / 24) for each in minutes[:-1]]
    rates = [inputs["lam_bar"] + inputs["A"] * each for each in swing]
    stepped = large.busy_without_limit(rates, minutes, inputs["mu"])
    for hour in (0, 6, 12, 18):
        found = stepped[(48 + hour) * 60]
        assert math.isclose(found, expected[f"m({hour})"], rel_tol=1e-5)


def test_agents_of_greatest_profit():
    inputs, expected = case("erlang_a_profit_optimal_agents")
    demand = Demand(inputs["lam"], inputs["mu"], inputs["theta"])
    best = best_agents(demand, inputs["margin"], inputs["agent_cost"])
    assert best.agents == expected["optimal_c"]
    close(best.profit, expected["profit_at_opt"])
    close(best.one_less, expected["profit_minus1"])
    close(best.one_more, expected["profit_plus1"])
    close(best.queue.abandonment, expected["P_abandon_at_opt"])
