"""Warnings at rules which may not say what is meant: missing values and exact equality."""

from __future__ import annotations

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import quoted, segments_when
from segrules.text.shown import shown
from segrules.text.source import Span

OPTIONAL_UNDER = entry(
    "SEG340",
    "a value that may be missing under not",
    why="Where the value is missing the test is unknown, not true: customers without a note are "
    "not among those whose note differs.",
    wrong=segments_when('note != "call"', unsure=True),
    right=segments_when('(note if missing use "none") != "call"'),
    severity="warning",
)
OPTIONAL_IN_SUM = entry(
    "SEG341",
    "a value that may be missing in a sum",
    why="One missing part makes the whole sum missing.",
    wrong="let total = points + weight\n",
    right="let total = points + (weight if missing use 0)\n",
    severity="warning",
)
OPTIONAL_IN_SCORE = entry(
    "SEG342",
    "a term of a score that may be missing",
    why="One unknown term makes the whole score unknown, however clear the others are.",
    wrong="score worth {\n  add 2 when vip\n  add 1 when weight > 10\n}\n",
    right="score worth {\n  add 2 when vip\n  add 1 when (weight if missing use 0) > 10\n}\n",
    severity="warning",
)
EQUALITY_OF_NUMBERS = entry(
    "SEG343",
    "exact equality of measured numbers",
    why="Numbers with decimals are seldom exactly equal: 0.1 + 0.2 is not 0.3.",
    wrong=segments_when("share_web = 50%"),
    right=segments_when("share_web between 49% and 51%"),
    severity="warning",
)
NEVER_MISSING = entry(
    "SEG344",
    "a fallback that is never used",
    why="The value is always known, so what is written after `use` has no effect.",
    wrong="let worth = spend if missing use 0\n",
    right="let heavy = weight if missing use 0\n",
    severity="warning",
)

ALWAYS = entry(
    "SEG345",
    "a comparison that always has the same answer",
    why="The declared range of a column, or the order of its values, decides the comparison for "
    "every row. Most often the number is in another unit than the column, or has a digit too many.",
    wrong="let big = points >= 2000\n",
    right="let big = points >= 200\n",
    severity="warning",
)


def always(span: Span, column: str, declared: str, *, true: bool) -> Diagnostic:
    """`declared` is what the column can hold, such as `0..120`."""
    return ALWAYS.at(
        span,
        f"{quoted(span.text)} is {'true of every' if true else 'never true of a'} known value: "
        f"{quoted(column)} is declared {shown(declared, _WIDEST)}",
        "compare with a value inside what is declared, or declare what the data can hold",
    )


_WIDEST = 100


def optional_under(span: Span, name: str, word: str) -> Diagnostic:
    return OPTIONAL_UNDER.at(
        span,
        f"{quoted(name)} may be missing, and under `{word}` the test is then unknown",
        f"say what holds then: `({shown(name)} if missing use …)`, or test `is known`",
    )


def optional_in_sum(span: Span, name: str) -> Diagnostic:
    return OPTIONAL_IN_SUM.at(
        span,
        f"{quoted(name)} may be missing, and the sum with it",
        f"say what to take then: `({shown(name)} if missing use 0)`",
    )


def optional_in_score(span: Span) -> Diagnostic:
    return OPTIONAL_IN_SCORE.at(
        span,
        "this may be missing, and the whole score with it",
        "say what to take then: `(… if missing use 0)`",
    )


def equality_of_numbers(span: Span, sign: str) -> Diagnostic:
    return EQUALITY_OF_NUMBERS.at(
        span,
        f"`{sign}` asks whether measured numbers are exactly equal",
        "ask for a range: `between … and …`",
    )


def never_missing(span: Span) -> Diagnostic:
    return NEVER_MISSING.at(
        span,
        f"{quoted(span.text)} is never missing",
        "remove `if missing use …`, or declare the column with `?`",
    )
