"""Tables in PostgreSQL, through psycopg: one connection, one transaction, one view of the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import polars as pl
from sqlglot import exp

from segrules.segments.engines.addresses import Address, Source, extra
from segrules.segments.engines.sessions import (
    LOOSE,
    Answer,
    check_replaceable,
    column,
    identifier,
    named,
    unfinished,
)
from segrules.text.diagnostic import RulesError
from segrules.text.problems import engines as problems

if TYPE_CHECKING:
    import psycopg

_PATIENCE = 10
"""Seconds to wait for a connection, unless the address says otherwise."""

_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
}
"""What texts of values depend on."""

_KINDS: dict[str, pl.DataType] = {
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "citext", "uuid"), pl.String()),
    **dict.fromkeys(("int2", "int4", "int8"), pl.Int64()),
    "float4": pl.Float32(),
    "float8": pl.Float64(),
    "bool": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
    "timestamptz": pl.Datetime("us", "UTC"),
    **dict.fromkeys(("_text", "_varchar", "_bpchar"), pl.List(pl.String())),
}

_COLUMNS = """
select a.attname as name, coalesce(b.typname, t.typname) as kind,
       coalesce(b.typtype, t.typtype)::text as sort,
       case when t.typtype = 'd' then t.typtypmod else a.atttypmod end as modifier
from pg_catalog.pg_attribute a
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_type b on t.typtype = 'd' and b.oid = t.typbasetype
where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""
_FOUND = """
select c.oid, c.relkind::text, n.nspname, c.relname
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = pg_catalog.to_regclass(%s)
"""
_NAMES = """
select c.relname from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname = coalesce(%s, pg_catalog.current_schema())
order by 1 limit 1000
"""
_GRANTS = """
select pg_catalog.pg_get_userbyid(g.grantee) as role, g.grantee = 0 as everybody,
       g.privilege_type as privilege, g.is_grantable as grantable
from pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) g
where c.oid = %s and g.grantee <> c.relowner
"""
_RESULTS: dict[type[pl.DataType], str] = {
    pl.Boolean: "boolean",
    pl.Int64: "bigint",
    pl.UInt32: "bigint",
    pl.Float64: "double precision",
    pl.Date: "date",
    pl.Datetime: "timestamp with time zone",
    pl.List: "text[]",
}
_OTHERS = {"v": "a view", "m": "a view", "f": "a foreign table", "S": "a sequence", "i": "an index",
           "p": "a partitioned table", "c": "a type", "t": "a table of the system"}  # fmt: skip
_SLICE = 100_000
_REFUSALS = ("42501", "42P07", "2BP01", "3F", "25", "40", "53", "54", "55", "57", "58")
"""How the codes of errors begin that the state of a server is the reason of: rights, what rests on
a table, locks, space, limits."""


