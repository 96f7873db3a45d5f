"""Segments, flags and what is done for or against them, as written."""

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
    Percent,
    Quote,
)
from segrules.text.source import Span

_SPAN = field(compare=False, repr=False)


@node
class Leave:
    """`leave when spend < 4_000 for 2 reviews running`; without a count, at one."""

    when: Expression
    reviews: Number | None
    span: Span = _SPAN


@node
class Stay:
    """`stay at least 14 days`."""

    length: LengthOf
    span: Span = _SPAN


@node
class SegmentOf:
    name: Name
    label: Quote | None
    when: Expression
    holds: tuple[Leave | Stay, ...]
    span: Span = _SPAN


@node
class Closer:
    word: Literal["otherwise", "unsure"]
    name: Name
    label: Quote | None
    span: Span = _SPAN


@node
class SegmentsOf:
    """`ladder` are segments from the lowest to the highest, or none."""

    name: Name
    table: Name
    ladder: tuple[Name, ...]
    segments: tuple[SegmentOf, ...]
    closers: tuple[Closer, ...]
    span: Span = _SPAN


@node
class FlagOf:
    name: Name
    label: Quote | None
    when: Expression
    span: Span = _SPAN


@node
class FlagsOf:
    table: Name
    flags: tuple[FlagOf, ...]
    span: Span = _SPAN


@node
class SuppressOf:
    """`names` are segment sets, or segments."""

    names: tuple[Name, ...]
    when: Expression
    reason: Quote
    span: Span = _SPAN


@node
class OverrideOf:
    of: Name
    keys: tuple[Quote, ...]
    to: Name
    until: DateOf
    reason: Quote
    span: Span = _SPAN


@node
class CapOf:
    """`cap complex_high at 200 by fee, rest to growth`.

    `of` names the set where it is not clear.
    """

    segment: Name
    of: Name | None
    count: Number | Name
    by: Expression
    rest: Name
    span: Span = _SPAN


@node
class Best:
    """`best 200 by profit_12m to retention_desk`."""

    count: Number | Name
    by: Expression
    to: Name
    span: Span = _SPAN


@node
class AllotOf:
    segment: Name
    of: Name
    best: tuple[Best, ...]
    rest: Name
    span: Span = _SPAN


@node
class HoldoutOf:
    """`holdout 10% of each treatment spread over region salt "2026Q3"`."""

    share: Percent
    of: Name
    over: tuple[Name, ...]
    salt: Quote
    span: Span = _SPAN


@node
class TargetOf:
    """`target market of leads when assets >= 10_000 reason "…"`."""

    table: Name
    when: Expression
    reason: Quote | None
    span: Span = _SPAN
