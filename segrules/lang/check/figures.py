"""Figures: numbers, knobs with their settings, and assumptions, whose roles are taken down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.scope import Symbols, nearest
from segrules.lang.types import decimals
from segrules.text import problems
from segrules.text.source import Span

REST = "rest"
"""Stands for every other segment."""


@dataclass(frozen=True)
class Kind:
    """What a figure is: the role of an assumption in its place, how it is written, its range.

    `low` and `high` are the least and the most, in the unit it is written in; `open` says that
    `low` itself is too little.
    """

    role: ir.Role
    written: Literal["number", "percent", "either"]
    low: float | None = None
    high: float | None = None
    open: bool = False

    def allows(self, value: float) -> bool:
        """Whether a value is in the range."""
        if self.low is not None and (value < self.low or (self.open and value == self.low)):
            return False
        return self.high is None or value <= self.high


AMOUNT = Kind("amount", "number", 0.0)
SIGNED_AMOUNT = Kind("amount", "number")
SHARE = Kind("share", "percent", 0.0, 1.0)
PART = Kind("share", "either", 0.0, 1.0)
POINTS = Kind("share", "percent", -1.0, 1.0)
FACTOR = Kind("factor", "number", 0.0, open=True)
ODDS = Kind("odds", "number", 0.0, open=True)
COUNT = Kind("number", "number", 0.0)
POSITIVE = Kind("number", "number", 0.0, open=True)
NUMBER = Kind("number", "number")
CHANGE = Kind("number", "either")


def stated(node: s.Expression, what: str, kind: Kind, symbols: Symbols) -> ir.Stated:
    """A figure as a number (money in minor units), or the name of an assumption.

    `what` is the word that the file has for it.
    """
    if isinstance(node, s.Name) and node.text not in symbols.knobs:
        return _assumed(node, kind, symbols)
    return plain(node, what, kind, symbols)


def moved(node: s.Expression, what: str, kind: Kind, symbols: Symbols) -> ir.Stated:
    """A figure of what a scenario brings about: an assumption or a knob, no bare number."""
    if isinstance(node, s.Number | s.Percent):
        symbols.log.report(problems.bare_number(node.span, what, node.written))
        return 1.0 if kind.open else 0.0
    return stated(node, what, kind, symbols)


def plain(node: s.Expression, what: str, kind: Kind, symbols: Symbols) -> float:
    """A figure that is a number or a knob; 0 (or 1, where 0 is too little) after a complaint."""
    found = _constant(node, what, symbols)
    if found is None:
        return 1.0 if kind.open else 0.0
    value, percent, knob = found
    if percent and kind.written == "number":
        symbols.log.report(problems.percent_for_number(node.span, what))
    elif not percent and kind.written == "percent" and value:
        symbols.log.report(problems.number_for_share(node.span, what, float(value)))
    elif not kind.allows(float(value)):
        spelled = _spelled(value, percent=percent)
        symbols.log.report(
            problems.figure_out_of_range(
                node.span, what, spelled, bounds(kind), origin="knob" if knob else ""
            )
        )
    else:
        return float(value * scale(kind, node.span, symbols))
    return 1.0 if kind.open else 0.0


def whole(
    node: s.Expression, what: str, limits: tuple[int, int], default: int, symbols: Symbols
) -> int:
    """A whole number or knob within limits; the default after a complaint."""
    found = _constant(node, what, symbols)
    if found is None:
        return default
    value, percent, _ = found
    if not percent and value.denominator == 1 and limits[0] <= value <= limits[1]:
        return int(value)
    symbols.log.report(problems.project_number(node.span, what, limits))
    return default


def scale(kind: Kind, span: Span, symbols: Symbols) -> int:
    """What a written figure is multiplied by: money is held in minor units."""
    if kind.role != "amount":
        return 1
    if symbols.currency is None and not symbols.doubtful:
        symbols.log.report(problems.no_currency(span))
    return int(10 ** decimals(symbols.currency))


def bounds(kind: Kind) -> str:
    """The range of a kind in words."""
    if kind.high is not None:
        return f"from {_share(kind.low or 0.0)} to {_share(kind.high)}"
    return "above 0" if kind.open else "0 or more"


def _share(value: float) -> str:
    return f"{value:.0%}"


def _spelled(value: Fraction, *, percent: bool) -> str:
    return f"{float(value * 100):g}%" if percent else f"{float(value):g}"


def _constant(
    node: s.Expression, what: str, symbols: Symbols
) -> tuple[Fraction, bool, bool] | None:
    """The value, whether it is a percentage, and whether it is a knob's; None after a complaint."""
    match node:
        case s.Number(value=value):
            return value, False, False
        case s.Percent(value=value):
            return value, True, False
        case s.Name(text=name) if name in symbols.knobs:
            knob = symbols.knobs[name]
            if isinstance(knob.value, ir.Length):
                symbols.log.report(problems.not_a_figure(node.span, what, "a length of time"))
                return None
            return knob.value, knob.percent, True
        case s.Name(text=name):
            if name in symbols.assumed:
                symbols.uses.setdefault(name, []).append((node.span, None))
                symbols.log.report(problems.assumption_not_here(node.span, what, name))
            elif name not in symbols.doubtful:
                near = nearest(name, symbols.knobs)
                symbols.log.report(problems.unknown_assumption(node.span, name, near))
            return None
    symbols.log.report(problems.not_a_figure(node.span, what, "an expression"))
    return None


