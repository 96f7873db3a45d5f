"""Laws of the engine of customers: the same bits however cut, exact coupling, true means."""

import hashlib
import math
from dataclasses import replace

import numpy as np
import pytest
from customers_forms import SET, TEXT, columns, days, population, rules
from example_funnel import example

from segrules.backends.kernel.values import Vector
from segrules.sim.customers.evolution import (
    Accumulate,
    Bounds,
    Drift,
    Respond,
    SinceSale,
    Step,
)
from segrules.sim.customers.funnel import rates_of_funnel, scenarios_of_funnel
from segrules.sim.customers.levers import (
    Charge,
    Lever,
    Move,
    Multiply,
    Odds,
    Points,
    Price,
    Timing,
    strength,
)
from segrules.sim.customers.markov import entered, flapping, left, projected, transition
from segrules.sim.customers.model import Model, Population, Scenario, customer_words, rates_of
from segrules.sim.customers.run import Settings, simulate
from segrules.sim.model import Arrivals
from segrules.sim.run import simulate as simulate_funnel

MONTHS = 5
EVOLUTIONS = (
    SinceSale("idle"),
    Drift("spend", 0.01, 0.2, Bounds(0.0, 1e6), relative=True),
    Accumulate("orders", keep=0.9, whole=True, within=Bounds(0, 1_000)),
    Step("age", 1 / 12, 1.0, Bounds(0, 130)),
)
HOLDS = "      leave when spend < 800 for 2 reviews running\n      stay at least 45 days\n"
UP = Lever("call", (1, 3), (Odds(0, 1.4), Charge(40.0, 0)))
NUDGE = Lever("letter", (3,), (Move("spend", 400.0, 0.3, fall_back=0.1, cost=5.0),))
PULL = Lever("sale", (4,), (Odds(1, 1.5), Price(0.9)), Timing(1, 2), pull_forward=0.5)
SAME = Lever("nothing", (0, 1, 2, 3, 4), (Odds(0, 1.0), Multiply("leads", 1.0)), pull_forward=0.5)
RULES = rules()
SEGMENTS = RULES.segments


def rates(months=MONTHS, **more):
    count = len(SEGMENTS)
    spread = {"spread": np.full(count, 0.4), "hazard": np.full(count, 0.01)}
    parts = {
        "after_sale": np.full(count, 0.02),
        "stage_cost": np.arange(count * 3.0).reshape(count, 3),
        "keep_cost": np.full(count, 2.5),
    }
    return rates_of(
        months, np.linspace(0.1, 1.5, count), np.full((count, 2), 0.5), np.full(count, 4_000.0),
        **(spread | parts | more),
    )  # fmt: skip


def model(count=500, *, under=RULES, **changes):
    parts = {
        "evolutions": (*EVOLUTIONS,),
        "scenarios": (
            Scenario("up", (UP,)),
            Scenario("all", (UP, NUDGE, PULL)),
            Scenario("same", (SAME,)),
        ),
        "seed": 2**63 + 5,
    }
    luck = np.random.default_rng(3)
    people = population(
        count,
        eagerness=luck.gamma(2.0, 0.5, count),
        enters=np.where(luck.random(count) < 0.1, 2, 0),
    )
    return Model(people, under, days(MONTHS), rates(), **(parts | changes))


def digest(played):
    text = hashlib.sha256()
    for arm in (played.today, *played.scenarios):
        for values in vars(arm).values():
            text.update(np.ascontiguousarray(values).tobytes())
    return text.hexdigest()


def differs(arm, other):
    return any(not np.array_equal(vars(arm)[name], vars(other)[name]) for name in vars(arm)
               if name not in ("moved",))  # fmt: skip


# ---- bits


@pytest.mark.parametrize("holds", ["", HOLDS], ids=["free", "held"])
def test_threads_and_blocks_do_not_matter(holds):
    played = model(150, under=rules(holds))
    wanted = digest(simulate(played, 4, Settings(on=1, keep=2)))
    for threads in (1, 2, 4):
        for block, customers in ((1, 37), (3, 64), (4, 10_000)):
            settings = Settings(threads, block, customers, keep=2)
            assert digest(simulate(played, 4, settings)) == wanted


