"""Warnings at segments, and branches of their rules, that nobody reaches."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import listed, quoted, segments_when
from segrules.text.shown import shown
from segrules.text.source import Span

Sample = Sequence[tuple[str, str]]
"""A customer for example: what is looked at, and its value."""

_ONCE = "  once when points = 1 and spend <= 300\n"
_KEEN = "  keen when spend <= 90 and vip\n  calm when spend <= 90 and not vip\n"
_WIDE = "  wide when spend > 50\n"


def _of(*segments: str) -> str:
    return f"segments value of customers {{\n{''.join(segments)}  otherwise low\n}}\n"


NEVER_REACHED = entry(
    "SEG350",
    "a segment that nobody reaches",
    why="The first rule that is true decides. Whoever meets this rule has met an earlier one, so "
    "the segment stays empty whatever the data are.",
    wrong=_of(_WIDE, "  high when spend > 100\n"),
    right=_of("  high when spend > 100\n", _WIDE),
    severity="warning",
)
BRANCH_NEVER_REACHED = entry(
    "SEG351",
    "a branch that decides nothing",
    why="Whoever meets this part of the `or` has met an earlier rule, or meets another part "
    "anyway. Often the segment stands too far down.",
    wrong=_of("  keen when spend > 100\n", "  best when spend <= 50 or spend > 200 and vip\n"),
    right=_of("  best when spend <= 50 or spend > 200 and vip\n", "  keen when spend > 100\n"),
    severity="warning",
)
PARTLY_TAKEN = entry(
    "SEG352",
    "part of a narrower segment is taken before",
    why="Earlier rules together leave nobody of a part of those whom this narrower rule "
    "describes, though none of them says so by itself. The narrower rule stands first.",
    wrong=_of(_KEEN, _ONCE),
    right=_of(_ONCE, _KEEN),
    severity="warning",
)
NEVER_TRUE = entry(
    "SEG353",
    "a condition that is never true",
    why="No value meets all of it at once, within the ranges that are declared.",
    wrong=segments_when("points > 500 and points < 100"),
    right=segments_when("points > 100 and points < 500"),
    severity="warning",
)


def never_reached(span: Span, name: str, before: Sequence[str], sample: Sample) -> Diagnostic:
    return NEVER_REACHED.at(
        span,
        f"nobody reaches {quoted(name)} behind {listed(before)}{_such_as(sample)}",
        "move it up, or ask for something that the earlier segments leave over",
    )


def branch_never_reached(span: Span, before: Sequence[str], sample: Sample) -> Diagnostic:
    return BRANCH_NEVER_REACHED.at(
        span,
        f"this branch adds nobody behind {listed(before)}{_such_as(sample)}",
        "move the segment up, or leave the branch out: the rest of its rule has all who are left",
    )


def partly_taken(
    span: Span, name: str, part: tuple[str, str], before: Sequence[str], sample: Sample
) -> Diagnostic:
    """`part` is what is looked at, and the values that are taken."""
    what, values = part
    return PARTLY_TAKEN.at(
        span,
        f"{quoted(name)} loses all with {quoted(what)} {shown(values)} to {listed(before)}"
        f"{_such_as(sample)}",
        "move it up, or leave these values out of its rule",
    )


def never_true(span: Span) -> Diagnostic:
    return NEVER_TRUE.at(
        span,
        "this is never true: no value meets all of it",
        "check the bounds, and the ranges that columns are declared with",
    )


def _such_as(sample: Sample) -> str:
    told = ", ".join(f"{quoted(what)} {shown(value)}" for what, value in sample)
    return f", such as {told}" if told else ""
