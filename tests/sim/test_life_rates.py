"""What is learned of a life's past: on pasts of known truth."""

import datetime as dt
import math
from fractions import Fraction

import numpy as np
import pytest
from life_forms import AS_OF, column, life, rules, tables

from segrules.lang import ir
from segrules.segments.concentration import gini, top_share
from segrules.sim.customers.figures import drawn
from segrules.sim.customers.outcome import past_moves
from segrules.sim.customers.rates import learn
from segrules.sim.customers.sales import Sales, _starts, placed_on, sales_of
from segrules.sim.customers.spread import spread_of
from segrules.text.diagnostic import RulesError

MONTHS = tuple(dt.date(2025 + at // 12, at % 12 + 1, 1) for at in range(12))
RATE = np.array([2.0, 0.5, 0.1])
VALUE = np.array([9_000.0, 4_000.0, 1_500.0])
LIFE = ir.Life("x", "c", "s", None, (), (), (), ())  # type: ignore[arg-type]


def past(count=3_000, *, shape=None, seed=1, season=None, switch=0.05):
    """A past of twelve months in which customers now and then change their segment."""
    luck = np.random.default_rng(seed)
    season = np.ones(12) if season is None else season
    eager = np.ones(count) if shape is None else luck.gamma(shape, 1 / shape, count)
    place = luck.integers(0, 3, count)
    segment, number, value, squares = [], [], [], []
    for month in range(12):
        moves = luck.random(count) < switch
        place = np.where(moves, luck.integers(0, 3, count), place)
        sold = luck.poisson(RATE[place] * eager * season[month])
        paid = [luck.gamma(4.0, VALUE[s] / 4.0, n) for s, n in zip(place, sold, strict=True)]
        segment.append(place.astype(np.int16))
        number.append(sold)
        value.append(np.array([each.sum() for each in paid]))
        squares.append(np.array([(each**2).sum() for each in paid]))
    counts = np.array(number)
    return Sales(
        MONTHS, np.ones(12), np.array(segment), place.astype(np.int16), counts, np.array(value),
        counts, np.array(squares), counts.sum(axis=1), {},
    ), eager  # fmt: skip


def learned(sales, runs=400):
    return learn(LIFE, sales, ("a", "b", "c"), seed=5, runs=runs)


def test_rates_and_values_are_found_again():
    for seed in (1, 2):
        found = learned(past(seed=seed)[0])
        for draws, truth in ((found.leads, RATE), (found.value, VALUE)):
            error = draws.std(axis=0)
            assert (error < 0.05 * truth).all()
            assert (np.abs(draws.mean(axis=0) - truth) <= 4 * error).all()
        assert found.rate == pytest.approx(found.leads.mean(axis=0), rel=0.01)
        assert found.spread == pytest.approx(math.sqrt(math.log1p(0.25)), rel=0.1)
        assert (found.weight > 0.9).all()
        assert found.shape is None or found.shape > 30


def test_intervals_of_rates_hold_the_truth():
    """Of 60 pasts with customers who differ, the 80% intervals hold about 80% of the rates."""
    inside = 0
    for seed in range(20):
        found = learned(past(600, shape=2.0, seed=100 + seed, switch=0.3)[0], runs=200)
        low, high = np.quantile(found.leads, (0.1, 0.9), axis=0)
        inside += int(((low <= RATE) & (high >= RATE)).sum())
    assert 38 <= inside <= 58


def test_customers_who_differ_are_told_from_segments_that_do():
    sales, eager = past(shape=1.5, switch=0.2)
    found = learned(sales)
    assert found.shape == pytest.approx(1.5, rel=0.15)
    assert found.rate == pytest.approx(RATE, rel=0.1)
    assert np.corrcoef(found.eagerness, eager)[0, 1] > 0.7
    # what they bought adds up by what is expected of them
    expected = sum(
        (found.rate[place] * found.eagerness).sum() for place in sales.segment
    )  # fmt: skip
    assert expected == pytest.approx(sales.count.sum(), rel=1e-3)


def test_the_season_is_that_of_the_calendar():
    season = np.ones(12)
    season[11], season[1] = 2.0, 0.4
    found = learned(past(season=season)[0]).by_calendar
    assert found is not None
    assert found[11] / found[5] == pytest.approx(2.0, rel=0.1)
    assert found[1] / found[5] == pytest.approx(0.4, rel=0.1)


def test_a_short_past_has_no_season_and_says_so():
    sales, _ = past()
    short = Sales(
        sales.months[7:], sales.weights[7:], sales.segment[7:], sales.now, sales.count[7:],
        sales.value[7:], sales.known[7:], sales.squares[7:], sales.by_month[7:], {},
    )  # fmt: skip
    found = learned(short)
    assert found.by_calendar is None
    assert any("5 of the last 12 complete months" in note for note in found.notes)


def test_what_loses_money_and_what_is_not_known_is_said():
    sales, _ = past()
    place = sales.segment
    losing = np.where(place == 2, -np.abs(sales.value), sales.value)
    found = learned(Sales(**(vars(sales) | {"value": losing})))
    assert (found.value[:, 2] == 0).all()
    assert any("sales in c bring nothing" in note for note in found.notes)
    moved = np.where(place == 1, 0, place).astype(np.int16)
    found = learned(Sales(**(vars(sales) | {"segment": moved})))
    assert any(note.startswith("nobody was in b before") for note in found.notes)
    assert any("no sale yet in b" in note for note in found.notes)
    assert np.isfinite(found.leads).all()
    assert found.weight[1] < 0.01


# ---- from rows


def test_sales_are_counted_by_customer_month_and_segment():
    made = rules()
    given = tables(60)
    placement = made.place(given, as_of=AS_OF, table="customers")
    buying = life(placement.ruleset)
    keys = given["customers"]["id"].to_list()
    tier = placement.ruleset.set("tier")
    sales = sales_of(placement, buying, tier, keys, 3)
    assert sales.months[0] == dt.date(2025, 7, 1)
    assert sales.weights.tolist() == [1.0] * 4
    rows = given["orders"].to_dicts()
    for at, first in enumerate(sales.months[::3]):
        months = {each.strftime("%Y-%m") for each in sales.months[3 * at : 3 * at + 3]}
        mine = [row for row in rows if row["day"][:7] in months]
        for place, key in enumerate(keys):
            wanted = [row for row in mine if row["id"] == key]
            assert sales.count[at, place] == len(wanted)
            amounts = [round(100 * float(row["amount"])) for row in wanted]
            assert sales.value[at, place] == sum(amounts)
            assert sales.squares[at, place] == sum(each**2 for each in amounts)
        # the segment is that of the day before, by what was known then
        then = made.assign(given, as_of=first - dt.timedelta(days=1), table="customers")
        names = dict(then.select("id", "tier").iter_rows())
        assert [tier.segments[each] for each in sales.segment[at]] == [names[key] for key in keys]
    goods, known = sales.cost["goods"]
    assert goods.sum() == pytest.approx(0.4 * sales.value.sum(), rel=0.01)
    assert np.array_equal(known, sales.count)
    moves = past_moves(sales, 3)
    assert moves.sum() == 4 * 60
    assert moves[0, 0] == sum(
        ((a == 0) & (b == 0)).sum()
        for a, b in zip(
            sales.segment, [*sales.segment[1:], placed_on(placement, tier, keys, AS_OF)],
            strict=True,
        )
    )  # fmt: skip


def test_periods_are_counted_back_from_the_last_month():
    assert _starts(range(12), 3) == [0, 3, 6, 9]
    assert _starts(range(11), 3) == [0, 2, 5, 8]
    assert _starts(range(12), 12) == [0]
    assert _starts(range(5), 12) == [0]
    assert _starts(range(3), 1) == [0, 1, 2]


def test_a_past_without_sales_is_refused():
    made = rules()
    given = tables(60)
    late = AS_OF.replace(year=2031)
    placement = made.place(given, as_of=late, table="customers")
    buying = life(placement.ruleset)
    tier = placement.ruleset.set("tier")
    with pytest.raises(RulesError) as caught:
        sales_of(placement, buying, tier, given["customers"]["id"].to_list(), 1)
    (found,) = caught.value.diagnostics
    assert "from 2030-07-01 on" in found.message
    assert column(placement.ruleset, "amount") == buying.value


# ---- assumptions


def test_multipliers_are_drawn_by_their_logarithm_and_the_rest_evenly():
    def stated(name, role, low, high):
        return ir.Assumption(name, "", role, low, high, "judgement", "", "Sales", None)

    found = drawn(
        [stated("factor", "factor", 0.25, 4.0), stated("odds", "odds", 0.25, 4.0),
         stated("amount", "amount", 0.25, 4.0), stated("fixed", "share", 0.3, 0.3)],
        7, 20_000,
    )  # fmt: skip
    assert np.median(found["factor"]) == pytest.approx(1.0, abs=0.05)
    assert np.median(found["odds"]) == pytest.approx(1.0, abs=0.05)
    assert np.median(found["amount"]) == pytest.approx(2.125, abs=0.05)
    assert (found["fixed"] == 0.3).all()
    assert not np.array_equal(found["factor"], found["odds"])
    alone = drawn([stated("amount", "amount", 0.25, 4.0)], 7, 100)["amount"]
    assert np.array_equal(alone, found["amount"][:100])


def test_the_spread_of_profit_is_that_of_a_profile():
    luck = np.random.default_rng(2)
    for profit in (luck.gamma(0.5, 900.0, 137), luck.normal(300.0, 900.0, 1_000), np.ones(7)):
        whole = np.rint(profit).astype(np.int64)
        wanted = [gini(whole), top_share(whole, Fraction(1, 10)), top_share(whole, Fraction(1, 5)),
                  whole.max() / whole.sum()]  # fmt: skip
        assert spread_of(luck.permutation(profit)) == pytest.approx(wanted, rel=1e-12)
    assert np.isnan(spread_of(np.array([5.0, -5.0]))).all()
