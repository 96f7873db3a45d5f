"""Sweeps, searches and tests of a project whose answers are known."""

import math

import numpy as np
import pytest
from decisions_forms import AGENTS, AS_OF, HEAD, LEVERS, customers, rules, rules_of
from test_decisions_kinds import read

from segrules.deciding import optimise, pilot, placer, sweep
from segrules.report.pilot import pilot_record, pilot_tables
from segrules.sim.decide.pilot import two_proportions
from segrules.sim.decisions.futures import amounts, futures
from segrules.sim.decisions.optimising import Wish
from segrules.sim.decisions.parts import Ground
from segrules.sim.decisions.piloting import Costs, plan_test
from segrules.sim.model import PROFIT
from segrules.sim.projection import Settings
from segrules.sim.whichever import carry_out
from segrules.text.diagnostic import RulesError

FRAMES = {"customers": customers()}


# ---- sweep


def test_a_step_is_the_project_with_that_setting():
    found = sweep(rules(), FRAMES, ["fee=1:5:3"], Settings(runs=200), as_of=AS_OF)
    assert [step.setting.shown for step in found.steps] == [("1",), ("3",), ("5",)]
    for step in found.steps:
        turned = rules_of((HEAD + LEVERS).replace("fee = 2", f"fee = {step.setting.shown[0]}"))
        alone = turned.simulate(FRAMES, as_of=AS_OF, runs=200)
        rows = [row for row in alone.rows if row.segment == "all"]
        assert list(step.rows) == rows


def test_an_assumption_is_held_in_the_sweep():
    """With odds of one a scenario of these odds alone changes nothing but its cost."""
    found = sweep(rules(), FRAMES, ["gold_odds=1:1.5:2"], Settings(runs=200), as_of=AS_OF)
    first, last = found.steps
    assert first.row("letters", "sold").chance_better is None
    assert first.row("letters", PROFIT).difference.mean < 0
    assert last.row("letters", "sold").difference.mean > 0
    (turn,) = found.turns("letters")
    assert 1 < turn < 1.1
    assert found.best("letters") is last
    assert found.turns("placebo") == ()


def test_an_interruption_keeps_what_is_finished(monkeypatch):
    calls = []

    def once_too_often(*args, **more):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return carry_out(*args, **more)

    monkeypatch.setattr("segrules.sim.decisions.sweeping.carry_out", once_too_often)
    found = sweep(rules(), FRAMES, ["fee=1:5:5"], Settings(runs=100), as_of=AS_OF)
    assert not found.complete
    assert [step.setting.shown for step in found.steps] == [("1",), ("2",)]
    calls[:] = [1, 1]
    with pytest.raises(KeyboardInterrupt):
        sweep(rules(), FRAMES, ["fee=1:5:5"], Settings(runs=100), as_of=AS_OF)


# ---- search


def best(vary, *limits, measure=None, evaluations=30, **more):
    wish = Wish(vary, limits, measure, "both", evaluations)
    return optimise(rules(), FRAMES, wish, Settings(runs=600), as_of=AS_OF, **more)


def test_what_only_costs_is_set_as_low_as_it_goes():
    found = best(["fee"])
    assert found.setting(found.found.chosen.design).shown == ("1",)
    assert found.choice is not None
    judged = found.choice.delivered
    assert judged.interval95[0] < found.choice.promised < judged.interval95[1]
    assert found.found.chosen.objective > found.today.objective


def test_a_limit_turns_the_answer():
    """The most sales come with the most golden customers treated, which costs most."""
    free = best(["golden_from"], measure="sold")
    assert free.setting(free.found.chosen.design).shown == ("1",)
    today = free.found.chosen.measures["today cost"]
    # from 3 points on nobody of two points is golden
    dear = best(["golden_from=3:4"], measure="sold").found.chosen.measures["then cost"]
    allowed = dear / today
    assert free.found.chosen.measures["then cost"] > allowed * today
    held = best(["golden_from"], f"cost <= {100 * allowed + 0.01:.2f}% of today", measure="sold")
    assert held.setting(held.found.chosen.design).shown[0] in {"3", "4", "5"}
    assert held.found.chosen.measures["then cost"] <= (allowed + 1e-3) * today


