"""Blocks for what a result may bring along: parts, drivers, courses, moves and concentration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from segrules.report.decisions import SOURCES, spread_told
from segrules.report.page import charts
from segrules.report.page.content import Chart, Items, Table, Tone
from segrules.report.page.words import EDGES, Unit, part, plus, rough
from segrules.report.words import NONE, count
from segrules.segments.concentration import Concentration
from segrules.segments.history.migration import Matrix
from segrules.sim.assumptions import Evidence, Weighed
from segrules.sim.decide.spread import Shares
from segrules.sim.decide.tornado import Bar, Tornado
from segrules.sim.decisions.parts import Parts
from segrules.sim.model import COST, PROFIT
from segrules.sim.outlook import LEVELS, Bands, Course, Outlook, Part
from segrules.sim.summary import Figure, Row


def tone(figure: Figure, *, lower_is_better: bool = False) -> Tone:
    """Gain or loss where the 80% interval lies on one side of zero."""
    low, high = figure.interval80
    if low <= 0 <= high:
        return "unclear"
    return "gain" if (low > 0) != lower_is_better else "loss"


def verdict(outlook: Outlook, found: Evidence) -> str:
    """The decision in a few words, by the 80% interval and how good the evidence is."""
    low, high = outlook.judged.interval80
    if low > 0:
        firm = found.grade in ("A", "B")
        return "worth doing" if firm else "worth doing if its assumptions hold"
    return "not worth doing" if high < 0 else "not settled, as it may as well lose as gain"


# ---- bridges


def money_bridge(
    rows: Mapping[str, Row],
    revenue: str,
    unit: Unit,
    axis: str,
    scenario: str,
    base: str = "today",
) -> Chart:
    """From revenue by way of the cost to the profit: differences from `base`, all segments."""
    income, cost, profit = (rows[each].difference for each in (revenue, COST, PROFIT))
    steps = (
        _step("more revenue" if income.mean >= 0 else "less revenue", 0.0, income, unit),
        _step(
            "more cost" if cost.mean >= 0 else "less cost", income.mean, turned(cost), unit
        ),
        _step("profit", 0.0, profit, unit, total=True),
    )  # fmt: skip
    told = ", ".join(f"{step.name} {step.told}" for step in steps)
    return Chart(
        "bridge",
        f"From revenue to profit: {scenario} less {base}",
        f"Waterfall from zero: {told}.",
        (charts.waterfall(steps, axis, f"Waterfall: {told}"),),
        _bridge_table(steps),
        "Lines across the bars: 80% intervals of what each step adds.",
    )


def turned(figure: Figure) -> Figure:
    """A cost as what it takes from the profit."""

    def swap(interval: tuple[float, float]) -> tuple[float, float]:
        return -interval[1], -interval[0]

    return Figure(
        -figure.mean, swap(figure.interval50), swap(figure.interval80), swap(figure.interval95),
        figure.mc_error,
    )  # fmt: skip


def parts_bridge(
    parts: Sequence[Part], whole: Figure, names: Mapping[str, str], unit: Unit, axis: str
) -> Chart:
    """What each lever adds, whatever their order, up to the whole."""
    steps, at = [], 0.0
    for each in parts:
        steps.append(_step(names.get(each.name) or each.name, at, each.figure, unit))
        at += each.figure.mean
    steps.append(_step("all together", 0.0, whole, unit, total=True))
    told = ", ".join(f"{step.name} {step.told}" for step in steps)
    return Chart(
        "contributions",
        "What each part of it adds",
        f"Waterfall from zero: {told}.",
        (charts.waterfall(steps, axis, f"Waterfall: {told}"),),
        _bridge_table(steps),
        "Each part is the mean of what it adds over all orders in which the parts could be taken, "
        "so the order in which they are named does not matter. Lines: 80% intervals.",
    )


def beside(
    found: Parts, unit: Unit, segments: Mapping[str, str], named: str = "", how: str = ""
) -> Items:
    """What levers do to segments they do not name, and what would come without them.

    named: why there is none to tell, where levers name all. how: a lever reaches other segments.
    """
    spill, regression = found.spill, found.regression
    lines = [f"Spill-over: {named or 'nothing changes in segments that no lever names'}."]
    if spill is not None and not named:
        names = ", ".join(segments[each] for each in spill.segments)
        lines = [
            f"Spill-over: {unit.change(spill.figure)} (80%: {unit.between(spill.figure)}) in "
            f"segments that no lever names{how}: {names}."
        ]
    if regression is not None:
        lines.append(
            f"A comparison of before and after would show {unit.change(regression.figure)} more "
            "in the treated segments though nothing were done: rates that were low by bad luck "
            "come back (regression to the mean). It is not counted as an effect."
        )
    return Items(tuple(lines))


def _step(
    name: str, start: float, figure: Figure, unit: Unit, *, total: bool = False
) -> charts.Step:
    low, high = figure.interval80
    of = "total" if total else tone(figure)
    told = f"{unit.change(figure)} (80%: {unit.between(figure)})"
    from_zero, end, least, most = map(
        unit.flat, (start, start + figure.mean, start + low, start + high)
    )
    return charts.Step(name, from_zero, end, least, most, told, of)


def _bridge_table(steps: Sequence[charts.Step]) -> Table:
    rows = []
    for step in steps:
        mean, _, interval = step.told.partition(" (80%: ")
        rows.append((step.name, mean, interval.removesuffix(")")))
    return Table("What each step adds", ("step", ">mean", ">80% interval"), tuple(rows))


# ---- drivers


def drivers(
    found: Tornado, stated: Evidence, labels: Mapping[str, str], unit: Unit, axis: str
) -> Chart:
    """How far each assumption moves the outcome by itself, the widest first."""
    weighed = {each.stated.name: each for each in stated.weighed}
    swings, rows = [], []
    for bar in found.bars:
        each = weighed.get(bar.name)
        called = labels.get(bar.name) or bar.name
        ends = [unit.sign + plus(rough(end * unit.scale)) for end in (bar.at_low, bar.at_high)]
        told = f"{ends[0]} at {_input(bar.low, each, unit)}, {ends[1]} at " + _input(
            bar.high, each, unit
        )
        source = each.source if each else bar.source
        swings.append(
            charts.Swing(called, unit.flat(bar.at_low), unit.flat(bar.at_high), told, source)
        )
        rows.append((called, *ends, flip(bar, each, unit), source))
    first = f"{swings[0].name}: {swings[0].told}" if swings else "nothing moves it"
    return Chart(
        "drivers",
        "What moves the result most, one assumption at a time",
        f"Tornado of {len(swings)} assumptions, coloured by the source of evidence. "
        f"Widest bar: {first}.",
        (
            charts.tornado(
                swings, unit.flat(found.middle), unit.flat(found.target), axis,
                "Tornado of the assumptions, the widest first",
            ),
        ),
        Table(
            "Result with one assumption at its low and at its high end",
            ("assumption", ">at its p10", ">at its p90", "break-even at", "evidence"),
            tuple(rows),
        ),
        "Each bar goes from the p10 to the p90 of one assumption, the others in the middle. "
        "Dashed: break-even.",
    )  # fmt: skip


def _input(value: float, each: Weighed | None, unit: Unit) -> str:
    """An assumption's value with what it is."""
    role = each.stated.role if each else ""
    if role == "amount":
        return f"{unit.sign}{float(f'{value * unit.scale:.3g}'):,g}"
    return f"{value:.3g} × odds" if role == "odds" else f"{value:.3g}"


