"""Choosing a design: allocation, search under limits, and the judgement of the winner."""

import itertools
import math

import numpy as np
import pytest
from known import agree_mean

from segrules.sim.decide.ocba import allocate, fractions
from segrules.sim.decide.optimise import choose, fresh_seed, optimise
from segrules.sim.decide.search import (
    Knob,
    Limit,
    Task,
    Tried,
    finalists,
    latin,
    search,
    tidied,
)
from segrules.sim.decide.sweep import sweep
from segrules.sim.luck import normals

# ---- allocation


def test_replications_go_where_the_choice_is_close():
    means, sds = np.array([10.0, 9.0, 5.0]), np.array([2.0, 2.0, 2.0])
    given = allocate(means, sds, np.array([20, 20, 20]), 500)
    assert given.sum() == 500
    assert given[0] > 200
    assert given[1] > 200
    assert given[2] == 0
    assert list(allocate(means, np.zeros(3), np.array([0, 0, 0]), 10)) == [4, 3, 3]
    assert list(allocate(means, sds, np.array([1, 1, 1]), 0)) == [0, 0, 0]


def test_equals_share_alike():
    same = fractions(np.array([7.0, 7.0, 1.0]), np.array([1.0, 1.0, 1.0]))
    assert same[:2] == pytest.approx([0.5, 0.5], rel=1e-6)
    eased = fractions(np.array([7.0, 7.0, 1.0]), np.ones(3), indifference=6.0)
    assert eased[1:] == pytest.approx([eased[1]] * 2)
    assert list(fractions(np.array([3.0]), np.array([1.0]))) == [1]
    assert list(fractions(np.array([3.0, 2.0]), np.array([0.0, 1.0]))) == [0, 1]


def test_the_best_is_found_more_often_than_by_equal_parts():
    means, sds = np.array([1.0, 0.9, *np.linspace(0, -2, 8)]), np.ones(10)
    noise = normals(1, "noise", 4000, 10)
    found = {}
    for name, counts in (("ocba", fractions(means, sds) * 2000), ("equal", np.full(10, 200.0))):
        found[name] = np.mean(np.argmax(means + noise * sds / np.sqrt(counts), axis=1) == 0)
    assert found["ocba"] > found["equal"] + 0.05


# ---- search

X = Knob("x", 0, 2, today=0.5)
Y = Knob("y", -1, 3, today=0.0)


def plane(design):
    x, y = design["x"], design["y"]
    return {"gain": x + 2 * y, "cost": x + y, "wait": y * y}


def test_the_best_of_a_plane_lies_where_two_limits_meet():
    task = Task((X, Y), "gain", (Limit("cost", most=1.5), Limit("wait", most=1.0)))
    tried = search(task, plane, seed=1)
    assert tried[0].broken == 0
    assert tried[0].design["x"] == pytest.approx(0.5, abs=2e-3)
    assert tried[0].design["y"] == pytest.approx(1.0, abs=2e-3)
    assert tried[0].objective == pytest.approx(2.5, abs=1e-3)
    for each in tried:
        kept = each.measures["cost"] <= 1.5 + 1e-8 and each.measures["wait"] <= 1 + 1e-8
        assert (each.broken == 0) == kept
    assert len(tried) <= task.evaluations
    again = search(task, plane, seed=1)
    assert [each.design for each in again] == [each.design for each in tried]
    assert [each.design for each in search(task, plane, seed=2)] != [each.design for each in tried]


def test_a_curved_valley():
    def valley(design):
        x, y = design["x"], design["y"]
        return {"gain": -((1 - x) ** 2) - 20 * (y - x * x) ** 2}

    best = search(Task((X, Y), "gain"), valley)[0]
    assert best.objective == pytest.approx(0, abs=1e-3)


def test_five_knobs_and_a_floor_on_pay():
    knobs = tuple(Knob(f"k{i}", 0, 1, today=0.5) for i in range(5))
    best = (0.1, 0.9, 0.3, 0.7, 0.5)

    def bowl(design):
        away = [design[f"k{i}"] - place for i, place in enumerate(best)]
        return {"gain": -sum(each * each for each in away), "pay": design["k1"] - 1.0}

    free = search(Task(knobs, "gain"), bowl)[0]
    assert list(free.design.values()) == pytest.approx(best, abs=1e-3)
    held = search(Task(knobs, "gain", (Limit("pay", most=-0.4),)), bowl)[0]
    assert held.design["k1"] == pytest.approx(0.6, abs=1e-3)
    assert held.objective == pytest.approx(-0.09, abs=1e-3)
    floor = search(Task(knobs, "gain", (Limit("pay", least=-0.05),)), bowl)[0]
    assert floor.design["k1"] == pytest.approx(0.95, abs=1e-3)


