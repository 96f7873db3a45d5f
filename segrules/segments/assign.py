"""Places the rows of a table in segments, over frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import polars as pl

from segrules.backends.context import Context
from segrules.backends.polars import calibrate, first_match
from segrules.backends.polars.first_match import Part, assigned
from segrules.backends.polars.lower import feature_column, scope_of
from segrules.backends.polars.plan import prepare
from segrules.backends.polars.recall import recalled
from segrules.backends.reach import conditions, overlays, placing, reached, sets_of
from segrules.lang.ir import (
    Calibration,
    Expr,
    Feature,
    Placed,
    Ruleset,
    SegmentSet,
    Table,
    Use,
    walk,
)
from segrules.segments.border import canonical, canonical_in_memory
from segrules.segments.calibration import check_calibration
from segrules.segments.demand import demand
from segrules.segments.doubt import with_missing
from segrules.segments.gathering import consolidated, pasts
from segrules.segments.identity.consolidate import Consolidation
from segrules.segments.identity.overrides import following
from segrules.segments.matching import Matching
from segrules.segments.read import reading
from segrules.text.diagnostic import RulesError
from segrules.text.problems import data as problems
from segrules.text.problems.usage import no_segments

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked beside the data: the day, and what earlier assignments left.

    `history` is a folder of stored runs; `calibration` what was frozen, where it is not to be
    made of these data.
    """

    as_of: dt.date
    history: Path | None = None
    calibration: Calibration | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """All that is needed to place the rows of one table.

    `ruleset` is told which columns may be missing; `frames` are canonical, records consolidated,
    the past among them. `rows` says how many rows are placed, at least about, where it is known:
    the way depends on it, no answer does.
    """

    ruleset: Ruleset
    table: str
    frames: Mapping[str, pl.LazyFrame]
    context: Context
    consolidations: tuple[Consolidation, ...] = field(default=())
    rows: int | None = None

    @property
    def sets(self) -> tuple[SegmentSet, ...]:
        """The segment sets of the table."""
        return sets_of(self.ruleset, self.table)

    @property
    def overlays(self) -> tuple[Feature, ...]:
        """The flags of the table and the outputs of its grids."""
        return overlays(self.ruleset, self.table)


def assign(
    ruleset: Ruleset,
    frames: Mapping[str, Frame],
    asked: Asked,
    *,
    table: str | None = None,
    unknown_counts: bool = False,
    check_keys: bool = True,
) -> Frame:
    """The segment of every row: the key, then `<set>` and `<set>_by` for each segment set.

    Behind them stand `<set>_holdout` and `<set>_allotted` where the rules have them, the flags and
    the outputs of grids. With several sets over one table, each has its columns; with sets over
    several tables the `table` must be named. `unknown_counts` adds `<set>_unknown`, the number of
    rules that are unknown. Rows keep their order; those of a derived table stand by key.

    Data frames give a data frame. Lazy frames give a lazy frame; ranks, however, need their cut
    points first, so rules with ranks are calibrated at once, with one streaming pass over the
    tables they read, and records are consolidated at once. Keys of lazy frames are not checked to
    be unique; those of data frames are, unless the caller vouches for them with `check_keys=False`.

    Raises:
        RulesError: a table or a column is lacking, a type is refused, keys are not sound, or the
            history or the calibration does not fit.
    """
    chosen = chosen_sets(ruleset, table)
    placed = chosen[0].table
    if any(isinstance(frame, pl.LazyFrame) for frame in frames.values()):
        # what is scanned may be damaged; a complaint about data in memory would be our mistake
        with reading(placed):
            placement = place(ruleset, placed, frames, asked)
            # lazy frames give a lazy frame, which a type variable cannot say
            return placed_rows(placement, unknown_counts=unknown_counts)  # type: ignore[return-value]
    placement = place(ruleset, placed, frames, asked, check_keys=check_keys)
    rows = placed_rows(placement, unknown_counts=unknown_counts)
    return rows.collect(engine="streaming")  # type: ignore[return-value]  # and data frames one


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


def for_table(ruleset: Ruleset, table: str) -> Ruleset:
    """The ruleset with only the sets that placing the rows of a table needs."""
    linked = {
        node.set
        for parts in reached(placing(ruleset, table), table, ruleset).values()
        for part in parts
        for node in walk(part)
        if isinstance(node, Placed)
    }
    kept = tuple(each for each in ruleset.sets if each.table == table or each.name in linked)
    return replace(ruleset, sets=kept)


