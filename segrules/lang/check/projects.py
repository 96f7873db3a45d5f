"""Projects: what is projected, by which segments, for how long, and what against what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import fitting
from segrules.lang.check.figures import AMOUNT, stated
from segrules.lang.check.levers import MAX_MONTHS
from segrules.lang.check.lives import about, served_tables
from segrules.lang.check.scope import Symbols, nearest
from segrules.lang.check.segments import find_set
from segrules.lang.check.windows import length
from segrules.text import problems

MAX_RUNS = 1_000_000
DEFAULT_RUNS, DEFAULT_SEED = 10_000, 1
LIFE_RUNS = 500
"""Futures of a life where none are said: each plays every customer, which takes a hundred times as
long as a future of a funnel and more. A chance is then known to two points in a hundred."""

TOTAL, SALES = "all", "sales"
"""What results call all segments together, and those who reach the stage with a value."""
MONEY_MEASURES = ("revenue", "margin", "cost", "profit")
TODAY = "today"

_PERIODS = {"month": 1, "quarter": 3, "year": 12}


def projects(file: s.File, symbols: Symbols) -> list[ir.Project]:
    """Every `project`: what by which segments, for how long, what against what."""
    made: list[ir.Project] = []
    names: set[str] = set()
    for node in file.declarations:
        if isinstance(node, s.ProjectOf):
            if node.name.text in names:
                symbols.log.report(problems.twice(node.name.span, "project", node.name.text))
                continue
            names.add(node.name.text)
            found = _project(node, symbols)
            if found is not None:
                made.append(found)
    return made


@dataclass(frozen=True)
class _Of:
    """What a project is about, and the tables whose segments it may go by."""

    name: str
    about: Literal["funnel", "life", "line"]
    tables: tuple[str, ...]


def _project(node: s.ProjectOf, symbols: Symbols) -> ir.Project | None:
    log = symbols.log
    of = _choose(node, symbols)
    by = _choose_set(node, of, symbols)
    parts = {part.word: part for part in reversed(node.parts)}
    for part in node.parts:
        if part is not parts[part.word]:
            log.report(problems.twice(part.span, "line of the project", part.word))
    if of is None or by is None:
        return None
    _names_of_results(node, of, by, symbols)
    months, period = _months(parts.get("for"), symbols)
    usual = LIFE_RUNS if of.about == "life" else DEFAULT_RUNS
    runs = _whole_part(parts.get("runs"), (100, MAX_RUNS), usual, symbols)
    seed = _whole_part(parts.get("seed"), (0, 2**63 - 1), DEFAULT_SEED, symbols)
    target = parts.get("target")
    aim = stated(_figure(target), "target", AMOUNT, symbols) if target is not None else None
    compare = parts.get("compare")
    if compare is None:
        log.report(problems.project_compares_nothing(node.name.span, node.name.text))
        return None
    shown = ir.Project(
        node.name.text, of.name, of.about, by.name, months, period, runs, seed, (),
        _against(compare, symbols), _held(parts.get("hold"), symbols), aim, node.name.span,
    )  # fmt: skip
    fitting.check_project(shown, by, symbols)
    asked = fitting.Asked(shown, by)
    fit = {name.text for name in _own_first(compare.names, symbols) if _fits(name, asked, symbols)}
    if compare.against is not None and shown.against != TODAY:
        _fits(compare.against, asked, symbols)
    names = dict.fromkeys(name.text for name in compare.names if name.text in fit)
    return replace(shown, compare=tuple(names))


def _own_first(names: Sequence[s.Name], symbols: Symbols) -> list[s.Name]:
    """Scenarios with levers of their own before those made of others, which share them."""

    def is_bundle(name: s.Name) -> bool:
        found = symbols.scenarios.get(name.text)
        return found is not None and bool(found.parts)

    return sorted(names, key=is_bundle)


def _figure(part: s.ProjectPart) -> s.Expression:
    assert part.amount is not None
    return part.amount


# ---- what it is about


def _choose(node: s.ProjectOf, symbols: Symbols) -> _Of | None:
    """What `of` names, or the project's own name, or the only funnel, life or line there is."""
    known = [*symbols.funnels, *symbols.lives, *symbols.lines]
    name = node.of.text if node.of else node.name.text
    if name not in known and name in symbols.doubtful:
        return None
    if node.of is None and name not in known and len(known) == 1:
        name = known[0]
    kind = about(name, symbols)
    if kind is None:
        if not symbols.doubtful:
            symbols.log.report(problems.unknown_subject((node.of or node.name).span, known))
        return None
    match kind:
        case "funnel":
            return _Of(name, kind, (symbols.funnels[name].table,))
        case "life":
            return _Of(name, kind, (symbols.lives[name].table,))
        case "line":
            table = symbols.tables[symbols.lines[name].table]
            return _Of(name, kind, served_tables(table))


