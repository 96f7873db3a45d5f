"""Declarations as written, and the file that holds them."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from segrules.lang.node import node
from segrules.lang.syntax.expressions import (
    Cell,
    DateOf,
    Expression,
    LengthOf,
    Name,
    Number,
    Percent,
    Quantity,
    Quote,
)
from segrules.text.source import Span

_SPAN = field(compare=False, repr=False)


@node
class Header:
    """One line of the heading; the value is a text, a name or a number."""

    word: Literal["language", "goal", "why", "owner", "zone", "money"]
    value: Quote | Name | Number
    span: Span = _SPAN


@node
class RulesetOf:
    name: Name
    headers: tuple[Header, ...]
    span: Span = _SPAN


@node
class KnobOf:
    name: Name
    value: Quantity
    low: Quantity
    high: Quantity
    step: Quantity | None
    span: Span = _SPAN


@node
class TypeOf:
    """A column's type; `names` for enums, `low` and `high` for a range."""

    word: Literal[
        "text", "whole", "number", "money", "share", "flag", "date", "instant", "one of", "ordered"
    ]
    names: tuple[Name, ...] = ()
    low: Number | None = None
    high: Number | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Property:
    word: Literal["as", "until_outcome", "sensitive"]
    heading: Quote | None
    span: Span = _SPAN


@node
class ColumnOf:
    name: Name
    type: TypeOf
    optional: bool
    properties: tuple[Property, ...]
    span: Span = _SPAN


@node
class TableOf:
    """`of` for a related table, `source` for a derived one, neither for a main table."""

    name: Name
    key: Name
    columns: tuple[ColumnOf, ...]
    of: Name | None
    source: Name | None
    dated: Name | None
    span: Span = _SPAN


@node
class LetOf:
    name: Name
    table: Name | None
    value: Expression
    span: Span = _SPAN


@node
class Points:
    word: Literal["add", "take"]
    value: Expression
    when: Expression | None
    span: Span = _SPAN


@node
class ScoreOf:
    name: Name
    table: Name | None
    points: tuple[Points, ...]
    span: Span = _SPAN


@node
class BandRow:
    """`low below 30%`, `5 up to 30`, or a label alone for the rest."""

    label: Name | Number
    word: Literal["below", "up to", ""]
    edge: Quantity | Name | None
    span: Span = _SPAN


@node
class BandOf:
    name: Name
    value: Expression
    rows: tuple[BandRow, ...]
    span: Span = _SPAN


@node
class SegmentOf:
    name: Name
    label: Quote | None
    when: Expression
    span: Span = _SPAN


@node
class Closer:
    word: Literal["otherwise", "unsure"]
    name: Name
    label: Quote | None
    span: Span = _SPAN


@node
class SegmentsOf:
    name: Name
    table: Name
    segments: tuple[SegmentOf, ...]
    closers: tuple[Closer, ...]
    span: Span = _SPAN


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
class Setting:
    name: Name
    value: Cell
    span: Span = _SPAN


@node
class CutOf:
    """`fee at 2_000`, or `top 20% by fee at 2_000`."""

    name: Name
    value: Cell
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
class StagePart:
    """`within 30 days`, `value fee`, `cost NAME amount each`."""

    word: Literal["within", "value", "cost"]
    value: Expression
    name: Name | None
    span: Span = _SPAN


@node
class StageOf:
    name: Name
    at: Name
    parts: tuple[StagePart, ...]
    span: Span = _SPAN


@node
class FunnelOf:
    name: Name
    table: Name
    stages: tuple[StageOf, ...]
    span: Span = _SPAN


@node
class Evidence:
    word: Literal["source", "owner", "until"]
    kind: Name | None
    value: Quote | DateOf
    span: Span = _SPAN


@node
class AssumeOf:
    name: Name
    label: Quote | None
    low: Quantity
    high: Quantity | None
    evidence: tuple[Evidence, ...]
    span: Span = _SPAN


@node
class Effect:
    """`appointment odds letter_odds`, or `cost 35 each` (then `stage` is None)."""

    stage: Name | None
    amount: Name | Number
    span: Span = _SPAN


@node
class LeverOf:
    """`targets` is empty for `every segment`."""

    kind: str
    targets: tuple[Name, ...]
    effects: tuple[Effect, ...]
    span: Span = _SPAN


@node
class ScenarioOf:
    """Levers of its own, or a bundle of other scenarios (`parts`)."""

    name: Name
    label: Quote | None
    levers: tuple[LeverOf, ...]
    parts: tuple[Name, ...]
    span: Span = _SPAN


@node
class ProjectPart:
    word: Literal["for", "runs", "seed", "compare"]
    amount: LengthOf | Number | None
    names: tuple[Name, ...]
    against: Name | None
    span: Span = _SPAN


@node
class ProjectOf:
    name: Name
    of: Name | None
    by: Name | None
    parts: tuple[ProjectPart, ...]
    span: Span = _SPAN


Declaration = (
    RulesetOf | KnobOf | TableOf | LetOf | ScoreOf | BandOf | SegmentsOf | ConditionsOf
    | ExamplesOf | FunnelOf | AssumeOf | ScenarioOf | ProjectOf
)  # fmt: skip


@node
class File:
    """A file's declarations in order, with the comments and the parts that could not be read."""

    declarations: tuple[Declaration, ...]
    comments: tuple[Span, ...] = field(compare=False, repr=False, default=())
    broken: tuple[Span, ...] = field(compare=False, repr=False, default=())
