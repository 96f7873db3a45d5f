"""Settings are held against the firm as its knobs are now, though knobs move the firm itself."""

from functools import cache

import pytest
from decisions_forms import AGENTS, AS_OF, HEAD, LEVERS, customers, rules_of
from life_forms import AS_OF as DAY
from line_forms import log
from test_decisions_kinds import LINE, centre, read

from segrules.deciding import optimise, sweep, turned
from segrules.report.optimum import optimum_record, optimum_tables
from segrules.report.sweep import sweep_record, sweep_tables
from segrules.sim.decisions.optimising import Wish
from segrules.sim.projection import Settings

FIRM = (HEAD + AGENTS + LEVERS.replace("compare both", "compare paid_otherwise, both")).replace(
    "pool stars \"The stars\" { agents 2 hours 20 per week serves golden }",
    "knob crew = 2 from 1 to 4\n"
    "pool stars \"The stars\" { agents crew hours 20 per week serves golden cost 30 per hour }",
)  # fmt: skip
FRAMES = {"customers": customers()}
RUNS = 300


@cache
def firm(**knobs):
    made = rules_of(FIRM)
    return (
        turned(made, knobs, AS_OF)
        .simulate(FRAMES, as_of=AS_OF, runs=RUNS, seed=7, engine="expected")
        .rows
    )


def level(rows, scenario, measure, arm):
    found = next(
        each for each in rows if (each.scenario, each.segment, each.measure)
        == (scenario, "all", measure)
    )  # fmt: skip
    return getattr(found, arm).mean


def best(*limits, scenario="placebo", measure="profit", vary="crew"):
    wish = Wish([vary], limits, measure, scenario, 12)
    return optimise(rules_of(FIRM), FRAMES, wish, Settings(runs=600, seed=7), as_of=AS_OF)


def test_a_gain_is_held_against_today_as_the_knobs_are():
    """Agents who cost more than they bring are no gain because today would have them too."""
    found = best()
    assert level(firm(crew="4"), "placebo", "profit", "today") < 0.9 * level(
        firm(), "placebo", "profit", "today"
    )
    today = level(firm(), "placebo", "profit", "today")
    assert len(found.found.tried) >= 3
    for each in found.found.tried:
        then = level(firm(crew=str(int(each.design["crew"]))), "placebo", "profit", "then")
        assert each.objective == pytest.approx(then - today, abs=1.0)
        assert each.measures["today profit"] == pytest.approx(today)
    assert found.setting(found.found.chosen.design).shown == ("1",)
    assert found.choice.delivered.mean == pytest.approx(found.found.chosen.objective, rel=0.05)


def test_today_of_a_limit_is_that_of_the_knobs_as_they_are():
    """With four stars today would cost more too: that is no leave to spend as much."""
    found = best("cost <= today", "sold >= today", vary="crew=2:4", measure="sold")
    told = {each.measures["today cost"] for each in found.found.tried}
    assert len(told) == 1
    assert found.setting(found.found.chosen.design).shown == ("2",)
    assert found.breaking == (2, 0)


def test_what_limits_drop_is_told():
    found = best("cost <= today", vary="golden_from=1:3", scenario="both", measure="sold")
    assert found.choice is None
    assert found.breaking == (3,)
    assert found.unlimited is not None
    # nobody has one point: from one or from two points on is the same
    (shown,) = found.setting(found.unlimited.design).shown
    assert shown in {"1", "2"}
    told = read(optimum_tables(found, rules_of(FIRM).ruleset))
    assert "3 of 3 settings that were tried break cost <= today" in told
    assert f"the best without limits: golden_from {shown}, +" in told
    record = optimum_record(found)
    assert record["limits"][0]["broken_by"] == 3
    assert record["without_limits"]["setting"] == {"golden_from": shown}
    free = best(vary="golden_from=1:3", scenario="both", measure="sold")
    assert free.unlimited is None
    assert "without limits" not in read(optimum_tables(free, rules_of(FIRM).ruleset))


def test_no_gain_is_no_winner():
    """More stars cost more than they bring: the best of what is worse is not proposed."""
    found = best(vary="crew=3:4")
    assert found.choice is not None
    assert found.choice.delivered.mean < 0
    assert not found.gains
    told = read(optimum_tables(found, rules_of(FIRM).ruleset))
    assert "leave it as it is: no setting that was tried gains anything against today" in told
    assert "chosen" not in told
    assert "best tried" in told
    assert optimum_record(found)["gains"] is False
    assert "leave it" not in read(optimum_tables(best(), rules_of(FIRM).ruleset))


