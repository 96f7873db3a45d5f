"""The engine of customers beside the same model by hand in NumPy and Polars, one core each.

300,000 customers, 12 months, 12 rules over 5 columns of which 3 change; two arms under the same
luck, the rules asked again each month. The peer draws its luck from NumPy's generator, once for
both arms, and asks the rules by Polars; both must find the same mean sales and customers.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segrules.backends.context import Context
from segrules.backends.kernel.values import Vector
from segrules.lang.ir import Calibration
from segrules.lang.pipeline import compile_source
from segrules.sim.customers.evolution import Accumulate, Age, Bounds, Drift
from segrules.sim.customers.levers import Charge, Lever, Odds
from segrules.sim.customers.model import Model, Population, Scenario, rates_of
from segrules.sim.customers.rules import Rules, days_between_periods
from segrules.sim.customers.run import Settings, simulate
from segrules.text.source import Source

ROWS, MONTHS, RUNS, ROUNDS = 300_000, 12, 3, 5
TREATED, FACTOR, VALUE = (0, 1, 2, 3), 1.3, 5_000.0
FIRST = dt.date(2026, 1, 1)
CHANNELS = ("web", "email", "branch", "phone")
TEXT = """ruleset shop {
  language 1
  zone     "Europe/Rome"
  money    EUR
  review   every month
}

table customers key id {
  id      text
  spend   number
  churn   share
  tenure  whole 0..2_000
  orders  whole 0..1_000
  channel one of web, email, branch, phone
}

segments tier of customers {
  watch "Watch"             when channel = phone and churn > 97%
  vip "Best"                when spend >= 3500 and channel = branch
  at_stake "Best at stake"  when spend >= 3000 and churn > 80%
  whale "Whale"             when spend >= 4000
  new "New"                 when tenure < 3
  fast "Fast start"         when tenure < 24 and orders >= 30
  digital "Digital"         when channel in [web, email] and orders >= 45
  branch_loyal "Of branch"  when channel = branch and tenure >= 240
  at_risk "At risk"         when churn > 90%
  loyal "Loyal"             when tenure >= 300 and orders >= 10
  spender "Spender"         when spend >= 1500
  orderer "Orders much"     when orders >= 20
  otherwise other "Others"
}
"""
LEADS = np.linspace(0.05, 0.3, 13)


def table(rows):
    luck = np.random.default_rng(1)
    return {
        "spend": luck.gamma(1.2, 1000, rows),
        "churn": luck.random(rows),
        "tenure": luck.integers(0, 400, rows),
        "orders": luck.integers(0, 60, rows),
        "channel": luck.integers(0, 4, rows),
    }


def model(rows):
    ruleset = compile_source(Source("shop.seg", TEXT)).ruleset
    rules = Rules(ruleset, "customers", "tier", Context("UTC", FIRST, Calibration(FIRST)))
    held = table(rows)
    columns = {name: Vector(values) for name, values in held.items()}
    columns["channel"] = Vector(held["channel"], None, CHANNELS)
    words = np.arange(rows, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    rates = rates_of(MONTHS, LEADS, np.full((13, 2), 0.5), np.full(13, VALUE))
    changes = (
        Age("tenure"),
        Drift("spend", 0.0, 0.1, Bounds(0.0, 1e6), relative=True),
        Accumulate("orders", keep=0.95, whole=True),
    )
    call = Lever("call", TREATED, (Odds(0, FACTOR), Charge(50.0, 0)))
    return Model(
        Population(words, columns), rules, days_between_periods(FIRST, MONTHS), rates, changes,
        (Scenario("call", (call,)),),
    )  # fmt: skip


def by_hand(held, seed):
    """Sales and the customers at the end of both arms: [2], [2, 13]."""
    luck = np.random.default_rng(seed)
    rows = len(held["spend"])
    odds = np.full(13, 0.5)
    odds[list(TREATED)] = FACTOR * 0.5 / (0.5 + FACTOR * 0.5)
    arms = [pl.DataFrame(held) for _ in range(2)]
    sales, ends = np.zeros(2), np.zeros((2, 13))
    for _ in range(MONTHS):
        u, v, z = luck.random(rows), luck.random(rows), luck.standard_normal(rows)
        growth = np.exp(0.1 * z - 0.005)
        for at, pass_ in enumerate((np.full(13, 0.5), odds)):
            placed = arms[at].select(SEGMENT).to_series().to_numpy()
            mean = LEADS[placed]
            # at most two leads a month: more are rarer than one in a hundred customers
            p = np.exp(-mean)
            leads = (u > p).astype(np.int64) + (u > p * (1 + mean))
            sold = np.where(v < (pass_ * 0.5)[placed], leads, 0)
            sales[at] += sold.sum()
            arms[at] = arms[at].with_columns(
                (pl.col("spend") * pl.Series(growth)).clip(0.0, 1e6),
                pl.col("tenure") + 1,
                (pl.col("orders") * 0.95 + pl.Series(sold)).round(),
            )
    for at in range(2):
        placed = arms[at].select(SEGMENT).to_series().to_numpy()
        ends[at] = np.bincount(placed, minlength=13)
    return sales, ends


def _segment():
    spend, churn, tenure, orders, channel = (pl.col(name) for name in table(1))
    tests = [
        (channel == 3) & (churn > 0.97), (spend >= 3500) & (channel == 2),
        (spend >= 3000) & (churn > 0.8), spend >= 4000, tenure < 3,
        (tenure < 24) & (orders >= 30), (channel <= 1) & (orders >= 45),
        (channel == 2) & (tenure >= 240), churn > 0.9, (tenure >= 300) & (orders >= 10),
        spend >= 1500, orders >= 20,
    ]  # fmt: skip
    chain = pl.when(tests[0]).then(0)
    for at, test in enumerate(tests[1:], 1):
        chain = chain.when(test).then(at)
    return chain.otherwise(12)


SEGMENT = _segment()


@pytest.mark.benchmark(group="customers")
def test_customers(benchmark):
    played, held = model(ROWS), table(ROWS)
    one = Settings(on=1)
    simulate(played, 1, one)
    seconds = {"ours": [], "by hand": []}
    for seed in range(ROUNDS):
        began = time.process_time()
        ours = simulate(replaced(played, seed), RUNS, one)
        seconds["ours"].append((time.process_time() - began) / RUNS)
        began = time.process_time()
        sales, ends = by_hand(held, seed)
        seconds["by hand"].append(time.process_time() - began)
        arms = (ours.today, *ours.scenarios)
        for arm, sold, end in zip(arms, sales, ends, strict=True):
            mean = arm.sales[0].sum()
            assert abs(mean - sold) < 8 * math.sqrt(2 * mean) + 0.01 * mean
            last = arm.customers[0, -1, :13]
            assert (np.abs(last - end) < 8 * np.sqrt(2 * last + 1) + 0.01 * last).all()
    each = {name: statistics.median(times) for name, times in seconds.items()}
    benchmark.extra_info |= {
        "paired_customer_periods_per_second": round(ROWS * MONTHS / each["ours"]),
        "by_hand_per_second": round(ROWS * MONTHS / each["by hand"]),
        "times_by_hand": round(each["by hand"] / each["ours"], 1),
    }
    print(benchmark.extra_info)
    benchmark.pedantic(simulate, args=(played, 1, one), rounds=3)
    assert ROWS * MONTHS / each["ours"] >= 10_000_000
    assert each["by hand"] >= 1.3 * each["ours"]


def replaced(played, seed):
    return Model(
        played.population, played.rules, played.days, played.rates, played.evolutions,
        played.scenarios, seed=seed,
    )  # fmt: skip


# ---- memory


def peak(rows, runs, threads):
    """Bytes that playing takes above what is held before, at most, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, __file__, str(rows), str(runs), str(threads)],
        capture_output=True, text=True, check=True, env={**os.environ},
    )  # fmt: skip
    return json.loads(ran.stdout.splitlines()[-1])


