"""How a day goes: the wait by hour in both arms, and the agents beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from segrules.report.page import charts
from segrules.report.page.arms import Scaled
from segrules.report.page.content import Absent, Chart, Table
from segrules.report.page.words import plus, rough
from segrules.report.words import NONE
from segrules.sim.queues.figures import PartOfDay


def wait_by_hour(parts: Sequence[PartOfDay], base: str) -> Chart | Absent:
    """The wait by hour in both arms, and the difference in a panel of its own."""
    title = "The wait in the course of the day"
    both: dict[str, list[charts.Band]] = {base: [], "then": []}
    apart, rows = [], []
    for each in parts:
        today, then = each.wait
        known = not (math.isnan(today) or math.isnan(then))
        cells = [_told(today, each), _told(then, each), plus(_told(then - today, each))]
        rows.append(
            (
                _hours(each),
                *_pair(each.contacts, 1.0),
                *cells,
                *_pair(each.gives_up, 100.0, each.gives_up_error),
            )
        )
        if known:
            both[base].append(_band(each, today, cells[0], base))
            both["then"].append(_band(each, then, cells[1], "then"))
            apart.append(_band(each, then - today, cells[2], "difference"))
    if not apart:
        return Absent(title, "it is not told in any hour")
    most = max(apart, key=lambda band: abs(band.middle))
    said = f"it changes most from {most.month}, by {most.told} s"
    return Chart(
        "course",
        title,
        f"Two panels by hour: the mean wait of {base} and then, and the difference; {said}.",
        (
            charts.fan([*both[base], *both["then"]], "wait, seconds",
                       f"{base} and then", f"Mean wait by hour, {base} and then",
                       when="from"),
            charts.fan(apart, "wait, seconds", "The difference",
                       f"Difference of the mean wait by hour; {said}", when="from"),
        ),
        Table(
            "By hour, all contacts: means of the days, waits in seconds, shares in %",
            ("hours", f">contacts, {base}", ">then", f">wait, {base}", ">then",
             ">difference", f">gives up, {base}", ">then"),
            tuple(rows),
        ),
        "Means over the days, of those who come in each hour. Both arms share their luck.",
    )  # fmt: skip


def _told(seconds: float, each: PartOfDay) -> str:
    return NONE if math.isnan(seconds) else rough(seconds, each.wait_error)


def _pair(figures: tuple[float, float], scale: float, error: float = 0.0) -> list[str]:
    return [NONE if math.isnan(each) else rough(each * scale, error * scale) for each in figures]


def _band(each: PartOfDay, value: float, told: str, of: str) -> charts.Band:
    flat = Scaled("seconds").flat(value)
    return charts.Band(_clock(each.start), *(flat,) * 7, f"{told}", of)


def _hours(each: PartOfDay) -> str:
    return f"{_clock(each.start)}–{_clock(each.stop)}"


def _clock(hour: float) -> str:
    return f"{int(hour):d}:{round(60 * (hour % 1)):02d}"


def gives_up_by_hour(parts: Sequence[PartOfDay], segments: Mapping[str, str], base: str) -> Table:
    """Who gives up when, by hour and segment, of those who come."""
    coming = {each.segment for part in parts for each in part.segments if max(each.contacts) > 0}
    rows = []
    for part in parts:
        found = {each.segment: each for each in part.segments}
        cells = [
            _arrow(_pair(each.gives_up, 100.0, each.gives_up_error))
            for each in (found[name] for name in segments if name in coming)
        ]
        rows.append((_hours(part), *cells))
    heads = [f">{called}" for name, called in segments.items() if name in coming]
    return Table(
        f"Who gives up by hour and segment: {base} → then, %", ("hours", *heads), tuple(rows)
    )


def agents_by_hour(parts: Sequence[PartOfDay], pools: Mapping[str, str], base: str) -> Table:
    """Agents and how much of their time they work, by hour and pool."""
    rows = []
    for each in parts:
        cells = []
        for there, busy in zip(each.agents, each.occupancy, strict=True):
            cells += [_arrow(_pair(there[1:], 1.0)), _arrow(_pair(busy[1:], 100.0))]
        rows.append((_hours(each), *cells))
    heads = [head for called in pools.values() for head in (f">{called}: agents", ">at work (%)")]
    return Table(f"Agents by hour: {base} → then", ("hours", *heads), tuple(rows))


def _arrow(pair: Sequence[str]) -> str:
    today, then = pair
    return today if today == then else f"{today} → {then}"
