"""Concentration by hand, against formulas written differently, and whatever the order of rows."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from segments_shop import SHOP, TOP_HALF, with_sets

from segrules.lang.types import Money, Number
from segrules.segments.assign import Asked, place
from segrules.segments.concentration import (
    GRID,
    Concentration,
    Counts,
    Point,
    added,
    eta_squared,
    gini,
    herfindahl,
    makers,
    measure,
    reconcile,
    shares_of,
    top_share,
)
from segrules.segments.profile import concentrated, profile, unreconciled
from segrules.text.diagnostic import RulesError

AS_OF = dt.date(2026, 6, 30)
TYPES = {"profit": Money("GBP"), "minutes": Number()}

amounts = st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=60)
numbers = st.lists(st.floats(-1e15, 1e15, allow_nan=False), min_size=1, max_size=60)


def whole(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def measured(profit: list[int | None], minutes: list[float | None] | None = None) -> Concentration:
    """Every second row in segment a, the others in b."""
    frame = pl.DataFrame(
        {
            "profit": pl.Series(profit, dtype=pl.Int64),
            "minutes": pl.Series(minutes or [None] * len(profit), dtype=pl.Float64),
        }
    )
    parts = {"a": frame.gather_every(2), "b": frame.gather_every(2, 1)}
    return measure("profit", TYPES, frame, parts, ["minutes"] if minutes else [])


# ---- by hand


def test_shares_with_a_customer_who_costs() -> None:
    # 60, 30, 20 and 10 make 120; 20 are lost again
    found = shares_of(whole(20, -20, 60, 10, 30))
    assert found is not None
    assert dict(zip(GRID, (point.held for point in found.curve), strict=True)) == {
        Fraction(1, 100): 0.03,
        Fraction(1, 20): 0.15,
        Fraction(1, 10): 0.3,
        Fraction(1, 5): 0.6,
        Fraction(3, 10): 0.75,
        Fraction(2, 5): 0.9,
        Fraction(1, 2): 1.0,
        Fraction(3, 5): 1.1,
        Fraction(7, 10): 1.15,
        Fraction(4, 5): 1.2,
        Fraction(9, 10): 1.1,
        Fraction(1): 1.0,
    }
    assert found.peak == Point(0.8, 1.2)
    assert found.makers == 2
    # ascending -20, 10, 20, 30, 60 by -4, -2, 0, 2, 4 is 360, by 5 times 100
    assert found.gini == pytest.approx(0.72, rel=1e-15)
    assert found.herfindahl == pytest.approx(0.54, rel=1e-15)
    assert found.equals == pytest.approx(1 / 0.54)
    assert (found.loss_of_one, found.loss_of_ten) == (0.6, 1.0)
    assert found.top(Fraction(1, 5)) == 0.6


def test_loss_of_the_largest_ten() -> None:
    found = shares_of(whole(*range(1, 21)))
    assert found is not None
    assert (found.loss_of_one, found.loss_of_ten) == (20 / 210, 155 / 210)
    assert found.peak == Point(1.0, 1.0)


def test_all_equal() -> None:
    found = shares_of(whole(*[700] * 8))
    assert found is not None
    assert [point.held for point in found.curve] == [float(part) for part in GRID]
    assert (found.gini, found.makers) == (0, 7)
    assert (found.herfindahl, found.equals) == (1 / 8, 8)


def test_one_customer() -> None:
    found = shares_of(whole(5))
    assert found is not None
    assert (found.makers, found.gini, found.herfindahl, found.loss_of_one) == (1, 0, 1, 1)
    assert found.top(Fraction(1, 5)) == 0.2


@pytest.mark.parametrize("values", [(), (0,), (-5, 3), (5, -5), (-1, -2)])
def test_no_shares_of_a_total_that_is_not_above_zero(values: tuple[int, ...]) -> None:
    assert shares_of(whole(*values)) is None
    assert math.isnan(gini(whole(*values)))
    assert math.isnan(herfindahl(whole(*values)))
    assert math.isnan(top_share(whole(*values), 0.2))


def test_good_and_bad_are_counted() -> None:
    found = measured([500, -20, 0, None, 70, -30, None])
    assert found.counts == Counts(good=2, bad=2, zero=1, unknown=2)
    assert (found.counts.known, found.counts.rows) == (5, 7)
    assert (found.gains, found.losses, found.total) == (570, -50, 520)
    assert [(part.segment, part.counts, part.total) for part in found.parts] == [
        ("a", Counts(2, 0, 1, 1), 570),
        ("b", Counts(0, 2, 0, 1), -50),
    ]
    assert [part.share for part in found.parts] == [570 / 520, -50 / 520]


def test_nobody_known() -> None:
    found = measured([None, None])
    assert found.counts == Counts(0, 0, 0, 2)
    assert (found.total, found.shares) == (0, None)
    assert [part.share for part in found.parts] == [None, None]


def test_loss_has_no_shares_and_is_not_hidden() -> None:
    found = measured([30, -100], [1.0, 1.0])
    assert (found.gains, found.losses, found.total, found.shares) == (30, -100, -70, None)
    assert [part.share for part in found.parts] == [None, None]
    assert [part.efforts for part in found.parts] == [(0.5,), (0.5,)]


def test_effort_is_split_by_the_sign_of_the_value() -> None:
    found = measured([500, -20, 0, None, 70, -30], [1.0, 6.0, 2.0, 4.0, None, 7.0])
    (effort,) = found.efforts
    assert (effort.good, effort.bad, effort.zero, effort.unknown) == (1, 13, 2, 4)
    assert (effort.total, effort.missing, effort.on_bad) == (20, 1, 0.65)
    assert [part.efforts for part in found.parts] == [(3 / 20,), (17 / 20,)]


def test_value_may_be_its_own_effort() -> None:
    frame = pl.DataFrame({"profit": [500, -20]})
    found = measure("profit", TYPES, frame, {"a": frame}, ["profit"])
    assert (found.efforts[0].good, found.efforts[0].bad) == (500, -20)


@pytest.mark.parametrize("minutes", [[0.0, 0.0], [-3.0, 1.0]])
def test_effort_that_is_not_above_zero_has_no_shares(minutes: list[float | None]) -> None:
    found = measured([500, -20], minutes)
    assert found.efforts[0].on_bad is None
    assert [part.efforts for part in found.parts] == [(None,), (None,)]


# ---- sums


def test_whole_numbers_are_added_beyond_64_bits() -> None:
    values = np.full(20_000, 10**15, dtype=np.int64)
    assert added(values) == 2 * 10**19
    assert added(-values) == -2 * 10**19
    assert top_share(values, Fraction(1, 4)) == 0.25
    assert makers(values) == 16_000


def test_decimal_numbers_are_added_without_loss() -> None:
    assert added(np.array([0.1] * 10)) == 1.0
    assert added(np.array([1e15, 1.0, -1e15])) == 1.0
    assert math.isnan(added(np.array([1e308, 1e308])))
    assert shares_of(np.array([1e308, 1e308])) is None


def test_what_rounding_leaves_is_no_total() -> None:
    assert added(np.array([0.1, 0.2, -0.3])) > 0
    assert shares_of(np.array([0.1, 0.2, -0.3])) is None
    assert math.isnan(gini(np.array([0.1, 0.2, -0.3])))
    assert shares_of(np.array([0.1, 0.2, -0.3, 1e-9])) is not None
    assert shares_of(np.array([1e-300])) is not None


@given(amounts)
def test_sum_is_that_of_whole_numbers(values: list[int]) -> None:
    assert added(whole(*values)) == sum(values)


@given(numbers, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(values: list[float], luck: object) -> None:
    shuffled = list(values)
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    assert shares_of(np.array(values)) == shares_of(np.array(shuffled))
    groups = [values[::2], values[1::2]]
    turned = [group[::-1] for group in groups]
    assert eta_squared(list(map(np.array, groups))) == eta_squared(list(map(np.array, turned)))


# ---- against other formulas


@given(
    st.lists(st.integers(-50, 200), min_size=1, max_size=40).filter(lambda found: sum(found) > 0)
)
def test_against_definitions(values: list[int]) -> None:
    made, total = np.array(values, dtype=np.int64), sum(values)
    pairs = np.abs(np.subtract.outer(made, made)).sum()
    assert gini(made) == pytest.approx(pairs / (2 * len(values) * total), rel=1e-12, abs=1e-12)
    assert herfindahl(made) == pytest.approx(sum(each**2 for each in values) / total**2)
    ordered = sorted(values, reverse=True)
    sums = [sum(ordered[: at + 1]) for at in range(len(ordered))]
    assert makers(made) == next(at + 1 for at, held in enumerate(sums) if 5 * held >= 4 * total)
    found = shares_of(made)
    assert found is not None
    assert found.peak.held == max(sums) / total
    corners = np.arange(len(values) + 1) / len(values)
    lorenz = np.interp([float(part) for part in GRID], corners, np.array([0, *sums]) / total)
    assert [point.held for point in found.curve] == pytest.approx(list(lorenz), rel=1e-12)


def test_explained_variance_against_the_test_of_fisher() -> None:
    luck = np.random.default_rng(7)
    groups = [luck.normal(mean, 3, size) for mean, size in ((0, 40), (2, 25), (5, 10))]
    found = eta_squared(groups)
    assert found is not None
    # F compares what lies between the groups with what lies within them
    ratio = (found / 2) / ((1 - found) / (75 - 3))
    assert ratio == pytest.approx(stats.f_oneway(*groups).statistic, rel=1e-12)


def test_explained_variance_by_hand() -> None:
    # means 2 and 8, all 5: between 4 * 9 = 36, within 4 * 1
    assert eta_squared([whole(1, 3), whole(7, 9)]) == 0.9
    assert eta_squared([whole(1, 3), whole(), whole(7, 9)]) == 0.9
    assert eta_squared([whole(1, 9), whole(1, 9)]) == 0
    assert eta_squared([whole(4, 4), whole(6)]) == 1


@pytest.mark.parametrize(
    "groups",
    [
        [],
        [np.array([])],
        [np.array([3.0])],
        [np.array([0.1, 0.1, 0.1])],
        [np.array([1e200, 0])],
        [np.array([1e-200, 0.0])],
    ],
    ids=["none", "empty", "one", "equal", "huge", "tiny"],
)
def test_nothing_to_explain(groups: list[np.ndarray]) -> None:
    assert eta_squared(groups) is None


# ---- over a table


def customers(spend: list[float | None], points: list[int | None]) -> dict[str, pl.DataFrame]:
    rows = len(spend)
    return {
        "customers": pl.DataFrame(
            {
                "customer_id": [f"C{at:03}" for at in range(rows)],
                "spend": pl.Series(spend, dtype=pl.Float64),
                "points": pl.Series(points, dtype=pl.Int64),
                "salary": pl.Series([None] * rows, dtype=pl.Int64),
                "joined": [dt.date(2026, 1, 1)] * rows,
            }
        )
    }


def test_of_a_profile() -> None:
    frames = customers([300, 100, 50, -50, None], [10, 20, 600, 30, None])
    rules = with_sets(SHOP, *SHOP.sets, TOP_HALF)
    placement = place(rules, "customers", frames, Asked(AS_OF))
    short = profile(placement, "value", ["spend"])
    found = concentrated(placement, short, ["spend"], ["points"])
    (spend,) = found.concentration
    assert (spend.gains, spend.losses, spend.counts) == (45_000, -5_000, Counts(3, 1, 0, 1))
    assert [(part.segment, part.counts.rows, part.share) for part in spend.parts] == [
        ("high", 2, 1.0),
        ("keen", 1, 0.125),
        ("low", 1, -0.125),
        ("unclear", 1, 0),
    ]
    assert sum(part.total for part in spend.parts) == spend.total
    assert spend.efforts[0].on_bad == 30 / 660
    # 300, 100, 50 and -50 are 65_000 squared pounds around their mean of 100; by value (means 200,
    # 50, -50) 45_000 lie between the segments, by rank (means 200 and 0) 40_000
    assert spend.explained == {
        "value": pytest.approx(45 / 65, rel=1e-15),
        "rank": pytest.approx(40 / 65, rel=1e-15),
    }
    assert found.findings == ()
    assert concentrated(placement, short, []).concentration == short.concentration


def test_a_total_below_zero_is_said() -> None:
    placement = place(SHOP, "customers", customers([-3, 1], [None, None]), Asked(AS_OF))
    short = profile(placement, "value", ["spend"])
    assert short.findings == ()
    found = concentrated(placement, short, ["spend", "points"])
    assert [(each.code, each.severity) for each in found.findings] == [("SEG476", "warning")] * 2
    assert "is not above zero" in found.findings[0].message
    assert "no row of `customers` has a known `points`" in found.findings[1].message
    assert found.concentration[0].losses == -300


def test_names_must_be_numbers() -> None:
    placement = place(SHOP, "customers", customers([1], [1]), Asked(AS_OF))
    short = profile(placement, "value", ["spend"])
    for names, effort, code in ((["spent"], [], "SEG418"), (["spend"], ["joined"], "SEG421")):
        with pytest.raises(RulesError) as raised:
            concentrated(placement, short, names, effort)
        assert [found.code for found in raised.value.diagnostics] == [code]


# ---- ledgers


@pytest.mark.parametrize(
    ("total", "ledger", "within"),
    [
        (10_000, 10_000, True),
        (10_050, 10_000, True),
        (9_950, 10_000, True),
        (10_051, 10_000, False),
        (9_949, 10_000, False),
        (-10_050, -10_000, True),
        (-10_051, -10_000, False),
        (0, 0, True),
        (1, 0, False),
    ],
)
def test_within_tolerance(total: int, ledger: int, within: bool) -> None:
    found = reconcile(total, ledger, Fraction(1, 200))
    assert (found.within, found.difference) == (within, total - ledger)


def test_both_sides_are_stated() -> None:
    found = unreconciled("profit", reconcile(1_234_567_89, 1_300_000_00, Fraction(1, 200)), 2, 0)
    assert (found.code, found.severity) == ("SEG475", "warning")
    assert found.message == (
        "`profit` adds up to 1_234_567.89, which is 65_432.11 below its ledger of 1_300_000.00; "
        "the tolerance is 0.5%"
    )
    assert found.hint is not None
    assert found.hint.startswith("look for rows")
    more = unreconciled("profit", reconcile(-5, -4, Fraction(0)), 0, 3)
    assert "adds up to -5, which is 1 below its ledger of -4; the tolerance is 0%" in more.message
    assert more.hint == "3 rows without it are not in the sum: fill in what is missing"
