"""What testing a rule file finds: claims that are refuted, and what was not asked about."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.samples import HEADER, OTHER_ROW, ROW
from segrules.text.problems.words import quoted
from segrules.text.shown import shown
from segrules.text.source import Span

_SIZE = """\
segments size of customers {
  big when spend >= 100
  otherwise small
}
"""
_DATA = {"customers": HEADER + ROW + OTHER_ROW.replace("120.50", "20.00")}
_RUN = "test --as-of 2026-06-30"


def _claiming(claim: str) -> str:
    return f"{_SIZE}claims of size {{\n  {claim}\n}}\n"


REFUTED = entry(
    "SEG560",
    "a claim that is refuted",
    why="A claim says what must hold of a segment set whatever the data are. One row, persona or "
    "count that goes against it is enough: either the rules do what nobody wants, or the claim "
    "asks for too much.",
    wrong=Example(_claiming("never big and spend < 200"), _DATA, _RUN),
    right=Example(_claiming("never big and spend < 100"), _DATA, _RUN),
)
OTHER_SAMPLE = entry(
    "SEG561",
    "a claim about a sample that is not given",
    why="Shares differ from data to data, so a claim may name the sample it is about. On other "
    "data it says nothing and is not tried.",
    wrong=Example(_claiming("big stays under 60% on golden"), _DATA, _RUN),
    right=Example(_claiming("big stays under 60% on golden"), _DATA, f"{_RUN} --sample golden"),
    severity="warning",
)
UNKNOWN_SAMPLE = entry(
    "SEG562",
    "no claim is about this sample",
    why="A sample is named so that the claims about it are tried. With a mistyped name they would "
    "be passed over.",
    wrong=Example(_claiming("big stays under 60% on golden"), _DATA, f"{_RUN} --sample gold"),
    right=Example(_claiming("big stays under 60% on golden"), _DATA, f"{_RUN} --sample golden"),
)
TEST_NEEDS = entry(
    "SEG563",
    "data without a day, or a sample without data",
    why="Claims are tried on data as they were on one day; rows dated later are not seen.",
    wrong=Example(_claiming("big stays under 60%"), _DATA, "test"),
    right=Example(_claiming("big stays under 60%"), _DATA, _RUN),
)
NOTHING_TO_TEST = entry(
    "SEG564",
    "nothing to test",
    why="Examples say how single customers are placed, claims what holds of all of them. A file "
    "without either passes every test.",
    wrong=Example(_SIZE, run="test"),
    right=Example(
        _SIZE + "persona rich { spend 900 }\nclaims of size {\n  persona rich is big\n}\n",
        run="test",
    ),
    severity="warning",
)

_MEND = "mend the rules, or what is claimed"


def never_refuted(
    span: Span | None, case: str, more: int, reads: Sequence[tuple[str, str]]
) -> Diagnostic:
    """`case` is the first against it (see `case_row` and its like), with `more` beside it.

    `reads` are names with their values.
    """
    beside = f" and {more:,} more" if more else ""
    where = ", ".join(f"{name} = {shown(value)}" for name, value in reads)
    told = f", where {where}" if where else ""
    return _refuted(span, f"the claim is refuted by {case}{beside}{told}", _MEND)


def more_refuted(
    span: Span | None,
    case: str,
    more: str,
    values: tuple[str, str] | None,
    segments: tuple[str, str],
) -> Diagnostic:
    """`values` of what is raised (none where they must not be shown) and the `segments`.

    Both are before and after.
    """
    raised = f"more {quoted(more)}"
    if values is not None:
        raised = f"{quoted(more)} at {shown(values[1])} instead of {shown(values[0])}"
    return _refuted(
        span,
        f"the claim is refuted by {case}: with {raised} it goes from {quoted(segments[0])} down "
        f"to {quoted(segments[1])}",
        _MEND,
    )


def share_refuted(span: Span | None, name: str, share: str, rows: int, limit: str) -> Diagnostic:
    """`limit` is what is claimed, as in `under 40%`."""
    return _refuted(
        span,
        f"the claim is refuted: {quoted(name)} has {share} of {rows:,} rows, not {limit}",
        _MEND,
    )


def persona_refuted(span: Span | None, persona: str, got: str, by: str) -> Diagnostic:
    return _refuted(
        span, f"the claim is refuted: {quoted(persona)} is {quoted(got)} by {quoted(by)}", _MEND
    )


def flapping_refuted(span: Span | None, rate: str, free: str) -> Diagnostic:
    return _refuted(
        span,
        f"the claim is refuted: {rate} flap with tolerance and {free} without",
        "make it harder to leave: `leave when … for 2 reviews running`, or `stay at least 60 days`",
    )


def top_refuted(span: Span | None, share: str, of: str, limit: str) -> Diagnostic:
    return _refuted(
        span,
        f"the claim is refuted: they bring {share} of {quoted(of)}, not at least {limit}",
        _MEND,
    )


def other_sample(span: Span | None, sample: str) -> Diagnostic:
    message = f"the claim is not tried: it is about the sample {quoted(sample)}"
    hint = f"give the data of that sample and add --sample {shown(sample)}"
    return OTHER_SAMPLE.at(span, message, hint) if span else OTHER_SAMPLE.about(None, message, hint)


def unknown_sample(sample: str, known: Sequence[str]) -> Diagnostic:
    named = ", ".join(quoted(each) for each in known)
    return UNKNOWN_SAMPLE.about(
        None,
        f"no claim is about a sample {quoted(sample)}",
        f"the claims name {named}" if known else "leave --sample out: no claim names a sample",
    )


def test_needs(given: str, lacking: str) -> Diagnostic:
    """Options, as they are written on the command line."""
    return TEST_NEEDS.about(
        None, f"{given} is given without {lacking}", f"add {lacking}, or leave {given} out"
    )


def nothing_to_test(file: str) -> Diagnostic:
    return NOTHING_TO_TEST.about(
        file,
        "the file has neither examples nor claims",
        "write a row of `examples` for each customer that people argue about",
    )


def _refuted(span: Span | None, message: str, hint: str) -> Diagnostic:
    return REFUTED.at(span, message, hint) if span else REFUTED.about(None, message, hint)


# ---- what goes against a claim


def case_row(key: str | None) -> str:
    """A row of the data; without its key where that must not be shown."""
    return "a row whose key is hidden" if key is None else quoted(key)


def case_example(of: str, number: int) -> str:
    return f"example {number} of {quoted(of)}"


def case_persona(name: str) -> str:
    return f"the persona {quoted(name)}"
