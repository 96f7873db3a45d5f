"""A projection of a line as tables and as a record: who gains, who pays for it, and how sure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.figures import EDGE, figure_record
from segrules.report.line_words import of_hundred, outward, spread_notes, spread_of, worth
from segrules.report.stated import stated_record, stated_tables
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, estimate, label, share, signed, units
from segrules.sim.assumptions import GRADES
from segrules.sim.line import LineProjection
from segrules.sim.model import COST, TOTAL
from segrules.sim.queues.figures import (
    ABANDONMENT,
    AGENT_HOURS,
    CONTACTS,
    COST_EACH,
    DELAYED,
    IN_TIME,
    LEVER_COST,
    NINE_IN_TEN,
    OCCUPANCY,
    OTHERS,
    WAIT,
    BreakEven,
    LineRow,
    PartOfDay,
)
from segrules.sim.queues.spread import OverDays
from segrules.sim.summary import Figure

_ADDS_UP = ("contacts", "hours", "money")
"""Units of which a period has as many times as much as it has days."""


def line_tables(found: LineProjection, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    """The scenarios side by side, every segment beside the others, pools, and the day's course."""
    words = _Words(found, ruleset)
    yield heading(f"{found.project.name}: {_what(found)}, seed {found.seed}")
    if not found.complete:
        yield note("incomplete: interrupted before all days were played")
    against = words.base
    yield heading(
        f"a day, all contacts: {against}, and what each scenario changes (mean, 80% of "
        f"{'days' if found.engine == 'events' else 'draws'})"
    )
    yield _scenarios(found, words)
    yield from (note(line) for line in _settled(found))
    yield heading(f"money a day: {against}, and what each scenario changes")
    yield _money(found, words)
    yield from (note(line) for line in _worth(found))
    yield heading(f"mean wait in seconds by segment: {against}, and what each scenario changes")
    yield _by_segment(found, words, WAIT)
    yield heading(f"share who give up by segment: {against}, and the change in points")
    yield _by_segment(found, words, ABANDONMENT)
    if any(math.isfinite(each) for each in found.targets.values()):
        yield heading(
            f"share answered within the target by segment: {against}, and the change in points"
        )
        yield _by_segment(found, words, IN_TIME)
    yield from (note(f"\n{line}") for line in _conserved(found, words))
    yield heading(f"agents: {against}, and what each scenario changes")
    yield _pools(found, words)
    first = found.project.compare[0]
    yield heading(f"{first} in the course of the day: {against} → then, means")
    yield _course(found, first)
    yield from stated_tables(found.assumptions, found.currency, found.as_of)
    yield note("\n" + "\n".join(_grades(found)))
    yield note("\n" + "\n".join(_method(found)))


class _Words:
    """What segments, pools and scenarios are called."""

    def __init__(self, found: LineProjection, ruleset: ir.Ruleset) -> None:
        self.segments = {
            **ruleset.set(found.project.by).labels, TOTAL: "all contacts", OTHERS: OTHERS
        }  # fmt: skip
        self.pools = {pool.name: pool.label or pool.name for pool in found.pools}
        self.scenarios = {each.name: each.label or each.name for each in ruleset.scenarios}
        self.base = found.project.against

    def scenario(self, name: str) -> str:
        return f"{self.scenarios[name]}\n({name})"


def _what(found: LineProjection) -> str:
    days = f"{count(found.days)} open days in the next {found.project.months} months"
    if found.engine == "events":
        return f"{count(found.runs)} days played, standing for {days}"
    return f"the mean day by formula, standing for {days}"


def _find(found: LineProjection, scenario: str, measure: str) -> dict[str, LineRow]:
    """The rows of a measure by segment, or by pool."""
    return {
        row.segment or row.pool: row
        for row in found.rows
        if (row.scenario, row.measure) == (scenario, measure)
    }


# ---- tables


def _scenarios(found: LineProjection, words: _Words) -> RenderableType:
    measures = (WAIT, NINE_IN_TEN, IN_TIME, ABANDONMENT)
    names = ("wait (s)", "9 in 10 (s)", IN_TIME, ABANDONMENT)
    table = grid("", *(f">{name}" for name in names), ">shorter wait on", first=22)
    first = found.project.compare[0]
    often = "days" if found.engine == "events" else "draws"
    cells = [_today(_find(found, first, measure).get(TOTAL), found) for measure in measures]
    table.add_row(words.base, *cells, "")
    for name in found.project.compare:
        rows = [_find(found, name, measure).get(TOTAL) for measure in measures]
        better = rows[0].chance_better if rows[0] else None
        shown = "no change" if better is None else f"{100 * better:.0f}% of {often}"
        table.add_row(words.scenario(name), *(_change(row, found) for row in rows), shown)
    return table


