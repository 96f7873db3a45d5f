"""From rules and rows to the agents of a funnel's model."""

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from segrules.lang import ir
from segrules.rules import inspect
from segrules.segments.assign import Asked, place
from segrules.segments.funnel import funnel_history
from segrules.sim.agents import WEEKS, agents_of, check_agents
from segrules.sim.effort import crew
from segrules.sim.estimate import estimate
from segrules.sim.run import simulate
from segrules.text.diagnostic import RulesError
from segrules.text.render import full
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)

RULES = """
ruleset firm {
  language 1
  goal  "More sales at the same cost"
  why   "Advisers go where they are paid"
  owner "Sales"
  zone  "Europe/London"
  money GBP
}
table leads key lead_id {
  lead_id  text
  came     date
  met_at   date? until_outcome
  sold_at  date? until_outcome
  kept_at  date? until_outcome
  minutes  whole 0..10_000? until_outcome
  complex  flag
  fee      money
}
funnel sales of leads {
  enquiry     at came
  appointment at met_at within 30 days cost letters 10.00 each
  sale        at sold_at within 30 days value fee cost fees 40.00 each
  retained    at kept_at within 30 days
}
segments kinds of leads {
  hard when complex
  otherwise easy
}
pool few "Specialists" {
  agents 2
  hours  30 per week
  skill  3
  serves hard
  cost   60 per hour
}
pool many "Everybody else" {
  agents 6
  hours  30 per week
}
pay volume "A sum per sale" {
  100 per sale
  less 60 per failed check
  clawback 100%
  5 per passed check
}
pay portion "A share" {
  5.5% of value
  2% of margin
  times 2 for hard
  20 per customer kept
  from 10 sales times 1.5
  from 20 sales plus 30
  at most 4_000 per month
}
pay plain "A share of the value" {
  5.5% of value
}
assume skill_odds = 1.1 to 1.3 {
  source judgement "advisers"
  owner "Sales"
  until 2027-06-30
}
effort of sales {
  time       TIME
  elasticity 0.4 for hard, 0.2 for rest
  response   60%
  supply     0
  paid by    volume
  pools      POOLS
}
quality of sales {
  checked 60% for hard, 10% for rest
  failing 20%
  found   80%
  missold 4%
  loss    400
  cost    18
  wait    2 days
  drop    1%
  temptation 0.5
}
scenario other {
  LEVERS
}
project sales { for 6 months runs 100 seed 7 compare other against today }
"""


def ruleset(levers="pay plain neutral cost", time="minutes / 60", pools="few, many"):
    text = RULES.replace("LEVERS", levers).replace("TIME", time).replace("POOLS", pools)
    found = inspect(Source("firm.seg", text))
    assert [full(each) for each in found.log if each.severity == "error"] == []
    return found.ruleset


def rows(count=600):
    rng = np.random.default_rng(3)
    came = [dt.date(2025, 7, 1) + dt.timedelta(days=int(d)) for d in rng.integers(0, 300, count)]
    hard = rng.random(count) < 0.3
    met = rng.random(count) < np.where(hard, 0.5, 0.7)
    sold = met & (rng.random(count) < np.where(hard, 0.3, 0.5))
    kept = sold & (rng.random(count) < 0.8)
    minutes = np.where(hard, 180, 60) + rng.integers(-30, 30, count)

    def dates(some, days):
        return [
            day + dt.timedelta(days=days) if one else None
            for day, one in zip(came, some, strict=True)
        ]

    return pl.DataFrame({
        "lead_id": [f"l{i}" for i in range(count)], "came": came, "met_at": dates(met, 5),
        "sold_at": dates(sold, 12), "kept_at": dates(kept, 30),
        "minutes": [int(m) if one else None for m, one in zip(minutes, met, strict=True)],
        "complex": hard, "fee": np.where(hard, 3000.0, 900.0),
    })  # fmt: skip


ROWS = rows()


def read(rules, data=ROWS):
    placement = place(rules, "leads", {"leads": data}, Asked(AS_OF))
    return funnel_history(placement, rules.funnels[0], rules.set("kinds"))


def built(levers="pay plain", **changed):
    rules = ruleset(levers, **changed)
    return agents_of(rules, rules.projects[0], read(rules))


def codes(levers, **changed):
    with pytest.raises(RulesError) as error:
        built(levers, **changed)
    return {each.code for each in error.value.diagnostics}


def test_the_time_of_a_case_is_the_mean_of_those_who_could_have_bought_by_now():
    rules = ruleset()
    history = read(rules)
    mature = pl.col("came") <= history.mature_until["sale"]
    met = ROWS.filter(mature & pl.col("met_at").is_not_null())
    mean = dict(met.group_by("complex").agg(pl.col("minutes").mean() / 60).iter_rows())
    agents = agents_of(rules, rules.projects[0], history)
    assert agents.hours == pytest.approx((mean[True], mean[False]), abs=1e-6)
    assert history.times["hard"].count == met["complex"].sum()
    assert built(time="2.5 for hard, 1 for rest").hours == (2.5, 1.0)


def test_a_time_that_nobody_has_is_told():
    rules = ruleset()
    none = ROWS.with_columns(minutes=pl.lit(None, pl.Int64))
    with pytest.raises(RulesError) as error:
        agents_of(rules, rules.projects[0], read(rules, none))
    assert {each.code for each in error.value.diagnostics} == {"SEG566"}


def test_that_nobody_came_is_told_before_that_no_time_is_known():
    rules = ruleset()
    with pytest.raises(RulesError) as error:
        agents_of(rules, rules.projects[0], read(rules, ROWS.clear()))
    (told,) = error.value.diagnostics
    assert (told.code, "nobody entered the funnel" in told.message) == ("SEG551", True)


