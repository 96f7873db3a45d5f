"""The way from a tree to a node: children first, then the function of its rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, cast

from lark import Token, Tree

from segrules.lang import syntax as s
from segrules.lang.types import BOUND
from segrules.text import problems
from segrules.text.diagnostic import Log
from segrules.text.source import Source, Span

MAX_DIGITS = 30
"""Digits of a number as written, decimals included: more than any quantity needs."""

Child = Any
"""A token, a built node, or None for an optional part that is not there: the grammar decides."""


class Builder:
    """Turns trees of one source into nodes; literals that cannot be read are reported."""

    def __init__(self, source: Source, log: Log, rules: Mapping[str, Rule]) -> None:
        self.source = source
        self.log = log
        self.rules = rules

    def node(self, tree: Child) -> Any:
        if tree is None:
            return None
        if isinstance(tree, Token):
            return self.token(tree)
        children = [self.node(child) for child in tree.children]
        return self.rules[str(tree.data)](self, children, self.span(tree))

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

    def length(self, number: s.Number, word: Token, span: Span) -> s.LengthOf:
        if number.value.denominator != 1:
            self.log.report(problems.length_not_whole(span, number.written, str(word)))
        return s.LengthOf(int(number.value), unit(word), span)

    def place(self, token: Token) -> Span:
        return self.source.span(token.start_pos or 0, token.end_pos or 0)


Rule = Callable[[Builder, list[Child], Span], Any]


def make(node: Callable[..., Any]) -> Rule:
    """The node from the children in their order."""
    return lambda _b, c, span: node(*c, span)


def make_after_word(node: Callable[..., Any]) -> Rule:
    """The node from the children behind the first, which is the word that leads."""
    return lambda _b, c, span: node(*c[1:], span)


def item(_b: Builder, c: list[Child], _span: Span) -> Any:
    """The only child."""
    return c[0]


def last(_b: Builder, c: list[Child], _span: Span) -> Any:
    """The last child."""
    return c[-1]


def listed(_b: Builder, c: list[Child], _span: Span) -> tuple[Any, ...]:
    """The children as a tuple."""
    return tuple(c)


def words(token: Child) -> str:
    """The words of a token with single spaces between them."""
    return " ".join(str(token).split())


def unit(word: Token) -> s.UnitWord:
    """The unit of time, in the singular."""
    return cast(s.UnitWord, str(word).removesuffix("s"))


def of(kind: Any, children: Iterable[Child]) -> tuple[Any, ...]:
    """The children of one kind."""
    return tuple(child for child in children if isinstance(child, kind))


def first(kind: Any, children: Iterable[Child]) -> Any:
    """The first child of one kind, or None."""
    return next(iter(of(kind, children)), None)


def at(children: list[Child], place: int) -> Any:
    """The child at a place, or None where the children end before it."""
    return children[place] if len(children) > place else None
