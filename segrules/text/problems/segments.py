"""What can be wrong with segments, bands and their closing lines."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import quoted, segments_when
from segrules.text.shown import shown
from segrules.text.source import Span

NO_OTHERWISE = entry(
    "SEG130",
    "no otherwise",
    why="Customers for whom every rule is false must go somewhere; a segment for them is named.",
    wrong="segments value of customers {\n  high when spend > 100\n}\n",
    right=segments_when("spend > 100"),
)
NO_UNSURE = entry(
    "SEG131",
    "no unsure",
    why="A rule that reads a missing value is neither true nor false. Customers without a true "
    "rule and with such an unknown one are not the same as those for whom every rule is false.",
    wrong=segments_when("weight > 10"),
    right=segments_when("weight > 10", unsure=True),
)
NEVER_UNSURE = entry(
    "SEG132",
    "an unsure segment that stays empty",
    why="No rule reads a value that may be missing, so no customer can come here.",
    wrong=segments_when("spend > 100", unsure=True),
    right=segments_when("spend > 100"),
    severity="warning",
)
UNSURE_IS_A_RULE = entry(
    "SEG133",
    "the unsure segment has a rule of its own",
    why="Customers who may or may not meet a rule would be treated as those who surely do.",
    wrong="segments value of customers {\n  high when weight > 10\n  otherwise low\n"
    "  unsure high\n}\n",
    right=segments_when("weight > 10", unsure=True),
)
SEGMENT_NAME_TAKEN = entry(
    "SEG134",
    "a segment with the name of a decider",
    why="Results say what decided: a segment's rule, `otherwise`, `unsure` or `cap`. A segment "
    "of such a name would be taken for something else.",
    wrong="segments value of customers {\n  cap when spend > 100\n  otherwise low\n}\n",
    right="segments value of customers {\n  capped when spend > 100\n  otherwise low\n}\n",
)
BAND_EDGE = entry(
    "SEG135",
    "an edge of a band that is not constant",
    why="The edges of a band are the same for all customers, so that the bands can be compared.",
    wrong="band size of points { small up to weight | large }\n",
    right="band size of points { small up to 100 | large }\n",
)
BAND_ORDER = entry(
    "SEG136",
    "edges of a band out of order",
    why="The first row that fits is taken: a row whose edge is not above the one before would "
    "stay empty.",
    wrong="band size of points { small up to 100 | middle up to 50 | large }\n",
    right="band size of points { small up to 50 | middle up to 100 | large }\n",
)
BAND_LABELS = entry(
    "SEG137",
    "labels of a band that are not of one kind",
    why="Labels are all names, in rising order, or all whole numbers, to reckon with.",
    wrong="band size of points { 1 up to 100 | large }\n",
    right="band size of points { 1 up to 100 | 2 }\n",
)
BAND_REST = entry(
    "SEG138",
    "a band without a last row for the rest",
    why="Every value belongs to a row: the last one, and only the last, has no edge and takes "
    "what is left.",
    wrong="band size of points { small up to 100 | large up to 1_000 }\n",
    right="band size of points { small up to 100 | large }\n",
)

TWO_LABELS = entry(
    "SEG139",
    "a segment with two labels",
    why="A segment that is named at two places is one segment, and reports call it by one label.",
    wrong='segments value of customers {\n  basic "Basic" when spend < 10\n'
    '  high when spend > 100\n  otherwise basic "Standard"\n}\n',
    right='segments value of customers {\n  basic "Basic" when spend < 10\n'
    "  high when spend > 100\n  otherwise basic\n}\n",
)


def two_labels(span: Span, name: str, label: str, before: Span, other: str) -> Diagnostic:
    """`before` is where the segment has the label `other`."""
    line = before.source.position(before.start)[0]
    return TWO_LABELS.at(
        span,
        f'the segment {quoted(name)} is labelled "{shown(label)}" here '
        f'and "{shown(other)}" in line {line}',
        "leave out one of the labels",
    )


def no_otherwise(span: Span, name: str) -> Diagnostic:
    return NO_OTHERWISE.at(
        span,
        f"the segments {quoted(name)} have no `otherwise`",
        "name the segment of everybody else: `otherwise standard`",
    )


def no_unsure(span: Span, segment: str, reasons: Sequence[str]) -> Diagnostic:
    why = f": {'; '.join(reasons[:3])}" if reasons else ""
    return NO_UNSURE.at(
        span,
        f"the rule of {quoted(segment)} may be unknown, and there is no `unsure`{why}",
        "name the segment of customers with too little data after `otherwise`: `unsure needs_data`",
    )


def never_unsure(span: Span) -> Diagnostic:
    return NEVER_UNSURE.at(span, "no rule can be unknown, so nobody is unsure", "remove this line")


def unsure_is_a_rule(span: Span, name: str) -> Diagnostic:
    return UNSURE_IS_A_RULE.at(
        span,
        f"{quoted(name)} has a rule of its own and is the segment of the unsure too",
        "give the unsure a segment of their own: `unsure needs_data`",
    )


def segment_name_taken(span: Span, name: str) -> Diagnostic:
    return SEGMENT_NAME_TAKEN.at(
        span,
        f"{quoted(name)} already says how a customer was placed",
        "give the segment another name",
    )


def band_edge_not_constant(span: Span) -> Diagnostic:
    return BAND_EDGE.at(
        span, f"the edge {quoted(span.text)} is not constant", "write a number here, or a knob"
    )


def band_edges_order(span: Span) -> Diagnostic:
    return BAND_ORDER.at(
        span,
        f"the edge {quoted(span.text)} is not above the one before",
        "write the rows in rising order of their edges",
    )


def band_labels_mixed(span: Span) -> Diagnostic:
    return BAND_LABELS.at(
        span,
        f"the labels of {quoted(span.text)} are not of one kind",
        "make them all names, or all whole numbers",
    )


def band_needs_rest(span: Span) -> Diagnostic:
    return BAND_REST.at(
        span, "values above the last edge belong nowhere", "add a last row with a label alone"
    )


def band_rest_last(span: Span) -> Diagnostic:
    return BAND_REST.at(
        span,
        "a row without an edge takes everything that is left",
        "give this row an edge, or move it to the end",
    )
