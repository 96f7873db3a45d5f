"""Segments, flags, and what is done for or against them."""

from __future__ import annotations

from dataclasses import replace

from segrules.lang import syntax as s
from segrules.lang.layout.items import (
    PAD,
    Item,
    block,
    broken,
    flat,
    flowing,
    headed,
    labelled,
    line,
    under,
)
from segrules.lang.spelling import cell, expression, name, names, quantity, quote


def segments(node: s.SegmentsOf) -> list[Item]:
    parts = [f"segments {name(node.name)} of {name(node.table)}"]
    if node.ladder:
        parts.append(f"ladder {names(node.ladder, ' < ')}")
    lines = [item for part in node.segments for item in _segment(part, node)]
    lines += [line(part.span, node, (_closer(part),)) for part in node.closers]
    return headed(parts, node, lines)


def _segment(node: s.SegmentOf, owner: s.SegmentsOf) -> list[Item]:
    """The name, its condition below, and a line each for what holds it."""
    lines = tuple(f"{PAD}{each}" for each in broken(node.when, "when "))
    text = labelled(name(node.name), node.label)
    end = node.when.span.end
    rule = Item(text, 1, node.span.start, end, "rule", (), lines, owner.span.start)
    return [rule, *(under(each.span, 3, _hold(each)) for each in node.holds)]


def _hold(node: s.Leave | s.Stay) -> str:
    match node:
        case s.Stay(length=length):
            return f"stay at least {quantity(length)}"
        case s.Leave(when=when, reviews=reviews):
            if reviews is None:
                return f"leave when {expression(when)}"
            counted = "review" if reviews.value == 1 else "reviews"
            return f"leave when {expression(when)} for {quantity(reviews)} {counted} running"


def _closer(node: s.Closer) -> str:
    return labelled(f"{node.word} {name(node.name)}", node.label)


def flags(node: s.FlagsOf) -> list[Item]:
    heads = [labelled(name(each.name), each.label) for each in node.flags]
    before = max(map(len, heads)) + 3
    lines = []
    for each, head in zip(node.flags, heads, strict=True):
        first, *rest = broken(each.when, "when ", before)
        more = tuple(f"{PAD}{part.lstrip()}" for part in rest)
        made = line(each.span, node, (head, first))
        lines.append(replace(made, more=more))
    return block(f"flags of {name(node.table)}", node, lines)


# ---- for and against


def suppress(node: s.SuppressOf) -> list[Item]:
    when = broken(node.when, "when ")
    return flowing([(f"suppress {names(node.names)}",), when, (_reason(node.reason),)], node)


def override(node: s.OverrideOf) -> list[Item]:
    keys = ", ".join(quote(key) for key in node.keys)
    head = f"override {name(node.of)} for {keys} to {name(node.to)}"
    return flowing([(head,), (f"until {cell(node.until)}",), (_reason(node.reason),)], node)


def _reason(node: s.Quote) -> str:
    return f"reason {quote(node)}"


def cap(node: s.CapOf) -> list[Item]:
    of = f" of {name(node.of)}" if node.of else ""
    head = f"cap {name(node.segment)}{of} at {quantity(node.count)}"
    return flowing([(head,), (f"by {expression(node.by)}, rest to {name(node.rest)}",)], node)


def allot(node: s.AllotOf) -> list[Item]:
    head = f"allot {name(node.segment)} of {name(node.of)}"
    bests = [
        (f"best {quantity(each.count)}", f"by {expression(each.by)}", f"to {name(each.to)}")
        for each in node.best
    ]
    rest = f"rest to {name(node.rest)}"
    lines = [line(each.span, node, cells) for each, cells in zip(node.best, bests, strict=True)] + [
        line(node.rest.span, node, (rest,))
    ]
    return flat(head, [*map(" ".join, bests), rest], node, " ") or block(head, node, lines)


def holdout(node: s.HoldoutOf) -> list[Item]:
    over = [(f"spread over {names(node.over)}",)] if node.over else []
    head = f"holdout {quantity(node.share)} of each {name(node.of)}"
    return flowing([(head,), *over, (f"salt {quote(node.salt)}",)], node)


def target(node: s.TargetOf) -> list[Item]:
    reason = [(_reason(node.reason),)] if node.reason else []
    head = f"target market of {name(node.table)}"
    return flowing([(head,), broken(node.when, "when "), *reason], node)
