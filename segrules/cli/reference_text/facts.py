"""The facts that the language page takes from the code: tables, lists, limits."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import get_args

from segrules import rules
from segrules.cli.reference_text.grammar import readable
from segrules.cli.reference_text.samples import PREAMBLE
from segrules.cli.reference_text.tables import table
from segrules.lang import parse, patterns, pipeline
from segrules.lang.building import builder
from segrules.lang.check import assumptions, identity, levers, projects, segments, windows
from segrules.lang.operators import AGGREGATES, OPERATORS, Operator
from segrules.lang.tables import FOLLOWING, reserved_words
from segrules.lang.types import BOUND, MINOR_UNITS, Form
from segrules.segments import cells

FORMS: dict[Form, str] = {
    "text": "text",
    "int": "whole numbers, money",
    "float": "numbers, shares",
    "bool": "flags",
    "date": "dates",
    "instant": "instants",
    "enum": "enums",
    "set": "sets",
}
"""The types that are held in each form."""

LIMITS = {
    "bound": f"{BOUND:,}",
    "characters": f"{parse.MAX_CHARACTERS:,}",
    "default runs": f"{projects.DEFAULT_RUNS:,}",
    "life runs": f"{projects.LIFE_RUNS:,}",
    "default seed": f"{projects.DEFAULT_SEED}",
    "depth": f"{parse.MAX_DEPTH}",
    "digits": f"{builder.MAX_DIGITS}",
    "length": f"{windows.MAX_LENGTH:,}",
    "megabytes": f"{rules.MAX_BYTES // 2**20}",
    "expression": f"{parse.MAX_EXPRESSION:,}",
    "months": f"{levers.MAX_MONTHS}",
    "pattern": f"{patterns.LONGEST}",
    "repeats": f"{patterns.MOST_REPEATS}",
    "runs": f"{projects.MAX_RUNS:,}",
    "syntax errors": f"{parse.MAX_SYNTAX_ERRORS}",
    "terms": f"{parse.MAX_TERMS:,}",
    "terms of sums": f"{parse.MAX_TERMS // 50:,}",
    "trusted": f"{identity.TRUSTED}",
    "used files": f"{pipeline.MAX_USED}",
}

READERS: dict[str, Callable[..., object]] = {
    "text": cells.text,
    "whole": cells.whole,
    "number": cells.number,
    "money": cells.money,
    "share": cells.share,
    "flag": cells.flag,
    "date": cells.date,
    "instant": cells.instant,
    "enum": cells.enum,
    "set": cells.several,
}


def fact(marker: str) -> str:
    """What stands in the page for `{{marker}}`.

    Raises:
        KeyError: there is no such fact.
    """
    kind, _, detail = marker.partition(" ")
    return FACTS[kind](detail)


def _grammar(names: str) -> str:
    shown = "\n".join(readable(name) for name in names.split())
    return f"```text\n{shown}\n```"


def _operators(_detail: str) -> str:
    rows = [row for row in OPERATORS.values() if not _implicit(row)]
    head = ("written", "meaning", "missing values")
    return table(head, ((_code(row.written), row.says, row.missing.value) for row in rows))


def _conversions(_detail: str) -> str:
    rows = [row for row in OPERATORS.values() if _implicit(row)]
    body = (
        (row.written.strip("()").removeprefix("put in "), row.says, row.missing.value)
        for row in rows
    )
    return table(("conversion", "gives", "missing values"), body)


def _implicit(row: Operator) -> bool:
    """Nobody writes it: the checker puts it in."""
    return row.written.startswith("(put in")


def _forms(forms: Iterable[Form]) -> str:
    found = set(forms)
    return ", ".join(FORMS[each] for each in get_args(Form) if each in found)


def _aggregates(_detail: str) -> str:
    head = ("written", "meaning", "of", "without rows")
    return table(
        head,
        (
            (
                _code(row.written),
                row.says,
                "rows" if not row.takes else _taken(row.takes),
                "missing" if row.empty is None else str(row.empty),
            )
            for row in AGGREGATES.values()
        ),
    )


def _taken(forms: tuple[Form, ...]) -> str:
    return "anything but sets" if set(forms) == set(get_args(Form)) - {"set"} else _forms(forms)


def _following(_detail: str) -> str:
    return ", ".join(_code(word) for word in FOLLOWING)


def _reserved(_detail: str) -> str:
    return ", ".join(_code(word) for word in reserved_words())


def _reads(kind: str) -> str:
    """How cells of a type are read: what the reader itself says."""
    return " ".join((inspect.getdoc(READERS[kind]) or "").split())


def _listed(what: str) -> str:
    lists = {
        "sources": assumptions.SOURCES,
        "segment names": segments.RESERVED_SEGMENTS,
    }
    return ", ".join(_code(each) for each in lists[what])


def _currencies(_detail: str) -> str:
    by_places: dict[int, list[str]] = {}
    for currency, places in MINOR_UNITS.items():
        by_places.setdefault(places, []).append(currency)
    return "; ".join(f"{places}: {', '.join(names)}" for places, names in by_places.items())


FACTS: dict[str, Callable[[str], str]] = {
    "aggregates": _aggregates,
    "conversions": _conversions,
    "currencies": _currencies,
    "grammar": _grammar,
    "limit": lambda name: LIMITS[name],
    "listed": _listed,
    "operators": _operators,
    "preamble": lambda _detail: f"```seg\n{PREAMBLE}```",
    "reads": _reads,
    "following": _following,
    "reserved": _reserved,
}


def _code(text: str) -> str:
    return f"`{text}`"
