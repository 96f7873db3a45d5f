"""Which method answers for a situation, why, and what has no answer."""

import math

import numpy as np
import pytest

from segrules.sim.events.checks import faults
from segrules.sim.events.model import Centre, CustomerClass, Exponential, Pool, Route
from segrules.sim.queues.answer import Answer, answer
from segrules.sim.queues.calls import (
    CallLog,
    Part,
    estimate,
    kaplan_meier,
    match_agents,
    patience_of,
    patience_quantiles,
    seen,
)
from segrules.sim.queues.choice import Choice, choose
from segrules.sim.queues.erlang import ErlangC
from segrules.sim.queues.fault import Fault
from segrules.sim.queues.patience import ErlangA
from segrules.sim.queues.situation import Line, Situation, Team

CALLS = Line("calls", 48.0, 1.0, patience=2.0)
ENDLESS = Line("calls", 45.0, 1.0)
ALL = (("calls", 1.0),)


def one(line=CALLS, agents=50, **terms):
    return Situation((line,), (Team("agents", agents, ALL),), **terms)


def ranks(agents=8, **terms):
    lines = (Line("high", 2.0, 1.0, rank=0), Line("low", 5.0, 1.0, rank=1))
    return Situation(lines, (Team("agents", agents, (("high", 1.0), ("low", 1.0))),), **terms)


def overlapping(generalists=5, patience=5.0):
    lines = (Line("A", 2.0, 1.0, patience=10 / 3), Line("B", 4.0, 1.0, patience=patience))
    special = Team("special", 2, (("A", 0.8),))
    general = Team("general", generalists, (("A", 0.5), ("B", 1.0)))
    return Situation(lines, (special, general))


@pytest.mark.parametrize(
    ("situation", "method", "why"),
    [
        (one(), "erlang-a", "customers who give up"),
        (one(ENDLESS), "erlang-c", "0.0% give up"),
        (one(Line("calls", 45.0, 1.0, lost=0.02)), "erlang-c", "2.0% give up"),
        (one(Line("calls", 0.8, 1.0, cv=1.5), 1), "m/g/1", "not exponential"),
        (ranks(), "cobham", "nobody gives up"),
        (ranks(preempts=True), "preemptive", "interrupt"),
        (overlapping(), "two pools", "13,221 states"),
        (overlapping(generalists=40), "events", "2 pools and 2 classes"),
        (one(Line("calls", 66.0, 1.0, cv=1.3, patience=2.0), 60), "fluid", "110%"),
        (one(Line("calls", 65.0, 1.0, cv=1.3, patience=2.0), 60), "events", "handle times"),
        (one(Line("calls", 54.0, 1.0, cv=1.3, patience=2.0), 49), "events", "handle times"),
        (one(Line("calls", 45.0, 1.0, patience=2.0, memoryless=False)), "events", "patience"),
        (one(swing=0.3), "events", "rise by 30%"),
        (one(swing=0.05), "erlang-a", "one pool"),
        (one(agents=90, swing=0.3), "erlang-a", "one pool"),
        (one(special=True), "events", "no formula"),
    ],
)
def test_the_choice_and_its_reason(situation, method, why):
    choice = choose(situation)
    assert isinstance(choice, Choice)
    assert choice.method == method
    assert why in choice.why
    assert choice.why[0].islower() or choice.why[0].isdigit()
    assert not choice.why.endswith(".")


