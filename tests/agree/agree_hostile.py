"""Populations that are hard on every target: rows, and the cells that those rows are read from.

Each special value of each column stands in them, beside values by chance. What is missing may be
held by its source as something that means no value: NaN, infinity, numbers out of bounds, values
that were never declared.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import agree_sql
import polars as pl
from agree_kernel import arrays
from agree_trees import COLUMNS, TABLE, pool
from agree_worlds import Rows, frame, luck_of
from agree_worlds import ruleset as rules_of
from sql_engines import Database, raw, stored

from segrules.backends.kernel.values import Vector
from segrules.backends.polars.dtypes import dtype
from segrules.backends.sql import Source
from segrules.lang.ir import Ruleset, TableColumn, Value
from segrules.lang.types import (
    Date,
    Enum,
    Flag,
    Instant,
    Money,
    Number,
    Set,
    Share,
    Text,
    Type,
    Whole,
)
from segrules.segments.border import canonical

ALPHABET = "abzABZ01 .,;:'\"%_\\äßİıé日𝒜🙂\u0301\u00a0\n-"
BAD_NUMBERS = (math.nan, math.inf, -math.inf)
FIRST, SECONDS = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), 4_000_000_000


def uniform(kind: Type, luck: random.Random) -> Value:
    """A value that is like no other."""
    match kind:
        case Text():
            return "".join(luck.choices(ALPHABET, k=luck.choice((1, 2, 3, 8, 40))))
        case Whole(low=low, high=high) | Money(low=low, high=high):
            return luck.randint(max(low, -5000), min(high, 5000)) if luck.random() < 0.7 else (
                luck.randint(low, high))  # fmt: skip
        case Number(low=None):
            any_size = math.ldexp(luck.uniform(-1, 1), luck.randint(-1070, 1020))
            return luck.choice((luck.uniform(-10, 10), luck.uniform(-1e6, 1e6), any_size))
        case Number(low=float() as low, high=float() as high):
            return luck.uniform(low, high)
        case Share():
            return luck.random()
        case Flag():
            return luck.random() < 0.5
        case Date():
            return dt.date.fromordinal(luck.randint(690_000, 760_000))
        case Instant():
            return FIRST + dt.timedelta(microseconds=luck.randrange(SECONDS * 10**6))
        case Enum(values=values):
            return luck.choice(values)
        case Set(values=values):
            return frozenset(each for each in values if luck.random() < 0.5)
    raise TypeError(kind)


def meaningless(kind: Type) -> tuple[Any, ...]:
    """Cells that a source may hold and that are no value of a type."""
    match kind:
        case Number(low=None):
            return BAD_NUMBERS
        case Number(low=float() as low, high=float() as high):
            return (*BAD_NUMBERS, math.nextafter(low, -math.inf), math.nextafter(high, math.inf))
        case Share():
            return (*BAD_NUMBERS, -5e-324, math.nextafter(1, 2), 100.0)
        case Whole(low=low, high=high):
            return (low - 1, high + 1, 2**63 - 1, -(2**63))
        case Money(low=low, high=high):
            return (low - 1, high + 1)
        case Enum(values=(first, *_)):
            return ("other", first.upper(), f"{first} ", "")
        case Set(values=(first, *_)):
            return ([first, "other"], ["other"])
    return ()


def spelled(value: Value, kind: Type, luck: random.Random) -> Any:
    """A value as a record may hold it that is read and checked."""
    way = luck.randint(0, 2)
    match kind:
        case Money() if isinstance(value, int):
            amount = Decimal(value).scaleb(-2)
            return (amount, str(amount), amount.normalize())[way]
        case Whole() if isinstance(value, int):
            return (value, Decimal(value), float(value))[way]
        case Date() if isinstance(value, dt.date):
            return (value, value, value.isoformat())[way]
        case Instant() if isinstance(value, dt.datetime):
            return (value, value.isoformat(), value.astimezone(_shifted(value)))[way]
        case Set(values=values) if isinstance(value, frozenset):
            held = [each for each in values if each in value]
            return (held, value, ";".join(held) if held else "none")[way]
        case Enum() | Set() | Date() | Instant() if value is None:
            return (None, None, "")[way]
    return value


def _shifted(value: dt.datetime) -> dt.tzinfo:
    """A zone in which the moment is still one of the years 1 to 9999."""
    return dt.timezone(dt.timedelta(hours=-9 if value.year > 5000 else 5, minutes=45))


@dataclass(frozen=True)
class Population:
    """Rows by table as the reference reads them, and as their sources hold them.

    `records` are those of the table that is asked about, for a record function that checks them;
    `refused` says by the place of a row which of its columns such a function must refuse.
    """

    rules: Ruleset
    table: str
    rows: Mapping[str, Rows]
    cells: Mapping[str, Rows]
    records: Rows
    refused: Mapping[int, frozenset[str]]

    @cached_property
    def frames(self) -> dict[str, pl.LazyFrame]:
        """In canonical form, in memory."""
        return {name: frame(self.rules.table(name), rows) for name, rows in self.rows.items()}

    @cached_property
    def sources(self) -> dict[str, pl.LazyFrame]:
        """As files hold them, read by the border."""
        found = {}
        for name, rows in self.cells.items():
            table = self.rules.table(name)
            held = {each.name: _source_type(each) for each in table.columns}
            values = {
                each.heading: [raw(row.get(each.name), each) for row in rows]
                for each in table.columns
            }
            cells = pl.DataFrame(values, schema=held).lazy()
            found[name] = canonical(cells, table, self.rules)
        return found

    @cached_property
    def arrays(self) -> dict[str, Vector]:
        """Of the table that is asked about: doubles that are no numbers are not said to be."""
        table = self.rules.table(self.table)
        found = arrays(table, self.rows[self.table])
        for column in table.columns:
            if isinstance(column.type, Number) and column.type.low is None:
                held = [row.get(column.name) for row in self.cells[self.table]]
                some = [math.nan if value is None else value for value in held]
                found[column.name] = Vector(pl.Series(some, dtype=pl.Float64).to_numpy())
        return found

    @cached_property
    def _stored(self) -> dict[str, dict[str, Source]]:
        return {}

    def stored(self, database: Database) -> dict[str, Source]:
        """In a database, as its tables hold them; loaded when it is first asked for."""
        if database.dialect not in self._stored:
            self._stored[database.dialect] = stored(database, self.rules, self.cells)
        return self._stored[database.dialect]

    def forget(self) -> None:
        """Drops what DuckDB holds of it."""
        for source in self._stored.get("duckdb", {}).values():
            agree_sql.duckdb().connection.execute(f"DROP TABLE {source.table.sql('duckdb')}")

    @cached_property
    def _numbered(self) -> dict[str, tuple[list[int], list[Value]]]:
        return {}

    def numbered(self, name: str) -> tuple[list[int], list[Value]]:
        """Of a column of the table the different values, and the place of each row's in them."""
        if name not in self._numbered:
            numbers: dict[object, int] = {}
            values = [row.get(name) for row in self.rows[self.table]]
            places = [numbers.setdefault(looks(value), len(numbers)) for value in values]
            different = dict(zip(places, values, strict=True))
            self._numbered[name] = places, [different[at] for at in range(len(numbers))]
        return self._numbered[name]

    def part(self, places: Sequence[int]) -> Population:
        """Some of the rows of the table; of other tables all rows."""
        name = self.table
        return Population(
            self.rules, name,
            {**self.rows, name: [self.rows[name][at] for at in places]},
            {**self.cells, name: [self.cells[name][at] for at in places]},
            [self.records[at] for at in places],
            {new: self.refused[at] for new, at in enumerate(places) if at in self.refused},
        )  # fmt: skip


