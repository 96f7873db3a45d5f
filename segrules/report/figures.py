"""Simulated figures in words and for machines: with their interval, no finer than their error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from segrules.report.words import estimate, signed
from segrules.sim.summary import Compared, Figure

EDGE = 1.71
"""Monte Carlo error of the ends of an 80% interval over that of the mean, as for a normal."""

TAIL = 2.67
"""That of the mean of the worst 5% is below that of the ends of a 95% interval."""


def chance(part: float | None, runs: int) -> str:
    """A chance in whole percent, never surer than the number of futures allows."""
    if part is None:
        return "no change"
    if part in (0.0, 1.0) or runs < 1_000:
        edge = max(1.0, 300.0 / runs)
        if part >= 1.0 - edge / 100:
            return f"over {100 - edge:.0f}%"
        if part <= edge / 100:
            return f"under {edge:.0f}%"
    error = math.sqrt(part * (1.0 - part) / runs)
    shown = f"{stepped(100 * part, 200 * error):.0f}%"
    if shown == "100%":
        return f"over {math.floor(100 * (part - 2 * error))}%"
    if shown == "0%":
        return f"under {math.ceil(100 * (part + 2 * error))}%"
    return shown


def stepped(value: float, least: float) -> float:
    """A figure up to 100 in steps of 1, 5 or 10, the first that is no finer than `least`."""
    step = next((each for each in (1, 5, 10) if each >= least), 50)
    return float(step * round(value / step))


def parted(shares: Sequence[float]) -> list[int]:
    """Shares of a whole in whole percent that add up to 100: the largest rests are rounded up."""
    whole = [math.floor(100 * each) for each in shares]
    order = sorted(range(len(shares)), key=lambda at: (whole[at] - 100 * shares[at], at))
    for at in order[: round(100 * sum(shares)) - sum(whole)]:
        whole[at] += 1
    return whole


def mean(figure: Figure, scale: float = 1.0) -> str:
    """A mean, as finely as its error allows."""
    return estimate(figure.mean, figure.mc_error, scale)


def change(figure: Figure, scale: float = 1.0) -> str:
    """A mean difference with its sign and its 80% interval below it."""
    if figure.mean == 0.0 and figure.interval95 == (0.0, 0.0):
        return "no change"
    return f"{signed(mean(figure, scale))}\n{interval(figure, scale)}"


def interval(figure: Figure, scale: float) -> str:
    error = EDGE * figure.mc_error
    low, high = (signed(estimate(edge, error, scale)) for edge in figure.interval80)
    return f"{low} to {high}"


def span(figure: Figure, scale: float = 1.0) -> str:
    """The 80% interval of a level."""
    error = EDGE * figure.mc_error
    low, high = (estimate(edge, error, scale) for edge in figure.interval80)
    return f"{low} to {high}"


def figure_record(figure: Figure, scale: float) -> dict[str, Any]:
    """Mean, intervals and Monte Carlo error of one figure."""
    return {
        "mean": figure.mean * scale,
        "interval50": [edge * scale for edge in figure.interval50],
        "interval80": [edge * scale for edge in figure.interval80],
        "interval95": [edge * scale for edge in figure.interval95],
        "mc_error": figure.mc_error * scale,
    }


def both_record(row: Compared, scale: float) -> dict[str, Any]:
    """Today, then and the difference between them."""
    return {
        "today": figure_record(row.today, scale),
        "then": figure_record(row.then, scale),
        "difference": figure_record(row.difference, scale),
    }
