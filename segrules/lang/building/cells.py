"""Declarations made of cells, personas and claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

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
    words,
)
from segrules.text.source import Span


@dataclass(frozen=True)
class _LastGiven:
    cell: s.Cell


def _row(_b: Builder, c: list[Child], span: Span) -> s.Row:
    return s.Row(tuple(c), (), span)


def _expecting_row(_b: Builder, c: list[Child], span: Span) -> s.Row:
    end = next(place for place, child in enumerate(c) if isinstance(child, _LastGiven))
    return s.Row((*c[:end], c[end].cell), tuple(c[end + 1 :]), span)


def _compared(_b: Builder, c: list[Child], span: Span) -> s.CellCompared:
    return s.CellCompared(cast(Any, str(c[0])), c[1], span)


def _grid(_b: Builder, c: list[Child], span: Span) -> s.GridOf:
    name, table, inputs, pick, *rows = c
    return s.GridOf(name, table, inputs, cast(Any, words(pick)), tuple(rows), span)


# ---- examples and personas


def _examples(_b: Builder, c: list[Child], span: Span) -> s.ExamplesOf:
    parts = [part for group in of(tuple, c) for part in group]
    return s.ExamplesOf(c[0], c[1], of(s.Setting, parts), of(s.CutOf, parts), of(s.Row, c), span)


def _cut_by_rank(_b: Builder, c: list[Child], span: Span) -> s.CutOf:
    return s.CutOf(c[2], c[3], str(c[0]) == "top", c[1], span)


def _persona(_b: Builder, c: list[Child], span: Span) -> s.PersonaOf:
    return s.PersonaOf(c[0], first(s.Quote, c), of(s.Setting, c), span)


# ---- claims


def _claimed(_b: Builder, c: list[Child], span: Span) -> s.Name:
    """A segment, or the word of a closer."""
    return cast(s.Name, c[0]) if c else s.Name(span.text, False, span)


def _claim_share(_b: Builder, c: list[Child], span: Span) -> s.ShareClaim:
    return s.ShareClaim(c[0], cast(Any, str(c[1])), c[2], at(c, 3), span)


def _claim_top(_b: Builder, c: list[Child], span: Span) -> s.TopClaim:
    _top, quota, by, _at_least, share, whole, *on = c
    return s.TopClaim(quota, by, share, whole, at(on, 0), span)


RULES: dict[str, Rule] = {
    "conditions": lambda _b, c, span: s.ConditionsOf(c[0], tuple(c[1:]), span),
    "grid": _grid,
    "row": _row,
    "expecting_row": _expecting_row,
    "closed": item,
    "given_last": lambda _b, c, _span: _LastGiven(c[0]),
    "cell_list": lambda _b, c, span: s.CellList(tuple(c), span),
    "cell_from": lambda _b, c, span: s.CellRange(c[0], None, span),
    "cell_up_to": lambda _b, c, span: s.CellRange(None, c[0], span),
    "cell_range": lambda _b, c, span: s.CellRange(c[0], c[1], span),
    "cell_compared": _compared,
    "examples": _examples,
    "given": listed,
    "setting": make(s.Setting),
    "cuts": listed,
    "cut_by_name": lambda _b, c, span: s.CutOf(c[0], c[1], None, None, span),
    "cut_by_rank": _cut_by_rank,
    "persona": _persona,
    "claims": lambda _b, c, span: s.ClaimsOf(c[0], tuple(c[1:]), span),
    "claim_never": make_after_word(s.NeverClaim),
    "claim_more": make_after_word(s.MoreClaim),
    "claim_share": _claim_share,
    "claim_persona": make_after_word(s.PersonaClaim),
    "claim_flapping": lambda _b, _c, span: s.FlappingClaim(span),
    "claim_top": _claim_top,
    "claimed": _claimed,
    "on": item,
}
