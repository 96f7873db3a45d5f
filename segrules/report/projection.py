"""A projection as tables and as a record: no figure without its interval and its assumptions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.stated import stated_record, stated_tables
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, estimate, label, share, signed, units
from segrules.sim.model import COST, MONEY_MEASURES, PROFIT, SALES, TOTAL
from segrules.sim.projection import Projection
from segrules.sim.summary import Figure, Ratio, Row

HEADLINES = (SALES, *MONEY_MEASURES)

EDGE = 1.71
"""Monte Carlo error of the ends of an 80% interval over that of the mean, as for a normal."""


def projection_tables(
    found: Projection, ruleset: ir.Ruleset, account: Iterable[RenderableType] = ()
) -> Iterator[RenderableType]:
    """The scenarios side by side, the first one by segment and by stage, and what is assumed.

    account: what stands before the assumptions.
    """
    project = found.project
    yield heading(
        f"{project.name}: the next {project.months} months, {count(found.runs)} futures, "
        f"seed {found.seed}"
    )
    if not found.complete:
        yield note("incomplete: interrupted before all futures were run")
    better = ", and the share of futures with more profit" if _has_profit(found) else ""
    yield heading(
        f"difference from today over all segments{_money(found)}: mean, 80% interval{better}"
    )
    yield _scenarios(found, ruleset)
    first = project.compare[0]
    labels = {**ruleset.set(project.by).labels, TOTAL: "all segments"}
    yield heading(f"{first} by segment{_money(found)}: today, the difference and its 80% interval")
    yield _by_segment(found, first, labels)
    yield heading(
        f"{first} by stage, where it changes anything: share of those who reached the stage before"
    )
    yield _by_stage(found, first, labels)
    yield from account
    yield from stated_tables(found.assumptions, found.currency)
    yield note(_method(found))


def _money(found: Projection) -> str:
    return f" ({found.currency})" if found.currency else ""


def _scenarios(found: Projection, ruleset: ir.Ruleset) -> RenderableType:
    measures = _headlines(found)
    better = [">better in"] if _has_profit(found) else []
    table = grid("against today", *(f">{name}" for name in measures), *better, first=24)
    words = {each.name: each.label or each.name for each in ruleset.scenarios}
    for name in found.project.compare:
        rows = {
            row.measure: row for row in found.rows if row.scenario == name and row.segment == TOTAL
        }
        cells = [_change(rows[measure], found) for measure in measures]
        if better:
            cells.append(chance(rows[PROFIT].chance_better, found.runs))
        table.add_row(f"{words[name]}\n({name})", *cells)
    return table


def _headlines(found: Projection) -> list[str]:
    """Sales and money; without a value, those who reach the last stage, and the cost."""
    if _has_profit(found):
        return list(HEADLINES)
    return [found.estimate.model.stages[-1], COST]


def _has_profit(found: Projection) -> bool:
    return any(row.measure == PROFIT for row in found.rows)


def chance(part: float | None, runs: int) -> str:
    """A chance in whole percent, never surer than the number of futures allows."""
    if part is None:
        return "no change"
    if part in (0.0, 1.0) or runs < 1_000:
        edge = max(1.0, 300.0 / runs)
        if part >= 1.0 - edge / 100:
            return f"over {100 - edge:.0f}%"
        if part <= edge / 100:
            return f"under {edge:.0f}%"
    error = math.sqrt(part * (1.0 - part) / runs)
    shown = share(part, max(error, 0.001))  # whole percent at best
    if shown == "100%":
        return f"over {math.floor(100 * (part - 2 * error))}%"
    if shown == "0%":
        return f"under {math.ceil(100 * (part + 2 * error))}%"
    return shown


def _scale(row: Row, found: Projection) -> float:
    return units(1, found.currency) if row.measure in MONEY_MEASURES else 1.0


def _change(row: Row, found: Projection) -> str:
    """The mean difference with its 80% interval, and relative to today."""
    if row.chance_better is None:
        return "no change"
    shown = _figure(row.difference, _scale(row, found))
    relative = f" ({signed(_share(row.relative))})" if row.relative else ""
    return f"{signed(shown)}{relative}\n{interval(row.difference, _scale(row, found))}"


def _figure(figure: Figure, scale: float) -> str:
    return estimate(figure.mean, figure.mc_error, scale)


def interval(figure: Figure, scale: float) -> str:
    error = EDGE * figure.mc_error
    low, high = (signed(estimate(edge, error, scale)) for edge in figure.interval80)
    return f"{low} to {high}"


def _by_segment(found: Projection, scenario: str, labels: dict[str, str]) -> RenderableType:
    rows = [row for row in found.rows if row.scenario == scenario]
    measures = _headlines(found)
    table = grid("segment", *(f">{name}" for name in measures))
    for segment in dict.fromkeys(row.segment for row in rows):
        cells = []
        for measure in measures:
            row = next(r for r in rows if r.segment == segment and r.measure == measure)
            scale = _scale(row, found)
            today = _figure(row.today, scale)
            if row.chance_better is None:
                cells.append(today)
            else:
                change = signed(_figure(row.difference, scale))
                cells.append(f"{today}  {change}\n{interval(row.difference, scale)}")
        table.add_row(label(segment, labels), *cells)
    return table


def _by_stage(found: Projection, scenario: str, labels: dict[str, str]) -> RenderableType:
    stages = found.estimate.model.stages
    table = grid("segment", *(f">{name}" for name in stages[1:]))
    rows = {(row.segment, row.measure): row for row in found.rows if row.scenario == scenario}
    for segment in (*found.estimate.model.segments, TOTAL):
        if all(rows[segment, stage].chance_better is None for stage in stages):
            continue
        cells = []
        for stage in stages[1:]:
            row = rows[segment, stage]
            today, then = _share(row.passed_today), _share(row.passed_then)
            same = row.passed_today == row.passed_then
            cells.append(today if same else f"{today} → {then}")
        table.add_row(label(segment, labels), *cells)
    return table


def _share(ratio: Ratio | None) -> str:
    return NONE if ratio is None else share(ratio.value, ratio.mc_error)


def _method(found: Projection) -> str:
    history = found.history
    months = history.months
    lines = [
        f"engine {found.engine}: {found.why}",
        f"arrivals of {months[0]:%Y-%m} to {months[-1]:%Y-%m}; conversion from cohorts that had "
        "the full time: "
        + ", ".join(
            f"{stage} entered by {history.mature_until[stage]}" for stage in history.stages[1:]
        ),
        "each range is equally likely throughout; intervals hold 80% of the futures, which share "
        "their luck with today",
        *found.estimate.notes,
    ]
    return "\n" + "\n".join(lines)


# ---- for machines


def projection_record(found: Projection) -> dict[str, Any]:
    """The result for machines; money in units of the currency, counts in customers."""
    return {
        "schema": 1,
        "project": found.project.name,
        "ruleset_segments": found.project.by,
        "as_of": found.history.as_of.isoformat(),
        "months": found.project.months,
        "runs": found.runs,
        "seed": found.seed,
        "complete": found.complete,
        "unplaced": found.history.unplaced,
        "currency": found.currency,
        "engine": {"name": found.engine, "why": found.why},
        "assumptions": [stated_record(each, found.currency) for each in found.assumptions],
        "notes": list(found.estimate.notes),
        "own_weight": _own_weight(found),
        "results": [_result(row, found) for row in found.rows],
    }


def _own_weight(found: Projection) -> dict[str, dict[str, float]]:
    """By stage and segment: how much the segment's own figures weigh in its rate."""
    segments = found.estimate.model.segments
    return {
        stage: dict(zip(segments, weight.tolist(), strict=True))
        for stage, weight in found.estimate.weights.items()
    }


def _result(row: Row, found: Projection) -> dict[str, Any]:
    scale = _scale(row, found)
    return {
        "scenario": row.scenario,
        "segment": row.segment,
        "measure": row.measure,
        "unit": found.currency if row.measure in MONEY_MEASURES else "customers",
        "today": figure_record(row.today, scale),
        "then": figure_record(row.then, scale),
        "difference": figure_record(row.difference, scale),
        "chance_better": row.chance_better,
    }


def figure_record(figure: Figure, scale: float) -> dict[str, Any]:
    """Mean, intervals and Monte Carlo error of one figure."""
    return {
        "mean": figure.mean * scale,
        "interval50": [edge * scale for edge in figure.interval50],
        "interval80": [edge * scale for edge in figure.interval80],
        "interval95": [edge * scale for edge in figure.interval95],
        "mc_error": figure.mc_error * scale,
    }
