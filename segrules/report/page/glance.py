"""The first glance of a projection: decision, range, chance, cost and evidence."""

from __future__ import annotations

from segrules.report.decisions import both_sales
from segrules.report.page.arms import weak_points
from segrules.report.page.content import Tile
from segrules.report.page.more import tone, verdict
from segrules.report.page.staff import losers
from segrules.report.page.view import View
from segrules.report.page.words import futures, months
from segrules.report.words import count
from segrules.sim.assumptions import GRADES
from segrules.sim.model import COST, PROFIT, TOTAL
from segrules.sim.summary import Row


def sentence(view: View) -> str:
    """Decision, range, chance, cost and grade."""
    found, outlook, unit = view.found, view.outlook, view.unit
    rows = view.rows(TOTAL)
    grade = f"Evidence grade {view.evidence.grade}: {GRADES[view.evidence.grade]}."
    if not view.changes:
        return (
            f"{view.scenario}: it changes nothing. The {outlook.measure} was as {view.base} in all "
            f"{count(found.runs)} futures. {grade}"
        )
    figure = outlook.figure
    rises = "rises" if figure.mean >= 0 else "falls"
    chance = futures(outlook.judged.chance_better, found.runs)
    return (
        f"{view.scenario}: {verdict(outlook, view.evidence)}. Over "
        f"{months(found.project.months)} the {_told(outlook.measure)} {rises} by "
        f"{unit.said(figure.mean, figure.mc_error)} (80% of futures: {unit.between(figure)}), and "
        f"it is above {_whose(view.base)} in {chance}. "
        f"{_sales(view)}{_cost(view, rows[COST])} {grade}"
    )


def _whose(base: str) -> str:
    return "today's" if base == "today" else f"that of “{base}”"


def _told(measure: str) -> str:
    return measure if measure == PROFIT else f"number of customers who reach “{measure}”"


def _sales(view: View) -> str:
    """Both readings of sales, where they differ."""
    said = both_sales(view.found, view.outlook.scenario)
    return f"{said[:1].upper()}{said[1:]}. " if said else ""


def _cost(view: View, row: Row) -> str:
    if row.chance_better is None:
        return "Cost stays as it is."
    unit = view.unit_of(COST)
    if unit.level(row.difference) == "0":
        return "Cost stays as it is, on the mean."
    verb = "rises" if row.difference.mean >= 0 else "falls"
    return f"Cost {verb} by {unit.said(row.difference.mean, row.difference.mc_error)}."


def tiles(view: View) -> tuple[Tile, ...]:
    outlook, unit = view.outlook, view.unit
    rows = view.rows(TOTAL)
    cost = rows[COST].difference
    chance = futures(outlook.judged.chance_better, view.found.runs).removesuffix(" futures")
    return (
        Tile(
            f"{unit.sign}{unit.change(outlook.figure)}",
            f"{outlook.measure}, 80% of futures: {unit.between(outlook.figure)}",
            tone(outlook.figure),
        ),
        Tile(chance if view.changes else "none", f"futures with more {outlook.measure}"),
        Tile(
            f"{view.unit_of(COST).sign}{view.unit_of(COST).change(cost)}",
            f"cost, 80% of futures: {view.unit_of(COST).between(cost)}",
        ),
        Tile(view.evidence.grade, f"evidence: {GRADES[view.evidence.grade]}"),
    )


def caveats(view: View) -> tuple[str, ...]:
    """The weightiest first."""
    found, told = view.found, []
    if not found.complete:
        told.append(
            f"Incomplete: interrupted after {count(found.runs)} of the futures that were asked for."
        )
    told += weak_points(view.evidence, view.labels)
    told += losers(view)
    told += [f"{note[:1].upper()}{note[1:]}." for note in found.estimate.notes]
    return tuple(told)
