"""The best setting of knobs as tables, and as a record for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.figures import EDGE, chance
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, estimate, signed, units
from segrules.sim.decide.search import Design
from segrules.sim.decisions.limits import Bound
from segrules.sim.decisions.optimising import GAIN, Best
from segrules.sim.model import MONEY_MEASURES


def optimum_tables(found: Best, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    """The chosen setting, what it promised and what fresh luck gave, the limits, and the others."""
    labels = {each.name: each.label for each in ruleset.scenarios}
    called = labels.get(found.scenario) or found.scenario
    money = f" ({found.currency})" if found.currency and _money(found) else ""
    yield heading(
        f"{called}: the setting with the most {found.measure} against today, of "
        f"{count(found.found.evaluations)} that were tried, seed {found.seed}"
        if found.measure != "cost"
        else f"{called}: the setting with the least cost against today, of "
        f"{count(found.found.evaluations)} that were tried, seed {found.seed}"
    )
    if not found.complete:
        yield note("incomplete: interrupted, so this is the best of what was tried until then")
    if found.choice is None:
        yield note(
            "no setting that was tried keeps the limits; the one that breaks them least is shown"
        )
    yield _settings(found)
    if found.choice is not None:
        yield heading(f"gain in {found.measure}{money}: promised, and judged again")
        yield _promises(found)
        yield note(_curse(found))
    if found.limits:
        yield heading("limits, in the mean of the futures")
        yield _limits(found)
    if found.choice is not None and len(found.choice.finalists) > 1:
        yield heading(f"the settings that came closest{money}")
        yield _finalists(found)


def _money(found: Best) -> bool:
    return found.measure in MONEY_MEASURES


def _scale(measure: str, found: Best) -> float:
    return units(1, found.currency) if measure in MONEY_MEASURES else 1.0


def _settings(found: Best) -> RenderableType:
    table = grid("knob", ">now", ">best", "looked for in")
    chosen = found.setting(found.found.chosen.design)
    now = found.setting(found.today.design)
    for dial, old, new in zip(found.dials, now.shown, chosen.shown, strict=True):
        table.add_row(dial.name, old, new, f"{dial.written(dial.low)} to {dial.written(dial.high)}")
    return table


def _promises(found: Best) -> RenderableType:
    table = grid("", ">mean", ">80% interval", ">better in")
    choice, scale = found.choice, _scale(found.measure, found)
    if choice is None:
        return table
    winner = choice.finalists[choice.winner]
    table.add_row("as set now, without luck", _told(found.today.objective, 0.0, scale), NONE, NONE)
    table.add_row(
        "promised while choosing", _told(choice.promised, winner.error, scale), NONE, NONE
    )
    judged = choice.delivered
    low, high = (_told(edge, EDGE * judged.error, scale) for edge in judged.interval80)
    table.add_row(
        "judged again on fresh luck", _told(judged.mean, judged.error, scale), f"{low} to {high}",
        chance(judged.chance_better, winner.runs),
    )  # fmt: skip
    return table


def _told(value: float, error: float, scale: float) -> str:
    return signed(estimate(value, error, scale))


def _curse(found: Best) -> str:
    choice = found.choice
    if choice is None:
        return ""
    off, error = choice.curse, choice.curse_error
    if abs(off) <= 2.0 * error:
        return "the promise and the fresh judgement agree within their errors: trust the second"
    size = estimate(abs(off), error, _scale(found.measure, found))
    way = "too much" if off > 0 else "too little"
    return f"it promised {size} {way}, as the best of several tends to: trust the second figure"


def _limits(found: Best) -> RenderableType:
    table = grid("limit", ">today", ">allowed", ">at this setting", "kept")
    measures = found.found.chosen.measures
    for each in found.limits:
        scale = _scale(each.measure, found)
        today, then = measures[f"today {each.measure}"], measures[f"then {each.measure}"]
        table.add_row(
            each.written, estimate(today, 0.0, scale), estimate(each.allowed(today), 0.0, scale),
            estimate(then, 0.0, scale), "yes" if _kept(each, found) else "no",
        )  # fmt: skip
    return table


def _kept(each: Bound, found: Best) -> bool:
    return each.limit.broken(found.found.chosen.measures[each.written]) == 0.0


def _finalists(found: Best) -> RenderableType:
    table = grid(*(dial.name for dial in found.dials), ">gain", ">futures", "")
    choice = found.choice
    if choice is None:
        return table
    scale = _scale(found.measure, found)
    order = sorted(range(len(choice.finalists)), key=lambda at: -choice.finalists[at].mean)
    for at in order:
        each = choice.finalists[at]
        table.add_row(
            *found.setting(each.design).shown, _told(each.mean, each.error, scale),
            count(each.runs), "chosen" if at == choice.winner else "",
        )  # fmt: skip
    return table


# ---- for machines


def optimum_record(found: Best) -> dict[str, Any]:
    """The result for machines; money in units of the currency."""
    scale = _scale(found.measure, found)
    choice = found.choice
    measures = found.found.chosen.measures
    return {
        "schema": 1,
        "project": found.project.name,
        "scenario": found.scenario,
        "measure": found.measure,
        "seed": found.seed,
        "complete": found.complete,
        "currency": found.currency,
        "tried": found.found.evaluations,
        "limits_kept": found.found.limits_kept,
        "best": _design(found, found.found.chosen.design),
        "now": _design(found, found.today.design),
        "gain_now": found.today.measures[GAIN] * scale,
        "promised": None if choice is None else choice.promised * scale,
        "delivered": None
        if choice is None
        else {
            "mean": choice.delivered.mean * scale,
            "interval80": [edge * scale for edge in choice.delivered.interval80],
            "interval95": [edge * scale for edge in choice.delivered.interval95],
            "mc_error": choice.delivered.error * scale,
            "chance_better": choice.delivered.chance_better,
        },
        "limits": [
            {
                "limit": each.written,
                "today": measures[f"today {each.measure}"] * _scale(each.measure, found),
                "then": measures[f"then {each.measure}"] * _scale(each.measure, found),
                "kept": _kept(each, found),
            }
            for each in found.limits
        ],
        "finalists": []
        if choice is None
        else [
            {
                "setting": _design(found, each.design),
                "gain": each.mean * scale,
                "mc_error": each.error * scale,
                "futures": each.runs,
            }
            for each in choice.finalists
        ],
    }


def _design(found: Best, design: Design) -> dict[str, str]:
    setting = found.setting(design)
    return {dial.name: text for dial, text in zip(found.dials, setting.shown, strict=True)}
