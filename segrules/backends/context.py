"""What every target is told beside the rules and the rows."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from fractions import Fraction

from segrules.lang.ir import (
    Ago,
    Between,
    Calendar,
    Calibration,
    InLast,
    InNext,
    InRank,
    LastRows,
    Length,
    Period,
    Until,
    Window,
)
from segrules.lang.types import Instant, Type
from segrules.runtime.calendar import (
    WindowSpec,
    days_in_month,
    days_later,
    length_later,
    months_later,
    seen_from,
)

__all__ = [
    "Bounds", "Context", "between", "days_in_month", "days_later", "later", "months_later", "seen",
    "taken", "window_spec",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Context:
    """`as_of` means the end of that day in `zone`; ranks are answered from `calibration`."""

    zone: str
    as_of: dt.date
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Bounds:
    """start ≤ t < end; None is no bound. Dates or UTC instants, as the rows are dated."""

    start: dt.date | None
    end: dt.date | None


def seen(window: Window | None, dated: Type, context: Context) -> Bounds:
    """When a related row must be dated to be looked at: in the window, never after as_of.

    `InNext` alone looks beyond as_of. `LastRows` counts rows, so it bounds nothing here.
    """
    instants = isinstance(dated, Instant)
    return Bounds(*seen_from(window_spec(window), instants, context.zone, context.as_of))


def taken(rank: InRank, population: int) -> int:
    """How many of a population with known amounts a rank takes, ties left out of account."""
    if rank.share is not None:
        return min(math.ceil(rank.share * population), population)
    if rank.count is not None:
        return min(rank.count, population)
    raise ValueError(f"the rank {rank.name} has neither a share nor a count")


def between(below: float, above: float, part: Fraction) -> float:
    """The number that lies `part` of the way from one to the other, rounded once."""
    return float(Fraction(below) + (Fraction(above) - Fraction(below)) * part)


def later(day: dt.date, length: Length) -> dt.date | None:
    """The date a length of time later; None outside the years 1 to 9999."""
    return length_later(day, length.count, length.unit)


def window_spec(window: Window | None) -> WindowSpec | None:
    """A window as the plain values that it is counted with."""
    match window:
        case None:
            return None
        case InLast(length=length):
            return ("in last", _spec(length))
        case InNext(length=length):
            return ("in next", _spec(length))
        case Ago(start=start, end=end):
            return ("ago", _spec(start), _spec(end))
        case Between(first=first, last=last):
            return ("between", first, last)
        case Calendar(period=period, previous=previous):
            return ("previous" if previous else "period", period.unit, period.starts)
        case Until(ago=Length() as length):
            return ("until", _spec(length))
        case Until(end_of_previous=Period() as period):
            return ("until previous", period.unit, period.starts)
        case LastRows(count=count):
            return ("rows", count)
    raise ValueError(f"the window {window} has no end")


def _spec(length: Length) -> tuple[int, str]:
    return length.count, length.unit
