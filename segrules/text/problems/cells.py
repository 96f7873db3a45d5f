"""What can be wrong with tables of cells: conditions and examples."""

from __future__ import annotations

import re
from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import as_cell, closest, listed, quoted, segments_when
from segrules.text.shown import shown
from segrules.text.source import Span

_VALUE = segments_when("spend > 100")
_RANKED = segments_when("in top 20% by spend")
_RANKED_TWICE = (
    "segments value of customers {\n  best when in top 10% by spend\n"
    "  high when in top 20% by spend\n  otherwise low\n}\n"
)


def _conditions(*rows: str) -> str:
    return _VALUE + _block("conditions of value", rows)


def _examples(*rows: str, head: str = "", of: str = _VALUE) -> str:
    return of + _block(f"examples of value as_of 2026-06-30{head}", rows)


def _block(head: str, rows: Sequence[str]) -> str:
    return f"{head} {{\n" + "".join(f"  {row}\n" for row in rows) + "}\n"


FIRST_COLUMN = entry(
    "SEG140",
    "conditions whose first column is not the segment",
    why="Each row says what is done for one segment, named in its first cell.",
    wrong=_conditions("| group | desk |", "| high | ours |", "| low | any |"),
    right=_conditions("| segment | desk |", "| high | ours |", "| low | any |"),
)
RAGGED_ROW = entry(
    "SEG141",
    "a row with too many or too few cells",
    why="Cells belong to the column above them, so each row has as many as the heading.",
    wrong=_conditions("| segment | desk |", "| high |", "| rest | any |"),
    right=_conditions("| segment | desk |", "| high | ours |", "| rest | any |"),
)
CONDITIONS_LACK = entry(
    "SEG142",
    "conditions that leave out a segment",
    why="What is done for a segment must be said for each, or customers fall between the desks.",
    wrong=_conditions("| segment | desk |", "| high | ours |"),
    right=_conditions("| segment | desk |", "| high | ours |", "| rest | any |"),
)
EXAMPLES_HEADING = entry(
    "SEG143",
    "a heading of examples that cannot be read",
    why="The first row names the columns that are given and, after `=>`, what is expected.",
    wrong=_examples("| spend => segment |", "| 200 => high |"),
    right=_examples("| spend => expect |", "| 200 => high |"),
)
CELL_DOES_NOT_FIT = entry(
    "SEG144",
    "a cell that does not fit its column",
    why="Cells of examples are values of the column above them, as they would stand in the data; "
    "a value that is not known is written `missing`.",
    wrong=_examples("| spend => expect |", "| lots => high |"),
    right=_examples("| spend => expect |", "| 200 => high |"),
)
NO_SUCH_RANK = entry(
    "SEG145",
    "a cut for a rank that no rule uses",
    why="A cut states where a rank test ends, so it names one that the rules have.",
    wrong=_examples(
        "| spend => expect |", "| 200 => high |", of=_RANKED,
        head="\n    cut spend at 100, points at 5",
    ),
    right=_examples(
        "| spend => expect |", "| 200 => high |", of=_RANKED, head="\n    cut spend at 100"
    ),
)  # fmt: skip
CUT_UNCLEAR = entry(
    "SEG146",
    "a cut that fits several ranks",
    why="Each rank test has a cut of its own; one value cannot be meant for two.",
    wrong=_examples(
        "| spend => expect |", "| 200 => high |", of=_RANKED_TWICE,
        head="\n    cut spend at 100, top 10% by spend at 300, top 20% by spend at 100",
    ),
    right=_examples(
        "| spend => expect |", "| 200 => high |", of=_RANKED_TWICE,
        head="\n    cut top 10% by spend at 300, top 20% by spend at 100",
    ),
)  # fmt: skip
CUTS_NEEDED = entry(
    "SEG147",
    "examples of rank rules without a cut",
    why="Who is in the top 20% depends on everybody else, whom an example does not have. It says "
    "where the line lies instead.",
    wrong=_examples("| spend => expect |", "| 200 => high |", of=_RANKED),
    right=_examples(
        "| spend => expect |", "| 200 => high |", of=_RANKED, head="\n    cut spend at 100"
    ),
)
EXAMPLE_FAILS = entry(
    "SEG150",
    "an example does not hold",
    why="The rules place the example in another segment than it says, or by another rule. Either "
    "the rules or the example do not say what is meant. What an example leaves out is missing: "
    "where that makes a rule unknown, the inputs without a value are named.",
    wrong=Example(_examples("| spend => expect |", "| 50 => high |")),
    right=Example(_examples("| spend => expect |", "| 50 => low |")),
)


