"""Whether a scenario fits a project: what its levers change must be there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from segrules.lang import ir
from segrules.lang.check.figures import all_segments
from segrules.lang.check.scope import Symbols
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic
from segrules.text.source import Span

_FUNNEL, _LIFE, _LINE = "funnel", "life", "line"
_TIMES: dict[str, tuple[str, ...]] = {
    "arrivals": (_FUNNEL, _LIFE, _LINE),
    "value": (_FUNNEL, _LIFE),
    "leaving": (_LIFE,),
    "time": (_FUNNEL,),
    "ceiling": (_FUNNEL,),
    "price": (_LIFE,),
    "handling": (_LINE,),
}
"""What a project must be about for a figure of segments to be multiplied."""

_EDITS: dict[type, tuple[str, ...]] = {
    ir.Odds: (_FUNNEL,),
    ir.Plus: (_FUNNEL,),
    ir.RouteTo: (_FUNNEL, _LINE),
    ir.Reserve: (_FUNNEL, _LINE),
    ir.Priority: (_FUNNEL, _LINE),
    ir.Staffed: (_FUNNEL, _LINE),
    ir.Trained: (_FUNNEL,),
    ir.Pays: (_FUNNEL,),
    ir.ChecksUnpaid: (_FUNNEL,),
    ir.Checked: (_FUNNEL,),
    ir.Moves: (_LIFE,),
}
_SAID: dict[type, str] = {
    ir.Plus: "plus",
    ir.RouteTo: "to",
    ir.Reserve: "reserve",
    ir.Priority: "priority",
    ir.Staffed: "agents",
    ir.Trained: "skill",
    ir.Pays: "pay",
    ir.ChecksUnpaid: "pay none",
    ir.Checked: "checked",
    ir.Moves: "by",
    ir.Odds: "odds",
}


@dataclass(frozen=True)
class Asked:
    """A project and the set of segments it goes by; `blamed` are levers that do not fit it."""

    project: ir.Project
    by: ir.SegmentSet
    blamed: list[ir.Lever] = field(default_factory=list)


def check_project(project: ir.Project, by: ir.SegmentSet, symbols: Symbols) -> None:
    """Whether every segment has its figures and an agent to serve it."""
    if symbols.in_doubt or project.span is None:
        return
    asked = Asked(project, by)
    log = symbols.log
    if project.about == _FUNNEL and project.of in symbols.efforts:
        effort = symbols.efforts[project.of]
        figures = [("elasticity", effort.elasticity)]
        if isinstance(effort.time, tuple):
            figures.append(("time", effort.time))
        for word, by_name in figures:
            lacking = _lacking(by_name, by)
            if by_name and lacking:
                place = effort.span or project.span
                log.report(problems.figure_lacking(place, word, lacking[0], by.name))
    for found in _served(asked, symbols):
        log.report(found)


def _lacking(found: ir.ByName, by: ir.SegmentSet) -> list[str]:
    names = {name for name, _ in found}
    return [] if "" in names else [each for each in by.segments if each not in names]


def pools_of(project: ir.Project, symbols: Symbols) -> tuple[str, ...]:
    """The pools that take part in a project."""
    if project.about == _FUNNEL and project.of in symbols.efforts:
        return symbols.efforts[project.of].pools
    return symbols.lines[project.of].pools if project.about == _LINE else ()


def _served(asked: Asked, symbols: Symbols) -> Iterable[Diagnostic]:
    """Segments that no pool serves, and pools that serve none of the segments."""
    segments, place = asked.by.segments, asked.project.span
    named = pools_of(asked.project, symbols)
    pools = [symbols.pools[name] for name in named if name in symbols.pools]
    if place is None or len(pools) < len(named) or not pools:
        return
    for pool in pools:
        if pool.serves and not set(pool.serves) & set(segments) and pool.span is not None:
            yield problems.pool_serves_nobody(pool.span, pool.name, asked.by.name)
    for segment in segments:
        if segment == ir.SUPPRESSED:
            continue
        if not any(not pool.serves or segment in pool.serves for pool in pools):
            names = [pool.name for pool in pools]
            yield problems.segment_not_served(place, segment, names)


# ---- scenarios


def fits(scenario: ir.Scenario, span: Span, asked: Asked, symbols: Symbols) -> bool:
    """Whether every lever finds what it changes; the first that does not is complained about.

    A lever that several scenarios share is complained about once.
    """
    for lever in scenario.levers:
        found = _misfit(lever, scenario.name, span, asked, symbols)
        if found is not None:
            if all(lever is not each for each in asked.blamed):
                symbols.log.report(found)
                asked.blamed.append(lever)
            return False
    return True


def _misfit(
    lever: ir.Lever, name: str, span: Span, asked: Asked, symbols: Symbols
) -> Diagnostic | None:
    project, by = asked.project, asked.by
    odd = [segment for segment in lever.segments if segment not in by.segments]
    if project.about == _FUNNEL:
        stages = {stage.name for stage in symbols.funnels[project.of].stages[1:]}
        odd += [
            edit.stage
            for edit in lever.edits
            if isinstance(edit, ir.Odds | ir.Plus) and edit.stage not in stages
        ]
    if odd:
        if (symbols.doubtful | symbols.mistaken) & set(odd):
            return None
        return problems.scenario_does_not_fit(span, name, odd[0], by.name, project.of)
    if lever.timing.start >= project.months:
        return problems.lever_too_late(
            span, name, lever.kind, lever.timing.start + 1, project.months
        )
    for edit in lever.edits:
        found = _edit(edit, lever, name, span, asked, symbols)
        if found is not None:
            return found
    return None


def _edit(
    edit: ir.Edit, lever: ir.Lever, name: str, span: Span, asked: Asked, symbols: Symbols
) -> Diagnostic | None:
    """What is wrong with one edit in a project."""
    project = asked.project
    word = f"{edit.of} times" if isinstance(edit, ir.Times) else _SAID[type(edit)]
    allowed = _TIMES[edit.of] if isinstance(edit, ir.Times) else _EDITS[type(edit)]
    if project.about not in allowed:
        return problems.lever_of_another_project(span, name, word, project.about, allowed)
    if symbols.in_doubt:
        return None
    needed = _needed(edit, project, symbols)
    if needed:
        return problems.lever_lacks(span, name, word, needed, project.of)
    if isinstance(edit, ir.RouteTo | ir.Staffed | ir.Trained):
        return _pool(edit, lever, name, span, asked, symbols)
    return None


def _needed(edit: ir.Edit, project: ir.Project, symbols: Symbols) -> str:
    """What the project lacks for an edit to change anything."""
    match project.about:
        case "funnel":
            return _of_funnel(edit, project.of, symbols)
        case "life":
            return _of_life(edit, symbols.lives[project.of], symbols)
        case "line":
            staffed = isinstance(edit, ir.RouteTo | ir.Staffed)
            return "pools" if staffed and not pools_of(project, symbols) else ""


def _of_funnel(edit: ir.Edit, funnel: str, symbols: Symbols) -> str:
    effort = symbols.efforts.get(funnel)
    match edit:
        case ir.Times(of="value"):
            stages = symbols.funnels[funnel].stages
            return "" if any(stage.value is not None for stage in stages) else "value"
        case ir.Pays() | ir.Times(of="time" | "ceiling"):
            return "" if effort else "effort"
        case ir.Checked():
            return "" if funnel in symbols.qualities else "quality"
        case ir.ChecksUnpaid():
            lacking = "" if effort else "effort"
            return lacking if funnel in symbols.qualities else "quality"
        case ir.RouteTo() | ir.Reserve() | ir.Priority() | ir.Staffed() | ir.Trained():
            return "" if effort and effort.pools else "pools"
    return ""


def _of_life(edit: ir.Edit, life: ir.Life, symbols: Symbols) -> str:
    match edit:
        case ir.Times(of="leaving"):
            return "" if life.leaving else "leaving"
        case ir.Times(of="price"):
            return "" if any(each.way == "follows" for each in life.changes) else "follows price"
        case ir.Moves(column=column):
            known = [each.name for each in symbols.tables[life.table].columns]
            known += [each.name for each in symbols.features.values() if each.table == life.table]
            return "" if column in known else column
    return ""


def _pool(
    edit: ir.RouteTo | ir.Staffed | ir.Trained,
    lever: ir.Lever,
    name: str,
    span: Span,
    asked: Asked,
    symbols: Symbols,
) -> Diagnostic | None:
    """A pool must take part in the project, and serve whom it is sent."""
    pools = pools_of(asked.project, symbols)
    if edit.pool not in pools:
        return problems.pool_not_in_project(span, name, edit.pool, asked.project.of)
    pool = symbols.pools.get(edit.pool)
    if not isinstance(edit, ir.RouteTo) or pool is None or not pool.serves:
        return None
    if not set(pool.serves) <= set(all_segments(symbols)):
        return None
    sent = lever.segments or tuple(each for each in asked.by.segments if each != ir.SUPPRESSED)
    lost = next((each for each in sent if each not in pool.serves), None)
    return problems.routed_to_nobody(span, name, lost, pool.name) if lost else None
