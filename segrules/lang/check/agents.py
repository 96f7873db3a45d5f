"""Pools of agents, what they are paid, how they spend their time, and what checks find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import figures
from segrules.lang.check.coerce import to_float
from segrules.lang.check.expressions import elaborate
from segrules.lang.check.figures import AMOUNT, COUNT, FACTOR, NUMBER, PART, SHARE, Kind
from segrules.lang.check.scope import Scope, Symbols, is_unclear, nearest
from segrules.lang.types import Number, Whole, spell
from segrules.text import problems
from segrules.text.source import Span

HOURS = 24.0

RESPONSE = "response to pay"
"""What the results call the strength of agents' answer to pay where nobody states it. No ordinary
table identifies it, so it is an assumption like those that were written; no name in rules has a
blank."""


def pools(file: s.File, symbols: Symbols) -> None:
    """Every pool, with the segments it serves."""
    for node in file.declarations:
        if isinstance(node, s.PoolOf):
            if node.name.text in symbols.pools:
                symbols.log.report(problems.twice(node.name.span, "pool", node.name.text))
            else:
                symbols.pools[node.name.text] = _pool(node, symbols)


def _pool(node: s.PoolOf, symbols: Symbols) -> ir.Pool:
    by_word = once(node.parts, "line of the pool", symbols)
    agents, shifts = _staff(by_word.get("agents"), symbols)
    serves = by_word.get("serves")
    return ir.Pool(
        node.name.text,
        node.label.value if node.label else "",
        agents,
        shifts,
        _fixed(by_word.get("hours"), symbols),
        _fixed(by_word.get("skill"), symbols),
        _served(serves, symbols) if isinstance(serves, s.PartOf) else (),
        _one(by_word.get("cost"), AMOUNT, symbols),
        node.name.span,
    )


def once(
    parts: Sequence[s.PartOf | s.HoursOf], kind: str, symbols: Symbols
) -> dict[str, s.PartOf | s.HoursOf]:
    """The parts of a block by their words; a word that stands twice is reported."""
    found: dict[str, s.PartOf | s.HoursOf] = {}
    for part in parts:
        if part.word in found:
            symbols.log.report(problems.twice(part.span, kind, part.word))
        found.setdefault(part.word, part)
    return found


def _staff(
    part: s.PartOf | s.HoursOf | None, symbols: Symbols
) -> tuple[ir.Stated | None, tuple[ir.Shift, ...]]:
    """The agents of a pool, or its shifts."""
    if isinstance(part, s.HoursOf):
        return None, shifts(part, symbols)
    return _one(part, COUNT, symbols), ()


def shifts(part: s.HoursOf, symbols: Symbols) -> tuple[ir.Shift, ...]:
    """Stretches of the day, which do not overlap."""
    made: list[ir.Shift] = []
    for each in part.shifts:
        start, stop = (
            figures.plain(hour, "hour", COUNT, symbols) for hour in (each.start, each.stop)
        )
        agents = (
            figures.stated(each.agents, part.word, COUNT, symbols)
            if each.agents is not None
            else 0.0
        )
        if not start < stop <= HOURS:
            symbols.log.report(problems.no_hours_of_a_day(each.span))
        elif any(start < other.stop and other.start < stop for other in made):
            symbols.log.report(problems.shifts_overlap(each.span))
        made.append(ir.Shift(agents, start, stop))
    return tuple(made)


def _one(part: s.PartOf | s.HoursOf | None, kind: Kind, symbols: Symbols) -> ir.Stated | None:
    """The figure of a line with one."""
    if not isinstance(part, s.PartOf):
        return None
    return figures.stated(part.figures[0].value, part.word, kind, symbols)


def _fixed(part: s.PartOf | s.HoursOf | None, symbols: Symbols) -> float | None:
    if not isinstance(part, s.PartOf):
        return None
    return figures.plain(part.figures[0].value, part.word, COUNT, symbols)


def _served(part: s.PartOf, symbols: Symbols) -> tuple[str, ...]:
    known = figures.all_segments(symbols)
    for at, name in enumerate(part.names):
        if any(other.text == name.text for other in part.names[:at]):
            symbols.log.report(problems.figure_twice(name.span, part.word, name.text))
        elif name.text not in known and name.text not in symbols.doubtful:
            near = nearest(name.text, known)
            symbols.mistaken.add(name.text)
            hint = "leave `serves` out: a pool that says nothing of it serves everyone"
            symbols.log.report(
                problems.unknown_segment(name.span, name.text, "any set", near, hint)
            )
    return tuple(dict.fromkeys(name.text for name in part.names))


# ---- pay


_PAID: dict[str, tuple[str, Kind]] = {
    "per sale": ("per_sale", AMOUNT),
    "of value": ("of_value", SHARE),
    "of margin": ("of_margin", SHARE),
    "per failed check": ("penalty", AMOUNT),
    "clawback": ("clawback", SHARE),
    "per passed check": ("sound", AMOUNT),
    "per customer kept": ("stay", AMOUNT),
    "of value kept": ("stay_of_value", SHARE),
    "at most": ("cap", AMOUNT),
}
"""The field of a pay plan that a line gives, and of what kind its figure is."""

_PAYING = ("per_sale", "of_value", "of_margin", "sound", "stay", "stay_of_value")


def plans(file: s.File, symbols: Symbols) -> None:
    """Every pay plan."""
    for node in file.declarations:
        if isinstance(node, s.PayOf):
            if node.name.text in symbols.plans:
                symbols.log.report(problems.twice(node.name.span, "pay plan", node.name.text))
            else:
                symbols.plans[node.name.text] = _plan(node, symbols)


def _plan(node: s.PayOf, symbols: Symbols) -> ir.PayPlan:
    parts = [part for part in node.parts if isinstance(part, s.PartOf)]
    said = len(symbols.log.found)
    fields: dict[str, Any] = {}
    for word, part in once(parts, "line of the pay plan", symbols).items():
        assert isinstance(part, s.PartOf)
        if word == "times":
            fields["times"] = figures.by_segment(
                part.figures, word, FACTOR, symbols, symbols.tables
            )
        else:
            name, kind = _PAID[word]
            fields[name] = _one(part, kind, symbols)
    tiers = [part for part in node.parts if isinstance(part, s.TierOf)]
    made = ir.PayPlan(
        node.name.text,
        node.label.value if node.label else "",
        tiers=_tiers(tiers, symbols),
        span=node.name.span,
        **fields,
    )
    pays = any(getattr(made, name) for name in _PAYING) or any(tier.extra for tier in made.tiers)
    # a figure that was complained about may be what pays
    if not pays and len(symbols.log.found) == said:
        symbols.log.report(problems.pays_nothing(node.name.span, node.name.text))
    return made


def _tiers(nodes: Sequence[s.TierOf], symbols: Symbols) -> tuple[ir.Tier, ...]:
    """The tiers, each for more sales than the one before."""
    made: list[ir.Tier] = []
    for node in nodes:
        above = figures.plain(node.above, "from", COUNT, symbols)
        factor = figures.stated(node.times, "times", FACTOR, symbols) if node.times else 1.0
        extra = figures.stated(node.plus, "plus", AMOUNT, symbols) if node.plus else 0.0
        if made and above <= made[-1].above:
            symbols.log.report(problems.tiers_order(node.span, f"{made[-1].above:g}"))
        made.append(ir.Tier(above, factor, extra))
    return tuple(made)


# ---- effort


def efforts(file: s.File, symbols: Symbols) -> None:
    """How the agents of each funnel spend their time."""
    for node in file.declarations:
        if isinstance(node, s.EffortOf):
            funnel = _funnel(node, "effort", symbols.efforts, symbols)
            if funnel is not None:
                symbols.efforts[funnel.name] = _effort(node, funnel, symbols)


def _funnel(
    node: s.EffortOf | s.QualityOf, kind: str, made: Mapping[str, object], symbols: Symbols
) -> ir.Funnel | None:
    """The funnel that is named, if it has a value and nothing of this kind was said of it."""
    name = node.funnel
    funnel = symbols.funnels.get(name.text)
    if funnel is None:
        if name.text not in symbols.doubtful:
            symbols.mistaken.add(name.text)
            symbols.log.report(problems.unknown_funnel(name.span, list(symbols.funnels)))
        return None
    if name.text in made:
        symbols.log.report(problems.twice(name.span, f"{kind} of", name.text))
        return None
    if all(stage.value is None for stage in funnel.stages) and not symbols.doubtful:
        symbols.log.report(problems.agents_need_value(name.span, kind, name.text))
    return funnel


def _effort(node: s.EffortOf, funnel: ir.Funnel, symbols: Symbols) -> ir.Effort:
    parts = {
        word: part
        for word, part in once(node.parts, "line of the effort", symbols).items()
        if isinstance(part, s.PartOf)
    }
    lacking = [word for word in ("time", "elasticity", "paid by") if word not in parts]
    if lacking:
        symbols.log.report(problems.effort_incomplete(node.funnel.span, funnel.name, lacking))
    scope = Scope(symbols, symbols.tables[funnel.table], outcomes=True)
    elasticity, response, supply = (
        parts.get(word) for word in ("elasticity", "response", "supply")
    )
    return ir.Effort(
        funnel.name,
        _time(parts["time"], scope) if "time" in parts else (),
        _spread(elasticity, PART, funnel.table, symbols),
        RESPONSE if response is None else _one(response, PART, symbols) or 0.0,
        (_one(supply, NUMBER, symbols) if supply else None) or 0.0,
        _named_plan(parts.get("paid by"), symbols),
        named_pools(parts.get("pools"), symbols),
        node.funnel.span,
    )


def _spread(part: s.PartOf | None, kind: Kind, table: str, symbols: Symbols) -> ir.ByName:
    """The figures of a line by segments of a table."""
    if part is None:
        return ()
    return figures.by_segment(part.figures, part.word, kind, symbols, [table])


def _time(part: s.PartOf, scope: Scope) -> ir.Expr | ir.ByName:
    """Hours of a case: figures, or an expression over the rows of the funnel."""
    symbols, node = scope.symbols, part.value
    if node is None:
        return _spread(part, figures.POSITIVE, scope.table.name, symbols)
    alone = isinstance(node, s.Number) or (
        isinstance(node, s.Name)
        and scope.table.column(node.text) is None
        and node.text in {*symbols.knobs, *symbols.assumed}
    )
    if alone:
        return (("", figures.stated(node, "time", figures.POSITIVE, symbols)),)
    return number(node, scope) or ()


def number(node: s.Expression, scope: Scope) -> ir.Expr | None:
    """An expression that is a number; None after a complaint."""
    found = elaborate(node, scope)
    if is_unclear(found):
        return None
    if not isinstance(found.type, Whole | Number):
        scope.log.report(problems.not_a_number(node.span, spell(found.type)))
        return None
    return to_float(found)


def _named_plan(part: s.PartOf | None, symbols: Symbols) -> str:
    if part is None:
        return ""
    return plan_name(part.names[0], symbols)


def plan_name(name: s.Name, symbols: Symbols) -> str:
    """The name of a pay plan, which counts as used."""
    symbols.named.add(("pay plan", name.text))
    if name.text not in symbols.plans and name.text not in symbols.doubtful:
        near = nearest(name.text, symbols.plans)
        symbols.mistaken.add(name.text)
        symbols.log.report(problems.unknown_plan(name.span, name.text, near))
    return name.text


def pool_name(name: s.Name, symbols: Symbols) -> str:
    """The name of a pool, which counts as used."""
    symbols.named.add(("pool", name.text))
    if name.text not in symbols.pools and name.text not in symbols.doubtful:
        near = nearest(name.text, symbols.pools)
        symbols.mistaken.add(name.text)
        symbols.log.report(problems.unknown_pool(name.span, name.text, near))
    return name.text


def named_pools(part: s.PartOf | s.HoursOf | None, symbols: Symbols) -> tuple[str, ...]:
    """The pools that a line names, each once."""
    if not isinstance(part, s.PartOf):
        return ()
    for at, name in enumerate(part.names):
        if any(other.text == name.text for other in part.names[:at]):
            symbols.log.report(problems.twice(name.span, "pool", name.text))
    return tuple(dict.fromkeys(pool_name(name, symbols) for name in part.names))


# ---- quality


_FOUND: dict[str, Kind] = {
    "checked": SHARE, "failing": SHARE, "found": SHARE, "missold": SHARE, "loss": AMOUNT,
    "cost": AMOUNT, "wait": COUNT, "drop": SHARE,
}  # fmt: skip


def qualities(file: s.File, symbols: Symbols) -> None:
    """What checks of each funnel find."""
    for node in file.declarations:
        if isinstance(node, s.QualityOf):
            funnel = _funnel(node, "quality", symbols.qualities, symbols)
            if funnel is not None:
                symbols.qualities[funnel.name] = _quality(node, funnel, symbols)


def _quality(node: s.QualityOf, funnel: ir.Funnel, symbols: Symbols) -> ir.Quality:
    fields: dict[str, Any] = {}
    for word, part in once(node.parts, "line of the quality", symbols).items():
        assert isinstance(part, s.PartOf)
        if word == "temptation":
            fields[word] = _one(part, COUNT, symbols)
            continue
        for each in part.figures:
            if each.unit not in (None, "day"):
                symbols.log.report(problems.wait_in_days(each.span))
        fields[word] = _spread(part, _FOUND[word], funnel.table, symbols)
    return ir.Quality(funnel.name, span=node.funnel.span, **fields)


# ---- what nothing uses


def unused(symbols: Symbols) -> None:
    """Complains about pools and pay plans that nothing names."""
    if symbols.in_doubt:
        return
    found: list[tuple[str, str, Span | None]] = [
        *(("pool", each.name, each.span) for each in symbols.pools.values()),
        *(("pay plan", each.name, each.span) for each in symbols.plans.values()),
    ]
    for kind, name, span in found:
        if (kind, name) not in symbols.named and span is not None:
            symbols.log.report(problems.agents_unused(span, kind, name))