@pytest.mark.parametrize("holds", ["", HOLDS], ids=["free", "held"])
def test_a_scenario_equal_to_today_differs_by_exactly_zero(holds):
    played = simulate(model(under=rules(holds)), 8, Settings(keep=0))
    assert not differs(played.today, played.scenarios[2])
    assert differs(played.today, played.scenarios[0])
    assert differs(played.scenarios[0], played.scenarios[1])
    assert (played.today.sales.sum(axis=(1, 2)) > 0).all()


def test_today_is_the_same_beside_any_scenario():
    alone = simulate(model(scenarios=()), 4)
    assert not differs(alone.today, simulate(model(), 4).today)


def test_the_order_of_customers_does_not_matter():
    whole = model(400)
    turned = np.random.default_rng(8).permutation(400)
    people = whole.population
    shuffled = Population(
        people.words[turned],
        {name: Vector(each.values[turned],
                      None if each.missing is None else each.missing[turned])
         for name, each in people.columns.items()},
        people.enters[turned], people.eagerness[turned],
    )  # fmt: skip
    one, other = simulate(whole, 3), simulate(replace(whole, population=shuffled), 3)
    assert digest(one) == digest(other)


def test_what_a_segment_is_spared_it_does_not_feel():
    """Customers stay where they are, so a lever on gold is felt by gold alone."""
    still = model(800, evolutions=(), scenarios=(Scenario("up", (UP,)),))
    played = simulate(still, 10)
    up, today = played.scenarios[0], played.today
    others = [at for at in range(len(SEGMENTS)) if at not in UP.segments]
    assert np.array_equal(up.reached[:, :, others], today.reached[:, :, others])
    assert np.array_equal(up.revenue[:, :, others], today.revenue[:, :, others])
    # what raises odds loses nobody in the stage it works on
    unworn = replace(still, rates=rates(hazard=np.zeros(6), after_sale=np.zeros(6)))
    played = simulate(unworn, 10)
    up, today = played.scenarios[0], played.today
    assert (up.reached >= today.reached).all()
    assert (up.revenue >= today.revenue).all()
    assert up.sales[:, :, list(UP.segments)].sum() > today.sales[:, :, list(UP.segments)].sum()


# ---- the law of the engines


def within(difference, bound=4.0):
    """Whether the mean over replications is 0, within standard errors."""
    mean = difference.mean(axis=0)
    error = difference.std(axis=0, ddof=1) / math.sqrt(len(difference))
    assert (np.abs(mean) <= bound * error + 1e-9).all(), (mean, error)
    assert (error > 0).any()


def test_customers_average_to_counts_and_to_the_expectation():
    """What stays by segment, all three engines can say: the same means, under the same draws."""
    runs, sizes = 500, np.array([60, 90, 150])
    funnel = example()
    calm = Arrivals(funnel.arrivals.counts, 12, funnel.arrivals.season)
    funnel = replace(funnel, arrivals=calm)
    text = (
        'segments tier of customers {\n  gold "G" when age < 60\n  silver "S" when age < 150\n'
        '  otherwise bronze "B"\n}\n'
    )
    made = rules(text=text, table=TEXT.replace("0..130", "0..1_000"))
    assert made.segments == funnel.segments
    count = int(sizes.sum())
    people = Population(customer_words(map(str, range(count))), {"age": Vector(np.arange(count))})
    played = simulate(
        Model(people, made, days(funnel.months), rates_of_funnel(funnel, sizes, runs),
              scenarios=scenarios_of_funnel(funnel, runs)), runs
    )  # fmt: skip
    assert np.array_equal(played.today.customers[0, 0, :3], sizes)
    for engine in ("counts", "expected"):
        other = simulate_funnel(funnel, runs, engine)
        pairs = zip((played.today, *played.scenarios), (other.today, *other.scenarios), strict=True)
        for arm, wanted in pairs:
            within(arm.reached.sum(axis=1) - wanted.counts)
            within(arm.revenue.sum(axis=1) - wanted.revenue)
            within(arm.cost.sum(axis=1) - wanted.cost)


