"""Databases with the same small interface: tables of canonical rows go in, answers come out."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import pytest
from servers import UnavailableError, cluster, spark_session
from sqlglot import exp

from segrules.backends.context import Context
from segrules.backends.sql import DIALECTS, Source, assignment_sql, spelled, values_sql
from segrules.backends.sql.held import expected_type
from segrules.lang.ir import Expr, Ruleset, Table, TableColumn, Value
from segrules.lang.types import Money, Set, decimals

Rows = Sequence[Mapping[str, Value]]
_numbers = itertools.count()


class Database(Protocol):
    """`load` makes a table of rows of raw cells; `ask` runs a query."""

    dialect: str

    def load(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
        """A new table, of columns with their types in the dialect."""

    def ask(self, query: str) -> list[tuple[Any, ...]]: ...


def raw(value: Value, column: TableColumn) -> Any:
    """A canonical value as a table of the firm would hold it."""
    if isinstance(column.type, Money) and isinstance(value, int):
        return Decimal(value).scaleb(-decimals(column.type.currency))
    if isinstance(value, frozenset) and isinstance(column.type, Set):
        return [each for each in column.type.values if each in value]
    return value


def stored(database: Database, rules: Ruleset, world: Mapping[str, Rows]) -> dict[str, Source]:
    """The tables of a world in a database, under names that are used once."""
    return {name: store(database, rules.table(name), rows) for name, rows in world.items()}


def store(database: Database, table: Table, rows: Rows) -> Source:
    name = f"rows_{next(_numbers)}"
    dialect = DIALECTS[database.dialect]
    columns = {each.heading: expected_type(each.type, dialect) for each in table.columns}
    cells = [[raw(row.get(each.name), each) for each in table.columns] for row in rows]
    database.load(name, columns, cells)
    types = {
        heading: exp.DataType.build(kind, dialect=database.dialect)
        for heading, kind in columns.items()
    }
    return Source(exp.Table(this=exp.to_identifier(name, quoted=True)), types)


def asked(
    database: Database,
    rules: Ruleset,
    table: str,
    where: Context,
    sources: Mapping[str, Source],
    wanted: Mapping[str, Expr],
) -> dict[Value, list[Any]]:
    """The answers of expressions by the key of the row."""
    query = values_sql(rules, table, where, sources, database.dialect, wanted)
    rows = database.ask(spelled(query, database.dialect))
    found = {key: list(map(canonical, values)) for key, *values in rows}
    assert len(found) == len(rows)
    return found


def placed(
    database: Database,
    rules: Ruleset,
    table: str,
    where: Context,
    sources: Mapping[str, Source],
    parts: Sequence[str] = ("segment", "by", "unknown", "allotted", "holdout"),
) -> list[tuple[Any, ...]]:
    """The rows of an assignment."""
    query = assignment_sql(rules, table, where, sources, database.dialect, parts)
    rows = database.ask(spelled(query, database.dialect))
    return [tuple(map(canonical, row)) for row in rows]


def canonical(value: Any) -> Any:
    """An answer as the reference gives it."""
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        return value.replace(tzinfo=dt.UTC)
    if isinstance(value, list):
        return frozenset(value)
    return value


@pytest.fixture(name="database", params=["duckdb", "postgres", "spark"])
def each_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Each of the databases that are executed; skipped with the reason where one is not there."""
    if request.param == "duckdb":
        found: DuckDB | Postgres | Spark = DuckDB()
    else:
        try:
            found = Postgres(cluster()) if request.param == "postgres" else Spark(spark_session())
        except UnavailableError as reason:
            pytest.skip(str(reason))
    yield found
    found.close()


class DuckDB:
    dialect = "duckdb"

    def __init__(self) -> None:
        import duckdb

        self.connection = duckdb.connect()
        self.connection.execute("SET threads = 2")
        self.connection.execute("SET TimeZone = 'America/New_York'")

    def load(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
        spelled_columns = ", ".join(f"{quoted(each)} {kind}" for each, kind in columns.items())
        self.connection.execute(f"CREATE TABLE {quoted(name)} ({spelled_columns})")
        if not rows:
            return
        import pyarrow as pa

        made = [
            pa.array([row[at] for row in rows], type=_arrow(kind))
            for at, kind in enumerate(columns.values())
        ]
        batch = pa.table(made, names=[f"c{at}" for at in range(len(made))])
        self.connection.register("batch", batch)
        self.connection.execute(f"INSERT INTO {quoted(name)} SELECT * FROM batch")  # noqa: S608
        self.connection.unregister("batch")

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def close(self) -> None:
        self.connection.close()


def _arrow(kind: str) -> Any:
    import pyarrow as pa

    if kind.startswith("DECIMAL"):
        places = int(kind.rstrip(")").split(",")[1])
        return pa.decimal128(18, places)
    return {
        "VARCHAR": pa.string(), "TEXT": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(), "DATE": pa.date32(), "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
        "TIMESTAMP": pa.timestamp("us"), "VARCHAR[]": pa.list_(pa.string()),
        "INTEGER": pa.int32(), "REAL": pa.float32(),
    }[kind]  # fmt: skip


class Postgres:
    dialect = "postgres"

    def __init__(self, address: str) -> None:
        import psycopg

        self.connection = psycopg.connect(address, autocommit=True)

    def load(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
        spelled_columns = ", ".join(f"{quoted(each)} {kind}" for each, kind in columns.items())
        self.connection.execute(f"CREATE TABLE {quoted(name)} ({spelled_columns})")
        with (
            self.connection.cursor() as cursor,
            cursor.copy(f"COPY {quoted(name)} FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return list(self.connection.execute(query.encode()))

    def close(self) -> None:
        self.connection.close()


class Spark:
    dialect = "spark"

    def __init__(self, session: Any) -> None:
        self.session = session

    def load(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
        schema = ", ".join(f"`{each.replace('`', '``')}` {kind}" for each, kind in columns.items())
        frame = self.session.createDataFrame([tuple(row) for row in rows], schema=schema)
        frame.createOrReplaceTempView(name)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.session.sql(query).collect()]

    def close(self) -> None:
        """The session goes on; its tables go."""
        for each in self.session.catalog.listTables():
            self.session.catalog.dropTempView(each.name)


def quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
