"""What one record is asked beside its own columns: features, related and linked rows, ranks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from segrules.runtime.calendar import day_in, seen_from
from segrules.runtime.errors import RecordError
from segrules.runtime.ranks import Ranked
from segrules.runtime.reading import UnreadError, reader
from segrules.runtime.records import Columns, Held, getter
from segrules.runtime.reductions import REDUCTIONS
from segrules.runtime.sequences import gaps, happens
from segrules.runtime.values import read

if TYPE_CHECKING:
    from segrules.runtime.functions import Functions

Row = dict[str, Any]
_TOLD = 4
"""How many features an error explains."""
NO_KEY = ""
"""Stands for the key of a record without one; keys are never empty."""


class Setting:
    """What is the same for all records: the tables, and what is asked of them."""

    def __init__(self, program: Mapping[str, Any], columns: Mapping[str, Columns]) -> None:
        self.zone: str = program["zone"]
        self.tables: Mapping[str, Mapping[str, Any]] = program["tables"]
        self.columns = columns
        self.main: str = program["table"]
        self.asked: Sequence[Mapping[str, Any]] = program["asked"]
        self.named = {each["name"]: at for at, each in enumerate(self.asked) if each["name"]}
        self.windows = [[_window(rows["window"]) for rows in each["rows"]] for each in self.asked]
        self.ranked = [Ranked(each) for each in program["ranked"]]
        self.trusted = columns[self.main].options.trusted
        self._features: dict[str, Callable[[Any], Any]] = {}

    def today(self, as_of: Any) -> dt.date:
        """The day that is asked about.

        Raises:
            RecordError: it is no date.
        """
        if as_of is None:
            return dt.datetime.now(ZoneInfo(self.zone)).date()
        if isinstance(as_of, dt.date) and not isinstance(as_of, dt.datetime):
            return as_of
        raise RecordError("type", "as_of", "a date is expected", value=as_of)

    def feature(self, name: str, raw: Any) -> Any:
        """The value of a feature that was passed.

        Raises:
            RecordError: it cannot be read, or there is no such feature.
        """
        if self.trusted:
            return raw
        asked = self.asked[self.named[name]]
        if name not in self._features:
            self._features[name] = reader(asked["type"], self.zone)
        try:
            value = self._features[name](raw)
        except UnreadError as unread:
            raise RecordError(unread.code, name, unread.says, value=raw) from None
        if value is None and not asked["optional"]:
            raise RecordError("missing", name, "a value is expected")
        return value


class Call:
    """One record with all that was passed beside it; rows are read when they are asked for."""

    __slots__ = (
        "_done", "_indexes", "_key", "_lookup", "_raw", "_related", "_rows", "as_of", "features",
        "functions", "setting",
    )  # fmt: skip

    def __init__(
        self, functions: Functions, raw: Any, as_of: Any, features: Any, beside: Sequence[Any]
    ) -> None:  # fmt: skip
        """`beside` are related rows, ways to look rows up, and further related rows."""
        related, lookup, rows = beside
        self.functions, self.setting = functions, functions.setting
        self.as_of = self.setting.today(as_of)
        self.features = features or {}
        self._raw, self._lookup = raw, lookup or {}
        passed = {**(related or {}), **(rows or {})}
        # None says that nothing is known of the rows, an empty list that there are none
        self._related = {name: each for name, each in passed.items() if each is not None}
        self._done: dict[int, Any] = {}
        self._indexes: dict[tuple[str, str], dict[Any, list[Row]]] = {}
        self._rows: dict[str, list[Row]] = {}
        self._key: str | None = None
        self._check_names()

    def _check_names(self) -> None:
        setting = self.setting
        for name in self.features:
            if name not in setting.named and not self._is_key(name):
                raise RecordError("feature", str(name), "there is no such feature")
        for name in (*self._related, *self._lookup):
            if name not in setting.tables:
                raise RecordError("table", str(name), "there is no such table")

    def _is_key(self, name: str) -> bool:
        """Whether a name among the features is the key, as in an exported row of them.

        Raises:
            RecordError: it is that of another record.
        """
        main = self.setting.columns[self.setting.main]
        if name != main.key:
            return False
        theirs = main.value(self.features, name, getter(self.features, main.table))
        if self.key not in (NO_KEY, theirs):
            raise RecordError("key", name, "the features are those of another record",
                              table=main.table)  # fmt: skip
        return True

    # ---- the record itself

    @property
    def key(self) -> str:
        """The key of the record; `NO_KEY` where it is not there."""
        if self._key is None:
            columns = self.setting.columns[self.setting.main]
            try:
                self._key = columns.value(self._raw, columns.key, getter(self._raw, columns.table))
            except RecordError as error:
                if error.code != "absent":
                    raise
            self._key = self._key or NO_KEY
        return self._key

    def need(self, numbers: Sequence[int]) -> None:
        """All that may be asked of a record must be there, whichever rule decides it in the end.

        Otherwise a feature that was forgotten would be noticed with some records only.

        Raises:
            RecordError: neither a feature nor the rows that it is made of were passed, or a
                feature cannot be read.
        """
        lacking: dict[str, str] = {}
        tables: dict[str, None] = {}
        for number in numbers:
            asked = self.setting.asked[number]
            if asked["name"] in self.features:
                self.own(number)
                continue
            absent = [rows["table"] for rows in asked["rows"] if not self._has(rows["table"])]
            if absent:
                lacking[asked["name"]] = asked["written"]
                tables |= dict.fromkeys(absent)
        if lacking:
            raise RecordError("feature", ", ".join(lacking), self._to_pass(lacking, [*tables]))

    def _to_pass(self, lacking: Mapping[str, str], tables: Sequence[str]) -> str:
        """What is to be passed where features and the rows that they are made of are not there."""
        told = [f"{name}: {written}" for name, written in lacking.items() if name != written]
        more = [f"and {len(told) - _TOLD} more"] if len(told) > _TOLD else []
        what = f" ({'; '.join([*told[:_TOLD], *more])})" if told else ""
        past = [name for name in tables if self.setting.tables[name]["kind"] == "history"]
        none = "".join(f"; related={{{name!r}: []}} says that nothing was stored" for name in past)
        features = "the feature" if len(lacking) == 1 else "the features"
        return f"pass {features}{what}, or the rows of {', '.join(tables)}{none}"

    def _has(self, table: str) -> bool:
        """Whether the rows of a table were passed."""
        source = self.setting.tables[table]["source"]
        return table in self._related or (source is not None and source in self._related)

    def own(self, number: int) -> Any:
        """An aggregate or a sequence of the record: as it was passed, or of its rows."""
        if number not in self._done:
            named = self.setting.asked[number]["name"]
            if named in self.features:
                self._done[number] = self.setting.feature(named, self.features[named])
            else:
                self.need((number,))
                self._done[number] = self._answer(number, self.key)
        return self._done[number]

    # ---- other rows

    def of(self, number: int, row: Row) -> Any:
        """An aggregate or a sequence of another row, which knows its table."""
        return self._answer(number, row[""])

    def linked(self, by: Any, table: str, entry: int) -> Any:
        """The value of an expression on the row that a link leads to.

        Missing where it leads nowhere, or to a row that cannot be seen.
        """
        if by is None:
            return None
        row = self._linked_row(by, table)
        return None if row is None else self.functions.entry(entry)(row, self)

    def ranked(
        self, number: int, same: tuple[Any, ...], among: bool | None, amount: Any, key: Any
    ) -> Any:  # fmt: skip
        """The answer of a rank or a figure of a population, from what is frozen."""
        return self.setting.ranked[number].answer(same, among, amount, key)

    def _linked_row(self, by: Any, table: str) -> Row | None:
        plain = self.setting.tables[table]
        if plain["kind"] == "derived":
            return self._derived(by, plain)
        found: Row | None
        if not isinstance(by, str):
            found = self._read(by, table)
        elif isinstance(by, Held):
            found = self._read(by.row, table)
        elif table in self._lookup:
            found = self._looked_up(by, table)
        elif table in self._related:
            found = next(iter(self._belonging(table, plain["key"], by)), None)
        elif table == self.setting.main and by == self.key:
            found = self._read(self._raw, table)
        else:
            raise RecordError("link", table, "pass the row that the link leads to, or a `lookup`")
        rows = [] if found is None else self._visible([found], table, None)
        return rows[0] if rows else None

    def _looked_up(self, by: str, table: str) -> Row | None:
        way = self._lookup[table]
        raw = way(by) if callable(way) else way.get(by)
        return None if raw is None else self._read(raw, table, by)

    def _derived(self, key: str, plain: Mapping[str, Any]) -> Row | None:
        """A row of a derived table is there while rows of its source can be seen."""
        rows = self._belonging(plain["source"], plain["joined"], key)
        if not self._visible(rows, plain["source"], None):
            return None
        return {plain["key"]: key, "": key}

    def _belonging(self, table: str, by: str, key: str) -> list[Row]:
        """All rows of a table whose column `by` is a key."""
        index = self._indexes.get((table, by))
        if index is None:
            index = {}
            for row in self._all(table):
                index.setdefault(row.get(by), []).append(row)
            self._indexes[table, by] = index
        return index.get(key, [])

    def _all(self, table: str) -> list[Row]:
        if table not in self._rows:
            if table in self._related:
                self._rows[table] = [self._read(raw, table) for raw in self._related[table]]
                self._check_own(table)
            else:
                raise RecordError("feature", table, f"pass features, or the rows of {table}")
        return self._rows[table]

    def _check_own(self, table: str) -> None:
        """Rows that nobody else's are wanted beside must be the record's own.

        Raises:
            RecordError: some are of another key.
        """
        plain = self.setting.tables[table]
        if not plain.get("alone"):
            return
        keys = (None, self.key)
        other = sum(row[plain["by"]] not in keys for row in self._rows[table])
        if other:
            says = f"{other} of {len(self._rows[table])} rows belong to another record"
            raise RecordError("key", plain["by"], says, table=table)

    def _read(self, raw: Any, table: str, key: str | None = None) -> Row:
        """A row as canonical values; under the empty name its key.

        `key` is the one by which it was found: the row need not have it.
        """
        columns = self.setting.columns[table]
        joined = self._joined(table)
        found = columns.key if key is not None else None
        names = [name for name in columns.names if name not in (joined, found)]
        row = columns.read(raw, names)
        if found is not None:
            row[found] = key
        if joined is not None:
            row[joined] = self._joining(raw, columns, joined)
        row[""] = row.get(columns.key)
        return row

    def _joined(self, table: str) -> str | None:
        """The column by which rows belong to the record."""
        plain = self.setting.tables[table]
        return plain["by"] if plain["of"] == self.setting.main else None

    def _joining(self, raw: Any, columns: Columns, name: str) -> Any:
        """The key that a row belongs to: the record's where the row does not say."""
        get = getter(raw, columns.table)
        try:
            get(raw, name)
        except (KeyError, AttributeError):
            return self.key
        if self.key == NO_KEY:
            main = self.setting.columns[self.setting.main]
            raise main.absent(main.key)
        return columns.value(raw, name, get)

    def _visible(
        self, rows: list[Row], table: str, window: tuple[Any, ...] | None
    ) -> list[Row]:  # fmt: skip
        """The rows dated in the window and not after as_of; all if the table has no dates."""
        plain = self.setting.tables[table]
        dated = plain["dated"]
        if dated is None:
            return rows
        instants = plain["columns"][dated]["type"][0] == "instant"
        start, end = seen_from(window, instants, self.setting.zone, self.as_of)
        return [
            row for row in rows
            if (at := row[dated]) is not None
            and (start is None or start <= at) and (end is None or at < end)
        ]  # fmt: skip

    # ---- aggregates and sequences

    def _answer(self, number: int, key: str | None) -> Any:
        asked = self.setting.asked[number]
        parts = [
            self._asked_rows(rows, window, key)
            for rows, window in zip(asked["rows"], self.setting.windows[number], strict=True)
        ]
        if asked["how"] == "sequence":
            moments = [
                self._moments(found, rows["table"])
                for found, rows in zip(parts, asked["rows"], strict=True)
            ]
            return happens(asked, moments, self.as_of)
        return self._reduced(asked, parts[0])

    def _asked_rows(self, rows: Mapping[str, Any], window: Any, key: str | None) -> list[Row]:
        """The rows that take part."""
        table = rows["table"]
        if key is None:
            return []
        plain = self.setting.tables[table]
        if plain["kind"] == "derived":
            derived = self._derived(key, plain)
            found = [] if derived is None else [derived]
        else:
            found = self._visible(self._belonging(table, rows["by"], key), table, window)
        found = self._filtered(found, rows["among"])
        if window is not None and window[0] == "rows":
            found = _latest(found, plain["dated"], window[1])
        return self._filtered(found, rows["where"])

    def _filtered(self, rows: list[Row], entry: int | None) -> list[Row]:
        if entry is None:
            return rows
        test = self.functions.entry(entry)
        return [row for row in rows if test(row, self) is True]

    def _moments(self, rows: list[Row], table: str) -> list[tuple[Any, dt.date]]:
        """When rows are: the date or instant, and the date in the zone."""
        dated = self.setting.tables[table]["dated"]
        return [(row[dated], day_in(row[dated], self.setting.zone)) for row in rows]

    def _reduced(self, asked: Mapping[str, Any], rows: list[Row]) -> Any:
        table, how = asked["rows"][0]["table"], asked["how"]
        dated = self.setting.tables[table]["dated"]
        values: list[Any]
        if asked["value"] is None:
            return len(rows)
        if asked["value"] == "gap":
            values = gaps(self._moments(rows, table))
        else:
            value = self.functions.entry(asked["value"])
            values = [value(row, self) for row in rows]
        dates = [row[dated] if dated else None for row in rows]
        pairs = [pair for pair in zip(dates, values, strict=True) if pair[1] is not None]
        return REDUCTIONS[how](pairs, asked["value_type"])


def _latest(rows: list[Row], dated: str, count: int) -> list[Row]:
    """The latest rows, and all others dated like the last of them."""
    if len(rows) <= count:
        return rows
    last = sorted((row[dated] for row in rows), reverse=True)[count - 1]
    return [row for row in rows if row[dated] >= last]


def _window(plain: Any) -> tuple[Any, ...] | None:
    if plain is None:
        return None
    parts = (tuple(part) if isinstance(part, list) else read(part) for part in plain)
    return tuple(parts)