def flip(bar: Bar, each: Weighed | None, unit: Unit) -> str:
    """Where an assumption turns the decision, and whether that is held possible."""
    if bar.break_even is None:
        return NONE
    told = _input(bar.break_even, each, unit)
    inside = each is None or each.stated.low <= bar.break_even <= each.stated.high
    return told if inside else f"{told} (outside its range)"


def spread(found: Shares) -> Items:
    """How much of the spread comes from where; shares are told in whole percent at best."""
    order = sorted(range(len(found.names)), key=lambda at: -float(found.share[at]))
    told = spread_told(found.share.tolist(), found.error.tolist())
    names = [SOURCES.get(name, name) for name in found.names]
    return Items(tuple(f"{told[at]} of the spread comes from {names[at]}" for at in order))


# ---- courses


def course_chart(
    found: Course,
    unit: Unit,
    axis: str,
    came: Mapping[str, float] | None = None,
    base: str = "today",
) -> Chart:
    """Both arms in one panel, the difference in its own: it is far surer than the two beside it.

    base: what the first arm is called. came: what was seen by month, in the unit of the measure,
    where the projection is of the past.
    """
    arms = ((base, found.today), ("then", found.then))
    both = [band for of, bands in arms for band in bands_of(found, bands, unit, of)]
    apart = bands_of(found, found.difference, unit, "difference")
    last = apart[-1]
    seen = {month: unit.flat(value) for month, value in (came or {}).items()}
    title = f"{found.measure} by month"
    rows = tuple(
        (now.month, now.told, then.told, each.told)
        for now, then, each in zip(both[: len(apart)], both[len(apart) :], apart, strict=True)
    )
    return Chart(
        "course",
        f"Month by month: {found.measure}",
        f"Two panels: the {found.measure}, {base} and then, with 80% intervals, and the "
        f"difference, which is {last.told} in {last.month}.",
        (
            charts.fan(
                both, axis, f"{title}: {base} and then",
                f"{title}, {base} and then, with their 80% intervals", seen,
            ),
            charts.fan(
                apart, axis, f"{title}: the difference",
                f"{title}, the difference with its intervals: {last.told} in {last.month}",
            ),
        ),
        Table(
            f"{title}, mean and 80% interval",
            ("month", f">{base}", ">then", ">difference"), rows,
        ),
        "Both arms share their luck, so the difference is surer than the two fans suggest.",
    )  # fmt: skip


