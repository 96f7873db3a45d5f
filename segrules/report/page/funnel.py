"""Where customers convert: each segment at each stage, beside the average."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segrules.report.page import charts
from segrules.report.page.content import Block, Chart, Table
from segrules.report.page.words import part
from segrules.report.words import NONE, count
from segrules.segments.study import StageOfSegment, StudiedStage

COOL, HOT = 50.0, 150.0
"""Indices from which on the colour says no more."""


def funnel_blocks(
    entry: str, stages: Sequence[StudiedStage], names: Mapping[str, str]
) -> tuple[Block, ...]:
    """The heatmap of the indices and the rates with their intervals, of a funnel's later stages.

    `names` are what the segments are called, in order.
    """
    known = [stage for stage in stages if stage.rate is not None]
    if not known:
        return ()
    return _heatmap(known, names), _bars(entry, known, names)


def _heatmap(stages: Sequence[StudiedStage], names: Mapping[str, str]) -> Chart:
    cells, rows = [], []
    for name, called in names.items():
        line = [called]
        for stage in stages:
            each = _of(stage, name)
            text = NONE if each.index is None else count(each.index)
            told = f"index {text}: {part(each.rate)} of {count(each.counts.entered)}"
            cells.append(charts.Cell(called, stage.name, each.index, text + _mark(each), told))
            line.append(f"{text}{_mark(each)}")
        rows.append(tuple(line))
    said = _worst(stages, names)
    return Chart(
        "indices",
        "Conversion by segment and stage: 100 is the average of all",
        f"Heatmap of the conversion index of {len(names)} segments at {len(stages)} stages. {said}",
        (charts.heatmap(cells, 100.0, (COOL, HOT), f"Conversion index by segment. {said}"),),
        Table(
            "Index of the conversion rate, 100 is the average",
            ("segment", *(f">{stage.name}" for stage in stages)),
            tuple(rows),
        ),
        "▼ below and ▲ above the other segments beyond what chance explains (5%, all comparisons "
        "of the study taken together). Those without a mark may differ by luck.",
    )


def _mark(each: StageOfSegment) -> str:
    return {"below": " ▼", "above": " ▲"}.get(each.differs, "")


def _of(stage: StudiedStage, name: str) -> StageOfSegment:
    return next(each for each in stage.segments if each.segment == name)


def _worst(stages: Sequence[StudiedStage], names: Mapping[str, str]) -> str:
    found = furthest_behind(stages)
    if found is None:
        return "No segment is told from the others."
    stage, each = found
    return (
        f"Furthest behind: {names[each.segment]} on the way to {stage.name}, "
        f"index {count(each.index or 0.0)}."
    )


def furthest_behind(
    stages: Sequence[StudiedStage],
) -> tuple[StudiedStage, StageOfSegment] | None:
    """The segment and stage with the lowest index of those that are told from the others."""
    behind = [
        (stage, each)
        for stage in stages
        for each in stage.segments
        if each.differs == "below" and each.index is not None
    ]
    return min(behind, key=lambda found: found[1].index or 0.0, default=None)


def _bars(entry: str, stages: Sequence[StudiedStage], names: Mapping[str, str]) -> Chart:
    panels, rows = [], []
    before = entry
    for stage in stages:
        spans = []
        for name, called in names.items():
            each = _of(stage, name)
            counts = (count(each.counts.entered), count(each.counts.reached))
            if each.rate is None:
                rows.append((called, stage.name, *counts, NONE, NONE))
                continue
            low, high = each.interval_80
            interval = f"{part(low)} to {part(high)}"
            told = f"{part(each.rate)} (80%: {interval})"
            spans.append(charts.Span(called, each.rate, low, high, told))
            rows.append((called, stage.name, *counts, part(each.rate), interval))
        title = f"{before} → {stage.name}: {part(stage.rate)} on average"
        panels.append(charts.bars(spans, stage.rate, title, f"Rates by segment, {title}"))
        before = stage.name
    return Chart(
        "rates",
        "How many go on to the next stage",
        f"Bars of the conversion rate of each segment with its 80% interval, one panel for each of "
        f"{len(stages)} stages; a dashed line marks the average of all.",
        tuple(panels),
        Table(
            "Conversion rates of cohorts that had the full time",
            ("segment", "stage", ">entered", ">reached", ">rate", ">80% interval"),
            tuple(rows),
        ),
        "Lines across the bars: 80% intervals. Dashed: the average of all segments.",
    )
