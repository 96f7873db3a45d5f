"""What can be wrong with figures: numbers, knobs and assumptions where a number belongs."""

from __future__ import annotations

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import TEAM, quoted
from segrules.text.shown import shown
from segrules.text.source import Span

_EVIDENCE = 'source experiment "rota 2025" owner "Sales" until 2027-06-30'
PERCENT = entry(
    "SEG840",
    "a percentage where a number belongs",
    why="A percentage is a part of something, and here it does not say of what.",
    wrong=TEAM.replace("agents 4", "agents 40%"),
    right=TEAM,
)
NO_PERCENT = entry(
    "SEG841",
    "a number where a percentage belongs",
    why="A share lies between 0% and 100%. Whether 0.9 is meant, or 0.9%, cannot be guessed.",
    wrong=TEAM + "quality of sales {\n  checked 0.9\n}\n",
    right=TEAM + "quality of sales {\n  checked 90%\n}\n",
)
RANGE = entry(
    "SEG842",
    "a figure out of its range",
    why="There are no negative agents, hours or payments, and a share is at most the whole. A "
    "projection with such a figure would reckon on quietly.",
    wrong=TEAM + "quality of sales {\n  checked 150%\n}\n",
    right=TEAM + "quality of sales {\n  checked 50%\n}\n",
)
NOT_A_FIGURE = entry(
    "SEG843",
    "something else where a figure belongs",
    why="A figure is a number, a knob that is one, or an assumption; it is the same for everyone "
    "it is stated for.",
    wrong="knob team = 4 weeks from 1 week to 8 weeks\n" + TEAM.replace("agents 4", "agents team"),
    right="knob team = 4 from 1 to 8\n" + TEAM.replace("agents 4", "agents team"),
)
NOT_HERE = entry(
    "SEG844",
    "an assumption where a known number belongs",
    why="What a firm arranges itself is known: the hours of its agents, when a lever begins. Only "
    "what cannot be known is assumed and drawn anew in every run.",
    wrong=f"assume week = 25 to 35 {{\n  {_EVIDENCE}\n}}\n"
    + TEAM.replace("agents 4", "agents 4\n  hours  week per week"),
    right="knob week = 30 from 25 to 35\n"
    + TEAM.replace("agents 4", "agents 4\n  hours  week per week"),
)
BARE = entry(
    "SEG845",
    "a bare number for what a scenario brings",
    why="What a change brings about is never known beforehand. An assumption says how low and how "
    "high it may be, where that comes from, and who answers for it; a knob is set to see what "
    "follows.",
    wrong=TEAM + "scenario letters {\n  comms high  sale odds 1.2\n}\n",
    right=TEAM
    + f"assume letter_odds = 1.1 to 1.4 {{\n  {_EVIDENCE}\n}}\n"
    + "scenario letters {\n  comms high  sale odds letter_odds\n}\n",
)
TWICE = entry(
    "SEG846",
    "a segment with two figures",
    why="Only one of the figures could count, and which is a matter of luck.",
    wrong=TEAM + "quality of sales {\n  checked 90% for high, 50% for high\n}\n",
    right=TEAM + "quality of sales {\n  checked 90% for high, 50% for rest\n}\n",
)
LACKING = entry(
    "SEG847",
    "a segment without its figure",
    why="Agents spend time on every segment; without its figure a segment would take no time or "
    "never buy more.",
    wrong=TEAM.replace("elasticity 0.4", "elasticity 0.4 for high")
    + "scenario more {\n  capacity desk agents 6\n}\nproject sales {\n"
    "  compare more against today\n}\n",
    right=TEAM.replace("elasticity 0.4", "elasticity 0.4 for high, 0.2 for rest")
    + "scenario more {\n  capacity desk agents 6\n}\nproject sales {\n"
    "  compare more against today\n}\n",
)


def percent_for_number(span: Span, what: str) -> Diagnostic:
    return PERCENT.at(
        span,
        f"{quoted(what)} is a number, and {shown(span.text)} is a percentage",
        "write a plain number, such as 4 or 0.5",
    )


def number_for_share(span: Span, what: str, value: float) -> Diagnostic:
    meant = value * 100 if abs(value) < 1 else value
    return NO_PERCENT.at(
        span,
        f"{quoted(what)} is a share, and {shown(span.text)} is a plain number",
        f"write a percentage: `{meant:g}%`",
    )


def figure_out_of_range(
    span: Span, what: str, written: str, limits: str, *, origin: str
) -> Diagnostic:
    """`origin` is `knob` where a knob has the value, `used` where a use of it asks for limits."""
    if origin == "used":
        return RANGE.at(
            span,
            f"{quoted(what)} may be {shown(written)}, and where it is used it must be {limits}",
            "change its range, or declare another assumption for that use",
        )
    advice = "set the knob to a value" if origin == "knob" else "write a figure"
    by = f", the value of the knob {quoted(span.text)}," if origin == "knob" else ""
    return RANGE.at(
        span, f"{quoted(what)} is {shown(written)}{by} and must be {limits}", f"{advice} {limits}"
    )


def not_a_figure(span: Span, what: str, kind: str) -> Diagnostic:
    return NOT_A_FIGURE.at(
        span,
        f"{quoted(what)} is a figure, and this is {kind}",
        "write a number, or the name of a knob or an assumption",
    )


def assumption_not_here(span: Span, what: str, name: str) -> Diagnostic:
    return NOT_HERE.at(
        span,
        f"{quoted(what)} is arranged and not assumed, and {quoted(name)} is an assumption",
        f"write a number, or declare a knob: `knob {shown(name)} = … from … to …`",
    )


def bare_number(span: Span, what: str, written: str) -> Diagnostic:
    return BARE.at(
        span,
        f"{quoted(what)} of a scenario is the bare number {shown(written)}",
        f"declare it and name it here: `assume … = {shown(written)} to … {{ … }}`",
    )


def figure_twice(span: Span, what: str, segment: str) -> Diagnostic:
    return TWICE.at(
        span, f"{quoted(what)} names the segment {quoted(segment)} twice", "keep one of them"
    )


def figure_lacking(span: Span, what: str, segment: str, segments: str) -> Diagnostic:
    return LACKING.at(
        span,
        f"{quoted(what)} says nothing of {quoted(segment)}, a segment of {quoted(segments)}",
        f"add it, or a figure for all others: `{shown(what)} … for rest`",
    )