def bands_of(found: Course, bands: Bands, unit: Unit, of: str) -> list[charts.Band]:
    sign = plus if of == "difference" else str
    made = []
    for t, month in enumerate(found.months):
        mean, error = float(bands.mean[t]), float(bands.error[t]) * unit.scale
        ends = {
            level: unit.flat(value)
            for level, value in zip(LEVELS, bands.quantiles[t].tolist(), strict=True)
        }
        told = [
            sign(rough(value, EDGES[80] * error))
            for value in (mean * unit.scale, ends[0.1], ends[0.9])
        ]
        made.append(
            charts.Band(
                month, unit.flat(mean),
                ends[0.25], ends[0.75], ends[0.1], ends[0.9], ends[0.025], ends[0.975],
                f"{told[0]} ({told[1]} to {told[2]})", of,
            )
        )  # fmt: skip
    return made


# ---- moves and concentration


def migration_chart(found: Matrix, labels: Mapping[str, str], when: str) -> Chart:
    """Who went where: a row for where they were, a column for where they are."""
    came = any(left == "(new)" for left, _ in found.counts)
    went = any(entered == "(gone)" for _, entered in found.counts)
    lefts = [*found.states, *(["(new)"] if came else [])]
    entereds = [*found.states, *(["(gone)"] if went else [])]
    cells, rows = [], []
    for left in lefts:
        line = [labels.get(left) or left]
        for entered in entereds:
            share = found.share(left, entered)
            told = f"{count(found.count(left, entered))} customers, {part(share)} of the row"
            column = labels.get(entered) or entered
            cells.append(charts.Cell(line[0], column, share, whole(share), told))
            line.append(count(found.count(left, entered)))
        rows.append(tuple(line))
    return Chart(
        "moves",
        f"Who moved between segments, {when}",
        f"Heatmap of moves between {len(found.states)} segments: the share of those who were in "
        "the segment of the row that is now in the segment of the column.",
        (charts.heatmap(cells, None, (0.0, 1.0), "Moves between segments", "now"),),
        Table(
            "Customers by where they were and where they are",
            ("from", *(f">{labels.get(each) or each}" for each in entereds)),
            tuple(rows),
        ),
        "In the cells: percent of the row, those who were in that segment.",
    )


def whole(share: float | None) -> str:
    """Whole percent, so that many columns have room on a phone; nothing where nobody moved."""
    if not share:
        return ""
    return "<1" if share < 0.005 else f"{100 * share:.0f}"


def whale_chart(found: Concentration) -> Chart | None:
    """Who brings how much of a value; None where shares of it mean nothing."""
    shares = found.shares
    if shares is None:
        return None
    points = sorted({(p.customers, p.held) for p in (*shares.curve, shares.peak)})
    told = (
        f"the best tenth of the customers bring {part(shares.top(Fraction(1, 10)))} of the total, "
        f"and {count(shares.makers)} customers make 80% of it"
    )
    return Chart(
        "whale",
        f"Who brings the {found.name}",
        f"Curve of the part of the total by customers, largest first: {told}.",
        (charts.whale(points, f"Concentration curve: {told}", found.name),),
        Table(
            f"Part of {found.name} by part of the customers, largest first",
            ("customers", ">part of the total"),
            tuple((part(customers, 3), part(held, 3)) for customers, held in points),
        ),
        f"In words: {told}. Above 100% the rest of the customers take away what others bring.",
    )
