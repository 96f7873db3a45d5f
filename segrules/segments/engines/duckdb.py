"""Tables in DuckDB files, and Parquet read by DuckDB: one connection, databases attached to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn

import polars as pl
from sqlglot import exp

from segrules.segments.engines.addresses import Address, Source, extra
from segrules.segments.engines.sessions import (
    Answer,
    check_replaceable,
    column,
    identifier,
    named,
    unfinished,
)
from segrules.segments.read import hive_columns, parquet_parts
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as data_problems
from segrules.text.problems import engines as problems

if TYPE_CHECKING:
    import duckdb

_MAGIC = slice(8, 12), b"DUCK"
"""Where a database file says what it is."""

_KINDS: dict[str, pl.DataType] = {
    **dict.fromkeys(("VARCHAR", "UUID"), pl.String()),
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"),
        pl.Int64(),
    ),
    **dict.fromkeys(("UBIGINT", "HUGEINT", "UHUGEINT"), pl.Decimal(38, 0)),
    "FLOAT": pl.Float32(),
    "DOUBLE": pl.Float64(),
    "BOOLEAN": pl.Boolean(),
    "DATE": pl.Date(),
    **dict.fromkeys(
        ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), pl.Datetime("us")
    ),
    "TIMESTAMP WITH TIME ZONE": pl.Datetime("us", "UTC"),
    "VARCHAR[]": pl.List(pl.String()),
    '"NULL"': pl.Null(),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_THERE = """
