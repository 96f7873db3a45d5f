"""Levers of a life taken apart, and what drives it: laws, and figures worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from life_forms import TEXT, lever, placed, project, scenario

from segrules.lang import ir
from segrules.sim.customers.drivers import Known, drivers_of
from segrules.sim.customers.outcome import profit
from segrules.sim.customers.parts import EXACT, ORDERS
from segrules.sim.customers.run import Settings as PlaySettings
from segrules.sim.customers.run import simulate
from segrules.sim.decide.inputs import uniform
from segrules.sim.life import Prepared, carry_out
from segrules.sim.projection import Settings

QUIET = Settings()
PUSH = lever("push", ir.Times("arrivals", "more"), to=("silver",))
CARE = lever("care", ir.Moves("satisfaction", 2.0, 8.0, "chance", 0.02))
DEAR = lever("dear", ir.Times("value", 1.25), to=("silver", "gold"))
IDLE = lever("idle", ir.Times("value", 1.0), to=("bronze",))


def carried(*scenarios, runs=30, asked=None, **more):
    asked = asked or project(*(found.name for found in scenarios), runs=runs)
    return carry_out(placed(*scenarios, **more), asked, QUIET)


def total(found, name):
    return next(
        row for row in found.rows
        if (row.scenario, row.segment, row.measure) == (name, "all", "profit")
    )  # fmt: skip


def levers_of(found, at=0):
    return {part.name: part.figure for part in found.accounts[at].parts.levers}


# ---- levers


def test_parts_add_up_to_the_difference_that_is_reported():
    found = carried(scenario("one", PUSH, CARE, DEAR), scenario("two", CARE))
    for account in found.accounts:
        whole = total(found, account.scenario).difference
        assert account.parts.whole == whole
        means = [part.figure.mean for part in account.parts.levers]
        assert sum(means) == pytest.approx(whole.mean, rel=1e-12)
        assert account.parts.exact
        assert account.parts.runs == found.runs
        assert account.parts.regression is None
    first = levers_of(found)
    low, high = first["dear silver, gold"].interval80
    assert 0 < low < high
    assert first["dear silver, gold"].mc_error > 0


def test_a_part_is_the_mean_over_both_orders():
    found = carried(scenario("one", PUSH, DEAR), scenario("push", PUSH), scenario("dear", DEAR))
    whole, push, dear = (total(found, name).difference.mean for name in ("one", "push", "dear"))
    # the two act on each other, so neither is what it is alone
    assert abs(whole - push - dear) > 1_000
    parts = levers_of(found)
    assert parts["push silver"].mean == pytest.approx((push + whole - dear) / 2, rel=1e-9)
    assert parts["dear silver, gold"].mean == pytest.approx((dear + whole - push) / 2, rel=1e-9)


def test_the_order_in_which_levers_are_named_does_not_matter():
    one = levers_of(carried(scenario("one", PUSH, CARE, DEAR)))
    other = levers_of(carried(scenario("one", DEAR, PUSH, CARE)))
    assert one.keys() == other.keys()
    for name, figure in one.items():
        assert other[name].mean == pytest.approx(figure.mean, rel=1e-6), name


def test_a_lever_that_does_nothing_has_exactly_nothing():
    found = levers_of(carried(scenario("one", PUSH, IDLE, DEAR)))
    assert found["idle bronze"].mean == 0.0
    assert found["idle bronze"].interval95 == (0.0, 0.0)
    assert found["push silver"].mean > 0


def test_bundles_are_played_once_and_scenarios_are_not_played_again():
    one = scenario("one", PUSH, CARE)
    extra = Prepared(placed(one), project("one"), 11, 4, None).bundles.extra
    assert [len(made.levers) for made in extra] == [1, 1]
    beside = scenario("two", CARE), scenario("three", PUSH, DEAR)
    asked = project("one", "two", "three")
    made = Prepared(placed(one, *beside), asked, 11, 4, None)
    # push is shared, care is a scenario
    assert [made_.levers[0].name for made_ in made.bundles.extra] == [
        "push silver",
        "dear silver gold",
    ]
    rows = carried(one, *beside).rows
    assert {row.scenario for row in rows} == {"one", "two", "three"}


def test_a_lever_keeps_its_luck_in_every_bundle():
    """Two of a kind are told apart by their number, which stays theirs."""
    again = replace(CARE, edits=(ir.Moves("visits", 2.0, 90.0, 0.5),))
    made = Prepared(placed(scenario("one", CARE, again)), project("one"), 11, 6, None)
    names = [lever_.name for lever_ in made.model.scenarios[0].levers]
    assert len(set(names)) == 2
    assert [extra.levers[0].name for extra in made.bundles.extra] == names
    played = simulate(made.model, 6, PlaySettings(on=1))
    moved = [arm.moved.sum(axis=(2, 3)) for arm in played.scenarios]
    assert np.array_equal(moved[0][:, 0], moved[1][:, 0])
    assert np.array_equal(moved[0][:, 1], moved[2][:, 0])
    assert moved[0].all()


def test_many_levers_are_taken_apart_by_some_orders():
    levers = [
        lever(f"up{at}", ir.Times("value", 1.0 + at / 50), to=(("silver", "gold")[at % 2],))
        for at in range(1, EXACT + 2)
    ]
    placement, asked = placed(scenario("one", *levers)), project("one")
    made = Prepared(placement, asked, 11, 4, None)
    assert len(made.bundles.extra) <= 2 * ORDERS * EXACT
    found = carry_out(placement, asked, QUIET)
    parts = found.accounts[0].parts
    assert not parts.exact
    assert len(parts.levers) == EXACT + 1
    assert sum(part.figure.mean for part in parts.levers) == pytest.approx(parts.whole.mean)
    assert all(part.figure.mc_error > 0 for part in parts.levers)


def test_spill_over_is_what_happens_elsewhere():
    """Those who are lifted into gold buy as gold does there: no lever names it."""
    lift = lever("care", ir.Moves("satisfaction", 6.0, 10.0, 1.0), to=("silver",))
    found = carried(scenario("one", lift))
    spill = found.accounts[0].parts.spill
    assert spill is not None
    assert spill.segments == ("gold",)
    rows = {
        row.segment: row.difference.mean for row in found.rows
        if row.measure == "profit" and row.scenario == "one"
    }  # fmt: skip
    assert spill.figure.mean == pytest.approx(rows["gold"])
    assert rows["gold"] > 0 > rows["silver"]
    assert rows["bronze"] == 0.0
    everywhere = carried(scenario("one", lever("dear", ir.Times("value", 1.1), to=(
        "gold", "silver", "bronze"))))  # fmt: skip
    assert everywhere.accounts[0].parts.spill is None


def test_what_is_taken_apart_is_interrupted_with_the_rest():
    def stop(done):
        if done >= 5:
            raise KeyboardInterrupt

    made = placed(scenario("one", PUSH, DEAR))
    cut = carry_out(made, project("one", runs=300), Settings(threads=1), stop)
    assert not cut.complete
    (account,) = cut.accounts
    assert account.parts.runs == cut.runs < 300
    assert account.parts.whole == total(cut, "one").difference


# ---- what drives it


def a_known(runs=2_000, width=1.0):
    luck = np.random.default_rng(5)
    inputs = uniform("a", 0.0, width, "experiment"), uniform("b", 0.0, 1.0, "judgement")
    drawn = np.stack([width * luck.random(runs), luck.random(runs)], axis=1)
    data = luck.normal(size=(runs, 2))
    return Known(inputs, drawn, data), luck.normal(size=runs)


def test_the_spread_is_divided_by_its_sources():
    found, luck = a_known()
    a, b = found.drawn.T
    # variances 12, 3, 4 and 1 of twenty
    parts = 12.0 * a, 6.0 * b, 2.0 * found.data[:, 1], luck
    made = drivers_of(sum(parts), found)
    shares = dict(zip(made.shares.names, made.shares.share, strict=True))
    errors = dict(zip(made.shares.names, made.shares.error, strict=True))
    assert sum(shares.values()) == pytest.approx(1.0)
    for name, wanted in (("experiment", 0.6), ("judgement", 0.15), ("data", 0.2), ("luck", 0.05)):
        assert abs(shares[name] - wanted) < 4 * errors[name] < 0.2, name
    assert made.luck == shares["luck"]
    assert made.unmeasured == shares["judgement"]


def test_bars_go_from_p10_to_p90_and_turn_where_it_turns():
    found, luck = a_known()
    a, b = found.drawn.T
    made = drivers_of(4.0 * a - 1.0 + 2.0 * b + 0.1 * luck, found)
    wide, narrow = made.tornado.bars
    assert (wide.name, narrow.name) == ("a", "b")
    assert (wide.low, wide.high) == pytest.approx((0.1, 0.9))
    assert wide.at_low == pytest.approx(0.4, abs=0.05)
    assert wide.at_high == pytest.approx(3.6, abs=0.05)
    assert wide.break_even == pytest.approx(0.0, abs=0.02)
    assert narrow.break_even is None
    assert made.tornado.middle == pytest.approx(2.0, abs=0.05)
    beyond = drivers_of(4.0 * a - 1.0 + 2.0 * b, found, target=3.0)
    assert beyond.tornado.bars[0].break_even == pytest.approx(0.75, abs=0.02)


def test_a_surface_may_bend():
    found, luck = a_known(width=4.0)
    a = found.drawn[:, 0]
    made = drivers_of((a - 2.0) ** 2 + 0.01 * luck, found)
    shares = dict(zip(made.shares.names, made.shares.share, strict=True))
    assert shares["experiment"] > 0.99
    straight = drivers_of(a + 0.01 * luck, found)
    assert [bar.name for bar in straight.tornado.bars] == ["a"]


def test_what_moves_nothing_has_no_bar():
    found, luck = a_known()
    made = drivers_of(luck, found)
    assert made.tornado.bars == ()
    assert made.luck > 0.97
    still = drivers_of(np.full(len(luck), 7.0), found, 1.0)
    assert still.tornado.bars == ()
    assert still.tornado.middle == 7.0
    assert math.isnan(still.luck)
    assert still.shares.names == ()


def test_few_futures_say_little():
    """With next to no rows nothing is regressed on, and all of it counts as luck."""
    found, luck = a_known(12)
    made = drivers_of(luck, found)
    assert made.tornado.bars == ()
    assert sum(made.shares.share) == pytest.approx(1.0)


def test_the_drivers_of_a_life_are_its_assumptions():
    found = carried(scenario("one", PUSH, CARE, DEAR), scenario("two", CARE), runs=300)
    first, second = found.accounts
    assert [bar.name for bar in first.drivers.tornado.bars] == ["more"]
    (bar,) = first.drivers.tornado.bars
    assert (bar.low, bar.high) == pytest.approx((1.12, 1.28))
    assert 0 < bar.at_low < first.parts.whole.mean < bar.at_high
    assert "more" not in [bar.name for bar in second.drivers.tornado.bars]
    assert first.evidence.weighed[0].stated.name == "more"
    assert first.evidence.grade == "C"
    assert second.evidence.grade == "D"


# ---- a target


def test_a_target_that_is_an_assumption_is_that_of_each_future():
    asked = project("one", runs=100, target="aim")
    text = TEXT + 'assume aim = 400_000 to 1_200_000 { source judgement "b" owner "S" }\n'
    made = Prepared(placed(scenario("one", DEAR), text=text), asked, 11, 100, None)
    aim = made.figures.drawn["aim"]
    assert np.ptp(aim) > 300_000
    assert np.array_equal(made.target(np.array([3, 5])), aim[[3, 5]])
    found = carried(scenario("one", DEAR), asked=asked, text=text)
    played = simulate(made.model, 100, PlaySettings(on=2))
    gained = profit(played.scenarios[0]) - profit(played.today)
    (outlook,) = found.outlooks
    assert outlook.judged.chance_target == np.mean(gained >= aim)
    assert outlook.judged.chance_target != np.mean(gained >= aim.mean())
    assert "aim" in [stated.name for stated in found.assumptions]
