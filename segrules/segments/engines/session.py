"""The engine that a command names, opened for the tables that it is to work on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from segrules.segments.engines.addresses import Address, Source
from segrules.segments.engines.destinations import Destination
from segrules.segments.engines.sessions import Session
from segrules.text.diagnostic import RulesError
from segrules.text.problems import engines as problems

_READS = {
    "duckdb": "tables of DuckDB and Parquet",
    "postgres": "tables of PostgreSQL",
    "spark": "Parquet",
}


def opened_session(engine: str, sources: Mapping[str, Source], out: Destination) -> Session:
    """A session over all of the tables.

    Raises:
        RulesError: it cannot read some of them, is not installed, or cannot be reached.
    """
    unfit = [
        problems.unfit_source(name, str(source), engine, _READS[engine])
        for name, source in sources.items()
        if not _reads(engine, source)
    ]
    if unfit:
        raise RulesError(unfit, unable=True)
    match engine:
        case "duckdb":
            from segrules.segments.engines.duckdb import DuckDB  # noqa: PLC0415 -- an extra

            return DuckDB(out.source)
        case "spark":
            from segrules.segments.engines.spark import Spark  # noqa: PLC0415 -- an extra

            return Spark()
        case _:
            from segrules.segments.engines.postgres import Postgres  # noqa: PLC0415 -- an extra

            return Postgres(_one_database(sources))


def is_native(session: Session, sources: Mapping[str, Source], out: Destination) -> bool:
    """Whether the engine itself puts a result in its place."""
    source = out.source
    if isinstance(source, Path):
        return session.name == "spark" and out.is_folder
    if source.kind == "postgres":
        # what is made in one database cannot be renamed to stand in another
        return session.name == "postgres" and _one_database(sources).place == source.place
    return source.kind == ("duckdb" if session.name == "duckdb" else "remote")


def _reads(engine: str, source: Source) -> bool:
    if isinstance(source, Address):
        return (
            source.kind == {"duckdb": "duckdb", "postgres": "postgres", "spark": "remote"}[engine]
        )
    is_parquet = source.suffix.lower() == ".parquet" or source.is_dir()
    # a path that leads nowhere is said to
    return engine != "postgres" and (is_parquet or not source.exists())


def _one_database(sources: Mapping[str, Source]) -> Address:
    """The database that all tables are in.

    Raises:
        RulesError: they are in several.
    """
    found = {each.place: each for each in sources.values() if isinstance(each, Address)}
    first, *others = found.values()
    if others:
        raise RulesError([problems.several_databases(str(first), str(others[0]))], unable=True)
    return first
