"""What a log leaves open is in the figures of its line, and other figures follow from its days."""

from dataclasses import replace

import line_forms as forms
import numpy as np
import pytest

from segrules.lang import ir
from segrules.segments.profile import find_set
from segrules.sim.decisions.trusting import too_weak
from segrules.sim.events.model import Quantiles, Watch, mean_of
from segrules.sim.events.run import simulate
from segrules.sim.events.summary import of_all
from segrules.sim.line import carry_out
from segrules.sim.projection import Settings
from segrules.sim.queues.calls import match_agents
from segrules.sim.queues.case import Asked, case, drawn
from segrules.sim.queues.contacts import contacts
from segrules.sim.queues.figures import (
    ABANDONMENT,
    COST_EACH,
    LEVER_COST,
    NINE_IN_TEN,
    WAIT,
)
from segrules.sim.queues.past import past
from segrules.sim.queues.patience import ErlangA
from segrules.sim.queues.redrawn import redrawn, totals
from segrules.sim.queues.spread import LOG, Drawn
from segrules.text.diagnostic import RulesError

OPEN_TEAM = replace(forms.TEAM, agents=None)


def carried(*scenarios, engine="auto", runs=400, **terms):
    placement = forms.placement(*scenarios, **terms)
    return carry_out(placement, forms.project(*scenarios, runs=runs), Settings(engine=engine))


def learnt(pools=(forms.TEAM,), **terms):
    placement = forms.placement(forms.MORE, pools=pools, **terms)
    found = contacts(placement, forms.LINE, find_set(placement.ruleset, "tiers"))
    known, rows = past(found, forms.LINE, pools, 7)
    return known, rows, totals(rows, known, pools)


def of_days(rows):
    return np.unique(rows.day, return_inverse=True)[1]


# ---- the estimates again


def test_the_draws_have_the_error_that_the_days_give():
    known, rows, found = learnt((OPEN_TEAM,))
    draws = redrawn(known, found, 7, 1_000)
    rates = np.array([each.rates.sum() for each in draws])
    days = np.bincount(of_days(rows))
    assert rates.mean() == pytest.approx(known.rates.sum(), rel=0.002)
    assert rates.std() == pytest.approx(days.std(ddof=1) / np.sqrt(len(days)), rel=0.1)
    handle = np.array([mean_of(each.handle[0]) for each in draws])
    assert handle.mean() == pytest.approx(mean_of(known.handle[0]), rel=0.002)
    answered = int((~rows.lost).sum())
    # An exponential deviates as much as it is long on the mean.
    assert handle.std() == pytest.approx(handle.mean() / np.sqrt(answered), rel=0.25)
    patience = np.array([mean_of(each.patience.time) for each in draws])
    assert patience.mean() == pytest.approx(mean_of(known.patience.time), rel=0.005)
    assert patience.std() == pytest.approx(patience.mean() / np.sqrt(rows.lost.sum()), rel=0.25)
    agents = np.array([each.staffing["team"].mean() for each in draws])
    assert agents.mean() == pytest.approx(known.staffing["team"].mean(), abs=0.02)
    assert 0.02 < agents.std() < 0.15


def test_equal_weights_give_the_estimates_themselves(monkeypatch):
    known, _, found = learnt((OPEN_TEAM,))
    monkeypatch.setattr(
        "segrules.sim.queues.redrawn.uniforms",
        lambda _, __, rows, columns: np.full((rows, columns), 0.5),
    )
    (same,) = redrawn(known, found, 7, 1)
    assert same.rates == pytest.approx(known.rates, rel=1e-12)
    assert [mean_of(each) for each in same.handle] == pytest.approx(
        [mean_of(each) for each in known.handle], rel=1e-12
    )
    assert mean_of(same.patience.time) == pytest.approx(mean_of(known.patience.time), rel=1e-12)
    assert same.staffing["team"] == pytest.approx(known.staffing["team"], rel=1e-9)
    assert same.busyness == pytest.approx(known.busyness)


def test_equal_weights_give_segments_busy_days_and_hazards_themselves(monkeypatch):
    tables = dict(forms.log(busyness=0.05))
    gold = tables["calls"]["customer_id"].str.starts_with("gold")
    longer = tables["calls"]["minutes"] * np.where(gold, 2.0, 1.0)
    # Many hang up at once, and the rest are patient.
    at_once = tables["calls"]["gave_up"] & (tables["calls"]["seconds"] < 60)
    seconds = np.where(at_once, 1, tables["calls"]["seconds"])
    tables["calls"] = tables["calls"].with_columns(minutes=longer, seconds=forms.pl.Series(seconds))
    known, _, found = learnt(tables=tables)
    assert known.patience.method == "hazard by parts of the wait"
    assert known.busyness > 0.02
    assert mean_of(known.handle[0]) > 1.8 * mean_of(known.handle[2])
    monkeypatch.setattr(
        "segrules.sim.queues.redrawn.uniforms",
        lambda _, __, rows, columns: np.full((rows, columns), 0.5),
    )
    (same,) = redrawn(known, found, 7, 1)
    assert isinstance(same.patience.time, Quantiles)
    assert same.patience.time.values == pytest.approx(known.patience.time.values, rel=1e-9)
    assert same.busyness == pytest.approx(known.busyness, rel=1e-9)
    assert [mean_of(each) for each in same.handle] == pytest.approx(
        [mean_of(each) for each in known.handle], rel=1e-12
    )