def looks(value: Value) -> object:
    """What two values share that look the same: 0.0 and -0.0 do not, nor do 1 and True."""
    return (float, repr(value)) if isinstance(value, float) else (type(value), value)


def _source_type(column: TableColumn) -> pl.DataType:
    match column.type:
        case Money():
            return pl.Decimal(20, 2)
        case Enum():
            return pl.String()
        case Set():
            return pl.List(pl.String)
    return dtype(column.type)


def plain(rules: Ruleset, table: str, rows: Mapping[str, Rows]) -> Population:
    """Rows whose sources hold them as they are."""
    return Population(rules, table, rows, rows, rows.get(table, []), {})


def people(seed: int, count: int) -> Population:
    """Of the table that `agree_trees` makes expressions about."""
    luck = luck_of(seed)
    rows: list[dict[str, Value]] = [{} for _ in range(count)]
    cells: list[dict[str, Any]] = [{} for _ in range(count)]
    records: list[dict[str, Any]] = [{} for _ in range(count)]
    refused: dict[int, set[str]] = {}
    for name, (kind, optional) in COLUMNS.items():
        bad = [(None, cell) for cell in meaningless(kind)] if optional else []
        special = [(value, value) for value in pool(kind)] + bad + [(None, None)] * optional * 3
        for at, pair in enumerate(_shuffled(special, kind, count, luck)):
            value, cell = (f"k{at:05}", f"k{at:05}") if name == "key" else pair
            rows[at][name], cells[at][name] = value, cell
            if value is None and cell is not None:
                records[at][name] = cell
                # an empty text is how records write that there is no declared value
                if cell != "":
                    refused.setdefault(at, set()).add(name)
            else:
                records[at][name] = spelled(value, kind, luck)
    return Population(
        rules_of([TABLE]), "people", {"people": rows}, {"people": cells}, records,
        {at: frozenset(names) for at, names in refused.items()},
    )  # fmt: skip


def _shuffled(
    special: Sequence[tuple[Value, Any]], kind: Type, count: int, luck: random.Random
) -> list[tuple[Value, Any]]:
    """Every special value as often as fits in the larger part of the rows, then others."""
    found = [special[at % len(special)] for at in range(max(len(special), count * 2 // 3))]
    found += [(value, value) for value in (uniform(kind, luck) for _ in range(count - len(found)))]
    luck.shuffle(found)
    return found[:count]
