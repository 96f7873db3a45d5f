"""Funnels, assumptions, scenarios and projects."""

from __future__ import annotations

from segrules.lang import syntax as s
from segrules.lang.layout.items import Item, block, labelled, line, single
from segrules.lang.spelling import cell, expression, name, names, quantity


def funnel(node: s.FunnelOf) -> list[Item]:
    lines = [line(part.span, node, _stage(part)) for part in node.stages]
    return block(f"funnel {name(node.name)} of {name(node.table)}", node, lines)


def _stage(node: s.StageOf) -> tuple[str, ...]:
    parts = []
    for part in node.parts:
        if part.word == "cost" and part.name is not None:
            parts.append(f"cost {name(part.name)} {expression(part.value)} each")
        else:
            parts.append(f"{part.word} {expression(part.value)}")
    cells = (name(node.name), f"at {name(node.at)}")
    return (*cells, " ".join(parts)) if parts else cells


def assume(node: s.AssumeOf) -> list[Item]:
    high = f" to {quantity(node.high)}" if node.high else ""
    head = f"{labelled(f'assume {name(node.name)}', node.label)} = {quantity(node.low)}{high}"
    lines = [line(part.span, node, (part.word, _evidence(part))) for part in node.evidence]
    return block(head, node, lines)


def _evidence(node: s.Evidence) -> str:
    kind = f"{name(node.kind)} " if node.kind else ""
    return f"{kind}{cell(node.value)}"


def scenario(node: s.ScenarioOf) -> list[Item]:
    head = labelled(f"scenario {name(node.name)}", node.label)
    if node.parts:
        return [single(node.span, "scenario", (head, f"= {names(node.parts, ' + ')}"))]
    return block(head, node, [line(part.span, node, (_lever(part),)) for part in node.levers])


def _lever(node: s.LeverOf) -> str:
    effects = [_effect(effect) for effect in node.effects]
    if node.whole and effects[:1] == ["pay none"]:
        return " ".join([node.kind, *effects])
    targets = names(node.targets) if node.targets else "every segment"
    return " ".join([node.kind, targets, *effects])


def _effect(node: s.Effect) -> str:
    figure = "" if node.figure is None else quantity(node.figure)
    also = "".join(f" {_also(each)}" for each in node.also)
    match node.word:
        case "neutral cost" | "pay none":
            return node.word
        case "to" if node.name is not None:
            return f"to {name(node.name)}{also}"
        case "cost each" | "cost once" | "cost monthly":
            return f"cost {figure} {node.word.removeprefix('cost ')}"
        case "from":
            return f"from month {figure}"
    named = f"{name(node.name)} " if node.name is not None else ""
    return f"{named}{node.word} {figure}{also}"


def _also(node: s.Also) -> str:
    figure = quantity(node.figure)
    if node.word == "after":
        return f"after {figure} {'second' if figure == '1' else 'seconds'}"
    return f"{node.word} {figure}"


def project(node: s.ProjectOf) -> list[Item]:
    of = f" of {name(node.of)}" if node.of else ""
    by = f" by {name(node.by)}" if node.by else ""
    lines = [line(part.span, node, (part.word, _project(part))) for part in node.parts]
    return block(f"project {name(node.name)}{of}{by}", node, lines)


def _project(node: s.ProjectPart) -> str:
    if node.amount is not None:
        return quantity(node.amount)
    if node.held:
        return ", ".join(node.held)
    against = f" against {name(node.against)}" if node.against else ""
    return f"{names(node.names)}{against}"
