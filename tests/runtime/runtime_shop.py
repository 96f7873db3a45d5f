"""A small shop with every type of column, for tests of the record function."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from segrules.backends.context import Context
from segrules.backends.record import program
from segrules.backends.reference.calibrate import calibrate
from segrules.backends.reference.rows import Tables
from segrules.lang.ir import Calibration
from segrules.lang.pipeline import compile_source
from segrules.runtime import Decider, build
from segrules.text.source import Source

AS_OF = dt.date(2026, 6, 30)

SHOP = """ruleset shop {
  language 1
  goal     "test"
  why      "test"
  owner    "test"
  zone     "Europe/London"
  money    GBP
}

table agents key agent_id {
  agent_id text
  skill    whole 0..5
}

table customers key customer {
  customer text
  agent    refers to agents?
  name     text? sensitive trimmed casefolded
  tier     one of bronze, silver, gold
  likes    set of tea, coffee?
  orders   whole 0..100
  weight   number?
  part     share?
  fee      money?
  vip      flag
  born     date?
  seen     instant?
  note     text?
}

table contacts of customers by customer dated at {
  at   instant
  open flag
}

let calls_90d = count contacts in last 90 days

segments service of customers {
  top   "The very best" when vip and tier = gold
  busy  "Busy" when calls_90d >= 2
  known "Known" when agent.skill >= 3
  late  "Late" when any contacts where (open)
  rich  "Rich" when fee > 100
  heavy "Heavy" when weight > 10
  half  "Half" when part >= 50%
  many  "Many" when orders > 50
  old   "Old" when born < 1980-01-01
  fresh "Fresh" when seen > 2026-06-01
  tea   "Tea" when likes has any of [tea]
  anna  "Anna" when name = "anna"
  otherwise rest "Rest"
  unsure doubt "Doubt"
}
"""

RECORD: dict[str, Any] = {
    "customer": "k1", "agent": None, "name": None, "tier": "silver", "likes": None, "orders": 3,
    "weight": None, "part": None, "fee": None, "vip": False, "born": None, "seen": None,
}  # fmt: skip


def shop(text: str = SHOP, table: str = "customers") -> dict[str, Any]:
    """The program of rules, as JSON holds it; ranks are frozen of nobody."""
    compiled = compile_source(Source("shop.seg", text))
    assert compiled.ruleset is not None, [each.message for each in compiled.log]
    context = Context(compiled.ruleset.zone, AS_OF, Calibration(AS_OF))
    frozen = calibrate(compiled.ruleset, Tables({}), context)
    made = json.dumps(program(compiled.ruleset, table, frozen))
    found: dict[str, Any] = json.loads(made)
    return found


def decider(**options: Any) -> Decider:
    return build(shop(), **options)
