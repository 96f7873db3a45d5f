"""What can be wrong with the records that an `identity` block joins."""

from __future__ import annotations

from collections.abc import Sequence

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.samples import HEADER, ROW, RULES
from segrules.text.problems.values import QUOTED
from segrules.text.problems.words import quoted


def _joined(*rows: str, rest: str = "  rest from newest joined\n") -> Example:
    """Customers with these rows, joined by their notes, of which each may stand twice."""
    identity = f"identity of customers by note trust keys shared by at most 2 {{\n{rest}}}\n"
    return Example(f"{identity}\n{RULES}", {"customers": HEADER + "".join(rows)}, "assign")


def _row(key: str, note: str, spend: str = "120.50") -> str:
    row = ROW.replace("C1", key).replace("120.50", spend)
    return row.removesuffix("\n") + f"{note}\n"


_TOTAL = "  spend from total\n  rest from newest joined\n"

UNTRUSTED_KEYS = entry(
    "SEG450",
    "identity keys that too many records share",
    why="A switchboard's phone number or a placeholder such as `none@none` would make one "
    "customer of strangers. A value that more records share than are trusted joins nobody.",
    wrong=_joined(*(_row(f"C{at}", "unknown") for at in range(1, 4))),
    right=_joined(*(_row(f"C{at}", "") for at in range(1, 3)), _row("C3", "a1"), _row("C4", "a1")),
    severity="warning",
)
EMPTY_IDENTITY_KEY = entry(
    "SEG451",
    "an identity key that no record has",
    why="A missing key joins nobody. A column without any value is nearly always one that the "
    "export has left out, and customers stay apart who were to be joined.",
    wrong=_joined(_row("C1", ""), _row("C2", "")),
    right=_joined(_row("C1", "a1"), _row("C2", "")),
    severity="warning",
)
TOTAL_BEYOND = entry(
    "SEG452",
    "a customer's total that is too large",
    why="Whole numbers and amounts are exact up to ten to the fifteenth, amounts in minor units. "
    "A total beyond that is missing; mostly one of the values is not a real one.",
    wrong=_joined(
        _row("C1", "a1", "9999999999999.00"), _row("C2", "a1", "9999999999999.00"), rest=_TOTAL
    ),
    right=_joined(_row("C1", "a1"), _row("C2", "a1"), rest=_TOTAL),
    severity="warning",
)
SPLIT_OVERRIDE = entry(
    "SEG453",
    "overrides that place one customer in several segments",
    why="An override of a record is one of its customer. Where records of one customer are placed "
    "differently, the first override in the file holds, and the others do nothing.",
    wrong=Example(
        f"identity of customers by note {{\n  rest from newest joined\n}}\n{RULES}"
        'override value for "C1" to high until 2036-12-31 reason "director"\n'
        'override value for "C2" to low until 2036-12-31 reason "service desk"\n',
        {"customers": HEADER + _row("C1", "a1") + _row("C2", "a1")},
        "assign",
    ),
    right=Example(
        f"identity of customers by note {{\n  rest from newest joined\n}}\n{RULES}"
        'override value for "C1", "C2" to high until 2036-12-31 reason "director"\n',
        {"customers": HEADER + _row("C1", "a1") + _row("C2", "a1")},
        "assign",
    ),
    severity="warning",
)


def untrusted_keys(
    column: str, trust: int, counts: tuple[int, int], examples: Sequence[str], file: str | None
) -> Diagnostic:
    """`column` is `table.column`; `counts` are such values, and the records which have them.

    `examples` are the commonest values, or none where they must not be shown.
    """
    values, records = counts
    are = "1 value is" if values == 1 else f"{values:,} values are each"
    were = "it was" if values == 1 else "they were"
    more = ", …" if len(examples) > QUOTED else ""
    shown = ": " + ", ".join(quoted(each) for each in examples[:QUOTED]) + more if examples else ""
    return UNTRUSTED_KEYS.about(
        file,
        f"{are} shared by more than {_records(trust)} in `{column}` ({_records(records)} in all), "
        f"so {were} not trusted{shown}",
        "leave out values which stand for nobody, or raise the number after `shared by at most`",
    )


def empty_identity_key(column: str, file: str | None) -> Diagnostic:
    return EMPTY_IDENTITY_KEY.about(
        file,
        f"no record has a value of `{column}`, so it joins nobody",
        "fill the column, or leave it out of `identity`",
    )


def total_beyond(column: str, count: int, file: str | None) -> Diagnostic:
    """`count` is the number of customers whose total is out of bounds."""
    whose = "1 customer is" if count == 1 else f"{count:,} customers are"
    what = "total" if count == 1 else "totals"
    return TOTAL_BEYOND.about(
        file,
        f"the {what} of `{column}` of {whose} too large and taken as missing",
        "look for values that are not real ones, and declare the range of the column",
    )


def split_override(
    of: str, count: int, pairs: Sequence[tuple[tuple[str, str], tuple[str, str]]]
) -> Diagnostic:
    """`count` customers; `pairs` are keys of records with their segments, none where hidden."""
    whose = "1 customer has" if count == 1 else f"{count:,} customers have"
    said = "; ".join(
        f"{quoted(key)} in {quoted(to)} and {quoted(other)} in {quoted(there)}"
        for (key, to), (other, there) in pairs[:QUOTED]
    ) + "; …" * (len(pairs) > QUOTED)
    return SPLIT_OVERRIDE.about(
        None,
        f"{whose} records that overrides place in several segments of {quoted(of)}, and the first "
        f"override holds" + (f": {said}" if pairs else ""),
        "decide for the customer as a whole, and leave the other override out",
    )


def _records(count: int) -> str:
    return f"{count:,} record" + ("" if count == 1 else "s")
