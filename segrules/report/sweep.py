"""A sweep as a table, and as records for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.figures import chance, figure_record, interval
from segrules.report.tables import grid, heading, note
from segrules.report.words import count, estimate, signed, units
from segrules.sim.decisions.settings import Dial
from segrules.sim.decisions.sweeping import Swept, SweptStep
from segrules.sim.model import MONEY_MEASURES
from segrules.sim.summary import Row


def sweep_tables(found: Swept, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    """A table a scenario: every setting with the measures side by side."""
    names = ", ".join(dial.name for dial in found.dials)
    yield heading(
        f"{found.project.name} over {names}: the next {found.project.months} months, "
        f"{count(found.runs)} futures at each of {count(len(found.steps))} settings, "
        f"seed {found.seed}"
    )
    if not found.complete:
        yield note(f"incomplete: interrupted after {len(found.steps)} of {found.asked} settings")
    labels = {each.name: each.label for each in ruleset.scenarios}
    money = f" ({found.currency})" if found.currency else ""
    for scenario in found.scenarios:
        called = f"{labels[scenario]} ({scenario})" if labels.get(scenario) else scenario
        yield heading(f"{called}: difference from today over all segments, mean and 80%{money}")
        yield _table(found, scenario)
        said = _said(found, scenario)
        if said:
            yield note(said)
    yield note(
        "\nevery setting has the same futures, so neighbours differ by the setting and not by luck"
    )


def _table(found: Swept, scenario: str) -> RenderableType:
    measures = [found.measure, *(each for each in _headlines(found) if each != found.measure)]
    table = grid(
        *(dial.name for dial in found.dials),
        *(f">{each}" for each in measures),
        f">more {found.measure} in" if found.measure != "cost" else ">less cost in",
    )
    for step in found.steps:
        cells = [_change(step.row(scenario, each), found.currency) for each in measures]
        judged = step.row(scenario, found.measure)
        table.add_row(*step.setting.shown, *cells, chance(judged.chance_better, found.runs))
    return table


def _headlines(found: Swept) -> list[str]:
    kept = [each for each in ("sales", *MONEY_MEASURES) if each in found.measures]
    return kept if "profit" in found.measures else [found.measures[-2], *kept]


def _change(row: Row, currency: str | None) -> str:
    if row.chance_better is None:
        return "no change"
    scale = units(1, currency) if row.measure in MONEY_MEASURES else 1.0
    shown = signed(estimate(row.difference.mean, row.difference.mc_error, scale))
    return f"{shown}\n{interval(row.difference, scale)}"


def _said(found: Swept, scenario: str) -> str:
    best = found.best(scenario)
    if all(step.row(scenario, found.measure).chance_better is None for step in found.steps):
        return ""
    lines = [f"best of these: {_setting(best)}"]
    if len(found.dials) == 1:
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
    """The result for machines; money in units of the currency, counts in customers."""
    return {
        "schema": 1,
        "project": found.project.name,
        "months": found.project.months,
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
        "steps": [_step(step, found.currency) for step in found.steps],
        "best": {
            name: dict(_pairs(found.best(name))) for name in found.scenarios
        },
        "passes_zero_at": {name: list(found.turns(name)) for name in found.scenarios},
    }  # fmt: skip


def _pairs(step: SweptStep) -> list[tuple[str, str]]:
    pairs = zip(step.setting.values, step.setting.shown, strict=True)
    return [(dial.name, shown) for (dial, _), shown in pairs]


def _step(step: SweptStep, currency: str | None) -> dict[str, Any]:
    results = []
    for row in step.rows:
        money = row.measure in MONEY_MEASURES
        scale = units(1, currency) if money else 1.0
        results.append(
            {
                "scenario": row.scenario,
                "measure": row.measure,
                "unit": currency if money else "customers",
                "today": figure_record(row.today, scale),
                "then": figure_record(row.then, scale),
                "difference": figure_record(row.difference, scale),
                "chance_better": row.chance_better,
            }
        )
    return {"setting": dict(_pairs(step)), "results": results}
