"""What can be wrong with a calibration that is read from a file."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.samples import RULES
from segrules.text.problems.words import listed, quoted

_RANKED = "segments value of customers {\n  high when in top 20% by spend\n  otherwise low\n}\n"
_CUSTOMERS = {
    "customers": "customer_id,joined,region,tier,spend,points,weight,share_web,vip,sold_at,note\n"
    "C1,2026-01-02,north,gold,120.50,10,1.5,10%,yes,,\n"
    "C2,2026-01-02,south,gold,80.00,10,1.5,10%,no,,\n"
}
_FROZEN = (
    '{"schema": 1, "ruleset": "%s", "rules": "%s", "as_of": "2026-06-30", "populations": [%s],\n'
    ' "frozen": {%s}}\n'
)
_PEOPLE = (
    'ruleset shop {{\n  goal "Raise profit"\n  money GBP\n}}\n'
    "table people key person_id {{\n  person_id text\n  income    money{}\n}}\n"
    "segments value of people {{\n  high when in top 20% by income\n  otherwise low\n}}\n"
)

UNUSABLE = entry(
    "SEG590",
    "a calibration that cannot be used",
    why="Cut points that were frozen are read as they were written; a file that is not there, is "
    "damaged or belongs to another ruleset cannot stand for them.",
    wrong=Example(_RANKED, {**_CUSTOMERS}, "assign --calibration frozen.json"),
    right=Example(RULES),
)
LACKS = entry(
    "SEG591",
    "a calibration that lacks what rules ask",
    why="A rank or a figure of a population is answered from what was frozen. What the rules ask "
    "now and did not ask then was not frozen.",
    wrong=Example(
        _RANKED,
        {**_CUSTOMERS, "frozen.json": _FROZEN % ("shop", "", "", "")},
        "assign --calibration frozen.json",
    ),
    right=Example(RULES),
)
OTHER_RULES = entry(
    "SEG592",
    "a calibration of other rules or another population",
    why="Cut points hold for the customers they were taken from, and for the rules that asked for "
    "them. Of other customers the top fifth would be others.",
    wrong=Example(
        _RANKED,
        {
            **_CUSTOMERS,
            "frozen.json": _FROZEN
            % (
                "shop",
                "",
                "",
                '"top 20% of customers by spend": [{"kind": "cut", "group": [], "population": 2, '
                '"value": 12050, "key": null}]',
            ),
        },
        "assign --calibration frozen.json",
    ),
    right=Example(RULES),
    severity="warning",
)
HOLDS_SENSITIVE = entry(
    "SEG596",
    "cut points that are values of a sensitive column",
    why="Where a rank ends is what somebody has, and the file that keeps it must hold it: whoever "
    "places single customers by it needs the value. Results and reports do not show it.",
    wrong=Example(
        _PEOPLE.format(" sensitive"),
        {"people": "person_id,income\nP1,100\nP2,200\n"},
        "assign --freeze cuts.json",
    ),
    right=Example(
        _PEOPLE.format(""),
        {"people": "person_id,income\nP1,100\nP2,200\n"},
        "assign --freeze cuts.json",
    ),
    severity="warning",
)


def no_calibration(file: str) -> Diagnostic:
    return UNUSABLE.about(
        file,
        f"there is no file {quoted(file)}",
        "write one with `segrules assign … --freeze FILE`",
    )


def calibration_unusable(file: str) -> Diagnostic:
    return UNUSABLE.about(
        file,
        f"{quoted(file)} is not a calibration, or it is damaged",
        "write it anew with `segrules assign … --freeze FILE`",
    )


def calibration_of_other_ruleset(file: str, held: str, name: str) -> Diagnostic:
    return UNUSABLE.about(
        file,
        f"{quoted(file)} is the calibration of {quoted(held)}, not of {quoted(name)}",
        "name the calibration of this ruleset",
    )


def calibration_lacks(names: Sequence[str]) -> Diagnostic:
    return LACKS.about(
        None,
        f"the calibration holds nothing for {listed(names)}",
        "write it anew with `segrules assign … --freeze FILE`",
    )


def calibration_of_other_rules(file: str) -> Diagnostic:
    return OTHER_RULES.about(
        file,
        f"{quoted(file)} was frozen by another revision of the rules or with other knobs",
        "write it anew with `segrules assign … --freeze FILE` if that matters",
    )


def other_population(table: str, held: int, rows: int) -> Diagnostic:
    return OTHER_RULES.about(
        None,
        f"the calibration was taken from other rows of {quoted(table)}: {held:,} of them, "
        f"and {rows:,} are given now",
        "leave the calibration out to take the cut points from these rows",
    )


def holds_sensitive(file: str, names: Sequence[str]) -> Diagnostic:
    """`names` are those of what is frozen."""
    return HOLDS_SENSITIVE.about(
        file,
        f"{quoted(file)} holds values of sensitive columns, or keys that are sensitive: of "
        f"{listed(names)}",
        "keep it where such data may be kept, and do not pass it on",
    )
