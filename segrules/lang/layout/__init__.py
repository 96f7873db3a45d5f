"""Each declaration as items of lines: the formatter aligns them and puts the comments in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from segrules.lang import syntax as s
from segrules.lang.layout import agents, cells, declarations, projection, segments
from segrules.lang.layout.items import Item as Item

_LAYOUTS: dict[type, Callable[[Any], list[Item]]] = {
    s.UseOf: declarations.use,
    s.RulesetOf: declarations.ruleset,
    s.KnobOf: declarations.knob,
    s.TableOf: declarations.table,
    s.NamedRows: declarations.named_rows,
    s.IdentityOf: declarations.identity,
    s.LetOf: declarations.let,
    s.ScoreOf: declarations.score,
    s.BandOf: declarations.band,
    s.ValueOf: declarations.value,
    s.SegmentsOf: segments.segments,
    s.FlagsOf: segments.flags,
    s.SuppressOf: segments.suppress,
    s.OverrideOf: segments.override,
    s.CapOf: segments.cap,
    s.AllotOf: segments.allot,
    s.HoldoutOf: segments.holdout,
    s.TargetOf: segments.target,
    s.ConditionsOf: cells.conditions,
    s.GridOf: cells.grid,
    s.ExamplesOf: cells.examples,
    s.PersonaOf: cells.persona,
    s.ClaimsOf: cells.claims,
    s.FunnelOf: projection.funnel,
    s.AssumeOf: projection.assume,
    s.PoolOf: agents.pool,
    s.PayOf: agents.pay,
    s.EffortOf: agents.effort,
    s.QualityOf: agents.quality,
    s.LifeOf: agents.life,
    s.LineOf: agents.queue,
    s.ScenarioOf: projection.scenario,
    s.ProjectOf: projection.project,
}


def declaration(node: s.Declaration) -> list[Item]:
    """The items of a declaration."""
    return _LAYOUTS[type(node)](node)
