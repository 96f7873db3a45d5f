"""Gaps in outcomes, the target market, and who reads protected columns: tables and records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.concentration import OUTSIDE
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, counted, label, money, percent, units
from segrules.segments.gaps import FOUR_FIFTHS, AmountGap, Compared, Gap, Gaps
from segrules.segments.market import Fit, Market
from segrules.segments.protection import ProtectedRead

_UNKNOWN = "not known"
_NAMES = 24
"""Characters for the names of segments, where many columns stand beside them."""

_READING = (
    "the rest: those with another known value; of those not known, all who are known\n"
    "inside segments: the difference among those of the same segment, in segments that have both; "
    "it tells a\ngap in how people are treated from one of the mix of segments\n"
    "below, above: told from chance (5%), all comparisons of a kind taken together; intervals are "
    "95% each\n"
    f"*: the rate is under {percent(FOUR_FIFTHS, 0)} of that of the rest, which may be chance"
)


def gaps_tables(
    found: Gaps, reads: Sequence[ProtectedRead], ruleset: ir.Ruleset
) -> Iterator[RenderableType]:
    """For each column the rates beside the rest, overall and by segment, then amounts.

    Behind them stand the rules that read protected columns.
    """
    chosen = ruleset.set(found.segments_of)
    labels = {name: chosen.labels.get(name, "") for name in chosen.segments}
    for each in found.compared:
        yield heading(f"{found.funnel} by {each.name}, as of {found.as_of}")
        yield _overall(each)
        if any(gap.rest.entered for gap in each.within):
            yield heading(f"by {each.name} in each segment of {found.segments_of}")
            yield _within(each, labels)
        if each.amounts:
            yield heading(f"means by {each.name}{_currency(ruleset)}")
            yield _amounts(each.amounts, ruleset.currency)
        said = _left_out(each, found.smallest, labels)
        if said:
            yield note("\n" + "\n".join(said))
    yield note("\n" + _READING)
    if found.unplaced:
        yield note(f"{count(found.unplaced)} who entered are in no segment and left out")
    yield from reads_tables(reads)


def _overall(each: Compared) -> RenderableType:
    table = grid(
        each.name,
        "stage",
        ">entered",
        ">rate",
        ">the rest",
        ">ratio",
        "difference",
        "inside segments",
    )
    for gap in each.overall:
        table.add_row(
            _value(gap.value),
            gap.stage,
            count(gap.counts.entered),
            percent(gap.rate),
            percent(gap.rest_rate),
            _ratio(gap),
            _points(gap.difference, gap.interval, gap.differs),
            _inside(gap),
        )
    return table


def _within(each: Compared, labels: dict[str, str]) -> RenderableType:
    table = grid(
        "segment",
        each.name,
        "stage",
        ">entered",
        ">rate",
        ">the rest",
        "difference",
        first=_NAMES,
    )
    # labels stand in the order of the segments
    order = list(labels)
    shown = [gap for gap in each.within if gap.rest.entered]
    for gap in sorted(shown, key=lambda gap: order.index(gap.segment or "")):
        table.add_row(
            label(gap.segment or "", labels),
            _value(gap.value),
            gap.stage,
            count(gap.counts.entered),
            percent(gap.rate) + _star(gap),
            percent(gap.rest_rate),
            _points(gap.difference, gap.interval, gap.differs),
        )
    return table


def _amounts(amounts: Sequence[AmountGap], currency: str | None) -> RenderableType:
    table = grid("", "stage", "amount", ">mean", ">the rest", "difference")
    for each in amounts:
        apart = money(each.difference, currency)
        if each.interval is not None:
            low, high = (money(end, currency) for end in each.interval)
            apart = f"{apart} ({low} to {high})"
        table.add_row(
            _value(each.value),
            each.stage,
            each.what,
            money(each.mean, currency),
            money(each.rest_mean, currency),
            apart,
        )
    return table


def _left_out(each: Compared, smallest: int, labels: dict[str, str]) -> list[str]:
    """What the tables do not show, in words."""
    said = []
    alone: dict[str, list[str]] = {}
    for gap in each.within:
        names = alone.setdefault(_value(gap.value), [])
        name = label(gap.segment or "", labels)
        if not gap.rest.entered and name not in names:
            names.append(name)
    for value, names in alone.items():
        if names:
            said.append(f"nobody to compare {value} with in: {', '.join(names)}")
    if each.hidden:
        many = counted(each.hidden, "comparison", "comparisons")
        said.append(f"not shown: {many} with fewer than {smallest} people on a side")
    return said


def _value(value: str | None) -> str:
    return _UNKNOWN if value is None else value


def _ratio(gap: Gap) -> str:
    return percent(gap.ratio, 0) + _star(gap)


def _star(gap: Gap) -> str:
    return " *" if gap.under_four_fifths else ""


def _inside(gap: Gap) -> str:
    """The difference inside segments, and of how many where it is not of all."""
    inside = gap.inside
    if inside is None:
        return NONE
    shown = _points(inside.difference, inside.interval, inside.differs)
    return shown if inside.entered == gap.counts.entered else f"{shown} of {count(inside.entered)}"


def _points(apart: float | None, interval: tuple[float, float] | None, differs: str) -> str:
    """A difference of rates in percentage points with its interval, and what it is taken for."""
    if apart is None:
        return NONE
    if interval is None:
        return f"{100 * apart:+.1f}"
    low, high = interval
    shown = f"{100 * apart:+.1f} ({100 * low:+.1f}; {100 * high:+.1f})"
    return shown if differs == NONE else f"{shown} {differs}"


def _currency(ruleset: ir.Ruleset) -> str:
    return f" (money in {ruleset.currency})" if ruleset.currency else ""


def gaps_record(found: Gaps, reads: Sequence[ProtectedRead], ruleset: ir.Ruleset) -> dict[str, Any]:
    """The gaps for machines: rates are parts of one, money in units of its currency."""
    return {
        "schema": 1,
        "funnel": found.funnel,
        "set": found.segments_of,
        "as_of": found.as_of.isoformat(),
        "smallest": found.smallest,
        "compared": [
            {
                "name": each.name,
                "overall": [_gap(gap) for gap in each.overall],
                "within": [{"segment": gap.segment} | _gap(gap) for gap in each.within],
                "amounts": [_amount(part, ruleset.currency) for part in each.amounts],
                "hidden": each.hidden,
            }
            for each in found.compared
        ],
        "unplaced": found.unplaced,
        "reads": reads_record(reads),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    made: dict[str, Any] = {
        "stage": gap.stage,
        "value": gap.value,
        "entered": gap.counts.entered,
        "reached": gap.counts.reached,
        "rate": gap.rate,
        "rest_entered": gap.rest.entered,
        "rest_reached": gap.rest.reached,
        "rest_rate": gap.rest_rate,
        "ratio": gap.ratio,
        "under_four_fifths": gap.under_four_fifths,
        "difference": gap.difference,
        "interval95": _pair(gap.interval),
        "p": gap.p,
        "differs": None if gap.differs == NONE else gap.differs,
    }
    if gap.segment is None:
        inside = gap.inside
        made["inside"] = inside and {
            "entered": inside.entered,
            "rest_entered": inside.rest_entered,
            "difference": inside.difference,
            "interval95": _pair(inside.interval),
            "p": inside.p,
            "differs": None if inside.differs == NONE else inside.differs,
        }
    return made


def _amount(each: AmountGap, currency: str | None) -> dict[str, Any]:
    ends = each.interval and [units(end, currency) for end in each.interval]
    return {
        "stage": each.stage,
        "amount": each.what,
        "value": each.value,
        "mean": units(each.mean, currency),
        "rest_mean": units(each.rest_mean, currency),
        "difference": units(each.difference, currency),
        "interval95": ends,
    }


def _pair(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)


# ---- rules that read protected columns


def reads_tables(reads: Sequence[ProtectedRead]) -> Iterator[RenderableType]:
    """Which rules read protected columns; this says nothing of whether they should."""
    yield heading("rules that read protected columns")
    if not reads:
        yield note("none")
        return
    table = grid("rule", "of", "reads", "through")
    for each in reads:
        table.add_row(
            f"{each.kind} {each.name}" if each.name != each.of else each.kind,
            each.of,
            f"{each.table}.{each.column}",
            ", ".join(each.through),
        )
    yield table


def reads_record(reads: Sequence[ProtectedRead]) -> list[dict[str, Any]]:
    return [
        {
            "kind": each.kind,
            "of": each.of,
            "name": each.name,
            "table": each.table,
            "column": each.column,
            "through": list(each.through),
        }
        for each in reads
    ]


# ---- target market


def market_tables(found: Market, labels: dict[str, str]) -> Iterator[RenderableType]:
    """Who is in the target market by segment, and who of those outside was served."""
    yield heading(f"target market of {found.table}: {found.reason}")
    served = [f">{stage}" for stage in found.stages]
    table = grid("segment", ">inside", ">undecided", ">outside", ">part", *served, first=_NAMES)
    for each in (*found.segments, found.everyone):
        name = label(each.segment, labels) if each.segment else OUTSIDE
        table.add_row(
            "all" if each is found.everyone else name,
            count(each.inside),
            count(each.undecided),
            count(each.outside),
            percent(_part_outside(each)),
            *(count(each.served[stage]) for stage in found.stages),
        )
    yield table
    said = "part: of those for whom it is decided"
    if found.stages:
        said += f"; {', '.join(found.stages)}: of those outside, who reached it by {found.as_of}"
    yield note(f"\n{said}")


def _part_outside(each: Fit) -> float | None:
    decided = each.inside + each.outside
    return each.outside / decided if decided else None


def market_record(found: Market) -> dict[str, Any]:
    """The target market for machines."""
    return {
        "table": found.table,
        "reason": found.reason,
        "set": found.segments_of,
        "as_of": found.as_of.isoformat(),
        "funnel": found.funnel,
        "segments": [{"segment": each.segment} | _fit(each) for each in found.segments],
        "everyone": _fit(found.everyone),
    }


def _fit(each: Fit) -> dict[str, Any]:
    return {
        "inside": each.inside,
        "outside": each.outside,
        "undecided": each.undecided,
        "outside_served": dict(each.served),
    }
