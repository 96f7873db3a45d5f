"""Scenarios: levers, each an edit of the projection with what it costs and when it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

from segrules.lang import ir
from segrules.lang import syntax as s
from segrules.lang.check import figures
from segrules.lang.check.agents import plan_name, pool_name
from segrules.lang.check.figures import (
    AMOUNT,
    COUNT,
    FACTOR,
    ODDS,
    POINTS,
    SHARE,
    SIGNED_AMOUNT,
)
from segrules.lang.check.lives import column_type
from segrules.lang.check.order import settle
from segrules.lang.check.scope import Symbols, nearest
from segrules.lang.check.windows import length
from segrules.lang.types import Money, Number, Share, Type, Unclear, Whole, spell
from segrules.text import problems

MAX_MONTHS = 120
MAX_AGENTS = 1_000_000

_ONLY_IN: dict[str, tuple[str, ...]] = {
    "to": ("route",),
    "reserve": ("route", "priority"),
    "agents": ("capacity",),
    "skill": ("train",),
    "neutral cost": ("pay",),
    "pay none": ("qa",),
    "checked": ("qa",),
}
"""Effects that belong to some levers; the others are for every lever."""

_ASIDE = frozenset({
    "cost each", "cost once", "cost monthly", "from", "for", "over", "keeping", "deadweight",
    "pull_forward",
})  # fmt: skip
"""What a lever costs and when it works: no effect by itself."""

_TIMED = ("arrivals", "value", "leaving", "time", "ceiling", "price", "handling")
"""The figures of segments that a lever may multiply."""


def scenarios(file: s.File, symbols: Symbols) -> None:
    """Every scenario; bundles are the levers of their parts in order."""
    nodes: dict[str, s.ScenarioOf] = {}
    for node in file.declarations:
        if isinstance(node, s.ScenarioOf):
            if node.name.text == "today":
                symbols.log.report(problems.today_is_taken(node.name.span))
            elif node.name.text in nodes:
                symbols.log.report(problems.twice(node.name.span, "scenario", node.name.text))
            else:
                nodes[node.name.text] = node
    uses = {
        name: [part.text for part in node.parts if part.text in nodes]
        for name, node in nodes.items()
    }
    order, circles = settle(uses)
    circular = {name for circle in circles for name in circle.names}
    for circle in circles:
        symbols.log.report(problems.cycle(nodes[circle.way[0]].name.span, circle.way))
    symbols.doubtful |= circular
    for name in order:
        if name not in circular:
            symbols.scenarios[name] = _scenario(nodes[name], nodes, symbols)


def _scenario(node: s.ScenarioOf, nodes: dict[str, s.ScenarioOf], symbols: Symbols) -> ir.Scenario:
    """A scenario whose parts are settled; a lever that several parts share counts once."""
    levers = [_lever(each, symbols) for each in node.levers]
    for part in node.parts:
        if part.text not in nodes and part.text not in symbols.doubtful:
            near = nearest(part.text, nodes)
            symbols.mistaken.add(part.text)
            symbols.log.report(problems.unknown_scenario(part.span, part.text, near))
        elif part.text in symbols.scenarios:
            found = symbols.scenarios[part.text].levers
            levers.extend(lever for lever in found if all(lever is not each for each in levers))
    return ir.Scenario(
        node.name.text, node.label.value if node.label else "", tuple(levers),
        tuple(part.text for part in node.parts), node.name.span,
    )  # fmt: skip


# ---- levers


@dataclass
class _Made:
    """A lever in the making; `targets` are the pools or the pay plan that it names."""

    node: s.LeverOf
    symbols: Symbols
    targets: tuple[str, ...] = ()
    edits: list[ir.Edit] = field(default_factory=list)
    costs: list[ir.LeverCost] = field(default_factory=list)
    timing: ir.Timing = ir.Timing()  # noqa: RUF009 -- frozen
    deadweight: ir.Stated = 0.0
    pull_forward: ir.Stated = 0.0
    seen: set[tuple[str, str]] = field(default_factory=set)

    def figure(self, effect: s.Effect) -> s.Expression:
        assert effect.figure is not None
        return effect.figure


def _lever(node: s.LeverOf, symbols: Symbols) -> ir.Lever:
    made = _Made(node, symbols)
    segments: tuple[str, ...] = ()
    plan = _names_plan(node, symbols)
    if _names_pools(node):
        made.targets = tuple(dict.fromkeys(pool_name(name, symbols) for name in node.targets))
    elif plan:
        made.targets = _plan(node, symbols)
    else:
        segments = _segments(node, symbols)
    if node.kind == "priority":
        made.edits.append(ir.Priority())
    if plan and made.targets:
        neutral = any(effect.word == "neutral cost" for effect in node.effects)
        made.edits.append(ir.Pays(made.targets[0], neutral))
    for effect in node.effects:
        _effect(effect, made)
    written = {effect.word for effect in node.effects}
    if not made.edits and written <= _ASIDE and not symbols.doubtful and not plan:
        symbols.log.report(problems.lever_without_effect(node.span, node.kind))
    return ir.Lever(
        node.kind, segments, tuple(made.edits), tuple(made.costs), made.timing, made.deadweight,
        made.pull_forward, node.span,
    )  # fmt: skip


def _names_pools(node: s.LeverOf) -> bool:
    words = {effect.word for effect in node.effects}
    return (node.kind == "capacity" and "agents" in words) or (
        node.kind == "train" and "skill" in words
    )


def _names_plan(node: s.LeverOf, symbols: Symbols) -> bool:
    """Whether a lever names a pay plan: by its name, or because it says nothing of segments."""
    if node.kind != "pay":
        return False
    words = {effect.word for effect in node.effects}
    if "neutral cost" in words or any(name.text in symbols.plans for name in node.targets):
        return True
    return bool(node.targets) and not words & {"odds", "plus", "times", "by"}


def _plan(node: s.LeverOf, symbols: Symbols) -> tuple[str, ...]:
    names = tuple(plan_name(name, symbols) for name in node.targets)
    if len(names) != 1:
        symbols.log.report(problems.one_pay_plan(node.span))
    return names[:1]


def _segments(node: s.LeverOf, symbols: Symbols) -> tuple[str, ...]:
    known = figures.all_segments(symbols)
    for at, target in enumerate(node.targets):
        if any(earlier.text == target.text for earlier in node.targets[:at]):
            symbols.log.report(problems.segment_named_twice(target.span, target.text))
        elif target.text not in known and target.text not in symbols.doubtful:
            near = nearest(target.text, known)
            symbols.mistaken.add(target.text)
            symbols.log.report(
                problems.unknown_segment(
                    target.span, target.text, "any set", near, "write `every segment`"
                )
            )
    return tuple(dict.fromkeys(target.text for target in node.targets))


def _effect(effect: s.Effect, made: _Made) -> None:
    """Takes one effect into the lever; one of another lever, or said twice, is left out."""
    kinds = _ONLY_IN.get(effect.word)
    log = made.symbols.log
    if kinds is not None and made.node.kind not in kinds:
        log.report(problems.effect_of_another_lever(effect.span, effect.word, kinds))
        return
    what = (effect.word, effect.name.text if effect.name else "")
    if what in made.seen:
        said = " ".join(part for part in reversed(what) if part)
        log.report(problems.twice(effect.span, "part of the lever", said))
        return
    made.seen.add(what)
    _EFFECTS[effect.word](effect, made)


def _odds(effect: s.Effect, made: _Made) -> None:
    assert effect.name is not None
    _check_stage(effect.name, made.symbols)
    factor = figures.moved(made.figure(effect), "odds", ODDS, made.symbols)
    made.edits.append(ir.Odds(effect.name.text, factor))


def _plus(effect: s.Effect, made: _Made) -> None:
    assert effect.name is not None
    _check_stage(effect.name, made.symbols)
    by = figures.moved(made.figure(effect), "plus", POINTS, made.symbols)
    made.edits.append(ir.Plus(effect.name.text, by))


def _times(effect: s.Effect, made: _Made) -> None:
    assert effect.name is not None
    name = effect.name
    factor = figures.moved(made.figure(effect), "times", FACTOR, made.symbols)
    if name.text in _TIMED:
        made.edits.append(ir.Times(cast(Any, name.text), factor))
    elif name.text not in made.symbols.doubtful:
        near = nearest(name.text, _TIMED)
        made.symbols.log.report(problems.unknown_lever_figure(name.span, name.text, near, _TIMED))


def _moves(effect: s.Effect, made: _Made) -> None:
    assert effect.name is not None
    also = {each.word: each.figure for each in effect.also}
    symbols = made.symbols
    column = _moved_type(effect.name, symbols)
    kind = SIGNED_AMOUNT if isinstance(column, Money) else figures.CHANGE
    by = figures.plain(made.figure(effect), "by", kind, symbols)
    to = figures.plain(also["to"], "to", kind, symbols) if "to" in also else None
    chance = figures.moved(also["chance"], "chance", SHARE, symbols)
    back: ir.Stated = 0.0
    if "fall_back" in also:
        back = figures.moved(also["fall_back"], "fall_back", SHARE, symbols)
    if not isinstance(column, Unclear):
        made.edits.append(ir.Moves(effect.name.text, by, to, chance, back))


def _moved_type(name: s.Name, symbols: Symbols) -> Type:
    """The type of a column that is moved; unclear after a complaint, as where it is no number."""
    tables = [symbols.tables[life.table] for life in symbols.lives.values()]
    if not tables:
        if not symbols.doubtful:
            symbols.log.report(problems.moves_without_life(name.span, name.text))
        return Unclear()
    own = next((each for each in tables if each.column(name.text) is not None), tables[0])
    kind = column_type(name, own, symbols)
    if isinstance(kind, Whole | Number | Share | Money | Unclear):
        return kind
    symbols.log.report(problems.change_of_kind(name.span, spell(kind), "a number or an amount"))
    return Unclear()


def _to(effect: s.Effect, made: _Made) -> None:
    assert effect.name is not None
    pool = pool_name(effect.name, made.symbols)
    after = 0.0
    for each in effect.also:
        after = figures.plain(each.figure, "after", COUNT, made.symbols)
    made.edits.append(ir.RouteTo(pool, after))


def _not_added(effect: s.Effect, made: _Made) -> None:
    """Complains about `agents + 2`: a lever says what there will be, not how much more."""
    figure = made.figure(effect)
    if isinstance(figure, s.Number | s.Percent) and figure.span.text.startswith("+"):
        log = made.symbols.log
        log.report(problems.lever_does_not_add(figure.span, effect.word, figure.written))


def _skill(effect: s.Effect, made: _Made) -> None:
    _not_added(effect, made)
    (also,) = effect.also
    skill = figures.plain(made.figure(effect), "skill", COUNT, made.symbols)
    odds = figures.moved(also.figure, "odds", ODDS, made.symbols)
    _each_pool(effect, made, lambda pool: ir.Trained(pool, skill, odds))


def _agents(effect: s.Effect, made: _Made) -> None:
    _not_added(effect, made)
    agents = figures.stated(made.figure(effect), "agents", COUNT, made.symbols)
    _each_pool(effect, made, lambda pool: ir.Staffed(pool, agents))


def _each_pool(effect: s.Effect, made: _Made, edit: Callable[[str], ir.Edit]) -> None:
    if not made.targets:
        made.symbols.log.report(problems.lever_names_pools(made.node.span, effect.word))
    made.edits.extend(edit(pool) for pool in made.targets)


def _reserve(effect: s.Effect, made: _Made) -> None:
    _not_added(effect, made)
    agents = figures.whole(made.figure(effect), "reserve", (1, MAX_AGENTS), 1, made.symbols)
    made.edits.append(ir.Reserve(agents))


def _checked(effect: s.Effect, made: _Made) -> None:
    _not_added(effect, made)
    share = figures.stated(made.figure(effect), "checked", SHARE, made.symbols)
    made.edits.append(ir.Checked(share))


def _cost(effect: s.Effect, made: _Made) -> None:
    amount = figures.stated(made.figure(effect), "cost", AMOUNT, made.symbols)
    per = {"cost each": "customer", "cost once": "once", "cost monthly": "month"}[effect.word]
    made.costs.append(ir.LeverCost(amount, cast(Any, per)))


# ---- when it works, and how much of it


def _from(effect: s.Effect, made: _Made) -> None:
    """`from month 1` is at once: months are counted from the first that is projected."""
    month = figures.whole(made.figure(effect), "month", (1, MAX_MONTHS), 1, made.symbols)
    made.timing = replace(made.timing, start=month - 1)


def _for(effect: s.Effect, made: _Made) -> None:
    made.timing = replace(made.timing, duration=_months(effect, made))


def _over(effect: s.Effect, made: _Made) -> None:
    made.timing = replace(made.timing, ramp=_months(effect, made))


def _months(effect: s.Effect, made: _Made) -> int:
    """A length of time in months, or a knob that is one."""
    symbols, node = made.symbols, effect.figure
    found: ir.Length | None = None
    if isinstance(node, s.LengthOf):
        found = length(node, symbols)
    elif isinstance(node, s.Name):
        knob = symbols.knobs.get(node.text)
        if knob is None and node.text not in symbols.doubtful:
            near = nearest(node.text, symbols.knobs)
            symbols.log.report(problems.unknown_length(node.span, node.text, near))
            return 1
        found = knob.value if knob is not None and isinstance(knob.value, ir.Length) else None
    if found is not None and found.unit == "months" and 1 <= found.count <= MAX_MONTHS:
        return found.count
    symbols.log.report(problems.lever_months(effect.span, effect.word, MAX_MONTHS))
    return 1


def _keeping(effect: s.Effect, made: _Made) -> None:
    share = figures.stated(made.figure(effect), "keeping", SHARE, made.symbols)
    made.timing = replace(made.timing, persistence=share)


def _deadweight(effect: s.Effect, made: _Made) -> None:
    made.deadweight = figures.moved(made.figure(effect), "deadweight", SHARE, made.symbols)


def _pull_forward(effect: s.Effect, made: _Made) -> None:
    made.pull_forward = figures.moved(made.figure(effect), "pull_forward", SHARE, made.symbols)


def _neutral(_effect: s.Effect, made: _Made) -> None:
    """Said of the pay plan, which is an effect of its own."""


def _unpaid(_effect: s.Effect, made: _Made) -> None:
    made.edits.append(ir.ChecksUnpaid())


_EFFECTS: dict[str, Callable[[s.Effect, _Made], None]] = {
    "odds": _odds, "plus": _plus, "times": _times, "by": _moves, "to": _to, "skill": _skill,
    "agents": _agents, "reserve": _reserve, "checked": _checked, "neutral cost": _neutral,
    "pay none": _unpaid, "cost each": _cost, "cost once": _cost, "cost monthly": _cost,
    "from": _from, "for": _for, "over": _over, "keeping": _keeping,
    "deadweight": _deadweight, "pull_forward": _pull_forward,
}  # fmt: skip


def _check_stage(name: s.Name, symbols: Symbols) -> None:
    known = [stage.name for funnel in symbols.funnels.values() for stage in funnel.stages[1:]]
    if name.text not in known and name.text not in symbols.doubtful:
        symbols.mistaken.add(name.text)
        symbols.log.report(problems.unknown_stage(name.span, name.text, nearest(name.text, known)))
