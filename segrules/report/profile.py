"""A profile as tables and as a record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.lang.types import Money
from segrules.report.tables import grid, heading
from segrules.report.words import count, label, percent, typed, units
from segrules.segments.profile import Profile


def profile_tables(found: Profile, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    """Size and shares by segment, the averages, and how money concentrates."""
    labels = ruleset.set(found.segments_of).labels
    money = [name for name, kind in found.types.items() if isinstance(kind, Money)]
    yield heading(f"{found.segments_of}: {count(found.rows)} {found.table} as of {found.as_of}")
    sizes = grid("segment", ">rows", ">share of rows", *(f">share of {name}" for name in money))
    for each in found.segments:
        shares = (percent(each.sums[name].share) for name in money)
        name = label(each.segment, labels) if each.segment else "(in no segment)"
        sizes.add_row(name, count(each.rows), percent(each.share), *shares)
    yield sizes
    if found.types:
        yield heading("averages" + _currency(ruleset))
        means = grid("segment", *(f">{name}" for name in found.types))
        for each in found.segments:
            name = label(each.segment, labels) if each.segment else "(in no segment)"
            means.add_row(
                name, *(typed(each.means[column], kind) for column, kind in found.types.items())
            )
        yield means
    if found.concentration:
        yield heading("concentration over all rows")
        tops = grid("column", ">top 10% bring", ">top 20% bring")
        for part in found.concentration:
            tops.add_row(part.column, percent(part.top_10), percent(part.top_20))
        yield tops


def _currency(ruleset: ir.Ruleset) -> str:
    return f" (money in {ruleset.currency})" if ruleset.currency else ""


def profile_record(found: Profile) -> dict[str, Any]:
    """The profile for machines; money in units of its currency."""

    def scaled(value: float | None, column: str) -> float | None:
        kind = found.types[column]
        if value is None or not isinstance(kind, Money):
            return value
        return units(value, kind.currency)

    return {
        "schema": 1,
        "table": found.table,
        "set": found.segments_of,
        "as_of": found.as_of.isoformat(),
        "rows": found.rows,
        "segments": [
            {
                "segment": each.segment,
                "rows": each.rows,
                "share": each.share,
                "sums": {
                    name: {"total": scaled(amount.total, name), "share": amount.share}
                    for name, amount in each.sums.items()
                },
                "means": {name: scaled(value, name) for name, value in each.means.items()},
            }
            for each in found.segments
        ],
        "concentration": [
            {"column": part.column, "top_10": part.top_10, "top_20": part.top_20}
            for part in found.concentration
        ],
    }
