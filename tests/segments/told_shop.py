"""A shop in the language, with all that can decide on a customer: for explanations and claims."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from segrules.lang import ir
from segrules.lang.pipeline import compile_source
from segrules.segments.assign import Asked, Placement, place
from segrules.segments.history.store import Run, StoredSet, append
from segrules.text.render import full
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)
CANARY = 7_777_777
"""Pounds: a salary that nobody may see, nor what is made of it."""

HEAD = """\
ruleset shop {
  language 1
  goal  "Raise profit at the same cost"
  why   "A few customers bring most of it"
  owner "Sales"
  zone  "Europe/London"
  money GBP
  review every month
}

table agents key agent_id {
  agent_id text
  skill    whole 1..5
  pay      money sensitive
}

table customers key customer_id {
  customer_id text
  region      one of north, south
  spend       money
  weight      number?
  salary      money? sensitive
  vulnerable  flag
  interests   set of wine, art
  agent       refers to agents
}

table orders of customers by customer_id dated ordered_on {
  ordered_on date
  amount     money
  agent      refers to agents
}

table visits of customers by customer_id dated at { at date  page text }

let bought of customers  = sum amount of orders in last 90 days
let typical of customers = median spend of all customers with same region
let wealth of customers  = spend + salary if missing use 0
"""
SETS = """\
segments value of customers ladder small < keen < big {
  care "Needs care"
      when vulnerable
  big "Big"
      when spend >= 100 and in top 50% by spend
      leave when spend < 80 for 2 reviews running
      stay at least 60 days
  keen "Keen"
      when bought >= 20 or agent.skill >= 4
  otherwise small "Small"
  unsure unclear
}

suppress value when weight > 100 reason "too heavy to serve"
override value for "C8", "C9" to keen until 2026-12-31 reason "sales director"
"""
CAP = "cap big of value at 2 by spend, rest to keen\n"
FLAGS = """\
flags of customers {
  quiet "Quiet" when days since last orders > 60
  was_big       when value was big 1 month ago
  rich          when wealth > 10_000
  dear          when agent.pay > 100 and count orders where (agent.pay > 5) >= 1
  above         when spend > typical and interests has any of [wine]
  turned        when first visits where (page = "pricing") then orders within 14 days
}
"""
SHOP = HEAD + SETS + CAP + 'holdout 10% of each value salt "autumn"\n' + FLAGS

CUSTOMERS = pl.DataFrame(
    {
        "customer_id": ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8"],
        "region": ["north", "south", "north", "north", "south", "south", "north", "south"],
        "spend": [400, 300, 10, 200, 70, 70, 20, 15],
        "weight": [1.0, None, 500.0, 2.0, 2.0, 2.0, 2.0, 2.0],
        "salary": [CANARY, None, CANARY, 5, CANARY, None, 9, 9],
        "vulnerable": [False, False, True, False, False, True, False, False],
        "interests": ["wine", "", "wine;art", "art", "", "", "", ""],
        "agent": ["A1", "A9", "A1", None, "A2", None, "A1", "A1"],
    }
)
ORDERS = pl.DataFrame(
    {
        "customer_id": ["C1", "C1", "C4"],
        "ordered_on": [dt.date(2026, 6, 1), dt.date(2026, 3, 1), dt.date(2026, 2, 1)],
        "amount": [5, 7, 95],
        "agent": ["A2", "A1", "A1"],
    }
)
VISITS = pl.DataFrame({"customer_id": ["C1"], "at": [dt.date(2026, 5, 25)], "page": ["pricing"]})
AGENTS = pl.DataFrame({"agent_id": ["A1", "A2"], "skill": [2, 5], "pay": [CANARY, CANARY]})
FRAMES = {"customers": CUSTOMERS, "orders": ORDERS, "visits": VISITS, "agents": AGENTS}


def rules(text: str) -> ir.Ruleset:
    """The rules of a text without a problem."""
    compiled = compile_source(Source("shop.seg", text))
    assert compiled.ruleset is not None, "".join(full(each) for each in compiled.log)
    return compiled.ruleset


def history(folder: Path) -> Path:
    """Two runs: C5 was big from April on, and had reason to leave by May; C7 was keen."""
    for day, segments, leaving in (
        (dt.date(2026, 4, 30), {"C5": "big", "C7": "keen"}, 0),
        (dt.date(2026, 5, 31), {"C5": "big", "C7": "keen"}, 1),
    ):
        rows = pl.DataFrame(
            {
                "customer_id": list(segments),
                "value": list(segments.values()),
                "value_by": list(segments.values()),
                "value:leaving": [leaving, None],
            },
            schema_overrides={"value:leaving": pl.Int64},
        )
        sets = {"value": StoredSet(("care", "big", "keen", "small", "unclear"))}
        append(folder, rows, Run("customers", "customer_id", day, "shop", "0" * 64, "0" * 64, sets))
    return folder


def placed(text: str = SHOP, past: Path | None = None) -> Placement:
    return place(rules(text), "customers", FRAMES, Asked(AS_OF, past))
