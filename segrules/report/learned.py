"""What was learned beyond rates (experiments, agents, values, maturity), as tables and records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, counted, label, money, percent, signed, units
from segrules.sim.learned import Estimate, Experiment, OfArm
from segrules.sim.learned_agents import AgentsStudy, Spread
from segrules.sim.learned_assume import Proposed
from segrules.sim.learned_stages import Maturity, PastOf, heavy

_NAMES = 16
_SURE, _ALIKE = 0.05, 0.5
"""Chances of no difference below which segments differ, and from which they are alike."""


# ---- an experiment


def experiment_tables(
    found: Experiment, proposed: Sequence[Proposed], ruleset: ir.Ruleset
) -> Iterator[RenderableType]:
    """The effects of every arm, whether segments differ, whom to give what, and what to assume."""
    labels = ruleset.set(found.segments_of).labels
    arms = ", ".join(each.arm for each in found.arms)
    yield heading(
        f"experiment {found.column} of {found.funnel}: {arms} against {found.control} "
        f"({count(found.customers)} customers who entered by {found.until})"
    )
    yield note("\n".join(_headlines(found, ruleset)))
    for each in found.arms:
        what = f"{_unit(found)}{_currency(found, ruleset)}"
        yield heading(f"{each.arm} against {found.control}, by segment: {what}")
        yield _by_segment(each, found, labels, ruleset)
    yield note(
        f"\nas counted: by its own figures; {_short(found)}: drawn towards the common one\n"
        "own: how much the segment's own figures weigh in that"
    )
    yield heading(f"which treatment for which segment: {_policy(found)}{_currency(found, ruleset)}")
    yield _choices(found, labels, ruleset)
    yield note("\n" + "\n".join(_promises(found, ruleset)))
    if proposed:
        yield heading("to paste into the rules (owner and day are proposals)")
        yield note("\n".join(each.text for each in proposed))


def _headlines(found: Experiment, ruleset: ir.Ruleset) -> list[str]:
    said = [_sentence(each, found, ruleset) for each in found.arms]
    said.append(_differ(found))
    if found.balance is not None:
        said.append(_dealt(found.balance.chance, found.column))
    if found.later:
        said.append(
            f"only who reached {found.before} is compared: where a treatment changes who gets that "
            "far, part of this is who they are"
        )
    said += [f"not counted: {each}" for each in found.left_out]
    return said


def _sentence(arm: OfArm, found: Experiment, ruleset: ir.Ruleset) -> str:
    low, high = arm.common.interval_95
    none = 1.0 if found.in_odds else 0.0
    unsure = ", which may be no effect at all" if low <= none <= high else ""
    if found.in_odds:
        return (
            f"{arm.arm}: {low:.2f} to {high:.2f} times the odds of {found.outcome} that "
            f"{found.control} has (95%){unsure}"
        )
    ends = " to ".join(signed(money(end, ruleset.currency)) for end in (low, high))
    return f"{arm.arm}: {ends} a customer over {found.control} (95%){unsure}"


def _differ(found: Experiment) -> str:
    chance = found.no_difference
    if len(found.arms[0].segments) == 1:
        return "one segment only: whether segments differ cannot be told"
    if chance >= _ALIKE:
        return (
            "no difference between segments is likelier than one (chance of none at all: "
            f"{percent(chance, 0)}): treat them alike unless other evidence says more"
        )
    word = "differ" if chance < _SURE else "may differ"
    return f"segments {word} (chance that they do not at all: {_chance(chance)})"


def _chance(value: float) -> str:
    return "under 0.1%" if value < 0.001 else percent(value)


def _dealt(chance: float, column: str) -> str:
    if chance < 0.01:
        return (
            f"{column} goes with the segments (by luck: {_chance(chance)}): it was not dealt alike "
            "to all; effects are taken within segments, but ask how it was drawn"
        )
    return f"{column} looks dealt alike to all segments (by luck: {_chance(chance)})"


def _unit(found: Experiment) -> str:
    if found.in_odds:
        return f"odds from {found.before} to {found.outcome}"
    return "value a customer"


def _short(found: Experiment) -> str:
    return "odds" if found.in_odds else "gain"


def _policy(found: Experiment) -> str:
    if found.in_odds:
        return f"{found.outcome}, of all who entered"
    return "value of all who entered"


def _currency(found: Experiment, ruleset: ir.Ruleset) -> str:
    return f" ({ruleset.currency})" if ruleset.currency and not found.in_odds else ""


def _by_segment(
    arm: OfArm, found: Experiment, labels: dict[str, str], ruleset: ir.Ruleset
) -> RenderableType:
    table = grid(
        "segment", ">customers", f">{found.control}", f">{arm.arm}", ">as counted",
        f">{_short(found)}", ">80% interval", ">95% interval", ">own", first=_NAMES,
    )  # fmt: skip
    for each in arm.segments:
        control, treated = (_outcome(rate, found, ruleset) for rate in each.rate)
        table.add_row(
            label(each.segment, labels), count(sum(each.customers)), control, treated,
            _effect(each.raw, found, ruleset), *_estimate(each.shrunk, found, ruleset),
            percent(each.data_weight, 0),
        )  # fmt: skip
    size = sum(sum(each.customers) for each in arm.segments)
    table.add_row(
        "all together", count(size), "", "", "", *_estimate(arm.common, found, ruleset), ""
    )
    return table


def _estimate(each: Estimate, found: Experiment, ruleset: ir.Ruleset) -> list[str]:
    ends, joint = (each.interval_80, each.interval_95), "–" if found.in_odds else "; "
    return [
        _effect(each.value, found, ruleset),
        *(joint.join(_effect(end, found, ruleset) for end in pair) for pair in ends),
    ]


def _effect(value: float, found: Experiment, ruleset: ir.Ruleset) -> str:
    return f"{value:.2f}" if found.in_odds else signed(money(value, ruleset.currency))


def _outcome(value: float, found: Experiment, ruleset: ir.Ruleset) -> str:
    return percent(value) if found.in_odds else money(value, ruleset.currency)


def _gain(value: float, found: Experiment, ruleset: ir.Ruleset) -> str:
    """A difference of rates in percentage points, or of amounts."""
    return f"{100 * value:+z.1f}" if found.in_odds else signed(money(value, ruleset.currency))


def _choices(found: Experiment, labels: dict[str, str], ruleset: ir.Ruleset) -> RenderableType:
    unit = " (points)" if found.in_odds else ""
    table = grid(
        "segment", "best", f">as counted{unit}", ">corrected", ">80% interval",
        ">chance it is best", first=_NAMES,
    )  # fmt: skip
    for each in found.best:
        ends = " to ".join(_gain(end, found, ruleset) for end in each.interval_80)
        table.add_row(
            label(each.segment, labels), each.arm, _gain(each.raw, found, ruleset),
            _gain(each.gain, found, ruleset), NONE if each.arm == found.control else ends,
            percent(each.chance, 0),
        )  # fmt: skip
    return table


def _promises(found: Experiment, ruleset: ir.Ruleset) -> list[str]:
    promise, brought = found.promise, found.delivered
    value, low, high, today, naive = (
        _outcome(each, found, ruleset)
        for each in (promise.promised, promise.low, promise.high, promise.today, promise.naive)
    )
    arm, alike = promise.uniform
    said = [
        "corrected: drawn towards the common effect, for the best as counted is so by luck, too",
        f"given so it promises {value} (80%: {low} to {high}); {found.control} for all {today}, "
        f"{arm} for all {_outcome(alike, found, ruleset)}",
    ]
    if brought is None:
        said.append("held out: too few customers to let one part choose and another judge")
    else:
        points = f"{100 * brought.error:.1f} points"
        error = points if found.in_odds else money(brought.error, ruleset.currency)
        said.append(
            "held out: where four fifths of the customers choose and the others judge, it delivers "
            f"{_outcome(brought.value, found, ruleset)} (± {error})"
        )
    said.append(
        f"picked cell by cell as counted it would have promised {naive}; what treatments cost is "
        "not in these figures"
    )
    return said


def experiment_record(
    found: Experiment, proposed: Sequence[Proposed], ruleset: ir.Ruleset
) -> dict[str, Any]:
    """The experiment for machines: odds ratios or amounts in units of the currency."""

    def figure(value: float) -> float:
        return float(value) if found.in_odds else units(value, ruleset.currency)

    def estimate(each: Estimate) -> dict[str, Any]:
        return {
            "value": figure(each.value),
            "interval80": [figure(end) for end in each.interval_80],
            "interval95": [figure(end) for end in each.interval_95],
        }

    promise, brought, balance = found.promise, found.delivered, found.balance
    return {
        "column": found.column,
        "control": found.control,
        "outcome": found.outcome,
        "measure": "odds ratio" if found.in_odds else "difference",
        "before": found.before,
        "entered_by": found.until.isoformat(),
        "customers": found.customers,
        "no_difference": found.no_difference,
        "dealt_alike_chance": None if balance is None else balance.chance,
        "arms": [
            {
                "arm": arm.arm,
                "common": estimate(arm.common),
                "segments": [
                    {
                        "segment": each.segment,
                        "customers": list(each.customers),
                        "rate": [figure(rate) for rate in each.rate],
                        "as_counted": figure(each.raw),
                        **estimate(each.shrunk),
                        "data_weight": each.data_weight,
                    }
                    for each in arm.segments
                ],
            }
            for arm in found.arms
        ],
        "best": [
            {
                "segment": each.segment,
                "arm": each.arm,
                "as_counted": figure(each.raw),
                "gain": figure(each.gain),
                "interval80": [figure(end) for end in each.interval_80],
                "chance": each.chance,
            }
            for each in found.best
        ],
        "policy": {
            "promised": figure(promise.promised),
            "interval80": [figure(promise.low), figure(promise.high)],
            "control": figure(promise.today),
            "alike": {"arm": promise.uniform[0], "promised": figure(promise.uniform[1])},
            "as_counted": figure(promise.naive),
            "delivered": brought
            and {"value": figure(brought.value), "error": figure(brought.error)},
        },
        "assume": [
            {
                "name": each.name,
                "arm": each.arm,
                "segment": each.segment,
                "low": float(each.low),
                "high": float(each.high),
                "text": each.text,
            }
            for each in proposed
        ],
        "left_out": list(found.left_out),
    }


# ---- agents


def agents_tables(found: AgentsStudy, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    """How far agents differ, whether cases came to them at random, and what routing would bring."""
    labels = ruleset.set(found.segments_of).labels
    yield heading(
        f"agents by {found.link} ({found.table}), {found.before} → {found.stage}: "
        f"{percent(found.rate)} on average (entered by {found.until})"
    )
    table = grid("segment", ">agents", ">cases", ">spread", ">give or take", ">chance of none")
    for each in (found.overall, *found.segments):
        name = "all, within segments" if each.segment is None else label(each.segment, labels)
        table.add_row(
            name, count(each.agents), count(each.cases), _points(each.spread),
            _points(each.error), percent(each.alike, 0),
        )  # fmt: skip
    yield table
    yield note("\n" + "\n".join(_of_agents(found)))


def _points(value: float) -> str:
    return f"{100 * value:z.1f} points"


def _of_agents(found: AgentsStudy) -> list[str]:
    lift, tests = found.lift, found.assignment.tests
    said = [
        "spread: how far agents lie apart (standard deviation) once luck is taken out; their plain "
        f"rates lie {_points(found.raw_spread)} apart",
        f"cases of one agent are alike with a correlation of {found.correlation:.2g}",
    ]
    if found.assignment.at_random:
        said.append(
            f"cases look assigned at random: of {counted(len(tests), 'thing', 'things')} known of "
            "a case beforehand none goes with the agent (that is no proof)"
        )
    else:
        # each as sure as all together have to be
        linked = [each for each in tests if each.chance * len(tests) < 0.01]
        named = ", ".join(f"{each.column} ({_chance(each.chance)})" for each in linked)
        said.append(f"cases were not assigned at random; with the agent go (by luck): {named}")
    ends = " to ".join(f"{100 * end:+z.1f}" for end in (lift.low, lift.high))
    nothing = ": not told from nothing" if lift.low <= 1e-9 else ""
    best = counted(len(lift.chosen), "agent", "agents")
    said.append(
        f"routing every case to the best tenth ({best}) would bring {100 * lift.promised:+z.1f} "
        f"points (95%: {ends}){nothing}; their plain rates promise {100 * lift.naive:+z.1f}"
    )
    said.append(f"this is {found.label}: {_meaning(found)}")
    said += [f"not counted: {each}" for each in found.left_out]
    return said


def _meaning(found: AgentsStudy) -> str:
    if found.assignment.at_random:
        return "nothing speaks against it, but lots would have to be drawn to be sure"
    return "a difference may belong to the cases, not to the agents"


def agents_record(found: AgentsStudy) -> dict[str, Any]:
    """The agents for machines: rates are parts of one; no agent is named."""
    lift = found.lift
    return {
        "link": found.link,
        "table": found.table,
        "before": found.before,
        "stage": found.stage,
        "entered_by": found.until.isoformat(),
        "rate": found.rate,
        "all": _spread(found.overall),
        "segments": [{"segment": each.segment} | _spread(each) for each in found.segments],
        "raw_spread": found.raw_spread,
        "correlation": found.correlation,
        "assignment": {
            "at_random": found.assignment.at_random,
            "chance": found.assignment.chance,
            "tests": [
                {"column": each.column, "method": each.method, "chance": each.chance}
                for each in found.assignment.tests
            ],
        },
        "routing": {
            "agents": len(lift.chosen),
            "label": found.label,
            "lift": lift.promised,
            "interval95": [lift.low, lift.high],
            "as_counted": lift.naive,
        },
        "left_out": list(found.left_out),
    }


def _spread(each: Spread) -> dict[str, Any]:
    return {
        "agents": each.agents,
        "cases": each.cases,
        "spread": each.spread,
        "error": each.error,
        "no_difference": each.alike,
    }


# ---- values and maturity


def past_tables(found: PastOf, ruleset: ir.Ruleset, segments_of: str) -> Iterator[RenderableType]:
    """The worth of a sale by segment, a line each, and who is still to come, a line a stage."""
    labels = ruleset.set(segments_of).labels
    if found.values:
        currency = f" ({ruleset.currency})" if ruleset.currency else ""
        yield heading(f"what a `{found.valued}` brings{currency}")
        table = grid("segment", ">known", ">mean", ">spread", "drawn from", ">Hill index")
        for sale in found.values:
            each, tail = sale.values, sale.values.tail
            table.add_row(
                label(sale.segment, labels), count(each.sales), money(each.mean, ruleset.currency),
                money(each.variance**0.5, ruleset.currency), _DRAWN[each.method],
                NONE if tail is None else f"{tail.index:.1f} ± {tail.error:.1f}",
            )  # fmt: skip
        yield table
        if any(sale.values.tail is not None for sale in found.values):
            yield note(HILL)
        for sale in heavy(found.values):
            yield note(f"{label(sale.segment, labels)}: {sale.values.notes[-1]}")
    recent = [each for each in found.maturity if each.recent]
    if recent:
        yield heading("who is still to come (their cohorts are not in the rates above)")
        yield _maturity(recent)
        for stage in recent:
            if not stage.fits:
                yield note(f"{stage.stage}: no cure model ({stage.why}); the cut stands alone")


HILL = (
    "Hill index: how fast large sales get rarer; the lower it is, the more the mean hangs on a few "
    "of them"
)

_DRAWN = {
    "lognormal": "a lognormal",
    "gamma": "a gamma",
    "bootstrap": "the past itself",
}


def _maturity(stages: Sequence[Maturity]) -> RenderableType:
    table = grid(
        "stage", ">counted to", ">came since", ">reached it", ">still to come",
        ">80% interval", ">in the end",
    )  # fmt: skip
    for each in stages:
        low, high = each.interval_80
        table.add_row(
            each.stage, each.until, count(each.recent), count(each.reached),
            count(each.expected) if each.fits else NONE,
            f"{count(low)} to {count(high)}" if each.fits else NONE, percent(each.final_share),
        )  # fmt: skip
    return table


def past_record(found: PastOf, ruleset: ir.Ruleset) -> dict[str, Any]:
    """Values and maturity for machines; money in units of the currency."""
    return {
        "values": [
            {
                "segment": each.segment,
                "stage": found.valued,
                "known": each.values.sales,
                "mean": units(each.values.mean, ruleset.currency),
                "deviation": units(each.values.variance**0.5, ruleset.currency),
                "method": each.values.method,
                "score": dict(each.values.score),
                "hill": None if each.values.tail is None else each.values.tail.index,
                "heavy": each.values.tail is not None and each.values.tail.heavy,
            }
            for each in found.values
        ],
        "maturity": [
            {
                "stage": each.stage,
                "entered_by": each.until,
                "recent": each.recent,
                "reached": each.reached,
                "fits": each.fits,
                "still_to_come": each.expected if each.fits else None,
                "interval80": list(each.interval_80) if each.fits else None,
                "final_share": each.final_share,
                "why_not": each.why or None,
            }
            for each in found.maturity
        ],
    }
