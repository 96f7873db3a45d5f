"""The first glance of a projection: decision, range, chance, cost and evidence."""

from __future__ import annotations

from segrules.report.decisions import both_sales
from segrules.report.page.arms import weak_points
from segrules.report.page.content import Tile
from segrules.report.page.more import tone, verdict
from segrules.report.page.staff import losers
from segrules.report.page.view import View
from segrules.report.page.words import futures, months, moved
from segrules.report.stated import evidence_told
from segrules.report.words import count
from segrules.sim.model import COST, PROFIT, TOTAL
from segrules.sim.summary import Row


def sentence(view: View) -> str:
    """Decision, range, chance, cost and grade."""
    found, outlook, unit = view.found, view.outlook, view.unit
    rows = view.rows(TOTAL)
    grade = f"Evidence grade {evidence_told(view.evidence)}."
    if not view.changes:
        return (
            f"{view.scenario}: it changes nothing. The {outlook.measure} was as {view.base} in all "
            f"{count(found.runs)} futures. {grade}"
        )
    figure = outlook.figure
    chance = futures(outlook.judged.chance_better, found.runs)
    return (
        f"{view.scenario}: {verdict(outlook, view.evidence)}. Over "
        f"{months(found.project.months)} the {_told(outlook.measure)} {moved(figure, unit)} "
        f"(80% of futures: {unit.between(figure)}), and "
        f"it is above {_whose(view.base)} in {chance}. "
        f"{_negative(view)}{_sales(view)}{_cost(view, rows[COST])} {grade}"
    )


def _negative(view: View) -> str:
    """That there is a loss all the same, where the profit is below zero with the scenario."""
    if view.outlook.measure != PROFIT:
        return ""
    row = view.rows(TOTAL)[PROFIT]
    then, unit = row.then, view.unit
    if then.mean >= 0.0 or unit.level(then) == "0":
        return ""
    stays = "stays" if row.today.mean < 0.0 else "becomes"
    return f"The profit {stays} negative: a loss of {unit.said(then.mean, then.mc_error)}. "


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
    return f"Cost {moved(row.difference, unit)}."


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
        Tile(view.evidence.grade, f"evidence: {evidence_told(view.evidence)[3:]}"),
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
    told += [f"{note[:1].upper()}{note[1:]}." for note in found.estimate.caveats]
    return tuple(told)
