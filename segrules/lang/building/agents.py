"""Pools, pay, effort and quality, lives and lines."""

from __future__ import annotations

from typing import Any, cast

from segrules.lang import syntax as s
from segrules.lang.building.builder import Builder, Child, Rule, first, item, listed, make, of, unit
from segrules.text.source import Span


def _part(word: str) -> Rule:
    """A line with one figure, or with the figures of the segments."""

    def build(_b: Builder, c: list[Child], span: Span) -> s.PartOf:
        found = c[-1]
        figures = found if isinstance(found, tuple) else _for_all(found)
        return s.PartOf(word, figures, (), None, span)

    return build


def _for_all(figure: s.Figure) -> tuple[s.FigureOf, ...]:
    return (s.FigureOf(figure, (), None, figure.span),)


def _first(word: str) -> Rule:
    """A line that its figure leads: `150 per sale`."""
    return lambda _b, c, span: s.PartOf(word, _for_all(c[0]), (), None, span)


def _named(word: str) -> Rule:
    """A line with names."""

    def build(_b: Builder, c: list[Child], span: Span) -> s.PartOf:
        names = c[-1] if isinstance(c[-1], tuple) else (c[-1],)
        return s.PartOf(word, (), names, None, span)

    return build


def _valued(word: str) -> Rule:
    """A line with an expression."""
    return lambda _b, c, span: s.PartOf(word, (), (), c[-1], span)


def _worded(_b: Builder, c: list[Child], span: Span) -> s.PartOf:
    return s.PartOf(str(c[0]), c[1], (), None, span)


def _figure_of(_b: Builder, c: list[Child], span: Span) -> s.FigureOf:
    """`60% for gold and silver`, `2 days for gold`."""
    return s.FigureOf(c[0], c[-1], unit(c[1]) if len(c) == 3 else None, span)


def _wait_for_all(_b: Builder, c: list[Child], span: Span) -> tuple[s.FigureOf, ...]:
    return (s.FigureOf(c[0], (), unit(c[1]), span),)


def _open(_b: Builder, c: list[Child], span: Span) -> s.HoursOf:
    return s.HoursOf("open", (s.ShiftOf(None, c[1], c[2], span),), span)


def _tier_times(_b: Builder, c: list[Child], span: Span) -> s.TierOf:
    """The words `times` and `plus` stand between the figures."""
    return s.TierOf(c[0], c[2], c[4], span)


_PARTS = (s.PartOf, s.HoursOf, s.TierOf)


def _labelled(node: Any) -> Rule:
    """A block with a name and perhaps a label behind its word."""

    def build(_b: Builder, c: list[Child], span: Span) -> Any:
        label = first(s.Quote, c)
        return node(c[1], label, of(_PARTS, c), span)

    return build


def _block(node: Any, parts: int) -> Rule:
    """A block with so many parts of a heading behind its word."""
    return lambda _b, c, span: node(*c[1 : parts + 1], tuple(c[parts + 1 :]), span)


def _sales(_b: Builder, c: list[Child], span: Span) -> s.SalesOf:
    return s.SalesOf(c[1], c[2], of(s.Spent, c), span)


def _change(way: Any) -> Rule:
    """`by` figures, then those of the spread or the chance, where they are there."""

    def build(_b: Builder, c: list[Child], span: Span) -> s.ChangeOf:
        by, *more = of(tuple, c) or ((),)
        return s.ChangeOf(c[0], way, by, more[0] if more else (), None, span)

    return build


def _flow(way: Any) -> Rule:
    """Sales or revenue, with what is kept of them."""
    return lambda _b, c, span: s.ChangeOf(c[0], way, (), (), c[2], span)


RULES: dict[str, Rule] = {
    "pool": _labelled(s.PoolOf),
    "pool_agents": _part("agents"),
    "pool_shifts": lambda _b, c, span: s.HoursOf("agents", tuple(c), span),
    "pool_hours": _part("hours"),
    "pool_skill": _part("skill"),
    "pool_serves": _named("serves"),
    "pool_cost": _part("cost"),
    "shift": make(s.ShiftOf),
    "pay": _labelled(s.PayOf),
    "pay_sale": _first("per sale"),
    "pay_value": _first("of value"),
    "pay_margin": _first("of margin"),
    "pay_times": _part("times"),
    "pay_failed": _part("per failed check"),
    "pay_clawback": _part("clawback"),
    "pay_passed": _first("per passed check"),
    "tier_times": _tier_times,
    "tier_plus": lambda _b, c, span: s.TierOf(c[0], None, c[2], span),
    "pay_kept": _first("per customer kept"),
    "pay_value_kept": _first("of value kept"),
    "pay_cap": _part("at most"),
    "effort": _block(s.EffortOf, 1),
    "effort_part": item,
    "effort_time": _valued("time"),
    "effort_times": lambda _b, c, span: s.PartOf("time", tuple(c[1:]), (), None, span),
    "effort_elasticity": _part("elasticity"),
    "effort_response": _part("response"),
    "effort_supply": _part("supply"),
    "effort_paid": _named("paid by"),
    "timed": _figure_of,
    "pools": _named("pools"),
    "quality": _block(s.QualityOf, 1),
    **{
        f"quality_{word}": _part(word)
        for word in (
            "checked", "failing", "found", "missold", "loss", "cost", "wait", "drop", "temptation",
        )
    },
    "wait_for_all": _wait_for_all,
    "wait_of": _figure_of,
    "life": _block(s.LifeOf, 2),
    "life_sales": _sales,
    "life_figures": _worded,
    **{
        way: _change(way)
        for way in ("grows", "drifts", "steps", "since_sale", "sale_day", "follows", "switches")
    },
    "counts": _flow("counts"),
    "sums": _flow("sums"),
    "spent": make(s.Spent),
    "line": _block(s.LineOf, 3),
    "line_part": item,
    "line_arrives": _named("arrives"),
    "line_handling": _valued("handling"),
    "line_waited": _valued("waited"),
    "line_abandoned": _valued("abandoned"),
    "line_open": _open,
    "line_target": lambda _b, c, span: s.PartOf("target", cast(Any, c[-1]), (), None, span),
    "figure_for_all": lambda _b, c, _span: _for_all(c[0]),
    "by_segment": listed,
    "figure_of": _figure_of,
}  # fmt: skip
