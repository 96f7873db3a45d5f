"""The plan of a test as tables, and as a record for machines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, estimate, signed, units
from segrules.sim.decide.information import Worth
from segrules.sim.decisions.piloting import LONGEST, Needed, Test, names_of

_MEANING = {0.1: "small (p10)", 0.5: "middle", 0.9: "large (p90)"}


def pilot_tables(found: Test, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    """How many customers a test takes, how long, and what it would be worth."""
    labels = {each.name: each.label for each in ruleset.scenarios}
    segments = ruleset.set(found.project.by).labels
    called = labels.get(found.scenario) or found.scenario
    yield heading(f"a test of {called}")
    told = ", ".join(segments.get(name) or name for name in found.segments)
    counted = (
        f"counted from {found.entry} to {found.outcome} in {told}: {100 * found.rate:.3g}% get "
        f"there {_base(found, labels)}, and {count(found.monthly)} a month come to {found.entry}"
    )
    if not found.shared:
        yield note(counted)
    if found.shared or found.elsewhere:
        yield note(_where(found, segments))
    if found.shared:
        yield note(_undealt(found))
    else:
        yield heading("customers that each of two arms needs (two-sided 5%, power 80%)")
        yield _sizes(found)
        yield note(_columns(found))
    if any(each.customers is not None and not each.possible for each in found.needed):
        yield note(
            f"– at today's arrivals it would take more than {LONGEST // 12} years: no test of this "
            "size is possible"
        )
    if found.clusters is not None:
        yield note(_agents(found))
    if found.evpi is None:
        yield note("\nthe funnel has no value, so the worth of a test cannot be told in money")
        return
    yield heading(f"what it would be worth to know{_money(found)}")
    yield _worths(found, ruleset)
    if found.pilots:
        yield heading(
            f"tests of some sizes{_money(found)}: worth before the decision, less the cost"
        )
        yield _tests(found)
    yield note(_advice(found))


def _where(found: Test, segments: Mapping[str, str]) -> str:
    unit = _scale(found) if found.gain is not None else 1.0
    told = ", ".join(
        f"{segments.get(name) or name} {signed(estimate(gain, 0.0, unit))}"
        for name, gain in found.where
    )
    more = "" if found.shared else ": a test of customers does not see the gain of other segments"
    return f"where the gain is{_money(found)}: {told}{more}"


def _undealt(found: Test) -> str:
    return (
        f"no test of customers: {', '.join(found.shared)} works through agents, whom treated and "
        "untreated customers share, so it cannot be dealt to customers at random; change it for "
        "some teams and not for others, or in some weeks and not in others, and test levers on "
        "customers in a scenario of their own"
    )


def _columns(found: Test) -> str:
    """What the columns of the sizes mean."""
    lines = [
        f"effect: of what the assumptions say, the one that nine in ten are above, the middle, and "
        f"the one that one in ten is above; difference: in the share who reach {found.outcome}",
        f"customers an arm: to see it in that share; months: until both arms have so many at "
        f"{count(found.monthly)} a month",
    ]
    if found.clusters is not None:
        lines.append("drawn by agent: customers an arm where whole agents are treated or not")
    if any(each.by_value for each in found.needed):
        lines.append("by revenue: customers an arm to see it in the revenue of a customer instead")
    return "\n".join(lines)


def _base(found: Test, labels: dict[str, str]) -> str:
    against = found.project.against
    return "today" if against == "today" else f"with {labels.get(against) or against}"


def _money(found: Test) -> str:
    return f" ({found.currency})" if found.currency else ""


def _sizes(found: Test) -> RenderableType:
    agents = [">drawn by agent"] if found.clusters else []
    value = [">by revenue"] if any(each.by_value for each in found.needed) else []
    table = grid("effect", ">difference", ">customers an arm", ">months", *agents, *value)
    for each in found.needed:
        cells = [f"{signed(f'{100 * each.effect:.2g}')} points"]
        cells += [_customers(each), _months(each)]
        if agents:
            cells.append(_by_agent(each))
        if value:
            cells.append(
                NONE if each.by_value is None or not each.possible else count(each.by_value)
            )
        table.add_row(_MEANING[each.part], *cells)
    return table


def _customers(each: Needed) -> str:
    if each.customers is None:
        return NONE
    return count(each.customers) if each.possible else "not possible"


def _months(each: Needed) -> str:
    if each.months is None or not each.possible:
        return NONE
    return _long(each.months)


def _long(months: float) -> str:
    return "under 1" if months < 1 else count(math.ceil(months))


def _by_agent(each: Needed) -> str:
    if each.by_agent is None or not each.possible:
        return NONE
    return "too few agents" if math.isinf(each.by_agent) else count(each.by_agent)


def _agents(found: Test) -> str:
    clusters = found.clusters
    if clusters is None:
        return ""
    return (
        f"{count(clusters.agents)} agents by {clusters.column}, {count(clusters.cases)} cases: "
        f"customers of one agent are alike with a correlation of {clusters.correlation:.2g}, so a "
        "test that draws agents for the treatment takes more customers than one that draws "
        "customers"
    )


def _scale(found: Test) -> float:
    return units(1, found.currency)


def _amount(worth: Worth, found: Test) -> str:
    return estimate(worth.value, worth.error, _scale(found))


def _worths(found: Test, ruleset: ir.Ruleset) -> RenderableType:
    table = grid("to know", ">worth", first=30)
    names = names_of(ruleset)
    if found.evpi is not None:
        table.add_row("everything", _amount(found.evpi, found))
    for each in found.learnt:
        table.add_row(names[each.name], _amount(each.worth, found))
    return table


def _tests(found: Test) -> RenderableType:
    table = grid(">customers an arm", ">months", ">worth", ">cost", ">net", "")
    best, scale = found.best, _scale(found)
    for each in found.pilots:
        table.add_row(
            count(each.customers), _long(found.months(each.customers)),
            _amount(each.worth, found), estimate(each.cost, 0.0, scale),
            signed(estimate(each.net, each.worth.error, scale)), "best" if each is best else "",
        )  # fmt: skip
    return table


def _advice(found: Test) -> str:
    gain = found.gain or 0.0
    now = "do it" if gain > 0 else "leave it"
    best = found.best
    lines = [f"without a test: {now}, the mean gain is {_gain(found)}"]
    if found.shared:
        return lines[0]
    if not found.pilots:
        lines.append(
            f"no test is possible: {count(found.monthly)} a month come to {found.entry}, too few "
            f"to learn from in {LONGEST // 12} years"
        )
    elif best is None:
        lines.append(
            "no test of these sizes is worth its cost: it would hardly ever change the decision"
        )
    else:
        lines.append(
            f"a test with {count(best.customers)} customers an arm is worth most, "
            f"{estimate(best.net, best.worth.error, _scale(found))} beyond its cost"
        )
    lines.append(
        "the worth is that of deciding better over the months of the project; what is lost or "
        "gained while the test runs is not in it"
    )
    return "\n".join(lines)


def _gain(found: Test) -> str:
    return signed(estimate(found.gain or 0.0, 0.0, _scale(found)))


# ---- for machines


def pilot_record(found: Test) -> dict[str, Any]:
    """The result for machines; money in units of the currency, rates in 0 to 1."""
    scale = _scale(found)
    clusters = found.clusters
    return {
        "schema": 1,
        "project": found.project.name,
        "scenario": found.scenario,
        "against": found.project.against,
        "seed": found.seed,
        "runs": found.runs,
        "currency": found.currency,
        "from": found.entry,
        "to": found.outcome,
        "segments": list(found.segments),
        "not_to_be_dealt": list(found.shared),
        "where": [
            {"segment": name, "gain": gain * (1.0 if found.gain is None else scale)}
            for name, gain in found.where
        ],
        "rate": found.rate,
        "monthly": found.monthly,
        "sizes": [_size(each) for each in found.needed],
        "agents": None
        if clusters is None
        else {
            "column": clusters.column,
            "agents": clusters.agents,
            "cases": clusters.cases,
            "correlation": clusters.correlation,
        },
        "gain": None if found.gain is None else found.gain * scale,
        "evpi": None if found.evpi is None else _worth(found.evpi, scale),
        "evppi": {each.name: _worth(each.worth, scale) for each in found.learnt},
        "tests": [
            {
                "customers_an_arm": each.customers,
                "months": found.months(each.customers),
                "error": each.error,
                "worth": _worth(each.worth, scale),
                "cost": each.cost * scale,
                "net": each.net * scale,
            }
            for each in found.pilots
        ],
        "best": None if found.best is None else found.best.customers,
    }


def _size(each: Needed) -> dict[str, Any]:
    known = each.by_agent is not None and not math.isinf(each.by_agent)
    return {
        "part": each.part,
        "effect": each.effect,
        "customers_an_arm": each.customers,
        "months": each.months,
        "possible": each.possible,
        "by_agent": each.by_agent if known else None,
        "by_revenue": each.by_value,
    }


def _worth(worth: Worth, scale: float) -> dict[str, float]:
    return {"value": worth.value * scale, "error": worth.error * scale}
