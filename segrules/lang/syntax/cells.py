"""Declarations made of cells, and claims, as written."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from segrules.lang.node import node
from segrules.lang.syntax.expressions import (
    Cell,
    CellValue,
    DateOf,
    Expression,
    Name,
    Number,
    Percent,
    Quote,
)
from segrules.text.source import Span

_SPAN = field(compare=False, repr=False)


@node
class Row:
    """Cells of one row; `expect` are those after `=>`."""

    cells: tuple[Cell, ...]
    expect: tuple[Cell, ...]
    span: Span = _SPAN


@node
class ConditionsOf:
    of: Name
    rows: tuple[Row, ...]
    span: Span = _SPAN


@node
class GridOf:
    """`grid channel from treatment, tier pick first { | treatment | tier => channel | … }`."""

    name: Name
    table: Name | None
    inputs: tuple[Name, ...]
    pick: Literal["first", "sum", "every", "the only one"]
    rows: tuple[Row, ...]
    span: Span = _SPAN


@node
class Setting:
    name: Name
    value: CellValue
    span: Span = _SPAN


@node
class CutOf:
    """`fee at 2_000`, or `top 20% by fee at 2_000`."""

    name: Name
    value: CellValue
    top: bool | None
    quota: Percent | Number | Name | None
    span: Span = _SPAN


@node
class ExamplesOf:
    of: Name
    as_of: DateOf
    given: tuple[Setting, ...]
    cuts: tuple[CutOf, ...]
    rows: tuple[Row, ...]
    span: Span = _SPAN


@node
class PersonaOf:
    name: Name
    label: Quote | None
    settings: tuple[Setting, ...]
    span: Span = _SPAN


@node
class NeverClaim:
    """`never complex_high and vulnerable`: a bare segment stands for being in it."""

    condition: Expression
    span: Span = _SPAN


@node
class MoreClaim:
    """`more complexity never lowers treatment`."""

    more: Name
    lowers: Name
    span: Span = _SPAN


@node
class ShareClaim:
    """`growth stays under 40% on sample`; the name may be `otherwise` or `unsure`."""

    segment: Name
    word: Literal["under", "over"]
    share: Percent
    on: Name | None
    span: Span = _SPAN


@node
class PersonaClaim:
    """`persona silver_surfer is growth`."""

    persona: Name
    segment: Name
    span: Span = _SPAN


@node
class FlappingClaim:
    """`flapping with tolerance < flapping without tolerance`."""

    span: Span = _SPAN


@node
class TopClaim:
    """`top 10% by profit bring at least 90% of profit on golden`."""

    quota: Percent | Number | Name
    by: Name
    share: Percent
    of: Name
    on: Name | None
    span: Span = _SPAN


Claim = NeverClaim | MoreClaim | ShareClaim | PersonaClaim | FlappingClaim | TopClaim


@node
class ClaimsOf:
    of: Name
    claims: tuple[Claim, ...]
    span: Span = _SPAN
