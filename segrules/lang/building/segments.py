"""Segments, flags, and what is done for or against them."""

from __future__ import annotations

from typing import Any

from segrules.lang import syntax as s
from segrules.lang.building.builder import (
    Builder,
    Child,
    Rule,
    at,
    first,
    listed,
    make,
    make_after_word,
    of,
)
from segrules.text.source import Span


def _segments(_b: Builder, c: list[Child], span: Span) -> s.SegmentsOf:
    ladder = first(tuple, c) or ()
    return s.SegmentsOf(c[0], c[1], ladder, of(s.SegmentOf, c), of(s.Closer, c), span)


def _segment(_b: Builder, c: list[Child], span: Span) -> s.SegmentOf:
    holds = of((s.Leave, s.Stay), c)
    plain = c[: len(c) - len(holds)]
    return s.SegmentOf(c[0], plain[1] if len(plain) == 3 else None, plain[-1], holds, span)


def _flag(_b: Builder, c: list[Child], span: Span) -> s.FlagOf:
    return s.FlagOf(c[0], c[1] if len(c) == 3 else None, c[-1], span)


def _closer(word: Any) -> Rule:
    return lambda _b, c, span: s.Closer(word, c[0], at(c, 1), span)


def _allot(_b: Builder, c: list[Child], span: Span) -> s.AllotOf:
    return s.AllotOf(c[0], c[1], of(s.Best, c), c[-1], span)


def _holdout(_b: Builder, c: list[Child], span: Span) -> s.HoldoutOf:
    share, each, over, salt = c
    return s.HoldoutOf(share, each, over or (), salt, span)


RULES: dict[str, Rule] = {
    "segments": _segments,
    "ladder": listed,
    "segment": _segment,
    "leave": lambda _b, c, span: s.Leave(c[0], c[1], span),
    "stay": make_after_word(s.Stay),
    "otherwise": _closer("otherwise"),
    "unsure": _closer("unsure"),
    "flags": lambda _b, c, span: s.FlagsOf(c[0], tuple(c[1:]), span),
    "flag": _flag,
    "suppress": make(s.SuppressOf),
    "override": make(s.OverrideOf),
    "texts": listed,
    "cap": make_after_word(s.CapOf),
    "allot": _allot,
    "best": make(s.Best),
    "holdout": _holdout,
    "target": make_after_word(s.TargetOf),
}
