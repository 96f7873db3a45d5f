"""What every engine that speaks SQL can do: look at tables, answer, make a result, keep it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import polars as pl
from sqlglot import exp

from segrules.segments.engines.addresses import Address, Source
from segrules.text.diagnostic import RulesError
from segrules.text.problems import engines as problems

PREFIX = "segrules_unfinished_"
"""How the names of tables begin that are not finished. All of them are made and renamed, or made
and dropped, in one transaction, so that nobody ever sees one."""

Answer = Mapping[str, Any]


class Session(Protocol):
    """A connection to where tables are, at one moment in the life of the data.

    Every method raises RulesError where the place refuses or is lost.
    """

    name: str
    """What the engine is called on the command line."""
    dialect: str
    """The name of its SQL."""

    def schema(self, source: Source) -> pl.Schema:
        """The columns of a table, each type by what Polars would hold it in."""

    def table(self, source: Source) -> exp.Table:
        """The table as a query names it."""

    def answer(self, query: exp.Query) -> list[Answer]:
        """The rows of a small answer, by column."""

    def export(self, query: exp.Query, folder: Path) -> Path:
        """The rows of a query as Parquet, in a file or folder below `folder`."""

    def load(self, file: Path) -> exp.Table:
        """A Parquet file as a table that goes with the session."""

    def make(self, query: exp.Query, out: Source | None) -> exp.Table:
        """The rows of a query as a table which `keep` can make the result of an assignment.

        `None` is for what goes with the session.
        """

    def keep(self, made: exp.Table, out: Source) -> None:
        """Puts what was made in the place of what was there, as one step."""

    def close(self) -> None:
        """Lets go; what was not kept is gone."""


class Store(Protocol):
    """A database as a source of raw tables, and as a place of results made elsewhere."""

    def schema(self, source: Source) -> pl.Schema:
        """As in a session."""

    def identity(self, source: Address) -> tuple[object, ...]:
        """The same for every address of one table."""

    def export_raw(self, source: Address, schema: pl.Schema, folder: Path) -> Path:
        """The columns of a table as Parquet, so that reading it gives what `schema` promises."""

    def check_place(self, out: Address) -> None:
        """A table can be put there: its schema is there, and nothing but a table is in the way."""

    def receive(self, file: Path, out: Address) -> None:
        """Puts the rows of a Parquet file in the place of a table, as one step."""

    def close(self) -> None:
        """As in a session."""


def check_replaceable(out: str, columns: Collection[str]) -> None:
    """What a result takes the place of must be one: a set, and what decided it, among its columns.

    Raises:
        RulesError: it is another table, which somebody may need.
    """
    if not any(f"{name}_by" in columns for name in columns):
        raise RulesError([problems.no_result_there(out)], unable=True)


def unfinished() -> str:
    """A name for a table that is not finished."""
    return PREFIX + secrets.token_hex(8)


def identifier(name: str) -> exp.Identifier:
    """A name as it is written, whatever it holds."""
    return exp.to_identifier(name, quoted=True)


def named(parts: Sequence[str]) -> exp.Table:
    """A table by the parts of its name, the last one the table's own."""
    *above, table = (identifier(part) for part in parts)
    db = above.pop() if above else None
    return exp.Table(this=table, db=db, catalog=above.pop() if above else None)


LOOSE = pl.Decimal(1, 0)
"""Stands for decimals of any scale; all others are given the widest precision."""

_TYPES: dict[type[pl.DataType], str] = {
    pl.String: "text", pl.Int64: "bigint", pl.Float32: "float", pl.Float64: "double",
    pl.Boolean: "boolean", pl.Date: "date",
}  # fmt: skip


def sql_type(kind: pl.DataType) -> exp.DataType | None:
    """The type of a column as SQL names it; None for what nothing is read from."""
    match kind:
        case pl.Decimal() if kind == LOOSE:
            return exp.DataType.build("decimal")
        case pl.Decimal(scale=scale):
            return exp.DataType.build(f"decimal(38, {scale})")
        case pl.Datetime(time_zone=zone):
            return exp.DataType.build("timestamptz" if zone else "timestamp")
        case pl.List():
            return exp.DataType.build("array<text>")
        case _:
            name = _TYPES.get(type(kind))
            return None if name is None else exp.DataType.build(name)


def column(name: str) -> exp.Column:
    return exp.Column(this=identifier(name))
