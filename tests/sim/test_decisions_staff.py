"""Agents of a project as they are told: pools, plans that bend, staff that comes later."""

from dataclasses import replace

import numpy as np
import pytest
from test_agents import built, read, ruleset

from segrules.sim.decisions.futures import futures
from segrules.sim.decisions.staff import RUNS_BY_STEPS, staff
from segrules.sim.effort import crew
from segrules.sim.estimate import estimate
from segrules.sim.model import TOTAL
from segrules.sim.run import simulate
from segrules.sim.summary import cost_parts


def model_of(levers, **changed):
    rules = ruleset(levers, **changed)
    history = read(rules)
    agents = built(levers, **changed)
    return estimate(rules, rules.projects[0], history, seed=7, agents=agents).model


def paid(model):
    """What the pools are paid in the engine without luck, over the same futures."""
    drawn = futures(model, staff(model, 0).runs)
    arms = drawn.arms([None, 0], drawn.parameters())
    at = model.parts.index("pay")
    return [float(arm.parts[:, at].sum(axis=1).mean()) for arm in arms]


@pytest.mark.parametrize(
    "levers",
    [
        "pay plain neutral cost",
        "capacity many agents 9 from month 3 over 2 months",
        "route hard to few",
        "pay portion",
    ],
)
def test_pools_together_are_paid_what_the_engine_counts_as_pay(levers):
    model = model_of(levers)
    found = staff(model, 0)
    told = [sum(getattr(p.pay, arm).mean for p in found.pools) for arm in ("today", "then")]
    assert told == pytest.approx(paid(model), rel=1e-9)
    if "pay" in levers:
        assert found.plan is not None
        assert found.plan.neutral is ("neutral" in levers)
    else:
        assert found.plan is None


def test_plans_that_bend_take_fewer_futures_and_say_so():
    found = staff(model_of("pay portion"), 0)
    assert found.stepped
    assert found.runs == RUNS_BY_STEPS
    assert not staff(model_of("pay plain"), 0).stepped


def test_staff_comes_in_its_months():
    model = model_of("capacity many agents 9 from month 3")
    few, many = staff(model, 0).pools
    assert few.agents.difference.mean == 0.0
    # nine in place of six in four of six months
    assert many.agents.then.mean == pytest.approx(6 + 3 * 4 / 6)
    assert many.changes.agents == 6
    assert many.busy.then.mean <= many.busy.today.mean


def test_agents_that_nobody_counted_have_no_pay_of_one():
    model = model_of("pay plain")
    everybody = crew.Crew("everybody", 1.0, None, (0, 1), counted=False)
    model = replace(model, agents=replace(model.agents, crews=(everybody,)))
    (pool,) = staff(model, 0).pools
    assert (pool.agents, pool.each, pool.busy, pool.changes) == (None, None, None, None)
    assert pool.pay.then.mean > 0
    assert staff(model, 0).changes is None


def test_where_nobody_works_there_is_nothing_to_tell():
    model = model_of("pay plain")
    rules = ruleset("pay plain")
    bare = estimate(rules, rules.projects[0], read(rules), seed=7).model
    assert model.agents is not None
    assert bare.agents is None
    assert staff(bare, 0) is None


def test_hours_taken_are_those_of_the_cases():
    model = model_of("qa hard checked 90%")
    found = staff(model, 0)
    few, many = found.pools
    hours = {name: each.today.mean for name, each in found.hours}
    agents = model.agents
    assert hours["hard"] == pytest.approx(agents.hours[0])
    # specialists see hard cases only, in the share that their hours are of all
    share = 2 / 8
    drawn = futures(model, found.runs).parameters()
    cases = drawn.rate[:, 0] * drawn.season.sum(axis=1) * drawn.conversion[:, 0, 0]
    assert few.cases.today.mean == pytest.approx(share * cases.mean())
    taken = share * cases.mean() * hours["hard"] / (2 * agents.crews[0].hours)
    assert few.busy.today.mean == pytest.approx(taken)
    assert many.busy.today.mean > 0


def test_the_cost_has_the_pay_of_the_pools_as_its_part():
    model = model_of("pay plain")
    draws = simulate(model, 300)
    (pay,) = [r for r in cost_parts(draws) if (r.segment, r.measure) == (TOTAL, "pay")]
    told = sum(each.pay.then.mean for each in staff(model, 0).pools)
    assert pay.then.mean == pytest.approx(told, abs=4 * pay.then.mc_error + 0.02 * told)
    assert np.isfinite(told)