def _settled(found: LineProjection) -> Iterator[str]:
    """What is open about the mean over all days, and where the spread of a day comes from."""
    for name in found.project.compare:
        row = _find(found, name, WAIT).get(TOTAL)
        if row is None or row.over_days is None:
            continue
        over, error = row.over_days, row.difference.mc_error
        low, high = (signed(estimate(end, 0.0)) for end in outward(over.interval80, error))
        chance = (
            "" if over.chance_better is None else f"; shorter in {of_hundred(over.chance_better)}"
        )
        yield (
            f"{name}: over the {count(found.days)} days the mean wait changes by {low} to {high} s "
            f"in 80 of 100 futures{chance}; a single day differs by {spread_of(over)}"
        )


def _money(found: LineProjection, words: _Words) -> RenderableType:
    names = found.project.compare
    unit = f" ({found.currency})" if found.currency else ""
    table = grid(f"cost{unit}", f">{words.base}", *(f">{each}" for each in names))
    by_pool = [(pool.name, f"agents: {words.pools[pool.name]}", COST) for pool in found.pools]
    total = [(TOTAL, "levers", LEVER_COST), (TOTAL, "all", COST), (TOTAL, COST_EACH, COST_EACH)]
    for place, called, measure in (*by_pool, *total):
        rows = [_find(found, name, measure).get(place) for name in names]
        first = next((row for row in rows if row), None)
        table.add_row(called, _today(first, found), *(_change(row, found) for row in rows))
    return table


def _worth(found: LineProjection) -> Iterator[str]:
    """What an answered contact must be worth; what one is worth the rules do not say."""
    for even in found.break_even:
        yield f"{even.scenario}: {worth(even, found.currency)}"


def _grades(found: LineProjection) -> list[str]:
    """The grade of each scenario, from what it rests on and no other."""
    told = []
    for name in found.project.compare:
        grade = found.evidence(name).grade
        told.append(f"evidence grade of {name}: {grade}, {GRADES[grade]}")
    return told


def _today(row: LineRow | None, found: LineProjection) -> str:
    return NONE if row is None else _figure(row.today, row, found)


def _figure(figure: Figure, row: LineRow, found: LineProjection) -> str:
    if row.unit == "share":
        return share(figure.mean, figure.mc_error)
    return estimate(figure.mean, figure.mc_error, _scale(row, found))


def _scale(row: LineRow, found: LineProjection) -> float:
    return units(1, found.currency) if row.unit == "money" else 1.0


def _change(row: LineRow | None, found: LineProjection) -> str:
    """The mean difference and its 80% interval over days; shares in points."""
    if row is None:
        return NONE
    if row.difference.mean == 0.0 and row.difference.interval95 == (0.0, 0.0):
        return "no change"
    scale = 100.0 if row.unit == "share" else _scale(row, found)
    mean, error = row.difference.mean, row.difference.mc_error
    unit = " points" if row.unit == "share" else ""
    low, high = (signed(estimate(end, EDGE * error, scale)) for end in row.difference.interval80)
    return f"{signed(estimate(mean, error, scale))}{unit}\n{low} to {high}"


def _by_segment(found: LineProjection, words: _Words, measure: str) -> RenderableType:
    names = found.project.compare
    head = [f">{each}" for each in names]
    target = measure != ABANDONMENT and any(math.isfinite(each) for each in found.targets.values())
    table = grid("segment", ">contacts", *([">target"] if target else []), f">{words.base}", *head)
    rows = {name: _find(found, name, measure) for name in names}
    contacts = _find(found, names[0], CONTACTS)
    for segment in [*found.past.segments, TOTAL]:
        if segment not in contacts:
            continue
        within = found.targets.get(segment, math.inf)
        seconds = f"{within:g}" if math.isfinite(within) else NONE
        table.add_row(
            label(segment, words.segments),
            _today(contacts[segment], found),
            *([seconds] if target else []),
            _today(rows[names[0]].get(segment), found),
            *(_change(rows[name].get(segment), found) for name in names),
        )
    return table


