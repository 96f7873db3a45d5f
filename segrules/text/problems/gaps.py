"""What can be wrong with asking whether protected groups fare alike."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.words import listed, quoted

_HEADER = "person,joined,bought_on,female,age\n"
_ROWS = "".join(
    f"P{at},2026-01-05,{'2026-01-20' if at % 3 else ''},{'yes' if at % 2 else 'no'},{30 + at}\n"
    for at in range(40)
)
_PEOPLE = (
    "table people key person {{\n  person text  joined date  bought_on date? until_outcome\n"
    "  female flag{0}  age whole 0..120{1}\n}}\n"
)
_REST = (
    "segments worth of people {\n  keen when age >= 60\n  otherwise others\n}\n"
    "funnel sales of people {\n  visit at joined\n  sale  at bought_on within 90 days\n}\n"
)
_BAND = "band ages of age { young up to 50 | old }\n"


def _asked(female: str, age: str, run: str, band: str = "") -> Example:
    rules = _PEOPLE.format(female, age) + band + _REST
    return Example(rules, {"people": _HEADER + _ROWS}, f"study {run}")


NO_GROUPS = entry(
    "SEG593",
    "a column without groups to compare",
    why="Outcomes are compared between groups of people: those of a flag, of declared values, or "
    "of the steps of a band. Of ages, amounts and texts nearly every person is a group of their "
    "own.",
    wrong=_asked("", " protected", "--gaps --column age", _BAND),
    right=_asked("", " protected", "--gaps --column ages", _BAND),
)
NOT_COMPARED = entry(
    "SEG594",
    "a protected column that is not compared",
    why="A report of gaps that left a protected column out without a word would be read as saying "
    "that there is none.",
    wrong=_asked(" protected", " protected", "--gaps"),
    right=_asked(" protected", " protected", "--gaps", _BAND),
    severity="warning",
)
NOTHING_PROTECTED = entry(
    "SEG595",
    "nothing to compare outcomes by",
    why="Gaps are looked for between the groups of protected columns, so one of the funnel's table "
    "must be protected, or something to compare by must be named.",
    wrong=_asked("", "", "--gaps"),
    right=_asked(" protected", "", "--gaps"),
)


def no_groups(name: str, kind: str, bands: Sequence[str]) -> Diagnostic:
    """`bands` are those that read the column."""
    hint = f"name {listed(bands)} instead" if bands else _declare(name)
    return NO_GROUPS.about(None, f"{quoted(name)} is {kind}, which has no groups to compare", hint)


def not_compared(table: str, name: str, kind: str) -> Diagnostic:
    message = f"{quoted(name)} of {quoted(table)} is protected but not compared: it is {kind}"
    return NOT_COMPARED.about(None, message, _declare(name))


def nothing_protected(table: str, without_groups: Sequence[str]) -> Diagnostic:
    """`without_groups` are protected columns that cannot be compared."""
    if without_groups:
        message = f"nothing that is protected of {quoted(table)} has groups to compare"
        return NOTHING_PROTECTED.about(None, message, _declare(without_groups[0]))
    return NOTHING_PROTECTED.about(
        None,
        f"no column of {quoted(table)} is protected",
        "write `protected` behind a column, or name what to compare by with --column",
    )


def _declare(name: str) -> str:
    return f"declare a band with named steps that reads {quoted(name)}"
