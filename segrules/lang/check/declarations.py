"""The heading, the knobs and the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import related
from segrules.lang.check.scope import Scope, Symbols, nearest
from segrules.lang.types import (
    BOUND,
    NO_CURRENCY,
    Date,
    Enum,
    Flag,
    Instant,
    Money,
    Number,
    Share,
    Text,
    Type,
    Whole,
)
from segrules.text import problems
from segrules.text.source import Span

LANGUAGE = 1
"""The version of the language that this package reads."""


@dataclass(frozen=True)
class Heading:
    name: str
    goal: str = ""
    why: str = ""
    owner: str = ""


def heading(file: s.File, symbols: Symbols, place: Span) -> Heading:
    """The `ruleset` block; zone and currency go into the symbols."""
    blocks = [found for found in file.declarations if isinstance(found, s.RulesetOf)]
    if not blocks:
        if "ruleset" not in symbols.doubtful:
            symbols.log.report(problems.no_ruleset(place))
        elif "money" in symbols.doubtful:
            symbols.currency = NO_CURRENCY
        symbols.zone = "UTC"
        return Heading("rules")
    for extra in blocks[1:]:
        symbols.log.report(problems.twice(extra.name.span, "ruleset", extra.name.text))
    texts = _header_texts(blocks[0], symbols)
    if "goal" not in texts:
        symbols.log.report(problems.no_goal(blocks[0].name.span))
    return Heading(
        blocks[0].name.text, texts.get("goal", ""), texts.get("why", ""), texts.get("owner", "")
    )


def _header_texts(block: s.RulesetOf, symbols: Symbols) -> dict[str, str]:
    texts: dict[str, str] = {}
    for line in block.headers:
        if line.word in texts:
            symbols.log.report(problems.twice(line.span, "heading", line.word))
        match line.word, line.value:
            case "language", s.Number(value=value, written=written):
                texts["language"] = written
                if value != LANGUAGE:
                    symbols.log.report(problems.other_language(line.span, written, LANGUAGE))
            case "zone", s.Quote(value=zone):
                texts["zone"] = symbols.zone = _zone(zone, line.span, symbols)
            case "money", s.Name(text=currency):
                texts["money"] = symbols.currency = currency
                if not (len(currency) == 3 and currency.isupper() and currency.isascii()):
                    symbols.log.report(problems.no_currency_code(line.span, currency))
            case word, s.Quote(value=text):
                texts[word] = text
    return texts


def _zone(zone: str, span: Span, symbols: Symbols) -> str:
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        symbols.log.report(problems.unknown_zone(span, zone))
        return "UTC"


# ---- knobs


def knobs(file: s.File, symbols: Symbols, settings: Mapping[str, str]) -> None:
    """Every knob with its value, or the one it is set to for this run."""
    for node in file.declarations:
        if isinstance(node, s.KnobOf):
            made = _knob(node, symbols)
            if made is not None:
                symbols.knobs[made.name] = _set(made, settings, symbols)
    for name in settings:
        if name not in symbols.knobs:
            symbols.log.report(problems.unknown_knob(name, nearest(name, symbols.knobs)))


def _knob(node: s.KnobOf, symbols: Symbols) -> ir.Knob | None:
    if node.name.text in symbols.knobs:
        symbols.log.report(problems.twice(node.name.span, "knob", node.name.text))
        return None
    parts = (node.value, node.low, node.high)
    if len({type(part) for part in parts}) > 1:
        symbols.log.report(problems.knob_mixes_units(node.span, node.name.text))
        symbols.doubtful |= {node.name.text}
        return None
    scope = Scope(symbols, ir.Table("", "main", "", ()))
    value, low, high = (_amount(part, scope) for part in parts)
    percent = isinstance(node.value, s.Percent)
    knob = ir.Knob(
        node.name.text, value, low, high, percent, spell(value, percent=percent), node.name.span
    )
    if _order(high) < _order(low):
        symbols.log.report(problems.range_backwards(node.low.span.to(node.high.span)))
    elif not _within(knob, value):
        symbols.log.report(
            problems.knob_out_of_range(node.value.span, knob.name, knob.written, *_range(knob))
        )
    return knob


def _amount(part: s.Quantity, scope: Scope) -> Fraction | ir.Length:
    return related.length(part, scope) if isinstance(part, s.LengthOf) else part.value


def _order(value: Fraction | ir.Length) -> Fraction:
    """Lengths in about days, to hold a value against its range."""
    if isinstance(value, ir.Length):
        return Fraction(value.count) * (Fraction(3652425, 120000) if value.unit == "months" else 1)
    return value


def _within(knob: ir.Knob, value: Fraction | ir.Length) -> bool:
    return _order(knob.low) <= _order(value) <= _order(knob.high)


def spell(value: Fraction | ir.Length, *, percent: bool) -> str:
    """A knob's value as it is written in a rule file."""
    if isinstance(value, ir.Length):
        return f"{value.count} {value.unit}"
    shown = value * 100 if percent else value
    number = str(int(shown)) if shown.denominator == 1 else f"{float(shown)!r}"
    return f"{number}%" if percent else number


