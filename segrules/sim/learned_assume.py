"""Assumptions to be stated from an experiment: what it measured, as a range for a scenario.

A range is the 95% interval. A scenario draws from all of it alike, which is a little wider than
what the experiment leaves open: it errs on the side of not knowing.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

import numpy as np

from segrules.lang import ir
from segrules.sim.learned import Estimate, Experiment

_DIGITS = 3
_WIDEST = 80
_PART = 24
"""Characters of a text, and of a part of a name."""


@dataclass(frozen=True)
class Proposed:
    """One assumption; `text` is how it stands in a rule file. segment: None for all alike."""

    name: str
    low: str
    high: str
    segment: str | None
    arm: str
    evidence: str
    owner: str
    until: dt.date

    @property
    def text(self) -> str:
        # no line is so long that a terminal would break it inside quotes
        return (
            f"assume {self.name} = {self.low} to {self.high} {{\n"
            f'  source experiment "{self.evidence}"\n'
            f'  owner  "{self.owner}"\n'
            f"  until  {self.until}\n}}"
        )


def proposals(found: Experiment, ruleset: ir.Ruleset) -> tuple[Proposed, ...]:
    """The odds of every arm, and those of segments where segments are likelier to differ.

    () for the value, which no scenario takes odds of. The owner is that of the rules, and the day
    a year after the study: both are there to be changed.
    """
    if not found.in_odds:
        return ()
    taken = _names(ruleset)
    made = []
    for arm in found.arms:
        made.append(_proposed(found, ruleset, taken, (arm.arm, None, arm.common)))
        if found.segments_differ:
            for each in arm.segments:
                what = arm.arm, each.segment, each.shrunk
                made.append(_proposed(found, ruleset, taken, what))
    return tuple(made)


def _proposed(
    found: Experiment,
    ruleset: ir.Ruleset,
    taken: set[str],
    what: tuple[str, str | None, Estimate],
) -> Proposed:
    arm, segment, effect = what
    low, high = (_figure(end) for end in effect.interval_95)
    name = _name([arm, *([segment] if segment else []), found.outcome, "odds"], taken)
    counted = f"{found.customers:,} customers by {found.until}"
    return Proposed(
        name=name,
        low=low,
        high=high,
        segment=segment,
        arm=arm,
        evidence=_plain(f"{found.column} of {found.funnel}: {counted}"),
        owner=_plain(ruleset.owner) or "nobody yet",
        until=_a_year_on(found.as_of),
    )


def _figure(value: float) -> str:
    return np.format_float_positional(value, precision=_DIGITS, fractional=False, trim="-")


def _name(parts: list[str], taken: set[str]) -> str:
    """A name that the rules do not have yet; it is taken then."""
    words = [re.sub(r"[^a-z0-9]+", "_", part.lower())[:_PART].strip("_") for part in parts]
    name = "_".join(word for word in words if word)
    if not name[0].isalpha():
        name = f"arm_{name}"
    free, at = name, 1
    while free in taken:
        at += 1
        free = f"{name}_{at}"
    taken.add(free)
    return free


def _names(ruleset: ir.Ruleset) -> set[str]:
    assumed = {each.name for each in ruleset.assumptions}
    values = {each.name for each in ruleset.features} | {each.name for each in ruleset.knobs}
    return assumed | values | {each.name for each in ruleset.scenarios}


def _plain(text: str) -> str:
    """As it may stand between quotes on one line."""
    return " ".join(text.replace("\\", "/").replace('"', "'").split())[:_WIDEST].strip()


def _a_year_on(day: dt.date) -> dt.date:
    last = calendar.monthrange(day.year + 1, day.month)[1]
    return day.replace(year=day.year + 1, day=min(day.day, last))