def _conserved(found: LineProjection, words: _Words) -> Iterator[str]:
    """What those whom a scenario is not about pay for it, or gain."""
    for name in found.project.compare:
        rows = _find(found, name, WAIT)
        if OTHERS not in rows or rows[TOTAL].chance_better is None:
            continue
        named = [each for each in found.past.segments if each in rows and _named(found, name, each)]
        about = ", ".join(label(each, words.segments) for each in named)
        total, others = (_seconds(rows[each]) for each in (TOTAL, OTHERS))
        yield (
            f"{name} is about {about}; everyone else waits {others} s on average, and all contacts "
            f"together {total} s"
        )


def _named(found: LineProjection, scenario: str, segment: str) -> bool:
    return segment in found.about[scenario]


def _seconds(row: LineRow) -> str:
    return signed(estimate(row.difference.mean, row.difference.mc_error))


def _pools(found: LineProjection, words: _Words) -> RenderableType:
    names = found.project.compare
    table = grid("pool", "", f">{words.base}", *(f">{each}" for each in names))
    for pool in found.pools:
        for measure, shown in ((AGENT_HOURS, "agent hours"), (OCCUPANCY, "at work")):
            rows = [_find(found, name, measure).get(pool.name) for name in names]
            table.add_row(
                words.pools[pool.name] if measure == AGENT_HOURS else "",
                shown,
                _today(next((row for row in rows if row), None), found),
                *(_change(row, found) for row in rows),
            )
    return table


def _course(found: LineProjection, scenario: str) -> RenderableType:
    parts = [part for part in found.course if part.scenario == scenario]
    pools = [pool.name for pool in found.pools]
    table = grid(
        "hours", ">contacts", *(f">{name}" for name in pools), ">wait (s)", ">gives up", ">at work"
    )
    for part in parts:
        table.add_row(
            f"{_clock(part.start)}-{_clock(part.stop)}",
            _arrow(*(f"{each:,.0f}" for each in part.contacts)),
            *(_arrow(f"{today:.3g}", f"{then:.3g}") for _, today, then in part.agents),
            _arrow(*(_waits(each, part) for each in part.wait)),
            _arrow(*(_percent(each, part.gives_up_error) for each in part.gives_up)),
            _arrow(*(_percent(each) for each in _at_work(part))),
        )
    return table


def _clock(hour: float) -> str:
    return f"{int(hour):d}:{round(60 * (hour % 1)):02d}"


def _arrow(today: str, then: str) -> str:
    return today if today == then else f"{today} → {then}"


def _waits(seconds: float, part: PartOfDay) -> str:
    return NONE if math.isnan(seconds) else estimate(seconds, part.wait_error)


def _percent(value: float, error: float = 0.005) -> str:
    """A share, no finer than a point where its error is not known."""
    return NONE if math.isnan(value) else share(value, max(error, 0.005))


def _at_work(part: PartOfDay) -> tuple[float, float]:
    """The share of all agents' time, over all pools."""
    found = []
    for arm in (0, 1):
        pairs = [
            (busy[1:][arm], agents[1:][arm])
            for busy, agents in zip(part.occupancy, part.agents, strict=True)
        ]
        known = [(busy, there) for busy, there in pairs if there > 0 and not math.isnan(busy)]
        total = sum(there for _, there in known)
        found.append(sum(busy * there for busy, there in known) / total if total else math.nan)
    return found[0], found[1]


def _method(found: LineProjection) -> list[str]:
    past = found.past
    lines = [
        f"engine {found.engine}: {found.why}",
        f"the log: {count(float(past.contacts.sum()))} contacts on {count(past.open_days)} open "
        f"days of the {count(past.days)} from the first to the last",
        f"handle times: {past.handle_method}; patience: {past.patience.method}",
    ]
    if past.seen is not None:
        lines.append(_beside_log(found))
    if found.engine == "events":
        lines.append(
            f"the {found.warm_up:g} hours before are played first and not counted"
            if found.warm_up
            else "a day begins empty at opening, so nothing is left out as warm-up; who is inside "
            "at closing is served by the agents of the last hour"
        )
    lines += spread_notes(found)
    return [*lines, *found.notes]


def _beside_log(found: LineProjection) -> str:
    """What was seen beside what the model of today says: where they differ the model is off."""
    first, seen = found.project.compare[0], found.past.seen
    wait = _find(found, first, WAIT).get(TOTAL)
    lost = _find(found, first, ABANDONMENT).get(TOTAL)
    delayed = _find(found, first, DELAYED).get(TOTAL)
    if seen is None or wait is None or lost is None:
        return ""
    return (
        f"seen in the log: a mean wait of {3600 * seen.wait:.3g} s, and {seen.abandonment:.1%} "
        f"gave up{_had_to(seen.delayed)}; {found.project.against} by this model: "
        f"{_figure(wait.today, wait, found)} s, and {_figure(lost.today, lost, found)}"
        f"{'' if delayed is None else _had_to(delayed.today.mean)}"
    )


