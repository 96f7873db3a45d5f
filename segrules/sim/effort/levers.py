"""Levers: edits of a firm which commute, so that a bundle has no order.

Factors on one path multiply, and so do odds; factors come before odds. By segment means a tuple
of S numbers, 1 where nothing changes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from segrules.sim.effort.plans import PayPlan, plan_problems
from segrules.sim.effort.problems import (
    Problem,
    negative,
    not_a_number,
    outside_share,
    refuse,
)
from segrules.sim.model import Floats

FactorPath = Literal["enquiries", "appointment", "ceiling", "speed", "retained", "hours"]
OddsPath = Literal["appointment", "sale", "retained"]


@dataclass(frozen=True)
class Factor:
    """Multiplies a figure, by segment. "hours" are those of the pool: all factors must agree."""

    path: FactorPath
    by: tuple[float, ...]


@dataclass(frozen=True)
class Odds:
    """Multiplies the odds of reaching a stage, by segment; of a sale, at today's hours."""

    path: OddsPath
    by: tuple[float, ...]


@dataclass(frozen=True)
class Pays:
    """Another pay plan."""

    plan: PayPlan


@dataclass(frozen=True)
class ChecksOutOfPay:
    """Checks go on, but neither take from pay nor add to it."""


@dataclass(frozen=True)
class Checked:
    """Another share of sales checked, by segment."""

    share: tuple[float, ...]


Edit = Factor | Odds | Pays | ChecksOutOfPay | Checked


@dataclass(frozen=True)
class Lever:
    """Edits under one name, and what they cost over the projected time in minor units."""

    name: str
    edits: tuple[Edit, ...]
    cost: float = 0.0


@dataclass(frozen=True)
class Changes:
    """What levers do together. factor, odds: float64[S] by path; None: as today."""

    factor: dict[str, Floats] = field(default_factory=dict)
    odds: dict[str, Floats] = field(default_factory=dict)
    plan: PayPlan | None = None
    checks_paid: bool = True
    checked: Floats | None = None
    cost: float = 0.0


def path_of(edit: Edit) -> str:
    """Return the path an edit acts on."""
    match edit:
        case Factor(path) | Odds(path):
            return path
        case Pays():
            return "pay"
        case ChecksOutOfPay():
            return "checks in pay"
        case Checked():
            return "checks"


def untested(levers: Sequence[Lever]) -> tuple[str, ...]:
    """Return the paths that two levers or more act on: their combined effect is untested."""
    seen = Counter(path for lever in levers for path in {path_of(edit) for edit in lever.edits})
    return tuple(sorted(path for path, times in seen.items() if times > 1))


def gather(levers: Sequence[Lever], names: tuple[str, ...]) -> Changes:
    """Return what the levers do together; EffortError as `lever_problems`."""
    refuse(lever_problems(levers, names))
    factor: dict[str, Floats] = {}
    odds: dict[str, Floats] = {}
    plan, paid, checked = None, True, None
    for lever in levers:
        for edit in lever.edits:
            match edit:
                case Factor(path, by):
                    factor[path] = factor.get(path, np.ones(len(names))) * np.array(by)
                case Odds(path, by):
                    odds[path] = odds.get(path, np.ones(len(names))) * np.array(by)
                case Pays(other):
                    plan = other
                case ChecksOutOfPay():
                    paid = False
                case Checked(share):
                    checked = np.array(share, dtype=np.float64)
    return Changes(factor, odds, plan, paid, checked, sum(lever.cost for lever in levers))


def lever_problems(levers: Sequence[Lever], names: tuple[str, ...]) -> list[Problem]:
    """Return what is wrong with levers for segments of these names."""
    found: list[Problem] = []
    for lever in levers:
        if not np.isfinite(lever.cost):
            found.append(not_a_number("cost", lever.name, lever.cost))
        for edit in lever.edits:
            found += _edit_problems(lever.name, edit, names)
    for kind, what in ((Pays, "pay plans"), (Checked, "shares of sales checked")):
        number = sum(isinstance(edit, kind) for lever in levers for edit in lever.edits)
        if number > 1:
            where = " + ".join(lever.name for lever in levers)
            advice = "keep one of them in a bundle"
            found.append(Problem("two plans", what, where, float(number), "1", advice))
    return found


def _edit_problems(lever: str, edit: Edit, names: tuple[str, ...]) -> list[Problem]:
    match edit:
        case Pays(plan):
            return plan_problems(plan, names)
        case ChecksOutOfPay():
            return []
        case Checked(figures):
            subject, shares = "share of sales checked", True
        case Factor(path, figures):
            subject, shares = f"factor of {path}", False
        case Odds(path, figures):
            subject, shares = f"odds of {path}", False
    if len(figures) != len(names):
        what, expected = f"number of figures for {subject}", f"{len(names)}"
        number, advice = float(len(figures)), "give one a segment"
        return [Problem("count of figures", what, lever, number, expected, advice)]
    named = [(f"{lever}, {name}", value) for name, value in zip(names, figures, strict=True)]
    if shares:
        return outside_share(subject, named, "give it as a share of sales")
    if isinstance(edit, Factor) and edit.path == "hours" and len(set(figures)) > 1:
        expected, advice = f"{figures[0]:g}", "hours are shared: give the same factor everywhere"
        return [Problem("count of figures", subject, lever, max(figures), expected, advice)]
    if isinstance(edit, Odds) and 0.0 in figures:
        advice = "odds of 0 stop everything: use a small number, or a factor of 0"
        return [Problem("negative", subject, lever, 0.0, "more than 0", advice)]
    return negative(subject, named, "1 changes nothing, less than 1 lowers")


def moved(rate: Floats, path: str, changes: Changes, names: tuple[str, ...]) -> Floats:
    """Return float64[S] rates after factors and odds; EffortError when one passes 1."""
    subject = f"rate of {path} after the levers"
    if path in changes.factor:
        rate = rate * changes.factor[path]
        named = zip(names, rate.tolist(), strict=True)
        refuse(outside_share(subject, named, "use odds, which cannot pass 100%, or less of it"))
    if path in changes.odds:
        rate = _shift(rate, changes.odds[path])
    return rate


def _shift(rate: Floats, odds: Floats) -> Floats:
    return np.where(odds == 1.0, rate, odds * rate / (1.0 - rate + odds * rate))


def ceiling_factor(rate: Floats, changes: Changes) -> Floats | float:
    """Return the factor of the ceilings which moves the odds of a sale at `rate` as asked."""
    if "sale" not in changes.odds:
        return 1.0
    shifted = _shift(rate, changes.odds["sale"])
    return np.where(rate > 0.0, shifted / np.where(rate > 0.0, rate, 1.0), 1.0)
