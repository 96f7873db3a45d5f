"""What the columns of a file look like: names, types, which are keys, which are personal.

A type is given to a column only if every cell of it can be read as that type.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import polars as pl

from segrules.lang.types import BOUND, Money
from segrules.segments import cells
from segrules.segments.cells import Cells
from segrules.segments.headings import (
    fresh,
    is_name,
    named,
    says_birth,
    says_money,
    says_personal,
    says_personal_number,
    says_staff,
)

CURRENCY, ZONE = "GBP", "UTC"
"""Stand in the file until they are changed."""

Word = Literal[
    "text", "one of", "set of", "flag", "date", "instant", "share", "money", "whole", "number"
]

MOST_VALUES = 12
_MOST_OF_ROWS = 0.05
"""Text of at most so many values, and so few of them in proportion, is one of a list."""

_Reader = Callable[[pl.Expr, pl.DataType], Cells | None]
_READERS: Mapping[Word, _Reader] = {
    "flag": cells.flag,
    "date": cells.date,
    "instant": partial(cells.instant, zone=ZONE),
    "share": cells.share,
    "money": partial(cells.money, kind=Money(CURRENCY)),
    "whole": partial(cells.whole, low=-BOUND, high=BOUND),
    "number": partial(cells.number, low=-1e15, high=1e15),
    "text": cells.text,
}
"""In the order in which they are tried."""

_NOISE, _EXACT = 1e-6, 1e-9
"""Hundredths up to which a double is an amount with noise, and up to which it is the amount."""

_FLAGS = ({"yes", "no"}, {"true", "false"}, {"1", "0"})
_PADDED = r"^[+-]?0[0-9]"
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_PHONE = r"^\+[0-9][0-9 ()./-]{6,}$|^\(?0[0-9][0-9 ()./-]{7,}$"


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of `rows` rows holds.

    `filled` counts the cells with something in them, `distinct` what differs among them; `values`
    are those of a list or a set. `as_key` says whether its type allows it to be a key. `note` says
    what was assumed; nothing of the cells stands in it.
    """

    heading: str
    name: str
    word: Word
    values: tuple[str, ...]
    optional: bool
    sensitive: bool
    rows: int
    filled: int
    distinct: int
    as_key: bool
    note: str = ""

    @property
    def numeric(self) -> bool:
        return self.word in ("money", "number", "whole", "share")


def columns(frame: pl.LazyFrame) -> tuple[Column, ...]:
    """The columns of a file that rules can read, in their order; two passes over the rows.

    Columns are left out whose heading cannot be written in a rule file, or whose type none of the
    language's is read from. Names are distinct.
    """
    schema = {
        heading: dtype
        for heading, dtype in frame.collect_schema().items()
        if _usable(heading, dtype)
    }
    counts = _count(frame, schema)
    few = [at for at in range(len(schema)) if 1 < counts[f"distinct:{at}"] <= MOST_VALUES]
    values = _values(frame, list(schema), few)
    listed = [at for at in range(len(schema)) if counts.get(f"lists:{at}")]
    members = _members(frame, schema, listed)
    taken: set[str] = set()
    found = []
    for at, (heading, dtype) in enumerate(schema.items()):
        name = fresh(named(heading), taken)
        taken.add(name)
        column = _column(heading, name, dtype, _of(counts, at), values.get(at, ()))
        found.append(_as_set(column, members.get(at, ())))
    return tuple(found)


def left_out(frame: pl.LazyFrame) -> list[str]:
    """The headings of the columns that `columns` leaves out."""
    return [heading for heading, dtype in frame.collect_schema().items()
            if not _usable(heading, dtype)]  # fmt: skip


def reader(column: Column, dtype: pl.DataType) -> pl.Expr:
    """The values of a column of numbers: money in minor units, shares as parts of one."""
    read = _READERS[column.word](pl.col(column.heading), dtype)
    assert read is not None, column.heading  # noqa: S101 -- its type was found by this reader
    return read.value


# ---- looking at the cells


