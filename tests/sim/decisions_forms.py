"""A small firm for the tests of the decision tools: rules, and customers of known rates."""

import datetime as dt
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from segrules.rules import Rules, load
from segrules.sim.decisions.parts import Ground
from segrules.sim.projection import Projection, find_project

AS_OF = dt.date(2026, 6, 30)

HEAD = """\
ruleset shop {
  language 1
  goal  "Sell more"
  money GBP
}

knob fee = 2 from 1 to 5
knob golden_from = 3 from 1 to 5

table customers key customer_id {
  customer_id text
  joined      date
  points      whole 0..9
  spend       money
  agent       text
  sold_at     date? until_outcome
}

funnel sales of customers {
  joined at joined cost advert 1 each
  sold   at sold_at within 30 days value spend
}

segments tiers of customers {
  golden "Gold" when points >= golden_from
  silvery "Silver" when points >= 1
  otherwise others "Others"
}
"""

LEVERS = """
assume gold_odds "Letters help" = 1.1 to 1.6 {
  source experiment "a test" owner "Marketing" until 2027-01-31
}
assume silver_odds "Calls help" = 0.9 to 1.3 {
  source judgement "a talk" owner "Sales" until 2027-01-31
}
assume letter_cost "A letter" = 1 to 2 { source data "invoices" owner "Finance" until 2027-01-31 }
assume nothing = 1 to 1 { source data "placebo" owner "Finance" until 2027-01-31 }

scenario both "Both" {
  comms golden sold odds gold_odds cost letter_cost each
  process silvery sold odds silver_odds
  terms golden sold odds nothing
  comms golden sold odds silver_odds cost fee each
}
scenario letters "Letters" { comms golden sold odds gold_odds cost letter_cost each }
scenario placebo { comms golden sold odds nothing }

project sales { for 6 months runs 400 seed 7 compare both, letters, placebo against today }
"""

AGENTS = """
knob share = 3 from 0 to 10

pool team "The team" { agents 4 hours 20 per week serves others, silvery }
pool stars "The stars" { agents 2 hours 20 per week serves golden }
pay flat { 10 per sale }
pay by_value {
  share per sale
  4% of value
}
effort of sales {
  time       2
  elasticity 40%
  response   50%
  paid by    flat
  pools      team, stars
}
scenario paid_otherwise "Paid otherwise" { pay by_value }
"""
"""Pools, a plan, and a scenario with another one, whose sum per sale is a knob."""


def rules_of(text: str, *, as_of: dt.date = AS_OF) -> Rules:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "shop.seg"
        file.write_text(text, encoding="utf-8")
        return load(str(file), as_of=as_of)


@cache
def rules() -> Rules:
    return rules_of(HEAD + LEVERS)


def customers(
    count: int = 3_000,
    seed: int = 1,
    *,
    rates: tuple[float, float, float] = (0.2, 0.3, 0.5),
    since: dt.date = dt.date(2025, 1, 1),
    late: tuple[dt.date, float] | None = None,
    shares: tuple[float, float, float] = (0.3, 0.3, 0.4),
) -> pl.DataFrame:
    """Customers who join evenly and buy at the rates of others, silvery and golden.

    late: from a day on all rates are times a factor.
    """
    rng = np.random.default_rng(seed)
    days = rng.integers(0, (AS_OF - since).days + 1, count)
    joined = [since + dt.timedelta(int(day)) for day in days]
    place = rng.choice(3, count, p=np.array(shares) / sum(shares))
    rate = np.array(rates)[place]
    if late is not None:
        rate = rate * np.array([late[1] if day >= late[0] else 1.0 for day in joined])
    sold = rng.random(count) < rate
    waits = rng.integers(0, 25, count).tolist()
    when = [day + dt.timedelta(wait) for day, wait in zip(joined, waits, strict=True)]
    return pl.DataFrame(
        {
            "customer_id": [f"c{at}" for at in range(count)],
            "joined": joined,
            "points": [(0, 2, 5)[each] for each in place],
            "spend": rng.integers(50, 400, count).astype(float),
            "agent": [f"a{each}" for each in rng.integers(0, 20, count)],
            "sold_at": [
                day if done and day <= AS_OF else None for day, done in zip(when, sold, strict=True)
            ],
        },
        schema_overrides={"sold_at": pl.Date},
    )


@cache
def projection() -> Projection:
    return rules().simulate({"customers": customers()}, as_of=AS_OF)


def ground(found: Projection, made: Rules) -> Ground:
    return Ground(made.ruleset, found.project, found.history, found.seed)


def scenario(made: Rules, name: str):
    return next(each for each in made.ruleset.scenarios if each.name == name)


def project_of(made: Rules):
    return find_project(made.ruleset, None)
