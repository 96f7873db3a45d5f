"""What a projection of a line says in sentences, on a page as in a terminal."""

from __future__ import annotations

import math

from segrules.report.words import count, estimate, units
from segrules.sim.line import LineProjection
from segrules.sim.queues.figures import BreakEven
from segrules.sim.queues.spread import LOG, OverDays

LEAST_SHARE = 0.005
"""Of a variance, what is told."""


def of_hundred(chance: float) -> str:
    """A chance in natural frequencies."""
    if chance > 0.99 or chance < 0.01:
        return "more than 99 of 100" if chance > 0.5 else "less than 1 of 100"
    return f"{100 * chance:.0f} of 100"


def outward(interval: tuple[float, float], error: float) -> tuple[float, float]:
    """The ends no finer than two errors, and no nearer to each other than they are."""
    if error <= 0.0:
        return interval
    step = 10.0 ** math.ceil(math.log10(2.0 * error))
    return step * math.floor(interval[0] / step), step * math.ceil(interval[1] / step)


def spread_of(over: OverDays) -> str:
    """The sources of a spread, as parts of its variance."""
    known = {LOG: "what the log leaves open"}
    parts = [
        f"{known.get(name, name)} ({part:.0%})"
        for name, part in over.shares.items()
        if part >= LEAST_SHARE
    ]
    luck = max(1.0 - sum(over.shares.values()), 0.0)
    return ", ".join([*parts, f"the luck of the day ({luck:.0%})"])


def worth(even: BreakEven, currency: str | None) -> str:
    """When a scenario pays, in a clause."""
    more, scale = even.answered > 0, units(1, currency)
    unit = f" {currency}" if currency else ""
    if even.answered == 0:
        return f"as many are answered, at {_less_or_more(even.cost)} cost"
    if not even.settled:
        return "whether more or fewer contacts are answered is not settled"
    changed = f"{estimate(abs(even.answered), even.answered_error)} "
    changed += f"{'more' if more else 'fewer'} answered a day"
    if even.value is None:
        return f"{changed}, at {_less_or_more(even.cost)} cost"
    told = (
        f"{changed}: it pays where an answered contact is worth {'more' if more else 'less'} than "
    )
    told += f"{estimate(even.value, even.error, scale)}{unit}"
    if even.interval80 is None:
        return told
    low, high = (estimate(end, 0.0, scale) for end in outward(even.interval80, even.error))
    return f"{told} (80%: {low} to {high})"


def _less_or_more(cost: float) -> str:
    return "the same" if cost == 0 else "more" if cost > 0 else "less"


def spread_notes(found: LineProjection) -> list[str]:
    """What the intervals hold, and what no log can tell."""
    days = "the days played" if found.engine == "events" else "the draws, a mean day each"
    inside = "" if found.engine == "events" else "; the luck within a day is not in them"
    return [
        f"intervals hold 80% of {days}, both arms of a day alike in luck and figures; what the log "
        f"leaves open about rates, handle times and patience is in them, by {count(found.draws)} "
        f"draws from its {count(found.past.open_days)} days{inside}",
        "days to come are taken to be like those of the log; where agents or demand have changed "
        "since, no interval here knows of it",
    ]
