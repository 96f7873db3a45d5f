"""Pools of agents, their pay, effort and quality; lives of customers and lines, as written."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from segrules.lang.node import node
from segrules.lang.syntax.expressions import Expression, Name, Number, Percent, Quote, UnitWord
from segrules.text.source import Span

_SPAN = field(compare=False, repr=False)

Figure = Number | Percent | Name
"""A number, or the name of a knob or an assumption."""


@node
class FigureOf:
    """A figure of some segments; without `segments` it holds for all.

    `value` is a Figure, but for `time`: there it may be any expression. `unit` is that of `wait`.
    """

    value: Expression
    segments: tuple[Name, ...]
    unit: UnitWord | None
    span: Span = _SPAN


@node
class PartOf:
    """A line of a block: its word with figures, names or an expression, whichever belongs to it."""

    word: str
    figures: tuple[FigureOf, ...]
    names: tuple[Name, ...]
    value: Expression | None
    span: Span = _SPAN


@node
class ShiftOf:
    """`8 from 8 to 13`: agents between two hours of the day; `agents` is None for `open`."""

    agents: Figure | None
    start: Figure
    stop: Figure
    span: Span = _SPAN


@node
class HoursOf:
    """`agents 8 from 8 to 13, 5 from 13 to 18`, `open from 8 to 20`."""

    word: Literal["agents", "open"]
    shifts: tuple[ShiftOf, ...]
    span: Span = _SPAN


@node
class PoolOf:
    name: Name
    label: Quote | None
    parts: tuple[PartOf | HoursOf, ...]
    span: Span = _SPAN


@node
class TierOf:
    """`from 10 sales times 1.5 plus 30`; one of the two may be left out."""

    above: Figure
    times: Figure | None
    plus: Figure | None
    span: Span = _SPAN


@node
class PayOf:
    name: Name
    label: Quote | None
    parts: tuple[PartOf | TierOf, ...]
    span: Span = _SPAN


@node
class EffortOf:
    funnel: Name
    parts: tuple[PartOf, ...]
    span: Span = _SPAN


@node
class QualityOf:
    funnel: Name
    parts: tuple[PartOf, ...]
    span: Span = _SPAN


@node
class Spent:
    """`cost serving 2.00 each`."""

    name: Name
    amount: Expression
    span: Span = _SPAN


@node
class SalesOf:
    """`sales transactions value revenue - cogs cost serving 2.00 each`."""

    table: Name
    value: Expression
    costs: tuple[Spent, ...]
    span: Span = _SPAN


@node
class ChangeOf:
    """How a column goes on; `more` is the spread of a drift, or the chance of a step."""

    column: Name
    way: Literal[
        "grows", "drifts", "steps", "counts", "sums", "since_sale", "sale_day", "follows",
        "switches",
    ]  # fmt: skip
    by: tuple[FigureOf, ...]
    more: tuple[FigureOf, ...]
    keep: Figure | None
    span: Span = _SPAN


@node
class LifeOf:
    name: Name
    table: Name
    parts: tuple[SalesOf | ChangeOf | PartOf, ...]
    span: Span = _SPAN


@node
class LineOf:
    """`where` says which rows wait in the line; None for all of them."""

    name: Name
    table: Name
    where: Expression | None
    parts: tuple[PartOf | HoursOf, ...]
    span: Span = _SPAN
