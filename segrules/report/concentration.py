"""How a value is concentrated, as tables and as a record."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.lang.types import NO_CURRENCY, Money, Type
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, counted, label, percent, total, units
from segrules.segments.concentration import (
    GRID,
    MOST,
    TOPS,
    Concentration,
    Counts,
    Effort,
    Figure,
    Part,
    Shares,
)

OUTSIDE = "(in no segment)"
_NAME = 24
"""Characters of a segment's name that other columns never take."""


def short_table(found: tuple[Concentration, ...]) -> RenderableType:
    """One line a value: what the largest bring, and how many make most of it."""
    made = grid("column", ">top 10% bring", ">top 20% bring", f">{_most()} made by", ">Gini")
    for each in found:
        shares = each.shares
        top_10, top_20 = (percent(shares.top(part) if shares else None) for part in TOPS[2:])
        many = percent(shares.makers / each.counts.known if shares else None)
        made.add_row(each.name, top_10, top_20, many, f"{shares.gini:.2f}" if shares else NONE)
    return made


def concentration_tables(
    found: Concentration, table: str, segments_of: str, labels: dict[str, str]
) -> Iterator[RenderableType]:
    """Who brings the value and who costs; its curve; what is spent; the part of each segment."""
    yield heading(f"{found.name} of {table}{_currency(found.type)}")
    yield _outcomes(found, table)
    if found.shares is None:
        yield note("the sum is not above zero, so there are no shares of it")
    else:
        yield heading(f"{table}, largest first")
        yield _curve(found.shares)
        for line in _said(found, found.shares, table):
            yield note(line)
    yield heading(f"{found.name} by {segments_of}")
    yield _segments(found, labels)
    for name, part in found.explained.items():
        if part is not None:
            yield note(
                f"the segments of {name} explain {percent(part)} of the variance of {found.name}"
            )
    if found.efforts:
        yield heading(f"shares of {found.name} and of what is spent")
        yield _efforts(found, labels)


def _outcomes(found: Concentration, table: str) -> RenderableType:
    """Customers by the sign of the value, with what is spent on them."""
    of, efforts = found.counts, found.efforts
    made = grid("", f">{table}", ">share", f">{found.name}", *(f">{each.name}" for each in efforts))
    lines: list[tuple[str, int, Figure | None]] = [
        ("above zero", of.good, found.gains),
        ("at zero", of.zero, 0),
        ("below zero", of.bad, found.losses),
        ("unknown", of.unknown, None),
    ]
    for at, (word, rows, held) in enumerate(lines):
        spent = [_spent(each, at) if rows else NONE for each in efforts]
        shown = _figure(held, found.type) if held is not None and rows else NONE
        made.add_row(word, count(rows), percent(rows / of.rows if of.rows else None), shown, *spent)
    totals = [_figure(each.total, each.type) for each in efforts]
    made.add_row("all", count(of.rows), "", _figure(found.total, found.type), *totals)
    return made


def _spent(effort: Effort, at: int) -> str:
    return _figure((effort.good, effort.zero, effort.bad, effort.unknown)[at], effort.type)


def _curve(shares: Shares) -> RenderableType:
    made = grid(">the largest", ">bring", first=12)
    for point in shares.curve:
        made.add_row(percent(point.customers, 0), percent(point.held))
    return made


def _said(found: Concentration, shares: Shares, table: str) -> Iterator[str]:
    of = found.counts
    many = percent(shares.makers / of.known)
    yield f"\n{_most()} of it is made by {count(shares.makers)} {table}, {many} of those known"
    if of.bad:
        top, good = percent(shares.peak.held), percent(shares.peak.customers)
        yield (
            f"the {good} above zero bring {top} of it; "
            f"{counted(of.bad, 'is', 'are')} below zero and take the rest away again"
        )
    beyond = " (some are below zero, so it may exceed 1)" if of.bad else ""
    yield f"Gini coefficient {shares.gini:.3f}{beyond}"
    equals = counted(round(shares.equals), "one", "equal ones")
    yield f"Herfindahl index {shares.herfindahl:.4f}, as if {equals} brought it"
    yield (
        f"losing the largest takes {percent(shares.loss_of_one)} of the total, "
        f"losing the largest ten {percent(shares.loss_of_ten)}"
    )
    for each in found.efforts:
        if of.bad:
            yield f"{percent(each.on_bad)} of {each.name} is spent on {table} below zero"
        if each.missing:
            yield f"{each.name} is unknown for {count(each.missing)} {table}"
    if of.unknown:
        yield f"{count(of.unknown)} {table} without a known value take no part in the shares"


