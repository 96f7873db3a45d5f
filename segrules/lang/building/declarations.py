"""The heading, knobs, tables, identity and named values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from lark import Token

from segrules.lang import syntax as s
from segrules.lang.building.builder import (
    Builder,
    Child,
    Rule,
    at,
    first,
    item,
    listed,
    make,
    make_after_word,
    of,
    unit,
    words,
)
from segrules.text import problems
from segrules.text.source import Span


def _header(word: Any) -> Rule:
    return lambda _b, c, span: s.Header(word, c[0], span)


def _fiscal(_b: Builder, c: list[Child], span: Span) -> s.Header:
    start = s.DayOfYear(c[0], c[1], c[0].span.to(c[1].span))
    return s.Header("fiscal", start, span)


def _knob(_b: Builder, c: list[Child], span: Span) -> s.KnobOf:
    name, value, low, high, step, *later = c
    return s.KnobOf(name, value, low, high, step, tuple(later), span)


# ---- tables


@dataclass(frozen=True)
class _Dated:
    by: s.Name


def _main_table(_b: Builder, c: list[Child], span: Span) -> s.TableOf:
    dated = first(_Dated, c)
    by = dated.by if dated else None
    return s.TableOf(c[0], c[1], of(s.ColumnOf, c), None, None, None, by, span)


def _related_table(_b: Builder, c: list[Child], span: Span) -> s.TableOf:
    name, parent, by, key, *rest = c
    dated = first(_Dated, rest)
    day = dated.by if dated else None
    return s.TableOf(name, key, of(s.ColumnOf, rest), parent, by, None, day, span)


def _derived_table(_b: Builder, c: list[Child], span: Span) -> s.TableOf:
    return s.TableOf(c[0], c[1], at(c, 3) or (), None, None, c[2], None, span)


def _column(_b: Builder, c: list[Child], span: Span) -> s.ColumnOf:
    optional = any(isinstance(child, Token) and child.type == "OPTIONAL" for child in c)
    return s.ColumnOf(c[0], c[1], optional, of(s.Property, c), span)


def _ranged(word: Any) -> Rule:
    def build(_b: Builder, c: list[Child], span: Span) -> s.TypeOf:
        low, high = c[0] if c else (None, None)
        return s.TypeOf(word, (), low, high, span)

    return build


def _listing(word: Any) -> Rule:
    return lambda _b, c, span: s.TypeOf(word, tuple(c), None, None, span)


def _worded(word: Any) -> Rule:
    return lambda _b, c, span: s.Property(word, c[0], (), None, span)


def _naming(word: Any) -> Rule:
    return lambda _b, c, span: s.Property(word, None, tuple(c), None, span)


def _predicted(_b: Builder, c: list[Child], span: Span) -> s.Property:
    return s.Property("predicted", None, (), at(c, 0), span)


def _plain_property(_b: Builder, c: list[Child], span: Span) -> s.Property:
    return s.Property(cast(Any, str(c[0])), None, (), None, span)


# ---- identity


@dataclass(frozen=True)
class _Trust:
    most: s.Number


def _identity(_b: Builder, c: list[Child], span: Span) -> s.IdentityOf:
    trust = first(_Trust, c)
    most = trust.most if trust else None
    return s.IdentityOf(c[0], c[1], most, of(s.SurvivorOf, c), span)


def _trust(b: Builder, c: list[Child], _span: Span) -> _Trust:
    if words(c[0]) != "at most":
        b.log.report(problems.say_at_most(b.place(c[0]), words(c[0])))
    return _Trust(c[1])


def _survivor_by_source(_b: Builder, c: list[Child], span: Span) -> s.SurvivorOf:
    return s.SurvivorOf(c[0], "source", tuple(c[1:]), span)


def _survivor_by_word(_b: Builder, c: list[Child], span: Span) -> s.SurvivorOf:
    return s.SurvivorOf(c[0], cast(Any, str(c[1])), tuple(c[2:]), span)


# ---- named values


def _let(_b: Builder, c: list[Child], span: Span) -> s.LetOf:
    return s.LetOf(c[0], c[1], c[2], at(c, 3), span)


def _points(word: Any) -> Rule:
    return lambda _b, c, span: s.Points(word, c[0], at(c, 1), span)


def _value(_b: Builder, c: list[Child], span: Span) -> s.ValueOf:
    return s.ValueOf(c[0], c[1], c[2], of(s.CostLine, c), first(s.LedgerOf, c), span)


RULES: dict[str, Rule] = {
    "use": make_after_word(s.UseOf),
    "ruleset": lambda _b, c, span: s.RulesetOf(c[0], tuple(c[1:]), span),
    **{
        f"header_{word}": _header(word)
        for word in ("language", "goal", "why", "owner", "zone", "money", "purpose")
    },
    "header_review": lambda _b, c, span: s.Header("review", unit(c[0]), span),
    "header_fiscal": _fiscal,
    "knob": _knob,
    "later": make(s.LaterValue),
    "main_table": _main_table,
    "derived_table": _derived_table,
    "related_table": _related_table,
    "dated": lambda _b, c, _span: _Dated(c[0]),
    "column_block": listed,
    "column": _column,
    **{
        f"{word}_type": _listing(word)
        for word in ("text", "money", "share", "flag", "date", "instant")
    },
    "whole_type": _ranged("whole"),
    "number_type": _ranged("number"),
    "enum_type": _listing("one of"),
    "ordered_type": _listing("ordered"),
    "set_type": _listing("set of"),
    "link_type": _listing("refers to"),
    "range": listed,
    "heading": _worded("as"),
    "from_source": _naming("from"),
    "steward": _worded("steward"),
    "purpose": _naming("purpose"),
    "plain_property": _plain_property,
    "predicted": _predicted,
    "trusted": item,
    "rows": make_after_word(s.NamedRows),
    "identity": _identity,
    "trust": _trust,
    "survivor_by_source": _survivor_by_source,
    "survivor_by_date": _survivor_by_word,
    "survivor_by_value": _survivor_by_word,
    "names": listed,
    "let": _let,
    "score": lambda _b, c, span: s.ScoreOf(c[0], c[1], tuple(c[2:]), span),
    "add_points": _points("add"),
    "take_points": _points("take"),
    "when": item,
    "band": lambda _b, c, span: s.BandOf(c[0], c[1], tuple(c[2:]), span),
    "band_rest": lambda _b, c, span: s.BandRow(c[0], "", None, span),
    "band_below": lambda _b, c, span: s.BandRow(c[0], "below", c[1], span),
    "band_up_to": lambda _b, c, span: s.BandRow(c[0], "up to", c[1], span),
    "value": _value,
    "less": make(s.CostLine),
    "ledger": make(s.LedgerOf),
}
