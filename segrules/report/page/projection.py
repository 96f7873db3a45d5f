"""The page of a projection: the answer first, then why, how surely, for whom, and on what basis."""

from __future__ import annotations

from segrules.lang import ir
from segrules.report.decisions import all_named, elsewhere, whole_of
from segrules.report.page import arms, charts, more
from segrules.report.page.basis import annex, assumptions
from segrules.report.page.content import Absent, Block, Chart, Page, Section, Table
from segrules.report.page.funnel import funnel_blocks
from segrules.report.page.glance import caveats, sentence, tiles
from segrules.report.page.made import Made
from segrules.report.page.money import gap_blocks, money_blocks, payback_blocks, why_blocks
from segrules.report.page.staff import staff_blocks
from segrules.report.page.view import Extras, View, view_of
from segrules.report.page.words import Unit, futures, months, named, passed
from segrules.report.words import count
from segrules.sim.model import PROFIT, REVENUE, TOTAL
from segrules.sim.projection import Projection
from segrules.sim.summary import Row

MOST_CAVEATS = 3


def projection_page(
    found: Projection, ruleset: ir.Ruleset, made: Made, extras: Extras | None = None
) -> Page:
    """The page about the first scenario of a project, the others beside it."""
    given = extras or Extras()
    view = view_of(found, ruleset, given)
    funnel = found.project.of
    return Page(
        title=f"{view.scenario}: {ruleset.name}, {found.project.name}",
        about=f"{funnel} by {found.project.by}, the next {months(found.project.months)} after "
        f"{found.history.as_of}, against {view.base}",
        sentence=sentence(view),
        tiles=tiles(view),
        caveats=caveats(view)[:MOST_CAVEATS],
        sections=(
            Section("bridge", "Profit bridge", _bridge(view)),
            Section("uncertainty", "How sure it is", _uncertainty(view)),
            Section("drivers", "What drives it", _drivers(view)),
            Section("segments", "Winners and losers", _segments(view)),
            Section("assumptions", "Assumptions", assumptions(view)),
            Section("annex", "Annex: how this was worked out", annex(view, made)),
        ),
    )


def _bridge(view: View) -> tuple[Block, ...]:
    blocks: list[Block] = []
    rows = view.rows(TOTAL)
    if view.outlook.measure == PROFIT:
        axis = f"{view.unit.name}, difference from {view.base}"
        blocks.append(more.money_bridge(rows, REVENUE, view.unit, axis, view.scenario, view.base))
    else:
        blocks.append(
            Absent("From revenue to profit", "the funnel has no value, so there is no revenue")
        )
    if view.extras.parts:
        account = view.extras.account
        whole = whole_of(account, view.found) if account else view.outlook.figure
        blocks.append(
            more.parts_bridge(
                view.extras.parts, whole, view.labels, view.unit, f"{view.axis}, without luck"
            )
        )
        if account is not None:
            named = all_named(account, view.found, view.ruleset)
            how = elsewhere(view.found)
            blocks.append(more.beside(account.parts, view.unit, view.segments, named, how))
    else:
        blocks.append(
            Absent(
                "What each part of it adds",
                "contributions of the parts were not worked out in this run",
            )
        )
    blocks += money_blocks(view)
    if len(view.found.outlooks) > 1:
        blocks.append(_scenarios(view))
    return tuple(blocks)


def _scenarios(view: View) -> Table:
    """All scenarios that were compared, over all segments."""
    rows = []
    for outlook in view.found.outlooks:
        cells = [named(outlook.scenario, view.labels)]
        totals = {
            row.measure: row
            for row in view.found.rows
            if row.scenario == outlook.scenario and row.segment == TOTAL
        }
        for measure in view.measures:
            cells.append(_change(totals[measure], view.unit_of(measure)))
        none = totals[outlook.measure].chance_better is None
        chance = futures(outlook.judged.chance_better, view.found.runs)
        cells.append("no change" if none else chance.removesuffix(" futures"))
        rows.append(tuple(cells))
    money = f" ({view.found.currency})" if view.found.currency else ""
    return Table(
        f"Everything that was compared{money}: difference from {view.base}, mean and 80% interval",
        (
            f"against {view.base}",
            *(f">{each}" for each in view.measures),
            f">more {view.outlook.measure} in",
        ),
        tuple(rows),
    )


def _change(row: Row, unit: Unit) -> str:
    if row.chance_better is None:
        return "no change"
    return f"{unit.change(row.difference)}\n{unit.between(row.difference)}"


