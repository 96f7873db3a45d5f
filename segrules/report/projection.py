"""A projection as tables and as a record: no figure without its interval and its assumptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.costs import cost_record, cost_tables
from segrules.report.figures import both_record, chance, interval, mean
from segrules.report.outlooks import outlook_record, outlook_tables, why_tables
from segrules.report.stated import stated_record, stated_tables
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, beside, count, label, share, signed, units
from segrules.sim.model import COST, MONEY_MEASURES, PROFIT, SALES, TOTAL
from segrules.sim.projection import Projection
from segrules.sim.summary import IN_MONEY, Ratio, Row

HEADLINES = (SALES, *MONEY_MEASURES)


def projection_tables(
    found: Projection, ruleset: ir.Ruleset, account: Iterable[RenderableType] = ()
) -> Iterator[RenderableType]:
    """The scenarios side by side, the first one by segment and by stage, and what is assumed.

    account: what stands before the assumptions.
    """
    project, base = found.project, base_of(found, ruleset)
    yield heading(
        f"{project.name}: the next {project.months} months, {count(found.runs)} futures, "
        f"seed {found.seed}"
    )
    if not found.complete:
        yield note("incomplete: interrupted before all futures were run")
    better = ", and the share of futures with more profit" if _has_profit(found) else ""
    yield heading(
        f"difference from {base} over all segments{_money(found)}: mean, 80% interval{better}"
    )
    yield _scenarios(found, ruleset)
    names = {each.name: each.label for each in ruleset.scenarios}
    yield from outlook_tables(found, names, base)
    first = found.outlooks[0].scenario
    labels = {**ruleset.set(project.by).labels, TOTAL: "all segments"}
    yield heading(f"{first} by segment{_money(found)}: {base}, the difference and its 80% interval")
    yield _by_segment(found, first, labels)
    yield heading(
        f"{first} by stage, where it changes anything: share of those who reached the stage "
        "before, and its index (100 is the average of all)"
    )
    yield _by_stage(found, first, labels)
    yield from why_tables(found, 0, base)
    yield from cost_tables(found, first, base)
    yield from account
    yield from stated_tables(found.assumptions, found.currency, found.history.as_of)
    yield note(_method(found))


def base_of(found: Projection, ruleset: ir.Ruleset) -> str:
    """What scenarios are held against, as it is called."""
    against = found.project.against
    labels = {each.name: each.label for each in ruleset.scenarios}
    return against if against == "today" else labels.get(against) or against


def _money(found: Projection) -> str:
    return f" ({found.currency})" if found.currency else ""


def _scenarios(found: Projection, ruleset: ir.Ruleset) -> RenderableType:
    measures = _headlines(found)
    better = [">better in"] if _has_profit(found) else []
    table = grid(
        f"against {base_of(found, ruleset)}", *(f">{name}" for name in measures), *better, first=24
    )
    words = {each.name: each.label or each.name for each in ruleset.scenarios}
    for name in (each.scenario for each in found.outlooks):
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


def _scale(row: Row, found: Projection) -> float:
    return units(1, found.currency) if row.measure in IN_MONEY else 1.0


def _change(row: Row, found: Projection) -> str:
    """The mean difference with its 80% interval, and relative to today."""
    if row.chance_better is None:
        return "no change"
    shown = mean(row.difference, _scale(row, found))
    relative = beside(shown, _share(row.relative))
    return f"{signed(shown)}{relative}\n{interval(row.difference, _scale(row, found))}"


def _by_segment(found: Projection, scenario: str, labels: dict[str, str]) -> RenderableType:
    rows = [row for row in found.rows if row.scenario == scenario]
    measures = _headlines(found)
    table = grid("segment", *(f">{name}" for name in measures))
    for segment in dict.fromkeys(row.segment for row in rows):
        cells = []
        for measure in measures:
            row = next(r for r in rows if r.segment == segment and r.measure == measure)
            scale = _scale(row, found)
            today = mean(row.today, scale)
            if row.chance_better is None:
                cells.append(today)
            else:
                change = signed(mean(row.difference, scale))
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
            cells.append(f"{today if today == then else f'{today} → {then}'}{_index(row)}")
        table.add_row(label(segment, labels), *cells)
    return table


def _index(row: Row) -> str:
    """The index below the share; of all segments it is 100 by what it means."""
    if row.segment == TOTAL or row.index_today is None or row.index_then is None:
        return ""
    today, then = count(row.index_today), count(row.index_then)
    return f"\n{today}" if today == then else f"\n{today} → {then}"


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
        "against": found.project.against,
        "own_weight": _own_weight(found),
        "results": [_result(row, found) for row in found.rows],
        "cost": [cost_record(row, found) for row in found.parts],
        "outlook": [outlook_record(found, at) for at in range(len(found.outlooks))],
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
        "unit": found.currency if row.measure in IN_MONEY else "customers",
        **both_record(row, scale),
        "relative": None if row.relative is None else row.relative.value,
        "chance_better": row.chance_better,
        **(_passed(row) if row.passed_today or row.passed_then else {}),
    }


def _passed(row: Row) -> dict[str, Any]:
    """Of a stage, the share of those who reached the one before; 100 is the share of all."""
    shares = {"today": row.passed_today, "then": row.passed_then}
    return {
        "passed": {arm: ratio.value if ratio else None for arm, ratio in shares.items()},
        "index": {"today": row.index_today, "then": row.index_then},
    }
