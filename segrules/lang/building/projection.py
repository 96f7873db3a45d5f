"""Funnels, assumptions, scenarios and projects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from segrules.lang import syntax as s
from segrules.lang.building.builder import Builder, Child, Rule, first, item, of
from segrules.text.source import Span


def _part(word: Any) -> Rule:
    return lambda _b, c, span: s.StagePart(word, c[-1], c[0] if len(c) == 2 else None, span)


def _assume(_b: Builder, c: list[Child], span: Span) -> s.AssumeOf:
    label = first(s.Quote, c)
    amounts = of((s.Number, s.Percent, s.LengthOf), c[1:])
    high = amounts[1] if len(amounts) > 1 else None
    return s.AssumeOf(c[0], label, amounts[0], high, of(s.Evidence, c), span)


def _evidence(word: Any) -> Rule:
    return lambda _b, c, span: s.Evidence(word, c[0] if len(c) == 2 else None, c[-1], span)


def _scenario_levers(_b: Builder, c: list[Child], span: Span) -> s.ScenarioOf:
    return s.ScenarioOf(c[0], first(s.Quote, c), of(s.LeverOf, c), (), span)


def _scenario_bundle(_b: Builder, c: list[Child], span: Span) -> s.ScenarioOf:
    return s.ScenarioOf(c[0], first(s.Quote, c), (), of(s.Name, c[1:]), span)


def _lever(_b: Builder, c: list[Child], span: Span) -> s.LeverOf:
    """`qa pay none` names no segments, as `every segment` does; the latter is an empty tuple."""
    targets = c[1] if isinstance(c[1], tuple) else ()
    return s.LeverOf(str(c[0]), targets, not targets, of(s.Effect, c), span)


def _cost(_b: Builder, c: list[Child], span: Span) -> s.Effect:
    return s.Effect(cast(Any, f"cost {c[1]}"), None, c[0], (), span)


def _figure(_b: Builder, c: list[Child], span: Span) -> s.Effect:
    return s.Effect(cast(Any, str(c[0])), None, c[1], (), span)


def _stage_effect(word: Any) -> Rule:
    """`sale odds figure`, with the word between them as a token or not."""
    return lambda _b, c, span: s.Effect(word, c[0], c[-1], (), span)


def _timing(word: Any) -> Rule:
    return lambda _b, c, span: s.Effect(word, None, c[-1], (), span)


def _moves(_b: Builder, c: list[Child], span: Span) -> s.Effect:
    """`satisfaction by 1 to 8 chance c fall_back f`."""
    name, by, to, chance, _word, fall_back = c
    found = (("to", to), ("chance", chance), ("fall_back", fall_back))
    return s.Effect("by", name, by, _also(found), span)


def _to(_b: Builder, c: list[Child], span: Span) -> s.Effect:
    """`to retention_desk after 60 seconds`."""
    return s.Effect("to", c[0], None, _also((("after", c[2]),)), span)


def _skill(_b: Builder, c: list[Child], span: Span) -> s.Effect:
    return s.Effect("skill", None, c[1], _also((("odds", c[2]),)), span)


def _also(found: Iterable[tuple[Any, s.Figure | None]]) -> tuple[s.Also, ...]:
    return tuple(s.Also(word, each, each.span) for word, each in found if each is not None)


def _project_part(word: Any) -> Rule:
    return lambda _b, c, span: s.ProjectPart(word, c[-1], (), None, (), span)


def _compare(_b: Builder, c: list[Child], span: Span) -> s.ProjectPart:
    return s.ProjectPart("compare", None, tuple(c[:-1]), c[-1], (), span)


def _hold(_b: Builder, c: list[Child], span: Span) -> s.ProjectPart:
    return s.ProjectPart("hold", None, (), None, tuple(map(str, c[1:])), span)


RULES: dict[str, Rule] = {
    "funnel": lambda _b, c, span: s.FunnelOf(c[0], c[1], tuple(c[2:]), span),
    "stage": lambda _b, c, span: s.StageOf(c[0], c[1], tuple(c[2:]), span),
    "stage_within": _part("within"),
    "stage_value": _part("value"),
    "stage_cost": _part("cost"),
    "assume": _assume,
    "evidence_source": _evidence("source"),
    "evidence_owner": _evidence("owner"),
    "evidence_until": _evidence("until"),
    "scenario_levers": _scenario_levers,
    "scenario_bundle": _scenario_bundle,
    "lever": _lever,
    "lever_for_all": _lever,
    "some_segments": item,
    "every_segment": lambda _b, _c, _span: (),
    "effect_odds": _stage_effect("odds"),
    "effect_plus": _stage_effect("plus"),
    "effect_times": _stage_effect("times"),
    "effect_moves": _moves,
    "effect_to": _to,
    "effect_skill": _skill,
    "effect_neutral": lambda _b, _c, span: s.Effect("neutral cost", None, None, (), span),
    "effect": item,
    "checks_unpaid": lambda _b, _c, span: s.Effect("pay none", None, None, (), span),
    "effect_cost": _cost,
    "effect_figure": _figure,
    "effect_from": _timing("from"),
    "effect_for": _timing("for"),
    "effect_over": _timing("over"),
    "project": lambda _b, c, span: s.ProjectOf(c[0], c[1], c[2], tuple(c[3:]), span),
    **{f"project_{word}": _project_part(word) for word in ("for", "runs", "seed", "target")},
    "project_compare": _compare,
    "project_hold": _hold,
}