def _uncertainty(view: View) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if view.changes:
        runs = view.found.runs
        blocks.append(arms.futures_chart(view.outlook, runs, view.unit, view.base))
    if view.extras.course is not None:
        unit = view.unit_of(view.extras.course.measure)
        blocks.append(
            more.course_chart(view.extras.course, unit, unit.name, view.extras.came, view.base)
        )  # fmt: skip
    else:
        blocks.append(
            Absent("Month by month", "this run keeps sums over the months, not each month")
        )
    blocks += payback_blocks(view)
    return tuple(blocks)


def _drivers(view: View) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if view.extras.tornado is not None:
        blocks.append(
            more.drivers(view.extras.tornado, view.evidence, view.labels, view.unit, view.axis)
        )
    else:
        blocks.append(
            Absent(
                "What moves the result most",
                "assumptions were not moved one at a time in this run",
            )
        )
    if view.extras.shares is not None:
        blocks.append(more.spread(view.extras.shares))
    return tuple(blocks)


def _segments(view: View) -> tuple[Block, ...]:
    blocks: list[Block] = [_winners(view)] if view.changes else []
    blocks += staff_blocks(view)
    blocks += funnel_blocks(view.found.history.stages[0], view.found.stages, view.segments)
    blocks.append(_by_stage(view))
    blocks += why_blocks(view)
    blocks += gap_blocks(view)
    if view.extras.moves is not None:
        found, when = view.extras.moves
        blocks.append(more.migration_chart(found, view.segments, when))
    if view.extras.concentration is not None:
        chart = more.whale_chart(view.extras.concentration)
        if chart is not None:
            blocks.append(chart)
    return tuple(blocks)


def _winners(view: View) -> Chart:
    spans, rows, touched = [], [], []
    names = {**view.segments, TOTAL: "all segments"}
    for segment, called in names.items():
        by = view.rows(segment)
        row = by[view.outlook.measure]
        cells = [called]
        for measure in view.measures:
            unit = view.unit_of(measure)
            today, change = unit.level(by[measure].today), _change(by[measure], unit)
            cells.append(today if by[measure].chance_better is None else f"{today}\n{change}")
        rows.append(tuple(cells))
        if row.chance_better is None or segment == TOTAL:
            continue
        figure, unit = row.difference, view.unit
        told = f"{unit.change(figure)} (80%: {unit.between(figure)})"
        mean, low, high = map(unit.flat, (figure.mean, *figure.interval80))
        spans.append(charts.Span(called, mean, low, high, told, more.tone(figure)))
        touched.append(f"{called} {told}")
    return Chart(
        "winners",
        f"Who gains and who loses {view.outlook.measure}",
        f"Difference from {view.base} by segment with 80% intervals: {'; '.join(touched)}.",
        (charts.spans(spans, view.axis, f"Differences by segment: {'; '.join(touched)}"),),
        Table(
            f"{view.base.capitalize() if view.base == 'today' else view.base}; below it the "
            "difference and its 80% interval, where anything changes",
            ("segment", *(f">{each}" for each in view.measures)),
            tuple(rows),
        ),
        "Dots: means. Lines: 80% intervals; grey where they reach to both sides of zero. Segments "
        "in which nothing changes are in the table only.",
    )


def _by_stage(view: View) -> Table:
    """Where the scenario changes a rate."""
    stages = view.found.estimate.model.stages
    rows = []
    for segment, called in {**view.segments, TOTAL: "all segments"}.items():
        by = view.rows(segment)
        if all(by[stage].chance_better is None for stage in stages):
            continue
        cells = []
        for stage in stages[1:]:
            today, then = (passed(each) for each in (by[stage].passed_today, by[stage].passed_then))
            shown = today if today == then else f"{today} → {then}"
            cells.append(shown if segment == TOTAL else f"{shown}{_index(by[stage])}")
        rows.append((called, *cells))
    return Table(
        f"Share of those who reached the stage before, {view.base} → then, where anything changes; "
        "below it the index, 100 is the average of all",
        ("segment", *(f">{stage}" for stage in stages[1:])),
        tuple(rows),
    )


def _index(row: Row) -> str:
    if row.index_today is None or row.index_then is None:
        return ""
    today, then = count(row.index_today), count(row.index_then)
    return f"\n{today}" if today == then else f"\n{today} → {then}"
