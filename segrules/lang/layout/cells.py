"""Declarations made of cells, personas and claims."""

from __future__ import annotations

from segrules.lang import syntax as s
from segrules.lang.layout.items import Item, block, flat, headed, labelled, line
from segrules.lang.spelling import cell, expression, name, names, quantity


def _rows(rows: tuple[s.Row, ...], owner: s.Declaration) -> list[Item]:
    made = []
    for row in rows:
        cells = [f"| {cell(each)}" for each in row.cells]
        for at, each in enumerate(row.expect):
            cells.append(f"{'=>' if at == 0 else '| '}{cell(each)}")
        made.append(
            Item("", 1, row.span.start, row.span.end, "row", tuple(cells), block=owner.span.start)
        )
    return made


def conditions(node: s.ConditionsOf) -> list[Item]:
    return block(f"conditions of {name(node.of)}", node, _rows(node.rows, node))


def grid(node: s.GridOf) -> list[Item]:
    of = f" of {name(node.table)}" if node.table else ""
    parts = [f"grid {name(node.name)}{of}", f"from {names(node.inputs)}", f"pick {node.pick}"]
    return headed(parts, node, _rows(node.rows, node))


def examples(node: s.ExamplesOf) -> list[Item]:
    parts = [f"examples of {name(node.of)} as_of {node.as_of.value.isoformat()}"]
    if node.given:
        parts.append(f"with {', '.join(_setting(each) for each in node.given)}")
    if node.cuts:
        parts.append(f"cut {', '.join(_cut(each) for each in node.cuts)}")
    return headed(parts, node, _rows(node.rows, node))


def _setting(node: s.Setting) -> str:
    return f"{name(node.name)} {cell(node.value)}"


def _cut(node: s.CutOf) -> str:
    rank = ""
    if node.quota is not None:
        rank = f"{'top' if node.top else 'bottom'} {quantity(node.quota)} by "
    return f"{rank}{name(node.name)} at {cell(node.value)}"


def persona(node: s.PersonaOf) -> list[Item]:
    head = labelled(f"persona {name(node.name)}", node.label)
    listed = [_setting(each) for each in node.settings]
    # a comma keeps a name behind a value from being read as a word of the language
    ends = ["," if at + 1 < len(node.settings) else "" for at in range(len(node.settings))]
    lines = [
        line(each.span, node, (name(each.name), f"{cell(each.value)}{end}"))
        for each, end in zip(node.settings, ends, strict=True)
    ]
    return flat(head, listed, node, ", ") or block(head, node, lines)


# ---- claims


def claims(node: s.ClaimsOf) -> list[Item]:
    lines = [line(each.span, node, (_claim(each),)) for each in node.claims]
    return block(f"claims of {name(node.of)}", node, lines)


def _claim(node: s.Claim) -> str:
    match node:
        case s.NeverClaim(condition=condition):
            return f"never {expression(condition)}"
        case s.MoreClaim(more=more, lowers=lowers):
            return f"more {name(more)} never lowers {name(lowers)}"
        case s.ShareClaim(segment=segment, word=word, share=share, on=on):
            return f"{name(segment)} stays {word} {quantity(share)}{_on(on)}"
        case s.PersonaClaim(persona=who, segment=segment):
            return f"persona {name(who)} is {name(segment)}"
        case s.FlappingClaim():
            return "flapping with tolerance < flapping without tolerance"
        case s.TopClaim(quota=quota, by=by, share=share, of=of, on=on):
            bring = f"bring at least {quantity(share)} of {name(of)}"
            return f"top {quantity(quota)} by {name(by)} {bring}{_on(on)}"


def _on(node: s.Name | None) -> str:
    return f" on {name(node)}" if node else ""
