"""A first rule file from data: tables, types and lists as found, and a set of segments to change.

INVARIANT: what stands below a sensitive heading is in no line of the text.
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from segrules.lang.format import format_file
from segrules.lang.pipeline import compile_source
from segrules.lang.tables import reserved_words
from segrules.segments import infer
from segrules.segments.headings import fresh
from segrules.segments.infer import CURRENCY, ZONE, Column
from segrules.segments.keys import Draft, drafts
from segrules.segments.read import reading
from segrules.segments.starter import Starter, starter
from segrules.text.shown import shown
from segrules.text.source import Source


@dataclass(frozen=True, slots=True)
class FirstFile:
    """The text of a rule file, the files it was made from by table, and the day of the last row.

    `last` is `None` where no row has a date.
    """

    text: str
    files: dict[str, Path]
    last: dt.date | None


def first_file(paths: Sequence[Path], *, name: str, file: str) -> FirstFile:
    """A rule file called `name` for the tables in `paths`, to be kept in `file`.

    Raises:
        RulesError: a file cannot be read, has no rows, is given twice, or has nothing to be a key.
    """
    tables = drafts(paths)
    files = {draft.name: draft.file.path for draft in tables if draft.kind != "derived"}
    last = _last_day(tables)
    lines = [
        *_opening(files, file, last),
        *_heading(name, tables),
        *(line for draft in tables for line in _table(draft)),
        *_segments(tables),
    ]
    source = Source(file, "\n".join(lines) + "\n")
    return FirstFile(format_file(compile_source(source).syntax, source), files, last)


def command(file: str, files: dict[str, Path], last: dt.date | None) -> str:
    """The command that assigns the data of the files, over several lines."""
    given = [f"--table {shlex.quote(f'{table}={path}')}" for table, path in files.items()]
    day = (last or dt.date.today()).isoformat()
    parts = [f"segrules assign {shlex.quote(file)}", *given, f"--as-of {day} -o segments.csv"]
    return " \\\n    ".join(shown(part, limit=1_000) for part in parts)


# ---- the parts of the text


def _opening(files: dict[str, Path], file: str, last: dt.date | None) -> Iterator[str]:
    yield "# Made from data: look over every line, above all types, lists and what may be missing."
    yield "# Then say"
    yield f"#   segrules check {shown(shlex.quote(file), limit=1_000)}"
    yield from (f"#   {line}" for line in command(file, files, last).split("\n"))


def _heading(name: str, tables: Sequence[Draft]) -> Iterator[str]:
    words = {column.word for draft in tables for column in draft.file.columns}
    yield ""
    yield f"ruleset {spelled(name)} {{"
    yield "language 1"
    yield 'goal "What these segments are to improve, and by how much"'
    yield 'why "Why customers are to be treated differently at all"'
    yield 'owner "Who decides on these rules"'
    if "instant" in words:
        yield f'zone "{ZONE}"  # a guess: change it to the zone of the business'
    if "money" in words:
        yield f"money {CURRENCY}  # a guess: change it to the currency of the amounts"
    yield "}"


def _table(draft: Draft) -> Iterator[str]:
    name, key = spelled(draft.name), spelled(draft.key.name)
    dated = f" dated {spelled(draft.dated.name)}" if draft.dated else ""
    yield ""
    if draft.kind == "derived":
        yield f"table {name} key {key} derived from {spelled(draft.of or '')}"
        return
    if draft.kind == "main":
        yield f"table {name} key {key} {{"
    else:
        yield f"table {name} of {spelled(draft.of or '')} by {key}{dated} {{"
    for column in draft.file.columns:
        yield _column(column, is_key=column.heading == draft.key.heading)
    for heading in infer.left_out(draft.file.frame):
        yield f"# left out: {shown(heading)} (declare it by hand, if rules can read it)"
    yield "}"


def _column(column: Column, *, is_key: bool) -> str:
    kind: str = "text" if is_key else column.word
    if kind in ("one of", "set of"):
        kind += " " + ", ".join(spelled(value) for value in column.values)
    name = spelled(column.name)
    optional = "?" if column.optional else ""
    heading = f' as "{column.heading}"' if column.heading != column.name else ""
    sensitive = " sensitive" if column.sensitive else ""
    note = f"  # {column.note}" if column.note and not is_key else ""
    return f"{name} {kind}{optional}{heading}{sensitive}{note}"


def _segments(tables: Sequence[Draft]) -> Iterator[str]:
    taken = {column.name for draft in tables for column in draft.file.columns}
    taken |= {draft.name for draft in tables}
    owner = tables[0]
    related = [draft for draft in tables if draft.of == owner.name and draft.kind == "related"]
    found = starter(owner, related)
    names = _names(found, taken)
    chosen = spelled(names["measure"])
    yield ""
    if found.cuts:
        yield "# A first cut at quantiles of the data: change it to what the business knows."
    for cut in found.cuts:
        yield f"knob {spelled(names[cut.segment])} = {cut.value} from {cut.low} to {cut.high}"
    if found.formula:
        yield ""
        yield f"let {chosen} = {found.formula.format(**_quoted(found))}"
    yield ""
    yield f"segments {spelled(names['set'])} of {spelled(owner.name)} {{"
    for cut in found.cuts:
        label = cut.segment.capitalize()
        yield f'{cut.segment} "{label}" when {chosen} >= {spelled(names[cut.segment])}'
    if found.condition:
        yield f'chosen "To be named" when {found.condition.format(**_quoted(found))}'
    rest = "low" if found.cuts else "everyone" if not found.condition else "rest_of_them"
    yield f'otherwise {rest} "{rest.replace("_", " ").capitalize()}"'
    if found.optional:
        yield 'unsure not_known "Not known"'
    yield "}"


def _names(found: Starter, taken: set[str]) -> dict[str, str]:
    """Names which nothing else in the file has."""
    measure = found.column if not found.formula else fresh(found.column, taken)
    names = {"measure": measure}
    for cut in found.cuts:
        names[cut.segment] = fresh(f"{cut.segment}_from", {*taken, *names.values()})
    wanted, number = "starter", 1
    while {wanted, f"{wanted}_by", f"{wanted}_unknown", f"{wanted}_holdout"} & taken:
        number += 1
        wanted = f"starter_{number}"
    return {**names, "set": wanted}


def _quoted(found: Starter) -> dict[str, str]:
    return {word: spelled(name) for word, name in found.names.items()}


# ---- names


def spelled(name: str) -> str:
    """A name as it is written: words of the language stand in backticks."""
    return f"`{name}`" if name in _reserved() else name


@cache
def _reserved() -> frozenset[str]:
    return frozenset(reserved_words())


# ---- the day


def _last_day(tables: Sequence[Draft]) -> dt.date | None:
    """The last day of the rows, but not after today: a far day often stands for none."""
    days = [day for draft in tables if draft.dated for day in _days(draft, [draft.dated])]
    if not days:
        own = [draft for draft in tables if draft.kind == "main"]
        days = [day for draft in own for day in _days(draft, draft.file.columns)]
    return min(max(days), dt.date.today()) if days else None


def _days(draft: Draft, columns: Sequence[Column]) -> list[dt.date]:
    schema = draft.file.frame.collect_schema()
    asked = [
        infer.reader(column, schema[column.heading]).max().cast(pl.Date).alias(column.name)
        for column in columns
        if column.word in ("date", "instant") and not column.sensitive
    ]
    if not asked:
        return []
    with reading(str(draft.file.path)):
        row = draft.file.frame.select(asked).collect(engine="streaming").row(0)
    return [day for day in row if day is not None]