def place(
    ruleset: Ruleset,
    table: str,
    frames: Mapping[str, pl.DataFrame] | Mapping[str, pl.LazyFrame],
    asked: Asked,
    *,
    check_keys: bool = True,
) -> Placement:
    """Brings the frames given, by table name, into canonical form for the sets of one table.

    Every table that these sets read must be given. The cut points of ranks are calibrated here, on
    whole populations, unless a calibration is given. Keys are checked as `assign` says.

    Raises:
        RulesError: a table or a column is lacking, a type is refused, or keys are not sound.
    """
    sources = readable(ruleset)
    unknown = [name for name in frames if name not in sources]
    if unknown:
        found = [problems.not_declared("table", name, sources) for name in unknown]
        raise RulesError(found, unable=True)
    ruleset = for_table(ruleset, table)
    needed = demand(placing(ruleset, table), table, ruleset)
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
    if check_keys:
        for name in needed:
            # rows of the table, and rows that links lead to, are found by their key
            if ruleset.table(name).kind == "main":
                _check_keys(ruleset.table(name), frames[name])
    given_rows = frames.get(table)
    rows = given_rows.height if isinstance(given_rows, pl.DataFrame) else None
    return replace(placement(ruleset, table, ready, asked, lacking), rows=rows)


def readable(ruleset: Ruleset) -> list[str]:
    """The tables that are read from data."""
    return [each.name for each in ruleset.tables if each.kind in ("main", "related")]


def check_given(
    needed: Iterable[str], ruleset: Ruleset, given: Collection[str]
) -> None:  # fmt: skip
    """Every table that is read must be given; derived tables are made from their source.

    Raises:
        RulesError: some are not.
    """
    sources = readable(ruleset)
    lacking = [name for name in needed if name in sources and name not in given]
    if lacking:
        raise RulesError([problems.no_data(name) for name in lacking], unable=True)


def placement(
    ruleset: Ruleset,
    table: str,
    frames: Mapping[str, pl.LazyFrame],
    asked: Asked,
    lacking: Mapping[str, Collection[str]],
) -> Placement:
    """Consolidates records, adds the past, and calibrates ranks over canonical frames.

    `lacking` are columns, by table, that may be missing although declared without `?`.

    Raises:
        RulesError: keys of records are not sound, or the history or the calibration does not fit.
    """
    wanted = placing(ruleset, table)
    gathered = consolidated(ruleset, frames)
    ruleset = following(ruleset, gathered.consolidations)
    beyond = {each.table: {*lacking.get(each.table, ()), *each.beyond}
              for each in gathered.consolidations}  # fmt: skip
    doubtful = with_missing(ruleset, {**lacking, **beyond})
    needed = demand(wanted, table, ruleset)
    past = pasts(ruleset, needed, asked.history, asked.as_of)
    ready = {**gathered.frames, **past}
    start = Context(ruleset.zone, asked.as_of, asked.calibration or Calibration(asked.as_of))
    if asked.calibration is not None:
        check_calibration(asked.calibration, placing(doubtful, table), table, doubtful)
    asks = {table: placing(doubtful, table)}
    ready = dict(recalled(doubtful, ready, start, asks))
    made = calibrate.calibrate(doubtful, ready, start, asks)
    context = replace(start, calibration=made)
    return Placement(doubtful, table, ready, context, gathered.consolidations)


def also_calibrated(placement: Placement, expressions: Iterable[Expr]) -> Placement:
    """The same, with all frozen that further expressions on rows of the table rest on."""
    start = placement.context
    asked = {placement.table: tuple(expressions)}
    made = calibrate.calibrate(placement.ruleset, placement.frames, start, asked)
    return replace(placement, context=replace(start, calibration=made))


def placed_rows(placement: Placement, *, unknown_counts: bool = False) -> pl.LazyFrame:
    """The key of each row with its segments and overlays, as `assign` says."""
    table = placement.ruleset.table(placement.table)
    scope = scope_of(placement.ruleset, placement.table, placement.context)
    numbered = matching(placement)
    uses = {each.name: Use(each.name, each.type, each.optional) for each in placement.overlays}
    wanted = [*conditions(placement.sets), *uses.values()]
    rows = prepare(
        placement.ruleset, table.name, placement.frames, placement.context, wanted, numbered
    )
    names = [table.key]
    # INVARIANT: no set or part of one has the name of a column; the checker refuses that.
    for segment_set in placement.sets:
        named = segment_set.outputs
        want = [part for part in named if unknown_counts or part != "unknown"]
        rows = assigned(rows, segment_set, scope, _parts(want), numbered)
        names += [named[part] for part in want]
    rows = rows.with_columns(pl.col(feature_column(name)).alias(name) for name in uses)
    placed = rows.select([*names, *uses])
    return placed.sort(table.key) if table.kind == "derived" else placed


def matching(placement: Placement) -> Matching:
    """The way in which each set is decided: `matching(placement).plan(found).explain()`."""
    return Matching(placement.ruleset, placement.table, placement.rows)


def _parts(names: Iterable[str]) -> tuple[Part, ...]:
    return tuple(names)  # type: ignore[arg-type]  # the outputs of a set are the parts


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
