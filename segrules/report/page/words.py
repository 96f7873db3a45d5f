"""Figures as a page tells them: two digits that count, and futures out of a hundred."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from segrules.report.figures import stepped
from segrules.report.words import NONE, counted, units
from segrules.sim.model import MONEY_MEASURES
from segrules.sim.summary import Figure, Ratio, significant

EDGES = {50: 1.36, 80: 1.71, 95: 2.67}
"""Monte Carlo error of the ends of an interval over that of the mean, as for a normal."""

_SIZES = ((1e9, 1e9, "bn"), (1e6, 1e6, "m"), (1e3, 1e3, "k"))


def rough(value: float, mc_error: float = 0.0) -> str:
    """Two significant digits, never finer than two Monte Carlo errors: 1.2m, 83k, 410, 0.035."""
    shown = two_digits(significant(value, mc_error))
    told = f"{shown:,g}" if abs(shown) >= 1e-4 or shown == 0 else f"{shown:.1e}"
    for least, size, unit in _SIZES:
        if abs(shown) >= least:
            told = f"{float(f'{shown / size:.2g}'):,g}{unit}"
            break
    return told.replace("-", "−")


def two_digits(value: float) -> float:
    return float(f"{value:.2g}") + 0.0 if math.isfinite(value) else value


def plus(text: str) -> str:
    """A difference with its sign."""
    return text if text.startswith("−") or text in (NONE, "0") else f"+{text}"


class Unit:
    """How one measure is told: money in units of a currency, customers as they are."""

    def __init__(self, measure: str, currency: str | None) -> None:
        money = measure in MONEY_MEASURES
        self.scale = units(1, currency) if money else 1.0
        self.name = (currency or "units of money") if money else "customers"
        self.sign = f"{currency}\u00a0" if money and currency else ""

    def level(self, figure: Figure) -> str:
        return self.rough(figure.mean, figure.mc_error)

    def change(self, figure: Figure) -> str:
        return plus(self.level(figure))

    def between(self, figure: Figure, level: int = 80) -> str:
        """The interval that holds 50, 80 or 95% of the futures."""
        low, high = {50: figure.interval50, 80: figure.interval80, 95: figure.interval95}[level]
        error = EDGES[level] * figure.mc_error
        return f"{plus(self.rough(low, error))} to {plus(self.rough(high, error))}"

    def ratio(self, found: Ratio) -> str:
        return self.rough(found.value, found.mc_error)

    def rough(self, value: float, mc_error: float) -> str:
        return rough(value * self.scale, mc_error * self.scale)

    def said(self, value: float, mc_error: float = 0.0) -> str:
        """An amount in a sentence, without its sign: GBP 1.2m."""
        return f"{self.sign}{self.rough(abs(value), mc_error)}"

    def flat(self, value: float) -> float:
        """A coordinate of a picture."""
        return float(f"{value * self.scale:.4g}")


def moved(figure: Figure, unit: Unit) -> str:
    """Which way a mean goes and how far; neither where it is told as zero."""
    if unit.level(figure) == "0":
        return "stays about as it is"
    verb = "rises" if figure.mean >= 0 else "falls"
    return f"{verb} by {unit.said(figure.mean, figure.mc_error)}"


def futures(chance: float, runs: int) -> str:
    """A chance as futures out of a hundred, or of fewer where so many were not run.

    It is never surer than the number of runs allows.
    """
    error = math.sqrt(chance * (1.0 - chance) / runs)
    shown = stepped(100.0 * chance, 200.0 * error)
    # nothing seen in R runs says that the chance is below 3 / R
    reach = 3.0 / runs if chance in (0.0, 1.0) else 2.0 * error
    if chance < 0.01 or shown <= 0:
        return f"fewer than {max(1, math.ceil(100.0 * (chance + reach)))} of 100 futures"
    if chance > 0.99 or shown >= 100:
        return f"more than {min(99, math.floor(100.0 * (chance - reach)))} of 100 futures"
    about = "about " if 200.0 * error > 1.0 else ""
    return f"{about}{shown:g} of 100 futures"


def part(value: float | None, digits: int = 2) -> str:
    """A measured share as a percentage, with two significant digits."""
    if value is None:
        return NONE
    return f"{float(f'{100 * value:.{digits}g}'):g}%"


def passed(ratio: Ratio | None) -> str:
    """A simulated share as a percentage."""
    return NONE if ratio is None else f"{rough(100 * ratio.value, 100 * ratio.mc_error)}%"


def months(count: int) -> str:
    return counted(count, "month", "months")


def named(name: str, labels: Mapping[str, str]) -> str:
    return labels.get(name) or name


def distinct(names: Sequence[str], labels: Mapping[str, str]) -> dict[str, str]:
    """What each segment is called: its label, with its name behind it where two share a label."""
    plain = {name: " ".join(named(name, labels).split()) for name in names}
    count = Counter(plain.values())
    return {name: text if count[text] == 1 else f"{text} ({name})" for name, text in plain.items()}
