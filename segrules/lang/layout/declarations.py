"""The heading, knobs, tables, identity and named values."""

from __future__ import annotations

from segrules.lang import syntax as s
from segrules.lang.layout.items import (
    PAD,
    Item,
    block,
    broken,
    flat,
    flowing,
    headed,
    line,
    single,
    under,
)
from segrules.lang.spelling import cell, expression, name, names, quantity, quote


def use(node: s.UseOf) -> list[Item]:
    return flowing([(f"use {quote(node.path)}",)], node)


def ruleset(node: s.RulesetOf) -> list[Item]:
    lines = [line(part.span, node, _header(part)) for part in node.headers]
    return block(f"ruleset {name(node.name)}", node, lines)


def _header(node: s.Header) -> tuple[str, ...]:
    match node.value:
        case s.Quote():
            return node.word, quote(node.value)
        case s.Name() | s.Number():
            return node.word, quantity(node.value)
        case s.DayOfYear(day=day, month=month):
            return (f"fiscal year starts {quantity(day)} {name(month)}",)
        case unit:
            return node.word, f"every {unit}"


def knob(node: s.KnobOf) -> list[Item]:
    step = f" step {quantity(node.step)}" if node.step else ""
    limits = f"from {quantity(node.low)} to {quantity(node.high)}{step}"
    cells = (f"knob {name(node.name)}", f"= {quantity(node.value)}", limits)
    later = [
        under(each.span, 2, f"then {quantity(each.value)} since {cell(each.since)}")
        for each in node.later
    ]
    own = node.span
    if later:
        own = own.source.span(own.start, (node.step or node.high).span.end)
    return [single(own, "knob", cells), *later]


# ---- tables


def table(node: s.TableOf) -> list[Item]:
    of = f" of {name(node.of)}" if node.of else ""
    by = f" by {name(node.by)}" if node.by else ""
    key = f" key {name(node.key)}" if node.key else ""
    source = f" derived from {name(node.source)}" if node.source else ""
    dated = f" dated {name(node.dated)}" if node.dated else ""
    head = f"table {name(node.name)}{of}{by}{key}{dated}{source}"
    if node.source and not node.columns:
        return [Item(head, 0, node.span.start, node.span.end, "line")]
    return block(head, node, [line(part.span, node, _column(part)) for part in node.columns])


def _column(node: s.ColumnOf) -> tuple[str, ...]:
    optional = "?" if node.optional else ""
    properties = " ".join(_property(part) for part in node.properties)
    cells = (name(node.name), f"{_type(node.type)}{optional}")
    return (*cells, properties) if properties else cells


def _property(node: s.Property) -> str:
    text = f" {quote(node.text)}" if node.text else ""
    listed = f" {names(node.names)}" if node.names else ""
    trusted = f" trusted when {expression(node.trusted)}" if node.trusted else ""
    return f"{node.word}{text}{listed}{trusted}"


def _type(node: s.TypeOf) -> str:
    limits = ""
    if node.low is not None and node.high is not None:
        limits = f" {node.low.written}..{node.high.written}"
    listed = names(node.names, " < " if node.word == "ordered" else ", ")
    return f"{node.word}{limits}" + (f" {listed}" if listed else "")


def named_rows(node: s.NamedRows) -> list[Item]:
    head = f"rows {name(node.name)} of {name(node.table)}"
    return flowing([(head,), (f"where ({expression(node.where)})",)], node)


def identity(node: s.IdentityOf) -> list[Item]:
    parts = [f"identity of {name(node.table)} by {names(node.keys)}"]
    if node.trust is not None:
        parts.append(f"trust keys shared by at most {quantity(node.trust)}")
    lines = [line(each.span, node, (name(each.column), _survivor(each))) for each in node.survivors]
    return headed(parts, node, lines)


def _survivor(node: s.SurvivorOf) -> str:
    if node.how == "source":
        return f"from {names(node.names, ' over ')}"
    return " ".join(["from", node.how, *(name(each) for each in node.names)])


# ---- named values


def let(node: s.LetOf) -> list[Item]:
    of = f" of {name(node.table)}" if node.table else ""
    head = f"let {name(node.name)}{of}"
    first, *more = broken(node.value, "= ")
    lines = tuple(PAD + each.lstrip() for each in more)
    end = node.value.span.end if node.trusted else node.span.end
    made = [Item("", 0, node.span.start, end, "let", (head, first), lines)]
    if node.trusted:
        made.append(under(node.trusted.span, 2, f"trusted when {expression(node.trusted)}"))
    return made


def score(node: s.ScoreOf) -> list[Item]:
    of = f" of {name(node.table)}" if node.table else ""
    lines = [line(part.span, node, (_points(part),)) for part in node.points]
    return block(f"score {name(node.name)}{of}", node, lines)


def _points(node: s.Points) -> str:
    when = f" when {expression(node.when)}" if node.when else ""
    return f"{node.word} {expression(node.value)}{when}"


def band(node: s.BandOf) -> list[Item]:
    rows = []
    for row in node.rows:
        label = name(row.label) if isinstance(row.label, s.Name) else row.label.written
        edge = f" {row.word} {quantity(row.edge)}" if row.edge else ""
        rows.append(f"{label}{edge}")
    head = f"band {name(node.name)} of {expression(node.value)}"
    lines = [
        line(row.span, node, (f"{'| ' if at else ''}{text}",))
        for at, (row, text) in enumerate(zip(node.rows, rows, strict=True))
    ]
    return flat(head, rows, node, " | ") or block(head, node, lines)


def value(node: s.ValueOf) -> list[Item]:
    lines = [line(node.revenue.span, node, ("revenue", expression(node.revenue)))]
    for cost in node.costs:
        lines.append(line(cost.span, node, (f"less {name(cost.name)}", expression(cost.amount))))
    if node.ledger:
        tolerance = quantity(node.ledger.tolerance)
        told = f"{quantity(node.ledger.amount)} give or take {tolerance}"
        lines.append(line(node.ledger.span, node, ("ledger", told)))
    return block(f"value {name(node.name)} of {name(node.table)}", node, lines)
