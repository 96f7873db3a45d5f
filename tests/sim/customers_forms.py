"""Customers for the tests: rules written out, columns as arrays."""

import datetime as dt

import numpy as np

from segrules.backends.context import Context
from segrules.backends.kernel.values import Vector
from segrules.lang.ir import Calibration
from segrules.lang.pipeline import compile_source
from segrules.sim.customers.model import Population, customer_words
from segrules.sim.customers.rules import Rules, days_between_periods
from segrules.text.source import Source

FIRST = dt.date(2026, 1, 1)

TEXT = """ruleset shop {
  language 1
  zone     "Europe/Rome"
  money    EUR
  review   every month
}

table customers key id {
  id     text
  spend  number
  orders whole 0..1_000
  idle   number?
  age    whole 0..130
  web    flag
}
"""

SET = """
segments tier of customers {
  lost "Lost"
      when idle >= 6
  gold "Gold"
      when spend >= 1000 and orders >= 3
%s  young "Young"
      when age < 25 and web
  silver "Silver"
      when spend >= 300
  otherwise bronze "Bronze"
  unsure unclear "Not known"
}
"""


def ruleset(text):
    made = compile_source(Source("shop.seg", text))
    assert made.ruleset is not None, list(made.log)
    return made.ruleset


def rules(holds="", *, text=None, table=TEXT):
    """The rules of the tests; `holds` are lines of tolerance of the gold."""
    made = ruleset(table + (text or SET % holds))
    context = Context("Europe/Rome", FIRST, Calibration(FIRST))
    return Rules(made, "customers", "tier", context)


def days(months):
    return days_between_periods(FIRST, months)


def columns(count, seed=5):
    luck = np.random.default_rng(seed)
    idle = luck.integers(0, 8, count).astype(float)
    return {
        "spend": Vector(luck.gamma(1.2, 500.0, count)),
        "orders": Vector(luck.poisson(3, count).astype(np.int64)),
        "idle": Vector(idle, luck.random(count) < 0.1),
        "age": Vector(luck.integers(16, 90, count)),
        "web": Vector(luck.random(count) < 0.5),
    }


def population(count, seed=5, **more):
    words = customer_words(f"c{at}" for at in range(count))
    return Population(words, columns(count, seed), **more)