def test_where_the_agents_are_looked_for_changes_nothing():
    queue = ErlangA(45.0, 10.0, 15.0, 0)
    for wait in (0.03, 0.01, 0.001):
        found = match_agents(queue, wait, 0.05)
        assert found > 0
        for near in (0.4, 3.0, found, 40.0, 300.0):
            assert match_agents(queue, wait, 0.05, near) == found
    # Nobody is served so late that even no agent would do better.
    assert match_agents(queue, 1.0, 0.0, 7.0) == 0.0


def test_all_arms_share_each_draw():
    placement = forms.placement(forms.SAME, forms.MORE, pools=(OPEN_TEAM,))
    known, _, found = learnt((OPEN_TEAM,))
    asked = Asked(
        placement.ruleset, forms.project(forms.SAME, forms.MORE), forms.LINE, (OPEN_TEAM,),
        forms.AS_OF, 7,
    )  # fmt: skip
    made = drawn(case(asked, known), found, 20)
    today, same, more = made.arms
    assert len({each.centre.classes[0].rates for each in today}) == 20
    assert len({each.centre.classes[0].work.mean for each in today}) == 20
    for one, other, third in zip(today, same, more, strict=True):
        assert one.centre.classes == other.centre.classes == third.centre.classes


# ---- the spread


def straight(slope, noise, draws=200, runs=1_000, days=300.0):
    """A difference that goes with the first of two figures, and the days it is told from."""
    luck = np.random.default_rng(5)
    figures = luck.normal(size=(draws, 2))
    of = np.arange(runs) * draws // runs
    told = Drawn(of, days, (LOG, "guess"), figures, np.zeros((draws, 2, 1)))
    return told, 4.0 + slope * figures[of, 0] + noise * luck.normal(size=runs), figures


def test_the_spread_is_told_by_its_sources():
    told, values, figures = straight(slope=1.0, noise=2.0, draws=4_000, runs=20_000)
    over = told.over_days(float(values.mean()), values, 1)
    known = figures[:, 0].var()
    assert over.shares[LOG] == pytest.approx(known / (known + 4), abs=0.05)
    assert over.shares["guess"] == pytest.approx(0, abs=0.01)
    # Of the mean over 300 days luck is 2 x sqrt(1 / 300 + 1 / 20000); 1.28 deviations hold 80%.
    wanted = 1.2816 * np.hypot(known**0.5, 2 * np.hypot(300**-0.5, 20_000**-0.5))
    low, high = over.interval80
    assert (high - low) / 2 == pytest.approx(wanted, rel=0.05)
    assert (low + high) / 2 == pytest.approx(4.0, abs=0.25)
    assert over.chance_better > 0.99
    assert told.over_days(float(values.mean()), values, -1).chance_better < 0.01


def test_what_no_assumption_of_the_scenario_moves_is_not_told_of_it():
    told, values, _ = straight(slope=1.0, noise=2.0)
    assert set(told.about(()).over_days(4.0, values, 1).shares) == {LOG}
    assert set(told.about(("guess",)).over_days(4.0, values, 1).shares) == {LOG, "guess"}


def test_days_of_one_draw_do_not_count_as_many():
    """The mean of 1,000 days of 20 draws is as open as that of the draws."""
    told, values, figures = straight(slope=1.0, noise=0.1, draws=20)
    assert told.error(values) == pytest.approx(figures[:, 0].std(ddof=1) / 20**0.5, rel=0.05)
    own = Drawn(np.arange(1_000), 300.0, (), np.zeros((1_000, 0)), np.zeros((1_000, 2, 1)))
    assert own.error(values) == pytest.approx(values.std(ddof=1) / 1_000**0.5, rel=1e-9)
    assert own.error(np.full(1_000, 3.0)) == 0


def test_a_longer_log_leaves_less_open():
    short, long = (
        carried(forms.MORE, tables=forms.log(days=days, seed=5), runs=2_000) for days in (10, 160)
    )
    widths = []
    for found in (short, long):
        low, high = forms.rows(found, "more", WAIT)["all"].over_days.interval80
        widths.append(high - low)
    assert widths[0] > 2 * widths[1]
    shares = [forms.rows(each, "more", WAIT)["all"].over_days.shares[LOG] for each in (short, long)]
    assert shares[0] > 2 * shares[1]


