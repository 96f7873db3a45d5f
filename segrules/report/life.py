"""A projected life as tables and as a record: what customers bring, and where they go."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.figures import chance, figure_record, interval
from segrules.report.outlooks import judged_record
from segrules.report.stated import stated_record, stated_tables
from segrules.report.tables import grid, heading, note
from segrules.report.words import (
    NONE,
    beside,
    count,
    counted,
    estimate,
    label,
    percent,
    share,
    signed,
    units,
)
from segrules.sim.customers.outcome import CUSTOMERS, LEFT, MOVED, Matrix
from segrules.sim.customers.spread import NAMES
from segrules.sim.life import LifeProjection, unit_of
from segrules.sim.model import MONEY_MEASURES, SALES, TOTAL
from segrules.sim.outlook import Outlook
from segrules.sim.summary import Figure, Row

HEADLINES = (SALES, *MONEY_MEASURES)
PERIODS = {1: "month", 3: "quarter", 12: "year"}
SPREAD = {
    "gini": "Gini coefficient",
    "top_10": "brought by the largest tenth",
    "top_20": "brought by the largest fifth",
    "loss_of_one": "lost with the largest one",
}
CHECKED = {"past": "the moves of the past months", "futures": "the moves of half of the futures"}
WORST_EDGE = 2.67
"""Monte Carlo error of the ends of a 95% interval over that of the mean, as for a normal."""

_NAMED = 24
_FEW, _ROOM = 6, 80
"""States, and the characters of their columns, up to which the table of moves names them; beyond,
it numbers them."""
_GAP, _CHANGE = 2, len("100→99%")
"""What stands between columns, and the widest cell."""

_SHOWN = 0.005
"""Part of a segment below which nobody is said to go somewhere."""


def life_tables(
    found: LifeProjection, ruleset: ir.Ruleset, account: Iterable[RenderableType] = ()
) -> Iterator[RenderableType]:
    """The scenarios side by side, the first one by segment, where customers go, and why.

    account: what stands before the assumptions.
    """
    project = found.project
    period = PERIODS.get(project.period, f"{project.period} months")
    yield heading(
        f"{project.name}: the next {project.months} months, {period} by {period}, "
        f"{counted(found.customers, 'customer', 'customers')}, {count(found.runs)} futures, "
        f"seed {found.seed}"
    )
    if not found.complete:
        yield note("incomplete: interrupted before all futures were run")
    money = f" ({found.currency})" if found.currency else ""
    words = _Words(found, ruleset)
    yield heading(
        f"difference from {words.base} over all segments{money}: mean, 80% interval, and the share "
        "of futures with more profit"
    )
    yield _scenarios(found, words)
    yield heading(f"{', '.join(words.scenarios)}: the profit{money} in good and in bad futures")
    yield _risks(found)
    first = words.scenarios[0]
    yield heading(f"{first} by segment: {words.base}, the difference and its 80% interval")
    yield _customers(found, first, words)
    what = f"{words.base}, the difference and its 80% interval"
    yield heading(f"{first}, what they buy{money}: {what}")
    yield _money(found, first, words)
    yield heading(
        f"where customers of each segment are {project.months} months later: {words.base} → {first}"
    )
    yield _moves(found, first, words)
    if found.stays:
        yield note("\n".join(stays_told(found, words.segment)))
    if any(row.measure in NAMES for row in found.rows):
        yield heading("how the profit is spread over customers, and what one loss would take")
        yield _spread(found, words)
    yield heading("the same by another way: customers at the end, today")
    yield _checked(found, words)
    yield from account
    yield from stated_tables(found.assumptions, found.currency, found.as_of)
    yield note(_method(found))


class _Words:
    """What is called how."""

    def __init__(self, found: LifeProjection, ruleset: ir.Ruleset) -> None:
        project = found.project
        self.labels = {**ruleset.set(project.by).labels, TOTAL: "all segments"}
        self.base = project.against
        self.scenarios = [name for name in project.compare if name != project.against]
        self.of_scenario = {each.name: each.label or each.name for each in ruleset.scenarios}

    def segment(self, name: str) -> str:
        return label(name, self.labels)


def _find(found: LifeProjection, scenario: str, segment: str, measure: str) -> Row:
    return next(
        row
        for row in found.rows
        if (row.scenario, row.segment, row.measure) == (scenario, segment, measure)
    )


def _scale(row: Row, found: LifeProjection) -> float:
    return units(1, found.currency) if row.measure in MONEY_MEASURES else 1.0


def _figure(figure: Figure, scale: float) -> str:
    return estimate(figure.mean, figure.mc_error, scale)


def _scenarios(found: LifeProjection, words: _Words) -> RenderableType:
    table = grid(
        f"against {words.base}", *(f">{name}" for name in HEADLINES), ">better in", first=24
    )
    for name in words.scenarios:
        rows = [_find(found, name, TOTAL, measure) for measure in HEADLINES]
        cells = [_change(row, found) for row in rows]
        cells.append(chance(rows[-1].chance_better, found.runs))
        table.add_row(f"{words.of_scenario[name]}\n({name})", *cells)
    return table


def _risks(found: LifeProjection) -> RenderableType:
    """What may be lost by acting, and by leaving it."""
    aimed = any(each.target is not None for each in found.outlooks)
    heads = (">expected loss if done", ">if left", ">mean of the worst 5 of 100")
    table = grid("", *heads, *([">target reached in"] if aimed else []), first=24)
    scale = units(1, found.currency)
    for each in found.outlooks:
        judged = each.judged
        losses = (estimate(loss.value, loss.mc_error, scale)
                  for loss in (each.loss_done, each.loss_left))  # fmt: skip
        # the ends of an interval are less sure than its middle, and so is a mean beyond them
        worst = signed(estimate(judged.worst, WORST_EDGE * judged.error, scale))
        reached = [chance(judged.chance_target, found.runs)] if aimed else []
        table.add_row(each.scenario, *losses, worst, *reached)
    return table


def _change(row: Row, found: LifeProjection) -> str:
    if row.chance_better is None:
        return "no change"
    scale = _scale(row, found)
    shown = signed(_figure(row.difference, scale))
    part = NONE if row.relative is None else share(row.relative.value, row.relative.mc_error)
    return f"{shown}{beside(shown, part)}\n{interval(row.difference, scale)}"


def _customers(found: LifeProjection, scenario: str, words: _Words) -> RenderableType:
    """How many are there, leave and are moved."""
    more = [
        name for name in (LEFT, MOVED)
        if any(row.then.mean or row.today.mean for row in found.rows
               if row.measure == name and row.scenario == scenario)
    ]  # fmt: skip
    called = {CUSTOMERS: "there at the end", LEFT: "left for good", MOVED: "moved by levers"}
    measures = (CUSTOMERS, *more)
    table = grid("segment", ">there now", *(f">{called[name]}" for name in measures), first=_NAMED)
    start = found.matrices[words.base].count.sum(axis=1)[: len(found.segments)]
    for segment, now in zip((*found.segments, TOTAL), (*start, start.sum()), strict=True):
        cells = [_both(_find(found, scenario, segment, name), found) for name in measures]
        table.add_row(words.segment(segment), count(now), *cells)
    return table


def _money(found: LifeProjection, scenario: str, words: _Words) -> RenderableType:
    """What they buy and bring."""
    table = grid("segment", *(f">{name}" for name in HEADLINES), first=_NAMED)
    for segment in (*found.segments, TOTAL):
        cells = [_both(_find(found, scenario, segment, name), found) for name in HEADLINES]
        table.add_row(words.segment(segment), *cells)
    return table


def _both(row: Row, found: LifeProjection) -> str:
    """Today, with the difference and its interval where there is one."""
    scale = _scale(row, found)
    today = _figure(row.today, scale)
    if row.chance_better is None:
        return today
    change = signed(_figure(row.difference, scale))
    return f"{today}  {change}\n{interval(row.difference, scale)}"


# ---- where customers go


def _moves(found: LifeProjection, scenario: str, words: _Words) -> RenderableType:
    """Of a hundred customers in each segment, where they are at the end, in both arms."""
    today, then = found.matrices[words.base], found.matrices[scenario]
    shown = [at for at in range(len(today.states)) if today.count[:, at].any()
             or then.count[:, at].any()]  # fmt: skip
    rows = [at for at in range(len(today.states)) if today.count[at].any()]
    # many names would leave no room for the figures
    numbers = {at: f"{place} {_state(today, at, words)}" for place, at in enumerate(shown, 1)}
    room = sum(max(len(_state(today, at, words)), _CHANGE) + _GAP for at in shown)
    numbered = len(shown) > _FEW or room > _ROOM
    heads = [name.partition(" ")[0 if numbered else 2] for name in numbers.values()]
    table = grid("of those in", *(f">{name}" for name in heads), first=_NAMED)
    before, after = today.share, then.share
    for at in rows:
        cells = [_cell(before[at, to], after[at, to]) for to in shown]
        named = numbers.get(at, _state(today, at, words))
        table.add_row(named if numbered else _state(today, at, words), *cells)
    for at in shown:
        if at not in rows and numbered:
            table.add_row(numbers[at], *("" for _ in shown))
    return table


def stays_told(found: LifeProjection, called: Callable[[str], str]) -> list[str]:
    """What stays although what is played would change it, and who may stay by it; none without."""
    told = [
        f"{each.name or 'what conditions ask for without a name'} "
        f"({' / '.join(called(name) for name in each.segments)})"
        for each in found.stays
    ]
    if not told:
        return []
    return [
        f"moves by these columns are not played: they stay as on {found.as_of.isoformat()}, though "
        f"the sales and the time that are played would change them: {'; '.join(told)}"
    ]


def _state(matrix: Matrix, at: int, words: _Words) -> str:
    name = matrix.states[at]
    return {"(left)": "left", "(in no segment)": "no segment"}.get(name) or words.segment(name)


def _cell(today: float, then: float) -> str:
    if max(today, 0.0 if math.isnan(then) else then) < _SHOWN:
        return NONE
    first, second = percent(today, 0), percent(then, 0)
    return first if first == second else f"{first.removesuffix('%')}→{second}"


def _spread(found: LifeProjection, words: _Words) -> RenderableType:
    table = grid("of the profit", f">{words.base}", *(f">{each}" for each in words.scenarios))
    for name in NAMES:
        rows = [_find(found, each, TOTAL, name) for each in words.scenarios]
        show = _coefficient if name == "gini" else _part
        table.add_row(SPREAD[name], show(rows[0].today), *(show(row.then) for row in rows))
    return table


def _coefficient(figure: Figure) -> str:
    return estimate(figure.mean, figure.mc_error)


def _part(figure: Figure) -> str:
    return share(figure.mean, figure.mc_error)


def _checked(found: LifeProjection, words: _Words) -> RenderableType:
    check = found.check
    table = grid("segment", ">row by row", ">by shares alone", ">difference")
    pairs = zip(check.segments, check.played, check.markov, check.error, strict=True)
    for name, played, markov, error in pairs:
        shown = estimate(played, error), estimate(markov, error)
        further = signed(estimate(markov - played, error))
        table.add_row(words.segment(name), *shown, further)
    return table


# ---- what it rests on


def _method(found: LifeProjection) -> str:
    learned, check = found.learned, found.check
    rates = ", ".join(
        f"{name} {rate:.3g} ({weight:.0%} its own)"
        for name, rate, weight in zip(found.segments, learned.rate, learned.weight, strict=True)
    )
    period = PERIODS.get(found.project.period, "period")
    far = "agree" if check.gap < _SHOWN else f"place {check.gap:.1%} of the customers differently"
    lines = [
        f"engine {found.engine}: {found.why}",
        f"customers begin where the assignment of {found.as_of.isoformat()} puts them; the rules "
        f"are asked again on the first day of each {period}, from {found.days[1].isoformat()}",
        f"sales a customer and {period}, of the last complete months, by the segment that the "
        f"rules would have named when the {period} began: {rates}",
        f"another way goes by {CHECKED[check.of]} from segment to segment, the same in every "
        f"{period}: the two ways {far}",
        f"{count(found.runs)} futures: {_errors(found)}; four times as many halve it",
        "each range is equally likely throughout; intervals hold 80% of the futures, which share "
        f"their luck with {found.project.against}",
        *found.notes,
    ]
    return "\n" + "\n".join(lines)


def _errors(found: LifeProjection) -> str:
    """The Monte Carlo error of what is decided by."""
    scale, name = units(1, found.currency), found.currency or ""
    told = ", ".join(
        f"{estimate(each.figure.mc_error, 0.0, scale)} {name}".rstrip() + f" for {each.scenario}"
        for each in found.outlooks
    )
    return f"the Monte Carlo error of the mean difference of the profit is {told}"


# ---- for machines


def life_record(found: LifeProjection) -> dict[str, Any]:
    """The result for machines; money in units of the currency."""
    return {
        "schema_version": 1,
        "project": found.project.name,
        "life": found.life.name,
        "ruleset_segments": found.project.by,
        "against": found.project.against,
        "as_of": found.as_of.isoformat(),
        "months": found.project.months,
        "period_months": found.project.period,
        "days": [day.isoformat() for day in found.days],
        "runs": found.runs,
        "seed": found.seed,
        "complete": found.complete,
        "customers": found.customers,
        "currency": found.currency,
        "engine": {"name": found.engine, "why": found.why},
        "assumptions": [stated_record(each, found.currency) for each in found.assumptions],
        "rates": {
            name: {"sales_a_period": float(rate), "weight_of_own_data": float(weight)}
            for name, rate, weight in zip(
                found.segments, found.learned.rate, found.learned.weight, strict=True
            )
        },
        "held": list(found.held),
        "stays": [{"name": each.name, "segments": list(each.segments)} for each in found.stays],
        "notes": list(found.notes),
        "migration": {name: _matrix(each) for name, each in found.matrices.items()},
        "check": {
            "of": found.check.of,
            "markov": _by_name(found.check.segments, found.check.markov),
            "played": _by_name(found.check.segments, found.check.played),
            "mc_error": _by_name(found.check.segments, found.check.error),
            "placed_differently": found.check.gap,
        },
        "outlooks": [_outlook(each, found) for each in found.outlooks],
        "results": [_result(row, found) for row in found.rows],
    }


def _outlook(each: Outlook, found: LifeProjection) -> dict[str, Any]:
    """The difference of the profit, judged."""
    scale = units(1, found.currency)
    return {
        "scenario": each.scenario,
        "measure": each.measure,
        "difference": figure_record(each.figure, scale),
        **judged_record(each, scale),
    }


def _by_name(names: Sequence[str], values: Any) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def _matrix(found: Matrix) -> dict[str, dict[str, float]]:
    """Mean customers by where they are at first and in the end; what nobody does is left out."""
    return {
        name: {to: float(n) for to, n in zip(found.states, row, strict=True) if n > 0}
        for name, row in zip(found.states, found.count, strict=True)
        if row.any()
    }


def _result(row: Row, found: LifeProjection) -> dict[str, Any]:
    scale = _scale(row, found)
    return {
        "scenario": row.scenario,
        "segment": row.segment,
        "measure": row.measure,
        "unit": unit_of(row.measure, found.currency),
        "today": figure_record(row.today, scale),
        "then": figure_record(row.then, scale),
        "difference": figure_record(row.difference, scale),
        "chance_better": row.chance_better,
    }
