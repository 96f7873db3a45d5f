"""What rules remember while customers are played: as the reference reads it from stored rows."""

import datetime as dt

import numpy as np
import pytest
from customers_forms import FIRST, SET, days, population, rules

from segrules.backends.context import Context
from segrules.backends.kernel.values import EPOCH_DAY, Vector
from segrules.backends.reference.evaluate import Row, decide, evaluate
from segrules.backends.reference.rows import Tables
from segrules.lang.ir import Calibration, history_of
from segrules.segments.storing import reviews_to_leave
from segrules.sim.customers.evolution import Drift
from segrules.sim.customers.luck import Moment, key_of
from segrules.sim.customers.model import Model, Population, Remembrance, customer_words, rates_of
from segrules.sim.customers.run import simulate
from segrules.sim.draws import normal
from segrules.sim.pack import word

MONTHS, COUNT, SEED = 9, 60, 77
HOLDS = {
    "reviews": "      leave when spend < 800 for 2 reviews running\n",
    "stay": "      stay at least 45 days\n",
    "both": "      leave when spend < 900 for 3 reviews running\n      stay at least 70 days\n",
}
ASKING = """
segments tier of customers {
  returning "R" when tier was gold 2 months ago and spend < 900
  fallen    "F" when tier left gold in last 40 days
  gold      "G" when spend >= 1000
      leave when spend < 950 for 2 reviews running
  once      "O" when tier was fallen ever and age < 80
  long      "L" when time in silver of tier > 75 and spend >= 310
  silver    "S" when spend >= 300
  otherwise bronze "B"
  unsure needs_data "N"
}
"""


def model(made):
    people = population(COUNT)
    size = len(made.segments)
    flat = rates_of(MONTHS, np.zeros(size), np.zeros((size, 1)), np.zeros(size))
    walk = Drift("spend", 0.0, 120.0)
    return Model(people, made, days(MONTHS), flat, (walk,), seed=SEED)


def paths(people):
    """What customers spend in each period, by the engine's own luck."""
    spend = people.columns["spend"].values.copy()
    made = [spend.copy()]
    purpose = word("evolution", "spend")
    for t in range(MONTHS):
        moment = Moment(np.uint64(SEED), np.uint64(t), np.uint64(0))
        spend += [120.0 * normal(key_of.py_func(each, moment, purpose)) for each in people.words]
        made.append(spend.copy())
    return made


def row_of(people, at, spend):
    held = people.columns
    idle = held["idle"]
    return {
        "id": f"c{at}", "spend": float(spend), "orders": int(held["orders"].values[at]),
        "idle": None if idle.missing[at] else float(idle.values[at]),
        "age": int(held["age"].values[at]), "web": bool(held["web"].values[at]),
    }  # fmt: skip


def told(made, people, spends):
    """The segments of each customer at each of the days, from rows as they would be stored."""
    found = made.ruleset.set("tier")
    leaving = reviews_to_leave(found)
    all_days = days(MONTHS)
    segments = []
    for at in range(len(people.words)):
        rows, mine = [], []
        for t, day in enumerate(all_days):
            context = Context("Europe/Rome", day, Calibration(FIRST))
            known = Tables({history_of("customers"): rows})
            row = Row("customers", row_of(people, at, spends[t][at]), known)
            decided = decide(found, row, made.ruleset, context)
            last = rows[-1] if rows else None
            begins = last is None or last["tier"] != decided.segment
            rows = [*rows, {
                "id": f"c{at}", "as_of": day, "tier": decided.segment, "tier_by": decided.by,
                "tier:before": last and last["tier"],
                "tier:since": day if begins else last["tier:since"],
                "tier:entered": begins and last is not None, "tier:decided": False,
                "tier:leaving": evaluate(leaving, row, made.ruleset, context),
            }]  # fmt: skip
            mine.append(decided.segment)
        segments.append(mine)
    return segments


@pytest.mark.parametrize("name", [*HOLDS, "asking"])
def test_the_past_is_what_stored_rows_would_say(name):
    made = rules(text=ASKING) if name == "asking" else rules(HOLDS[name])
    played = simulate(model(made), 1).today
    people = population(COUNT)
    segments = told(made, people, paths(people))
    wanted = np.zeros((MONTHS, len(made.segments), len(made.segments)), np.int64)
    for mine in segments:
        for t in range(MONTHS):
            wanted[t, made.segments.index(mine[t]), made.segments.index(mine[t + 1])] += 1
    assert np.array_equal(played.moves[0][:, :-3, :-3], wanted)
    if name == "asking":
        seen = {each for mine in segments for each in mine}
        assert seen == {
            "returning",
            "fallen",
            "gold",
            "long",
            "once",
            "silver",
            "bronze",
            "needs_data",
        }
    else:
        free = simulate(model(rules()), 1).today.moves[0][:, :-3, :-3]
        assert not np.array_equal(wanted, free)


def test_who_was_there_before_is_held_from_the_start():
    made = rules(HOLDS["stay"])
    gold, count = made.segments.index("gold"), 4
    people = Population(
        customer_words(map(str, range(count))),
        {"spend": Vector(np.zeros(count)), "orders": Vector(np.zeros(count, np.int64)),
         "idle": Vector(np.zeros(count)), "age": Vector(np.full(count, 50)),
         "web": Vector(np.zeros(count, np.bool_))},
    )  # fmt: skip
    day = (FIRST - EPOCH_DAY).days
    before = Remembrance(
        np.array([gold, gold, -1, gold]), np.array([day - 10, day - 60, 0, day - 10]),
        np.zeros(count, np.int64), np.array([False, False, False, True]),
    )  # fmt: skip
    size = len(made.segments)
    rates = rates_of(3, np.zeros(size), np.zeros((size, 1)), np.zeros(size))
    played = simulate(Model(people, made, days(3), rates, before=before), 1).today
    # held for 45 days from 10 days ago: in January and February; by an override nobody is held
    assert played.customers[0, :, gold].tolist() == [1, 1, 0, 0]


def test_what_the_engine_does_not_remember_is_refused():
    kept = SET % ""
    made = rules(text=kept.replace("spend >= 300", "spend as at 2 months ago >= 300"),
                 table=TABLE_WITH_KEPT)  # fmt: skip
    with pytest.raises(ValueError, match="does not remember spend"):
        simulate(model(made), 1)


def test_periods_shorter_than_reviews_are_refused():
    made = rules(HOLDS["reviews"])
    weekly = tuple(FIRST + dt.timedelta(7 * each) for each in range(MONTHS + 1))
    played = model(made)
    with pytest.raises(ValueError, match="shorter than reviews"):
        simulate(Model(played.population, made, weekly, played.rates), 1)


TABLE_WITH_KEPT = """ruleset shop {
  language 1
  zone     "Europe/Rome"
  money    EUR
  review   every month
}

table customers key id {
  id     text
  spend  number kept
  orders whole 0..1_000
  idle   number?
  age    whole 0..130
  web    flag
}
"""
