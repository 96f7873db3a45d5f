"""Futures, parts and courses: what pictures show is what was draws."""

from dataclasses import replace

import numpy as np
import pytest
from example_funnel import example

from segrules.sim.decide.shapley import contributions
from segrules.sim.model import COST, PROFIT, TOTAL
from segrules.sim.outlook import (
    LEVELS,
    course,
    courses,
    outlook,
    outlooks,
    parts,
    payback,
    paybacks,
    quantile_dots,
    whys,
)
from segrules.sim.run import simulate
from segrules.sim.summary import Figure, figure, summarise


@pytest.fixture(scope="module")
def draws():
    return simulate(example(), 300)


def same(one: Figure, other: Figure) -> bool:
    """The figures, but for the rounding of a sum in another order."""
    exact = replace(one, mc_error=0.0) == replace(other, mc_error=0.0)
    return exact and one.mc_error == pytest.approx(other.mc_error, rel=1e-12)


def test_outlook_is_the_total_of_the_rows(draws) -> None:
    rows = {(r.scenario, r.measure): r for r in summarise(draws) if r.segment == TOTAL}
    for found in outlooks(draws):
        row = rows[found.scenario, PROFIT]
        assert found.measure == PROFIT
        assert same(found.figure, row.difference)
        assert found.judged.chance_better == (row.chance_better or 0.0)
    cost = outlook(draws, 0, COST)
    assert same(cost.figure, rows["up", COST].difference)
    assert cost.judged.chance_better == rows["up", COST].chance_better
    contract = outlook(draws, 0, "contract")
    assert same(contract.figure, rows["up", "contract"].difference)


def test_a_cost_is_judged_the_other_way_round(draws) -> None:
    cost = outlook(draws, 0, COST, target=0.0)
    assert cost.figure.mean > 0
    assert cost.judged.mean == pytest.approx(-cost.figure.mean)
    assert cost.loss_done.value - cost.loss_left.value == pytest.approx(cost.figure.mean)
    assert cost.loss_done.mc_error > 0


def test_losses_are_those_of_the_futures(draws) -> None:
    found = outlook(draws, 1, PROFIT)
    before = draws.today.revenue.sum(axis=1) - draws.today.cost.sum(axis=1)
    arm = draws.scenarios[1]
    gained = (arm.revenue.sum(axis=1) - arm.cost.sum(axis=1) - before).astype(float)
    assert found.loss_done.value == pytest.approx(gained.clip(max=0).mean() * -1)
    assert found.loss_left.value == pytest.approx(gained.clip(min=0).mean())
    spread = gained.clip(min=0).std(ddof=1) / np.sqrt(len(gained))
    assert found.loss_left.mc_error == pytest.approx(spread)


def test_what_changes_nothing_has_all_dots_on_zero(draws) -> None:
    nothing = outlooks(draws)[2]
    assert nothing.scenario == "same"
    assert set(nothing.dots) == {0.0}
    assert nothing.loss_done.mc_error == 0.0


def test_dots_are_values_that_came_up_in_equal_parts() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(1.0, 1.0, 4_321)
    dots = quantile_dots(values)
    assert len(dots) == 100
    assert list(dots) == sorted(dots)
    assert set(dots) <= set(values.tolist())
    for at in range(100):
        # half of a part lies below the dot in its middle
        assert np.mean(values <= dots[at]) == pytest.approx((at + 0.5) / 100, abs=1 / len(values))
    assert quantile_dots(np.array([3.0])) == (3.0,) * 100
    with pytest.raises(ValueError, match="no values"):
        quantile_dots(np.empty(0))


def test_unknown_measure(draws) -> None:
    with pytest.raises(ValueError, match="no measure"):
        outlook(draws, 0, "hope")


def test_parts_add_up_and_keep_their_spread() -> None:
    rng = np.random.default_rng(1)
    added = {"one": rng.normal(5, 1, 500), "two": rng.normal(-2, 3, 500)}
    found = contributions(
        tuple(added), lambda names: sum((added[name] for name in names), np.zeros(500))
    )
    one, two = parts(found)
    assert (one.name, two.name) == ("one", "two")
    assert one.figure.interval80 == pytest.approx(figure(added["one"]).interval80)
    assert one.figure.mean + two.figure.mean == pytest.approx(
        added["one"].mean() + added["two"].mean()
    )


def test_parts_of_figures_have_no_spread() -> None:
    found = contributions(("a", "b"), lambda names: 3.0 * ("a" in names) + 4.0 * ("b" in names))
    a, b = parts(found)
    assert (a.figure.mean, b.figure.mean) == (3.0, 4.0)
    assert a.figure.interval95 == (3.0, 3.0)
    assert a.figure.mc_error == 0.0


