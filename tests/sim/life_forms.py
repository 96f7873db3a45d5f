"""Customers who buy again, for the tests: rules, rows made by keyed luck, a life written out."""

import datetime as dt
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl

from segrules.lang import ir
from segrules.lang.pipeline import compile_source
from segrules.rules import Rules
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)
KNOBS = {"gold_from": "400"}

TEXT = """ruleset shop {
  language 1
  zone     "Europe/Rome"
  money    EUR
  review   every month
}

knob gold_from = 400 from 100 to 2_000

table customers key id {
  id           text
  region       one of north, south kept
  satisfaction whole 0..10
  visits       whole 0..100_000
  last_on      date?
}

table orders of customers by id dated day {
  id     text
  day    date
  amount money
  goods  money
}

let spend = sum amount of orders in last 12 months
let few   = count orders in last 3 months

segments tier of customers {
  gold   "Gold"   when spend >= gold_from and satisfaction >= 4
  silver "Silver" when spend >= 150
  otherwise bronze "Bronze"
}

assume more   = 1.1 to 1.3 { source experiment "test" owner "Sales" until 2027-06-30 }
assume chance = 0% to 20%  { source judgement "guess" owner "Sales" until 2027-06-30 }
"""


@cache
def tables(count=400, seed=3):
    """Customers and two years of their orders; some buy far more than others."""
    luck = np.random.default_rng(seed)
    eager = luck.gamma(0.8, 1.0, count)
    ids = [f"c{at:05d}" for at in range(count)]
    customers = pl.DataFrame({
        "id": ids,
        "region": luck.choice(["north", "south"], count),
        "satisfaction": luck.integers(0, 11, count).astype(str),
        "visits": luck.integers(0, 20, count).astype(str),
        "last_on": ["2026-06-01"] * count,
    })  # fmt: skip
    rows = []
    for month in range(24):
        day = dt.date(2024 + (month + 6) // 12, (month + 6) % 12 + 1, 10)
        season = 1.5 if day.month in (11, 12) else 0.9
        for at, number in enumerate(luck.poisson(0.4 * season * eager)):
            for _ in range(number):
                amount = luck.gamma(4.0, 12.0)
                rows.append((ids[at], day.isoformat(), f"{amount:.2f}", f"{0.4 * amount:.2f}"))
    orders = pl.DataFrame(rows, schema=["id", "day", "amount", "goods"], orient="row")
    return {"customers": customers, "orders": orders}


def rules(text=TEXT, **knobs):
    made = compile_source(Source("shop.seg", text), {**KNOBS, **knobs}, AS_OF)
    assert made.ruleset is not None, list(made.log)
    return Rules(made, made.ruleset, ())


def column(ruleset, name):
    found = ruleset.table("orders").column(name)
    return ir.Column("orders", name, found.type, found.optional)


def each(value):
    """A figure for every segment."""
    return (("", value),)


CHANGES = (
    ir.Evolution("spend", "sums", keep=11 / 12),
    ir.Evolution("satisfaction", "drifts", each(0.0), each(0.6)),
    ir.Evolution("visits", "counts"),
    ir.Evolution("last_on", "sale_day"),
)


def life(ruleset, changes=CHANGES, **more):
    amount = column(ruleset, "amount")
    parts = {
        "costs": (ir.Cost("goods", column(ruleset, "goods")),),
        "keeping": (("gold", 300.0), ("", 50.0)),
        "leaving": (("gold", 0.005), ("", 0.02)),
    }
    return ir.Life("buying", "customers", "orders", amount, changes=changes, **(parts | more))


def project(*names, months=6, period=1, runs=20, **more):
    return ir.Project(
        "next", "buying", "life", "tier", months, period, runs, 11, names, **more
    )  # fmt: skip


def scenario(name, *levers):
    return ir.Scenario(name, name, levers)


def lever(kind, *edits, to=(), **more):
    return ir.Lever(kind, to, edits, **more)


def placed(*scenarios, text=TEXT, count=400, given=None, changes=CHANGES, more=None, **knobs):
    """The placement of the shop with a life and scenarios."""
    made = rules(text, **{name: str(value) for name, value in knobs.items()})
    placement = made.place(given or tables(count), as_of=AS_OF, table="customers")
    ruleset = placement.ruleset
    ruleset = replace(ruleset, lives=(life(ruleset, changes, **(more or {})),), scenarios=scenarios)
    return replace(placement, ruleset=ruleset)
