"""Names that stand for nothing, or for nothing that can be read here."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import closest, listed, quoted, segments_when
from segrules.text.shown import shown
from segrules.text.source import Span

_FUNNEL = (
    "funnel sales of customers {\n  enquiry at joined\n  sale    at sold_at within 90 days\n}\n"
)
_ASSUME = (
    "assume letter_odds = 1.1 to 1.4 {\n"
    '  source experiment "letters 2025" owner "Sales" until 2027-06-30\n}\n'
)
_LETTERS = "scenario letters {\n  comms high  sale odds letter_odds\n}\n"
_BASE = segments_when("spend > 100") + _FUNNEL + _ASSUME

UNKNOWN_COLUMN = entry(
    "SEG201",
    "unknown column",
    why="A name in a rule is a column of the table, a named value (`let`, `score`, `band`) or a "
    "knob. This one is none of them: most often it is mistyped, or not declared yet.",
    wrong=segments_when("spnd > 100"),
    right=segments_when("spend > 100"),
)
UNKNOWN_TABLE = entry(
    "SEG202",
    "unknown table",
    why="Tables are declared with `table`; this name is not among them.",
    wrong="let bought = count order in last 90 days\n",
    right="let bought = count orders in last 90 days\n",
)
UNKNOWN_SEGMENT = entry(
    "SEG203",
    "unknown segment",
    why="The segments are those declared, with `otherwise` and `unsure`; a mistyped one would "
    "quietly apply to nobody.",
    wrong=segments_when("spend > 100")
    + "conditions of value {\n  | segment | desk |\n  | hihg | ours |\n  | rest | any |\n}\n",
    right=segments_when("spend > 100")
    + "conditions of value {\n  | segment | desk |\n  | high | ours |\n  | rest | any |\n}\n",
)
UNKNOWN_DECIDER = entry(
    "SEG204",
    "unknown decider",
    why="What decides is the rule of a segment, `otherwise` or `unsure`.",
    wrong=segments_when("spend > 100") + "examples of value as_of 2026-06-30 {\n"
    "  | spend => expect | by |\n  | 50 => low | low |\n}\n",
    right=segments_when("spend > 100") + "examples of value as_of 2026-06-30 {\n"
    "  | spend => expect | by |\n  | 50 => low | otherwise |\n}\n",
)
UNKNOWN_SET = entry(
    "SEG205",
    "unknown segments",
    why="Conditions and examples belong to a `segments` block and name it.",
    wrong=segments_when("spend > 100")
    + "conditions of valu {\n  | segment | desk |\n  | rest | any |\n}\n",
    right=segments_when("spend > 100")
    + "conditions of value {\n  | segment | desk |\n  | rest | any |\n}\n",
)
UNKNOWN_VALUE = entry(
    "SEG206",
    "a value that is not declared",
    why="A column with declared values never holds another one, so the comparison could never "
    "be true.",
    wrong=segments_when("region = nroth"),
    right=segments_when("region = north"),
)
FLAG_LITERAL = entry(
    "SEG207",
    "yes or no in a condition",
    why="A flag is a condition by itself.",
    wrong=segments_when("vip = yes"),
    right=segments_when("vip"),
)
UNKNOWN_LENGTH = entry(
    "SEG208",
    "a window of no length",
    why="A window is as long as it says, in days, weeks, months, quarters or years, or as a knob "
    "that is a length of time.",
    wrong=segments_when("any orders in last lapse"),
    right="knob lapse = 90 days from 30 days to 180 days\n"
    + segments_when("any orders in last lapse"),
)
UNKNOWN_SCENARIO = entry(
    "SEG209",
    "unknown scenario",
    why="A project compares scenarios that are declared, and a bundle is made of them.",
    wrong=_BASE + _LETTERS + "scenario both = letters + calls\n",
    right=_BASE + _LETTERS + "scenario both = letters\n",
)
UNKNOWN_ASSUMPTION = entry(
    "SEG210",
    "unknown assumption",
    why="Every effect rests on a declared assumption, with its source, owner and date.",
    wrong=_BASE + _LETTERS + "scenario calls {\n  comms high  sale odds call_odds\n}\n",
    right=_BASE + _LETTERS + "scenario calls {\n  comms high  sale odds letter_odds\n}\n",
)
UNKNOWN_STAGE = entry(
    "SEG211",
    "unknown stage",
    why="An effect changes the odds of reaching a later stage of a funnel; the first stage is "
    "where everyone starts.",
    wrong=_BASE + _LETTERS.replace("sale odds", "sold odds"),
    right=_BASE + _LETTERS,
)
UNKNOWN_FUNNEL = entry(
    "SEG212",
    "a project without its funnel",
    why="A project plays out one funnel: the one of its name, the only one, or the one it is `of`.",
    wrong=_BASE + _LETTERS + "project year of care {\n  compare letters against today\n}\n",
    right=_BASE + _LETTERS + "project year of sales {\n  compare letters against today\n}\n",
)
NOT_RELATED = entry(
    "SEG213",
    "rows that do not belong to this table",
    why="Counts and sums are taken of the rows that belong to the row at hand, by its key.",
    wrong="table agents key agent_id {\n  agent_id text\n}\n"
    "let helped of customers = count agents\n",
    right="let bought of customers = count orders\n",
)
UNTIL_OUTCOME = entry(
    "SEG214",
    "a column known only after the outcome",
    why="A rule that reads the outcome sorts customers by what it is meant to foresee: it looks "
    "perfect on the past and cannot be used on the future.",
    wrong=segments_when("sold_at is known"),
    right=segments_when("joined > 2026-01-01"),
)


def unknown_column(span: Span, name: str, table: str, near: str | None) -> Diagnostic:
    of = f"column of {quoted(table)}" if table else "name"
    if name.lower() in {"today", "now"}:
        hint = "the day that is asked about is called `as_of`"
        return UNKNOWN_COLUMN.at(span, f"unknown column {quoted(name)}", hint)
    return UNKNOWN_COLUMN.at(
        span,
        f"unknown column {quoted(name)}",
        closest(near, of, f"declare it as a column of {quoted(table)}, or with `let`"),
    )


def unknown_column_or_segment(
    span: Span, name: str, table: str, segments: Sequence[str], near: Sequence[str]
) -> Diagnostic:
    """A name in a claim; `near` are the closest of the `segments` and of all that can be read."""
    known = [each for each in near if each in segments]
    hint = f"the closest {'segment is' if len(known) == 1 else 'segments are'} {listed(known)}"
    if not known:
        otherwise = f"name a segment ({listed(segments, 'or')}), or a column of {quoted(table)}"
        hint = closest(near[0] if near else None, f"column of {quoted(table)}", otherwise)
    return UNKNOWN_COLUMN.at(
        span, f"{quoted(name)} is neither a segment nor a column of {quoted(table)}", hint
    )


def table_is_no_value(span: Span, name: str) -> Diagnostic:
    return UNKNOWN_COLUMN.at(
        span, f"{quoted(name)} is a table, not a value", f"say how many: `count {shown(name)}`"
    )


def unknown_table(span: Span, name: str, near: str | None) -> Diagnostic:
    return UNKNOWN_TABLE.at(
        span,
        f"unknown table {quoted(name)}",
        closest(near, "table", f"declare it: `table {shown(name)} …`"),
    )


def unknown_segment(
    span: Span, name: str, segments: str, near: str | None, everyone: str = ""
) -> Diagnostic:
    """`everyone` says how all segments are named there, for those who wrote `all`."""
    of = "of any `segments` block" if segments == "any set" else f"of {quoted(segments)}"
    return UNKNOWN_SEGMENT.at(
        span,
        f"unknown segment {quoted(name)}",
        everyone
        if everyone and name in _EVERYONE
        else closest(near, "segment", f"name a segment {of}"),
    )


_EVERYONE = frozenset({"all", "any", "everyone", "everybody"})


def unknown_decider(span: Span, name: str, segments: str, near: str | None) -> Diagnostic:
    return UNKNOWN_DECIDER.at(
        span,
        f"{quoted(name)} decides nothing in {quoted(segments)}",
        closest(near, "decider", "name a segment with a rule, `otherwise` or `unsure`"),
    )


def unknown_set(span: Span, name: str, near: str | None) -> Diagnostic:
    return UNKNOWN_SET.at(
        span,
        f"there are no segments {quoted(name)}",
        closest(near, "name", f"declare them: `segments {shown(name)} of … {{ … }}`")
        if "." not in name
        else "name a segment set of the table itself, without a dot: only its own past is known",
    )


def unknown_value(span: Span, name: str, kind: str, near: str | None) -> Diagnostic:
    return UNKNOWN_VALUE.at(
        span,
        f"{quoted(name)} is not among the declared values",
        closest(near, "value", f"the column is {shown(kind, 100)}"),
    )


def flag_literal(span: Span, text: str) -> Diagnostic:
    return FLAG_LITERAL.at(
        span,
        f"{quoted(text)} is not written in conditions",
        "write the flag alone, or `not` before it",
    )


def unknown_length(span: Span, name: str, near: str | None) -> Diagnostic:
    return UNKNOWN_LENGTH.at(
        span,
        f"{quoted(name)} is not a length of time",
        closest(near, "knob", "write a length such as `90 days`, or declare a knob of that kind"),
    )


def unknown_scenario(span: Span, name: str, near: str | None) -> Diagnostic:
    return UNKNOWN_SCENARIO.at(
        span,
        f"unknown scenario {quoted(name)}",
        closest(near, "scenario", f"declare it: `scenario {shown(name)} {{ … }}`"),
    )


def unknown_assumption(span: Span, name: str, near: str | None) -> Diagnostic:
    return UNKNOWN_ASSUMPTION.at(
        span,
        f"unknown assumption {quoted(name)}",
        closest(near, "assumption", f"declare it: `assume {shown(name)} = … {{ … }}`"),
    )


def unknown_stage(span: Span, name: str, near: str | None) -> Diagnostic:
    return UNKNOWN_STAGE.at(
        span,
        f"unknown stage {quoted(name)}",
        closest(near, "stage", "name a stage of a funnel after its first"),
    )


def unknown_funnel(span: Span, known: Sequence[str]) -> Diagnostic:
    return UNKNOWN_FUNNEL.at(
        span,
        f"there is no funnel {quoted(span.text)}",
        f"name one with `of`: {listed(known, 'or')}" if known else "declare a `funnel`",
    )


def unknown_subject(span: Span, known: Sequence[str]) -> Diagnostic:
    return UNKNOWN_FUNNEL.at(
        span,
        f"there is no funnel, life or line {quoted(span.text)}",
        f"name one with `of`: {listed(known, 'or')}" if known else "declare a `funnel`",
    )


def not_related(span: Span, name: str, table: str) -> Diagnostic:
    return NOT_RELATED.at(
        span,
        f"{quoted(name)} has no rows that belong to {quoted(table)}",
        f"name a table that is declared `of {shown(table)}`",
    )


def other_related(span: Span, name: str, of: str, table: str) -> Diagnostic:
    return NOT_RELATED.at(
        span,
        f"the rows of {quoted(name)} belong to {quoted(of)}, not to {quoted(table)}",
        f"name a table that is declared `of {shown(table)}`",
    )


def until_outcome(span: Span, name: str) -> Diagnostic:
    return UNTIL_OUTCOME.at(
        span,
        f"{quoted(name)} is known only after the outcome",
        "read a column that is known beforehand; funnels may read this one",
    )
