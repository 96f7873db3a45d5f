"""The summary of an assignment as tables."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table

from segrules.lang import ir
from segrules.report.tables import grid, heading, note
from segrules.report.words import count, counted, percent
from segrules.segments.summary import Summary


def assignment_tables(
    summary: Summary, ruleset: ir.Ruleset, out: str | None
) -> Iterator[RenderableType]:
    """One table a segment set, then where the result is (None: it was not kept)."""
    for name, found in summary.sets.items():
        yield heading(
            f"{name}: {count(summary.rows)} {ruleset.set(name).table} as of {summary.as_of}"
        )
        yield _segments(name, summary, ruleset)
        if any(found.unknown.values()):
            yield note("unknown: rows on which the rule cannot be decided, as values are missing")
        if found.unsure and ruleset.set(name).unsure is None:
            yield note(
                f"{counted(found.unsure, 'row is', 'rows are')} in no segment: no rule is true "
                "and some are unknown; declare `unsure` to name "
                + ("it" if found.unsure == 1 else "them")
            )
    written = "" if out is None else f"wrote {out}; "
    yield note(f"{written}rules of revision {summary.revision[:12]}")


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
