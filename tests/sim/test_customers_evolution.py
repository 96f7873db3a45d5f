"""How columns change, one kind of change at a time, and the luck they share."""

import math

import numpy as np
import pytest
from customers_forms import FIRST, days, rules

from segrules.backends.kernel.values import EPOCH_DAY, Vector
from segrules.sim.customers import kernels
from segrules.sim.customers.evolution import (
    Accumulate,
    Age,
    Bounds,
    Drift,
    Respond,
    SaleDay,
    SinceSale,
    Step,
    Switch,
)
from segrules.sim.customers.kernels import Here, Luck, State
from segrules.sim.customers.luck import Moment, key_of, normals, uniforms
from segrules.sim.customers.model import Model, Population, customer_words, rates_of
from segrules.sim.customers.pack import changes_of
from segrules.sim.draws import normal_quantile
from segrules.sim.uniforms import FIRST as FIRST_ATTEMPT
from segrules.sim.uniforms import two_uniforms

COUNT = 20_000
RULES = rules(
    text='segments tier of customers {\n  top "T" when age >= 60\n  otherwise base "B"\n}\n'
)
TOP, BASE, NOWHERE, GONE, COMING = range(5)
WORDS = customer_words(map(str, range(COUNT)))


def evolved(evolution, before, *, segment=BASE, sales=0, turn=(1.0, 1.0, 1.0)):
    """The column after a period, for customers in a segment who bought so often for 30 each."""
    column = np.broadcast_to(np.asarray(before, np.float64), COUNT)
    people = Population(
        WORDS, {evolution.column: Vector(column), "age": Vector(np.full(COUNT, 30))}
    )
    flat = rates_of(1, np.zeros(2), np.zeros((2, 1)), np.zeros(2))
    model = Model(people, RULES, days(1), flat, (evolution,))
    changes = changes_of(model)
    moment = Moment(np.uint64(4), np.uint64(0), np.uint64(0))
    luck = Luck(*(np.empty(COUNT) for _ in range(2)), np.empty((1, COUNT)), np.empty(COUNT))
    none = np.empty(0)
    here = Here(WORDS, none, none.astype(np.int64), none, -1, moment, luck)
    kernels.draw_luck(WORDS, moment, changes, luck)
    state = State(
        np.full(COUNT, segment, np.int16), column[None].copy(), np.full(COUNT, sales, np.int32),
        np.full(COUNT, sales * 30), none, none, np.zeros((0, COUNT), np.bool_), none,
    )  # fmt: skip
    kernels.evolve(changes, here, np.array(turn), float((FIRST - EPOCH_DAY).days), state)
    return state.values[0]


def all_are(values, wanted):
    assert np.array_equal(values, np.full(COUNT, wanted), equal_nan=True), values[:5]


def test_age_and_recency():
    all_are(evolved(Age("x", 2.0), 5.0), 7.0)
    all_are(evolved(Age("x", 2.0, Bounds(0, 6)), 5.0), 6.0)
    all_are(evolved(Age("x"), np.nan), np.nan)
    all_are(evolved(Age("x"), 5.0, segment=COMING), 5.0)
    all_are(evolved(SinceSale("x"), 5.0), 6.0)
    all_are(evolved(SinceSale("x"), 5.0, sales=2), 0.0)
    all_are(evolved(SinceSale("x"), np.nan), np.nan)
    all_are(evolved(SinceSale("x"), np.nan, sales=1), 0.0)
    all_are(evolved(SaleDay("x"), np.nan, sales=1), (FIRST - EPOCH_DAY).days)
    all_are(evolved(SaleDay("x"), 12.0), 12.0)


def test_running_totals():
    all_are(evolved(Accumulate("x"), 5.0, sales=2), 7.0)
    all_are(evolved(Accumulate("x", "revenue", keep=0.5), 8.0, sales=2), 64.0)
    all_are(evolved(Accumulate("x", keep=0.5, whole=True), 5.0, sales=1), 4.0)
    all_are(evolved(Accumulate("x"), np.nan, sales=2), 2.0)
    all_are(evolved(Accumulate("x"), np.nan), np.nan)
    all_are(evolved(Accumulate("x", keep=0.5), 4.0, segment=NOWHERE), 2.0)
    all_are(evolved(Accumulate("x", keep=0.5), 4.0, segment=COMING), 4.0)


