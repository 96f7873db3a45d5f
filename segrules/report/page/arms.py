"""Blocks of a page for any project: both arms by row, a hundred futures, and what was stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segrules.report.page import charts, more
from segrules.report.page.content import Block, Chart, Items, Table, Words
from segrules.report.page.words import EDGES, Unit, futures, named, plus
from segrules.report.stated import stated_range
from segrules.report.words import NONE, count
from segrules.sim.assumptions import GRADES, Evidence
from segrules.sim.outlook import Outlook
from segrules.sim.summary import Compared, Figure


class Scaled(Unit):
    """What a measure is told in that is neither money nor customers."""

    def __init__(self, name: str, scale: float = 1.0) -> None:
        super().__init__(name, None)
        self.name, self.scale = name, scale


@dataclass(frozen=True)
class Told:
    """How a measure is told: its name, its unit, what a row is, and what is compared with.

    fewer: whether less is better, None where neither is. often: what the intervals are of.
    """

    measure: str
    unit: Unit
    base: str = "today"
    row: str = "segment"
    fewer: bool | None = None
    often: str = "futures"

    @property
    def axis(self) -> str:
        return f"{self.measure}, {self.unit.name}" if self.unit.name else self.measure


def still(figure: Figure) -> bool:
    """Whether nothing changes in any of the futures that an interval tells of."""
    return figure.mean == 0.0 and figure.interval95 == (0.0, 0.0)


def level(figure: Figure, unit: Unit) -> str:
    """A mean and its 80% interval; nothing but the mean where the interval says no more."""
    return _varying(unit.level(figure), _ends(figure, unit))


def change(figure: Figure, unit: Unit) -> str:
    """A mean difference and its 80% interval."""
    if still(figure):
        return "no change"
    return _varying(unit.change(figure), unit.between(figure))


def _ends(figure: Figure, unit: Unit) -> str:
    return " to ".join(unit.rough(end, EDGES[80] * figure.mc_error) for end in figure.interval80)


def _varying(mean: str, ends: str) -> str:
    return mean if ends == f"{mean} to {mean}" else f"{mean}\n{ends}"


def both_arms(
    name: str, title: str, rows: Mapping[str, Compared], told: Told, note: str = ""
) -> Chart:
    """Both arms by row, and the difference in a panel of its own: it is surer than the two."""
    arms, apart, table = [], [], []
    for called, row in rows.items():
        for of, figure in ((told.base, row.today), ("then", row.then)):
            arms.append(_span(called, figure, told, level(figure, told.unit), of))
        if change(row.difference, told.unit) not in ("no change", "0"):
            of = "total" if told.fewer is None else more.tone(
                row.difference, lower_is_better=told.fewer
            )  # fmt: skip
            shown = change(row.difference, told.unit)
            apart.append(_span(called, row.difference, told, shown, of))
        table.append((called, level(row.today, told.unit), level(row.then, told.unit),
                      change(row.difference, told.unit)))  # fmt: skip
    said = "; ".join(f"{each.name} {each.told}" for each in apart) or "nothing changes"
    alt = f"{told.measure} by {told.row}, {told.base} and then, with 80% intervals"
    panels = [charts.arms(arms, told.axis, alt, told.row)]
    if apart:
        axis = f"{told.axis}, difference from {told.base}"
        panels.append(charts.spans(apart, axis, f"Difference from {told.base}: {said}"))
    return Chart(
        name,
        title,
        f"{alt[:1].upper()}{alt[1:]}; the difference: {said}.",
        tuple(panels),
        Table(
            f"{told.axis}: mean, and the 80% interval of {told.often}",
            (told.row, f">{told.base}", ">then", ">difference"),
            tuple(table),
        ),
        f"Dots: means. Lines: 80% of {told.often}. {note}".rstrip(),
    )


def _span(called: str, figure: Figure, told: Told, shown: str, of: str) -> charts.Span:
    mean, low, high = map(told.unit.flat, (figure.mean, *figure.interval80))
    words = " (80%: ".join(shown.split("\n")) + (")" if "\n" in shown else "")
    return charts.Span(called, mean, low, high, words, of)


def futures_chart(outlook: Outlook, runs: int, unit: Unit, base: str) -> Chart:
    """The difference in a hundred futures, a dot each, beside what is told of all."""
    judged, figure = outlook.judged, outlook.figure
    told = f"{futures(judged.chance_better, runs)} have more {outlook.measure} than {base}"
    if judged.chance_target is not None and outlook.target is not None:
        reached = futures(judged.chance_target, runs)
        told += f", and {reached} reach the target of {unit.said(outlook.target)}"
    values = [unit.flat(each) for each in outlook.dots]
    target = None if outlook.target is None else unit.flat(outlook.target)
    axis = f"{outlook.measure}, {unit.name}, difference from {base}"
    rows = (
        ("mean", unit.change(figure)),
        *((f"{share}% of futures", unit.between(figure, share)) for share in EDGES),
        ("mean of the worst 5 of 100", plus(unit.rough(judged.worst, EDGES[95] * judged.error))),
        ("expected loss if it is done", unit.ratio(outlook.loss_done)),
        ("expected loss if it is left", unit.ratio(outlook.loss_left)),
    )
    return Chart(
        "futures",
        told[:1].upper() + told[1:],
        f"Dot plot of {len(values)} futures, each a dot: {told}.",
        (charts.dots(values, target, axis, told, f"Dot plot: {told}", base),),
        Table(f"Difference of the {outlook.measure} from {base}, {unit.name}",
              ("", ">figure"), rows),
        f"Each dot stands for one of {len(values)} futures that are equally likely, of "
        f"{count(runs)} that were run. Losses lie to the left of the line.",
    )  # fmt: skip


# ---- what it rests on


def assumption_blocks(
    found: Evidence, labels: Mapping[str, str], currency: str | None
) -> tuple[Block, ...]:
    """The grade, and what was stated and not learned: what matters most first, if that is known."""
    grade = f"Evidence grade {found.grade}: {GRADES[found.grade]}."
    if not found.weighed:
        said = "No range was stated: what the rules do not say was learned from the tables."
        return (Words(f"{grade} {said}"),)
    rows, marks = [], {}
    for at, each in enumerate(found.weighed):
        stated = each.stated
        source = f"{stated.source}: {stated.evidence}" if stated.evidence else stated.source
        until = stated.until.isoformat() if stated.until else NONE
        if each.expired:
            marks[at] = "past its day"
        called = named(stated.name, labels)
        rows.append((called, stated_range(each.stated, currency), source, stated.owner, until))
    said = "The assumptions were not ranked by how much they matter, so all weigh the same."
    if found.ranked:
        said = "It is taken from the five that matter most, which stand first."
    head = ("assumption", "range", "source", "owner", "held until")
    return (
        Words(f"{grade} {said}"),
        Table("What this rests on", head, tuple(rows), marks),
        Items(tuple(f"{letter}: {meaning}" for letter, meaning in GRADES.items())),
    )


def weak_points(found: Evidence, labels: Mapping[str, str]) -> list[str]:
    """What is past its day, and what nobody has measured."""
    told = []
    expired = [each for each in found.weighed if each.expired]
    if expired:
        names = ", ".join(f"“{named(each.stated.name, labels)}”" for each in expired)
        told.append(f"Past their day, so they count as judgement: {names}.")
    most = found.most if found.ranked else found.weighed
    guessed = sum(each.source == "judgement" for each in most)
    if guessed:
        which = "assumptions that matter most" if found.ranked else "assumptions"
        many = "are judgement: nobody has measured them"
        verb = "is judgement: nobody has measured it" if guessed == 1 else many
        told.append(f"{guessed} of the {len(most)} {which} {verb}.")
    return told