def test_course_pairs_the_arms_future_by_future() -> None:
    rng = np.random.default_rng(2)
    today = rng.normal(100, 30, (400, 3))
    then = today + np.array([1.0, 2.0, 3.0])
    found = course("profit", ("a", "b", "c"), today, then)
    assert found.difference.mean == pytest.approx([1.0, 2.0, 3.0])
    assert found.difference.error == pytest.approx([0.0] * 3, abs=1e-12)
    assert np.ptp(found.difference.quantiles[1]) == pytest.approx(0.0, abs=1e-9)
    assert found.today.quantiles.shape == (3, len(LEVELS))
    assert found.today.quantiles[0] == pytest.approx(np.quantile(today[:, 0], LEVELS))
    assert found.today.error == pytest.approx(today.std(axis=0, ddof=1) / 20)
    with pytest.raises(ValueError, match="T months"):
        course("profit", ("a",), today, then)


def test_the_outlook_against_another_scenario(draws) -> None:
    rows = summarise(draws, against="up")
    found = outlooks(draws, against="up")
    assert [each.scenario for each in found] == ["both", "same"]
    (row,) = [
        row for row in rows if (row.scenario, row.segment, row.measure) == ("both", TOTAL, PROFIT)
    ]
    assert same(found[0].figure, row.difference)


def test_a_target_of_each_future_its_own(draws) -> None:
    plain = outlook(draws, 0, PROFIT)
    arms = (draws.scenarios[0], draws.today)
    gain = np.subtract(*((arm.revenue - arm.cost).sum(axis=1) for arm in arms)).astype(float)
    assert outlook(draws, 0, PROFIT, target=gain).judged.chance_target == 1.0
    assert outlook(draws, 0, PROFIT, target=gain + 1.0).judged.chance_target == 0.0
    half = outlook(draws, 0, PROFIT, target=float(np.median(gain)))
    assert half.judged.chance_target == pytest.approx(0.5, abs=0.01)
    assert half.target == pytest.approx(np.median(gain))
    assert plain.target is None
    assert plain.judged.chance_target is None


def test_courses_are_of_the_months_that_were_drawn() -> None:
    draws = simulate(example(), 100, months=True)
    names = tuple("abcd")
    up, _, same = courses(draws, names)
    profit = draws.today.months.revenue - draws.today.months.cost
    assert up.today.mean == pytest.approx(profit.mean(axis=0))
    assert not same.difference.quantiles.any()
    assert [each.months for each in courses(draws, names, against="up")] == [names, names]
    with pytest.raises(ValueError, match="no months"):
        courses(simulate(example(), 5), names)


# ---- when it pays back, and why


def test_payback_by_hand() -> None:
    # behind for two months, ahead from the third; behind for ever; never behind
    first, second = np.array([-10.0, 4.0, 9.0, 1.0]), np.array([-10.0, 20.0, -15.0, 2.0])
    found = payback(np.array([first, second]))
    # the means are -10, 12, -3, 1.5: at the ends of the months -10, 2, -1, 0.5
    assert found.months == 4
    assert found.deepest == -10.0
    # the first is at -10, -6, 3, 4; the second at -10, 10, -5, -3
    assert found.by_month == (0.0, 0.0, 0.5, 0.5)
    late = payback(np.array([second, second]))
    assert (late.months, late.deepest) == (None, -10.0)
    never = payback(np.abs(np.array([first, second])))
    assert (never.months, never.deepest, never.by_month) == (0, 0.0, (1.0,) * 4)


def test_paybacks_are_of_the_profit_by_month() -> None:
    draws = simulate(example(), 100, months=True)
    up, _, same = paybacks(draws)
    ahead = [(each.revenue - each.cost).sum(axis=1) for each in (draws.scenarios[0], draws.today)]
    assert up.by_month[-1] == np.mean(ahead[0] >= ahead[1])
    assert same.by_month == (1.0,) * 4
    assert len(paybacks(draws, against="up")) == 2


def test_why_others_reach_a_stage_adds_up_to_how_many_do(draws) -> None:
    rows = {(r.scenario, r.measure): r for r in summarise(draws) if r.segment == TOTAL}
    for scenario, found in zip(draws.model.scenarios, whys(draws), strict=True):
        assert [each.stage for each in found] == ["contact", "offer", "contract"]
        for each in found:
            parts = each.volume.mean + each.mix.mean + each.rate.mean
            assert parts == pytest.approx(rows[scenario.name, each.stage].difference.mean, abs=1e-9)
    up, _, same = whys(draws)
    # nobody else comes to the first step, and the odds of it rise
    assert (up[0].volume.mean, up[0].mix.mean) == (0.0, 0.0)
    assert up[0].rate.mean > 0
    assert up[1].volume.mean > 0
    assert all(part == up[0].volume for one in same for part in (one.volume, one.mix, one.rate))