def _usable(heading: str, dtype: pl.DataType) -> bool:
    """Whether rules can name a column and read what it holds."""
    readable = (
        dtype == pl.Null
        or cells.text(pl.col(heading), dtype) is not None
        or _numbers_or_days(dtype)
    )
    return readable and '"' not in heading and heading.isprintable()


def _numbers_or_days(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype in (pl.Boolean, pl.Date) or isinstance(dtype, pl.Datetime)


def _tried(heading: str, dtype: pl.DataType) -> dict[Word, Cells]:
    """The readers that a column is tried with."""
    if dtype == pl.Null:
        return {}
    found: dict[Word, Cells] = {}
    written = cells.text(pl.col(heading), dtype) is not None
    for word, read in _READERS.items():
        if (word == "share" and not written) or (word == "money" and not says_money(heading)):
            continue
        got = read(pl.col(heading), dtype)
        if got is not None:
            found[word] = got
    return found


def _count(frame: pl.LazyFrame, schema: Mapping[str, pl.DataType]) -> dict[str, int]:
    """How many cells of each column each reader cannot read, and what else tells a type."""
    asked = [pl.len().alias("rows")]
    for at, (heading, dtype) in enumerate(schema.items()):
        cell = pl.col(heading)
        written = cells.text(cell, dtype) is not None
        text = cell.cast(pl.String)
        filled = cell.is_not_null() & (text != "") if written else cell.is_not_null()
        asked += [
            filled.sum().alias(f"filled:{at}"),
            cell.is_not_null().sum().alias(f"known:{at}"),
            cell.filter(filled).n_unique().alias(f"distinct:{at}"),
        ]
        if written:
            asked += [
                (filled & ~text.str.ends_with("%")).sum().alias(f"plain:{at}"),
                text.str.contains(_PADDED).sum().alias(f"padded:{at}"),
                text.str.contains(_EMAIL).sum().alias(f"emails:{at}"),
                text.str.contains(_PHONE).sum().alias(f"phones:{at}"),
                text.str.contains(";", literal=True).sum().alias(f"lists:{at}"),
            ]
        if dtype.is_float():
            asked.append((_off(cell) > _NOISE).sum().alias(f"fractions:{at}"))
            asked.append((_off(cell) > _EXACT).sum().alias(f"noisy:{at}"))
        asked += [
            (read.given & read.value.is_null()).sum().alias(f"not {word}:{at}")
            for word, read in _tried(heading, dtype).items()
        ]
    return frame.select(asked).collect(engine="streaming").row(0, named=True)


def _off(cell: pl.Expr) -> pl.Expr:
    """How far an amount is from two decimals, in hundredths."""
    hundredths = cell.cast(pl.Float64) * 100
    return (hundredths - hundredths.round(0)).abs()


def _of(counts: Mapping[str, int], at: int) -> dict[str, int]:
    ending = f":{at}"
    mine = {name.removesuffix(ending): n for name, n in counts.items() if name.endswith(ending)}
    return {"rows": counts["rows"], **mine}


def _values(
    frame: pl.LazyFrame, headings: Sequence[str], few: Sequence[int]
) -> dict[int, tuple[str, ...]]:
    """The values of the columns that have few, in order."""
    if not few:
        return {}
    asked = [
        pl.col(headings[at]).cast(pl.String).drop_nulls().unique().implode().alias(str(at))
        for at in few
    ]
    row = frame.select(asked).collect(engine="streaming").row(0, named=True)
    return {at: tuple(sorted(filter(None, row[str(at)]))) for at in few}


def _members(
    frame: pl.LazyFrame, schema: Mapping[str, pl.DataType], listed: Sequence[int]
) -> dict[int, tuple[str, ...]]:
    """What stands between semicolons, in order, where every cell is a set of a few names."""
    headings = list(schema)
    asked = [
        pl.col(headings[at])
        .cast(pl.String)
        .str.split(";")
        .explode()
        .str.strip_chars()
        .drop_nulls()
        .unique()
        .implode()
        .alias(str(at))
        for at in listed
    ]
    if not asked:
        return {}
    row = frame.select(asked).collect(engine="streaming").row(0, named=True)
    found = {at: tuple(sorted({*row[str(at)]} - {"none", ""})) for at in listed}
    named = {
        at: parts
        for at, parts in found.items()
        if 1 < len(parts) <= MOST_VALUES and all(map(is_name, parts))
    }
    reads = {at: cells.several(pl.col(headings[at]), schema[headings[at]], parts)
             for at, parts in named.items()}  # fmt: skip
    wrong = [(read.given & read.value.is_null()).sum().alias(str(at))
             for at, read in reads.items() if read]  # fmt: skip
    if not wrong:
        return {}
    odd = frame.select(wrong).collect(engine="streaming").row(0, named=True)
    return {at: parts for at, parts in named.items() if odd.get(str(at)) == 0}


# ---- deciding


def _as_set(column: Column, members: tuple[str, ...]) -> Column:
    """A column of text as the sets that its cells may all be read as."""
    if not members or column.word != "text" or column.sensitive or says_staff(column.heading):
        return column
    note = "an empty cell is not known: `none` is the empty set"
    optional = column.filled < column.rows
    return replace(column, word="set of", values=members, optional=optional,
                   note=note if optional else "", as_key=False)  # fmt: skip


def _column(
    heading: str, name: str, dtype: pl.DataType, counts: Mapping[str, int], values: tuple[str, ...]
) -> Column:
    written = dtype == pl.Null or cells.text(pl.col(heading), dtype) is not None
    word = _word(dtype, counts, {value.lower() for value in values}, written=written)
    personal = _personal(heading, word, counts)
    note = "" if personal else _note(heading, word, values, counts)
    if word != "text" or personal or not _is_list(heading, values, counts["rows"]):
        values = ()
    known = counts["known"] if word == "text" and not values else counts["filled"]
    return Column(
        heading=heading,
        name=name,
        word="one of" if values else word,
        values=values,
        optional=known < counts["rows"],
        sensitive=personal,
        rows=counts["rows"],
        filled=counts["filled"],
        distinct=counts["distinct"],
        as_key=written,
        note=note,
    )


def _note(heading: str, word: Word, values: Sequence[str], counts: Mapping[str, int]) -> str:
    """What is worth a second look."""
    if not counts["filled"]:
        return "no row has a value"
    if word == "text" and counts.get("padded", 0):
        return "leading zeros: text, not a number"
    if word == "number" and says_money(heading):
        return "not money: finer than two decimals; round it in the export"
    if word == "money" and counts.get("noisy", 0):
        return "doubles: rounded to two decimals"
    few = 0 < len(values) <= counts["rows"] * _MOST_OF_ROWS
    if word == "text" and few and not all(map(is_name, values)):
        return "few values, but not all are names, as those of a list are"
    return ""


def _word(
    dtype: pl.DataType, counts: Mapping[str, int], values: Collection[str], *, written: bool
) -> Word:
    """The first type that every cell can be read as."""
    if not counts["filled"] and written:
        return "text"
    barred = {
        "flag": written and values not in _FLAGS,
        "share": counts.get("plain", 0) > 0,
        "money": counts.get("fractions", 0) > 0 or counts.get("padded", 0) > 0,
        "whole": dtype.is_float() or counts.get("padded", 0) > 0,
        "number": counts.get("padded", 0) > 0,
    }
    for word in _READERS:
        if counts.get(f"not {word}") == 0 and not barred.get(word, False):
            return word
    return "text" if written else "number"


def _is_list(heading: str, values: Sequence[str], rows: int) -> bool:
    if not values or len(values) > rows * _MOST_OF_ROWS or says_staff(heading):
        return False
    return all(is_name(value) for value in values)


def _personal(heading: str, word: Word, counts: Mapping[str, int]) -> bool:
    """Whether a column seems to tell who somebody is, by its heading or its cells."""
    if word == "text":
        seen = counts.get("emails", 0) + counts.get("phones", 0)
        return says_personal(heading) or seen * 2 > counts["filled"] > 0
    if word in ("date", "instant"):
        return says_birth(heading)
    return word in ("whole", "number") and says_personal_number(heading)