def _choose_set(node: s.ProjectOf, of: _Of | None, symbols: Symbols) -> ir.SegmentSet | None:
    if node.by is not None:
        found = find_set(node.by, symbols)
        if found and of and found.table not in of.tables:
            log = symbols.log
            log.report(problems.set_of_other_table(node.by.span, found.name, of.about, of.name))
            return None
        return found
    fitting_sets = [each for each in symbols.sets.values() if of and each.table in of.tables]
    if len(fitting_sets) == 1:
        return fitting_sets[0]
    if of is not None and not symbols.doubtful:
        names = [each.name for each in fitting_sets]
        symbols.log.report(problems.project_needs_set(node.name.span, names))
    return None


def _names_of_results(node: s.ProjectOf, of: _Of, by: ir.SegmentSet, symbols: Symbols) -> None:
    """No stage and no segment may be named as what the results call by this name."""
    stages: Sequence[ir.Stage] = symbols.funnels[of.name].stages if of.about == "funnel" else ()
    valued = next((stage.name for stage in stages if stage.value is not None), None)
    for stage in stages:
        taken = stage.name in MONEY_MEASURES
        if taken or (stage.name == SALES and valued not in (None, SALES)):
            symbols.log.report(problems.stage_is_measure(stage.span or node.name.span, stage.name))
    if TOTAL in by.segments:
        rule = next((rule.span for rule in by.rules if rule.segment == TOTAL), None)
        place = rule or by.span or node.name.span
        symbols.log.report(problems.segment_is_total(place, TOTAL, by.name))


# ---- for how long, against what


def _months(part: s.ProjectPart | None, symbols: Symbols) -> tuple[int, int]:
    """How many months, and how many of them are a period of the results."""
    if part is None:
        return 12, 1
    if isinstance(part.amount, s.LengthOf):
        found = length(part.amount, symbols)
        if found.unit == "months" and 1 <= found.count <= MAX_MONTHS:
            return found.count, _PERIODS[part.amount.unit]
    symbols.log.report(problems.project_months(part.span, MAX_MONTHS))
    return 12, 1


def _whole_part(
    part: s.ProjectPart | None, limits: tuple[int, int], default: int, symbols: Symbols
) -> int:
    if part is None or not isinstance(part.amount, s.Number):
        return default
    value = part.amount.value
    if value.denominator == 1 and limits[0] <= value <= limits[1]:
        return int(value)
    symbols.log.report(problems.project_number(part.span, part.word, limits))
    return default


def _against(compare: s.ProjectPart, symbols: Symbols) -> str:
    """Today, or a scenario that is none of those compared."""
    name = compare.against
    if name is None or name.text == TODAY:
        return TODAY
    if name.text not in symbols.scenarios:
        if name.text not in symbols.doubtful:
            near = nearest(name.text, [TODAY, *symbols.scenarios])
            symbols.log.report(problems.against_unknown(name.span, near))
        return TODAY
    if any(each.text == name.text for each in compare.names):
        symbols.log.report(problems.against_itself(name.span, name.text))
    return name.text


def _held(part: s.ProjectPart | None, symbols: Symbols) -> tuple[Literal["cost", "sales"], ...]:
    if part is None:
        return ()
    if len(set(part.held)) < len(part.held):
        symbols.log.report(problems.twice(part.span, "figure held", part.held[0]))
    words = [cast(Literal["cost", "sales"], word) for word in part.held]
    return tuple(dict.fromkeys(words))


def _fits(name: s.Name, asked: fitting.Asked, symbols: Symbols) -> bool:
    found = symbols.scenarios.get(name.text)
    if found is None:
        if name.text not in symbols.doubtful:
            near = nearest(name.text, symbols.scenarios)
            symbols.log.report(problems.unknown_scenario(name.span, name.text, near))
        return False
    return fitting.fits(found, name.span, asked, symbols)
