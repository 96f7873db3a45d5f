"""A back-test as tables, and as the record that a projection is trusted by."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from segrules.lang import ir
from segrules.report.tables import grid, heading, note
from segrules.report.words import NONE, count, estimate, label, units
from segrules.sim.decide.forecast import Coverage, Score
from segrules.sim.decisions.backtesting import (
    FEWEST_MONTHS,
    FEWEST_VALUES,
    SURE,
    Backtest,
    Held,
    money,
)

KIND = "backtest"


def backtest_tables(found: Backtest, ruleset: ir.Ruleset) -> Iterator[RenderableType]:
    """How often the intervals held what came, and whether it beat last year's months."""
    yield heading(
        f"{found.project.name}: what was known on {found.until} held against what came by "
        f"{found.as_of}, {count(found.runs)} futures, seed {found.seed}"
    )
    yield note("passed" if found.passed else f"not passed: {found.reason}")
    yield note(rule(found))
    yield heading("values by segment and month that lay inside the intervals, and the error")
    yield _measures(found)
    labels = dict(ruleset.set(found.project.by).labels)
    for held in found.measures:
        yield heading(f"{held.measure} by segment")
        yield _segments(held, labels, found)
    held = found.headline
    unit = f" ({found.currency})" if money(held.measure) and found.currency else ""
    yield heading(f"{held.measure} by month over all segments{unit}")
    yield _months(held, found)
    yield note(_method(found))


def rule(found: Backtest) -> str:
    """What a pass takes, in the figures of this back-test."""
    levels = ", ".join(f"{100 * each.level:.0f}%" for each in found.headline.score.coverage)
    needed = "; ".join(
        f"{held.measure} {', '.join(count(each) for each in found.fewest(held))} of "
        f"{count(held.score.coverage[0].values)}"
        for held in found.measures
    )
    return (
        f"a pass takes at least {FEWEST_VALUES} values in {FEWEST_MONTHS} months of each measure; "
        f"of them the {levels} intervals must hold no fewer than chance explains ({needed}: an "
        f"honest projection fails in {100 * SURE:.0f}% of cases at most), and the crps of "
        f"{found.headline.measure} must not be above naive"
    )


def _scale(held: Held, found: Backtest) -> float:
    return units(1, found.currency) if money(held.measure) else 1.0


def _measures(found: Backtest) -> RenderableType:
    table = grid(
        "measure", ">months", ">values", ">in 50%", ">in 80%", ">in 95%", ">bias", ">crps",
        ">naive", ">better by",
    )  # fmt: skip
    for held in found.measures:
        scale = _scale(held, found)
        table.add_row(
            held.measure, count(len(held.months)), count(held.score.coverage[0].values),
            *(_covered(each) for each in held.score.coverage), _percent(held.score.bias),
            *_errors(held.score, scale),
        )  # fmt: skip
    return table


def _errors(score: Score, scale: float) -> tuple[str, str, str]:
    return (
        estimate(score.crps, 0.0, scale), estimate(score.naive, 0.0, scale),
        _percent(score.skill),
    )  # fmt: skip


def _covered(each: Coverage) -> str:
    """The share, with what a forecast like this one covers."""
    return f"{100 * each.share:.0f}%\n{100 * each.low:.0f} to {100 * each.high:.0f}"


def _percent(value: float) -> str:
    return NONE if math.isnan(value) else f"{100 * value:+.0f}%"


def _segments(held: Held, labels: dict[str, str], found: Backtest) -> RenderableType:
    table = grid("segment", ">in 50%", ">in 80%", ">in 95%", ">bias", ">crps", ">naive",
                 ">better by")  # fmt: skip
    for name, score in held.by_segment:
        inside = (f"{each.covered} of {each.values}" for each in score.coverage)
        scale = _scale(held, found)
        table.add_row(label(name, labels), *inside, _percent(score.bias), *_errors(score, scale))
    return table


def _months(held: Held, found: Backtest) -> RenderableType:
    table = grid("month", ">came", ">projected", ">80% interval", "")
    scale = _scale(held, found)
    for t, month in enumerate(held.months):
        low, high = held.totals.quantiles[t][[1, 5]].tolist()
        inside = low <= held.came[t] <= high
        error = float(held.totals.error[t])
        table.add_row(
            f"{month:%Y-%m}", estimate(held.came[t], 0.0, scale),
            estimate(float(held.totals.mean[t]), error, scale),
            f"{estimate(low, error, scale)} to {estimate(high, error, scale)}",
            "" if inside else "above" if held.came[t] > high else "below",
        )  # fmt: skip
    return table


def _method(found: Backtest) -> str:
    season = found.measures[0].season
    naive = (
        "the same months of the year before"
        if season > 1
        else "the last month (less than a year and two months of past were known)"
    )
    lines = [
        "a month is that in which customers entered; it counts for a stage when they have had the "
        "full time for it",
        "crps: how far the forecast lay from what came, on the mean, in the unit of the measure; "
        "the smaller the better (continuous ranked probability score)",
        f"naive: {naive}",
        "customers are in the segment that the rules give them on the later day",
        *found.notes,
    ]
    return "\n" + "\n".join(lines)


# ---- for machines


def backtest_record(found: Backtest, ruleset: str, revision: str) -> dict[str, Any]:
    """The result for machines, and for `--backtested`; money in units of the currency."""
    return {
        "schema": 1,
        "kind": KIND,
        "ruleset": ruleset,
        "revision": revision,
        "project": found.project.name,
        "until": found.until.isoformat(),
        "as_of": found.as_of.isoformat(),
        "runs": found.runs,
        "seed": found.seed,
        "currency": found.currency,
        "passed": found.passed,
        "reason": found.reason,
        "measures": [_record(held, found) for held in found.measures],
        "notes": list(found.notes),
    }


def _record(held: Held, found: Backtest) -> dict[str, Any]:
    scale = _scale(held, found)
    return {
        "measure": held.measure,
        "unit": found.currency if money(held.measure) else "customers",
        **_score(held.score, scale),
        "fewest_to_pass": list(found.fewest(held)),
        "segments": [{"segment": name, **_score(score, scale)} for name, score in held.by_segment],
        "months": [
            {
                "month": month.isoformat(),
                "came": held.came[t] * scale,
                "mean": float(held.totals.mean[t]) * scale,
                "interval50": [float(held.totals.quantiles[t][at]) * scale for at in (2, 4)],
                "interval80": [float(held.totals.quantiles[t][at]) * scale for at in (1, 5)],
                "interval95": [float(held.totals.quantiles[t][at]) * scale for at in (0, 6)],
            }
            for t, month in enumerate(held.months)
        ],
        "naive_season": held.season,
    }


def _score(score: Score, scale: float) -> dict[str, Any]:
    return {
        "coverage": [
            {
                "level": each.level, "covered": each.covered, "values": each.values,
                "share": each.share, "interval95": [each.low, each.high],
            }
            for each in score.coverage
        ],
        "pit_tenths": list(score.tenths),
        "crps": score.crps * scale,
        "naive_crps": score.naive * scale,
        "skill": None if math.isnan(score.skill) else score.skill,
        "bias": None if math.isnan(score.bias) else score.bias,
    }  # fmt: skip
