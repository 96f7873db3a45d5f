"""Funnels, assumptions, scenarios and projects, as written."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from segrules.lang.node import node
from segrules.lang.syntax.expressions import (
    DateOf,
    Expression,
    LengthOf,
    Name,
    Number,
    Quantity,
    Quote,
)
from segrules.text.source import Span

_SPAN = field(compare=False, repr=False)


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