def test_the_truth_lies_in_the_intervals_as_often_as_they_say():
    """Logs of eight days, which leave more open than the luck of 313 days does."""
    five, six = (
        3600 * of_all(simulate(forms.truth(agents=agents), 6_000, 11)).wait.mean
        for agents in (5, 6)
    )
    held = 0
    for seed in range(40, 56):
        found = carried(forms.MORE, tables=forms.log(days=8, seed=seed), runs=600, engine="events")
        low, high = forms.rows(found, "more", WAIT)["all"].over_days.interval80
        held += low <= six - five <= high
    # 12.8 of 16 are due; fewer than nine come about once in 150.
    assert held >= 9


# ---- other figures


@pytest.fixture(scope="module")
def usual():
    faster = ir.Assumption("faster", "", "factor", 0.7, 0.9, "judgement", "", "Care", None)
    fast = ir.Scenario("fast", "", (ir.Lever("process", (), (ir.Times("handling", "faster"),)),))
    less = ir.Scenario("less", "", (ir.Lever("capacity", (), (ir.Staffed("team", 4.0),)),))
    return carried(
        forms.MORE, less, forms.SAME, fast, forms.GOLD_FIRST, assumptions=(faster,), runs=1_000
    )


def test_nine_in_ten_wait_at_most_what_single_customers_do(usual):
    kept = simulate(forms.truth(), 2_000, 11, Watch(keep=True)).kept
    row = forms.rows(usual, "more", NINE_IN_TEN)
    true = 3600 * np.quantile(kept.waited, 0.9)
    assert row["all"].today.mean == pytest.approx(true, rel=0.06)
    assert row["all"].then.mean < 0.7 * row["all"].today.mean
    assert row["all"].today.mc_error < 0.05 * true
    gold = forms.rows(usual, "gold_first", NINE_IN_TEN)["gold"]
    assert gold.difference.mean < -4 * gold.difference.mc_error


def test_the_error_of_nine_in_ten_is_what_seeds_differ_by():
    runs = [
        carry_out(
            forms.placement(forms.MORE), replace(forms.project(forms.MORE, runs=200), seed=seed),
            Settings(engine="events"),
        )
        for seed in range(12)
    ]  # fmt: skip
    rows = [forms.rows(each, "more", NINE_IN_TEN)["all"].today for each in runs]
    spread = np.std([each.mean for each in rows], ddof=1)
    assert np.mean([each.mc_error for each in rows]) == pytest.approx(spread, rel=0.6)


def test_who_gives_up_when_adds_up_to_all(usual):
    for part in usual.course:
        assert [each.segment for each in part.segments] == list(forms.SEGMENTS)
        for arm in (0, 1):
            come = [each.contacts[arm] for each in part.segments]
            lost = [each.contacts[arm] * each.gives_up[arm] for each in part.segments]
            waits = [each.contacts[arm] * each.wait[arm] for each in part.segments]
            assert sum(come) == pytest.approx(part.contacts[arm])
            assert sum(lost) == pytest.approx(part.contacts[arm] * part.gives_up[arm])
            assert sum(waits) == pytest.approx(part.contacts[arm] * part.wait[arm])
    first = [part for part in usual.course if part.scenario == "gold_first"]
    gold = [next(each for each in part.segments if each.segment == "gold") for part in first]
    assert all(each.wait[1] < each.wait[0] for each in gold)


def test_the_cost_is_told_by_pool_by_lever_and_by_answered_contact(usual):
    rows = {measure: forms.rows(usual, "more", measure) for measure in ("cost", LEVER_COST)}
    assert rows["cost"]["team"].today.mean == pytest.approx(5 * 10 * 3_000)
    assert rows["cost"]["team"].difference.mean == pytest.approx(10 * 3_000)
    assert rows[LEVER_COST]["all"].difference.mean == 0
    answered = forms.rows(usual, "more", "answered")["all"].today.mean
    each = forms.rows(usual, "more", COST_EACH)["all"]
    assert each.today.mean == pytest.approx(150_000 / answered)


def test_a_scenario_pays_from_what_an_answered_contact_must_be_worth(usual):
    evens = {each.scenario: each for each in usual.break_even}
    more = evens["more"]
    gained = forms.rows(usual, "more", "answered")["all"].difference.mean
    assert more.settled
    assert more.value == pytest.approx(30_000 / gained)
    low, high = more.interval80
    assert low < more.value < high < 1.5 * low
    less = evens["less"]
    assert less.answered < 0
    assert less.cost < 0
    assert less.value == pytest.approx(-30_000 / less.answered)
    assert "same" not in evens
    # More are answered for no more money, and whether more are is not settled.
    assert evens["fast"].value is None
    assert evens["fast"].settled
    assert evens["gold_first"].interval80 is None


