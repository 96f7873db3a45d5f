"""What can be wrong with tables in databases, with folders of results, and with engines."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from segrules.text.catalogue import Example, entry
from segrules.text.diagnostic import Diagnostic
from segrules.text.problems.samples import HEADER, ROW, RULES
from segrules.text.problems.words import closest, listed, quoted
from segrules.text.source import Span

_SHOP = {"shop.duckdb": HEADER + ROW}
"""A database with the table `customers` and a view of it, `all_customers`."""
_HERE = "assign --table customers=duckdb:shop.duckdb#customers"
_SHARES = RULES.replace("spend >= 100", "share_web > 20%")
_RIGHT = Example(RULES, _SHOP, _HERE)

ADDRESS = entry(
    "SEG680",
    "an address that the engine cannot use",
    why="A table stands in a file, in a folder of Parquet files, or in a database, and then the "
    "table is named behind a `#`: `duckdb:shop.duckdb#customers`. An engine works where the data "
    "are: DuckDB reads its own tables and Parquet, PostgreSQL its own tables, Spark Parquet; the "
    "engine `polars` reads everything.",
    wrong=Example(RULES, _SHOP, "assign --table customers=duckdb:shop.duckdb"),
    right=_RIGHT,
)
UNREACHED = entry(
    "SEG681",
    "a database that cannot be reached, or was lost on the way",
    why="Without its tables nothing can be assigned. A connection that ends before all is done "
    "takes what was written with it: the table of results is as it was.",
    wrong=Example(
        RULES, _SHOP, "assign --table customers=postgresql://shop@127.0.0.1:1/shop#customers"
    ),
    right=_RIGHT,
)
NO_TABLE = entry(
    "SEG682",
    "a table that is not in the database",
    why="PostgreSQL takes names of tables as they are written, with their case; DuckDB takes no "
    'note of case. A name with a dot stands in double quotes: `#sales."leads.2026"`.',
    wrong=Example(RULES, _SHOP, "assign --table customers=duckdb:shop.duckdb#custmers"),
    right=_RIGHT,
)
REFUSED = entry(
    "SEG683",
    "a place of results that is refused",
    why="Results take the place of the table or folder before them as a whole. What is no table of "
    "results is not replaced: a view, other data, or a folder that holds more than Parquet files; "
    "nor is a table that the database protects.",
    wrong=Example(RULES, _SHOP, f"{_HERE} -o duckdb:shop.duckdb#all_customers"),
    right=Example(RULES, _SHOP, f"{_HERE} -o duckdb:shop.duckdb#segments"),
)
NOT_HERE = entry(
    "SEG684",
    "something that this engine cannot do",
    why="Every engine gives the same answer or none. What one cannot do exactly as the others is "
    "refused before anything runs; the engine `polars` can do everything.",
    wrong=Example(
        _SHARES,
        {"customers.parquet": HEADER + ROW},
        "assign --engine duckdb --table customers=customers.parquet",
    ),
    right=Example(
        _SHARES, {"customers.parquet": HEADER + ROW}, "assign --table customers=customers.parquet"
    ),
)


# ---- addresses


def bad_address(address: str, wanted: str) -> Diagnostic:
    """`wanted` is the form that was expected; `address` is without any password."""
    return ADDRESS.about(
        None, f"{quoted(address)} does not name a table of a database", f"write it as {wanted}"
    )


def unfit_source(table: str, address: str, engine: str, reads: str) -> Diagnostic:
    """`reads` says what the engine can read."""
    return ADDRESS.about(
        None,
        f"the engine {quoted(engine)} cannot read {quoted(table)} from {quoted(address)}",
        f"it reads {reads}; --engine polars reads them all",
    )


def files_only(address: str) -> Diagnostic:
    return ADDRESS.about(
        None,
        f"only `segrules assign` reads tables of databases, such as {quoted(address)}",
        "export the table as Parquet and name the file",
    )


def several_databases(first: str, second: str) -> Diagnostic:
    return ADDRESS.about(
        None,
        f"{quoted(first)} and {quoted(second)} are in different databases",
        "the engine postgres works in one database; --engine polars reads from several",
    )


def engine_lacking(engine: str, extra: str) -> Diagnostic:
    return ADDRESS.about(
        None,
        f"{quoted(engine)} needs what is not installed: it comes as an extra",
        f"install it with `pip install 'segrules[{extra}]'`",
    )


# ---- connections


def not_reached(address: str, reason: str) -> Diagnostic:
    """`reason` is what the system or the database says, without any password."""
    return UNREACHED.about(
        None,
        f"no connection to {quoted(address)}: {reason}",
        "check the address, the user and the password (PGPASSWORD or ~/.pgpass keeps it out of "
        "the command)",
    )


def not_started(engine: str, reason: str) -> Diagnostic:
    return UNREACHED.about(None, f"the engine {quoted(engine)} does not start: {reason}", None)


def connection_lost(address: str) -> Diagnostic:
    return UNREACHED.about(
        None,
        f"the connection to {quoted(address)} was lost before all was done",
        "nothing was written; run the command again",
    )


def no_such_table(address: str, name: str, tables: Sequence[str]) -> Diagnostic:
    """`tables` are those there are."""
    near = get_close_matches(name, tables, n=1, cutoff=0.6)
    known = f"there are {listed(tables)}" if tables else "there are no tables to be seen"
    return NO_TABLE.about(
        None,
        f"there is no table {quoted(address)}",
        closest(near[0] if near else None, "table", known),
    )


def no_such_schema(address: str, schema: str) -> Diagnostic:
    return NO_TABLE.about(
        None,
        f"{quoted(address)} has no place: there is no schema {quoted(schema)}",
        "make the schema first, or name another",
    )


# ---- results


def no_table_there(out: str, what: str) -> Diagnostic:
    """`what` is there instead, such as a view."""
    return REFUSED.about(
        None, f"{quoted(out)} is {what}, which results do not replace", "name another table"
    )


def no_result_there(out: str) -> Diagnostic:
    return REFUSED.about(
        None,
        f"{quoted(out)} is there and is no earlier result: no segments and what decided them",
        "name another place, or remove what is there first",
    )


def folder_holds_more(out: str, name: str) -> Diagnostic:
    return REFUSED.about(
        None,
        f"the folder {quoted(out)} holds {quoted(name)}, which is no Parquet file",
        "name a new folder, or one that holds results only",
    )


def refused(address: str, reason: str) -> Diagnostic:
    """The database says why."""
    return REFUSED.about(None, f"{quoted(address)} was refused: {reason}", None)


# ---- what an engine cannot do


def column_not_taken(engine: str, column: str, declared: str, held: str) -> Diagnostic:
    """`column` is `table.column`; `held` is what the source holds."""
    return NOT_HERE.about(
        None,
        f"the engine {quoted(engine)} cannot read {declared} from {held}, as {quoted(column)} "
        "would need",
        "give the column the declared type in the source or in a view, or use --engine polars",
    )


def not_done_here(engine: str, what: str, span: Span | None) -> Diagnostic:
    message = f"the engine {quoted(engine)} cannot do {what}"
    hint = "use --engine polars"
    return NOT_HERE.about(None, message, hint) if span is None else NOT_HERE.at(span, message, hint)