def _had_to(share_delayed: float) -> str:
    return f", {share_delayed:.0%} had to wait"


# ---- for machines


def line_record(found: LineProjection) -> dict[str, Any]:
    """The result for machines; of a day, with what adds up also for the period."""
    past = found.past
    return {
        "schema_version": 1,
        "project": found.project.name,
        "line": found.line.name,
        "ruleset_segments": found.project.by,
        "as_of": found.as_of.isoformat(),
        "months": found.project.months,
        "against": found.project.against,
        "days": found.days,
        "runs": found.runs,
        "draws": found.draws,
        "seed": found.seed,
        "complete": found.complete,
        "currency": found.currency,
        "engine": {"name": found.engine, "why": found.why},
        "warm_up_hours": found.warm_up,
        "log": {
            "contacts": int(past.contacts.sum()),
            "open_days": past.open_days,
            "days": past.days,
            "busyness": past.busyness,
            "handle_times": past.handle_method,
            "patience": past.patience.method,
            "wait_seconds": None if past.seen is None else past.seen.wait * 3600,
            "gave_up": past.lost,
            "agents": {name: each.tolist() for name, each in past.staffing.items()},
        },
        "targets_seconds": {
            name: each if math.isfinite(each) else None for name, each in found.targets.items()
        },
        "assumptions": [stated_record(each, found.currency) for each in found.assumptions],
        "notes": list(found.notes),
        "evidence": [_evidence(name, found) for name in found.project.compare],
        "break_even": [_even(each, found) for each in found.break_even],
        "results": [_result(row, found) for row in found.rows],
        "course": [_part(part) for part in found.course],
    }


def _result(row: LineRow, found: LineProjection) -> dict[str, Any]:
    scale = _scale(row, found)
    arms = {"today": row.today, "then": row.then, "difference": row.difference}
    record: dict[str, Any] = {
        "scenario": row.scenario,
        "segment": row.segment or None,
        "pool": row.pool or None,
        "measure": row.measure,
        "unit": found.currency if row.unit == "money" else row.unit,
        **{name: figure_record(figure, scale) for name, figure in arms.items()},
        "chance_better": row.chance_better,
        "over_days": None if row.over_days is None else _over(row.over_days, scale),
    }
    if row.unit in _ADDS_UP:
        record["period"] = {name: figure.mean * scale * found.days for name, figure in arms.items()}
    return record


def _over(over: OverDays, scale: float) -> dict[str, Any]:
    return {
        "interval80": [end * scale for end in over.interval80],
        "chance_better": over.chance_better,
        "shares": dict(over.shares),
    }


def _evidence(scenario: str, found: LineProjection) -> dict[str, Any]:
    told = found.evidence(scenario)
    return {
        "scenario": scenario,
        "grade": told.grade,
        "assumptions": [each.stated.name for each in told.weighed],
        "expired": [each.stated.name for each in told.weighed if each.expired],
    }


def _even(even: BreakEven, found: LineProjection) -> dict[str, Any]:
    scale = units(1, found.currency)
    ends = even.interval80
    return {
        "scenario": even.scenario,
        "answered": even.answered,
        "cost": even.cost * scale,
        "value": None if even.value is None else even.value * scale,
        "settled": even.settled,
        "interval80": None if ends is None else [end * scale for end in ends],
    }


def _part(part: PartOfDay) -> dict[str, Any]:
    return {
        "scenario": part.scenario,
        "from": part.start,
        "to": part.stop,
        "contacts": _known(part.contacts),
        "wait_seconds": _known(part.wait),
        "gives_up": _known(part.gives_up),
        "agents": {name: _known((today, then)) for name, today, then in part.agents},
        "occupancy": {name: _known((today, then)) for name, today, then in part.occupancy},
        "segments": [
            {
                "segment": each.segment,
                "contacts": _known(each.contacts),
                "wait_seconds": _known(each.wait),
                "gives_up": _known(each.gives_up),
            }
            for each in part.segments
        ],
    }


def _known(pair: tuple[float, float]) -> dict[str, float | None]:
    today, then = (None if math.isnan(each) else each for each in pair)
    return {"today": today, "then": then}
