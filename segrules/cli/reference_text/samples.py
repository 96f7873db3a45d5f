"""Samples in the manual: rows as given, and what rules make of them, worked out for the page.

A sample is written as tables divided by an empty line. The first cell of a heading is the name of
a table and stands for its key; one heading has `=>`, and behind it what is asked for:

    orders | ordered_on | amount
    ann    | 2026-06-01 | 30

    customers | spend => value | value_by
    ann       | 900
    bob       | missing

It is asked about `DAY`. With a column `as_of` in the table that is asked for, each of its days is a
run, kept in a history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from segrules.cli.reference_text.tables import table
from segrules.lang import ir
from segrules.lang.types import Money, Share, Type, decimals
from segrules.rules import inspect
from segrules.segments.assign import Asked, Placement, place, placed_rows
from segrules.segments.history.store import append
from segrules.segments.storing import run_of, stored_rows
from segrules.text.render import full
from segrules.text.source import Source

PREAMBLE = (Path(__file__).parent / "preamble.seg").read_text("utf-8")
"""What the examples of the manual stand on."""

DAY = "2026-06-30"
"""The day on which samples are asked about that say none."""

AS_OF = "as_of"
MISSING = "missing"
WIDEST = 6
"""Answers that stand beside what is given."""


@dataclass(frozen=True, slots=True)
class Given:
    """Rows of a table as they are written; `asked` are the names behind `=>`."""

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    asked: tuple[str, ...] = ()


def whole(rules: str) -> str:
    """The rule file of an example: on the preamble, unless it has a heading of its own."""
    return rules if "ruleset" in rules else f"{PREAMBLE}\n{rules}"


def shown(rules: str, written: str) -> str:
    """A sample as Markdown tables.

    Raises:
        ValueError: the rules do not check clean, or the sample does not fit them.
    """
    given = [_read(part) for part in written.strip("\n").split("\n\n")]
    asked = next(each for each in given if each.asked)
    history = asked.columns[:1] == (AS_OF,)
    days = list(dict.fromkeys(row[1] for row in asked.rows)) if history else [DAY]
    rulesets = {each: _ruleset(rules, asked, dt.date.fromisoformat(each)) for each in days}
    # without days of their own nobody has a past
    answers = _answers(rulesets, given, asked, history=history)
    others = [_table(each) for each in given if not each.asked]
    return "\n\n".join([*others, *_answered(rulesets[days[0]], asked, answers)])


# ---- reading


def _read(written: str) -> Given:
    head, *rows = written.split("\n")
    given, _, asked = head.partition("=>")
    name, *columns = _cells(given)
    return Given(
        name, tuple(columns), tuple(tuple(_cells(row)) for row in rows), tuple(_cells(asked))
    )


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")] if line.strip() else []


# ---- asking

Answers = Mapping[tuple[str, str], Mapping[str, Any]]
"""What is asked for, by day and key."""


def _ruleset(rules: str, asked: Given, day: dt.date) -> ir.Ruleset:
    """The rules on a day, with the named values asked for among what an assignment gives."""
    compiled = inspect(Source("rules.seg", whole(rules)), as_of=day)
    if compiled.ruleset is None or list(compiled.log):
        raise ValueError("\n".join(full(each) for each in compiled.log))
    features = tuple(
        replace(each, kind="grid") if each.name in asked.asked and each.kind != "flag" else each
        for each in compiled.ruleset.features
    )
    return replace(compiled.ruleset, features=features)


def _answers(
    rulesets: Mapping[str, ir.Ruleset], given: Sequence[Given], asked: Given, *, history: bool
) -> Answers:
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    with TemporaryDirectory() as folder:
        past = Path(folder) / "history" if history else None
        for day, ruleset in rulesets.items():
            frames = {
                declared.name: _frame(declared, given, day if history else "")
                for declared in ruleset.tables
                if declared.kind in ("main", "related")
            }
            date = dt.date.fromisoformat(day)
            placed = place(ruleset, asked.table, frames, Asked(date, past))
            key = ruleset.table(asked.table).key
            for row in placed_rows(placed).collect().to_dicts():
                found[day, row[key]] = row
            if past is not None:
                _keep(placed, past)
    return found


def _keep(placed: Placement, folder: Path) -> None:
    append(folder, stored_rows(placed), run_of(placed, "", ""))


def _frame(declared: ir.Table, given: Iterable[Given], day: str) -> pl.DataFrame:
    """The rows of a table as text; columns that are not written are missing in all of them."""
    written = next((each for each in given if each.table == declared.name), None)
    rows = [] if written is None else list(written.rows)
    columns = () if written is None else (declared.by or declared.key, *written.columns)
    if written is not None and written.asked and day:
        rows = [row for row in rows if row[1] == day]
    cells: dict[str, list[str | None]] = {
        each.heading: [None] * len(rows) for each in declared.columns
    }
    if declared.kind == "related" and declared.key and declared.key not in columns:
        cells[declared.key] = [str(at) for at in range(len(rows))]
    for at, name in enumerate(columns):
        column = declared.column(name)
        if column is not None:
            cells[column.heading] = [None if row[at] == MISSING else row[at] for row in rows]
        elif name != AS_OF:
            raise ValueError(f"{declared.name} has no column {name}")
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))


# ---- showing


def _table(given: Given) -> str:
    return table(_head(given.table, given.columns), given.rows)


def _head(name: str, columns: Iterable[str]) -> list[str]:
    return [f"`{each}`" for each in (name, *columns)]


def _answered(ruleset: ir.Ruleset, asked: Given, answers: Answers) -> list[str]:
    head = [f"**{name}**" for name in asked.asked]
    if any(each.table == asked.table for each in ruleset.identities):
        # several rows may be one customer
        rows = [
            (key, *_results(ruleset, asked, answer)) for (_, key), answer in answers.items()
        ]  # fmt: skip
        return [_table(asked), table([*_head(asked.table, ()), *head], rows)]
    rows = [
        (*row, *_results(ruleset, asked, answers.get((_day(row, asked), row[0]), {})))
        for row in asked.rows
    ]
    if len(head) > WIDEST:
        # more than fits beside what is given stands below it, a line for each answer
        keys = [row[0] for row in asked.rows]
        answered = zip(head, *(row[len(asked.columns) + 1 :] for row in rows), strict=True)
        below = table([*_head(asked.table, ()), *keys], answered)
        return [_table(asked), below] if asked.columns else [below]
    return [table([*_head(asked.table, asked.columns), *head], rows)]


def _day(row: Sequence[str], asked: Given) -> str:
    return row[1] if asked.columns[:1] == (AS_OF,) else DAY


def _results(ruleset: ir.Ruleset, asked: Given, answer: Mapping[str, Any]) -> list[str]:
    kinds = {each.name: each.type for each in ruleset.features}
    if not answer:
        return ["(not seen)" for _ in asked.asked]
    return [_value(answer[name], kinds.get(name)) for name in asked.asked]


def _value(value: Any, kind: Type | None) -> str:
    match value:
        case None:
            return MISSING
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(value) or "none"
        case int() if isinstance(kind, Money):
            places = decimals(kind.currency)
            return f"{value / 10**places:,.{places}f}"
        case float():
            return f"{value * 100:g}%" if isinstance(kind, Share) else f"{value:g}"
        case _:
            return str(value)
