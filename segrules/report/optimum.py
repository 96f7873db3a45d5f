"""The best setting of knobs as tables, and as a record for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.figures import EDGE, chance
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, estimate, percent, signed, units
from segrules.sim.decide.optimise import Choice
from segrules.sim.decide.search import Design
from segrules.sim.decisions.asking import unit_of
from segrules.sim.decisions.designs import GAIN
from segrules.sim.decisions.limits import Bound
from segrules.sim.decisions.optimising import Best
from segrules.sim.decisions.paying import PAY
from segrules.sim.model import MONEY_MEASURES


def optimum_tables(found: Best, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    """The chosen setting, what it promised and what fresh luck gave, the limits, and the others."""
    labels = {each.name: each.label for each in ruleset.scenarios}
    called = labels.get(found.quest.scenario) or found.quest.scenario
    most = "most" if found.quest.sign > 0 else "least"
    measure, base = found.quest.measure, _base(found, labels)
    unit = _unit(found)
    yield heading(
        f"{called}: the setting with the {most} {measure} against {base}, of "
        f"{count(found.found.evaluations)} that were tried, seed {found.seed}"
    )
    if not found.complete:
        yield note("incomplete: interrupted, so this is the best of what was tried until then")
    if found.choice is None:
        yield note(
            "no setting that was tried keeps the limits; the one that breaks them least is shown"
        )
    elif not found.gains:
        yield note(_leave(found, base))
    yield _settings(found)
    if found.choice is not None:
        yield heading(f"gain in {measure}{unit}: promised, and judged again")
        yield _promises(found)
        yield note(_curse(found))
    if found.quest.limits:
        yield heading(f"limits, in the mean of the {_what(found)}")
        yield _limits(found)
        yield note(_dropped(found))
    if found.paid:
        yield heading(f"pay by the plan, of one agent{_currency(found)}")
        yield _paid(found, {each.name: each.label for each in ruleset.pools})
    if found.choice is not None and len(found.choice.finalists) > 1:
        yield heading(f"the settings that came closest{unit}")
        yield _finalists(found)


def _base(found: Best, labels: dict[str, str]) -> str:
    against = found.quest.project.against
    return labels.get(against) or against


def _leave(found: Best, base: str) -> str:
    """What to do where the best setting is no better than what it is held against."""
    kept = " that keeps the limits" if found.quest.limits else ""
    return (
        f"leave it as it is: no setting that was tried{kept} gains anything against {base} with "
        "the knobs as they are now"
    )


def _dropped(found: Best) -> str:
    """How many settings the limits cost, and what the best of them would have brought."""
    tried = count(found.found.evaluations)
    lines = [
        f"{count(broken)} of {tried} settings that were tried break {each.written}"
        for each, broken in zip(found.quest.limits, found.breaking, strict=True)
        if broken
    ]
    best = found.unlimited
    if best is not None:
        gain = _told(best.objective, 0.0, _scale(found.quest.measure, found))
        shown = zip(found.quest.dials, found.setting(best.design).shown, strict=True)
        setting = ", ".join(f"{dial.name} {value}" for dial, value in shown)
        lines.append(f"the best without limits: {setting}, {gain} in {found.quest.measure}")
    return "\n".join(lines) or "all settings that were tried keep the limits"


def _what(found: Best) -> str:
    return "days" if found.quest.project.about == "line" else "futures"


def _currency(found: Best) -> str:
    return f" ({found.currency})" if found.currency else ""


def _unit(found: Best) -> str:
    if found.quest.measure in MONEY_MEASURES:
        return _currency(found)
    unit = unit_of(found.quest.project, found.quest.measure, found.currency)
    return {"seconds": " (seconds shorter)", "share": " (points)"}.get(str(unit), "")


def _paid(found: Best, labels: dict[str, str]) -> RenderableType:
    table = grid("pool", ">today", ">at this setting", ">of today")
    scale = units(1, found.currency)
    for each in found.paid:
        table.add_row(
            labels.get(each.pool) or each.pool, estimate(each.today, 0.0, scale),
            estimate(each.then, 0.0, scale), percent(each.kept),
        )  # fmt: skip
    return table


def _scale(measure: str, found: Best) -> float:
    """To the units in which a measure is told: shares in percent."""
    if measure == PAY or measure in MONEY_MEASURES:
        return units(1, found.currency)
    return 100.0 if _is_share(measure, found) else 1.0


def _is_share(measure: str, found: Best) -> bool:
    return measure != PAY and unit_of(found.quest.project, measure, found.currency) == "share"


def _settings(found: Best) -> RenderableType:
    best = "best" if found.gains else "closest" if found.choice is None else "best tried"
    table = grid("knob", ">now", f">{best}", "looked for in")
    chosen = found.setting(found.found.chosen.design)
    now = found.setting(found.today.design)
    for dial, old, new in zip(found.quest.dials, now.shown, chosen.shown, strict=True):
        table.add_row(dial.name, old, new, f"{dial.written(dial.low)} to {dial.written(dial.high)}")
    return table


def _promises(found: Best) -> RenderableType:
    table = grid("", ">mean", ">80% interval", ">better in")
    choice, scale = found.choice, _scale(found.quest.measure, found)
    if choice is None:
        return table
    winner = choice.finalists[choice.winner]
    how = "in the search" if found.quest.project.about == "line" else "without luck"
    table.add_row(f"as set now, {how}", _told(found.today.objective, 0.0, scale), NONE, NONE)
    table.add_row(
        f"promised while choosing ({count(winner.runs)} {_what(found)})",
        _told(choice.promised, winner.error, scale), NONE, NONE,
    )  # fmt: skip
    judged = choice.delivered
    low, high = (_told(edge, EDGE * judged.error, scale) for edge in judged.interval80)
    table.add_row(
        f"judged again on fresh luck ({count(choice.judged)} {_what(found)})",
        _told(judged.mean, judged.error, scale), f"{low} to {high}",
        chance(judged.chance_better, choice.judged),
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
    size = estimate(abs(off), error, _scale(found.quest.measure, found))
    way = "too much" if off > 0 else "too little"
    return f"it promised {size} {way}, as the best of several tends to: trust the second figure"


def _limits(found: Best) -> RenderableType:
    table = grid("limit", ">today", ">allowed", ">at this setting", "kept")
    measures = found.found.chosen.measures
    for each in found.quest.limits:
        scale = _scale(each.measure, found)
        today, then = measures[f"today {each.measure}"], measures[f"then {each.measure}"]
        sign = "%" if _is_share(each.measure, found) else ""
        figures = [estimate(one, 0.0, scale) + sign for one in (today, each.allowed(today), then)]
        kept = "yes" if _kept(each, found) else "no"
        if kept == "no" and figures[1] == figures[2]:
            # it would look as if it were kept
            kept = f"no, by {100 * measures[each.written]:.1g}%"
        table.add_row(each.written, *figures, kept)
    return table


def _kept(each: Bound, found: Best) -> bool:
    return found.keeps(each, found.found.chosen)


def _finalists(found: Best) -> RenderableType:
    table = grid(*(dial.name for dial in found.quest.dials), ">gain", f">{_what(found)}", "")
    choice = found.choice
    if choice is None:
        return table
    scale = _scale(found.quest.measure, found)
    order = sorted(range(len(choice.finalists)), key=lambda at: -choice.finalists[at].mean)
    for at in order:
        each = choice.finalists[at]
        table.add_row(
            *found.setting(each.design).shown, _told(each.mean, each.error, scale),
            count(each.runs), "chosen" if at == choice.winner and found.gains else "",
        )  # fmt: skip
    return table


# ---- for machines


def optimum_record(found: Best) -> dict[str, Any]:
    """The result for machines; money in units of the currency."""
    scale = _scale(found.quest.measure, found)
    choice = found.choice
    measures = found.found.chosen.measures
    return {
        "schema": 1,
        "project": found.quest.project.name,
        "against": found.quest.project.against,
        "scenario": found.quest.scenario,
        "measure": found.quest.measure,
        "seed": found.seed,
        "complete": found.complete,
        "currency": found.currency,
        "tried": found.found.evaluations,
        "limits_kept": found.found.limits_kept,
        "gains": found.gains,
        "best": _design(found, found.found.chosen.design),
        "now": _design(found, found.today.design),
        "gain_now": found.today.measures[GAIN] * scale,
        "promised": None if choice is None else choice.promised * scale,
        "delivered": None if choice is None else _delivered(choice, scale),
        "limits": [
            {
                "limit": each.written,
                "today": measures[f"today {each.measure}"] * _scale(each.measure, found),
                "then": measures[f"then {each.measure}"] * _scale(each.measure, found),
                "kept": _kept(each, found),
                "broken_by": broken,
            }
            for each, broken in zip(found.quest.limits, found.breaking, strict=True)
        ],
        "without_limits": None
        if found.unlimited is None
        else {
            "setting": _design(found, found.unlimited.design),
            "gain": found.unlimited.objective * scale,
        },
        "pay": [
            {
                "pool": each.pool,
                "today": each.today * units(1, found.currency),
                "then": each.then * units(1, found.currency),
                "kept": each.kept,
            }
            for each in found.paid
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


def _delivered(choice: Choice, scale: float) -> dict[str, Any]:
    judged = choice.delivered
    return {
        "mean": judged.mean * scale,
        "interval80": [edge * scale for edge in judged.interval80],
        "interval95": [edge * scale for edge in judged.interval95],
        "mc_error": judged.error * scale,
        "chance_better": judged.chance_better,
        "runs": choice.judged,
        "seed": choice.fresh,
    }


def _design(found: Best, design: Design) -> dict[str, str]:
    setting = found.setting(design)
    return {dial.name: text for dial, text in zip(found.quest.dials, setting.shown, strict=True)}
