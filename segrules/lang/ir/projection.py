"""Funnels, assumptions, scenarios and projects: what the simulator is asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import field
from typing import Literal

from segrules.lang.ir.expressions import Expr, Length
from segrules.lang.node import node
from segrules.text.source import Span


@node
class Cost:
    """An amount of money for each customer who reaches the stage."""

    name: str
    amount: Expr


@node
class Stage:
    """`at` names the date or instant of reaching it; `within` is counted from the stage before."""

    name: str
    at: str
    within: Length | None
    value: Expr | None
    costs: tuple[Cost, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Funnel:
    name: str
    table: str
    stages: tuple[Stage, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Assumption:
    """A stated value or range with where it comes from.

    `role` says what the scenarios use it for: a multiplier of odds, or an amount of money (then
    `low` and `high` are minor units).
    """

    name: str
    label: str
    role: Literal["odds", "amount", ""]
    low: float
    high: float
    source: str
    evidence: str
    owner: str
    until: dt.date | None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Lever:
    """An edit of the projection for some segments (none named: for every segment).

    `odds` multiply the odds of reaching a stage (stage, assumption); `cost` is charged for each
    customer who is treated: everyone who reaches the stage before the earliest stage named
    (minor units, or an assumption's name).
    """

    kind: str
    segments: tuple[str, ...]
    odds: tuple[tuple[str, str], ...]
    cost: float | str | None
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Scenario:
    name: str
    label: str
    levers: tuple[Lever, ...]
    parts: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


@node
class Project:
    name: str
    funnel: str
    by: str
    months: int
    runs: int
    seed: int
    compare: tuple[str, ...]
    span: Span | None = field(default=None, compare=False, repr=False)
