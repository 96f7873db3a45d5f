"""The account of a projection as tables and as a record: parts, drivers, spread and evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.figures import figure_record, interval, mean, parted, stepped
from segrules.report.projection import base_of
from segrules.report.staff import gap_record, gap_tables, staff_record, staff_tables
from segrules.report.stated import evidence_told
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, estimate, label, share, signed, units
from segrules.sim.assumptions import Weighed
from segrules.sim.decide.tornado import Bar
from segrules.sim.decisions.account import Account
from segrules.sim.decisions.drivers import LUCK
from segrules.sim.decisions.parts import Parts, Worth, unnamed
from segrules.sim.life import LifeProjection
from segrules.sim.model import MONEY_MEASURES, PROFIT, REVENUE, SALES, TOTAL
from segrules.sim.projection import Projection
from segrules.sim.summary import Figure, Row

Told = Projection | LifeProjection
"""What scenarios are accounted for."""

SOURCES = {
    "data": "what the data leave open",
    "experiment": "assumptions that were measured by experiment",
    "literature": "assumptions taken from the literature",
    "judgement": "assumptions nobody has measured",
    LUCK: "luck, which nobody can know",
}
"""Where the spread of a result comes from, in words."""


_TEN, _POINT = 0.1, 0.01

BY_ITSELF = (
    "a comparison of before and after would show this though nothing were done, as rates that were "
    "low by bad luck rise again and those high by good luck fall"
)


def account_tables(found: Told, account: Account, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    """What a scenario is made of, what drives it, and how far to trust it."""
    name = account.scenario
    said = both_sales(found, name)
    if said:
        yield note(f"\n{name}: {said}")
    scale = _scale(account, found)
    measure = f"{account.parts.measure}{_unit(account, found)}"
    if isinstance(found, Projection):
        yield from _funnel_tables(found, account, ruleset)
    # the parts of a scenario are its own, whatever it is compared with
    base = "" if found.project.against == "today" else " of today"
    luck = ", without luck" if isinstance(found, Projection) else ""
    what = f"what each adds to the {measure}{base}, in any order{luck}"
    yield heading(f"{name}, lever by lever: {what}")
    yield _parts(account.parts, whole_of(account, found), scale)
    if account.parts.regression is not None:
        yield note(f"beside it: {BY_ITSELF}; it is in no lever")
    yield note(spilled(account, found, ruleset))
    yield from _drivers(account, found, ruleset, measure)
    yield heading(f"where the spread of the {account.parts.measure} comes from")
    yield note("\n".join(spread_lines(account)))
    yield note(f"\nevidence grade {evidence_told(account.evidence)}")


def _funnel_tables(
    found: Projection, account: Account, ruleset: ir.Ruleset
) -> Iterator[RenderableType]:
    """What only a funnel has: agents, and stages whose rates can be held against each other."""
    if account.staff is not None:
        yield from staff_tables(account.staff, found, ruleset, base_of(found, ruleset))
    yield from gap_tables(account.gaps, found, dict(ruleset.set(found.project.by).labels))


def both_sales(found: Told, scenario: str) -> str:
    """The number of sales and their value, where the two tell different stories."""
    rows = {
        row.measure: row for row in found.rows if row.scenario == scenario and row.segment == TOTAL
    }
    count, value = rows.get(_counted(rows)), rows.get(REVENUE)
    if count is None or value is None or count.relative is None or value.relative is None:
        return ""
    number, worth = (_relative(row) for row in (count, value))
    if number == worth or value.chance_better is None:
        return ""
    return f"the number of sales changes by {number}, their value by {worth}"


def _counted(rows: dict[str, Row]) -> str:
    return SALES if SALES in rows else "sale"


def _relative(row: Row) -> str:
    if row.relative is None or row.chance_better is None:
        return "nothing"
    return signed(share(row.relative.value, row.relative.mc_error))


def whole_of(account: Account, found: Told) -> Figure:
    """What the levers bring together, told no finer than the scenario itself.

    Without luck it is surer, so that the two would be rounded apart though they are one.
    """
    whole = account.parts.whole
    error = next(
        (each.figure.mc_error for each in found.outlooks if each.scenario == account.scenario), 0.0
    )
    return replace(whole, mc_error=max(whole.mc_error, error))


def elsewhere(found: Told) -> str:
    """How a lever reaches segments that it does not name, where agents work on a funnel."""
    shared = isinstance(found, Projection) and found.estimate.model.agents is not None
    return ", by the hours and the pay of agents who work for them too" if shared else ""


def all_named(account: Account, found: Told, ruleset: ir.Ruleset) -> str:
    """Why there is no spill-over to tell, where the levers are for every segment; "" elsewhere."""
    by = ruleset.set(found.project.by)
    scenario = next(each for each in ruleset.scenarios if each.name == account.scenario)
    if unnamed(by.segments, scenario):
        return ""
    how = elsewhere(found)
    counted = f"; what a lever does to other segments{how}, is in its figure" if how else ""
    return f"none to tell, as the levers name every segment{counted}"


def spilled(account: Account, found: Told, ruleset: ir.Ruleset) -> str:
    """What changes in segments that no lever names."""
    spill = account.parts.spill
    told = all_named(account, found, ruleset)
    if told:
        return f"spill-over: {told}"
    if spill is None:
        return "spill-over: nothing changes in segments that no lever names"
    labels = dict(ruleset.set(found.project.by).labels)
    scale = _scale(account, found)
    figure = spill.figure
    told = ", ".join(label(name, labels) for name in spill.segments)
    mean = signed(estimate(figure.mean, figure.mc_error, scale))
    how = elsewhere(found)
    ends = interval(figure, scale)
    return f"spill-over: {mean} ({ends}) in segments that no lever names{how}: {told}"


def spread_lines(account: Account) -> list[str]:
    """How much of the spread comes from where, the most first."""
    shares = account.drivers.shares
    if not shares.names or math.isnan(account.drivers.luck):
        return ["nothing in this result varies"]
    order = sorted(range(len(shares.names)), key=lambda at: -float(shares.share[at]))
    told = spread_told(shares.share.tolist(), shares.error.tolist())
    return [
        f"{told[at]} of the spread comes from {SOURCES.get(shares.names[at], shares.names[at])}"
        for at in order
    ]


def spread_told(parts: Sequence[float], errors: Sequence[float]) -> list[str]:
    """Parts of the spread in percent, as ranges where they are not known to ten points.

    Those known to a point add up to 100 with each other; the rest are about right.
    """
    held = [min(max(each, 0.0), 1.0) for each in parts]
    whole = sum(held)
    points = parted([each / whole for each in held]) if whole > 0 else [0] * len(held)
    return [
        _part_told(part, error, point)
        for part, error, point in zip(held, errors, points, strict=True)
    ]


def _part_told(part: float, error: float, point: int) -> str:
    if 2.0 * error > _TEN:
        ends = (5 * round(20.0 * min(max(end, 0.0), 1.0))
                for end in (part - 2.0 * error, part + 2.0 * error))  # fmt: skip
        return "{} to {}%".format(*ends)
    if part < 0.01:
        return "under 1%"
    if 2.0 * error <= _POINT:
        return f"{point}%"
    shown = stepped(100 * part, 200 * error)
    return f"about {shown:.0f}%" if shown else f"under {stepped(100 * _TEN, 200 * error):.0f}%"


def _scale(account: Account, found: Told) -> float:
    money = account.parts.measure in MONEY_MEASURES
    return units(1, found.currency) if money else 1.0


def _unit(account: Account, found: Told) -> str:
    money = account.parts.measure in MONEY_MEASURES and found.currency
    return f" ({found.currency})" if money else ""


def _parts(parts: Parts, whole: Figure, scale: float) -> RenderableType:
    worth = [">costs by itself", ">breaks even at"] if parts.worth else []
    table = grid("lever", ">adds", ">80% interval", *worth, first=30)
    for at, each in enumerate(parts.levers):
        own = parts.worth[at] if parts.worth else None
        table.add_row(
            each.name, _told(each.figure, scale), interval(each.figure, scale),
            *([] if own is None else [mean(own.own, scale), _most(own, scale)]),
        )  # fmt: skip
    table.add_row("all together", _told(whole, scale), interval(whole, scale))
    if parts.regression is not None:
        figure = parts.regression.figure
        table.add_row(
            f"beside it: {parts.regression.name}", _told(figure, scale), interval(figure, scale)
        )
    return table


def _most(own: Worth, scale: float) -> str:
    """The cost at which a lever adds nothing; none where it takes from the profit at no cost."""
    return NONE if own.most.mean <= 0.0 else mean(own.most, scale)


def _told(figure: Figure, scale: float) -> str:
    return signed(estimate(figure.mean, figure.mc_error, scale))


# ---- drivers


def _drivers(
    account: Account, found: Told, ruleset: ir.Ruleset, measure: str
) -> Iterator[RenderableType]:
    bars = account.drivers.tornado.bars
    if not bars:
        if found.assumptions:
            yield note(f"\nno assumption moves the {account.parts.measure} of this scenario")
        return
    yield heading(f"what moves the {measure}, one assumption at a time, from its p10 to its p90")
    labels = {each.name: each.label or each.name for each in ruleset.assumptions}
    weighed = {each.stated.name: each for each in account.evidence.weighed}
    table = grid("assumption", ">at p10", ">at p90", ">turns at", "source", first=30)
    scale, error = _scale(account, found), account.parts.whole.mc_error
    for bar in bars:
        each = weighed.get(bar.name)
        ends = (signed(estimate(end, error, scale)) for end in (bar.at_low, bar.at_high))
        source = each.source if each else bar.source
        table.add_row(labels.get(bar.name, bar.name), *ends, turn(bar, each, found), source)
    yield table
    yield note(
        "turns at: where the difference is zero (or the target), if it is the only one to move; "
        "in brackets outside the stated range"
    )
    still = unmoved(account, found)
    if still:
        names = ", ".join(labels.get(name) or name for name in still)
        yield note(f"of the assumptions below, these do not move it: {names}")


def unmoved(account: Account, found: Told) -> list[str]:
    """The assumptions that are told of and move nothing here, or only other scenarios."""
    moving = {bar.name for bar in account.drivers.tornado.bars}
    return [each.name for each in found.assumptions if each.name not in moving]


def turn(bar: Bar, each: Weighed | None, found: Told) -> str:
    """Where an assumption turns the decision; in brackets where it is not held possible."""
    if bar.break_even is None:
        return NONE
    role = each.stated.role if each else ""
    if role == "amount":
        told = estimate(bar.break_even, 0.0, units(1, found.currency))
    elif role == "share":
        told = f"{100 * bar.break_even:.3g}%"
    else:
        told = f"{bar.break_even:.3g}"
    if each is None or each.stated.low <= bar.break_even <= each.stated.high:
        return told
    return f"({told})"


# ---- for machines


def account_record(found: Told, account: Account) -> dict[str, Any]:
    """The account for machines; money in units of the currency, shares in 0 to 1."""
    scale = _scale(account, found)
    parts, drivers = account.parts, account.drivers
    return {
        "scenario": account.scenario,
        "measure": parts.measure,
        "unit": found.currency if parts.measure in (PROFIT, *MONEY_MEASURES) else "customers",
        "levers": [
            {"lever": each.name, **figure_record(each.figure, scale), **_worth(parts, at, scale)}
            for at, each in enumerate(parts.levers)
        ],
        "together": figure_record(parts.whole, scale),
        "levers_exact": parts.exact,
        "regression_to_the_mean": None
        if parts.regression is None
        else figure_record(parts.regression.figure, scale),
        "spill_over": None
        if parts.spill is None
        else {
            "segments": list(parts.spill.segments),
            **figure_record(parts.spill.figure, scale),
        },
        "tornado": [_bar(bar, account, found, scale) for bar in drivers.tornado.bars],
        "spread": {
            name: float(part)
            for name, part in zip(drivers.shares.names, drivers.shares.share, strict=True)
        },
        "grade": account.evidence.grade,
        **(_funnel_record(found, account) if isinstance(found, Projection) else {}),
    }


def _funnel_record(found: Projection, account: Account) -> dict[str, Any]:
    return {
        "agents": None if account.staff is None else staff_record(account.staff, found),
        "opportunity": [gap_record(each, found) for each in account.gaps],
    }


def _worth(parts: Parts, at: int, scale: float) -> dict[str, Any]:
    """What a lever costs by itself, and the cost at which it adds nothing to the profit."""
    if not parts.worth:
        return {}
    each = parts.worth[at]
    return {"own_cost": each.own.mean * scale, "break_even_cost": each.most.mean * scale}


def _bar(bar: Bar, account: Account, found: Told, scale: float) -> dict[str, Any]:
    weighed = {each.stated.name: each for each in account.evidence.weighed}.get(bar.name)
    amount = weighed is not None and weighed.stated.role == "amount"
    own = units(1, found.currency) if amount else 1.0
    return {
        "assumption": bar.name,
        "source": weighed.source if weighed else bar.source,
        "p10": bar.low * own,
        "p90": bar.high * own,
        "at_p10": bar.at_low * scale,
        "at_p90": bar.at_high * scale,
        "break_even": None if bar.break_even is None else bar.break_even * own,
    }
