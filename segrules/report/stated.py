"""Assumptions as they were stated: a table, a record, and each range in its unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.tables import grid, heading
from segrules.report.words import NONE, units


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
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"


def stated_tables(
    stated: Sequence[ir.Assumption], currency: str | None
) -> Iterator[RenderableType]:
    """What a projection rests on; nothing where nothing was stated."""
    if not stated:
        return
    yield heading("what this rests on: ranges that were stated, not estimated from these data")
    table = grid("assumption", ">from", ">to", "source", "owner", ">held until", first=26)
    for each in stated:
        scale, unit = unit_of(each, currency)
        table.add_row(
            each.label or each.name, f"{each.low * scale:g}", f"{each.high * scale:g}{unit}",
            f"{each.source}: {each.evidence}" if each.evidence else each.source, each.owner,
            each.until.isoformat() if each.until else NONE,
        )  # fmt: skip
    yield table


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