class Postgres:
    """A session and a store over one database."""

    name = "postgres"
    dialect = "postgres"

    def __init__(self, address: Address) -> None:
        """Connects.

        Raises:
            RulesError: the library is lacking, or there is no connection.
        """
        with extra(self.name):
            import psycopg  # noqa: PLC0415 -- an extra
        self.address = address
        self._errors = psycopg.Error
        self._lost = psycopg.errors.AdminShutdown, psycopg.errors.CrashShutdown
        try:
            settings: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(address.place)
            settings.setdefault("connect_timeout", _PATIENCE)
            settings.setdefault("application_name", "segrules")
            self.held: psycopg.Connection[Any] = psycopg.connect(**settings)
        except psycopg.Error as error:
            problem = problems.not_reached(address.database, _reason(error, address))
            raise RulesError([problem], unable=True) from None
        self.held.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self.held.prepare_threshold = None
        for name, value in _SETTINGS.items():
            self._run("select pg_catalog.set_config(%s, %s, false)", (name, value))

    def close(self) -> None:
        with suppress(self._errors):
            self.held.rollback()
        self.held.close()

    # ---- tables

    def schema(self, source: Source) -> pl.Schema:
        """As in a session."""
        oid, _, _ = self._there(_address(source))
        found = self._run(_COLUMNS, (oid,)).fetchall()
        return pl.Schema(
            {name: _kind(kind, sort, modifier) for name, kind, sort, modifier in found}
        )

    def table(self, source: Source) -> exp.Table:
        """As in a session."""
        return named(_address(source).table)

    def _there(self, address: Address) -> tuple[int, str, str]:
        """The table's number, kind and schema."""
        found = self._found(address)
        if found is None:
            schema = address.table[-2] if len(address.table) > 1 else None
            names = [name for (name,) in self._run(_NAMES, (schema,)).fetchall()]
            problem = problems.no_such_table(str(address), address.table[-1], names)
            raise RulesError([problem], unable=True)
        return found

    def _found(self, address: Address) -> tuple[int, str, str] | None:
        written = ".".join('"' + part.replace('"', '""') + '"' for part in address.table)
        row = self._run(_FOUND, (written,)).fetchone()
        return None if row is None else (row[0], row[1], row[2])

    def identity(self, source: Address) -> tuple[object, ...]:
        """As in a store."""
        server = self._run(
            "select pg_catalog.pg_postmaster_start_time(), pg_catalog.current_database()"
        )
        return (*(server.fetchone() or ()), (self._found(source) or source.table)[0])

    # ---- queries

    def answer(self, query: exp.Query) -> list[Answer]:
        """As in a session."""
        done = self._run(self._said(query))
        names = [each.name for each in done.description or ()]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    def export(self, query: exp.Query, folder: Path) -> Path:
        """As in a session."""
        made = self.make(query, None)
        rows = self._run(self._said(exp.select("*").from_(made).limit(0)))
        kinds = {each.name: each.type_code for each in rows.description or ()}
        names = {row[0]: row[1] for row in self._run("select oid, typname from pg_type").fetchall()}
        schema = pl.Schema({name: _kind(names[code], "b", -1) for name, code in kinds.items()})
        return self._copied(made, schema, folder, typed=True)

    def export_raw(self, source: Address, schema: pl.Schema, folder: Path) -> Path:
        """As in a store; dates and instants stand as text, as those of a server reach further."""
        return self._copied(self.table(source), schema, folder, typed=False)

    def _copied(self, table: exp.Table, schema: pl.Schema, folder: Path, *, typed: bool) -> Path:
        columns = [_written(name, kind).as_(identifier(name)) for name, kind in schema.items()]
        # a line of nothing but one missing value would be a blank one
        query = exp.select(*columns, exp.Literal.number(0).as_(identifier(unfinished()))).from_(
            table
        )
        raw = folder / f"{unfinished()}.csv"
        with raw.open("wb") as file, self._guarded():
            copy = f"copy ({self._said(query)}) to stdout (format csv, header true)"
            with self.held.cursor().copy(copy) as lines:
                for line in lines:
                    file.write(line)
        rows = pl.scan_csv(raw, infer_schema=False, glob=False)
        place = raw.with_suffix(".parquet")
        rows.select(_read(name, kind, typed=typed) for name, kind in schema.items()).sink_parquet(
            place
        )
        raw.unlink()
        return place

    # ---- results

    def load(self, file: Path) -> exp.Table:
        """As in a session."""
        table = named([unfinished()])
        self._filled(table, pl.scan_parquet(file), temporary=True)
        return table

    def make(self, query: exp.Query, out: Source | None) -> exp.Table:
        """As in a session."""
        name = unfinished()
        if out is None:
            table = named([name])
            self._run(f"create temporary table {self._said(table)} as {self._said(query)}")
            return table
        address = _address(out)
        self.check_place(address)
        table = named([*address.table[:-1], name])
        self._run(f"create table {self._said(table)} as {self._said(query)}")
        return table

    def receive(self, file: Path, out: Address) -> None:
        """As in a store."""
        self.check_place(out)
        table = named([*out.table[:-1], unfinished()])
        self._filled(table, pl.scan_parquet(file), temporary=False)
        self.keep(table, out)

    def keep(self, made: exp.Table, out: Source) -> None:
        """As in a session; who was allowed to read the table before still is."""
        address = _address(out)
        place = self._said(named(address.table))
        before = self._found(address)
        if before:
            for role, everybody, privilege, grantable in self._run(_GRANTS, before[:1]).fetchall():
                to = "public" if everybody else self._said(identifier(role))
                more = " with grant option" if grantable else ""
                self._run(f"grant {privilege} on {self._said(made)} to {to}{more}")
            self._run(f"drop table {place}")
        self._run(
            f"alter table {self._said(made)} rename to {self._said(identifier(address.table[-1]))}"
        )
        with self._guarded():
            self.held.commit()

    def check_place(self, out: Address) -> None:
        """As in a store."""
        schema = out.table[-2] if len(out.table) > 1 else None
        if schema is not None:
            there = self._run("select 1 from pg_catalog.pg_namespace where nspname = %s", (schema,))
            if there.fetchone() is None:
                raise RulesError([problems.no_such_schema(str(out), schema)], unable=True)
        found = self._found(out)
        if found and found[1] != "r":
            what = _OTHERS.get(found[1], "no table")
            raise RulesError([problems.no_table_there(str(out), what)], unable=True)
        if found:
            check_replaceable(str(out), self.schema(out).names())

    def _filled(self, table: exp.Table, rows: pl.LazyFrame, *, temporary: bool) -> None:
        """Makes a table and copies rows to it."""
        kinds = rows.collect_schema()
        columns = ", ".join(
            f"{self._said(identifier(name))} {_result(kind)}" for name, kind in kinds.items()
        )
        sort = "temporary table" if temporary else "table"
        self._run(f"create {sort} {self._said(table)} ({columns})")
        ready = rows.select(_sent(name, kind) for name, kind in kinds.items())
        with self._guarded(), self.held.cursor().copy(
            f"copy {self._said(table)} from stdin (format csv)"
        ) as lines:  # fmt: skip
            for some in ready.collect_batches(chunk_size=_SLICE, maintain_order=True):
                text = some.write_csv(
                    include_header=False,
                    quote_style="non_numeric",
                    datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ",
                )
                lines.write(text)

    # ---- the connection

    def _said(self, tree: exp.Expr) -> str:
        return tree.sql(dialect=self.dialect, identify=True, comments=False)

    def _run(self, text: str, values: Sequence[object] | None = None) -> psycopg.Cursor[Any]:
        with self._guarded():
            return self.held.execute(text.encode(), values)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        if self.held.closed or self.held.broken or isinstance(error, self._lost):
            problem = problems.connection_lost(self.address.database)
        elif not str(getattr(error, "sqlstate", None) or "").startswith(_REFUSALS):
            # nothing that we ask may fail on data, or be no SQL
            raise error
        else:
            problem = problems.refused(self.address.database, _reason(error, self.address))
        raise RulesError([problem], unable=True) from None