# ---- migration


def test_customers_are_counted_as_they_move():
    played = simulate(model(), 4)
    for arm in (played.today, *played.scenarios):
        assert (arm.customers.sum(axis=2) == 500).all()
        assert np.array_equal(arm.moves.sum(axis=3), arm.customers[:, :-1])
        assert np.array_equal(arm.moves.sum(axis=2), arm.customers[:, 1:])
        change = entered(arm.moves) - left(arm.moves)
        assert np.array_equal(change, np.diff(arm.customers, axis=1))
        assert entered(arm.moves)[:, :, :5].sum() > 0


def test_newcomers_come_when_they_come():
    arm = simulate(model(), 2).today
    waiting = arm.customers[:, :, -1]
    assert (waiting[:, :2] > 0).all()
    assert (waiting[:, 2:] == 0).all()
    assert np.array_equal(entered(arm.moves)[:, 1, -1], np.zeros(2))
    assert (left(arm.moves)[:, 1, -1] == waiting[:, 1]).all()


def test_a_markov_chain_counted_from_a_run_goes_the_same_way():
    """n(t+1) = n(t) P + inflow: exact on what P was counted from, near on other runs."""
    arm = simulate(model(4_000, scenarios=()), 12).today
    one = arm.moves[:1]
    assert np.allclose(projected(arm.customers[0, 0], transition(one)), arm.customers[0])
    mean = arm.customers[1:].mean(axis=0)
    far = projected(arm.customers[0, 0], transition(one)) - mean
    error = arm.customers[1:].std(axis=0, ddof=1) * math.sqrt(1 + 1 / 11)
    assert (np.abs(far) <= 5 * error + 1e-9).all()
    states = arm.customers.shape[2]
    coming = np.zeros((MONTHS, states))
    coming[:, 0] = 7.0
    stays = projected(np.zeros(states), np.eye(states), coming)
    assert stays[-1, 0] == 7.0 * MONTHS


def test_an_edit_of_the_rules_changes_the_projection():
    easier = rules(text=SET.replace("spend >= 1000", "spend >= 700") % "")
    edited = Scenario("easier gold", rules=easier)
    played = simulate(model(scenarios=(edited,)), 4)
    gold = SEGMENTS.index("gold")
    more = played.scenarios[0].customers[..., gold] - played.today.customers[..., gold]
    assert (more > 0).all()
    assert not np.array_equal(played.scenarios[0].revenue, played.today.revenue)
    # the rows are the same before anything has happened, so only the rules differ
    spend, orders, idle = (model().population.columns[n] for n in ("spend", "orders", "idle"))
    known = (idle.missing | (idle.values < 6)) & (orders.values >= 3)
    here = np.asarray(model().population.enters) == 0
    between = (spend.values >= 700) & (spend.values < 1000)
    assert (more[:, 0] == (known & here & between).sum()).all()


def test_tolerance_lowers_flapping():
    walk = (Drift("spend", 0.0, 0.15, Bounds(0.0, 1e6), relative=True),)
    free = simulate(model(1_000, evolutions=walk, scenarios=()), 4).today
    held = simulate(model(1_000, under=rules(HOLDS), evolutions=walk, scenarios=()), 4).today
    gold = SEGMENTS.index("gold")
    assert (flapping(held.moves) < flapping(free.moves)).all()
    leavers = [left(arm.moves)[:, :, gold].sum(axis=1) for arm in (held, free)]
    assert (leavers[0] < leavers[1]).all()


# ---- levers


SPLIT = 'segments tier of customers {\n  top "T" when spend >= 1\n  otherwise base "B"\n}\n'
MOVED = 0.02


def moved_model(levers_, months=12, count=4_000, **more):
    people = Population(customer_words(map(str, range(count))), {"spend": Vector(np.zeros(count))})
    each = rates_of(months, np.array([1.0, 1.0]), np.full((2, 1), 0.3), np.full(2, 100.0), **more)
    scenarios = tuple(Scenario(lever.name, (lever,)) for lever in levers_)
    return Model(people, rules(text=SPLIT), days(months), each, scenarios=scenarios)


