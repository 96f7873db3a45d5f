"""Assumptions as they were stated: a table, a record, and each range in its unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, units
from segrules.sim.assumptions import GRADES, Evidence


def unit_of(each: ir.Assumption, currency: str | None) -> tuple[float, str]:
    """By what an end of the range is multiplied to be shown, and what stands behind it."""
    match each.role:
        case "amount":
            return units(1, currency), f" {currency}" if currency else ""
        case "share" | "response":
            return 100.0, "%"
        case "odds":
            return 1.0, " × odds"
        case "factor":
            return 1.0, " times"
        case "number" | "":
            return 1.0, ""


def stated_range(each: ir.Assumption, currency: str | None) -> str:
    """The range in its unit; one figure where both ends are the same."""
    scale, unit = unit_of(each, currency)
    low, high = f"{each.low * scale:g}", f"{each.high * scale:g}"
    if low == high:
        return f"{low}{unit}"
    return f"{low}{'%' if unit == '%' else ''} to {high}{unit}"


def evidence_told(found: Evidence) -> str:
    """The grade and what it says, and what a back-test that was passed does to it."""
    told = f"{found.grade}: {GRADES[found.grade]}"
    if not found.back_tested:
        return told
    if found.grade == "A":
        return f"{told}. The model held in a back-test, which lifts the grade from B to A"
    if found.grade == "B":
        return (
            "B: measured. The model held in a back-test; the grade stays B, as none of what "
            "matters most was measured by an experiment"
        )
    return (
        f"{told}. The model held in a back-test; the grade stays {found.grade}, as a back-test "
        "tells how well the firm's own rates are carried forward, not whether these ranges are "
        "right"
    )


def stated_tables(
    stated: Sequence[ir.Assumption], currency: str | None, as_of: dt.date | None = None
) -> Iterator[RenderableType]:
    """What a projection rests on; nothing where nothing was stated.

    as_of: what was held until before this day is marked.
    """
    if not stated:
        return
    yield heading("what this rests on: ranges that were stated, not estimated from these data")
    table = grid("assumption", ">range", "source", "owner", ">held until", first=26)
    for each in stated:
        table.add_row(
            each.label or each.name, stated_range(each, currency),
            f"{each.source}: {each.evidence}" if each.evidence else each.source, each.owner,
            _until(each, as_of),
        )  # fmt: skip
    yield table
    if any(_past(each, as_of) for each in stated):
        yield note("past: its day is over, so it counts as judgement until it is looked at again")


def _past(each: ir.Assumption, as_of: dt.date | None) -> bool:
    return as_of is not None and each.until is not None and each.until < as_of


def _until(each: ir.Assumption, as_of: dt.date | None) -> str:
    if each.until is None:
        return NONE
    mark = "\n(past)" if _past(each, as_of) else ""
    return each.until.isoformat() + mark


def stated_record(each: ir.Assumption, currency: str | None) -> dict[str, Any]:
    """An assumption in JSON; an amount of money is in units of the currency."""
    scale = units(1, currency) if each.role == "amount" else 1.0
    return {
        "name": each.name,
        "label": each.label,
        "role": each.role,
        "low": each.low * scale,
        "high": each.high * scale,
        "source": each.source,
        "evidence": each.evidence,
        "owner": each.owner,
        "until": each.until.isoformat() if each.until else None,
    }
