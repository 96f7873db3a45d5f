"""What can be wrong with suppressions, overrides, caps, grids, personas and claims."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.samples import HEADER, ROW
from segrules.text.problems.words import listed, quoted
from segrules.text.shown import shown
from segrules.text.source import Span

_SETS = (
    "segments size of customers {\n  big when spend > 500\n  otherwise small\n}\n"
    "segments value of customers {\n  big when points > 500\n  otherwise minor\n}\n"
)
_SIZE = "segments size of customers {\n  big when spend > 500\n  otherwise small\n}\n"
_THREE = (
    "segments size of customers {\n  big when spend > 500\n  middle when spend > 100\n"
    "  otherwise small\n}\n"
)
_GRID = "grid offer from region, points pick {} {{\n  | region | points => offer |\n{}}}\n"
_INTERESTS = "table people key person { person text  interests set of savings, pension }\n"
_NORTH = "  | north  | >= 100 => call  |\n"

GRID_HEADING = entry(
    "SEG170",
    "a grid whose heading is not that of its inputs",
    why="The first row names the inputs as they are listed above it, then, behind `=>`, what the "
    "grid gives.",
    wrong="grid offer from region, points pick first {\n  | points | region => offer |\n"
    "  | >= 100 | north  => call  |\n}\n",
    right=_GRID.format("first", _NORTH),
)
ROWS_OVERLAP = entry(
    "SEG171",
    "rows that fit one customer twice",
    why="`pick the only one` promises that never two rows fit; this is proved from the cells.",
    wrong=_GRID.format("the only one", _NORTH + "  | any    | >= 500 => visit |\n"),
    right=_GRID.format("the only one", _NORTH + "  | south  | >= 500 => visit |\n"),
)
OUTPUTS_DIFFER = entry(
    "SEG172",
    "an output of several kinds",
    why="A column of a grid gives values of one type: names, numbers, percentages, dates or texts.",
    wrong=_GRID.format("first", _NORTH + "  | south  | any    => 25    |\n"),
    right=_GRID.format("first", _NORTH + "  | south  | any    => email |\n"),
)
PICK = entry(
    "SEG173",
    "outputs that cannot be picked so",
    why="`pick sum` adds numbers; `pick every` gathers names into a set.",
    wrong=_GRID.format("sum", _NORTH),
    right=_GRID.format("every", _NORTH),
)
NOT_PROVABLE = entry(
    "SEG174",
    "rows that cannot be proved apart",
    why="That never two rows fit is proved for numbers, dates, flags and declared values; any text "
    "may stand in a column of text.",
    wrong="grid offer from vip, customer_id pick the only one {\n"
    '  | vip | customer_id => offer |\n  | yes | "a1"        => call  |\n}\n',
    right="grid offer from vip, customer_id pick first {\n"
    '  | vip | customer_id => offer |\n  | yes | "a1"        => call  |\n}\n',
)
GRID_OF_SET = entry(
    "SEG177",
    "a set as the input of a grid",
    why="A row of a grid tests one value. Whether a value is among those of a set is true or "
    "false, and that may be an input.",
    wrong=_INTERESTS + "grid offer from interests pick first {\n  | interests => offer |\n"
    "  | pension   => call  |\n}\n",
    right=_INTERESTS + "let for_pension = interests has any of [pension]\n"
    "grid offer from for_pension pick first {\n  | for_pension => offer |\n"
    "  | yes         => call  |\n}\n",
)
GRID_WITHOUT_ROWS = entry(
    "SEG178",
    "a grid without rows",
    why="A grid gives what one of its rows says; with a heading alone it would give nothing.",
    wrong=_GRID.format("first", ""),
    right=_GRID.format("first", _NORTH),
)
CLAIM_OF_OTHER = entry(
    "SEG175",
    "a claim about another set",
    why="A block of claims is about the set that it names.",
    wrong="segments size of customers ladder small < big {\n  big when spend > 500\n"
    "  otherwise small\n}\nclaims of size {\n  more spend never lowers value\n}\n",
    right="segments size of customers ladder small < big {\n  big when spend > 500\n"
    "  otherwise small\n}\nclaims of size {\n  more spend never lowers size\n}\n",
)
NO_TOLERANCE = entry(
    "SEG176",
    "flapping of a set without tolerance",
    why="With and without tolerance is the same where no segment has `leave when` or `stay`.",
    wrong=_SIZE
    + "claims of size {\n  flapping with tolerance < flapping without tolerance\n}\n",
    right="segments size of customers {\n  big when spend > 500\n      stay at least 14 days\n"
    "  otherwise small\n}\n"
    "claims of size {\n  flapping with tolerance < flapping without tolerance\n}\n",
)  # fmt: skip
SEGMENT_OF_SEVERAL = entry(
    "SEG580",
    "a segment that several sets have",
    why="What is said of a segment is said of one set; a name that two sets share does not say of "
    "which.",
    wrong=_SETS + "cap big at 100 by spend, rest to small\n",
    right=_SETS + "cap big of size at 100 by spend, rest to small\n",
)
NO_SUCH_SEGMENT = entry(
    "SEG581",
    "a segment that no set has",
    why="A suppression or a cap names a segment set, or segments.",
    wrong=_SIZE + 'suppress bigg when vip reason "board decision"\n',
    right=_SIZE + 'suppress big when vip reason "board decision"\n',
)
CAP_TO_ITSELF = entry(
    "SEG582",
    "a cap that sends nobody away",
    why="Who is above the cap goes to another segment.",
    wrong=_SIZE + "cap big at 100 by spend, rest to big\n",
    right=_SIZE + "cap big at 100 by spend, rest to small\n",
)
CAP_FILLS_CAPPED = entry(
    "SEG586",
    "a cap that fills a segment with a cap of its own",
    why="Caps are laid one after the other. What a later one sends to a segment that was capped "
    "before would take that segment above its cap.",
    wrong=_THREE
    + "cap big at 100 by spend, rest to small\ncap middle at 300 by spend, rest to big\n",
    right=_THREE
    + "cap middle at 300 by spend, rest to big\ncap big at 100 by spend, rest to small\n",
)
PERSONA_NO_KEY = entry(
    "SEG583",
    "a persona in a rule",
    why="A persona is a picture of a customer, to try rules on and to train with. Customers are "
    "placed by what is known of them, never by whom they resemble.",
    wrong="persona silver_surfer { points 400 }\n"
    "segments s of customers {\n  a when silver_surfer\n  otherwise b\n}\n",
    right="persona silver_surfer { points 400 }\n"
    "segments s of customers {\n  a when points > 300\n  otherwise b\n}\n"
    "claims of s {\n  persona silver_surfer is a\n}\n",
)
UNKNOWN_PERSONA = entry(
    "SEG584",
    "unknown persona",
    why="A claim about a persona tries the rules on its values, so it must be declared.",
    wrong=_SIZE + "claims of size {\n  persona surfer is big\n}\n",
    right=_SIZE + "persona surfer { spend 900 }\nclaims of size {\n  persona surfer is big\n}\n",
)
REST_SUPPRESSED = entry(
    "SEG585",
    "a suppression of the rest",
    why="Who is kept out of a segment goes to a later one. Behind the rest comes nothing: whoever "
    "may not be in it either is kept out of the whole set.",
    wrong=_SIZE + 'suppress small when vip reason "board decision"\n',
    right=_SIZE + 'suppress size when vip reason "board decision"\n',
)
CONTRADICTING_OVERRIDES = entry(
    "SEG587",
    "overrides that contradict each other",
    why="An override holds from the first day on, up to its own last day. Of two that place one "
    "customer in different segments the later one would do nothing, silently, until the earlier "
    "one has ended.",
    wrong=_SIZE + 'override size for "C1", "C2" to big until 2026-12-31 reason "director"\n'
    'override size for "C2" to small until 2027-03-31 reason "service desk"\n',
    right=_SIZE + 'override size for "C1" to big until 2026-12-31 reason "director"\n'
    'override size for "C2" to small until 2027-03-31 reason "service desk"\n',
)
OVERRIDE_ENDED = entry(
    "SEG588",
    "an override that has ended",
    why="A decision holds up to its day and including it. Afterwards the rules decide again, and "
    "the line in the rules does nothing.",
    wrong=Example(
        _SIZE + 'override size for "C1" to big until 2025-12-31 reason "director"\n',
        {"customers": HEADER + ROW},
        "assign",
    ),
    right=Example(
        _SIZE + 'override size for "C1" to big until 2036-12-31 reason "director"\n',
        {"customers": HEADER + ROW},
        "assign",
    ),
    severity="warning",
)
OVERRIDE_OF_NOBODY = entry(
    "SEG589",
    "an override of keys that nobody has",
    why="A key that was mistyped, or whose customer has gone, places nobody; and the customer who "
    "was meant is placed by the rules.",
    wrong=Example(
        _SIZE + 'override size for "C-1" to big until 2036-12-31 reason "director"\n',
        {"customers": HEADER + ROW},
        "assign",
    ),
    right=Example(
        _SIZE + 'override size for "C1" to big until 2036-12-31 reason "director"\n',
        {"customers": HEADER + ROW},
        "assign",
    ),
    severity="warning",
)
_KEYS = 5
"""Keys of an override that a message shows."""


def grid_heading(span: Span, inputs: Sequence[str]) -> Diagnostic:
    cells = " | ".join(shown(name) for name in inputs)
    return GRID_HEADING.at(
        span, "the heading of the grid is not its inputs", f"write `| {cells} => … |`"
    )


def rows_overlap(span: Span, earlier: int, later: int, example: Sequence[str]) -> Diagnostic:
    shown_cells = " | ".join(shown(value) for value in example)
    return ROWS_OVERLAP.at(
        span,
        f"rows {earlier} and {later} both fit `{shown_cells}`",
        "narrow one of the two, or write `pick first`",
    )


def outputs_differ(span: Span, first: str, other: str) -> Diagnostic:
    return OUTPUTS_DIFFER.at(
        span,
        f"the outputs {quoted(first)} and {quoted(other)} are of different kinds",
        "give names, numbers, percentages or texts in the whole column",
    )


def pick_every_of(span: Span, kind: str) -> Diagnostic:
    return PICK.at(span, f"`pick every` gathers names, and this is {kind}", "write `pick first`")


def pick_sum_of(span: Span, kind: str) -> Diagnostic:
    return PICK.at(span, f"`pick sum` adds numbers, and this is {kind}", "write `pick first`")


def not_provable(span: Span, kind: str) -> Diagnostic:
    return NOT_PROVABLE.at(
        span, f"that rows differ cannot be proved by {kind}", "write `pick first`"
    )


def grid_of_set(span: Span, name: str, values: Sequence[str]) -> Diagnostic:
    return GRID_OF_SET.at(
        span,
        f"{quoted(name)} is a set of values, and a row tests one",
        f"name a test of it: `let … = {shown(name)} has any of [{shown(values[0])}]`",
    )


def grid_without_rows(span: Span, name: str) -> Diagnostic:
    return GRID_WITHOUT_ROWS.at(
        span, f"nothing follows the heading of the grid {quoted(name)}", "add a row"
    )


def claim_of_other(span: Span, name: str, of: str) -> Diagnostic:
    return CLAIM_OF_OTHER.at(
        span, f"{quoted(name)} is not the set of these claims", f"write {quoted(of)}"
    )


def no_tolerance(span: Span, name: str) -> Diagnostic:
    return NO_TOLERANCE.at(
        span,
        f"no segment of {quoted(name)} has a tolerance",
        "add `leave when …` or `stay at least …` to a segment, or leave the claim out",
    )


def segment_of_several(span: Span, name: str, sets: Sequence[str]) -> Diagnostic:
    return SEGMENT_OF_SEVERAL.at(
        span,
        f"{quoted(name)} is a segment of {listed(sets)}",
        "name the set as well, or give one of the segments another name",
    )


def no_such_segment(span: Span, name: str, near: str | None) -> Diagnostic:
    hint = f"the closest name is {quoted(near)}" if near else "name a segment set, or a segment"
    return NO_SUCH_SEGMENT.at(span, f"{quoted(name)} is no segment and no segment set", hint)


def rest_suppressed(span: Span, name: str) -> Diagnostic:
    return REST_SUPPRESSED.at(
        span,
        f"{quoted(name)} takes those who are left, and nobody can be kept out of it",
        "name the whole set, or a segment with a rule",
    )


def cap_to_itself(span: Span, name: str) -> Diagnostic:
    return CAP_TO_ITSELF.at(
        span, f"those above the cap would stay in {quoted(name)}", "name another segment"
    )


def cap_fills_capped(span: Span, name: str) -> Diagnostic:
    return CAP_FILLS_CAPPED.at(
        span,
        f"{quoted(name)} was capped before, and these would come on top",
        f"write this cap before the one of {quoted(name)}, or name another segment",
    )


def contradicting_overrides(span: Span, keys: Sequence[str], to: tuple[str, str]) -> Diagnostic:
    """`to` are the segments of an earlier override and of the one at `span`."""
    is_placed = "is placed" if len(keys) == 1 else "are placed"
    return CONTRADICTING_OVERRIDES.at(
        span,
        f"{listed(keys)} {is_placed} in {quoted(to[1])} here and in {quoted(to[0])} by an earlier "
        "override",
        "leave the earlier one out, or this one: each holds from the first day up to its own",
    )


def override_ended(span: Span | None, of: str, until: dt.date) -> Diagnostic:
    return Diagnostic(
        OVERRIDE_ENDED.code,
        OVERRIDE_ENDED.severity,
        f"this override of {quoted(of)} has ended on {until} and is ignored",
        span,
        "leave it out, or give it another day if it still holds",
    )


def override_of_nobody(
    span: Span | None, table: str, count: int, keys: Sequence[str]
) -> Diagnostic:
    """`count` of its keys are not in the table; `keys` are those, or none where they are hidden."""
    shown_keys = ", ".join(quoted(key) for key in keys[:_KEYS]) + ", …" * (len(keys) > _KEYS)
    are = "1 key of this override is" if count == 1 else f"{count:,} keys of this override are"
    return Diagnostic(
        OVERRIDE_OF_NOBODY.code,
        OVERRIDE_OF_NOBODY.severity,
        f"{are} not in {quoted(table)}" + (f": {shown_keys}" if keys else ""),
        span,
        "look for a slip in the key, or leave out whoever has gone",
    )


def persona_is_no_key(span: Span, name: str) -> Diagnostic:
    return PERSONA_NO_KEY.at(
        span,
        f"{quoted(name)} is a persona, not something known of a customer",
        "test the columns that the persona stands for",
    )


def unknown_persona(span: Span, name: str, near: str | None) -> Diagnostic:
    hint = f"the closest persona is {quoted(near)}" if near else "declare it: `persona name { … }`"
    return UNKNOWN_PERSONA.at(span, f"unknown persona {quoted(name)}", hint)
