"""A project about a line: the truth behind a log is found again, and the laws of waiting hold."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import line_forms as forms
import numpy as np
import pytest

from segrules.lang import ir
from segrules.lang.types import Flag
from segrules.sim.events.model import ALL, Exponential, Lognormal, Quantiles
from segrules.sim.events.run import simulate
from segrules.sim.events.summary import of_all
from segrules.sim.line import carry_out
from segrules.sim.projection import Settings
from segrules.sim.queues.figures import (
    ABANDONMENT,
    AGENT_HOURS,
    CONTACTS,
    DELAYED,
    IN_TIME,
    OCCUPANCY,
    OTHERS,
    WAIT,
)
from segrules.text.diagnostic import RulesError


def carried(*scenarios, engine="auto", threads=None, project=None, **terms):
    placement = forms.placement(*scenarios, **terms)
    asked = project or forms.project(*scenarios)
    return carry_out(placement, asked, Settings(engine=engine, threads=threads))


def means(found, scenario, measure, arm="today"):
    return {
        name: getattr(row, arm).mean for name, row in forms.rows(found, scenario, measure).items()
    }


def near(one, other, errors=4.0):
    """Two figures agree within so many Monte Carlo errors of both."""
    return abs(one.mean - other.mean) <= errors * np.hypot(one.mc_error, other.error)


# ---- the truth behind the log


@pytest.fixture(scope="module")
def usual():
    return carried(forms.GOLD_FIRST, forms.SAME, forms.MORE)


def test_what_is_learnt_is_what_was_planted(usual):
    past = usual.past
    assert past.segments == forms.SEGMENTS
    assert past.open_days == 60
    assert past.days == 70
    planted = forms.A_DAY * np.outer(forms.SHARES, forms.PROFILE / forms.PROFILE.sum())
    assert past.rates == pytest.approx(planted, rel=0.12)
    assert past.rates.sum() == pytest.approx(forms.A_DAY, rel=0.03)
    assert past.handle == (past.handle[0],) * 3
    assert isinstance(past.handle[0], Exponential)
    assert past.handle[0].mean == pytest.approx(forms.HANDLE / 60, rel=0.03)
    assert isinstance(past.patience.time, Exponential)
    assert past.patience.time.mean == pytest.approx(forms.PATIENCE / 60, rel=0.05)
    assert past.busyness == 0


def test_today_is_the_centre_that_the_log_comes_from(usual):
    """The rates of the log have an error of 1%, which moves waits by some percent."""
    true = of_all(simulate(forms.truth(), 2_000, 11))
    today = {measure: means(usual, "more", measure)["all"] for measure in (WAIT, ABANDONMENT)}
    assert today[WAIT] == pytest.approx(3600 * true.wait.mean, rel=0.08)
    assert today[ABANDONMENT] == pytest.approx(true.abandonment.mean, rel=0.08)
    more = of_all(simulate(forms.truth(agents=6), 2_000, 11))
    gained = 3600 * (more.wait.mean - true.wait.mean)
    assert means(usual, "more", WAIT, "difference")["all"] == pytest.approx(gained, rel=0.08)
    assert means(usual, "more", CONTACTS)["all"] == pytest.approx(forms.A_DAY, rel=0.03)


def test_open_days_and_costs_count_to_the_period(usual):
    assert usual.days == pytest.approx(365 * 60 / 70)
    # ten hours of five agents at 30 pounds
    cost = forms.rows(usual, "more", "cost")["all"]
    assert cost.today.mean == pytest.approx(5 * 10 * 3_000)
    assert cost.difference.mean == pytest.approx(10 * 3_000)
    assert cost.chance_better == 0


def test_levers_cost_by_contact_once_and_by_month():
    costs = (ir.LeverCost(50.0), ir.LeverCost(365_000.0, "once"), ir.LeverCost(7_000.0, "month"))
    lever = ir.Lever("process", ("gold",), (ir.Times("arrivals", 1.0),), costs)
    found = carried(ir.Scenario("paid", "", (lever,)))
    row = forms.rows(found, "paid", "cost")["all"]
    gold = means(found, "paid", CONTACTS)["gold"]
    fixed = (365_000 + 12 * 7_000) / found.days
    assert row.difference.mean == pytest.approx(50 * gold + fixed)


@pytest.mark.parametrize("busyness", [0.0, 0.05])
def test_agents_that_are_not_stated_are_those_of_the_log(busyness):
    """Without swings in the agents, which have their own place; five of them planted."""
    found = carried(
        forms.MORE,
        tables=forms.log(busyness=busyness),
        pools=(replace(forms.TEAM, agents=None),),
        project=forms.project(forms.MORE, runs=2_000),
    )
    assert found.past.staffing["team"].mean() == pytest.approx(forms.AGENTS, abs=0.15)
    assert found.past.busyness == pytest.approx(busyness, abs=0.02)
    wait = means(found, "more", WAIT)["all"]
    assert wait == pytest.approx(3600 * found.past.seen.wait, rel=0.05)
    assert any("the agents of team are not stated" in note for note in found.notes)
    hours = means(found, "more", AGENT_HOURS)["team"]
    assert hours == pytest.approx(found.past.staffing["team"].sum(), rel=0.01)


def test_a_form_that_is_not_exponential_is_found():
    work = Lognormal(forms.HANDLE / 60, 0.5)
    tables = dict(forms.log())
    calls = tables["calls"]
    luck = np.random.default_rng(1)
    sigma = np.sqrt(np.log(1.25))
    minutes = forms.HANDLE * np.exp(luck.normal(-(sigma**2) / 2, sigma, calls.height))
    tables["calls"] = calls.with_columns(minutes=minutes)
    found = carried(forms.MORE, tables=tables)
    assert found.past.handle_method == "lognormal"
    assert found.past.handle[0].mean == pytest.approx(work.mean, rel=0.02)
    assert found.past.handle[0].cv == pytest.approx(work.cv, rel=0.05)
    two = np.where(luck.random(calls.height) < 0.5, 2.0, 10.0) + luck.random(calls.height)
    tables["calls"] = calls.with_columns(minutes=two)
    found = carried(forms.MORE, tables=tables)
    assert found.past.handle_method == "as seen"
    assert isinstance(found.past.handle[0], Quantiles)


def test_segments_that_take_longer_are_told_apart():
    tables = dict(forms.log())
    factor = np.where(tables["calls"]["customer_id"].str.starts_with("gold"), 2.0, 1.0)
    tables["calls"] = tables["calls"].with_columns(minutes=tables["calls"]["minutes"] * factor)
    found = carried(forms.MORE, tables=tables)
    gold, silver, bronze = (each.mean for each in found.past.handle)
    assert gold == pytest.approx(2 * silver, rel=0.05)
    assert silver == pytest.approx(bronze, rel=0.03)
    assert not any("no more than chance" in note for note in found.notes)


# ---- laws


def test_a_scenario_like_today_differs_by_nothing(usual):
    rows = [row for row in usual.rows if row.scenario == "same"]
    assert len(rows) > 20
    for row in rows:
        assert row.difference.mean == 0
        assert row.difference.interval95 == (0, 0)
        assert row.difference.mc_error == 0
        assert row.chance_better is None
        assert row.today == row.then


def test_unending_agents_let_nobody_wait():
    crowd = replace(forms.TEAM, agents=float(ALL), cost=None)
    plenty = ir.Scenario("plenty", "", (ir.Lever("capacity", (), (ir.Staffed("team", 40.0),)),))
    found = carried(plenty, pools=(crowd,), engine="events")
    for measure in (WAIT, DELAYED, ABANDONMENT):
        assert set(means(found, "plenty", measure).values()) == {0.0}
    assert set(means(found, "plenty", IN_TIME).values()) == {1.0}


@pytest.mark.parametrize("engine", ["expected", "events"])
def test_priorities_do_not_change_the_mean_wait(engine):
    """One pool, one rate, nobody gives up: what one segment gains the others pay for, exactly."""
    found = carried(
        forms.GOLD_FIRST,
        pools=(replace(forms.TEAM, agents=8.0),),
        line=replace(forms.LINE, abandoned=None),
        engine=engine,
        project=forms.project(forms.GOLD_FIRST, runs=4_000),
    )
    rows = forms.rows(found, "gold_first", WAIT)
    assert found.engine == engine
    error = rows["all"].difference.mc_error
    assert abs(rows["all"].difference.mean) <= max(4 * error, 1e-9)
    assert rows["gold"].difference.mean < -4 * rows["gold"].difference.mc_error
    for name in ("silver", "bronze", OTHERS):
        assert rows[name].difference.mean > 4 * rows[name].difference.mc_error
    contacts = means(found, "gold_first", CONTACTS)
    weighted = sum(contacts[name] * rows[name].difference.mean for name in ("gold", OTHERS)) / sum(
        contacts[name] for name in ("gold", OTHERS)
    )
    assert weighted == pytest.approx(rows["all"].difference.mean, abs=1e-9)


def test_formula_and_events_agree():
    """Where the formula holds: nearly nobody is left over from one hour to the next."""
    pools = (replace(forms.TEAM, agents=9.0),)
    formula = carried(forms.MORE, pools=pools)
    events = carried(
        forms.MORE, pools=pools, engine="events", project=forms.project(forms.MORE, runs=4_000)
    )
    assert formula.engine == "expected"
    assert "erlang-a" in formula.why
    for measure in (WAIT, DELAYED, ABANDONMENT, IN_TIME):
        one, other = (forms.rows(each, "more", measure)["all"] for each in (formula, events))
        for arm in ("today", "then", "difference"):
            a, b = getattr(one, arm), getattr(other, arm)
            assert abs(a.mean - b.mean) < 4 * b.mc_error + 0.02 * abs(a.mean), (measure, arm)
    one, other = (means(each, "more", OCCUPANCY)["team"] for each in (formula, events))
    assert one == pytest.approx(other, rel=0.02)


def test_threads_and_blocks_change_nothing(monkeypatch):
    scenarios = (forms.GOLD_FIRST, forms.MORE)
    pools = (replace(forms.TEAM, agents=None),)
    whole = carried(*scenarios, pools=pools, threads=1)
    assert carried(*scenarios, pools=pools, threads=2).rows == whole.rows
    monkeypatch.setattr("segrules.sim.line.BLOCK", 3)
    cut = carried(*scenarios, pools=pools, threads=4)
    assert cut.rows == whole.rows
    assert cut.course == whole.course
    other = forms.project(*scenarios)
    assert carried(*scenarios, pools=pools, project=replace(other, seed=8)).rows != whole.rows


def test_processes_change_nothing():
    placement, asked = forms.placement(forms.MORE), forms.project(forms.MORE, runs=130)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = carry_out(placement, asked, Settings(engine="events", executor=pool))
    here = carry_out(placement, asked, Settings(engine="events", threads=2))
    assert there.rows == here.rows


def test_the_order_of_the_log_changes_nothing():
    tables = dict(forms.log())
    tables["calls"] = tables["calls"].sample(fraction=1.0, shuffle=True, seed=4)
    assert carried(forms.MORE, tables=tables).rows == carried(forms.MORE).rows


def test_an_interruption_keeps_what_is_finished():
    def stop(finished):
        if finished >= 128:
            raise KeyboardInterrupt

    placement = forms.placement(forms.MORE)
    asked = forms.project(forms.MORE, runs=1_000)
    found = carry_out(placement, asked, Settings(engine="events", threads=1), stop)
    assert not found.complete
    assert 128 <= found.runs < 1_000


# ---- levers


def desk(agents=2.0, serves=("gold",)):
    return replace(forms.TEAM, name="desk", label="Desk", agents=agents, serves=serves)


def two(*edits, segments=("silver",)):
    """A scenario with one lever, of a line with two pools."""
    scenario = ir.Scenario("then", "", (ir.Lever("route", segments, edits),))
    return carried(
        scenario,
        line=replace(forms.LINE, pools=("team", "desk")),
        pools=(replace(forms.TEAM, agents=4.0), desk()),
    )


def test_a_special_pool_is_taken_first():
    found = two(ir.Staffed("desk", 0.0))
    waits = means(found, "then", WAIT)
    assert waits["gold"] < waits["silver"] / 3
    # No agents, no share of their time.
    assert set(means(found, "then", OCCUPANCY)) == {"team"}
    # Without the desk gold waits as everyone does, and everyone longer.
    then = means(found, "then", WAIT, "then")
    assert then["gold"] == pytest.approx(then["silver"], rel=0.1)
    assert then["silver"] > waits["silver"]


def test_overflow_helps_those_who_have_waited():
    found = two(ir.RouteTo("desk", 60.0))
    change = forms.rows(found, "then", WAIT)
    assert change["silver"].difference.mean < -4 * change["silver"].difference.mc_error
    assert change["gold"].difference.mean > 4 * change["gold"].difference.mc_error
    later = two(ir.RouteTo("desk", 180.0))
    shorter = forms.rows(later, "then", WAIT)["silver"].difference.mean
    assert change["silver"].difference.mean < shorter < 0


def test_routed_at_once_they_go_nowhere_else():
    found = two(ir.RouteTo("desk"))
    busy = means(found, "then", OCCUPANCY, "difference")
    assert busy["desk"] > 0.1
    assert busy["team"] < -0.05
    assert means(found, "then", WAIT, "difference")["bronze"] < -5


def test_reserved_agents_are_kept_from_the_others():
    found = two(ir.Reserve(1), segments=("gold",))
    change = forms.rows(found, "then", WAIT)
    assert change["gold"].difference.mean <= 0
    assert change["bronze"].difference.mean > 4 * change["bronze"].difference.mc_error
    assert means(found, "then", OCCUPANCY, "difference")["team"] < 0


def test_shifts_are_followed():
    shifts = (ir.Shift(7.0, 8.0, 12.5), ir.Shift(2.0, 12.5, 18.0))
    pool = replace(forms.TEAM, agents=None, shifts=shifts)
    found = carried(forms.MORE, pools=(pool,))
    hours = forms.rows(found, "more", AGENT_HOURS)["team"]
    # Agents who go off duty finish their customer first.
    assert 7 * 4.5 + 2 * 5.5 <= hours.today.mean < 7 * 4.5 + 2 * 5.5 + 1
    assert hours.then.mean == pytest.approx(60)
    parts = {part.start: part for part in found.course}
    assert 12.5 in parts
    assert parts[9.0].wait[0] < parts[15.0].wait[0] / 3
    assert parts[9.0].agents[0] == ("team", 7.0, 6.0)


def test_a_stated_range_is_drawn_and_shown():
    faster = ir.Assumption("faster", "", "factor", 0.7, 0.9, "judgement", "", "Care", None)
    lever = ir.Lever("process", (), (ir.Times("handling", "faster"),))
    scenario = ir.Scenario("fast", "", (lever,))
    found = carried(scenario, assumptions=(faster,), pools=(replace(forms.TEAM, agents=12.0),))
    # The formula answers every draw: work falls in proportion, by the mean factor of the range.
    assert found.engine == "expected"
    assert [each.name for each in found.assumptions] == ["faster"]
    row = forms.rows(found, "fast", OCCUPANCY)["team"]
    mean = 0.2 / np.log(0.9 / 0.7)
    assert row.then.mean / row.today.mean == pytest.approx(mean, rel=0.005)
    low, high = (end / row.today.mean for end in row.then.interval95)
    assert (low, high) == pytest.approx((0.705, 0.895), abs=0.01)


def test_of_levers_that_a_line_does_not_know_only_the_cost_is_counted():
    costs = (ir.LeverCost(1e6), ir.LeverCost(40_000.0, "once"))
    lever = ir.Lever("comms", ("gold",), (ir.Odds("sale", 1.2),), costs)
    found = carried(ir.Scenario("letters", "", (lever,)))
    assert any("the lever comms changes nothing in a line" in note for note in found.notes)
    cost = forms.rows(found, "letters", "cost")["all"]
    assert cost.difference.mean == pytest.approx(40_000 / found.days)
    rest = [row for row in found.rows if row.unit != "money"]
    assert all(row.chance_better is None for row in rest)
    assert all(row.difference.mean == 0 for row in rest)


def test_a_line_that_never_closes_is_warmed_up(usual, monkeypatch):
    """The same calls eleven hours later: noon is at eleven at night, and midnight is busy."""
    open_always = replace(forms.LINE, opens=0.0, closes=24.0)
    tables = dict(forms.log())
    later = forms.pl.col("at_time") + forms.pl.duration(hours=11)
    tables["calls"] = tables["calls"].with_columns(later)

    def played():
        return carried(forms.MORE, tables=tables, line=open_always, engine="events")

    found = played()
    assert found.warm_up == 3
    assert usual.warm_up == 0
    assert [part.start for part in found.course] == list(range(24))
    assert means(found, "more", AGENT_HOURS)["team"] == pytest.approx(24 * 5)
    assert means(found, "more", CONTACTS)["all"] == pytest.approx(found.past.rates.sum(), rel=0.02)
    monkeypatch.setattr("segrules.sim.queues.arms.WARM_UP", 0.0)
    cold = played()
    # Those who came before midnight are in the way of those who come after it.
    assert found.course[0].wait[0] > 1.05 * cold.course[0].wait[0]
    assert found.course[0].contacts[0] == pytest.approx(cold.course[0].contacts[0], rel=0.05)


# ---- what has no answer


@pytest.mark.parametrize(
    ("code", "says", "terms"),
    [
        ("SEG571", "may serve no class", {
            "pools": (forms.TEAM, desk(serves=("nobody",))),
            "line": replace(forms.LINE, pools=()),
        }),
        ("SEG572", "no pool may serve silver", {
            "pools": (desk(),), "line": replace(forms.LINE, pools=()),
        }),
        ("SEG573", "nobody gives up", {
            "pools": (replace(forms.TEAM, agents=2.0),),
            "line": replace(forms.LINE, abandoned=None),
        }),
        ("SEG574", "13.6% of the contacts of `desk`", {"line": replace(forms.LINE, waited=None)}),
        ("SEG575", "has 0 contacts", {"line": replace(forms.LINE, opens=1.0, closes=4.0)}),
        ("SEG576", "states no agents", {
            "pools": (replace(forms.TEAM, agents=None),),
            "line": replace(forms.LINE, abandoned=None, waited=None),
        }),
        ("SEG577", "no formula holds for today", {"engine": "expected"}),
        ("SEG577", "`counts` knows no lines", {"engine": "counts"}),
    ],
)  # fmt: skip
def test_what_has_no_answer(code, says, terms):
    with pytest.raises(RulesError) as refused:
        carried(forms.MORE, **terms)
    first = refused.value.diagnostics[0]
    assert first.code == code
    assert says in first.message
    assert first.hint


def test_fewer_agents_than_none():
    less = ir.Scenario("less", "", (ir.Lever("capacity", (), (ir.Staffed("team", -1.0),)),))
    with pytest.raises(RulesError, match="in less, team has -1 agents"):
        carried(less)


def test_the_frame_has_every_row(usual):
    frame = usual.frame()
    assert frame.height == len(usual.rows)
    cost = frame.filter(scenario="more", measure="cost").row(0, named=True)
    assert cost["unit"] == "GBP"
    assert cost["difference_mean"] == pytest.approx(300.0)
    assert frame.filter(forms.pl.col("pool").is_not_null())["segment"].null_count() == 9


def test_from_the_words_of_the_rules():
    """The words say what the other tests build by hand."""
    ruleset = forms.written()
    placement = forms.place(ruleset, "customers", forms.log(), forms.Asked(forms.AS_OF))
    found = carry_out(placement, ruleset.projects[0], Settings())
    assert found.engine == "events"
    assert found.rows == carried(forms.GOLD_FIRST, forms.MORE).rows


def test_only_rows_of_the_line_wait_in_it():
    """Without those who gave up nobody gives up, and a seventh of the contacts is missing."""
    kept = ir.Apply("not", (forms.LINE.abandoned,), Flag(), optional=False)
    found = carried(forms.MORE, line=replace(forms.LINE, where=kept))
    assert found.past.lost == 0
    assert found.past.patience.method == "nobody gives up"
    share = found.past.contacts.sum() / forms.log()["calls"].height
    assert share == pytest.approx(1 - 0.136, abs=0.005)


def test_contacts_of_customers_in_no_segment_are_left_out_and_said():
    tables = dict(forms.log())
    tables["customers"] = tables["customers"].filter(forms.pl.col("customer_id") != "gold7")
    found = carried(forms.MORE, tables=tables)
    missing = forms.log()["calls"].filter(customer_id="gold7").height
    assert f"{missing:,} contacts of customers in no segment left out" in found.notes


def test_days_that_are_all_but_closed_are_left_out():
    tables = dict(forms.log())
    sunday = forms.dt.datetime(2026, 6, 28, 10, tzinfo=forms.dt.UTC)
    few = (
        tables["calls"]
        .head(20)
        .with_columns(at_time=forms.pl.lit(sunday).cast(forms.pl.Datetime("us", "UTC")))
    )
    tables["calls"] = forms.pl.concat([tables["calls"], few])
    found = carried(forms.MORE, tables=tables)
    assert found.past.open_days == 60
    assert "1 day with less than a tenth of the usual contacts taken as closed" in found.notes
    assert found.rows == carried(forms.MORE).rows