@pytest.mark.parametrize(
    ("situation", "kind", "figure", "says"),
    [
        (one(agents=-3), "negative capacity", -3, "-3 agents"),
        (
            Situation((CALLS,), (Team("agents", 4, ALL), Team("spare", 7, ()))),
            "pool serves nobody",
            7,
            "7",
        ),
        (
            Situation((CALLS, Line("post", 3.0, 1.0)), (Team("agents", 90, ALL),)),
            "class served by nobody",
            3.0,
            "post",
        ),
        (one(ENDLESS, 45), "unstable", 45.0, "nobody gives up"),
        (one(Line("calls", 45.0, 1.0, lost=0.021)), "patience needed", 0.021, "2.1%"),
        (ranks(7), "unstable", 7.0, "high and low"),
    ],
)
def test_what_has_no_answer(situation, kind, figure, says):
    fault = answer(situation)
    assert isinstance(fault, Fault)
    assert (fault.kind, fault.figure) == (kind, figure)
    assert says in fault.says
    assert fault.advice


def test_more_than_two_in_a_hundred_is_never_erlang_c():
    for lost in np.linspace(0, 0.2, 41):
        choice = choose(one(Line("calls", 45.0, 1.0, lost=lost)))
        assert isinstance(choice, Fault) == (lost > 0.02)
        known = choose(one(Line("calls", 45.0, 1.0, patience=2.0, lost=lost)))
        assert known.method == "erlang-a"


def test_answers_are_those_of_the_formulas():
    found = answer(one(), (0.1,))
    queue = ErlangA(48.0, 1.0, 0.5, 50)
    met = found.classes[0]
    assert (met.delayed, met.abandonment, met.wait) == (
        queue.delayed,
        queue.abandonment,
        queue.mean_wait,
    )
    assert met.within == (queue.within(0.1),)
    assert found.occupancy == (queue.occupancy,)
    endless = answer(one(ENDLESS), (0.1,)).classes[0]
    assert endless.wait == ErlangC(45.0, 1.0, 50).mean_wait


def test_answers_of_several_classes():
    low, high = answer(ranks()).classes[1], answer(ranks()).classes[0]
    assert (high.wait, low.wait) == (pytest.approx(0.1058860029), pytest.approx(0.8470880234))
    first = answer(ranks(preempts=True)).classes[0]
    assert first.wait == pytest.approx(ErlangC(2.0, 1.0, 8).mean_wait)
    pools = answer(overlapping())
    assert pools.classes[1].abandonment == pytest.approx(0.219398277)
    assert pools.occupancy == (pytest.approx(1.434343677 / 2), pytest.approx(4.678119337 / 5))
    fluid = answer(one(Line("calls", 66.0, 1.0, cv=1.3, patience=2.0), 60), (1.0,))
    assert fluid.classes[0].abandonment == pytest.approx(1 - 60 / 66)
    assert math.isnan(fluid.classes[0].within[0])
    single = answer(one(Line("calls", 0.8, 1.0, cv=1.5), 1))
    assert isinstance(single, Answer)
    assert single.classes[0].wait == pytest.approx(6.5)
    assert answer(one(Line("calls", 0.0, 1.0))).classes[0].wait == 0
    assert answer(one(special=True)).kind == "needs events"


def centre(agents=(5, 5), patience=None, routes=None, rates=(3.0, 3.0)):
    more = {} if patience is None else {"patience": Exponential(patience)}
    classes = tuple(
        CustomerClass(name, (rate,), Exponential(1.0), **more)
        for name, rate in zip("AB", rates, strict=True)
    )
    pools = tuple(Pool(f"pool {k}", (count,)) for k, count in enumerate(agents))
    routes = (("A", "pool 0"), ("B", "pool 1")) if routes is None else routes
    return Centre(classes, pools, tuple(Route(*each) for each in routes), (0.0, 10.0))


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        (centre(), []),
        (centre(agents=(-1, 5)), ["negative capacity"]),
        (centre(routes=(("A", "pool 0"),)), ["class served by nobody", "pool serves nobody"]),
        (centre(agents=(5, 3)), ["unstable"]),
        (centre(agents=(5, 3), patience=1.0), []),
        # A alone fits, B alone fits, both together do not
        (
            centre(agents=(5, 0), routes=(("A", "pool 0"), ("B", "pool 0"), ("B", "pool 1"))),
            ["unstable"],
        ),
    ],
)
def test_faults_of_a_centre(question, kinds):
    assert [fault.kind for fault in faults(question)] == kinds


