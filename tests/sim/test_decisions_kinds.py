"""Decision tools on all kinds of projects: funnels, lives and lines; and what they refuse."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from decisions_forms import AGENTS, HEAD, LEVERS, customers, rules_of
from decisions_forms import AS_OF as DAY
from life_forms import AS_OF, KNOBS, TEXT, tables
from line_forms import RULES as CENTRE
from line_forms import log
from test_life_text import LIFE

from segrules.deciding import backtest, optimise, pilot, sweep
from segrules.lang.pipeline import compile_source
from segrules.report.optimum import optimum_record, optimum_tables
from segrules.report.pilot import pilot_record
from segrules.report.sweep import sweep_record, sweep_tables
from segrules.rules import Rules
from segrules.sim import whichever
from segrules.sim.decide.information import Worth
from segrules.sim.decide.optimise import fresh_seed
from segrules.sim.decide.pilot import Pilot
from segrules.sim.decisions import designs
from segrules.sim.decisions.optimising import Wish
from segrules.sim.line import pair_of, past_of, play, prepared
from segrules.sim.projection import Settings
from segrules.sim.queues.case import drawn
from segrules.sim.queues.figures import differences, rows
from segrules.text.diagnostic import RulesError
from segrules.text.source import Source

LINE = """
knob crew   = 6 from 5 to 8
knob gone   = 1 from 0.9 to 1.1
assume brisk "Shorter calls" = 0.8 to 0.95 {
  source judgement "a talk" owner "Care" until 2027-06-30
}
pool team "The team" { agents 5 cost 30 per hour }
line desk of calls {
  arrives at_time handling minutes waited seconds abandoned gave_up
  open from 8 to 18 pools team target 60 for rest
}
scenario more "More people" { capacity team agents crew }
scenario trained "Trained" { process every segment handling times brisk }
project desk { for 3 months runs 200 seed 7 compare more, trained against today }
"""


def made_of(text, knobs=None, day=AS_OF):
    made = compile_source(Source("shop.seg", text), knobs or {}, day)
    assert made.ruleset is not None, [each for each in made.log if each.severity == "error"]
    return Rules(made, made.ruleset, (), knobs=knobs or {})


@cache
def living():
    return made_of(TEXT + LIFE, KNOBS)


@cache
def centre(text=LINE):
    return made_of(CENTRE + text)


def read(parts):
    """Tables as plain text, a line a row."""
    from rich.console import Console

    console = Console(width=200, no_color=True)
    with console.capture() as lines:
        for part in parts:
            console.print(part)
    return lines.get()


# ---- sweep


def test_a_life_is_swept():
    settings = Settings(runs=100)
    found = sweep(living(), tables(), ["back=0%:50%:2"], settings, as_of=AS_OF)
    assert [step.setting.shown for step in found.steps] == [("0%",), ("50%",)]
    for step in found.steps:
        turned = made_of(TEXT + LIFE, {**KNOBS, "back": step.setting.shown[0]})
        placed = turned.place(tables(), as_of=AS_OF, table="customers")
        alone = whichever.carry_out(placed, turned.ruleset.projects[0], settings)
        rows = [each for each in alone.rows if each.segment == "all"]
        assert step.rows == tuple(each for each in rows if each in step.rows)
        assert {each.measure for each in step.rows} == set(found.measures)
    low, high = (step.row("care", "customers").difference.mean for step in found.steps)
    assert low != high
    units = set(found.frame().select("measure", "unit").rows())
    assert {("profit", "EUR"), ("sales", "sales"), ("left", "customers")} <= units
    told = read(sweep_tables(found, living().ruleset))
    assert "100 futures at each of 2 settings" in told
    (still,) = found.unmoved
    assert f"does not move: {still}" in told
    assert f"({still}): difference" not in told
    assert sweep_record(found)["does_not_move"] == [still]


def test_fewer_who_leave_are_better():
    found = sweep(
        living(), tables(), ["chance=0%:20%:2"], Settings(runs=100), as_of=AS_OF, measure="left"
    )
    best = min(found.steps, key=lambda step: step.row("care", "left").difference.mean)
    assert found.best("care") is best
    assert "less left in" in read(sweep_tables(found, living().ruleset))


def test_a_line_is_swept():
    found = sweep(centre(), log(), ["crew=5:7:3"], Settings(runs=100), as_of=AS_OF)
    assert found.measure == "wait"
    waits = [step.row("more", "wait").difference for step in found.steps]
    assert waits[0].mean == 0
    assert waits[0].interval95 == (0, 0)
    assert waits[0].mean > waits[1].mean > waits[2].mean
    assert found.best("more") is found.steps[2]
    costs = [step.row("more", "cost").difference.mean for step in found.steps]
    # an agent more for ten hours at 30.00 an hour
    assert costs == pytest.approx([0, 30_000, 60_000])
    for step in found.steps:
        turned = made_of(CENTRE + LINE, {"crew": step.setting.shown[0]})
        alone = turned.simulate(log(), as_of=AS_OF, runs=100)
        whole = [each for each in alone.rows if each.segment == "all"]
        assert list(step.rows) == whole
    told = read(sweep_tables(found, centre().ruleset))
    assert "wait (s)" in told
    assert "less wait in" in told
    assert " points" in told
    units = {row["measure"]: row["unit"] for row in sweep_record(found)["steps"][0]["results"]}
    assert (units["wait"], units["gives up"], units["cost"]) == ("seconds", "share", "GBP")


def test_all_settings_of_a_line_have_one_engine(monkeypatch):
    """Where a formula holds at some settings only, days are played at all of them."""
    whole = whichever.carry_out
    asked = []

    def now_and_then(placed, project, settings, *more):
        asked.append(settings.engine)
        found = whole(placed, project, settings, *more)
        return replace(found, engine="expected") if len(asked) == 1 else found

    monkeypatch.setattr("segrules.sim.decisions.sweeping.carry_out", now_and_then)
    found = sweep(
        centre(), log(), ["crew=5:6:2"], Settings(runs=100), as_of=AS_OF, measure="contacts"
    )
    assert asked == ["auto", "auto", "events", "events"]
    assert found.engine == "events"
    assert len(found.steps) == 2


def test_measures_are_those_of_the_project():
    for made, frames, measure in (
        (living(), tables(), "wait"), (centre(), log(), "profit"), (centre(), log(), "occupancy"),
    ):  # fmt: skip
        with pytest.raises(RulesError) as raised:
            sweep(made, frames, ["chance" if made is living() else "crew"], Settings(runs=100),
                  as_of=AS_OF, measure=measure)  # fmt: skip
        assert [each.code for each in raised.value.diagnostics] == ["SEG723"]


def test_what_is_held_equal_is_money_too():
    text = (HEAD + LEVERS).replace("against today", "against today hold cost")
    found = sweep(rules_of(text), {"customers": customers()}, ["fee=1:5:2"], Settings(runs=100),
                  as_of=DAY)  # fmt: skip
    frame = found.frame().rows_by_key(["scenario", "measure"], named=True, unique=False)
    (equal, _), (revenue, _) = (
        frame["letters", name] for name in ("revenue at equal cost", "revenue")
    )
    assert equal["unit"] == "GBP"
    assert equal["today"] == revenue["today"]


# ---- what is refused


@pytest.mark.parametrize("tool", ["optimise", "pilot", "backtest"])
@pytest.mark.parametrize("about", ["life", "line"])
def test_a_tool_says_what_it_does_not_take(tool, about):
    made, frames = (living(), tables()) if about == "life" else (centre(), log())
    asked = {
        "optimise": lambda: optimise(made, frames, Wish(["back"]), Settings(runs=100), as_of=AS_OF),
        "pilot": lambda: pilot(made, frames, Settings(), as_of=AS_OF),
        "backtest": lambda: backtest(
            made, frames, Settings(), until=AS_OF.replace(year=2025), as_of=AS_OF
        ),
    }
    if (tool, about) == ("optimise", "line"):
        return
    with pytest.raises(RulesError) as raised:
        asked[tool]()
    (found,) = raised.value.diagnostics
    assert (found.code, f"is about a {about}" in found.message) == ("SEG732", True)
    assert "segrules" in found.hint


# ---- optimise on a line


def best(made, *limits, measure=None, scenario="more", runs=120):
    wish = Wish(["crew"], limits, measure, scenario, 12)
    return optimise(made, log(), wish, Settings(runs=runs), as_of=AS_OF)


def test_the_fewest_who_keep_the_wait():
    """Every agent costs as much: the cheapest crew is the smallest that keeps the limit."""
    waits = {
        step.setting.shown[0]: step.row("more", "wait").then.mean
        for step in sweep(centre(), log(), ["crew=5:8:4"], Settings(runs=100), as_of=AS_OF).steps
    }
    limit = (waits["6"] + waits["7"]) / 2
    found = best(centre(), f"wait <= {limit:.2f}", measure="cost")
    assert found.setting(found.found.chosen.design).shown == ("7",)
    assert found.found.chosen.measures["then wait"] == pytest.approx(waits["7"])
    assert found.found.chosen.measures["today wait"] == pytest.approx(waits["5"])
    assert found.choice.delivered.mean == pytest.approx(-60_000)
    assert found.paid == ()
    told = read(optimum_tables(found, centre().ruleset))
    assert "the least cost against today" in told
    assert "limits, in the mean of the days" in told
    (limit,) = optimum_record(found)["limits"]
    assert limit["then"] == pytest.approx(waits["7"])
    short = best(centre(), "cost <= today")
    assert short.setting(short.found.chosen.design).shown == ("5",)


def test_days_tell_the_difference_of_a_wait():
    """What days add to first order has the mean and the error of the figures that are shown."""
    made = centre()
    placed = made.place(log(), as_of=AS_OF, table="customers")
    project = made.ruleset.projects[0]
    past, each_day = past_of(placed, project, 7)
    case = drawn(prepared(placed, project, 7, past), each_day, 120)
    pair = pair_of(case, play(case, 120, Settings()), 0, 1)
    told = {each.measure: each for each in rows("", pair, case.past.segments, (), ())
            if each.segment == "all"}  # fmt: skip
    for measure in ("wait", "answered in time", "gives up", "given up", "contacts"):
        found, shown = differences(pair, measure), told[measure].difference
        assert found.mean() == pytest.approx(shown.mean, abs=1e-9)
        error = found.std(ddof=1) / np.sqrt(len(found))
        assert error == pytest.approx(shown.mc_error, abs=1e-9)
    assert told["wait"].difference.mean < 0


# ---- against a scenario


AGAINST = (HEAD + LEVERS).replace("compare both, letters, placebo against today",
                                  "compare both, placebo against letters")  # fmt: skip


def test_a_gain_is_held_against_the_scenario_that_is_named():
    made, frames = rules_of(AGAINST), {"customers": customers()}
    wish = Wish(["fee=1:5"], ["cost <= 500% of today"], "profit", "placebo", 8)
    found = optimise(made, frames, wish, Settings(runs=400), as_of=DAY)
    row = next(
        each for each in made.simulate(frames, as_of=DAY, runs=400).rows
        if (each.scenario, each.segment, each.measure) == ("placebo", "all", "profit")
    )  # fmt: skip
    assert abs(row.difference.mean) > 20 * row.difference.mc_error
    error = 4 * row.difference.mc_error
    assert found.found.chosen.objective == pytest.approx(row.difference.mean, abs=error)
    assert found.choice.delivered.mean == pytest.approx(row.difference.mean, abs=3 * error)
    assert "most profit against letters" in read(optimum_tables(found, made.ruleset)).replace(
        "Letters", "letters"
    )
    # a limit that says today means today, and not what the gain is held against
    alone = rules_of(HEAD + LEVERS).simulate(frames, as_of=DAY, runs=400)
    cost = next(
        each for each in alone.rows
        if (each.scenario, each.segment, each.measure) == ("letters", "all", "cost")
    )  # fmt: skip
    assert found.found.chosen.measures["today cost"] == pytest.approx(cost.today.mean, rel=0.01)
    assert cost.then.mean > 1.1 * cost.today.mean


def test_a_test_compares_with_the_scenario_that_is_named():
    frames = {"customers": customers()}
    against = pilot(rules_of(AGAINST), frames, Settings(), as_of=DAY, scenario="placebo")
    alone = pilot(rules_of(HEAD + LEVERS), frames, Settings(), as_of=DAY, scenario="letters")
    # nothing against letters is letters against nothing, the other way round
    assert against.gain == pytest.approx(-alone.gain)
    assert against.needed[1].effect == pytest.approx(-alone.needed[1].effect)
    assert against.rate == pytest.approx(alone.rate + alone.needed[1].effect, abs=0.02)
    assert pilot_record(against)["against"] == "letters"


# ---- pay


PAID = HEAD + AGENTS + LEVERS.replace("compare both", "compare paid_otherwise, both")


def paid(*limits, vary=("share",), evaluations=16):
    wish = Wish(list(vary), list(limits), "profit", "paid_otherwise", evaluations)
    made, frames = rules_of(PAID), {"customers": customers()}
    return optimise(made, frames, wish, Settings(runs=200), as_of=DAY)


def test_pay_is_what_the_plan_pays():
    """The pools together get what the plan pays for all sales; an agent gets an equal part."""
    found = paid()
    assert found.setting(found.found.chosen.design).shown == ("0",)
    told, agents = found.found.chosen.measures, {"team": 4, "stars": 2}
    today = sum(agents[each.pool] * each.today for each in found.paid)
    assert today == pytest.approx(1_000 * told["today sold"])
    then = sum(agents[each.pool] * each.then for each in found.paid)
    assert then == pytest.approx(0.04 * told["then revenue"], rel=1e-3)
    assert all(each.kept < 0.95 for each in found.paid)


def test_nobodys_pay_falls_beyond_the_limit():
    found = paid("pay >= today")
    assert found.choice is not None
    assert min(each.kept for each in found.paid) >= 1
    # the least that is enough: one less for a sale is not
    (share,) = found.setting(found.found.chosen.design).shown
    assert int(share) > 1
    less = paid("pay >= today", vary=[f"share=0:{int(share) - 1}"])
    assert less.choice is None
    assert min(each.kept for each in less.paid) < 1
    worst = min(found.paid, key=lambda each: each.kept)
    assert found.found.chosen.measures["then pay"] == pytest.approx(worst.then)
    told = read(optimum_tables(found, rules_of(PAID).ruleset))
    assert "pay by the plan, of one agent (GBP)" in told
    assert "The stars" in told
    assert {each["pool"] for each in optimum_record(found)["pay"]} == {"team", "stars"}


# ---- how the work is done


def test_the_winner_is_judged_on_another_seed(monkeypatch):
    seeds, whole = [], designs.simulate

    def seen(model, runs, *more, **rest):
        seeds.append((model.seed, runs))
        return whole(model, runs, *more, **rest)

    monkeypatch.setattr(designs, "simulate", seen)
    wish = Wish(["fee"], (), None, "both", 12)
    found = optimise(rules_of(HEAD + LEVERS), {"customers": customers()}, wish,
                     Settings(runs=300, seed=5), as_of=DAY)  # fmt: skip
    # the winner, and what it is held against
    assert {seed for seed, _ in seeds[:-2]} == {5}
    assert seeds[-2:] == [(fresh_seed(5), found.choice.judged)] * 2
    assert found.choice.fresh == fresh_seed(5) != 5
    said = optimum_record(found)
    assert said["delivered"]["seed"] == fresh_seed(5)
    assert said["promised"] != said["delivered"]["mean"]


def test_the_work_is_done_by_as_many_threads_as_asked(monkeypatch):
    asked, whole = [], designs.executor

    def seen(named, workers=None):
        asked.append((named, workers))
        return whole(named, workers)

    monkeypatch.setattr(designs, "executor", seen)
    wish = Wish(["fee"], (), None, "both", 8)
    one, two = (
        optimise(rules_of(HEAD + LEVERS), {"customers": customers()}, wish,
                 Settings(runs=200, threads=threads), as_of=DAY)
        for threads in (1, 2)
    )  # fmt: skip
    assert set(asked) == {("threads", 1), ("threads", 2)}
    assert one.choice == two.choice


def test_what_is_now_is_told_though_it_is_not_looked_at():
    wish = Wish(["fee=3:5"], (), None, "both", 8)
    made = rules_of(HEAD + LEVERS)
    found = optimise(made, {"customers": customers()}, wish, Settings(runs=200), as_of=DAY)
    assert found.setting(found.today.design).shown == ("2",)
    assert found.setting(found.found.chosen.design).shown == ("3",)
    # a fee costs: two are better than three
    assert found.today.objective > found.found.chosen.objective


def test_settings_are_those_that_somebody_would_write():
    """A share for each sale has steps where the rules say so, and few digits where not."""
    for declared, allowed in (
        ("4% from 0% to 8% step 3%", {"0%", "3%", "6%"}),
        ("4% from 0% to 8%", {f"{tenth / 100:g}%" for tenth in range(0, 801, 1)}),
    ):
        text = PAID.replace("knob share", f"knob part = {declared}\nknob share")
        made = rules_of(text.replace("4% of value", "part of value"))
        wish = Wish(["part"], ["pay >= 80% of today"], "profit", "paid_otherwise", 12)
        frames = {"customers": customers()}
        found = optimise(made, frames, wish, Settings(runs=200), as_of=DAY)
        for each in found.choice.finalists:
            assert found.setting(each.design).shown[0] in allowed
        assert min(each.kept for each in found.paid) >= 0.8


# ---- tests that are possible


def test_a_test_of_centuries_is_none():
    few = {"customers": customers(200)}
    text = (HEAD + LEVERS).replace("1.1 to 1.6", "1.001 to 1.002")
    found = pilot(rules_of(text), few, Settings(), as_of=DAY, scenario="letters")
    assert found.needed[1].customers > 1_000_000
    assert not any(each.possible for each in found.needed)
    assert all(found.months(each.customers) <= 120 for each in found.pilots)
    assert found.best is None
    from segrules.report.pilot import pilot_tables

    told = read(pilot_tables(found, rules_of(text).ruleset))
    assert told.count("not possible") == 3
    assert "no test of this size is possible" in told
    assert " best" not in told
    assert f"{found.needed[1].customers:,}" not in told
    none = pilot(rules_of(text), {"customers": customers(60, shares=(0.5, 0.48, 0.02))},
                 Settings(), as_of=DAY, scenario="letters")  # fmt: skip
    assert none.pilots == ()
    assert "no test is possible" in read(pilot_tables(none, rules_of(text).ruleset))


def test_what_is_worth_nothing_is_not_best():
    """Letters pay in nearly every future: no test would change that."""
    text = (HEAD + LEVERS).replace("1.1 to 1.6", "1.5 to 1.6")
    found = pilot(rules_of(text), {"customers": customers()}, Settings(), as_of=DAY,
                  scenario="letters")  # fmt: skip
    assert found.pilots
    assert all(each.net < max(2 * each.worth.error, 100) for each in found.pilots)
    assert found.best is None
    assert pilot_record(found)["best"] is None
    # less than a pound, or than two of its errors, is nothing
    for value, error, worth_it in ((50, 1, False), (5_000, 4_000, False), (5_000, 100, True)):
        one = Pilot(100, 0.01, Worth(value, error), 0.0)
        assert (replace(found, pilots=(one,)).best is one) == worth_it