def _address(source: Source) -> Address:
    if not isinstance(source, Address):
        raise TypeError("a table of PostgreSQL has an address")
    return source


def _reason(error: Exception, address: Address) -> str:
    """The last thing that the server or the library says, on one line."""
    said = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = next((line for line in reversed(lines) if "FATAL:" in line), lines[0] if lines else "")
    return address.discreet(told.rpartition("FATAL:")[2].strip()).rstrip(".")


def _kind(kind: str, sort: str, modifier: int) -> pl.DataType:
    """The type of a column; `Object` stands for what nothing is read from."""
    if sort == "e":
        return pl.String()
    if kind == "numeric":
        # the modifier holds precision and scale behind its own four bytes
        scale = ((modifier - 4) & 0x7FF) if modifier >= 4 else -1
        return pl.Decimal(38, scale) if 0 <= scale <= 38 else LOOSE
    return _KINDS.get(kind, pl.Object())


def _written(name: str, kind: pl.DataType) -> exp.Expr:
    """A column as COPY is to write it."""
    cell: exp.Expr = column(name)
    if isinstance(kind, pl.List):
        return exp.func("to_json", cell, dialect="postgres")
    if kind == LOOSE:
        cell = exp.Anonymous(this="trim_scale", expressions=[cell])
    return exp.cast(cell, "text", dialect="postgres")


def _read(name: str, kind: pl.DataType, *, typed: bool) -> pl.Expr:
    """A column from what COPY has written."""
    cell = pl.col(name)
    match kind:
        case pl.Boolean():
            return cell == "true"
        case pl.Float32():
            return cell.cast(pl.Float32).cast(pl.Float64)
        case pl.Int64() | pl.Float64():
            return cell.cast(kind)
        case pl.Decimal() if kind != LOOSE:
            return cell.cast(kind, strict=False)
        case pl.List():
            return cell.str.json_decode(kind)
        case pl.Date() if typed:
            return cell.str.to_date("%Y-%m-%d")
        case pl.Datetime() if typed:
            universal = cell.str.replace(r"\+00$", "")
            return universal.str.to_datetime(
                "%Y-%m-%d %H:%M:%S%.f", time_unit="us", time_zone="UTC"
            )
        case pl.Datetime(time_zone=zone) if zone:
            # any moment there is, or `infinity`, which is none
            return cell.str.replace(r"\+00$", "Z")
        case _:
            return cell


def _result(kind: pl.DataType) -> str:
    """The type of a column that is made."""
    if isinstance(kind, pl.Datetime) and kind.time_zone is None:
        return "timestamp without time zone"
    return _RESULTS.get(type(kind), "text")


def _sent(name: str, kind: pl.DataType) -> pl.Expr:
    """A column as COPY reads it."""
    cell = pl.col(name)
    if isinstance(kind, pl.List):
        quoted = pl.element().str.replace_all(r"([\\\"])", r"\$1")
        parts = cell.cast(pl.List(pl.String)).list.eval('"' + quoted + '"').list.join(",")
        return ("{" + parts + "}").alias(name)
    if isinstance(kind, pl.Enum | pl.Categorical):
        return cell.cast(pl.String)
    return cell
