"""How a scenario may turn out: chances, losses, the worst, when it pays back, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.report.figures import TAIL, chance, change, figure_record
from segrules.report.tables import grid, heading, note
from segrules.report.words import counted, estimate, signed, units
from segrules.sim.model import MONEY_MEASURES, PROFIT
from segrules.sim.outlook import Outlook, Payback, Why
from segrules.sim.projection import Projection
from segrules.sim.summary import Ratio


def scale_of(measure: str, found: Projection) -> float:
    """By what a measure is multiplied to be shown."""
    return units(1, found.currency) if measure in MONEY_MEASURES else 1.0


def outlook_tables(found: Projection, names: dict[str, str], base: str) -> Iterator[RenderableType]:
    """A row a scenario; names: what scenarios are called."""
    measure = found.outlooks[0].measure
    unit = f" ({found.currency})" if measure in MONEY_MEASURES and found.currency else ""
    yield heading(f"how it may turn out: {measure}{unit}, against {base}")
    target = any(each.target is not None for each in found.outlooks)
    more = ">better in" if measure == PROFIT else ">more in"
    table = grid(
        "", more, *([">reaches the target in"] if target else []),
        ">expected loss\nif it is done", ">if it is left", ">mean of the\nworst 5 of 100", first=24,
    )  # fmt: skip
    for each in found.outlooks:
        scale = scale_of(measure, found)
        still = each.judged.interval95 == (0.0, 0.0) and each.figure.mean == 0.0
        better = chance(None if still else each.judged.chance_better, found.runs)
        reached = chance(each.judged.chance_target, found.runs) if target else ""
        table.add_row(
            names.get(each.scenario) or each.scenario,
            better,
            *([reached] if target else []),
            _ratio(each.loss_done, scale),
            _ratio(each.loss_left, scale),
            signed(estimate(each.judged.worst, TAIL * each.judged.error, scale)),
        )
    yield table
    for told in payback_lines(found):
        yield note(told)


def _ratio(found: Ratio, scale: float) -> str:
    return estimate(found.value, found.mc_error, scale)


def payback_lines(found: Projection) -> list[str]:
    """When each scenario that pays something once is ahead, where any does."""
    lines = []
    for outlook, each in zip(found.outlooks, found.paybacks, strict=False):
        lines.append(f"{outlook.scenario}: {payback_told(each, outlook, found)}")
    return lines


def payback_told(each: Payback, outlook: Outlook, found: Projection) -> str:
    """When it has brought back what it cost, in words."""
    if each.months == 0:
        return "on the mean it is never behind"
    share = chance(each.by_month[-1], found.runs)
    deepest = estimate(each.deepest, outlook.judged.error, scale_of(outlook.measure, found))
    if each.months is None:
        after = f"it has not paid back after {counted(len(each.by_month), 'month', 'months')}"
    else:
        after = f"it has paid back after {counted(each.months, 'month', 'months')}"
    return f"on the mean {after}, {deepest} at the lowest; it has by the end in {share} of futures"


def why_tables(found: Projection, at: int, base: str) -> Iterator[RenderableType]:
    """Why more or fewer reach each stage: more come to it, others do, or they go on otherwise."""
    whys = found.whys[at] if at < len(found.whys) else ()
    if not whys:
        return
    scenario = found.outlooks[at].scenario
    yield heading(f"{scenario}, why more or fewer reach a stage than {base}: mean and 80% interval")
    table = grid(
        "stage", ">as more or fewer\ncome to it", ">as others come\n(mix)",
        ">as they go on\notherwise (rate)",
    )  # fmt: skip
    for each in whys:
        table.add_row(each.stage, *map(change, (each.volume, each.mix, each.rate)))
    yield table


# ---- for machines


def judged_record(each: Outlook, scale: float) -> dict[str, Any]:
    """What is risked by doing it and by leaving it; `worst_5_percent` is the mean of the worst."""
    judged = each.judged
    return {
        "chance_better": judged.chance_better,
        "target": None if each.target is None else each.target * scale,
        "chance_target": judged.chance_target,
        "expected_loss_if_done": each.loss_done.value * scale,
        "expected_loss_if_left": each.loss_left.value * scale,
        "worst_5_percent": judged.worst * scale,
    }


def outlook_record(found: Projection, at: int) -> dict[str, Any]:
    """How the scenario at a place may turn out; money in units of the currency."""
    each = found.outlooks[at]
    scale = scale_of(each.measure, found)
    return {
        "scenario": each.scenario,
        "measure": each.measure,
        "unit": found.currency if each.measure in MONEY_MEASURES else "customers",
        **judged_record(each, scale),
        "payback": None if at >= len(found.paybacks) else _payback(found.paybacks[at], scale),
        "why": [_why(why) for why in (found.whys[at] if at < len(found.whys) else ())],
    }


def _payback(each: Payback, scale: float) -> dict[str, Any]:
    return {
        "months": each.months,
        "deepest": each.deepest * scale,
        "chance_by_month": list(each.by_month),
    }


def _why(why: Why) -> dict[str, Any]:
    return {
        "stage": why.stage,
        "volume": figure_record(why.volume, 1.0),
        "mix": figure_record(why.mix, 1.0),
        "rate": figure_record(why.rate, 1.0),
    }
