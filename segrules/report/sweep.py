"""A sweep as a table, and as records for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.figures import chance, figure_record, interval
from segrules.report.tables import grid, heading, note
from segrules.report.words import count, estimate, signed, units
from segrules.sim.decisions.asking import better_when
from segrules.sim.decisions.settings import Dial
from segrules.sim.decisions.sweeping import AnyRow, Swept, SweptStep
from segrules.sim.model import COST, MONEY_MEASURES
from segrules.sim.queues.figures import ABANDONMENT, IN_TIME, WAIT
from segrules.sim.summary import IN_MONEY

_HEADLINES = {
    "funnel": ("sales", *MONEY_MEASURES),
    "life": ("customers", "sales", *MONEY_MEASURES),
    "line": (WAIT, IN_TIME, ABANDONMENT, COST),
}


def sweep_tables(found: Swept, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    """A table a scenario: every setting with the measures side by side."""
    names = ", ".join(dial.name for dial in found.dials)
    yield heading(
        f"{found.project.name} over {names}: the next {found.project.months} months, "
        f"{_luck(found)} at {_settings(found)}, seed {found.seed}"
    )
    if not found.complete:
        yield note(f"incomplete: interrupted after {len(found.steps)} of {found.asked} settings")
    labels = {each.name: each.label for each in ruleset.scenarios}
    money = f" ({found.currency})" if found.currency else ""
    yield note(_level(found, labels))
    for scenario in found.scenarios:
        if scenario in found.unmoved:
            continue
        called = f"{labels[scenario]} ({scenario})" if labels.get(scenario) else scenario
        yield heading(f"{called}: difference from {_base(found, labels)}, mean and 80%{money}")
        yield _table(found, scenario)
        said = _said(found, scenario)
        if said:
            yield note(said)
    if found.unmoved:
        yield note(f"\ndoes not move: {', '.join(found.unmoved)}")
    same = "days" if found.project.about == "line" else "futures"
    yield note(
        f"\nengine {found.engine}: {found.why}\n"
        f"every setting has the same {same}, so neighbours differ by the setting and not by luck"
    )


def _level(found: Swept, labels: dict[str, str]) -> str:
    """What scenarios are held against: the firm as its knobs are now, whatever a setting makes it.

    Where no setting moves it there is no more to be said than where it stands.
    """
    against = labels.get(found.project.against) or found.project.against
    names = ", ".join(dial.name for dial in found.dials if dial.knob)
    levels = [step.row(found.scenarios[0], found.measure).today.mean for step in found.steps]
    level = _plain(levels[0], found)
    if not found.moves_base:
        return f"{against} is the same at every setting: {found.measure} {level}"
    if not names or len(set(levels)) > 1:
        return f"{against} moves with what is assumed: {found.measure} is told for each setting"
    now = ", ".join(f"{dial.name} {dial.written(dial.now)}" for dial in found.dials if dial.knob)
    return (
        f"{names} moves {against} itself: differences are from {against} as it is now ({now}: "
        f"{found.measure} {level}), and what {against} would be is told for each setting"
    )


def _plain(value: float, found: Swept) -> str:
    if found.unit(found.measure) == "share":
        return estimate(value, 0.0, 100.0) + "%"
    if found.measure in IN_MONEY:
        return estimate(value, 0.0, units(1, found.currency))
    return estimate(value, 0.0, 1.0)


def _settings(found: Swept) -> str:
    steps = len(found.steps)
    return "one setting" if steps == 1 else f"each of {count(steps)} settings"


def _luck(found: Swept) -> str:
    if found.project.about != "line":
        return f"{count(found.runs)} futures"
    return f"{count(found.runs)} days" if found.engine == "events" else "the mean day by formula"


def _base(found: Swept, labels: dict[str, str]) -> str:
    against = found.project.against
    base = labels.get(against) or against
    return (
        f"{base}, a day, all contacts"
        if found.project.about == "line"
        else (f"{base} over all segments")
    )


def _table(found: Swept, scenario: str) -> RenderableType:
    measures = [found.measure, *(each for each in _headlines(found) if each != found.measure)]
    way = better_when(found.project, found.measure)
    better = [f">{'more' if way > 0 else 'less'} {found.measure} in"] if way else []
    table = grid(
        *(dial.name for dial in found.dials),
        *([f">{found.project.against}: {found.measure}"] if found.moves_base else []),
        *(f">{each} (s)" if found.unit(each) == "seconds" else f">{each}" for each in measures),
        *better,
    )
    for step in found.steps:
        cells = [_change(step.row(scenario, each), found) for each in measures]
        if better:
            cells.append(chance(step.row(scenario, found.measure).chance_better, found.runs))
        if found.moves_base:
            cells.insert(0, _plain(step.base(found.measure), found))
        table.add_row(*step.setting.shown, *cells)
    return table


def _headlines(found: Swept) -> list[str]:
    wanted = _HEADLINES[found.project.about]
    kept = [each for each in wanted if all(step.has(each) for step in found.steps)]
    if found.project.about == "funnel" and "profit" not in found.measures:
        return [found.measures[-2], *kept]
    return kept


def _change(row: AnyRow, found: Swept) -> str:
    if row.difference.mean == 0.0 and row.difference.interval95 == (0.0, 0.0):
        return "no change"
    points = found.unit(row.measure) == "share"
    scale = 100.0 if points else _scale(row, found)
    shown = signed(estimate(row.difference.mean, row.difference.mc_error, scale))
    return f"{shown}{' points' if points else ''}\n{interval(row.difference, scale)}"


def _scale(row: AnyRow, found: Swept) -> float:
    return units(1, found.currency) if row.measure in IN_MONEY else 1.0


def _said(found: Swept, scenario: str) -> str:
    rows = [step.row(scenario, found.measure) for step in found.steps]
    if not better_when(found.project, found.measure) or all(
        row.chance_better is None for row in rows
    ):
        return ""
    if len(rows) > 1 and len({row.difference for row in rows}) == 1:
        return f"no setting makes a difference to its {found.measure}"
    ours = all(dial.knob for dial in found.dials)
    lines = [f"{'best' if ours else 'most favourable'} of these: {_setting(found.best(scenario))}"]
    if not found.gains(scenario):
        lines = ["leave it as it is: none of these settings gains anything"]
    if len(found.dials) == 1 and len(rows) > 1:
        dial = found.dials[0]
        where = [f"{dial.name} {_near(dial, value)}" for value in found.turns(scenario)]
        lines.append(
            f"the difference of {found.measure} passes zero at about {' and '.join(where)}"
            if where
            else f"the difference of {found.measure} passes zero nowhere in this range"
        )
    return "\n".join(lines)


def _setting(step: SweptStep) -> str:
    pairs = zip(step.setting.values, step.setting.shown, strict=True)
    return ", ".join(f"{dial.name} {shown}" for (dial, _), shown in pairs)


def _near(dial: Dial, value: float) -> str:
    """A value between two steps, in three digits."""
    return dial.written(float(f"{value:.3g}"))


# ---- for machines


def sweep_record(found: Swept) -> dict[str, Any]:
    """The result for machines; money in units of the currency."""
    return {
        "schema": 1,
        "project": found.project.name,
        "months": found.project.months,
        "against": found.project.against,
        "runs": found.runs,
        "seed": found.seed,
        "engine": {"name": found.engine, "why": found.why},
        "complete": found.complete,
        "asked": found.asked,
        "currency": found.currency,
        "measure": found.measure,
        "over": [
            {
                "name": dial.name,
                "kind": "knob" if dial.knob else "assumption",
                "low": dial.written(dial.low),
                "high": dial.written(dial.high),
            }
            for dial in found.dials
        ],
        "steps": [_step(step, found) for step in found.steps],
        "best": {
            name: dict(_pairs(found.best(name))) for name in found.scenarios
        },
        "gains": {name: found.gains(name) for name in found.scenarios},
        "moves_today": found.moves_base,
        "does_not_move": list(found.unmoved),
        "passes_zero_at": {name: list(found.turns(name)) for name in found.scenarios},
    }  # fmt: skip


def _pairs(step: SweptStep) -> list[tuple[str, str]]:
    pairs = zip(step.setting.values, step.setting.shown, strict=True)
    return [(dial.name, shown) for (dial, _), shown in pairs]


def _step(step: SweptStep, found: Swept) -> dict[str, Any]:
    results = []
    for row in step.rows:
        scale = _scale(row, found)
        results.append(
            {
                "scenario": row.scenario,
                "measure": row.measure,
                "unit": found.unit(row.measure),
                "today": figure_record(row.today, scale),
                "then": figure_record(row.then, scale),
                "difference": figure_record(row.difference, scale),
                "chance_better": row.chance_better,
                "today_at_setting": step.base(row.measure) * scale,
            }
        )
    return {"setting": dict(_pairs(step)), "results": results}
