"""The page of a life: what customers bring, where they go, and how surely that is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from segrules.lang import ir
from segrules.report.life import CHECKED, HEADLINES, PERIODS, SPREAD, stays_told
from segrules.report.page import arms, charts, more
from segrules.report.page.arms import Scaled, Told
from segrules.report.page.content import (
    Absent,
    Block,
    Chart,
    Items,
    Page,
    Section,
    Table,
    Tile,
    Words,
)
from segrules.report.page.made import Made, versions
from segrules.report.page.words import (
    Unit,
    distinct,
    futures,
    months,
    moved,
    named,
    part,
    plus,
    rough,
)
from segrules.report.words import NONE, count, counted
from segrules.sim.assumptions import GRADES, Evidence
from segrules.sim.customers.outcome import CUSTOMERS, LEFT, MOVED, Matrix
from segrules.sim.customers.spread import NAMES
from segrules.sim.decisions.account import Account
from segrules.sim.life import LifeProjection
from segrules.sim.model import COST, PROFIT, REVENUE, SALES, TOTAL
from segrules.sim.outlook import Outlook
from segrules.sim.summary import Row

MOST_CAVEATS = 3
OUTSIDE = {"(left)": "left for good", "(in no segment)": "in no segment"}


@dataclass(frozen=True)
class _View:
    """The first scenario, and what everything on the page is told with."""

    found: LifeProjection
    outlook: Outlook
    account: Account
    base: str
    scenario: str
    segments: dict[str, str]
    labels: dict[str, str]

    @property
    def evidence(self) -> Evidence:
        return self.account.evidence

    def unit_of(self, measure: str) -> Unit:
        if measure == SALES:
            return Scaled("sales")
        return Unit(measure, self.found.currency)

    def rows(self, segment: str, scenario: str = "") -> dict[str, Row]:
        """By measure, of the first scenario or another."""
        name = scenario or self.outlook.scenario
        return {
            row.measure: row
            for row in self.found.rows
            if (row.scenario, row.segment) == (name, segment)
        }

    def by_segment(self, measure: str) -> dict[str, Row]:
        """By what the segment is called, without the total."""
        return {called: self.rows(name)[measure] for name, called in self.segments.items()}

    @property
    def changes(self) -> bool:
        return self.rows(TOTAL)[PROFIT].chance_better is not None

    @property
    def period(self) -> str:
        return PERIODS.get(self.found.project.period, f"{self.found.project.period} months")


def life_page(found: LifeProjection, ruleset: ir.Ruleset, made: Made) -> Page:
    """The page about the first scenario of a project about a life, the others beside it."""
    view = _view(found, ruleset)
    project = found.project
    return Page(
        title=f"{view.scenario}: {ruleset.name}, {project.name}",
        about=f"{counted(found.customers, 'customer', 'customers')} by {project.by}, the next "
        f"{months(project.months)} after {found.as_of}, against {view.base}",
        sentence=_sentence(view),
        tiles=_tiles(view),
        caveats=_caveats(view)[:MOST_CAVEATS],
        sections=(
            Section("bridge", "Profit bridge", _bridge(view)),
            Section("uncertainty", "How sure it is", _uncertainty(view)),
            Section("drivers", "What drives it", _drivers(view)),
            Section("segments", "Winners and losers", _segments(view)),
            Section("moves", "Where customers go", _moves(view)),
            Section("concentration", "On how few customers it rests", _concentration(view)),
            Section("assumptions", "Assumptions", _assumptions(view)),
            Section("annex", "Annex: how this was worked out", _annex(view, made)),
        ),
    )


def _view(found: LifeProjection, ruleset: ir.Ruleset) -> _View:
    labels = {each.name: each.label for each in ruleset.scenarios}
    labels |= {each.name: each.label for each in ruleset.assumptions}
    outlook, against = found.outlooks[0], found.project.against
    return _View(
        found=found,
        outlook=outlook,
        account=found.accounts[0],
        base=named(against, labels),
        scenario=named(outlook.scenario, labels),
        segments=distinct(found.segments, ruleset.set(found.project.by).labels),
        labels=labels,
    )


# ---- the first glance


def _sentence(view: _View) -> str:
    found, outlook, unit = view.found, view.outlook, view.unit_of(PROFIT)
    grade = f"Evidence grade {view.evidence.grade}: {GRADES[view.evidence.grade]}."
    if not view.changes:
        return (
            f"{view.scenario}: it changes nothing. The profit was that of {view.base} in all "
            f"{count(found.runs)} futures. {grade}"
        )
    figure = outlook.figure
    return (
        f"{view.scenario}: {more.verdict(outlook, view.evidence)}. Over "
        f"{months(found.project.months)} the profit {moved(figure, unit)} "
        f"(80% of futures: {unit.between(figure)}), and it is above that of {view.base} in "
        f"{futures(outlook.judged.chance_better, found.runs)}. {_cost(view)} {grade}"
    )


def _cost(view: _View) -> str:
    cost = view.rows(TOTAL)[COST]
    if cost.chance_better is None:
        return "Cost stays as it is."
    return f"Cost {moved(cost.difference, view.unit_of(COST))}."


def _tiles(view: _View) -> tuple[Tile, ...]:
    figure, unit = view.outlook.figure, view.unit_of(PROFIT)
    cost = view.rows(TOTAL)[COST].difference
    chance = futures(view.outlook.judged.chance_better, view.found.runs)
    return (
        Tile(
            f"{unit.sign}{unit.change(figure)}",
            f"profit, 80% of futures: {unit.between(figure)}",
            more.tone(figure),
        ),
        Tile(
            chance.removesuffix(" futures") if view.changes else "none",
            "futures with more profit",
        ),
        Tile(
            f"{unit.sign}{unit.change(cost)}",
            f"cost, 80% of futures: {unit.between(cost)}",
        ),
        Tile(view.evidence.grade, f"evidence: {GRADES[view.evidence.grade]}"),
    )


def _caveats(view: _View) -> tuple[str, ...]:
    """The weightiest first."""
    found, told = view.found, []
    if not found.complete:
        told.append(
            f"Incomplete: interrupted after {count(found.runs)} of the futures that were asked for."
        )
    told += arms.weak_points(view.evidence, view.labels)
    told += [f"{note[:1].upper()}{note[1:]}." for note in found.notes]
    return tuple(told)


# ---- differences and how sure they are


def _bridge(view: _View) -> tuple[Block, ...]:
    unit = view.unit_of(PROFIT)
    axis = f"{unit.name}, difference from {view.base}"
    blocks: list[Block] = [
        more.money_bridge(view.rows(TOTAL), REVENUE, unit, axis, view.scenario, view.base),
    ]
    parts = view.account.parts
    if parts.levers:
        from_today = f"{unit.name}, difference from today"
        blocks.append(more.parts_bridge(parts.levers, parts.whole, {}, unit, from_today))
        blocks.append(more.beside(parts, unit, view.segments))
    if len(view.found.outlooks) > 1:
        blocks.append(_scenarios(view))
    return tuple(blocks)


def _scenarios(view: _View) -> Table:
    """All scenarios that were compared, over all segments."""
    rows = []
    for outlook in view.found.outlooks:
        totals = view.rows(TOTAL, outlook.scenario)
        cells = [arms.change(totals[each].difference, view.unit_of(each)) for each in HEADLINES]
        better = totals[PROFIT].chance_better
        chance = "no change" if better is None else futures(better, view.found.runs)
        name = named(outlook.scenario, view.labels)
        rows.append((name, *cells, chance.removesuffix(" futures")))
    money = f" ({view.found.currency})" if view.found.currency else ""
    return Table(
        f"Everything that was compared{money}: difference from {view.base}, mean and 80% interval",
        (f"against {view.base}", *(f">{each}" for each in HEADLINES), ">more profit in"),
        tuple(rows),
    )


def _uncertainty(view: _View) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if view.changes:
        unit = view.unit_of(PROFIT)
        blocks.append(arms.futures_chart(view.outlook, view.found.runs, unit, view.base))
    blocks.append(
        Absent(
            f"{view.period.capitalize()} by {view.period}",
            "this run keeps sums over the periods, not each period",
        )
    )
    return (*blocks, *_checked(view))


def _drivers(view: _View) -> tuple[Block, ...]:
    found, unit = view.account.drivers, view.unit_of(PROFIT)
    title = "What moves the result most, one assumption at a time"
    if not found.tornado.bars:
        absent = Absent(title, "no assumption moves it by more than luck does in these futures")
        return (absent, *_spread(view))
    axis = f"{unit.name}, difference from {view.base}"
    bars = more.drivers(found.tornado, view.evidence, view.labels, unit, axis)
    return (bars, *_spread(view))


def _spread(view: _View) -> tuple[Block, ...]:
    """Where the spread comes from, as far as the futures tell."""
    shares = view.account.drivers.shares
    return (more.spread(shares),) if shares.names else ()


def _checked(view: _View) -> tuple[Block, ...]:
    """Row by row beside the Markov form."""
    check, unit = view.found.check, Unit(CUSTOMERS, None)
    rows = []
    pairs = zip(check.segments, check.played, check.markov, check.error, strict=True)
    for name, played, markov, error in pairs:
        shown = (played, markov, markov - played)
        levels = [unit.rough(float(each), float(error)) for each in shown]
        rows.append((view.segments[name], *levels[:2], plus(levels[2])))
    of = f"{CHECKED[check.of]}, the same in every {view.period}"
    return (
        Table(
            "The same by another way: customers at the end, today",
            ("segment", ">row by row", ">by shares alone", ">difference"),
            tuple(rows),
        ),
        Items(
            (
                f"By shares alone: from segment to segment by {of} (a Markov chain). The two ways "
                f"place {part(check.gap)} of the customers differently.",
            )
        ),
    )


# ---- segments


def _segments(view: _View) -> tuple[Block, ...]:
    blocks: list[Block] = [_winners(view)] if view.changes else []
    told = Told("customers at the end", Scaled(""), view.base)
    blocks.append(
        arms.both_arms(
            "customers",
            f"Customers by segment, {months(view.found.project.months)} from now",
            view.by_segment(CUSTOMERS),
            told,
            "More or fewer is neither gain nor loss by itself.",
        )
    )
    return (*blocks, _by_segment(view))


def _winners(view: _View) -> Chart:
    told = Told("profit", view.unit_of(PROFIT), view.base, fewer=False)
    return arms.both_arms(
        "winners",
        "Who gains and who loses profit",
        view.by_segment(PROFIT),
        told,
        "Differences are grey where they reach to both sides of zero.",
    )


def _by_segment(view: _View) -> Table:
    start = view.found.matrices[view.found.project.against].count.sum(axis=1)
    now = dict(zip(view.found.segments, start[: len(view.found.segments)], strict=True))
    measures = (CUSTOMERS, *HEADLINES)
    rows = []
    for name, called in {**view.segments, TOTAL: "all segments"}.items():
        by = view.rows(name)
        there = sum(now.values()) if name == TOTAL else now[name]
        cells = [count(float(there))]
        for measure in measures:
            row, unit = by[measure], view.unit_of(measure)
            cells.append(unit.level(row.today))
            if not arms.still(row.difference):
                cells[-1] += f"\n{arms.change(row.difference, unit)}"
        rows.append((called, *cells))
    money = f", money in {view.found.currency}" if view.found.currency else ""
    return Table(
        f"{view.base}; below it the difference and its 80% interval, where anything changes{money}",
        ("segment", ">there now", ">there at the end", *(f">{each}" for each in HEADLINES)),
        tuple(rows),
    )


# ---- where customers go


def _moves(view: _View) -> tuple[Block, ...]:
    found, against = view.found, view.found.project.against
    arm = (("before", against, view.base), ("after", view.outlook.scenario, view.scenario))
    charts_ = [_heatmap(view, found.matrices[name], at, called) for at, name, called in arm]
    told = stays_told(found, lambda name: view.segments[name])
    staying = (Items(tuple(f"{each[:1].upper()}{each[1:]}." for each in told)),) if told else ()
    return (*charts_, *staying, *_moved(view))


def _heatmap(view: _View, found: Matrix, at: str, arm: str) -> Chart:
    """Of those in the segment of the row, where they are in the end."""
    names = {state: view.segments.get(state) or OUTSIDE[state] for state in found.states}
    tos = [to for to in range(len(found.states)) if found.count[:, to].any()]
    share, cells, rows = found.share, [], []
    for of, left in enumerate(found.states):
        if not found.count[of].any():
            continue
        line = [names[left]]
        for to in tos:
            entered, many = found.states[to], _customers(float(found.count[of, to]))
            told = f"{many} customers, {part(float(share[of, to]))} of the row"
            heat = float(share[of, to])
            cells.append(charts.Cell(names[left], names[entered], heat, more.whole(heat), told))
            line.append(many)
        rows.append(tuple(line))
    stays = _stays(found, names)
    alt = f"Moves between segments, {arm}. {stays}"
    return Chart(
        f"moves-{at}",
        f"Where customers are {months(view.found.project.months)} later: {arm}",
        f"Heatmap of {len(rows)} by {len(tos)} places: the share of those in the segment of the "
        f"row who are in that of the column in the end. {stays}",
        (charts.heatmap(cells, None, (0.0, 1.0), alt, "in the end"),),
        Table(
            f"Customers by where they are now and in the end, means of the futures: {arm}",
            ("from", *(f">{names[found.states[to]]}" for to in tos)),
            tuple(rows),
        ),
        "In the cells: percent of the row, those who are in that segment now.",
    )


def _customers(mean: float) -> str:
    if mean == 0:
        return NONE
    return "<1" if mean < 0.5 else count(mean)


def _stays(found: Matrix, names: dict[str, str]) -> str:
    """Who stays least."""
    staying = np.diagonal(found.share)
    known = [at for at in range(len(found.states) - 1) if np.isfinite(staying[at])]
    least = min(known, key=lambda at: float(staying[at]))
    return f"Fewest stay in {names[found.states[least]]}: {part(float(staying[least]))}."


def _moved(view: _View) -> tuple[Block, ...]:
    """Whom levers moved, and who left."""
    blocks: list[Block] = []
    for measure, title, fewer in (
        (MOVED, "Customers who were moved by levers", None),
        (LEFT, "Customers who left for good", True),
    ):
        rows = view.by_segment(measure)
        if any(row.today.mean or row.then.mean for row in rows.values()):
            told = Told(title.lower(), Scaled(""), view.base, fewer=fewer)
            blocks.append(arms.both_arms(measure, title, rows, told))
        else:
            reason = (
                "no lever of the scenario moved anybody" if measure == MOVED
                else "the life lets nobody leave"
            )  # fmt: skip
            blocks.append(Absent(title, reason))
    return tuple(blocks)


# ---- concentration


def _concentration(view: _View) -> tuple[Block, ...]:
    rows = view.rows(TOTAL)
    title = "How the profit is spread over customers"
    if any(name not in rows for name in NAMES):
        return (Absent(title, "in some futures all together bring no profit to have shares of"),)
    shares = {SPREAD[name]: rows[name] for name in NAMES if name != "gini"}
    told = Told("part of the profit", Scaled("%", 100.0), view.base, "figure", fewer=True)
    chart = arms.both_arms(
        "concentration", title, shares, told,
        "More on fewer customers is a loss of safety.",
    )  # fmt: skip
    gini, unit = rows["gini"], Scaled("0 to 1")
    levels = [arms.level(arm, unit) for arm in (gini.today, gini.then)]
    line = (f"{SPREAD['gini']} (0 to 1)", *levels, arms.change(gini.difference, unit))
    table = replace(chart.table, rows=(*chart.table.rows, line))
    before, after = (unit.level(arm) for arm in (gini.today, gini.then))
    said = f"Gini coefficient (0: all alike, 1: one brings all): {before} → {after}."
    return (
        replace(chart, table=table),
        Items((said,)),
        Absent("The curve of who brings how much", "futures keep these shares, not the curve"),
    )


# ---- what it rests on


def _assumptions(view: _View) -> tuple[Block, ...]:
    stated = arms.assumption_blocks(view.evidence, view.labels, view.found.currency)
    return (*stated, _rates(view))


def _rates(view: _View) -> Table:
    learned = view.found.learned
    rows = tuple(
        (view.segments[name], rough(float(rate)), part(float(weight)))
        for name, rate, weight in zip(
            view.found.segments, learned.rate, learned.weight, strict=True
        )
    )
    return Table(
        f"Learned from the last complete months: sales a customer and {view.period}",
        ("segment", ">sales", ">from its own customers"),
        rows,
    )


def _error(view: _View) -> str:
    figure, unit = view.outlook.figure, view.unit_of(PROFIT)
    told = rough(figure.mc_error * unit.scale)
    return (
        f"{unit.sign}{told} of the mean difference of the profit; four times the futures halve it"
    )


def _annex(view: _View, made: Made) -> tuple[Block, ...]:
    found = view.found
    rows = (
        ("engine", f"{found.engine}: {found.why}"),
        ("customers", count(found.customers)),
        ("futures", f"{count(found.runs)}{'' if found.complete else ', interrupted'}"),
        ("Monte Carlo error", _error(view)),
        ("seed", f"{found.seed}"),
        ("as of", found.as_of.isoformat()),
        ("rules are asked", f"on {found.as_of}, and each {view.period} from {found.days[1]}"),
        *versions(made),
    )
    notes = (
        f"each range is equally likely throughout; futures share their luck with {view.base}, so "
        "a difference is that of the same customers",
        "intervals hold 80% of the futures unless another part is named; figures have two digits "
        "that count, and are never finer than two Monte Carlo standard errors",
        *found.notes,
    )
    return (
        Table("Method", ("what", "how"), rows),
        Words("Everything that this projection leaves out or takes for granted:"),
        Items(notes),
    )
