"""A profile as tables and as a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.lang.types import Money
from segrules.report.concentration import (
    OUTSIDE,
    concentration_record,
    concentration_tables,
    short_table,
)
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, label, percent, typed, units
from segrules.segments.profile import FEW, Profile, SegmentProfile

_ROOM, _MARGIN = 62, 12
"""Characters that columns may take together, and those that each takes beside its name."""


def profile_tables(
    found: Profile, ruleset: ir.Ruleset, *, full: bool = False
) -> Iterator[RenderableType]:
    """Size and shares by segment, the averages, and how money concentrates.

    `full` shows all there is about the concentration, otherwise there is one line a value.
    """
    labels = ruleset.set(found.segments_of).labels
    money = [
        name
        for name, kind in found.types.items()
        if isinstance(kind, Money) and name not in found.levels
    ]
    yield heading(f"{found.segments_of}: {count(found.rows)} {found.table} as of {found.as_of}")
    for names in _few(money):
        yield _sizes(found, names, labels)
    if found.types:
        yield heading("averages" + _currency(ruleset))
        for names in _few(list(found.types)):
            yield _averages(found, names, labels)
    lacking = [name for name, rows in found.everyone.missing.items() if rows]
    if lacking:
        yield heading("rows without a value, which take no part in its average")
        for names in _few(lacking):
            yield _missing(found, names, labels)
    if any(each.withheld for each in (*found.segments, found.everyone)):
        yield note(withheld_note(found.table))
    if full:
        for part in found.concentration:
            yield from concentration_tables(part, found.table, found.segments_of, labels)
    elif found.concentration:
        yield heading("concentration over all rows")
        yield short_table(found.concentration)


def withheld_note(table: str) -> str:
    """What is not shown of sensitive columns, and why."""
    return (
        f"of sensitive columns no figures are shown that rest on fewer than {FEW} {table}, "
        "nor those that would give them away"
    )


def _few(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Names in parts that a table has room for beside the segments; one part at least."""
    part: list[str] = []
    for name in names:
        if part and sum(len(each) + _MARGIN for each in (*part, name)) > _ROOM:
            yield part
            part = []
        part.append(name)
    yield part


def _sizes(found: Profile, names: Sequence[str], labels: dict[str, str]) -> RenderableType:
    made = grid("segment", ">rows", ">share of rows", *(f">share of {name}" for name in names))
    for each in found.segments:
        amounts = (each.sums.get(name) for name in names)
        shares = (percent(amount.share) if amount else NONE for amount in amounts)
        made.add_row(_name(each, labels), count(each.rows), percent(each.share), *shares)
    return made


def _averages(found: Profile, names: Sequence[str], labels: dict[str, str]) -> RenderableType:
    made = grid("segment", *(f">{name}" for name in names))
    for each in (*found.segments, found.everyone):
        name = "all" if each is found.everyone else _name(each, labels)
        means = (typed(each.means[column], found.types[column]) for column in names)
        made.add_row(name, *means)
    return made


def _missing(found: Profile, names: Sequence[str], labels: dict[str, str]) -> RenderableType:
    made = grid("segment", *(f">{name}" for name in names))
    for each in found.segments:
        if any(each.missing.values()):
            made.add_row(_name(each, labels), *(count(each.missing[name]) for name in names))
    return made


def _name(each: SegmentProfile, labels: dict[str, str]) -> str:
    return label(each.segment, labels) if each.segment else OUTSIDE


def _currency(ruleset: ir.Ruleset) -> str:
    return f" (money in {ruleset.currency})" if ruleset.currency else ""


def profile_record(found: Profile) -> dict[str, Any]:
    """The profile for machines; money in units of its currency."""
    return {
        "schema": 1,
        "table": found.table,
        "set": found.segments_of,
        "as_of": found.as_of.isoformat(),
        "rows": found.rows,
        "segments": [_segment(each, found) for each in found.segments],
        "everyone": _segment(found.everyone, found),
        "concentration": [concentration_record(part) for part in found.concentration],
    }


def _segment(each: SegmentProfile, found: Profile) -> dict[str, Any]:
    def scaled(value: float | None, column: str) -> float | None:
        kind = found.types[column]
        if value is None or not isinstance(kind, Money):
            return value
        return units(value, kind.currency)

    return {
        "segment": each.segment,
        "rows": each.rows,
        "share": each.share,
        "sums": {
            name: {"total": scaled(amount.total, name), "share": amount.share}
            for name, amount in each.sums.items()
        },
        "means": {name: scaled(value, name) for name, value in each.means.items()},
        "missing": dict(each.missing),
        "withheld": sorted(each.withheld),
    }
