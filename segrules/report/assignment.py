"""The summary of an assignment as tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from segrules.lang import ir
from segrules.report.identity import identity_record, identity_tables
from segrules.report.tables import grid, heading, note
from segrules.report.words import count, counted, percent
from segrules.segments.batch import Batch
from segrules.segments.explain import may_wait
from segrules.segments.summary import SetSummary, Summary

_GOVERNED = {
    "suppress": "suppressed",
    "override": "placed by an override",
    "stay": "held by tolerance",
    "cap": "moved by a cap",
}


def batch_record(batch: Batch) -> dict[str, Any]:
    """The summary for machines, with what became of records where they have an identity."""
    record = batch.summary.model_dump(mode="json", by_alias=True)
    made = batch.placement.consolidations
    if made:
        record["records"] = [identity_record(each, batch.splits) for each in made]
    return record


def batch_tables(batch: Batch, ruleset: ir.Ruleset, out: str) -> Iterator[RenderableType]:
    """What became of records, the segments, and where the result is."""
    for made in batch.placement.consolidations:
        yield from identity_tables(made, batch.splits, ruleset)
    yield from assignment_tables(batch.summary, ruleset, out, batch.stored)


def assignment_tables(
    summary: Summary, ruleset: ir.Ruleset, out: str | None, stored: Path | None = None
) -> Iterator[RenderableType]:
    """One table a segment set, then where the result is (None: it was not kept)."""
    for name, found in summary.sets.items():
        yield heading(
            f"{name}: {count(summary.rows)} {ruleset.set(name).table} as of {summary.as_of}"
        )
        yield _segments(name, summary, ruleset)
        yield from _governed(found)
        if any(found.unknown.values()):
            waits = may_wait(ruleset.set(name), ruleset)
            early = ", or as it is too early to say" if waits else ""
            yield note(
                f"unknown: rows on which the rule cannot be decided, as values are missing{early}"
            )
        if found.unsure and ruleset.set(name).unsure is None:
            yield note(
                f"{counted(found.unsure, 'row is', 'rows are')} in no segment: no rule is true "
                "and some are unknown; declare `unsure` to name "
                + ("it" if found.unsure == 1 else "them")
            )
    written = "" if out is None else f"wrote {out}; "
    if stored is not None:
        written += f"added {stored.name} to the history; "
    cuts = f", cut points {summary.cut_points[:12]}" if summary.cut_points else ""
    yield note(f"{written}rules of revision {summary.revision[:12]}{cuts}")


def _governed(found: SetSummary) -> Iterator[RenderableType]:
    """Rows that were placed otherwise than by their rule, and those held out."""
    for name, rows in found.governed.items():
        if rows:
            yield note(f"{counted(rows, 'row', 'rows')} {_GOVERNED[name]}")
    for name, rows in found.unknown.items():
        if name in _GOVERNED:
            yield note(f"on {counted(rows, 'row', 'rows')} it is unknown whether to {name}")
    if found.held_out is not None:
        rows = sum(found.held_out.values())
        yield note(f"{counted(rows, 'row is', 'rows are')} held out, stable from run to run")
    for column, values in found.spread.items():
        parts = ", ".join(
            f"{value or '(missing)'} {percent(held / rows)} of {count(rows)}"
            for value, (rows, held) in values.items()
        )
        yield note(f"held out by {column}: {parts}")
    if found.allotted:
        parts = ", ".join(f"{target} {count(rows)}" for target, rows in found.allotted.items())
        yield note(f"allotted: {parts}")


def _segments(name: str, summary: Summary, ruleset: ir.Ruleset) -> Table:
    found, segment_set = summary.sets[name], ruleset.set(name)
    labels = {name: text for name, text in segment_set.labels.items() if text}
    table = grid("segment", *([""] if labels else []), ">rows", ">share", ">unknown")
    for segment, size in found.segments.items():
        unknown = found.unknown.get(segment, 0)
        table.add_row(
            segment,
            *([labels.get(segment, "")] if labels else []),
            count(size.rows),
            percent(size.share),
            count(unknown) if unknown else "",
        )
    return table
