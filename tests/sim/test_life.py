"""A project about a life, from rows and rules to figures: laws of the whole."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from life_forms import (
    AS_OF,
    TEXT,
    column,
    each,
    lever,
    placed,
    project,
    rules,
    scenario,
    tables,
)

from segrules.lang import ir
from segrules.sim.customers.run import Settings as PlaySettings
from segrules.sim.customers.run import simulate
from segrules.sim.life import LifeProjection, Prepared, carry_out
from segrules.sim.projection import Settings

QUIET = Settings()
PUSH = lever("push", ir.Times("arrivals", "more"), to=("silver",))
CARE = lever("care", ir.Moves("satisfaction", 2.0, 8.0, "chance", 0.02))
STILL = {"changes": (), "more": {"leaving": (), "keeping": (), "costs": ()}}
"""Customers whose columns stay and who stay themselves."""


def found(*levers, asked=None, **more) -> LifeProjection:
    """One scenario of these levers, carried out."""
    asked = asked or project("one")
    return carry_out(placed(scenario("one", *levers), **more), asked, QUIET)


def figure(made, measure, segment="all", scenario="one", arm="difference"):
    (row,) = [
        row
        for row in made.rows
        if (row.scenario, row.segment, row.measure) == (scenario, segment, measure)
    ]
    return getattr(row, arm)


def totals(made, measure, segment=-1):
    """float64[R] of today and of the first scenario, by what was played."""
    arms = []
    for arm in (made.today, made.scenarios[0]):
        parts = {"sales": arm.sales, "revenue": arm.revenue, "cost": arm.cost}
        values = parts[measure].sum(axis=1)
        arms.append(values.sum(axis=1) if segment < 0 else values[:, segment])
    return arms


def played(*levers, runs=40, asked=None, **more):
    """What is played of one scenario of these levers."""
    asked = asked or project("one")
    prepared = Prepared(placed(scenario("one", *levers), **more), asked, asked.seed, runs, None)
    return prepared, simulate(prepared.model, runs, PlaySettings(on=2))


def within(difference, bound=4.0):
    """Whether the mean over replications is 0, within standard errors."""
    mean = float(difference.mean())
    error = float(difference.std(ddof=1)) / math.sqrt(len(difference))
    assert error > 0
    assert abs(mean) <= bound * error, (mean, error)


# ---- laws


def test_a_scenario_equal_to_today_differs_by_exactly_nothing():
    same = (
        lever("push", ir.Times("arrivals", 1.0), ir.Times("value", 1.0), ir.Times("price", 1.0)),
        lever("care", ir.Moves("satisfaction", 2.0, 8.0, 0.0)),
        lever("stay", ir.Times("leaving", 1.0)),
    )
    made = found(*same)
    for row in made.rows:
        assert row.difference.mean == 0.0, row
        assert row.chance_better is None
        assert row.today.mean == row.then.mean
    assert {row.measure for row in made.rows} >= {"gini", "top_10", "loss_of_one", "profit"}
    assert np.array_equal(made.matrices["today"].count, made.matrices["one"].count)
    # and something that differs does
    assert figure(found(*same, PUSH), "sales").mean > 0


def test_bits_do_not_depend_on_threads_or_on_the_order_of_rows():
    given = tables()
    turned = {
        name: frame.sample(fraction=1.0, shuffle=True, seed=4) for name, frame in given.items()
    }
    frames = []
    for data, threads in ((given, 1), (given, 2), (turned, 2)):
        placement = placed(scenario("one", PUSH, CARE), given=data)
        made = carry_out(placement, project("one"), replace(QUIET, threads=threads))
        frames.append(made.frame())
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])


def test_blocks_of_customers_do_not_matter():
    asked = project("one")
    prepared = Prepared(placed(scenario("one", PUSH, CARE)), asked, 11, 4, None)
    whole = simulate(prepared.model, 4, PlaySettings(on=2, spread=True))
    cut = simulate(prepared.model, 4, PlaySettings(on=1, block=3, customers=37, spread=True))
    for one, other in zip(
        (whole.today, *whole.scenarios), (cut.today, *cut.scenarios), strict=True
    ):
        for name, values in vars(one).items():
            assert np.array_equal(values, vars(other)[name], equal_nan=True), name


def test_a_knob_of_the_rules_changes_the_projection():
    strict, easy = (found(PUSH, gold_from=level) for level in (400, 250))
    gold = strict.segments.index("gold")
    starts = [made.matrices["today"].count.sum(axis=1)[gold] for made in (strict, easy)]
    assert starts[0] < starts[1]
    for measure in ("customers", "sales", "revenue"):
        ends = [figure(made, measure, "gold", arm="today").mean for made in (strict, easy)]
        assert ends[0] < ends[1]


def test_customers_begin_where_the_assignment_places_them():
    placement = placed(scenario("one", PUSH))
    made = carry_out(placement, project("one"), QUIET)
    rows = rules().assign(tables(), as_of=AS_OF, table="customers")
    counted = dict(rows.group_by(pl.col("tier").cast(pl.String)).len().iter_rows())
    start = made.matrices["today"].count.sum(axis=1)
    for name, number in zip(made.segments, start, strict=False):
        assert number == pytest.approx(counted[name])
    assert made.days[0].isoformat() == "2026-07-01"
    assert len(made.days) == 7


def test_sales_are_what_the_rates_say_where_nobody_moves():
    prepared, arms = played(PUSH, runs=60, **STILL)
    learned, model = prepared.learned, prepared.model
    assert model.rates.season.tolist() == learned.by_calendar[6:].tolist()
    start = prepared.sales.now
    expected = np.zeros(60)
    for r in range(60):
        rate = learned.leads[r][start] * learned.eagerness
        expected[r] = float(model.rates.season.sum() * rate.sum())
    today, then = totals(arms, "sales")
    within(today - expected)
    more = prepared.figures.drawn["more"]
    silver = start == prepared.figures.segments.index("silver")
    gain = [
        (more[r] - 1) * model.rates.season.sum()
        * float((learned.leads[r][start] * learned.eagerness)[silver].sum())
        for r in range(60)
    ]  # fmt: skip
    within(then - today - np.array(gain))


# ---- how long a lever acts


def test_a_lever_for_one_period_is_worth_a_sixth_of_a_lasting_one():
    """Over six periods; by the season of the period, which is what is to be computed."""
    often = ir.Times("arrivals", 1.5)
    one = lever("push", often, timing=ir.Timing(duration=1))
    always = lever("push", often)
    prepared, short = played(one, runs=60, **STILL)
    _, long = played(always, runs=60, **STILL)
    season = prepared.model.rates.season
    part = float(season[0] / season.sum())
    assert part == pytest.approx(1 / 6, abs=0.04)
    gains = [totals(arms, "sales") for arms in (short, long)]
    (before, after), (same, lasting) = gains
    assert np.array_equal(before, same)
    within((after - before) - part * (lasting - before))
    # for three of the six it is half, and a ramp over two months costs half a month of it
    _, ramped = played(lever("push", often, timing=ir.Timing(ramp=2)), runs=60, **STILL)
    _, then = totals(ramped, "sales")
    within((then - before) - (1 - 0.5 * part) * (lasting - before))


def test_periods_of_quarters_are_as_good_as_months():
    monthly = played(lever("push", ir.Times("arrivals", 1.5)), runs=40, **STILL)[1]
    quarterly = played(
        lever("push", ir.Times("arrivals", 1.5)), runs=40,
        asked=project("one", period=3), **STILL,
    )[1]  # fmt: skip
    assert quarterly.model.periods == 2
    months = monthly.model.rates.season.reshape(2, 3)
    assert quarterly.model.rates.season == pytest.approx(months.mean(axis=1), rel=0.05)
    # a lever of one month acts through a third of a quarter
    short = lever("push", ir.Times("arrivals", 1.5), timing=ir.Timing(start=1, duration=1))
    _, brief = played(short, runs=40, asked=project("one", period=3), **STILL)
    sums = [totals(arms, "sales") for arms in (monthly, quarterly, brief)]
    assert sums[1][0].mean() == pytest.approx(sums[0][0].mean(), rel=0.05)
    gains = [float((then - today).mean()) for today, then in sums]
    assert gains[1] == pytest.approx(gains[0], rel=0.1)
    season = quarterly.model.rates.season
    assert gains[2] == pytest.approx(gains[1] * season[0] / season.sum() / 3, rel=0.15)


def test_customers_leave_at_their_chance():
    more = {"leaving": each(0.3), "keeping": (), "costs": ()}
    prepared, arms = played(lever("stay", ir.Times("leaving", 0.5)), changes=(), more=more)
    assert prepared.asked.held == ("spend",)
    count, there = 400, [arm.customers[:, -1, :3].sum(axis=1) for arm in (
        arms.today, arms.scenarios[0])]  # fmt: skip
    within(there[0] - count * 0.7**6)
    # half of the hazard
    within(there[1] - count * 0.7**3)


# ---- money


@pytest.mark.parametrize("period", [1, 3])
def test_levers_are_paid_for(period):
    none = ir.Times("value", 1.0)
    asked = project("one", period=period)
    bought = 400 * 6 // period
    for cost, wanted in (
        (ir.LeverCost(100.0), 100.0 * bought),
        (ir.LeverCost(5_000.0, "once"), 5_000.0),
        (ir.LeverCost(700.0, "month"), 6 * 700.0),
    ):
        made = found(lever("x", none, costs=(cost,)), asked=asked, **STILL)
        paid = figure(made, "cost")
        assert paid.mean == pytest.approx(wanted, abs=6)
        assert figure(made, "profit").mean == pytest.approx(-wanted, abs=6)
        assert figure(made, "sales").mean == 0
    # two months of the six, of which nothing is paid for what lasts
    timing = ir.Timing(start=1, duration=2, persistence=0.9)
    made = found(lever("x", none, costs=(ir.LeverCost(700.0, "month"),), timing=timing), **STILL)
    assert figure(made, "cost").mean == pytest.approx(1_400.0, abs=6)


def test_moves_are_paid_for_as_long_as_they_are_tried():
    """Nobody is asked twice who has been moved, and nobody above the limit."""
    sure = lever(
        "care", ir.Moves("satisfaction", 2.0, 8.0, 1.0), costs=(ir.LeverCost(100.0),)
    )  # fmt: skip
    made = found(sure, **STILL)
    below = tables()["customers"]["satisfaction"].cast(pl.Int64) < 8
    assert figure(made, "moved").mean == below.sum()
    assert figure(made, "cost").mean == pytest.approx(100.0 * below.sum(), abs=6)
    dead = found(replace(sure, deadweight=1.0), **STILL)
    assert figure(dead, "moved").mean == 0
    assert figure(dead, "cost").mean == pytest.approx(6 * 100.0 * below.sum(), abs=6)


def test_deadweight_pays_and_pull_forward_borrows():
    often = ir.Times("arrivals", 1.5)
    paid = (ir.LeverCost(100.0),)
    full, dead, half = (
        found(lever("x", often, costs=paid, deadweight=share), **STILL) for share in (0.0, 1.0, 0.5)
    )
    assert figure(dead, "sales").mean == 0
    assert figure(dead, "cost").mean == figure(half, "cost").mean == figure(full, "cost").mean
    gain = figure(full, "sales")
    assert figure(half, "sales").mean == pytest.approx(gain.mean / 2, abs=8 * gain.mc_error)
    once = ir.Timing(duration=2)
    kept, lent = (
        found(lever("x", often, timing=once, pull_forward=share), **STILL) for share in (0.0, 1.0)
    )
    assert figure(kept, "sales").mean > 10
    assert abs(figure(lent, "sales").mean) <= 4 * max(figure(lent, "sales").mc_error, 1.0)


def test_a_price_is_paid_and_followed():
    dearer = lever("dearer", ir.Times("price", 1.2))
    flat = found(dearer, **STILL)
    today, then = (figure(flat, "revenue", arm=arm).mean for arm in ("today", "then"))
    assert then == pytest.approx(1.2 * today, rel=1e-3)
    # spending falls by half of that in per cent, so gold is lost
    follows = (ir.Evolution("spend", "follows", each(-8.0)),)
    made = found(dearer, **(STILL | {"changes": follows}))
    gold = figure(made, "customers", "gold", arm="today").mean
    assert figure(made, "customers", "gold").mean < -0.3 * gold
    assert figure(flat, "customers", "gold").mean == 0


def test_more_value_is_more_revenue_and_the_same_sales():
    made = found(lever("up", ir.Times("value", 1.25)), **STILL)
    assert figure(made, "sales").mean == 0
    today, then = (figure(made, "revenue", arm=arm).mean for arm in ("today", "then"))
    assert then == pytest.approx(1.25 * today, rel=1e-3)


# ---- what comes out


def test_an_assumption_is_drawn_once_a_future():
    prepared, arms = played(lever("up", ir.Times("value", "more")), **STILL)
    today, then = totals(arms, "revenue")
    more = prepared.figures.drawn["more"]
    assert more.min() >= 1.1
    assert more.max() <= 1.3
    assert len(np.unique(more)) == len(more)
    assert then / today == pytest.approx(more, rel=1e-3)


def test_what_is_compared_with_may_be_a_scenario():
    placement = placed(scenario("one", PUSH), scenario("two", PUSH, CARE))
    plain = carry_out(placement, project("one", "two"), QUIET)
    beside = carry_out(placement, project("two", against="one"), QUIET)
    assert {row.scenario for row in beside.rows} == {"two"}
    for name in ("sales", "profit", "moved"):
        wanted = [figure(plain, name, scenario=each_) for each_ in ("two", "one")]
        got = figure(beside, name, scenario="two")
        assert got.mean == pytest.approx(wanted[0].mean - wanted[1].mean, abs=1e-6)


def test_the_frame_adds_up():
    made = found(PUSH, CARE)
    frame = made.frame()
    for measure in ("customers", "sales", "revenue", "cost", "profit", "left", "moved"):
        rows = frame.filter(pl.col("measure") == measure)
        parts = rows.filter(pl.col("segment") != "all")["then_mean"].sum()
        (total,) = rows.filter(pl.col("segment") == "all")["then_mean"]
        assert parts == pytest.approx(total)
        assert rows["unit"][0] == {"revenue": "EUR", "cost": "EUR", "profit": "EUR",
                                   "sales": "sales"}.get(measure, "customers")  # fmt: skip
    profit = frame.filter((pl.col("measure") == "profit") & (pl.col("segment") == "all"))
    (row,) = profit.to_dicts()
    assert row["then_low95"] <= row["then_low80"] <= row["then_low50"] <= row["then_mean"]
    left = figure(made, "left", arm="today").mean
    assert figure(made, "customers", arm="today").mean + left == pytest.approx(400)
    share = made.matrices["one"].share[:3]
    assert share.sum(axis=1) == pytest.approx(1.0)


def test_two_ways_to_the_end_are_near_each_other():
    check = found(PUSH).check
    assert check.of == "past"
    assert check.moved > 50
    assert check.gap < 0.06
    # without anything that was dated there is no past to count, and the futures say it
    plain = TEXT.replace("spend >= gold_from and satisfaction >= 4", "satisfaction >= 8")
    plain = plain.replace("spend >= 150", "satisfaction >= 4")
    changes = (ir.Evolution("satisfaction", "drifts", each(0.0), each(1.0)),)
    check = found(PUSH, text=plain, changes=changes, asked=project("one", runs=60)).check
    assert check.of == "futures"
    assert check.moved > 50
    assert check.gap < 0.05


def test_what_other_rows_say_is_held_and_named():
    text = TEXT.replace("spend >= 150", "few >= 1 or count orders in last 2 months >= 2")
    made = found(PUSH, text=text)
    assert made.held == ("few",)
    (said,) = [note for note in made.notes if "stays as it was" in note]
    assert "2026-06-30: few, 1 more that conditions ask for without a name" in said
    untested = found(PUSH, lever("again", ir.Times("arrivals", 1.1), to=("silver",)))
    assert any("several levers act on arrivals" in note for note in untested.notes)


def test_an_interruption_keeps_what_is_finished():
    def stop(done):
        if done >= 6:
            raise KeyboardInterrupt

    placement = placed(scenario("one", PUSH))
    made = carry_out(placement, project("one", runs=200), Settings(threads=1), stop)
    assert not made.complete
    assert 6 <= made.runs < 200
    whole = carry_out(placement, project("one", runs=200), Settings(threads=1))
    assert whole.complete
    assert whole.runs == 200


def test_a_cost_by_sale_is_that_of_its_segment():
    placement = placed(scenario("one", PUSH), **STILL)
    ruleset = placement.ruleset
    stated = ir.Const(200, column(ruleset, "goods").type)
    costs = (ir.Cost("goods", column(ruleset, "goods")), ir.Cost("parcel", stated))
    lives = tuple(replace(each_, costs=costs) for each_ in ruleset.lives)
    placement = replace(placement, ruleset=replace(ruleset, lives=lives))
    made = carry_out(placement, project("one"), QUIET)
    cost, revenue, sales = (
        figure(made, name, arm="today").mean for name in ("cost", "revenue", "sales")
    )
    assert cost == pytest.approx(0.4 * revenue + 200 * sales, rel=0.05)
