"""Blocks about agents: who of them loses pay, their pools, and the hours of a case."""

from __future__ import annotations

from collections.abc import Mapping

from segrules.report.page import arms, charts
from segrules.report.page.arms import Scaled, Told, both_arms
from segrules.report.page.content import Block, Chart, Items, Table
from segrules.report.page.view import View
from segrules.report.page.words import named, part
from segrules.report.staff import (
    HOW_DEALT,
    STEPPED,
    losers_told,
    number_told,
    plan_told,
)
from segrules.report.words import NONE, count, percent, signed
from segrules.sim.decisions.staff import MUCH, Bin, Changes, PoolOutcome, Staff
from segrules.sim.model import COST

_STILL = 0.1
"""How wide the bar of those is whose pay does not change, beside the others."""

_MANY = 0.25
"""From this share on, agents who earn less are told at the first glance."""


def staff_of(view: View) -> Staff | None:
    """The agents of the first scenario, where somebody works on the funnel."""
    return view.extras.account.staff if view.extras.account else None


def losers(view: View) -> list[str]:
    """That many agents lose by it, which must not be missed."""
    staff = staff_of(view)
    if staff is None or staff.changes is None:
        return []
    changes = staff.changes
    if changes.losing.mean < _MANY * changes.agents or changes.losing_much.mean < 0.5:
        return []
    return [
        f"{count(changes.losing.mean)} of {count(changes.agents)} agents would earn less, "
        f"{count(changes.losing_much.mean)} of them by more than {percent(MUCH, 0)}."
    ]


def staff_blocks(view: View) -> tuple[Block, ...]:
    """Who loses, pool by pool, and where the hours go."""
    staff = staff_of(view)
    if staff is None:
        return ()
    pools = {each.name: each.label for each in view.pools}
    blocks: list[Block] = []
    chart = _pay(staff, view, pools)
    blocks.append(_pools(staff, view, pools) if chart is None else chart)
    if staff.plan is not None:
        paid = plan_told(staff.plan, view.found.currency)
        blocks.append(Items((f"{view.scenario} {paid}.",)))
    moved = {
        view.segments[segment]: hours
        for segment, hours in staff.hours
        if not arms.still(hours.difference)
    }
    if moved:
        told = Told("time of a case", Scaled("hours"), view.base)
        blocks.append(both_arms("hours", "Hours that a case gets, on the mean", moved, told))
    return tuple(blocks)


def _pay(staff: Staff, view: View, names: Mapping[str, str]) -> Chart | None:
    """The histogram of agents' pay change; none where nobody is paid or counted."""
    known = [(each, each.changes) for each in staff.pools if each.changes and each.changes.bins]
    if staff.changes is None or not known:
        return None
    panels = []
    for each, changes in known:
        fewer = f"{_losing(changes)} of {count(changes.agents)} earn less"
        called = named(each.name, names)
        alt, title = f"Change of pay. {called}: {fewer}.", f"{called}:\n{fewer}"
        slots = _slots(changes)
        panels.append(charts.histogram(slots, "change of pay by results", title, alt))
    told = losers_told(staff)
    note = [HOW_DEALT, *([STEPPED] if staff.stepped else [])]
    return Chart(
        "pay",
        "Who of the agents loses pay",
        f"Histograms of the change of agents' pay, one for each of {len(known)} pools: {told}.",
        tuple(panels),
        _pools(staff, view, names),
        f"{told[:1].upper()}{told[1:]}. " + " ".join(f"{e[:1].upper()}{e[1:]}." for e in note),
    )


def _losing(changes: Changes) -> str:
    return number_told(changes.losing).partition("\n")[0]


def _slots(changes: Changes) -> list[charts.Span]:
    width = max((each.high - each.low for each in changes.bins), default=0.0) or 0.1
    return [_slot(each, width) for each in changes.bins]


def _slot(each: Bin, width: float) -> charts.Span:
    told = f"{part(each.share)} of agents"
    if each.low == each.high:
        half = _STILL * width / 2
        return charts.Span("", each.share, -half, half, f"no change: {told}", "unclear")
    ends = [signed(percent(edge, 0)) for edge in (each.low, each.high)]
    of = "gain" if each.low >= 0.0 else "loss"
    told = f"{ends[0]} to {ends[1]}: {told}"
    return charts.Span("", each.share, each.low, each.high, told, of)


def _pools(staff: Staff, view: View, names: Mapping[str, str]) -> Table:
    unit = view.unit_of(COST)
    money = f", {view.found.currency}" if view.found.currency else ""
    rows = []
    for each in staff.pools:
        pay = each.pay if each.each is None else each.each
        rows.append((
            named(each.name, names) + ("" if each.each else " (pay of all)"),
            unit.level(pay.today), unit.level(pay.then), arms.change(pay.difference, unit),
            *_counts(each), _busy(each),
        ))  # fmt: skip
    return Table(
        f"Pay by results of one agent{money}: mean, and the difference with its 80% interval",
        ("pool", f">{view.base}", ">then", ">difference", ">agents", ">earn less",
         f">by over {percent(MUCH, 0)}", ">hours taken"),
        tuple(rows),
    )  # fmt: skip


def _counts(each: PoolOutcome) -> tuple[str, str, str]:
    if each.changes is None:
        return NONE, NONE, NONE
    losing, much = (number_told(one) for one in (each.changes.losing, each.changes.losing_much))
    return count(each.changes.agents), losing, much


def _busy(each: PoolOutcome) -> str:
    if each.busy is None:
        return NONE
    today, then = (part(arm.mean) for arm in (each.busy.today, each.busy.then))
    return today if today == then else f"{today} → {then}"
