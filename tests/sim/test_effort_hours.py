"""Hours shared in the agents' interest, and curves drawn from what people can judge."""

import math

import numpy as np
import pytest
from effort_forms import figures, names_of, pools
from hypothesis import assume, given
from hypothesis import strategies as st

from segrules.sim.effort.allocation import Curves, allocate, allot, share_out, spent
from segrules.sim.effort.curves import (
    bend,
    curves_of,
    elasticity_at,
    elicit,
    highest_elasticity,
)
from segrules.sim.effort.problems import EffortError


def kinds(raised):
    return [problem.kind for problem in raised.value.problems]


@given(pools())
def test_hours_add_up_and_none_is_negative(pool):
    cases, pay, curves, hours = pool
    best = allot(cases, pay, curves, hours)
    assert np.all(best.hours >= 0)
    assert cases @ best.hours == pytest.approx(hours, rel=1e-9, abs=1e-9)


@given(pools())
def test_an_hour_pays_the_same_wherever_one_is_spent(pool):
    cases, pay, curves, hours = pool
    best = allot(cases, pay, curves, hours)
    marginal = pay * curves.ceiling * curves.speed * np.exp(-curves.speed * best.hours)
    given_some = best.hours > 0
    # With very many hours the price of one more is next to nothing, but not less exact.
    assert marginal[given_some] == pytest.approx(np.full(given_some.sum(), best.price), rel=1e-6)
    assert np.all(marginal[~given_some] <= best.price * (1 + 1e-9))


@given(pools(least=2), st.floats(1e-3, 1e3))
def test_only_ratios_of_pay_matter(pool, factor):
    cases, pay, curves, hours = pool
    first = allot(cases, pay, curves, hours).hours
    assert allot(cases, factor * pay, curves, hours).hours == pytest.approx(
        first, rel=1e-8, abs=1e-8
    )


@given(pools(least=2), st.floats(1.01, 10.0))
def test_better_paid_segments_get_no_less_and_the_others_no_more(pool, factor):
    cases, pay, curves, hours = pool
    before = allot(cases, pay, curves, hours).hours
    raised = pay.copy()
    raised[0] *= factor
    after = allot(cases, raised, curves, hours).hours
    rounding = 1e-9 * (1 + before)
    assert after[0] >= before[0] - rounding[0]
    assert np.all(after[1:] <= before[1:] + rounding[1:])
    if 1e-6 < before[0] < hours / cases[0] * (1 - 1e-6):
        assert after[0] > before[0]


@given(pools(least=2), st.data())
def test_pay_in_proportion_to_margin_is_the_best_for_the_firm(pool, data):
    cases, margin, curves, hours = pool
    other = data.draw(figures(len(cases), 0.1, 1000.0))

    def brought(pay):
        return cases * margin @ curves.sold(allot(cases, pay, curves, hours).hours)

    assert brought(0.02 * margin) >= brought(other) * (1 - 1e-12)


def test_pay_out_of_proportion_costs_the_firm():
    curves = Curves(names_of(2), np.array([0.5, 0.45]), np.array([0.8, 2.0]))
    cases, margin = np.array([40.0, 160.0]), np.array([1000.0, 250.0])

    def brought(pay):
        return cases * margin @ curves.sold(allot(cases, pay, curves, 160.0).hours)

    best = brought(margin)
    for tilt in (0.5, 0.9, 1.1, 2.0):
        assert brought(margin * np.array([1.0, tilt])) < best - 1.0


@given(pools(), st.booleans())
def test_compiled_and_plain_kernels_agree(pool, from_somewhere):
    cases, pay, curves, hours = pool
    worth = pay * curves.ceiling * curves.speed
    start = np.full(len(cases), 0.7 * from_somewhere)
    compiled, plain = start.copy(), start.copy()
    a = share_out(cases, worth, curves.speed, hours, compiled)
    b = share_out.py_func(cases, worth, curves.speed, hours, plain)
    assert plain == pytest.approx(compiled, rel=1e-9, abs=1e-9)
    assert a == pytest.approx(b, rel=1e-12, abs=1e-12)


@given(pools())
def test_equal_worths_leave_the_start_to_the_last_bit(pool):
    cases, _, curves, _ = pool
    start = curves.ceiling * 3.1
    out = start.copy()
    for worth in (1.0, 0.3):
        level = share_out(cases, np.full(len(cases), worth), curves.speed, spent(cases, start), out)
        assert level == math.log(worth)
        assert np.array_equal(out, start)


TWO = Curves(names_of(2), np.array([0.5, 0.45]), np.array([0.8, 2.0]))
ONES = np.ones(2)


def test_no_hours_are_shared_as_none():
    best = allot(ONES, ONES, TWO, 0.0)
    assert np.array_equal(best.hours, np.zeros(2))
    assert best.price == pytest.approx(0.9)


def test_one_segment_gets_all_hours():
    one = Curves(names_of(1), np.array([0.5]), np.array([0.8]))
    assert allot(np.array([4.0]), np.array([7.0]), one, 10.0).hours == pytest.approx([2.5])


def test_what_pays_nothing_gets_nothing():
    for nothing in (0.0, -5.0):
        best = allot(ONES, np.array([3.0, nothing]), TWO, 10.0)
        assert best.hours == pytest.approx([10.0, 0.0])