def _segments(found: Concentration, labels: dict[str, str]) -> RenderableType:
    words = ("rows", "above zero", "below zero", "unknown", found.name, "share")
    longest = max((len(_name(each, labels)) for each in found.parts), default=0)
    made = grid("segment", *(f">{word}" for word in words), first=min(longest, _NAME))
    for each in found.parts:
        of = each.counts
        made.add_row(
            _name(each, labels),
            *map(count, (of.rows, of.good, of.bad, of.unknown)),
            _figure(each.total, found.type),
            percent(each.share),
        )
    return made


def _efforts(found: Concentration, labels: dict[str, str]) -> RenderableType:
    made = grid("segment", f">{found.name}", *(f">{each.name}" for each in found.efforts))
    for each in found.parts:
        made.add_row(_name(each, labels), percent(each.share), *map(percent, each.efforts))
    return made


def _name(part: Part, labels: dict[str, str]) -> str:
    return OUTSIDE if part.segment is None else label(part.segment, labels)


def _most() -> str:
    return percent(float(MOST), 0)


def _figure(value: Figure, kind: Type) -> str:
    return NONE if math.isnan(value) else total(value, kind)


def _currency(kind: Type) -> str:
    return (
        f" in {kind.currency}" if isinstance(kind, Money) and kind.currency != NO_CURRENCY else ""
    )


# ---- for machines


def concentration_record(found: Concentration) -> dict[str, Any]:
    """The concentration for machines; money in units of its currency, shares as parts of one."""
    return {
        "column": found.name,
        "customers": _counts(found.counts),
        "total": _scaled(found.total, found.type),
        "gains": _scaled(found.gains, found.type),
        "losses": _scaled(found.losses, found.type),
        "shares": _shares(found.shares),
        "efforts": [_effort(each) for each in found.efforts],
        "segments": [
            {
                "segment": each.segment,
                "customers": _counts(each.counts),
                "total": _scaled(each.total, found.type),
                "share": each.share,
                "efforts": {
                    effort.name: part
                    for effort, part in zip(found.efforts, each.efforts, strict=True)
                },
            }
            for each in found.parts
        ],
        "explained": dict(found.explained),
    }


def _counts(of: Counts) -> dict[str, int]:
    return {"good": of.good, "bad": of.bad, "zero": of.zero, "unknown": of.unknown}


def _shares(found: Shares | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "curve": [[float(part), point.held] for part, point in zip(GRID, found.curve, strict=True)],
        "peak": [found.peak.customers, found.peak.held],
        "makers_of_80_percent": found.makers,
        "gini": found.gini,
        "herfindahl": found.herfindahl,
        "loss_of_one": found.loss_of_one,
        "loss_of_ten": found.loss_of_ten,
    }


def _effort(found: Effort) -> dict[str, Any]:
    parts = {"total": found.total, "good": found.good, "bad": found.bad, "zero": found.zero}
    return {
        "column": found.name,
        **{name: _scaled(value, found.type) for name, value in parts.items()},
        "unknown": _scaled(found.unknown, found.type),
        "share_on_bad": found.on_bad,
        "missing": found.missing,
    }


def _scaled(value: Figure, kind: Type) -> Figure | None:
    if math.isnan(value):
        return None
    return units(value, kind.currency) if isinstance(kind, Money) else value
