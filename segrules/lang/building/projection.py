"""Funnels, assumptions, scenarios and projects."""

from __future__ import annotations

from typing import Any

from segrules.lang import syntax as s
from segrules.lang.building.builder import Builder, Child, Rule, first, listed, make, of
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


def _project_part(word: Any) -> Rule:
    def build(_b: Builder, c: list[Child], span: Span) -> s.ProjectPart:
        names = of(s.Name, c)
        amount = None if names else c[0]
        against = names[-1] if names else None
        return s.ProjectPart(word, amount, names[:-1], against, span)

    return build


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
    "lever": lambda _b, c, span: s.LeverOf(str(c[0]), c[1], of(s.Effect, c), span),
    "some_segments": listed,
    "every_segment": lambda _b, _c, _span: (),
    "effect_odds": make(s.Effect),
    "effect_cost": lambda _b, c, span: s.Effect(None, c[0], span),
    "project": lambda _b, c, span: s.ProjectOf(c[0], c[1], c[2], tuple(c[3:]), span),
    **{f"project_{word}": _project_part(word) for word in ("for", "runs", "seed", "compare")},
}