@pytest.mark.benchmark(group="customers")
def test_memory_does_not_grow_with_runs(benchmark):
    """More runs need no more memory, and a thread more only the room of a block."""
    few, many, both = peak(200_000, 2, 1), peak(200_000, 20, 1), peak(200_000, 4, 2)
    large = peak(1_000_000, 1, 1)
    benchmark.extra_info |= {
        "megabytes_200k_2_runs": round(few["grown"] / 1e6),
        "megabytes_200k_20_runs": round(many["grown"] / 1e6),
        "megabytes_200k_2_threads": round(both["grown"] / 1e6),
        "megabytes_1m": round(large["grown"] / 1e6),
        "megabytes_1m_all": round(large["peak"] / 1e6),
    }
    print(benchmark.extra_info)
    benchmark.pedantic(lambda: None, rounds=1)
    assert many["grown"] < few["grown"] + 10e6
    assert both["grown"] < few["grown"] + 40e6
    assert large["grown"] < 200e6


def measured(rows, runs, threads):
    simulate(model(1_000), 1, Settings(on=1))
    played = model(rows)
    gc.collect()
    # from here on the highest is counted anew
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    began = time.perf_counter()
    simulate(played, runs, Settings(on=threads))
    seconds = time.perf_counter() - began
    return {"grown": resident("VmHWM") - before, "peak": resident("VmHWM"), "seconds": seconds}


def resident(what):
    """Bytes of this process's memory, by the kernel's own account."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if what in x)
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    print(json.dumps(measured(*map(int, sys.argv[1:]))))
