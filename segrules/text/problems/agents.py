"""What can be wrong with pools of agents, their pay, their effort and the checks of quality."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import TEAM, closest, listed, quoted
from segrules.text.shown import shown
from segrules.text.source import Span

_COMPARED = (
    "scenario more {\n  capacity desk agents 6\n}\n"
    "project sales {\n  compare more against today\n}\n"
)

UNKNOWN_POOL = entry(
    "SEG850",
    "an unknown pool",
    why="Work that is given to a pool which is not declared would be done by nobody.",
    wrong=TEAM.replace("pools      desk", "pools      desk, dsk"),
    right=TEAM,
)
UNKNOWN_PLAN = entry(
    "SEG851",
    "an unknown pay plan",
    why="Agents follow what they are paid, so the plan must be known.",
    wrong=TEAM.replace("paid by    fixed", "paid by    fixd") + "scenario s {\n  pay fixed\n}\n",
    right=TEAM,
)
HOURS = entry(
    "SEG852",
    "hours that no day has",
    why="A stretch of a day goes from an earlier hour to a later one, from 0 to 24. One that goes "
    "on after midnight is two.",
    wrong=TEAM.replace("agents 4", "agents 4 from 18 to 8"),
    right=TEAM.replace("agents 4", "agents 4 from 8 to 18"),
)
OVERLAP = entry(
    "SEG853",
    "shifts that overlap",
    why="It is not said whether the agents of both are there, or those of one.",
    wrong=TEAM.replace("agents 4", "agents 4 from 8 to 14, 6 from 12 to 18"),
    right=TEAM.replace("agents 4", "agents 4 from 8 to 12, 6 from 12 to 18"),
)
PAYS_NOTHING = entry(
    "SEG854",
    "a pay plan that pays nothing",
    why="Agents who are paid nothing for any sale would have no reason to prefer one to another.",
    wrong=TEAM.replace("150 per sale", "less 60 per failed check"),
    right=TEAM.replace("150 per sale", "150 per sale\n  less 60 per failed check"),
)
TIERS = entry(
    "SEG855",
    "tiers of pay out of order",
    why="A tier holds for the sales beyond its number until the next one begins.",
    wrong=TEAM.replace(
        "150 per sale", "150 per sale\n  from 20 sales times 1.5\n  from 10 sales times 1.2"
    ),
    right=TEAM.replace(
        "150 per sale", "150 per sale\n  from 10 sales times 1.2\n  from 20 sales times 1.5"
    ),
)
INCOMPLETE = entry(
    "SEG856",
    "an effort that lacks a part",
    why="How agents divide their time follows from the time of a case, from what more time brings, "
    "and from their pay.",
    wrong=TEAM.replace("  elasticity 0.4\n", ""),
    right=TEAM,
)
NEED_VALUE = entry(
    "SEG857",
    "agents of a funnel without a value",
    why="Agents are paid for the stage with a value, the sale; without one there is none.",
    wrong=TEAM.replace(" value spend", ""),
    right=TEAM,
)
DAYS = entry(
    "SEG858",
    "a wait that is not in days",
    why="Waiting sales fall through at a rate a day.",
    wrong=TEAM + "quality of sales {\n  checked 10%\n  wait    2 weeks\n}\n",
    right=TEAM + "quality of sales {\n  checked 10%\n  wait    14 days\n}\n",
)
UNUSED = entry(
    "SEG859",
    "a pool or a pay plan that nothing uses",
    why="It changes no result; a reader would believe that it does.",
    wrong=TEAM + "pay margin {\n  5% of margin\n}\n",
    right=TEAM + "pay margin {\n  5% of margin\n}\nscenario margin_pay {\n  pay margin\n}\n",
    severity="warning",
)
SERVES_NOBODY = entry(
    "SEG860",
    "a pool that serves none of the segments",
    why="Its agents would wait for customers who do not come.",
    wrong=TEAM.replace("pools      desk", "pools      desk, other")
    + "segments place of customers {\n  near when region = north\n  otherwise far\n}\n"
    + "pool other {\n  agents 2\n  serves near\n}\n"
    + _COMPARED.replace("project sales", "project sales by worth"),
    right=TEAM + _COMPARED,
)
NOT_SERVED = entry(
    "SEG861",
    "a segment that no pool serves",
    why="Its customers would wait for ever, or quietly buy without anybody's work.",
    wrong=TEAM.replace("serves high, low", "serves high") + _COMPARED,
    right=TEAM + _COMPARED,
)


def unknown_pool(span: Span, name: str, near: str | None) -> Diagnostic:
    return UNKNOWN_POOL.at(
        span,
        f"unknown pool {quoted(name)}",
        closest(near, "pool", f"declare it: `pool {shown(name)} {{ … }}`"),
    )


def unknown_plan(span: Span, name: str, near: str | None) -> Diagnostic:
    return UNKNOWN_PLAN.at(
        span,
        f"unknown pay plan {quoted(name)}",
        closest(near, "pay plan", f"declare it: `pay {shown(name)} {{ … }}`"),
    )


def no_hours_of_a_day(span: Span) -> Diagnostic:
    return HOURS.at(
        span,
        "these are not the hours of one day",
        "write an earlier hour and a later one, from 0 to 24: `from 8 to 18`",
    )


def shifts_overlap(span: Span) -> Diagnostic:
    return OVERLAP.at(
        span, "this shift overlaps one before it", "let it begin when the other one ends"
    )


def pays_nothing(span: Span, name: str) -> Diagnostic:
    return PAYS_NOTHING.at(
        span,
        f"the pay plan {quoted(name)} pays nothing for anything",
        "add what a sale brings: `150 per sale`, or `5% of value`",
    )


def tiers_order(span: Span, before: str) -> Diagnostic:
    return TIERS.at(
        span,
        f"this tier does not begin above {before} sales, where the one before it does",
        "put the tiers in the order of their sales",
    )


def effort_incomplete(span: Span, funnel: str, lacking: Sequence[str]) -> Diagnostic:
    return INCOMPLETE.at(
        span,
        f"the effort of {quoted(funnel)} has no {listed(lacking)}",
        "say how many hours a case takes, what more time brings, and the pay plan in force: "
        "`time 3`, `elasticity 0.4`, `paid by …`",
    )


def agents_need_value(span: Span, kind: str, funnel: str) -> Diagnostic:
    return NEED_VALUE.at(
        span,
        f"{quoted(kind)} is of {quoted(funnel)}, which has no stage with a value",
        "give the stage of the sale a value: `sale at sold_at within 90 days value spend`",
    )


def wait_in_days(span: Span) -> Diagnostic:
    return DAYS.at(span, "this wait is not in days", "write it in days: `wait 2 days`")


def agents_unused(span: Span, kind: str, name: str) -> Diagnostic:
    use = "a line, an effort or a scenario" if kind == "pool" else "an effort or a scenario"
    return UNUSED.at(
        span, f"nothing uses the {kind} {quoted(name)}", f"name it in {use}, or remove it"
    )


def pool_serves_nobody(span: Span, name: str, segments: str) -> Diagnostic:
    return SERVES_NOBODY.at(
        span,
        f"{quoted(name)} serves none of the segments {quoted(segments)}",
        "name some of them behind `serves`, or leave the pool out of the project",
    )


def segment_not_served(span: Span, segment: str, pools: Sequence[str]) -> Diagnostic:
    return NOT_SERVED.at(
        span,
        f"no pool of {listed(pools, 'or')} serves the segment {quoted(segment)}",
        f"add {quoted(segment)} to the `serves` of a pool",
    )
