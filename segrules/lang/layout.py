"""Each declaration as items of lines: the formatter aligns them and puts the comments in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from segrules.lang import syntax as s
from segrules.lang.scan import first_brace
from segrules.lang.spelling import cell, expression, name, names, quantity, quote
from segrules.text.source import Span

WIDTH = 92
"""Conditions longer than this are laid out a part a line."""

Kind = Literal["open", "close", "end", "row", "knob", "let", "scenario", "line", "rule"]


@dataclass(frozen=True)
class Item:
    """One line (with `more` below it), its place in the source, and how it is aligned.

    `cells` are padded over a run of items of one `kind` in one `block`; without cells the text
    stands as it is.
    """

    text: str
    indent: int
    start: int
    end: int
    kind: Kind
    cells: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    block: int = -1
    takes_comment: bool = True


def declaration(node: s.Declaration) -> list[Item]:
    """The items of a declaration."""
    match node:
        case s.KnobOf():
            step = f" step {quantity(node.step)}" if node.step else ""
            limits = f"from {quantity(node.low)} to {quantity(node.high)}{step}"
            cells = (f"knob {name(node.name)}", f"= {quantity(node.value)}", limits)
            return [_single(node.span, "knob", cells)]
        case s.LetOf():
            return [_let(node)]
        case s.ScenarioOf(parts=parts) if parts:
            label = f" {quote(node.label)}" if node.label else ""
            head = f"scenario {name(node.name)}{label}"
            return [_single(node.span, "scenario", (head, f"= {names(parts, ' + ')}"))]
        case s.RulesetOf():
            lines = [_line(part.span, node, (part.word, _header(part))) for part in node.headers]
            return _block(f"ruleset {name(node.name)}", node, lines)
        case s.TableOf():
            return _table(node)
        case s.ScoreOf():
            of = f" of {name(node.table)}" if node.table else ""
            lines = [_line(part.span, node, (_points(part),)) for part in node.points]
            return _block(f"score {name(node.name)}{of}", node, lines)
        case s.BandOf():
            return _band(node)
        case s.SegmentsOf():
            lines = [_rule(part, node) for part in node.segments]
            lines += [_line(part.span, node, (_closer(part),)) for part in node.closers]
            head = f"segments {name(node.name)} of {name(node.table)}"
            return _block(head, node, lines)
        case _:
            return _other(node)


def _other(node: s.Declaration) -> list[Item]:
    """Tables of cells and the projection."""
    match node:
        case s.ConditionsOf():
            return _block(f"conditions of {name(node.of)}", node, _rows(node.rows, node))
        case s.ExamplesOf():
            return _examples(node)
        case s.FunnelOf():
            lines = [_line(part.span, node, _stage(part)) for part in node.stages]
            return _block(f"funnel {name(node.name)} of {name(node.table)}", node, lines)
        case s.AssumeOf():
            label = f" {quote(node.label)}" if node.label else ""
            high = f" to {quantity(node.high)}" if node.high else ""
            head = f"assume {name(node.name)}{label} = {quantity(node.low)}{high}"
            lines = [_line(part.span, node, (part.word, _evidence(part))) for part in node.evidence]
            return _block(head, node, lines)
        case s.ScenarioOf():
            label = f" {quote(node.label)}" if node.label else ""
            lines = [_line(part.span, node, (_lever(part),)) for part in node.levers]
            return _block(f"scenario {name(node.name)}{label}", node, lines)
        case s.ProjectOf():
            of = f" of {name(node.of)}" if node.of else ""
            by = f" by {name(node.by)}" if node.by else ""
            lines = [_line(part.span, node, (part.word, _project(part))) for part in node.parts]
            return _block(f"project {name(node.name)}{of}{by}", node, lines)
    raise AssertionError(f"no layout is given for {type(node).__name__}")


# ---- the shapes of lines


def _single(span: Span, kind: Kind, cells: tuple[str, ...]) -> Item:
    return Item("", 0, span.start, span.end, kind, cells)


def _line(span: Span, owner: s.Declaration, cells: tuple[str, ...]) -> Item:
    return Item("", 1, span.start, span.end, "line", cells, block=owner.span.start)


def _block(head: str, node: s.Declaration, lines: list[Item]) -> list[Item]:
    """`head {`, the lines, `}`."""
    span = node.span
    opening = Item(f"{head} {{", 0, span.start, first_brace(span.source, span.start), "open")
    closing = Item("}", 0, span.end - 1, span.end, "close")
    return [opening, *lines, closing]


def _broken(node: s.Expression, lead: str) -> tuple[str, ...]:
    """A chain a part a line, the word in front; anything else stays on one line."""
    if isinstance(node, s.Chain) and len(lead) + len(expression(node)) > WIDTH:
        first, *rest = (expression(part) for part in node.parts)
        pad = " " * (len(lead) - len(node.word) - 1)
        return (f"{lead}{first}", *(f"{pad}{node.word} {part}" for part in rest))
    return (f"{lead}{expression(node)}",)


def _let(node: s.LetOf) -> Item:
    of = f" of {name(node.table)}" if node.table else ""
    head = f"let {name(node.name)}{of}"
    first, *more = _broken(node.value, "= ")
    pad = " " * 4
    return Item(
        "",
        0,
        node.span.start,
        node.span.end,
        "let",
        (head, first),
        tuple(pad + line.lstrip() for line in more),
    )


def _rule(node: s.SegmentOf, owner: s.SegmentsOf) -> Item:
    label = f" {quote(node.label)}" if node.label else ""
    lines = tuple(f"    {line}" for line in _broken(node.when, "when "))
    return Item(
        f"{name(node.name)}{label}",
        1,
        node.span.start,
        node.span.end,
        "rule",
        (),
        lines,
        owner.span.start,
    )


def _table(node: s.TableOf) -> list[Item]:
    of = f" of {name(node.of)} by" if node.of else " key"
    source = f" derived from {name(node.source)}" if node.source else ""
    dated = f" dated {name(node.dated)}" if node.dated else ""
    head = f"table {name(node.name)}{of} {name(node.key)}{dated}{source}"
    if node.source and not node.columns:
        return [Item(head, 0, node.span.start, node.span.end, "line")]
    lines = [_line(part.span, node, _column(part)) for part in node.columns]
    return _block(head, node, lines)


def _column(node: s.ColumnOf) -> tuple[str, ...]:
    optional = "?" if node.optional else ""
    properties = " ".join(
        f"as {quote(part.heading)}" if part.heading else part.word for part in node.properties
    )
    cells = (name(node.name), f"{_type(node.type)}{optional}")
    return (*cells, properties) if properties else cells


def _type(node: s.TypeOf) -> str:
    limits = ""
    if node.low is not None and node.high is not None:
        limits = f" {node.low.written}..{node.high.written}"
    listed = names(node.names, " < " if node.word == "ordered" else ", ")
    return f"{node.word}{limits}" + (f" {listed}" if listed else "")


def _band(node: s.BandOf) -> list[Item]:
    rows = []
    for row in node.rows:
        label = name(row.label) if isinstance(row.label, s.Name) else row.label.written
        edge = f" {row.word} {quantity(row.edge)}" if row.edge else ""
        rows.append(f"{label}{edge}")
    head = f"band {name(node.name)} of {expression(node.value)}"
    flat = f"{head} {{ {' | '.join(rows)} }}"
    if len(flat) <= WIDTH:
        return [Item(flat, 0, node.span.start, node.span.end, "line")]
    lines = [
        _line(row.span, node, (f"{'| ' if at else ''}{text}",))
        for at, (row, text) in enumerate(zip(node.rows, rows, strict=True))
    ]
    return _block(head, node, lines)


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


# ---- the words of lines


def _header(node: s.Header) -> str:
    match node.value:
        case s.Quote():
            return quote(node.value)
        case s.Name() | s.Number():
            return quantity(node.value)


def _points(node: s.Points) -> str:
    when = f" when {expression(node.when)}" if node.when else ""
    return f"{node.word} {expression(node.value)}{when}"


def _closer(node: s.Closer) -> str:
    label = f" {quote(node.label)}" if node.label else ""
    return f"{node.word} {name(node.name)}{label}"


def _examples(node: s.ExamplesOf) -> list[Item]:
    """The heading on one line where it fits, otherwise a line each for what is given and cut."""
    parts = [f"examples of {name(node.of)} as_of {node.as_of.value.isoformat()}"]
    if node.given:
        given = ", ".join(f"{name(each.name)} {cell(each.value)}" for each in node.given)
        parts.append(f"with {given}")
    if node.cuts:
        parts.append(f"cut {', '.join(_cut(each) for each in node.cuts)}")
    block = _block(" ".join(parts), node, _rows(node.rows, node))
    if len(block[0].text) <= WIDTH:
        return block
    first, *more = parts
    more[-1] += " {"
    lines = tuple(f"    {line}" for line in more)
    return [replace(block[0], text=first, more=lines, takes_comment=False), *block[1:]]


def _cut(node: s.CutOf) -> str:
    rank = ""
    if node.quota is not None:
        rank = f"{'top' if node.top else 'bottom'} {quantity(node.quota)} by "
    return f"{rank}{name(node.name)} at {cell(node.value)}"


def _stage(node: s.StageOf) -> tuple[str, ...]:
    parts = []
    for part in node.parts:
        if part.word == "cost" and part.name is not None:
            parts.append(f"cost {name(part.name)} {expression(part.value)} each")
        else:
            parts.append(f"{part.word} {expression(part.value)}")
    cells = (name(node.name), f"at {name(node.at)}")
    return (*cells, " ".join(parts)) if parts else cells


def _evidence(node: s.Evidence) -> str:
    kind = f"{name(node.kind)} " if node.kind else ""
    return f"{kind}{cell(node.value)}"


def _lever(node: s.LeverOf) -> str:
    targets = names(node.targets) if node.targets else "every segment"
    effects = [
        f"{name(effect.stage)} odds {quantity(effect.amount)}"
        if effect.stage
        else f"cost {quantity(effect.amount)} each"
        for effect in node.effects
    ]
    return f"{node.kind} {targets} {' '.join(effects)}"


def _project(node: s.ProjectPart) -> str:
    if node.amount is not None:
        return quantity(node.amount)
    against = f" against {name(node.against)}" if node.against else ""
    return f"{names(node.names)}{against}"
