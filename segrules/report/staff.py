"""Agents in a scenario: hours of a case, pay by pool, who loses, and the level of a pay plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.figures import both_record, change, figure_record, mean, span
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, label, percent, share, signed, units
from segrules.sim.decisions.potential import Gap
from segrules.sim.decisions.staff import MUCH, QUANTILES, Changes, PlanThen, PoolOutcome, Staff
from segrules.sim.effort.crew import Terms
from segrules.sim.projection import Projection
from segrules.sim.summary import Compared, Figure

PAID = {
    "per_sale": "a sale",
    "of_value": "of the value",
    "of_margin": "of the margin",
    "sound": "a passed check",
    "stay": "a customer who stays",
    "stay_of_value": "of the value of one who stays",
}
"""What the level of a plan multiplies."""

_SHARES = frozenset({"of_value", "of_margin", "stay_of_value"})

HOW_DEALT = (
    "cases fall to the agents of a pool by chance, so each has others; what they sell of them is "
    "taken at its mean. Pay is what sales bring; hours are paid besides"
)
STEPPED = "tiers, caps and effort are in the pay of the pool; agents share its mean pay for a sale"


def staff_tables(
    staff: Staff, found: Projection, ruleset: ir.Ruleset, base: str
) -> Iterator[RenderableType]:
    """Hours by segment, and the pools with who loses."""
    name = staff.scenario
    labels = dict(ruleset.set(found.project.by).labels)
    if staff.plan is not None:
        yield note(f"\n{name}: {plan_told(staff.plan, found.currency)}")
    yield heading(f"{name}, hours of a case: mean, and the difference in 80% of futures")
    table = grid("segment", f">{base}", ">then", ">difference")
    for segment, hours in staff.hours:
        both = (mean(each) for each in (hours.today, hours.then))
        table.add_row(label(segment, labels), *both, change(hours.difference))
    yield table
    money = f" ({found.currency})" if found.currency else ""
    yield heading(f"{name}, agents and what they are paid by results{money}")
    yield _pools(staff, found, ruleset, base)
    told = losers_told(staff)
    if told:
        yield note("\n".join([told, HOW_DEALT, *([STEPPED] if staff.stepped else [])]))


def _pools(staff: Staff, found: Projection, ruleset: ir.Ruleset, base: str) -> RenderableType:
    names = pool_names(ruleset)
    scale = units(1, found.currency)
    table = grid(
        "pool", ">agents", f">pay of one,\n{base}", ">then", ">difference", ">earn less",
        f">by over {percent(MUCH, 0)}", ">hours taken", first=20,
    )  # fmt: skip
    for each in staff.pools:
        pay = each.pay if each.each is None else each.each
        called = names.get(each.name) or each.name
        table.add_row(
            called if each.each else f"{called}\n(pay of all)",
            _both(each.agents),
            mean(pay.today, scale),
            mean(pay.then, scale),
            change(pay.difference, scale),
            *_losing(each.changes),
            _busy(each),
        )
    return table


def _both(row: Compared | None) -> str:
    if row is None:
        return NONE
    today, then = mean(row.today), mean(row.then)
    return today if today == then else f"{today} → {then}"


def _losing(changes: Changes | None) -> tuple[str, str]:
    if changes is None:
        return NONE, NONE
    return number_told(changes.losing), number_told(changes.losing_much)


def number_told(figure: Figure) -> str:
    """How many agents, with the interval where it says more."""
    shown, ends = count(figure.mean), [count(edge) for edge in figure.interval80]
    return shown if ends == [shown, shown] else f"{shown}\n{ends[0]} to {ends[1]}"


def _busy(each: PoolOutcome) -> str:
    if each.busy is None:
        return NONE
    today, then = (share(arm.mean, arm.mc_error) for arm in (each.busy.today, each.busy.then))
    return today if today == then else f"{today} → {then}"


def losers_told(staff: Staff) -> str:
    """Who loses, in a sentence; nothing where nobody counted the agents or none is paid."""
    changes = staff.changes
    if changes is None:
        return ""
    if not any(each.low or each.high for each in changes.bins) and changes.losing.mean == 0.0:
        return f"who loses: nobody's pay changes, of {count(changes.agents)} agents"
    low, middle, high = (signed(percent(changes.quantiles[at], 0)) for at in (0, 2, 4))
    much, losing = changes.losing_much, changes.losing
    return (
        f"who loses: {count(losing.mean)} of {count(changes.agents)} agents earn less "
        f"({span(losing)}), {count(much.mean)} of them by more than {percent(MUCH, 0)}; "
        f"the pay of nine in ten changes by {low} to {high}, on the median by {middle}"
    )


def pool_names(ruleset: ir.Ruleset) -> dict[str, str]:
    """What pools are called."""
    return {each.name: each.label for each in ruleset.pools}


def plan_told(plan: PlanThen, currency: str | None) -> str:
    """What another plan pays, at its level."""
    then = " + ".join(paid_at(plan.terms, plan.level, currency)) or "nothing"
    if not plan.neutral:
        return f"pays by `{plan.terms.name}`: {then}"
    return (
        f"pays by `{plan.terms.name}`, {plan.level:.4g} times what is written, so that all is "
        f"expected to cost the same: {then}"
    )


def paid_at(terms: Terms, level: float, currency: str | None) -> list[str]:
    """What a plan pays at a level, part by part."""
    told = []
    for name, what in PAID.items():
        figure = getattr(terms, name)
        if figure == 0.0:
            continue
        if isinstance(figure, str):
            amount = figure if level == 1.0 else f"{level:.4g} × {figure}"
        elif name in _SHARES:
            amount = f"{100 * figure * level:.4g}%"
        else:
            amount = f"{units(figure * level, currency):,.4g} {currency or ''}".rstrip()
        told.append(f"{amount} {what}" if name in _SHARES else f"{amount} for {what}")
    return told


# ---- opportunity


def gap_tables(
    gaps: tuple[Gap, ...], found: Projection, labels: Mapping[str, str]
) -> Iterator[RenderableType]:
    """What each segment would bring more if it went on as all do, stage by stage."""
    if not gaps:
        return
    money = found.estimate.model.value is not None
    scale = units(1, found.currency) if money else 1.0
    unit = f"revenue, {found.currency}" if money and found.currency else "customers"
    yield heading(f"opportunity today ({unit}): if a segment went on as all do on the mean, 80%")
    stages = list(dict.fromkeys(each.stage for each in gaps))
    table = grid("segment", *(f">{stage}" for stage in stages))
    rows = {(each.segment, each.stage): each for each in gaps}
    for segment in dict.fromkeys(each.segment for each in gaps):
        cells = (change(rows[segment, stage].worth, scale) for stage in stages)
        table.add_row(labels.get(segment) or segment, *cells)
    yield table


def gap_record(each: Gap, found: Projection) -> dict[str, Any]:
    """A gap in JSON; what it is worth is in units of the currency where the funnel has a value."""
    money = found.estimate.model.value is not None
    return {
        "segment": each.segment,
        "stage": each.stage,
        "potential": figure_record(each.potential, 1.0),
        "rate": figure_record(each.own, 1.0),
        "average": figure_record(each.average, 1.0),
        "unit": found.currency if money else "customers",
        "worth": figure_record(each.worth, units(1, found.currency) if money else 1.0),
    }


# ---- for machines


def staff_record(staff: Staff, found: Projection) -> dict[str, Any]:
    """The agents in JSON: money in units of the currency, time in hours, shares in 0 to 1."""
    scale = units(1, found.currency)
    return {
        "hours_per_case": [
            {"segment": segment, **both_record(hours, 1.0)} for segment, hours in staff.hours
        ],
        "pools": [_pool(each, scale) for each in staff.pools],
        "changes": None if staff.changes is None else _changes(staff.changes),
        "plan": None
        if staff.plan is None
        else {
            "name": staff.plan.terms.name,
            "before": staff.plan.before,
            "level": staff.plan.level,
            "cost_neutral": staff.plan.neutral,
        },
        "pay_depends_on_how_much_is_sold": staff.stepped,
        "runs": staff.runs,
        "runs_of_changes": staff.dealt,
    }


def _pool(each: PoolOutcome, scale: float) -> dict[str, Any]:
    return {
        "pool": each.name,
        "cases": both_record(each.cases, 1.0),
        "pay": both_record(each.pay, scale),
        "agents": None if each.agents is None else both_record(each.agents, 1.0),
        "pay_of_one": None if each.each is None else both_record(each.each, scale),
        "hours_taken": None if each.busy is None else both_record(each.busy, 1.0),
        "changes": None if each.changes is None else _changes(each.changes),
    }


def _changes(each: Changes) -> dict[str, Any]:
    return {
        "agents": each.agents,
        "earn_less": figure_record(each.losing, 1.0),
        "earn_less_by_more_than_a_tenth": figure_record(each.losing_much, 1.0),
        "relative": {
            f"{round(100 * level)}": value
            for level, value in zip(QUANTILES, each.quantiles, strict=True)
        },
        "histogram": [{"from": one.low, "to": one.high, "share": one.share} for one in each.bins],
    }