def test_the_best_of_a_slope_lies_on_a_curved_limit():
    knobs = tuple(Knob(f"k{i}", 0, 1, today=0.1) for i in range(6))

    def slope(design):
        settings = np.array(list(design.values()))
        return {"gain": float(settings @ np.arange(1, 7)), "pay": float(settings @ settings)}

    for seed in range(3):
        best = search(Task(knobs, "gain", (Limit("pay", most=1.0),)), slope, seed=seed)[0]
        assert best.objective == pytest.approx(math.sqrt(91), rel=1e-6)
        assert best.measures["pay"] <= 1 + 1e-8


def test_whole_knobs_are_set_to_whole_numbers():
    knobs = (Knob("n", 1, 400, today=10, whole=True), Knob("m", 0, 3, today=0, whole=True))

    def peak(design):
        return {"gain": -abs(design["n"] - 237) - 5 * abs(design["m"] - 2)}

    tried = search(Task(knobs, "gain", starts=10, refined=2), peak)
    assert tried[0].design == {"n": 237, "m": 2}
    assert all(value == int(value) for each in tried for value in each.design.values())


def test_limits_nobody_can_keep():
    task = Task((X, Y), "gain", (Limit("cost", most=-3.0),))
    found = optimise(task, plane, lambda *_: np.zeros(1))
    assert found.choice is None
    assert not found.limits_kept
    assert found.best.broken > 0
    # The least that can be broken: both knobs at their lowest.
    assert found.best.measures["cost"] == pytest.approx(-1, abs=1e-4)
    assert finalists(task, search(task, plane), 3) == ()


def test_today_is_among_the_designs_and_nothing_is_worse():
    task = Task((X, Y), "gain", (Limit("cost", most=0.5),), starts=1, refined=1, evaluations=2)
    tried = search(task, plane)
    assert {"x": 0.5, "y": 0.0} in [each.design for each in tried]
    assert tried[0].objective >= plane({"x": 0.5, "y": 0.0})["gain"]


def test_faults_of_the_caller_are_named():
    with pytest.raises(ValueError, match="no measure profit"):
        search(Task((X,), "profit"), lambda design: {"gain": 1.0})
    with pytest.raises(ValueError, match="gain is not a number"):
        search(Task((X,), "gain"), lambda design: {"gain": math.nan})
    with pytest.raises(ValueError, match="no limit"):
        Limit("cost")
    with pytest.raises(ValueError, match="out of bounds"):
        Knob("x", 0, 1, today=2)


def test_a_fault_of_the_engine_is_told_as_it_is():
    # Among the places it begins with, and where only the search goes.
    highest = 2 * latin(2, "starts", 4, 1).max()
    assert 1.0 < highest < 1.9
    for end, limits in itertools.product((1.0, 1.9), ((), (Limit("cost", most=5.0),))):

        def breaks(design, end=end):
            if design["x"] > end:
                raise ValueError("nobody is left to pay")
            return {"gain": design["x"], "cost": design["x"]}

        with pytest.raises(ValueError, match=r"^nobody is left to pay$"):
            search(Task((Knob("x", 0, 2, today=0.0),), "gain", limits, starts=4), breaks, seed=2)


def test_no_more_is_spent_than_allowed():
    for allowed in (1, 7, 50, 100):
        task = Task((X, Y), "gain", (Limit("wait", most=1.0),), starts=16, evaluations=allowed)
        assert len(search(task, plane)) == allowed


def test_the_highest_of_many_peaks():
    knobs = (Knob("x", -4, 5, today=2.3), Knob("y", -5, 4, today=3.6))

    def peaks(design):
        heights = [place**2 - 10 * math.cos(2 * math.pi * place) for place in design.values()]
        return {"gain": -sum(heights)}

    for seed in range(6):
        task = Task(knobs, "gain")
        assert search(task, peaks, seed=seed)[0].objective == pytest.approx(20, abs=1e-9)


