"""A funnel study as tables and as a record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, label, percent
from segrules.segments.study import StudiedStage, Study


def study_tables(found: Study, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    """A table a stage: the rate with its interval, and the index against the average."""
    history = found.history
    labels = ruleset.set(history.segments_of).labels
    yield heading(f"funnel {history.funnel} by {history.segments_of}, as of {history.as_of}")
    before = history.stages[0]
    for stage in found.stages:
        yield heading(
            f"{before} → {stage.name}: {percent(stage.rate)} on average "
            f"(entered by {stage.mature_until})"
        )
        yield _stage(stage, labels)
        before = stage.name
    yield note(_reading(found, labels))


def _stage(stage: StudiedStage, labels: dict[str, str]) -> RenderableType:
    table = grid(
        "segment",
        ">entered",
        ">reached",
        ">rate",
        ">80% interval",
        ">95% interval",
        ">index",
        "against the rest",
    )
    for each in stage.segments:
        known = each.rate is not None
        table.add_row(
            label(each.segment, labels),
            count(each.counts.entered),
            count(each.counts.reached),
            percent(each.rate),
            _interval(each.interval_80) if known else NONE,
            _interval(each.interval_95) if known else NONE,
            NONE if each.index is None else count(each.index),
            "" if each.differs == NONE else each.differs,
        )
    return table


def _interval(interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{100 * low:.1f}–{100 * high:.1f}%"


def _reading(found: Study, labels: dict[str, str]) -> str:
    """Which segments are behind or ahead at every stage, in words."""
    said = [
        "index: 100 is the average; below, above: the difference from all other segments is told "
        "from chance (5%), all comparisons of the study taken together"
    ]
    for word in ("below", "above"):
        names = [
            label(name, labels)
            for name in found.history.segments
            if found.stages and all(_differs(stage, name) == word for stage in found.stages)
        ]
        if names:
            said.append(f"{word} the others at every stage: {', '.join(names)}")
    if found.history.unplaced:
        verb = "is" if found.history.unplaced == 1 else "are"
        said.append(
            f"{count(found.history.unplaced)} who entered {verb} in no segment and left out"
        )
    return "\n" + "\n".join(said)


def _differs(stage: StudiedStage, name: str) -> str:
    return next(each.differs for each in stage.segments if each.segment == name)


def study_record(found: Study) -> dict[str, Any]:
    """The study for machines; rates are parts of one."""
    history = found.history
    return {
        "schema": 1,
        "funnel": history.funnel,
        "set": history.segments_of,
        "as_of": history.as_of.isoformat(),
        "stages": [
            {
                "stage": stage.name,
                "entered_by": stage.mature_until.isoformat(),
                "rate": stage.rate,
                "segments": [
                    {
                        "segment": each.segment,
                        "entered": each.counts.entered,
                        "reached": each.counts.reached,
                        "too_recent": each.counts.too_recent,
                        "rate": each.rate,
                        "interval80": list(each.interval_80),
                        "interval95": list(each.interval_95),
                        "index": each.index,
                        "difference": each.difference,
                        "difference95": _pair(each.difference_95),
                        "p": each.p,
                        "differs": None if each.differs == NONE else each.differs,
                    }
                    for each in stage.segments
                ],
            }
            for stage in found.stages
        ],
        "unplaced": history.unplaced,
    }


def _pair(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)