def test_a_segment_without_a_time_takes_the_mean_of_all():
    rules = ruleset()
    some = ROWS.with_columns(
        minutes=pl.when(pl.col("complex")).then(None).otherwise(pl.col("minutes"))
    )
    agents = agents_of(rules, rules.projects[0], read(rules, some))
    assert agents.hours[0] == agents.hours[1] > 0


def test_pools_have_their_hours_of_the_project_and_serve_their_segments():
    few, many = built().crews
    assert few == crew.Crew("few", 2.0, 30 * WEEKS * 6, (0,), 6000.0, 3.0)
    assert many.serves == (0, 1)
    assert many.cost == 0.0
    assert pytest.approx(52.18, abs=0.01) == WEEKS * 12


def test_plans_are_in_minor_units_and_by_segment():
    agents = built("pay portion")
    assert agents.terms.per_sale == 10_000.0
    assert agents.terms.penalty == 6_000.0
    assert agents.terms.clawback == 1.0
    ((change,),) = agents.scenarios[0]
    then = change.terms
    assert then.times == (2.0, 1.0)
    assert (then.of_value, then.of_margin, then.stay) == (0.055, 0.02, 2_000.0)
    assert then.rungs == (crew.Rung(10.0, 1.5, 0.0), crew.Rung(20.0, 1.0, 3_000.0))
    assert then.cap == 400_000.0
    assert not then.linear
    assert agents.checks.checked == (0.6, 0.1)
    assert agents.checks.loss == (40_000.0, 40_000.0)


LEVERS = {
    "route hard to few": crew.Routed((0,), 0),
    "capacity few agents 5 cost 45_000 once": crew.Staffed(0, 5.0),
    "train few skill 4 odds skill_odds cost 900 once": crew.Trained(0, 1.0, "skill_odds"),
    "qa pay none": crew.ChecksUnpaid(),
    "qa hard checked 30%": crew.Checked((0,), 0.3),
    "process hard ceiling times 1.1": crew.Moved("ceiling", (0,), 1.1),
}


@pytest.mark.parametrize("levers", LEVERS)
def test_a_lever_is_a_change_of_agents(levers):
    if "times" in levers:
        levers_text = levers.replace("1.1", "faster")
        rules = ruleset_with(levers_text)
        agents = agents_of(rules, rules.projects[0], read(rules))
        assert agents.scenarios[0][0] == (crew.Moved("ceiling", (0,), "faster"),)
        assert "faster" in agents.assumed
        return
    assert built(levers).scenarios[0][0] == (LEVERS[levers],)


def ruleset_with(levers):
    extra = (
        'assume faster = 1.05 to 1.2 {\n  source judgement "trial"\n  owner "Sales"\n'
        "  until 2027-06-30\n}\neffort of sales"
    )
    text = RULES.replace("effort of sales", extra, 1).replace("LEVERS", levers)
    text = text.replace("TIME", "minutes / 60").replace("POOLS", "few, many")
    found = inspect(Source("firm.seg", text))
    assert [full(each) for each in found.log if each.severity == "error"] == []
    return found.ruleset


def test_levers_that_have_no_meaning_are_told():
    assert codes("train many skill 4 odds skill_odds") == {"SEG579"}
    assert codes("route hard to few after 60 seconds") == {"SEG568"}
    assert codes("priority hard") == {"SEG568"}
    rules = ruleset("pay plain")
    (scenario,) = rules.scenarios
    idle = replace(scenario.levers[0], deadweight=0.2)
    with pytest.raises(RulesError) as error:
        agents_of(rules, rules.projects[0], read(rules), [replace(scenario, levers=(idle,))])
    assert {each.code for each in error.value.diagnostics} == {"SEG568"}


def test_pay_for_those_who_stay_needs_a_stage_for_them():
    rules = ruleset("pay portion")
    (funnel,) = rules.funnels
    short = ir.Funnel(funnel.name, funnel.table, funnel.stages[:3])
    rules = replace(rules, funnels=(short,))
    with pytest.raises(RulesError) as error:
        agents_of(rules, rules.projects[0], read(rules))
    assert {each.code for each in error.value.diagnostics} == {"SEG565"}


def test_a_funnel_without_effort_and_quality_has_no_agents():
    rules = replace(ruleset("qa hard checked 30%"), efforts=())
    agents = agents_of(rules, rules.projects[0], read(rules))
    assert agents.terms.idle
    assert agents.response == 0.0
    none = replace(rules, qualities=(), scenarios=())
    project = replace(none.projects[0], compare=())
    assert agents_of(none, project, read(none)) is None


def test_the_whole_way_from_rules_to_futures():
    rules = ruleset("pay plain neutral cost\n  qa pay none")
    history = read(rules)
    agents = agents_of(rules, rules.projects[0], history)
    found = estimate(rules, rules.projects[0], history, seed=7, agents=agents)
    (level,) = check_agents(found.model)
    assert 0.2 < level < 5
    assert level != 1.0
    draws = simulate(found.model, 400, "expected")
    parts = draws.model.parts
    today, then = draws.today.parts.mean(axis=0), draws.scenarios[0].parts.mean(axis=0)
    assert np.all(today[parts.index("pay")] > 0)
    hours = 2 * 30 * WEEKS * 6 * 6000.0
    assert today[parts.index("capacity")].sum() == pytest.approx(hours)
    assert then[parts.index("capacity")].sum() == pytest.approx(hours)
    assert np.all(then[parts.index("redress")] > today[parts.index("redress")] * 0.5)
    # The level was set at the expected figures: over the futures the costs are about equal.
    assert then.sum() == pytest.approx(today.sum(), rel=0.01)
    assert not np.allclose(draws.scenarios[0].counts, draws.today.counts)
