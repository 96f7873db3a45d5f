"""Funnels, assumptions, scenarios and projects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check.coerce import exact_value, money_constant, to_minor
from segrules.lang.check.expressions import elaborate, literal
from segrules.lang.check.order import settle
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest
from segrules.lang.check.segments import find_set, main_table
from segrules.lang.check.windows import length
from segrules.lang.types import Date, Instant, Money, Number, Whole, decimals, spell
from segrules.text import problems

SOURCES = ("data", "experiment", "literature", "judgement")
MAX_RUNS = 1_000_000
MAX_MONTHS = 120
DEFAULT_RUNS, DEFAULT_SEED = 10_000, 1
TOTAL, SALES = "all", "sales"
"""What results call all segments together, and those who reach the stage with a value."""
MONEY_MEASURES = ("revenue", "cost", "profit")


# ---- funnels


def funnels(file: s.File, symbols: Symbols) -> None:
    """Every funnel: stages in order, each with the date of reaching it."""
    for node in file.declarations:
        if isinstance(node, s.FunnelOf):
            if node.name.text in symbols.funnels:
                symbols.log.report(problems.twice(node.name.span, "funnel", node.name.text))
                continue
            table = main_table(node.table, symbols)
            if table is not None:
                symbols.funnels[node.name.text] = _funnel(node, table, symbols)
            else:
                symbols.doubtful |= {node.name.text} | {stage.name.text for stage in node.stages}


def _funnel(node: s.FunnelOf, table: ir.Table, symbols: Symbols) -> ir.Funnel:
    scope = Scope(symbols, table, outcomes=True)
    stages: list[ir.Stage] = []
    for each in node.stages:
        if any(stage.name == each.name.text for stage in stages):
            symbols.log.report(problems.twice(each.name.span, "stage", each.name.text))
            continue
        stages.append(_stage(each, scope, first=not stages))
    if len(stages) < 2:
        symbols.log.report(problems.funnel_too_short(node.name.span))
    valued = [stage for stage in stages if stage.value is not None]
    for extra in valued[1:]:
        if extra.span:
            symbols.log.report(problems.twice(extra.span, "stage with a value", extra.name))
    return ir.Funnel(node.name.text, table.name, tuple(stages), node.name.span)


def _stage(node: s.StageOf, scope: Scope, *, first: bool) -> ir.Stage:
    column = scope.table.column(node.at.text)
    if column is None:
        if not scope.doubts(node.at.text):
            names = [known.name for known in scope.table.columns]
            scope.log.report(
                problems.unknown_column(
                    node.at.span, node.at.text, scope.table.name, nearest(node.at.text, names)
                )
            )
    elif not isinstance(column.type, Date | Instant):
        scope.log.report(problems.date_needed(node.at.span, spell(column.type)))
    elif not first and not column.until_outcome:
        scope.log.report(problems.stage_is_an_outcome(node.at.span, node.at.text, node.name.text))
    within = None
    value = None
    costs: list[ir.Cost] = []
    for at, part in enumerate(node.parts):
        if part.word != "cost" and part.word in [other.word for other in node.parts[:at]]:
            scope.log.report(problems.twice(part.span, "part of the stage", part.word))
        if part.word == "within" and isinstance(part.value, s.LengthOf):
            within = length(part.value, scope.symbols)
        elif part.word == "value":
            value = _money(part.value, scope)
        elif part.name is not None:
            amount = _money(part.value, scope)
            if amount is not None:
                if any(cost.name == part.name.text for cost in costs):
                    scope.log.report(problems.twice(part.name.span, "cost", part.name.text))
                costs.append(ir.Cost(part.name.text, amount))
    if within is None and not first:
        scope.log.report(problems.stage_needs_limit(node.name.span, node.name.text))
        within = ir.Length(30, "days")
    if within is not None and first:
        scope.log.report(problems.entry_has_no_limit(node.name.span, node.name.text))
    return ir.Stage(node.name.text, node.at.text, within, value, tuple(costs), node.name.span)


def _money(node: s.Expression, scope: Scope) -> ir.Expr | None:
    value = to_minor(elaborate(node, scope))
    if is_unclear(value):
        return None
    if isinstance(value, ir.Const) and isinstance(value.type, Whole | Number):
        currency = _currency(scope.symbols, node)
        return money_constant(value, currency, scope.log) if currency else None
    if not isinstance(value.type, Money):
        scope.log.report(problems.money_needed(node.span, spell(value.type)))
        return None
    return value


def _currency(symbols: Symbols, node: s.Expression) -> str | None:
    if symbols.currency is None and not symbols.doubtful:
        symbols.log.report(problems.no_currency(node.span))
    return symbols.currency


# ---- assumptions and scenarios


@dataclass(frozen=True)
class _Roles:
    odds: frozenset[str]
    amounts: frozenset[str]

    def of(self, name: str) -> Literal["odds", "amount", ""]:
        return "odds" if name in self.odds else "amount" if name in self.amounts else ""


def _roles(file: s.File) -> _Roles:
    effects = [
        effect
        for node in file.declarations
        if isinstance(node, s.ScenarioOf)
        for lever in node.levers
        for effect in lever.effects
    ]
    odds = {
        effect.amount.text
        for effect in effects
        if effect.stage is not None and isinstance(effect.amount, s.Name)
    }
    amounts = {
        effect.amount.text
        for effect in effects
        if effect.stage is None and isinstance(effect.amount, s.Name)
    }
    return _Roles(frozenset(odds), frozenset(amounts))


def assumptions(file: s.File, symbols: Symbols) -> None:
    """Every `assume`, with its range in the unit the scenarios use it in."""
    roles = _roles(file)
    for node in file.declarations:
        if isinstance(node, s.AssumeOf):
            if node.name.text in symbols.assumptions:
                symbols.log.report(problems.twice(node.name.span, "assumption", node.name.text))
                continue
            role = roles.of(node.name.text)
            if node.name.text in roles.odds & roles.amounts:
                symbols.log.report(problems.assumption_in_two_roles(node.name.span, node.name.text))
            if not role and not symbols.doubtful:
                symbols.log.report(problems.assumption_unused(node.name.span, node.name.text))
            symbols.assumptions[node.name.text] = _assumption(node, role, symbols)


def _assumption(
    node: s.AssumeOf, role: Literal["odds", "amount", ""], symbols: Symbols
) -> ir.Assumption:
    scope = Scope(symbols, ir.Table("", "main", "", ()))
    low, high = (_plain(part, scope) for part in (node.low, node.high or node.low))
    if low > high:
        symbols.log.report(problems.range_backwards(node.low.span.to((node.high or node.low).span)))
    if role == "odds" and low <= 0:
        symbols.log.report(problems.odds_not_positive(node.low.span, node.name.text))
        low, high = 1.0, 1.0
    if role == "amount":
        scale = 10 ** decimals(symbols.currency)
        low, high = low * scale, high * scale
    parts = {part.word: part for part in node.evidence}
    source = parts.get("source")
    kind = source.kind.text if source and source.kind else ""
    if kind not in SOURCES:
        place = source.span if source else node.name.span
        symbols.log.report(problems.assumption_source(place, node.name.text, SOURCES))
    if kind == "judgement" and node.high is None:
        symbols.log.report(problems.judgement_without_range(node.low.span, node.name.text))
    lacking = [word for word in ("owner", "until") if word not in parts]
    if lacking:
        symbols.log.report(problems.assumption_incomplete(node.name.span, node.name.text, lacking))
    texts = {
        word: part.value.value for word, part in parts.items() if isinstance(part.value, s.Quote)
    }
    until = parts["until"].value if "until" in parts else None
    return ir.Assumption(
        node.name.text, node.label.value if node.label else "", role, low, high, kind,
        texts.get("source", ""), texts.get("owner", ""),
        until.value if isinstance(until, s.DateOf) else None, node.name.span,
    )  # fmt: skip


def _plain(part: s.Quantity, scope: Scope) -> float:
    if isinstance(part, s.LengthOf):
        scope.log.report(problems.not_a_number(part.span, "a length of time"))
        return 1.0
    return float(exact_value(literal(part, scope)))


def scenarios(file: s.File, symbols: Symbols) -> None:
    """Every scenario; bundles are the levers of their parts in order."""
    nodes: dict[str, s.ScenarioOf] = {}
    for node in file.declarations:
        if isinstance(node, s.ScenarioOf):
            if node.name.text == "today":
                symbols.log.report(problems.today_is_taken(node.name.span))
            elif node.name.text in nodes:
                symbols.log.report(problems.twice(node.name.span, "scenario", node.name.text))
            else:
                nodes[node.name.text] = node
    uses = {
        name: [part.text for part in node.parts if part.text in nodes]
        for name, node in nodes.items()
    }
    order, circles = settle(uses)
    circular = {name for circle in circles for name in circle.names}
    for circle in circles:
        symbols.log.report(problems.cycle(nodes[circle.way[0]].name.span, circle.way))
    symbols.doubtful |= circular
    for name in order:
        if name not in circular:
            symbols.scenarios[name] = _scenario(nodes[name], nodes, symbols)


def _scenario(node: s.ScenarioOf, nodes: dict[str, s.ScenarioOf], symbols: Symbols) -> ir.Scenario:
    """A scenario whose parts are settled; a lever that several parts share counts once."""
    levers = [_lever(each, symbols) for each in node.levers]
    for part in node.parts:
        if part.text not in nodes and part.text not in symbols.doubtful:
            near = nearest(part.text, nodes)
            symbols.log.report(problems.unknown_scenario(part.span, part.text, near))
        elif part.text in symbols.scenarios:
            found = symbols.scenarios[part.text].levers
            levers.extend(lever for lever in found if all(lever is not each for each in levers))
    return ir.Scenario(
        node.name.text, node.label.value if node.label else "", tuple(levers),
        tuple(part.text for part in node.parts), node.name.span,
    )  # fmt: skip


def _lever(node: s.LeverOf, symbols: Symbols) -> ir.Lever:
    known = {segment for found in symbols.sets.values() for segment in found.segments}
    for target in node.targets:
        if target.text not in known and target.text not in symbols.doubtful:
            symbols.log.report(
                problems.unknown_segment(
                    target.span, target.text, "any set", nearest(target.text, known)
                )
            )
    odds: list[ir.Edit] = []
    cost: float | str | None = None
    for effect in node.effects:
        if isinstance(effect.amount, s.Name):
            _check_assumption(effect.amount, symbols)
        if effect.stage is None:
            if cost is not None:
                symbols.log.report(problems.twice(effect.span, "part of the lever", "cost"))
            cost = _cost(effect, symbols)
        elif isinstance(effect.amount, s.Name):
            _check_stage(effect.stage, symbols)
            odds.append(ir.Odds(effect.stage.text, effect.amount.text))
    if not odds:
        symbols.log.report(problems.lever_without_effect(node.span, node.kind))
    targets = tuple(dict.fromkeys(target.text for target in node.targets))
    for at, target in enumerate(node.targets):
        if any(earlier.text == target.text for earlier in node.targets[:at]):
            symbols.log.report(problems.segment_named_twice(target.span, target.text))
    costs = () if cost is None else (ir.LeverCost(cost),)
    return ir.Lever(node.kind, targets, tuple(odds), costs, span=node.span)


def _check_assumption(name: s.Name, symbols: Symbols) -> None:
    if name.text not in symbols.assumptions and name.text not in symbols.doubtful:
        near = nearest(name.text, symbols.assumptions)
        symbols.log.report(problems.unknown_assumption(name.span, name.text, near))


def _check_stage(name: s.Name, symbols: Symbols) -> None:
    known = [stage.name for funnel in symbols.funnels.values() for stage in funnel.stages[1:]]
    if name.text not in known and name.text not in symbols.doubtful:
        symbols.log.report(problems.unknown_stage(name.span, name.text, nearest(name.text, known)))


def _cost(effect: s.Effect, symbols: Symbols) -> float | str:
    if isinstance(effect.amount, s.Name):
        return effect.amount.text
    return float(effect.amount.value * 10 ** decimals(symbols.currency))


# ---- projects


def projects(file: s.File, symbols: Symbols) -> list[ir.Project]:
    """Every `project`: which funnel by which segments, for how long, what against today."""
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


def _project(node: s.ProjectOf, symbols: Symbols) -> ir.Project | None:
    log = symbols.log
    funnel = _choose_funnel(node, symbols)
    by = _choose_set(node, funnel, symbols)
    parts = {part.word: part for part in node.parts}
    for part in node.parts:
        if part is not parts[part.word]:
            log.report(problems.twice(part.span, "line of the project", part.word))
    if funnel is None or by is None:
        return None
    _names_of_results(node, funnel, by, symbols)
    months = _months(parts.get("for"), symbols)
    runs = _whole_part(parts.get("runs"), (100, MAX_RUNS), DEFAULT_RUNS, symbols)
    seed = _whole_part(parts.get("seed"), (0, 2**63 - 1), DEFAULT_SEED, symbols)
    compare = parts.get("compare")
    if compare is None:
        log.report(problems.project_compares_nothing(node.name.span, node.name.text))
        return None
    if compare.against is not None and compare.against.text != "today":
        log.report(problems.against_today(compare.against.span))
    names = [name for name in compare.names if _fitting_scenario(name, funnel, by, symbols)]
    return ir.Project(
        node.name.text,
        funnel.name,
        "funnel",
        by.name,
        months,
        1,
        runs,
        seed,
        tuple(dict.fromkeys(name.text for name in names)),
        span=node.name.span,
    )


def _names_of_results(
    node: s.ProjectOf, funnel: ir.Funnel, by: ir.SegmentSet, symbols: Symbols
) -> None:
    """No stage and no segment may be named as what the results call by this name."""
    valued = next((stage.name for stage in funnel.stages if stage.value is not None), None)
    for stage in funnel.stages:
        taken = stage.name in MONEY_MEASURES
        if taken or (stage.name == SALES and valued not in (None, SALES)):
            symbols.log.report(problems.stage_is_measure(stage.span or node.name.span, stage.name))
    if TOTAL in by.segments:
        rule = next((rule.span for rule in by.rules if rule.segment == TOTAL), None)
        place = rule or by.span or node.name.span
        symbols.log.report(problems.segment_is_total(place, TOTAL, by.name))


def _choose_funnel(node: s.ProjectOf, symbols: Symbols) -> ir.Funnel | None:
    name = node.of or (node.name if node.name.text in symbols.funnels else None)
    if name is None and len(symbols.funnels) == 1:
        return next(iter(symbols.funnels.values()))
    found = symbols.funnels.get(name.text) if name else None
    if found is None and not symbols.doubtful:
        symbols.log.report(problems.unknown_funnel((name or node.name).span, list(symbols.funnels)))
    return found


def _choose_set(
    node: s.ProjectOf, funnel: ir.Funnel | None, symbols: Symbols
) -> ir.SegmentSet | None:
    if node.by is not None:
        found = find_set(node.by, symbols)
        if found and funnel and found.table != funnel.table:
            symbols.log.report(problems.set_of_other_table(node.by.span, found.name, funnel.name))
            return None
        return found
    fitting = [found for found in symbols.sets.values() if funnel and found.table == funnel.table]
    if len(fitting) == 1:
        return fitting[0]
    if funnel is not None and not symbols.doubtful:
        names = [found.name for found in fitting]
        symbols.log.report(problems.project_needs_set(node.name.span, names))
    return None


def _months(part: s.ProjectPart | None, symbols: Symbols) -> int:
    if part is None:
        return 12
    if isinstance(part.amount, s.LengthOf):
        found = length(part.amount, symbols)
        if found.unit == "months" and 1 <= found.count <= MAX_MONTHS:
            return found.count
    symbols.log.report(problems.project_months(part.span, MAX_MONTHS))
    return 12


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


def _fitting_scenario(name: s.Name, funnel: ir.Funnel, by: ir.SegmentSet, symbols: Symbols) -> bool:
    found = symbols.scenarios.get(name.text)
    if found is None:
        if name.text not in symbols.doubtful:
            near = nearest(name.text, symbols.scenarios)
            symbols.log.report(problems.unknown_scenario(name.span, name.text, near))
        return False
    stages = {stage.name for stage in funnel.stages[1:]}
    for lever in found.levers:
        odd = [segment for segment in lever.segments if segment not in by.segments]
        odd += [
            each.stage
            for each in lever.edits
            if isinstance(each, ir.Odds) and each.stage not in stages
        ]
        if odd and not symbols.doubtful & set(odd):
            symbols.log.report(
                problems.scenario_does_not_fit(name.span, name.text, odd[0], by.name, funnel.name)
            )
            return False
    return True