def test_a_pool_without_a_stated_cost_is_said_to_cost_nothing():
    free = replace(forms.TEAM, cost=None)
    found = carried(forms.MORE, pools=(free,), runs=200)
    assert "the agents of Care team cost nothing here, as no cost of an hour is stated" in (
        found.notes
    )
    assert not any("cost nothing" in note for note in carried(forms.MORE, runs=200).notes)
    assert "all" not in forms.rows(found, "more", COST_EACH)


def test_each_scenario_is_graded_by_what_it_rests_on(usual):
    assert usual.evidence("more").grade == "B"
    assert usual.evidence("more").weighed == ()
    assert usual.evidence("fast").grade == "D"
    assert [each.stated.name for each in usual.evidence("fast").weighed] == ["faster"]
    (weak,) = too_weak(usual.graded, "B")
    assert "`fast`" in weak.message
    assert "faster" in weak.hint


def test_what_is_held_against_rests_on_its_own_assumptions_too():
    faster = ir.Assumption("faster", "", "factor", 0.7, 0.9, "judgement", "", "Care", None)
    fast = ir.Scenario("fast", "", (ir.Lever("process", (), (ir.Times("handling", "faster"),)),))
    placement = forms.placement(forms.MORE, fast, assumptions=(faster,))
    asked = forms.project(forms.MORE, runs=200, against="fast")
    found = carry_out(placement, asked, Settings())
    assert found.rests_on == {"more": ("faster",)}
    assert found.evidence("more").grade == "D"


# ---- formulas


def endless(**terms):
    ten = ir.Scenario("ten", "", (ir.Lever("capacity", (), (ir.Staffed("team", 13.0),)),))
    return carried(
        ten,
        line=replace(forms.LINE, abandoned=None),
        tables=forms.log(busyness=0.2),
        pools=(replace(forms.TEAM, agents=11.0),),
        **terms,
    )


def test_a_day_too_busy_for_the_formula_is_played():
    """On the mean day eleven agents are enough; on the busiest in ten they are not."""
    found = endless(runs=200)
    assert found.engine == "events"
    assert "nobody gives up" in found.why
    assert forms.rows(found, "ten", ABANDONMENT)["all"].today.mean == 0
    with pytest.raises(RulesError, match="no formula holds for") as refused:
        endless(engine="expected", runs=200)
    assert refused.value.diagnostics[0].code == "SEG577"


def test_a_formula_tells_what_the_log_leaves_open():
    found = carried(forms.MORE, pools=(replace(forms.TEAM, agents=9.0),))
    assert found.engine == "expected"
    row = forms.rows(found, "more", WAIT)["all"]
    low, high = row.today.interval80
    assert 0.02 * row.today.mean < high - low < row.today.mean
    assert row.over_days.shares[LOG] > 0.9


# ---- what is said of the log and of the shifts


def test_hours_without_agents_are_named():
    shifts = (ir.Shift(5.0, 8.0, 12.0), ir.Shift(5.0, 13.0, 18.0))
    team = replace(forms.TEAM, agents=None, shifts=shifts)
    found = carried(forms.GOLD_FIRST, pools=(team,), runs=200)
    (warned,) = found.findings
    assert warned.code == "SEG597"
    assert warned.severity == "warning"
    come = found.past.rates[:, list(found.past.clock).index(12.0)].sum()
    assert "today nobody is there from 12:00 to 13:00 for `gold`, `silver`" in warned.message
    assert f"of whom {come:.3g} come a day then" in warned.message
    assert carried(forms.GOLD_FIRST, runs=200).findings == ()
    late = ir.Scenario("late", "", (ir.Lever("capacity", (), (ir.Staffed("team", 0.0),)),))
    closed = carried(late, runs=200).findings
    assert len(closed) == 10
    assert all(each.message.startswith("in late nobody is there") for each in closed)


def test_a_log_whose_waits_have_changed_is_told_as_that():
    assert not any("second half" in note for note in carried(forms.MORE, runs=200).notes)
    tables = dict(forms.log())
    days = tables["calls"]["at_time"].dt.date()
    late = days > days.min() + (days.max() - days.min()) / 2
    longer = tables["calls"]["seconds"] * np.where(late, 2, 1)
    tables["calls"] = tables["calls"].with_columns(seconds=forms.pl.Series(longer))
    (said,) = [
        each for each in carried(forms.MORE, tables=tables, runs=200).notes if "half" in each
    ]
    assert "the second half of the days of the log waited 6" in said