def _range(knob: ir.Knob) -> tuple[str, str]:
    return spell(knob.low, percent=knob.percent), spell(knob.high, percent=knob.percent)


def _set(knob: ir.Knob, settings: Mapping[str, str], symbols: Symbols) -> ir.Knob:
    """The knob with the value it is set to; refused where it does not fit."""
    text = settings.get(knob.name)
    if text is None:
        return knob
    value = _read(text.strip(), knob)
    if value is None:
        symbols.log.report(problems.knob_unreadable(knob.name, text, knob.written))
        return knob
    written = spell(value, percent=knob.percent)
    if not _within(knob, value):
        symbols.log.report(problems.knob_set_out_of_range(knob.name, written, *_range(knob)))
        return knob
    return replace(knob, value=value, written=written)


def _read(text: str, knob: ir.Knob) -> Fraction | ir.Length | None:
    if isinstance(knob.value, ir.Length):
        count, _, unit = text.partition(" ")
        word = unit.strip().removesuffix("s")
        if not (count.isascii() and count.isdigit() and len(count) < 7):
            return None
        if word in ("day", "week"):
            return ir.Length(int(count) * (7 if word == "week" else 1), "days")
        months = related.MONTHS.get(word)
        return ir.Length(int(count) * months, "months") if months else None
    if text.endswith("%") != knob.percent or len(text) > 40:
        return None
    try:
        value = Fraction(text.removesuffix("%").replace("_", ""))
    except (ValueError, ZeroDivisionError):
        return None
    return value / 100 if knob.percent else value


# ---- tables


def tables(file: s.File, symbols: Symbols) -> None:
    """Every table; links between them are checked once all are known."""
    for node in file.declarations:
        if isinstance(node, s.TableOf):
            if node.name.text in symbols.tables:
                symbols.log.report(problems.twice(node.name.span, "table", node.name.text))
                continue
            symbols.tables[node.name.text] = _table(node, symbols)
    for node in file.declarations:
        if isinstance(node, s.TableOf):
            _check_links(node, symbols)


def _table(node: s.TableOf, symbols: Symbols) -> ir.Table:
    columns: dict[str, ir.TableColumn] = {}
    for each in node.columns:
        if each.name.text in columns:
            symbols.log.report(problems.twice(each.name.span, "column", each.name.text))
            continue
        if each.name.text in symbols.knobs:
            symbols.log.report(problems.twice(each.name.span, "knob and column", each.name.text))
        columns[each.name.text] = _column(each, symbols)
    kind: Literal["main", "related", "derived"] = (
        "related" if node.of else "derived" if node.source else "main"
    )
    if node.key.text not in columns:
        if kind == "main" and not _doubtful(node.key, symbols):
            symbols.log.report(
                problems.key_not_a_column(node.key.span, node.key.text, node.name.text)
            )
        columns = {
            node.key.text: ir.TableColumn(node.key.text, node.key.text, Text(), False),
            **columns,
        }
    if kind == "derived" and any(name != node.key.text for name in columns):
        extra = next(each.name for each in node.columns if each.name.text != node.key.text)
        symbols.log.report(problems.derived_has_columns(extra.span, extra.text, node.name.text))
    if not isinstance(columns[node.key.text].type, Text):
        symbols.log.report(problems.key_not_text(node.key.span, node.key.text))
    return ir.Table(
        node.name.text, kind, node.key.text, tuple(columns.values()),
        node.of.text if node.of else None, node.source.text if node.source else None,
        node.dated.text if node.dated else None, node.name.span,
    )  # fmt: skip


