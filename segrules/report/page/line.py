"""The page of a line: who waits how long, who pays for it, and how the day goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segrules.lang import ir
from segrules.report.line_words import of_hundred, outward, spread_notes, spread_of, worth
from segrules.report.page import arms, more
from segrules.report.page.arms import Scaled, Told
from segrules.report.page.content import Absent, Block, Items, Page, Section, Table, Tile, Words
from segrules.report.page.day import agents_by_hour, gives_up_by_hour, wait_by_hour
from segrules.report.page.made import Made, versions
from segrules.report.page.words import Unit, distinct, futures, months, named, plus
from segrules.report.words import NONE, count
from segrules.sim.assumptions import GRADES, Evidence
from segrules.sim.line import LineProjection
from segrules.sim.model import COST, TOTAL
from segrules.sim.queues.figures import (
    ABANDONMENT,
    AGENT_HOURS,
    BETTER,
    CONTACTS,
    COST_EACH,
    DELAYED,
    IN_TIME,
    LEVER_COST,
    NINE_IN_TEN,
    OCCUPANCY,
    OTHERS,
    UNITS,
    WAIT,
    LineRow,
)
from segrules.sim.summary import Figure, significant

MOST_CAVEATS = 3
MOST_NAMES = 3
"""Segments that the first sentence names before it counts them."""

HEADLINES = (WAIT, IN_TIME, ABANDONMENT, COST)
TITLES = {
    WAIT: "How long each segment waits",
    NINE_IN_TEN: "How long nine in ten wait at most",
    IN_TIME: "Who is answered within the target",
    ABANDONMENT: "Who gives up",
}
_SECONDS = 3600.0


@dataclass(frozen=True)
class _View:
    """The first scenario, and what everything on the page is told with."""

    found: LineProjection
    name: str
    scenario: str
    base: str
    evidence: Evidence
    segments: Mapping[str, str]
    pools: Mapping[str, str]
    labels: Mapping[str, str]

    def rows(self, measure: str, scenario: str = "") -> dict[str, LineRow]:
        """By segment or pool, of the first scenario or another."""
        return {
            row.segment or row.pool: row
            for row in self.found.rows
            if (row.scenario, row.measure) == (scenario or self.name, measure)
        }

    def unit_of(self, measure: str) -> Unit:
        if UNITS[measure] == "money":
            return Unit(measure, self.found.currency)
        if UNITS[measure] == "share":
            return Scaled("%", 100.0)
        return Scaled("" if measure == AGENT_HOURS else UNITS[measure])

    def told(self, measure: str, row: str = "segment") -> Told:
        better = BETTER.get(measure)
        fewer = None if better is None else better < 0
        return Told(measure, self.unit_of(measure), self.base, row, fewer, self.often)

    def days(self, chance: float) -> str:
        return futures(chance, self.found.runs).removesuffix("futures") + "days"

    @property
    def varies(self) -> bool:
        """Whether single days are told, and not the mean days of a formula."""
        return self.found.engine == "events"

    @property
    def often(self) -> str:
        """What intervals are of: a formula tells a mean day for each draw of what is open."""
        return "days" if self.varies else "draws"


def line_page(found: LineProjection, ruleset: ir.Ruleset, made: Made) -> Page:
    """The page about the first scenario of a project about a line, the others beside it."""
    view = _view(found, ruleset)
    project = found.project
    return Page(
        title=f"{view.scenario}: {ruleset.name}, {project.name}",
        about=f"a day of {found.line.name} by {project.by}, for {count(found.days)} open days in "
        f"the next {months(project.months)} after {found.as_of}, against {view.base}",
        sentence=_sentence(view),
        tiles=_tiles(view),
        caveats=_caveats(view)[:MOST_CAVEATS],
        sections=(
            Section("differences", "What changes", _differences(view)),
            Section("uncertainty", "How sure it is", _uncertainty(view)),
            Section("drivers", "What drives it", (_DRIVERS,)),
            Section("segments", "Winners and losers", _segments(view)),
            Section("day", "The course of the day", _day(view)),
            Section("pools", "The agents", _pools(view)),
            Section("assumptions", "Assumptions", _assumptions(view)),
            Section("annex", "Annex: how this was worked out", _annex(view, made)),
        ),
    )


def _view(found: LineProjection, ruleset: ir.Ruleset) -> _View:
    labels = {each.name: each.label for each in ruleset.scenarios}
    labels |= {each.name: each.label for each in ruleset.assumptions}
    name = found.project.compare[0]
    pools = [pool.name for pool in found.pools]
    return _View(
        found=found,
        name=name,
        scenario=named(name, labels),
        base=named(found.project.against, labels),
        evidence=found.evidence(name),
        segments=distinct(found.past.segments, ruleset.set(found.project.by).labels),
        pools=distinct(pools, {pool.name: pool.label for pool in found.pools}),
        labels=labels,
    )


# ---- the first glance


def _sentence(view: _View) -> str:
    grade = f"Evidence grade {view.evidence.grade}: {GRADES[view.evidence.grade]}."
    row = view.rows(WAIT).get(TOTAL)
    if row is None:
        return f"{view.scenario}: {_decision(view)}. {_cost(view)} {grade}"
    return f"{view.scenario}: {_decision(view)}. {_wait(view, row)} {_cost(view)} {grade}"


def _wait(view: _View, row: LineRow) -> str:
    unit, figure = view.unit_of(WAIT), row.difference
    base = view.base if view.found.project.against == "today" else f"with “{view.base}”"
    told = f"All contacts together wait {unit.level(row.today)} s on average {base}, and "
    if arms.still(figure):
        return f"{told}as long then."
    less, by = figure.mean < 0, unit.said(figure.mean, figure.mc_error)
    told += "about as long then" if by == "0" else f"{by} s {'less' if less else 'more'} then"
    if view.found.runs > 1:
        told += f" (80% of {view.often}: {unit.between(figure)})"
        if view.varies and row.chance_better is not None:
            told += f"; the wait is shorter on {view.days(row.chance_better)}"
    return f"{told}."


def _decision(view: _View) -> str:
    """Who waits less and who waits longer, as far as the means can be told from none."""
    rows = {name: row for name, row in view.rows(WAIT).items() if name in view.segments}
    signs = {name: _sign(row.difference) for name, row in rows.items()}
    less = [view.segments[name] for name, sign in signs.items() if sign < 0]
    longer = [view.segments[name] for name, sign in signs.items() if sign > 0]
    if all(arms.still(row.difference) for row in rows.values()):
        return "no wait changes"
    if less and longer:
        return (
            f"a shorter wait for {_listed(less, rows)}, and a longer one for "
            f"{_listed(longer, rows)}"
        )
    if less:
        return f"a shorter wait for {_listed(less, rows)}, and a longer one for none"
    if longer:
        return f"a longer wait for {_listed(longer, rows)}, and a shorter one for none"
    return "not settled, as no mean wait changes by more than luck explains"


def _sign(figure: Figure) -> float:
    return significant(figure.mean, figure.mc_error)


def _listed(names: Sequence[str], of: Mapping[str, object]) -> str:
    if len(names) == len(of):
        return "all segments"
    if len(names) > MOST_NAMES:
        return f"{len(names)} of {len(of)} segments"
    return " and ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), names[-1]])


def _cost(view: _View) -> str:
    figure = view.rows(COST)[TOTAL].difference
    if arms.still(figure):
        return "Cost stays as it is."
    unit = view.unit_of(COST)
    verb = "rises" if figure.mean >= 0 else "falls"
    return f"Cost {verb} by {unit.said(figure.mean, figure.mc_error)} a day."


def _tiles(view: _View) -> tuple[Tile, ...]:
    tiles = []
    wait = view.rows(WAIT).get(TOTAL)
    shown = (
        (WAIT, " s", "mean wait"),
        (ABANDONMENT, " points", "give up"),
        (COST, "", "cost a day"),
    )
    for measure, ending, meaning in shown:
        row = view.rows(measure).get(TOTAL)
        if row is None:
            continue
        figure, unit = row.difference, view.unit_of(measure)
        told = f"{meaning}: from {unit.level(row.today)} to {unit.level(row.then)}"
        if arms.still(figure):
            tiles.append(Tile("no change", told))
            continue
        tone = None if measure == COST else more.tone(figure, lower_is_better=True)
        tiles.append(Tile(f"{unit.sign}{unit.change(figure)}{ending}", told, tone))
    if view.varies and wait is not None and wait.chance_better is not None:
        tiles.append(Tile(view.days(wait.chance_better).removesuffix(" days"),
                          "days with a shorter wait"))  # fmt: skip
    grade = view.evidence.grade
    return (*tiles, Tile(grade, f"evidence: {GRADES[grade]}"))


def _caveats(view: _View) -> tuple[str, ...]:
    """The weightiest first."""
    found, told = view.found, []
    if not found.complete:
        told.append(
            f"Incomplete: interrupted after {count(found.runs)} of the days that were asked for."
        )
    told += arms.weak_points(view.evidence, view.labels)
    told += [f"{note[:1].upper()}{note[1:]}." for note in found.notes]
    return tuple(told)


# ---- differences, and what the others lose


def _differences(view: _View) -> tuple[Block, ...]:
    money = f", money in {view.found.currency}" if view.found.currency else ""
    names = dict.fromkeys(row.scenario for row in view.found.rows)
    rows = [(named(name, view.labels), *_changes(view, name)) for name in names]
    first = [view.rows(measure).get(TOTAL) for measure in HEADLINES]
    today = [
        NONE if row is None else arms.level(row.today, view.unit_of(measure))
        for measure, row in zip(HEADLINES, first, strict=True)
    ]
    heads = ("wait (s)", f"{IN_TIME} (%)", f"{ABANDONMENT} (%)", COST)
    table = Table(
        f"A day, all contacts: {view.base}, and what each scenario changes; mean and 80% of "
        f"{view.often}{money}",
        ("", *(f">{each}" for each in heads), ">shorter wait on"),
        ((view.base, *today, ""), *rows),
    )
    return (table, *_others(view), *_money(view))


def _money(view: _View) -> tuple[Block, ...]:
    """What it costs and where, and what an answered contact must be worth for it to pay."""
    found, unit = view.found, view.unit_of(COST)
    places = [(name, f"agents: {called}", COST) for name, called in view.pools.items()]
    places += [(TOTAL, "levers", LEVER_COST), (TOTAL, "all", COST), (TOTAL, COST_EACH, COST_EACH)]
    rows = []
    for place, called, measure in places:
        row = view.rows(measure).get(place)
        if row is not None:
            rows.append((called, arms.level(row.today, unit), arms.change(row.difference, unit)))
    title = "What it costs a day"
    money = f", {found.currency}" if found.currency else ""
    table = Table(f"{title}: mean and 80% of {view.often}{money}",
                  ("", f">{view.base}", ">difference"),
                  tuple(rows))  # fmt: skip
    even = next((each for each in found.break_even if each.scenario == view.name), None)
    told = "neither cost nor answered contacts change" if even is None else worth(
        even, found.currency
    )  # fmt: skip
    said = f"{told[:1].upper()}{told[1:]}. What an answered contact is worth the rules do not say."
    return table, Words(said)


def _changes(view: _View, scenario: str) -> tuple[str, ...]:
    cells = []
    for measure in HEADLINES:
        row = view.rows(measure, scenario).get(TOTAL)
        cells.append(
            NONE if row is None else arms.change(row.difference, view.unit_of(measure))
        )  # fmt: skip
    wait = view.rows(WAIT, scenario).get(TOTAL)
    better = None if wait is None else wait.chance_better
    known = better is not None and view.varies
    return (*cells, view.days(better) if known and better is not None else NONE)


def _others(view: _View) -> tuple[Block, ...]:
    """What those whom the scenario is not about pay for it, or gain."""
    title = "What the others lose"
    about = view.found.about[view.name]
    if not about:
        return (Absent(title, f"no lever of {view.scenario} names a segment"),)
    rows = []
    measures = [each for each in (WAIT, IN_TIME, ABANDONMENT) if OTHERS in view.rows(each)]
    if not measures:
        return (Absent(title, f"the levers of {view.scenario} are about all who call"),)
    for name in (*about, OTHERS, TOTAL):
        if name not in view.rows(WAIT):
            continue
        cells = []
        for measure in measures:
            row, unit = view.rows(measure)[name], view.unit_of(measure)
            cells += [unit.level(row.today), arms.change(row.difference, unit)]
        rows.append((_who(view, name), *cells))
    heads = [
        head
        for each in measures
        for head in (f">{each} ({view.unit_of(each).name}), {view.base}", ">difference")
    ]
    caption = f"Those whom the scenario is about, and all others: mean and 80% of {view.often}"
    return (Table(f"{title}. {caption}", ("", *heads), tuple(rows)),)


def _who(view: _View, name: str) -> str:
    return {TOTAL: "all contacts", OTHERS: OTHERS}.get(name) or view.segments[name]


# ---- how sure it is


_DRIVERS = Absent(
    "What moves the result most", "assumptions were not moved one at a time in this run"
)


def _uncertainty(view: _View) -> tuple[Block, ...]:
    row = view.rows(WAIT).get(TOTAL)
    blocks: list[Block] = []
    title = "How the difference varies from day to day"
    if not view.varies:
        blocks.append(Absent(title, "the formula tells of the mean day, not of single days"))
        title = "How much of the difference is open"
    if row is None or arms.still(row.difference):
        blocks.append(Absent(title, f"no wait changes on any {view.often.removesuffix('s')}"))
    elif view.found.runs > 1:
        unit, figure = view.unit_of(WAIT), row.difference
        spread = [
            (f"{level}% of {view.often}", unit.between(figure, level)) for level in (50, 80, 95)
        ]
        blocks.append(
            Table(f"{title}: mean wait of all contacts, seconds", ("", ">figure"),
                  (("mean", unit.change(figure)), *spread, *_over_all(view, row)))
        )  # fmt: skip
        if row.over_days is not None and view.varies:
            blocks.append(Words(f"A single day differs by {spread_of(row.over_days)}."))
    return (*blocks, *_beside_log(view))


def _over_all(view: _View, row: LineRow) -> list[tuple[str, str]]:
    """What is open about the mean over all the days that are projected."""
    over, unit = row.over_days, view.unit_of(WAIT)
    if over is None:
        return []
    widened = outward(over.interval80, row.difference.mc_error)
    ends = " to ".join(plus(unit.rough(end, 0.0)) for end in widened)
    told = [(f"mean of all {count(view.found.days)} days, in 80 of 100 futures", ends)]
    if over.chance_better is not None:
        told.append(("chance that this mean is shorter", of_hundred(over.chance_better)))
    return told


def _beside_log(view: _View) -> tuple[Block, ...]:
    """What was seen beside what the model says: where they differ the model is off."""
    title = "The model beside the log"
    seen = view.found.past.seen
    if seen is None:
        return (Absent(title, "the log does not tell how long anybody waited"),)
    told = ((WAIT, seen.wait * _SECONDS), (DELAYED, seen.delayed), (ABANDONMENT, seen.abandonment))
    rows = []
    for measure, value in told:
        row, unit = view.rows(measure).get(TOTAL), view.unit_of(measure)
        model = NONE if row is None else arms.level(row.today, unit)
        rows.append((f"{measure} ({unit.name})", unit.rough(value, 0.0), model))
    table = Table(
        f"{title}: all contacts, mean and 80% of {view.often}",
        ("", ">seen in the log", f">{view.base}, by this model"),
        tuple(rows),
    )
    return table, Items((f"Where the two differ the model is off. The log has {_log(view)}.",))


def _log(view: _View) -> str:
    past = view.found.past
    return f"{count(float(past.contacts.sum()))} contacts of {count(past.open_days)} open days"


# ---- segments


def _segments(view: _View) -> tuple[Block, ...]:
    return tuple(_measure(view, measure) for measure in TITLES)


def _measure(view: _View, measure: str) -> Block:
    rows, targets = view.rows(measure), view.found.targets
    aimed = {name: each for name, each in targets.items() if math.isfinite(each)}
    if measure == IN_TIME and not aimed:
        return Absent(TITLES[measure], "no target is stated")
    shown = {
        called: rows[name]
        for name, called in {**view.segments, TOTAL: "all contacts"}.items()
        if name in rows and (measure != IN_TIME or name in aimed or name == TOTAL)
    }
    if not shown:
        return Absent(TITLES[measure], f"{view.found.engine} does not tell it")
    note = f"Differences are grey where {view.often} go both ways."
    if measure == IN_TIME:
        said = (f"{view.segments[name]} {each:g} s" for name, each in aimed.items())
        note += f" Targets: {', '.join(said)}."
    return arms.both_arms(measure.replace(" ", "-"), TITLES[measure], shown, view.told(measure),
                          note)  # fmt: skip


# ---- the day and its agents


def _day(view: _View) -> tuple[Block, ...]:
    parts = [each for each in view.found.course if each.scenario == view.name]
    return (
        wait_by_hour(parts, view.base),
        gives_up_by_hour(parts, view.segments, view.base),
        agents_by_hour(parts, view.pools, view.base),
    )


def _pools(view: _View) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for measure, title in ((OCCUPANCY, "How much of their time agents work"),
                           (AGENT_HOURS, "Agent hours a day")):  # fmt: skip
        rows = view.rows(measure)
        shown = {called: rows[name] for name, called in view.pools.items() if name in rows}
        if not shown:
            blocks.append(Absent(title, f"{view.found.engine} does not tell it"))
            continue
        told = view.told(measure, "pool")
        blocks.append(arms.both_arms(measure.replace(" ", "-"), title, shown, told))
    return tuple(blocks)


# ---- what it rests on


def _assumptions(view: _View) -> tuple[Block, ...]:
    found = view.found
    return arms.assumption_blocks(view.evidence, view.labels, found.currency)


def _annex(view: _View, made: Made) -> tuple[Block, ...]:
    found, past = view.found, view.found.past
    what = "days played" if found.engine == "events" else "mean days by formula"
    contacts = view.rows(CONTACTS)
    by_segment = tuple(
        (called, count(float(seen)), _contacts(contacts.get(name)))
        for (name, called), seen in zip(view.segments.items(), past.contacts, strict=True)
    )
    rows = (
        ("engine", f"{found.engine}: {found.why}"),
        (what, f"{count(found.runs)}{'' if found.complete else ', interrupted'}"),
        ("seed", f"{found.seed}"),
        ("as of", found.as_of.isoformat()),
        ("log", f"{_log(view)}, of {count(past.days)} days from the first to the last"),
        ("handle times", past.handle_method),
        ("patience", past.patience.method),
        ("warm-up", f"{found.warm_up:g} hours" if found.warm_up else "none"),
        *versions(made),
    )
    notes = (
        "each range is equally likely throughout; both arms of a day have the same customers, "
        "work and patience",
        *spread_notes(found),
        "figures have two digits that count, and are never finer than two Monte Carlo standard "
        "errors",
        *found.notes,
    )
    table = Table("Contacts by segment", ("segment", ">in the log", ">a day"), by_segment)
    return Table("Method", ("what", "how"), rows), table, Items(notes)


def _contacts(row: LineRow | None) -> str:
    return NONE if row is None else arms.level(row.today, Scaled("contacts"))
