"""Funnels, assumptions, scenarios and projects, as written."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from segrules.lang.node import node
from segrules.lang.syntax.agents import Figure
from segrules.lang.syntax.expressions import (
    DateOf,
    Expression,
    LengthOf,
    Name,
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


EffectWord = Literal[
    "odds", "plus", "times", "by", "to", "skill", "neutral cost", "pay none", "cost each",
    "cost once", "cost monthly", "reserve", "agents", "checked", "keeping", "deadweight",
    "pull_forward", "from", "for", "over",
]  # fmt: skip


@node
class Also:
    """What stands behind an effect: `to 8`, `chance c`, `fall_back f`, `odds o`, `after 60`."""

    word: Literal["to", "chance", "fall_back", "odds", "after"]
    figure: Figure
    span: Span = _SPAN


@node
class Effect:
    """What a lever does, or when, or what it costs.

    `name` is the stage, figure, column or pool; `figure` how much, or how long.
    """

    word: EffectWord
    name: Name | None
    figure: Figure | LengthOf | None
    also: tuple[Also, ...]
    span: Span = _SPAN


@node
class LeverOf:
    """`targets` are segments, pools or a pay plan; none for `every segment` (`whole` says so)."""

    kind: str
    targets: tuple[Name, ...]
    whole: bool
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
    """`names` are scenarios compared; `held` is what is held equal (`cost`, `sales`)."""

    word: Literal["for", "runs", "seed", "compare", "hold", "target"]
    amount: LengthOf | Figure | None
    names: tuple[Name, ...]
    against: Name | None
    held: tuple[str, ...]
    span: Span = _SPAN


@node
class ProjectOf:
    name: Name
    of: Name | None
    by: Name | None
    parts: tuple[ProjectPart, ...]
    span: Span = _SPAN
