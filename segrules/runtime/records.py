"""Records of any kind, read column by column: mappings, or objects with attributes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segrules.runtime.errors import RecordError, shown
from segrules.runtime.reading import Reader, UnreadError, reader

_PLAIN = (str, bytes, int, float, list, tuple, set, frozenset, type(None))


@dataclass(frozen=True, slots=True)
class Options:
    """How records are taken.

    `trusted`: values are canonical already, and nothing is checked. `extra`: what becomes of names
    that are no declared columns; `absent`: of columns that are declared with `?` and not there;
    `missing`: of missing values where the column is declared without `?`.
    """

    trusted: bool = False
    extra: str = "ignore"
    absent: str = "refuse"
    missing: str = "refuse"


class Held(str):
    """The key of a linked row that was passed in place of its key."""

    row: Any


class Columns:
    """The columns of a table that rules read, and how; `others` are those of all tables."""

    def __init__(
        self, table: str, program: Mapping[str, Any], options: Options, others: dict[str, Columns]
    ) -> None:  # fmt: skip
        self.table, self.options, self.others = table, options, others
        plain = program["tables"][table]
        self.key: str = plain["key"]
        self.declared = frozenset(plain["columns"])
        self.plain: Mapping[str, Mapping[str, Any]] = plain["columns"]
        self.names = [name for name, column in self.plain.items() if column["read"]]
        self._readers: dict[str, Reader] = {}
        self._zone: str = program["zone"]

    def optional(self, name: str) -> bool:
        """Whether a value may be missing."""
        return bool(self.plain[name]["optional"]) or self.options.missing == "allow"

    def reader(self, name: str) -> Reader:
        """Reads a raw value; raises `RecordError`."""
        if name not in self._readers:
            self._readers[name] = self._reader(name)
        return self._readers[name]

    def _reader(self, name: str) -> Reader:
        column = self.plain[name]
        inner = reader(column["type"], self._zone, column["cleaning"])
        if column["type"][0] == "link":
            inner = self._through(column["type"][1], inner)
        optional, sensitive = self.optional(name), column["sensitive"]

        def read(raw: Any) -> Any:
            try:
                value = inner(raw)
            except UnreadError as unread:
                quoted = "" if sensitive else f", not {shown(raw)}"
                held = None if sensitive else raw
                raise RecordError(
                    unread.code, name, unread.says + quoted, table=self.table, value=held
                ) from None
            if value is None and not optional:
                raise self.missing(name)
            return value

        return read

    def _through(self, table: str, inner: Reader) -> Reader:
        """A link may hold the row itself, with its key."""

        def read(raw: Any) -> Any:
            if isinstance(raw, _PLAIN):
                return inner(raw)
            to = self.others[table]
            held = Held(to.value(raw, to.key, getter(raw, table)))
            held.row = raw
            return held

        return read

    def missing(self, name: str) -> RecordError:
        return RecordError("missing", name, "a value is expected", table=self.table)

    def absent(self, name: str) -> RecordError:
        return RecordError("absent", name, "there is no such column", table=self.table)

    def read(self, raw: Any, names: Collection[str] | None = None) -> dict[str, Any]:
        """A record as canonical values by column.

        Raises:
            RecordError: it lacks a column, or a value cannot be read.
        """
        get = getter(raw, self.table)
        if self.options.extra == "refuse" and not self.options.trusted:
            self.check_extra(raw)
        wanted = self.names if names is None else names
        return {name: self.value(raw, name, get) for name in wanted}

    def value(self, raw: Any, name: str, get: Callable[[Any, str], Any]) -> Any:
        try:
            value = get(raw, name)
        except (KeyError, AttributeError):
            if self.options.absent == "missing" and self.optional(name):
                return None
            raise self.absent(name) from None
        return value if self.options.trusted else self.reader(name)(value)

    def check_extra(self, raw: Any) -> None:
        """Refuses names that are no declared columns.

        Raises:
            RecordError: there is one.
        """
        for name in names_of(raw):
            if name not in self.declared:
                raise RecordError("extra", str(name), "no such column is declared",
                                  table=self.table)  # fmt: skip


def getter(raw: Any, table: str) -> Callable[[Any, str], Any]:
    """How the columns of a record are got.

    Raises:
        RecordError: it is no record.
    """
    if isinstance(raw, Mapping):
        return _item
    if isinstance(raw, _PLAIN):
        raise RecordError("type", table, "a record is expected, by name or with attributes")
    return getattr


def _item(raw: Mapping[str, Any], name: str) -> Any:
    return raw[name]


def names_of(raw: Any) -> Sequence[str]:
    """The names in a record: of a mapping, a dataclass, a pydantic model, or any object."""
    if isinstance(raw, Mapping):
        return list(raw)
    for fields in ("__dataclass_fields__", "model_fields"):
        found = getattr(type(raw), fields, None)
        if found is not None:
            return list(found)
    return [name for name in getattr(raw, "__dict__", {}) if not name.startswith("_")]
