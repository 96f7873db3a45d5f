"""Problems of a line: questions about a queue that have no answer as they were put."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.figures import RANGE
from segrules.text.problems.words import listed, quoted

_TABLE = """
table calls of customers by customer_id dated at_time {
  customer_id text
  at_time     instant
  minutes     number 0..1_000
  waited      whole 0..100_000
  gave_up     flag
}
segments tiers of customers {
  golden when tier = gold
  otherwise silver
}
"""
_LINE = """
line desk_calls of calls {
  arrives   at_time
  handling  minutes
WAITED  abandoned gave_up
  open      from 8 to 18
POOLS}
scenario more { MORE }
project desk_calls { for 12 months runs 100 seed 7 compare more against today }
"""
_DESK = "pool desk { agents 3 }"

_CUSTOMERS = "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n" + (
    "".join(
        f"c{at},2025-01-10,north,{tier},120.00,3,,10%,no,,\n"
        for at, tier in enumerate(("gold", "silver", "bronze"))
    )
)


def _calls(days: int, gave_up: int = 0, waits: int = 0, minutes: int = 6) -> str:
    """Twelve calls a day; one in `gave_up` is given up, and each waits so many seconds."""
    rows = ["customer_id,at_time,minutes,waited,gave_up\n"]
    for number in range(12 * days):
        day, at = divmod(number, 12)
        lost = gave_up > 0 and number % gave_up == 0
        rows.append(
            f"c{number % 3},2026-06-{day + 1:02d}T{9 + at // 2:02d}:{30 * (at % 2):02d}:00Z,"
            f"{minutes + number % 5},{waits + number % 40},{'yes' if lost else 'no'}\n"
        )
    return "".join(rows)


_USUAL = _calls(20, gave_up=10, waits=20)


_WAITED = "  waited    waited\n"


def _run(
    pools: str = _DESK,
    calls: str = _USUAL,
    *,
    named: str = "desk",
    more: str = "capacity desk agents 4",
    waited: str = _WAITED,
    engine: str = "",
) -> Example:
    pooled = f"  pools     {named}\n" if named else ""
    line = _LINE.replace("POOLS", pooled).replace("MORE", more).replace("WAITED", waited)
    return Example(
        f"{_TABLE}{pools}{line}",
        {"customers": _CUSTOMERS, "calls": calls},
        f"simulate --as-of 2026-06-30{engine}",
    )


_VIP = "pool desk { agents 3 }\npool vip { agents 1 serves golden }"
_SERVES_NOBODY = entry(
    "SEG571",
    "a pool that serves nobody",
    why="Agents who may take no contact cost money and change nothing. Most often every segment "
    "that they serve has been routed elsewhere.",
    wrong=_run(_VIP, named="desk, vip", more="route golden to desk"),
    right=_run(_VIP, named="desk, vip", more="route golden to desk after 60 seconds"),
)
_SERVED_BY_NOBODY = entry(
    "SEG572",
    "contacts that nobody may take",
    why="Without a pool of agents, or with none for some segments, customers would wait for ever.",
    wrong=_run("", named="", more="priority golden"),
    right=_run(more="priority golden"),
)
_UNSTABLE = entry(
    "SEG573",
    "more work than the agents can do",
    why="Where nobody gives up, a line that brings more work than its agents can do grows without "
    "end, and no mean wait exists.",
    wrong=_run("pool desk { agents 1 }", _calls(20, minutes=90)),
    right=_run("pool desk { agents 3 }", _calls(20, minutes=90)),
)
_PATIENCE = entry(
    "SEG574",
    "customers give up, and how patient they are is not known",
    why="Customers who give up shorten the line for the others. Without knowing how long they wait "
    "before they do, any wait that is told would be too long, by a factor at times.",
    wrong=_run(waited=""),
    right=_run(),
)
_TOO_FEW = entry(
    "SEG575",
    "too little in the log to tell",
    why="Rates by the hour, handle times and how days differ are estimated from the log. From a "
    "few contacts they would be luck.",
    wrong=_run(calls=_calls(3)),
    right=_run(),
)
_STAFFING = entry(
    "SEG576",
    "agents that can neither be read nor estimated",
    why="Where a pool does not say how many agents it has, they are those with whom the contacts "
    "that take this pool first would wait as the log says. That takes such contacts, and their "
    "waits.",
    wrong=_run("pool desk { agents 3 }\npool spare { skill 2 }", named="desk, spare"),
    right=_run("pool desk { agents 3 }\npool spare { agents 1 }", named="desk, spare"),
)
_ENGINE = entry(
    "SEG577",
    "an engine that cannot answer for a line",
    why="A line is answered by formulas where they hold, and played as events where they do not. "
    "A formula outside of its conditions misleads without showing it.",
    wrong=_run(
        "pool desk { agents 3 serves golden }\npool rest { agents 3 }",
        named="desk, rest",
        engine=" --engine expected",
    ),
    right=_run(
        "pool desk { agents 3 serves golden }\npool rest { agents 3 }",
        named="desk, rest",
        engine=" --engine events",
    ),
)


_NOBODY_THERE = entry(
    "SEG597",
    "hours in which nobody is there",
    why="Where shifts leave hours open in which contacts come and no agent is there who may take "
    "them, they wait for the next shift or give up. It may be meant, and then the waits are right; "
    "most often an hour was forgotten.",
    wrong=_run("pool desk { agents 3 from 8 to 12, 3 from 13 to 18 }"),
    right=_run("pool desk { agents 3 from 8 to 12, 3 from 12 to 18 }"),
    severity="warning",
)


class Faulty(Protocol):
    """What is wrong with a question about a queue, as facts."""

    @property
    def kind(self) -> str: ...
    @property
    def says(self) -> str: ...
    @property
    def advice(self) -> str: ...


_OF_KIND = {
    "negative capacity": RANGE,
    "pool serves nobody": _SERVES_NOBODY,
    "class served by nobody": _SERVED_BY_NOBODY,
    "unstable": _UNSTABLE,
    "patience needed": _PATIENCE,
    "too few events": _TOO_FEW,
    "too many states": _ENGINE,
    "needs events": _ENGINE,
}


def queue_fault(fault: Faulty, arm: str = "") -> Diagnostic:
    """A fault of a queue, in a scenario or today."""
    where = "" if not arm else "today " if arm == "today" else f"in {arm}, "
    return _OF_KIND[fault.kind].about(None, f"{where}{fault.says}", fault.advice)


def few_contacts(line: str, seen: int, needed: int) -> Diagnostic:
    return _TOO_FEW.about(
        None,
        f"the line {quoted(line)} has {seen} contacts in its opening hours of the last year, and "
        f"{needed} are needed",
        "look at as_of, at the opening hours and at the zone, or take a longer log",
    )


def few_open_days(line: str, seen: int, needed: int) -> Diagnostic:
    return _TOO_FEW.about(
        None,
        f"the line {quoted(line)} has contacts on {seen} open days, and {needed} are needed",
        "take a longer log",
    )


def few_times(what: str, seen: int, needed: int) -> Diagnostic:
    return _TOO_FEW.about(
        None,
        f"{what}: {seen} known, and {needed} are needed",
        "look at what is given as the time of a contact; it is in minutes and above 0",
    )


def patience_untold(line: str, lost: float) -> Diagnostic:
    return _PATIENCE.about(
        None,
        f"{lost:.1%} of the contacts of {quoted(line)} are given up, and no wait is known",
        "add `waited` with the seconds that a contact waited",
    )


def staffing_untold(pool: str, seen: int) -> Diagnostic:
    return _STAFFING.about(
        None,
        f"the pool {quoted(pool)} states no agents, and {seen} contacts with a known wait take it "
        "first",
        "write how many agents it has: `agents 4`, or `agents 8 from 8 to 13`",
    )


def not_for_lines(engine: str, allowed: list[str]) -> Diagnostic:
    return _ENGINE.about(
        None,
        f"the engine {quoted(engine)} knows no lines",
        f"give {listed(allowed, 'or')}, or leave it out",
    )


def no_formula(arm: str, why: str) -> Diagnostic:
    return _ENGINE.about(
        None,
        f"no formula holds for {arm}: {why}",
        "leave `--engine` out, or give `--engine events`",
    )


def nobody_there(
    arm: str, segments: Sequence[str], hours: tuple[str, str], come: float
) -> Diagnostic:
    """From when to when no agent may take contacts of some segments, and how many come a day."""
    where = "today" if arm == "today" else f"in {arm}"
    return _NOBODY_THERE.about(
        None,
        f"{where} nobody is there from {hours[0]} to {hours[1]} for {listed(segments)}, of whom "
        f"{come:.3g} come a day then by the log",
        "extend a shift of a pool that serves them, or shorten the hours of the line",
    )


def no_pools(line: str) -> Diagnostic:
    return _SERVED_BY_NOBODY.about(
        None,
        f"the line {quoted(line)} has no pool",
        "declare a pool with its agents, and name it at `pools`",
    )
