"""A file: its declarations in order."""

from __future__ import annotations

from dataclasses import field

from segrules.lang.node import node
from segrules.lang.syntax.agents import EffortOf, LifeOf, LineOf, PayOf, PoolOf, QualityOf
from segrules.lang.syntax.cells import (
    ClaimsOf,
    ConditionsOf,
    ExamplesOf,
    GridOf,
    PersonaOf,
)
from segrules.lang.syntax.declarations import (
    BandOf,
    IdentityOf,
    KnobOf,
    LetOf,
    NamedRows,
    RulesetOf,
    ScoreOf,
    TableOf,
    UseOf,
    ValueOf,
)
from segrules.lang.syntax.projection import (
    AssumeOf,
    FunnelOf,
    ProjectOf,
    ScenarioOf,
)
from segrules.lang.syntax.segments import (
    AllotOf,
    CapOf,
    FlagsOf,
    HoldoutOf,
    OverrideOf,
    SegmentsOf,
    SuppressOf,
    TargetOf,
)
from segrules.text.source import Span

Declaration = (
    UseOf | RulesetOf | KnobOf | TableOf | NamedRows | IdentityOf | LetOf | ScoreOf | BandOf
    | ValueOf | SegmentsOf | FlagsOf | SuppressOf | OverrideOf | CapOf | AllotOf | HoldoutOf
    | TargetOf | ConditionsOf | GridOf | PersonaOf | ExamplesOf | ClaimsOf
    | FunnelOf | AssumeOf | PoolOf | PayOf | EffortOf | QualityOf | LifeOf | LineOf | ScenarioOf
    | ProjectOf
)  # fmt: skip


@node
class File:
    """A file's declarations in order, with the comments and the parts that could not be read."""

    declarations: tuple[Declaration, ...]
    comments: tuple[Span, ...] = field(compare=False, repr=False, default=())
    broken: tuple[Span, ...] = field(compare=False, repr=False, default=())