def test_limits_that_nothing_keeps_are_said():
    found = best(["fee"], "cost <= 10% of today")
    assert found.choice is None
    assert not found.found.limits_kept
    assert found.found.chosen.broken > 0


def test_the_search_can_be_stopped():
    found = best(["fee", "golden_from"], evaluations=50, stop=lambda: True)
    assert not found.complete
    assert found.found.evaluations == 1


def test_the_same_seed_gives_the_same_choice():
    one, two = (best(["golden_from"], evaluations=12) for _ in range(2))
    assert one.choice == two.choice
    assert one.found.chosen.design == two.found.chosen.design


# ---- pilot


@pytest.fixture(scope="module")
def planned():
    return pilot(
        rules(), FRAMES, Settings(), as_of=AS_OF, scenario="letters", costs=Costs(10_000.0, 50.0)
    )


def test_the_test_is_between_the_stages_that_change(planned):
    assert (planned.entry, planned.outcome, planned.segments) == ("joined", "sold", ("golden",))
    assert planned.rate == pytest.approx(0.5, abs=0.05)
    golden = customers().filter(customers()["points"] == 5).height
    assert planned.monthly == pytest.approx(golden / 18, rel=0.15)


def test_sizes_are_those_of_two_rates(planned):
    for each in planned.needed:
        size = two_proportions(planned.rate, planned.rate + each.effect).customers
        assert each.customers == size
        assert each.months == pytest.approx(2 * size / planned.monthly)
        assert each.by_agent is None
    effects = [each.effect for each in planned.needed]
    assert effects == sorted(effects)
    odds = math.exp((math.log(1.1) + math.log(1.6)) / 2)
    p = planned.rate
    assert effects[1] == pytest.approx(odds * p / (1 - p + odds * p) - p, abs=0.01)


def test_the_size_finds_the_effect_as_often_as_asked(planned):
    """Trials of the middle effect, drawn again and again: 80% of them must find it."""
    middle = planned.needed[1]
    rng = np.random.default_rng(3)
    n, p1, p2 = middle.customers, planned.rate, planned.rate + middle.effect
    one, two = (rng.binomial(n, p, 20_000) / n for p in (p1, p2))
    pooled = (one + two) / 2
    found = np.abs(two - one) > 1.959964 * np.sqrt(2 * pooled * (1 - pooled) / n)
    assert found.mean() == pytest.approx(0.8, abs=0.015)


def test_knowing_more_is_worth_more(planned):
    worths = [each.worth.value for each in planned.learnt]
    assert worths == sorted(worths, reverse=True)
    top = planned.evpi.value + 4 * planned.evpi.error
    assert all(0 <= each <= top for each in worths)
    assert all(each.worth.value <= top for each in planned.pilots)
    assert [each.cost for each in planned.pilots] == [
        10_000 + 2 * each.customers * 50 for each in planned.pilots
    ]


def test_a_test_that_could_turn_the_decision_is_worth_something():
    """Calls may help or harm: the worth of knowing is the mean of what acting would lose."""
    text = (HEAD + LEVERS).replace("silver_odds cost fee", "nothing cost fee")
    text += "\nscenario calls { process silvery sold odds silver_odds }\n"
    made = rules_of(text.replace("compare both", "compare calls, both"))
    many = {"customers": customers(40_000)}
    found = pilot(made, many, Settings(), as_of=AS_OF)
    assert found.scenario == "calls"
    placed = placer(made, many, AS_OF, None)({})
    ground = ground_of(made, placed)
    model = ground.model([next(e for e in made.ruleset.scenarios if e.name == "calls")])
    drawn = futures(model, found.runs)
    before, after = drawn.arms([None, 0], drawn.parameters())
    gain = (amounts(model, after, PROFIT) - amounts(model, before, PROFIT)).sum(axis=1)
    assert gain.mean() > 0
    assert found.evpi.value == pytest.approx(np.maximum(-gain, 0).mean())
    assert found.evpi.value > 0
    assert found.learnt[0].name == "silver_odds"
    assert found.learnt[0].worth.value == pytest.approx(found.evpi.value, rel=0.1)
    # a test without cost that measures nearly everything is worth nearly all of it
    assert found.pilots[-1].worth.value > 0.8 * found.evpi.value
    assert found.best is found.pilots[-1] or found.best.net > 0