def drawn(agents=6, patience=4.0, calls=40_000, seed=1):
    """A log of waits of Erlang-A, drawn from its exact law by the number found in the centre."""
    luck = np.random.default_rng(seed)
    queue = ErlangA(5.5, 1.0, 1 / patience, agents)
    found = luck.choice(len(queue.chances), size=calls, p=queue.chances)
    ahead = found - agents
    offers = np.zeros(calls)
    for place in range(ahead.max() + 1):
        step = luck.exponential(1 / (agents + place / patience), size=calls)
        offers += np.where(place <= ahead, step, 0)
    limit = luck.exponential(patience, size=calls)
    lost = offers > limit
    handle = np.where(lost, np.nan, luck.exponential(1.0, size=calls))
    part = np.zeros(calls, dtype=np.int64)
    return queue, CallLog(part, np.minimum(offers, limit), lost, handle)


def test_a_log_gives_back_what_it_was_drawn_from():
    queue, log = drawn()
    (part,) = estimate(log, np.array([len(log.part) / queue.arrivals]))
    assert part.patience == pytest.approx(4.0, rel=0.05)
    assert part.handle == pytest.approx(1.0, rel=0.03)
    assert part.arrivals == pytest.approx(5.5)
    assert part.agents == pytest.approx(6.0, abs=0.1)
    expected = part.expected()
    assert expected.wait == pytest.approx(seen(log).wait, rel=1e-3)
    assert expected.delayed == pytest.approx(queue.delayed, abs=0.02)
    assert expected.abandonment == pytest.approx(queue.abandonment, abs=0.01)


def test_patience_is_censored_by_service():
    _, log = drawn()
    survival = kaplan_meier(log.waited, log.lost)
    for time in (0.2, 0.5, 1.0):
        at = np.searchsorted(survival.times, time) - 1
        assert survival.shares[at] == pytest.approx(math.exp(-time / 4.0), abs=0.02)
    table = patience_quantiles(log.waited, log.lost).values
    assert table[0] == 0
    assert table[20] == pytest.approx(-4.0 * math.log(0.9), rel=0.1)
    assert np.isinf(table[-1])
    naive = log.waited[log.lost].mean()
    assert naive < 2.0 < patience_of(log.waited, log.lost)


def test_kaplan_and_meier_by_hand():
    waited = np.array([1.0, 2.0, 2.0, 3.0, 4.0])
    lost = np.array([True, True, False, False, True])
    survival = kaplan_meier(waited, lost)
    assert survival.times.tolist() == [1.0, 2.0, 4.0]
    assert survival.shares.tolist() == pytest.approx([0.8, 0.6, 0.0])


def test_too_little_to_tell():
    _, log = drawn(calls=30)
    fault = estimate(log, np.array([6.0]))
    assert isinstance(fault, Fault)
    assert fault.kind == "too few events"
    assert fault.figure == log.lost.sum() < 10
    (part,) = estimate(log, np.array([6.0]), patience=4.0)
    assert isinstance(part, Part)
    few = CallLog(log.part[:4], log.waited[:4], log.lost[:4], log.handle[:4])
    assert estimate(few, np.array([1.0]), patience=4.0) == (None,)


def test_agents_are_matched_in_both_directions():
    queue = ErlangA(5.0, 1.0, 0.5, 0)
    for agents in (1, 5, 11):
        wait = ErlangA(5.0, 1.0, 0.5, agents).mean_wait
        assert match_agents(queue, wait) == pytest.approx(agents, abs=1e-9)
    between = match_agents(queue, 0.1)
    low, high = (ErlangA(5.0, 1.0, 0.5, math.floor(between) + k).mean_wait for k in (0, 1))
    assert high < 0.1 < low
    assert match_agents(queue, 2.5) == 0