select 'table' as sort, table_name as name from duckdb_tables()
where database_name = $1 and schema_name = $2 and not internal
union all
select 'a view', view_name from duckdb_views()
where database_name = $1 and schema_name = $2 and not internal
"""
_DEFAULT = "main"


class DuckDB:
    """A session and a store over files of DuckDB, and a session over Parquet."""

    name = "duckdb"
    dialect = "duckdb"

    def __init__(self, out: Source | None = None) -> None:
        """`out` is where results will be kept: its file is opened to be written to.

        Raises:
            RulesError: the library is lacking.
        """
        with extra(self.name):
            import duckdb  # noqa: PLC0415 -- an extra
        self._errors = duckdb.Error
        self._bugs = duckdb.DataError, duckdb.ProgrammingError
        self._beside = TemporaryDirectory(prefix="segrules-")
        # nothing is fetched from anywhere, and what does not fit in memory goes with the session
        settings: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": self._beside.name,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        self.held: duckdb.DuckDBPyConnection = duckdb.connect(":memory:", config=settings)
        self.held.execute("set TimeZone = 'UTC'")
        self.out = Path(out.place).resolve() if isinstance(out, Address) else None
        self.attached: dict[Path, str] = {}

    def close(self) -> None:
        self.held.close()
        self._beside.cleanup()

    # ---- tables

    def schema(self, source: Source) -> pl.Schema:
        """As in a session."""
        if isinstance(source, Address):
            self._check_there(source)
        every = self._said(exp.select("*").from_(self.table(source)))
        told = self._run(f"describe {every}").fetchall()
        return pl.Schema({row[0]: _kind(row[1]) for row in told})

    def table(self, source: Source) -> exp.Table:
        """As in a session."""
        if isinstance(source, Address):
            return named([self._database(source), _schema(source), source.table[-1]])
        return _parquet(source)

    def identity(self, source: Address) -> tuple[object, ...]:
        """As in a store; DuckDB does not tell large letters from small ones."""
        names = _schema(source), source.table[-1]
        return (Path(source.place).resolve(), *(name.casefold() for name in names))

    def _check_there(self, address: Address) -> None:
        there = self._there(address)
        if address.table[-1].casefold() not in map(str.casefold, there):
            problem = problems.no_such_table(str(address), address.table[-1], sorted(there))
            raise RulesError([problem], unable=True)

    def _there(self, address: Address) -> dict[str, str]:
        """Tables and views in the schema of an address, with what they are."""
        place = [self._database(address), _schema(address)]
        return {name: sort for sort, name in self._run(_THERE, place).fetchall()}

    def _database(self, address: Address) -> str:
        """The name that a file is attached under."""
        file = Path(address.place).resolve()
        if file in self.attached:
            return self.attached[file]
        if file != self.out or file.exists():
            _check_file(address)
        elif not file.parent.is_dir():
            raise RulesError([data_problems.no_folder(address.place)], unable=True)
        name = f"file_{len(self.attached)}"
        written = exp.Literal.string(str(file)).sql(dialect=self.dialect)
        options = "" if file == self.out else " (read_only)"
        try:
            self.held.execute(f"attach {written} as {name}{options}")
        except self._errors as error:
            problem = problems.not_reached(address.database, _reason(error))
            raise RulesError([problem], unable=True) from None
        self.attached[file] = name
        return name

    # ---- queries

    def answer(self, query: exp.Query) -> list[Answer]:
        """As in a session."""
        done = self._run(self._said(query))
        names = [each[0] for each in done.description or ()]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    def export(self, query: exp.Query, folder: Path) -> Path:
        """As in a session."""
        place = folder / f"{unfinished()}.parquet"
        written = exp.Literal.string(str(place)).sql(dialect=self.dialect)
        self._run(f"copy ({self._said(query)}) to {written} (format parquet)")
        return place

    def export_raw(self, source: Address, schema: pl.Schema, folder: Path) -> Path:
        """As in a store."""
        columns = [_written(name, kind).as_(identifier(name)) for name, kind in schema.items()]
        return self.export(exp.select(*columns).from_(self.table(source)), folder)

    # ---- results

    def load(self, file: Path) -> exp.Table:
        """As in a session."""
        return _parquet(file)

    def make(self, query: exp.Query, out: Source | None) -> exp.Table:
        """As in a session."""
        if not isinstance(out, Address):
            table = named([unfinished()])
            self._run(f"create temporary table {self._said(table)} as {self._said(query)}")
            return table
        with self._made_anew(out):
            self.check_place(out)
            table = named([self._database(out), _schema(out), unfinished()])
            self._run("begin")
            self._run(f"create table {self._said(table)} as {self._said(query)}")
        return table

    def receive(self, file: Path, out: Address) -> None:
        """As in a store."""
        made = self.make(exp.select("*").from_(_parquet(file)), out)
        self.keep(made, out)

    def keep(self, made: exp.Table, out: Source) -> None:
        """As in a session."""
        if not isinstance(out, Address):
            raise TypeError("a result of DuckDB has an address")
        self._run(f"drop table if exists {self._said(self.table(out))}")
        name = self._said(identifier(out.table[-1]))
        self._run(f"alter table {self._said(made)} rename to {name}")
        self._run("commit")

    def check_place(self, out: Address) -> None:
        """As in a store."""
        schemas = self._run(
            "select schema_name from duckdb_schemas() where database_name = $1",
            [self._database(out)],
        ).fetchall()
        if (_schema(out),) not in schemas:
            raise RulesError([problems.no_such_schema(str(out), _schema(out))], unable=True)
        there = {name.casefold(): sort for name, sort in self._there(out).items()}
        sort = there.get(out.table[-1].casefold(), "table")
        if sort != "table":
            raise RulesError([problems.no_table_there(str(out), sort)], unable=True)
        if out.table[-1].casefold() in there:
            check_replaceable(str(out), self.schema(out).names())

    @contextmanager
    def _made_anew(self, out: Address) -> Iterator[None]:
        """Takes away the file of a database again that was made for a result and stayed empty."""
        file = Path(out.place).resolve()
        there = file.exists()
        try:
            yield
        except BaseException:
            if not there and file in self.attached:
                self.close()
                file.unlink(missing_ok=True)
            raise

    # ---- the connection

    def _said(self, tree: exp.Expr) -> str:
        return tree.sql(dialect=self.dialect, identify=True, comments=False)

    def _run(self, text: str, values: list[str] | None = None) -> duckdb.DuckDBPyConnection:
        try:
            return self.held.execute(text, values)
        except self._errors as error:
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        if isinstance(error, self._bugs):
            # nothing that we ask may fail on data, or be no SQL
            raise error
        place = next(iter(self.attached), None)
        problem = problems.refused(str(place or self.name), _reason(error))
        raise RulesError([problem], unable=True) from None


def _parquet(place: Path) -> exp.Table:
    """Parquet in a file or a folder; what stands in the names of folders is text."""
    files = exp.Array(expressions=[exp.Literal.string(str(each)) for each in parquet_parts(place)])
    hive = bool(hive_columns(place))
    settings = {"hive_partitioning": hive, "union_by_name": False}
    if hive:
        settings["hive_types_autocast"] = False
    named_values = [
        exp.EQ(this=exp.column(name), expression=exp.Boolean(this=value))
        for name, value in settings.items()
    ]
    return exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[files, *named_values]))


def _schema(address: Address) -> str:
    return address.table[-2] if len(address.table) > 1 else _DEFAULT


def _check_file(address: Address) -> None:
    """A file that is there must be a database.

    Raises:
        RulesError: it is not there, or is none.
    """
    place = Path(address.place)
    if not place.exists():
        raise RulesError([data_problems.no_such_file(address.place, [])], unable=True)
    where, magic = _MAGIC
    try:
        with place.open("rb") as file:
            held = file.read(where.stop)[where]
    except OSError as error:
        reason = (error.strerror or "the system refused").lower()
        raise RulesError([problems.not_reached(address.database, reason)], unable=True) from None
    if held != magic:
        problem = problems.not_reached(address.database, "it is no database of DuckDB")
        raise RulesError([problem], unable=True)


def _reason(error: Exception) -> str:
    """What the database says, on one line, without the kind of its error."""
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return re.sub(r"^[A-Z][A-Za-z ]+ Error: ", "", line).rstrip(".")


def _kind(written: str) -> pl.DataType:
    """The type of a column; `Object` stands for what nothing is read from."""
    decimal = _DECIMAL.fullmatch(written)
    if decimal:
        return pl.Decimal(38, int(decimal[2]))
    if written.startswith("ENUM("):
        return pl.String()
    return _KINDS.get(written, pl.Object())


def _written(name: str, kind: pl.DataType) -> exp.Expr:
    """A column as Parquet is to hold it."""
    cell = column(name)
    match kind:
        case pl.String():
            return exp.cast(cell, "text", dialect="duckdb")
        case pl.Decimal(scale=scale):
            # wider whole numbers would be rounded
            return exp.TryCast(this=cell, to=exp.DataType.build(f"decimal(38, {scale})"))
        case _:
            return cell
