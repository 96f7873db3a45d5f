"""What placing rests on beside the tables: cut points of ranks, and the past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars import calibrate
from segrules.backends.polars.dtypes import dtype
from segrules.backends.reach import calibrated, placing, reached
from segrules.backends.sql import Source as SqlSource
from segrules.backends.sql import words as w
from segrules.lang.ir import Ruleset, calibrated_parts
from segrules.segments.assign import Asked
from segrules.segments.demand import demand
from segrules.segments.engines.inspection import Inspected
from segrules.segments.engines.results import canonical
from segrules.segments.engines.sessions import Session, unfinished
from segrules.segments.gathering import pasts


@dataclass(frozen=True, slots=True)
class Past:
    """What was stored, in canonical frames and as tables of an engine."""

    frames: Mapping[str, pl.LazyFrame]
    sources: Mapping[str, SqlSource]


def past_sources(
    session: Session, folder: Path, rules: Ruleset, table: str, asked: Asked
) -> Past:  # fmt: skip
    """The tables of the past that placing reads, brought into the engine.

    Raises:
        RulesError: a stored run cannot be used.
    """
    names = demand(placing(rules, table), table, rules)
    frames = pasts(rules, names, asked.history, asked.as_of)
    sources: dict[str, SqlSource] = {}
    for name, frame in frames.items():
        file = folder / f"{unfinished()}.parquet"
        frame.select(_carried(column, kind) for column, kind in frame.collect_schema().items()
                     ).sink_parquet(file)  # fmt: skip
        sources[name] = SqlSource(session.load(file), canonical=True)
    return Past(frames, sources)


def _carried(name: str, kind: pl.DataType) -> pl.Expr:
    """A canonical column as a database holds it."""
    if isinstance(kind, pl.Enum):
        return pl.col(name).cast(pl.String)
    if isinstance(kind, pl.Datetime):
        return pl.col(name).dt.replace_time_zone(None)
    return pl.col(name)


def frozen(
    session: Session,
    folder: Path,
    asking: tuple[Ruleset, str, Context],
    tables: tuple[Mapping[str, Inspected], Mapping[str, pl.LazyFrame]],
) -> Context:
    """The context with all frozen that placing rests on.

    The columns that ranks and figures rest on are fetched; what is frozen already is kept.
    """
    rules, table, start = asking
    found, past = tables
    needed = _needed(rules, table, start)
    frames = dict(past)
    for name, columns in needed.items():
        if name in found:
            frames[name] = _fetched(session, found[name], columns, folder)
    wanted = {table: placing(rules, table)}
    return replace(start, calibration=calibrate.calibrate(rules, frames, start, wanted))


def _needed(rules: Ruleset, table: str, start: Context) -> dict[str, frozenset[str]]:
    """The columns, by table, that is read to freeze what is not frozen."""
    names = start.calibration.names()
    found: dict[str, frozenset[str]] = {}
    for of, parts in reached(placing(rules, table), table, rules).items():
        for node in calibrated(parts):
            if node.name not in names:
                for name, read in demand(calibrated_parts(node), of, rules).items():
                    found[name] = found.get(name, frozenset()) | read
    return found


def _fetched(
    session: Session, found: Inspected, columns: frozenset[str], folder: Path
) -> pl.LazyFrame:
    """Columns in canonical form."""
    declared = {each.name: each for each in found.table.columns if each.name in columns}
    query = found.rows(*(w.aliased(found.value(name), name) for name in declared))
    file = session.export(query, folder)
    rows = pl.scan_parquet(file / "*.parquet" if file.is_dir() else file)
    held = rows.collect_schema()
    return rows.select(
        canonical(name, held[name], dtype(each.type)) for name, each in declared.items()
    )