def first_column_is_segment(span: Span) -> Diagnostic:
    return FIRST_COLUMN.at(
        span,
        f"the first column is headed {quoted(span.text)}",
        "head it `segment`, with the name of a segment in each row",
    )


def ragged_row(span: Span, got: int, expected: int) -> Diagnostic:
    cells = "1 cell" if got == 1 else f"{got} cells"
    return RAGGED_ROW.at(
        span, f"the row has {cells} and the heading {expected}", "give each column one cell"
    )


def conditions_lack(span: Span, name: str, lacking: Sequence[str]) -> Diagnostic:
    return CONDITIONS_LACK.at(
        span,
        f"the conditions of {quoted(name)} leave out {listed(lacking)}",
        "add a row for each, or one for `rest`",
    )


def examples_heading(span: Span) -> Diagnostic:
    return EXAMPLES_HEADING.at(
        span,
        "the heading of the examples cannot be read",
        "name columns, then `=> expect |` or `=> expect | by |`",
    )


def cell_does_not_fit(span: Span, text: str, kind: str, near: str | None) -> Diagnostic:
    return CELL_DOES_NOT_FIT.at(
        span,
        f"{quoted(text)} is not {shown(kind, 100)}",
        closest(near, "value", as_cell(kind)),
    )


def no_such_rank(span: Span, name: str, known: Sequence[str]) -> Diagnostic:
    return NO_SUCH_RANK.at(
        span,
        f"no rule has a rank by {quoted(name)}",
        f"the rules use {listed(known)}" if known else "no rule has a rank; remove the cut",
    )


def cut_unclear(span: Span, name: str, ranks: Sequence[str]) -> Diagnostic:
    return CUT_UNCLEAR.at(
        span,
        f"the cut of {quoted(name)} fits {listed(ranks)}",
        f"name the rank: `top 10% by {name} at …`",
    )


def cuts_needed(span: Span, ranks: Sequence[str]) -> Diagnostic:
    return CUTS_NEEDED.at(
        span,
        f"the examples do not say where {listed(ranks)} ends",
        f"add it before the brace: `cut {_by(ranks[0])} at …`{_by_quota(ranks[0])}",
    )


def _by(rank: str) -> str:
    return rank.rpartition(" by ")[2]


def _by_quota(rank: str) -> str:
    """The other way of naming a cut, which several ranks by one amount need."""
    found = re.match(r"(?P<quota>(?:top|bottom) [\d_.]+%?)(?=\s).* by (?P<by>.+)", rank)
    return f" or `cut {found['quota']} by {found['by']} at …`" if found else ""


def example_fails(
    span: Span,
    row_number: int,
    expected: tuple[str, str | None],
    got: tuple[str, str],
    lacking: Sequence[str] = (),
) -> Diagnostic:
    """What is expected and what is got are a segment and a decider, which may not be expected.

    `lacking` are the inputs without a value that leave rules unknown.
    """
    (segment, by), (got_segment, got_by) = expected, got
    wanted = quoted(segment) + (f" by {quoted(by)}" if by else "")
    said = f"example {row_number} expects {wanted} and is {quoted(got_segment)} by {quoted(got_by)}"
    if lacking:
        are = "has no value" if len(lacking) == 1 else "have no value"
        hint = f"give {'it' if len(lacking) == 1 else 'them'} a column in the examples, or behind"
        return EXAMPLE_FAILS.at(span, f"{said}: {listed(lacking)} {are}", f"{hint} `with`")
    return EXAMPLE_FAILS.at(
        span, said, f"mend {_deciding(by or got_by)} or what the example expects"
    )


def _deciding(by: str) -> str:
    return "the rules" if by in ("otherwise", "unsure") else f"the rule of {quoted(by)}"
