"""Pools, pay, effort and quality, lives and lines."""

from __future__ import annotations

from segrules.lang import syntax as s
from segrules.lang.layout.items import Item, block, labelled, line
from segrules.lang.spelling import expression, name, names, quantity

_BEHIND = {"hours": " per week", "cost": " per hour"}
"""What stands behind the figure in a line of a pool."""

_WRAPPED = {
    "per failed check": ("less ", " per failed check"),
    "clawback": ("clawback ", ""),
    "at most": ("at most ", " per month"),
    "times": ("times ", ""),
}
"""What stands around the figure in a line of a pay plan, where the word does not follow it."""


def figures(found: tuple[s.FigureOf, ...]) -> str:
    """`60% for gold and silver, 5% for rest`."""
    return ", ".join(_figure(each) for each in found)


def _figure(node: s.FigureOf) -> str:
    text = expression(node.value)
    if node.unit:
        once = isinstance(node.value, s.Number) and node.value.value == 1
        text += f" {node.unit}" if once else f" {node.unit}s"
    return f"{text} for {names(node.segments, ' and ')}" if node.segments else text


def _part(node: s.PartOf) -> str:
    if node.value is not None:
        return expression(node.value)
    return names(node.names) if node.names else figures(node.figures)


def _hours(node: s.HoursOf) -> str:
    return ", ".join(_shift(each) for each in node.shifts)


def _shift(node: s.ShiftOf) -> str:
    agents = f"{quantity(node.agents)} " if node.agents is not None else ""
    return f"{agents}from {quantity(node.start)} to {quantity(node.stop)}"


def pool(node: s.PoolOf) -> list[Item]:
    lines = []
    for part in node.parts:
        if isinstance(part, s.HoursOf):
            said = _hours(part)
        else:
            said = _part(part) + _BEHIND.get(part.word, "")
        lines.append(line(part.span, node, (part.word, said)))
    return block(labelled(f"pool {name(node.name)}", node.label), node, lines)


def pay(node: s.PayOf) -> list[Item]:
    lines = [line(part.span, node, (_paid(part),)) for part in node.parts]
    return block(labelled(f"pay {name(node.name)}", node.label), node, lines)


def _paid(node: s.PartOf | s.TierOf) -> str:
    if isinstance(node, s.TierOf):
        times = f" times {quantity(node.times)}" if node.times is not None else ""
        plus = f" plus {quantity(node.plus)}" if node.plus is not None else ""
        return f"from {quantity(node.above)} sales{times}{plus}"
    before, behind = _WRAPPED.get(node.word, ("", f" {node.word}"))
    return f"{before}{_part(node)}{behind}"


def effort(node: s.EffortOf) -> list[Item]:
    return _parts(f"effort of {name(node.funnel)}", node)


def quality(node: s.QualityOf) -> list[Item]:
    return _parts(f"quality of {name(node.funnel)}", node)


def _parts(head: str, node: s.EffortOf | s.QualityOf) -> list[Item]:
    return block(
        head, node, [line(part.span, node, (part.word, _part(part))) for part in node.parts]
    )


def life(node: s.LifeOf) -> list[Item]:
    head = f"life {name(node.name)} of {name(node.table)}"
    return block(head, node, [line(part.span, node, _of_life(part)) for part in node.parts])


def _of_life(node: s.SalesOf | s.ChangeOf | s.PartOf) -> tuple[str, ...]:
    match node:
        case s.PartOf():
            return node.word, _part(node)
        case s.ChangeOf():
            return name(node.column), _change(node)
        case s.SalesOf():
            said = [f"{name(node.table)} value {expression(node.value)}"]
            said += [
                f"cost {name(each.name)} {expression(each.amount)} each" for each in node.costs
            ]
            return "sales", " ".join(said)


def _change(node: s.ChangeOf) -> str:
    by, more = figures(node.by), figures(node.more)
    match node.way:
        case "drifts":
            return f"drifts by {by}" + (f" give or take {more}" if more else "")
        case "steps":
            return f"steps by {by} with chance {more}"
        case "counts" | "sums":
            return node.way if node.keep is None else f"{node.way} keep {quantity(node.keep)}"
        case "since_sale":
            return f"since sale by {by}"
        case "sale_day":
            return "day of sale"
        case "follows":
            return f"follows price by {by}"
        case "grows":
            return f"grows by {by}"
        case "switches":
            return "switches"


def queue(node: s.LineOf) -> list[Item]:
    lines = []
    for part in node.parts:
        said = _hours(part) if isinstance(part, s.HoursOf) else _part(part)
        lines.append(line(part.span, node, (part.word, said)))
    where = f" where ({expression(node.where)})" if node.where is not None else ""
    return block(f"line {name(node.name)} of {name(node.table)}{where}", node, lines)
