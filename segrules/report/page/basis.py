"""What a projection rests on, and how it was worked out."""

from __future__ import annotations

from segrules.report.page import more
from segrules.report.page.content import Block, Items, Table, Words
from segrules.report.page.made import Made, versions
from segrules.report.page.view import View
from segrules.report.stated import evidence_told, stated_range
from segrules.report.words import NONE, count
from segrules.sim.assumptions import GRADES, Weighed
from segrules.sim.model import PROFIT


def assumptions(view: View) -> tuple[Block, ...]:
    found = view.evidence
    said = (
        f"Evidence grade {evidence_told(found)}. "
        + (
            "It is taken from the five that matter most."
            if found.ranked
            else "The assumptions were not ranked by how much they matter, so all weigh the same."
        )
    )  # fmt: skip
    shown = found.most if found.ranked else found.weighed
    title = "The assumptions that matter most" if found.ranked else "What this rests on"
    blocks: list[Block] = [Words(said), _assumption_table(title, shown, view)]
    rest = found.weighed[len(shown) :]
    if rest:
        blocks.append(_assumption_table("The other assumptions", rest, view))
    blocks.append(
        Items(tuple(f"{grade}: {meaning}" for grade, meaning in GRADES.items()))
    )  # fmt: skip
    return tuple(blocks)


def _assumption_table(title: str, shown: tuple[Weighed, ...], view: View) -> Table:
    bars = {bar.name: bar for bar in view.extras.tornado.bars} if view.extras.tornado else {}
    rows, marks = [], {}
    for at, each in enumerate(shown):
        stated = each.stated
        bar = bars.get(stated.name)
        source = f"{stated.source}: {stated.evidence}" if stated.evidence else stated.source
        until = stated.until.isoformat() if stated.until else NONE
        turns = more.flip(bar, each, view.unit_of(PROFIT)) if bar else NONE
        if each.expired:
            marks[at] = "past its day"
        line = (view.called(each), stated_range(each.stated, view.found.currency))
        rows.append((*line, *((turns,) if bars else ()), source, stated.owner, until))
    turning = ("turns the decision at",) if bars else ()
    return Table(
        title,
        ("assumption", "range", *turning, "source", "owner", "held until"),
        tuple(rows),
        marks,
    )


def annex(view: View, made: Made) -> tuple[Block, ...]:
    found, history = view.found, view.found.history
    mature = ", ".join(
        f"{stage} entered by {history.mature_until[stage]}" for stage in history.stages[1:]
    )
    rows = (
        ("engine", f"{found.engine}: {found.why}"),
        ("futures", f"{count(found.runs)}{'' if found.complete else ', interrupted'}"),
        ("seed", f"{found.seed}"),
        ("as of", history.as_of.isoformat()),
        ("arrivals", f"of {history.months[0]:%Y-%m} to {history.months[-1]:%Y-%m}"),
        ("conversion", f"from cohorts that had the full time: {mature}"),
        *versions(made),
    )
    notes = (
        "each range is equally likely throughout; both arms share their luck, so a difference is "
        "that of the same customers",
        "intervals hold 80% of the futures unless another part is named; figures have two digits "
        "that count, and are never finer than two Monte Carlo standard errors",
        *found.estimate.notes,
    )
    return Table("Method", ("what", "how"), rows), Items(notes)