def test_segments_without_cases_take_no_hours_and_have_a_price():
    best = allot(np.array([4.0, 0.0]), ONES, TWO, 10.0)
    assert best.hours[0] == pytest.approx(2.5)
    assert best.hours[1] == pytest.approx(math.log(0.45 * 2.0 / best.price) / 2.0)


def test_very_few_and_very_many_hours():
    assert allot(ONES, ONES, TWO, 1e-300).hours.sum() <= 1e-15
    assert allot(ONES, ONES, TWO, 1e9).hours.sum() == pytest.approx(1e9)


def test_kernel_has_no_answer_where_nothing_pays():
    out = np.array([1.0, 2.0])
    assert math.isnan(share_out(ONES, np.zeros(2), TWO.speed, 5.0, out))
    assert np.array_equal(out, [1.0, 2.0])
    assert math.isnan(allocate(np.zeros(2), ONES, TWO.speed, 5.0, out))
    assert np.array_equal(out, [0.0, 0.0])


REFUSED = {
    "a plan that pays nothing": ((ONES, np.array([0.0, -1.0]), TWO, 5.0), "pays nothing", 0.0),
    "pay only where there are no cases": (
        (np.array([0.0, 1.0]), np.array([5.0, 0.0]), TWO, 5.0),
        "pays nothing",
        0.0,
    ),
    "negative hours": ((ONES, ONES, TWO, -5.0), "no hours", -5.0),
    "endless hours": ((ONES, ONES, TWO, math.inf), "no hours", math.inf),
    "negative cases": ((np.array([1.0, -2.0]), ONES, TWO, 5.0), "negative", -2.0),
    "no cases": ((np.zeros(2), ONES, TWO, 5.0), "no cases", 0.0),
    "one figure of pay for two": ((ONES, np.ones(1), TWO, 5.0), "count of figures", 1.0),
    "a ceiling above 1": (
        (ONES, ONES, Curves(names_of(2), np.array([0.5, 1.2]), ONES), 5.0),
        "ceiling",
        1.2,
    ),
    "a speed of 0": (
        (ONES, ONES, Curves(names_of(2), ONES, np.array([0.0, 1.0])), 5.0),
        "negative",
        0.0,
    ),
}


@pytest.mark.parametrize(("asked", "kind", "value"), REFUSED.values(), ids=REFUSED)
def test_figures_that_cannot_be_used(asked, kind, value):
    with pytest.raises(EffortError) as raised:
        allot(*asked)
    assert kinds(raised) == [kind]
    problem = raised.value.problems[0]
    assert problem.value == value
    assert problem.advice
    assert f"{problem.value:g}" in str(problem)


def test_pay_that_is_not_a_number():
    with pytest.raises(EffortError) as raised:
        allot(ONES, np.array([1.0, math.nan]), TWO, 5.0)
    assert kinds(raised) == ["not a number"]
    assert raised.value.problems[0].where == "segment 1"


@given(st.floats(0.001, 0.999))
def test_bend_has_the_elasticity_asked_for(elasticity):
    for function in (bend, bend.py_func):
        assert elasticity_at(function(elasticity)) == pytest.approx(elasticity, rel=1e-10)


@given(st.floats(0.01, 0.99), st.floats(0.1, 20.0), st.floats(0.01, 0.99))
def test_curves_pass_through_today_with_the_elasticity(elasticity, hours, rate):
    assume(elasticity <= highest_elasticity(rate) * (1 - 1e-9))
    curves = curves_of(("one",), *(np.array([v]) for v in (elasticity, hours, rate)))
    assert curves.sold(np.array([hours]))[0] == pytest.approx(rate, rel=1e-12)
    more = curves.sold(np.array([hours * 1.0001]))[0]
    assert math.log(more / rate) / math.log(1.0001) == pytest.approx(elasticity, rel=1e-3)


def test_at_the_highest_elasticity_the_ceiling_is_everybody():
    for rate in (0.05, 0.27, 0.6, 0.95):
        ceiling, _ = elicit(highest_elasticity(rate), 2.0, rate)
        assert ceiling == pytest.approx(1.0, rel=1e-9)


UNDRAWN = {
    "no elasticity": ((0.0, 2.0, 0.3), "elasticity"),
    "an elasticity of 1": ((1.0, 2.0, 0.3), "elasticity"),
    "an elasticity below 0": ((-0.5, 2.0, 0.3), "elasticity"),
    "an elasticity that is not a number": ((math.nan, 2.0, 0.3), "elasticity"),
    "negative hours": ((0.5, -2.0, 0.3), "negative"),
    "no hours": ((0.5, 0.0, 0.3), "no hours"),
    "a rate of 0": ((0.5, 2.0, 0.0), "share"),
    "a rate of 1": ((0.5, 2.0, 1.0), "share"),
    "more than everybody": ((0.9, 2.0, 0.6), "ceiling"),
}


@pytest.mark.parametrize(("asked", "kind"), UNDRAWN.values(), ids=UNDRAWN)
def test_curves_that_cannot_be_drawn(asked, kind):
    with pytest.raises(EffortError) as raised:
        curves_of(("one",), *(np.array([v]) for v in asked))
    assert kinds(raised) == [kind]
    assert raised.value.problems[0].where == "one"


def test_all_problems_of_all_segments_are_told():
    with pytest.raises(EffortError) as raised:
        curves_of(("one", "two"), np.array([2.0, 0.5]), np.array([1.0, -1.0]), ONES)
    assert kinds(raised) == ["elasticity", "share", "negative", "share"]