def near(values, mean, sd):
    error = sd / math.sqrt(COUNT)
    assert abs(values.mean() - mean) < 4 * error
    assert values.std() == pytest.approx(sd, rel=0.03)


def test_walks_by_segment_within_bounds():
    walk = Drift("x", np.array([0.0, 1.5]), np.array([0.0, 0.4]))
    near(evolved(walk, 10.0), 11.5, 0.4)
    all_are(evolved(walk, 10.0, segment=TOP), 10.0)
    all_are(evolved(walk, 10.0, segment=NOWHERE), 10.0)
    bounded = evolved(Drift("x", 0.0, 2.0, Bounds(9.0, 10.5)), 10.0)
    assert bounded.min() == 9.0
    assert bounded.max() == 10.5
    whole = evolved(Drift("x", 0.0, 2.0, whole=True), 10.0)
    assert np.array_equal(whole, np.rint(whole))
    assert len(set(whole)) > 5
    growth = evolved(Drift("x", 0.1, 0.5, relative=True), 10.0)
    near(growth, 10 * math.exp(0.1), 10 * math.exp(0.1) * math.sqrt(math.expm1(0.25)))


def test_steps_and_chains():
    stepped = evolved(Step("x", np.array([1.0, 0.3]), 2.0, Bounds(0, 100)), 4.0)
    assert set(stepped) == {4.0, 6.0}
    near((stepped - 4.0) / 2.0, 0.3, math.sqrt(0.21))
    all_are(evolved(Step("x", np.array([1.0, 0.3]), 2.0), 4.0, segment=TOP), 6.0)
    chain = np.array([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.0, 0.0, 1.0]])
    switched = evolved(Switch("x", chain), 1.0)
    for place, share in enumerate(chain[1]):
        near((switched == place).astype(float), share, math.sqrt(share * (1 - share)))
    all_are(evolved(Switch("x", chain), 2.0), 2.0)
    all_are(evolved(Switch("x", chain), np.nan), np.nan)


def test_answers_to_a_price():
    answer = Respond("x", np.array([0.0, -2.0]))
    all_are(evolved(answer, 8.0, turn=(1.0, 2.0, 1.0)), 2.0)
    all_are(evolved(answer, 8.0, segment=TOP, turn=(2.0, 1.0, 1.0)), 8.0)
    all_are(evolved(answer, 8.0), 8.0)


def test_luck_is_that_of_single_draws():
    moment = Moment(np.uint64(2**63 + 9), np.uint64(7), np.uint64(3))
    words = WORDS[:500]
    first, second = np.empty(500), np.empty(500)
    uniforms(words, moment, np.uint64(99), first, second)
    for at, each in enumerate(words):
        key = key_of.py_func(each, moment, np.uint64(99))
        assert two_uniforms(key, FIRST_ATTEMPT) == (first[at], second[at])
    grid = np.concatenate([first, [0.075, 0.925, np.nextafter(0.925, 1), 1e-300, 1 - 2**-53]])
    made = np.empty(len(grid))
    normals(grid, made)
    assert made.tolist() == [normal_quantile(each) for each in grid]


def test_customers_whose_words_differ_above_have_luck_of_their_own():
    words = np.array([5, 5 + 2**32, 5 + 2**40], np.uint64)
    moment = Moment(np.uint64(1), np.uint64(0), np.uint64(0))
    drawn = np.empty(3)
    uniforms(words, moment, np.uint64(1), drawn, drawn[:0])
    assert len(set(drawn.tolist())) == 3


def test_words_follow_the_key():
    assert customer_words(["b", "a"])[1] == customer_words(["a"])[0]
    assert int(customer_words(["a"])[0]) == 0xCA978112CA1BBDCA