def test_a_whole_number_among_thousands():
    task = Task((Knob("n", 1, 10_000, 10, whole=True),), "gain", starts=8, evaluations=140)
    for seed in range(4):
        best = search(task, lambda design: {"gain": -abs(design["n"] - 7071)}, seed=seed)[0]
        assert best.design == {"n": 7071}


def test_whole_numbers_and_others_are_set_together():
    knobs = (Knob("n", 1, 60, today=10, whole=True), Knob("x", 0, 2, today=0.5))

    def ridge(design):
        n, x = design["n"], design["x"]
        return {"gain": -((n - 17) ** 2) - 50 * (x - n / 40) ** 2, "cost": n + 10 * x}

    for seed in range(3):
        best = search(Task(knobs, "gain", (Limit("cost", most=20.0),)), ridge, seed=seed)[0]
        assert best.design["n"] == 17
        assert best.design["x"] == pytest.approx(0.3, abs=1e-6)


def test_kinks_of_pay_do_not_hold_it_up():
    knobs = tuple(Knob(f"k{i}", 0, 1, today=0.3) for i in range(4))

    def tiers(design):
        sold = 100 * (1 - np.exp(-2 * np.array(list(design.values()))))
        pay = np.where(sold > 50, 1.2 * sold, sold)
        return {"gain": float((3 * sold - pay).sum()), "cost": float(pay.sum())}

    # Below the tier a sale brings 2 and costs 1; beyond it every one of them costs more.
    best = search(Task(knobs, "gain", (Limit("cost", most=180.0),)), tiers)[0]
    assert best.objective == pytest.approx(360, rel=1e-6)


def test_finalists_differ():
    task = Task((X, Y), "gain", (Limit("cost", most=1.5),))
    tried = search(task, plane)
    last = finalists(task, tried, 6)
    assert last[0] == tried[0]
    assert len(last) == 6
    for i, one in enumerate(last):
        for other in last[:i]:
            gaps = [
                abs(one.design[k.name] - other.design[k.name]) / (k.high - k.low) for k in (X, Y)
            ]
            assert max(gaps) >= 0.01


# ---- one knob over its range


def test_a_sweep_under_common_luck():
    luck = normals(1, "sweep", 2000)[:, 0]
    found = sweep([3, 0, 1, 2, 4, 1], lambda x: 4 * x - x * x - 2.5 + luck, target=0.5)
    assert [step.setting for step in found.steps] == [0, 1, 2, 3, 4]
    assert found.best == 2
    means = [step.judgement.mean for step in found.steps]
    # Steps differ by the knob alone: the same luck is in all of them.
    assert np.diff(means) == pytest.approx([3, 1, -1, -3])
    low = 0 + (0.5 - means[0]) / 3
    middle = luck.mean()
    assert found.turns[0] == pytest.approx(low if middle > 0 else 1 - middle)
    assert len(found.turns) == 2
    assert sweep([1, 2], lambda x: np.full(5, x), target=2.0).turns == (2,)
    assert sweep([1, 2], lambda x: np.full(5, x), target=1.25).turns == (1.25,)
    assert sweep([1, 2], lambda x: np.full(5, x)).turns == ()


# ---- the winner, judged afresh


def noisy(design, seed, first, runs):
    """Every design gains 1 a replication; luck is common but for a part of each design's own."""
    common = normals(seed, "common", first + runs)[first:, 0]
    own = normals(seed, f"own {design['d']}", first + runs)[first:, 0]
    return 1.0 + common + own


DESIGNS = [{"d": float(d)} for d in range(10)]


def test_the_best_of_equals_promises_too_much():
    curses, delivered = [], []
    for seed in range(200):
        found = choose(DESIGNS, noisy, runs=400, seed=seed)
        assert found.promised == max(each.mean for each in found.finalists)
        assert found.curse == found.promised - found.delivered.mean
        assert sum(each.runs for each in found.finalists) == 400
        curses.append(found.curse)
        delivered.append(found.delivered.mean)
    agree_mean(np.array(delivered), 1.0)
    assert np.mean(curses) > 4 * np.std(curses) / math.sqrt(len(curses))


