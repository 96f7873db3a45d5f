"""How far hours follow pay: today stays today, and all hours stay accounted for."""

import math

import numpy as np
import pytest
from effort_forms import figures, names_of, pools
from hypothesis import given
from hypothesis import strategies as st

from segrules.sim.effort.allocation import Curves
from segrules.sim.effort.curves import highest_elasticity
from segrules.sim.effort.problems import EffortError
from segrules.sim.effort.response import (
    Then,
    as_observed,
    at_best,
    respond,
    total_effort,
    work,
)

STRENGTHS = st.floats(0.0, 1.0)


@st.composite
def observed(draw):
    """A pool whose hours are not the best under today's pay."""
    count = draw(st.integers(1, 5))
    rate = draw(figures(count, 0.02, 0.9))
    share = draw(figures(count, 0.1, 0.95))
    elasticity = share * np.array([highest_elasticity(p) for p in rate])
    cases, hours = draw(figures(count, 1.0, 300.0)), draw(figures(count, 0.2, 10.0))
    pay = draw(figures(count, 1.0, 500.0))
    return as_observed(cases, hours, rate, elasticity, (names_of(count), pay)), pay


def same(today, pay):
    return Then(today.cases, pay, today.ceiling, today.speed)


@given(observed(), STRENGTHS)
def test_today_is_today_to_the_last_bit(pool, strength):
    today, pay = pool
    hours, rate = work(today, same(today, pay), strength)
    assert np.array_equal(hours, today.hours)
    assert np.array_equal(rate, today.rate)


@given(pools(), STRENGTHS)
def test_the_best_of_today_is_kept_to_the_last_bit(pool, strength):
    cases, pay, curves, hours = pool
    today = at_best(cases, pay, curves, hours)
    there, rate = work(today, same(today, pay), strength)
    assert np.array_equal(there, today.hours)
    assert np.array_equal(rate, today.rate)


@given(observed(), st.data())
def test_without_response_pay_changes_nothing(pool, data):
    today, _ = pool
    other = data.draw(figures(len(today.cases), 1.0, 500.0))
    hours, rate = work(today, same(today, other), 0.0)
    assert np.array_equal(hours, today.hours)
    assert np.array_equal(rate, today.rate)


@given(observed(), STRENGTHS, st.data())
def test_hours_add_up_whatever_changes(pool, strength, data):
    today, _ = pool
    count = len(today.cases)
    then = Then(
        today.cases * data.draw(figures(count, 0.2, 3.0)),
        data.draw(figures(count, 1.0, 500.0)),
        today.ceiling * data.draw(figures(count, 0.5, 1.0)),
        today.speed * data.draw(figures(count, 0.5, 2.0)),
    )
    effort = data.draw(st.floats(0.5, 2.0))
    hours, rate = work(today, then, strength, effort)
    assert np.all(hours >= 0)
    assert np.all((rate >= 0) & (rate <= 1))
    assert then.cases @ hours == pytest.approx(effort * (today.cases @ today.hours), rel=1e-9)


@given(pools(least=2), st.data())
def test_full_response_reaches_what_pays_most(pool, data):
    cases, pay, curves, hours = pool
    today = at_best(cases, pay, curves, hours)
    other = data.draw(figures(len(cases), 0.1, 1000.0))
    ends = at_best(cases, other, curves, hours)
    there, rate = work(today, same(today, other), 1.0)
    assert there == pytest.approx(ends.hours, rel=1e-7, abs=1e-7)
    assert rate == pytest.approx(ends.rate, rel=1e-7, abs=1e-7)


@given(observed(), STRENGTHS, st.floats(0.1, 10.0))
def test_a_rise_for_all_moves_nobody(pool, strength, factor):
    today, pay = pool
    hours, _ = work(today, same(today, factor * pay), strength)
    assert hours == pytest.approx(today.hours, rel=1e-9, abs=1e-9)


@given(observed(), st.data())
def test_the_response_is_in_between(pool, data):
    today, _ = pool
    other = same(today, data.draw(figures(len(today.cases), 1.0, 500.0)))
    full = work(today, other, 1.0)[0]
    assert work(today, other, 0.5)[0] == pytest.approx((today.hours + full) / 2, abs=1e-9)


