"""A contact centre of known truth: its log, and rules about it."""

import datetime as dt
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl

from segrules.lang import ir
from segrules.lang.pipeline import compile_source
from segrules.lang.types import Flag, Number, Whole
from segrules.segments.assign import Asked, place
from segrules.sim.events.model import Centre, CustomerClass, Exponential, Pool, Route, Watch
from segrules.sim.events.run import simulate
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)
SEGMENTS = ("gold", "silver", "bronze")
SHARES = (0.2, 0.3, 0.5)
OPEN, CLOSE = 8, 18
PROFILE = np.array([0.6, 1.0, 1.3, 1.2, 0.9, 1.0, 1.1, 1.1, 0.9, 0.7])
A_DAY = 400.0
HANDLE, PATIENCE = 6.0, 4.0  # minutes
AGENTS = 5

RULES = """
ruleset centre {
  language 1
  goal "Shorter waits" why "The best wait as long as everyone" owner "Care"
  zone "Europe/London"
  money GBP
}
table customers key customer_id {
  customer_id text
  tier        one of gold, silver, bronze
}
table calls of customers by customer_id key call_id dated at_time {
  call_id     text
  customer_id text
  at_time     instant
  minutes     number 0..10_000
  seconds     whole 0..1_000_000
  gave_up     flag
}
segments tiers of customers {
  gold   when tier = gold
  silver when tier = silver
  otherwise bronze
}
"""


def truth(agents=AGENTS, patience=PATIENCE, busyness=0.0, work=None):
    """The centre that the log comes from; hours."""
    rates = A_DAY * PROFILE / PROFILE.sum()
    classes = tuple(
        CustomerClass(
            name,
            tuple((share * rates).tolist()),
            work or Exponential(HANDLE / 60),
            Exponential(patience / 60),
        )
        for name, share in zip(SEGMENTS, SHARES, strict=True)
    )
    pools = (Pool("team", (agents,) * len(PROFILE)),)
    routes = tuple(Route(name, "team") for name in SEGMENTS)
    edges = tuple(float(hour) for hour in range(CLOSE - OPEN + 1))
    return Centre(classes, pools, routes, edges, busyness)


@cache
def log(days=60, seed=3, **terms):
    """Tables of customers and calls: the days before AS_OF, Sundays closed."""
    kept = simulate(truth(**terms), days, seed, Watch(keep=True)).kept
    dates = [AS_OF - dt.timedelta(days=back) for back in range(2 * days)]
    dates = [day for day in dates if day.weekday() != 6][:days]
    offset = np.array([np.datetime64(day, "us") for day in dates])
    # British summer time is an hour ahead.
    hours = kept.arrived + OPEN - 1
    at = offset[kept.replication] + (hours * 3.6e9).astype("timedelta64[us]")
    luck = np.random.default_rng(seed)
    lost = kept.pool < 0
    minutes = luck.exponential(HANDLE, len(lost))
    number = luck.integers(0, 100, len(lost))
    calls = pl.DataFrame(
        {
            "call_id": [str(at) for at in range(len(lost))],
            "customer_id": [
                f"{SEGMENTS[kind]}{n}" for kind, n in zip(kept.kind, number, strict=True)
            ],
            "at_time": pl.Series(at).dt.replace_time_zone("UTC"),
            "minutes": np.where(lost, 0.0, minutes),
            "seconds": np.rint(kept.waited * 3600).astype(np.int64),
            "gave_up": lost,
        }
    )
    customers = pl.DataFrame(
        {
            "customer_id": [f"{name}{n}" for name in SEGMENTS for n in range(100)],
            "tier": [name for name in SEGMENTS for _ in range(100)],
        }
    )
    return {"customers": customers, "calls": calls}


TEAM = ir.Pool("team", "Care team", 5.0, (), None, None, (), 3_000.0)
LINE = ir.Line(
    "desk",
    "calls",
    "at_time",
    ir.Column("calls", "minutes", Number(0, 10_000), optional=False),
    ir.Column("calls", "seconds", Whole(0, 1_000_000), optional=False),
    ir.Column("calls", "gave_up", Flag(), optional=False),
    float(OPEN),
    float(CLOSE),
    ("team",),
    (("gold", 20.0), ("", 60.0)),
)
GOLD_FIRST = ir.Scenario(
    "gold_first", "Gold first", (ir.Lever("priority", ("gold",), (ir.Priority(),)),)
)
SAME = ir.Scenario("same", "The same", (ir.Lever("capacity", (), (ir.Staffed("team", 5.0),)),))
MORE = ir.Scenario("more", "One more", (ir.Lever("capacity", (), (ir.Staffed("team", 6.0),)),))


def project(*scenarios, runs=400, months=12, **terms):
    names = tuple(each.name for each in scenarios)
    return ir.Project("desk", "desk", "line", "tiers", months, 1, runs, 7, names, **terms)


def placement(*scenarios, tables=None, pools=(TEAM,), line=LINE, assumptions=()):
    """The rows placed, with a line, its pools and scenarios in the rules."""
    compiled = compile_source(Source("centre.seg", RULES))
    assert compiled.ruleset is not None, list(compiled.log)
    ruleset = replace(
        compiled.ruleset,
        pools=pools,
        lines=(line,),
        scenarios=scenarios,
        assumptions=assumptions,
        projects=(project(*scenarios),),
    )
    return place(ruleset, "customers", tables or log(), Asked(AS_OF))


def rows(found, scenario, measure):
    """The rows of a measure by segment or pool."""
    return {
        row.segment or row.pool: row
        for row in found.rows
        if (row.scenario, row.measure) == (scenario, measure)
    }


WORDS = """
pool team "Care team" {
  agents 5
  cost   30 per hour
}
line desk of calls {
  arrives   at_time
  handling  minutes
  waited    seconds
  abandoned gave_up
  open from 8 to 18
  pools     team
  target    20 for gold, 60 for rest
}
scenario gold_first "Gold first" { priority gold }
scenario more "One more" { capacity team agents 6 }
project desk { for 12 months runs 400 seed 7 compare gold_first, more against today }
"""


def written():
    """The same line, pools and scenarios from the words of the rules."""
    compiled = compile_source(Source("centre.seg", RULES + WORDS))
    assert compiled.ruleset is not None, list(compiled.log)
    return compiled.ruleset