def test_common_luck_shows_the_best_at_once():
    def better(design, seed, first, runs):
        return (
            noisy(design, seed, first, runs) * 0.01
            + design["d"]
            + 30 * normals(seed, "common", first + runs)[first:, 0]
        )

    for seed in range(5):
        found = choose(DESIGNS, better, runs=400, seed=seed)
        assert found.design == DESIGNS[9]
        assert len({each.runs for each in found.finalists}) > 1
        # Means of different numbers of replications are comparable all the same.
        gaps = [each.mean - found.finalists[0].mean for each in found.finalists]
        assert gaps == pytest.approx(range(10), abs=0.03)


def test_the_fresh_seed_is_another_one():
    asked = []

    def record(design, seed, first, runs):
        asked.append((design["d"], seed, first, runs))
        return noisy(design, seed, first, runs)

    choose(DESIGNS[:3], record, runs=600, seed=9)
    assert {seed for _, seed, _, _ in asked[:-1]} == {9}
    assert asked[-1][1] == fresh_seed(9) != 9
    for design in (0.0, 1.0, 2.0):
        spans = [(first, runs) for d, seed, first, runs in asked if d == design and seed == 9]
        done = 0
        for first, runs in spans:
            assert first == done
            done += runs


def test_an_optimum_from_search_to_judgement():
    task = Task((X, Y), "gain", (Limit("cost", most=1.5),), finalists=4, runs=1000)

    def replicate(design, seed, first, runs):
        luck = normals(seed, "luck", first + runs)[first:, 0]
        return plane(design)["gain"] - 0.5 + 0.2 * luck * design["y"]

    found = optimise(task, plane, replicate, seed=3)
    again = optimise(task, plane, replicate, seed=3)
    assert again == found
    assert found.limits_kept
    assert found.complete
    assert len(found.choice.finalists) == 4
    assert sum(each.runs for each in found.choice.finalists) == 1000
    assert found.chosen.design == found.choice.design
    assert found.chosen.measures["cost"] <= 1.5 + 1e-8
    # x at 0 and y at 1.5 bring 3, half of it today's already.
    assert found.choice.delivered.mean == pytest.approx(2.5, abs=0.1)
    assert found.choice.delivered.chance_better == 1


def test_what_was_found_before_an_interruption_is_kept():
    task = Task((X, Y), "gain", (Limit("cost", most=1.5),), runs=1000)
    left = 30

    def evaluate(design):
        nonlocal left
        left -= 1
        return plane(design)

    def replicate(design, seed, first, runs):
        return plane(design)["gain"] + normals(seed, "luck", first + runs)[first:, 0]

    found = optimise(task, evaluate, replicate, stop=lambda: left <= 0)
    assert not found.complete
    assert found.evaluations == 30
    # No round beyond the first replications of each finalist.
    assert {each.runs for each in found.choice.finalists} == {31}
    left = 0
    assert len(search(task, evaluate, stop=lambda: left <= 0)) == 1


# ---- steps and digits


def test_a_knob_with_steps_is_set_to_them():
    """The best is at 0.37, which is no step from 0.1 on."""
    task = Task((Knob("x", 0.1, 0.85, today=0.25, whole=True, step=0.15, first=0.1),), "y",
                starts=4, evaluations=40)  # fmt: skip
    tried = search(task, lambda design: {"y": -((design["x"] - 0.37) ** 2)})
    assert {each.design["x"] for each in tried} <= {0.1, 0.25, 0.4, 0.55, 0.7, 0.85}
    assert tried[0].design["x"] == 0.4


def test_a_setting_is_rounded_within_the_limits():
    knob = Knob("x", 0, 1, today=0.5, grain=0.01)
    below = Task((knob,), "y", (Limit("x", most=0.4977),))
    raw = Tried({"x": 0.4977}, {"x": 0.4977, "y": 0.4977}, 0.0, 0.4977)

    def evaluate(design):
        return {"x": design["x"], "y": design["x"]}

    # the nearest breaks the limit, the next does not
    assert tidied(below, raw, evaluate).design == {"x": 0.49}
    above = Task((knob,), "y", (Limit("x", least=0.4977),))
    assert tidied(above, raw, evaluate).design == {"x": 0.5}
    exact = Task((knob,), "y", (Limit("x", least=0.4977, most=0.4978),))
    assert tidied(exact, raw, evaluate) is raw
    free = Task((Knob("x", 0, 1, today=0.5),), "y")
    assert tidied(free, raw, evaluate) is raw
