"""Problems of a funnel's scenarios: figures that cannot be what a lever makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import listed, quoted

_RULES = """
funnel sales of customers {
  joined at joined
  sold   at sold_at within 30 days value spend
}
segments tiers of customers {
  golden when tier = gold
  otherwise others
}
assume more = 5% to POINTS { source experiment "a trial" owner "Sales" until 2027-06-30 }
scenario forms { process golden sold plus more }
project sales { for 12 months runs 100 seed 7 compare forms against today }
"""
_ROWS = "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n" + "".join(
    f"c{at},2026-0{at % 5 + 1}-10,north,{tier},120.00,3,,10%,no,{sold},\n"
    for at, tier, sold in (
        (at, ("gold", "silver")[at % 2], f"2026-0{at % 5 + 1}-12" if at % 5 < 3 else "")
        for at in range(48)
    )
)


def _run(points: str, engine: str = "") -> Example:
    rules = _RULES.replace("POINTS", points)
    return Example(rules, {"customers": _ROWS}, f"simulate --as-of 2026-06-30{engine}")


_OUTSIDE = entry(
    "SEG760",
    "a chance leaves 0 to 100%",
    why="Points are added to the chance as it is. Where that is high already, the sum is no chance "
    "any more, and what the lever does there would be cut off without a word. Odds never leave 0 "
    "to 100%.",
    wrong=_run("60%"),
    right=_run("9%"),
)

_ENGINE = entry(
    "SEG761",
    "an engine that cannot answer for a funnel",
    why="A funnel is passed once, by customers who do not meet: it is counted, or its expectation "
    "is taken. Single customers are followed where they buy again (a life), and events are played "
    "where customers wait for agents (a line).",
    wrong=_run("9%", " --engine events"),
    right=_run("9%", " --engine expected"),
)


def not_for_funnels(engine: str, allowed: Sequence[str]) -> Diagnostic:
    return _ENGINE.about(
        None,
        f"the engine {quoted(engine)} knows no funnels",
        f"give {listed(allowed, 'or')}, or leave it out",
    )


def chance_outside(
    scenario: str, stage: str, segment: str, found: tuple[float, float]
) -> Diagnostic:
    """found: the chance on average, as it is without the points, and the points."""
    chance, points = found
    return _OUTSIDE.about(
        None,
        f"{quoted(scenario)} moves the chance of {quoted(stage)} in {quoted(segment)} by "
        f"{100 * points:+.3g} points, from {chance:.1%} to {chance + points:.1%}",
        "take fewer points, or give the effect as odds, which stay within 0 and 100%",
    )
