"""Related rows, their windows and sequences, and populations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from segrules.lang import syntax as s
from segrules.lang.building.builder import Builder, Child, Rule, at, first, make, of, words
from segrules.text import problems
from segrules.text.source import Span

_WINDOWS = (s.InLastOf, s.LastRowsOf, s.InNextOf, s.CalendarOf, s.AgoOf, s.FromTo)


@dataclass(frozen=True)
class _Where:
    condition: s.Expression
    span: Span


@dataclass(frozen=True)
class _Same:
    names: tuple[s.Name, ...]
    span: Span


@dataclass(frozen=True)
class _Among:
    condition: s.Expression


@dataclass(frozen=True)
class _Quantifier:
    word: str
    count: s.Number | s.Name | None


@dataclass(frozen=True)
class _ButNo:
    step: s.Step


# ---- rows


def _rows(table: s.Name, rest: Iterable[Child]) -> s.RowsOf:
    """The rows of a table; of the rest only the window and the condition matter."""
    parts = of((*_WINDOWS, _Where), rest)
    where = first(_Where, parts)
    span = table.span.to(parts[-1].span) if parts else table.span
    return s.RowsOf(table, first(_WINDOWS, parts), where.condition if where else None, span)


def _quantifier(word: str) -> Rule:
    def build(_b: Builder, c: list[Child], _span: Span) -> _Quantifier:
        spoken = words(c[0]) if len(c) == 2 else word
        return _Quantifier(spoken, c[-1] if c else None)

    return build


def _quantified(_b: Builder, c: list[Child], span: Span) -> s.Quantified:
    same = first(_Same, c)
    column = same.names[0] if same else None
    return s.Quantified(cast(Any, c[0].word), c[0].count, _rows(c[1], c[2:]), column, span)


def _every(_b: Builder, c: list[Child], span: Span) -> s.Every:
    return s.Every(_rows(c[0], c[1:-1]), c[-1], span)


def _sequence(_b: Builder, c: list[Child], span: Span) -> s.SequenceOf:
    end = first(_ButNo, c)
    return s.SequenceOf(_rows(c[1], c[2:]), of(s.Step, c), end.step if end else None, span)


def _step(c: list[Child], span: Span) -> s.Step:
    return s.Step(_rows(c[0], c[1:]), first(s.LengthOf, c), span)


def _count_rows(_b: Builder, c: list[Child], span: Span) -> s.AggregateOf:
    return s.AggregateOf("count", None, _rows(c[0], c[1:]), span)


def _count_distinct(_b: Builder, c: list[Child], span: Span) -> s.AggregateOf:
    return s.AggregateOf("count_distinct", c[0], _rows(c[1], c[2:]), span)


def _aggregate(_b: Builder, c: list[Child], span: Span) -> s.AggregateOf:
    how = words(c[0]).replace(" ", "_")
    return s.AggregateOf(how, c[1], _rows(c[2], c[3:]), span)


def _days_since_rows(_b: Builder, c: list[Child], span: Span) -> s.DaysSinceRows:
    return s.DaysSinceRows(cast(Any, str(c[0])), _rows(c[1], c[2:]), span)


# ---- windows


def _in_last(_b: Builder, c: list[Child], span: Span) -> s.InLastOf:
    return s.InLastOf(c[-1], span)


def _last_rows(b: Builder, c: list[Child], span: Span) -> s.LastRowsOf:
    count = cast(s.Number, c[1])
    if count.value.denominator != 1 or count.value < 1:
        b.log.report(problems.count_not_whole(count.span, count.written, "rows"))
    return s.LastRowsOf(count, span)


def _in_next(_b: Builder, c: list[Child], span: Span) -> s.InNextOf:
    return s.InNextOf(c[-1], span)


def _calendar(_b: Builder, c: list[Child], span: Span) -> s.CalendarOf:
    return s.CalendarOf(cast(Any, words(c[0]).split()[1]), c[1], span)


def _from_ago(b: Builder, c: list[Child], span: Span) -> s.AgoOf:
    return s.AgoOf(b.length(c[1], c[3], span), b.length(c[2], c[3], span), span)


# ---- populations


def _population(_b: Builder, c: list[Child], span: Span) -> s.Population:
    same, among = first(_Same, c), first(_Among, c)
    return s.Population(
        first(s.Name, c), same.names if same else (), among.condition if among else None, span
    )


def _ranked(_b: Builder, c: list[Child], span: Span) -> s.Ranked:
    return s.Ranked(words(c[0]).endswith("top"), c[1], first(s.Population, c), c[-1], span)


def _largest(_b: Builder, c: list[Child], span: Span) -> s.Largest:
    return s.Largest(first(s.Population, c), c[-2], c[-1], span)


def _statistic(_b: Builder, c: list[Child], span: Span) -> s.StatisticOf:
    return s.StatisticOf(words(c[0]).replace(" ", "_"), None, c[1], c[2], span)


def _alone(how: str) -> Rule:
    """A statistic whose population may be left out."""
    return lambda _b, c, span: s.StatisticOf(how, None, c[1], at(c, 2), span)


RULES: dict[str, Rule] = {
    "quantified": _quantified,
    "at_least": _quantifier("at least"),
    "at_most": _quantifier("at most"),
    "exactly": _quantifier("exactly"),
    "any_rows": _quantifier("any"),
    "no_rows": _quantifier("no"),
    "same_rows": lambda _b, c, span: _Same(of(s.Name, c), span),
    "every": _every,
    "sequence": _sequence,
    "then": lambda _b, c, span: _step(c, span),
    "but_no": lambda _b, c, span: _ButNo(_step(c[1:], span)),
    "within": lambda _b, c, _span: c[0],
    "where": lambda _b, c, span: _Where(c[0], span),
    "count_rows": _count_rows,
    "count_distinct": _count_distinct,
    "aggregate": _aggregate,
    "days_since_rows": _days_since_rows,
    "in_last": _in_last,
    "in_last_named": _in_last,
    "in_last_bare": lambda _b, _c, span: s.InLastOf(None, span),
    "in_last_rows": _last_rows,
    "in_next": _in_next,
    "in_next_named": _in_next,
    "in_this": _calendar,
    "in_previous": _calendar,
    "from_ago": _from_ago,
    "from_to": make(s.FromTo),
    "population": _population,
    "same": lambda _b, c, span: _Same(of(s.Name, c), span),
    "among": lambda _b, c, _span: _Among(c[0]),
    "in_rank": _ranked,
    "in_largest": _largest,
    "statistic": _statistic,
    "count_population": lambda _b, c, span: s.StatisticOf("count", None, None, c[0], span),
    "quantile": lambda _b, c, span: s.StatisticOf("quantile", c[1], c[2], at(c, 3), span),
    "rank_of": _alone("rank"),
    "share_of_total": _alone("share_of_total"),
}
