"""Quantities, tests and arithmetic."""

from __future__ import annotations

from typing import Any, cast

from segrules.lang import syntax as s
from segrules.lang.building.builder import (
    Builder,
    Child,
    Rule,
    first,
    item,
    listed,
    make,
    make_after_word,
    unit,
    words,
)
from segrules.text.source import Span


def _number(_b: Builder, c: list[Child], span: Span) -> s.Number:
    number = cast(s.Number, c[-1])
    sign = "-" if len(c) == 2 and str(c[0]) == "-" else ""
    return s.Number(-number.value if sign else number.value, f"{sign}{number.written}", span)


def _percent(_b: Builder, c: list[Child], span: Span) -> s.Percent:
    percent = cast(s.Percent, c[-1])
    sign = "-" if len(c) == 2 and str(c[0]) == "-" else ""
    return s.Percent(-percent.value if sign else percent.value, f"{sign}{percent.written}", span)


def _chain(word: Any) -> Rule:
    return lambda _b, c, span: s.Chain(word, tuple(c), span)


def _arithmetic(_b: Builder, c: list[Child], span: Span) -> s.Arithmetic:
    rest = tuple((str(c[i]), c[i + 1]) for i in range(1, len(c), 2))
    return s.Arithmetic(c[0], rest, span)


def _compare(_b: Builder, c: list[Child], span: Span) -> s.Compare:
    return s.Compare(cast(Any, str(c[1])), c[0], c[2], span)


def _set_test(_b: Builder, c: list[Child], span: Span) -> s.SetTest:
    return s.SetTest(c[0], cast(Any, words(c[1]).split()[1]), c[2], span)


# ---- the past


def _moment(b: Builder, c: list[Child], span: Span) -> s.Moment:
    """`1 month ago`, or `at end of previous month`, or `at last review`."""
    if isinstance(c[0], s.Number):
        return s.Moment(b.length(c[0], c[1], span), None, span)
    return s.Moment(None, first(s.Period, c), span)


def _period(_b: Builder, c: list[Child], span: Span) -> s.Period:
    return s.Period(unit(c[-1]), len(c) == 2, span)


def _changed(_b: Builder, c: list[Child], span: Span) -> s.Changed:
    window = c[3] if len(c) > 3 else None
    return s.Changed(c[0], cast(Any, str(c[1])), c[2], window, span)


def _moved(_b: Builder, c: list[Child], span: Span) -> s.Moved:
    value, word, _at_least, steps, since = c
    return s.Moved(value, cast(Any, words(word).split()[1]), steps, since, span)


RULES: dict[str, Rule] = {
    "number": _number,
    "percent": _percent,
    "length": lambda b, c, span: b.length(c[0], c[1], span),
    "text": item,
    "date": item,
    "either": _chain("or"),
    "both": _chain("and"),
    "negated": make(s.Negated),
    "compare": _compare,
    "between": make(s.BetweenOf),
    "member": lambda _b, c, span: s.Member(c[0], c[1], False, span),
    "not_member": lambda _b, c, span: s.Member(c[0], c[-1], True, span),
    "members": listed,
    "is_missing": lambda _b, c, span: s.Missingness(c[0], False, span),
    "is_known": lambda _b, c, span: s.Missingness(c[0], True, span),
    "text_test": lambda _b, c, span: s.TextTest(cast(Any, str(c[1])), c[0], c[2], span),
    "set_test": _set_test,
    "was": make(s.Was),
    "past_at": item,
    "past_ever": lambda _b, _c, _span: None,
    "moment_ago": _moment,
    "moment_last_review": _moment,
    "moment_end_of": _moment,
    "period": _period,
    "changed": _changed,
    "moved": _moved,
    "as_at": lambda _b, c, span: s.AsAt(c[0], c[-1], span),
    "time_in": make_after_word(s.TimeIn),
    "total": _arithmetic,
    "scaled": _arithmetic,
    "signed": lambda _b, c, span: s.Signed(cast(Any, str(c[0])), c[1], span),
    "fallback": make(s.Fallback),
    "path": lambda _b, c, span: s.Path(tuple(c), span),
    "group": make(s.Group),
    "percent_of": make(s.PercentOf),
    "extreme": lambda _b, c, span: s.Extreme(cast(Any, str(c[0])), tuple(c[1:]), span),
    "days_since": make(s.DaysSince),
    "days_until": make_after_word(s.DaysUntil),
    "completed": lambda _b, c, span: s.Completed(unit(c[0]), c[1], c[2], span),
    "aggregated": item,
}
