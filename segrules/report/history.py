"""The migration between segments as tables and as a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from segrules.lang import ir
from segrules.report.tables import grid, heading, note
from segrules.report.words import count, counted, label, percent
from segrules.segments.history.migration import GONE, NEW, Flapping, Matrix, Migration
from segrules.text.shown import shown

_WIDTH = 110
"""Columns of a table up to which the matrix is shown as one."""
_GAP = 3
"""Columns between two cells."""


def history_tables(
    found: Migration, declared: ir.SegmentSet, *, brief: bool = False
) -> Iterator[RenderableType]:
    """What moved from review to review and overall, and how many customers flap.

    `declared` is the set as the rules have it. `brief` leaves out from where to where.
    """
    # runs may name segments that the rules do not know
    named = {each.state: shown(label(each.state, declared.labels)) for each in found.flows}
    first, last = found.reviews[0].run.as_of, found.reviews[-1].run.as_of
    yield heading(
        f"{found.segments_of}: {len(found.reviews)} reviews of {found.table}, {first} to {last}"
    )
    flows = grid("segment", ">entered", ">left", ">stayed")
    for each in found.flows:
        flows.add_row(
            label(each.state, named), count(each.entered), count(each.left), count(each.stayed)
        )
    yield flows
    if found.climbs is not None:
        yield note(
            f"{count(found.climbs.up)} moved up and {count(found.climbs.down)} down the ladder"
        )
    if not brief:
        yield from _matrix("from review to review", found.steps, named)
    if len(found.reviews) > 2 and not brief:
        yield from _matrix(f"from {first} to {last}", found.overall, named)
    yield from _flapping(found, declared)


# ---- matrices


def _matrix(title: str, matrix: Matrix, labels: dict[str, str]) -> Iterator[RenderableType]:
    """Counts and shares as two tables, or as a list of moves where they are too wide."""
    yield heading(f"customers {title}")
    sources, targets = [*matrix.states, NEW], [*matrix.states, GONE]
    names = {state: label(state, labels) for state in (*sources, GONE)}
    numbered = {state: f"{at} {names[state]}" for at, state in enumerate(sources[:-1], 1)}
    short = {state: str(at) for at, state in enumerate(sources[:-1], 1)}
    # wide tables have numbers for headings
    if _width(matrix, names, names) > _WIDTH:
        names, heads = {**names, **numbered}, {**names, **short}
    else:
        heads = names
    if _width(matrix, names, heads) > _WIDTH:
        yield _list(matrix, labels)
        return
    amounts = grid("from", *(f">{heads[state]}" for state in targets))
    shares = grid("from", *(f">{heads[state]}" for state in targets))
    for source in sources:
        amounts.add_row(names[source], *(count(matrix.count(source, target)) for target in targets))
        shares.add_row(
            names[source], *(percent(matrix.share(source, target)) for target in targets)
        )
    yield amounts
    yield heading(f"shares {title}")
    yield shares


def _width(matrix: Matrix, names: Mapping[str, str], heads: Mapping[str, str]) -> int:
    """Columns that the wider of the two tables takes."""
    most = max((len(count(each)) for each in matrix.counts.values()), default=0)
    cells = (max(len(heads[state]), most, len("100.0%")) for state in (*matrix.states, GONE))
    return max(map(len, names.values())) + sum(cell + _GAP for cell in cells)


def _list(matrix: Matrix, labels: dict[str, str]) -> Table:
    table = grid("from", "to", ">customers", ">share")
    for (source, target), moved in sorted(matrix.counts.items(), key=_most_first):
        table.add_row(
            label(source, labels),
            label(target, labels),
            count(moved),
            percent(matrix.share(source, target)),
        )
    return table


def _most_first(move: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    return -move[1], move[0]


# ---- flapping


def _without(found: Migration, declared: ir.SegmentSet) -> Flapping | None:
    """Flapping without tolerance, where the set has any to be without."""
    return found.flapping_free if declared.tolerances else None


def _flapping(found: Migration, declared: ir.SegmentSet) -> Iterator[RenderableType]:
    free = _without(found, declared)
    if not found.flapping.chances:
        yield note("\nflapping: no customer is in three reviews running yet")
        return
    yield heading("flapping: back in the segment that was left at the review before")
    if free is None:
        yield note(_said(found.flapping, declared))
        return
    table = grid("", ">times", ">of", ">rate")
    for name, each in (
        ("with tolerance", found.flapping),
        ("without tolerance", free),
    ):
        table.add_row(name, count(each.flaps), count(each.chances), percent(each.rate))
    yield table


def _said(each: Flapping, declared: ir.SegmentSet) -> str:
    lacking = "" if declared.tolerances else "; the set has no tolerance"
    chances = counted(each.chances, "chance", "chances")
    return f"{count(each.flaps)} of {chances}, {percent(each.rate)}{lacking}"


# ---- for machines


def history_record(found: Migration, declared: ir.SegmentSet) -> dict[str, Any]:
    """The migration for machines; shares and rates are parts of one."""
    free = _without(found, declared)
    return {
        "set": found.segments_of,
        "table": found.table,
        "reviews": [
            {
                "as_of": each.run.as_of.isoformat(),
                "revision": each.run.rules,
                "file": str(each.path),
            }
            for each in found.reviews
        ],
        "segments": [
            {
                "segment": each.state,
                "entered": each.entered,
                "left": each.left,
                "stayed": each.stayed,
            }
            for each in found.flows
        ],
        "steps": _moves(found.steps),
        "overall": _moves(found.overall),
        "moved_up": found.climbs.up if found.climbs else None,
        "moved_down": found.climbs.down if found.climbs else None,
        "flapping": _rate(found.flapping),
        "flapping_without_tolerance": _rate(free) if free else None,
    }


def _moves(matrix: Matrix) -> list[dict[str, Any]]:
    return [
        {
            "from": source,
            "to": target,
            "customers": matrix.count(source, target),
            "share": matrix.share(source, target),
        }
        for source in (*matrix.states, NEW)
        for target in (*matrix.states, GONE)
        if matrix.count(source, target)
    ]


def _rate(each: Flapping) -> dict[str, Any]:
    return {"flaps": each.flaps, "chances": each.chances, "rate": each.rate}