@pytest.mark.parametrize("back", [0.0, 0.1, 1.0])
def test_a_permanent_lever_and_a_nudge(back):
    """Customer-periods in the better segment, by the recursion b' = b (1 - back) + p (1 - b)."""
    move = (Move("spend", 1.0, MOVED, fall_back=back),)
    nudge = Lever("nudge", (1,), move, Timing(0, 1))
    lasting = Lever("lasting", (1,), move)
    count, runs = 4_000, 40
    played = simulate(moved_model((nudge, lasting)), runs)
    sums = []
    for arm, until in zip(played.scenarios, (1, 12), strict=True):
        share, total = 0.0, 0.0
        for t in range(12):
            share = share * (1 - back) + (MOVED * (1 - share) if t < until else 0.0)
            total += share
        within(arm.customers[:, 1:, 0].sum(axis=1) / count - total)
        sums.append(total)
    assert not played.today.customers[..., 0].any()
    stays = 1 - back
    nudged = MOVED * (12 if stays == 1 else (1 - stays**12) / (1 - stays))
    gone = stays - MOVED
    settled = MOVED / (MOVED + back)
    lasts = settled * (12 - gone * (1 - gone**12) / (1 - gone))
    assert sums[1] / sums[0] == pytest.approx(lasts / nudged, rel=1e-12)
    # about six times as much where nobody falls back
    assert lasts / nudged == pytest.approx({0.0: 6.04, 0.1: 7.26, 1.0: 11.78}[back], abs=0.01)


def test_pulled_forward_sales_are_missing_later():
    """All that a lever brings less the share that would have been bought later anyway."""
    lever = Lever("sale", (1,), (Points(0, 0.1),), Timing(2, 2), pull_forward=0.4)
    free = replace(lever, name="free", pull_forward=0.0)
    everything = replace(lever, name="all", pull_forward=1.0)
    played = simulate(moved_model((lever, free, everything), months=8), 60)
    count = 4_000
    gained = [arm.sales.sum(axis=2) - played.today.sales.sum(axis=2) for arm in played.scenarios]
    within(gained[0].sum(axis=1) - count * 0.2 * 0.6)
    within(gained[1].sum(axis=1) - count * 0.2)
    within(gained[2].sum(axis=1))
    assert (gained[0][:, :2] == 0).all()
    # what the first period pulled forward is missing from the second, and so on
    within(gained[0][:, 2] - count * 0.1)
    within(gained[0][:, 3] - count * (0.1 - 0.04))
    within(gained[0][:, 4] + count * 0.04)
    assert (gained[0][:, 6:] == 0).all()


def test_deadweight_is_paid_for_and_brings_nothing():
    full = Lever("full", (1,), (Points(0, 0.2), Charge(30.0)))
    half = Lever("half", (1,), (Points(0, 0.2), Charge(30.0)), deadweight=0.5)
    dead = Lever("dead", (1,), (Points(0, 0.2), Charge(30.0)), deadweight=1.0)
    played = simulate(moved_model((full, half, dead), months=2), 60)
    today = played.today.sales.sum(axis=(1, 2))
    gained = [arm.sales.sum(axis=(1, 2)) - today for arm in played.scenarios]
    within(gained[0] - 4_000 * 2 * 0.2)
    within(gained[1] - 4_000 * 2 * 0.1)
    assert not gained[2].any()
    for arm in played.scenarios:
        assert (arm.cost.sum(axis=(1, 2)) == 4_000 * 2 * 30).all()


def test_strength_rises_lasts_and_fades():
    assert strength(Timing(), 3).tolist() == [1.0, 1.0, 1.0]
    assert strength(Timing(1, 3, ramp=2, persistence=0.5), 7).tolist() == [
        0.0, 0.5, 1.0, 1.0, 0.5, 0.25, 0.125,
    ]  # fmt: skip
    assert strength(Timing(5, 2), 4).tolist() == [0.0] * 4
    assert strength(Timing(0, 2, ramp=4), 3).tolist() == [0.25, 0.5, 0.0]