def _assumed(node: s.Name, kind: Kind, symbols: Symbols) -> str:
    symbols.uses.setdefault(node.text, []).append((node.span, kind))
    if node.text not in symbols.assumed and node.text not in symbols.doubtful:
        near = nearest(node.text, [*symbols.assumed, *symbols.knobs])
        symbols.mistaken.add(node.text)
        symbols.log.report(problems.unknown_assumption(node.span, node.text, near))
    return node.text


def is_percent(node: s.Expression, symbols: Symbols) -> bool:
    """Whether a figure is written as a percentage, also where it is declared."""
    match node:
        case s.Percent():
            return True
        case s.Name(text=name) if name in symbols.knobs:
            return symbols.knobs[name].percent
        case s.Name(text=name) if name in symbols.assumed:
            return isinstance(symbols.assumed[name].low, s.Percent)
    return False


# ---- by segment


def by_segment(
    figures: Sequence[s.FigureOf], what: str, kind: Kind, symbols: Symbols, tables: Iterable[str]
) -> ir.ByName:
    """Figures by segment of the sets on some tables; `rest` and a figure for all are ""."""
    known = segments_of(tables, symbols)
    made: dict[str, ir.Stated] = {}
    for each in figures:
        figure = stated(each.value, what, kind, symbols)
        for node in each.segments:
            name = _segment_name(node, known, symbols)
            if name in made:
                symbols.log.report(problems.figure_twice(node.span, what, node.text))
            made.setdefault(name, figure)
        if not each.segments:
            made[""] = figure
    return tuple(made.items())


def _segment_name(node: s.Name, known: Sequence[str], symbols: Symbols) -> str:
    """The segment that a figure is for; "" for the rest."""
    if node.text == REST and REST not in known:
        return ""
    if node.text not in known and node.text not in symbols.doubtful:
        near = nearest(node.text, known)
        symbols.mistaken.add(node.text)
        hint = "leave the segments out: a figure alone is for all of them"
        symbols.log.report(problems.unknown_segment(node.span, node.text, "any set", near, hint))
    return node.text


def segments_of(tables: Iterable[str], symbols: Symbols) -> list[str]:
    """The segments of all sets on some tables."""
    wanted = set(tables)
    found = [*symbols.sets.values(), *symbols.partial.values()]
    return [name for each in found if each.table in wanted for name in each.segments]


def all_segments(symbols: Symbols) -> list[str]:
    """The segments of all sets."""
    return segments_of(symbols.tables, symbols)
