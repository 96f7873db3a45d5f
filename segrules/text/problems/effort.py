"""What can be wrong with agents, their pay and their checks once a past is known."""

from __future__ import annotations

from typing import Protocol

from segrules.text.catalogue import Entry, Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import quoted
from segrules.text.source import Span

_RULES = """
funnel sales of customers {
  joined at joined
  sold   at sold_at within 30 days value spend
}
segments tiers of customers {
  golden when tier = gold
  otherwise others
}
pool desk "All advisers" {
  agents 4
  hours  30 per week
}
pool second "New advisers" {
  agents 2
  SECOND
  serves golden
}
pay volume "A sum per sale" {
  VOLUME
}
pay portion "A share of the value" {
  SHARE
}
effort of sales {
  time       TIME
  elasticity ELASTIC
  response   60%
  supply     SUPPLY
  paid by    volume
  pools      desk, second
}
quality of sales {
  checked 50%
  failing 10%
  QUALITY
}
scenario other { CHANGE }
project sales { for 12 months runs 100 seed 7 compare other against today }
"""
_USUAL = {
    "SECOND": "hours  30 per week",
    "VOLUME": "20 per sale",
    "SHARE": "5% of value",
    "TIME": "2",
    "ELASTIC": "0.3",
    "SUPPLY": "0",
    "QUALITY": "cost    5",
    "CHANGE": "pay portion",
}
_ROWS = "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n" + "".join(
    f"c{at},2026-0{at % 5 + 1}-10,north,{tier},120.00,3,,10%,no,"
    f"{f'2026-0{at % 5 + 1}-12' if at % 3 else ''},\n"
    for at, tier in enumerate(("gold", "silver") * 12)
)


def _run(**changed: str) -> Example:
    rules = _RULES
    for word, text in (_USUAL | changed).items():
        rules = rules.replace(word, text)
    return Example(rules, {"customers": _ROWS}, "simulate --as-of 2026-06-30")


_RIGHT = _run()
_PAY = entry(
    "SEG565",
    "pay that agents cannot follow",
    why="Hours go where they are paid. A plan that pays for no sale gives no direction, one that "
    "pays nothing for sales on which agents spend time today does not explain what they do, and a "
    "plan that is to cost what today's does needs a level at which it can.",
    wrong=_run(SHARE="5% of value\n  less 900 per failed check"),
    right=_RIGHT,
)
_HOURS = entry(
    "SEG566",
    "no hours or no cases",
    why="Agents divide their hours among their cases. Without hours, or without a case, there is "
    "nothing to divide.",
    wrong=_run(TIME="weight"),
    right=_RIGHT,
)
_CURVE = entry(
    "SEG567",
    "time that would sell to more than everybody",
    why="An elasticity says how many more sales more time brings: 0.5 is 5% more for 10% more "
    "time. It lies between 0 and 1, and where many are sold already it is small: no rate passes "
    "100%.",
    wrong=_run(ELASTIC="0.9"),
    right=_RIGHT,
)
_RANGE = entry(
    "SEG568",
    "a figure of agents that is out of its range",
    why="Shares lie between 0 and 1, and pay, costs and factors are not negative. Figures that are "
    "sound one by one may not be so together: where waiting for a check loses most sales, more "
    "were made than there were cases.",
    wrong=_run(QUALITY="wait 20 days\n  drop 10%"),
    right=_RIGHT,
)
_TWICE = entry(
    "SEG569",
    "levers that contradict each other",
    why="Agents have one plan, a case goes to one pool, and a share of sales is checked or it is "
    "not. Two levers of a scenario that set the same figure leave open which one is meant.",
    wrong=_run(CHANGE="pay portion\n  pay volume"),
    right=_RIGHT,
)
_UNSETTLED = entry(
    "SEG578",
    "pay and sales that do not settle",
    why="With tiers, a cap or hours that follow pay, sales depend on pay and pay on sales. Where "
    "each change calls for the next there is no figure to report.",
    wrong=_run(SHARE="20 per sale\n  from 1 sales times 90", SUPPLY="400"),
    right=_RIGHT,
)
_POOLS = entry(
    "SEG579",
    "a pool of which too little is known",
    why="The pools of a funnel share its cases by their hours, and training leads from one skill "
    "to another. A pool whose hours or skill nobody has stated can take no part in that.",
    wrong=_run(SECOND="skill 3"),
    right=_RIGHT,
)

_BY_KIND: dict[str, Entry] = {
    "pays nothing": _PAY,
    "unexplained hours": _PAY,
    "level": _PAY,
    "no hours": _HOURS,
    "no cases": _HOURS,
    "elasticity": _CURVE,
    "ceiling": _CURVE,
    "share": _RANGE,
    "negative": _RANGE,
    "not a number": _RANGE,
    "count of figures": _RANGE,
    "two plans": _TWICE,
    "unsettled": _UNSETTLED,
    "pools": _POOLS,
}


class Fact(Protocol):
    """A number that cannot be used, as `segrules.sim.effort.problems.Problem` has it."""

    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def where(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def expected(self) -> str: ...
    @property
    def advice(self) -> str: ...


def effort_problem(fact: Fact, span: Span | None = None) -> Diagnostic:
    """Say which number it is, where it belongs and what to do; span: of the block it stands in."""
    where = f" of {quoted(fact.where)}" if fact.where else ""
    message = f"the {fact.subject}{where} is {fact.value:,.6g}, not {fact.expected}"
    return _said(_BY_KIND[fact.kind], span, message, fact.advice)


def unknown_hours(pool: str, span: Span | None) -> Diagnostic:
    return _said(
        _POOLS,
        span,
        f"the pool `{pool}` shares cases with others, and its hours are not known",
        "give its `agents` and their `hours`",
    )


def unskilled(pool: str, span: Span | None) -> Diagnostic:
    return _said(
        _POOLS,
        span,
        f"the pool `{pool}` has no skill to train from",
        "give its `skill` today",
    )


def nothing_before(funnel: str, span: Span | None) -> Diagnostic:
    return _said(
        _HOURS,
        span,
        f"the funnel `{funnel}` has no stage with a value after its first one",
        "give the stage that is a sale a `value`: a case is who reached the stage before",
    )


def nothing_after(plan: str, span: Span | None) -> Diagnostic:
    return _said(
        _PAY,
        span,
        f"the plan `{plan}` pays for customers who stay, but no stage follows the sale",
        "add a stage for those who stay, or leave that pay out",
    )


def not_for_agents(what: str, span: Span | None) -> Diagnostic:
    """A property of a lever that has no meaning for what agents answer to."""
    return _said(
        _RANGE,
        span,
        f"`{what}` has no meaning for a lever that agents answer to",
        "leave it out, or state the effect as odds in a lever of its own",
    )


def _said(code: Entry, span: Span | None, message: str, hint: str) -> Diagnostic:
    return code.about(None, message, hint) if span is None else code.at(span, message, hint)
