"""Places the rows of a table in segments, over frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars import calibrate, first_match
from segrules.backends.polars.first_match import Part, assigned, column_name
from segrules.backends.polars.lower import scope_of
from segrules.backends.polars.plan import prepare
from segrules.lang.ir import Calibration, Ruleset, SegmentSet, Table
from segrules.segments.border import canonical, canonical_in_memory
from segrules.segments.demand import conditions, demand
from segrules.segments.doubt import with_missing
from segrules.segments.read import reading
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems
from segrules.text.problems.usage import no_segments

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


@dataclass(frozen=True, slots=True)
class Placement:
    """All that is needed to place the rows of one table.

    `ruleset` holds only the table's segment sets and is told which columns may be missing; `frames`
    are canonical.
    """

    ruleset: Ruleset
    table: str
    frames: Mapping[str, pl.LazyFrame]
    context: Context


def assign(
    ruleset: Ruleset,
    frames: Mapping[str, Frame],
    as_of: dt.date,
    *,
    table: str | None = None,
    unknown_counts: bool = False,
    check_keys: bool = True,
) -> Frame:
    """The segment of every row: the key, then `<set>` and `<set>_by` for each segment set.

    With several sets over one table, each has its columns; with sets over several tables the
    `table` must be named. `unknown_counts` adds `<set>_unknown`, the number of rules that are
    unknown. Rows keep their order; those of a derived table stand by key.

    Data frames give a data frame. Lazy frames give a lazy frame; ranks, however, need their cut
    points first, so rules with ranks are calibrated at once, with one streaming pass over the
    tables they read. Keys of lazy frames are not checked to be unique; those of data frames are,
    unless the caller vouches for them with `check_keys=False`.

    Raises:
        RulesError: a table or a column is lacking, a type is refused, keys are not sound.
    """
    chosen = chosen_sets(ruleset, table)
    placed = chosen[0].table
    if any(isinstance(frame, pl.LazyFrame) for frame in frames.values()):
        # what is scanned may be damaged; a complaint about data in memory would be our mistake
        with reading(placed):
            placement = place(ruleset, placed, frames, as_of)
            return placed_rows(placement, unknown_counts=unknown_counts)  # type: ignore[return-value]
    placement = place(ruleset, placed, frames, as_of, check_keys=check_keys)
    rows = placed_rows(placement, unknown_counts=unknown_counts)
    return rows.collect(engine="streaming")  # type: ignore[return-value]


def chosen_sets(ruleset: Ruleset, table: str | None) -> tuple[SegmentSet, ...]:
    """The segment sets of a table; `None` is the only table that has any.

    Raises:
        RulesError: there is no such table, it has no sets, or several tables have.
    """
    tables = list(dict.fromkeys(found.table for found in ruleset.sets))
    if table is not None and table not in tables:
        raise RulesError([problems.not_declared("table with segments", table, tables)], unable=True)
    if not tables:
        raise RulesError([no_segments()], unable=True)
    if table is None and len(tables) > 1:
        raise RulesError([problems.several_tables(tables)], unable=True)
    return tuple(found for found in ruleset.sets if found.table == (table or tables[0]))


def place(
    ruleset: Ruleset,
    table: str,
    frames: Mapping[str, pl.DataFrame] | Mapping[str, pl.LazyFrame],
    as_of: dt.date,
    *,
    check_keys: bool = True,
) -> Placement:
    """Brings the frames given, by table name, into canonical form for the sets of one table.

    Every table that these sets read must be given. The cut points of ranks are
    calibrated here, on whole populations. Keys are checked as `assign` says.

    Raises:
        RulesError: a table or a column is lacking, a type is refused, or keys are not sound.
    """
    sources = [each.name for each in ruleset.tables if each.kind != "derived"]
    unknown = [name for name in frames if name not in sources]
    if unknown:
        found = [problems.not_declared("table", name, sources) for name in unknown]
        raise RulesError(found, unable=True)
    ruleset = replace(ruleset, sets=tuple(each for each in ruleset.sets if each.table == table))
    needed = demand(conditions(ruleset.sets), table, ruleset)
    check_given(needed, ruleset, frames)
    ready: dict[str, pl.LazyFrame] = {}
    lacking: dict[str, frozenset[str]] = {}
    for name, given in frames.items():
        declared = ruleset.table(name)
        full: frozenset[str] = frozenset()
        if isinstance(given, pl.DataFrame):
            ready[name], full = canonical_in_memory(
                given, declared, ruleset, needed.get(name, frozenset())
            )
        else:
            ready[name] = canonical(given, declared, ruleset)
        lacking[name] = frozenset(column.name for column in declared.columns) - full
    if check_keys and ruleset.table(table).kind == "main":
        _check_keys(ruleset.table(table), frames[table])
    return placement(with_missing(ruleset, lacking), table, ready, as_of)


def check_given(needed: Iterable[str], ruleset: Ruleset, given: Container[str]) -> None:
    """Every table that is read must be given; derived tables are made from their source.

    Raises:
        RulesError: some are not.
    """
    lacking = [
        name for name in needed if ruleset.table(name).kind != "derived" and name not in given
    ]
    if lacking:
        raise RulesError([problems.no_data(name) for name in lacking], unable=True)


def placement(
    ruleset: Ruleset, table: str, frames: Mapping[str, pl.LazyFrame], as_of: dt.date
) -> Placement:
    """Calibrates the ranks over canonical frames."""
    start = Context(ruleset.zone, as_of, Calibration(as_of))
    calibration = calibrate.calibrate(ruleset, frames, start)
    return Placement(ruleset, table, frames, replace(start, calibration=calibration))


def placed_rows(placement: Placement, *, unknown_counts: bool = False) -> pl.LazyFrame:
    """The key of each row with its segments, as `assign` says."""
    table = placement.ruleset.table(placement.table)
    scope = scope_of(placement.ruleset, placement.table, placement.context)
    want: tuple[Part, ...] = ("segment", "by", "unknown") if unknown_counts else ("segment", "by")
    rows = prepare(placement.ruleset, table.name, placement.frames, placement.context)
    names = [table.key]
    # INVARIANT: no set or part of one has the name of a column; the checker refuses that.
    for segment_set in placement.ruleset.sets:
        rows = assigned(rows, segment_set, scope, want)
        names += [column_name(segment_set, part) for part in want]
    placed = rows.select(names)
    return placed.sort(table.key) if table.kind == "derived" else placed


def segment_column(placement: Placement, segment_set: SegmentSet) -> pl.Expr:
    """The segment of each row in a set, over prepared rows."""
    scope = scope_of(placement.ruleset, placement.table, placement.context)
    want: tuple[Part, ...] = ("segment",)
    return first_match.assign(segment_set, scope, want)["segment"]


def _check_keys(table: Table, frame: pl.DataFrame | pl.LazyFrame) -> None:
    """Keys of a data frame must be there and unique.

    Raises:
        RulesError: they are not.
    """
    column = table.column(table.key)
    if column is None or isinstance(frame, pl.LazyFrame):
        return
    keys = frame[column.heading]
    if keys.null_count():
        problem = problems.key_missing(table.name, table.key, keys.null_count(), None)
        raise RulesError([problem], unable=True)
    # most tables come sorted by their key, which is far quicker to see than that keys differ
    if (keys.head(-1) < keys.tail(-1)).all() or keys.n_unique() == keys.len():
        return
    twice = keys.filter(keys.is_duplicated()).unique()
    examples = [] if column.sensitive else twice.sort().head(3).to_list()
    problem = problems.key_twice(table.name, table.key, twice.len(), examples, None)
    raise RulesError([problem], unable=True)