def ground_of(made, placed):
    from segrules.segments.funnel import funnel_history
    from segrules.segments.profile import find_set
    from segrules.sim.decisions.asking import funnel_of
    from segrules.sim.projection import find_project

    asked = find_project(made.ruleset, None)
    history = funnel_history(
        placed, funnel_of(made.ruleset, asked), find_set(made.ruleset, asked.by)
    )
    return Ground(made.ruleset, asked, history, asked.seed)


def test_customers_of_one_agent_count_for_less():
    """Agents who differ: a test that draws agents needs more, by the design effect."""
    rows = customers(6_000)
    rng = np.random.default_rng(4)
    agent = rng.integers(0, 20, rows.height)
    skill = np.where(agent < 10, 0.75, 0.25)
    import polars as pl

    sold = [
        day if hit else None
        for day, hit in zip(rows["joined"], rng.random(rows.height) < skill, strict=True)
    ]
    rows = rows.with_columns(
        agent=pl.Series([f"a{each}" for each in agent]), sold_at=pl.Series(sold, dtype=pl.Date)
    )
    from segrules.sim.decisions.piloting import plan_test

    placed = placer(rules(), {"customers": rows}, AS_OF, None)({})
    found = plan_test(placed, Settings(), scenario="letters", agent="agent")
    # rates of 0.25 and 0.75: variance between 1/16 (20/19 of it), within 3/16
    assert found.clusters.correlation == pytest.approx(0.25, abs=0.08)
    assert found.clusters.agents == 20
    for each in found.needed:
        assert each.by_agent is None or each.by_agent > each.customers
    with pytest.raises(RulesError, match="no column"):
        plan_test(placed, Settings(), agent="agnt")


# ---- what a test is judged by, and what cannot be tested

STAGED = (HEAD + LEVERS).replace(
    "  sold   at sold_at", "  met    at sold_at within 30 days\n  sold   at sold_at"
).replace("comms golden sold odds gold_odds", "comms golden met odds gold_odds")  # fmt: skip


def staged(**more):
    placed = placer(rules_of(STAGED), FRAMES, AS_OF, None)({})
    return plan_test(placed, Settings(), scenario="letters", **more)


def test_a_test_is_judged_by_the_stage_that_is_asked_for():
    met = staged(judged="met")
    assert (met.entry, met.outcome) == ("joined", "met")
    late = staged(judged="sold")
    assert (late.entry, late.outcome) == ("joined", "sold")
    with pytest.raises(RulesError) as told:
        staged(judged="joined")
    assert [each.code for each in told.value.diagnostics] == ["SEG723"]
    told_columns = read(pilot_tables(met, rules_of(STAGED).ruleset))
    assert "difference: in the share who reach met" in told_columns
    assert "by revenue" in read(pilot_tables(late, rules_of(STAGED).ruleset))


def test_what_works_through_agents_is_not_dealt_to_customers():
    text = HEAD + AGENTS + LEVERS.replace("compare both", "compare paid_otherwise, both")
    made = rules_of(text)
    planned = {
        name: pilot(made, FRAMES, Settings(), as_of=AS_OF, scenario=name)
        for name in ("paid_otherwise", "letters")
    }
    paid = planned["paid_otherwise"]
    assert (paid.shared, paid.needed, paid.pilots) == (("pay",), (), ())
    assert sum(gain for _, gain in paid.where) == pytest.approx(paid.gain)
    told = read(pilot_tables(paid, made.ruleset))
    assert "no test of customers: pay works through agents" in told
    assert "where the gain is (GBP): " in told
    assert "customers an arm" not in told
    assert pilot_record(paid)["not_to_be_dealt"] == ["pay"]
    letters = planned["letters"]
    assert letters.shared == ()
    assert letters.needed
    assert letters.where[0][0] == "golden"
    assert not letters.elsewhere
