"""Charts in Vega-Lite, by altair: what goes in is what is shown, and nothing is worked out.

Every chart is as wide as its place, so that it can be read on a phone. Coordinates are in the unit
of the axis; `told` is the figure in words, for the pointer.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import altair as alt

from segrules.report.page.content import Spec

GAIN, LOSS, TOTAL, INK, FAINT = "#0068a3", "#c04a00", "#4d4d4d", "#1a1a1a", "#767676"
"""Colours that stay apart for all kinds of sight, and from white."""

SOURCES = {
    "data": "#0068a3",
    "experiment": "#00795a",
    "literature": "#7a5c99",
    "judgement": "#c04a00",
}
"""By the class of evidence, the firmest first."""

COLD, WARM = "#8fbfe0", "#eda27c"
_LINE, _LINES = 18, 4
"""Characters of a name before it goes on in the next line, so that phones have room for the bars;
and lines after which it is cut (the table has it whole)."""
_STEP, _ROW = 40, 30
_FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
_BINS = 24
_PANEL = 110
_DOT = 11


@dataclass(frozen=True)
class Span:
    """A figure of a row with its interval; `of` is the class it is coloured by."""

    name: str
    value: float
    low: float
    high: float
    told: str
    of: str = ""


@dataclass(frozen=True)
class Step:
    """A bar of a waterfall from `start` to `end`, and the interval of its end."""

    name: str
    start: float
    end: float
    low: float
    high: float
    told: str
    of: str


@dataclass(frozen=True)
class Cell:
    """A cell of a heatmap; `heat` is what it is coloured by, None where there is no figure."""

    row: str
    column: str
    heat: float | None
    text: str
    told: str


@dataclass(frozen=True)
class Band:
    """A month of a fan: the middle, and the ends of the 50, 80 and 95% intervals."""

    month: str
    middle: float
    low50: float
    high50: float
    low80: float
    high80: float
    low95: float
    high95: float
    told: str
    of: str = ""


@dataclass(frozen=True)
class Swing:
    """A bar of a tornado: the outcome at the low and at the high end of one input."""

    name: str
    at_low: float
    at_high: float
    told: str
    source: str


def _wrapped(name: str) -> str:
    lines = textwrap.wrap(name, _LINE, max_lines=_LINES, placeholder=" …")
    return "\n".join(lines) or name


def _rows(given: Sequence[Any]) -> list[dict[str, Any]]:
    """The data, with names cut into lines and whole beside them."""
    made = []
    for each in given:
        row = asdict(each)
        row["whole"] = row["name"]
        row["name"] = _wrapped(row["name"])
        made.append(row)
    return made


def _data(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=[dict(row) for row in rows])


def _lower(lines: int) -> dict[str, Any]:
    """A name of several lines is raised, so that its middle is beside its bar."""
    test = f"length(split(datum.label, '\\n')) == {lines}"
    return {"test": test, "value": -7 * (lines - 1)}


_NAMES = alt.Axis(
    title=None, labelExpr="split(datum.label, '\\n')", labelLimit=150, labelFontSize=12,
    domain=False, ticks=False, labelPadding=6,
    labelOffset={"condition": [_lower(lines) for lines in range(2, _LINES + 1)], "value": 0},
)  # fmt: skip

_ZERO = "datum.value == 0 ? '0' : datum.label"
_PLAIN = "abs(datum.value) < 1 ? format(datum.value, '~g') : datum.label"
"""Half a second is 0.5, and not the 500m that the prefixes of units make of it."""


def _names(rows: Sequence[Mapping[str, Any]], gap: float = 0.3) -> alt.Y:
    """One line for each row, in the order given."""
    order = list(dict.fromkeys(row["name"] for row in rows))
    return alt.Y("name:N", sort=order, axis=_NAMES, scale=alt.Scale(paddingInner=gap))


def _amount(field: str, title: str, form: str = "~s") -> alt.X:
    told = _PLAIN if form == "~s" else _ZERO
    axis = alt.Axis(title=title, format=form, tickCount=5, labelOverlap=True, labelExpr=told)
    return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(nice=True))


def _tip(*fields: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in _pairs(fields)]


def _pairs(fields: Sequence[str]) -> list[tuple[str, str]]:
    return [(fields[at], fields[at + 1]) for at in range(0, len(fields), 2)]


def _rule(value: float, colour: str = INK, dash: Sequence[int] = (1, 0)) -> alt.Chart:
    line = alt.Chart(_data([{"at": value}])).encode(x="at:Q")
    ruled: alt.Chart = line.mark_rule(color=colour, strokeDash=list(dash), strokeWidth=1.5)
    return ruled


def _high(rows: Sequence[Mapping[str, Any]], step: int = _ROW) -> int:
    """The height of a chart with a line for each name."""
    names = {row["name"] for row in rows}
    lines = max((name.count("\n") + 1 for name in names), default=1)
    return max(len(names), 1) * max(step, 15 * lines + 6)


def _spec(chart: Any, alt_text: str, height: int, title: str = "") -> Spec:
    """The finished chart, as wide as its place."""
    sized = chart.properties(width="container", height=height, description=alt_text)
    if title:
        anchor = alt.TitleParams(
            title.split("\n"), anchor="start", fontSize=13, fontWeight=600, color=INK
        )
        sized = sized.properties(title=anchor)
    fitted = alt.AutoSizeParams(type="fit-x", contains="padding")
    made: dict[str, Any] = (
        sized.configure(font=_FONT, background="#ffffff", autosize=fitted, aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK, titleColor=INK, gridColor="#e3e3e3", domainColor=FAINT,
            titleFontWeight="normal", labelFontSize=11, titleFontSize=12,
        )
        .configure_legend(
            labelColor=INK, titleColor=INK, orient="bottom", title=None, labelFontSize=12
        )
        .to_dict()
    )  # fmt: skip
    return made


_TONES = alt.Color(
    "of:N",
    scale=alt.Scale(domain=["gain", "loss", "unclear", "total"], range=[GAIN, LOSS, FAINT, TOTAL]),
    legend=None,
)


# ---- charts of rows


def spans(given: Sequence[Span], axis: str, alt_text: str) -> Spec:
    """Differences by row, a dot and its interval, around zero; coloured by `of` (a tone)."""
    rows = _rows(given)
    base = alt.Chart(_data(rows)).encode(y=_names(rows), color=_TONES)
    tip = _tip("whole", "segment", "told", "difference")
    whisker = base.mark_rule(strokeWidth=3).encode(x=_amount("low", axis), x2="high", tooltip=tip)
    dot = base.mark_point(filled=True, size=110, opacity=1).encode(x="value:Q", tooltip=tip)
    return _spec(alt.layer(_rule(0.0), whisker, dot), alt_text, _high(rows))


def arms(given: Sequence[Span], axis: str, alt_text: str, what: str = "segment") -> Spec:
    """Two dots with their intervals by row, one for each arm; `of` is what the arm is called.

    `what` says what a row is.
    """
    rows = _rows(given)
    classes = list(dict.fromkeys(row["of"] for row in rows))
    colours = alt.Color(
        "of:N",
        scale=alt.Scale(domain=classes, range=[TOTAL, GAIN]),
        legend=alt.Legend(orient="bottom", title=None),
    )
    base = alt.Chart(_data(rows)).encode(
        y=_names(rows), yOffset=alt.YOffset("of:N", sort=classes), color=colours
    )
    tip = _tip("whole", what, "of", "arm", "told", "figure")
    whisker = base.mark_rule(strokeWidth=3).encode(x=_amount("low", axis), x2="high", tooltip=tip)
    dot = base.mark_point(filled=True, size=80, opacity=1).encode(x="value:Q", tooltip=tip)
    return _spec(alt.layer(whisker, dot), alt_text, _high(rows, _STEP))


def bars(given: Sequence[Span], average: float | None, title: str, alt_text: str) -> Spec:
    """Rates by row with their intervals, beside the average of all."""
    rows = _rows(given)
    base = alt.Chart(_data(rows)).encode(y=_names(rows))
    tip = _tip("whole", "segment", "told", "rate")
    bar = base.mark_bar(color="#9dc3dd").encode(
        x=_amount("value", "share who go on", "~%"), tooltip=tip
    )
    layers = [bar, *_whiskers(base, tip)]
    if average is not None:
        layers.append(_rule(average, LOSS, (5, 3)))
    return _spec(alt.layer(*layers), alt_text, _high(rows), title)


def _whiskers(base: alt.Chart, tip: list[alt.Tooltip]) -> Iterator[Any]:
    """Intervals over bars: dark, with a light edge where the bar is dark itself."""
    for width, colour in ((5, "#ffffff"), (2, INK)):
        rule = base.mark_rule(strokeWidth=width, color=colour)
        yield rule.encode(x="low:Q", x2="high", tooltip=tip)


def waterfall(given: Sequence[Step], axis: str, alt_text: str) -> Spec:
    """Bars that go on where the one before ended, from zero; each with the interval of its end."""
    rows = _rows(given)
    base = alt.Chart(_data(rows)).encode(y=_names(rows))
    tip = _tip("whole", "part", "told", "adds")
    bar = base.mark_bar().encode(
        x=_amount("start", axis), x2="end", color=_TONES, tooltip=tip
    )  # fmt: skip
    joints = [
        {"name": upper["name"], "name2": lower["name"], "at": upper["end"]}
        for upper, lower in pairwise(rows)
    ]
    joint = (
        alt.Chart(_data(joints))
        .mark_rule(color=FAINT, strokeDash=[2, 2])
        .encode(y=alt.Y("name:N", sort=[row["name"] for row in rows]), y2="name2:N", x="at:Q")
    )
    layers = [_rule(0.0), *([joint] if joints else []), bar, *_whiskers(base, tip)]
    return _spec(alt.layer(*layers), alt_text, _high(rows, _STEP))


def tornado(given: Sequence[Swing], middle: float, target: float, axis: str, alt_text: str) -> Spec:
    """One bar an input from its low to its high end, by source; the break-even line is dashed."""
    rows = _rows(given)
    present = [source for source in SOURCES if any(row["source"] == source for row in rows)]
    colours = alt.Color(
        "source:N",
        scale=alt.Scale(domain=present, range=[SOURCES[each] for each in present]),
        legend=alt.Legend(orient="bottom", title="evidence"),
    )
    tip = _tip("whole", "assumption", "told", "outcome", "source", "evidence")
    bar = (
        alt.Chart(_data(rows))
        .mark_bar()
        .encode(y=_names(rows), x=_amount("at_low", axis), x2="at_high", color=colours, tooltip=tip)
    )
    layers = alt.layer(bar, _rule(middle), _rule(target, LOSS, (5, 3)))
    return _spec(layers, alt_text, _high(rows, _STEP))


def histogram(given: Sequence[Span], axis: str, title: str, alt_text: str) -> Spec:
    """How many change by how much: `value` of all by `low` to `high`; zero is a line."""
    rows = [asdict(each) for each in given]
    across = alt.Axis(title=axis, format="+.0%", tickCount=6, grid=False, labelOverlap=True)
    up = alt.Axis(title=None, format=".0%", tickCount=4)
    bar = (
        alt.Chart(_data(rows))
        .mark_bar(stroke="#ffffff", strokeWidth=1)
        .encode(
            x=alt.X("low:Q", axis=across, scale=alt.Scale(nice=True)), x2="high:Q",
            y=alt.Y("value:Q", axis=up), y2=alt.datum(0), color=_TONES,
            tooltip=_tip("told", "agents"),
        )
    )  # fmt: skip
    return _spec(alt.layer(bar, _rule(0.0)), alt_text, _PANEL, title)


# ---- others


def heatmap(
    given: Sequence[Cell],
    middle: float | None,
    ends: tuple[float, float],
    alt_text: str,
    across: str = "stage",
) -> Spec:
    """Cells with their figure; around a middle cold is above and warm below, else darker is more.

    `across` says what a column is. The colours stay so light that dark text can be read on all
    of them.
    """
    rows = [{**asdict(each), "name": _wrapped(each.row), "whole": each.row} for each in given]
    columns = list(dict.fromkeys(each.column for each in given))
    crowded = len(columns) > 4 or sum(map(len, columns)) > 40
    heads = alt.Axis(
        title=None, orient="top", labelAngle=-45 if crowded else 0, labelFontSize=12,
        domain=False, ticks=False, labelLimit=120,
    )  # fmt: skip
    if middle is None:
        scale = alt.Scale(domain=list(ends), range=["#ffffff", COLD], clamp=True, interpolate="rgb")
    else:
        scale = alt.Scale(
            domain=[ends[0], middle, ends[1]],
            range=[WARM, "#ffffff", COLD],
            clamp=True,
            interpolate="rgb",
        )
    base = alt.Chart(_data(rows)).encode(
        y=_names(rows, 0.0),
        x=alt.X("column:N", sort=columns, axis=heads, scale=alt.Scale(padding=0)),
    )
    tip = _tip("whole", "segment", "column", across, "told", "figure")
    cell = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(
        color=alt.Color("heat:Q", scale=scale, legend=None), tooltip=tip
    )
    text = base.mark_text(fontSize=10 if crowded else 13, color=INK).encode(
        text="text:N", tooltip=tip
    )
    return _spec(alt.layer(cell, text), alt_text, _high(rows))


def dots(
    values: Sequence[float],
    target: float | None,
    axis: str,
    told: str,
    alt_text: str,
    base: str = "today",
) -> Spec:
    """A dot a future, stacked where futures are alike; zero (`base`) and the target are lines."""
    step = _width(values)
    heights: dict[int, int] = {}
    rows: list[dict[str, Any]] = []
    for value in values:
        place = _bin(value, step)
        heights[place] = heights.get(place, 0) + 1
        tone = "gain" if value > 0 else "loss" if value < 0 else "unclear"
        # what is exactly nothing stands on the line, all else to its side
        middle = (place - 0.5 if place > 0 else place + 0.5 if place < 0 else 0.0) * step
        rows.append({"at": middle, "height": heights[place] - 0.5, "of": tone, "told": told})
    top = max(heights.values())
    shown = [0.0 if target is None else target, 0.0, *(row["at"] for row in rows)]
    across = alt.X(
        "at:Q",
        axis=alt.Axis(
            title=axis, format="~s", tickCount=5, grid=False, labelOverlap=True, labelExpr=_PLAIN
        ),
        scale=alt.Scale(domain=[min(shown) - step, max(shown) + step], nice=False),
    )
    up = alt.Y("height:Q", axis=None, scale=alt.Scale(domain=[0, top + 1]))
    dot = (
        alt.Chart(_data(rows))
        .mark_circle(size=_DOT * _DOT * 0.72, opacity=1)
        .encode(x=across, y=up, color=_TONES, tooltip=_tip("told", "of"))
    )
    lines = [_marked(0.0, base, INK)]
    if target is not None:
        lines.append(_marked(target, "target", LOSS))
    return _spec(alt.layer(*lines, dot), alt_text, (top + 2) * _DOT)


def _width(values: Sequence[float]) -> float:
    shown = [0.0, *values]
    return (max(shown) - min(shown)) / _BINS or 1.0


def _bin(value: float, step: float) -> int:
    """Bins to either side of zero: 1 begins at zero, -1 ends there, 0 is exactly zero."""
    if value == 0:
        return 0
    return int(value / step) + 1 if value > 0 else -int(-value / step) - 1


def _marked(at: float, word: str, colour: str) -> Any:
    text = (
        alt.Chart(_data([{"at": at, "word": word}]))
        .mark_text(align="left", baseline="top", dx=4, color=colour, fontSize=12)
        .encode(x="at:Q", y=alt.value(0), text="word:N")
    )
    dash = (1, 0) if colour == INK else (5, 3)
    return alt.layer(_rule(at, colour, dash), text)


def fan(
    given: Sequence[Band],
    axis: str,
    title: str,
    alt_text: str,
    came: Mapping[str, float] | None = None,
    when: str = "month",
) -> Spec:
    """Bands by month; with several classes (`of`) only their middles and 80% intervals.

    `came` are figures that were seen, by month; `when` says what a month is called.
    """
    rows = [asdict(each) for each in given]
    classes = list(dict.fromkeys(row["of"] for row in rows))
    colours = alt.Color(
        "of:N",
        scale=alt.Scale(domain=classes, range=[TOTAL, GAIN] if len(classes) > 1 else [GAIN]),
        legend=alt.Legend(orient="bottom", title=None) if len(classes) > 1 else None,
    )
    across = alt.X(
        "month:O", sort=None,
        axis=alt.Axis(
            title=None, labelAngle=0, labelOverlap="greedy", labelSeparation=8, grid=False
        ),
    )  # fmt: skip
    base = alt.Chart(_data(rows)).encode(x=across, color=colours)
    up = alt.Axis(title=axis, format="~s", tickCount=5, labelExpr=_PLAIN)
    levels = (80,) if len(classes) > 1 else (95, 80, 50)
    areas = [
        base.mark_area(opacity=0.22).encode(
            y=alt.Y(f"low{level}:Q", axis=up, stack=None), y2=f"high{level}"
        )
        for level in levels
    ]
    tip = _tip("month", when, "of", "arm", "told", "figure")
    line = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=40)).encode(
        y="middle:Q", tooltip=tip
    )
    layers: list[Any] = [*areas, line]
    if came:
        seen = [{"month": month, "came": value} for month, value in came.items()]
        layers.append(
            alt.Chart(_data(seen)).mark_point(shape="diamond", size=70, color=LOSS, filled=True)
            .encode(x=across, y="came:Q", tooltip=_tip("month", when, "came", "came"))
        )  # fmt: skip
    if len(classes) == 1:
        zero = alt.Chart(_data([{"at": 0.0}])).mark_rule(color=INK, strokeWidth=1.5)
        layers.insert(0, zero.encode(y="at:Q"))
    return _spec(alt.layer(*layers), alt_text, 220, title)


def whale(points: Sequence[tuple[float, float]], alt_text: str, what: str) -> Spec:
    """The cumulated share of a total over the customers, largest first; it may pass 100%."""
    rows = [{"customers": 0.0, "held": 0.0}] + [
        {"customers": customers, "held": held} for customers, held in points
    ]
    base = alt.Chart(_data(rows)).encode(
        x=alt.X("customers:Q", axis=alt.Axis(title="customers, largest first", format="~%")),
        y=alt.Y("held:Q", axis=alt.Axis(title=f"part of {what}", format="~%")),
        tooltip=[
            alt.Tooltip("customers:Q", format=".0%"), alt.Tooltip("held:Q", format=".0%"),
        ],
    )  # fmt: skip
    line = base.mark_line(color=GAIN, strokeWidth=2.5, point=alt.OverlayMarkDef(color=GAIN))
    whole = (
        alt.Chart(_data([{"at": 1.0}])).mark_rule(color=LOSS, strokeDash=[5, 3]).encode(y="at:Q")
    )
    return _spec(alt.layer(whole, line), alt_text, 260)
