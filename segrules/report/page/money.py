"""Blocks about money: revenue to profit by part, equal cost, payback, and the opportunity."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.report.costs import AT_EQUAL, ladder, ladder_title, of_total
from segrules.report.outlooks import payback_told
from segrules.report.page import arms
from segrules.report.page.content import Block, Items, Table
from segrules.report.page.view import View
from segrules.report.page.words import Unit
from segrules.report.words import NONE
from segrules.sim.model import COST
from segrules.sim.summary import SALES_AT, Row


def money_blocks(view: View) -> tuple[Block, ...]:
    """From revenue to profit, each part of the cost, and what is held equal."""
    scenario = view.outlook.scenario
    money = f" ({view.found.currency})" if view.found.currency else ""
    blocks: list[Block] = []
    rows = ladder(view.found, scenario)
    if rows:
        title = ladder_title(rows)
        blocks.append(_table(f"{title[:1].upper()}{title[1:]}{money}", rows, view))
    total = of_total(view.found.rows, scenario)
    held = [(name, total[name]) for name in AT_EQUAL if name in total]
    if held:
        blocks.append(_table(f"At equal cost or sales, as in {view.base}{money}", held, view))
    worth = view.extras.account.parts.worth if view.extras.account else ()
    if worth:
        unit = view.unit_of(COST)
        cells = [
            (each.name, unit.level(own.own), unit.level(own.most) if own.most.mean > 0 else NONE)
            for each, own in zip(view.extras.parts, worth, strict=True)
        ]
        caption = f"What each lever costs by itself, and the cost at which it adds nothing{money}"
        blocks.append(Table(caption, ("lever", ">costs", ">breaks even at"), tuple(cells)))
    return tuple(blocks)


def _table(caption: str, rows: Sequence[tuple[str, Row]], view: View) -> Table:
    return Table(
        f"{caption}: mean, and the difference with its 80% interval",
        ("", f">{view.base}", ">then", ">difference"),
        tuple(_line(called, row, view) for called, row in rows),
    )


def _line(called: str, row: Row, view: View) -> tuple[str, ...]:
    unit = Unit(row.measure, None) if row.measure == SALES_AT else view.unit_of(COST)
    return (
        called, unit.level(row.today), unit.level(row.then), arms.change(row.difference, unit),
    )  # fmt: skip


def payback_blocks(view: View) -> tuple[Block, ...]:
    """When the scenario has brought back what is paid once, where something is."""
    found = view.found
    if not found.paybacks:
        return ()
    told = payback_told(found.paybacks[0], found.outlooks[0], found)
    return (Items((f"Payback: {told}.",)),)


def why_blocks(view: View) -> tuple[Block, ...]:
    """Why more or fewer reach each stage."""
    whys = view.found.whys[0] if view.found.whys else ()
    unit = Unit("", None)
    rows = [
        (each.stage, *(arms.change(one, unit) for one in (each.volume, each.mix, each.rate)))
        for each in whys
    ]
    if not rows:
        return ()
    return (
        Table(
            f"Why more or fewer customers than {view.base} reach a stage: mean and 80% interval",
            ("stage", ">more come to it", ">others come (mix)", ">they go on otherwise (rate)"),
            tuple(rows),
        ),
    )


def gap_blocks(view: View) -> tuple[Block, ...]:
    """What each segment would bring more if it went on as all do."""
    gaps = view.extras.account.gaps if view.extras.account else ()
    if not gaps:
        return ()
    money = view.found.estimate.model.value is not None
    unit = view.unit_of(COST) if money else Unit("", None)
    stages = list(dict.fromkeys(each.stage for each in gaps))
    rows = {(each.segment, each.stage): each for each in gaps}
    what = f"revenue, {unit.name}" if money else "customers at the last stage"
    return (
        Table(
            f"Opportunity today ({what}): what a segment would bring more at the rate of all",
            ("segment", *(f">{stage}" for stage in stages)),
            tuple(
                (called, *(arms.change(rows[name, stage].worth, unit) for stage in stages))
                for name, called in view.segments.items()
            ),
        ),
    )