def test_the_pay_of_today_is_that_of_the_knobs_as_they_are():
    """A dearer plan of today is no loss that another plan is held to."""
    made = rules_of(
        FIRM.replace(
            "pay flat { 10 per sale }",
            "knob flat_sum = 10 from 5 to 20\npay flat { flat_sum per sale }",
        )
    )
    wish = Wish(["flat_sum"], ["pay >= 1% of today"], "profit", "placebo", 12)
    found = optimise(made, FRAMES, wish, Settings(runs=300, seed=7), as_of=AS_OF)
    # a sum that is half, or twice, pays about that much of it: today does not move along
    for each in found.found.tried:
        kept = each.measures["then pay"] / each.measures["today pay"]
        assert kept == pytest.approx(each.design["flat_sum"] / 10, rel=0.1)
    assert len(found.found.tried) > 3


HIRED = LINE.replace("agents 5 cost", "agents hired cost").replace(
    "knob crew ", "knob hired = 5 from 4 to 8\nknob crew "
)


def test_a_wait_is_held_against_the_line_as_it_is():
    """More agents today shorten the wait of all scenarios, and are a gain for it."""
    wish = Wish(["hired=4:7"], (), "wait", "trained", 6)
    found = optimise(centre(HIRED), log(), wish,
                     Settings(runs=60, seed=7), as_of=DAY)  # fmt: skip
    today = {each.measures["today wait"] for each in found.found.tried}
    assert len(today) == 1
    gain = {each.design["hired"]: each.objective for each in found.found.tried}
    assert gain[4.0] < 0 < gain[7.0]
    assert found.setting(found.found.chosen.design).shown == ("7",)
    assert found.choice.delivered.mean == pytest.approx(gain[7.0], rel=0.5)


# ---- sweep


def swept(over, **more):
    settings = Settings(runs=RUNS, seed=7, engine="expected")
    return sweep(rules_of(FIRM), FRAMES, over, settings, as_of=AS_OF, **more)


def test_a_sweep_is_held_against_today_as_the_knobs_are():
    found = swept(["crew=1:4:4"])
    today = level(firm(), "placebo", "profit", "today")
    for step in found.steps:
        (crew,) = step.setting.shown
        row = step.row("placebo", "profit")
        then = level(firm(crew=crew), "placebo", "profit", "then")
        assert row.today.mean == pytest.approx(today)
        assert row.difference.mean == pytest.approx(then - today, abs=1.0)
        assert step.base("profit") == pytest.approx(
            level(firm(crew=crew), "placebo", "profit", "today")
        )
    # the same futures on both sides: what they share is not in the spread
    wide = found.steps[3].row("placebo", "profit")
    apart = wide.difference.interval80[1] - wide.difference.interval80[0]
    assert apart < 0.5 * (wide.then.interval80[1] - wide.then.interval80[0])
    assert found.moves_base
    assert found.best("placebo").setting.shown == ("1",)
    told = read(sweep_tables(found, rules_of(FIRM).ruleset))
    assert "crew moves today itself: differences are from today as it is now (crew 2" in told
    assert "today: profit" in told
    record = sweep_record(found)
    assert record["moves_today"] is True
    (first, *_) = record["steps"][0]["results"]
    assert {"today", "today_at_setting"} <= set(first)
    assert "today_at_setting" in found.frame().columns


def test_a_sweep_that_gains_nothing_has_no_winner():
    found = swept(["crew=3:4:2"])
    assert not found.gains("placebo")
    told = read(sweep_tables(found, rules_of(FIRM).ruleset))
    assert "leave it as it is: none of these settings gains anything" in told
    assert sweep_record(found)["gains"]["placebo"] is False


def test_what_a_knob_cannot_touch_is_one_line():
    found = swept(["fee=1:5:3"])
    assert set(found.unmoved) == {"paid_otherwise", "letters", "placebo"}
    assert not found.moves_base
    told = read(sweep_tables(found, rules_of(FIRM).ruleset))
    assert f"does not move: {', '.join(found.unmoved)}" in told
    assert "(letters): difference" not in told
    assert "(both): difference" in told
    assert "today is the same at every setting: profit " in told


def test_a_sweep_against_a_scenario_takes_it_as_the_knobs_are():
    text = FIRM.replace("letters, placebo against today", "placebo against letters")
    settings = Settings(runs=RUNS, seed=7, engine="expected")
    found = sweep(rules_of(text), FRAMES, ["crew=1:4:2"], settings, as_of=AS_OF)
    letters = level(firm(), "letters", "profit", "then")
    for step in found.steps:
        row = step.row("placebo", "profit")
        assert row.today.mean == pytest.approx(letters)
        then = level(firm(crew=step.setting.shown[0]), "placebo", "profit", "then")
        assert row.difference.mean == pytest.approx(then - letters, abs=1.0)


def test_a_swept_line_is_held_against_the_line_as_it_is():
    found = sweep(centre(HIRED), log(), ["hired=4:7:4"], Settings(runs=60, seed=7), as_of=DAY)
    waits = [step.row("trained", "wait") for step in found.steps]
    assert len({row.today.mean for row in waits}) == 1
    bases = [step.base("wait") for step in found.steps]
    assert bases == sorted(bases, reverse=True)
    assert bases[1] == waits[0].today.mean
    assert waits[0].difference.mean > 0 > waits[3].difference.mean