def test_a_price_is_answered_and_the_answer_taken_back():
    lever = Lever("dearer", (1,), (Price(1.25),), Timing(1, 1))
    made = moved_model((lever,), months=4)
    people = replace(made.population, columns={"spend": Vector(np.full(4_000, 1.1))})
    answers = (Respond("spend", -1.0),)
    played = simulate(replace(made, population=people, evolutions=answers), 1)
    assert (played.today.customers[0, :, 0] == 4_000).all()
    # the dearer price concerns the others, who are not there
    assert (played.scenarios[0].customers[0, :, 0] == 4_000).all()
    everyone = replace(made, population=people, evolutions=answers, scenarios=(
        Scenario("dearer", (replace(lever, segments=(0, 1)),)),
    ))  # fmt: skip
    arm = simulate(everyone, 1).scenarios[0]
    assert arm.customers[0, :, 0].tolist() == [4_000, 4_000, 0, 4_000, 4_000]


# ---- rates


def test_customers_leave_at_their_hazard():
    hazard, again = 0.08, 0.25
    months, count, runs = 6, 4_000, 20
    made = moved_model((), months, count, hazard=np.array([0.0, hazard]))
    gone = simulate(made, runs).today.customers[:, :, 3] / count
    within((gone - (1 - np.exp(-hazard * np.arange(months + 1))))[:, 1:])
    assert not gone[:, 0].any()
    # BG/NBD: whoever buys x times stays with the chance (1 - again)**x
    made = moved_model((), 1, count, after_sale=np.full(2, -math.log(1 - again)))
    gone = simulate(made, runs).today.customers[:, 1, 3] / count
    within(gone - (1 - math.exp(-0.3 * again)))


def test_what_a_sale_brings():
    months, runs = 3, 40
    made = moved_model((), months, 2_000, spread=np.full(2, 0.8), worth="spend")
    people = replace(made.population, columns={"spend": Vector(np.full(2_000, 700.0))})
    arm = simulate(replace(made, population=people), runs).today
    within(arm.revenue.sum(axis=(1, 2)) - 700.0 * arm.sales.sum(axis=(1, 2)))
    within(arm.sales.sum(axis=(1, 2)) - 2_000 * months * 0.3)
    plain = simulate(moved_model((), months, 2_000), 3).today
    assert np.array_equal(plain.revenue, plain.sales * 100)


def test_the_profit_of_customers_adds_up():
    kept = simulate(model(), 3, Settings(keep=1))
    for arm in (kept.today, *kept.scenarios[:1]):
        total = int(arm.revenue[1].sum() - arm.cost[1].sum())
        assert float(arm.profit.sum()) == pytest.approx(total, abs=arm.cost[1].size)
    assert np.count_nonzero(kept.today.profit) > 400
    assert len(simulate(model(), 1).today.profit) == 0


def test_an_eager_customer_brings_more():
    count = 4_000
    made = moved_model((), 1, count)
    eager = np.where(np.arange(count) < 1_000, 3.0, 0.0)
    people = replace(made.population, eagerness=eager)
    arm = simulate(replace(made, population=people), 40).today
    within(arm.reached[:, 0, 1, 0] - 3_000.0)
    assert (arm.reached[:, 0, 1, 0] > 2_500).all()


# ---- what is refused


def test_wrong_models_are_refused():
    made = model()
    with pytest.raises(ValueError, match="ascend"):
        replace(made, days=made.days[::-1])
    with pytest.raises(ValueError, match="two ways"):
        replace(made, evolutions=(SinceSale("idle"), Step("idle", 0.1)))
    with pytest.raises(ValueError, match="has no values"):
        replace(made, evolutions=(Step("height", 0.1),))
    with pytest.raises(ValueError, match="unknown segment"):
        replace(made, scenarios=(Scenario("x", (replace(UP, segments=(9,)),)),))
    with pytest.raises(ValueError, match="segments of today"):
        replace(made, scenarios=(Scenario("x", rules=rules(text=SPLIT)),))
    with pytest.raises(ValueError, match="share a word"):
        Population(np.zeros(2, np.uint64), columns(2))
    with pytest.raises(ValueError, match="conversion"):
        rates_of(1, np.ones(1), np.full((1, 1), 1.2), np.ones(1))
