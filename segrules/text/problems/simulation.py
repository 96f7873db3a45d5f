"""Problems of a projection over data: what the past does not hold."""

from __future__ import annotations

import datetime as dt

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.projection import NUMBER
from segrules.text.problems.words import quoted

_FUNNEL = """
funnel sales of customers {
  joined at joined
  sold   at sold_at within 30 days value spend
}
segments tiers of customers {
  golden when tier = gold
  otherwise others
}
assume letter_odds = 1.1 to 1.4 { source experiment "letters test" owner "Marketing" until UNTIL }
scenario letters { comms golden sold odds letter_odds cost 2 each }
project sales { for 12 months runs 100 seed 7 compare letters against today }
"""
_HEAD = "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n"
_SOLD = _HEAD + "".join(
    f"c{at},2026-0{at % 5 + 1}-10,north,{tier},120.00,3,,10%,no,2026-0{at % 5 + 1}-12,\n"
    for at, tier in enumerate(("gold", "silver") * 6)
)
_UNSOLD = _HEAD + "c1,2026-03-10,north,gold,120.00,3,,10%,no,,\n"
_OLD = _SOLD.replace("2026-", "2019-")


def _rules(until: str = "2027-06-30") -> str:
    return _FUNNEL.replace("UNTIL", until)


def _run(data: str, until: str = "2027-06-30") -> Example:
    return Example(_rules(until), {"customers": data}, "simulate --as-of 2026-06-30")


_NO_ARRIVALS = entry(
    "SEG551",
    "no arrivals to project",
    why="A projection starts from the customers who entered the funnel in the last twelve complete "
    "months. Without any there is nothing to carry forward; most often as_of is not the end of "
    "the data.",
    wrong=_run(_OLD),
    right=_run(_SOLD),
)
_NO_VALUE = entry(
    "SEG552",
    "no sale to take a value from",
    why="Revenue is the number of sales times what a sale was worth in the past. Without a single "
    "sale of known value in a mature cohort there is no such figure.",
    wrong=_run(_UNSOLD),
    right=_run(_SOLD),
)
_EXPIRED = entry(
    "SEG553",
    "an assumption has expired",
    why="An assumption is held until a date, after which somebody has to look at it again. The "
    "projection is made all the same and says so.",
    wrong=_run(_SOLD, "2026-01-31"),
    right=_run(_SOLD),
    severity="warning",
)


def no_arrivals(funnel: str, since: dt.date) -> Diagnostic:
    return _NO_ARRIVALS.about(
        None,
        f"nobody entered the funnel `{funnel}` from {since.isoformat()} on",
        "set as_of to the end of the data",
    )


def no_value(funnel: str, stage: str) -> Diagnostic:
    return _NO_VALUE.about(
        None,
        f"no mature cohort of the funnel `{funnel}` has a `{stage}` of known value",
        "give data that reach further back, or shorten the limits of the stages",
    )


def setting_out_of_range(name: str, given: str, allowed: str) -> Diagnostic:
    """A setting that a program gave; those of a rule file and a command are refused there."""
    return NUMBER.about(
        None, f"`{name}` is {quoted(given)}, which is out of range", f"give {allowed}"
    )


def assumption_expired(name: str, until: dt.date | None, as_of: dt.date) -> Diagnostic:
    day = until.isoformat() if until else ""
    return _EXPIRED.about(
        None,
        f"the assumption `{name}` was held until {day}, before {as_of.isoformat()}",
        "look at it again and set a new date, or replace it by what was measured",
    )
