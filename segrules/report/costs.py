"""From revenue to profit, part by part of the cost, and what comes at equal cost or sales."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.report.figures import both_record, chance, change, mean
from segrules.report.tables import grid, heading
from segrules.report.words import units
from segrules.sim.model import COST, ONCE, PROFIT, REVENUE, STAGES, TOTAL
from segrules.sim.model import LEVERS as RUNNING
from segrules.sim.projection import Projection
from segrules.sim.summary import COST_AT, IN_MONEY, MARGIN, REVENUE_AT, SALES_AT, Row

PARTS = {
    STAGES: "serving: what the stages cost",
    "pay": "pay by results",
    "checks": "quality checks",
    "redress": "redress of mis-sales",
    "capacity": "hours of the pools",
    RUNNING: "levers, as they go on",
    ONCE: "levers, once",
}
"""Parts of the cost, in the order in which they are told."""

AT_EQUAL = (SALES_AT, REVENUE_AT, COST_AT)


def ladder(found: Projection, scenario: str) -> list[tuple[str, Row]]:
    """What is told of all segments, with its name: revenue, the parts, margin, profit.

    Nothing where the cost has one part only, as it says no more than the cost itself.
    """
    rows = of_total(found.rows, scenario)
    parts = of_total(found.parts, scenario)
    if len(parts) < 2:
        return []
    told = [(called, parts[part]) for part, called in PARTS.items() if part in parts]
    if REVENUE not in rows:
        return [*told, (COST, rows[COST])]
    split = int(STAGES in parts)
    margin = [(MARGIN, rows[MARGIN])] if MARGIN in rows and split else []
    return [
        (REVENUE, rows[REVENUE]), *told[:split], *margin, *told[split:], (PROFIT, rows[PROFIT]),
    ]  # fmt: skip


def ladder_title(rows: list[tuple[str, Row]]) -> str:
    """What the ladder is called; without revenue it leads to the cost only."""
    return "from revenue to profit" if rows and rows[0][0] == REVENUE else "cost by part"


def of_total(rows: tuple[Row, ...], scenario: str) -> dict[str, Row]:
    """The rows of all segments together, by measure."""
    return {row.measure: row for row in rows if row.scenario == scenario and row.segment == TOTAL}


def cost_tables(found: Projection, scenario: str, base: str) -> Iterator[RenderableType]:
    """The money of a scenario, and what it is held equal to."""
    money = f" ({found.currency})" if found.currency else ""
    rows = ladder(found, scenario)
    if rows:
        title = ladder_title(rows)
        yield heading(f"{scenario}, {title}{money}: mean, and the difference in 80% of futures")
        yield _table(found, base, rows)
    total = of_total(found.rows, scenario)
    held = [(name, total[name]) for name in AT_EQUAL if name in total]
    if held:
        yield heading(f"{scenario}, at equal cost or sales{money}, as in {base}")
        yield _table(found, base, held)


def _table(found: Projection, base: str, rows: list[tuple[str, Row]]) -> RenderableType:
    better = ">better in" if any(row.measure == PROFIT for row in found.rows) else ">less in"
    table = grid("", f">{base}", ">then", ">difference", better, first=30)
    for called, row in rows:
        scale = units(1, found.currency) if _in_money(row) else 1.0
        both = (mean(each, scale) for each in (row.today, row.then))
        better = "" if row.chance_better is None else chance(row.chance_better, found.runs)
        table.add_row(called, *both, change(row.difference, scale), better)
    return table


def _in_money(row: Row) -> bool:
    return row.measure in IN_MONEY or row.measure in PARTS


def cost_record(row: Row, found: Projection) -> dict[str, Any]:
    """A part of the cost in JSON, in units of the currency; less is better."""
    return {
        "scenario": row.scenario,
        "segment": row.segment,
        "part": row.measure,
        "unit": found.currency,
        **both_record(row, units(1, found.currency)),
        "chance_better": row.chance_better,
    }