def _doubtful(name: s.Name, symbols: Symbols) -> bool:
    return name.text in symbols.doubtful


def _column(node: s.ColumnOf, symbols: Symbols) -> ir.TableColumn:
    headings = [part.heading.value for part in node.properties if part.heading]
    words: set[str] = set()
    for part in node.properties:
        if part.word in words:
            symbols.log.report(problems.twice(part.span, "property", part.word))
        words.add(part.word)
    return ir.TableColumn(
        node.name.text,
        headings[0] if headings else node.name.text,
        column_type(node.type, symbols),
        node.optional,
        "until_outcome" in words,
        "sensitive" in words,
    )


def column_type(node: s.TypeOf, symbols: Symbols) -> Type:
    """The declared type of a column."""
    span = node.span
    assert span is not None
    if node.low is not None and node.high is not None and node.low.value > node.high.value:
        symbols.log.report(problems.range_backwards(span))
    match node.word:
        case "text":
            return Text()
        case "whole":
            low = int(node.low.value) if node.low else -BOUND
            high = int(node.high.value) if node.high else BOUND
            return Whole(max(low, -BOUND), min(high, BOUND))
        case "number":
            bounds = (float(edge.value) if edge else None for edge in (node.low, node.high))
            low_edge, high_edge = bounds
            return Number() if low_edge is None else Number(low_edge, high_edge)
        case "money":
            if symbols.currency is None:
                symbols.log.report(problems.no_currency(span))
                symbols.currency = NO_CURRENCY
            return Money(symbols.currency)
        case "share":
            return Share()
        case "flag":
            return Flag()
        case "date":
            return Date()
        case "instant":
            if not symbols.zone:
                symbols.log.report(problems.no_zone(span))
                symbols.zone = "UTC"
            return Instant()
        case "one of" | "ordered":
            return _enum(node, symbols)


def _enum(node: s.TypeOf, symbols: Symbols) -> Enum:
    values: list[str] = []
    for name in node.names:
        if name.text in values:
            symbols.log.report(problems.twice(name.span, "value", name.text))
        else:
            values.append(name.text)
    return Enum(tuple(values), ordered=node.word == "ordered")


def _check_links(node: s.TableOf, symbols: Symbols) -> None:
    table = symbols.tables[node.name.text]
    if table.dated is not None and node.dated is not None:
        column = table.column(table.dated)
        is_date = column is not None and isinstance(column.type, Date | Instant)
        if not is_date and table.dated not in symbols.doubtful:
            symbols.log.report(problems.dated_needs_date(node.dated.span, table.dated))
    link = node.of or node.source
    if link is None or link.text in symbols.doubtful:
        return
    other = symbols.tables.get(link.text)
    if other is None:
        near = nearest(link.text, symbols.tables)
        symbols.log.report(problems.unknown_table(link.span, link.text, near))
    elif node.of and other.kind == "related":
        symbols.log.report(problems.not_a_main_table(link.span, link.text))
    elif node.source and (other.kind != "related" or other.of != table.name):
        symbols.log.report(problems.derived_from_unrelated(link.span, link.text, table.name))
    elif node.source and other.key != table.key:
        symbols.log.report(problems.derived_by_other_key(node.key.span, table.key, other.key))