def test_habits_stay_when_pay_changes():
    # Twice the pay in one segment moves the same hours whatever keeps agents where they are.
    cases, rate, elasticity = np.array([10.0, 20.0]), np.array([0.3, 0.3]), np.array([0.5, 0.5])
    hours = np.array([2.0, 2.0])
    moves = []
    for pay in ([50.0, 50.0], [50.0, 400.0]):
        paid = np.array(pay)
        today = as_observed(cases, hours, rate, elasticity, (names_of(2), paid))
        then = same(today, paid * np.array([2.0, 1.0]))
        moves.append(work(today, then)[0])
    assert moves[0] == pytest.approx(moves[1])
    # k (h - h') = ln 2 between the segments, and 10 h + 20 h' = 60.
    speed = today.speed[0]
    assert moves[0] == pytest.approx(2.0 + math.log(2) / speed * np.array([2 / 3, -1 / 3]))


@given(observed(), STRENGTHS, st.data())
def test_compiled_and_plain_responses_agree(pool, strength, data):
    today, pay = pool
    then = same(today, pay * data.draw(figures(len(pay), 0.5, 2.0)))
    (a, b), (c, d) = np.empty((2, 2, len(pay)))
    assert respond(today, then, strength, 1.1, a, b) == pytest.approx(
        respond.py_func(today, then, strength, 1.1, c, d), abs=1e-12
    )
    assert a == pytest.approx(c, rel=1e-9, abs=1e-9)
    assert b == pytest.approx(d, rel=1e-9, abs=1e-9)


def test_where_nothing_pays_the_kernel_keeps_today():
    today = at_best(np.ones(2), np.ones(2), _curves(), 3.0)
    hours, rate = np.empty(2), np.empty(2)
    assert math.isnan(respond(today, same(today, np.zeros(2)), 1.0, 1.0, hours, rate))
    assert np.array_equal(hours, today.hours)
    assert np.array_equal(rate, today.rate)


def _curves():
    return Curves(names_of(2), np.array([0.5, 0.45]), np.array([0.8, 2.0]))


def test_segments_left_alone_today_wait_until_they_pay():
    # The second segment is worth 0.01 x 0.9 an hour, the first still 0.4 exp(-0.8 x 3) = 0.036.
    today = at_best(np.ones(2), np.array([1.0, 0.01]), _curves(), 3.0)
    assert today.hours[1] == 0.0
    for pay, some in ((0.039, False), (0.042, True)):
        hours, rate = work(today, same(today, np.array([1.0, pay])))
        assert (hours[1] > 0) == some == (rate[1] > 0)


def test_total_effort():
    assert total_effort(110.0, 100.0, 0.0) == 1.0
    assert total_effort(100.0, 100.0, 0.7) == 1.0
    assert total_effort(121.0, 100.0, 0.5) == pytest.approx(1.1)
    assert total_effort(81.0, 100.0, -0.5) == pytest.approx(1 / 0.9)
    assert total_effort(-5.0, 100.0, 0.5) == 0.0


BAD = {
    "a strength above 1": ((1.2, 1.0), "share"),
    "a strength below 0": ((-0.1, 1.0), "share"),
    "a strength that is not a number": ((math.nan, 1.0), "share"),
    "negative hours": ((0.5, -1.0), "no hours"),
}


@pytest.mark.parametrize(("asked", "kind"), BAD.values(), ids=BAD)
def test_responses_that_cannot_be(asked, kind):
    today = at_best(np.ones(2), np.ones(2), _curves(), 3.0)
    with pytest.raises(EffortError) as raised:
        work(today, same(today, np.ones(2)), *asked)
    assert [problem.kind for problem in raised.value.problems] == [kind]


def test_hours_that_today_s_pay_does_not_explain_are_told():
    half = np.full(2, 0.5)
    with pytest.raises(EffortError) as raised:
        as_observed(half, half, half, half, (names_of(2), np.array([10.0, -1.0])))
    (problem,) = raised.value.problems
    assert (problem.kind, problem.where, problem.value) == ("unexplained hours", "segment 1", -1.0)


def test_time_in_abundance_is_no_trouble():
    today = at_best(np.ones(3), np.array([1.0, 5.0, -1.0]), _three(), 1e5)
    assert today.rate == pytest.approx([0.5, 0.45, 0.0])
    for speed in (np.array([0.1, 0.2, 0.1]), np.array([5.0, 9.0, 2.0])):
        then = Then(np.ones(3), np.array([3.0, 0.2, 4.0]), today.ceiling, speed)
        hours, rate = work(today, then)
        assert hours.sum() == pytest.approx(1e5)
        assert rate == pytest.approx([0.5, 0.45, 0.4])


def _three():
    return Curves(names_of(3), np.array([0.5, 0.45, 0.4]), np.array([0.8, 2.0, 1.0]))
