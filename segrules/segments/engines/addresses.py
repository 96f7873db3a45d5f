"""Where tables are: a path, or an address such as `postgresql://user@host/db#schema.table`.

Names in an address are taken as they are written. A name that holds a dot or a quote stands in
double quotes, as in SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from segrules.text.diagnostic import RulesError
from segrules.text.problems import engines as problems

Kind = Literal["postgres", "duckdb", "remote"]

_POSTGRES = ("postgresql://", "postgres://")
_DUCKDB = "duckdb:"
_NAME = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')
_FORMS = {
    "postgres": "`postgresql://user@host/database#schema.table`",
    "duckdb": "`duckdb:file.duckdb#table`",
}


@dataclass(frozen=True, slots=True)
class Address:
    """A table in a database, or Parquet that only a cluster can reach (`s3a://…`).

    `place` is what connects: a URL, which may hold a password, or the path of a file. `table` are
    the parts of the table's name; it is empty of Parquet.
    """

    kind: Kind
    place: str
    table: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The address as messages may show it: without user, password and settings."""
        if self.kind == "remote":
            return self.place
        name = ".".join(self.table)
        if self.kind == "duckdb":
            return f"{_DUCKDB}{self.place}#{name}"
        return f"{self.database}#{name}"

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    @property
    def database(self) -> str:
        """The database as messages may show it."""
        if self.kind != "postgres":
            return f"{_DUCKDB}{self.place}"
        # nothing of what stands before the `@` or behind the `?`
        after = self.place.partition("://")[2].partition("?")[0]
        return f"postgresql:{after.rpartition('@')[2]}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may hold."""
        if self.kind != "postgres":
            return ()
        found: list[str | None] = []
        try:
            parts = urlsplit(self.place)
            found.append(parts.password)
            found += [value for name, value in parse_qsl(parts.query) if "pass" in name.lower()]
        except ValueError:
            pass
        written = self.place.partition("://")[2].rpartition("@")[0].partition(":")[2]
        # an `@` in a password that is not written as %40 tears it apart
        found += [written, *(piece for piece in written.split("@") if len(piece) > 3)]
        both = [each for one in found if one for each in (one, unquote(one))]
        return tuple(sorted(set(both), key=len, reverse=True))

    def discreet(self, text: str) -> str:
        """A text without secrets."""
        for secret in self.secrets:
            text = text.replace(secret, "…")
        return text


@contextmanager
def extra(engine: str) -> Iterator[None]:
    """What an engine needs is imported here.

    Raises:
        RulesError: it is not installed.
    """
    try:
        yield
    except ImportError:
        raise RulesError([problems.engine_lacking(engine, engine)], unable=True) from None


Source = Path | Address
"""Where a table is."""


def address(text: str) -> Source:
    """Reads an address; what is none is a path.

    Raises:
        RulesError: a database is named, but no table of it.
    """
    if text.startswith(_POSTGRES):
        place, _, table = text.partition("#")
        return _named(Address("postgres", place), table)
    if text.startswith(_DUCKDB):
        place, _, table = text.removeprefix(_DUCKDB).rpartition("#")
        return _named(Address("duckdb", place or table), table if place else "")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text):
        return Address("remote", text)
    return Path(text)


def _named(found: Address, table: str) -> Address:
    parts = _parts(table)
    most = {"postgres": 2, "duckdb": 2}[found.kind]
    if parts is None or not 1 <= len(parts) <= most or not found.place:
        shown = f"{found.database}#{table}" if table else found.database
        raise RulesError([problems.bad_address(shown, _FORMS[found.kind])], unable=True)
    return Address(found.kind, found.place, parts)


def _parts(table: str) -> tuple[str, ...] | None:
    """The parts of a dotted name; `None` where it is none."""
    found: list[str] = []
    at = 0
    while at < len(table):
        name = _NAME.match(table, at)
        if name is None:
            return None
        quoted, plain = name.groups()
        found.append(plain if quoted is None else quoted.replace('""', '"'))
        at = name.end()
        if at < len(table):
            if table[at] != "." or at + 1 == len(table):
                return None
            at += 1
    # a server would cut the name or end there
    return None if any("\0" in part for part in found) else tuple(found)
