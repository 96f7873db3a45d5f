"""Parse trees to Syntax: one function a rule of the grammar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, cast

from lark import Token, Tree

from segrules.lang import syntax as s
from segrules.lang.parse import Parsed
from segrules.lang.types import BOUND
from segrules.text import problems
from segrules.text.diagnostic import Log
from segrules.text.source import Source, Span

MAX_DIGITS = 30
"""Digits of a number as written, decimals included: more than any quantity needs."""

Child = Any
"""A token, a built node, or None for an optional part that is not there: the grammar decides."""


def build(parsed: Parsed, log: Log) -> s.File:
    """The Syntax of all declarations that could be read."""
    builder = _Builder(parsed.source, log)
    declarations = tuple(builder.node(tree) for tree in parsed.declarations)
    return s.File(declarations, parsed.comments, parsed.broken)


class _Builder:
    """Turns trees of one source into nodes; literals that cannot be read are reported."""

    def __init__(self, source: Source, log: Log) -> None:
        self.source = source
        self.log = log

    def node(self, tree: Child) -> Any:
        if tree is None:
            return None
        if isinstance(tree, Token):
            return self.token(tree)
        children = [self.node(child) for child in tree.children]
        rule = str(tree.data)
        return _RULES[rule](self, children, self.span(tree))

    def span(self, tree: Tree[Token]) -> Span:
        meta = tree.meta
        return self.source.span(getattr(meta, "start_pos", 0), getattr(meta, "end_pos", 0))

    def token(self, token: Token) -> Any:
        span = self.source.span(token.start_pos or 0, token.end_pos or 0)
        match token.type:
            case "NAME":
                quoted = token.startswith("`")
                return s.Name(token[1:-1] if quoted else str(token), quoted, span)
            case "STRING":
                return s.Quote(self.clean(token[1:-1], span), span)
            case "NUMBER":
                return s.Number(self.fraction(token, span), str(token), span)
            case "PERCENT":
                return s.Percent(self.fraction(token[:-1], span) / 100, str(token), span)
            case "DATE":
                return s.DateOf(self.date(token, span), span)
            case _:
                return token

    def clean(self, text: str, span: Span) -> str:
        if any(not char.isprintable() for char in text):
            self.log.report(problems.control_character(span))
        return text

    def fraction(self, digits: str, span: Span) -> Fraction:
        plain = digits.replace("_", "")
        value = Fraction(plain) if len(plain) <= MAX_DIGITS else None
        if value is None or value > BOUND:
            self.log.report(problems.number_too_long(span, len(str(BOUND)) - 1))
            return Fraction(0)
        return value

    def date(self, text: str, span: Span) -> dt.date:
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            self.log.report(problems.no_such_date(span, text))
            return dt.date(2000, 1, 1)

    def length(self, number: s.Number, unit: Token, span: Span) -> s.LengthOf:
        if number.value.denominator != 1:
            self.log.report(problems.length_not_whole(span, number.written, str(unit)))
        return s.LengthOf(int(number.value), _unit(unit), span)


def _unit(word: Token) -> s.UnitWord:
    return cast(s.UnitWord, str(word).removesuffix("s"))


Rule = Callable[[_Builder, list[Child], Span], Any]


def _make(node: Callable[..., Any]) -> Rule:
    """The node from the children in their order."""
    return lambda _b, c, span: node(*c, span)


def _words(token: Child) -> str:
    return " ".join(str(token).split())


def _of(kind: type, children: Iterable[Child]) -> tuple[Any, ...]:
    return tuple(child for child in children if isinstance(child, kind))


def _first(kind: type, children: Iterable[Child]) -> Any:
    return next(iter(_of(kind, children)), None)


# ---- quantities


def _signed_number(_b: _Builder, c: list[Child], span: Span) -> s.Number:
    number = cast(s.Number, c[-1])
    if len(c) == 2 and str(c[0]) == "-":
        return s.Number(-number.value, f"-{number.written}", span)
    return s.Number(number.value, number.written, span)


def _signed_percent(_b: _Builder, c: list[Child], span: Span) -> s.Percent:
    percent = cast(s.Percent, c[-1])
    if len(c) == 2 and str(c[0]) == "-":
        return s.Percent(-percent.value, f"-{percent.written}", span)
    return s.Percent(percent.value, percent.written, span)


# ---- tables


def _column(_b: _Builder, c: list[Child], span: Span) -> s.ColumnOf:
    optional = any(isinstance(child, Token) and child.type == "OPTIONAL" for child in c)
    return s.ColumnOf(c[0], c[1], optional, _of(s.Property, c), span)


def _ranged(word: Any) -> Rule:
    def make(_b: _Builder, c: list[Child], span: Span) -> s.TypeOf:
        low, high = c[0] if c and c[0] else (None, None)
        return s.TypeOf(word, (), low, high, span)

    return make


def _enum(word: Any) -> Rule:
    return lambda _b, c, span: s.TypeOf(word, tuple(c), None, None, span)


def _main_table(_b: _Builder, c: list[Child], span: Span) -> s.TableOf:
    dated = c[2].value if len(c) > 2 and isinstance(c[2], _Dated) else None
    return s.TableOf(c[0], c[1], _of(s.ColumnOf, c), None, None, dated, span)


def _related_table(_b: _Builder, c: list[Child], span: Span) -> s.TableOf:
    dated = c[3].value if len(c) > 3 and isinstance(c[3], _Dated) else None
    return s.TableOf(c[0], c[2], _of(s.ColumnOf, c), c[1], None, dated, span)


def _derived_table(_b: _Builder, c: list[Child], span: Span) -> s.TableOf:
    columns = c[3] if len(c) > 3 and c[3] else ()
    return s.TableOf(c[0], c[1], tuple(columns), None, c[2], None, span)


class _Dated:
    def __init__(self, value: s.Name) -> None:
        self.value = value


# ---- expressions


def _chain(word: Any) -> Rule:
    return lambda _b, c, span: s.Chain(word, tuple(c), span)


def _arithmetic(_b: _Builder, c: list[Child], span: Span) -> s.Arithmetic:
    rest = tuple((str(c[i]), c[i + 1]) for i in range(1, len(c), 2))
    return s.Arithmetic(c[0], rest, span)


def _compare(_b: _Builder, c: list[Child], span: Span) -> s.Compare:
    return s.Compare(cast(Any, str(c[1])), c[0], c[2], span)


def _rows(table: s.Name, rest: Iterable[Child], span: Span) -> s.RowsOf:
    rest = [child for child in rest if child is not None]
    window = next(
        (part for part in rest if isinstance(part, s.InLastOf | s.AgoOf | s.FromTo)), None
    )
    where = next((part.condition for part in rest if isinstance(part, _Where)), None)
    return s.RowsOf(table, window, where, table.span.to(span))


class _Where:
    def __init__(self, condition: s.Expression) -> None:
        self.condition = condition


class _Quant:
    def __init__(self, word: str, count: s.Number | s.Name | None) -> None:
        self.word, self.count = word, count


def _quant(word: str) -> Rule:
    def make(_b: _Builder, c: list[Child], _span: Span) -> _Quant:
        spoken = _words(c[0]) if isinstance(c[0] if c else None, Token) else word
        return _Quant(spoken, c[-1] if c else None)

    return make


def _quantified(_b: _Builder, c: list[Child], span: Span) -> s.Quantified:
    return s.Quantified(cast(Any, c[0].word), c[0].count, _rows(c[1], c[2:], span), span)


def _count_rows(_b: _Builder, c: list[Child], span: Span) -> s.AggregateOf:
    return s.AggregateOf("count", None, _rows(c[0], c[1:], span), span)


def _count_distinct(_b: _Builder, c: list[Child], span: Span) -> s.AggregateOf:
    return s.AggregateOf("count_distinct", c[0], _rows(c[1], c[2:], span), span)


def _aggregate(_b: _Builder, c: list[Child], span: Span) -> s.AggregateOf:
    how = _words(c[0]).replace(" ", "_")
    return s.AggregateOf(how, c[1], _rows(c[2], c[3:], span), span)


def _from_ago(b: _Builder, c: list[Child], span: Span) -> s.AgoOf:
    return s.AgoOf(b.length(c[1], c[3], span), b.length(c[2], c[3], span), span)


def _ranked(_b: _Builder, c: list[Child], span: Span) -> s.Ranked:
    return s.Ranked(_words(c[0]).endswith("top"), c[1], c[2], span)


# ---- tables of cells and projection


def _row(_b: _Builder, c: list[Child], span: Span) -> s.Row:
    return s.Row(tuple(c), (), span)


def _expecting_row(_b: _Builder, c: list[Child], span: Span) -> s.Row:
    last = next(i for i, child in enumerate(c) if isinstance(child, _LastGiven))
    cells = (*c[:last], c[last].cell)
    return s.Row(cells, tuple(c[last + 1 :]), span)


class _LastGiven:
    def __init__(self, cell: s.Cell) -> None:
        self.cell = cell


def _cut_by_rank(_b: _Builder, c: list[Child], span: Span) -> s.CutOf:
    return s.CutOf(c[2], c[3], str(c[0]) == "top", c[1], span)


def _part(word: Any) -> Rule:
    return lambda _b, c, span: s.StagePart(word, c[-1], c[0] if len(c) == 2 else None, span)


def _assume(_b: _Builder, c: list[Child], span: Span) -> s.AssumeOf:
    label = _first(s.Quote, c)
    amounts = [child for child in c[1:] if isinstance(child, s.Number | s.Percent | s.LengthOf)]
    high = amounts[1] if len(amounts) > 1 else None
    return s.AssumeOf(c[0], label, amounts[0], high, _of(s.Evidence, c), span)


def _evidence(word: Any) -> Rule:
    return lambda _b, c, span: s.Evidence(word, c[0] if len(c) == 2 else None, c[-1], span)


def _scenario_levers(_b: _Builder, c: list[Child], span: Span) -> s.ScenarioOf:
    return s.ScenarioOf(c[0], _first(s.Quote, c), _of(s.LeverOf, c), (), span)


def _scenario_bundle(_b: _Builder, c: list[Child], span: Span) -> s.ScenarioOf:
    return s.ScenarioOf(c[0], _first(s.Quote, c), (), _of(s.Name, c[1:]), span)


def _project_part(word: Any) -> Rule:
    def make(_b: _Builder, c: list[Child], span: Span) -> s.ProjectPart:
        names = _of(s.Name, c)
        amount = None if names else c[0]
        against = names[-1] if names else None
        return s.ProjectPart(word, amount, names[:-1], against, span)

    return make


def _header(word: Any) -> Rule:
    return lambda _b, c, span: s.Header(word, c[0], span)


def _item(_b: _Builder, c: list[Child], _span: Span) -> Any:
    return c[0]


_RULES: dict[str, Rule] = {
    "ruleset": lambda _b, c, span: s.RulesetOf(c[0], tuple(c[1:]), span),
    **{
        f"header_{word}": _header(word)
        for word in ("language", "goal", "why", "owner", "zone", "money")
    },
    "knob": _make(s.KnobOf),
    "number": _signed_number,
    "percent": _signed_percent,
    "length": lambda b, c, span: b.length(c[0], c[1], span),
    "text": _item,
    "date": _item,
    "main_table": _main_table,
    "derived_table": _derived_table,
    "related_table": _related_table,
    "dated": lambda _b, c, _span: _Dated(c[0]),
    "column_block": lambda _b, c, _span: tuple(c),
    "column": _column,
    **{
        f"{word}_type": _enum(word)
        for word in ("text", "money", "share", "flag", "date", "instant")
    },
    "whole_type": _ranged("whole"),
    "number_type": _ranged("number"),
    "enum_type": _enum("one of"),
    "ordered_type": _enum("ordered"),
    "range": lambda _b, c, _span: (c[0], c[1]),
    "heading": lambda _b, c, span: s.Property("as", c[0], span),
    "until_outcome": lambda _b, _c, span: s.Property("until_outcome", None, span),
    "sensitive": lambda _b, _c, span: s.Property("sensitive", None, span),
    "let": _make(s.LetOf),
    "score": lambda _b, c, span: s.ScoreOf(c[0], c[1], tuple(c[2:]), span),
    "add_points": lambda _b, c, span: s.Points("add", c[0], c[1] if len(c) > 1 else None, span),
    "take_points": lambda _b, c, span: s.Points("take", c[0], c[1] if len(c) > 1 else None, span),
    "when": _item,
    "band": lambda _b, c, span: s.BandOf(c[0], c[1], tuple(c[2:]), span),
    "band_rest": lambda _b, c, span: s.BandRow(c[0], "", None, span),
    "band_below": lambda _b, c, span: s.BandRow(c[0], "below", c[1], span),
    "band_up_to": lambda _b, c, span: s.BandRow(c[0], "up to", c[1], span),
    "segments": lambda _b, c, span: s.SegmentsOf(
        c[0], c[1], _of(s.SegmentOf, c), _of(s.Closer, c), span
    ),
    "segment": lambda _b, c, span: s.SegmentOf(c[0], c[1] if len(c) == 3 else None, c[-1], span),
    "otherwise": lambda _b, c, span: s.Closer(
        "otherwise", c[0], c[1] if len(c) == 2 else None, span
    ),
    "unsure": lambda _b, c, span: s.Closer("unsure", c[0], c[1] if len(c) == 2 else None, span),
    "conditions": lambda _b, c, span: s.ConditionsOf(c[0], tuple(c[1:]), span),
    "examples": lambda _b, c, span: s.ExamplesOf(
        c[0],
        c[1],
        tuple(p for p in c[2:] if isinstance(p, tuple) for p in p if isinstance(p, s.Setting)),
        tuple(p for p in c[2:] if isinstance(p, tuple) for p in p if isinstance(p, s.CutOf)),
        _of(s.Row, c),
        span,
    ),
    "given": lambda _b, c, _span: tuple(c),
    "setting": _make(s.Setting),
    "cuts": lambda _b, c, _span: tuple(c),
    "cut_by_name": lambda _b, c, span: s.CutOf(c[0], c[1], None, None, span),
    "cut_by_rank": _cut_by_rank,
    "row": _row,
    "expecting_row": _expecting_row,
    "closed": _item,
    "given_last": lambda _b, c, _span: _LastGiven(c[0]),
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
    "lever": lambda _b, c, span: s.LeverOf(str(c[0]), c[1], _of(s.Effect, c), span),
    "some_segments": lambda _b, c, _span: tuple(c),
    "every_segment": lambda _b, _c, _span: (),
    "effect_odds": _make(s.Effect),
    "effect_cost": lambda _b, c, span: s.Effect(None, c[0], span),
    "project": lambda _b, c, span: s.ProjectOf(c[0], c[1], c[2], tuple(c[3:]), span),
    **{f"project_{word}": _project_part(word) for word in ("for", "runs", "seed", "compare")},
    "either": _chain("or"),
    "both": _chain("and"),
    "negated": _make(s.Negated),
    "compare": _compare,
    "between": _make(s.BetweenOf),
    "member": lambda _b, c, span: s.Member(c[0], c[1], False, span),
    "not_member": lambda _b, c, span: s.Member(c[0], c[-1], True, span),
    "members": lambda _b, c, _span: tuple(c),
    "is_missing": lambda _b, c, span: s.Missingness(c[0], False, span),
    "is_known": lambda _b, c, span: s.Missingness(c[0], True, span),
    "text_test": lambda _b, c, span: s.TextTest(cast(Any, str(c[1])), c[0], c[2], span),
    "in_rank": _ranked,
    "quantified": _quantified,
    "at_least": _quant("at least"),
    "at_most": _quant("at most"),
    "exactly": _quant("exactly"),
    "any_rows": _quant("any"),
    "no_rows": _quant("no"),
    "in_last": lambda _b, c, span: s.InLastOf(c[-1], span),
    "in_last_named": lambda _b, c, span: s.InLastOf(c[-1], span),
    "in_last_bare": lambda _b, _c, span: s.InLastOf(None, span),
    "from_ago": _from_ago,
    "from_to": _make(s.FromTo),
    "where": lambda _b, c, _span: _Where(c[0]),
    "total": _arithmetic,
    "scaled": _arithmetic,
    "signed": lambda _b, c, span: s.Signed(cast(Any, str(c[0])), c[1], span),
    "fallback": _make(s.Fallback),
    "group": _make(s.Group),
    "percent_of": _make(s.PercentOf),
    "extreme": lambda _b, c, span: s.Extreme(cast(Any, str(c[0])), tuple(c[1:]), span),
    "count_rows": _count_rows,
    "count_distinct": _count_distinct,
    "aggregate": _aggregate,
    "days_since": _make(s.DaysSince),
    "days_since_rows": lambda _b, c, span: s.DaysSinceRows(
        cast(Any, str(c[0])), _rows(c[1], c[2:], span), span
    ),
    "completed": lambda _b, c, span: s.Completed(_unit(c[0]), c[1], c[2], span),
    "aggregated": _item,
}
