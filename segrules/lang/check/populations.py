"""Tests and figures of a population: ranks, the largest that make a share, look-alikes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from segrules.lang import ir, spelling
from segrules.lang import syntax as s
from segrules.lang.check import arithmetic
from segrules.lang.check.bounds import SUM, limits, number
from segrules.lang.check.coerce import exact_value, to_minor
from segrules.lang.check.comparisons import flag
from segrules.lang.check.scope import Scope, is_unclear, nearest, unclear
from segrules.lang.types import (
    Enum,
    Flag,
    Link,
    Money,
    Number,
    Period,
    Set,
    Share,
    Text,
    Type,
    Unclear,
    Whole,
    spell,
)
from segrules.text import problems
from segrules.text.source import Span

Elaborate = Callable[[s.Expression, Scope], ir.Expr]

FIGURES = ("count", "sum", "mean", "median", "least", "greatest", "quantile")
"""What can be said of a population; `share_of_total` and `rank` are of a row in it."""


def ranked(node: s.Ranked, scope: Scope, elaborate: Elaborate) -> ir.Expr:
    """`in top 20% by fee`: among all rows of the table, whatever their segment."""
    quota = elaborate(node.quota, scope)
    population = _population(node.population, node.span, scope, elaborate)
    if population is None:
        return unclear(node.span)
    amount = _amount(node.by, scope, elaborate)
    if is_unclear(quota, amount):
        return unclear(node.span)
    share, count = _quota(quota)
    if (share is None or not 0 < share <= 1) and (count is None or count < 1):
        scope.log.report(problems.quota_out_of_range(node.quota.span))
        return unclear(node.span)
    end = "top" if node.top else "bottom"
    who = spell_population(node.population, scope.table.name)
    title = f"{end} {spell_quota(share, count)} of {who} by {spell_amount(amount, node.by)}"
    return ir.InRank(
        title, node.top, share, count, amount, _doubtful(amount, population), population,
        span=node.span,
    )  # fmt: skip


def largest(node: s.Largest, scope: Scope, elaborate: Elaborate) -> ir.Expr:
    """`in largest making 80% of turnover`: until their part is reached, the crosser included."""
    quota = elaborate(node.quota, scope)
    population = _population(node.population, node.span, scope, elaborate)
    if population is None:
        return unclear(node.span)
    amount = _amount(node.by, scope, elaborate)
    if is_unclear(quota, amount):
        return unclear(node.span)
    share, _ = _quota(quota)
    if share is None or not 0 < share <= 1:
        scope.log.report(problems.share_out_of_range(node.quota.span))
        return unclear(node.span)
    if not isinstance(amount.type, Whole | Number | Money | Share):
        scope.log.report(problems.not_a_number(node.by.span, spell(amount.type)))
        return unclear(node.span)
    who = spell_population(node.population, scope.table.name)
    title = f"largest of {who} making {spell_quota(share, None)} of {spell_amount(amount, node.by)}"
    return ir.InRank(
        title, True, share, None, amount, _doubtful(amount, population), population,
        making=True, span=node.span,
    )  # fmt: skip


def statistic(node: s.StatisticOf, scope: Scope, elaborate: Elaborate) -> ir.Expr:
    """`median spend of all customers with same region`, `rank of spend`, `share of total spend`."""
    population = _population(node.population, node.span, scope, elaborate)
    if population is None:
        return unclear(node.span)
    amount = None if node.value is None else _amount(node.value, scope, elaborate)
    if amount is not None and is_unclear(amount):
        return unclear(node.span)
    who = spell_population(node.population, scope.table.name)
    said = "" if amount is None or node.value is None else f" {spell_amount(amount, node.value)}"
    if node.how == "rank":
        assert amount is not None
        optional = _doubtful(amount, population) or population.among is not None
        return ir.Rank(f"rank of{said} of {who}", amount, population, optional, span=node.span)
    how = "sum" if node.how == "share_of_total" else node.how
    kind = _figure_type(how, amount, node.span, scope)
    if isinstance(kind, Unclear):
        return unclear(node.span)
    exact = node.quantile.value if node.quantile else None
    if exact is not None and not 0 <= exact <= 1:
        scope.log.report(problems.quantile_out_of_range(node.span))
        return unclear(node.span)
    word = f"quantile {spell_quota(exact, None)}" if exact is not None else how
    figure = ir.Statistic(
        f"{word}{said} of {who}", how, exact, amount, population, kind,
        _may_lack(how, amount, population), node.span,
    )  # fmt: skip
    if node.how == "share_of_total" and amount is not None:
        return arithmetic.combine_terms("/", amount, figure, node.span, scope.log)
    return figure


def _amount(written: s.Expression, scope: Scope, elaborate: Elaborate) -> ir.Expr:
    amount = to_minor(elaborate(written, scope))
    if is_unclear(amount) or not isinstance(
        amount.type, Text | Link | Flag | Enum | Set | Period
    ):  # fmt: skip
        return amount
    scope.log.report(problems.no_rank_by(written.span, spell(amount.type)))
    return unclear(written.span)


def _population(
    written: s.Population | None, place: Span, scope: Scope, elaborate: Elaborate
) -> ir.Population | None:
    """Who is compared; None after a complaint."""
    if not scope.table.key or scope.table.kind == "history":
        scope.log.report(problems.rank_inside_aggregate(place))
        return None
    if written is None:
        return ir.EVERYONE
    if written.table is not None and written.table.text != scope.table.name:
        _other_table(written.table, scope)
        return None
    same: list[ir.Expr] = []
    for each in written.same:
        value = to_minor(elaborate(each, scope))
        if is_unclear(value):
            return None
        if isinstance(value.type, Set | Period | Number | Share):
            scope.log.report(problems.no_look_alikes(each.span, spell(value.type)))
            return None
        same.append(value)
    if written.among is None:
        return ir.Population(tuple(same))
    among = flag(elaborate(written.among, scope), written.among.span, scope.log)
    return None if is_unclear(among) else ir.Population(tuple(same), among)


def _other_table(name: s.Name, scope: Scope) -> None:
    if name.text in scope.symbols.tables:
        scope.log.report(problems.population_of_other(name.span, name.text, scope.table.name))
    elif not scope.doubts(name.text):
        near = nearest(name.text, scope.symbols.tables)
        scope.log.report(problems.unknown_table(name.span, name.text, near))


def _doubtful(amount: ir.Expr, population: ir.Population) -> bool:
    """Whether a test may be unknown; a row asked later may be of a group that was not there."""
    among = population.among
    return amount.optional or bool(population.same) or (among is not None and among.optional)


def _may_lack(how: str, amount: ir.Expr | None, population: ir.Population) -> bool:
    """Whether a figure may be missing: of nobody a count and a sum are 0, the others nothing."""
    if how in ("count", "sum") or amount is None:
        return any(part.optional for part in population.same)
    return _doubtful(amount, population) or population.among is not None


def _figure_type(how: str, amount: ir.Expr | None, place: Span, scope: Scope) -> Type:
    if how == "count":
        return ir.COUNT
    assert amount is not None
    kind = amount.type
    if how not in FIGURES:
        scope.log.report(problems.no_figure(place, how.replace("_", " ")))
        return Unclear()
    if how in ("least", "greatest"):
        return kind
    match kind:
        case Money(currency=currency, low=low, high=high):
            return Money(currency) if how == "sum" else Money(currency, low, high, exact=False)
        case Whole() if how == "sum":
            return Whole()
        case Number() if how == "sum":
            return number(SUM)
        case Share():
            return number(SUM) if how == "sum" else kind
        case Whole() | Number():
            return number(limits(kind))
        case _:
            scope.log.report(problems.not_a_number(amount.span or place, spell(kind)))
            return Unclear()


# ---- names in a calibration


def _quota(quota: ir.Expr) -> tuple[Fraction | None, int | None]:
    """A share of the population or a number of its rows."""
    if isinstance(quota, ir.Const) and isinstance(quota.type, Share):
        return exact_value(quota), None
    whole = isinstance(quota, ir.Const) and isinstance(quota.type, Whole)
    if whole and isinstance(quota, ir.Const) and isinstance(quota.value, int):
        return None, quota.value
    return None, None


def spell_quota(share: Fraction | None, count: int | None) -> str:
    """`20%`, or how many."""
    return str(count) if share is None else percent_text(share)


def spell_amount(amount: ir.Expr, written: s.Expression) -> str:
    """The amount by its name, or as it was written."""
    if isinstance(amount, ir.Use | ir.Column):
        return amount.name
    return spelling.expression(written)


def spell_population(written: s.Population | None, table: str) -> str:
    """`leads with same region among (…)`: the population in the name of what is frozen of it."""
    if written is None:
        return table
    same = " and same ".join(name.text for name in written.same)
    among = f" among ({spelling.expression(written.among)})" if written.among else ""
    return table + (f" with same {same}" if same else "") + among


def percent_text(share: Fraction) -> str:
    """A share as a percentage, with every digit it has."""
    percent = share * 100
    return f"{percent}%" if percent.denominator == 1 else f"{float(percent)!r}%"
