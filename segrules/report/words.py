"""Numbers and names as people read them."""

from __future__ import annotations

from segrules.lang.types import Money, Share, Type, Whole, decimals
from segrules.sim.summary import significant

_SIZES = ((1e9, 1e9, "bn"), (1e6, 1e6, "m"), (1e4, 1e3, "k"))
"""From which figure on it is shown in which unit."""

NONE = "–"
"""Stands where there is no figure."""


def count(value: float) -> str:
    return f"{value:,.0f}"


def percent(value: float | None, places: int = 1) -> str:
    """A share as a percentage."""
    return NONE if value is None else f"{100 * value:z.{places}f}%"


def units(minor: float, currency: str | None) -> float:
    """Minor units as units of the currency."""
    return float(minor / 10 ** decimals(currency))


def money(minor: float | None, currency: str | None) -> str:
    """An amount in whole units of its currency; small ones with their minor units."""
    if minor is None:
        return NONE
    value = units(minor, currency)
    return f"{value:,.2f}" if abs(value) < 1_000 else f"{value:,.0f}"


def typed(value: float | None, kind: Type) -> str:
    """A figure by the type of its column."""
    if value is None:
        return NONE
    if isinstance(kind, Money):
        return money(value, kind.currency)
    if isinstance(kind, Share) and kind.bounded:
        return percent(value)
    return f"{value:,.2f}"


def total(value: float, kind: Type) -> str:
    """A sum by the type of what is added: whole numbers stay whole, and parts make no part."""
    if isinstance(kind, Whole):
        return count(value)
    return f"{value:,.2f}" if isinstance(kind, Share) else typed(value, kind)


def share(value: float, mc_error: float) -> str:
    """A simulated share as a percentage, never finer than two Monte Carlo errors."""
    places = 1 if 200 * mc_error <= 0.1 else 0
    return f"{significant(100 * value, 100 * mc_error):z.{places}f}%"


def counted(number: int, singular: str, plural: str) -> str:
    """How many, with the word that goes with it."""
    return f"{count(number)} {singular if number == 1 else plural}"


_ZEROS = ("0", "0.00", "0%", "0.0%")


def signed(text: str) -> str:
    """A difference with its sign."""
    return text if text.startswith("-") or text in (NONE, *_ZEROS) else f"+{text}"


def beside(shown: str, part: str) -> str:
    """What a difference is of what it is held against, in brackets behind it.

    Nothing where either is told as zero, or the part is not known: one would deny the other.
    """
    return "" if shown in _ZEROS or part in (NONE, *_ZEROS) else f" ({signed(part)})"


def estimate(value: float, mc_error: float, scale: float = 1.0) -> str:
    """A simulated figure: about three digits, and never finer than two Monte Carlo errors."""
    shown = significant(value * scale, mc_error * scale)
    for least, size, unit in _SIZES:
        if abs(shown) >= least:
            return f"{float(f'{shown / size:.3g}'):,g}{unit}"
    return f"{shown:,.0f}" if abs(shown) >= 100 or float(shown).is_integer() else f"{shown:,.3g}"


def label(name: str, labels: dict[str, str]) -> str:
    """A segment's label, or its name."""
    return labels.get(name) or name
