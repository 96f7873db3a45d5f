"""From what the rules say of a life and its levers to evolutions and scenarios of the engine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segrules.lang import ir
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Money,
    Number,
    Share,
    Type,
    Whole,
    form,
    spell,
)
from segrules.sim.customers.evolution import (
    Accumulate,
    Age,
    Bounds,
    Drift,
    Evolution,
    Respond,
    SaleDay,
    SinceSale,
    Step,
    Switch,
)
from segrules.sim.customers.figures import ANY, POSITIVE, SHARE, Figures
from segrules.sim.customers.levers import (
    Change,
    Charge,
    Figure,
    Lever,
    Move,
    Multiply,
    Outlay,
    Price,
    Timing,
)
from segrules.sim.customers.model import Scenario
from segrules.sim.model import Floats
from segrules.text.diagnostic import RulesError
from segrules.text.problems import living as problems

_ABOVE_ALL_LOSS = (math.nextafter(-1.0, 0.0), math.inf)
_ABOVE_NOTHING = (math.nextafter(0.0, 1.0), math.inf)
_NUMBERS = (Whole, Number, Share, Money)
_FACTORS: dict[str, Literal["leads", "value", "hazard"]] = {
    "arrivals": "leads", "value": "value", "leaving": "hazard",
}  # fmt: skip
_MICROSECONDS = 86_400e6


def moving(life: ir.Life, scenarios: Sequence[ir.Scenario]) -> tuple[str, ...]:
    """The columns and named values that change, each once."""
    names = [each.column for each in life.changes]
    for scenario in scenarios:
        for lever in scenario.levers:
            names += [each.column for each in lever.edits if isinstance(each, ir.Moves)]
    return tuple(dict.fromkeys(names))


def assumed(life: ir.Life, scenarios: Sequence[ir.Scenario]) -> set[str]:
    """The names of the assumptions that a life and scenarios rest on."""
    stated: list[ir.Stated] = [value for _, value in (*life.keeping, *life.leaving)]
    for each in life.changes:
        stated += [value for _, value in (*each.amount, *each.spread, *each.chance)]
        stated.append(each.keep)
    for lever in (lever for scenario in scenarios for lever in scenario.levers):
        stated += [lever.deadweight, lever.pull_forward, lever.timing.persistence]
        stated += [cost.amount for cost in lever.costs]
        for edit in lever.edits:
            match edit:
                case ir.Times(factor=factor):
                    stated.append(factor)
                case ir.Moves(chance=chance, fall_back=back):
                    stated += [chance, back]
    return {each for each in stated if isinstance(each, str)}


# ---- evolutions


@dataclass(frozen=True)
class Known:
    """What evolutions are made with: figures, types, and the chains of columns that switch."""

    figures: Figures
    types: Mapping[str, Type]
    chains: Mapping[str, Floats]


def evolutions(life: ir.Life, known: Known) -> tuple[Evolution, ...]:
    """The evolutions of a life.

    Raises:
        RulesError: a column cannot go on in its way, or a figure is out of range.
    """
    return tuple(_evolution(each, known) for each in life.changes)


def _evolution(each: ir.Evolution, known: Known) -> Evolution:
    kind, column = known.types[each.column], each.column
    _check_type(each, kind)
    what = f"{each.way.replace('_', ' ')} of {column}"
    of_each = known.figures.of_each
    whole, within = form(kind) == "int", bounds(kind)
    match each.way:
        case "grows":
            return Age(column, of_each(each.amount, what), within, whole)
        case "since_sale":
            return SinceSale(column, of_each(each.amount, what, default=1.0), within, whole)
        case "sale_day":
            return SaleDay(column, _MICROSECONDS if isinstance(kind, Instant) else 1.0)
        case "counts" | "sums":
            keep = known.figures.one(each.keep, f"what {column} keeps", SHARE)
            kept = keep if isinstance(keep, float) else keep[:, None]
            return Accumulate(column, "sales" if each.way == "counts" else "revenue",
                              kept, whole, within)  # fmt: skip
        case "drifts":
            return _drift(each, known.figures, within, whole)
        case "steps":
            chance = of_each(each.chance, f"the chance that {column} steps", SHARE)
            return Step(column, chance, of_each(each.amount, what, default=1.0), within, whole)
        case "follows":
            return Respond(column, of_each(each.amount, what), within, whole)
        case "switches":
            return Switch(column, known.chains[column])


def _drift(each: ir.Evolution, figures: Figures, within: Bounds, whole: bool) -> Drift:
    column = each.column
    spread = figures.of_each(each.spread, f"the spread of {column}", POSITIVE)
    allowed = _ABOVE_ALL_LOSS if each.relative else ANY
    mean = figures.of_each(each.amount, f"the drift of {column}", allowed)
    if each.relative:
        # of a factor with this mean and standard deviation
        mean, spread = np.log1p(mean), np.sqrt(np.log1p(np.square(spread)))
        mean, spread = (float(part) if np.ndim(part) == 0 else part for part in (mean, spread))
    return Drift(column, mean, spread, within, each.relative, whole)


def _check_type(each: ir.Evolution, kind: Type) -> None:
    fine = {
        "sale_day": isinstance(kind, Date | Instant),
        "switches": isinstance(kind, Enum | Flag),
        "sums": isinstance(kind, Money),
    }.get(each.way, isinstance(kind, _NUMBERS))
    if not fine:
        needs = {
            "sale_day": "a date or an instant",
            "switches": "one of declared values",
            "sums": "money",
        }
        found = problems.column_cannot_evolve(
            each.column, each.way, spell(kind), needs.get(each.way, "a number"), each.span
        )
        raise RulesError([found], unable=True)


def bounds(kind: Type) -> Bounds:
    """The range that a type declares."""
    match kind:
        case Whole(low=low, high=high) | Money(low=low, high=high):
            return Bounds(low, high)
        case Number(low=least, high=greatest):
            return Bounds(
                -math.inf if least is None else least, math.inf if greatest is None else greatest
            )
        case Share(bounded=True):
            return Bounds(0.0, 1.0)
    return Bounds()


# ---- scenarios


def scenario(node: ir.Scenario, known: Known, period: int) -> Scenario:
    """A scenario of the engine, whose periods have so many months.

    Raises:
        RulesError: a figure is out of range, or sales are pulled forward that no lever gains.
        ValueError: a lever is about stages or agents, which the checker refuses.
    """
    segments = known.figures.segments
    levers: list[Lever] = []
    for lever in node.levers:
        places = tuple(segments.index(name) for name in lever.segments or segments)
        _check_forward(lever)
        levers.append(Lever(
            _name(lever, [each.name for each in levers]),
            places,
            _changes(lever, known),
            _timing(lever, known.figures, period),
            known.figures.one(lever.deadweight, f"the deadweight of {lever.kind}", SHARE),
            known.figures.one(lever.pull_forward, f"the pull-forward of {lever.kind}", SHARE),
        ))  # fmt: skip
    return Scenario(node.name, tuple(levers))


def _name(lever: ir.Lever, taken: Sequence[str]) -> str:
    """By what it is and for whom, so that it has the same luck in whatever scenario it stands."""
    name = " ".join([lever.kind, *lever.segments])
    return name if name not in taken else f"{name} {taken.count(name) + len(taken)}"


def _timing(lever: ir.Lever, figures: Figures, period: int) -> Timing:
    when = lever.timing
    lasts = figures.one(when.persistence, f"what is kept of {lever.kind}", SHARE)
    return Timing(when.start, when.duration, when.ramp, lasts, period)


def _check_forward(lever: ir.Lever) -> None:
    sells = any(isinstance(each, ir.Times) and each.of == "arrivals" for each in lever.edits)
    if not sells and lever.pull_forward != 0.0:
        raise RulesError([problems.nothing_pulled_forward(lever.kind, lever.span)], unable=True)


def _changes(lever: ir.Lever, known: Known) -> tuple[Change, ...]:
    figures = known.figures
    moves = [each for each in lever.edits if isinstance(each, ir.Moves)]
    changes: list[Change] = []
    attempt: Figure = 0.0
    for cost in lever.costs:
        amount = figures.one(cost.amount, f"the cost of {lever.kind}", POSITIVE)
        if cost.per != "customer":
            changes.append(Outlay(amount, once=cost.per == "once"))
        elif moves:
            attempt = amount
        else:
            changes.append(Charge(amount))
    for edit in lever.edits:
        match edit:
            case ir.Times(of="price", factor=factor):
                changes.append(Price(figures.one(factor, "the price", _ABOVE_NOTHING)))
            case ir.Times(of="arrivals" | "value" | "leaving" as of, factor=factor):
                changed = figures.one(factor, f"the factor of {of}", POSITIVE)
                changes.append(Multiply(_FACTORS[of], changed))
            case ir.Moves():
                # one contact may move several columns, and is paid for once
                paid = attempt if edit is moves[0] else 0.0
                changes.append(_move(edit, lever, known, paid))
            case _:
                raise ValueError(f"{lever.kind}: no lever of a life")
    return tuple(changes)


def _move(edit: ir.Moves, lever: ir.Lever, known: Known, attempt: Figure) -> Move:
    kind = known.types[edit.column]
    if not isinstance(kind, _NUMBERS):
        found = problems.column_cannot_evolve(
            edit.column, "moves", spell(kind), "a number", lever.span
        )
        raise RulesError([found], unable=True)
    within, figures = bounds(kind), known.figures
    low, high = within.low, within.high
    if edit.to is not None:
        low, high = (low, min(high, edit.to)) if edit.by > 0 else (max(low, edit.to), high)
    chance = figures.one(edit.chance, f"the chance that {edit.column} moves", SHARE)
    back = figures.one(edit.fall_back, f"the fall-back of {edit.column}", SHARE)
    return Move(edit.column, edit.by, chance, back, low, high, attempt=attempt)


def untested(node: ir.Scenario) -> list[str]:
    """Levers on one figure multiply, which nobody has seen them do."""
    paths = [
        (edit.of if isinstance(edit, ir.Times) else edit.column, name)
        for lever in node.levers
        for edit in lever.edits
        if isinstance(edit, ir.Times | ir.Moves)
        for name in lever.segments or ("",)
    ]
    twice = sorted({figure for figure, name in paths if paths.count((figure, name)) > 1})
    return [
        f"in {node.name} several levers act on {figure}: their combined effect is untested"
        for figure in twice
    ]
